"""Third step: which k colours of the palette, by search rather than by frequency."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_STARTS = 12
_WORK = 6_000_000
"""Table entries times colours spent on further starts."""


def choose(table: Floats, count: int, locked: tuple[int, ...] = (), weight: Floats | None = None) -> NDArray[np.intp]:
    """Indices intp[k], ascending, of the best ``count`` colours: least sum of each cell's cost to its nearest one.

    ``table`` float32[N, K] are costs of cells, ``weight`` float32[N] how much each counts, ``locked`` stay in.
    Colours are added one at a time (the one that lowers the sum most), then swapped while a swap of one in for one out
    lowers it: the k-medoids search of Kaufman and Rousseeuw with all swaps priced at once (Schubert and
    Rousseeuw 2019).
    """
    cells, colors = table.shape
    if count >= colors:
        return np.arange(colors)
    scale = np.ones(cells, np.float32) if weight is None else weight
    fixed = list(dict.fromkeys(locked))
    results = [_search(table, scale, fixed, count)]
    starts = int(min(_STARTS, _WORK / (cells * colors * count)))
    if len(fixed) < count and starts > 0:  # begin again with other colours: those nearest to most cells
        often = np.bincount(table.argmin(axis=1), weights=scale, minlength=colors)
        often[fixed] = -1
        for first in np.argsort(-often, kind="stable")[:starts]:
            if often[first] >= 0:
                results.append(_search(table, scale, fixed, count, int(first)))
    return np.sort(np.array(min(results, key=lambda result: result[0])[1], dtype=np.intp))


def _search(
    table: Floats, scale: Floats, fixed: list[int], count: int, first: int | None = None
) -> tuple[float, list[int]]:
    """(sum of costs, colours) of one greedy start and its swaps."""
    chosen = [*fixed] if first is None else [*fixed, first]
    best = table[:, chosen].min(axis=1) if chosen else np.full(len(table), table.max(initial=0.0) + 1, np.float32)
    while len(chosen) < count:
        gain = scale @ np.minimum(table - best[:, None], 0)
        gain[chosen] = np.inf
        chosen.append(int(np.argmin(gain)))
        best = np.minimum(best, table[:, chosen[-1]])
    for _ in range(4 * count):
        swap = _best_swap(table, scale, chosen, len(fixed))
        if swap is None:
            break
        chosen[swap[0]] = swap[1]
    return float(scale @ table[:, chosen].min(axis=1)), chosen


def _best_swap(table: Floats, scale: Floats, chosen: list[int], fixed: int) -> tuple[int, int] | None:
    """(position out, colour in) of the swap that lowers the sum most, or None when none does."""
    if fixed == len(chosen):
        return None
    own = table[:, chosen]
    near = own.argmin(axis=1)
    rows = np.arange(len(table))
    first = own[rows, near]
    if len(chosen) > 1:
        own[rows, near] = np.inf
        second = own.min(axis=1)
    else:
        second = np.full(len(table), np.float32(1e6))
    order = np.argsort(near, kind="stable")
    present, starts = np.unique(near[order], return_index=True)
    ordered = table[order]
    base = first[order, None]
    join = np.minimum(ordered - base, 0)
    leave = np.minimum(ordered, second[order, None]) - base
    share = scale[order, None]
    change = np.zeros((len(chosen), table.shape[1]))
    change[present] = np.add.reduceat((leave - join) * share, starts, axis=0)
    change += (join * share).sum(axis=0)
    change[:, chosen] = np.inf
    change[:fixed] = np.inf
    position, color = np.unravel_index(int(np.argmin(change)), change.shape)
    if change[position, color] >= -1e-4 * max(1.0, float(scale @ first)):
        return None
    return int(position), int(color)
