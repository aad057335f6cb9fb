"""What the cells of a job should look like: the picture, averaged over each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..job import Job


def cell_lab(job: Job) -> NDArray[np.float64]:
    """CIELAB float64[H, W, 3] of a job's photo, which there must be."""
    from ..color import linear_to_lab
    from ..quantize import downscale

    assert job.photo is not None
    samples, cover = downscale.sample(job.photo, job.size.height, job.size.width, 2)
    return np.asarray(linear_to_lab(downscale.box(samples, cover, 2)), np.float64)
