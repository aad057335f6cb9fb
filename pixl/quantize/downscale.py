"""First step: from a picture to samples, from samples to one colour a cell."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..color import linear_to_lab, linear_to_srgb, srgb_to_linear
from ..photo import Photo
from .adaptive import adaptive
from .inks import ink, one_each, unmix
from .skin import may_be_skin
from .strokes import by_cell, strokes
from .window import mean_around

Floats = NDArray[np.float32]

SAMPLES = 6
"""Samples a side that each cell is seen with."""
TOOTH, FLAT = 18.0, 12.0
"""CIELAB by which the tooth of a zip differs from both sides, and by which what is smooth differs at most."""
FACE = 0.2
"""Share of skin around a cell above which it is part of a face: teeth and lips are no lines."""
CALM = 5.0
"""Where CIELAB varies less than about this over 3 x 3 cells, kernels have no shape to snap to and wander."""


def sample(photo: Photo, height: int, width: int, samples: int = SAMPLES) -> tuple[Floats, Floats]:
    """The picture averaged in linear light to ``samples`` x ``samples`` squares a cell.

    Returns linear float32[height * samples, width * samples, 3] (what is transparent counts for nothing) and the
    cover float32[height * samples, width * samples], 0..1.
    """
    rows, columns = height * samples, width * samples
    if float(photo.alpha.min()) >= 1.0:
        return _box(photo.linear, rows, columns), np.ones((rows, columns), dtype=np.float32)
    stacked = np.concatenate([photo.linear * photo.alpha[..., None], photo.alpha[..., None]], axis=2)
    small = _box(stacked, rows, columns)
    cover: Floats = small[..., 3]
    return np.asarray(small[..., :3] / np.maximum(cover, 1e-6)[..., None], np.float32), cover


def cell_cover(cover: Floats, samples: int = SAMPLES) -> Floats:
    """float32[H, W]: mean of the samples of each cell."""
    rows, columns = cover.shape[0] // samples, cover.shape[1] // samples
    return np.asarray(cover.reshape(rows, samples, columns, samples).mean(axis=(1, 3), dtype=np.float32))


def box(linear: Floats, cover: Floats, samples: int = SAMPLES) -> Floats:
    """linear float32[H, W, 3]: mean of the samples of each cell, weighted by cover."""
    rows, columns = cover.shape[0] // samples, cover.shape[1] // samples
    weight = cover.reshape(rows, samples, columns, samples, 1)
    total = (linear.reshape(rows, samples, columns, samples, 3) * weight).sum(axis=(1, 3))
    return np.asarray(total / np.maximum(weight.sum(axis=(1, 3)), np.float32(1e-6)))


def lanczos(linear: Floats, cover: Floats, samples: int = SAMPLES) -> Floats:
    """linear float32[H, W, 3]: Lanczos-3 of the samples' code values (as picture editors do), weighted by cover."""
    rows, columns = cover.shape[0] // samples, cover.shape[1] // samples
    codes = linear_to_srgb(linear).astype(np.float32, copy=False)
    if float(cover.min()) >= 1.0:
        small = _resample(_resample(codes, *_lanczos_taps(rows, samples)), *_lanczos_taps(columns, samples), axis=1)
        return np.asarray(srgb_to_linear(np.clip(small, 0, 1)), dtype=np.float32)
    stacked = np.concatenate([codes * cover[..., None], cover[..., None]], axis=2)
    small = _resample(_resample(stacked, *_lanczos_taps(rows, samples)), *_lanczos_taps(columns, samples), axis=1)
    weight = small[..., 3:]
    plain = np.asarray(linear_to_srgb(box(linear, cover, samples)), dtype=np.float32)
    mixed = np.where(weight > 0.5, small[..., :3] / np.maximum(weight, np.float32(0.5)), plain)
    return np.asarray(srgb_to_linear(np.clip(mixed, 0, 1)), dtype=np.float32)


