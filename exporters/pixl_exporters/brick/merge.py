"""Fewest pieces: replace runs of 1 x 1 by larger plates, tiles or bricks that exist in that colour.

Pieces are of one colour and stay inside their section, so each 4-connected area of one colour in one section is a
problem of its own: an exact set partition of its cells into rectangles. Three steps, each only when the one before left
a gap: greedy (largest first), the linear relaxation (its value, rounded up, bounds every answer from below, and its
solution is often integral), and SciPy's ``milp`` (HiGHS) within what is left of the section's time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixl.pattern import EMPTY, Pattern

from .parts import Part, mergeable
from .sections import Section

Sizes = tuple[tuple[int, int], ...]
"""(rows, columns) that may be used, 1 x 1 among them, largest area first."""
Boxes = tuple[tuple[int, int, int, int], ...]
"""(row, column, rows, columns) of pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeReport:
    """``bound``: no layout under the same rules has fewer pieces. ``open``: sections whose gap is not closed."""

    cells: int
    pieces: int
    greedy: int
    bound: int
    open: tuple[str, ...]

    @property
    def gap(self) -> float:
        """0 when proven; else how far above the bound the answer may be, as a share of it."""
        return (self.pieces - self.bound) / self.bound

    @property
    def text(self) -> str:
        """One line for a person."""
        proof = (
            "proven fewest"
            if self.pieces == self.bound
            else f"at most {self.gap:.1%} above the fewest; time ran out in {', '.join(self.open)}"
        )
        return f"{self.cells} studs in {self.pieces} pieces (greedy {self.greedy}, lower bound {self.bound}: {proof})"

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "cells": self.cells,
            "pieces": self.pieces,
            "greedy": self.greedy,
            "bound": self.bound,
            "gap": round(self.gap, 4),
            "open": list(self.open),
            "text": self.text,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaLayout:
    """The answer for one area."""

    boxes: Boxes
    greedy: int
    bound: int


def merge_pieces(
    pattern: Pattern, part: Part, sections: Sequence[Section], *, seconds: float
) -> tuple[tuple[Part, ...], NDArray[np.int32], NDArray[np.int32], MergeReport]:
    """The parts that may be used, the pieces int32[N, 6] of ``plan.Pieces``, the section of each, and the report.

    No section takes longer than ``seconds`` (but for the greedy start, which is some milliseconds). Raises UsageError
    for a round part.
    """
    parts = tuple(mergeable(part))
    number = {(p.width, p.length): i for i, p in enumerate(parts)}
    sizes = [_sizes(parts, part, color.code) for color in pattern.palette.colors]
    rows: list[tuple[int, ...]] = []
    owner: list[int] = []
    open_sections = []
    greedy = bound = 0
    for at, section in enumerate(sections):
        deadline = time.monotonic() + seconds
        block = pattern.index[section.slices]
        found: list[tuple[int, ...]] = []
        least = 0
        for color, top, left, mask in _areas(block):
            layout = _solve(mask, sizes[color], deadline, seconds)
            greedy += layout.greedy
            least += layout.bound
            for r, c, height, width in layout.boxes:
                kind = number[min(height, width), max(height, width)]
                found.append((kind, color, section.row + top + r, section.column + left + c, height, width))
        found.sort(key=lambda piece: piece[2:4])
        rows += found
        owner += [at] * len(found)
        bound += least
        if len(found) > least:
            open_sections.append(section.name)
    report = MergeReport(cells=pattern.pieces, pieces=len(rows), greedy=greedy, bound=bound, open=tuple(open_sections))
    return parts, np.array(rows, np.int32).reshape(-1, 6), np.array(owner, np.int32), report


def _sizes(parts: Sequence[Part], smallest: Part, code: str) -> Sizes:
    """What exists in a colour: in current production, or at any time when the colour is retired."""
    retired = code not in smallest.current
    found = {(1, 1)}
    for part in parts:
        if code in (part.colors if retired else part.current):
            found |= {(part.width, part.length), (part.length, part.width)}
    return tuple(sorted(found, key=lambda size: (-size[0] * size[1], size)))


def _areas(block: NDArray[np.int16]) -> list[tuple[int, int, int, NDArray[np.bool_]]]:
    """(colour, top, left, mask of its box) of each 4-connected area of one colour, by colour, then in reading order."""
    from scipy import ndimage

    areas = []
    for color in np.unique(block):
        if color == EMPTY:
            continue
        labels, _ = ndimage.label(block == color)
        for label, box in enumerate(ndimage.find_objects(labels), 1):
            areas.append((int(color), box[0].start, box[1].start, labels[box] == label))
    return sorted(areas, key=lambda area: area[:3])


def _solve(mask: NDArray[np.bool_], sizes: Sizes, deadline: float, seconds: float) -> AreaLayout:
    """Answer shapes met before from memory, the rest by ``_optimum``. An answer that is not proven counts for as long
    as no more time is given."""
    if mask.shape in sizes and mask.all():
        return AreaLayout(boxes=((0, 0, *mask.shape),), greedy=1, bound=1)
    key = mask.tobytes(), mask.shape, sizes
    known = _KNOWN.get(key)
    if known is not None and (len(known[1].boxes) == known[1].bound or known[0] >= seconds):
        return known[1]
    layout = _optimum(mask, sizes, deadline - time.monotonic())
    if len(_KNOWN) < 20_000:
        _KNOWN[key] = seconds, layout
    return layout


