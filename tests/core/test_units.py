"""Sizes and lengths as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixl.errors import UsageError
from pixl.units import GridSize, parse_length, parse_size


@pytest.mark.parametrize(
    ("text", "mm"), [("5mm", 5), ("2.5 cm", 25), ("2,5cm", 25), ("4in", 101.6), ('4"', 101.6), ("1 m", 1000)]
)
def test_lengths(text: str, mm: float) -> None:
    assert parse_length(text) == pytest.approx(mm)


@pytest.mark.parametrize("text", ["", "5", "mm", "-5mm", "5 parsecs", "1e3mm", "5mm5"])
def test_bad_lengths(text: str) -> None:
    with pytest.raises(UsageError, match="not a length"):
        parse_length(text)


def resolve(text: str, aspect: float = 1.0, cell: tuple[float, float] = (8.0, 8.0)) -> tuple[int, int]:
    size = parse_size(text).resolve(aspect=aspect, cell_width_mm=cell[0], cell_height_mm=cell[1])
    return size.width, size.height


def test_sizes() -> None:
    assert resolve("48x48") == (48, 48)
    assert resolve("48X32") == (48, 32)
    assert resolve("48×32") == (48, 32)
    assert resolve("48") == (48, 48)
    assert resolve("48x", aspect=1.5) == (48, 32)
    assert resolve("x48", aspect=1.5) == (72, 48)
    assert resolve("384mmx384mm") == (48, 48)
    assert resolve("39cmx") == (48, 48)
    assert resolve("30x20cm") == (37, 25)
    assert resolve("10inx") == (31, 31)


def test_cells_that_are_not_square_follow_the_photo_in_real_length() -> None:
    assert resolve("40x", aspect=1.0, cell=(8.0, 3.2)) == (40, 100)


@pytest.mark.parametrize(
    "text", ["", "x", "0x5", "5x0", "-3x3", "4.5x4", "3001x3", "axb", "4x4x4", "48 by 48", "8mmx48", "mmx5", "4x4y"]
)
def test_bad_sizes(text: str) -> None:
    with pytest.raises(UsageError):
        resolve(text)


def test_a_length_below_one_cell_is_refused() -> None:
    with pytest.raises(UsageError, match="smaller than one cell"):
        resolve("7mmx7mm")


@given(st.integers(1, 2000), st.integers(1, 2000))
def test_a_size_comes_back(width: int, height: int) -> None:
    size = GridSize(width=width, height=height)
    assert resolve(str(size)) == (width, height)


@given(st.text(max_size=20))
def test_any_text_is_a_size_or_a_sentence(text: str) -> None:
    try:
        width, height = resolve(text)
    except UsageError as error:
        assert error.hint
    else:
        assert 1 <= width <= 2000
        assert 1 <= height <= 2000
