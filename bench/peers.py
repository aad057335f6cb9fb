"""What a person would use instead, on the same pictures and palettes: each returns int[H, W] palette
indices.

Pillow, ImageMagick (Wand and the MagickWand library) and libimagequant (imagequant) are called; the rest is
written from the papers. Programs that reduce a picture get it at the grid's size, by Pillow's Lanczos.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixl.color import ciede2000, linear_to_lab, linear_to_rgb8, linear_to_srgb, rgb_to_lab
from pixl.palette import Palette
from pixl.photo import Photo
from pixl.quantize.adaptive import adaptive
from pixl.quantize.downscale import SAMPLES, box, sample
from pixl.units import GridSize

Indices = NDArray[np.intp]
Peer = Callable[[Photo, GridSize, Palette], Indices]


def picture(photo: Photo) -> Image.Image:
    """The photo as sRGB."""
    return Image.fromarray(linear_to_rgb8(photo.linear))


def _nearest(lab: NDArray[np.floating], palette: Palette) -> Indices:
    flat = lab.reshape(-1, 3).astype(np.float64)
    parts = [ciede2000(flat[i : i + 512, None], palette.lab[None]).argmin(axis=1) for i in range(0, len(flat), 512)]
    return np.concatenate(parts).reshape(lab.shape[:2])


def _small(photo: Photo, size: GridSize) -> Image.Image:
    return picture(photo).resize((size.width, size.height), Image.Resampling.LANCZOS)


def lanczos_ciede2000(photo: Photo, size: GridSize, palette: Palette) -> Indices:
    """Pillow's Lanczos, then the nearest colour by CIEDE2000: a strong peer by eye."""
    return _nearest(rgb_to_lab(np.asarray(_small(photo, size))), palette)


def box_ciede2000(photo: Photo, size: GridSize, palette: Palette) -> Indices:
    """Area mean in linear light, then the nearest colour by CIEDE2000."""
    samples, cover = sample(photo, size.height, size.width)
    return _nearest(linear_to_lab(box(samples, cover)), palette)


def adaptive_ciede2000(photo: Photo, size: GridSize, palette: Palette) -> Indices:
    """Content-adaptive downscaling (Kopf, Shamir and Peers 2013) and CIEDE2000: the best peer by eye.

    Our own implementation, with the starting variance that looks best here; the paper's is grainier.
    """
    samples, cover = sample(photo, size.height, size.width)
    lab = np.asarray(linear_to_lab(samples), dtype=np.float32)
    return _nearest(adaptive(lab, cover, SAMPLES, rounds=12), palette)


def detail_preserving(photo: Photo, size: GridSize, palette: Palette) -> Indices:
    """Detail-preserving downscaling (Weber, Waechter, Amend, Guthe and Goesele 2016), lambda 1, then CIEDE2000:
    samples count by how far they are from the smoothed mean.
    """
    samples, _ = sample(photo, size.height, size.width)
    code = np.asarray(linear_to_srgb(samples), dtype=np.float64)
    cells = code.reshape(size.height, SAMPLES, size.width, SAMPLES, 3)
    small = cells.mean(axis=(1, 3))
    for axis in (0, 1):
        framed = np.pad(small, [(1, 1) if a == axis else (0, 0) for a in range(3)], mode="edge")
        parts = [np.take(framed, range(k, k + small.shape[axis]), axis=axis) for k in range(3)]
        small = (parts[0] + 2 * parts[1] + parts[2]) / 4
    weight = np.linalg.norm(cells - small[:, None, :, None], axis=-1, keepdims=True) + 1e-6
    return _nearest(rgb_to_lab((cells * weight).sum(axis=(1, 3)) / weight.sum(axis=(1, 3))), palette)


def _in_srgb(codes: NDArray[np.floating], palette: Palette, order: int) -> Indices:
    """Nearest by the sum of absolute (1) or squared (2) differences of code values."""
    flat, rgb = codes.reshape(-1, 3).astype(np.float64), palette.rgb.astype(np.float64)
    parts = [
        (np.abs(flat[i : i + 512, None] - rgb[None]) ** order).sum(axis=2).argmin(axis=1)
        for i in range(0, len(flat), 512)
    ]
    return np.concatenate(parts).reshape(codes.shape[:2])


def _in_palette(palette: Palette) -> Image.Image:
    """The palette as a picture of one row of at most 256 colours, for Pillow."""
    image = Image.new("P", (1, 1))
    rgb = palette.rgb[:256]
    image.putpalette(np.concatenate([rgb, np.repeat(rgb[-1:], 256 - len(rgb), axis=0)]).ravel().tolist())
    return image


def pillow(photo: Photo, size: GridSize, palette: Palette) -> Indices:
    """Pillow: Lanczos and quantize without dither (nearest in sRGB)."""
    return _pillow(photo, size, palette, Image.Dither.NONE)


