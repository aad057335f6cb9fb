"""Where the needle goes down: along a row of fill, and along a running stitch.

Rows lie on the grid of the cells, the same number in each cell, so that neighbouring colours share their rows: no
gaps, no moire. All in 0.1 mm, from the pattern's top left corner.
"""

from __future__ import annotations

import math
from itertools import pairwise

SPACING = 4
"""Widest distance of two rows: the width of 40 wt thread."""
SHORTEST_ROW = 10
"""Shortest stitch inside a row."""
SHORTEST = 5
RUNNING = 25
"""Longest running stitch (ways and underlay)."""
OVERLAP = 1
"""How far rows reach into their neighbours beyond the pull compensation."""
_STAGGER = 4


def row_offsets(cell: int) -> tuple[int, ...]:
    """y of each row from the top of its cell; ceil(cell / 0.4 mm) rows, never more than 0.4 mm apart."""
    count = -(-cell // SPACING)
    return tuple(math.floor((row + 0.5) * cell / count + 0.5) for row in range(count))


def row_points(left: int, right: int, row: int, longest: int) -> list[int]:
    """x of the needle points strictly inside a row, ascending; ``row``: counted from the pattern's top.

    On a grid of ``longest`` that moves by a quarter from row to row, so that no groove shows. No stitch is shorter
    than 1 mm (a last stub is merged or moved) or longer than ``longest``.
    """
    shift = round((row % _STAGGER) * longest / _STAGGER)
    first = left + 1 + (shift - left - 1) % longest
    points = list(range(first, right, longest))
    if points and points[0] - left < SHORTEST_ROW:
        after = points[1] if len(points) > 1 else right
        if after - left <= longest:
            points.pop(0)
        else:
            points[0] = left + SHORTEST_ROW
    if points and right - points[-1] < SHORTEST_ROW:
        before = points[-2] if len(points) > 1 else left
        if right - before <= longest:
            points.pop()
        else:
            points[-1] = right - SHORTEST_ROW
    return points


def turn_inset(gap: int) -> int:
    """How far inside a row begins that follows another at distance ``gap``, so that the turn is at least 0.5 mm
    long.
    """
    inset = 0
    while gap * gap + inset * inset < SHORTEST * SHORTEST:
        inset += 1
    return inset


def running(start: tuple[int, int], corners: list[tuple[int, int]], end: tuple[int, int]) -> list[tuple[int, int]]:
    """Needle points strictly between ``start`` and ``end`` on the way over ``corners``.

    Straight pieces are parted evenly, no stitch over 2.5 mm; corners nearer than 0.5 mm to the last point or to the
    end are left out.
    """
    kept = [start]
    for corner in corners:
        if _away(kept[-1], corner) >= SHORTEST and _away(corner, end) >= SHORTEST:
            kept.append(corner)
    kept = [p for i, p in enumerate(kept) if i == 0 or i == len(kept) - 1 or not _straight(kept[i - 1], p, kept[i + 1])]
    if len(kept) > 1 and _straight(kept[-2], kept[-1], end):
        kept.pop()
    kept.append(end)
    points: list[tuple[int, int]] = []
    for (x0, y0), (x1, y1) in pairwise(kept):
        parts = max(1, math.ceil(math.hypot(x1 - x0, y1 - y0) / RUNNING))
        points += [
            (x0 + round((x1 - x0) * part / parts), y0 + round((y1 - y0) * part / parts)) for part in range(1, parts + 1)
        ]
    return points[:-1]


def _away(a: tuple[int, int], b: tuple[int, int]) -> float:
    return math.hypot(a[0] - b[0], a[1] - b[1])


def _straight(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
    """Whether b lies on the straight way from a to c (and not on the way back)."""
    first, second = (b[0] - a[0], b[1] - a[1]), (c[0] - b[0], c[1] - b[1])
    return first[0] * second[1] == first[1] * second[0] and first[0] * second[0] + first[1] * second[1] > 0
