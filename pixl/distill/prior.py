"""What a prior is: something that knows, for a noisy picture and words, which clean picture is likely.

Nothing about any network in it: an exact score over icons and SDXL are two implementations. The prior's
picture is always image01 float[B, 3, S_h, S_w] in sRGB code values; what it noises is its own latent z.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch


class Prediction(NamedTuple):
    """A prior's view of a noisy latent, one row per row of the condition, each [rows, C, h, w]."""

    x0: torch.Tensor
    eps: torch.Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorDefaults:
    """Settings that suit a prior. ``guidance`` in the usual form; ``t_low``, ``t_high`` in 0..1.

    ``own_guidance``: where the start is already the prior's own sample (None: as ``guidance``).
    ``sample_guidance``: for drawing that sample (exact scores need little, diffusion models their usual).
    """

    guidance: float = 7.5
    own_guidance: float | None = None
    sample_guidance: float = 1.5
    t_low: float = 0.02
    t_high: float = 0.98
    learning_rate: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What the words and the control pictures became.

    ``rows``: 2 for negative and positive, in this order; 1 for a prior without guidance (positive only).
    ``payload`` belongs to the prior that made it. ``controls``: float[1, 3, S_h, S_w] in 0..1 each,
    augmented with the render.
    """

    rows: int
    payload: Any
    controls: tuple[torch.Tensor, ...] = ()

    def with_controls(self, controls: Sequence[torch.Tensor]) -> Condition:
        """The same words with these control pictures."""
        return replace(self, controls=tuple(controls))


@runtime_checkable
class Prior(Protocol):
    """These members and nothing more."""

    @property
    def image_size(self) -> tuple[int, int]:
        """(S_h, S_w) in pixels of the picture that ``encode`` takes."""
        ...

    @property
    def defaults(self) -> PriorDefaults:
        """The prior's own guidance, t range and learning rate."""
        ...

    def condition(self, prompt: str, negative: str = "", controls: Sequence[torch.Tensor] = ()) -> Condition:
        """Prepare words and control pictures once; raises a PixlError for words it cannot use."""
        ...

    def encode(self, image: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """image01 [B, 3, S_h, S_w] to z [B, C, h, w], differentiable.

        ``noise`` (z's shape) is for encoders whose posterior is sampled; without it they give the mean.
        """
        ...

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """z to image01, clamped to 0..1."""
        ...

    def schedule(self, t: int) -> tuple[float, float]:
        """(a, s) with z_t = a z + s noise at t in 0..999."""
        ...

    def predict(self, z_t: torch.Tensor, t: int, condition: Condition) -> Prediction:
        """(x0, eps) for each row of ``condition`` at one noisy latent z_t [1, C, h, w]; no gradient."""
        ...


@runtime_checkable
class ExactPrior(Prior, Protocol):
    """A prior that also knows its own negative log likelihood (up to a constant)."""

    def energy(self, image: torch.Tensor, condition: Condition) -> torch.Tensor:
        """float[B]: the energy of image01 [B, 3, S_h, S_w] under the positive row; lower is likelier."""
        ...


def x0_from_eps(z_t: torch.Tensor, eps: torch.Tensor, a: float, s: float) -> torch.Tensor:
    """Clean latent from predicted noise: (z_t - s eps) / a. In float32 at least: 1/a is 13 at t = 980."""
    return (z_t - s * eps) / a


def eps_from_x0(z_t: torch.Tensor, x0: torch.Tensor, a: float, s: float) -> torch.Tensor:
    """Noise from a predicted clean latent: (z_t - a x0) / s."""
    return (z_t - a * x0) / s
