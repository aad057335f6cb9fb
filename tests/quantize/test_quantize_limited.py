"""Stock in the engine: counts are kept, the separable part is the linear programme's optimum, exchanges only help."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pixl.engine import load_engine
from pixl.job import Job, Limits
from pixl.palette import rgb_lattice
from pixl.pattern import Cell
from pixl.photo import open_photo, photo_from_rgba
from pixl.quantize import limited
from pixl.quantize.assign import ALIKE, Weights, energy_of, settle
from pixl.quantize.energy import prices
from pixl.units import GridSize

CELL = Cell(width_mm=8, height_mm=8)
PLAIN = Weights()
NOTHING = Weights(tie=(0.0, 25.0, 0.5), lone=(0.0, 0.0, 10.0), even=(0.0, 6.0, 0.7), regions=0)


def random_case(seed: int, side: int = 7, colors: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    lab = rng.uniform((20, -40, -40), (90, 40, 40), (side, side, 3)).astype(np.float32)
    oklab = np.column_stack([rng.uniform(0.2, 0.9, colors), rng.uniform(-0.15, 0.15, (colors, 2))])
    return lab, rng.uniform(0, 30, (side, side, colors)).astype(np.float32), oklab


@pytest.mark.parametrize("seed", range(8))
def test_without_neighbours_it_is_the_programmes_optimum(seed: int) -> None:
    from scipy.optimize import linear_sum_assignment

    lab, table, oklab = random_case(seed)
    stock = np.random.default_rng(seed + 100).integers(5, 20, 5)
    stock[0] += max(0, 49 - int(stock.sum()))
    free = np.ones(lab.shape[:2], bool)
    empty = np.full(free.shape, -1, np.int16)
    index = limited.assign(lab, table, oklab, empty, free, stock, NOTHING)
    counts = np.bincount(index.ravel(), minlength=5)
    assert (counts <= stock).all()
    cost = np.take_along_axis(table, index[..., None].astype(np.intp), 2).sum()
    pieces = np.repeat(np.arange(5), stock)
    rows, columns = linear_sum_assignment(table.reshape(49, 5)[:, pieces])
    assert cost == pytest.approx(float(table.reshape(49, 5)[rows, pieces[columns]].sum()), rel=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_exchanges_lower_the_energy_and_keep_the_counts(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lab, table, oklab = random_case(seed, side=10)
    stock = np.array([25, 25, 25, 25, 25])
    free = np.ones(lab.shape[:2], bool)
    empty = np.full(free.shape, -1, np.int16)
    energy, tints, target = energy_of(lab, table, oklab, free, PLAIN, candidates=5)

    def total(index: np.ndarray) -> float:
        # Independent of the code under test: every pair and every lone cell, by plain loops.
        error = tints[index] - target
        value = float(np.take_along_axis(table, index[..., None].astype(np.intp), 2).sum())
        side = len(index)
        for y in range(side):
            for x in range(side):
                for k, (dy, dx) in enumerate(((0, 1), (1, 0), (1, 1), (1, -1))):
                    if 0 <= y + dy < side and 0 <= x + dx < side:
                        gap = np.linalg.norm(error[y, x] - error[y + dy, x + dx])
                        value += float(energy.tie[k, y, x] * gap)
                        apart = np.linalg.norm(oklab[index[y, x]] - oklab[index[y + dy, x + dx]]) * 100
                        value += float(energy.border[k, y, x]) * min(1, apart / ALIKE)
                near = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
                same = [index[a, b] == index[y, x] for a, b in near if 0 <= a < side and 0 <= b < side]
                value += 0.0 if any(same) else float(energy.lone[y, x])
        return value

    after = limited.assign(lab, table, oklab, empty, free, stock, PLAIN)
    monkeypatch.setattr(limited, "ROUNDS", 0)
    before = limited.assign(lab, table, oklab, empty, free, stock, PLAIN)
    assert (np.bincount(after.ravel(), minlength=5) <= stock).all()
    assert total(after) < total(before)
    one = after.copy()
    one[3, 3] = (one[3, 3] + 1) % 5
    change = prices(energy, after, tints[after] - target)[33]
    assert change[one[3, 3]] - change[after[3, 3]] == pytest.approx(total(one) - total(after), abs=1e-2)


def test_plenty_of_stock_changes_little(samples: Path) -> None:
    lab, table, oklab = random_case(3, side=10)
    free = np.ones(lab.shape[:2], bool)
    empty = np.full(free.shape, -1, np.int16)
    loose = settle(lab, table, oklab, empty, free, PLAIN).index
    kept = limited.assign(lab, table, oklab, empty, free, np.full(5, 1000), PLAIN)
    assert (loose != kept).mean() < 0.15


def test_a_photo_under_stock(samples: Path) -> None:
    photo = open_photo(samples / "cat.jpg")
    palette = rgb_lattice("3")
    stock = np.full(len(palette), 30, np.int64)
    size = GridSize(width=24, height=24)
    job = Job(photo=photo, size=size, palette=palette, cell=CELL, limits=Limits(stock=stock))
    pattern = load_engine("quantize").solve(job)
    assert (pattern.counts() <= stock).all()
    few = Job(photo=photo, size=size, palette=palette, cell=CELL, limits=Limits(stock=stock * 5, colors=5))
    answer = load_engine("quantize").solve(few)
    assert (answer.counts() <= 150).all()
    assert (answer.counts() > 0).sum() <= 5


def test_too_little_stock_uses_every_piece() -> None:
    rgba = np.random.default_rng(0).integers(0, 255, (40, 40, 3)).astype(np.uint8)
    palette = rgb_lattice("2")
    stock = np.full(8, 5, np.int64)
    job = Job(
        photo=photo_from_rgba(rgba),
        size=GridSize(width=8, height=8),
        palette=palette,
        cell=CELL,
        limits=Limits(stock=stock),
    )
    counts = load_engine("quantize").solve(job).counts()
    assert np.minimum(counts, stock).sum() == 40
    assert counts.sum() == 64


def test_locked_cells_use_up_stock() -> None:
    rgba = np.full((16, 16, 3), 255, np.uint8)
    palette = rgb_lattice("2")
    locked = np.full((4, 4), -2, np.int16)
    locked[0] = 7
    stock = np.array([4, 4, 4, 4, 4, 4, 4, 6])
    limits = Limits(stock=stock, locked=locked)
    job = Job(photo=photo_from_rgba(rgba), size=GridSize(width=4, height=4), palette=palette, cell=CELL, limits=limits)
    pattern = load_engine("quantize").solve(job)
    assert (pattern.index[0] == 7).all()
    assert (pattern.counts() <= stock).all()
