"""What a maker's limits do: the price of a cut, islands given up, the cheapest first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pixl.color import ciede2000
from pixl.errors import ExportError
from pixl.palette import Color, Palette
from pixl.pattern import Cell, Pattern
from pixl_exporters.embroider.budget import Islands, merge_near_colors, merges, trade, traded, without_islands
from pixl_exporters.embroider.cost import cut_cost, marginal_cuts, thread_changes, threads_by_color
from pixl_exporters.embroider.plan import make_plan
from pixl_exporters.embroider.regions import label_regions
from tests.embroider.maps import blobs, pattern
from tests.embroider.test_embroider_cross import MAPS


def regions(index: NDArray[np.int16]) -> int:
    return len(label_regions(index)[1]) - 1


@settings(max_examples=60, deadline=None)
@given(index=MAPS, data=st.data())
def test_the_price_of_a_cell(index: NDArray[np.int16], data: st.DataObject) -> None:
    """Against counting the threads of the whole map with the cell empty and with the cell set."""
    row = data.draw(st.integers(0, index.shape[0] - 1))
    column = data.draw(st.integers(0, index.shape[1] - 1))
    color = data.draw(st.integers(0, 3))
    empty = index.copy()
    empty[row, column] = -1
    filled = index.copy()
    filled[row, column] = color
    change = regions(filled) - regions(empty)
    priced = thread_changes(index, 4)[row, column, color]
    if color == index[row, column]:
        assert priced <= change, "pieces in the window may hang together further away"
    else:
        assert priced == change
    assert marginal_cuts(index, row, column, color) == regions(filled) - regions(index)


def test_the_price_list_has_the_shape_of_a_cost() -> None:
    index = blobs(20, 5, 1)
    prices = cut_cost(2.5, 5)(index)
    assert prices.shape == (20, 20, 5)
    assert np.array_equal(prices, 2.5 * thread_changes(index, 5))
    assert threads_by_color(index, 7).tolist()[5:] == [0, 0]
    assert threads_by_color(index, 7).sum() == regions(index)


def test_following_the_prices_removes_confetti() -> None:
    """A sweep that takes each cell's cheapest colour leaves fewer threads: what an engine does with the price list."""
    index = blobs(16, 4, 3, smooth=0.7)
    before = regions(index)
    changed = index.copy()
    for _ in range(3):
        for row, column in np.ndindex(*index.shape):
            prices = thread_changes(changed, 4)[row, column]
            if prices.min() < prices[changed[row, column]]:
                changed[row, column] = int(np.argmin(prices))
        if regions(changed) == before:
            break
    assert regions(changed) < before / 2


def test_without_islands() -> None:
    for least in (2, 3, 6):
        tidy = without_islands(pattern(blobs(32, 6, 2, smooth=0.8)), least)
        labels, _ = label_regions(tidy.index)
        assert np.bincount(labels.ravel())[1:].min() >= least


def test_islands_on_bare_cloth_stay() -> None:
    index = np.full((5, 5), -1, np.int16)
    index[1, 1] = 0
    index[3, 3] = 1
    assert np.array_equal(without_islands(pattern(index), 4).index, index)
    with pytest.raises(ExportError, match="bare cloth"):
        trade(pattern(index), lambda tried: regions(tried.index) < 2, what="--max-trims 0")


@settings(max_examples=40, deadline=None)
@given(index=MAPS)
def test_every_merge_keeps_the_count(index: NDArray[np.int16]) -> None:
    if not (index >= 0).any():
        return
    before = pattern(index, colors=4)
    islands = Islands(before)
    assert islands.left == regions(index)
    for done, _ in enumerate(merges(islands), 1):
        now = islands.index_at(done)
        assert islands.left == regions(now)
        assert ((now >= 0) == (index >= 0)).all(), "no cell fills up or empties"
    for earlier in range(islands.merged):
        assert regions(islands.index_at(earlier)) > regions(islands.index_at(earlier + 1))


def test_the_cheapest_island_goes_first() -> None:
    """A grey speck on grey costs less than a red one, so it is the one that goes."""
    colors = ((200, 200, 200), (190, 190, 190), (220, 20, 20))
    palette = Palette(
        id="p",
        version="1",
        name="P",
        colors=tuple(Color(code=str(k), name=str(k), rgb=rgb) for k, rgb in enumerate(colors)),
    )
    index = np.zeros((7, 9), np.int16)
    index[3, 2], index[3, 6] = 1, 2
    before = Pattern(index=index, palette=palette, cell=Cell(width_mm=2, height_mm=2))
    after = trade(before, lambda tried: regions(tried.index) <= 2, what="x")
    assert after.index[3, 2] == 0
    assert after.index[3, 6] == 2
    gave = traded(before, after)
    assert (gave.islands, gave.cells) == (1, 1)
    assert gave.delta_e == pytest.approx(float(ciede2000(palette.lab[0], palette.lab[1])))
    assert "1 islands of 1 cells" in gave.sentence() or "1 island" in gave.sentence()


@pytest.mark.parametrize("trims", [40, 10, 0])
def test_a_budget_of_trims(trims: int) -> None:
    before = pattern(blobs(40, 6, 4, smooth=1.0))
    after = trade(before, lambda tried: make_plan(tried).trims <= trims, what="--max-trims")
    assert make_plan(after).trims <= trims
    assert traded(before, after).cells < before.index.size / 2 or trims == 0


def test_a_budget_that_is_met_changes_nothing() -> None:
    before = pattern(blobs(24, 4, 5))
    assert trade(before, lambda tried: True, what="x") is before
    assert traded(before, before).sentence() == ""


def test_near_threads_merge_into_the_more_frequent() -> None:
    base = pattern(np.array([[0, 0, 0, 1, 2]], np.int16), colors=3)
    rgbs = ((10, 10, 10), (12, 12, 12), (250, 250, 250))
    colors = tuple(replace(color, rgb=rgb) for color, rgb in zip(base.palette.colors, rgbs, strict=True))
    near = replace(base, palette=replace(base.palette, colors=colors))
    assert merge_near_colors(near, 3.0).index.tolist() == [[0, 0, 0, 0, 2]]
    assert merge_near_colors(near, 0.01).index.tolist() == near.index.tolist()
