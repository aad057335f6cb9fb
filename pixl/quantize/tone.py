"""Second step: what the cells should look like: hues that stay what they are, shapes with their own contrast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..color import lab_to_linear, linear_to_lab, linear_to_oklab, oklab_to_linear
from .window import gaussian

Floats = NDArray[np.float32]

BLUES = (220.0, 250.0, 315.0, 345.0)
"""Degrees of CIELAB hue: corrected fully between the inner two, not at all outside the outer two."""

VIVID = (85.0, 110.0)
"""CIELAB chroma: not corrected below the first, fully above the second. Dull blues match well as they are."""


def vivid_blue(lab: NDArray[np.floating]) -> Floats:
    """float32[...]: how much of a vivid blue each CIELAB colour [..., 3] is, 0..1."""
    degrees = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    low, low_full, high_full, high = BLUES
    share = np.clip((degrees - low) / (low_full - low), 0, 1) * np.clip((high - degrees) / (high - high_full), 0, 1)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    return np.asarray(share * np.clip((chroma - VIVID[0]) / (VIVID[1] - VIVID[0]), 0, 1), dtype=np.float32)


def true_hue(lab: NDArray[np.floating]) -> Floats:
    """CIELAB float32[..., 3] with the hue of blues put right, lightness and chroma kept.

    CIELAB bends blue: a line of one hue runs from grey over purple to blue, so that CIEDE2000 matches a pure blue with
    a purple. OKLab's lines are straight; a blue gets the CIELAB hue of the pale colour that has its OKLab hue.
    """
    angle = np.arctan2(lab[..., 2], lab[..., 1])
    degrees = np.degrees(angle) % 360
    low, low_full, high_full, high = BLUES
    share = np.clip((degrees - low) / (low_full - low), 0, 1) * np.clip((high - degrees) / (high - high_full), 0, 1)
    out = np.array(lab, dtype=np.float32)
    blue = share > 0
    if not blue.any():
        return out
    oklab = linear_to_oklab(np.maximum(lab_to_linear(lab[blue]), 0))
    hues = np.linspace(-np.pi, np.pi, 181)
    pale = np.stack([np.full(181, 0.6), 0.02 * np.cos(hues), 0.02 * np.sin(hues)], axis=1)
    pale_lab = linear_to_lab(oklab_to_linear(pale))
    straight = np.unwrap(np.arctan2(pale_lab[:, 2], pale_lab[:, 1]))
    turn = np.interp(np.arctan2(oklab[:, 2], oklab[:, 1]), hues, straight) - angle[blue]
    turn = (turn + np.pi) % (2 * np.pi) - np.pi
    chroma = np.hypot(lab[..., 1], lab[..., 2])[blue]
    turned = angle[blue] + share[blue] * turn
    out[blue, 1], out[blue, 2] = chroma * np.cos(turned), chroma * np.sin(turned)
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
