"""From a job to a descent's first state: the picture to start from, the colours to use, mask and logits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from pixl.color import linear_to_srgb, rgb_to_oklab
from pixl.distill import start, targets
from pixl.distill.prior import Condition, ExactPrior, Prior
from pixl.distill.settings import FEW, Settings
from pixl.job import FREE, Job
from pixl.photo import Photo, photo_from_rgba

SAME = 0.02  # mean difference in code values below which two samples are one picture
SCORED = 10  # samples that CLIP chooses from, as in the paper's code
FIRM = 50.0  # a locked cell's logit above all others: its probability is 1 to rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """``logits`` float32[H, W, n] over ``colors``, n indices into the job's palette; ``mask`` bool[H, W];
    ``target`` float32[3, h, w], the picture in sRGB code values over white, or None; ``held`` bool[H, W],
    locked."""

    logits: torch.Tensor
    colors: tuple[int, ...]
    mask: torch.Tensor
    target: torch.Tensor | None
    held: torch.Tensor | None


def code_picture(photo: Photo) -> torch.Tensor:
    """float32[3, h, w]: a photo in sRGB code values over white."""
    values = np.asarray(linear_to_srgb(photo.linear), np.float32)
    alpha = photo.alpha[..., None].astype(np.float32)
    return torch.from_numpy(np.ascontiguousarray((values * alpha + (1 - alpha)).transpose(2, 0, 1)))


def own_sample(
    job: Job, prior: Prior, condition: Condition, settings: Settings, latent_shape: tuple[int, ...]
) -> Photo:
    """A photo of the prior's own for a prompt alone: of several samples the one that the palette suits best.

    A prior that can draw from itself exactly (``sample``) does, else the samples are denoised from pure
    noise. A prior that knows its energy judges the samples as nearest palette colours; one with a ``scorer``
    (CLIP, where it is here) by how well they fit the words; else the first is taken. A prior with an ``alpha``
    for its pictures also says which cells stay empty; one with an ``order`` says which of them the words name
    better, and with more than FEW colours that comes first.
    """
    rng = torch.Generator().manual_seed(job.seed)
    table = torch.from_numpy(job.palette.rgb.astype(np.float32) / 255)
    judge = prior if isinstance(prior, ExactPrior) else None
    exact_draw, alpha_of = getattr(prior, "sample", None), getattr(prior, "alpha", None)
    order_of = getattr(prior, "order", None) if len(job.palette) > FEW else None
    find_scorer = getattr(prior, "scorer", None)
    scorer = find_scorer() if find_scorer is not None else None
    count = settings.sample_rank + 1 if scorer is None else max(min(settings.samples, SCORED), settings.sample_rank + 1)
    drawn: list[tuple[tuple[float, float], torch.Tensor]] = []
    for _ in range(settings.samples if judge is not None else count):
        if exact_draw is not None:
            image = exact_draw(condition, rng)
        else:
            image = targets.sample(
                prior, condition, latent_shape, rng, steps=settings.sample_steps, guidance=settings.sample_guidance
            )
        energy = 0.0
        if judge is not None:
            shown = table[start.nearest_colors(image.permute(0, 2, 3, 1), table)].permute(0, 3, 1, 2)
            if alpha_of is not None:  # empty cells show what is behind them, not a colour of the palette
                shown = torch.where(_resized(alpha_of(image, job.prompt), image) >= 0.5, shown, image)
            energy = float(judge.energy(shown, condition))
        drawn.append(((order_of(image, job.prompt) if order_of is not None else 0.0, energy), image))
    if scorer is not None:
        drawn = [
            ((-score, 0.0), image)
            for score, (_, image) in zip(scorer([one for _, one in drawn], job.prompt), drawn, strict=True)
        ]
    judged = judge is not None or scorer is not None
    best = ranked(drawn, settings.sample_rank) if judged else drawn[-1][1]
    rgb = (best[0].permute(1, 2, 0).clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    photo = photo_from_rgba(rgb, name=job.prompt)
    if alpha_of is None:
        return photo
    return replace(photo, alpha=_resized(alpha_of(best, job.prompt), best).numpy().astype(np.float32))


def _resized(alpha: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    """``alpha`` float[H, W] at the size of ``image`` [1, 3, S_h, S_w]."""
    size = (int(image.shape[-2]), int(image.shape[-1]))
    return torch.nn.functional.interpolate(alpha[None, None], size=size, mode="nearest")[0, 0]


def ranked(drawn: list[tuple[tuple[float, float], torch.Tensor]], rank: int) -> torch.Tensor:
    """Of (key, picture) the picture of this rank, counting pictures that look the same once; the least key first."""
    distinct: list[torch.Tensor] = []
    for _, image in sorted(drawn, key=lambda pair: pair[0]):
        if all(float((image - other).abs().mean()) > SAME for other in distinct):
            distinct.append(image)
    return distinct[rank % len(distinct)]


def begin(job: Job, prior: Prior, condition: Condition, settings: Settings, latent_shape: tuple[int, ...]) -> Beginning:
    """Raises what the quantize engine raises for the job's limits."""
    from pixl.quantize import QuantizeEngine

    photo = job.photo
    if photo is None:
        photo = own_sample(job, prior, condition, settings, latent_shape)
    limits = job.limits
    index = QuantizeEngine().solve(replace(job, photo=photo, limits=limits)).index
    used = set(np.unique(index[index >= 0]).tolist()) | set(limits.locked_colors)
    colors = tuple(sorted(used)) if limits.colors is not None else spread(job.palette.rgb, used, settings.spare)
    colors = colors or (0,)
    table = torch.from_numpy(job.palette.rgb[list(colors)].astype(np.float32) / 255)
    target = code_picture(photo)
    mask = torch.from_numpy(index >= 0)
    place = np.full(len(job.palette) + 1, -1, np.int64)
    place[list(colors)] = np.arange(len(colors))
    inner = torch.from_numpy(place[index])
    if settings.start == "quantize":
        logits = start.from_index(inner, table) * settings.start_std
    else:
        rng = torch.Generator().manual_seed(job.seed)
        size = (job.size.height, job.size.width)
        logits = start.first_logits(
            cast(Any, settings.start),
            target,
            table,
            size,
            rng=rng,
            distance=settings.start_distance,
            std=settings.start_std,
            clusters=settings.start_clusters,
        )
    return Beginning(
        logits=logits.float(), colors=colors, mask=mask, target=target, held=_held(limits.locked, inner, logits)
    )


