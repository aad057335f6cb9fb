"""The files of a moving picture: GIF, APNG, a sprite sheet with its JSON. Frames share one palette."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import ExportError
from ..pattern import EMPTY, Pattern

if TYPE_CHECKING:
    from PIL import Image

SIDE = 480
"""Pixels that the longer side of a GIF or APNG reaches at most when no scale was asked for."""


def scale_for(pattern: Pattern, scale: int = 0) -> int:
    """Pixels a cell: ``scale``, or what makes the longer side SIDE at most."""
    return scale or max(1, SIDE // max(pattern.width, pattern.height))


def gif(patterns: Sequence[Pattern], ms: Sequence[int], *, loops: int = 0, scale: int = 0) -> bytes:
    """An animated GIF; empty cells are transparent. Frames that are equal to the one before become one that stands
    longer. Its clock has hundredths of a second: times are rounded so that their sum is right, 2 hundredths at least.

    Raises ExportError where the frames use more colours than a GIF has (256, one less with empty cells).
    """
    colors = len(patterns[0].palette)
    holes = any(bool((pattern.index == EMPTY).any()) for pattern in patterns)
    if colors + holes > 256:
        raise ExportError(f"a GIF has 256 colours, the frames use {colors}", hint="add --colors 255, or use -o x.png")
    factor = scale_for(patterns[0], scale)
    pictures, times = _told_apart(patterns, ms, colors)
    delays = _hundredths(times)
    height, width = pictures[0].shape
    table = np.zeros((256, 3), np.uint8)
    table[:colors] = patterns[0].palette.rgb
    out = [b"GIF89a", struct.pack("<HHBBB", factor * width, factor * height, 0xF7, 0, 0), table.tobytes()]
    if loops != 1 and len(pictures) > 1:
        out.append(b"!\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", loops % 65536, 0))
    before: NDArray[np.uint8] | None = None
    for picture, delay in zip(pictures, delays, strict=True):
        # with empty cells each frame is cleared before the next; without, only what changed is drawn
        top, bottom, left, right = (0, height, 0, width) if holes or before is None else _changed(before, picture)
        flags = 2 << 2 | 1 if holes else 1 << 2
        out.append(b"!\xf9\x04" + struct.pack("<BHBB", flags, min(delay // 10, 65535), colors if holes else 0, 0))
        sides = (left, top, right - left, bottom - top)
        out.append(b"," + struct.pack("<HHHHB", *(factor * side for side in sides), 0))
        out.append(_squeezed(_enlarged(picture[top:bottom, left:right], factor)))
        before = picture
    return b"".join([*out, b";"])


def _told_apart(
    patterns: Sequence[Pattern], ms: Sequence[int], empty: int
) -> tuple[list[NDArray[np.uint8]], list[int]]:
    """Frames as uint8[H, W], ``empty`` for empty cells, and their times; equal frames in a row are one."""
    pictures: list[NDArray[np.uint8]] = []
    times: list[int] = []
    for pattern, one in zip(patterns, ms, strict=True):
        picture = np.where(pattern.index == EMPTY, empty, pattern.index).astype(np.uint8)
        if pictures and np.array_equal(pictures[-1], picture):
            times[-1] += one
        else:
            pictures.append(picture)
            times.append(one)
    return pictures, times


def _changed(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of the box that holds every difference."""
    rows, columns = np.nonzero(before != now)
    return int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1


def _squeezed(picture: NDArray[np.uint8]) -> bytes:
    """A GIF's image data (code size and LZW blocks) of uint8[h, w]: Pillow packs it, the file around it is ours,
    because Pillow 13 writes a second header into files whose frames clear each other."""
    from PIL import Image

    image = Image.frombytes("P", (picture.shape[1], picture.shape[0]), picture.tobytes())
    image.putpalette(bytes(range(256)) * 3)
    buffer = io.BytesIO()
    image.save(buffer, "GIF", optimize=False, interlace=0)
    data = buffer.getvalue()
    at = 13 + 3 * 2 ** ((data[10] & 7) + 1) * (data[10] >> 7)
    while data[at] != 0x2C:  # extensions before the image
        at += 2
        while data[at]:
            at += 1 + data[at]
        at += 1
    flags = data[at + 9]
    at += 10 + 3 * 2 ** ((flags & 7) + 1) * (flags >> 7)
    return data[at:-1]


def apng(patterns: Sequence[Pattern], ms: Sequence[int], *, loops: int = 0, scale: int = 0) -> bytes:
    """An animated PNG with any number of colours; empty cells are transparent."""
    from PIL import Image

    factor = scale_for(patterns[0], scale)
    frames = [Image.fromarray(_enlarged(_rgba(pattern), factor)) for pattern in patterns]
    if len(frames) == 1:
        return _png(frames[0])
    buffer = io.BytesIO()
    frames[0].save(
        buffer, "PNG", save_all=True, append_images=frames[1:], duration=list(ms), loop=loops, blend=0, disposal=0
    )
    return buffer.getvalue()


def sheet(patterns: Sequence[Pattern], ms: Sequence[int], *, name: str) -> dict[str, bytes]:
    """``NAME-sheet.png``: all frames in reading order at one pixel a cell; ``NAME-sheet.json``: where each is and how
    long it stands (the array form that Aseprite writes and game engines read)."""
    from PIL import Image

    count, height, width = len(patterns), patterns[0].height, patterns[0].width
    columns = int(np.ceil(np.sqrt(count * height / width)))
    columns = min(count, max(1, columns))
    rows = -(-count // columns)
    picture = np.zeros((rows * height, columns * width, 4), np.uint8)
    frames = []
    for k, pattern in enumerate(patterns):
        y, x = k // columns * height, k % columns * width
        picture[y : y + height, x : x + width] = _rgba(pattern)
        box = {"x": x, "y": y, "w": width, "h": height}
        frames.append(
            {
                "filename": f"{name} {k + 1}",
                "frame": box,
                "rotated": False,
                "trimmed": False,
                "spriteSourceSize": {**box, "x": 0, "y": 0},
                "sourceSize": {"w": width, "h": height},
                "duration": ms[k],
            }
        )
    meta = {
        "app": "pixl",
        "image": f"{name}-sheet.png",
        "format": "RGBA8888",
        "size": {"w": columns * width, "h": rows * height},
        "scale": "1",
    }
    text = json.dumps({"frames": frames, "meta": meta}, ensure_ascii=False, indent=1) + "\n"
    return {f"{name}-sheet.png": _png(Image.fromarray(picture)), f"{name}-sheet.json": text.encode()}


def _hundredths(ms: Sequence[int]) -> list[int]:
    """Times in ms that are multiples of 10, 20 at least, whose running sums are as near as can be."""
    out, wanted, given = [], 0, 0
    for one in ms:
        wanted += one
        step = max(20, round((wanted - given) / 10) * 10)
        given += step
        out.append(step)
    return out


def _rgba(pattern: Pattern) -> NDArray[np.uint8]:
    filled = pattern.index != EMPTY
    rgba = np.dstack([pattern.rgb(), np.where(filled, 255, 0).astype(np.uint8)])
    rgba[~filled] = 0
    return rgba


def _enlarged(picture: NDArray[np.uint8], scale: int) -> NDArray[np.uint8]:
    return np.repeat(np.repeat(picture, scale, axis=0), scale, axis=1)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=False)
    return buffer.getvalue()
