"""Whole descents on priors whose answer is known: they get there, and with a wrong score they must not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
import torch
from small import PALETTE, WORDS, generator, index_of, rng, shapes_prior

from pixl.distill import DistillEngine
from pixl.distill.descent import BAD_STEPS, Descent, NotANumberError, Report
from pixl.distill.generator import Generator
from pixl.distill.prior import Condition, Prediction, Prior, eps_from_x0
from pixl.distill.priors.codec import PixelCodec
from pixl.distill.priors.icon import FULL, IconPrior, drawn, subject
from pixl.distill.settings import Settings, choose
from pixl.distill.start import nearest_colors, random_logits
from pixl.job import Job
from pixl.palette import Palette, load_palette
from pixl.pattern import Cell
from pixl.units import GridSize

SDS = {
    "method": "sds",
    "mode": "gumbel",
    "rounds": {"count": 0},
    "inner": 1,
    "settle": 0,
    "scales": {"neighbours": 0.0},
}
ANNEALED = {**SDS, "steps": 60, "learning_rate": 0.3, "guidance": 5.0, "times": {"low": 0.02, "high": 0.998}}
FAST = {"start": "random"}


def descend(prior: Prior, prompt: str, values: Mapping[str, Any], seed: int, start: torch.Tensor) -> Descent:
    settings = choose(values, prior.defaults)
    made = Descent(generator(start), prior, prior.condition(prompt), settings, seed=seed)
    while not made.done:
        made.advance()
    return made


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("values", [ANNEALED, FAST], ids=["sds", "fast"])
def test_the_grid_reaches_the_known_optimum(word: str, values: Mapping[str, Any]) -> None:
    """One component a word, in palette colours on the grid: the optimum of E over all grids is that
    component.
    """
    prior = shapes_prior(variants=1)
    for seed in (0, 1):
        start = random_logits((12, 12), len(PALETTE), rng(seed))
        made = descend(prior, word, values, seed, start)
        assert torch.equal(made.generator.hard_index(), index_of(word)), f"{word}, seed {seed}"


def test_the_papers_recipe_reaches_it_too_with_its_augmentation_off() -> None:
    prior = shapes_prior(variants=1)
    values = {
        "recipe": "paper",
        "steps": 900,
        "times": {"high": 0.998},
        "odds": {"greyscale": 0.0, "perspective": 0.0, "flip": 0.0},
    }
    made = descend(prior, "cross", values, 0, random_logits((12, 12), len(PALETTE), rng(0)))
    assert (made.generator.hard_index() == index_of("cross")).float().mean() > 0.97


@pytest.mark.parametrize("codec", [PixelCodec(kind="unshuffle", factor=2)])
def test_the_optimum_through_a_linear_encoder(codec: PixelCodec) -> None:
    prior = shapes_prior(variants=1, codec=codec)
    for values in (ANNEALED, FAST):
        made = descend(prior, "square", values, 0, random_logits((12, 12), len(PALETTE), rng(0)))
        assert torch.equal(made.generator.hard_index(), index_of("square"))


def test_without_a_gradient_nothing_moves_and_the_first_warm_up_step_moves_nothing() -> None:
    prior = shapes_prior(variants=1)
    start = random_logits((12, 12), len(PALETTE), rng(0))
    made = Descent(generator(start), prior, prior.condition("disc"), choose({"recipe": "paper"}), seed=0)
    made.advance()
    torch.testing.assert_close(made.generator.logits.detach(), start - start.mean(-1, keepdim=True))
    made.advance()
    assert not torch.allclose(made.generator.logits.detach(), start, atol=1e-6)


def test_logits_stay_centred_and_steps_are_clipped() -> None:
    prior = shapes_prior(variants=1)
    made = Descent(
        generator(torch.zeros(12, 12, 6)), prior, prior.condition("disc"), choose({"recipe": "paper"}), seed=0
    )
    for _ in range(3):
        made.advance()
        assert made.generator.logits.detach().mean(-1).abs().max() < 1e-6
        assert made.generator.logits.grad is not None
        assert float(made.generator.logits.grad.norm()) <= 1.0 + 1e-4


def test_locked_cells_keep_their_logits() -> None:
    prior = shapes_prior(variants=1)
    held = torch.zeros(12, 12, dtype=torch.bool)
    held[:3] = True
    start = random_logits((12, 12), 6, rng(3))
    settings = choose(FAST, prior.defaults)
    made = Descent(generator(start), prior, prior.condition("cross"), settings, seed=0, held=held)
    while not made.done:
        made.advance()
    assert torch.equal(made.generator.logits.detach()[held], start[held])
    assert torch.equal(made.generator.hard_index()[~held], index_of("cross")[~held])


def test_same_seed_same_bits_other_seed_other_bits() -> None:
    prior = shapes_prior()
    start = random_logits((12, 12), 6, rng(0))
    one, again, other = (descend(prior, "disc", {**ANNEALED, "steps": 12}, seed, start) for seed in (4, 4, 5))
    assert torch.equal(one.generator.logits, again.generator.logits)
    assert not torch.equal(one.generator.logits, other.generator.logits)


@pytest.mark.parametrize("values", [{**ANNEALED, "steps": 40}, {**FAST, "steps": 38, "settle": 0}], ids=["sds", "fast"])
def test_forty_steps_are_twenty_and_twenty_bit_for_bit(values: Mapping[str, Any]) -> None:
    prior = shapes_prior()
    settings = choose(values, prior.defaults)
    assert settings.total == 40

    def fresh() -> Descent:
        start = random_logits((12, 12), 6, rng(0))
        return Descent(generator(start), prior, prior.condition("stripes"), settings, seed=9)

    whole, half = fresh(), fresh()
    reports: list[Report] = [whole.advance() for _ in range(40)]
    for _ in range(20):
        half.advance()
    rest = fresh()
    rest.load(half.tensors())
    assert [rest.advance() for _ in range(20)] == reports[20:]
    for name, value in whole.tensors().items():
        assert torch.equal(value, rest.tensors()[name]), name


def test_a_state_of_another_size_is_refused() -> None:
    prior = shapes_prior()
    made = Descent(generator(torch.zeros(12, 12, 6)), prior, prior.condition("disc"), Settings(), seed=0)
    other = Descent(generator(torch.zeros(12, 12, 5), PALETTE[:5]), prior, prior.condition("disc"), Settings(), seed=0)
    with pytest.raises(ValueError, match="logits"):
        made.load(other.tensors())


def test_it_ends_early_when_the_grid_has_settled() -> None:
    prior = shapes_prior(variants=1)
    start = random_logits((12, 12), 6, rng(0))
    values = {"steps": 60, "settle": 3, "start": "random"}
    made = descend(prior, "disc", values, 0, start)
    assert made.step < made.settings.total
    assert torch.equal(made.generator.hard_index(), index_of("disc"))


class Turned:
    """A prior with its score's sign turned, or with numbers that are none."""

    def __init__(self, inner: Prior, factor: float) -> None:
        self.inner, self.factor = inner, factor

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def predict(self, z_t: torch.Tensor, t: int, condition: Condition) -> Prediction:
        a, s = self.inner.schedule(t)
        eps = self.factor * self.inner.predict(z_t, t, condition).eps
        x0 = (z_t - s * eps) / a
        return Prediction(x0, eps_from_x0(z_t, x0, a, s))


