"""The last step, on the hard grid: cells change or exchange colours where that lowers what the descent lowered.

The descent weighs mixtures; a maker gets one colour a cell, and stock was put right without a look at neighbours. The
losses of making have no cell twice in a term (they are multilinear), so their gradient at a one-hot grid is exactly
what each colour would cost each cell while all others stay: a price list. The best moves are taken at once where they
are too far apart to know of each other, until none pays. With a stock cells move to colours of which pieces are left,
or two cells exchange, so the counts stay legal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Prices = Callable[[NDArray[np.int16]], Floats]
"""index int16[H, W] (-1 empty) -> float64[H, W, n]: what each colour would cost each cell while all others stay."""

APART = 3
"""Cells: a term of the losses reaches no further, so moves further apart do not know of each other."""
ROUNDS = 40
LEAST = 1e-5
"""The least gain, in halves of a squared distance of code values."""


def list_prices(loss: Callable[[torch.Tensor], torch.Tensor], index: NDArray[np.int16], colors: int) -> Floats:
    """float64[H, W, colors]: the gradient of ``loss`` (of weights float[H, W, colors]) at the one-hot ``index``; empty
    cells have no weight. Exact prices where the loss is multilinear."""
    place = torch.from_numpy(index.astype(np.int64))
    p = F.one_hot(place.clamp_min(0), colors).float() * (place >= 0)[..., None]
    p.requires_grad_(True)
    (slope,) = torch.autograd.grad(loss(p), p)
    return np.asarray(slope.double().numpy())


def polished(
    index: NDArray[np.int16],
    free: NDArray[np.bool_],
    prices: Prices,
    *,
    allowed: NDArray[np.bool_] | None = None,
    stock: NDArray[np.int64] | None = None,
) -> NDArray[np.int16]:
    """``index`` int16[H, W] with ``free`` bool[H, W] cells changed while that lowers the price.

    ``allowed`` bool[n]: colours that may be taken. ``stock`` int64[n], pieces for the free cells: a colour never grows
    beyond it (a colour that is beyond it already does not grow).
    """
    out = index.copy()
    rows, columns = np.nonzero(free)
    if not len(rows):
        return out
    for _ in range(ROUNDS):
        now = out[rows, columns].astype(np.intp)
        table = prices(out)[rows, columns]
        gain = table - table[np.arange(len(now)), now][:, None]
        if allowed is not None:
            gain[:, ~allowed] = np.inf
        spare = None if stock is None else stock - np.bincount(now, minlength=gain.shape[1])
        offers = sorted(_moves(gain, now) if spare is None else [*_moves(gain, now, spare), *_exchanges(gain, now)])
        if not _take(offers, out, rows, columns, spare):
            break
    return out


Offer = tuple[float, int, int, int, int]
"""(gain, cell, other cell or -1, colour, other's colour): the cell takes the colour, the other the other's."""


def _moves(gain: Floats, now: NDArray[np.intp], spare: NDArray[np.int64] | None = None) -> Iterator[Offer]:
    """Single cells that take their best colour, of those with pieces left."""
    open_to = gain if spare is None else np.where(spare > 0, gain, np.inf)
    best = open_to.argmin(axis=1)
    least = open_to[np.arange(len(now)), best]
    for i in np.flatnonzero(least < -LEAST).tolist():
        yield float(least[i]), i, -1, int(best[i]), int(now[i])


def _exchanges(gain: Floats, now: NDArray[np.intp]) -> Iterator[Offer]:
    """Two cells of different colours that gain together by taking each other's: the best with the best, and so on."""
    used = np.unique(now).tolist()
    for a in used:
        mine = np.flatnonzero(now == a)
        for b in used:
            if b <= a:
                continue
            theirs = np.flatnonzero(now == b)
            first = mine[np.argsort(gain[mine, b], kind="stable")]
            second = theirs[np.argsort(gain[theirs, a], kind="stable")]
            for i, j in zip(first.tolist(), second.tolist(), strict=False):
                both = float(gain[i, b] + gain[j, a])
                if not both < -LEAST:
                    break
                yield both, i, j, b, a


def _take(
    offers: list[Offer],
    out: NDArray[np.int16],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    spare: NDArray[np.int64] | None,
) -> int:
    """Take the best offers that are apart from all taken before; how many."""
    touched = np.zeros((out.shape[0] + 2 * APART, out.shape[1] + 2 * APART), bool)
    taken = 0
    for _, i, j, color, other in offers:
        cells = ((i, color),) if j < 0 else ((i, color), (j, other))
        if j < 0 and spare is not None and spare[color] <= 0:
            continue
        if any(touched[rows[n] + APART, columns[n] + APART] for n, _ in cells):
            continue
        if j >= 0 and max(abs(rows[i] - rows[j]), abs(columns[i] - columns[j])) <= APART:
            continue
        if j < 0 and spare is not None:
            spare[color] -= 1
            spare[out[rows[i], columns[i]]] += 1
        for n, k in cells:
            out[rows[n], columns[n]] = k
            touched[rows[n] : rows[n] + 2 * APART + 1, columns[n] : columns[n] + 2 * APART + 1] = True
        taken += 1
    return taken
