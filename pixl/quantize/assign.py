"""Fourth step: a colour for each cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]


def nearest(table: Floats) -> Indices:
    """intp[N]: the cheapest colour of each cell (the first of equals)."""
    return np.asarray(table.argmin(axis=1))
