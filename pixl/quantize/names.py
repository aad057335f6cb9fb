"""What people would call a colour: how alike two colours are in name.

Between colours that are far apart, which is what a short palette leaves one to choose from, no measure of difference
says what people prefer; that a red stays a red does. The shares of names are a kernel estimate over the names of the
xkcd colour survey (Munroe 2010; ``color_names.csv``, rebuilt by ``scripts/build_color_names.py``). Held against the
counts of the whole survey (Heer and Stone 2012) distances of names correlate at .93.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from ..color import rgb_to_lab

Floats = NDArray[np.float32]

TERMS = ("neutral", "red", "green", "yellow", "blue", "brown", "orange", "pink", "purple", "tan")
"""The basic terms. Black, grey and white are one: they differ in lightness alone, which is measured, not named."""
_NEUTRAL = ("black", "grey", "white")
WIDTH = 10.0
"""CIELAB: standard deviation of the kernel."""
_CHUNK = 1 << 8


@cache
def _survey() -> tuple[Floats, Floats]:
    """CIELAB float32[n, 3] of the named colours, and float32[n, len(TERMS)]: their terms, one in all each."""
    lines = (files(__package__) / "color_names.csv").read_text("utf-8").splitlines()[1:]
    rgb = np.array([tuple(bytes.fromhex(line[1:7])) for line in lines], np.uint8)
    terms = np.zeros((len(lines), len(TERMS)), np.float32)
    for row, line in enumerate(lines):
        words = ["neutral" if word in _NEUTRAL else word for word in line.split(",")[1].split("/")]
        for word in words:
            terms[row, TERMS.index(word)] += 1 / len(words)
    return rgb_to_lab(rgb).astype(np.float32), terms


def shares(lab: NDArray[np.floating]) -> Floats:
    """float32[N, len(TERMS)]: with what share each CIELAB colour [N, 3] is named by each term; rows sum to 1."""
    named, terms = _survey()
    flat = np.asarray(lab, np.float32).reshape(-1, 3)
    scale = np.float32(-0.5 / WIDTH**2)
    out = np.empty((len(flat), len(TERMS)), np.float32)
    own = (named * named).sum(axis=1)
    for start in range(0, len(flat), _CHUNK):
        part = flat[start : start + _CHUNK]
        gap = (part * part).sum(axis=1)[:, None] + own - 2 * part @ named.T
        gap -= gap.min(axis=1, keepdims=True)  # far from all names the nearest decide
        gap *= scale
        out[start : start + _CHUNK] = np.exp(gap, out=gap) @ terms
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def unlike(lab: NDArray[np.floating], palette_lab: NDArray[np.floating]) -> Floats:
    """float32[N, K]: 0 where two colours are named alike, 1 where they share no name: 1 less the cosine of their shares
    (Heer and Stone 2012). Their overlap (Bhattacharyya) was looked at too: dark skin stayed grey."""
    cells, colors = (
        found / np.linalg.norm(found, axis=1, keepdims=True) for found in (shares(lab), shares(palette_lab))
    )
    return np.asarray(1 - cells @ colors.T)
