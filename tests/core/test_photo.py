"""Photos as people have them, and files that are none."""

from __future__ import annotations

import io
import struct
import zlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from pixl.color import linear_to_rgb8
from pixl.errors import MissingExtraError, PhotoError, UsageError
from pixl.photo import crop_photo, frame_photo, open_photo, over_background, parse_crop, photo_from_rgba

RGB = np.zeros((40, 60, 3), np.uint8)
RGB[:20, :30] = (200, 30, 40)
RGB[:20, 30:] = (20, 180, 60)
RGB[20:, :30] = (30, 60, 210)
RGB[20:, 30:] = (240, 230, 220)


def save(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


def codes(path: Path) -> np.ndarray:
    return linear_to_rgb8(open_photo(path).linear)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "webp", "ppm", "gif"])
def test_lossless_formats_give_the_same_picture(tmp_path: Path, suffix: str) -> None:
    options = {"lossless": True} if suffix == "webp" else {}
    path = save(tmp_path / f"a.{suffix}", Image.fromarray(RGB), **options)
    photo = open_photo(path)
    assert np.array_equal(linear_to_rgb8(photo.linear), RGB)
    assert photo.alpha.min() == 1
    assert photo.full_size == (60, 40)
    assert photo.name == "a"


def test_jpeg_and_avif_are_close(tmp_path: Path) -> None:
    for suffix in ("jpg", "avif"):
        path = save(tmp_path / f"a.{suffix}", Image.fromarray(RGB), quality=95)
        assert np.abs(codes(path).astype(int) - RGB).mean() < 4


def test_heic_when_its_plugin_is_installed(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    heif.from_pillow(Image.fromarray(RGB)).save(tmp_path / "a.heic", quality=95)
    assert np.abs(codes(tmp_path / "a.heic").astype(int) - RGB).mean() < 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path: Path, orientation: int) -> None:
    # Undo, by independent array operations, what a viewer does for each value of the tag (EXIF 2.3, 4.6.4 A).
    stored = {
        1: RGB, 2: RGB[:, ::-1], 3: RGB[::-1, ::-1], 4: RGB[::-1], 5: RGB.transpose(1, 0, 2),
        6: np.rot90(RGB, 1), 7: np.rot90(RGB[:, ::-1], 1)[:, :], 8: np.rot90(RGB, -1),
    }[orientation]  # fmt: skip
    if orientation == 7:
        stored = RGB[::-1, ::-1].transpose(1, 0, 2)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path / "a.png", Image.fromarray(np.ascontiguousarray(stored)), exif=exif)
    photo = open_photo(path)
    assert np.array_equal(linear_to_rgb8(photo.linear), RGB)
    assert photo.full_size == (60, 40)


def test_alpha_is_kept_in_every_form(tmp_path: Path) -> None:
    alpha = np.full((40, 60), 255, np.uint8)
    alpha[:, :10] = 0
    rgba = Image.fromarray(np.dstack([RGB, alpha]))
    save(tmp_path / "a.png", rgba)
    save(tmp_path / "la.png", rgba.convert("LA"))
    flat = Image.fromarray(RGB).quantize(16)
    flat.save(tmp_path / "p.png", transparency=flat.getpixel((0, 0)))
    save(tmp_path / "a.gif", rgba.convert("RGBA"))
    assert np.array_equal(open_photo(tmp_path / "a.png").alpha[:, :10], np.zeros((40, 10)))
    assert open_photo(tmp_path / "a.png").alpha[:, 10:].min() == 1
    assert np.array_equal(open_photo(tmp_path / "la.png").alpha < 0.5, alpha < 128)
    assert np.array_equal(open_photo(tmp_path / "p.png").alpha < 0.5, (RGB[0, 0] == RGB).all(2))
    assert open_photo(tmp_path / "a.gif").alpha[:, :10].max() == 0


def test_grey_sixteen_bit_cmyk_and_palette(tmp_path: Path) -> None:
    grey = np.linspace(0, 255, 2400).astype(np.uint8).reshape(40, 60)
    save(tmp_path / "g.png", Image.fromarray(grey))
    assert np.array_equal(codes(tmp_path / "g.png")[..., 1], grey)
    save(tmp_path / "g16.png", Image.fromarray(grey.astype(np.uint16) * 257))
    assert np.abs(codes(tmp_path / "g16.png")[..., 2].astype(int) - grey).max() <= 1
    save(tmp_path / "g16.tiff", Image.fromarray(grey.astype(np.uint16) * 257))
    assert np.abs(codes(tmp_path / "g16.tiff")[..., 0].astype(int) - grey).max() <= 1
    save(tmp_path / "one.png", Image.fromarray(grey > 128))
    assert np.array_equal(codes(tmp_path / "one.png")[..., 0] > 128, grey > 128)
    save(tmp_path / "c.tiff", Image.fromarray(RGB).convert("CMYK"))
    photo = open_photo(tmp_path / "c.tiff")
    assert np.abs(linear_to_rgb8(photo.linear).astype(int) - RGB).max() <= 2
    assert any("without a colour profile" in note for note in photo.notes)
    save(tmp_path / "p.png", Image.fromarray(RGB).quantize(8))
    assert np.array_equal(codes(tmp_path / "p.png"), RGB)


