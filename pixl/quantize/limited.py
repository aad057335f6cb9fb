"""The fourth step when colours are limited by stock: the linear programme first, then exchanges under the same energy.

The programme is exact for the part of the energy that is a sum over cells; exchanging the colours of two cells, or
moving a cell to a colour of which pieces are left, keeps the counts legal and lowers the rest (neighbours' chroma,
lone cells). Where the energy has no such rest, no exchange helps and the programme's optimum stands.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .assign import MakeExtra, Weights, energy_of
from .energy import prices

Floats = NDArray[np.float32]

ROUNDS = 12
_LEAST_GAIN = 1e-3


def assign(
    lab: Floats,
    table: Floats,
    palette_oklab: NDArray[np.float64],
    index: NDArray[np.int16],
    free: NDArray[np.bool_],
    stock: NDArray[np.int64],
    weights: Weights,
    *,
    extra: MakeExtra | None = None,
) -> NDArray[np.int16]:
    """int16[H, W]: the index of ``pixl.quantize.assign.settle``, with at most ``stock[k]`` free cells of colour k.

    Where there are fewer pieces than cells, all are used and as few cells as possible go beyond. Raises UsageError.
    """
    from .stock import assign_under_stock

    if not free.any():
        return index
    energy, tints, target = energy_of(lab, table, palette_oklab, free, weights, candidates=table.shape[2])
    x = index.copy()
    x[free] = assign_under_stock(table[free], stock)
    rows, columns = np.nonzero(free)
    more = extra(energy) if extra else None
    limit = np.maximum(stock, np.bincount(x[free], minlength=len(stock)))
    for _ in range(ROUNDS):
        gain = prices(energy, x, tints[np.maximum(x, 0)] - target, more)
        now = x[free].astype(np.intp)
        gain -= gain[np.arange(len(now)), now][:, None]  # what changing to each colour costs more (negative: saves)
        if not _exchange(x, gain, now, rows, columns, limit):
            break
    return x


def _exchange(
    x: NDArray[np.int16],
    gain: Floats,
    now: NDArray[np.intp],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    limit: NDArray[np.int64],
) -> int:
    """Take the best moves and exchanges, none within two cells of another (their gains would not add up); how many."""
    colors = gain.shape[1]
    touched = np.zeros((x.shape[0] + 4, x.shape[1] + 4), bool)
    spare = limit - np.bincount(now, minlength=colors)
    offers: list[tuple[float, int, int, int, int]] = []
    for a in range(colors):
        mine = np.flatnonzero(now == a)
        if not len(mine):
            continue
        for b in range(colors):
            if b == a:
                continue
            if spare[b] > 0:
                for i in mine[np.argsort(gain[mine, b], kind="stable")[: int(spare[b])]].tolist():
                    if gain[i, b] >= -_LEAST_GAIN:
                        break
                    offers.append((float(gain[i, b]), i, -1, a, b))
            elif b > a:
                theirs = np.flatnonzero(now == b)
                first = mine[np.argsort(gain[mine, b], kind="stable")]
                second = theirs[np.argsort(gain[theirs, a], kind="stable")]
                for i, j in zip(first.tolist(), second.tolist(), strict=False):
                    both = float(gain[i, b] + gain[j, a])
                    if both >= -_LEAST_GAIN:
                        break
                    offers.append((both, i, j, a, b))
    done = 0
    for _, i, j, a, b in sorted(offers):
        cells = [i] if j < 0 else [i, j]
        if j < 0 and spare[b] <= 0:
            continue
        if any(touched[rows[n] + 2, columns[n] + 2] for n in cells):
            continue
        if j >= 0 and max(abs(rows[i] - rows[j]), abs(columns[i] - columns[j])) <= 2:
            continue
        for n, k in zip(cells, (b, a), strict=False):
            x[rows[n], columns[n]] = k
            touched[rows[n] : rows[n] + 5, columns[n] : columns[n] + 5] = True
        if j < 0:
            spare[b] -= 1
            spare[a] += 1
        done += 1
    return done


def with_enough(
    allowed: NDArray[np.intp], stock: NDArray[np.int64], cells: int, kept: tuple[int, ...]
) -> NDArray[np.intp]:
    """As many colours as ``allowed`` names, those with the fewest pieces exchanged for those with the most until there
    are enough for ``cells``, if that can be."""
    chosen = [int(k) for k in allowed]
    while int(stock[chosen].sum()) < cells:
        others = [k for k in range(len(stock)) if k not in chosen]
        loose = [k for k in chosen if k not in kept]
        if not others or not loose:
            break
        most, least = max(others, key=lambda k: (stock[k], -k)), min(loose, key=lambda k: (stock[k], k))
        if stock[most] <= stock[least]:
            break
        chosen[chosen.index(least)] = most
    return np.array(sorted(chosen), dtype=np.intp)
