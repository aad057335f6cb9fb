"""Moves of whole regions: priced as the energy prices them, and never a loss."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from quantize_pictures import random_palette
from scipy import ndimage

from pixl.quantize import assign, regions
from pixl.quantize.assign import Settled, Weights
from pixl.quantize.differences import difference_table
from pixl.quantize.energy import Energy

CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
Case = tuple[Energy, Settled, np.ndarray, np.ndarray, np.ndarray]


def case(seed: int, weights: Weights, height: int = 17, width: int = 19) -> Case:
    """(energy, cells at rest without moves of regions, table, tints, target) of a noisy ramp, with a locked and an
    empty cell."""
    rng = np.random.default_rng(seed)
    palette = random_palette(14, seed)
    smooth = rng.normal(0, 1, (height, width, 3)).cumsum(axis=0).cumsum(axis=1)
    lab = np.array([50, 5, 5]) + smooth * 2 + rng.normal(0, 4, (height, width, 3))
    lab = lab.clip((5, -60, -60), (95, 60, 60)).astype(np.float32)
    table = difference_table(lab.reshape(-1, 3), palette.lab).reshape(height, width, -1)
    free, start = np.ones((height, width), bool), np.full((height, width), -1, np.int16)
    free[3, 4], free[8, 8] = False, False
    start[8, 8] = 2
    settled = assign.settle(lab, table, palette.oklab, start, free, replace(weights, regions=0))
    energy, tints, target = assign.energy_of(lab, table, palette.oklab, free, weights)
    return energy, settled, table, tints, target


def value(energy: Energy, index: np.ndarray, table: np.ndarray, tints: np.ndarray, target: np.ndarray) -> float:
    return Settled(index=index, energy=energy, chroma=tints[np.maximum(index, 0)] - target, table=table).value()


@pytest.mark.parametrize("seed", range(4))
def test_regions_are_those_of_an_independent_labelling(seed: int) -> None:
    index = np.random.default_rng(seed).integers(-1, 3, (23, 31)).astype(np.int16)
    found = regions.label(index)
    count = 0
    for color in range(-1, 3):
        names, parts = ndimage.label(index == color, CROSS)
        count += parts
        for part in range(1, parts + 1):
            cells = np.flatnonzero(names == part)
            assert set(found.ravel()[cells].tolist()) == {int(cells[0])}
    assert len(np.unique(found)) == count


@pytest.mark.parametrize("seed", range(5))
def test_each_offer_is_priced_as_the_energy_prices_it(seed: int) -> None:
    energy, settled, table, tints, target = case(seed, Weights(tie=(0.7, 30.0, 0.5), even=(2.0, 15.0, 0.7)))
    index = np.where(energy.free, table.argmin(axis=2), settled.index).astype(np.int16)  # not at rest: many regions
    found = regions.offers(energy, index, table, tints, target, most=9)
    assert found is not None
    assert len(found.gain) > 50
    assert {1, 2, 3} <= set(found.size.tolist())
    before = value(energy, index, table, tints, target)
    for k in range(len(found.gain)):
        moved = index.copy()
        moved.ravel()[found.cells(k)] = found.color[k]
        assert value(energy, moved, table, tints, target) - before == pytest.approx(found.gain[k], abs=0.01)


def test_locked_and_empty_cells_are_never_moved() -> None:
    energy, settled, table, tints, target = case(1, Weights())
    found = regions.offers(energy, settled.index, table, tints, target, most=400)
    assert found is not None
    moved = {int(cell) for k in range(len(found.gain)) for cell in found.cells(k)}
    assert 3 * 19 + 4 not in moved
    assert 8 * 19 + 8 not in moved


@pytest.mark.parametrize("seed", range(4))
def test_moves_add_up_and_lower_the_energy(seed: int) -> None:
    weights = Weights(tie=(0.7, 30.0, 0.5), even=(0.7, 15.0, 0.7))
    energy, settled, table, tints, target = case(seed, weights, 40, 40)
    found = regions.offers(energy, settled.index, table, tints, target, most=20)
    assert found is not None
    moved = regions.recolor(energy, settled.index, table, tints, target, most=20)
    gains = 0.0
    changed = np.flatnonzero((moved != settled.index).ravel())
    for k in range(len(found.gain)):
        if moved.ravel()[found.cells(k)[0]] == found.color[k]:
            gains += found.gain[k]
    assert len(changed) > 5
    after, before = (value(energy, index, table, tints, target) for index in (moved, settled.index))
    assert after - before == pytest.approx(gains, abs=0.1)
    assert after < before


def test_a_speck_of_two_goes_where_the_picture_has_no_edge() -> None:
    palette = random_palette(2, 0)
    lab = np.zeros((7, 7, 3), np.float32)
    table = np.zeros((7, 7, 2), np.float32)
    table[..., 1] = 5.0
    table[3, 3:5] = (2.5, 0.0)  # two cells would rather be the other colour, but not by much
    free, start = np.ones((7, 7), bool), np.full((7, 7), -1, np.int16)
    weights = Weights(tie=(0.0, 25.0, 0.5), even=(0.7, 6.0, 0.7))
    alone = assign.settle(lab, table, palette.oklab, start, free, replace(weights, regions=0))
    assert alone.index.sum() == 2
    together = assign.settle(lab, table, palette.oklab, start, free, weights)
    assert together.index.sum() == 0
    assert together.value() < alone.value()
