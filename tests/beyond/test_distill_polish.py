"""The polish on the hard grid: exact price lists, lower sums, legal counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from pixl.distill import neighbours, polish  # noqa: E402

H, W, N = 6, 7, 3
seeds = st.integers(0, 10_000)


def one_hot(index: np.ndarray) -> torch.Tensor:
    place = torch.from_numpy(index.astype(np.int64))
    return torch.nn.functional.one_hot(place.clamp_min(0), N).float() * (place >= 0)[..., None]


def grid(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(-1 if rng.random() < 0.5 else 0, N, (H, W)).astype(np.int16)


COUNTS = {
    "alone": neighbours.alone,
    "confetti": lambda p, mask: neighbours.alone(p, mask=mask, around=neighbours.EIGHT),
    "pairs": neighbours.pairs_alone,
    "borders": neighbours.borders,
    "rectangles": neighbours.rectangles,
}


@pytest.mark.parametrize("name", COUNTS)
@given(seeds)
@settings(max_examples=15)
def test_the_gradient_of_a_count_is_its_price_list(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    index = grid(rng)
    mask = torch.from_numpy(index >= 0)

    def count(one: np.ndarray) -> float:
        return float(COUNTS[name](one_hot(one), mask=mask))

    prices = polish.list_prices(lambda p: COUNTS[name](p, mask=mask), index, N)
    for row, column in zip(*np.nonzero(index >= 0), strict=True):
        changed = []
        for k in range(N):
            other = index.copy()
            other[row, column] = k
            changed.append(count(other))
        gain = prices[row, column] - prices[row, column, index[row, column]]
        assert gain == pytest.approx(np.array(changed) - count(index), abs=1e-5)


@given(seeds)
@settings(max_examples=20)
def test_chroma_prices_are_differences_of_the_loss(seed: int) -> None:
    rng = np.random.default_rng(seed)
    index = grid(rng)
    tints, target = rng.normal(0, 5, (N, 2)).astype(np.float32), rng.normal(0, 5, (H, W, 2)).astype(np.float32)
    mask = torch.from_numpy(index >= 0)

    def loss(one: np.ndarray) -> float:
        return float(
            neighbours.relative_chroma(
                one_hot(one).double(),
                tints=torch.from_numpy(tints).double(),
                target=torch.from_numpy(target).double(),
                mask=mask,
                soft=1e-9,
            )
        )

    prices = neighbours.chroma_prices(index, tints, target)
    for row, column in zip(*np.nonzero(index >= 0), strict=True):
        for k in range(N):
            other = index.copy()
            other[row, column] = k
            gain = prices[row, column, k] - prices[row, column, index[row, column]]
            assert gain == pytest.approx(loss(other) - loss(index), abs=1e-4)


def energy(index: np.ndarray, data: np.ndarray) -> float:
    filled = index >= 0
    own = np.take_along_axis(data, np.maximum(index, 0)[..., None].astype(np.intp), 2)[..., 0]
    count = neighbours.small_regions(one_hot(index), mask=torch.from_numpy(filled))
    return float(own[filled].sum()) + float(count)


def prices_of(data: np.ndarray, filled: np.ndarray) -> polish.Prices:
    mask = torch.from_numpy(filled)
    return lambda index: data + polish.list_prices(lambda p: neighbours.small_regions(p, mask=mask), index, N)


@given(seeds)
@settings(max_examples=25)
def test_polished_is_a_lower_sum_that_no_single_cell_betters(seed: int) -> None:
    rng = np.random.default_rng(seed)
    index, data = grid(rng), rng.random((H, W, N))
    free = (index >= 0) & (rng.random((H, W)) < 0.8)
    allowed = np.array([True, True, bool(rng.random() < 0.7)])
    start = np.where(free & (index == 2) & ~allowed[2], 0, index).astype(np.int16)
    out = polish.polished(start, free, prices_of(data, index >= 0), allowed=allowed)
    assert (out[~free] == start[~free]).all()
    assert allowed[out[free]].all()
    least = energy(out, data)
    assert least <= energy(start, data) + 1e-5
    for row, column in zip(*np.nonzero(free), strict=True):
        for k in np.flatnonzero(allowed):
            other = out.copy()
            other[row, column] = k
            assert energy(other, data) > least - 1e-3


@given(seeds)
@settings(max_examples=25)
def test_polished_keeps_to_the_stock(seed: int) -> None:
    rng = np.random.default_rng(seed)
    index, data = grid(rng), rng.random((H, W, N))
    free = (index >= 0) & (rng.random((H, W)) < 0.8)
    counts = np.bincount(index[free], minlength=N)
    stock = np.maximum(counts + rng.integers(-2, 4, N), 0)
    out = polish.polished(index, free, prices_of(data, index >= 0), stock=stock)
    after = np.bincount(out[free], minlength=N)
    assert (after <= np.maximum(stock, counts)).all()
    assert energy(out, data) <= energy(index, data) + 1e-5
    assert (out[~free] == index[~free]).all()


def test_two_cells_exchange_where_no_piece_is_left() -> None:
    index = np.zeros((1, 9), np.int16)
    index[0, 8] = 1
    data = np.zeros((1, 9, 2))
    data[0, 8], data[0, 0] = (0.0, 1.0), (1.0, 0.0)  # each of the two ends wants the other's colour
    out = polish.polished(index, index >= 0, lambda at: data, stock=np.array([8, 1]))
    assert out.tolist() == [[1, 0, 0, 0, 0, 0, 0, 0, 0]]
