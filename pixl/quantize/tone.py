"""Second step: what the cells should look like, as CIELAB targets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..color import linear_to_lab

Floats = NDArray[np.float32]


def tone(linear: Floats) -> Floats:
    """CIELAB float32[H, W, 3] of linear light float32[H, W, 3]."""
    return np.asarray(linear_to_lab(linear), dtype=np.float32)