def linear_gamma_profile() -> bytes:
    """An ICC v2 matrix profile with sRGB's primaries and gamma 1.0, written byte by byte."""

    def s15(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(x: float, y: float, z: float) -> bytes:
        return b"XYZ \0\0\0\0" + s15(x) + s15(y) + s15(z)

    curve = b"curv\0\0\0\0\0\0\0\0"
    text = b"linear\0"
    desc = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + b"\0" * 78
    tags = {
        b"desc": desc, b"wtpt": xyz(0.9642, 1, 0.8249), b"rXYZ": xyz(0.4361, 0.2225, 0.0139),
        b"gXYZ": xyz(0.3851, 0.7169, 0.0971), b"bXYZ": xyz(0.1431, 0.0606, 0.7141),
        b"rTRC": curve, b"gTRC": curve, b"bTRC": curve, b"cprt": b"text\0\0\0\0none\0",
    }  # fmt: skip
    at, table, body = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        data += b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    size = 128 + len(table) + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"\0\0\0\0", 0x02200000, b"mntr", b"RGB ", b"XYZ ") + b"\0" * 12
    head += b"acsp" + b"\0" * 28 + s15(0.9642) + s15(1) + s15(0.8249)
    return head.ljust(128, b"\0") + table + body


def test_an_embedded_profile_is_honoured(tmp_path: Path) -> None:
    values = np.full((4, 4, 3), 55, np.uint8)
    path = save(tmp_path / "a.png", Image.fromarray(values), icc_profile=linear_gamma_profile())
    assert open_photo(path).linear.mean() == pytest.approx(55 / 255, abs=0.01)  # code values are light there
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = save(tmp_path / "b.png", Image.fromarray(values), icc_profile=srgb)
    assert np.array_equal(codes(path), values)
    path = save(tmp_path / "c.png", Image.fromarray(values), icc_profile=b"junk" * 50)
    photo = open_photo(path)
    assert np.array_equal(linear_to_rgb8(photo.linear), values)
    assert any("profile cannot be used" in note for note in photo.notes)


def test_sizes_at_the_ends(tmp_path: Path) -> None:
    save(tmp_path / "one.png", Image.new("RGB", (1, 1), (10, 20, 30)))
    assert codes(tmp_path / "one.png").tolist() == [[[10, 20, 30]]]
    save(tmp_path / "wide.png", Image.new("L", (20_000, 50), 77))
    assert open_photo(tmp_path / "wide.png").full_size == (20_000, 50)
    save(tmp_path / "wider.png", Image.new("L", (20_001, 1), 77))
    with pytest.raises(PhotoError, match="20001 x 1 pixels"):
        open_photo(tmp_path / "wider.png")


