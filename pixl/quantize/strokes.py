"""Thin lines: found among the samples, and kept whole where a cell can only be on or off.

A line thinner than a cell is broken by any average and by any kernel: here it is on for the next cell and off for the
one after. A cell is *on* when the line passes through the diamond inside it, the rule by which plotters draw lines
one cell wide without gaps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .window import mean_around, smooth_step

Floats = NDArray[np.float32]

WIDTH = 0.8
"""Cells: what is wider is a shape, not a line."""
CONTRAST = (12.0, 30.0)
"""CIELAB lightness by which a line differs from what is around it: no line below the first, a sure one above the
second."""
CROWD = 0.7
"""Share of line cells around (5 x 5) above which lines run together, as in small lettering."""
LENGTH = 7
"""Cells that a line reaches over, at least; what is shorter is a brow or an eye, not a line."""
OUTLINE = 16
"""The same on a face: what is shorter there is teeth, lips or a wrinkle."""
WORD, LETTER, DENSE = 9, 8, 0.4
"""Lettering, which lines make unreadable: cells that it is long at least and high at most, and the share of its box
that its lines fill at least."""
FRAME = 0.6
"""Share of a side of the picture along which a line is its frame."""
WEAK, STRONG = 0.15, 0.5
"""A line starts where it is strong and goes on while it is not weak."""
FULL = 0.5
"""A cell that a line fills this much belongs to it."""
PURE = 6
"""Power with which samples count the more, the surer they are the line: its colour is that of its core."""
LEAD = (0.55, 0.75)
"""Share of thin structures around that are of the line's own polarity; texture has about one half."""

QUIET, CALM = 4.0, (0.35, 0.55)
"""Share of the samples around that must be no thin structure (less than QUIET in lightness): lines stand on calm
ground."""


def strokes(
    lab: Floats, cover: Floats, samples: int, face: NDArray[np.bool_]
) -> tuple[NDArray[np.int8], Floats, Floats]:
    """Which cells carry a thin line (1), lie beside one (-1), have too many of them, as lettering has (2), or none (0):
    int8[H, W].

    Then CIELAB float32[H, W, 3] of the line, and of what is beside it. ``lab`` float32[H * samples, W * samples, 3],
    ``cover`` float32[H * samples, W * samples], ``face`` bool[H, W]: only outlines are lines there.
    """
    height, width = lab.shape[0] // samples, lab.shape[1] // samples
    light = lab[..., 0]
    reach = max(1, round(WIDTH * samples / 2))
    # what the picture's edge cuts goes on beyond it: a strip of ground between a line and the edge is no line
    framed, inside = np.pad(light, 2 * reach, mode="edge"), np.s_[2 * reach : -2 * reach, 2 * reach : -2 * reach]
    dark = _sweep(_sweep(framed, reach, np.maximum), reach, np.minimum)[inside] - light
    bright = light - _sweep(_sweep(framed, reach, np.minimum), reach, np.maximum)[inside]
    if float(cover.min()) < 1:
        dark, bright = dark * cover, bright * cover
    means = _mean(dark, samples), _mean(bright, samples)
    near, far = [mean_around(mean, 2) for mean in means], [mean_around(mean, 4) for mean in means]
    near_all, far_all = near[0] + near[1] + np.float32(0.5), far[0] + far[1] + np.float32(0.5)
    quiet = _mean(((dark + bright) < QUIET).astype(np.float32), samples)
    calm = smooth_step(np.maximum(mean_around(quiet, 2), mean_around(quiet, 4)), *CALM)
    diamond = _diamond(samples)
    tints = by_cell(lab, samples)
    marks = np.zeros((height, width), np.int8)
    on_color = np.zeros((height, width, 3), np.float32)
    off_color = np.zeros((height, width, 3), np.float32)
    for k, hat in enumerate((dark, bright)):
        cells = by_cell(hat[..., None], samples)[..., 0]
        peak = np.partition(cells[..., diamond], -2, axis=2)[..., -2]
        lead = np.maximum(near[k] / near_all, far[k] / far_all)
        strength = smooth_step(peak, *CONTRAST) * smooth_step(lead, *LEAD) * calm
        maybe = _joined((strength > WEAK) & (marks == 0), strength > STRONG)
        crowded = maybe & (mean_around(maybe.astype(np.float32), 2) > CROWD)
        marks[crowded] = 2
        maybe, letters = _parts(_unframed(maybe & ~crowded), face)
        marks[letters] = 2
        if not maybe.any():
            continue
        rows, columns = np.nonzero(maybe)
        part = cells[rows, columns]
        share = part / np.maximum(part.max(axis=1, keepdims=True), np.float32(1e-6))
        inside = np.clip(2 * share - np.float32(0.8), 0, 1)
        fill = np.zeros((height, width), np.float32)
        fill[rows, columns] = inside.mean(axis=1)
        keep = _thin(maybe, fill)
        on = inside * share**PURE
        off = np.maximum(np.float32(1) - np.float32(2) * share, np.float32(1e-3))
        local = tints[rows, columns]
        on_color[rows, columns] = _weighted(local, on)
        off_color[rows, columns] = _weighted(local, off)
        marks[rows, columns] = np.where(keep[rows, columns], 1, -1)
    return marks, on_color, off_color