def test_numbers_that_are_none_end_the_run_in_a_sentence() -> None:
    inner = shapes_prior()
    for values in ({"recipe": "paper"}, {"rounds": {"count": 0}}):
        prior = Turned(inner, float("nan"))
        made = Descent(
            generator(torch.zeros(12, 12, 6)),
            prior,  # type: ignore[arg-type]
            inner.condition("disc"),
            choose(values),
            seed=0,
        )
        for _ in range(BAD_STEPS - 1):
            made.advance()
            assert torch.isfinite(made.generator.logits).all()
        with pytest.raises(NotANumberError, match="gave no numbers"):
            made.advance()


# -- the icon prior: 12 prompts of at least 5 icons each, 2 seeds, 12 colours
# ------------------------------------------

SIDE = 24
PROMPTS = ["cat", "car", "dog", "tree", "boat", "moon", "heart", "ball", "book", "star", "cloud", "monkey"]
COLORS = ["White", "Black", "Red", "Yellow", "Orange", "Brown", "Peach", "Grey", "Pink"]
COLORS += ["Dark Green", "Light Blue", "Dark Blue"]


@lru_cache(maxsize=1)
def icon_prior() -> IconPrior:
    return IconPrior((SIDE, SIDE))


@lru_cache(maxsize=1)
def twelve() -> Palette:
    return load_palette("perler").only(COLORS)


def beads() -> torch.Tensor:
    return torch.from_numpy(twelve().rgb.copy()).float() / 255


