"""What a decoded file would look like on cloth: cover of each colour, and thread that shows where it should not.

A thread is drawn 0.4 mm wide on a raster of 0.1 mm, in the order in which it is sewn. The plan says only what each
block's colour is and where the pattern lies; every stitch comes from the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .decode import Run
from .plan import EmbroideryPlan
from .rows import OVERLAP

THREAD = 2
"""Half the width of a thread, 0.1 mm (40 wt thread covers 0.4 mm)."""
REACH = 3
"""Least that rows and their turns may reach into a neighbour, 0.1 mm."""
EDGE = 1
"""Outer part of a cell that may be its neighbour's, 0.1 mm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """``covered``, ``own``: by palette index, the share 0..1 of its cells' area (less their edge of 0.1 mm) under any
    thread, and with its own colour on top. ``visible_mm``: thread that ends up on top outside its colour's cells,
    beyond what rows reach into their neighbours.
    """

    covered: dict[int, float]
    own: dict[int, float]
    visible_mm: float


def measure(plan: EmbroideryPlan, runs: Sequence[Run]) -> Cover:
    """Measure decoded ``runs`` of ``plan``'s file."""
    pattern, cell = plan.pattern, plan.cell
    height, width = pattern.index.shape
    margin = 2 * cell
    shape = (height * cell + 2 * margin, width * cell + 2 * margin)
    low = np.concatenate([run.points for run in runs]).min(axis=0)
    shift = np.array(plan.extent[:2]) - low - np.array(plan.corner) + margin
    top = np.full(shape, -1, np.int16)
    disc = _disc()
    lines: list[tuple[int, NDArray[np.int32], NDArray[np.float64]]] = []
    for run in runs:
        color = plan.order[run.block]
        dots, weights = _dots(run.points + shift)
        flat = top.ravel()
        at = dots[:, 1].astype(np.int64) * shape[1] + dots[:, 0]
        for down, right in disc:
            flat[at + down * shape[1] + right] = color
        lines.append((color, dots, weights))
    visible = 0.0
    reach = max(REACH, round(plan.options.pull_mm * 10) + OVERLAP) + 1
    padded = np.pad(pattern.index, 2, constant_values=-1)
    for color, dots, weights in lines:
        shown = top[dots[:, 1], dots[:, 0]] == color
        for dy in (-reach, 0, reach):
            for dx in (-reach, 0, reach):
                shown &= padded[(dots[:, 1] + dy) // cell, (dots[:, 0] + dx) // cell] != color
        visible += float(weights[shown].sum()) / 10
    inner = top[margin:-margin, margin:-margin].reshape(height, cell, width, cell)
    inner = inner[:, EDGE : cell - EDGE, :, EDGE : cell - EDGE]
    covered: dict[int, float] = {}
    own: dict[int, float] = {}
    for color in plan.order:
        part = inner.transpose(0, 2, 1, 3)[pattern.index == color]
        covered[color] = float((part >= 0).mean())
        own[color] = float((part == color).mean())
    return Cover(covered=covered, own=own, visible_mm=visible)


def _disc() -> list[tuple[int, int]]:
    steps = range(-THREAD, THREAD + 1)
    return [(y, x) for y in steps for x in steps if x * x + y * y <= THREAD * THREAD]


def _dots(points: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Places every 0.1 mm or less along a path: int32[N, 2] and the length that each stands for, 0.1 mm."""
    steps = np.diff(points, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    parts = np.maximum(1, np.ceil(lengths)).astype(np.int64)
    which = np.repeat(np.arange(len(parts)), parts)
    along = (np.arange(int(parts.sum())) - np.repeat(np.cumsum(parts) - parts, parts) + 0.5) / parts[which]
    dots = np.floor(points[:-1][which] + steps[which] * along[:, None] + 0.5).astype(np.int32)
    return dots, (lengths / parts)[which]
