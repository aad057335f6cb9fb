"""Settings survive JSON and refuse nonsense; targets against closed forms."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from small import PALETTE, generator, index_of, picture_of, rng, shapes_prior

from pixl.color import linear_to_oklab, srgb_to_linear
from pixl.distill import targets
from pixl.distill.settings import FEW, Settings, choose, fast, paper, settings_from
from pixl.errors import UsageError


def test_json_and_back() -> None:
    for settings in (Settings(), paper(77), fast(), fast(photo=False)):
        assert settings_from(json.loads(json.dumps(settings.as_dict()))) == settings


def test_the_papers_recipe_is_the_papers() -> None:
    p = choose({"recipe": "paper"})
    assert (p.steps, p.guidance, p.learning_rate, p.warmup, p.weight_decay, p.clip) == (10_001, 41, 0.025, 250, 0.01, 1)
    assert (p.betas, p.epsilon, p.scales.fft, p.tau_low, p.tau_high, p.mode) == (
        (0.9, 0.999),
        1e-8,
        20,
        0.5,
        1.5,
        "gumbel",
    )
    assert (p.times.schedule, p.times.low, p.times.high, p.times.bound) == ("bounded_max", 0.02, 0.98, 0.80)
    assert (p.odds.greyscale, p.odds.perspective, p.odds.distortion, p.odds.flip) == (0.2, 0.5, 0.3, 0.5)
    assert p.rounds.count == 0
    assert p.start == "palette-bilinear"
    assert choose({"recipe": "paper", "steps": 100}).warmup == 10
    assert choose({"recipe": "paper", "guidance": 7.5}).guidance == 7.5


@pytest.mark.parametrize(
    "values",
    [
        {"recipe": "slow"},
        {"steps": 0},
        {"mode": "soft"},
        {"start": "nowhere"},
        {"tau_low": 2.0, "tau_high": 1.0},
        {"guidance": -1.0},
        {"inner": 0},
        {"times": {"low": 0.9, "high": 0.1}},
        {"times": {"schedule": "up"}},
        {"times": {"colour": 1}},
        {"rate": "random"},
        {"method": "other"},
        {"wrong": 1},
        {"learning_rate": "fast"},
        {"steps": 2.5},
        {"betas": [0.9]},
        {"times": 3},
        {"odds": {"flip": True}},
        {"start_distance": "near"},
        {"rate": "piecewise_constant", "rate_rules": "half"},
    ],
)
def test_nonsense_is_refused_in_a_sentence(values: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        choose(values)
    assert caught.value.hint


def test_rescaled_guidance_by_hand() -> None:
    rows = torch.randn(2, 3, 5, 5, generator=rng()).double()
    got = targets.rescaled(rows, 7.5, 0.7).numpy()
    guided = (rows[0] + 7.5 * (rows[1] - rows[0])).numpy()
    factor = rows[1].numpy().std(ddof=1) / guided.std(ddof=1)
    np.testing.assert_allclose(got[0], 0.7 * guided * factor + 0.3 * guided, atol=1e-12)
    assert torch.equal(targets.rescaled(rows[1:], 7.5, 0.7), rows[1:])


def test_to_grid_is_the_mean_of_what_a_cell_covers() -> None:
    image = torch.rand(1, 3, 12, 8, generator=rng()).double()
    got = targets.to_grid(image, (4, 4)).numpy()
    want = image[0].numpy().reshape(3, 4, 3, 4, 2).mean((2, 4)).transpose(1, 2, 0)
    np.testing.assert_allclose(got, want, atol=1e-12)
    assert targets.to_grid(image, (20, 20)).shape == (20, 20, 3)


def test_times_of_a_walk_fall_to_above_zero() -> None:
    assert targets.descend_time(800, 4) == [800, 600, 400, 200]
    assert targets.descend_time(3, 5)[-1] == 1


def test_a_walk_from_noise_ends_at_a_picture_of_the_words() -> None:
    prior = shapes_prior(variants=1)
    condition = prior.condition("cross")
    image = targets.sample(prior, condition, (1, 3, 12, 12), rng(0), steps=20, guidance=1.0)
    assert prior.nearest(image) == 1
    torch.testing.assert_close(image, picture_of(index_of("cross")), atol=0.4, rtol=0)


def test_following_hard_is_the_mean_error_of_the_colours_drawn() -> None:
    weights = torch.softmax(torch.randn(4, 3, 6, generator=rng()).double(), -1)
    target = torch.rand(4, 3, 3, generator=rng(1)).double()
    made = generator(torch.zeros(4, 3, 6).double())
    table = PALETTE.double().numpy()
    drawn = sum(
        0.5 * float(weights[y, x, k]) * ((table[k] - target[y, x].numpy()) ** 2).sum()
        for y in range(4)
        for x in range(3)
        for k in range(6)
    )
    assert float(targets.follow(made, weights, target, hard=1.0)) == pytest.approx(drawn, rel=1e-12)
    mixed = 0.5 * ((weights.numpy() @ table - target.numpy()) ** 2).sum()
    assert float(targets.follow(made, weights, target)) == pytest.approx(mixed, rel=1e-12)
    made.mask = torch.zeros(4, 3, dtype=torch.bool)
    assert float(targets.follow(made, weights, target, hard=1.0)) == 0
    leaf = weights.clone().requires_grad_(True)
    made.mask = None
    assert torch.autograd.gradcheck(lambda p: targets.follow(made, p, target, hard=0.5), (leaf,), atol=1e-7)


def test_colours_are_seen_as_the_rest_of_the_program_sees_them() -> None:
    colors = torch.rand(5, 7, 3, generator=rng(3)).double()
    assert torch.equal(targets.seen(colors, eyes=False), colors)
    want = linear_to_oklab(srgb_to_linear(colors.numpy())) * [2, 4, 4]
    np.testing.assert_allclose(targets.seen(colors, eyes=True).numpy(), want, atol=1e-9)
    greys = torch.linspace(0.1, 1, 10).double()[:, None].expand(10, 3)
    steps = [targets.seen(greys, eyes=eyes).diff(dim=0).norm(dim=-1) for eyes in (False, True)]
    assert float(steps[1].mean() / steps[0].mean()) == pytest.approx(1, abs=0.1)


def test_following_with_eyes_is_the_mean_oklab_error_of_the_colours_drawn() -> None:
    weights = torch.softmax(torch.randn(4, 3, 6, generator=rng()).double(), -1)
    target = torch.rand(4, 3, 3, generator=rng(1)).double()
    made = generator(torch.zeros(4, 3, 6).double())
    table, shown = (linear_to_oklab(srgb_to_linear(c.numpy())) * [2, 4, 4] for c in (PALETTE.double(), target))
    drawn = 0.5 * (weights.numpy() * ((shown[:, :, None] - table) ** 2).sum(-1)).sum()
    assert float(targets.follow(made, weights, target, hard=1.0, eyes=True)) == pytest.approx(drawn, rel=1e-8)
    nearest = ((shown[:, :, None] - table) ** 2).sum(-1).min(-1)
    assert targets.misfit(target, PALETTE.double(), eyes=True) == pytest.approx(nearest.sum(), rel=1e-8)


def test_many_colours_are_compared_as_eyes_do() -> None:
    assert not choose({}, colors=FEW).eyes
    assert choose({}, colors=FEW + 1).eyes
    assert not choose({"eyes": False}, colors=60).eyes
    assert not choose({"recipe": "paper"}, colors=60).eyes


def test_misfit_is_zero_where_the_palette_shows_the_picture() -> None:
    picture = PALETTE[index_of("disc")]
    assert targets.misfit(picture, PALETTE) == 0
    moved = (picture + 0.01).double()
    assert targets.misfit(moved, PALETTE.double()) == pytest.approx(144 * 3 * 0.01**2, rel=1e-5)
