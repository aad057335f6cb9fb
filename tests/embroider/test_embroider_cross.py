"""Cross mode: at the bound of cuts, six stitches a cell, few needles a hole, and the top leg where it must be."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from pixl.errors import ExportError, UsageError
from pixl_exporters.embroider.cross import cycle
from pixl_exporters.embroider.plan import CELLS_MM, EmbroideryOptions, EmbroideryPlan, make_plan
from tests.embroider.maps import blobs, pattern


def components(index: NDArray[np.int16], steps: list[tuple[int, int]]) -> int:
    """Regions of one colour, by flooding: a second way to count them."""
    left = {(int(r), int(c)) for r, c in np.argwhere(index >= 0)}
    count = 0
    while left:
        count += 1
        heap = [left.pop()]
        while heap:
            r, c = heap.pop()
            for dr, dc in steps:
                other = (r + dr, c + dc)
                if other in left and index[other] == index[r, c]:
                    left.remove(other)
                    heap.append(other)
    return count


AROUND = [(r, c) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c]
SLASHED = [(r, c) for r, c in AROUND if r != c]


def legs(plan: EmbroideryPlan) -> tuple[dict[tuple[int, int], list[str]], dict[tuple[int, int], int]]:
    """For each cell the legs laid over its centre in order (``/`` or ``\\``, full or half), and hits for each hole."""
    half = plan.cell // 2
    cells: dict[tuple[int, int], list[str]] = {}
    hits: dict[tuple[int, int], int] = {}
    for thread in plan.threads:
        path = np.concatenate([thread.points[:1], thread.body]) - np.array(plan.corner)
        for x, y in path[1:].tolist():
            hits[x, y] = hits.get((x, y), 0) + 1
        for (x0, y0), (x1, y1) in itertools.pairwise(path.tolist()):
            dx, dy = x1 - x0, y1 - y0
            assert abs(dx) == abs(dy), "every leg is a diagonal"
            full = abs(dx) == 2 * half
            assert full or abs(dx) == half
            middle = ((x0 + x1) / 2, (y0 + y1) / 2)
            cell = (int(middle[1] // plan.cell), int(middle[0] // plan.cell))
            cells.setdefault(cell, []).append(("/" if dx * dy < 0 else "\\") * (2 if full else 1))
    return cells, hits


def check(index: NDArray[np.int16], options: EmbroideryOptions | None = None, cell: float = 2.0) -> EmbroideryPlan:
    options = options or EmbroideryOptions()
    plan = make_plan(pattern(index, cell), options)
    sewn = int((index >= 0).sum())
    bound = components(index, AROUND if options.corner_join else SLASHED)
    assert len(plan.threads) == plan.bounds.strict == bound
    assert sum(len(thread.body) for thread in plan.threads) == (2 + 2 * options.layers) * sewn
    assert plan.stitches == (2 + 2 * options.layers) * sewn + 9 * bound
    cells, hits = legs(plan)
    assert set(cells) == {(int(r), int(c)) for r, c in np.argwhere(index >= 0)}
    wrong = 0
    for laid in cells.values():
        assert sum(len(leg) for leg in laid if leg[0] == "/") == 2 * options.layers
        assert sum(len(leg) for leg in laid if leg[0] == "\\") == 2 * options.layers
        wrong += laid[-1] != "//"
        if laid[-1] != "//":
            assert laid[-1] == "\\"
            assert laid[-2] != "\\"
    assert wrong == plan.crossed_tops
    if not options.corner_join:
        assert wrong == 0
    else:
        assert wrong == components(index, SLASHED) - bound, "one crossed top for each joint that needs it, no more"
    pairs = options.layers // 2
    for (x, y), count in hits.items():
        centre = (x // (plan.cell // 2)) % 2 == 1 and (y // (plan.cell // 2)) % 2 == 1
        assert count <= (2 if centre else 4 * pairs)
    return plan


@pytest.mark.parametrize(("size", "colors", "seed"), [(32, 4, 1), (48, 8, 2), (64, 12, 3), (64, 16, 4)])
def test_blobs(size: int, colors: int, seed: int) -> None:
    check(blobs(size, colors, seed))
    check(blobs(size, colors, seed, holes=0.3))


@pytest.mark.parametrize("cell", CELLS_MM)
@pytest.mark.parametrize("layers", [2, 4, 6])
def test_cells_and_layers(cell: float, layers: int) -> None:
    plan = check(blobs(16, 4, 5), EmbroideryOptions(layers=layers), cell)
    for thread in plan.threads:
        body = np.concatenate([thread.points[:1], thread.body])
        lengths = np.hypot(*np.diff(body.astype(float), axis=0).T)
        assert lengths.min() >= 5
        assert lengths.max() <= 70


def test_no_corner_join_cuts_there() -> None:
    index = np.array([[0, 1], [1, 0]], np.int16)
    joined = check(index)
    cut = check(index, EmbroideryOptions(corner_join=False))
    assert (len(joined.threads), joined.crossed_tops) == (2, 1)
    assert (len(cut.threads), cut.crossed_tops) == (3, 0)


MAPS = hnp.arrays(
    np.int16, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(-1, 3), fill=st.nothing()
)


@settings(max_examples=120, deadline=None)
@given(index=MAPS, join=st.booleans())
def test_any_map(index: NDArray[np.int16], join: bool) -> None:
    options = EmbroideryOptions(corner_join=join)
    if not (index >= 0).any():
        with pytest.raises(ExportError, match="nothing to sew"):
            make_plan(pattern(index), options)
        return
    check(index, options)


def test_checkerboard_and_one_colour() -> None:
    board = (np.indices((12, 12)).sum(axis=0) % 2).astype(np.int16)
    assert len(check(board).threads) == 2
    assert check(np.zeros((12, 12), np.int16)).crossed_tops == 0
    assert len(check(np.zeros((1, 1), np.int16)).threads) == 1


def test_a_long_thread_does_not_recurse() -> None:
    assert len(check(np.zeros((150, 150), np.int16)).threads) == 1


def test_cycle_returns() -> None:
    for start, layers in itertools.product(range(4), (2, 4, 6)):
        holes = cycle(start, layers)
        assert holes[-1] == start
        assert len(holes) == 2 + 2 * layers
        assert holes.count(4) == 2


def test_locks_are_short_and_at_both_ends() -> None:
    for thread in check(blobs(16, 4, 6)).threads:
        for part in (thread.points[:5], thread.points[::-1][:5]):
            steps = np.hypot(*np.diff(part.astype(float), axis=0).T)
            assert ((steps >= 5) & (steps <= 7.5)).all()
            assert (part[0] == part[2]).all()
            assert (part[2] == part[4]).all()


def test_the_sewn_part_is_centred() -> None:
    index = np.full((10, 20), -1, np.int16)
    index[1:4, 2:5] = 0
    plan = check(index)
    left, top, right, bottom = plan.extent
    assert (left, top) == (-right, -bottom)
    assert plan.corner == (-70, -50)


@pytest.mark.parametrize("cell", [1.4, 3.6, 2.1, 5.0])
def test_cells_out_of_range(cell: float) -> None:
    with pytest.raises(ExportError, match="cannot be embroidered"):
        make_plan(pattern(np.zeros((2, 2), np.int16), cell))


def test_options_are_checked() -> None:
    for bad in ({"mode": "satin"}, {"layers": 3}, {"pull_mm": 2.0}, {"max_stitch_mm": 9.0}, {"travel_cap_mm": -1.0}):
        with pytest.raises(UsageError):
            EmbroideryOptions(**bad)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="order"):
        make_plan(pattern(blobs(8, 2)), EmbroideryOptions(order=(0,)))


def test_time_counts_a_colour_change_once() -> None:
    plan = make_plan(pattern(np.array([[0, 1, 0]], np.int16)))
    assert (plan.cuts, plan.trims) == (2, 1)
    assert plan.minutes(600) == pytest.approx(plan.stitches / 600 + 20 / 60)
