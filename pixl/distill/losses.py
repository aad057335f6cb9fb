"""Losses beside the prior: small functions of the weights or of the raw picture, each with the paper's
code's meaning.

A loss is called with the cells' colour weights ``p`` [H, W, n] and the raw render ``image`` [H, W, 3] (sRGB
code values, before any enlarging) and returns a scalar. A craft or an experiment hands in more of them;
nothing else has to change. Only the FFT term is on in the paper (scale 20).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import torch
import torch.nn.functional as F

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
LUMA = (0.2989, 0.587, 0.114)  # Rec. 601, rounded as torchvision and the paper's code round it


def grey(image: torch.Tensor) -> torch.Tensor:
    """Rec. 601 luma of sRGB code values; colours on the last axis but two [..., 3, H, W] -> [..., 1, H,
    W].
    """
    red, green, blue = image.unbind(dim=-3)
    return (LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue).unsqueeze(-3)


@lru_cache(maxsize=8)
def high_pass_mask(height: int, width: int) -> torch.Tensor:
    """bool[H, W]: frequencies at least min(H, W)/(4 sqrt 2) from the centre of a shifted spectrum."""
    y = torch.arange(height, dtype=torch.float64)[:, None] - height / 2
    x = torch.arange(width, dtype=torch.float64)[None, :] - width / 2
    return torch.sqrt(x * x + y * y) >= min(height, width) / (4 * math.sqrt(2))


def fft_smoothness(p: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    """Mean magnitude of the high frequencies of all three channels (the paper's smoothness term)."""
    spectrum = torch.fft.fftshift(torch.fft.fft2(image.permute(2, 0, 1)), dim=(-2, -1))
    mask = high_pass_mask(image.shape[0], image.shape[1]).to(image.device)
    count = int(mask.sum()) * 3
    return (spectrum.abs() * mask).sum() / max(count, 1)


def total_variation(p: torch.Tensor, image: torch.Tensor, *, order: int = 1) -> torch.Tensor:
    """Mean |difference|^order of horizontal neighbours plus the same of vertical ones; order 1 or 2."""
    across = (image[:, :-1] - image[:, 1:]).abs().pow(order)
    down = (image[:-1] - image[1:]).abs().pow(order)
    zero = image.sum() * 0
    return (across.mean() if across.numel() else zero) + (down.mean() if down.numel() else zero)


def laplacian_kernel(size: int = 5, sigma: float = 0.75) -> torch.Tensor:
    """float64[size, size]: a Gaussian that leaves out its centre, normalised to 1, minus 1 at the centre.

    An even size has four centre cells, -1/4 each.
    """
    offset = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    kernel = torch.exp(-(offset[:, None] ** 2 + offset[None, :] ** 2) / (2 * sigma**2))
    low, high = (size - 1) // 2, size // 2
    kernel[low : high + 1, low : high + 1] = 0
    kernel /= kernel.sum()
    kernel[low : high + 1, low : high + 1] = -1.0 / (high - low + 1) ** 2
    return kernel


def laplacian(
    p: torch.Tensor, image: torch.Tensor, *, size: int = 5, sigma: float = 0.75, order: int = 1
) -> torch.Tensor:
    """Mean |Laplacian|^order of each channel, edges reflected (shrunk to what a small grid can reflect)."""
    channels = image.permute(2, 0, 1).unsqueeze(0)
    kernel = laplacian_kernel(size, sigma).to(image)[None, None].expand(3, 1, size, size)
    pad = size // 2
    mode = "reflect" if pad < min(image.shape[:2]) else "replicate"
    return F.conv2d(F.pad(channels, (pad, pad, pad, pad), mode=mode), kernel, groups=3).abs().pow(order).mean()


def gradient_match(p: torch.Tensor, image: torch.Tensor, *, target: torch.Tensor) -> torch.Tensor:
    """Mean squared difference of the Sobel gradients (grey, zero padding) of the enlarged render and
    ``target``.

    ``target`` float[3, S_h, S_w], sRGB code values: the picture to follow.
    """
    size = (int(target.shape[-2]), int(target.shape[-1]))
    enlarged = F.interpolate(image.permute(2, 0, 1).unsqueeze(0), size=size, mode="bilinear", align_corners=False)
    sobel = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]).to(image)
    kernels = torch.stack([sobel, sobel.T])[:, None]
    ours = F.conv2d(grey(enlarged), kernels, padding=1)
    theirs = F.conv2d(grey(target.unsqueeze(0)).to(image), kernels, padding=1)
    return (ours - theirs).pow(2).mean(dim=(0, 2, 3)).sum()


def bilateral(
    p: torch.Tensor,
    image: torch.Tensor,
    *,
    sigma_color: float = 1.0,
    sigma_space: float = 1.0,
    reach: int = 3,
) -> torch.Tensor:
    """Edge-preserving smoothness: squared differences to neighbours, weighted by nearness in place and in
    colour.

    Neighbours (dy, dx) with |dy|, |dx| <= reach and |dy + dx| <= reach, as in the paper's code; the mean
    over them.
    """
    total = image.sum() * 0
    count = 0
    height, width, _ = image.shape
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            if (dy == 0 and dx == 0) or abs(dx + dy) > reach or abs(dy) >= height or abs(dx) >= width:
                continue
            here = image[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)]
            there = image[max(0, dy) : height - max(0, -dy), max(0, dx) : width - max(0, -dx)]
            squared = (here - there).pow(2)
            near = math.exp(-(dx * dx + dy * dy) / (2 * sigma_space**2))
            total = total + (near * torch.exp(-squared / (2 * sigma_color**2)) * squared).mean()
            count += 1
    return total / max(count, 1)


def pairs(field: torch.Tensor) -> tuple[tuple[torch.Tensor, torch.Tensor], ...]:
    """((left, right), (upper, lower)) of all 4-neighbours of ``field`` [H, W, ...]."""
    return (field[:, :-1], field[:, 1:]), (field[:-1], field[1:])


def neighbours(
    p: torch.Tensor, image: torch.Tensor, *, guide: torch.Tensor | None = None, sigma: float = 0.1
) -> torch.Tensor:
    """Expected number of 4-neighbours of different colours, where ``guide`` [H, W, 3] shows no edge between
    them.

    A pair counts exp(-|difference of the guide|^2 / (2 sigma^2)) (1 - sum_k p_i,k p_j,k). Without a guide
    the render itself is used, without a gradient. Of nearly equal choices this takes the one that a
    neighbour took.
    """
    shown = image.detach() if guide is None else guide
    total = p.sum() * 0
    for (one, other), (here, there) in zip(pairs(p), pairs(shown), strict=True):
        weight = torch.exp(-(here - there).pow(2).sum(-1) / (2 * sigma**2))
        total = total + (weight * (1 - (one * other).sum(-1))).sum()
    return total
