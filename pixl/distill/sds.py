"""One step of score distillation, top to bottom: render, enlarge, augment, encode, noise, ask the prior,
pull.

Binninger and Sorkine-Hornung, SD-piXL (SIGGRAPH Asia 2024); score distillation after Poole et al.,
DreamFusion.
``draw`` makes every random choice of a step; ``sds_step`` makes none. To repeat a step of another
implementation, or to test one, build ``Draws`` yourself and pass it: same t, tau, noise, Gumbel noise and
augmentation, same step.

    draws = draw(rng, logits_shape=(64, 64, 16), latent_shape=(1, 4, 128, 128), image_size=(1024, 1024),
                 step=0, steps=10_001)
    result = sds_step(generator, prior, prior.condition("a fox"), draws, guidance=41.0)
    result.loss.backward()          # generator.logits.grad now holds the step's gradient
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F

from pixl.distill.augment import Augmentation, AugmentationOdds, draw_augmentation
from pixl.distill.generator import Generator, Mode, gumbel_noise, probabilities
from pixl.distill.losses import Loss
from pixl.distill.prior import Condition, Prediction, Prior
from pixl.distill.schedules import TimeRange

Weight = Literal["cumprod", "constant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Everything random in one step, in the order in which it is drawn.

    ``gumbel`` [H, W, n] (None in the modes without it); ``noise`` z's shape; ``posterior`` z's shape, for an
    encoder whose posterior is sampled (None takes the mean).
    """

    tau: float
    gumbel: torch.Tensor | None
    augmentation: Augmentation
    t: int
    noise: torch.Tensor
    posterior: torch.Tensor | None = None


def draw(
    rng: torch.Generator,
    *,
    logits_shape: tuple[int, int, int],
    latent_shape: tuple[int, ...],
    image_size: tuple[int, int],
    step: int,
    steps: int,
    mode: Mode = "gumbel",
    tau: tuple[float, float] = (0.5, 1.5),
    odds: AugmentationOdds | None = None,
    times: TimeRange | None = None,
    dtype: torch.dtype = torch.float32,
) -> Draws:
    """The random choices of ``step`` (0-based) of ``steps``; all drawn on the CPU in float32, then cast to
    ``dtype``.

    ``tau``: (low, high), uniform; only the Gumbel modes draw it, the others take its mean.
    """
    noisy = mode in ("gumbel", "gumbel-hard")
    low, high = tau
    temperature = low + (high - low) * float(torch.rand(1, generator=rng)) if noisy else (low + high) / 2
    gumbel = gumbel_noise(logits_shape, rng, dtype) if noisy else None
    augmentation = draw_augmentation(odds or AugmentationOdds(), image_size, rng)
    t = (times or TimeRange()).draw(step, steps, rng)
    noise = torch.randn(latent_shape, generator=rng).to(dtype)
    return Draws(tau=temperature, gumbel=gumbel, augmentation=augmentation, t=t, noise=noise)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What one step computed; only ``loss`` and ``latents`` carry a gradient.

    ``terms``: the value of each loss by name. ``image``: the augmented picture [1, 3, S_h, S_w] that was
    encoded.
    ``latents``, ``gradient`` (of the distillation term in the latents) and ``x0`` (the guided clean latent)
    are [1, C, h, w]. ``prediction``: the prior's rows.
    """

    loss: torch.Tensor
    terms: dict[str, float]
    image: torch.Tensor
    latents: torch.Tensor
    gradient: torch.Tensor
    x0: torch.Tensor
    prediction: Prediction


def guide(rows: torch.Tensor, guidance: float) -> torch.Tensor:
    """Guided prediction [1, C, h, w] from rows [2, C, h, w] (negative, positive): neg + g (pos - neg), in
    float32.

    One row is returned as it is: a prior without guidance. The paper's 40 on top of the positive row is 41
    here. Half precision is left before the difference is amplified, or its rounding would be too.
    """
    rows = rows if rows.dtype == torch.float64 else rows.float()
    if rows.shape[0] == 1:
        return rows
    negative, positive = rows[:1], rows[1:]
    # Equal to neg + g (pos - neg), written from the positive row as the paper's code does.
    return positive + (guidance - 1.0) * (positive - negative)


def enlarge(picture: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """[H, W, 3] to [1, 3, S_h, S_w], bilinear, align_corners False; the same picture where the size is the
    same.
    """
    channels_first = picture.permute(2, 0, 1).unsqueeze(0)
    if tuple(channels_first.shape[-2:]) == tuple(size):
        return channels_first
    return F.interpolate(channels_first, size=size, mode="bilinear", align_corners=False)


def sds_step(
    generator: Generator,
    prior: Prior,
    condition: Condition,
    draws: Draws,
    *,
    guidance: float,
    mode: Mode = "gumbel",
    weight: Weight = "cumprod",
    grad_scale: float = 1.0,
    losses: Sequence[tuple[str, float, Loss]] = (),
) -> StepResult:
    """The loss whose gradient in the logits is one step of the paper's; ``losses`` are (name, scale,
    function).

    ``guidance`` is the usual form. ``weight``: w(t) = s^2 = 1 - abar(t), or 1. A prediction that is not
    finite gives no pull where it is not (as in the paper's code); the caller may look at
    ``result.prediction``.
    """
    # Render: a convex sum of palette colours per cell.
    p = probabilities(generator.logits, mode=mode, tau=draws.tau, gumbel=draws.gumbel)
    raw = generator.render(p)

    # Enlarge to the prior's picture, and change it together with the control pictures.
    image = enlarge(raw, prior.image_size)
    image, *controls = draws.augmentation.apply([image, *condition.controls])

    # Encode: from here the gradient comes back.
    z = prior.encode(image, draws.posterior)

    # Noise it and ask the prior, both branches at once, without a gradient through the prior.
    a, s = prior.schedule(draws.t)
    with torch.no_grad():
        z_t = a * z + s * draws.noise
        prediction = prior.predict(z_t, draws.t, condition.with_controls(controls))
        eps = guide(prediction.eps, guidance)
        w = s * s if weight == "cumprod" else 1.0
        gradient = torch.nan_to_num(grad_scale * w * (eps - draws.noise)).to(z.dtype)
        target = z - gradient

    # A loss whose gradient in z is exactly that pull.
    terms = {"sds": 0.5 * (z - target).pow(2).sum() / z.shape[0]}
    for name, scale, function in losses:
        terms[name] = scale * function(p, raw)

    total = torch.stack([term.reshape(()) for term in terms.values()]).sum()
    return StepResult(
        loss=total,
        terms={name: float(term.detach()) for name, term in terms.items()},
        image=image.detach(),
        latents=z,
        gradient=gradient,
        x0=guide(prediction.x0, guidance),
        prediction=prediction,
    )
