"""Denoised targets: ask the prior once, then let the generator follow for many cheap steps.

``denoised`` is one guided evaluation (replay); ``redrawn`` noises the hard picture and walks it back to t =
0 in a few DDIM steps (a round of amortised targets: far from the prior a single evaluation is a blur of
everything, a few steps are a picture). Both come back as a picture of the grid's own size, so that the
generator's steps between two evaluations cost neither the prior nor its encoder.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from pixl.distill.generator import Generator
from pixl.distill.prior import Condition, Prior, eps_from_x0
from pixl.distill.sds import enlarge, guide

LMS = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
"""OKLab's two matrices: linear sRGB to cone responses, their cube roots to lightness and the two opponents."""


def rescaled(rows: torch.Tensor, guidance: float, rescale: float) -> torch.Tensor:
    """Guided x0 [1, C, h, w] whose spread is brought back towards the positive row's.

    Lin et al. 2023 (arXiv 2305.08891), section 3.4: high guidance over-saturates because it widens the
    spread.
    """
    guided = guide(rows, guidance)
    if rows.shape[0] == 1 or rescale == 0:
        return guided
    spread, wanted = guided.std(), rows[1:].to(guided).std()
    return guided * (1 - rescale + rescale * wanted / spread.clamp_min(1e-8))


