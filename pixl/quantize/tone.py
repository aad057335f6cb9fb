"""Second step: what the cells should look like: colours within the palette's reach, shapes with their own contrast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..color import lab_to_linear, linear_to_lab, linear_to_oklab, oklab_to_linear
from .window import gaussian

Floats = NDArray[np.float32]

REACH_DEGREES = 28.0
"""How fast a colour's chroma counts less for other hues."""
BEYOND = 0.15
"""Share of the chroma beyond the palette's reach that stays."""


def within_reach(lab: Floats, palette_oklab: NDArray[np.float64]) -> Floats:
    """CIELAB float32[H, W, 3] with chroma beyond what the palette has at that hue taken back, hue and lightness kept.

    Along OKLab's hues, because CIELAB bends blue into purple: without this a pure blue is matched with a purple.
    """
    oklab = linear_to_oklab(np.maximum(lab_to_linear(lab), 0))
    chroma = np.hypot(oklab[..., 1], oklab[..., 2])
    angle = np.arctan2(oklab[..., 2], oklab[..., 1])
    own = np.hypot(palette_oklab[:, 1], palette_oklab[:, 2])
    hues = np.linspace(-np.pi, np.pi, 181)
    away = hues[:, None] - np.arctan2(palette_oklab[:, 2], palette_oklab[:, 1])
    away = np.degrees(np.abs((away + np.pi) % (2 * np.pi) - np.pi))
    most = np.interp(angle, hues, (own * np.exp(-((away / REACH_DEGREES) ** 2))).max(axis=1))
    far = chroma > most
    if not far.any():
        return lab
    held = np.where(far, most + BEYOND * (chroma - most), chroma) / np.maximum(chroma, 1e-9)
    oklab[..., 1:] *= held[..., None]
    out = lab.copy()
    out[far] = linear_to_lab(oklab_to_linear(oklab[far]))
    return out


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
