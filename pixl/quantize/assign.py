"""Fourth step: a colour for each cell, by lowering the energy that people's eyes agreed with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..color import lab_to_linear, linear_to_oklab
from .energy import AHEAD, Energy, Extra, lower, pairs, value
from .regions import recolor

Floats = NDArray[np.float32]
MakeExtra = Callable[[Energy], Extra]

CANDIDATES = 48
"""Colours that a cell chooses from: the nearest ones of a large palette."""
ALIKE = 10.0
"""Distance of two colours (OKLab x 100) below which a border between them is seen less."""
NEAR, LEAST = 8.0, 0.1
"""CIEDE2000 up to which a colour is the picture's own, and the share of ``tie`` that is left there."""
ROUNDS = 4
"""How often small regions are moved, and cells after them."""
USUAL = 48
"""Cells on the longer side that the weights are meant for; with more they count less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What neighbours are worth, in CIEDE2000.

    ``tie``: of the chroma differences between neighbours that the picture has not. ``even``: price of a border between
    two colours. Both fall where the picture has an edge: (price, CIELAB difference that makes an edge, share of the
    price for neighbours at a corner). ``lone``: price of a lone cell: the least, what is added where the picture has no
    lone spot, and the CIELAB difference that makes a spot. ``regions``: cells of the regions that are moved as one.
    """

    tie: tuple[float, float, float] = (0.5, 20.0, 0.5)
    even: tuple[float, float, float] = (1.0, 5.0, 0.7)
    lone: tuple[float, float, float] = (0.5, 3.5, 10.0)
    regions: int = 12

    def at(self, cells: int) -> Weights:
        """For a grid of so many cells on its longer side: a small cell's speck is a lesser evil than a lost detail."""
        share = min(1.0, (USUAL / cells) ** 0.5)
        (even, *edge), (least, more, spot) = self.even, self.lone
        return replace(self, lone=(least, more * share, spot), even=(even * share, *edge))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Where the cells came to rest: ``index`` int16[H, W] (-1 empty), the energy and what belongs to the index."""

    index: NDArray[np.int16]
    energy: Energy
    chroma: Floats
    table: Floats

    def value(self) -> float:
        """The energy's value (without what a craft adds)."""
        data = np.take_along_axis(self.table, np.maximum(self.index, 0)[..., None].astype(np.intp), axis=2)
        return value(self.energy, self.index, self.chroma, np.where(self.energy.free, data[..., 0], 0))


def settle(
    lab: Floats,
    table: Floats,
    palette_oklab: NDArray[np.float64],
    index: NDArray[np.int16],
    free: NDArray[np.bool_],
    weights: Weights,
    *,
    extra: MakeExtra | None = None,
) -> Settled:
    """Colours of the ``free`` cells, of those in ``table`` float32[H, W, K] (CIEDE2000 and prices).

    ``index`` int16[H, W] holds the cells that stand, -1 where there is no cell; its free cells are not read.
    ``lab`` float32[H, W, 3] are the targets, ``palette_oklab`` float64[K, 3] the colours; ``extra`` makes the terms
    that reach further.
    """
    energy, tints, target = energy_of(lab, table, palette_oklab, free, weights)
    best = energy.cost.argmin(axis=2)
    start = np.where(free, np.take_along_axis(energy.colors, best[..., None], axis=2)[..., 0], index).astype(np.int16)
    more = extra(energy) if extra else None
    found = lower(energy, start, tints[np.maximum(start, 0)] - target, extra=more)
    for _ in range(ROUNDS if weights.regions else 0):
        moved = recolor(energy, found, _with(more, energy, found, table), tints, target, most=weights.regions)
        if np.array_equal(moved, found):
            break
        found = lower(energy, moved, tints[np.maximum(moved, 0)] - target, extra=more, settled=found)
    return Settled(index=found, energy=energy, chroma=tints[np.maximum(found, 0)] - target, table=table)


def _with(extra: Extra | None, energy: Energy, index: NDArray[np.int16], table: Floats) -> Floats:
    """``table`` with what each candidate costs more in ``extra`` while all other cells stay; what is no candidate is
    beyond price."""
    if extra is None:
        return table
    rows, columns = np.nonzero(energy.free)
    picks = energy.colors[rows, columns].astype(np.intp)
    dear = np.full(table.shape, np.inf, np.float32)
    own = np.take_along_axis(table[rows, columns], picks, axis=1) + extra(index, rows, columns)
    part = dear[rows, columns]
    np.put_along_axis(part, picks, own, axis=1)
    dear[rows, columns] = part
    return dear


