"""Exact priors against autograd of their own density and against brute force, all in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from small import WORDS, index_of, picture_of, rng, shapes_prior

from pixl import icons
from pixl.distill.prior import ExactPrior, Prior
from pixl.distill.priors import PRIORS, load_prior, prior_row
from pixl.distill.priors.codec import PixelCodec
from pixl.distill.priors.icon import FULL, MEANT, IconPrior, drawn, fit, on_white, picture_size, subject
from pixl.distill.priors.mixture import MixturePrior, log_density
from pixl.distill.priors.patch import PatchPrior
from pixl.errors import PixlError, UsageError

CODECS = [PixelCodec(), PixelCodec(kind="unshuffle", factor=2), PixelCodec(kind="pool", factor=2)]


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("t", [20, 400, 800, 998])
def test_noise_prediction_is_the_score_of_the_density(codec: PixelCodec, t: int) -> None:
    prior = shapes_prior(8, codec=codec, double=True)
    condition = prior.condition("cross")
    a, s = prior.schedule(t)
    z = prior.encode(picture_of(index_of("square", 8)).double())
    z_t = (a * z + s * torch.randn(z.shape, generator=rng(1)).double()).requires_grad_(True)
    prediction = prior.predict(z_t, t, condition)
    for row, branch in enumerate(condition.payload):
        (score,) = torch.autograd.grad(log_density(prior, z_t, t, branch).sum(), z_t)
        torch.testing.assert_close(prediction.eps[row : row + 1], -s * score, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(
            a * prediction.x0[row : row + 1] + s * prediction.eps[row : row + 1], z_t.detach(), rtol=0, atol=1e-10
        )


def test_posterior_mean_by_brute_force_over_components() -> None:
    prior = shapes_prior(6, double=True)
    condition = prior.condition("disc")
    a, s = prior.schedule(700)
    z_t = torch.randn(1, 3, 6, 6, generator=rng(3)).double()
    v = s * s + a * a * prior.bandwidth**2
    logs, means = [], []
    for word in WORDS:
        for variant in range(2):
            mean = (2 * picture_of(index_of(word, 6, variant)).double() - 1).numpy()
            logs.append(-((z_t.numpy() - a * mean) ** 2).sum() / (2 * v) if word == "disc" else -math.inf)
            # product of two Gaussians: precision 1/h^2 about the mean, a^2/s^2 about z_t / a
            h2 = prior.bandwidth**2
            means.append((mean / h2 + a * z_t.numpy() / s**2) / (1 / h2 + a * a / s**2))
    weights = np.exp(np.array(logs) - max(logs))
    want = sum(w * m for w, m in zip(weights / weights.sum(), means, strict=True))
    np.testing.assert_allclose(prior.predict(z_t, 700, condition).x0[1:].numpy(), want, atol=1e-10)


def test_words_choose_and_wrong_words_have_no_weight_at_all() -> None:
    prior = shapes_prior(8)
    condition = prior.condition("disc")
    near_a_square = prior.encode(picture_of(index_of("square", 8)))
    negative, positive = prior.predict(near_a_square, 500, condition).x0.split(1)
    assert prior.nearest(prior.decode(negative)) // 2 == WORDS.index("square")
    assert prior.nearest(prior.decode(positive)) // 2 == WORDS.index("disc")
    against = prior.condition("disc", "cross")
    assert prior.nearest(prior.decode(prior.predict(near_a_square, 500, against).x0[:1])) // 2 == WORDS.index("cross")


def test_energy_is_the_density_at_no_noise() -> None:
    prior = shapes_prior(6, double=True)
    condition = prior.condition("stripes")
    images = torch.rand(3, 3, 6, 6, generator=rng(2)).double()
    for image, energy in zip(images, prior.energy(images, condition), strict=True):
        z = 2 * image - 1
        terms = [
            -float((z - 2 * picture_of(index_of("stripes", 6, v)).double()[0] + 1).pow(2).sum()) / (2 * 0.15**2)
            + math.log(0.5)
            for v in range(2)
        ]
        assert float(energy) == pytest.approx(-np.logaddexp(*terms), rel=1e-12)


@pytest.mark.parametrize("codec", CODECS)
def test_codecs_are_linear_and_undo(codec: PixelCodec) -> None:
    image = torch.rand(2, 3, 8, 8, generator=rng()).double()
    other = torch.rand(2, 3, 8, 8, generator=rng(1)).double()
    half = codec.encode((image + other) / 2)
    torch.testing.assert_close(half, (codec.encode(image) + codec.encode(other)) / 2)
    again = codec.decode(codec.encode(image))
    if codec.kind == "pool":
        again = torch.nn.functional.avg_pool2d(again, 2)
        image = torch.nn.functional.avg_pool2d(image, 2)
    torch.testing.assert_close(again, image)


def test_patch_prior_by_brute_force() -> None:
    bank = torch.rand(3, 3, 6, 5, generator=rng(4)).double()
    prior = PatchPrior(bank, ["a", "b", "a"], reach=1, stride=1)
    condition = prior.condition("a")
    z_t = torch.randn(1, 3, 6, 5, generator=rng(5)).double()
    t = 300
    a, s = prior.schedule(t)
    half = prior.half_width(s)
    variance = s * s + a * a * prior.bandwidth**2
    views = []
    for k in (0, 2):
        padded = np.pad(bank[k].numpy(), ((0, 0), (1, 1), (1, 1)), mode="edge")
        views += [2 * padded[:, dy : dy + 6, dx : dx + 5] - 1 for dy in range(3) for dx in range(3)]
    got = prior.predict(z_t, t, condition).x0[1].numpy()
    for y in range(6):
        for x in range(5):
            rows, columns = slice(max(0, y - half), y + half + 1), slice(max(0, x - half), x + half + 1)
            d = np.array([((z_t[0].numpy()[:, rows, columns] - a * v[:, rows, columns]) ** 2).sum() for v in views])
            w = np.exp(-(d - d.min()) / (2 * variance))
            want = sum(wi * v[:, y, x] for wi, v in zip(w / w.sum(), views, strict=True))
            np.testing.assert_allclose(got[:, y, x], want, atol=1e-10)
    energy, halves = 0.0, [2, 4, 8]
    for h in halves:
        for y in range(6):
            for x in range(5):
                rows, columns = slice(max(0, y - h), y + h + 1), slice(max(0, x - h), x + h + 1)
                patch = z_t[0].numpy()[:, rows, columns]
                d = np.array([((patch - v[:, rows, columns]) ** 2).sum() for v in views]) / (2 * 0.08**2)
                energy += -(np.log(np.exp(-(d - d.min())).sum()) - d.min()) / patch[0].size / len(halves)
    image = (z_t + 1) / 2
    assert float(prior.energy(image, condition)[0]) == pytest.approx(energy, rel=1e-9)
    with pytest.raises(ValueError, match="labelled"):
        prior.condition("c")


def test_icon_prior_draws_every_icon_unstretched_on_white() -> None:
    prior = IconPrior((10, 16))
    assert prior.image_size == (10, 16)
    assert prior.bank.shape == (len(icons.ids()), 3, 10, 16)
    assert float(prior.bank[:, :, :, :3].min()) == 1.0
    place = icons.ids().index("red-heart")
    red, green, _ = prior.bank[place, :, 4, 8]
    assert red > 0.7
    assert green < 0.5
    assert isinstance(prior, ExactPrior)
    assert isinstance(prior, Prior)


def test_icon_words_and_colours() -> None:
    prior = IconPrior((12, 12))
    cats = prior.condition("a cat")
    assert len(cats.payload[1].means) == len(subject("a cat").ids) >= 5
    assert len(cats.payload[0].means) == len(icons.ids()) + len(cats.payload[1].means)
    assert len(subject("a face").ids) == MEANT < len(icons.admissible("a face"))
    blue = prior.condition("a blue apple")
    picture = prior.decode(blue.payload[1].means[:1].view(1, 3, 12, 12))[0, :, 7, 6]
    assert picture[2] > picture[0]
    with pytest.raises(PixlError):
        prior.condition("qwxzzy")


def areas(count: int, cells: int) -> np.ndarray:
    """float64[cells, count]: the share of each cell that each of ``count`` equal pixels fills."""
    edges = np.linspace(0, count, cells + 1)
    pixels = np.arange(count)
    return np.clip(np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels), 0, 1) * cells / count


def test_icon_alpha_is_how_much_the_nearest_icon_covers_of_each_cell() -> None:
    prior = IconPrior((20, 20))
    found = subject("a cat")
    place = found.ids.index("black-cat")
    picture = prior.painted(found)[place : place + 1]
    assert prior.order(picture, "a cat") == place
    alpha = icons.picture("black-cat")[..., 3] / 255
    weights = areas(64, 20)
    np.testing.assert_allclose(prior.alpha(picture, "a cat").numpy(), weights @ alpha @ weights.T, atol=2e-3)


@pytest.mark.parametrize("name", ["red-heart", "mushroom", "owl", "parrot"])
def test_an_icon_is_drawn_in_colours_that_it_has_there(name: str) -> None:
    """No cell is a mixture across an edge: neither with the white behind it nor of two of its colours. The mean of a
    cell, for comparison, often is."""
    side, pixels = 24, icons.picture(name)
    rgb, cover = drawn(name, None, side)
    mean = fit(on_white(pixels[None]), (side, side))[0]
    far = {"drawn": 0, "mean": 0}
    for y, x in np.argwhere(cover.numpy() >= FULL):
        top, left = int(y * 64 / side), int(x * 64 / side)
        own = pixels[max(0, top - 2) : top + 5, max(0, left - 2) : left + 5].reshape(-1, 4)
        own = own[own[:, 3] > 200][:, :3] / 255
        for key, picture in (("drawn", rgb), ("mean", mean)):
            away = np.abs(own - picture[:, y, x].numpy()).max(1).min() if len(own) else 0.0
            far[key] += int(away > 0.06)
    covered = int((cover >= FULL).sum())
    assert far["drawn"] <= 0.02 * covered
    assert far["mean"] >= 0.05 * covered
    assert (rgb[:, cover < FULL] == 1).all()


def test_picture_sizes() -> None:
    assert picture_size((29, 29)) == (29, 29)
    assert picture_size((48, 96)) == (48, 96)
    assert picture_size((64, 128)) == (48, 96)
    assert on_white(np.zeros((1, 2, 2, 4), np.uint8)).min() == 1.0
    big = IconPrior((70, 120))
    assert big.image_size == (56, 96)
    alpha = big.alpha(big.painted(subject("a cat"))[:1], "a cat")
    assert alpha.shape == (70, 120)
    assert float(alpha[:, :25].max()) == 0  # in the middle, as high as the grid
    assert float(alpha[:, 25:95].max()) == 1


def test_the_table_of_priors() -> None:
    assert prior_row("icons") in PRIORS
    assert isinstance(load_prior("icons", (8, 8)), MixturePrior)
    with pytest.raises(UsageError, match="there is no prior"):
        prior_row("nothing")
