"""A palette of the maker's own beads or bricks, measured in a photo of them laid in a grid beside a white card.

Published values of one bead differ by as much as neighbouring beads do; the maker's own, under one light, do not.
The card gives the light: every channel is scaled so that the card takes the colour that it has in daylight. One light
over card and grid is assumed, and said; a card that is overexposed is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from .color import ciede2000, linear_to_lab, linear_to_srgb, srgb_to_linear
from .errors import PhotoError, UsageError
from .palette import Color, Palette, fold
from .photo import Photo

Box = tuple[float, float, float, float]
Corners = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]

WHITE = (245, 245, 245)
"""sRGB of plain white paper or card under the light it is seen in."""
UNEVEN = 6.0
"""Median dE00 inside one sample above which it is probably two things: the grid does not lie where it was said."""
_POINTS = 32  # sample points a side of a cell
_RING = (0.29, 0.43)  # inner and outer radius in cells: the face of a bead between its hole and its edge
_SQUARE = 0.25  # half side in cells: the middle of a tile


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """``palette``: what was measured, in reading order. ``gain``: the light taken out.

    ``spread``: float64[n], median dE00 of a sample's pixels from its colour. ``shift``: float64[n], dE00 from the base
    palette's value, NaN where it has none.
    """

    palette: Palette
    spread: NDArray[np.float64]
    shift: NDArray[np.float64]
    gain: tuple[float, float, float]


def whole_picture() -> Corners:
    """The corners of a grid that fills the picture."""
    return ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def calibrate(
    photo: Photo,
    *,
    columns: int,
    rows: int,
    corners: Corners,
    white: Box,
    codes: Sequence[str],
    base: Palette | None = None,
    ring: bool = False,
    white_rgb: tuple[int, int, int] = WHITE,
) -> Calibration:
    """Measure one colour a cell.

    ``corners``: the grid's outer corners from the top left clockwise, as fractions of the picture; ``white``: a part of
    the card as x, y, width, height in fractions; ``codes``: the samples in reading order, cells after the last are
    left alone; ``base``: the palette that gives names, finishes and ids to codes it knows; ``ring``: the samples are
    beads, whose holes are left out.

    Raises UsageError, and PhotoError for a card that is overexposed, dark or uneven, or a sample without pixels.
    """
    if not 1 <= columns * rows <= 4096:
        raise UsageError(f"a grid of {columns} x {rows} samples is out of range", hint="ask for 1 to 4096 samples")
    if not 1 <= len(codes) <= columns * rows:
        raise UsageError(
            f"{len(codes)} codes for a grid of {columns} x {rows} samples",
            hint="name one colour a sample, in reading order",
        )
    folded = Counter(fold(code) for code in codes)
    if max(folded.values()) > 1:
        raise UsageError(f"'{folded.most_common(1)[0][0]}' is named twice", hint="name each colour once")
    gain = _light(photo, white, white_rgb)
    colors, spread, shift = [], [], []
    for number, code in enumerate(codes):
        pixels = _sample(photo, number % columns, number // columns, columns, rows, corners, ring)
        if not len(pixels):
            raise PhotoError(f"sample {number + 1} ({code}) lies outside the picture", hint="mend the corners")
        lit = np.clip(pixels * gain, 0.0, 1.0)
        middle = np.median(lit, axis=0)
        red, green, blue = (round(float(value)) for value in np.clip(linear_to_srgb(middle), 0, 1) * 255)
        lab = linear_to_lab(middle)
        known = _known(base, code)
        colors.append(
            Color(
                code=known.code if known else code,
                name=known.name if known else code,
                rgb=(red, green, blue),
                finish=known.finish if known else "solid",
                ids=known.ids if known else MappingProxyType({}),
            )
        )
        spread.append(float(np.median(ciede2000(linear_to_lab(lit), lab))))
        shift.append(float(ciede2000(_lab(known), lab)) if known else float("nan"))
    palette = Palette(
        id=f"{base.id}-own" if base else "own",
        version="1",
        name=f"{base.name}, measured" if base else "Measured colours",
        colors=tuple(colors),
        source="measured in a photo beside a white card",
        licence="the maker's own",
        **({"material": base.material} if base else {}),
    )
    return Calibration(
        palette=palette,
        spread=np.array(spread),
        shift=np.array(shift),
        gain=(float(gain[0]), float(gain[1]), float(gain[2])),
    )


def _lab(color: Color) -> NDArray[np.float64]:
    return np.asarray(linear_to_lab(srgb_to_linear(np.array(color.rgb, np.uint8))), dtype=np.float64)


def _known(base: Palette | None, code: str) -> Color | None:
    """The base palette's colour of this code or name; None where there is no base. Raises UsageError."""
    return base.colors[base.find(code)] if base else None


