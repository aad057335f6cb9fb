"""The engine: the five steps in order, and the limits that a person set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..job import FREE, Job
from ..palette import Palette
from ..pattern import EMPTY, Pattern
from ..progress import SILENT, Progress
from . import assign, downscale, limited, subset, tidy, tone
from .differences import difference_table
from .styles import Style, style_of

if TYPE_CHECKING:
    from ..run import Run

Floats = NDArray[np.float32]


class QuantizeEngine:
    """Downscale, match, tidy. Deterministic; NumPy only unless stock is limited."""

    def solve(self, job: Job, *, progress: Progress = SILENT, run: Run | None = None) -> Pattern:
        """The pattern over ``job.palette``, H x W as ``job.size`` says. Raises UsageError without a photo."""
        if job.photo is None:
            raise UsageError("this engine needs a picture", hint="give a photo, or use --engine distill")
        height, width = job.size.height, job.size.width
        limits, style = job.limits, style_of(job)
        progress.step("downscale", 0, 4)
        cells = downscale.see(job.photo, height, width, shapes=style.shapes, lines=style.lines)
        locked = np.full((height, width), FREE, np.int16) if limits.locked is None else limits.locked
        empty = (cells.cover < 0.5) & (locked == FREE) | (locked == EMPTY)
        free = ~empty & (locked == FREE)
        progress.step("match", 1, 4)
        target, table = look(cells, job.palette, style)
        kept = tuple(sorted({*limits.locked_colors, *(int(k) for k in np.unique(locked[locked >= 0]))}))
        allowed = np.arange(len(job.palette))
        if limits.colors is not None and free.any():
            progress.step("subset", 2, 4)
            allowed = subset.choose(table[free], max(limits.colors, len(kept)), kept)
            if limits.stock is not None:
                allowed = limited.with_enough(allowed, limits.stock, int(free.sum()), kept)
            target, table = look(cells, job.palette.take(allowed), style)
        else:
            table = table[..., allowed]
        progress.step("assign", 3, 4)
        place = np.full(len(job.palette) + 1, EMPTY, np.int16)
        place[allowed] = np.arange(len(allowed), dtype=np.int16)
        index = np.where(locked >= 0, place[locked], EMPTY).astype(np.int16)
        oklab = job.palette.oklab[allowed]
        if limits.stock is None:
            index = assign.assign(target, table, oklab, index, free, beta=style.beta, lone=style.lone)
        else:
            left = np.maximum(limits.stock[allowed] - np.bincount(index[index >= 0], minlength=len(allowed)), 0)
            index = limited.assign(target, table, oklab, index, free, left, beta=style.beta, lone=style.lone)
        final = np.append(allowed, EMPTY)[index]
        if limits.min_count > 1 and limits.stock is None:
            final = tidy.drop_rare(final, table, free, limits.min_count, np.array(kept, np.intp))
        progress.step("done", 4, 4)
        return Pattern(index=final.astype(np.int16), palette=job.palette, cell=job.cell, title=job.title)


def look(cells: downscale.Cells, palette: Palette, style: Style) -> tuple[Floats, Floats]:
    """What each cell should look like, CIELAB float32[H, W, 3], and what each colour costs it, float32[H, W, K].

    Edges are soft where the palette has the colour in between, and sharp where it would have to be made up.
    """
    amount = np.full((1, 1), style.contrast, np.float32)
    line = cells.stroke[..., None]

    def priced(lab: Floats) -> tuple[Floats, Floats]:
        if style.contrast:
            lab = np.where(line, lab, tone.local_contrast(lab, cells.low, cells.high, amount))
        flat = tone.true_hue(lab).reshape(-1, 3)
        return lab, difference_table(flat, tone.true_hue(palette.lab)).reshape(*lab.shape[:2], -1)

    sharp, sharp_table = priced(cells.lab)
    if not style.soft:
        return sharp, sharp_table
    soft, soft_table = priced(
        np.where(line, cells.lab, cells.lab + np.float32(style.soft) * (cells.smooth - cells.lab))
    )
    take = (soft_table.min(axis=2) <= sharp_table.min(axis=2) + style.give)[..., None]
    return np.where(take, soft, sharp), np.where(take, soft_table, sharp_table)