def energy_of(
    lab: Floats,
    table: Floats,
    palette_oklab: NDArray[np.float64],
    free: NDArray[np.bool_],
    weights: Weights,
    *,
    candidates: int = CANDIDATES,
) -> tuple[Energy, Floats, Floats]:
    """The energy over the ``candidates`` nearest colours of each cell; chroma of the colours float32[K, 2] and of the
    targets float32[H, W, 2], in OKLab x 100."""
    colors = table.shape[2]
    if colors > candidates:
        picks = np.argpartition(table, candidates, axis=2)[..., :candidates]
        picks.sort(axis=2)
        cost = np.take_along_axis(table, picks, axis=2)
    else:
        picks = np.broadcast_to(np.arange(colors), table.shape)
        cost = table
    target = np.asarray(linear_to_oklab(np.maximum(lab_to_linear(lab), 0))[..., 1:] * 100, dtype=np.float32)
    tints = (palette_oklab[:, 1:] * 100).astype(np.float32)
    gaps = _gaps(lab)
    apart = np.linalg.norm(palette_oklab[:, None] - palette_oklab[None], axis=2) * 100
    energy = Energy(
        cost=cost,
        colors=picks.astype(np.int16),
        chroma=tints[picks] - target[:, :, None],
        lone=_lone(lab, *weights.lone),
        free=free,
        tie=_pairs(gaps, *weights.tie) * _greater(_lost(table)),
        border=_pairs(gaps, *weights.even),
        step=np.minimum(apart / ALIKE, 1).astype(np.float32),
    )
    return energy, tints, target


def _lost(table: Floats) -> Floats:
    """float32[H, W]: how far cells are from having the picture's own colours, LEAST to 1. Where both of a pair have
    them, their difference is right already."""
    far = np.exp(-((table.min(axis=2) / np.float32(NEAR)) ** 2))
    return np.asarray(1 - (1 - LEAST) * far, dtype=np.float32)


def _greater(plane: Floats) -> Floats:
    """float32[4, H, W]: the greater value of each cell and of its neighbours of ``AHEAD``; 0 where none is."""
    out = np.zeros((len(AHEAD), *plane.shape), np.float32)
    for k, ahead in enumerate(AHEAD):
        pairs(out[k], ahead)[0][:] = np.maximum(*pairs(plane, ahead))
    return out


def _gaps(lab: Floats) -> Floats:
    """float32[4, H, W]: squared CIELAB difference to the neighbours of ``AHEAD``."""
    gaps = np.zeros((len(AHEAD), *lab.shape[:2]), np.float32)
    for k, ahead in enumerate(AHEAD):
        first, second = pairs(lab, ahead)
        pairs(gaps[k], ahead)[0][:] = ((first - second) ** 2).sum(axis=2)
    return gaps


def _pairs(gaps: Floats, price: float, edge: float, slant: float) -> Floats:
    """float32[4, H, W]: a price for each pair of neighbours, less where the picture has an ``edge`` between them, times
    ``slant`` where they touch at a corner."""
    scale = np.array([1.0, 1.0, slant, slant], np.float32) * np.float32(price)
    return np.asarray(scale[:, None, None] * np.exp(gaps * np.float32(-1 / edge**2)), dtype=np.float32)


def _lone(lab: Floats, least: float, more: float, spot: float) -> Floats:
    """float32[H, W]: what it costs to share one's colour with no 4-neighbour."""
    height, width = lab.shape[:2]
    framed = np.full((height + 2, width + 2, 3), np.float32(1e4))
    framed[1:-1, 1:-1] = lab
    sides = (framed[:-2, 1:-1], framed[2:, 1:-1], framed[1:-1, :-2], framed[1:-1, 2:])
    gap = np.min([np.sqrt(((lab - side) ** 2).sum(axis=2)) for side in sides], axis=0)
    return np.asarray(least + more * np.exp(-((gap / spot) ** 2)), dtype=np.float32)
