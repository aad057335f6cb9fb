"""Noise schedules as tables of (a, s) with z_t = a z + s noise, t an integer in 0..999."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from pixl.distill.schedules import TIMESTEPS


class NoiseSchedule(Protocol):
    """What a prior asks of its schedule."""

    def level(self, t: int) -> tuple[float, float]:
        """(a, s) at t."""
        ...

    def network_time(self, t: int) -> torch.Tensor:
        """What the network is told for t: a scalar tensor."""
        ...


@dataclass(frozen=True, slots=True)
class VarianceSchedule:
    """a = sqrt(abar_t), s = sqrt(1 - abar_t). ``alphas``: abar, float32[steps], falling."""

    alphas: torch.Tensor

    def level(self, t: int) -> tuple[float, float]:
        """(a, s) at t; t beyond the table is its last entry."""
        alpha = float(self.alphas[min(max(t, 0), len(self.alphas) - 1)])
        return math.sqrt(alpha), math.sqrt(max(1 - alpha, 0.0))

    def network_time(self, t: int) -> torch.Tensor:
        """t itself, an integer: 999 would become 1000 in bfloat16."""
        return torch.tensor(t, dtype=torch.int64)

    @property
    def ends_at_zero(self) -> bool:
        """Whether the last step is pure noise (a schedule rescaled to zero signal)."""
        return float(self.alphas[-1]) <= 0


@dataclass(frozen=True, slots=True)
class FlowSchedule:
    """a = 1 - q, s = q with q = shift u / (1 + (shift - 1) u), u = (t + 1)/1000 (Esser et al. 2024, section
    5.3.2).
    """

    shift: float = 3.0

    def share(self, t: int) -> float:
        """q at t: the share of noise."""
        u = (t + 1) / TIMESTEPS
        return self.shift * u / (1 + (self.shift - 1) * u)

    def level(self, t: int) -> tuple[float, float]:
        """(1 - q, q)."""
        q = self.share(t)
        return 1 - q, q

    def network_time(self, t: int) -> torch.Tensor:
        """1000 q: SD3's transformer is told the share of noise in thousandths."""
        return torch.tensor(TIMESTEPS * self.share(t), dtype=torch.float32)


def variance_schedule(config: Mapping[str, Any]) -> VarianceSchedule:
    """Of a scheduler's config (``scheduler/scheduler_config.json``), whichever scheduler wrote it.

    The betas are read from there: the classes' own defaults differ (abar_500 .078 where the models were
    trained with .276). The library computes them, in float32, as it does for the models' training.
    """
    from diffusers import DDPMScheduler

    scheduler = DDPMScheduler.from_config(dict(config))
    return VarianceSchedule(scheduler.alphas_cumprod.float())
