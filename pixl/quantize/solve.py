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

if TYPE_CHECKING:
    from ..run import Run


class QuantizeEngine:
    """Downscale, match, tidy. Deterministic; NumPy only unless stock is limited."""

    def solve(self, job: Job, *, progress: Progress = SILENT, run: Run | None = None) -> Pattern:
        """The pattern over ``job.palette``, H x W as ``job.size`` says. Raises UsageError without a photo."""
        if job.photo is None:
            raise UsageError("this engine needs a picture", hint="give a photo, or use --engine distill")
        height, width = job.size.height, job.size.width
        limits = job.limits
        samples, cover = downscale.sample(job.photo, height, width)
        locked = np.full((height, width), FREE, np.int16) if limits.locked is None else limits.locked
        empty = (downscale.cell_cover(cover) < 0.5) & (locked == FREE) | (locked == EMPTY)
        free = ~empty & (locked == FREE)
        target = tone.tone(downscale.lanczos(samples, cover))
        table = difference_table(target.reshape(-1, 3), job.palette.lab).reshape(height, width, -1)
        kept = tuple(sorted({*limits.locked_colors, *(int(k) for k in np.unique(locked[locked >= 0]))}))
        allowed = np.arange(len(job.palette))
        if limits.colors is not None and free.any():
            allowed = subset.choose(table[free], max(limits.colors, len(kept)), kept)
        index = np.full((height, width), EMPTY, np.intp)
        index[free] = allowed[assign.nearest(table[free][:, allowed])]
        index[locked >= 0] = locked[locked >= 0]
        index = tidy.specks(index, table, free)
        if limits.min_count > 1:
            index = tidy.drop_rare(index, table, free, limits.min_count, np.array(kept, np.intp))
        return Pattern(index=index.astype(np.int16), palette=job.palette, cell=job.cell, title=job.title)
