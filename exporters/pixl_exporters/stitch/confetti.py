"""Confetti: stitches with no neighbour of their colour, the makers' first complaint; counted, and kept to a budget."""

from __future__ import annotations

import heapq
import math

import numpy as np
from numpy.typing import NDArray

from pixl.pattern import EMPTY

STEPS = tuple((down, across) for down in (-1, 0, 1) for across in (-1, 0, 1) if down or across)


def lone(index: NDArray[np.int16]) -> NDArray[np.bool_]:
    """bool[H, W]: stitches whose eight neighbours are all of other colours or empty."""
    height, width = index.shape
    framed = np.pad(index, 1, constant_values=EMPTY)
    same = np.zeros(index.shape, dtype=bool)
    for down, across in STEPS:
        same |= framed[1 + down : 1 + down + height, 1 + across : 1 + across + width] == index
    return np.asarray((index != EMPTY) & ~same)


def confetti_share(index: NDArray[np.int16]) -> float:
    """Share of the stitches that are lone, 0..1."""
    return float(lone(index).sum() / max(1, int((index != EMPTY).sum())))


def limit_confetti(
    index: NDArray[np.int16], differences: NDArray[np.floating], share: float
) -> tuple[NDArray[np.int16], int]:
    """Give lone stitches a neighbour's colour, the cheapest first, until at most ``share`` of all are lone.

    A lone stitch takes its colour along with it, so no other stitch becomes lone: each step lowers the number by one or
    two (its new neighbour may have been lone too), and the price of a step is what it costs a stitch mended.

    Args:
        index: int16[H, W], -1 for none.
        differences: float[H, W, K], what each stitch costs in each colour (CIEDE2000).
        share: budget, 0..1.

    Returns:
        (the new map, how many stitches changed). Stitches with no neighbour at all stay.
    """
    out = index.copy()
    height, width = out.shape
    alone = lone(out)
    most = math.floor(share * int((out != EMPTY).sum()) + 1e-9)
    left = int(alone.sum())

    def offer(row: int, column: int) -> tuple[float, int, int] | None:
        """(price, colour, stitches mended) of the best neighbour's colour."""
        best: tuple[float, int, int] | None = None
        own = float(differences[row, column, out[row, column]])
        for down, across in STEPS:
            r, c = row + down, column + across
            if not (0 <= r < height and 0 <= c < width) or out[r, c] == EMPTY:
                continue
            color = int(out[r, c])
            mended = 1 + sum(
                bool(alone[row + y, column + x]) and int(out[row + y, column + x]) == color
                for y, x in STEPS
                if 0 <= row + y < height and 0 <= column + x < width
            )
            price = (float(differences[row, column, color]) - own) / mended
            if best is None or (price, color) < best[:2]:
                best = (price, color, mended)
        return best

    heap: list[tuple[float, int, int, int]] = []
    for row, column in zip(*(part.tolist() for part in np.nonzero(alone)), strict=True):
        made = offer(row, column)
        if made is not None:
            heapq.heappush(heap, (made[0], row, column, made[1]))
    changed = 0
    while left > most and heap:
        price, row, column, color = heapq.heappop(heap)
        if not alone[row, column]:
            continue
        now = offer(row, column)
        if now is None:
            continue
        if (now[0], now[1]) != (price, color):
            heapq.heappush(heap, (now[0], row, column, now[1]))
            continue
        out[row, column] = color
        changed += 1
        left -= now[2]
        alone[row, column] = False
        for down, across in STEPS:
            r, c = row + down, column + across
            if 0 <= r < height and 0 <= c < width and out[r, c] == color:
                alone[r, c] = False
    return out, changed
