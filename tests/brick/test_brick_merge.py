"""Fewest pieces: against exhaustive search, and within the time given."""

from __future__ import annotations

import time
from functools import cache

import numpy as np
import pytest
from bricks import FEW, palette, pattern, random_pattern
from hypothesis import given, settings
from hypothesis import strategies as st

from pixl.errors import UsageError
from pixl.pattern import Pattern
from pixl_exporters.brick import merge
from pixl_exporters.brick.merge import greedy_cover
from pixl_exporters.brick.parts import find_part, load_parts, mergeable
from pixl_exporters.brick.plan import BrickOptions, brick_cell, check, plan_bricks


def fewest(mask: np.ndarray, sizes: frozenset[tuple[int, int]]) -> int:
    """Exhaustive: the first free cell must be the corner of some rectangle; try every one."""
    height, width = mask.shape

    @cache
    def search(free: int) -> int:
        if not free:
            return 0
        first = (free & -free).bit_length() - 1
        row, column = divmod(first, width)
        best = 99
        for rows, columns in sizes:
            if row + rows > height or column + columns > width:
                continue
            bits = 0
            for r in range(row, row + rows):
                for c in range(column, column + columns):
                    bits |= 1 << (r * width + c)
            if bits & free == bits:
                best = min(best, 1 + search(free & ~bits))
        return best

    return search(sum(1 << i for i, cell in enumerate(mask.ravel().tolist()) if cell))


def sizes_in(code: str, kind: str = "plate") -> frozenset[tuple[int, int]]:
    found = set()
    for part in load_parts().values():
        if part.kind == kind and part.length <= 8 and code in part.current:
            found |= {(part.width, part.length), (part.length, part.width)}
    return frozenset(found)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 3), st.integers(0, 10**6))
def test_equals_exhaustive_search_on_small_grids(height: int, width: int, colors: int, seed: int) -> None:
    index = np.random.default_rng(seed).integers(-1, colors, (height, width)).astype(np.int16)
    index[0, 0] = 0
    grid = Pattern(index=index, palette=palette(FEW[:colors]), cell=brick_cell())
    plan = plan_bricks(grid, BrickOptions(merge=True))
    assert plan.merge is not None
    expected = sum(fewest(index == k, sizes_in(FEW[k])) for k in range(colors))
    assert len(plan.pieces) == plan.merge.bound == expected
    assert plan.merge.greedy >= expected


@pytest.mark.parametrize(("part", "kind"), [("plate", "plate"), ("tile", "tile"), ("brick", "brick")])
def test_only_pairs_that_exist_are_used(part: str, kind: str) -> None:
    plan = plan_bricks(random_pattern(32, 32, part=part, colors=8, clumps=5), BrickOptions(part=part, merge=True))
    for lot in plan.lots:
        assert lot.part.kind == kind
        assert lot.color.code in lot.part.current
        assert lot.part.length <= 8
    check(plan)


def test_a_colour_made_only_as_1x1_is_not_merged() -> None:
    mosaic = find_part("plate")
    alone = [code for code in mosaic.current if not any(code in p.current for p in mergeable(mosaic) if p.area > 1)]
    code = alone[0] if alone else "431"  # 431 exists in no plate at all
    plan = plan_bricks(pattern(["00", "00"], codes=(code,)), BrickOptions(merge=True))
    assert len(plan.pieces) == 4


def test_edges_of_sections_are_never_crossed() -> None:
    grid = Pattern(index=np.zeros((20, 20), np.int16), palette=palette(), cell=brick_cell())
    plan = plan_bricks(grid, BrickOptions(merge=True, section=10))
    for row, column, rows, columns in plan.pieces.table[:, 2:].tolist():
        assert row // 10 == (row + rows - 1) // 10
        assert column // 10 == (column + columns - 1) // 10


def test_round_parts_do_not_merge() -> None:
    with pytest.raises(UsageError, match="round"):
        plan_bricks(random_pattern(4, 4, part="round-tile"), BrickOptions(part="round-tile", merge=True))


def test_without_time_the_greedy_plan_stands_with_its_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "_KNOWN", {})
    grid = random_pattern(48, 48, colors=3, seed=3)
    plan = plan_bricks(grid, BrickOptions(merge=True, merge_seconds=0.0))
    assert plan.merge is not None
    assert plan.merge.pieces == plan.merge.greedy == len(plan.pieces)
    assert plan.merge.pieces > plan.merge.bound
    assert plan.merge.open
    assert "at most" in plan.merge.text


def test_a_second_plan_has_the_same_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time limits may cut a search anywhere, but files made from one document agree."""
    monkeypatch.setattr(merge, "_KNOWN", {})
    options = BrickOptions(merge=True, merge_seconds=0.02)
    grid = random_pattern(48, 48, colors=3, seed=3, clumps=2)
    first, second = plan_bricks(grid, options), plan_bricks(grid, options)
    assert np.array_equal(first.pieces.table, second.pieces.table)
    better = plan_bricks(grid, BrickOptions(merge=True, merge_seconds=20.0))
    assert len(better.pieces) <= len(first.pieces)


def test_a_section_keeps_to_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "_KNOWN", {})
    yy, xx = np.mgrid[:64, :64]
    index = (((yy - 31) ** 2 + (xx - 31) ** 2) < 700).astype(np.int16)
    grid = Pattern(index=index, palette=palette(), cell=brick_cell())
    start = time.monotonic()
    plan = plan_bricks(grid, BrickOptions(merge=True, merge_seconds=1.0, section=64))
    assert time.monotonic() - start < 4.0
    assert plan.merge is not None
    assert plan.merge.bound <= plan.merge.pieces <= plan.merge.greedy


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 10**6))
def test_greedy_partitions(height: int, width: int, seed: int) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < 0.8
    sizes = tuple(sorted(sizes_in("1"), key=lambda size: (-size[0] * size[1], size)))
    cover = np.zeros(mask.shape, int)
    for row, column, rows, columns in greedy_cover(mask, sizes):
        cover[row : row + rows, column : column + columns] += 1
    assert np.array_equal(cover, mask.astype(int))


def test_a_merged_lot_is_one_part_in_one_colour() -> None:
    plan = plan_bricks(random_pattern(48, 48, colors=4, clumps=4), BrickOptions(merge=True))
    pairs = [(lot.part.id, lot.index) for lot in plan.lots]
    assert len(pairs) == len(set(pairs))
    assert sum(lot.need * lot.part.area for lot in plan.lots) == 2304
