"""Which cells of a frame show what an earlier frame showed, there or a few cells beside it.

Block matching in whole cells, because only a whole cell of an earlier answer can stand again: a frame is compared
with each of the last few at every shift within reach, by the CIELAB of 3 x 3 samples a cell. A shift is chosen by the
surroundings (5 x 5 cells, so that neighbours move together) and believed by the cell's own difference, measured
against the noise of the sequence itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..color import linear_to_lab
from ..photo import Photo
from ..quantize.downscale import sample
from ..quantize.window import mean_around

Floats = NDArray[np.float32]

DETAIL = 3
"""Samples a side that a cell is compared by."""
REACH = 2
"""Cells that something may move between two frames and still be followed."""
MEMORY = 5
"""Frames that are looked back."""
TOLERANCE = 1.5
"""CIELAB difference, above the noise, at which belief has fallen to 1/e."""
_NOISE_MOST = 8.0
"""CIELAB: no sequence is taken to be noisier than this a sample."""
_NOISE_ROOM = 3.0
"""Times the noise's square that a cell's difference may be: noise is not the same in every cell."""
_PREFER = (1.0, 0.1)
"""How much better (times the noise's square) a shift must be than none, and each frame further back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Where each cell of a frame was before: ``back`` int[H, W] frames ago (1 = the last), at ``row``, ``column``
    int[H, W]. ``belief`` float32[H, W]: 1 where the picture is the same there, 0 where it is another.
    ``noise``: CIELAB, of the difference of a cell's mean between two frames."""

    back: NDArray[np.intp]
    row: NDArray[np.intp]
    column: NDArray[np.intp]
    belief: Floats
    noise: float


def signature(photo: Photo, height: int, width: int) -> Floats:
    """float32[H, W, 9, 4]: what cells are compared by: CIELAB and cover (x 100) of 3 x 3 samples a cell."""
    linear, cover = sample(photo, height, width, DETAIL)
    values = np.concatenate([linear_to_lab(linear) * cover[..., None], 100 * cover[..., None]], axis=2)
    grid = values.astype(np.float32).reshape(height, DETAIL, width, DETAIL, 4).swapaxes(1, 2)
    return np.ascontiguousarray(grid.reshape(height, width, DETAIL * DETAIL, 4))


def find(now: Floats, past: Sequence[Floats], *, reach: int = REACH, tolerance: float = TOLERANCE) -> Reference:
    """The reference of each cell of ``now`` in ``past`` (signatures, the last frame first, at least one)."""
    height, width = now.shape[:2]
    steps = range(-reach, reach + 1)
    moves = [(ago, dy, dx) for ago in range(1, len(past) + 1) for dy in steps for dx in steps]
    moves.sort(key=lambda one: (abs(one[1]) + abs(one[2]) > 0, one[0], abs(one[1]) + abs(one[2]), one))
    own = np.stack([_differences(now, past[ago - 1], dy, dx) for ago, dy, dx in moves])
    score = mean_around(own.transpose(1, 2, 0), 2).transpose(2, 0, 1) + np.float32(0.5) * own
    # noise is what is left where the picture is the same: a quarter of the cells at least, or so it is hoped
    best = score.argmin(axis=0)
    noise = min(float(np.quantile(np.take_along_axis(own, best[None], axis=0), 0.25)), _NOISE_MOST**2)
    bias = [_PREFER[0] * (dy != 0 or dx != 0) + _PREFER[1] * (ago - 1) for ago, dy, dx in moves]
    score += np.float32(noise) * np.array(bias, np.float32)[:, None, None]
    best = score.argmin(axis=0)  # of equals the unmoved and the latest stand: they come first
    own = np.take_along_axis(own, best[None], axis=0)[0]
    back, dy, dx = (np.array(part)[best] for part in zip(*moves, strict=True))
    rows, columns = np.mgrid[0:height, 0:width]
    beyond = np.maximum(own - np.float32(_NOISE_ROOM * noise), 0)
    belief = np.exp(-beyond / np.float32(tolerance**2 + noise)).astype(np.float32)
    return Reference(back=back, row=rows + dy, column=columns + dx, belief=belief, noise=noise**0.5 / DETAIL)


def _differences(now: Floats, old: Floats, dy: int, dx: int) -> Floats:
    """float32[H, W]: mean squared difference of each cell to the cell (dy, dx) away in ``old``; large outside."""
    height, width = now.shape[:2]
    out = np.full((height, width), np.float32(1e5))
    top, left = max(0, -dy), max(0, -dx)
    bottom, right = min(height, height - dy), min(width, width - dx)
    if bottom <= top or right <= left:
        return out
    gap = now[top:bottom, left:right] - old[top + dy : bottom + dy, left + dx : right + dx]
    out[top:bottom, left:right] = np.einsum("ijsc,ijsc->ij", gap, gap) / now.shape[2]
    return out
