"""A prompt without a photo: which of the prior's own pictures is taken, and what of it stays empty."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from pixl import icons
from pixl.color import rgb_to_oklab
from pixl.distill.begin import begin, own_sample, spread
from pixl.distill.priors.icon import FULL, IconPrior, drawn, subject
from pixl.distill.settings import FEW, choose
from pixl.distill.solve import solve
from pixl.job import Job
from pixl.palette import Palette, load_palette
from pixl.pattern import Cell
from pixl.photo import photo_from_rgba
from pixl.units import GridSize

SIDE = 20
COLORS = ["White", "Black", "Red", "Yellow", "Orange", "Brown", "Peach", "Grey", "Pink", "Dark Green", "Light Blue"]


@pytest.fixture(scope="module")
def prior() -> IconPrior:
    return IconPrior((SIDE, SIDE))


def job(prompt: str, palette: Palette) -> Job:
    size = GridSize(width=SIDE, height=SIDE)
    return Job(photo=None, prompt=prompt, size=size, palette=palette, cell=Cell(width_mm=5, height_mm=5))


def chosen(prior: IconPrior, prompt: str, palette: Palette, rank: int = 0) -> str:
    """The id of the icon that the sample is."""
    settings = choose({"sample_rank": rank}, prior.defaults, photo=False)
    photo = own_sample(job(prompt, palette), prior, prior.condition(prompt), settings, (1, 3, SIDE, SIDE))
    found = subject(prompt)
    shown = torch.from_numpy(np.asarray(photo.alpha) >= FULL)
    for name in found.ids:
        if torch.equal(shown, drawn(name, found.colour, SIDE)[1] >= FULL):
            return name
    raise AssertionError("the sample is no icon that the words mean")


def energy(prior: IconPrior, prompt: str, name: str, palette: Palette) -> float:
    """Of an icon in the nearest colours, its empty cells white, by numpy."""
    rgb, cover = drawn(name, subject(prompt).colour, SIDE)
    table, picture = palette.rgb / 255, rgb.permute(1, 2, 0).double().numpy()
    nearest = table[((picture[:, :, None] - table) ** 2).sum(-1).argmin(-1)]
    nearest[cover.numpy() < FULL] = 1.0
    image = torch.from_numpy(nearest.transpose(2, 0, 1).astype(np.float32))[None]
    return float(prior.energy(image, prior.condition(prompt)))


@pytest.mark.parametrize("prompt", ["a dog", "a cat", "tree", "a blue apple"])
def test_with_many_colours_it_is_the_drawing_that_the_words_name(prior: IconPrior, prompt: str) -> None:
    palette = load_palette("perler").solid()
    assert len(palette) > FEW
    assert chosen(prior, prompt, palette) == icons.find(prompt).icon_id
    further = [chosen(prior, prompt, palette, rank) for rank in range(1, min(4, len(subject(prompt).ids)))]
    assert len({icons.find(prompt).icon_id, *further}) == 1 + len(further)


@pytest.mark.parametrize("prompt", ["a dog", "a cat", "tree"])
def test_with_few_colours_it_is_the_one_that_they_show_best(prior: IconPrior, prompt: str) -> None:
    palette = load_palette("perler").only(COLORS)
    assert len(palette) <= FEW
    energies = {name: energy(prior, prompt, name, palette) for name in subject(prompt).ids}
    assert chosen(prior, prompt, palette) == min(energies, key=lambda name: energies[name])
    assert min(energies.values()) < energies[icons.find(prompt).icon_id]  # else the words alone would do


def test_what_the_icon_does_not_cover_is_empty_from_the_start(prior: IconPrior) -> None:
    palette = load_palette("perler").solid()
    settings = choose({}, prior.defaults, photo=False)
    start = begin(job("a tulip", palette), prior, prior.condition("a tulip"), settings, (1, 3, SIDE, SIDE))
    assert torch.equal(start.mask, drawn("tulip", None, SIDE)[1] >= FULL)


def test_of_a_large_palette_the_start_s_colours_are_kept_and_the_rest_cover_it() -> None:
    rgb = load_palette("dmc_threads").rgb
    used = {3, 40, 400}
    chosen = spread(rgb, used, 96)
    assert len(chosen) == 96
    assert used <= set(chosen)
    assert list(chosen) == sorted(set(chosen))
    lab = rgb_to_oklab(rgb)

    def farthest(places: tuple[int, ...]) -> float:
        """OKLab distance of the worst served colour to the nearest of these."""
        return float(np.sqrt(((lab[:, None] - lab[list(places)]) ** 2).sum(-1)).min(1).max())

    draws = [tuple(np.random.default_rng(k).permutation(len(rgb))[:96]) for k in range(20)]
    assert farthest(chosen) < 0.7 * min(farthest(draw) for draw in draws)
    assert spread(rgb, set(range(120)), 96) == tuple(range(120))
    assert spread(rgb[:5], set(), 96) == tuple(range(5))


def test_words_that_need_other_colours_than_the_photo_get_them_and_nothing_of_the_photo_stays(prior: IconPrior) -> None:
    """A start of one colour, a palette of more than ``spare``: the frog is green all the same, on white."""
    palette = load_palette("perler").solid()
    assert len(palette) > choose({}, colors=len(palette)).spare
    red = photo_from_rgba(np.tile(np.array([200, 30, 30, 255], np.uint8), (40, 40, 1)))
    pattern = solve(replace(job("frog", palette), photo=red, settings={"prior": "icons"}), prior=prior)
    shown = rgb_to_oklab(drawn("frog", None, SIDE)[0].permute(1, 2, 0).double().numpy()) * [1, 2, 2]
    table = rgb_to_oklab(palette.rgb) * [1, 2, 2]
    nearest = ((shown[:, :, None] - table) ** 2).sum(-1).argmin(-1)
    assert (pattern.index == nearest).mean() > 0.85
    assert np.sqrt(((table[pattern.index] - shown) ** 2).sum(-1)).max() < 0.2
