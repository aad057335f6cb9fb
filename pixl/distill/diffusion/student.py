"""Few-step students: Turbo, Lightning, Hyper-SD, LCM, DMD2, VegaRT. One row, x0, and only the times they
were trained on.

A student's output at (z, t) is one sharp picture, not the mean of what is likely, so the difference of two
rows is no score and a negative prompt says nothing. What it gives is a target: the render is drawn towards
x0(z, t). Between trained times the output is undefined, so every t asked for becomes the nearest trained one.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import torch

from pixl.distill.diffusion.unet import UnetPrior


def trailing(steps: int, train: int = 1000) -> tuple[int, ...]:
    """The trailing grid: 999, 749, 499, 249 for 4 steps."""
    return tuple(int(train - train * k / steps) - 1 for k in range(steps))


def consistency(original: int = 50, train: int = 1000) -> tuple[int, ...]:
    """LCM's grid, from high to low: k train/original - 1 for k = original .. 1 (999, 979, .. 19)."""
    stride = train // original
    return tuple(stride * k - 1 for k in range(original, 0, -1))


def guidance_embedding(guidance: float, width: int) -> torch.Tensor:
    """float32[width]: the sines and cosines in which a consistency model is told w = guidance - 1.

    As Luo et al. 2023 (latent consistency models) embed it: sinusoidal, of 1000 w, base 10,000.
    """
    half = width // 2
    rates = torch.exp(torch.arange(half, dtype=torch.float32) * (-math.log(10_000.0) / (half - 1)))
    angles = 1000.0 * (guidance - 1) * rates
    embedded = torch.cat([angles.sin(), angles.cos()])
    return torch.nn.functional.pad(embedded, (0, width % 2))


class StudentPrior(UnetPrior):
    """``grid``: trained times, from high to low. ``told_guidance``: for a network with ``timestep_cond``.

    ``rows`` 2 only for students distilled to keep guidance (Hyper-SD's CFG LoRA). ``fresh_noise``: a walk
    noises each x0 anew, as consistency models (LCM, VegaRT), DMD2 and the turbos were trained; Lightning and
    Hyper-SD go on with the noise they have.
    """

    def __init__(
        self,
        unet: Any,
        *,
        grid: tuple[int, ...],
        rows: int = 1,
        told_guidance: float = 7.5,
        fresh_noise: bool = False,
        **shared: Any,
    ) -> None:
        if not grid or any(low >= high for high, low in itertools.pairwise(grid)):
            raise ValueError("the trained times fall from high to low")
        self.grid = grid
        self.rows = rows
        self.told_guidance = told_guidance
        self.fresh_noise = fresh_noise
        super().__init__(unet, **shared)

    def _check(self) -> None:
        self._check_rest()

    def time(self, t: int) -> int:
        """The nearest trained time; the higher of two equally near ones."""
        return min(self.grid, key=lambda known: (abs(known - t), -known))

    def times(self, high: int, steps: int) -> list[int]:
        """A walk's times from about ``high`` down: trained ones only, each once, at most ``steps``, spread
        evenly.
        """
        first = self.time(high)
        below = [t for t in self.grid if t <= first]
        if len(below) <= steps:
            return below
        return [below[round(k * (len(below) - 1) / steps)] for k in range(steps)]

    def told(self, rows: int) -> torch.Tensor | None:
        """``timestep_cond`` where the network has it."""
        width = self.unet.config.time_cond_proj_dim
        if width is None:
            return None
        return guidance_embedding(self.told_guidance, int(width)).to(self.device, self.dtype).expand(rows, -1)
