"""Fifth step: what no cell can see by itself: lone specks, colours used too rarely."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]

SPECK = 6.0
"""CIEDE2000 that a lone cell may give up to join a neighbour."""


def specks(index: Indices, table: Floats, free: NDArray[np.bool_], most: float = SPECK) -> Indices:
    """Give each free cell that shares its colour with no 4-neighbour the best neighbour's colour, if that costs at most
    ``most`` more. ``index`` intp[H, W] (-1 empty), ``table`` float32[H, W, K]."""
    height, width = index.shape
    framed = np.full((height + 2, width + 2), -1, index.dtype)
    framed[1:-1, 1:-1] = index
    around = np.stack([framed[:-2, 1:-1], framed[2:, 1:-1], framed[1:-1, :-2], framed[1:-1, 2:]])
    lone = free & (index >= 0) & ~(around == index).any(axis=0)
    out = index.copy()
    for row, column in zip(*np.nonzero(lone), strict=True):
        options = np.unique(around[:, row, column])
        options = options[options >= 0]
        if not len(options):
            continue
        costs = table[row, column, options]
        pick = int(np.argmin(costs))
        if costs[pick] - table[row, column, index[row, column]] <= most:
            out[row, column] = options[pick]
    return out


def drop_rare(index: Indices, table: Floats, free: NDArray[np.bool_], least: int, keep: Indices) -> Indices:
    """Remove colours used fewer than ``least`` times, the rarest first; their free cells take the next cheapest colour
    in use. Colours in ``keep`` stay. ``index`` intp[H, W], ``table`` float32[H, W, K]."""
    out = index.copy()
    colors = table.shape[2]
    while True:
        counts = np.bincount(out[out >= 0], minlength=colors)
        counts[keep] = max(least, 1)
        rare = np.flatnonzero((counts > 0) & (counts < least))
        stay = np.flatnonzero(counts)
        if not len(rare) or len(stay) < 2:
            return out
        gone = int(rare[np.argmin(counts[rare])])
        stay = stay[stay != gone]
        where = (out == gone) & free
        out[where] = stay[table[where][:, stay].argmin(axis=1)]
