"""Fifth step: what no cell can see by itself: colours that are used too rarely."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Solve = Callable[[NDArray[np.intp]], NDArray[np.int16]]
"""The best index int16[H, W] (palette indices, -1 empty) over some of the palette's colours."""


def without_rare(
    index: NDArray[np.int16], least: int, keep: tuple[int, ...], pieces: NDArray[np.int64] | None, again: Solve
) -> NDArray[np.int16]:
    """Take colours with fewer than ``least`` cells out, the rarest half of them at a time, and solve ``again``.

    Colours in ``keep`` stay. With ``pieces`` int64[K] no colour leaves whose pieces are needed to fill the grid.
    """
    cells = int((index >= 0).sum())
    while True:
        counts = np.bincount(index[index >= 0])
        used = np.flatnonzero(counts)
        rare = [int(k) for k in np.argsort(counts, kind="stable") if 0 < counts[k] < least and k not in keep]
        gone = rare[: (len(rare) + 1) // 2]
        if len(gone) == len(used):
            gone = gone[:-1]
        stay = np.setdiff1d(used, gone)
        if not gone or (pieces is not None and pieces[stay].sum() < cells):
            return index
        index = again(stay)
