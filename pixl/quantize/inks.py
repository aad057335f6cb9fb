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


BETWEEN, APART, RARE = 1.2, 15.0, 0.012
"""A colour lies between two if the way over it is at most this much longer; the two are at least this far apart
(CIELAB); and it is one that at most this share of the picture has."""


def unmix(lab: Floats, fine: Floats) -> Floats:
    """float32[H, W, 3]: cells whose colour is rare in the picture and lies between those of two of their neighbours
    take the nearer one's: the soft edges of a small or blurred drawing are no colour of it.

    ``lab`` float32[H, W, 3] are the cells, ``fine`` float32[h, w, 3] the samples.
    """

    def key(colors: Floats) -> NDArray[np.int64]:
        bins = np.rint(colors / 8).astype(np.int64) + 32
        return (bins[..., 0] << 16) | (bins[..., 1] << 8) | bins[..., 2]

    bins, count = np.unique(key(fine), return_counts=True)
    at = np.searchsorted(bins, key(lab)).clip(0, len(bins) - 1)
    rare = np.where(bins[at] == key(lab), count[at], 0) <= RARE * count.sum()
    framed = np.pad(lab, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = rare.shape
    steps = [(dy, dx) for dy in (0, 1, 2) for dx in (0, 1, 2) if (dy, dx) != (1, 1)]
    near = [framed[dy : dy + height, dx : dx + width] for dy, dx in steps]
    away = [np.sqrt(((lab - other) ** 2).sum(axis=2)) for other in near]
    out, least = lab.copy(), np.full(rare.shape, np.float32(np.inf))
    for i, first in enumerate(near):
        for j in range(i):
            apart = np.sqrt(((first - near[j]) ** 2).sum(axis=2))
            between = rare & (apart > APART) & (away[i] + away[j] < BETWEEN * apart)
            for k in (i, j):
                take = between & (away[k] < least) & (away[k] <= np.minimum(away[i], away[j]))
                out[take], least[take] = near[k][take], away[k][take]
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