def _joined(weak: NDArray[np.bool_], strong: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The cells of ``weak`` that hang together (8-connected) with one that is also ``strong``."""
    grown = weak & strong
    while True:
        framed = np.pad(grown, 1)
        wide = framed[:-2] | framed[1:-1] | framed[2:]
        wide = (wide[:, :-2] | wide[:, 1:-1] | wide[:, 2:]) & weak
        if wide.sum() == grown.sum():
            return grown
        grown = wide


def _unframed(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Without a line along most of a side: the edge of a scan or a frame, nothing that was drawn."""
    out = mask.copy()
    for side in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        if mask[side].mean() > FRAME:
            out[side] = False
    return out


def _parts(mask: NDArray[np.bool_], face: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The 8-connected parts of ``mask`` that reach over LENGTH cells in x or in y (OUTLINE on a ``face``): those that
    are lines, and those that are lettering, low and dense."""
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    label = np.full((height + 2, width + 2), -1, np.intp)
    label[rows + 1, columns + 1] = np.arange(len(rows))
    around = [label[rows + 1 + dy, columns + 1 + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]
    joins = [(np.flatnonzero(near >= 0), near[near >= 0]) for near in around]
    root = np.arange(len(rows))
    while True:  # every cell takes the least label around it, and that label's own, until none changes
        before = root
        root = root.copy()
        for own, near in joins:
            np.minimum.at(root, own, before[near])
        root = root[root]
        if np.array_equal(root, before):
            break
    sides = []
    for line in (rows, columns):
        first, last = np.full(len(rows), 1 << 30), np.full(len(rows), -1)
        np.minimum.at(first, root, line)
        np.maximum.at(last, root, line)
        sides.append(last - first + 1)
    most, least = np.maximum(*sides), np.minimum(*sides)
    long = most[root] >= np.where(face[rows, columns], OUTLINE, LENGTH)
    dense = np.bincount(root, minlength=len(rows)) > DENSE * most * least
    lettering = dense & (most >= WORD) & (least > 2) & (least <= LETTER)
    lines, letters = np.zeros_like(mask), np.zeros_like(mask)
    lines[rows, columns] = long & ~lettering[root]
    letters[rows, columns] = long & lettering[root]
    return lines, letters


def _weighted(colors: Floats, weight: Floats) -> Floats:
    total = np.maximum(weight.sum(axis=1, keepdims=True), np.float32(1e-6))
    return np.asarray(np.einsum("nsc,ns->nc", colors, weight) / total)


def _thin(mask: NDArray[np.bool_], fill: Floats) -> NDArray[np.bool_]:
    """``mask`` one cell wide: cells that the line fills least go first, unless that would break or shorten a line."""
    height, width = mask.shape
    grid = np.zeros((height + 2, width + 2), np.uint8)
    grid[1:-1, 1:-1] = mask
    flat = grid.ravel().tolist()
    stride = width + 2
    ring = (-stride, 1 - stride, 1, stride + 1, stride, stride - 1, -1, -stride - 1)
    rows, columns = np.nonzero(mask & (fill < FULL))
    for n in np.argsort(fill[rows, columns], kind="stable"):
        at = int((rows[n] + 1) * stride + columns[n] + 1)
        around = [flat[at + step] for step in ring]
        if sum(around) > 1 and _simple(around):
            flat[at] = 0
    return np.array(flat, dtype=bool).reshape(height + 2, stride)[1:-1, 1:-1]


def _simple(ring: list[int]) -> bool:
    """Whether taking the middle away keeps its neighbours joined (8-connected line, 4-connected ground): Yokoi's number
    of the ring of eight, from north clockwise, is one."""
    number = 0
    for k in (0, 2, 4, 6):
        number += (1 - ring[k]) * (1 - (1 - ring[k + 1]) * (1 - ring[(k + 2) % 8]))
    return number == 1


def by_cell(plane: Floats, samples: int) -> Floats:
    """float32[H, W, samples * samples, c]."""
    height, width, channels = plane.shape[0] // samples, plane.shape[1] // samples, plane.shape[2]
    grid = plane.reshape(height, samples, width, samples, channels).swapaxes(1, 2)
    return grid.reshape(height, width, samples * samples, channels)


def _diamond(samples: int) -> NDArray[np.intp]:
    ticks = np.abs((np.arange(samples) + 0.5) / samples - 0.5)
    return np.flatnonzero((ticks[:, None] + ticks[None, :] <= 0.5 + 1e-9).ravel())


def _sweep(plane: Floats, reach: int, pick: np.ufunc) -> Floats:
    """Greatest (or least) value within ``reach`` samples in x and in y."""
    for axis in (0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (reach, reach)
        framed = np.pad(plane, pad, mode="edge")
        size = plane.shape[axis]
        total = framed.take(range(size), axis=axis)
        for shift in range(1, 2 * reach + 1):
            part = framed[shift : shift + size] if axis == 0 else framed[:, shift : shift + size]
            total = pick(total, part)
        plane = total
    return plane


def _mean(plane: Floats, samples: int) -> Floats:
    height, width = plane.shape[0] // samples, plane.shape[1] // samples
    return np.asarray(plane.reshape(height, samples, width, samples).mean(axis=(1, 3)))