@dataclass(frozen=True)
class Outcome:
    """Of one prompt and seed: whether the nearest icon of all is one the words mean, and energies: of the picture,
    of the best icon in the nearest colours, and of the nearest icon in the nearest colours."""

    admissible: bool
    energy: float
    best: float
    own: float


def judged(prompt: str, image: torch.Tensor, *, empty: bool) -> Outcome:
    """``image`` [1, 3, SIDE, SIDE]; ``empty``: cells that an icon does not cover may stay white."""
    prior, condition = icon_prior(), icon_prior().condition(prompt)
    found = subject(prompt)
    pictures = prior.painted(found)
    direct = beads()[nearest_colors(pictures.permute(0, 2, 3, 1), beads())].permute(0, 3, 1, 2)
    if empty:
        covers = torch.stack([drawn(name, found.colour, SIDE)[1] for name in found.ids])
        direct = torch.where(covers[:, None] >= FULL, direct, torch.ones(()))
    energies = prior.energy(direct, condition)
    nearest = prior.ids[prior.nearest(image)]
    own = float(energies[found.ids.index(nearest)]) if nearest in found.ids else float("inf")
    return Outcome(nearest in found.ids, float(prior.energy(image, condition)), float(energies.min()), own)


def seen(made: Generator) -> torch.Tensor:
    return made.hard_picture().permute(2, 0, 1)[None]


def pairs() -> list[tuple[str, int]]:
    assert all(len(subject(prompt).ids) >= 5 for prompt in PROMPTS)
    assert len(beads()) <= 12
    return [(prompt, seed) for prompt in PROMPTS for seed in (0, 1)]


def test_the_engine_draws_the_icon_that_the_words_mean_and_the_palette_shows_best() -> None:
    """The whole engine, as the command line calls it for a prompt without a photo."""
    outcomes = []
    for prompt, seed in pairs():
        pattern = DistillEngine().solve(
            Job(
                photo=None,
                prompt=prompt,
                size=GridSize(width=SIDE, height=SIDE),
                palette=twelve(),
                cell=Cell(width_mm=5, height_mm=5),
                seed=seed,
                settings={"prior": "icons"},
            )
        )
        index = torch.from_numpy(pattern.index.astype(np.int64))
        picture = torch.where((index >= 0)[..., None], beads()[index.clamp_min(0)], torch.ones(3))
        outcomes.append(judged(prompt, picture.permute(2, 0, 1)[None], empty=True))
    assert len(outcomes) == 24
    assert sum(one.admissible for one in outcomes) >= 22
    assert sum(one.admissible and one.energy <= 1.05 * one.best for one in outcomes) >= 22


def test_icon_prior_from_noise_finds_an_icon_that_the_words_mean() -> None:
    prior = icon_prior()
    outcomes = []
    for prompt, seed in pairs():
        start = random_logits((SIDE, SIDE), len(beads()), rng(seed))
        settings = choose({"start": "random", "settle": 0}, prior.defaults)
        made = Descent(generator(start, beads()), prior, prior.condition(prompt), settings, seed=seed)
        while not made.done:
            made.advance()
        outcomes.append(judged(prompt, seen(made.generator), empty=False))
    assert sum(one.admissible for one in outcomes) >= 22
    assert sum(one.energy <= 1.05 * one.own for one in outcomes) >= 20


def test_negative_controls_fail_as_they_must() -> None:
    """The score with its sign turned finds no icon that is meant; the words of another prompt find that
    one's icons.
    """
    prior = icon_prior()
    turned, shuffled = [], []
    values = {**ANNEALED, "steps": 40}
    for k, (prompt, seed) in enumerate(pairs()[::2]):
        start = random_logits((SIDE, SIDE), len(beads()), rng(seed))
        wrong = Turned(prior, -1.0)
        settings = choose(values, prior.defaults)
        one = Descent(generator(start, beads()), wrong, prior.condition(prompt), settings, seed=seed)  # type: ignore[arg-type]
        other = prior.condition(PROMPTS[(k + 5) % len(PROMPTS)])
        two = Descent(generator(start, beads()), prior, other, settings, seed=seed)
        for made in (one, two):
            while not made.done:
                made.advance()
        turned.append(judged(prompt, seen(one.generator), empty=False))
        shuffled.append(judged(prompt, seen(two.generator), empty=False))
    assert sum(one.admissible for one in turned) <= 2
    assert sum(one.admissible for one in shuffled) <= 2
    assert all(one.energy > 1.5 * one.best for one in (*turned, *shuffled) if not one.admissible)
