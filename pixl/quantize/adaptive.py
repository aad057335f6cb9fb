"""Content-adaptive downscaling: cells that snap to the shapes in the picture (Kopf, Shamir and Peers 2013).

Each cell owns one kernel, a Gaussian in position and colour. Expectation and maximisation move, turn and recolour the
kernels until together they explain the samples; a cell's colour is its kernel's. Positions are in cells from the
centre of the kernel's own cell; colours are CIELAB / 100.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

ROUNDS = 10
VARIANCE = 0.016
"""Of a kernel's colour at the start, in (CIELAB / 100)^2."""
SPREAD = (0.05, 0.10)
"""A kernel's spatial variances stay between these, in cells^2."""
DRIFT = 0.25
"""A kernel's centre stays within this many cells of its cell's centre."""


def adaptive(lab: Floats, cover: Floats, samples: int, rounds: int = ROUNDS, variance: float = VARIANCE) -> Floats:
    """CIELAB float32[H, W, 3] of the samples' CIELAB ``lab`` float32[H * samples, W * samples, 3].

    ``cover`` float32[H * samples, W * samples] weighs the samples; ``samples`` is even. Time and memory are linear in
    cells: each sample is explained by the kernels of the four cells around the corner that it is nearest to, and every
    step is a product with a fixed small matrix.
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
    planes = [_corners(lab[..., i] * np.float32(0.01), samples) for i in range(3)]
    seen = _corners(cover, samples)
    stride = width + 2
    count = stride * (height + 2)  # flat indices of all cells, with a frame of empty ones
    blocks = len(seen)  # block n lies between cells n, n + 1, n + stride and n + stride + 1
    corners = [(0, 0), (0, 1), (1, 0), (1, 1)]
    shifts = [slice(dy * stride + dx, dy * stride + dx + blocks) for dy, dx in corners]
    bases = [_basis(dy, dx, samples) for dy, dx in corners]
    inside = np.zeros((height + 2, stride), bool)
    inside[1:-1, 1:-1] = True
    inside = inside.ravel()
    hue = np.zeros((height + 2, stride, 3), np.float32)
    hue[1:-1, 1:-1] = _means(lab, cover, samples) * np.float32(0.01)
    hue = hue.reshape(-1, 3)
    bright = planes[0] ** 2 + planes[1] ** 2 + planes[2] ** 2
    mean = np.zeros((count, 2), np.float32)
    shape = np.tile(np.array([1 / 3, 0, 1 / 3], np.float32), (count, 1))
    sharp = np.float32(0.5 / variance)
    bright *= -sharp
    log_mass = np.where(inside, np.float32(0), np.float32(1e4))  # no kernel lives in the frame
    gamma = np.empty((4, blocks, samples * samples), np.float32)
    buffer = np.empty_like(seen)
    for _ in range(rounds):
        coefficients = _quadratic(mean, shape)
        coefficients[:, 0] -= log_mass + sharp * (hue * hue).sum(axis=1)
        tint = hue * (2 * sharp)
        for away, basis, kernels in zip(gamma, bases, shifts, strict=True):
            np.matmul(coefficients[kernels], basis, out=away)
            away += bright
            for i in range(3):
                away += np.multiply(planes[i], tint[kernels, i, None], out=buffer)
            np.maximum(away, np.float32(-60), out=away)
            np.exp(away, out=away)
            away *= seen
        # a kernel's weights are normalised over its samples before they compete (equation 3 of the paper)
        mass = np.zeros(count, np.float32)
        for away, kernels in zip(gamma, shifts, strict=True):
            mass[kernels] += away.sum(axis=1)
        scale = np.where(inside, 1 / np.maximum(mass, np.float32(1e-20)), np.float32(0))
        for away, kernels in zip(gamma, shifts, strict=True):
            away *= scale[kernels, None]
        np.add(gamma[0], gamma[1], out=buffer)
        buffer += gamma[2]
        buffer += gamma[3]
        np.divide(seen, np.maximum(buffer, np.float32(1e-20), out=buffer), out=buffer)
        moments = np.zeros((count, 6), np.float32)
        tints = np.zeros((count, 3), np.float32)
        for away, basis, kernels in zip(gamma, bases, shifts, strict=True):
            away *= buffer
            moments[kernels] += away @ basis.T
            for i in range(3):
                tints[kernels, i] += np.einsum("ns,ns->n", away, planes[i])
        some = np.maximum(moments[:, 0], np.float32(1e-6))[:, None]
        alive = inside & (moments[:, 0] > 1e-6)
        hue[alive] = (tints / some)[alive]
        moments /= some
        mean = _relax(np.clip(moments[:, 1:3], -DRIFT, DRIFT), inside, stride)
        shape = _clamp(moments[:, 3:6], mean, moments[:, 1:3])
    return hue.reshape(height + 2, stride, 3)[1:-1, 1:-1] * np.float32(100)


def _corners(plane: Floats, samples: int) -> Floats:
    """float32[n, samples * samples]: samples by the corner of cells that they are nearest to, in the reading order of
    the frame's cells; the last column and row, where no block is, are left out or empty."""
    height, width = plane.shape[0] // samples, plane.shape[1] // samples
    half = samples // 2
    framed = np.zeros(((height + 1) * samples, (width + 2) * samples), np.float32)
    framed[half:-half, half : half + plane.shape[1]] = plane
    grid = framed.reshape(height + 1, samples, width + 2, samples).swapaxes(1, 2)
    return grid.reshape(-1, samples * samples)[:-1]


def _means(lab: Floats, cover: Floats, samples: int) -> Floats:
    """float32[H, W, 3]: mean of each cell's samples, weighted."""
    height, width = cover.shape[0] // samples, cover.shape[1] // samples
    weight = cover.reshape(height, samples, width, samples)
    total = np.einsum("ysxtc,ysxt->yxc", lab.reshape(height, samples, width, samples, 3), weight)
    return np.asarray(total / np.maximum(weight.sum(axis=(1, 3)), np.float32(1e-6))[..., None], dtype=np.float32)


def _basis(dy: int, dx: int, samples: int) -> Floats:
    """float32[6, samples^2]: 1, x, y, xx, xy, yy of a corner block's samples, from the centre of the cell that lies at
    (dy, dx) of the four around it."""
    ticks = (np.arange(samples) + 0.5) / samples
    y, x = (grid.ravel() for grid in np.meshgrid(ticks - dy, ticks - dx, indexing="ij"))
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