def pillow_dithered(photo: Photo, size: GridSize, palette: Palette) -> Indices:
    """Pillow: Lanczos and Floyd-Steinberg."""
    return _pillow(photo, size, palette, Image.Dither.FLOYDSTEINBERG)


def _pillow(photo: Photo, size: GridSize, palette: Palette, dither: Image.Dither) -> Indices:
    found = np.asarray(_small(photo, size).quantize(palette=_in_palette(palette), dither=dither))
    return np.minimum(found.astype(np.intp), len(palette) - 1)


def magick(photo: Photo, size: GridSize, palette: Palette) -> Indices:
    """ImageMagick -remap without dither."""
    return _magick(photo, size, palette, "no")


def magick_dithered(photo: Photo, size: GridSize, palette: Palette) -> Indices:
    """ImageMagick -remap with its own dither (Riemersma)."""
    return _magick(photo, size, palette, "riemersma")


def _magick(photo: Photo, size: GridSize, palette: Palette, method: str) -> Indices:
    from wand.image import Image as Magick

    small = np.asarray(_small(photo, size))
    with Magick.from_array(small) as image, Magick.from_array(palette.rgb[None]) as colors:
        image.remap(colors, method=method)
        found = np.array(image.export_pixels(channel_map="RGB"), np.uint8).reshape(size.height, size.width, 3)
    return _in_srgb(found, palette, 2)


def imagequant(photo: Photo, size: GridSize, palette: Palette) -> Indices:
    """libimagequant with the palette as its fixed colours, no dither."""
    return _imagequant(photo, size, palette, 0.0)


def imagequant_dithered(photo: Photo, size: GridSize, palette: Palette) -> Indices:
    """libimagequant with the palette as its fixed colours and its own dither."""
    return _imagequant(photo, size, palette, 1.0)


def _imagequant(photo: Photo, size: GridSize, palette: Palette, dither: float) -> Indices:
    from imagequant._libimagequant import ffi, lib

    rgba = np.asarray(_small(photo, size).convert("RGBA"))
    data = ffi.from_buffer(np.ascontiguousarray(rgba))
    attributes = lib.liq_attr_create()
    lib.liq_set_max_colors(attributes, max(2, min(256, len(palette))))
    image = lib.liq_image_create_rgba(attributes, data, size.width, size.height, 0)
    for red, green, blue in palette.rgb[:256].tolist():
        lib.liq_image_add_fixed_color(image, ffi.new("liq_color *", (red, green, blue, 255))[0])
    result = ffi.new("liq_result **")
    if lib.liq_image_quantize(image, attributes, result) != lib.LIQ_OK:
        raise RuntimeError("libimagequant gave up")
    lib.liq_set_dithering_level(result[0], dither)
    index = np.empty((size.height, size.width), np.uint8)
    lib.liq_write_remapped_image(result[0], image, ffi.from_buffer(index), index.size)
    table = lib.liq_get_palette(result[0])
    used = np.array([[table.entries[i].r, table.entries[i].g, table.entries[i].b] for i in range(table.count)])
    lib.liq_result_destroy(result[0])
    lib.liq_image_destroy(image)
    lib.liq_attr_destroy(attributes)
    return _in_srgb(used[index], palette, 2)


def sd_pixl_bilinear(photo: Photo, size: GridSize, palette: Palette) -> Indices:
    """SD-piXL's default initialiser: bilinear, then the nearest colour by the sum of absolute differences."""
    small = picture(photo).resize((size.width, size.height), Image.Resampling.BILINEAR)
    return _in_srgb(np.asarray(small), palette, 1)


def sd_pixl_nearest(photo: Photo, size: GridSize, palette: Palette) -> Indices:
    """SD-piXL's other one: the pixel at each cell's centre."""
    small = picture(photo).resize((size.width, size.height), Image.Resampling.NEAREST)
    return _in_srgb(np.asarray(small), palette, 1)


BY_EYE: dict[str, Peer] = {"adaptive": adaptive_ciede2000, "lanczos": lanczos_ciede2000}

PEERS: dict[str, Peer] = {
    "Lanczos + CIEDE2000": lanczos_ciede2000,
    "linear box + CIEDE2000": box_ciede2000,
    "content-adaptive + CIEDE2000": adaptive_ciede2000,
    "detail-preserving + CIEDE2000": detail_preserving,
    "Pillow": pillow,
    "ImageMagick -remap": magick,
    "libimagequant": imagequant,
    "SD-piXL palette-bilinear": sd_pixl_bilinear,
    "SD-piXL palette-nearest": sd_pixl_nearest,
}
DITHERED: dict[str, Peer] = {
    "Pillow, dithered": pillow_dithered,
    "ImageMagick, dithered": magick_dithered,
    "libimagequant, dithered": imagequant_dithered,
}
AT_MOST_256 = ("Pillow", "libimagequant", "Pillow, dithered", "libimagequant, dithered")
"""Take no larger palette."""
