from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from quantize_pictures import random_palette, scene

from pixl.color import ciede2000, linear_to_srgb, srgb_to_linear
from pixl.photo import photo_from_rgba
from pixl.quantize import downscale, subset, tidy
from pixl.quantize.differences import difference_table


def test_difference_table_equals_the_formula() -> None:
    rng = np.random.default_rng(1)
    cells = rng.uniform((0, -110, -110), (100, 110, 110), (1500, 3))
    cells[:200, 1:] *= 0.02
    colors = rng.uniform((0, -110, -110), (100, 110, 110), (60, 3))
    colors[0] = (50, 0, 0)
    exact = ciede2000(cells[:, None], colors[None])
    table = difference_table(cells, colors)
    assert np.abs(table - exact)[exact < 40].max() < 0.005
    assert np.abs(table - exact).max() < 0.3


def test_sampling_is_an_exact_area_mean() -> None:
    picture = scene(90, 130)
    linear, cover = downscale.sample(photo_from_rgba(picture), 7, 9, 2)
    assert linear.shape == (14, 18, 3)
    assert cover.min() == 1
    exact = np.asarray(srgb_to_linear(picture))
    assert linear.mean(axis=(0, 1)) == pytest.approx(exact.mean(axis=(0, 1)), abs=1e-5)
    fine = np.repeat(np.repeat(exact, 14, axis=0), 18, axis=1).reshape(14, 90, 18, 130, 3).mean(axis=(1, 3))
    assert np.abs(linear - fine).max() < 1e-5


def test_a_picture_smaller_than_the_grid_keeps_its_pixels() -> None:
    picture = np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8)
    linear, _ = downscale.sample(photo_from_rgba(picture), 4, 8)
    assert np.allclose(linear[:, :24], srgb_to_linear(picture[0, 0]))
    assert np.allclose(linear[:, 24:], srgb_to_linear(picture[0, 1]))


def test_lanczos_agrees_with_pillow() -> None:
    picture = scene(288, 288)
    linear, cover = downscale.sample(photo_from_rgba(picture), 48, 48)
    ours = linear_to_srgb(downscale.lanczos(linear, cover)) * 255
    for channel in range(3):  # in float, since Pillow clips 8-bit pictures between its two passes
        grey = Image.fromarray(picture[..., channel].astype(np.float32))
        theirs = np.asarray(grey.resize((48, 48), Image.Resampling.LANCZOS))
        assert np.abs(ours[..., channel] - np.clip(theirs, 0, 255)).max() < 0.05


def test_what_is_transparent_lends_no_colour() -> None:
    picture = np.zeros((60, 60, 4), np.uint8)
    picture[:, :30] = (200, 30, 30, 255)
    picture[:, 30:] = (0, 255, 0, 0)
    linear, cover = downscale.sample(photo_from_rgba(picture), 5, 5)
    red = srgb_to_linear(np.array([200, 30, 30], np.uint8))
    for cells in (downscale.box(linear, cover), downscale.lanczos(linear, cover)):
        assert np.abs(cells[:, :3] - red).max() < 0.01
    assert downscale.cell_cover(cover)[0].tolist() == pytest.approx([1, 1, 0.5, 0, 0], abs=0.01)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(2, 4))
def test_subset_is_within_two_per_cent_of_exhaustive_search(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    palette = random_palette(11, seed)
    cells = rng.normal((50, 5, 5), (25, 20, 20), (150, 3))
    table = difference_table(cells, palette.lab)
    chosen = subset.choose(table, count)
    best = min(table[:, list(some)].min(axis=1).sum() for some in itertools.combinations(range(len(palette)), count))
    assert len(set(chosen.tolist())) == count
    assert table[:, chosen].min(axis=1).sum() <= 1.02 * best


def test_subset_keeps_locked_colours() -> None:
    table = np.random.default_rng(0).uniform(0, 50, (100, 12)).astype(np.float32)
    assert {3, 7} <= set(subset.choose(table, 4, (3, 7)).tolist())


def test_rare_colours_go_and_kept_ones_stay() -> None:
    index = np.array([[0, 0, 0, 1], [0, 0, 2, 2], [0, 0, 2, 3]])
    table = np.random.default_rng(0).uniform(0, 50, (3, 4, 4)).astype(np.float32)
    free = np.ones((3, 4), bool)
    counts = np.bincount(tidy.drop_rare(index, table, free, 3, np.array([3])).ravel(), minlength=4)
    assert counts[1] == 0
    assert counts[3] >= 1
    assert counts.sum() == 12