_KNOWN: dict[tuple[bytes, tuple[int, ...], Sizes], tuple[float, AreaLayout]] = {}
"""(seconds a section was given, layout) of this process: the same small shapes come back hundreds of times in one
picture, and a second plan of the same document has the same pieces."""


def _optimum(mask: NDArray[np.bool_], sizes: Sizes, seconds: float) -> AreaLayout:
    start = time.monotonic()
    first = greedy_cover(mask, sizes)
    cells = int(mask.sum())
    largest = sizes[0][0] * sizes[0][1]
    bound = math.ceil(cells / largest)
    best, count = first, len(first)

    def answer() -> AreaLayout:
        return AreaLayout(boxes=best, greedy=count, bound=bound)

    def left() -> float:
        return seconds - (time.monotonic() - start)

    if len(first) <= bound or left() < 0.01:
        return answer()
    boxes, matrix = _partition(mask, sizes)
    relaxed = _relax(matrix, left())
    if relaxed is None:
        return answer()
    value, share = relaxed
    bound = max(bound, math.ceil(value - 1e-6))
    chosen = _whole(share, boxes, mask)
    if chosen is not None and len(chosen) < len(best):
        best = chosen
    if len(best) <= bound or left() < 0.01:
        return answer()
    proven, whole = _integral(matrix, left())
    bound = max(bound, math.ceil(proven - 1e-6))
    chosen = None if whole is None else _whole(whole, boxes, mask)
    if chosen is not None and len(chosen) < len(best):
        best = chosen
    return answer()


def greedy_cover(mask: NDArray[np.bool_], sizes: Sizes) -> Boxes:
    """The largest rectangle that fits, from the top left, again and again: what other programs do."""
    free = mask.copy()
    boxes = []
    for height, width in sizes:
        if height > mask.shape[0] or width > mask.shape[1]:
            continue
        for r, c in np.argwhere(_fits(free, height, width)).tolist():
            if free[r : r + height, c : c + width].all():
                free[r : r + height, c : c + width] = False
                boxes.append((r, c, height, width))
    return tuple(boxes)


def _fits(mask: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    """bool[H - height + 1, W - width + 1]: where a rectangle lies wholly inside."""
    total = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), np.int32)
    total[1:, 1:] = mask.cumsum(0).cumsum(1)
    inside = total[height:, width:] - total[:-height, width:] - total[height:, :-width] + total[:-height, :-width]
    return np.asarray(inside == height * width)


def _partition(mask: NDArray[np.bool_], sizes: Sizes) -> tuple[NDArray[np.int64], Any]:
    """Every rectangle that fits, int64[M, 4], and the sparse matrix [cells, M] of which cells each covers."""
    from scipy import sparse

    number = np.full(mask.shape, -1, np.int64)
    number[mask] = np.arange(int(mask.sum()))
    boxes, cells, columns = [], [], []
    count = 0
    for height, width in sizes:
        if height > mask.shape[0] or width > mask.shape[1]:
            continue
        corners = np.argwhere(_fits(mask, height, width))
        if not len(corners):
            continue
        inside = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"), axis=-1).reshape(-1, 2)
        at = corners[:, None, :] + inside[None]
        cells.append(number[at[..., 0], at[..., 1]].ravel())
        columns.append(np.repeat(np.arange(count, count + len(corners)), height * width))
        boxes.append(np.hstack([corners, np.broadcast_to([height, width], corners.shape)]))
        count += len(corners)
    entries = np.ones(sum(map(len, cells)))
    shape = (int(mask.sum()), count)
    matrix = sparse.csc_array((entries, (np.concatenate(cells), np.concatenate(columns))), shape=shape)
    return np.concatenate(boxes), matrix


def _relax(matrix: Any, seconds: float) -> tuple[float, NDArray[np.float64]] | None:
    """The linear relaxation's value and solution, or None when time ran out."""
    from scipy.optimize import linprog

    rows, columns = matrix.shape
    result = linprog(
        np.ones(columns), A_eq=matrix, b_eq=np.ones(rows), bounds=(0, None), method="highs",
        options={"time_limit": max(0.01, seconds)},
    )  # fmt: skip
    return (float(result.fun), result.x) if result.status == 0 else None


def _integral(matrix: Any, seconds: float) -> tuple[float, NDArray[np.float64] | None]:
    """A lower bound and the best whole solution found in the time."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    rows, columns = matrix.shape
    result = milp(
        np.ones(columns),
        constraints=LinearConstraint(matrix, np.ones(rows), np.ones(rows)),
        integrality=np.ones(columns),
        bounds=Bounds(0, 1),
        options={"time_limit": max(0.01, seconds)},
    )
    proven = result.mip_dual_bound if result.mip_dual_bound is not None else 0.0
    return float(proven), result.x


def _whole(share: NDArray[np.float64], boxes: NDArray[np.int64], mask: NDArray[np.bool_]) -> Boxes | None:
    """The rectangles taken whole, when they partition the area; solvers answer 0.9999999, so round and prove."""
    taken = boxes[share > 0.5]
    cover = np.zeros(mask.shape, np.int64)
    for r, c, height, width in taken.tolist():
        cover[r : r + height, c : c + width] += 1
    if not np.array_equal(cover, mask.astype(np.int64)):
        return None
    return tuple(sorted((int(r), int(c), int(h), int(w)) for r, c, h, w in taken))
