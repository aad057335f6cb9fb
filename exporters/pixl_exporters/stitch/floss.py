"""Thread: how much of each colour, and how many skeins.

A full cross takes 2 x 1.414 on the face and 2 x 1 on the back: 4.828 cells of thread a strand (kxstitch,
src/StitchData.cpp). To that a tenth for slack, and 80 mm of tails for every thread: a length of 450 mm less its tails
works 370 mm, and every separate piece of a colour takes a thread of its own.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

CELLS_A_CROSS = 4.828
SLACK = 1.1
TAILS_MM = 80.0
RUN_MM = 370.0
SKEIN_MM = 48_000.0
"""One skein: 8 m of six strands, as single strand."""


def piece_sizes(index: NDArray[np.int16], color: int) -> NDArray[np.int64]:
    """int64[P]: crosses of each piece of a colour whose stitches touch at a side or a corner."""
    from scipy import ndimage

    labels, count = ndimage.label(index == color, structure=np.ones((3, 3), dtype=int))
    return np.bincount(labels.ravel(), minlength=count + 1)[1:].astype(np.int64)


def thread_runs(pieces: NDArray[np.int64], cell_mm: float) -> int:
    """Threads that are started and finished."""
    worked = np.asarray(pieces, np.float64) * CELLS_A_CROSS * cell_mm * SLACK
    return int(np.ceil(worked / RUN_MM - 1e-9).sum())


def thread_mm(pieces: NDArray[np.int64], *, cell_mm: float, strands: int) -> float:
    """Single-strand length in mm for a colour: strands x (crosses x 4.828 x cell x 1.1 + 80 for every thread run)."""
    crosses = float(np.asarray(pieces).sum())
    return strands * (crosses * CELLS_A_CROSS * cell_mm * SLACK + TAILS_MM * thread_runs(pieces, cell_mm))


def skeins(strand_mm: float) -> int:
    """Whole skeins that hold this length of single strand."""
    return math.ceil(strand_mm / SKEIN_MM - 1e-9)


def assumption(strands: int, cell_mm: float) -> str:
    """What the numbers rest on, as it is printed."""
    return (
        f"Thread: {strands} strand{'s' if strands > 1 else ''}, {CELLS_A_CROSS:g} cells of {cell_mm:.2f} mm a cross "
        f"and strand, 10 % slack, 80 mm of tails for every 370 mm worked and every separate piece; a skein is 8 m of "
        "six strands. Rounded up to whole skeins."
    )
