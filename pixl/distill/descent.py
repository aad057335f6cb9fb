"""The optimiser's loop, one outer step at a time, with all of its state in named tensors.

An outer step is one of: a round of amortised targets, a replayed target, a step of score distillation.
Everything that the next step depends on is in ``tensors()``; loading it and going on gives the same bits as
never stopping.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from pixl.distill import losses, targets
from pixl.distill.generator import Generator, gumbel_noise, probabilities
from pixl.distill.losses import Loss
from pixl.distill.prior import Condition, Prior
from pixl.distill.schedules import TIMESTEPS, rate_factor
from pixl.distill.sds import StepResult, draw, sds_step
from pixl.distill.settings import Scales, Settings

BAD_STEPS = 5  # so many predictions in a row that are not numbers end a run


class NotANumberError(ArithmeticError):
    """The prior or the logits are no longer numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a step did: JSON values only. ``loss`` by name; ``changed``: cells whose colour changed;
    ``rows``: prior rows evaluated so far; ``likeliest``, ``variance``: see ``Generator.sureness``."""

    step: int
    t: int
    loss: dict[str, float]
    entropy: float
    changed: int
    rows: int
    likeliest: float
    variance: float


def losses_of(scales: Scales, target: torch.Tensor | None) -> list[tuple[str, float, Loss]]:
    """The losses that are on; the gradient match needs a target picture float[3, S_h, S_w]."""
    out: list[tuple[str, float, Loss]] = []

    def add(name: str, scale: float, loss: Loss) -> None:
        if scale > 0:
            out.append((name, scale, loss))

    add("fft", scales.fft, losses.fft_smoothness)
    add("total_variation", scales.total_variation, losses.total_variation)
    add("laplacian", scales.laplacian, losses.laplacian)
    add("bilateral", scales.bilateral, losses.bilateral)
    if target is not None:
        followed = target
        add("gradient", scales.gradient, lambda p, image: losses.gradient_match(p, image, target=followed))
    return out


class Descent:
    """One run: ``generator`` (its logits are optimised in place), ``prior`` asked with ``condition``,
    ``settings``.

    ``seed`` starts the one source of randomness. ``extra``: further losses (name, scale, function).
    ``held`` bool[H, W]: cells that keep the logits they begin with.
    """

    def __init__(
        self,
        generator: Generator,
        prior: Prior,
        condition: Condition,
        settings: Settings,
        *,
        seed: int,
        target: torch.Tensor | None = None,
        extra: Sequence[tuple[str, float, Loss]] = (),
        held: torch.Tensor | None = None,
    ) -> None:
        self.generator, self.prior, self.condition, self.settings = generator, prior, condition, settings
        self.losses = [*losses_of(settings.scales, target), *extra]
        if settings.method == "sds" and settings.scales.neighbours > 0:
            self.losses.append(("neighbours", settings.scales.neighbours, losses.neighbours))
        self.held = held
        self._kept = None if held is None else generator.logits.detach()[held].clone()
        self.rng = torch.Generator().manual_seed(seed)
        self.step = 0
        self.rows = 0
        self.quiet = 0
        self.bad = 0
        self.running: torch.Tensor | None = None
        self.last: StepResult | None = None
        generator.logits.requires_grad_(True)
        self.optimizer = torch.optim.AdamW(
            [generator.logits],
            lr=settings.learning_rate,
            betas=settings.betas,
            eps=settings.epsilon,
            weight_decay=settings.weight_decay,
        )
        with torch.no_grad():
            blank = generator.logits.new_zeros((1, 3, *prior.image_size))
            self.latent_shape = tuple(int(side) for side in prior.encode(blank).shape)

    @property
    def done(self) -> bool:
        """All steps made, or the grid has settled."""
        settled = self.settings.settle > 0 and self.quiet >= self.settings.settle
        return self.step >= self.settings.total or settled

    def advance(self) -> Report:
        """One outer step. Raises NotANumberError after several predictions in a row that are no numbers."""
        settings = self.settings
        before = self.generator.hard_index()
        if self.step < settings.rounds.count:
            t, terms = self._round()
        elif settings.method == "replay":
            t, terms = self._replay()
        else:
            t, terms = self._distil()
        if not bool(torch.isfinite(self.generator.logits.detach()).all()):
            raise NotANumberError(f"the logits are not numbers after step {self.step + 1}")
        changed = int((self.generator.hard_index() != before).sum())
        late = self.step >= settings.rounds.count and t < settings.settle_t * TIMESTEPS
        self.quiet = self.quiet + 1 if late and changed <= before.numel() // 1000 else 0
        self.step += 1
        cells = before.numel() if self.generator.mask is None else max(int(self.generator.mask.sum()), 1)
        entropy = float(self.generator.entropy().sum()) / cells
        likeliest, variance = self.generator.sureness()
        return Report(
            step=self.step,
            t=t,
            loss=terms,
            entropy=entropy,
            changed=changed,
            rows=self.rows,
            likeliest=likeliest,
            variance=variance,
        )

    # -- the three kinds of outer step
    # -------------------------------------------------------------------------------

    def _distil(self) -> tuple[int, dict[str, float]]:
        """One step of score distillation, as ``sds.py`` states it."""
        settings = self.settings
        drawn = draw(
            self.rng,
            logits_shape=self.generator.logits.shape,
            latent_shape=self.latent_shape,
            image_size=self.prior.image_size,
            step=self.step - settings.rounds.count,
            steps=settings.steps,
            mode=settings.mode,
            tau=(settings.tau_low, settings.tau_high),
            odds=settings.odds,
            times=settings.times,
            dtype=self.generator.logits.dtype,
        )
        result = sds_step(
            self.generator,
            self.prior,
            self.condition,
            drawn,
            guidance=settings.guidance,
            mode=settings.mode,
            weight=settings.weight,
            grad_scale=settings.grad_scale,
            losses=self.losses,
        )
        self._watch(result.prediction.eps)
        self.rows += self.condition.rows
        self._update(lambda: result.loss)
        self.last = result
        return drawn.t, result.terms

    def _replay(self) -> tuple[int, dict[str, float]]:
        """One evaluation of the prior, then several generator steps towards the running target."""
        settings = self.settings
        t = settings.times.draw(self.step - settings.rounds.count, settings.steps, self.rng)
        target = targets.denoised(
            self._drawn_picture(),
            self.prior,
            self.condition,
            t,
            self._noise(),
            guidance=settings.guidance,
            rescale=settings.rescale,
        )
        self.rows += self.condition.rows
        return t, self._pursue(target)

    def _round(self) -> tuple[int, dict[str, float]]:
        """Noise the hard picture, walk it back, and let the generator follow."""
        rounds = self.settings.rounds
        share = self.step / max(rounds.count - 1, 1)
        t = min(int(TIMESTEPS * (rounds.high + (rounds.low - rounds.high) * share)), TIMESTEPS - 1)
        picture = self.generator.hard_picture()
        best, least = picture, float("inf")
        for _ in range(max(rounds.tries, 1) if self.step == 0 else 1):
            target = targets.redrawn(
                picture,
                self.prior,
                self.condition,
                t,
                self._noise(),
                steps=rounds.steps,
                guidance=rounds.guidance,
                rescale=self.settings.rescale,
                rng=self.rng,
            )
            self.rows += self.condition.rows * len(targets.times_of(self.prior, t, rounds.steps))
            misfit = targets.misfit(target, self.generator.palette, eyes=self.settings.eyes)
            if misfit < least or not math.isfinite(misfit):
                best, least = target, misfit
        return t, self._pursue(best)

    # -- what they share
    # ---------------------------------------------------------------------------------------------

    def _noise(self) -> torch.Tensor:
        return torch.randn(self.latent_shape, generator=self.rng).to(self.generator.logits.dtype)

    def _tau(self) -> float:
        low, high = self.settings.tau_low, self.settings.tau_high
        return low + (high - low) * float(torch.rand(1, generator=self.rng))

    def _weights(self) -> torch.Tensor:
        mode = self.settings.mode
        shape, dtype = tuple(self.generator.logits.shape), self.generator.logits.dtype
        gumbel = gumbel_noise(shape, self.rng, dtype) if mode.startswith("gumbel") else None
        return probabilities(self.generator.logits, mode=mode, tau=self._tau(), gumbel=gumbel)

    def _drawn_picture(self) -> torch.Tensor:
        with torch.no_grad():
            return self.generator.render(self._weights())

    def _pursue(self, target: torch.Tensor) -> dict[str, float]:
        """``inner`` generator steps towards the running mean of targets, each with its own noise and tau."""
        self._watch(target)
        target = torch.nan_to_num(target)
        keep = 0.0 if self.running is None else self.settings.keep
        self.running = target if self.running is None else keep * self.running + (1 - keep) * target
        terms: dict[str, float] = {}
        for _ in range(self.settings.inner):
            terms = self._update(self._follow)
        return terms

    def _follow(self) -> torch.Tensor:
        assert self.running is not None
        weights = self._weights()
        hard, eyes = self.settings.hard, self.settings.eyes
        loss = targets.follow(self.generator, weights, self.running, hard=hard, eyes=eyes)
        if self.settings.scales.neighbours > 0 and self.step >= self.settings.rounds.count:
            loss = loss + self.settings.scales.neighbours * losses.neighbours(weights, self.running, guide=self.running)
        if self.losses:
            raw = self.generator.render(weights)
            for _, scale, function in self.losses:
                loss = loss + scale * function(weights, raw)
        return loss

    def _update(self, loss_of: Callable[[], torch.Tensor]) -> dict[str, float]:
        """Gradient, clip, AdamW at the step's rate, centre."""
        settings, logits = self.settings, self.generator.logits
        factor = rate_factor(
            settings.rate,
            self.step - settings.rounds.count,
            settings.steps,
            warmup=settings.warmup,
            cycles=settings.rate_cycles,
            rules=settings.rate_rules,
        )
        for group in self.optimizer.param_groups:
            group["lr"] = settings.learning_rate * (factor if self.step >= settings.rounds.count else 1.0)
        self.optimizer.zero_grad(set_to_none=True)
        loss = loss_of()
        loss.backward()
        if settings.clip > 0:
            torch.nn.utils.clip_grad_norm_([logits], settings.clip)
        self.optimizer.step()
        self.generator.centre()
        if self.held is not None:
            with torch.no_grad():
                logits[self.held] = self._kept
        return {"total": float(loss.detach())}

    def _watch(self, prediction: torch.Tensor) -> None:
        self.bad = 0 if bool(torch.isfinite(prediction).all()) else self.bad + 1
        if self.bad >= BAD_STEPS:
            raise NotANumberError(f"the prior gave no numbers in {self.bad} steps up to step {self.step + 1}")

    # -- state
    # -------------------------------------------------------------------------------------------------------

    def tensors(self) -> dict[str, torch.Tensor]:
        """Everything the next step depends on, as contiguous CPU tensors."""
        counters = [self.step, self.rows, self.quiet, self.bad]
        out = {
            "logits": self.generator.logits.detach(),
            "palette": self.generator.palette,
            "counters": torch.tensor(counters, dtype=torch.int64),
            "rng": self.rng.get_state(),
        }
        for name, value in self.optimizer.state.get(self.generator.logits, {}).items():
            out[f"adamw.{name}"] = value
        if self.running is not None:
            out["running"] = self.running
        return {name: value.detach().cpu().contiguous().clone() for name, value in out.items()}

    def load(self, state: dict[str, torch.Tensor]) -> None:
        """Go on from ``tensors()`` of a run with the same settings. Raises KeyError or ValueError where it
        does not fit.
        """
        logits = self.generator.logits
        if state["logits"].shape != logits.shape:
            raise ValueError(f"logits of {tuple(state['logits'].shape)} for {tuple(logits.shape)}")
        with torch.no_grad():
            logits.copy_(state["logits"])
        self.step, self.rows, self.quiet, self.bad = (int(value) for value in state["counters"])
        self.rng.set_state(state["rng"])
        adamw = {name.removeprefix("adamw."): value for name, value in state.items() if name.startswith("adamw.")}
        self.optimizer.state.clear()
        if adamw:
            self.optimizer.state[logits] = {
                name: value.clone() if name == "step" else value.clone().to(logits.device)
                for name, value in adamw.items()
            }
        running = state.get("running")
        self.running = None if running is None else running.clone().to(logits.device)
