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
from pixl.quantize import assign, downscale, subset, tidy
from pixl.quantize.assign import Weights
from pixl.quantize.differences import difference_table
from pixl.quantize.energy import lower


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
    table = np.random.default_rng(0).uniform(0, 50, (12, 14, 9))
    table[..., 3:] += 20

    def again(stay: np.ndarray) -> np.ndarray:
        return stay[table[..., stay].argmin(axis=2)].astype(np.int16)

    first = again(np.arange(9))
    index = tidy.without_rare(first, 12, (7,), None, again)
    before, after = np.bincount(first.ravel(), minlength=9), np.bincount(index.ravel(), minlength=9)
    assert ((before > 0) & (before < 12)).sum() > 2
    assert 0 < after[7] < 12
    assert after[after > 0].sum() == 168
    assert all(count == 0 or count >= 12 for k, count in enumerate(after) if k != 7)


def test_where_all_colours_are_rare_the_most_frequent_stays() -> None:
    index = np.array([[0, 1, 2], [2, 3, 4]], np.int16)
    out = tidy.without_rare(index, 50, (), None, lambda stay: np.full((2, 3), stay[0], np.int16))
    assert set(out.ravel().tolist()) == {2}


@pytest.mark.parametrize("seed", range(4))
def test_refined_subset_is_within_two_per_cent_of_exhaustive_search_under_the_energy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    palette, side, count = random_palette(8, seed), 10, 2 + seed % 3
    smooth = rng.normal(0, 1, (side, side, 3)).cumsum(axis=0).cumsum(axis=1)
    lab = (np.array([50, 5, 5]) + smooth * 4).clip((5, -60, -60), (95, 60, 60)).astype(np.float32)
    table = difference_table(lab.reshape(-1, 3), palette.lab).reshape(side, side, -1)
    free, start = np.ones((side, side), bool), np.full((side, side), -1, np.int16)

    def settle(colors: np.ndarray) -> assign.Settled:
        return assign.settle(lab, table[..., colors], palette.oklab[colors], start, free, Weights())

    flat = table.reshape(side * side, -1)
    chosen = subset.refine(subset.choose(flat, count), flat, (), settle)
    every = itertools.combinations(range(len(palette)), count)
    best = min(settle(np.array(some)).value() for some in every)
    assert len(set(chosen.tolist())) == count
    assert settle(chosen).value() <= 1.02 * best


def test_refined_subset_keeps_locked_colours() -> None:
    rng = np.random.default_rng(5)
    palette, lab = random_palette(9, 5), rng.normal((50, 5, 5), (25, 20, 20), (10, 10, 3)).astype(np.float32)
    table = difference_table(lab.reshape(-1, 3), palette.lab)
    free, start = np.ones((10, 10), bool), np.full((10, 10), -1, np.int16)

    def settle(colors: np.ndarray) -> assign.Settled:
        part = table.reshape(10, 10, -1)[..., colors]
        return assign.settle(lab, part, palette.oklab[colors], start, free, Weights())

    first = subset.choose(table, 4, (0, 8))
    assert {0, 8} <= set(subset.refine(first, table, (0, 8), settle).tolist())


@pytest.mark.parametrize("seed", range(6))
def test_cells_far_from_a_change_need_no_second_look(seed: int) -> None:
    rng = np.random.default_rng(seed)
    palette, lab = random_palette(8, seed), rng.normal((50, 5, 5), (15, 15, 15), (24, 20, 3)).astype(np.float32)
    table = difference_table(lab.reshape(-1, 3), palette.lab).reshape(24, 20, -1)
    start, free = np.full((24, 20), -1, np.int16), rng.random((24, 20)) > 0.1
    weights = Weights(tie=(0.3, 30.0, 0.4), even=(1.5, 20.0, 0.6), regions=0)
    settled = assign.settle(lab, table, palette.oklab, start, free, weights)
    energy, tints, target = assign.energy_of(lab, table, palette.oklab, free, weights)
    moved = settled.index.copy()
    rows, columns = np.nonzero(free & (rng.random(free.shape) < 0.05))
    moved[rows, columns] = rng.integers(0, 8, len(rows))
    error = tints[np.maximum(moved, 0)] - target
    near = lower(energy, moved, error, settled=settled.index)
    assert np.array_equal(near, lower(energy, moved, error))
    assert not np.array_equal(near, moved)


def test_the_value_of_the_energy_is_the_sum_of_its_terms() -> None:
    rng = np.random.default_rng(2)
    palette, lab = random_palette(5, 2), rng.normal((50, 5, 5), (25, 20, 20), (9, 8, 3)).astype(np.float32)
    table = difference_table(lab.reshape(-1, 3), palette.lab).reshape(9, 8, -1)
    start = np.full((9, 8), -1, np.int16)
    free = np.ones((9, 8), bool)
    free[2, 3] = False
    weights = Weights(tie=(0.3, 30.0, 0.4), even=(1.5, 20.0, 0.6))
    settled = assign.settle(lab, table, palette.oklab, start, free, weights)
    x, error = settled.index, settled.chroma
    total = 0.0
    for r, c in np.ndindex(9, 8):
        if x[r, c] < 0:
            continue
        total += float(table[r, c, x[r, c]])
        for dy, dx, slant in ((0, 1, False), (1, 0, False), (1, 1, True), (1, -1, True)):
            if r + dy < 9 and 0 <= c + dx < 8 and x[r + dy, c + dx] >= 0:
                gap = float(((lab[r, c] - lab[r + dy, c + dx]) ** 2).sum())
                tie = 0.3 * np.exp(-gap / 30.0**2) * (0.4 if slant else 1)
                total += tie * float(np.linalg.norm(error[r, c] - error[r + dy, c + dx]))
                apart = np.linalg.norm(palette.oklab[x[r, c]] - palette.oklab[x[r + dy, c + dx]]) * 100
                total += 1.5 * np.exp(-gap / 20.0**2) * (0.6 if slant else 1) * min(1, apart / assign.ALIKE)
        near = [x[a, b] for a, b in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)) if 0 <= a < 9 and 0 <= b < 8]
        total += 0.0 if x[r, c] in near else float(settled.energy.lone[r, c])
    assert x[2, 3] == -1
    assert settled.value() == pytest.approx(total, rel=1e-4)
