"""Each loss against a plain numpy double loop in float64, and its gradient against finite differences."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch

from pixl.distill import losses

H, W = 8, 6
GREY = np.array([0.2989, 0.587, 0.114])


def image(seed: int = 0, height: int = H, width: int = W) -> torch.Tensor:
    return torch.rand(height, width, 3, generator=torch.Generator().manual_seed(seed)).double()


P = torch.zeros(1)


def fft_by_hand(x: np.ndarray) -> float:
    height, width, _ = x.shape
    radius = min(height, width) / (4 * math.sqrt(2))
    total, count = 0.0, 0
    for v in range(height):
        for u in range(width):
            if math.hypot(u - width / 2, v - height / 2) < radius:
                continue
            # the shifted spectrum's (v, u) holds the frequency (v - H // 2, u - W // 2)
            fy, fx = v - height // 2, u - width // 2
            yy, xx = np.mgrid[:height, :width]
            wave = np.exp(-2j * np.pi * (fy * yy / height + fx * xx / width))
            for c in range(3):
                total += abs((x[..., c] * wave).sum())
                count += 1
    return total / count


def tv_by_hand(x: np.ndarray, order: int) -> float:
    return float((np.abs(np.diff(x, axis=1)) ** order).mean() + (np.abs(np.diff(x, axis=0)) ** order).mean())


def laplacian_by_hand(x: np.ndarray, size: int, sigma: float, order: int) -> float:
    kernel = np.zeros((size, size))
    centre = (size - 1) / 2
    middle = [k for k in range(size) if abs(k - centre) <= 0.5]
    for i in range(size):
        for j in range(size):
            if not (i in middle and j in middle):
                kernel[i, j] = math.exp(-((i - centre) ** 2 + (j - centre) ** 2) / (2 * sigma**2))
    kernel /= kernel.sum()
    for i in middle:
        for j in middle:
            kernel[i, j] = -1 / len(middle) ** 2
    pad = size // 2
    padded = np.pad(x, ((pad, pad), (pad, pad), (0, 0)), mode="reflect")
    out = []
    for y in range(padded.shape[0] - size + 1):
        for u in range(padded.shape[1] - size + 1):
            out.append(abs((padded[y : y + size, u : u + size] * kernel[..., None]).sum((0, 1))) ** order)
    return float(np.mean(out))


def sobel_by_hand(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    padded = np.pad(grey, 1)
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    out = []
    for k in (kernel, kernel.T):
        out.append(
            np.array(
                [[(padded[y : y + 3, x : x + 3] * k).sum() for x in range(grey.shape[1])] for y in range(grey.shape[0])]
            )
        )
    return out[0], out[1]


def bilateral_by_hand(x: np.ndarray, sigma_color: float, sigma_space: float, reach: int) -> float:
    height, width, _ = x.shape
    means = []
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if (dy, dx) == (0, 0) or not -reach <= dx + dy <= reach:
                continue
            values = []
            for y in range(height):
                for u in range(width):
                    if 0 <= y + dy < height and 0 <= u + dx < width:
                        d2 = (x[y, u] - x[y + dy, u + dx]) ** 2
                        weight = math.exp(-(dx**2 + dy**2) / (2 * sigma_space**2))
                        values.append(weight * np.exp(-d2 / (2 * sigma_color**2)) * d2)
            if values:
                means.append(np.mean(values))
    return float(np.mean(means))


@pytest.mark.parametrize("size", [(8, 6), (7, 7), (5, 9)])
def test_fft_smoothness(size: tuple[int, int]) -> None:
    x = image(1, *size)
    assert float(losses.fft_smoothness(P, x)) == pytest.approx(fft_by_hand(x.numpy()), rel=1e-12)


def test_fft_smoothness_of_a_flat_picture_is_zero_and_a_checkerboard_is_not() -> None:
    assert float(losses.fft_smoothness(P, torch.full((8, 8, 3), 0.5).double())) == pytest.approx(0, abs=1e-13)
    board = ((torch.arange(8)[:, None] + torch.arange(8)) % 2).double()[..., None].expand(8, 8, 3)
    outside = int(losses.high_pass_mask(8, 8).sum())
    assert float(losses.fft_smoothness(P, board)) == pytest.approx(32 / outside)


def test_high_pass_mask_radius() -> None:
    mask = losses.high_pass_mask(64, 64)
    radius = 64 / (4 * math.sqrt(2))
    assert not bool(mask[32, 32])
    assert not bool(mask[32, 32 + int(radius)])
    assert bool(mask[32, 32 + int(radius) + 1])
    assert losses.high_pass_mask(40, 72).shape == (40, 72)


@pytest.mark.parametrize("order", [1, 2])
def test_total_variation(order: int) -> None:
    x = image(2)
    assert float(losses.total_variation(P, x, order=order)) == pytest.approx(tv_by_hand(x.numpy(), order), rel=1e-12)
    assert float(losses.total_variation(P, image(2, 1, 1))) == 0.0


@pytest.mark.parametrize(("size", "sigma", "order"), [(5, 0.75, 1), (3, 1.0, 2), (4, 0.9, 1)])
def test_laplacian(size: int, sigma: float, order: int) -> None:
    x = image(3)
    got = float(losses.laplacian(P, x, size=size, sigma=sigma, order=order))
    assert got == pytest.approx(laplacian_by_hand(x.numpy(), size, sigma, order), rel=1e-12)
    assert float(losses.laplacian(P, torch.full((8, 6, 3), 0.3).double(), size=size)) == pytest.approx(0, abs=1e-15)


def test_laplacian_of_a_tiny_grid_does_not_fail() -> None:
    assert math.isfinite(float(losses.laplacian(P, image(0, 1, 2))))


def test_gradient_match() -> None:
    x, target = image(4, 8, 6), image(5, 16, 12)
    loss = losses.gradient_match(P, x, target=target.permute(2, 0, 1))
    # doubling bilinearly with pixel centres at .5: weights .75/.25 (edges repeat)
    big = x.numpy()
    for axis in (0, 1):
        first = np.take(big, [0, *range(big.shape[axis] - 1)], axis)
        last = np.take(big, [*range(1, big.shape[axis]), -1], axis)
        even, odd = 0.25 * first + 0.75 * big, 0.75 * big + 0.25 * last
        shape = list(big.shape)
        shape[axis] *= 2
        big = np.stack([even, odd], axis + 1).reshape(shape)
    ours, theirs = sobel_by_hand(big @ GREY), sobel_by_hand(target.numpy() @ GREY)
    want = sum(float(((a - b) ** 2).mean()) for a, b in zip(ours, theirs, strict=True))
    assert float(loss) == pytest.approx(want, rel=1e-10)


@pytest.mark.parametrize(("sigma_color", "sigma_space", "reach"), [(1.0, 1.0, 3), (0.2, 2.0, 2), (1.0, 1.0, 9)])
def test_bilateral(sigma_color: float, sigma_space: float, reach: int) -> None:
    x = image(6)
    got = losses.bilateral(P, x, sigma_color=sigma_color, sigma_space=sigma_space, reach=reach)
    assert float(got) == pytest.approx(bilateral_by_hand(x.numpy(), sigma_color, sigma_space, reach), rel=1e-12)


@pytest.mark.parametrize(
    "loss",
    [
        losses.fft_smoothness,
        partial(losses.total_variation, order=1),
        partial(losses.total_variation, order=2),
        partial(losses.laplacian, order=1),
        partial(losses.laplacian, order=2),
        partial(losses.gradient_match, target=image(7, 10, 9).permute(2, 0, 1)),
        partial(losses.bilateral, sigma_color=0.4),
    ],
)
def test_gradients_against_finite_differences(loss: Callable[..., torch.Tensor]) -> None:
    x = image(8).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda y: loss(P, y), (x,), eps=1e-7, atol=1e-6)


@pytest.mark.parametrize("guided", [True, False])
def test_neighbours_by_hand_and_its_gradient(guided: bool) -> None:
    p = torch.softmax(torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(1)), -1).double()
    x, guide = image(3, 4, 5), image(4, 4, 5)
    shown = (guide if guided else x).numpy()
    want = 0.0
    for y in range(4):
        for u in range(5):
            for v, w in ((y, u + 1), (y + 1, u)):
                if v < 4 and w < 5:
                    near = math.exp(-((shown[y, u] - shown[v, w]) ** 2).sum() / (2 * 0.1**2))
                    want += near * (1 - float((p[y, u] * p[v, w]).sum()))
    chosen = partial(losses.neighbours, guide=guide if guided else None)
    assert float(chosen(p, x)) == pytest.approx(want, rel=1e-12)
    leaf = p.clone().requires_grad_(True)
    assert torch.autograd.gradcheck(lambda q: chosen(q, x), (leaf,), atol=1e-7)


def test_grey_is_rec_601() -> None:
    x = image(9).permute(2, 0, 1)[None]
    np.testing.assert_allclose(losses.grey(x)[0, 0].numpy(), x[0].permute(1, 2, 0).numpy() @ GREY, atol=1e-15)
