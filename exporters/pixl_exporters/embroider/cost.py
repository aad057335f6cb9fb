"""What cells cost in thread cuts: the price list that an engine can be handed, and what the budget counts with.

A colour needs one thread for each of its components (8-neighbours), so a map costs the sum of its components. These
are pure functions of an index map; ``cut_cost`` has the shape of ``pixl.job.Cost``, so it goes into ``Limits.costs``
as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pixl.pattern import EMPTY

from .regions import label_regions

_RING = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""Neighbours clockwise from the one above: sides at even places, corners at odd ones."""


def threads_by_color(index: NDArray[np.int16], colors: int) -> NDArray[np.int64]:
    """int64[colors]: threads that each colour needs when no way is hidden. Their sum less one is the cuts."""
    _labels, owner = label_regions(index)
    return np.bincount(owner[1:], minlength=colors).astype(np.int64)


def marginal_cuts(index: NDArray[np.int16], row: int, column: int, color: int) -> int:
    """Exactly how many threads more (or fewer, negative) the map needs when one cell takes ``color`` (-1 empties
    it).
    """
    changed = index.copy()
    changed[row, column] = color
    before = len(label_regions(index)[1])
    return len(label_regions(changed)[1]) - before


def cut_cost(weight: float, colors: int) -> Callable[[NDArray[np.int16]], NDArray[np.float64]]:
    """A price list for an engine: ``index`` int16[H, W] -> float64[H, W, colors], in CIEDE2000 units.

    Entry k of a cell is ``weight`` times the change in threads against that cell being empty, all others staying: 1
    for an island of its own, 0 where the cell lies at one region of k, -1 where it joins two. For other colours than
    the cell's own this is exact; for its own, pieces that would fall apart are counted in the 3 x 3 window, which is
    exact unless they hang together further away. A sensible weight is what a maker gives up for one cut less: 10 s
    and two locks.
    """

    def price(index: NDArray[np.int16]) -> NDArray[np.float64]:
        return weight * thread_changes(index, colors)

    return price


def thread_changes(index: NDArray[np.int16], colors: int) -> NDArray[np.float64]:
    """float64[H, W, colors]: threads more against the cell being empty (see ``cut_cost``)."""
    height, width = index.shape
    labels, owner = label_regions(index)
    framed = np.pad(labels, 1)
    around = np.stack([framed[1 + r : 1 + r + height, 1 + c : 1 + c + width] for r, c in _RING])
    kinds = owner[around]
    own = (kinds == index) & (index != EMPTY)
    arcs = _arcs(own)
    changes = np.ones((height, width, colors))
    rows, columns = np.mgrid[:height, :width]
    for at in range(len(_RING)):
        kind = kinds[at]
        regions = np.zeros(index.shape, np.int64)
        for other in range(len(_RING)):
            fresh = kinds[other] == kind
            for earlier in range(other):
                fresh &= around[earlier] != around[other]
            regions += fresh
        here = (kind != EMPTY) & (kind != index)
        changes[rows[here], columns[here], kind[here]] = 1 - regions[here]
    mine = index != EMPTY
    changes[rows[mine], columns[mine], index[mine]] = 1 - arcs[mine]
    return changes


def _arcs(own: NDArray[np.bool_]) -> NDArray[np.int64]:
    """int64[H, W]: pieces (8-neighbours) of the ring around a cell. ``own``: bool[8, H, W], clockwise."""
    ring = own.copy()
    for corner in range(1, 8, 2):
        ring[corner] |= own[corner - 1] & own[(corner + 1) % 8]
    begins = (ring & ~np.roll(ring, 1, axis=0)).sum(axis=0)
    return np.asarray(np.where(ring.all(axis=0), 1, begins), np.int64)
