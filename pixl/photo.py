"""Pictures as people have them, opened into linear light: turned by EXIF, colour-managed, alpha kept.

Everything a hostile file can do ends in a PhotoError and a sentence.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .color import srgb_to_linear
from .errors import MissingExtraError, PhotoError, UsageError

if TYPE_CHECKING:
    from PIL import Image

MAX_SIDE = 20_000
MAX_PIXELS = 250_000_000
WORKING_PIXELS = 3_000_000
"""Larger pictures are averaged down to about this on opening: still 20 samples a cell for a grid of 390 x 390."""

FITS = ("cover", "contain", "stretch")
_SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim")
_TO_LINEAR = np.asarray(srgb_to_linear(np.arange(256, dtype=np.uint8)), dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Photo:
    """``linear``: float32[H, W, 3], linear light 0..1. ``alpha``: float32[H, W], 0 transparent .. 1 opaque.

    ``sha256`` is of the file's bytes ('' for a picture made in memory); ``full_size`` is the upright size in the file;
    ``notes`` are sentences a person should read.
    """

    linear: NDArray[np.float32]
    alpha: NDArray[np.float32]
    name: str = "picture"
    sha256: str = ""
    full_size: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.linear.ndim != 3 or self.linear.shape[2] != 3 or self.alpha.shape != self.linear.shape[:2]:
            raise PhotoError(f"arrays of shape {self.linear.shape} and {self.alpha.shape} are not a picture")
        if 0 in self.alpha.shape:
            raise PhotoError("the picture has no pixel", hint="give a picture of at least 1 x 1")

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.linear.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.linear.shape[1])

    @property
    def aspect(self) -> float:
        """Width / height."""
        return self.width / self.height


def photo_from_rgba(rgba: NDArray[np.uint8], *, name: str = "picture") -> Photo:
    """A picture from uint8[H, W, 3 or 4] sRGB code values."""
    if rgba.ndim != 3 or rgba.shape[2] not in (3, 4):
        raise PhotoError(f"an array of shape {rgba.shape} is not a picture", hint="give H x W x 3 or 4")
    alpha = rgba[..., 3].astype(np.float32) / np.float32(255) if rgba.shape[2] == 4 else None
    return Photo(
        linear=_TO_LINEAR[rgba[..., :3]],
        alpha=np.ones(rgba.shape[:2], np.float32) if alpha is None else alpha,
        name=name,
        full_size=(rgba.shape[1], rgba.shape[0]),
    )


def open_photo(path: Path, *, working_pixels: int = WORKING_PIXELS) -> Photo:
    """Open a picture file (first frame), upright, in linear light, averaged down to about ``working_pixels``.

    Raises PhotoError for anything that is not a whole picture within 20,000 a side and 250 megapixels,
    MissingExtraError for HEIC without its plugin.
    """
    from PIL import Image, ImageOps

    if not path.exists():
        raise PhotoError(f"there is no picture '{path}'", hint="check the path")
    if not path.is_file():
        raise PhotoError(f"'{path}' is not a file", hint="give one picture file")
    try:
        with path.open("rb") as file:
            head = file.read(32)
            digest = hashlib.file_digest(_rewound(file), "sha256").hexdigest()
    except OSError as error:
        raise PhotoError(f"'{path}' cannot be read: {error.strerror}", hint="check the permissions") from None
    if not head:
        raise PhotoError(f"'{path}' is empty", hint="export or copy the picture again")
    kind = _kind(path, head)
    notes: list[str] = []
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None  # our own limit, below, is the one that counts
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=(kind,)) as image:
                if max(image.size) > MAX_SIDE or image.size[0] * image.size[1] > MAX_PIXELS:
                    raise PhotoError(
                        f"'{path.name}' has {image.size[0]} x {image.size[1]} pixels",
                        hint=f"scale it to {MAX_SIDE} on a side and {MAX_PIXELS // 10**6} megapixels or less",
                    )
                shape = image.size
                swaps = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
                if image.format in ("JPEG", "MPO"):
                    _draft(image, working_pixels)
                image.load()
                upright = ImageOps.exif_transpose(image) or image
                upright.info.setdefault("icc_profile", image.info.get("icc_profile"))
                linear, alpha = _decode(upright, working_pixels, notes)
    except PhotoError:
        raise
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        MemoryError,
        IndexError,
        KeyError,
        OverflowError,
    ) as error:
        raise _unreadable(path, error) from None
    except Exception as error:  # a decoder's own error class (struct, zlib, a plugin): the file is at fault
        raise _unreadable(path, error) from None
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    return Photo(
        linear=linear,
        alpha=alpha,
        name=path.stem or "picture",
        sha256=digest,
        full_size=(shape[1], shape[0]) if swaps else shape,
        notes=tuple(notes),
    )


def _rewound(file: Any) -> Any:
    file.seek(0)
    return file


def _kind(path: Path, head: bytes) -> str:
    """Pillow's name for the format, by the first bytes and never by the file's name; its decoder is imported."""
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            if kind == "TIFF":
                from PIL import TiffImagePlugin  # noqa: F401
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        from PIL import WebPImagePlugin  # noqa: F401

        return "WEBP"
    if head[4:8] == b"ftyp" and head[8:12] in (b"avif", b"avis"):
        from PIL import AvifImagePlugin  # noqa: F401

        return "AVIF"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        _register_heif(path)
        return "HEIF"
    if len(head) > 2 and head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "PPM"
    text = all(byte in b"\t\n\r" or byte >= 32 for byte in head)
    raise PhotoError(
        f"'{path.name}' is not a picture that pixl reads{', it looks like text' if text else ''}",
        hint="give a JPEG, PNG, WebP, GIF, TIFF, BMP or HEIC file",
    )


def _unreadable(path: Path, error: Exception) -> PhotoError:
    reason = (str(error).split("\n")[0] or type(error).__name__).replace(str(path), path.name)[:120]
    return PhotoError(f"'{path.name}' is damaged or cut short: {reason}", hint="export or copy the picture again")


def _register_heif(path: Path) -> None:
    try:
        import pillow_heif
    except ImportError:
        raise MissingExtraError(
            f"'{path.name}' is HEIC, and its plugin is not installed",
            hint='run: pip install "pixl-craft[heic]", or export the picture as JPEG',
        ) from None
    pillow_heif.register_heif_opener()


def _draft(image: Image.Image, working_pixels: int) -> None:
    """Let the JPEG decoder scale by 1/2, 1/4 or 1/8 while more than the working size remains."""
    scale = 1
    width, height = image.size
    while scale < 8 and width * height / (scale * 2) ** 2 >= working_pixels:
        scale *= 2
    if scale > 1:
        image.draft(None, (width // scale, height // scale))


def _decode(
    image: Image.Image, working_pixels: int, notes: list[str]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    mode = image.mode
    transparent = "transparency" in image.info or mode in ("RGBA", "LA", "PA", "RGBa", "La")
    if mode.startswith("I;16") or mode in ("I", "F"):
        values = np.asarray(image, dtype=np.float32)
        top = 65535.0 if (mode != "F" and values.max(initial=0) > 255) or mode.startswith("I;16") else 255.0
        if mode == "F":
            top = max(1.0, float(np.nanmax(values)))
        grey = np.clip(np.nan_to_num(values) / top, 0, 1)
        linear = np.asarray(srgb_to_linear(grey), dtype=np.float32)
        stacked = np.repeat(linear[..., None], 3, axis=2)
        return _shrink(stacked, np.ones(grey.shape, np.float32), working_pixels)
    profile = image.info.get("icc_profile")
    if profile:
        image = _to_srgb(image, profile, transparent, notes)
    elif mode in ("CMYK", "YCCK", "LAB"):
        notes.append(f"{mode} without a colour profile: its colours are approximate")
    rgba = np.asarray(image.convert("RGBA" if transparent else "RGB"))
    factor = _factor(rgba.shape[0], rgba.shape[1], working_pixels)
    if factor > 1:
        return _shrink_codes(rgba, factor)
    alpha = rgba[..., 3].astype(np.float32) / np.float32(255) if transparent else np.ones(rgba.shape[:2], np.float32)
    return _TO_LINEAR[rgba[..., :3]], alpha


def _to_srgb(image: Image.Image, profile: bytes, transparent: bool, notes: list[str]) -> Image.Image:
    """Convert from the embedded profile; one that cannot be used is ignored, and said."""
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in (source.profile.profile_description or "") and image.mode in ("RGB", "RGBA", "P", "PA"):
            return image
        alpha = image.convert("RGBA").getchannel("A") if transparent else None
        if image.mode not in ("RGB", "CMYK", "L", "LAB"):
            image = image.convert("L" if image.mode in ("1", "LA", "La") else "RGB")
        wanted = {"RGB ": ("RGB",), "GRAY": ("L",), "CMYK": ("CMYK",), "Lab ": ("LAB",)}
        if image.mode not in wanted.get(source.profile.xcolor_space, ()):
            image = image.convert(wanted.get(source.profile.xcolor_space, ("RGB",))[0])
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        assert converted is not None
        if alpha is not None:
            converted.putalpha(alpha)
        return converted
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, KeyError) as error:
        notes.append(f"its colour profile cannot be used ({str(error)[:60]}): read as sRGB")
        return image


def _factor(height: int, width: int, working_pixels: int) -> int:
    factor = int((height * width / working_pixels) ** 0.5)
    return max(1, min(factor, height, width))


def _shrink_codes(rgba: NDArray[np.uint8], factor: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Average blocks of ``factor`` x ``factor`` in linear light, weighted by alpha, in strips to bound memory."""
    height, width = rgba.shape[0] // factor * factor, rgba.shape[1] // factor * factor
    top, left = (rgba.shape[0] - height) // 2, (rgba.shape[1] - width) // 2
    rows = height // factor
    linear = np.zeros((rows, width // factor, 3), np.float32)
    alpha = np.ones((rows, width // factor), np.float32)
    strip = max(1, 4_000_000 // (width * factor))
    for start in range(0, rows, strip):
        stop = min(rows, start + strip)
        block = rgba[top + start * factor : top + stop * factor, left : left + width]
        light = _TO_LINEAR[block[..., :3]]
        cover = block[..., 3].astype(np.float32) / np.float32(255) if block.shape[2] == 4 else None
        linear[start:stop], alpha[start:stop] = _block_mean(light, cover, factor)
    return linear, alpha


def _block_mean(
    light: NDArray[np.float32], cover: NDArray[np.float32] | None, factor: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    def mean(array: NDArray[np.float32]) -> NDArray[np.float32]:
        rows, columns = array.shape[0] // factor, array.shape[1] // factor
        return np.asarray(array.reshape(rows, factor, columns, factor, -1).mean(axis=(1, 3), dtype=np.float32))

    if cover is None:
        averaged = mean(light)
        return averaged, np.ones(averaged.shape[:2], np.float32)
    alpha = mean(cover)[..., 0]
    weighted = mean(light * cover[..., None]) / np.maximum(alpha, np.float32(1e-6))[..., None]
    return np.where(alpha[..., None] > 0, weighted, mean(light)), alpha


def _shrink(
    linear: NDArray[np.float32], alpha: NDArray[np.float32], working_pixels: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    factor = _factor(alpha.shape[0], alpha.shape[1], working_pixels)
    if factor == 1:
        return linear, alpha
    height, width = alpha.shape[0] // factor * factor, alpha.shape[1] // factor * factor
    return _block_mean(linear[:height, :width], alpha[:height, :width], factor)


# -- framing ---------------------------------------------------------------------------------------------------------


def parse_crop(text: str, full_size: tuple[int, int]) -> tuple[float, float, float, float]:
    """``X,Y,W,H`` in pixels of the upright picture, or each with ``%``. Returns fractions 0..1. Raises UsageError."""
    parts = [part.strip() for part in text.split(",")]
    hint = "write --crop X,Y,W,H in pixels (100,50,400,400) or per cent (10%,5%,50%,50%)"
    if len(parts) != 4:
        raise UsageError(f"'{text}' is not a crop", hint=hint)
    values = []
    for part, side in zip(parts, (*full_size, *full_size), strict=True):
        try:
            values.append(float(part[:-1]) / 100 if part.endswith("%") else float(part) / max(1, side))
        except ValueError:
            raise UsageError(f"'{text}' is not a crop", hint=hint) from None
    x, y, width, height = values
    if not (x >= 0 and y >= 0 and width > 0 and height > 0 and x + width <= 1 + 1e-9 and y + height <= 1 + 1e-9):
        raise UsageError(
            f"crop '{text}' does not lie inside the picture of {full_size[0]} x {full_size[1]} pixels",
            hint=hint,
        )
    return x, y, width, height


def crop_photo(photo: Photo, box: tuple[float, float, float, float]) -> Photo:
    """The part of ``photo`` inside ``box`` (x, y, width, height as fractions), at least one pixel."""
    x, y, width, height = box
    left, top = min(photo.width - 1, round(x * photo.width)), min(photo.height - 1, round(y * photo.height))
    right = max(left + 1, round((x + width) * photo.width))
    bottom = max(top + 1, round((y + height) * photo.height))
    return replace(
        photo,
        linear=photo.linear[top:bottom, left:right],
        alpha=photo.alpha[top:bottom, left:right],
        full_size=(max(1, round(width * photo.full_size[0])), max(1, round(height * photo.full_size[1]))),
    )


def frame_photo(photo: Photo, *, aspect: float, fit: str) -> tuple[Photo, str]:
    """Make the photo's edges the grid's edges; return it and a sentence on what was cut or added ('' for nothing).

    ``aspect`` is the grid's real width / height. ``cover`` cuts, centred; ``contain`` adds transparent margins (empty
    cells); ``stretch`` changes nothing here: the samples of a cell are then not square. Raises UsageError.
    """
    if fit not in FITS:
        raise UsageError(f"'{fit}' is not a fit", hint=f"use one of {', '.join(FITS)}")
    ratio = photo.aspect / aspect
    if fit == "stretch" or abs(ratio - 1) < 1e-3:
        return photo, ""
    if fit == "cover":
        width, height = (1 / ratio, 1.0) if ratio > 1 else (1.0, ratio)
        cut = crop_photo(photo, ((1 - width) / 2, (1 - height) / 2, width, height))
        where = "left and right" if ratio > 1 else "top and bottom"
        return (
            cut,
            f"{100 * (1 - width * height):.0f} % of the picture was cut ({where}); --fit contain keeps all of it",
        )
    extra_x = round(photo.height * aspect) - photo.width if ratio < 1 else 0
    extra_y = round(photo.width / aspect) - photo.height if ratio > 1 else 0
    pad = ((extra_y // 2, extra_y - extra_y // 2), (extra_x // 2, extra_x - extra_x // 2))
    if max(photo.width + extra_x, photo.height + extra_y) > 4 * MAX_SIDE:
        raise UsageError("the picture is too narrow to be shown whole", hint="use --fit cover or --fit stretch")
    where = "left and right" if ratio < 1 else "above and below"
    framed = replace(photo, linear=np.pad(photo.linear, (*pad, (0, 0)), mode="edge"), alpha=np.pad(photo.alpha, pad))
    return framed, f"empty margins were added {where}"


def over_background(photo: Photo, rgb: tuple[int, int, int]) -> Photo:
    """Fill what is transparent with one colour."""
    ground = _TO_LINEAR[np.array(rgb, np.uint8)]
    alpha = photo.alpha[..., None]
    return replace(photo, linear=photo.linear * alpha + ground * (1 - alpha), alpha=np.ones_like(photo.alpha))