def spread(rgb: NDArray[np.uint8], used: set[int], count: int) -> tuple[int, ...]:
    """``count`` of the colours uint8[n, 3], ascending: the ``used`` ones (all of them), then always the one that is
    farthest, in OKLab, from all that are taken. What the words want may not be in the start at all."""
    chosen = sorted(used) or [0]
    lab = rgb_to_oklab(rgb)
    away = ((lab[:, None] - lab[chosen]) ** 2).sum(-1).min(1)
    away[chosen] = -1.0
    while len(chosen) < min(count, len(rgb)):
        chosen.append(int(away.argmax()))
        away = np.minimum(away, ((lab - lab[chosen[-1]]) ** 2).sum(-1))
        away[chosen] = -1.0
    return tuple(sorted(chosen))


def _held(locked: NDArray[np.int16] | None, inner: torch.Tensor, logits: torch.Tensor) -> torch.Tensor | None:
    """Locked cells, whose logits are made firm in place."""
    if locked is None or not bool((locked != FREE).any()):
        return None
    held = torch.from_numpy(locked != FREE)
    sure = held & (inner >= 0)
    firm = torch.nn.functional.one_hot(inner.clamp_min(0), logits.shape[-1]).to(logits) * FIRM
    logits[sure] = firm[sure] - firm[sure].mean(-1, keepdim=True)
    return held
