"""What happens to a stitch pattern between the engine and the document: confetti kept to a budget."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..job import Job
    from ..pattern import Pattern


def within_confetti(pattern: Pattern, job: Job, share: float) -> tuple[Pattern, list[float]]:
    """The pattern with at most ``share`` of lone stitches, and (share before, stitches changed)."""
    from pixl_exporters.stitch.confetti import confetti_share, limit_confetti

    from ..quantize.differences import difference_table

    before = confetti_share(pattern.index)
    if before <= share:
        return pattern, [before, 0]
    used = pattern.used()
    table = np.full(len(pattern.palette) + 1, -1, np.int16)
    table[used] = np.arange(len(used), dtype=np.int16)
    index = table[pattern.index]
    lab = pattern.palette.lab[used]
    if job.photo is not None:
        from .picture_lab import cell_lab

        wanted = cell_lab(job)
    else:
        wanted = lab[index]
    costs = difference_table(wanted.reshape(-1, 3), lab).reshape(*index.shape, -1)
    mended, changed = limit_confetti(index, costs, share)
    back = np.array([*used, -1], np.int16)
    return replace(pattern, index=back[mended]), [before, changed]
