"""What a picture is, where nobody said: a photograph, a flat graphic, or pixel art on a grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..photo import Photo

Floats = NDArray[np.float32]

LINES = 64
"""Rows and columns of the picture that are looked at, evenly spread."""
STEP = 0.012
"""Least change from pixel to pixel (of sqrt(linear light), 0..1) that is a change at all."""
EDGE = 0.1
"""Change within three pixels that is an edge between two areas rather than shading."""
SHADED = 0.22
"""In a flat graphic at most this share of the changes is shading, ..."""
PLAIN = 0.8
"""... and at least this share of the picture does not change."""
EDGES = 0.002
"""Share of the picture, at least, that is such an edge."""
SCALE = 3.0
"""Pixels a side of an enlarged cell, at least."""
SIDE = (4, 256)
"""Cells a side of pixel art."""
ON_LINES = 0.9
"""Share of the changes (squared) that lies on the lines of the grid."""
EVEN = 0.02
"""Deviation of sqrt(linear light) inside cells that an artefact explains, on average; three times that in the worst
cells."""
INKS = 64
"""Colours that pixel art has at most, where each of its cells is one pixel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """``flat``: areas of one colour with sharp edges; ``cells``: (width, height) of the grid where it is pixel art."""

    flat: bool
    cells: tuple[int, int] | None = None


def kind_of(photo: Photo) -> Kind:
    """Look at some rows and columns of the picture, what is transparent as white."""
    rows = _profile(photo, 1)
    columns = _profile(photo, 0)
    cells = _grid(photo, rows, columns)
    if cells is not None:
        return Kind(flat=True, cells=cells)
    shaded, plain, edges = np.mean([_shading(lines) for lines in (rows, columns)], axis=0)
    return Kind(flat=bool(shaded <= SHADED and plain >= PLAIN and edges >= EDGES))


def _profile(photo: Photo, axis: int) -> Floats:
    """float32[lines, length]: rows (axis 1) or columns (axis 0) of the picture, as sqrt of luminance. Colour alone is
    not looked at: JPEG smears it over sixteen pixels."""
    count = photo.linear.shape[1 - axis]
    picks = np.unique(np.linspace(0, count - 1, min(LINES, count)).round().astype(np.intp))
    light = photo.linear.take(picks, axis=1 - axis) @ np.array([0.25, 0.6, 0.15], np.float32)
    alpha = photo.alpha.take(picks, axis=1 - axis)
    lines = np.asarray(np.sqrt(np.maximum(light * alpha + (1 - alpha), 0)), dtype=np.float32)
    return lines if axis else lines.T


def _shading(lines: Floats) -> tuple[float, float, float]:
    """Share of the changes along the lines that are shading, of places without any change, and of edges."""
    step = np.abs(np.diff(lines, axis=1))
    reach = min(3, lines.shape[1] - 1)
    if reach < 1:
        return 0.0, 1.0, 0.0
    wide = np.abs(lines[:, reach:] - lines[:, :-reach])
    far = np.zeros_like(step)
    for shift in range(reach):  # the greatest change over three pixels that the step takes part in
        part = far[:, shift : shift + wide.shape[1]]
        np.maximum(part, wide, out=part)
    changes = step > STEP
    shaded = changes & (far < EDGE)
    return float(shaded.sum() / max(1, changes.sum())), float(1 - changes.mean()), float((far >= EDGE).mean())


def _grid(photo: Photo, rows: Floats, columns: Floats) -> tuple[int, int] | None:
    """(width, height) in cells of the grid that the picture is drawn on, or None."""
    height, width = photo.alpha.shape
    across, down = _count(rows), _count(columns)
    if not across or not down or not 0.97 < (width / across) / (height / down) < 1.03:
        small = max(width, height) <= SIDE[1] and min(width, height) >= SIDE[0]
        if not small or not 2 <= _inks(photo) <= INKS:
            return None
        scale = _repeats(photo)
        return width // scale, height // scale
    inner = []
    for lines, count in ((rows, across), (columns, down)):
        size = lines.shape[1] / count
        ticks = np.clip((np.arange(count)[:, None] + np.linspace(0.3, 0.7, 5)) * size, 0, lines.shape[1] - 1)
        inner.append(lines[:, ticks.astype(np.intp)].std(axis=2))
    if any(part.mean() > EVEN or np.percentile(part, 97) > 3 * EVEN for part in inner):
        return None
    return across, down


def _count(lines: Floats) -> int:
    """How many cells of equal size explain where the lines change, 0 if none do."""
    size = lines.shape[1]
    most = min(SIDE[1], int(size / SCALE))
    if most < SIDE[0]:
        return 0
    energy = (np.diff(lines, axis=1) ** 2).mean(axis=0)
    total = float(energy.sum())
    if total <= 0 or np.sort(energy)[-(size // 2) :].sum() < ON_LINES * total:
        return 0
    at = np.arange(1, size)  # energy[i] is the change between pixels i and i + 1, at the edge i + 1
    for count in range(SIDE[0], most + 1):
        cell = size / count
        off = np.abs(at / cell - np.rint(at / cell)) * cell
        on = off <= max(0.51, 0.12 * cell)
        if energy[on].sum() < ON_LINES * total:
            continue
        line = np.rint(at[on] / cell).astype(np.intp)
        strong = np.bincount(line, weights=energy[on], minlength=count + 1)[1:count] > 0.02 * total / count
        if strong.mean() >= 0.5:
            return count
    return 0


def _inks(photo: Photo) -> int:
    """Distinct colours, what is transparent as one."""
    codes = np.rint(np.sqrt(np.maximum(photo.linear, 0)) * 255).astype(np.int64)
    key = codes[..., 0] << 16 | codes[..., 1] << 8 | codes[..., 2]
    return len(np.unique(np.where(photo.alpha < 0.5, -1, key)))


def _repeats(photo: Photo) -> int:
    """By how much a small picture is enlarged, pixel by pixel."""
    height, width = photo.alpha.shape
    stacked = np.concatenate([photo.linear, photo.alpha[..., None]], axis=2)
    for scale in range(min(height, width) // SIDE[0], 1, -1):
        if height % scale or width % scale:
            continue
        small = stacked[::scale, ::scale]
        if np.array_equal(np.repeat(np.repeat(small, scale, axis=0), scale, axis=1), stacked):
            return scale
    return 1
