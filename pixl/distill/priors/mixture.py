"""Priors with an exact score: a mixture of equal round Gaussians about a bank of pictures.

z0 ~ sum_i w_i N(m_i, h^2 I). With z_t = a z0 + s e and v = s^2 + a^2 h^2 the responsibilities are
r_i = softmax_i(log w_i - |z_t - a m_i|^2 / (2 v)), and the posterior mean is
x0 = m + (a h^2 / v) (z_t - a m) with m = sum_i r_i m_i. Words choose the weights; a picture that the words
do not mean has weight zero, not a small one (in thousands of dimensions distances swamp any finite penalty).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from pixl.distill.prior import Condition, Prediction, PriorDefaults, eps_from_x0
from pixl.distill.priors.codec import PixelCodec
from pixl.distill.schedules import cosine_level

DEFAULTS = PriorDefaults(guidance=5.0, own_guidance=1.0, t_low=0.02, t_high=0.998, learning_rate=0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """One branch's mixture: ``means`` float[M, D], their squared norms float[M], ``log_weights`` float[M]."""

    means: torch.Tensor
    squares: torch.Tensor
    log_weights: torch.Tensor


def components(means: torch.Tensor, weights: torch.Tensor | None = None) -> Components:
    """Of means [M, C, h, w] and weights [M] (None: equal), normalised; those of weight zero are left out."""
    flat = means.flatten(1)
    if weights is None:
        weights = flat.new_ones(len(flat))
    kept = weights > 0
    flat = flat if bool(kept.all()) else flat[kept].contiguous()
    log_weights = torch.log(weights[kept] / weights[kept].sum())
    return Components(means=flat, squares=(flat * flat).sum(1), log_weights=log_weights.to(flat))


class MixturePrior:
    """``bank`` [N, 3, S_h, S_w] image01; ``words`` gives the weights float[N] of a prompt ("" means all
    alike).

    Raises whatever ``words`` raises for a prompt it cannot use.
    """

    def __init__(
        self,
        bank: torch.Tensor,
        words: Callable[[str], torch.Tensor],
        *,
        bandwidth: float = 0.15,
        codec: PixelCodec | None = None,
        defaults: PriorDefaults = DEFAULTS,
    ) -> None:
        self.bank = bank
        self.words = words
        self.bandwidth = bandwidth
        self.codec = codec or PixelCodec()
        self.defaults = defaults
        self.image_size = (int(bank.shape[-2]), int(bank.shape[-1]))
        self._means = self.codec.encode(bank)
        self._all = components(self._means)

    def condition(self, prompt: str, negative: str = "", controls: Sequence[torch.Tensor] = ()) -> Condition:
        """Two rows: the negative words' mixture (all of the bank for "") and the prompt's."""
        rows = [self._of(negative), self._of(prompt)]
        return Condition(rows=2, payload=tuple(rows), controls=tuple(controls))

    def _of(self, words: str) -> Components:
        return components(self._means, self.words(words)) if words else self._all

    def encode(self, image: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """z = codec(image01)."""
        return self.codec.encode(image)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """image01 = codec^-1(z), clamped."""
        return self.codec.decode(z)

    def schedule(self, t: int) -> tuple[float, float]:
        """Variance-preserving cosine: nearly pure noise at t = 998, where a run must begin."""
        return cosine_level(t)

    def predict(self, z_t: torch.Tensor, t: int, condition: Condition) -> Prediction:
        """The exact posterior mean and the noise that goes with it, one row per branch."""
        a, s = self.schedule(t)
        branches: tuple[Components, ...] = condition.payload
        x0 = torch.cat([self._posterior_mean(z_t, a, s, branch) for branch in branches])
        return Prediction(x0, eps_from_x0(z_t, x0, a, s))

    def _posterior_mean(self, z_t: torch.Tensor, a: float, s: float, branch: Components) -> torch.Tensor:
        variance = s * s + a * a * self.bandwidth**2
        flat = z_t.flatten(1)
        # |z - a m|^2 without |z|^2, which all components share
        distance = a * a * branch.squares - 2 * a * (flat @ branch.means.T)
        share = torch.softmax(branch.log_weights - distance / (2 * variance), dim=-1)
        mean = share @ branch.means
        shrink = a * self.bandwidth**2 / variance
        return (mean + shrink * (flat - a * mean)).view_as(z_t)

    def sample(self, condition: Condition, rng: torch.Generator) -> torch.Tensor:
        """An exact draw from the positive mixture at its middle: image01 [1, 3, S_h, S_w] of one
        component.
        """
        branch: Components = condition.payload[-1]
        place = int(torch.multinomial(branch.log_weights.exp(), 1, generator=rng))
        return self.decode(branch.means[place].view(1, *self._means.shape[1:]))

    def energy(self, image: torch.Tensor, condition: Condition) -> torch.Tensor:
        """float[B]: -log of the positive mixture's density at z(image01), up to a constant."""
        branch: Components = condition.payload[-1]
        z = self.encode(image).flatten(1)
        distance = (z.unsqueeze(1) - branch.means).pow(2).sum(-1)
        return -torch.logsumexp(branch.log_weights - distance / (2 * self.bandwidth**2), dim=-1)

    def nearest(self, image: torch.Tensor) -> int:
        """The place in the bank of the picture nearest to image01 [1, 3, S_h, S_w]."""
        difference = self._means.flatten(1) - self.encode(image).flatten(1)
        return int(difference.pow(2).sum(1).argmin())


def log_density(prior: MixturePrior, z_t: torch.Tensor, t: int, branch: Components) -> torch.Tensor:
    """log p_t(z_t), the density whose gradient the prior's eps is: eps = -s grad log p_t. For tests."""
    a, s = prior.schedule(t)
    variance = s * s + a * a * prior.bandwidth**2
    distance = (z_t.flatten(1) - a * branch.means).pow(2).sum(-1)
    size = branch.means.shape[1]
    return torch.logsumexp(branch.log_weights - distance / (2 * variance), dim=-1) - size / 2 * math.log(
        2 * math.pi * variance
    )