def to_grid(image: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """image01 [1, 3, S_h, S_w] to float[H, W, 3]: means of what each cell covers (bilinear where S is
    smaller).
    """
    height, width = int(image.shape[-2]), int(image.shape[-1])
    if (height, width) != size:
        if height >= size[0] and width >= size[1]:
            image = F.adaptive_avg_pool2d(image, size)
        else:
            image = F.interpolate(image, size=size, mode="bilinear", antialias=True, align_corners=False)
    return image[0].permute(1, 2, 0)


def denoised(
    picture: torch.Tensor,
    prior: Prior,
    condition: Condition,
    t: int,
    noise: torch.Tensor,
    *,
    guidance: float,
    rescale: float,
) -> torch.Tensor:
    """What one guided evaluation at ``t`` takes ``picture`` [H, W, 3] for: float[H, W, 3]. Costs the rows
    once.
    """
    with torch.no_grad():
        z = prior.encode(enlarge(picture, prior.image_size))
        a, s = prior.schedule(t)
        prediction = prior.predict(a * z + s * noise, t, condition)
        x0 = rescaled(prediction.x0, guidance, rescale)
        return to_grid(prior.decode(x0.to(z.dtype)), (int(picture.shape[0]), int(picture.shape[1])))


def descend_time(high: int, steps: int) -> list[int]:
    """The timesteps of a walk from ``high`` towards 0: ``steps`` equal parts, 0 itself left out."""
    return [max(1, round(high * (steps - k) / steps)) for k in range(steps)]


def times_of(prior: Prior, high: int, steps: int) -> list[int]:
    """``descend_time``, or the prior's own ``times`` where it knows only some (few-step students)."""
    own = getattr(prior, "times", None)
    return list(own(high, steps)) if own is not None else descend_time(high, steps)


def walk(
    z: torch.Tensor,
    prior: Prior,
    condition: Condition,
    times: list[int],
    *,
    guidance: float,
    rescale: float = 0.0,
    rng: torch.Generator | None = None,
) -> torch.Tensor:
    """From z at ``times[0]`` through ``times`` to a clean latent. Costs the rows ``len(times)`` times.

    Deterministic DDIM, or, for a prior with ``fresh_noise`` (consistency models and their like), each x0
    noised anew from ``rng``.
    """
    fresh = bool(getattr(prior, "fresh_noise", False))
    x0 = z
    with torch.no_grad():
        for k, t in enumerate(times):
            a, s = prior.schedule(t)
            x0 = rescaled(prior.predict(z, t, condition).x0, guidance, rescale).to(z.dtype)
            if k + 1 < len(times):
                eps = torch.randn(z.shape, generator=rng).to(z) if fresh else eps_from_x0(z, x0, a, s)
                a, s = prior.schedule(times[k + 1])
                z = a * x0 + s * eps
    return x0


def redrawn(
    picture: torch.Tensor,
    prior: Prior,
    condition: Condition,
    t: int,
    noise: torch.Tensor,
    *,
    steps: int,
    guidance: float,
    rescale: float,
    rng: torch.Generator | None = None,
) -> torch.Tensor:
    """``picture`` [H, W, 3] noised to ``t`` and walked back in ``steps``: float[H, W, 3]. ``rng``: see
    ``walk``.
    """
    with torch.no_grad():
        z = prior.encode(enlarge(picture, prior.image_size))
        a, s = prior.schedule(t)
        start = a * z + s * noise
        x0 = walk(start, prior, condition, times_of(prior, t, steps), guidance=guidance, rescale=rescale, rng=rng)
        return to_grid(prior.decode(x0), (int(picture.shape[0]), int(picture.shape[1])))


def seen(colors: torch.Tensor, *, eyes: bool) -> torch.Tensor:
    """Coordinates [..., 3] in which the distance of ``colors`` [..., 3], sRGB code values, is measured: the code
    values themselves, as a prior sees them, or as eyes do: OKLab times 2 (greys are then as far apart as before, to a
    tenth), its two opponents times 2 once more.

    OKLab: Ottosson 2020, from linear light. The opponents doubled: of the weights from 1 to 3 the one that agrees best
    with CIEDE2000 on the icons in the colours of Perler, Hama and LEGO.
    """
    if not eyes:
        return colors
    linear = torch.where(colors <= 0.04045, colors / 12.92, ((colors.clamp_min(0) + 0.055) / 1.055) ** 2.4)
    cones = linear @ torch.tensor(LMS, dtype=colors.dtype, device=colors.device).T
    lab = (cones.sign() * cones.abs().pow(1 / 3)) @ torch.tensor(LAB, dtype=colors.dtype, device=colors.device).T
    return lab * torch.tensor([2.0, 4.0, 4.0], dtype=colors.dtype, device=colors.device)


def misfit(target: torch.Tensor, palette: torch.Tensor, *, eyes: bool = False) -> float:
    """How badly ``palette`` [n, 3] shows ``target`` [H, W, 3]: squared distances to the nearest colours,
    summed; in the coordinates that ``seen`` gives.

    Of several pictures that the words allow, the one with the least misfit is the one to pursue: what a
    prior finds likely and the palette cannot show is lost.
    """
    palette, target = seen(palette, eyes=eyes), seen(target, eyes=eyes)
    return float((target.unsqueeze(-2) - palette).pow(2).sum(-1).amin(-1).sum())


def follow(
    generator: Generator, weights: torch.Tensor, target: torch.Tensor, *, hard: float = 0.0, eyes: bool = False
) -> torch.Tensor:
    """Half the squared distance to ``target`` [H, W, 3], summed over the cells that are not empty.

    ``hard`` 0: of the mixture that ``weights`` [H, W, n] render. ``hard`` 1: the mean distance of the
    colours that would be drawn with these weights, which is that of the mixture plus the mixture's spread. A
    mixture of two colours may match what neither of them shows; a maker gets one of them. Between 0 and 1,
    so much of the spread. ``eyes``: see ``seen``.
    """
    palette, target = seen(generator.palette, eyes=eyes), seen(target, eyes=eyes)
    mixture = (weights @ palette - target).pow(2).sum(-1)
    if hard > 0:
        spread = (weights * palette.pow(2).sum(-1)).sum(-1) - (weights @ palette).pow(2).sum(-1)
        mixture = mixture + hard * spread
    if generator.mask is not None:
        mixture = mixture * generator.mask
    return 0.5 * mixture.sum()


def sample(
    prior: Prior,
    condition: Condition,
    latent_shape: tuple[int, ...],
    rng: torch.Generator,
    *,
    steps: int,
    guidance: float,
    high: int = 998,
) -> torch.Tensor:
    """A picture of the prior's own, image01 [1, 3, S_h, S_w], from pure noise in ``steps``."""
    noise = torch.randn(latent_shape, generator=rng)
    x0 = walk(noise, prior, condition, times_of(prior, high, steps), guidance=guidance, rng=rng)
    return prior.decode(x0)
