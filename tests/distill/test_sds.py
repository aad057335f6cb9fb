"""The step against closed forms and finite differences in float64, and against the paper's formula as
written.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small import PALETTE, generator, rng, shapes_prior

from pixl.distill import losses
from pixl.distill.augment import (
    NO_AUGMENTATION,
    Augmentation,
    AugmentationOdds,
    draw_augmentation,
    draw_corners,
    homography,
    perspective,
)
from pixl.distill.generator import Mode, gumbel_noise, probabilities
from pixl.distill.prior import eps_from_x0, x0_from_eps
from pixl.distill.priors.codec import PixelCodec
from pixl.distill.schedules import TimeRange
from pixl.distill.sds import Draws, StepResult, draw, enlarge, guide, sds_step

H, W, N, S = 6, 5, 6, 8
AUGMENTATIONS = {
    "none": Augmentation(),
    "grey": Augmentation(greyscale=True),
    "flip": Augmentation(flip=True),
    "perspective": Augmentation(corners=((1, 0), (6, 1), (7, 7), (0, 6))),
    "all": Augmentation(greyscale=True, corners=((0, 1), (7, 0), (6, 6), (1, 7)), flip=True),
}


def draws(augmentation: Augmentation, channels: int = 3, side: int = S, t: int = 400) -> Draws:
    return Draws(
        tau=0.8,
        gumbel=gumbel_noise((H, W, N), rng(5), torch.float64),
        augmentation=augmentation,
        t=t,
        noise=torch.randn(1, channels, side, side, generator=rng(6)).double(),
    )


def step(logits: torch.Tensor, codec: PixelCodec, drawn: Draws, **extra: object) -> StepResult:
    prior = shapes_prior(S, codec=codec, double=True)
    made = generator(logits)
    made.logits = logits
    made.palette = PALETTE.double()
    return sds_step(made, prior, prior.condition("disc"), drawn, **{"guidance": 41.0, **extra})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize(
    ("codec", "channels", "side"), [(PixelCodec(), 3, 8), (PixelCodec(kind="pool", factor=2), 3, 4),
                                    (PixelCodec(kind="unshuffle", factor=2), 12, 4)]
)  # fmt: skip
def test_gradient_at_the_logits_through_everything(name: str, codec: PixelCodec, channels: int, side: int) -> None:
    """The prior's pull g is a constant; the step's gradient must be that of g . z(logits), by finite
    differences.
    """
    drawn = draws(AUGMENTATIONS[name], channels, side)
    logits = torch.randn(H, W, N, generator=rng(7)).double().requires_grad_(True)
    result = step(logits, codec, drawn)
    result.loss.backward()
    assert logits.grad is not None

    def pulled(z: torch.Tensor) -> float:
        made = generator(z)
        image = enlarge(made.render(probabilities(z, mode="gumbel", tau=0.8, gumbel=drawn.gumbel)), (S, S))
        (image,) = drawn.augmentation.apply([image])
        return float((codec.encode(image) * result.gradient).sum())

    base, tiny = logits.detach(), 1e-5
    places = torch.randint(0, H * W * N, (25,), generator=rng(8)).tolist()
    scale = float(logits.grad.abs().max())
    for place in places:
        nudge = torch.zeros(H * W * N).double()
        nudge[place] = tiny
        numeric = (pulled(base + nudge.view(H, W, N)) - pulled(base - nudge.view(H, W, N))) / (2 * tiny)
        assert float(logits.grad.flatten()[place]) == pytest.approx(numeric, abs=1e-6 * scale)


def test_the_pull_is_the_papers_formula() -> None:
    drawn = draws(AUGMENTATIONS["none"])
    logits = torch.randn(H, W, N, generator=rng(7)).double().requires_grad_(True)
    prior = shapes_prior(S, double=True)
    condition = prior.condition("disc")
    result = step(logits, PixelCodec(), drawn)
    a, s = prior.schedule(drawn.t)
    z = result.latents.detach()
    eps_neg, eps_pos = prior.predict(a * z + s * drawn.noise, drawn.t, condition).eps.split(1)
    want = (1 - a * a) * ((eps_pos - drawn.noise) + 40 * (eps_pos - eps_neg))
    torch.testing.assert_close(result.gradient, want, rtol=1e-10, atol=1e-10)
    assert result.terms["sds"] == pytest.approx(0.5 * float(want.pow(2).sum()))
    flat = step(logits, PixelCodec(), drawn, weight="constant", grad_scale=2.0)
    torch.testing.assert_close(flat.gradient, 2 * want / (1 - a * a), rtol=1e-10, atol=1e-10)
    eps = guide(result.prediction.eps, 41.0)
    torch.testing.assert_close(result.x0, x0_from_eps(a * z + s * drawn.noise, eps, a, s), rtol=1e-8, atol=1e-8)


def test_guidance_is_the_usual_form() -> None:
    rows = torch.randn(2, 3, 4, 4, generator=rng()).double()
    for g in (0.0, 1.0, 7.5, 41.0):
        torch.testing.assert_close(guide(rows, g), rows[:1] + g * (rows[1:] - rows[:1]))
    assert torch.equal(guide(rows[1:], 7.5), rows[1:])
    assert guide(rows.bfloat16(), 2.0).dtype == torch.float32


def test_losses_are_added_with_their_scales() -> None:
    drawn = draws(AUGMENTATIONS["none"])
    logits = torch.randn(H, W, N, generator=rng(7)).double()
    terms = [("fft", 20.0, losses.fft_smoothness), ("own", 3.0, lambda p, image: p.pow(2).sum())]
    grads = []
    for chosen in ([], terms):
        leaf = logits.clone().requires_grad_(True)
        result = step(leaf, PixelCodec(), drawn, losses=chosen)
        result.loss.backward()
        grads.append(leaf.grad)
    leaf = logits.clone().requires_grad_(True)
    p = probabilities(leaf, mode="gumbel", tau=0.8, gumbel=drawn.gumbel)
    (20 * losses.fft_smoothness(p, p @ PALETTE.double()) + 3 * p.pow(2).sum()).backward()
    torch.testing.assert_close(grads[1], grads[0] + leaf.grad, rtol=1e-9, atol=1e-9)
    assert result.terms["own"] == pytest.approx(3 * float(p.detach().pow(2).sum()))
    assert float(result.loss.detach()) == pytest.approx(sum(result.terms.values()))


def test_a_prediction_that_is_not_a_number_pulls_nowhere_there() -> None:
    class Broken:
        def __init__(self) -> None:
            self.inner = shapes_prior(S, double=True)

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

        def predict(self, z_t: torch.Tensor, t: int, condition: object) -> object:
            prediction = self.inner.predict(z_t, t, condition)  # type: ignore[arg-type]
            prediction.eps[:, 0] = float("nan")
            return prediction

    prior = Broken()
    logits = torch.zeros(H, W, N).double().requires_grad_(True)
    made = generator(torch.zeros(H, W, N).double())
    made.logits = logits
    condition = prior.inner.condition("disc")
    result = sds_step(made, prior, condition, draws(AUGMENTATIONS["none"]), guidance=2.0)  # type: ignore[arg-type]
    result.loss.backward()
    assert result.gradient[:, 0].abs().max() == 0
    assert result.gradient[:, 1].abs().max() > 0
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("mode", ["gumbel", "gumbel-hard", "softmax", "argmax"])
def test_same_seed_same_draws_and_order(mode: Mode) -> None:
    def made(seed: int) -> Draws:
        return draw(
            rng(seed), logits_shape=(H, W, N), latent_shape=(1, 3, S, S), image_size=(S, S), step=3, steps=10, mode=mode
        )

    one, again, other = made(1), made(1), made(2)
    assert (one.tau, one.t, one.augmentation) == (again.tau, again.t, again.augmentation)
    assert torch.equal(one.noise, again.noise)
    assert not torch.equal(one.noise, other.noise)
    assert (one.gumbel is None) == (mode in ("softmax", "argmax"))
    # in the documented order, by hand
    hand = rng(1)
    if one.gumbel is None:
        assert one.tau == 1.0
    else:
        assert one.tau == pytest.approx(0.5 + float(torch.rand(1, generator=hand)))
        assert torch.equal(one.gumbel, gumbel_noise((H, W, N), hand))
    assert one.augmentation == draw_augmentation(AugmentationOdds(), (S, S), hand)
    assert one.t == TimeRange().draw(3, 10, hand)
    assert torch.equal(one.noise, torch.randn(1, 3, S, S, generator=hand))


def test_augmentation_odds_and_corner_ranges() -> None:
    source = rng(0)
    drawn = [draw_augmentation(AugmentationOdds(), (64, 40), source) for _ in range(2000)]
    assert np.mean([a.greyscale for a in drawn]) == pytest.approx(0.2, abs=0.04)
    assert np.mean([a.corners is not None for a in drawn]) == pytest.approx(0.5, abs=0.05)
    assert np.mean([a.flip for a in drawn]) == pytest.approx(0.5, abs=0.05)
    corners = np.array([draw_corners(0.3, (64, 40), source) for _ in range(800)])
    dx, dy = int(0.3 * 20), int(0.3 * 32)
    low = [[0, 0], [40 - dx - 1, 0], [40 - dx - 1, 64 - dy - 1], [0, 64 - dy - 1]]
    high = [[dx, dy], [39, dy], [39, 63], [dx, 63]]
    np.testing.assert_array_equal(corners.min(0), low)
    np.testing.assert_array_equal(corners.max(0), high)
    assert all(draw_augmentation(NO_AUGMENTATION, (8, 8), source) == Augmentation() for _ in range(50))


def test_perspective_by_hand_and_its_gradient() -> None:
    image = torch.rand(1, 2, 7, 9, generator=rng(3)).double()
    corners = ((1, 0), (8, 1), (7, 6), (0, 5))
    straight = ((0, 0), (8, 0), (8, 6), (0, 6))
    back = homography(corners, straight).numpy()
    matrix = np.append(back, 1).reshape(3, 3)
    for (x, y), (u, v) in zip(corners, straight, strict=True):
        point = matrix @ [x, y, 1]
        np.testing.assert_allclose(point[:2] / point[2], [u, v], atol=1e-12)
    got = perspective(image, corners).numpy()[0]
    source = image[0].numpy()
    for y in range(7):
        for x in range(9):
            u, v, w = matrix @ [x + 0.5, y + 0.5, 1]
            px, py = u / w - 0.5, v / w - 0.5
            want = np.zeros(2)
            for iy in (int(np.floor(py)), int(np.floor(py)) + 1):
                for ix in (int(np.floor(px)), int(np.floor(px)) + 1):
                    if 0 <= iy < 7 and 0 <= ix < 9:
                        want += source[:, iy, ix] * (1 - abs(px - ix)) * (1 - abs(py - iy))
            np.testing.assert_allclose(got[:, y, x], want, atol=1e-9)
    leaf = image.clone().requires_grad_(True)
    assert torch.autograd.gradcheck(lambda z: perspective(z, corners), (leaf,), atol=1e-6)
    torch.testing.assert_close(perspective(image, straight), image)


def test_controls_are_changed_with_the_render() -> None:
    seen = []

    class Watching:
        def __init__(self) -> None:
            self.inner = shapes_prior(S, double=True)

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

        def predict(self, z_t: torch.Tensor, t: int, condition: object) -> object:
            seen.extend(condition.controls)  # type: ignore[attr-defined]
            return self.inner.predict(z_t, t, condition)  # type: ignore[arg-type]

    prior = Watching()
    control = torch.rand(1, 3, S, S, generator=rng(2)).double()
    condition = prior.inner.condition("disc", "", [control])
    made = generator(torch.zeros(H, W, N).double().requires_grad_(True))
    drawn = draws(AUGMENTATIONS["all"])
    sds_step(made, prior, condition, drawn, guidance=2.0)  # type: ignore[arg-type]
    torch.testing.assert_close(seen[0], drawn.augmentation.apply([control])[0])
    assert torch.equal(condition.controls[0], control)


def test_enlarging_is_bilinear_with_pixel_centres() -> None:
    picture = torch.rand(4, 3, 3, generator=rng()).double()
    got = enlarge(picture, (8, 6))[0].permute(1, 2, 0).numpy()
    for y in range(8):
        for x in range(6):
            fy, fx = np.clip((y + 0.5) / 2 - 0.5, 0, 3), np.clip((x + 0.5) / 2 - 0.5, 0, 2)
            iy, ix = min(int(fy), 2), min(int(fx), 1)
            ty, tx = fy - iy, fx - ix
            a = picture.numpy()
            want = (a[iy, ix] * (1 - tx) + a[iy, ix + 1] * tx) * (1 - ty) + (
                a[iy + 1, ix] * (1 - tx) + a[iy + 1, ix + 1] * tx
            ) * ty
            np.testing.assert_allclose(got[y, x], want, atol=1e-12)
    assert enlarge(picture, (4, 3)).shape == (1, 3, 4, 3)


def test_conversions_undo_each_other() -> None:
    z, eps = torch.randn(2, 1, 3, 4, 4, generator=rng()).double()
    a, s = 0.3, 0.9
    torch.testing.assert_close(eps_from_x0(z, x0_from_eps(z, eps, a, s), a, s), eps)
