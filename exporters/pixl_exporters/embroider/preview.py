"""The finished embroidery as a picture, and the map of needle holes: both drawn from the decoded file, not from the
plan.

A thread is a round strand 0.4 mm wide: dark at its edges, light along its back, brighter where it runs across the
light (from the upper left). Stitches are drawn in the order in which they are sewn, so what lies on top lies on top.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pixl.embedded import PNG_KEYWORD

from .decode import Run
from .design import RGB, Design

if TYPE_CHECKING:
    from pixl_exporters.formats import ExportOptions

THREAD_MM = 0.4
BORDER_MM = 3.0
_LONG_SIDE = 1000
_SMOOTH = 2
_ANGLES = 16
_STEP = 0.8
"""Distance of the dots that make up a thread, pixels."""
_CHUNK = 20_000
_HEAT = ((255, 255, 255), (255, 236, 160), (254, 190, 80), (240, 110, 50), (200, 30, 40), (110, 0, 60), (0, 0, 0))
"""Colours for 1, 2, 3 ... hits in one hole; the last for all above."""


def render(
    runs: Sequence[Run],
    colors: Sequence[RGB],
    *,
    cloth: RGB,
    px_per_mm: float,
    turned_back: bool = False,
    border_mm: float = BORDER_MM,
) -> NDArray[np.uint8]:
    """uint8[H, W, 3] of decoded ``runs``; ``colors`` by block. ``turned_back``: undo a turn by 90 degrees
    clockwise.
    """
    points = [_upright(run.points, turned_back) for run in runs]
    low, size = _frame(points, border_mm)
    scale = px_per_mm * _SMOOTH / 10
    picture = _cloth(size, scale, cloth)
    across = _offsets(THREAD_MM * 10 * scale)
    tables = [_shades(color, across / (THREAD_MM * 5 * scale)) for color in colors]
    for run, path in zip(runs, points, strict=True):
        _paint(picture, (path - low) * scale, across, tables[run.block])
    return _shrink(picture.view(np.uint8).reshape(*picture.shape, 4)[..., :3])


def _offsets(width: float) -> NDArray[np.float64]:
    """Places across a thread, pixels from its middle, near enough to leave no hole."""
    count = max(1, math.ceil(width / _STEP))
    return np.asarray((np.arange(count) + 0.5) / count * width - width / 2)


def _paint(
    picture: NDArray[np.uint32], path: NDArray[np.float64], across: NDArray[np.float64], table: NDArray[np.uint32]
) -> None:
    """Draw one thread over what is there: of two dots on one pixel the later stays.

    ``picture``: uint32[H, W], four bytes a pixel; ``path``: float64[M, 2] in pixels, at least a thread's width
    inside.
    """
    flat, width = picture.ravel(), picture.shape[1]
    steps = np.diff(path, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    parts = np.maximum(1, np.ceil(lengths / _STEP)).astype(np.int64)
    angle = np.rint(np.arctan2(steps[:, 1], steps[:, 0]) / math.pi * _ANGLES).astype(np.int64) % _ANGLES
    normal = np.stack([-steps[:, 1], steps[:, 0]], axis=1) / np.maximum(lengths, 1e-9)[:, None]
    ends = np.cumsum(parts)
    for first in range(0, len(steps), _CHUNK):
        last = min(first + _CHUNK, len(steps))
        part = parts[first:last]
        which = np.repeat(np.arange(first, last), part)
        along = np.arange(len(which)) - np.repeat(ends[first:last] - part - (ends[first] - part[0]), part) + 0.5
        dots = path[which] + steps[which] * (along / parts[which])[:, None]
        places = (dots[:, None, :] + normal[which][:, None, :] * across[None, :, None]).astype(np.int64)
        flat[(places[..., 1] * width + places[..., 0]).ravel()] = table[angle[which]].ravel()


def heat(runs: Sequence[Run], *, px_per_mm: float, turned_back: bool = False) -> tuple[NDArray[np.uint8], int]:
    """uint8[H, W, 3] and the most hits: every hole as a dot, the darker the more often the needle goes in."""
    points = [_upright(run.points, turned_back) for run in runs]
    low, size = _frame(points, BORDER_MM)
    scale = px_per_mm * _SMOOTH / 10
    holes, hits = np.unique(np.concatenate(points), axis=0, return_counts=True)
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (round(size[0] * scale), round(size[1] * scale)), (232, 232, 236))
    pen = ImageDraw.Draw(picture)
    radius = 2.2 * scale
    for place in np.argsort(hits, kind="stable").tolist():
        x, y = ((holes[place] - low) * scale).tolist()
        color = _HEAT[min(int(hits[place]), len(_HEAT)) - 1]
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)
    return _shrink(np.asarray(picture, np.uint8)), int(hits.max())


def design_picture(design: Design, *, long_side: int = _LONG_SIDE, border_mm: float = BORDER_MM) -> NDArray[np.uint8]:
    """The design's main file as it will look, upright as the pattern was made."""
    key = f"picture {long_side} {border_mm}"
    if key not in design.drawn:
        design.drawn[key] = _design_picture(design, long_side, border_mm)
    return design.drawn[key]