def test_large_pictures_are_averaged_in_linear_light(tmp_path: Path) -> None:
    stripes = np.zeros((3000, 3000, 3), np.uint8)
    stripes[:, ::2] = 255
    save(tmp_path / "a.png", Image.fromarray(stripes), compress_level=1)
    photo = open_photo(tmp_path / "a.png", working_pixels=500 * 500)
    assert photo.linear.shape[0] <= 1500
    assert photo.linear.mean() == pytest.approx(0.5, abs=0.01)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def hostile_files() -> dict[str, bytes]:
    buffer = io.BytesIO()
    Image.fromarray(RGB).save(buffer, "PNG")
    png = buffer.getvalue()
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3)).astype(np.uint8)).save(buffer, "JPEG")
    jpeg = buffer.getvalue()
    head = b"\x89PNG\r\n\x1a\n"
    bomb = head + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    bomb += chunk(b"IDAT", zlib.compress(b"\0" * 100_000)) + chunk(b"IEND", b"")
    text_bomb = head + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0))
    text_bomb += chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 200_000_000, 9)) + chunk(b"IEND", b"")
    return {
        "empty.jpg": b"", "text.jpg": b"dear photo, hello\n", "cut.png": png[: len(png) // 2], "cut.jpg": jpeg[:2000],
        "head.png": head, "bomb.png": bomb, "text-bomb.png": text_bomb, "noise.png": head + b"\xff" * 500,
        "zeros.bmp": b"BM" + b"\0" * 100, "zeros.tiff": b"II*\0" + b"\xff" * 100, "zeros.gif": b"GIF89a" + b"\0" * 50,
        "zeros.webp": b"RIFF\x10\0\0\0WEBP" + b"\0" * 30, "svg.png": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "pdf.jpg": b"%PDF-1.4\n", "eps.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n", "html.png": b"<!doctype html>",
        "heic.heic": b"\0\0\0\x18ftypheic\0\0\0\0" + b"\0" * 40, "avif.avif": b"\0\0\0\x18ftypavif" + b"\0" * 40,
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(hostile_files()))
def test_what_is_no_picture_ends_in_a_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(hostile_files()[name])
    plugin_missing = name == "heic.heic" and find_spec("pillow_heif") is None
    with pytest.raises(MissingExtraError if plugin_missing else PhotoError) as caught:
        open_photo(path)
    assert caught.value.exit_code == (4 if plugin_missing else 3)
    assert name in caught.value.what
    assert caught.value.hint
    assert str(tmp_path) not in caught.value.what or name == "empty.jpg"


def test_a_renamed_picture_is_read_by_its_content(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", Image.fromarray(RGB))
    assert np.array_equal(codes(path.rename(tmp_path / "a.jpg")), RGB)


def test_no_file_a_folder_and_flipped_bytes(tmp_path: Path) -> None:
    for path in (tmp_path / "none.png", tmp_path):
        with pytest.raises(PhotoError):
            open_photo(path)
    buffer = io.BytesIO()
    Image.fromarray(RGB).save(buffer, "PNG")
    rng = np.random.default_rng(3)
    outcomes = set()
    for _ in range(60):
        data = bytearray(buffer.getvalue())
        for at in rng.integers(0, len(data), 4):
            data[at] = rng.integers(0, 256)
        (tmp_path / "f.png").write_bytes(bytes(data))
        try:
            outcomes.add(open_photo(tmp_path / "f.png").alpha.shape == (40, 60))
        except PhotoError as error:
            outcomes.add(error.exit_code)
    assert 3 in outcomes


def test_framing() -> None:
    photo = photo_from_rgba(RGB)
    cover, cut = frame_photo(photo, aspect=1.0, fit="cover")
    assert (cover.width, cover.height) == (40, 40)
    assert "33 % of the picture was cut (left and right)" in cut
    contain, added = frame_photo(photo, aspect=1.0, fit="contain")
    assert (contain.width, contain.height) == (60, 60)
    assert contain.alpha[:10].max() == 0
    assert contain.alpha[10:50].min() == 1
    assert "above and below" in added
    assert frame_photo(photo, aspect=1.0, fit="stretch") == (photo, "")
    assert frame_photo(photo, aspect=1.5, fit="cover") == (photo, "")
    with pytest.raises(UsageError, match="not a fit"):
        frame_photo(photo, aspect=1.0, fit="squash")


def test_cropping() -> None:
    photo = photo_from_rgba(RGB)
    cut = crop_photo(photo, parse_crop("30,0,30,20", photo.full_size))
    assert (linear_to_rgb8(cut.linear) == (20, 180, 60)).all()
    assert cut.linear.shape == (20, 30, 3)
    assert crop_photo(photo, parse_crop("50%,0%,50%,50%", photo.full_size)).linear.shape == (20, 30, 3)
    for bad in ("1,2,3", "0,0,61,10", "a,b,c,d", "-1,0,5,5", "0,0,0,5", "nan,0,5,5"):
        with pytest.raises(UsageError):
            parse_crop(bad, photo.full_size)


def test_background_fills_what_is_transparent() -> None:
    rgba = np.dstack([RGB, np.zeros((40, 60), np.uint8)])
    filled = over_background(photo_from_rgba(rgba), (9, 99, 199))
    assert (linear_to_rgb8(filled.linear) == (9, 99, 199)).all()
    assert filled.alpha.min() == 1


def test_background_removal_keeps_a_disc_and_refuses_a_plain_wall() -> None:
    from pixl.background import without_background

    y, x = np.mgrid[:120, :160]
    disc = (x - 80) ** 2 + (y - 60) ** 2 < 35**2
    rgb = np.where(disc[..., None], (200, 40, 30), (225, 225, 230)).astype(np.uint8)
    alpha = without_background(photo_from_rgba(rgb)).alpha
    wrong = ((alpha > 0.5) != disc).mean()
    assert wrong < 0.02
    with pytest.raises(PhotoError, match="no subject"):
        without_background(photo_from_rgba(np.full((50, 50, 3), 200, np.uint8)))
