"""Fill mode, measured on decoded files: threads at the bound, nothing visible, nothing bare."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pixl_exporters.embroider.measure import Cover, measure
from pixl_exporters.embroider.plan import CELLS_MM, EmbroideryOptions, EmbroideryPlan, make_plan
from pixl_exporters.embroider.rows import row_offsets, row_points, running, turn_inset
from pixl_exporters.embroider.verify import verify
from pixl_exporters.embroider.write import stitch_file
from tests.embroider.maps import blobs, pattern
from tests.embroider.test_embroider_cross import MAPS
from tests.embroider.test_embroider_order import threads


def check(
    index: NDArray[np.int16], cell: float = 2.0, options: EmbroideryOptions | None = None
) -> tuple[EmbroideryPlan, Cover]:
    options = options or EmbroideryOptions(mode="fill", travel_cap_mm=None)
    plan = make_plan(pattern(index, cell), options)
    verdict = verify(stitch_file(plan, "dst"), name="a.dst")
    assert verdict.problems == verdict.notes == ()
    assert len(verdict.runs) == len(plan.threads) == plan.bounds.capped_for_order
    assert plan.bounds.for_order == threads(index, plan.order)
    if options.travel_cap_mm is None:
        assert len(verdict.runs) == plan.bounds.for_order
        assert len(verdict.runs) <= 1.05 * plan.bounds.over_orders
    for thread in plan.threads:
        lengths = np.hypot(*np.diff(np.concatenate([thread.points[:1], thread.body]).astype(float), axis=0).T)
        assert lengths.min() >= 5
        assert lengths.max() <= 70
    cover = measure(plan, verdict.runs)
    assert cover.visible_mm == 0
    assert min(cover.covered.values()) == 1.0
    return plan, cover


@pytest.mark.parametrize(
    ("size", "colors", "cell", "seed", "holes"),
    [(32, 4, 2.0, 1, 0.0), (48, 8, 1.6, 2, 0.0), (48, 8, 1.8, 3, 0.2), (64, 12, 3.4, 4, 0.0), (40, 5, 2.4, 5, 0.4)],
)
def test_blobs(size: int, colors: int, cell: float, seed: int, holes: float) -> None:
    _plan, cover = check(blobs(size, colors, seed, holes=holes), cell)
    assert min(cover.own.values()) > 0.85


@settings(max_examples=60, deadline=None)
@given(index=MAPS, cell=st.sampled_from(CELLS_MM), underlay=st.booleans(), cap=st.sampled_from([None, 0.0, 6.0]))
def test_any_map(index: NDArray[np.int16], cell: float, underlay: bool, cap: float | None) -> None:
    if (index >= 0).any():
        check(index, cell, EmbroideryOptions(mode="fill", underlay=underlay, travel_cap_mm=cap))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), smooth=st.sampled_from([0.6, 1.0, 2.0]), holes=st.sampled_from([0.0, 0.1, 0.5]))
def test_any_soft_map(seed: int, smooth: float, holes: float) -> None:
    check(blobs(20, 5, seed, smooth, holes), CELLS_MM[seed % len(CELLS_MM)])


def test_checkerboard_stripes_ring_and_one_cell() -> None:
    board = (np.indices((10, 10)).sum(axis=0) % 2).astype(np.int16)
    assert len(check(board)[0].threads) == 2
    ring = np.zeros((9, 9), np.int16)
    ring[3:6, 3:6] = 1
    assert len(check(ring)[0].threads) == 2
    check((np.arange(64).reshape(8, 8) % 3).astype(np.int16))
    check(np.zeros((1, 1), np.int16), 1.6)
    check(np.zeros((40, 40), np.int16), 3.4)


def test_two_islands_are_joined_under_the_colour_between() -> None:
    index = np.ones((5, 21), np.int16)
    index[2, 2] = index[2, 18] = 0
    plan, _cover = check(index)
    assert plan.order == (0, 1)
    assert len(plan.threads) == 2
    capped, _cover = check(index, options=EmbroideryOptions(mode="fill", travel_cap_mm=30.0))
    assert len(capped.threads) == 3
    assert capped.bounds.for_order == 2
    assert plan.travel_mm == pytest.approx(32.0)


def test_cloth_hides_nothing() -> None:
    index = np.full((5, 21), -1, np.int16)
    index[2, 2] = index[2, 18] = 0
    assert len(check(index)[0].threads) == 2


def test_underlay_goes_under_wide_regions_only() -> None:
    wide, narrow = np.zeros((12, 12), np.int16), np.zeros((2, 40), np.int16)
    for index, more in ((wide, True), (narrow, False)):
        bare = check(index, options=EmbroideryOptions(mode="fill", underlay=False))[0]
        full = check(index)[0]
        assert (full.stitches > bare.stitches) == more


@pytest.mark.parametrize("cell", CELLS_MM)
def test_rows_leave_no_gap(cell: float) -> None:
    units = round(cell * 10)
    rows = row_offsets(units)
    assert len(rows) == -(-units // 4)
    over = [*rows, *(row + units for row in rows)]
    assert all(0 < b - a <= 4 for a, b in itertools.pairwise(over))
    for gap in (3, 4):
        assert gap**2 + turn_inset(gap) ** 2 >= 25


@given(
    left=st.integers(-50, 5000),
    length=st.integers(22, 3000),
    row=st.integers(0, 40),
    longest=st.sampled_from([20, 30, 40]),
)
def test_row_points(left: int, length: int, row: int, longest: int) -> None:
    right = left + length
    inside = row_points(left, right, row, longest)
    steps = np.diff([left, *inside, right])
    assert steps.min() >= 10
    assert steps.max() <= longest
    assert len(steps) <= -(-length // longest) + 1


@given(points=st.lists(st.tuples(st.integers(-300, 300), st.integers(-300, 300)), min_size=2, max_size=12, unique=True))
def test_running_stitches(points: list[tuple[int, int]]) -> None:
    start, *corners, end = points
    if np.hypot(start[0] - end[0], start[1] - end[1]) < 5:
        return
    path = np.array([start, *running(start, corners, end), end], float)
    lengths = np.hypot(*np.diff(path, axis=0).T)
    assert lengths.max() <= 26.5
    assert lengths.min() >= 4.9


def test_pull_reaches_beyond_the_cells() -> None:
    index = np.zeros((4, 10), np.int16)
    for pull in (0.0, 0.2, 0.4):
        plan = check(index, options=EmbroideryOptions(mode="fill", pull_mm=pull, travel_cap_mm=None))[0]
        assert plan.size_mm[0] == pytest.approx(20 + 2 * (pull + 0.1))


def test_staggered_needle_points() -> None:
    plan = check(np.zeros((4, 30), np.int16), options=EmbroideryOptions(mode="fill", underlay=False))[0]
    points = plan.threads[0].body
    inner = points[(np.abs(points[:, 0]) < 250)]
    columns = {x: set(inner[inner[:, 0] == x][:, 1].tolist()) for x in set(inner[:, 0].tolist())}
    for rows in columns.values():
        assert min(np.diff(sorted(rows)), default=99) >= 8, "no two rows in succession share a needle point"
