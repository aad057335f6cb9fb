"""The colours that a picture is drawn with, and never the soft edge between two of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

INK, REACH = 6.0, 25.0
"""CIELAB: how alike samples of one ink are, and how far an ink may be from what the cell's kernel found."""


def ink(own: Floats, weight: Floats, lab: Floats) -> Floats:
    """float32[H, W, 3]: of each cell's samples the one with most others like it, nearest to ``lab`` float32[H, W, 3].

    ``own`` float32[H, W, n, 3], ``weight`` float32[H, W, n]. The soft edge between two areas has few samples alike, so
    it is never chosen where either area is in the cell.
    """
    out = np.empty_like(lab)
    for row in range(len(own)):  # a row at a time bounds the memory
        part = own[row]
        square = (part * part).sum(axis=2)
        gap = square[:, :, None] + square[:, None, :] - 2 * part @ part.swapaxes(1, 2)
        alike = (np.exp(gap * np.float32(-0.5 / INK**2)) * weight[row][:, None, :]).sum(axis=2)
        off = ((part - lab[row][:, None]) ** 2).sum(axis=2)
        score = alike * np.exp(off * np.float32(-0.5 / REACH**2)) * (weight[row] > 0)
        out[row] = np.take_along_axis(part, score.argmax(axis=1)[:, None, None], axis=1)[:, 0]
    return out


def one_each(lab: Floats, alike: float) -> Floats:
    """float32[H, W, 3]: colours that are within ``alike`` of each other made one, the most frequent first."""
    flat = lab.reshape(-1, 3)
    near, place, count = np.unique(np.rint(flat), axis=0, return_inverse=True, return_counts=True)
    inks = np.empty((0, 3), np.float32)
    of = np.zeros(len(near), np.intp)
    for k in np.argsort(-count, kind="stable"):
        gap = ((inks - near[k]) ** 2).sum(axis=1)
        if not len(inks) or gap.min() > alike**2:
            inks = np.concatenate([inks, near[k : k + 1]])
            gap = np.append(gap, 0)
        of[k] = gap.argmin()
    own = of[place.ravel()]
    total = np.stack([np.bincount(own, flat[:, c], len(inks)) for c in range(3)], axis=1)
    mean = total / np.bincount(own, minlength=len(inks))[:, None]
    return np.asarray(mean[own].reshape(lab.shape), dtype=np.float32)
