"""Connected regions of an index map, and what may be crossed at a corner."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixl.pattern import EMPTY

ALL_CORNERS = np.ones((3, 3), bool)
"""8-neighbours: cells that share a side or a corner."""
SLASH_CORNERS = np.array([[0, 1, 1], [1, 1, 1], [1, 1, 0]], bool)
"""4-neighbours and the two cells that meet at the ends of this cell's ``/``."""


def label_regions(
    index: NDArray[np.int16], neighbours: NDArray[np.bool_] = ALL_CORNERS
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Regions of one colour. Returns ``labels``: int32[H, W], 0 for empty, 1.. for regions in palette order and then
    raster order, and ``colors``: int32[R + 1], the palette index of each label (-1 for 0).
    """
    from scipy import ndimage

    labels = np.zeros(index.shape, np.int32)
    colors = [EMPTY]
    for color in np.unique(index[index != EMPTY]).tolist():
        mask = index == color
        part, count = ndimage.label(mask, structure=neighbours)
        labels[mask] = part[mask] + (len(colors) - 1)
        colors += [color] * int(count)
    return labels, np.array(colors, np.int32)


def touching(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """int32[E, 2]: pairs (a < b) of labels > 0 whose regions share a side or a corner, sorted, without repeats."""
    pairs = [
        (labels[:, :-1], labels[:, 1:]),
        (labels[:-1], labels[1:]),
        (labels[:-1, :-1], labels[1:, 1:]),
        (labels[:-1, 1:], labels[1:, :-1]),
    ]
    both = np.concatenate([np.stack([a.ravel(), b.ravel()], axis=1) for a, b in pairs])
    both = both[(both[:, 0] != both[:, 1]) & (both > 0).all(axis=1)]
    return np.unique(np.sort(both, axis=1), axis=0).astype(np.int32)
