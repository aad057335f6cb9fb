"""The order of colours: exact to 16, never above the bound, and honest beyond."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from scipy import ndimage

from pixl_exporters.embroider.order import RegionGraph, _best_place, _Costs, _total, best_order
from tests.embroider.maps import blobs
from tests.embroider.test_embroider_cross import MAPS


def threads(index: NDArray[np.int16], order: tuple[int, ...]) -> int:
    """Threads that an order needs, counted on the cells themselves."""
    total = 0
    for at, color in enumerate(order):
        labels, _ = ndimage.label(np.isin(index, order[at:]), structure=np.ones((3, 3)))
        total += len(np.unique(labels[index == color]))
    return total


@settings(max_examples=60, deadline=None)
@given(index=MAPS)
def test_no_order_needs_fewer(index: NDArray[np.int16]) -> None:
    colors = np.unique(index[index >= 0]).tolist()
    if not colors:
        return
    best = best_order(index, colors)
    assert best.exact
    assert sorted(best.colors) == colors
    assert best.threads == threads(index, best.colors)
    assert best.threads == min(threads(index, order) for order in itertools.permutations(colors))


@pytest.mark.parametrize(("size", "colors", "seed"), [(24, 6, 1), (32, 7, 2)])
def test_soft_maps_against_all_orders(size: int, colors: int, seed: int) -> None:
    index = blobs(size, colors, seed, smooth=1.2, holes=0.05)
    graph = RegionGraph(index, range(colors))
    needs: dict[tuple[int, frozenset[int]], int] = {}

    def cost(color: int, later: frozenset[int]) -> int:
        if (color, later) not in needs:
            needs[color, later] = graph.needs(color, later)
        return needs[color, later]

    least = min(
        sum(cost(color, frozenset(order[at + 1 :])) for at, color in enumerate(order))
        for order in itertools.permutations(range(colors))
    )
    best = best_order(index, range(colors))
    assert best.threads == least == threads(index, best.colors)


def test_counts_in_blocks_equal_counts_one_by_one() -> None:
    index = blobs(40, 9, 4, smooth=1.0, holes=0.1)
    rank = list(range(9))
    exact = best_order(index, rank)
    assert exact.threads == threads(index, exact.colors)
    rng = np.random.default_rng(0)
    for _ in range(200):
        assert threads(index, tuple(rng.permutation(9).tolist())) >= exact.threads


@pytest.mark.parametrize("seed", range(6))
def test_search_is_near_the_optimum(seed: int) -> None:
    index = blobs(40, 10, seed, smooth=1.2)
    exact = best_order(index, range(10))
    found = best_order(index, range(10), exact_to=0)
    assert not found.exact
    assert exact.threads <= found.threads <= 1.05 * exact.threads + 1


def test_beyond_the_exact_search() -> None:
    index = blobs(48, 20, 3)
    found = best_order(index, range(20))
    assert not found.exact
    assert sorted(found.colors) == list(range(20))
    assert found.threads == threads(index, found.colors)
    assert found.threads <= threads(index, tuple(range(20)))


def test_a_move_saves_what_it_says() -> None:
    costs = _Costs(RegionGraph(blobs(30, 8, 5, smooth=1.0), range(8)))
    rng = np.random.default_rng(1)
    for _ in range(20):
        order = rng.permutation(8).tolist()
        at = int(rng.integers(8))
        gain, place = _best_place(costs, order, at)
        moved = order[:at] + order[at + 1 :]
        moved.insert(place, order[at])
        assert _total(costs, order) - _total(costs, moved) == gain >= 0


def test_equal_orders_keep_the_rank() -> None:
    index = np.array([[0, -1, 1, -1, 2]], np.int16)
    assert best_order(index, [2, 0, 1]).colors == (2, 0, 1)


@pytest.mark.slow
def test_sixteen_colours_at_128() -> None:
    import time

    start = time.perf_counter()
    best = best_order(blobs(128, 16, 1, smooth=1.2), range(16))
    assert best.exact
    assert time.perf_counter() - start < 60
