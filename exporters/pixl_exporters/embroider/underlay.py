"""Which regions get running stitches under their fill, and where: columns across the rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .blocks import spans_of

WIDER_THAN = 50
"""Underlay goes under regions wider than this both ways, 0.1 mm."""
SPACING = 25
INSET = 4
"""How far a column ends inside the region, 0.1 mm."""


def underlay_columns(labels: NDArray[np.int32], cell: int) -> dict[int, list[tuple[int, int, int]]]:
    """For each region wide enough: columns of underlay as (column, first row, last row)."""
    step = max(1, round(SPACING / cell))
    least = WIDER_THAN // cell + 1
    wide = _runs(labels) >= least
    tall = least <= _runs(labels.T).T
    ground = np.where(wide & tall, labels, 0).astype(np.int32)
    found: dict[int, list[tuple[int, int, int]]] = {}
    for span in spans_of(np.ascontiguousarray(ground.T)):
        if span.row % step == step // 2 and span.last > span.first:
            found.setdefault(span.region, []).append((span.row, span.first, span.last))
    return found


def _runs(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """int32[H, W]: length of the horizontal run of equal label that each cell is in."""
    out = np.zeros(labels.shape, np.int32)
    for span in spans_of(np.ascontiguousarray(labels)):
        out[span.row, span.first : span.last + 1] = span.last - span.first + 1
    return out
