"""The engine: the five steps in order, and the limits that a person set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..job import FREE, Cost, Job
from ..pattern import EMPTY, Pattern
from ..progress import SILENT, Progress
from . import assign, downscale, limited, subset, tidy, tone
from .differences import difference_table
from .energy import Energy, Extra
from .styles import Style, style_of

if TYPE_CHECKING:
    from ..run import Run

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]

FOCUS_DATA, FOCUS_CONTRAST = 2.0, 2.0
"""How many times more a cell's own colour, and its local contrast, count where the focus is full."""


class QuantizeEngine:
    """Downscale, match, tidy. Deterministic; NumPy only."""

    def solve(self, job: Job, *, progress: Progress = SILENT, run: Run | None = None) -> Pattern:
        """The pattern over ``job.palette``, H x W as ``job.size`` says. Raises UsageError without a photo."""
        if job.photo is None:
            raise UsageError("this engine needs a picture", hint="give a photo, or use --engine distill")
        style = style_of(job)
        progress.step("downscale", 0, 4)
        cells = downscale.see(job.photo, job.size.height, job.size.width, shapes=style.shapes, lines=style.lines)
        return self.settle(job, cells, progress=progress)

    def settle(self, job: Job, cells: downscale.Cells, *, progress: Progress = SILENT) -> Pattern:
        """The steps after downscaling, for ``cells`` that the grid saw of any picture; ``job.photo`` is not read."""
        task, limits = _task(job, cells), job.limits
        kept = task.kept
        allowed = np.arange(len(job.palette))
        if limits.colors is not None and task.free.any():
            progress.step("subset", 1, 4)
            allowed = task.choose(max(limits.colors, len(kept)), kept)
        progress.step("assign", 2, 4)
        index = task.answer(allowed)
        if limits.min_count > 1:
            progress.step("tidy", 3, 4)
            index = tidy.without_rare(index, limits.min_count, kept, limits.stock, task.answer)
        progress.step("done", 4, 4)
        return Pattern(index=index, palette=job.palette, cell=job.cell, title=job.title)

    def colors(self, job: Job, cells: downscale.Cells) -> Indices:
        """The palette indices, ascending, of the ``job.limits.colors`` colours that ``settle`` would use."""
        task, count = _task(job, cells), job.limits.colors
        if count is None or not task.free.any():
            return np.arange(len(job.palette))
        return task.choose(max(count, len(task.kept)), task.kept)


def _task(job: Job, cells: downscale.Cells) -> _Task:
    shape = (job.size.height, job.size.width)
    locked = np.full(shape, FREE, np.int16) if job.limits.locked is None else job.limits.locked
    empty = (cells.cover < 0.5) & (locked == FREE) | (locked == EMPTY)
    return _Task(
        job=job,
        style=style_of(job),
        cells=cells,
        start=np.where(empty, EMPTY, locked).astype(np.int16),
        free=~empty & (locked == FREE),
        kept=tuple(sorted({*job.limits.locked_colors, *(int(k) for k in np.unique(locked[locked >= 0]))})),
        focus=None if job.focus is None else downscale.mean_of(job.focus, *shape),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """A job after its picture was downscaled. ``start`` int16[H, W]: -1 empty, locked indices, FREE; ``kept``:
    colours that must stay; ``focus`` float32[H, W] or None."""

    job: Job
    style: Style
    cells: downscale.Cells
    start: NDArray[np.int16]
    free: NDArray[np.bool_]
    kept: tuple[int, ...]
    focus: Floats | None

    def look(self, allowed: Indices) -> tuple[Floats, Floats]:
        """What each cell should look like, CIELAB float32[H, W, 3], and what each allowed colour costs it,
        float32[H, W, K].

        Edges are soft where the palette has the colour in between, and sharp where it would have to be made up.
        """
        cells, style = self.cells, self.style
        colors = self.job.palette.lab[allowed]
        line = cells.stroke[..., None]
        more = np.zeros((1, 1), np.float32) if self.focus is None else self.focus
        amount = np.float32(style.contrast) * (1 + np.float32(FOCUS_CONTRAST) * more)

        def priced(lab: Floats) -> tuple[Floats, Floats]:
            if style.contrast:
                lab = np.where(line, lab, tone.local_contrast(lab, cells.low, cells.high, amount))
            flat = lab.reshape(-1, 3)
            table = difference_table(flat, colors, wide=style.wide)
            blue = tone.vivid_blue(flat)
            if style.hues and blue.any():
                where, share = np.flatnonzero(blue), blue[blue > 0, None]
                turned = difference_table(tone.true_hue(flat[where]), tone.true_hue(colors), wide=style.wide)
                table[where] += share * (turned - table[where])
            return lab, table.reshape(*lab.shape[:2], -1)

        target, table = priced(cells.lab)
        if style.soft:
            share = np.where(line, np.float32(0), np.float32(style.soft))
            soft, soft_table = priced(cells.lab + share * (cells.smooth - cells.lab))
            take = (soft_table.min(axis=2) <= table.min(axis=2) + style.give)[..., None]
            target, table = np.where(take, soft, target), np.where(take, soft_table, table)
        if self.focus is not None:
            table = table * (1 + np.float32(FOCUS_DATA) * self.focus[..., None])
        return target, table

    def choose(self, count: int, kept: tuple[int, ...]) -> Indices:
        """Which ``count`` colours of the palette, those in ``kept`` among them."""
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
                self.style.weights, extra=self._extra(colors),
            )  # fmt: skip

        return subset.refine(chosen, table[self.free], kept, settle)

    def answer(self, allowed: Indices) -> NDArray[np.int16]:
        """int16[H, W] palette indices: the best of the allowed colours for the free cells."""
        target, table = self.look(allowed)
        place = self._place(allowed)
        index = place[self.start]
        oklab, stock = self.job.palette.oklab[allowed], self.job.limits.stock
        weights, extra = self.style.weights, self._extra(allowed)
        if stock is None:
            index = assign.settle(target, table, oklab, index, self.free, weights, extra=extra).index
        else:
            left = np.maximum(stock[allowed] - np.bincount(index[index >= 0], minlength=len(allowed)), 0)
            index = limited.assign(target, table, oklab, index, self.free, left, weights, extra=extra)
        return np.append(allowed, EMPTY)[index].astype(np.int16)

    def _place(self, allowed: Indices) -> NDArray[np.int16]:
        """int16[K + 2]: where each palette index stands among ``allowed``; EMPTY and FREE stand at -1 and -2."""
        place = np.full(len(self.job.palette) + 2, EMPTY, np.int16)
        place[allowed] = np.arange(len(allowed), dtype=np.int16)
        return place

    def _extra(self, allowed: Indices) -> assign.MakeExtra | None:
        """The craft's prices, as the energy asks for them."""
        costs = self.job.limits.costs
        if not costs:
            return None
        names = np.append(allowed, EMPTY).astype(np.int16)
        shape = (*self.start.shape, len(self.job.palette))

        def make(energy: Energy) -> Extra:
            def extra(index: NDArray[np.int16], rows: Indices, columns: Indices) -> Floats:
                total = _sum_of(costs, names[index], shape)
                return total[rows[:, None], columns[:, None], allowed[energy.colors[rows, columns]]]

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
