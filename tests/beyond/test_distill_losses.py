"""Losses on probabilities: counts at one-hot, expectations by drawing, gradients by finite differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label

torch = pytest.importorskip("torch")

from pixl.distill import fabrication, neighbours  # noqa: E402

H, W, N = 5, 6, 3
MASK = torch.ones(H, W, dtype=torch.bool)
MASK[0, :2] = False
MASK[3, 4] = False


def logits(seed: int = 0) -> torch.Tensor:
    return torch.randn((H, W, N), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def one_hot(index: np.ndarray) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.from_numpy(index).clamp_min(0).long(), N).double()


def regions(index: np.ndarray, eight: bool = False) -> list[int]:
    sizes = []
    for k in range(N):
        found, count = label(index == k, np.ones((3, 3)) if eight else None)
        sizes += [int((found == r + 1).sum()) for r in range(count)]
    return sizes


grids = st.integers(0, 10_000).map(
    lambda seed: np.random.default_rng(seed).integers(-1 if seed % 2 else 0, N, (H, W)).astype(np.int64)
)


@given(grids)
@settings(max_examples=80)
def test_counts_at_one_hot(index: np.ndarray) -> None:
    p, mask = one_hot(index), torch.from_numpy(index >= 0)
    sizes = regions(index)
    assert float(neighbours.alone(p, mask=mask)) == sizes.count(1)
    assert float(neighbours.alone(p, mask=mask, around=neighbours.EIGHT)) == regions(index, eight=True).count(1)
    assert float(neighbours.pairs_alone(p, mask=mask)) == sizes.count(2)
    assert float(neighbours.small_regions(p, mask=mask)) == sum(size <= 2 for size in sizes)
    across = (index[:, 1:] != index[:, :-1]) & (index[:, 1:] >= 0) & (index[:, :-1] >= 0)
    down = (index[1:] != index[:-1]) & (index[1:] >= 0) & (index[:-1] >= 0)
    assert float(neighbours.borders(p, mask=mask)) == across.sum() + down.sum()


def fewest_rectangles(index: np.ndarray) -> int:
    """By sweeping: runs of a row, equal runs below each other joined; the better of the two directions a colour."""
    best = 0
    for k in range(N):
        counts = []
        for plane in (index == k, (index == k).T):
            runs: set[tuple[int, int]] = set()
            total = 0
            for row in plane:
                edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
                now = set(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
                total += len(now - runs)
                runs = now
            counts.append(total)
        best += min(counts)
    return best


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        (["000000", "000000", "000000", "000000", "000000"], 1),
        (["000111", "000111", "000111", "000111", "000111"], 2),
        (["000000", "011110", "011110", "011110", "000000"], 5),  # a ring of four and its filling
        (["000000", "000000", "000011", "000011", "000011"], 3),  # an L and a rectangle
    ],
)
def test_rectangles_of_known_shapes(rows: list[str], wanted: int) -> None:
    index = np.array([[int(c) for c in row] for row in rows])
    assert float(neighbours.rectangles(one_hot(index))) == wanted
    assert fewest_rectangles(index) == wanted


@given(grids)
@settings(max_examples=60)
def test_rectangles_are_whole_and_at_least_one_a_region(index: np.ndarray) -> None:
    count = float(neighbours.rectangles(one_hot(index), mask=torch.from_numpy(index >= 0)))
    assert count >= len(regions(index)) - 1e-9
    assert count == int(count)


def test_expectations_by_drawing() -> None:
    p = torch.softmax(logits(1), -1)
    rng = np.random.default_rng(0)
    names = ("alone", "pairs_alone", "borders", "rectangles")
    sums = dict.fromkeys(names, 0.0)
    squares = dict.fromkeys(names, 0.0)
    draws = 3000
    uniform = rng.random((draws, H, W, 1))
    drawn = (uniform > p.numpy().cumsum(-1)).sum(-1).clip(0, N - 1)
    for index in drawn:
        for name in names:
            value = float(getattr(neighbours, name)(one_hot(index), mask=MASK))
            sums[name] += value
            squares[name] += value * value
    for name in names:
        mean = sums[name] / draws
        error = np.sqrt((squares[name] / draws - mean**2) / draws)
        assert abs(float(getattr(neighbours, name)(p, mask=MASK)) - mean) < 4 * error, name


WEIGHT = torch.rand((H, W), generator=torch.Generator().manual_seed(8), dtype=torch.float64)
TINTS = torch.randn((N, 2), generator=torch.Generator().manual_seed(6), dtype=torch.float64)
TARGET = torch.randn((H, W, 2), generator=torch.Generator().manual_seed(7), dtype=torch.float64)
STOCK = torch.tensor([5.0, 6.0, 40.0], dtype=torch.float64)
PRICES = np.random.default_rng(9).normal(0, 1, (H, W, N + 2))

LOSSES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "alone": lambda p: neighbours.alone(p, mask=MASK, weight=WEIGHT),
    "alone of eight": lambda p: neighbours.alone(p, mask=MASK, around=neighbours.EIGHT),
    "pairs": lambda p: neighbours.pairs_alone(p, mask=MASK),
    "small regions": lambda p: neighbours.small_regions(p),
    "borders": lambda p: neighbours.borders(p, mask=MASK),
    "rectangles": lambda p: neighbours.rectangles(p, mask=MASK),
    "relative chroma": lambda p: neighbours.relative_chroma(p, tints=TINTS, target=TARGET, mask=MASK),
    "stock": lambda p: fabrication.stock_loss(p, stock=STOCK, free=MASK),
    "colours used": lambda p: fabrication.colors_used(p),
    "prices": lambda p: fabrication.priced(
        fabrication.over(lambda index: PRICES, np.array([0, 2, 4], np.int16)),
        lambda: torch.zeros((H, W), dtype=torch.int64),
    )(p, p),
}


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_is_the_finite_difference(name: str) -> None:
    z = logits(2).requires_grad_(True)

    def loss(values: torch.Tensor) -> torch.Tensor:
        return LOSSES[name](torch.softmax(values, -1))

    (ours,) = torch.autograd.grad(loss(z), z)
    assert float(ours.abs().max()) > 1e-6
    step = 1e-5
    rng = np.random.default_rng(3)
    for _ in range(25):
        place = tuple(int(rng.integers(side)) for side in z.shape)
        there = torch.zeros_like(z)
        there[place] = step
        with torch.no_grad():
            slope = float(loss(z + there) - loss(z - there)) / (2 * step)
        assert abs(float(ours[place]) - slope) < 1e-6 * max(1.0, abs(slope)), (name, place)


def test_stock_loss_is_nothing_where_it_suffices() -> None:
    p = torch.softmax(logits(4), -1)
    assert abs(float(fabrication.stock_loss(p, stock=torch.full((N,), 30.0), free=MASK))) < 1e-9
    plan = fabrication.transported(p[MASK], STOCK)
    assert torch.allclose(plan.sum(1), torch.ones(len(plan), dtype=plan.dtype), atol=1e-9)
    assert bool((plan.sum(0) <= STOCK + 1e-6).all())


def test_descending_the_stock_loss_meets_the_stock() -> None:
    z = (logits(5) + torch.tensor([3.0, 0, 0])).requires_grad_(True)
    optimizer = torch.optim.Adam([z], lr=0.1)
    for _ in range(150):
        optimizer.zero_grad()
        fabrication.stock_loss(torch.softmax(z, -1), stock=STOCK, free=MASK).backward()
        optimizer.step()
    counts = torch.softmax(z.detach(), -1)[MASK].sum(0)
    assert bool((counts <= STOCK + 0.1).all())


@given(st.integers(0, 10_000))
@settings(max_examples=40)
def test_repair_is_the_linear_programmes_optimum(seed: int) -> None:
    from scipy.optimize import linprog

    rng = np.random.default_rng(seed)
    log_p = np.log(rng.dirichlet(np.ones(N), (H, W)))
    free = rng.random((H, W)) < 0.8
    index = np.where(free, log_p.argmax(-1), rng.integers(-1, N, (H, W))).astype(np.int16)
    held = np.bincount(index[~free & (index >= 0)], minlength=N)
    stock = rng.multinomial(int(free.sum()) + int(rng.integers(0, 6)), np.ones(N) / N) + held
    out = fabrication.repair(log_p, free, index, stock)
    assert (out[~free] == index[~free]).all()
    assert (np.bincount(out[out >= 0], minlength=N) <= stock).all()
    cost = -log_p[free]
    count = len(cost)
    columns = np.tile(np.eye(N), count)
    rows = np.repeat(np.eye(count), N, axis=1)
    solved = linprog(cost.ravel(), A_ub=columns, b_ub=stock - held, A_eq=rows, b_eq=np.ones(count))
    ours = cost[np.arange(count), out[free]].sum()
    assert abs(ours - solved.fun) < 1e-4 * max(1.0, solved.fun)


def test_learned_subset_follows_the_target() -> None:
    palette = torch.rand((12, 3), generator=torch.Generator().manual_seed(1))
    target = palette[torch.tensor([3, 7, 7, 9]).repeat(6)].reshape(4, 6, 3) + 0.004
    assert fabrication.learned_subset(target, palette, 3) == (3, 7, 9)
    assert 5 in fabrication.learned_subset(target, palette, 3, kept=(5,))
