"""The engine: the five steps in order, and the limits that a person set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import UsageError
from ..job import FREE, Job
from ..pattern import EMPTY, Pattern
from ..progress import SILENT, Progress
from . import assign, downscale, subset, tidy, tone
from .differences import difference_table
from .styles import style_of

if TYPE_CHECKING:
    from ..run import Run


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
        target = cells.lab
        if style.contrast:
            pushed = tone.local_contrast(target, cells.low, cells.high, np.full((1, 1), style.contrast, np.float32))
            target = np.where(cells.stroke[..., None], target, pushed)
        target = tone.within_reach(target, job.palette.oklab)
        progress.step("match", 1, 4)
        table = difference_table(target.reshape(-1, 3), job.palette.lab).reshape(height, width, -1)
        kept = tuple(sorted({*limits.locked_colors, *(int(k) for k in np.unique(locked[locked >= 0]))}))
        allowed = np.arange(len(job.palette))
        if limits.colors is not None and free.any():
            progress.step("subset", 2, 4)
            allowed = subset.choose(table[free], max(limits.colors, len(kept)), kept)
        progress.step("assign", 3, 4)
        place = np.full(len(job.palette) + 1, EMPTY, np.int16)
        place[allowed] = np.arange(len(allowed), dtype=np.int16)
        index = np.where(locked >= 0, place[locked], EMPTY).astype(np.int16)
        index = assign.assign(
            target, table[..., allowed], job.palette.oklab[allowed], index, free, beta=style.beta, lone=style.lone
        )
        final = np.append(allowed, EMPTY)[index]
        if limits.min_count > 1:
            final = tidy.drop_rare(final, table, free, limits.min_count, np.array(kept, np.intp))
        progress.step("done", 4, 4)
        return Pattern(index=final.astype(np.int16), palette=job.palette, cell=job.cell, title=job.title)
