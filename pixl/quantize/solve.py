"""The engine: the five steps in order, and the limits that a person set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..job import Job
from ..pattern import Pattern
from ..progress import SILENT, Progress
from . import downscale, tidy
from .styles import Style, cells_of, kind_for, style_of
from .task import task_for

if TYPE_CHECKING:
    from ..run import Run

Indices = NDArray[np.intp]


class QuantizeEngine:
    """Downscale, match, tidy. Deterministic; NumPy only."""

    def solve(self, job: Job, *, progress: Progress = SILENT, run: Run | None = None) -> Pattern:
        """The pattern over ``job.palette``, H x W as ``job.size`` says. Raises UsageError without a photo."""
        if job.photo is None:
            raise UsageError("this engine needs a picture", hint="give a photo, or use --engine distill")
        height, width = job.size.height, job.size.width
        kind = kind_for(job)
        progress.step("downscale", 0, 4)
        style = style_of(job, kind)
        cells = cells_of(job.photo, height, width, style, kind)
        return self.settle(job, cells, style=style, progress=progress)

    def settle(
        self, job: Job, cells: downscale.Cells, *, style: Style | None = None, progress: Progress = SILENT
    ) -> Pattern:
        """The steps after downscaling, for ``cells`` that the grid saw of any picture, in a ``style`` (the job's)."""
        task, limits = task_for(job, cells, style or style_of(job, kind_for(job))), job.limits
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
        task, count = task_for(job, cells, style_of(job, kind_for(job))), job.limits.colors
        if count is None or not task.free.any():
            return np.arange(len(job.palette))
        return task.choose(max(count, len(task.kept)), task.kept)
