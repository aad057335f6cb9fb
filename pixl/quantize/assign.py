"""Fourth step: a colour for each cell, by lowering the energy that people's eyes agreed with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..color import lab_to_linear, linear_to_oklab
from .energy import Energy, Extra, lower, value

Floats = NDArray[np.float32]
MakeExtra = Callable[[Energy], Extra]

CANDIDATES = 48
"""Colours that a cell chooses from: the nearest ones of a large palette."""
USUAL = 48
"""Cells on the longer side that the weights are meant for; with more they count less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What neighbours are worth, in CIEDE2000.

    ``beta``: of the chroma differences between neighbours. ``lone``: price of a lone cell: the least, what is added
    where the picture has no lone spot, and the CIELAB difference that makes a spot. ``even``: price of a border where
    the picture has none, and the CIELAB difference that makes one.
    """

    beta: float = 0.2
    lone: tuple[float, float, float] = (0.5, 3.5, 10.0)
    even: tuple[float, float] = (1.0, 6.0)

    def at(self, cells: int) -> Weights:
        """For a grid of so many cells on its longer side: a small cell's speck is a lesser evil than a lost detail."""
        share = min(1.0, (USUAL / cells) ** 0.5)
        least, more, spot = self.lone
        return replace(self, lone=(least, more * share, spot), even=(self.even[0] * share, self.even[1]))


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
    return Settled(index=found, energy=energy, chroma=tints[np.maximum(found, 0)] - target, table=table)


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
    below, beside = _even(lab, *weights.even)
    energy = Energy(
        cost=cost,
        colors=picks.astype(np.int16),
        chroma=tints[picks] - target[:, :, None],
        lone=_lone(lab, *weights.lone),
        free=free,
        beta=weights.beta,
        below=below,
        beside=beside,
    )
    return energy, tints, target


def _even(lab: Floats, price: float, edge: float) -> tuple[Floats, Floats]:
    """float32[H, W] twice: what a border to the cell below, and to the right, costs."""
    planes = []
    for axis in (0, 1):
        gap = ((np.diff(lab, axis=axis) / np.float32(edge)) ** 2).sum(axis=2)
        plane = np.zeros(lab.shape[:2], np.float32)
        plane[: gap.shape[0], : gap.shape[1]] = price * np.exp(-gap)
        planes.append(plane)
    return planes[0], planes[1]


def _lone(lab: Floats, least: float, more: float, spot: float) -> Floats:
    """float32[H, W]: what it costs to share one's colour with no 4-neighbour."""
    height, width = lab.shape[:2]
    framed = np.full((height + 2, width + 2, 3), np.float32(1e4))
    framed[1:-1, 1:-1] = lab
    sides = (framed[:-2, 1:-1], framed[2:, 1:-1], framed[1:-1, :-2], framed[1:-1, 2:])
    gap = np.min([np.sqrt(((lab - side) ** 2).sum(axis=2)) for side in sides], axis=0)
    return np.asarray(least + more * np.exp(-((gap / spot) ** 2)), dtype=np.float32)
