"""The generator: H x W x n logits over a palette, rendered as a convex sum of its colours.

Binninger and Sorkine-Hornung, SD-piXL (SIGGRAPH Asia 2024), section 4.1. Colours are sRGB code values in
0..1, as in the paper: the convex sum is *not* taken in linear light, because the priors were trained on code
values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F

Mode = Literal["gumbel", "gumbel-hard", "softmax", "argmax"]
MODES: tuple[Mode, ...] = ("gumbel", "gumbel-hard", "softmax", "argmax")


def gumbel_noise(shape: tuple[int, ...], rng: torch.Generator, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Standard Gumbel noise of ``shape``: ``-log E`` with ``E`` exponential of rate 1.

    Drawn on the CPU in float32 and then cast, so that the same seed gives the same noise for every dtype and
    device.
    """
    exponential = torch.empty(shape, dtype=torch.float32).exponential_(generator=rng)
    return -exponential.clamp_min(torch.finfo(torch.float32).tiny).log().to(dtype)


def straight_through(probabilities: torch.Tensor) -> torch.Tensor:
    """One-hot of the likeliest colour forwards, the gradient of ``probabilities`` backwards. Shape [...,
    n].
    """
    hard = F.one_hot(probabilities.argmax(dim=-1), probabilities.shape[-1]).to(probabilities.dtype)
    return hard + (probabilities - probabilities.detach())


def probabilities(
    logits: torch.Tensor, *, mode: Mode = "gumbel", tau: float = 1.0, gumbel: torch.Tensor | None = None
) -> torch.Tensor:
    """Weights of the palette's colours per cell, [H, W, n], each cell summing to 1.

    ``gumbel``: softmax((logits + g) / tau); ``softmax``: softmax(logits / tau); the ``-hard`` and ``argmax``
    forms are one-hot forwards with the soft form's gradient. ``gumbel`` noise [H, W, n] is needed by the two
    gumbel modes.
    """
    if mode in ("gumbel", "gumbel-hard"):
        if gumbel is None:
            raise ValueError(f"mode {mode!r} needs Gumbel noise")
        logits = logits + gumbel
    soft = torch.softmax(logits / tau, dim=-1)
    return straight_through(soft) if mode in ("gumbel-hard", "argmax") else soft


@dataclass(slots=True, kw_only=True)
class Generator:
    """What is optimised, and what turns it into a picture.

    ``logits`` float[H, W, n], a leaf that requires a gradient; ``palette`` float[n, 3], sRGB code values
    0..1;
    ``mask`` bool[H, W], False where a cell stays empty (None: no empty cells); ``background`` float[3] shows
    through empty cells, so that a prior sees something there.
    """

    logits: torch.Tensor
    palette: torch.Tensor
    mask: torch.Tensor | None = None
    background: torch.Tensor | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) in cells."""
        height, width, _ = self.logits.shape
        return int(height), int(width)

    def render(self, weights: torch.Tensor) -> torch.Tensor:
        """The picture of ``weights`` [H, W, n]: float[H, W, 3], sRGB code values 0..1."""
        picture = weights @ self.palette
        if self.mask is None:
            return picture
        background = self.palette.new_ones(3) if self.background is None else self.background
        return torch.where(self.mask[..., None], picture, background)

    def centre(self) -> None:
        """Subtract each cell's mean logit, in place; the softmax does not change."""
        with torch.no_grad():
            self.logits -= self.logits.mean(dim=-1, keepdim=True)

    def hard_index(self) -> torch.Tensor:
        """int64[H, W]: the likeliest colour of each cell, -1 where the mask is False."""
        index = self.logits.detach().argmax(dim=-1)
        return index if self.mask is None else torch.where(self.mask, index, torch.full_like(index, -1))

    def hard_picture(self) -> torch.Tensor:
        """float[H, W, 3]: the argmax picture, without a gradient."""
        return self.render(F.one_hot(self.logits.detach().argmax(-1), len(self.palette)).to(self.palette.dtype))

    def soft_picture(self) -> torch.Tensor:
        """float[H, W, 3]: the softmax picture, without a gradient."""
        return self.render(torch.softmax(self.logits.detach(), dim=-1))

    def entropy(self) -> torch.Tensor:
        """float[H, W] in 0..1: each cell's entropy over log n; 0 is certain (as empty cells are), 1 is
        uniform.
        """
        if len(self.palette) == 1:
            return torch.zeros(self.size, dtype=self.palette.dtype)
        log_p = torch.log_softmax(self.logits.detach(), dim=-1)
        entropy = -(log_p.exp() * log_p).sum(-1) / math.log(len(self.palette))
        return entropy if self.mask is None else torch.where(self.mask, entropy, torch.zeros_like(entropy))

    def sureness(self) -> tuple[float, float]:
        """(likeliest, variance), means over the cells that are not empty: the largest probability, 1/n..1, and the
        variance of a cell's probabilities over that of a certain one, 0..1.
        """
        count = len(self.palette)
        p = torch.softmax(self.logits.detach(), dim=-1)
        p = p if self.mask is None else p[self.mask]
        if p.numel() == 0 or count == 1:
            return 1.0, 1.0
        spread = p.var(dim=-1, correction=0) * count**2 / (count - 1)
        return float(p.amax(-1).mean()), float(spread.mean())
