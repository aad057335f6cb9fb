"""Content-adaptive downscaling: cells that snap to the shapes in the picture (Kopf, Shamir and Peers 2013).

Each cell owns one kernel, a Gaussian in position and colour. Expectation and maximisation move, turn and recolour the
kernels until together they explain the samples; a cell's colour is its kernel's. Positions are in cells from the
centre of the kernel's own cell; colours are CIELAB / 100.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

ROUNDS = 12
VARIANCE = 0.016
"""Of a kernel's colour at the start, in (CIELAB / 100)^2."""
SPREAD = (0.05, 0.10)
"""A kernel's spatial variances stay between these, in cells^2."""
DRIFT = 0.25
"""A kernel's centre stays within this many cells of its cell's centre."""


def adaptive(lab: Floats, cover: Floats, samples: int, rounds: int = ROUNDS, variance: float = VARIANCE) -> Floats:
    """CIELAB float32[H, W, 3] of the samples' CIELAB ``lab`` float32[H * samples, W * samples, 3].

    ``cover`` float32[H * samples, W * samples] weighs the samples. Time and memory are linear in cells: each sample
    is explained by the kernels of the 3 x 3 cells around it, and every step is a product with a fixed small matrix.
    """
    height, width = lab.shape[0] // samples, lab.shape[1] // samples
    out = np.empty((height, width, 3), np.float32)
    band = max(16, 40_000 // max(1, width))
    for top in range(0, height, band):  # bands bound the memory; three rows more on each side hide the seams
        low, high = max(0, top - 3), min(height, top + band + 3)
        rows = slice(low * samples, high * samples)
        part = _fit(lab[rows], cover[rows], samples, rounds, variance)
        out[top : top + band] = part[top - low : top - low + band]
    return out


def _fit(lab: Floats, cover: Floats, samples: int, rounds: int, variance: float) -> Floats:
    height, width = lab.shape[0] // samples, lab.shape[1] // samples
    color = [_cells(lab[..., i] * np.float32(0.01), samples) for i in range(3)]
    weight = _cells(cover, samples)
    stride = width + 2
    inner = slice(stride + 1, stride * (height + 1) - 1)  # flat indices of all cells, with side pads in between
    count = stride * (height + 2)
    inside = np.zeros((height + 2, stride), bool)
    inside[1:-1, 1:-1] = True
    inside = inside.ravel()
    offsets = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    bases = [_basis(dy, dx, samples) for dy, dx in offsets]
    shifts = [dy * stride + dx for dy, dx in offsets]
    bright = color[0][inner] ** 2 + color[1][inner] ** 2 + color[2][inner] ** 2
    total = np.maximum(weight.sum(axis=1), np.float32(1e-6))
    hue = np.stack([(plane * weight).sum(axis=1) / total for plane in color], axis=1)
    mean = np.zeros((count, 2), np.float32)
    shape = np.tile(np.array([1 / 3, 0, 1 / 3], np.float32), (count, 1))
    inverse = np.full(count, np.float32(0.5 / variance))
    log_mass = np.zeros(count, np.float32)
    planes = [plane[inner] for plane in color]
    seen = weight[inner]
    gamma = np.empty((9, inner.stop - inner.start, samples * samples), np.float32)
    for _ in range(rounds):
        coefficients = _quadratic(mean, shape)
        coefficients[:, 0] -= log_mass
        for o, (basis, shift) in enumerate(zip(bases, shifts, strict=True)):
            kernels = slice(inner.start - shift, inner.stop - shift)
            tint, sharp = hue[kernels], inverse[kernels]
            away = bright - planes[0] * (2 * tint[:, 0, None])
            away -= planes[1] * (2 * tint[:, 1, None])
            away -= planes[2] * (2 * tint[:, 2, None])
            away += (tint * tint).sum(axis=1)[:, None]
            away *= -sharp[:, None]
            away += coefficients[kernels] @ basis
            np.exp(np.maximum(away, np.float32(-60), out=away), out=gamma[o])
            gamma[o] *= inside[kernels, None]
            gamma[o] *= seen
        # a kernel's weights are normalised over its samples before they compete (equation 3 of the paper)
        mass = np.zeros(count, np.float32)
        for o, shift in enumerate(shifts):
            mass[inner.start - shift : inner.stop - shift] += gamma[o].sum(axis=1)
        scale = np.where(mass > 1e-20, 1 / np.maximum(mass, np.float32(1e-20)), 0).astype(np.float32)
        for o, shift in enumerate(shifts):
            gamma[o] *= scale[inner.start - shift : inner.stop - shift, None]
        gamma *= seen / np.maximum(gamma.sum(axis=0), np.float32(1e-20))
        moments = np.zeros((count, 6), np.float32)
        tints = np.zeros((count, 3), np.float32)
        for o, (basis, shift) in enumerate(zip(bases, shifts, strict=True)):
            kernels = slice(inner.start - shift, inner.stop - shift)
            moments[kernels] += gamma[o] @ basis.T
            for i in range(3):
                tints[kernels, i] += np.einsum("ns,ns->n", gamma[o], planes[i])
        some = np.maximum(moments[:, 0], np.float32(1e-6))[:, None]
        alive = inside & (moments[:, 0] > 1e-6)
        hue[alive] = (tints / some)[alive]
        moments /= some
        mean = _relax(np.clip(moments[:, 1:3], -DRIFT, DRIFT), inside, stride)
        shape = _clamp(moments[:, 3:6], mean, moments[:, 1:3])
    return hue.reshape(height + 2, stride, 3)[1:-1, 1:-1] * np.float32(100)


def _cells(plane: Floats, samples: int) -> Floats:
    """float32[(H + 2) * (W + 2), samples * samples]: samples by cell, with a frame of empty cells."""
    height, width = plane.shape[0] // samples, plane.shape[1] // samples
    grid = plane.reshape(height, samples, width, samples).swapaxes(1, 2).reshape(height, width, samples * samples)
    framed = np.zeros((height + 2, width + 2, samples * samples), np.float32)
    framed[1:-1, 1:-1] = grid
    return framed.reshape(-1, samples * samples)


def _basis(dy: int, dx: int, samples: int) -> Floats:
    """float32[6, samples^2]: 1, x, y, xx, xy, yy of the samples of the cell at (dy, dx) from the kernel's."""
    ticks = (np.arange(samples) + 0.5) / samples - 0.5
    y, x = (grid.ravel() for grid in np.meshgrid(ticks + dy, ticks + dx, indexing="ij"))
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y]).astype(np.float32)


