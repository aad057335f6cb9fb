"""What makes a grid good, as a sum that can be lowered one cell at a time, exactly.

    E(x) = sum_i data_i(x_i) + sum_(i,j in N8) tie_ij |r_i(x_i) - r_j(x_j)| + sum_(i,j in N8) border_ij step(x_i, x_j)
           + sum_i lone_i [no 4-neighbour has x_i]

r_i(k) is the chroma error (OKLab a and b, x 100) that colour k makes at cell i: the second term asks that *differences*
of chroma between neighbours be those of the picture, so a wall does not flicker and a ramp stays in one family of hues.
The third keeps areas in one piece where the picture itself has no edge; a step between two shades that look alike
costs little.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]
Kind = TypeVar("Kind", bound=np.generic)
Extra = Callable[[NDArray[np.int16], Indices, Indices], Floats]
"""Terms that reach further: (index int16[H, W], rows intp[n], columns intp[n]) -> float32[n, M], what each candidate
of those cells costs while all other cells stay."""

AHEAD = ((0, 1), (1, 0), (1, 1), (1, -1))
"""(down, right): the neighbours that a cell's pairs are kept for: right, below, below right, below left."""
_RING = tuple((k, dy, dx) for k, (dy, dx) in enumerate(AHEAD)) + tuple(
    (k, -dy, -dx) for k, (dy, dx) in enumerate(AHEAD)
)
_PAD = 3
_CROSS = ((-1, 0), (0, -1), (0, 1), (1, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """``cost`` float32[H, W, M]: price of each candidate; ``colors`` int16[H, W, M]: which colour each candidate is;
    ``chroma`` float32[H, W, M, 2]: its chroma error; ``lone`` float32[H, W]: price of being alone; ``free`` bool[H, W];
    ``tie``, ``border`` float32[4, H, W]: what a difference of chroma error, and of colour, to the neighbours of
    ``AHEAD`` costs; ``step`` float32[K, K]: how much of the latter two colours cause, 0 (one and the same) to 1.
    """

    cost: Floats
    colors: NDArray[np.int16]
    chroma: Floats
    lone: Floats
    free: NDArray[np.bool_]
    tie: Floats
    border: Floats
    step: Floats


def pairs(plane: NDArray[Kind], ahead: tuple[int, int]) -> tuple[NDArray[Kind], NDArray[Kind]]:
    """Views of ``plane`` [H, W, ...]: the cells that have a neighbour ``ahead``, and those neighbours."""
    dy, dx = ahead
    if dx < 0:
        return plane[: -dy or None, -dx:], plane[dy:, :dx]
    return plane[: -dy or None, : -dx or None], plane[dy:, dx:]


def lower(
    energy: Energy,
    index: NDArray[np.int16],
    fixed_chroma: Floats,
    sweeps: int = 12,
    extra: Extra | None = None,
    settled: NDArray[np.int16] | None = None,
) -> NDArray[np.int16]:
    """Set cells one after the other to their exact best colour until nothing changes or ``sweeps`` are over.

    ``index`` int16[H, W] (-1 empty) is the start; ``fixed_chroma`` float32[H, W, 2] is the chroma error of its cells.
    Cells three apart share no term, so a lattice of stride 3 is set at once with the same result as one by one. With
    ``extra`` any change may concern any cell, so all are looked at again; without it, where ``settled`` int16[H, W] is
    what an earlier call returned, only what lies near a cell that has changed since.
    """
    height, width = index.shape
    framed = _Framed.around(energy, index, fixed_chroma)
    x, pad = framed.x, _PAD
    free = np.pad(energy.free, pad)
    stale = free.copy()
    if settled is not None and extra is None:
        stale = _around(np.pad(index != settled, pad)) & free
    rows, columns = np.mgrid[0:height, 0:width]
    phase = (rows % 3) * 3 + columns % 3
    for _ in range(sweeps):
        changed = 0
        for turn in range(9):
            r, c = np.nonzero(stale[pad:-pad, pad:-pad] & (phase == turn))
            if not len(r):
                continue
            totals = _totals(energy, framed, r, c)
            if extra is not None:
                totals += extra(x[pad:-pad, pad:-pad], r, c)
            best = totals.argmin(axis=1)
            colors = energy.colors[r, c, best]
            stale[r + pad, c + pad] = False
            moved = np.nonzero(colors != x[r + pad, c + pad])[0]
            if not len(moved):
                continue
            changed += len(moved)
            r, c, best = r[moved], c[moved], best[moved]
            x[r + pad, c + pad] = colors[moved]
            framed.error[r + pad, c + pad] = energy.chroma[r, c, best]
            if extra is not None:
                stale |= free
                continue
            fresh = np.zeros_like(stale)
            fresh[r + pad, c + pad] = True
            stale |= _around(fresh) & free
        if not changed:
            break
    return x[pad:-pad, pad:-pad].copy()


def _around(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """``mask`` and all cells up to two away; its frame is as wide at least."""
    for axis in (0, 1):
        near = mask.copy()
        for shift in (1, 2):
            here, there = (np.moveaxis(near, axis, 0), np.moveaxis(mask, axis, 0))
            here[shift:] |= there[:-shift]
            here[:-shift] |= there[shift:]
        mask = near
    return mask


def prices(energy: Energy, index: NDArray[np.int16], chroma: Floats, extra: Extra | None = None) -> Floats:
    """float32[N, M]: what each candidate costs each free cell (in reading order) while all other cells stay.

    ``chroma`` float32[H, W, 2] is the chroma error of the cells of ``index``.
    """
    r, c = np.nonzero(energy.free)
    total = _totals(energy, _Framed.around(energy, index, chroma), r, c)
    return total if extra is None else total + extra(index, r, c)


def value(energy: Energy, index: NDArray[np.int16], chroma: Floats, data: Floats) -> float:
    """E of ``index`` int16[H, W]; ``chroma`` float32[H, W, 2] and ``data`` float32[H, W] are its cells' chroma errors
    and prices. Empty cells take no part."""
    there = index >= 0
    total = float(data[there].sum())
    for k, ahead in enumerate(AHEAD):
        both = np.logical_and(*pairs(there, ahead))
        first, second = pairs(chroma, ahead)
        gap = np.sqrt(((first - second) ** 2).sum(axis=2))
        total += float((pairs(energy.tie[k], ahead)[0] * gap)[both].sum())
        here, next_to = pairs(index, ahead)
        total += float((pairs(energy.border[k], ahead)[0] * energy.step[here, next_to])[both].sum())
    framed = np.pad(index, 1, constant_values=-1)
    around = (framed[:-2, 1:-1], framed[2:, 1:-1], framed[1:-1, :-2], framed[1:-1, 2:])
    alone = there & ~np.any([side == index for side in around], axis=0)
    return total + float(energy.lone[alone].sum())


@dataclass(frozen=True, slots=True)
class _Framed:
    """The cells and what belongs to them inside a frame of empty cells, _PAD wide; the frame's prices are zero."""

    x: NDArray[np.int16]
    error: Floats
    lone: Floats
    tie: Floats
    border: Floats

    @classmethod
    def around(cls, energy: Energy, index: NDArray[np.int16], error: Floats) -> _Framed:
        """Copies of the arrays of the index, framed."""
        frame = (_PAD, _PAD)
        return cls(
            np.pad(index, _PAD, constant_values=-1),
            np.pad(error, (frame, frame, (0, 0))),
            np.pad(energy.lone, _PAD),
            *(np.pad(planes, ((0, 0), frame, frame)) for planes in (energy.tie, energy.border)),
        )


def _totals(energy: Energy, framed: _Framed, r: Indices, c: Indices) -> Floats:
    x, error, lone = framed.x, framed.error, framed.lone
    total = energy.cost[r, c]
    colors = energy.colors[r, c]
    mine = energy.chroma[r, c]
    a, b = mine[..., 0], mine[..., 1]
    y, z = r + _PAD, c + _PAD
    place = np.arange(len(r))[:, None] * energy.step.shape[1] + colors  # in the rows of ``step``, one after the other
    for turn, (k, dy, dx) in enumerate(_RING):
        there = x[y + dy, z + dx]
        at = (k, y, z) if turn < len(AHEAD) else (k, y + dy, z + dx)
        known = there >= 0
        tie = np.where(known, framed.tie[at], np.float32(0))
        near = error[y + dy, z + dx]
        da, db = a - near[:, 0, None], b - near[:, 1, None]
        da *= da
        db *= db
        da += db
        np.sqrt(da, out=da)
        da *= tie[:, None]
        total += da
        border = np.where(known, framed.border[at], np.float32(0))
        rows = energy.step.take(there, axis=0, mode="wrap")
        steps = rows.ravel().take(place, mode="clip")  # energy.step[there, colors], many times faster
        steps *= border[:, None]
        total += steps
    alone = np.ones(colors.shape, bool)
    for dy, dx in _CROSS:
        there = x[y + dy, z + dx]
        same = colors == there[:, None]
        same &= (there >= 0)[:, None]
        alone &= ~same
        held = np.zeros(len(r), bool)  # does the neighbour have a companion other than this cell?
        for ey, ex in _CROSS:
            if (ey, ex) != (-dy, -dx):
                held |= x[y + dy + ey, z + dx + ex] == there
        total -= same * np.where(held, np.float32(0), lone[y + dy, z + dx])[:, None]
    total += alone * lone[y, z][:, None]
    return total
