"""First logits: from a picture by distance to the palette, from a finished pattern, random or zero.

All take and give plain tensors: ``target`` float[3, h, w] and ``palette`` float[n, 3], sRGB code values
0..1; logits float[H, W, n], centred per cell. The names are those of the paper's code; where it replaced the
palette by the picture's own colours (``nearest``, ``kmeans``), pixl keeps the palette, because a maker can
only buy that.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F

Distance = Literal["l1", "l2", "cosine"]
StartMethod = Literal["palette-bilinear", "palette-nearest", "palette", "nearest", "kmeans", "random", "zero"]
START_METHODS: tuple[StartMethod, ...] = (
    "palette-bilinear",
    "palette-nearest",
    "palette",
    "nearest",
    "kmeans",
    "random",
    "zero",
)
SAME_COLOUR = 1.01  # the cosine cannot tell colours on one line through grey apart; the cell's own colour gets this


def even_norms(logits: torch.Tensor) -> torch.Tensor:
    """Centre each cell and scale its vector to the mean norm over all cells (cells without a preference stay
    0).
    """
    centred = logits - logits.mean(dim=-1, keepdim=True)
    norm = centred.norm(dim=-1, keepdim=True)
    return torch.where(norm > 0, centred / norm.clamp_min(torch.finfo(norm.dtype).tiny), centred) * norm.mean()


def similarity(colors: torch.Tensor, palette: torch.Tensor, distance: Distance) -> torch.Tensor:
    """How alike ``colors`` [..., 3] and each of ``palette`` [n, 3] are: float[..., n], larger is more
    alike.
    """
    if distance == "cosine":
        ours, theirs = 2 * colors - 1, 2 * palette - 1
        return F.cosine_similarity(ours.unsqueeze(-2), theirs, dim=-1)
    difference = colors.unsqueeze(-2) - palette
    return -difference.abs().sum(-1) if distance == "l1" else -difference.norm(dim=-1)


def from_colors(colors: torch.Tensor, palette: torch.Tensor, *, distance: Distance = "l1") -> torch.Tensor:
    """Logits from a picture of the grid's size, ``colors`` [H, W, 3] -> [H, W, n]; the paper's default
    initialiser.
    """
    return even_norms(similarity(colors, palette, distance) * math.sqrt(len(palette)))


def from_index(index: torch.Tensor, palette: torch.Tensor, *, distance: Distance = "l1") -> torch.Tensor:
    """Logits whose argmax is ``index`` int[H, W]; cells of -1 (empty) have no preference.

    Similar colours get similar logits; two colours of one value are told apart by a small step.
    """
    filled = index.clamp_min(0).long()
    logits = similarity(palette[filled], palette, distance) * math.sqrt(len(palette))
    own = F.one_hot(filled, len(palette)).to(torch.bool)
    best_other = logits.masked_fill(own, -math.inf).amax(-1, keepdim=True)
    at_least = torch.where(torch.isfinite(best_other), best_other, logits) + (SAME_COLOUR - 1)
    logits = torch.where(own, torch.maximum(logits, at_least), logits)
    return even_norms(logits * (index >= 0)[..., None])


def random_logits(
    size: tuple[int, int],
    colors: int,
    rng: torch.Generator,
    *,
    std: float = 1.0,
    dtype: torch.dtype = torch.float32,
) -> torch.Tensor:
    """Normal logits, each cell's vector centred and of norm std sqrt(n)."""
    logits = torch.randn((*size, colors), generator=rng).to(dtype)
    centred = logits - logits.mean(dim=-1, keepdim=True)
    norm = centred.norm(dim=-1, keepdim=True)
    return centred / norm.clamp_min(torch.finfo(dtype).tiny) * std * math.sqrt(colors)


def nearest_colors(colors: torch.Tensor, palette: torch.Tensor) -> torch.Tensor:
    """int64[...]: the palette colour of smallest squared sRGB distance to ``colors`` [..., 3]."""
    return (colors.unsqueeze(-2) - palette).pow(2).sum(-1).argmin(-1)


def majority(index: torch.Tensor, size: tuple[int, int], colors: int) -> torch.Tensor:
    """The most frequent index of each block of ``index`` int[h, w], blocks of h // H x w // W from the
    middle.
    """
    (height, width), (rows, columns) = index.shape, size
    block_h, block_w = max(height // rows, 1), max(width // columns, 1)
    top, left = (height - block_h * rows) // 2, (width - block_w * columns) // 2
    inner = index[top : top + block_h * rows, left : left + block_w * columns]
    votes = F.one_hot(inner, colors).reshape(rows, block_h, columns, block_w, colors).sum(dim=(1, 3))
    return votes.argmax(-1)


def kmeans_index(
    target: torch.Tensor, palette: torch.Tensor, size: tuple[int, int], count: int, seed: int
) -> torch.Tensor:
    """``count`` clusters of the picture's colours, each given its own palette colour at the least total
    distance.
    """
    from scipy.cluster.vq import kmeans2
    from scipy.optimize import linear_sum_assignment

    pixels = target.permute(1, 2, 0).reshape(-1, 3).double().numpy()
    count = min(count, len(palette), len(np.unique(pixels, axis=0)))
    centres, labels = kmeans2(pixels, count, minit="++", rng=np.random.default_rng(seed))
    cost = ((centres[:, None] - palette.double().numpy()) ** 2).sum(-1)
    color_of_cluster = torch.as_tensor(linear_sum_assignment(cost)[1])
    clusters = torch.as_tensor(labels, dtype=torch.int64).reshape(target.shape[1:])
    return color_of_cluster[majority(clusters, size, count)]


def first_logits(
    method: StartMethod,
    target: torch.Tensor | None,
    palette: torch.Tensor,
    size: tuple[int, int],
    *,
    rng: torch.Generator,
    distance: Distance = "l1",
    std: float = 1.0,
    clusters: int = 6,
) -> torch.Tensor:
    """The paper's code's initialisers by name; ``target`` may be None for ``random`` and ``zero`` only.

    For ``palette`` and ``kmeans`` a target smaller than the grid is enlarged first (nearest), so that every
    cell has a vote.
    """
    count = len(palette)
    if method == "random":
        return random_logits(size, count, rng, std=std, dtype=palette.dtype)
    if method == "zero":
        return torch.zeros((*size, count), dtype=palette.dtype)
    if target is None:
        raise ValueError(f"start {method!r} needs a picture")
    target = target.to(palette.dtype)
    batch = target.unsqueeze(0)
    if method == "palette-bilinear":
        resized = F.interpolate(batch, size=size, mode="bilinear", align_corners=False)[0]
        return from_colors(resized.permute(1, 2, 0), palette, distance=distance)
    if method == "palette-nearest":
        resized = F.interpolate(batch, size=size, mode="nearest")[0]
        return from_colors(resized.permute(1, 2, 0), palette, distance=distance)
    if method == "nearest":
        resized = F.interpolate(batch, size=size, mode="nearest-exact")[0]
        return from_index(nearest_colors(resized.permute(1, 2, 0), palette), palette, distance=distance)
    if target.shape[1] < size[0] or target.shape[2] < size[1]:
        larger = (max(int(target.shape[1]), size[0]), max(int(target.shape[2]), size[1]))
        target = F.interpolate(batch, size=larger, mode="nearest-exact")[0]
    if method == "palette":
        index = majority(nearest_colors(target.permute(1, 2, 0), palette), size, count)
        return from_index(index, palette, distance=distance)
    seed = int(torch.randint(0, 2**31 - 1, (1,), generator=rng))
    return from_index(kmeans_index(target, palette, size, clusters, seed), palette, distance=distance)
