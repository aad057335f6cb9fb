"""The steps after downscaling, over some of the palette's colours, so that they can be asked more than once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..color import lab_to_linear, srgb_to_linear
from ..errors import UsageError
from ..job import FREE, Cost, Job
from ..pattern import EMPTY
from . import assign, downscale, limited, subset, tone
from .differences import preference_table
from .energy import Energy, Extra, prices
from .far import far_view, mixing_table
from .styles import Style

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]

FOCUS_DATA, FOCUS_CONTRAST = 2.0, 2.0
"""How many times more a cell's own colour, and its local contrast, count where the focus is full."""


def task_for(job: Job, cells: downscale.Cells, style: Style) -> Task:
    """The task of a job whose picture was seen."""
    shape = (job.size.height, job.size.width)
    locked = np.full(shape, FREE, np.int16) if job.limits.locked is None else job.limits.locked
    empty = (cells.cover < 0.5) & (locked == FREE) | (locked == EMPTY)
    return Task(
        job=job,
        style=style,
        cells=cells,
        start=np.where(empty, EMPTY, locked).astype(np.int16),
        free=~empty & (locked == FREE),
        kept=tuple(sorted({*job.limits.locked_colors, *(int(k) for k in np.unique(locked[locked >= 0]))})),
        focus=None if job.focus is None else downscale.mean_of(job.focus, *shape),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A job after its picture was downscaled. ``start`` int16[H, W]: -1 empty, locked indices, FREE; ``kept``:
    colours that must stay; ``focus`` float32[H, W] or None."""

    job: Job
    style: Style
    cells: downscale.Cells
    start: NDArray[np.int16]
    free: NDArray[np.bool_]
    kept: tuple[int, ...]
    focus: Floats | None

    @property
    def weights(self) -> assign.Weights:
        """What neighbours are worth on a grid of this size."""
        return self.style.weights.at(max(self.start.shape))

    def look(self, allowed: Indices) -> tuple[Floats, Floats]:
        """What each cell should look like, CIELAB float32[H, W, 3], and what each allowed colour costs it,
        float32[H, W, K].
        """
        cells, style = self.cells, self.style
        colors = self.job.palette.lab[allowed]
        lab = cells.lab
        if style.contrast:
            more = np.zeros((1, 1), np.float32) if self.focus is None else self.focus
            amount = np.float32(style.contrast) * (1 + np.float32(FOCUS_CONTRAST) * more)
            sharper = tone.local_contrast(lab, cells.low, cells.high, amount)
            lab = np.where(cells.stroke[..., None], lab, sharper)
        flat = lab.reshape(-1, 3)
        if style.far:
            table = mixing_table(flat, colors)
        else:
            table = preference_table(flat, colors, by_skin=style.skin, by_name=style.names)
        table = table.reshape(*lab.shape[:2], -1)
        if self.focus is not None:
            table = table * (1 + np.float32(FOCUS_DATA) * self.focus[..., None])
        return lab, table

    def choose(self, count: int, kept: tuple[int, ...]) -> Indices:
        """Which ``count`` colours of the palette, those in ``kept`` among them. The far view and a craft's prices,
        which take longest, have no say in it."""
        every = np.arange(len(self.job.palette))
        target, table = self.look(every)
        stock = self.job.limits.stock
        chosen = subset.choose(table[self.free], count, kept)
        if stock is not None:
            return limited.with_enough(chosen, stock, int(self.free.sum()), kept)
        oklab = self.job.palette.oklab

        def settle(colors: Indices) -> assign.Settled:
            place = self._place(colors)
            return assign.settle(
                target, table[..., colors], oklab[colors], place[self.start], self.free,
                self.weights,
            )  # fmt: skip

        return subset.refine(chosen, table[self.free], kept, settle)

    def answer(self, allowed: Indices) -> NDArray[np.int16]:
        """int16[H, W] palette indices: the best of the allowed colours for the free cells."""
        target, table = self.look(allowed)
        place = self._place(allowed)
        index = place[self.start]
        oklab, stock = self.job.palette.oklab[allowed], self.job.limits.stock
        weights, extra = self.weights, self._extra(allowed)
        if stock is None:
            index = assign.settle(target, table, oklab, index, self.free, weights, extra=extra).index
        else:
            left = np.maximum(stock[allowed] - np.bincount(index[index >= 0], minlength=len(allowed)), 0)
            index = limited.assign(target, table, oklab, index, self.free, left, weights, extra=extra)
        return np.append(allowed, EMPTY)[index].astype(np.int16)

    def judge(self, allowed: Indices) -> Callable[[NDArray[np.int16]], Floats]:
        """The energy as a price list: index int16[H, W] of the palette -> float32[H, W, len(allowed)], what each of the
        ``allowed`` colours costs each free cell while all others stay (0 where a cell is not free)."""
        target, table = self.look(allowed)
        place, oklab = self._place(allowed), self.job.palette.oklab[allowed]
        energy, tints, wanted = assign.energy_of(target, table, oklab, self.free, self.weights, candidates=len(allowed))
        make = self._extra(allowed)
        more = make(energy) if make else None

        def judged(index: NDArray[np.int16]) -> Floats:
            x = place[index]
            out = np.zeros(table.shape, np.float32)
            out[self.free] = prices(energy, x, tints[np.maximum(x, 0)] - wanted, more)
            return out

        return judged

    def _place(self, allowed: Indices) -> NDArray[np.int16]:
        """int16[K + 2]: where each palette index stands among ``allowed``; EMPTY and FREE stand at -1 and -2."""
        place = np.full(len(self.job.palette) + 2, EMPTY, np.int16)
        place[allowed] = np.arange(len(allowed), dtype=np.int16)
        return place

    def _extra(self, allowed: Indices) -> assign.MakeExtra | None:
        """The far view and the craft's prices, as the energy asks for them."""
        costs, weight = self.job.limits.costs, self.style.far
        if not costs and not weight:
            return None
        names = np.append(allowed, EMPTY).astype(np.int16)
        shape = (*self.start.shape, len(self.job.palette))
        far = None
        if weight:
            linear = np.maximum(lab_to_linear(self.cells.smooth), 0).astype(np.float32)
            there = self.free | (self.start >= 0)
            far = far_view(linear, there, srgb_to_linear(self.job.palette.rgb[allowed]), weight)

        def make(energy: Energy) -> Extra:
            seen = far.extra(energy) if far else None

            def extra(index: NDArray[np.int16], rows: Indices, columns: Indices) -> Floats:
                total = seen(index, rows, columns) if seen else np.zeros((), np.float32)
                if costs:
                    price = _sum_of(costs, names[index], shape)
                    total = total + price[rows[:, None], columns[:, None], allowed[energy.colors[rows, columns]]]
                return total

            return extra

        return make


def _sum_of(costs: tuple[Cost, ...], index: NDArray[np.int16], shape: tuple[int, ...]) -> Floats:
    total = np.zeros(shape, np.float32)
    for cost in costs:
        part = np.asarray(cost(index))
        if part.shape != shape:
            raise UsageError(f"a craft's costs of shape {part.shape} for {shape}", hint="give one a cell and colour")
        total += part
    return total
