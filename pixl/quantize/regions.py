"""Moves that no single cell can make: a small region takes a neighbouring region's colour as one.

A speck of two to a few dozen cells stands because each of its cells has companions; alone, none gains by changing. Such
moves are priced exactly under the energy of ``pixl.quantize.energy``, and the best are made, none beside another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .energy import AHEAD, Energy, pairs

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]

_LEAST_GAIN = 1e-3
_REACH = 2
"""Cells from a moved region within which no other is moved in the same turn: what is further shares no term with it."""


def label(index: NDArray[np.int16]) -> Indices:
    """intp[H, W]: the 4-connected regions of one colour, each named by its first cell's number in reading order.
    Empty cells (-1) form regions too."""
    at = np.arange(index.size).reshape(index.shape)
    joins = []
    for ahead in ((0, 1), (1, 0)):
        same = np.equal(*pairs(index, ahead))
        joins.append([part[same] for part in pairs(at, ahead)])
    one, two = (np.concatenate(parts) for parts in zip(*joins, strict=True))
    root = np.arange(index.size)
    while True:  # the roots of cells that touch take the lower of the two, then every cell its root's root
        low = np.minimum(root[one], root[two])
        before = root.copy()
        np.minimum.at(root, root[one], low)
        np.minimum.at(root, root[two], low)
        root = root[root]
        if np.array_equal(root, before):
            return root.reshape(index.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """Moves that could be made: ``region`` intp[n] (its name), ``color`` intp[n], ``gain`` float64[n]: by how much each
    changes the energy; ``cells`` intp[n, ...]: see ``members``."""

    region: Indices
    color: Indices
    gain: NDArray[np.float64]
    members: Indices
    first: Indices
    size: Indices

    def cells(self, k: int) -> Indices:
        """The numbers of the cells of offer ``k``'s region."""
        return self.members[self.first[k] : self.first[k] + self.size[k]]


def offers(
    energy: Energy, index: NDArray[np.int16], table: Floats, tints: Floats, target: Floats, *, most: int
) -> Offers | None:
    """Every move of a region of at most ``most`` free cells to a colour that touches it along an edge, or None.

    ``table`` float32[H, W, K] prices the colours, ``tints`` float32[K, 2] is their chroma, ``target`` float32[H, W, 2]
    what the cells' should be (OKLab x 100).
    """
    cells, colors = index.size, table.shape[2]
    root, flat = label(index).ravel(), index.ravel().astype(np.intp)
    size = np.bincount(root, minlength=cells)
    held = np.zeros(cells, bool)
    held[root[~energy.free.ravel()]] = True
    small = (size[root] <= most) & ~held[root] & (flat >= 0)
    # each pair of neighbours, one in a small region, the other in another: cells, the pair's prices, whether on an edge
    at = np.arange(cells).reshape(index.shape)
    found = []
    for k, ahead in enumerate(AHEAD):
        here, there = (part.ravel() for part in pairs(at, ahead))
        apart = (root[here] != root[there]) & (flat[here] >= 0) & (flat[there] >= 0)
        tie, border = energy.tie[k].ravel()[here], energy.border[k].ravel()[here]
        for one, two in ((here, there), (there, here)):
            use = apart & small[one]
            found.append((one[use], two[use], tie[use], border[use], np.full(int(use.sum()), 0 in ahead)))
    inner, outer, tie, border, edge = (np.concatenate(parts) for parts in zip(*found, strict=True))
    choices = np.unique(root[inner[edge]] * colors + flat[outer[edge]])
    if not len(choices):
        return None
    region, color = choices // colors, choices % colors
    # what the region's own cells cost more
    members = np.flatnonzero(small)
    members = members[np.argsort(root[members], kind="stable")]
    first = np.searchsorted(root[members], region)
    offer, place = _spread(first, first + size[region])
    cell = members[place]
    own = table.reshape(cells, colors)
    gain = _sum(offer, own[cell, color[offer]] - own[cell, flat[cell]], len(choices))
    # what its borders cost more
    order = np.argsort(root[inner], kind="stable")
    inner, outer, tie, border, edge = inner[order], outer[order], tie[order], border[order], edge[order]
    names = root[inner]
    offer, place = _spread(np.searchsorted(names, region), np.searchsorted(names, region, side="right"))
    inner, outer, edge, new = inner[place], outer[place], edge[place], color[offer]
    wanted = target.reshape(cells, 2)
    error = tints[flat[outer]] - wanted[outer] + wanted[inner]
    now, then = (np.sqrt(((tints[mine] - error) ** 2).sum(axis=1)) for mine in (flat[inner], new))
    step = energy.step[new, flat[outer]] - energy.step[flat[inner], flat[outer]]
    gain += _sum(offer, tie[place] * (then - now) + border[place] * step, len(choices))
    # lone cells that find company: those beside the region, and the region itself where it is one cell
    alone = np.where((size[root] == 1) & (flat >= 0), energy.lone.ravel(), 0)
    joined = edge & (new == flat[outer])
    met = np.unique(offer[joined] * cells + outer[joined])
    gain -= _sum(met // cells, alone[met % cells], len(choices)) + alone[region]
    return Offers(region=region, color=color, gain=gain, members=members, first=first, size=size[region])


def recolor(
    energy: Energy, index: NDArray[np.int16], table: Floats, tints: Floats, target: Floats, *, most: int
) -> NDArray[np.int16]:
    """``index`` int16[H, W] after the moves of ``offers`` that lower the energy most; the same where none does."""
    found = offers(energy, index, table, tints, target, most=most)
    if found is None:
        return index
    height, width = index.shape
    out = index.ravel().copy()
    touched = np.zeros((height + 2 * _REACH, width + 2 * _REACH), bool)
    for k in np.argsort(found.gain, kind="stable"):
        if found.gain[k] > -_LEAST_GAIN:
            break
        cells = found.cells(k)
        rows, columns = cells // width, cells % width
        if touched[rows + _REACH, columns + _REACH].any():
            continue
        out[cells] = found.color[k]
        for dy in range(2 * _REACH + 1):
            for dx in range(2 * _REACH + 1):
                touched[rows + dy, columns + dx] = True
    return out.reshape(index.shape)


def _spread(first: Indices, last: Indices) -> tuple[Indices, Indices]:
    """(which range, place) of each place in the ranges first[k]:last[k], one after the other."""
    count = last - first
    which = np.repeat(np.arange(len(count)), count)
    return which, np.arange(len(which)) - np.repeat(np.cumsum(count) - count - first, count)


def _sum(which: Indices, values: NDArray[np.floating], count: int) -> NDArray[np.float64]:
    """float64[count]: the values summed by which of ``count`` they belong to."""
    return np.bincount(which, np.asarray(values, np.float64), count).astype(np.float64)
