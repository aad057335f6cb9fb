"""Third step: which k colours of the palette, by search rather than by frequency."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .assign import Settled

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]

_STARTS = 12
_WORK = 6_000_000
"""Table entries times colours spent on further starts, and cells times colours on settling."""
_TRIED, _TRIALS = 8, 24


def choose(table: Floats, count: int, locked: tuple[int, ...] = (), weight: Floats | None = None) -> Indices:
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


def refine(chosen: Indices, table: Floats, locked: tuple[int, ...], settle: Callable[[Indices], Settled]) -> Indices:
    """``chosen`` after swaps that lower the whole energy, neighbours and lone cells included; intp[k], ascending.

    The sum over cells prices all swaps; the ``_TRIED`` that look best to it are settled one by one, and the first that
    lowers the energy is taken, until none does or the work is spent.
    """
    best, least = [int(k) for k in chosen], settle(chosen).value()
    fixed = [k for k in best if k in locked]
    best = [*fixed, *(k for k in best if k not in locked)]
    seen = {frozenset(best)}
    scale = np.ones(len(table), np.float32)
    left = int(min(_TRIALS, _WORK / (len(table) * len(best))))
    while left > 0 and len(fixed) < len(best) < table.shape[1]:
        change = _changes(table, scale, best, len(fixed))
        for at in np.argsort(change, axis=None)[:_TRIED]:
            position, color = (int(i) for i in np.unravel_index(at, change.shape))
            trial = [*best[:position], color, *best[position + 1 :]]
            if left == 0 or not np.isfinite(change[position, color]) or frozenset(trial) in seen:
                continue
            seen.add(frozenset(trial))
            left -= 1
            value = settle(np.sort(np.array(trial, dtype=np.intp))).value()
            if value < least:
                best, least = trial, value
                break
        else:
            break
    return np.sort(np.array(best, dtype=np.intp))


def _best_swap(table: Floats, scale: Floats, chosen: list[int], fixed: int) -> tuple[int, int] | None:
    """(position out, colour in) of the swap that lowers the sum most, or None when none does."""
    if fixed == len(chosen):
        return None
    change = _changes(table, scale, chosen, fixed)
    position, color = np.unravel_index(int(np.argmin(change)), change.shape)
    if change[position, color] >= -1e-4 * max(1.0, float(scale @ table[:, chosen].min(axis=1))):
        return None
    return int(position), int(color)


def _changes(table: Floats, scale: Floats, chosen: list[int], fixed: int) -> NDArray[np.float64]:
    """float64[k, K]: by how much each swap of one out for one in changes the sum; infinite where it cannot be."""
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
    return change
