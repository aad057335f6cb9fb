"""The pattern's invariants and edits, on patterns that hypothesis makes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pixl.errors import PatternError
from pixl.palette import Palette, rgb_lattice
from pixl.pattern import EMPTY, Cell, Pattern

PALETTE = rgb_lattice("3")
CELL = Cell(width_mm=8, height_mm=8)


@st.composite
def patterns(draw: st.DrawFn, colors: int = 27) -> Pattern:
    shape = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    index = draw(hnp.arrays(np.int16, shape, elements=st.integers(-1, colors - 1)))
    return Pattern(index=index, palette=PALETTE, cell=CELL, title=draw(st.text(max_size=10)))


@given(patterns())
def test_numbered_keeps_the_picture_and_orders_by_frequency(pattern: Pattern) -> None:
    numbered = pattern.numbered()
    assert np.array_equal(numbered.rgb(), pattern.rgb())
    assert np.array_equal(numbered.index == EMPTY, pattern.index == EMPTY)
    counts = numbered.counts()
    assert (np.diff(counts) <= 0).all()
    assert counts.sum() == numbered.pieces == pattern.pieces
    if pattern.pieces:
        assert counts.min() >= 1
    assert numbered.numbered() == numbered


@given(patterns(), st.integers(-1, 26), st.integers(-1, 26))
def test_replaced_moves_exactly_the_count(pattern: Pattern, old: int, new: int) -> None:
    after = pattern.replaced(old, new)
    was = int((pattern.index == old).sum())
    assert int((after.index == new).sum()) == was + (int((pattern.index == new).sum()) if new != old else 0)
    assert after.palette == pattern.palette


@given(patterns(), st.integers(1, 4))
def test_merged_below_leaves_no_thin_colour(pattern: Pattern, least: int) -> None:
    if pattern.counts().max() < least:
        with pytest.raises(PatternError, match="no colour has"):
            pattern.merged_below(least)
        return
    counts = pattern.merged_below(least).counts()
    assert counts[counts > 0].min() >= least
    assert counts.sum() == pattern.pieces


@given(patterns(), st.data())
def test_tiles_join_to_the_whole(pattern: Pattern, data: st.DataObject) -> None:
    x, y = data.draw(st.integers(0, pattern.width)), data.draw(st.integers(0, pattern.height))
    columns = [(0, x), (x, pattern.width - x)]
    rows = [(0, y), (y, pattern.height - y)]
    parts = [[pattern.cropped(a, b, w, h) for a, w in columns if w] for b, h in rows if h]
    assert Pattern.tiled(parts) == pattern
    assert sum(int(part.counts().sum()) for row in parts for part in row) == pattern.pieces


@given(patterns())
def test_mirroring_twice_changes_nothing(pattern: Pattern) -> None:
    assert pattern.mirrored().mirrored() == pattern
    assert np.array_equal(pattern.mirrored().index, np.fliplr(pattern.index))


def test_cells_are_set_and_nothing_else() -> None:
    pattern = Pattern(index=np.zeros((3, 4), np.int16), palette=PALETTE, cell=CELL)
    after = pattern.with_cells({(2, 1): 5, (0, 3): EMPTY})
    assert after.index[2, 1] == 5
    assert after.index[0, 3] == EMPTY
    assert int((after.index != pattern.index).sum()) == 2
    with pytest.raises(PatternError, match="column 5, row 1 is outside 4x3"):
        pattern.with_cells({(0, 4): 1})


def test_the_array_is_read_only_and_a_copy() -> None:
    index = np.zeros((2, 2), np.int16)
    pattern = Pattern(index=index, palette=PALETTE, cell=CELL)
    index[0, 0] = 3
    assert pattern.index[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        pattern.index[0, 0] = 1


@pytest.mark.parametrize(
    "index",
    [np.zeros(3, np.int16), np.zeros((0, 3), np.int16), np.zeros((2, 2)), np.full((2, 2), 27), np.full((2, 2), -2)],
)
def test_what_is_no_pattern(index: np.ndarray) -> None:
    with pytest.raises(PatternError) as caught:
        Pattern(index=index, palette=PALETTE, cell=CELL)
    assert caught.value.hint
    assert caught.value.exit_code == 3


def test_size_on_the_table() -> None:
    pattern = Pattern(index=np.zeros((3, 4), np.int16), palette=PALETTE, cell=Cell(width_mm=8, height_mm=3.2))
    assert pattern.size_mm == pytest.approx((32, 9.6))
    assert isinstance(pattern.palette, Palette)
