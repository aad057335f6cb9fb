"""Initialisers, t ranges and learning-rate factors against their definitions, written a second time in
numpy.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from pixl.distill import schedules, start
from pixl.distill.schedules import RATE_SCHEDULES, TimeRange, rate_factor

N = 6


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def palette(seed: int = 0) -> torch.Tensor:
    return torch.rand(N, 3, generator=rng(seed)).double()


def even(z: np.ndarray) -> np.ndarray:
    z = z - z.mean(-1, keepdims=True)
    norm = np.sqrt((z**2).sum(-1, keepdims=True))
    return z / norm * norm.mean()


@pytest.mark.parametrize("distance", ["l1", "l2", "cosine"])
def test_from_colors(distance: start.Distance) -> None:
    colors, table = torch.rand(4, 5, 3, generator=rng(1)).double(), palette()
    z = np.zeros((4, 5, N))
    for y in range(4):
        for x in range(5):
            for k in range(N):
                a, b = colors[y, x].numpy(), table[k].numpy()
                if distance == "l1":
                    z[y, x, k] = -np.abs(a - b).sum()
                elif distance == "l2":
                    z[y, x, k] = -math.sqrt(((a - b) ** 2).sum())
                else:
                    a, b = 2 * a - 1, 2 * b - 1
                    z[y, x, k] = a @ b / math.sqrt((a @ a) * (b @ b))
    got = start.from_colors(colors, table, distance=distance).numpy()
    np.testing.assert_allclose(got, even(z * math.sqrt(N)), atol=1e-12)
    norms = np.sqrt((got**2).sum(-1))
    np.testing.assert_allclose(norms, norms.mean(), atol=1e-12)


@pytest.mark.parametrize("distance", ["l1", "l2", "cosine"])
def test_from_index_gives_back_its_index(distance: start.Distance) -> None:
    index = torch.randint(0, N, (7, 5), generator=rng(2))
    index[3, 3] = -1
    table = palette(3)
    table[1] = 0.5 + 0.5 * (table[0] - 0.5)  # on one line through grey
    table[2] = table[0]  # two names for one colour
    logits = start.from_index(index, table, distance=distance)
    assert logits[3, 3].abs().max() == 0
    filled = index >= 0
    assert torch.equal(logits.argmax(-1)[filled], index[filled])


def test_from_index_with_one_colour() -> None:
    logits = start.from_index(torch.zeros(2, 2, dtype=torch.int64), palette()[:1])
    assert torch.isfinite(logits).all()


def test_palette_bilinear_is_the_resized_picture() -> None:
    target = torch.rand(3, 16, 12, generator=rng(4)).double()
    got = start.first_logits("palette-bilinear", target, palette(), (8, 6), rng=rng())
    blocks = target.numpy().reshape(3, 8, 2, 6, 2).mean((2, 4)).transpose(1, 2, 0)  # halving: 2 x 2 means
    want = start.from_colors(torch.as_tensor(blocks), palette())
    torch.testing.assert_close(got, want)


def test_palette_nearest_and_nearest() -> None:
    target = torch.rand(3, 9, 9, generator=rng(5)).double()
    got = start.first_logits("palette-nearest", target, palette(), (3, 3), rng=rng())
    torch.testing.assert_close(got, start.from_colors(target[:, ::3, ::3].permute(1, 2, 0), palette()))
    nearest = start.first_logits("nearest", target, palette(), (3, 3), rng=rng()).argmax(-1).numpy()
    middle = target[:, 1::3, 1::3].permute(1, 2, 0).numpy()  # nearest-exact takes the block's middle
    want = ((middle[:, :, None] - palette().numpy()) ** 2).sum(-1).argmin(-1)
    np.testing.assert_array_equal(nearest, want)


def test_majority_votes_per_block() -> None:
    labels = torch.randint(0, 4, (11, 14), generator=rng(6))
    got = start.majority(labels, (3, 4), 4).numpy()
    inner = labels.numpy()[1 : 1 + 9, 1 : 1 + 12]
    for i in range(3):
        for j in range(4):
            block = inner[3 * i : 3 * i + 3, 3 * j : 3 * j + 3]
            assert got[i, j] == np.bincount(block.ravel(), minlength=4).argmax()


def test_palette_method_is_the_majority_of_nearest_colours() -> None:
    target = torch.rand(3, 8, 8, generator=rng(7)).double()
    nearest = ((target.permute(1, 2, 0).numpy()[:, :, None] - palette().numpy()) ** 2).sum(-1).argmin(-1)
    want = [
        [np.bincount(nearest[4 * i : 4 * i + 4, 4 * j : 4 * j + 4].ravel()).argmax() for j in (0, 1)] for i in (0, 1)
    ]
    got = start.first_logits("palette", target, palette(), (2, 2), rng=rng()).argmax(-1)
    np.testing.assert_array_equal(got.numpy(), want)


def test_kmeans_gives_each_cluster_its_own_palette_colour() -> None:
    table = torch.tensor([[0.9, 0.1, 0.1], [0.1, 0.9, 0.1], [0.1, 0.1, 0.9], [0.5, 0.5, 0.5]]).double()
    target = torch.zeros(3, 8, 8).double()
    target[0, :, :4] = 1.0  # red half
    target[2, :, 4:] = 1.0  # blue half
    got = start.first_logits("kmeans", target, table, (4, 4), rng=rng(), clusters=2).argmax(-1)
    assert got[:, :2].unique().tolist() == [0]
    assert got[:, 2:].unique().tolist() == [2]
    assert torch.equal(got, start.first_logits("kmeans", target, table, (4, 4), rng=rng(), clusters=2).argmax(-1))


def test_random_and_zero() -> None:
    got = start.first_logits("random", None, palette(), (9, 4), rng=rng(8), std=0.5)
    assert got.shape == (9, 4, N)
    np.testing.assert_allclose(got.norm(dim=-1).numpy(), 0.5 * math.sqrt(N), atol=1e-12)
    assert got.mean(-1).abs().max() < 1e-12
    assert start.first_logits("zero", None, palette(), (2, 3), rng=rng()).abs().max() == 0
    with pytest.raises(ValueError, match="picture"):
        start.first_logits("palette", None, palette(), (2, 3), rng=rng())


@pytest.mark.parametrize("method", start.START_METHODS)
def test_every_start_takes_a_target_smaller_than_the_grid(method: start.StartMethod) -> None:
    target = torch.rand(3, 5, 3, generator=rng(1)).double()
    logits = start.first_logits(method, target, palette(), (8, 7), rng=rng())
    assert logits.shape == (8, 7, N)
    assert torch.isfinite(logits).all()


def test_time_ranges() -> None:
    bounded = TimeRange()
    assert bounded.at(0, 1000) == (0.02, 0.98)
    assert bounded.at(250, 1000) == pytest.approx((0.02, 0.89))
    assert bounded.at(500, 1000) == (0.02, 0.80)
    assert bounded.at(999, 1000) == (0.02, 0.80)
    assert TimeRange(schedule="uniform").at(7, 10) == (0.02, 0.98)
    linear = TimeRange(schedule="linear", low=0.2, high=0.8)
    assert linear.at(0, 6) == pytest.approx((0.7, 0.8))
    assert linear.at(5, 6) == pytest.approx((0.2, 0.3))
    annealed = TimeRange(schedule="annealed", low=0.02, high=0.998)
    assert annealed.at(0, 40)[0] == 0.998
    assert annealed.at(39, 40)[0] == pytest.approx(0.02)


def test_timesteps_are_uniform_over_both_ends() -> None:
    times = TimeRange(schedule="uniform", low=0.0209, high=0.0251)
    drawn = [times.draw(0, 1, rng(k)) for k in range(600)]
    assert sorted(set(drawn)) == [20, 21, 22, 23, 24, 25]
    assert min(np.bincount(drawn)[20:]) > 60
    assert TimeRange(schedule="annealed", low=1.0, high=1.0).draw(0, 1, rng()) == 999


def test_rate_factors_against_diffusers() -> None:
    optimization = pytest.importorskip("diffusers.optimization")
    steps, warmup = 90, 20
    for name in RATE_SCHEDULES:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
        extra = {"cosine_with_restarts": {"num_cycles": 5}, "polynomial": {"power": 2.0}}.get(name, {})
        scheduler = optimization.get_scheduler(
            name,
            optimizer,
            step_rules=schedules.PAPER_RULES,
            num_warmup_steps=warmup,
            num_training_steps=steps,
            **extra,
        )
        for step in range(steps):
            want = scheduler.get_last_lr()[0] / 0.5
            got = rate_factor(name, step, steps, warmup=warmup, end=1e-7 / 0.5)
            assert got == pytest.approx(want, abs=1e-9), (name, step)
            optimizer.step()
            scheduler.step()


def test_first_step_of_a_warm_up_moves_nothing() -> None:
    assert rate_factor("constant_with_warmup", 0, 10_001) == 0.0
    assert rate_factor("constant_with_warmup", 125, 10_001) == 0.5
    assert rate_factor("constant_with_warmup", 250, 10_001) == 1.0


def test_scaled_linear_alphas_are_stable_diffusions() -> None:
    alphas = schedules.scaled_linear_alphas()
    product = 1.0
    for k in range(1000):
        product *= 1 - (math.sqrt(0.00085) + (math.sqrt(0.012) - math.sqrt(0.00085)) * k / 999) ** 2
        if k in (0, 500, 999):
            assert float(alphas[k]) == pytest.approx(product, rel=1e-12)
    assert float(alphas[500]) == pytest.approx(0.2763, abs=2e-3)


def test_cosine_level_keeps_variance() -> None:
    for t in (0, 300, 998):
        a, s = schedules.cosine_level(t)
        assert a * a + s * s == pytest.approx(1)
    assert schedules.cosine_level(998)[0] == pytest.approx(0.0024, abs=1e-3)
