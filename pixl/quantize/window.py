"""Small filters over the grid, edges repeated, and a soft threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def filtered(plane: Floats, taps: Floats) -> Floats:
    """``plane`` float32[H, W, ...] filtered in y and x with an odd number of ``taps``."""
    reach = len(taps) // 2
    for axis in (0, 1):
        pad = [(0, 0)] * plane.ndim
        pad[axis] = (reach, reach)
        framed = np.pad(plane, pad, mode="edge")
        size = plane.shape[axis]
        total = np.zeros_like(plane)
        for k, tap in enumerate(taps):
            total += tap * (framed[k : k + size] if axis == 0 else framed[:, k : k + size])
        plane = total
    return plane


def smooth_step(value: Floats, low: float, high: float) -> Floats:
    """0 below ``low``, 1 above ``high``, a cubic between."""
    x = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(x * x * (3 - 2 * x), dtype=np.float32)


def mean_around(plane: Floats, reach: int) -> Floats:
    """Mean over the cells within ``reach`` in x and in y."""
    return filtered(plane, np.full(2 * reach + 1, 1 / (2 * reach + 1), np.float32))


def gaussian(plane: Floats, sigma: float) -> Floats:
    """Gaussian blur of ``sigma`` cells."""
    reach = max(1, round(2.5 * sigma))
    taps = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    return filtered(plane, (taps / taps.sum()).astype(np.float32))
