"""Index maps and small palettes for the embroidery tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixl.palette import Color, Palette
from pixl.pattern import Cell, Pattern

LETTER = """
#####.
#.....
#.....
####..
#.....
#.....
#....o
"""
"""An F with a dot at its foot: no turn and no mirror maps it onto itself."""


def palette(count: int) -> Palette:
    """``count`` colours that differ, by a fixed rule."""
    rng = np.random.default_rng(7)
    rgb = rng.integers(0, 256, (count, 3))
    return Palette(
        id="test",
        version="1",
        name="Test thread",
        colors=tuple(
            Color(code=f"{k:04d}", name=f"Colour {k}", rgb=(int(r), int(g), int(b))) for k, (r, g, b) in enumerate(rgb)
        ),
    )


def pattern(index: NDArray[np.int16], cell: float = 2.0, colors: int = 0) -> Pattern:
    """A pattern over ``palette``."""
    count = colors or max(int(index.max()) + 1, 1)
    return Pattern(index=index.astype(np.int16), palette=palette(count), cell=Cell(width_mm=cell, height_mm=cell))


def letter(cell: float = 2.0) -> Pattern:
    """``LETTER`` as a pattern of two colours."""
    rows = LETTER.split()
    index = np.array([[{"#": 0, "o": 1, ".": -1}[mark] for mark in row] for row in rows], np.int16)
    return pattern(index, cell)


def blobs(size: int, colors: int, seed: int = 0, smooth: float = 2.0, holes: float = 0.0) -> NDArray[np.int16]:
    """Soft regions such as a photo gives: the largest of smoothed noises at each cell."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    fields = np.stack([gaussian_filter(rng.normal(size=(size, size)), smooth) for _ in range(colors)])
    index = fields.argmax(axis=0).astype(np.int16)
    index[rng.random(index.shape) < holes] = -1
    return index