def _quadratic(mean: Floats, shape: Floats) -> Floats:
    """Coefficients of -1/2 (p - mean)' shape^-1 (p - mean) on the basis; shape is (xx, xy, yy)."""
    xx, xy, yy = shape.T
    x, y = mean.T
    det = np.maximum(xx * yy - xy * xy, np.float32(1e-9))
    a, b, c = yy / det, -xy / det, xx / det
    half = np.float32(0.5)
    rows = [
        -half * (a * x * x + 2 * b * x * y + c * y * y),
        a * x + b * y,
        b * x + c * y,
        -half * a,
        -b,
        -half * c,
    ]
    return np.stack(rows, axis=1).astype(np.float32)


def _relax(mean: Floats, inside: NDArray[np.bool_], stride: int) -> Floats:
    """Each centre goes half way to the mean of its four neighbours' (in their own cells)."""
    total = np.zeros_like(mean)
    count = np.zeros(len(mean), np.float32)
    for shift in (-1, 1, -stride, stride):
        total += np.roll(mean * inside[:, None], shift, axis=0)
        count += np.roll(inside, shift)
    return np.asarray(0.5 * mean + 0.5 * total / np.maximum(count, 1)[:, None], dtype=np.float32)


def _clamp(second: Floats, mean: Floats, centre: Floats) -> Floats:
    """Covariance (xx, xy, yy) about the mean, with both principal variances kept inside SPREAD."""
    x, y = mean.T
    cx, cy = centre.T
    xx = second[:, 0] - 2 * x * cx + x * x
    xy = second[:, 1] - x * cy - y * cx + x * y
    yy = second[:, 2] - 2 * y * cy + y * y
    middle, half = (xx + yy) / 2, (xx - yy) / 2
    radius = np.sqrt(half * half + xy * xy)
    big = np.clip(middle + radius, *SPREAD)
    small = np.clip(middle - radius, *SPREAD)
    unit = np.where(radius > 1e-9, 1 / np.maximum(radius, 1e-9), 0)
    cos, sin = half * unit, xy * unit
    mid, rad = (big + small) / 2, (big - small) / 2
    return np.stack([mid + rad * cos, rad * sin, mid - rad * cos], axis=1).astype(np.float32)