def _design_picture(design: Design, long_side: int, border_mm: float) -> NDArray[np.uint8]:
    width, height = design.plan.size_mm
    return render(
        design.verdict(design.main).runs,
        [design.pattern.palette.colors[k].rgb for k in design.plan.order],
        cloth=design.cloth,
        px_per_mm=long_side / (max(width, height) + 2 * border_mm),
        turned_back=design.plan.turned,
        border_mm=border_mm,
    )


def export(design: Design, options: ExportOptions) -> dict[str, bytes]:
    """``preview.png``: about 1000 pixels on the longer side, or ``scale`` pixels a cell. Carries the document."""
    side = max(design.pattern.width, design.pattern.height)
    long_side = min(6000, options.scale * side) if options.scale else _LONG_SIDE
    return {"preview.png": _png(design_picture(design, long_side=long_side), options.document)}


def export_heat(design: Design, options: ExportOptions) -> dict[str, bytes]:
    """``holes.png``: how often the needle goes into each hole of the decoded file."""
    width, height = design.plan.size_mm
    scale = _LONG_SIDE / (max(width, height) + 2 * BORDER_MM)
    picture, _most = heat(design.verdict(design.main).runs, px_per_mm=scale, turned_back=design.plan.turned)
    return {"holes.png": _png(picture)}


def _upright(points: NDArray[np.int32], turned_back: bool) -> NDArray[np.int64]:
    wide = points.astype(np.int64)
    return np.stack([wide[:, 1], -wide[:, 0]], axis=1) if turned_back else wide


def _frame(points: Sequence[NDArray[np.int64]], border_mm: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Top left corner and size of the picture, 0.1 mm."""
    everything = np.concatenate(points)
    low = everything.min(axis=0) - border_mm * 10
    return low, everything.max(axis=0) + border_mm * 10 - low


def _cloth(size: NDArray[np.float64], scale: float, color: RGB) -> NDArray[np.uint32]:
    """uint32[H, W]: cloth with a faint weave of 0.5 mm, four bytes a pixel: red, green, blue, nothing."""
    width, height = (max(1, round(float(side) * scale)) for side in size)
    across = np.sin(np.arange(width) / scale / 5 * 2 * math.pi)
    down = np.sin(np.arange(height) / scale / 5 * 2 * math.pi)
    depth = np.rint(across[None, :] * down[:, None] * 3.0).astype(np.int8)
    tints = np.clip(np.array(color)[None] + np.arange(-3, 4)[:, None], 0, 255)
    return _packed(tints)[depth + 3]


def _packed(rgb: NDArray[np.integer]) -> NDArray[np.uint32]:
    """uint32[...] of int[..., 3]: four bytes a pixel, so that one is written at once."""
    wide = np.zeros((*rgb.shape[:-1], 4), np.uint8)
    wide[..., :3] = rgb
    return wide.view(np.uint32)[..., 0]


def _shades(color: RGB, across: NDArray[np.float64]) -> NDArray[np.uint32]:
    """uint32[16, B]: a thread's colours for 16 directions over half a turn, at places ``across`` it (-1 to 1)."""
    base = np.array(color, float)
    # brightest across the light, which comes from the upper left: the direction of '/'
    sheen = 0.5 + 0.5 * np.cos(2 * (np.arange(_ANGLES) / _ANGLES * math.pi + math.pi / 4))[:, None, None]
    profile = np.sqrt(np.clip(1 - across**2, 0, 1))[None, :, None]
    body = base * (0.52 + 0.40 * profile + 0.08 * sheen)
    back = np.exp(-(((across + 0.15) / 0.35) ** 2))[None, :, None] * (0.05 + 0.17 * sheen)
    return _packed(np.rint(np.clip(body + (255 - body) * back, 0, 255)).astype(np.int64))


def _shrink(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mean of each block of pixels."""
    height, width = (side // _SMOOTH * _SMOOTH for side in picture.shape[:2])
    total = np.zeros((height // _SMOOTH, width // _SMOOTH, 3), np.uint16)
    for down in range(_SMOOTH):
        for right in range(_SMOOTH):
            total += picture[down:height:_SMOOTH, right:width:_SMOOTH]
    return ((total + _SMOOTH * _SMOOTH // 2) // (_SMOOTH * _SMOOTH)).astype(np.uint8)


def _png(rgb: NDArray[np.uint8], document: bytes = b"") -> bytes:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    if document:
        info.add_itxt(PNG_KEYWORD, document.decode("utf-8"), zip=True)
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG", pnginfo=info, compress_level=3)
    return file.getvalue()
