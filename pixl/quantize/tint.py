"""A cell keeps the tint of its picture: what was cut out sharply is neither drained of it nor dyed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..color import ciede2000
from .differences import difference_table

Floats = NDArray[np.float32]

KEPT, LEAST = 0.5, 8.0
"""Share of the mean's chroma that is kept, and the CIELAB chroma from which on none is missed."""
GREY, RISE = 6.0, 6.0
"""CIELAB chroma that a grey cell has at most, and how fast more is allowed where the mean has more."""
ALIKE = 12.0
"""CIEDE2000 between the palette's colours for a cell with and without more tint, up to which it gets more: else a line
would be black in one cell and brown in the next."""


def tinted(lab: Floats, mean: Floats, line: NDArray[np.bool_], palette_lab: NDArray[np.floating]) -> Floats:
    """``lab`` float32[H, W, 3], CIELAB, with a chroma near that of the cell's ``mean``.

    Black between two yellows is a black-brown, grey between two reds is no red: neighbours mix in the eye, and a
    black cell takes the colour from all of its square. What the palette, ``palette_lab`` [K, 3], would make too much of
    stays as it is. A ``line`` (bool[H, W]) may be as vivid as it was drawn.
    """
    own, whole = lab[..., 1:], mean[..., 1:]
    chroma, seen = _length(own), _length(whole)
    wanted = np.minimum(np.float32(LEAST), np.float32(KEPT) * seen)
    # |own + step (whole - own)| = wanted, solved for the step
    away = whole - own
    a, b = (away * away).sum(axis=2), (own * away).sum(axis=2)
    root = np.sqrt(np.maximum(b * b + a * (wanted * wanted - chroma * chroma), 0))
    step = np.where(chroma < wanted, (root - b) / np.maximum(a, np.float32(1e-6)), 0)
    out = lab.copy()
    out[..., 1:] += step[..., None] * away
    raised = step > 0
    if raised.any():
        both = (palette_lab[difference_table(one[raised], palette_lab).argmin(axis=1)] for one in (lab, out))
        unlike = ciede2000(*both) > ALIKE
        out[raised] = np.where(unlike[:, None], lab[raised], out[raised])
    most = np.float32(GREY) + np.float32(RISE) * np.maximum(seen - np.float32(GREY), 0)
    less = np.minimum(1, most / np.maximum(_length(out[..., 1:]), np.float32(1e-6)))
    out[..., 1:] *= np.where(line, 1, less)[..., None]
    return out


def _length(ab: Floats) -> Floats:
    return np.asarray(np.hypot(ab[..., 0], ab[..., 1]))
