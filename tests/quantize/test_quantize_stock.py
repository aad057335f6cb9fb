"""Assignment under stock: equal to an independent solver, whole, and the same every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixl.errors import UsageError
from pixl.quantize.stock import MAX_CELLS, assign_under_stock


def optimum(cost: np.ndarray, stock: np.ndarray) -> float:
    """SciPy's Hungarian method, one column a piece; cells beyond the stock take their cheapest colour."""
    from scipy.optimize import linear_sum_assignment

    columns = np.repeat(cost, stock, axis=1)
    short = len(cost) - int(stock.sum())
    if short > 0:
        columns = np.hstack([columns, np.repeat(cost.min(axis=1, keepdims=True), short, axis=1)])
    rows, chosen = linear_sum_assignment(columns)
    return float(columns[rows, chosen].sum())


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 60), st.integers(1, 7), st.integers(0, 10**6), st.sampled_from(["plenty", "exact", "short", "any"])
)
def test_equals_the_hungarian_method(cells: int, colors: int, seed: int, kind: str) -> None:
    random = np.random.default_rng(seed)
    cost = random.choice([random.random((cells, colors)) * 50, random.integers(0, 4, (cells, colors)).astype(float)])
    stock = random.multinomial({"plenty": cells * 2, "exact": cells, "short": cells // 2}.get(kind, seed % 90),
                               random.dirichlet(np.ones(colors)))  # fmt: skip
    chosen = assign_under_stock(cost, stock)
    counts = np.bincount(chosen, minlength=colors)
    assert chosen.shape == (cells,)
    if stock.sum() >= cells:
        assert (counts <= stock).all()
    else:
        assert (counts >= stock).all()  # every piece is used, so the shortage is as small as it can be
        assert (counts - stock).sum() == cells - stock.sum()
    assert cost[np.arange(cells), chosen].sum() == pytest.approx(optimum(cost, stock), abs=cells * 2e-6)


def test_without_need_every_cell_keeps_its_cheapest_colour() -> None:
    cost = np.random.default_rng(0).random((500, 9))
    assert np.array_equal(assign_under_stock(cost, np.full(9, 500)), cost.argmin(axis=1))


def test_a_mosaic_of_48x48_equals_the_hungarian_method() -> None:
    random = np.random.default_rng(5)
    colors = random.random((16, 3)) * 100
    cost = np.linalg.norm(random.random((2304, 1, 3)) ** 2 * 100 - colors, axis=2)
    stock = np.full(16, 150)
    chosen = assign_under_stock(cost, stock)
    assert (np.bincount(chosen, minlength=16) <= stock).all()
    assert cost[np.arange(2304), chosen].sum() == pytest.approx(optimum(cost, stock), abs=0.005)


def test_the_sets_of_the_data_equal_the_hungarian_method() -> None:
    """A quarter of each large set makes a 24x24 picture of the sample."""
    import csv

    from PIL import Image

    from pixl.color import ciede2000, rgb_to_lab
    from pixl.palette import load_palette, palette_folders

    lego, sets = load_palette("lego"), {}
    with (palette_folders()["lego"] / "sets.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            pieces = sets.setdefault(row["set_id"], {})
            pieces[row["lego_color_id"]] = pieces.get(row["lego_color_id"], 0) + int(row["quantity"])
    photo = Image.open(Path(__file__).parents[2] / "samples" / "astronaut.jpg").convert("RGB").resize((24, 24))
    target = rgb_to_lab(np.asarray(photo)).reshape(-1, 1, 3)
    large = {number: pieces for number, pieces in sets.items() if sum(pieces.values()) >= 1000}
    assert len(large) == 12
    for pieces in large.values():
        palette = lego.take([lego.find(code) for code in pieces])
        cost, stock = np.asarray(ciede2000(target, palette.lab[None])), np.array(list(pieces.values())) // 4
        chosen = assign_under_stock(cost, stock)
        assert cost[np.arange(576), chosen].sum() == pytest.approx(optimum(cost, stock), abs=0.002)


def test_never_is_avoided_where_it_can_be() -> None:
    cost = np.array([[0.0, 5.0], [0.0, np.inf], [0.0, 1.0]])
    assert assign_under_stock(cost, [2, 1]).tolist() == [0, 0, 1]
    assert assign_under_stock(cost, [1, 2]).tolist() == [1, 0, 1]
    assert sorted(assign_under_stock(cost, [0, 3]).tolist()) == [1, 1, 1]


def test_no_stock_at_all_is_a_shortage_of_everything() -> None:
    cost = np.array([[3.0, 1.0], [0.0, 1.0]])
    assert assign_under_stock(cost, [0, 0]).tolist() == [1, 0]
    assert assign_under_stock(np.zeros((0, 3)), [1, 1, 1]).tolist() == []


def test_ties_are_broken_the_same_way_every_time() -> None:
    cost = np.ones((40, 4))
    first = assign_under_stock(cost, [10, 10, 10, 10])
    assert np.array_equal(first, assign_under_stock(cost.copy(), [10, 10, 10, 10]))
    assert np.bincount(first).tolist() == [10, 10, 10, 10]


@pytest.mark.parametrize(
    ("cost", "stock"),
    [
        (np.ones((3, 2)), [1, 2, 3]),
        (np.ones(3), [1]),
        (np.full((2, 2), np.nan), [1, 1]),
        (-np.ones((2, 2)), [1, 1]),
        (np.ones((2, 2)), [1, -1]),
        (np.ones((MAX_CELLS + 1, 1)), [1]),
    ],
)
def test_what_cannot_be_meant_is_refused(cost: np.ndarray, stock: list[int]) -> None:
    with pytest.raises(UsageError):
        assign_under_stock(cost, stock)
