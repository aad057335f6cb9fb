"""Cross mode: an X in every cell, and one continuous thread for each 8-connected component.

Corners and centres of the cells are the holes. A cell is a closed cycle of six stitches from the hole where the
thread came in: from the top right corner C, TL, BR, C, BL, TR, from the bottom left C, BR, TL, C, TR, BL. Every half
leg is laid twice and the ``/`` lies on top. At each corner on the way the thread first makes every neighbour that has
that corner as a top right or bottom left one, and comes back to the same hole: 4-neighbours and ``/`` neighbours all
qualify. Where a component hangs together only through a ``\\`` corner the cell there starts from its top left or
bottom right, which lays one half leg over its top leg; those cells are as few as can be (one for each such joint) and
are counted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixl.pattern import EMPTY, Pattern

from .plan import Bounds, EmbroideryOptions, EmbroideryPlan, SewnThread, cell_units, light_first, with_locks
from .regions import ALL_CORNERS, SLASH_CORNERS, label_regions

_TL, _TR, _BL, _BR, _C = range(5)
_OFFSET = ((0, 0), (2, 0), (0, 2), (2, 2), (1, 1))
"""x, y of each hole of a cell from its top left corner, in half cells."""
_OPPOSITE = {_TL: _BR, _BR: _TL, _TR: _BL, _BL: _TR}


def cycle(start: int, layers: int) -> tuple[int, ...]:
    """The holes of one cell after ``start``, back to it; ``layers``: 2, 4 or 6. 2 + 2 * layers stitches."""
    end = _OPPOSITE[start]
    more = layers // 2 - 1
    if start in (_TR, _BL):
        low, high = (_TL, _BR) if start == _TR else (_BR, _TL)
        return (_C, low, high, *(low, high) * more, _C, end, start, *(end, start) * more)
    low, high = (_TR, _BL) if start == _TL else (_BL, _TR)
    return (end, *(start, end) * more, _C, low, high, *(low, high) * more, _C, start)


def plan_cross(pattern: Pattern, options: EmbroideryOptions) -> EmbroideryPlan:
    """Plan in cross mode. The pattern has at least one cell to sew."""
    index = pattern.index
    labels, colors = label_regions(index, ALL_CORNERS if options.corner_join else SLASH_CORNERS)
    order = tuple(options.order or light_first(pattern))
    walker = _Walker(index, options)
    cell = cell_units(pattern)
    threads: list[SewnThread] = []
    crossed = 0
    here = np.array([pattern.height / 2, pattern.width / 2])
    for color in order:
        rows, columns = np.nonzero(index == color)
        where = np.stack([rows, columns], axis=1)
        parts = labels[rows, columns]
        left = np.ones(len(where), bool)
        while left.any():
            away = np.abs(where - here).sum(axis=1)
            away[~left] = np.inf
            row, column = where[int(np.argmin(away))].tolist()
            left &= parts != labels[row, column]
            holes, joints = walker.thread(row, column)
            crossed += joints
            here = np.array([row, column], float)
            points = (holes * (cell // 2)).astype(np.int32)
            threads.append(SewnThread(color=color, points=with_locks(points)))
    bound = len(colors) - 1
    return EmbroideryPlan(
        pattern=pattern,
        options=options,
        threads=tuple(threads),
        order=order,
        corner=(0, 0),
        bounds=Bounds(strict=bound, for_order=bound, over_orders=bound, capped_for_order=bound),
        crossed_tops=crossed,
    )


class _Walker:
    """Walks components of one map; each cell is stitched once over all calls."""

    def __init__(self, index: NDArray[np.int16], options: EmbroideryOptions) -> None:
        height, width = index.shape
        self.width = width + 2
        padded = np.full((height + 2, width + 2), EMPTY, np.int16)
        padded[1:-1, 1:-1] = index
        self.color: list[int] = padded.ravel().tolist()
        self.done = bytearray(len(self.color))
        self.join = options.corner_join
        self.cycles = tuple(cycle(start, options.layers) for start in (_TL, _TR, _BL, _BR))

    def thread(self, row: int, column: int) -> tuple[NDArray[np.int32], int]:
        """The closed path through the component of a cell: int32[M, 2] of x, y in half cells, and how many cells are
        entered through a ``\\`` corner.
        """
        start = (row + 1) * self.width + column + 1
        attached, joints = self._tree(start)
        return self._walk(start, attached), joints

    def _tree(self, start: int) -> tuple[dict[int, list[int]], int]:
        """Which cell is made from which corner of which: ``{cell * 4 + corner: [child * 4 + its start]}``.

        All that hangs together without a ``\\`` joint is gathered before one is used, so as few as can be are used.
        """
        color, done, width = self.color, self.done, self.width
        kind = color[start]
        slash = (
            (-1, _TL, _TR), (-width, _TL, _BL), (-width + 1, _TR, _BL), (1, _BR, _BL), (width, _BR, _TR),
            (width - 1, _BL, _TR),
        )  # fmt: skip
        attached: dict[int, list[int]] = {}
        joints = 0
        done[start] = 1
        members = [start]
        fresh = 0
        checked = 0
        while True:
            while fresh < len(members):
                cell = members[fresh]
                fresh += 1
                for step, corner, enter in slash:
                    other = cell + step
                    if color[other] == kind and not done[other]:
                        done[other] = 1
                        attached.setdefault(cell * 4 + corner, []).append(other * 4 + enter)
                        members.append(other)
            if not self.join:
                return attached, 0
            while checked < len(members) and fresh == len(members):
                cell = members[checked]
                found = False
                for step, corner, enter in ((-width - 1, _TL, _BR), (width + 1, _BR, _TL)):
                    other = cell + step
                    if color[other] == kind and not done[other]:
                        done[other] = 1
                        attached.setdefault(cell * 4 + corner, []).append(other * 4 + enter)
                        members.append(other)
                        joints += 1
                        found = True
                        break
                if not found:
                    checked += 1
            if fresh == len(members):
                return attached, joints

    def _walk(self, start: int, attached: dict[int, list[int]]) -> NDArray[np.int32]:
        cycles, width = self.cycles, self.width
        xs: list[int] = []
        ys: list[int] = []
        row, column = divmod(start, width)
        xs.append(2 * (column - 1) + 2)
        ys.append(2 * (row - 1))
        stack: list[list[int]] = [[start, _TR, 0]]
        while stack:
            top = stack[-1]
            cell, begin, position = top
            holes = cycles[begin]
            if position == len(holes):
                stack.pop()
                continue
            top[2] = position + 1
            hole = holes[position]
            row, column = divmod(cell, width)
            dx, dy = _OFFSET[hole]
            xs.append(2 * (column - 1) + dx)
            ys.append(2 * (row - 1) + dy)
            if hole != _C:
                for child in reversed(attached.pop(cell * 4 + hole, ())):
                    stack.append([child >> 2, child & 3, 0])
        return np.stack([np.array(xs), np.array(ys)], axis=1).astype(np.int32)
