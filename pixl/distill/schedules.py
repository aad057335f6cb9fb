"""What changes over the steps: the range t is drawn from, the learning rate's factor, and noise levels of
priors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch

TIMESTEPS = 1000  # a prior's t is an integer in 0..999; 999 is nearly pure noise

TimeSchedule = Literal["bounded_max", "uniform", "linear", "annealed"]
RateSchedule = Literal[
    "constant",
    "constant_with_warmup",
    "linear",
    "cosine",
    "cosine_with_restarts",
    "polynomial",
    "piecewise_constant",
]
TIME_SCHEDULES: tuple[TimeSchedule, ...] = ("bounded_max", "uniform", "linear", "annealed")
RATE_SCHEDULES: tuple[RateSchedule, ...] = (
    "constant",
    "constant_with_warmup",
    "linear",
    "cosine",
    "cosine_with_restarts",
    "polynomial",
    "piecewise_constant",
)
# Multiples of the rate and the steps until which they hold; the last one stays. From the paper's
# configuration.
PAPER_RULES = (
    "0.05:25,0.1:50,0.2:75,0.3:100,0.4:125,0.5:150,0.6:175,0.7:200,0.8:225,0.9:250,1:1000,0.75:1500,0.5:2000,"
    "0.375:2500,0.25:3000,0.125:4000,0.1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """Where t comes from. ``low`` and ``high`` in 0..1 of the noise schedule.

    ``bounded_max`` (the paper): uniform in [low, m], m falling linearly from ``high`` to ``bound`` until the
    share
    ``reached`` of the steps, then constant. ``uniform``: [low, high] throughout. ``linear``: the k-th of as
    many equal slices as there are steps, from high to low. ``annealed``: no draw, t falls linearly from high
    to low.
    """

    schedule: TimeSchedule = "bounded_max"
    low: float = 0.02
    high: float = 0.98
    bound: float = 0.80
    reached: float = 0.5

    def at(self, step: int, steps: int) -> tuple[float, float]:
        """(t_min, t_max) at ``step`` of ``steps``, 0-based."""
        if self.schedule == "uniform":
            return self.low, self.high
        if self.schedule == "linear":
            slope = (self.high - self.low) / steps
            return self.high - slope * (step + 1), self.high - slope * step
        if self.schedule == "annealed":
            here = self.high - (self.high - self.low) * (step / max(steps - 1, 1))
            return here, here
        end = self.reached * steps
        if step >= end:
            return self.low, self.bound
        return self.low, self.high - (self.high - self.bound) * step / end

    def draw(self, step: int, steps: int, rng: torch.Generator) -> int:
        """An integer timestep, uniform in [int(1000 t_min), int(1000 t_max)] and at most 999."""
        low, high = (min(int(TIMESTEPS * bound), TIMESTEPS - 1) for bound in self.at(step, steps))
        return int(torch.randint(low, high + 1, (1,), generator=rng))


def rate_factor(
    schedule: RateSchedule,
    step: int,
    steps: int,
    *,
    warmup: int = 250,
    cycles: int = 5,
    power: float = 2.0,
    end: float = 0.0,
    rules: str = PAPER_RULES,
) -> float:
    """What the learning rate is multiplied by at ``step`` of ``steps`` (0-based): with a warm-up step 0
    moves nothing.

    ``cosine`` is half a wave down to 0; ``cycles`` counts the restarts; ``end`` is the polynomial's last
    factor.
    """
    if schedule == "constant":
        return 1.0
    if schedule == "piecewise_constant":
        *held, last = rules.split(",")
        for rule in held:
            factor, until = rule.split(":")
            if step < int(until):
                return float(factor)
        return float(last)
    if step < warmup:
        return step / max(warmup, 1)
    if schedule == "constant_with_warmup":
        return 1.0
    done = (step - warmup) / max(steps - warmup, 1)
    if schedule == "linear":
        return max(0.0, 1.0 - done)
    if schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
    if schedule == "cosine_with_restarts":
        return 0.0 if done >= 1 else 0.5 * (1 + math.cos(math.pi * ((cycles * done) % 1.0)))
    return float(end + (1 - end) * max(0.0, 1.0 - done) ** power)


def scaled_linear_alphas(start: float = 0.00085, end: float = 0.012, steps: int = TIMESTEPS) -> torch.Tensor:
    """float64[steps]: cumulative product of 1 - beta, sqrt(beta) linear from sqrt(start) to sqrt(end) (SD,
    SDXL).
    """
    betas = torch.linspace(start**0.5, end**0.5, steps, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, dim=0)


def cosine_level(t: int) -> tuple[float, float]:
    """(a, s) = (cos, sin) of a quarter turn at t/1000: a is .003 at t = 998. For the priors with an exact
    score.
    """
    angle = 0.5 * math.pi * (t + 0.5) / TIMESTEPS
    return math.cos(angle), math.sin(angle)
