"""Skin first: the warm colours of skin, which wood, sand and fur share, from near black to pale.

A face is looked at before all else, and no measure of difference knows it: of the colours that a short palette leaves
to choose from, CIEDE2000 takes grey for dark skin, white or pink for pale skin, and a loud red for skin in shade. Here
is said which colours of a picture may be skin, and which colours of a palette can stand for it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .window import smooth_step

Floats = NDArray[np.float32]

HUE = (16.0, 28.0, 74.0, 85.0)
"""Degrees of CIELAB hue: skin between the inner two, none outside the outer two."""
CHROMA = (7.0, 12.0, 33.0, 45.0)
"""CIELAB chroma, likewise: below is grey, above is paint."""
LIGHT = (12.0, 25.0)
"""CIELAB lightness: no skin below the first."""
RED = (50.0, 60.0)
TINT, VIVID = (35.0, 50.0), (75.0, 90.0)
"""Degrees below which a colour of the palette is a red, and stands for skin up to a chroma of ``TINT``; the browns and
oranges above do up to ``VIVID``."""


def may_be_skin(lab: NDArray[np.floating]) -> Floats:
    """float32[...]: 0 to 1 for CIELAB colours [..., 3] of a picture."""
    light, chroma, degrees = _polar(lab)
    return _between(degrees, HUE) * _between(chroma, CHROMA) * smooth_step(light, *LIGHT)


def stands_for_skin(lab: NDArray[np.floating]) -> Floats:
    """float32[...]: 0 to 1 for CIELAB colours [..., 3] of a palette. Broader than ``may_be_skin``: bricks and beads are
    more vivid than skin."""
    light, chroma, degrees = _polar(lab)
    red = 1 - smooth_step(degrees, *RED)
    limit = red * (1 - smooth_step(chroma, *TINT)) + (1 - red) * (1 - smooth_step(chroma, *VIVID))
    hue = (HUE[0] - 3, HUE[1] - 3, HUE[2] + 14, HUE[3] + 15)
    return _between(degrees, hue) * smooth_step(chroma, *CHROMA[:2]) * limit * smooth_step(light, 0.0, LIGHT[1])


def _polar(lab: NDArray[np.floating]) -> tuple[Floats, Floats, Floats]:
    """Lightness, chroma, degrees of hue."""
    light, a, b = (np.asarray(lab[..., i], np.float32) for i in range(3))
    return light, np.hypot(a, b), np.degrees(np.arctan2(b, a))


def _between(value: Floats, ends: tuple[float, float, float, float]) -> Floats:
    return np.asarray(smooth_step(value, ends[0], ends[1]) * (1 - smooth_step(value, ends[2], ends[3])))