def mean_of(mask: Floats, height: int, width: int) -> Floats:
    """float32[height, width]: the area mean of a mask float32[h, w] over each cell, kept to 0..1."""
    return np.clip(_box(mask[..., None], height, width)[..., 0], 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """What a grid of H x W cells sees.

    ``lab`` float32[H, W, 3]: a cell's colour, cut out sharply; ``smooth``: its colour with soft edges (Lanczos);
    ``cover`` float32[H, W]: how much of it is picture, 0..1; ``low``, ``high`` float32[H, W]: darkest and lightest
    lightness in a cell, a tenth of its samples left out; ``stroke`` bool[H, W]: the cell carries a thin line.
    """

    lab: Floats
    smooth: Floats
    cover: Floats
    low: Floats
    high: Floats
    stroke: NDArray[np.bool_]


def see(photo: Photo, height: int, width: int, *, shapes: bool = True, lines: bool = True, inks: bool = False) -> Cells:
    """Downscale ``photo``: content-adaptive kernels, Lanczos where the picture is smooth, thin lines kept whole.

    Without ``shapes`` it is Lanczos alone, without ``lines`` no line is looked for. With ``inks`` a cell has a colour
    that the picture has there, never one between two.
    """
    samples, cover = sample(photo, height, width)
    smooth = np.asarray(linear_to_lab(lanczos(samples, cover)), dtype=np.float32)
    fine = np.asarray(linear_to_lab(samples), dtype=np.float32)
    own = by_cell(fine, SAMPLES)
    light = np.sort(own[..., 0], axis=2)
    tenth = SAMPLES * SAMPLES // 10
    lab, stroke = smooth, np.zeros((height, width), bool)
    if shapes:
        calm = np.exp(-((_spread(own) / CALM) ** 2))[..., None]
        lab = calm * smooth + (1 - calm) * unzipped(adaptive(fine, cover, SAMPLES), smooth)
    if inks:
        lab = unmix(ink(own, by_cell(cover[..., None], SAMPLES)[..., 0], lab), fine)
    if lines:
        marks, on, beside = strokes(fine, cover, SAMPLES, mean_around(may_be_skin(smooth), 2) > FACE)
        stroke = marks == 1
        near, line = ((marks == mark)[..., None] for mark in (-1, 1))
        lab = np.where(near, beside, np.where(line, on, lab))
        smooth = np.where(near | line, lab, smooth)
    return Cells(
        lab=np.asarray(lab, dtype=np.float32),
        smooth=smooth,
        cover=cell_cover(cover),
        low=light[..., tenth],
        high=light[..., -1 - tenth],
        stroke=stroke,
    )


def art(photo: Photo, height: int, width: int, cells: tuple[int, int]) -> Cells:
    """Cells of pixel art drawn on a grid of ``cells`` (width, height), each enlarged a whole number of times.

    A cell's colour is the median inside it; where JPEG left its traces, colours that differ no more than these are one.
    """
    across, down = cells
    linear, cover = sample(photo, down, across, 8)
    fine = by_cell(np.asarray(linear_to_lab(linear), dtype=np.float32), 8)
    inner = fine.reshape(down, across, 8, 8, 3)[:, :, 2:6, 2:6].reshape(down, across, 16, 3)

    def enlarged(plane: Floats) -> Floats:
        grown = np.repeat(np.repeat(plane, height // down, axis=0), width // across, axis=1)
        return np.asarray(grown, dtype=np.float32)

    alike = 10.0 if float(inner.std(axis=2).mean()) > 0.3 else 0.0
    lab = enlarged(one_each(np.median(inner, axis=2), alike))
    return Cells(
        lab=lab,
        smooth=lab,
        cover=enlarged(cell_cover(cover, 8)),
        low=lab[..., 0],
        high=lab[..., 0],
        stroke=np.zeros((height, width), bool),
    )


def unzipped(lab: Floats, smooth: Floats) -> Floats:
    """CIELAB float32[H, W, 3] with the teeth of zips set to what is above and below them, or beside them.

    Where a straight edge runs through the middle of cells, kernels take turns to cover one side of it and the other;
    what is ``smooth`` does not.
    """
    out = lab
    for axis in (0, 1):
        if lab.shape[axis] < 3:
            continue
        here, first, last = (np.moveaxis(out, axis, 0)[part] for part in (np.s_[1:-1], np.s_[:-2], np.s_[2:]))
        even, one, two = (np.moveaxis(smooth, axis, 0)[part] for part in (np.s_[1:-1], np.s_[:-2], np.s_[2:]))
        jump = np.minimum(_apart(here, first), _apart(here, last))
        tooth = (jump > TOOTH) & (_apart(first, last) < FLAT)
        tooth &= (np.maximum(_apart(even, one), _apart(even, two)) < FLAT) & (_apart(here, even) > _apart(first, one))
        turned = np.moveaxis(out.copy(), axis, 0)
        turned[1:-1] = np.where(tooth[..., None], (first + last) / 2, here)
        out = np.moveaxis(turned, 0, axis)
    return out


def _apart(one: Floats, two: Floats) -> Floats:
    return np.asarray(np.sqrt(((one - two) ** 2).sum(axis=-1)))


def _spread(own: Floats) -> Floats:
    """float32[H, W]: standard deviation of the samples' CIELAB over 3 x 3 cells; ``own`` is [H, W, samples, 3]."""
    mean = own.mean(axis=2)
    second = np.concatenate([mean, (own * own).mean(axis=2)], axis=2)
    second = mean_around(second, 1)
    return np.asarray(np.sqrt(np.maximum((second[..., 3:] - second[..., :3] ** 2).sum(axis=2), 0)))


def _box(array: Floats, rows: int, columns: int) -> Floats:
    """Exact area average of float32[h, w, c] to rows x columns (a part of a pixel counts by its area)."""
    down = _resample(array, *_box_taps(array.shape[0], rows))
    return _resample(down, *_box_taps(array.shape[1], columns), axis=1)


def _box_taps(size: int, out: int) -> tuple[NDArray[np.intp], Floats]:
    edges = np.arange(out + 1) * (size / out)
    first = np.minimum(np.floor(edges[:-1] + 1e-9).astype(np.intp), size - 1)
    taps = int((np.ceil(edges[1:] - 1e-9) - first).max())
    index = first[:, None] + np.arange(max(1, taps))
    weight = np.minimum(index + 1, edges[1:, None]) - np.maximum(index, edges[:-1, None])
    return _normal(index, np.maximum(weight, 0.0), size)


def _lanczos_taps(out: int, samples: int) -> tuple[NDArray[np.intp], Floats]:
    size, lobes = out * samples, 3
    index = np.arange(out)[:, None] * samples + np.arange(-lobes * samples, (lobes + 1) * samples)
    x = (index + 0.5 - (np.arange(out)[:, None] + 0.5) * samples) / samples
    weight = np.where(np.abs(x) < lobes, np.sinc(x) * np.sinc(x / lobes), 0.0)
    inside = (index >= 0) & (index < size)
    return _normal(index, np.where(inside, weight, 0.0), size)


def _normal(index: NDArray[np.intp], weight: NDArray[np.float64], size: int) -> tuple[NDArray[np.intp], Floats]:
    return np.clip(index, 0, size - 1), (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)


def _resample(array: Floats, index: NDArray[np.intp], weight: Floats, axis: int = 0) -> Floats:
    """Weighted sum of a few rows (or columns) for each output row: index and weight are [out, taps]."""
    source = array if axis == 0 else np.ascontiguousarray(array.swapaxes(0, 1))
    total = source[index[:, 0]]
    total *= weight[:, 0, None, None]
    for tap in range(1, index.shape[1]):
        if math.isclose(float(np.abs(weight[:, tap]).max()), 0.0):
            continue
        total += source[index[:, tap]] * weight[:, tap, None, None]
    return np.ascontiguousarray(total if axis == 0 else total.swapaxes(0, 1), dtype=np.float32)
