"""Second step: what the cells should look like: shapes with their own contrast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .window import gaussian

Floats = NDArray[np.float32]

BUSY = 9.0
"""Lightness: where the surroundings vary by more than about this everywhere, more contrast is only noise."""


def local_contrast(lab: Floats, low: Floats, high: Floats, amount: Floats) -> Floats:
    """Lightness pushed away from its surroundings' (a Gaussian of 1.2 cells) by ``amount`` (float32[H, W], or [1, 1]
    for all alike), less where all is busy, never past what the samples of the cell itself show (``low`` and ``high``):
    there are no halos."""
    light = lab[..., 0]
    out = lab.copy()
    away = light - gaussian(light, 1.2)
    share = amount * np.exp(-((gaussian(np.abs(away), 2.5) / BUSY) ** 2))
    out[..., 0] = np.clip(light + share * away, np.minimum(low, light), np.maximum(high, light))
    return out