def _light(photo: Photo, white: Box, white_rgb: tuple[int, int, int]) -> NDArray[np.float64]:
    """float64[3]: what each channel is multiplied with."""
    x, y, width, height = white
    left, top = int(x * photo.width), int(y * photo.height)
    right, bottom = max(left + 1, round((x + width) * photo.width)), max(top + 1, round((y + height) * photo.height))
    card = photo.linear[top:bottom, left:right].reshape(-1, 3).astype(np.float64)
    if not len(card):
        raise PhotoError("the white card lies outside the picture", hint="mend --white")
    clipped = float((card >= 0.995).any(axis=1).mean())
    if clipped > 0.02:
        raise PhotoError(f"{clipped:.0%} of the white card is overexposed", hint="take the photo a little darker")
    level = np.median(card, axis=0)
    if level.min() < 0.05:
        raise PhotoError("the white card is nearly black in the photo", hint="point --white at the card, or add light")
    low, high = np.percentile(card.mean(axis=1), [5, 95])
    if high > 1.35 * low:
        raise PhotoError(
            f"the white card is lit unevenly, {high / low:.1f} to 1",
            hint="avoid shadows, and point --white at the card",
        )
    return np.asarray(srgb_to_linear(np.array(white_rgb, np.uint8)), dtype=np.float64) / level


def _sample(
    photo: Photo, column: int, row: int, columns: int, rows: int, corners: Corners, ring: bool
) -> NDArray[np.float64]:
    """float64[n, 3], linear: the pixels that show one sample's face."""
    axis = (np.arange(_POINTS) + 0.5) / _POINTS - 0.5
    dx, dy = np.meshgrid(axis, axis)
    radius = np.hypot(dx, dy)
    inside = (radius >= _RING[0]) & (radius <= _RING[1]) if ring else np.maximum(abs(dx), abs(dy)) <= _SQUARE
    u = (column + 0.5 + dx[inside]) / columns
    v = (row + 0.5 + dy[inside]) / rows
    x, y = _projected(corners, u, v)
    px, py = np.floor(x * photo.width).astype(int), np.floor(y * photo.height).astype(int)
    kept = (px >= 0) & (px < photo.width) & (py >= 0) & (py < photo.height)
    kept[kept] = photo.alpha[py[kept], px[kept]] > 0.5
    return np.asarray(photo.linear[py[kept], px[kept]], dtype=np.float64)


def _projected(
    corners: Corners, u: NDArray[np.float64], v: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The unit square seen in perspective: Heckbert 1989, "Fundamentals of texture mapping", section 2.2.3."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    sx, sy = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    dx1, dx2, dy1, dy2 = x1 - x2, x3 - x2, y1 - y2, y3 - y2
    area = dx1 * dy2 - dx2 * dy1
    turns = [
        (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
        for a, b, c in zip(corners, corners[1:] + corners[:1], corners[2:] + corners[:2], strict=True)
    ]
    if min(turns) < 1e-6:
        raise UsageError("the corners of the grid do not go round it", hint="give them from the top left, clockwise")
    g, h = (sx * dy2 - dx2 * sy) / area, (dx1 * sy - sx * dy1) / area
    w = g * u + h * v + 1.0
    x = ((x1 - x0 + g * x1) * u + (x3 - x0 + h * x3) * v + x0) / w
    y = ((y1 - y0 + g * y1) * u + (y3 - y0 + h * y3) * v + y0) / w
    return x, y


def parse_corners(text: str, full_size: tuple[int, int]) -> Corners:
    """``x,y x,y x,y x,y`` in pixels or per cent, from the top left clockwise. Returns fractions. Raises UsageError."""
    points = []
    for word in text.split():
        parts = word.split(",")
        try:
            x, y = (
                float(part[:-1]) / 100 if part.endswith("%") else float(part) / max(1, side)
                for part, side in zip(parts, full_size, strict=True)
            )
        except ValueError:
            break
        if not (-0.01 <= x <= 1.01 and -0.01 <= y <= 1.01):
            raise UsageError(f"the corner '{word}' lies outside the picture", hint="write x,y in pixels or per cent")
        points.append((x, y))
    if len(points) != 4 or len(text.split()) != 4:
        raise UsageError(
            f"'{text}' are not four corners",
            hint="write four of x,y from the top left clockwise, in pixels or per cent",
        )
    return points[0], points[1], points[2], points[3]
