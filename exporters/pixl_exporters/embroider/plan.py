"""The plan: which threads are sewn, in which order, through which holes; and what bounds say about it.

Integers of 0.1 mm, x right, y down, the origin at the design's centre. Nothing here knows a file format.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pixl.errors import ExportError, UsageError
from pixl.pattern import EMPTY, Pattern

CELLS_MM = tuple(round(1.6 + 0.2 * step, 1) for step in range(10))
"""Cell sizes that keep every hole on a tenth of a millimetre and every stitch between 1.1 and 5 mm."""
LOCK_LENGTH = 7
"""Reach of a lock, 0.1 mm."""
SECONDS_PER_CUT = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbroideryOptions:
    """How a pattern is sewn.

    ``mode``: ``cross`` (an X in each cell) or ``fill`` (rows). ``layers``: cross only, 2, 4 or 6 laid threads a leg.
    ``corner_join``: cross only, whether a thread may pass a ``\\`` corner, which leaves one half leg on the wrong
    side. ``pull_mm``: fill only, how far rows reach beyond their cells against the cloth's pull. ``max_stitch_mm``:
    fill only. ``travel_cap_mm``: fill only, longest way hidden under later colours before a cut is cheaper; None for
    no cap. ``underlay``: fill only, running stitches under regions wider than 5 mm. ``order``: sewing order as
    palette indices, or None to search for the best.
    """

    mode: str = "cross"
    layers: int = 2
    corner_join: bool = True
    pull_mm: float = 0.2
    max_stitch_mm: float = 3.0
    travel_cap_mm: float | None = 60.0
    underlay: bool = True
    order: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.mode not in ("cross", "fill"):
            raise UsageError(f"'{self.mode}' is not a way to sew", hint="use cross or fill")
        if self.layers not in (2, 4, 6):
            raise UsageError(f"{self.layers} layers cannot be sewn", hint="use 2, 4 or 6")
        if not 0.0 <= self.pull_mm <= 0.6:
            raise UsageError(f"a pull compensation of {self.pull_mm:g} mm is out of range", hint="use 0 to 0.6 mm")
        if not 2.0 <= self.max_stitch_mm <= 4.0:
            raise UsageError(f"a longest stitch of {self.max_stitch_mm:g} mm is out of range", hint="use 2 to 4 mm")
        if self.travel_cap_mm is not None and not 0 <= self.travel_cap_mm <= 10_000:
            raise UsageError(f"a travel cap of {self.travel_cap_mm:g} mm is out of range", hint="use 0 to 10000 mm")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SewnThread:
    """One uninterrupted thread: ``color``: palette index; ``points``: int32[M, 2], every penetration.

    The first point is the anchor; ``lock_in`` points after it and ``lock_out`` points at the end are locks.
    """

    color: int
    points: NDArray[np.int32]
    lock_in: int = 4
    lock_out: int = 4

    @property
    def body(self) -> NDArray[np.int32]:
        """int32[M', 2]: the points without anchor and locks."""
        return self.points[1 + self.lock_in : len(self.points) - self.lock_out]

    @property
    def length_mm(self) -> float:
        """Length of the path, mm."""
        return float(np.hypot(*np.diff(self.points.astype(np.float64), axis=0).T).sum()) / 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Bounds:
    """What the number of threads can be at best, without a travel cap.

    ``strict``: no hidden travel (in cross mode all three are this). ``for_order``: least for this order of colours.
    ``over_orders``: least over all orders if ``exact``, else the best that the search found.
    ``capped_for_order``: least for this order when no hidden way is longer than the travel cap.
    """

    strict: int
    for_order: int
    over_orders: int
    capped_for_order: int
    exact: bool = True


@dataclass(frozen=True, kw_only=True, eq=False)
class EmbroideryPlan:
    """The answer of the hard algorithm. ``order``: palette indices as sewn; ``corner``: x, y of the pattern's top
    left corner (the origin is the centre of what is sewn, which differs from the pattern's where cells are empty);
    ``turned``: the pattern was turned by 90 degrees; ``crossed_tops``: cells with a half leg over the top leg;
    ``travel_mm``: ways hidden under later colours.

    Invariant (``check``): each colour in ``order`` once, threads grouped by it, the points inside the design's frame.
    """

    pattern: Pattern
    options: EmbroideryOptions
    threads: tuple[SewnThread, ...]
    order: tuple[int, ...]
    bounds: Bounds
    corner: tuple[int, int]
    turned: bool = False
    crossed_tops: int = 0
    travel_mm: float = 0.0

    @property
    def cell(self) -> int:
        """Side of a cell, 0.1 mm."""
        return cell_units(self.pattern)

    @cached_property
    def stitches(self) -> int:
        """Penetrations, anchors and locks included."""
        return sum(len(thread.points) for thread in self.threads)

    @cached_property
    def extent(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of all penetrations, 0.1 mm."""
        points = np.concatenate([thread.points for thread in self.threads])
        (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return left, top, right, bottom

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height that are sewn, mm."""
        left, top, right, bottom = self.extent
        return (right - left) / 10, (bottom - top) / 10

    @property
    def cuts(self) -> int:
        """Cuts: trims and colour changes together."""
        return len(self.threads) - 1

    @property
    def trims(self) -> int:
        """Cuts that are not colour changes."""
        return len(self.threads) - len(self.order)

    def minutes(self, spm: int) -> float:
        """Time on the machine at ``spm`` stitches a minute, 10 s a cut; a colour change is one of the cuts."""
        return self.stitches / spm + self.cuts * SECONDS_PER_CUT / 60

    def length_mm(self) -> dict[int, float]:
        """Path of each colour, mm, by palette index in sewing order."""
        total = dict.fromkeys(self.order, 0.0)
        for thread in self.threads:
            total[thread.color] += thread.length_mm
        return total

    def check(self) -> None:
        """Raise ExportError when the plan breaks its invariant (a bug, not bad input)."""
        seen = [thread.color for thread in self.threads]
        grouped = [color for i, color in enumerate(seen) if i == 0 or seen[i - 1] != color]
        if tuple(grouped) != self.order or sorted(self.order) != self.pattern.used():
            raise ExportError("the plan does not sew each colour once", hint="report this pattern")


def cell_units(pattern: Pattern) -> int:
    """Side of a cell in 0.1 mm. Raises ExportError unless it is square and a multiple of 0.2 mm from 1.6 to 3.4."""
    width, height = pattern.cell.width_mm, pattern.cell.height_mm
    if abs(width - height) > 1e-9 or not any(abs(width - good) < 1e-6 for good in CELLS_MM):
        raise ExportError(
            f"a cell of {width:g} x {height:g} mm cannot be embroidered",
            hint="use a square cell of 1.6 to 3.4 mm in steps of 0.2 mm",
        )
    return round(width * 10)


def make_plan(
    pattern: Pattern, options: EmbroideryOptions | None = None, *, was_turned: bool = False
) -> EmbroideryPlan:
    """Plan a pattern. Raises ExportError when nothing is to be sewn or the cell is out of range, UsageError for
    options.
    """
    options = options or EmbroideryOptions()
    cell_units(pattern)
    if not (pattern.index != EMPTY).any():
        raise ExportError("there is nothing to sew in this pattern", hint="leave at least one cell")
    if options.order is not None and sorted(options.order) != pattern.used():
        raise UsageError("the order does not name each colour of the pattern once", hint="leave the order to pixl")
    if options.mode == "cross":
        from .cross import plan_cross as planner
    else:
        from .fill import plan_fill as planner
    plan = planner(pattern, options)
    plan = replace(_centred(plan), turned=was_turned)
    plan.check()
    return plan


def _centred(plan: EmbroideryPlan) -> EmbroideryPlan:
    """The plan with its origin at the centre of what is sewn, rounded to 0.1 mm."""
    left, top, right, bottom = plan.extent
    shift = np.array([(left + right) // 2, (top + bottom) // 2], np.int32)
    return replace(
        plan,
        threads=tuple(replace(thread, points=thread.points - shift) for thread in plan.threads),
        corner=(plan.corner[0] - int(shift[0]), plan.corner[1] - int(shift[1])),
    )


def turned(pattern: Pattern) -> Pattern:
    """The pattern turned by 90 degrees clockwise."""
    return replace(pattern, index=np.rot90(pattern.index, -1))


def light_first(pattern: Pattern) -> list[int]:
    """The colours used, lightest first (lint of dark thread shows on light thread); ties by colour number."""
    return sorted(pattern.used(), key=lambda k: (-round(float(pattern.palette.lab[k, 0]), 6), k))


def with_locks(points: NDArray[np.int32]) -> NDArray[np.int32]:
    """A thread with four lock points after its first and before its end: forth and back twice, 0.7 mm.

    ``points``: int32[M >= 2, 2], the path with its anchor first; the end steps must not be of no length.
    """
    head = _tick(points[0], points[1])
    tail = _tick(points[-1], points[-2])
    first, last = points[:1], points[-1:]
    return np.concatenate([first, head, first, head, first, points[1:], tail, last, tail, last]).astype(np.int32)


def _tick(at: NDArray[np.int32], toward: NDArray[np.int32]) -> NDArray[np.int32]:
    """int32[1, 2]: the point 0.7 mm (rounded to holes of 0.1 mm, never under 0.5 mm) from ``at`` toward
    ``toward``.
    """
    dx, dy = (toward.astype(np.float64) - at).tolist()
    length = math.hypot(dx, dy)
    reach = min(float(LOCK_LENGTH), length)
    return (at + np.rint([dx / length * reach, dy / length * reach]).astype(np.int32)).reshape(1, 2).astype(np.int32)
