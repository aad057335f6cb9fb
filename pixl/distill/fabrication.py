"""What can be bought and made, inside the loss: stock, the number of colours, and prices that a craft hands
in.

A craft's price list is a ``pixl.job.Cost``: an index map in, the price of each colour in each cell out,
while all other cells stay. The engine quantize takes the same lists; here they are paid in expectation. What
the losses leave over is put right exactly at the end: ``repair`` is the cheapest answer, by -log p, that the
stock allows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from pixl.distill.losses import Loss
from pixl.job import Cost

TINY = 1e-12
SINKHORN_STEPS = 200


def transported(p: torch.Tensor, stock: torch.Tensor, *, steps: int = SINKHORN_STEPS) -> torch.Tensor:
    """float[N, n]: the plan nearest to ``p`` float[N, n] (in KL) whose rows sum to 1 and whose column k sums
    to at most ``stock`` float[n]; without a gradient.

    Sinkhorn's iteration with capped columns (Dykstra in KL; Benamou et al. 2015, "Iterative Bregman
    projections", section 5): rows are scaled to 1, columns down to their cap, and the columns' scales stay
    at most 1. Where there are fewer pieces than cells all caps are raised by the same share.
    """
    with torch.no_grad():
        kernel = p.detach().clamp_min(TINY)
        cap = stock.to(p) * max(1.0, len(p) / max(float(stock.sum()), TINY))
        column = torch.ones_like(cap)
        for _ in range(steps):
            row = 1 / (kernel @ column)
            column = (cap / (row @ kernel).clamp_min(TINY)).clamp_max(1.0)
        row = 1 / (kernel @ column).clamp_min(TINY)
        return row[:, None] * kernel * column


def stock_loss(
    p: torch.Tensor, image: torch.Tensor | None = None, *, stock: torch.Tensor, free: torch.Tensor
) -> torch.Tensor:
    """How far the expected counts are from what there is: KL of ``p`` float[H, W, n] at its ``free`` bool[H,
    W] cells from the nearest plan that the stock allows (0 where it suffices).

    The plan is optimal, so by the envelope theorem its own change does not enter the gradient, which is
    -plan / p + 1 up to what cancels in a softmax.
    """
    cells = p[free].clamp_min(TINY)
    plan = transported(cells, stock)
    return (plan * (plan.clamp_min(TINY).log() - cells.log()) - plan + cells).sum()


def colors_used(p: torch.Tensor, image: torch.Tensor | None = None, *, few: float = 4.0) -> torch.Tensor:
    """How many colours are in use, softly: sum_k 1 - exp(-c_k / few) with c_k the expected count. Its pull
    is on the colours with few cells: those go, the others stay."""
    counts = p.reshape(-1, p.shape[-1]).sum(0)
    return (1 - torch.exp(-counts / few)).sum()


def priced(cost: Cost, hard: Callable[[], torch.Tensor]) -> Loss:
    """A price list as a loss: sum over cells and colours of p times the price, the others' colours being those of
    ``hard()`` int[H, W] (-1 empty). ``cost`` takes and gives the colours of ``p`` (see ``over``)."""

    known: list[tuple[torch.Tensor, torch.Tensor]] = []  # the last grid and its prices: late steps change no cell

    def loss(p: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        index = hard()
        if not known or not torch.equal(known[0][0], index):
            listed = np.ascontiguousarray(cost(index.cpu().numpy().astype(np.int16)))
            price = torch.from_numpy(listed).to(p)
            # only differences within a cell count: the mean is taken away, so that the loss is of the size of
            # its pull
            known[:] = [(index, price - price.mean(-1, keepdim=True))]
        return ((p * known[0][1]).sum(-1) * (index >= 0)).sum()

    return loss


def over(cost: Cost, names: NDArray[np.int16]) -> Cost:
    """A craft's price list for a palette, asked in ``names`` int16[n], palette indices, and answered for them."""
    table = np.append(names, -1).astype(np.int16)
    return lambda index: cost(table[index])[..., names]


def repair(
    log_p: NDArray[np.float64], free: NDArray[np.bool_], index: NDArray[np.int16], stock: NDArray[np.int64]
) -> NDArray[np.int16]:
    """``index`` int16[H, W] with its ``free`` cells changed to the likeliest answer that the stock allows.

    ``log_p`` float64[H, W, n]; ``stock`` int64[n], of which the cells that are not free take first. Exact:
    the optimum of the transportation problem on -log p. Where pieces are short in all, as few cells as
    possible go beyond.
    """
    from pixl.quantize.stock import assign_under_stock

    held = index[~free & (index >= 0)]
    left = np.maximum(stock - np.bincount(held, minlength=len(stock)), 0)
    out = index.copy()
    if free.any():
        cost = -log_p[free]
        out[free] = assign_under_stock(cost - cost.min(axis=1, keepdims=True), left)
    return out


def learned_subset(
    target: torch.Tensor,
    palette: torch.Tensor,
    count: int,
    kept: tuple[int, ...] = (),
    mask: torch.Tensor | None = None,
) -> tuple[int, ...]:
    """The ``count`` colours of ``palette`` float[n, 3] that show ``target`` float[H, W, 3] best, those in
    ``kept`` among them: what the picture has become, not what the photo was, chooses them.

    Exact costs, the search of the engine quantize (k medoids); the cost is the one that the generator pays:
    squared distance in code values.
    """
    from pixl.quantize.subset import choose

    cells = target.reshape(-1, 3) if mask is None else target[mask]
    table = (cells[:, None] - palette).pow(2).sum(-1)
    chosen = choose(table.detach().float().cpu().numpy() * 1e3, count, kept)
    return tuple(int(k) for k in chosen)


def without_rare(
    log_p: NDArray[np.float64], free: NDArray[np.bool_], index: NDArray[np.int16], least: int, kept: tuple[int, ...]
) -> NDArray[np.int16]:
    """``index`` int16[H, W] without colours of fewer than ``least`` cells, the rarest first: their ``free``
    cells take the likeliest colour that is left. Colours in ``kept`` stay."""
    out = index.copy()
    while True:
        counts = np.bincount(out[out >= 0], minlength=log_p.shape[2])
        rare = [int(k) for k in np.flatnonzero((counts > 0) & (counts < least)) if k not in kept]
        stay = np.flatnonzero(counts)
        if not rare or len(stay) < 2:
            return out
        gone = min(rare, key=lambda k: (counts[k], k))
        stay = stay[stay != gone]
        where = (out == gone) & free
        if not where.any():
            kept = (*kept, gone)
            continue
        out[where] = stay[log_p[where][:, stay].argmax(axis=1)]
