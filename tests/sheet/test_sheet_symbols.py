"""Chart symbols: distinct, readable, unlike where colours are close."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixl_exporters.sheet import assign_symbols, ink_for
from pixl_exporters.sheet.font import symbol_face
from pixl_exporters.sheet.symbols import symbol_table


def random_lab(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([rng.uniform(0, 100, count), rng.uniform(-80, 80, count), rng.uniform(-80, 80, count)], axis=1)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 40, 119, 120, 121, 300, 489, 1000])
def test_symbols_are_distinct_and_drawable(count: int) -> None:
    symbols = assign_symbols(random_lab(count, count), np.arange(count))
    assert len(set(symbols)) == len(symbols) == count
    face = symbol_face()
    for symbol in symbols:
        assert all(face.has(char) for char in symbol)
        assert len(symbol) == 1 or not set(symbol) & set("IOQ01")


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 489), st.integers(0, 2**32 - 1))
def test_symbols_are_distinct_for_any_number_of_colours(count: int, seed: int) -> None:
    counts = np.random.default_rng(seed).integers(0, 50, count)
    symbols = assign_symbols(random_lab(count, seed), counts)
    assert len(set(symbols)) == count
    singles = [number for number, symbol in zip(counts.tolist(), symbols, strict=True) if len(symbol) == 1]
    doubles = [number for number, symbol in zip(counts.tolist(), symbols, strict=True) if len(symbol) > 1]
    assert len(singles) == min(count, 120)
    assert not doubles or max(doubles) <= min(singles)


def test_the_same_colours_get_the_same_symbols() -> None:
    lab, counts = random_lab(60, 1), np.arange(60)
    assert assign_symbols(lab, counts) == assign_symbols(lab.copy(), counts.copy())


def test_identical_colours_are_no_trouble() -> None:
    assert len(set(assign_symbols(np.full((130, 3), 50.0), np.zeros(130)))) == 130


def test_close_colours_get_less_alike_symbols_than_chance() -> None:
    """Over pairs closer than 12 in Lab, the chosen symbols differ more than a random choice of the same ones."""
    table = symbol_table()
    place = {char: number for number, char in enumerate(table.chars)}
    chosen_apart, random_apart = [], []
    for seed in range(8):
        base = random_lab(20, seed)
        lab = np.vstack([base, base + np.random.default_rng(seed).uniform(-5, 5, base.shape)])
        symbols = np.array([place[symbol] for symbol in assign_symbols(lab, np.ones(40))])
        apart = np.linalg.norm(lab[:, None] - lab[None], axis=2)
        close = np.argwhere(np.triu(apart < 12, 1))
        chosen_apart += [table.distance[symbols[i], symbols[j]] for i, j in close]
        for turn in range(20):
            mixed = np.random.default_rng(turn).permutation(symbols)
            random_apart += [table.distance[mixed[i], mixed[j]] for i, j in close]
    assert np.mean(chosen_apart) > np.mean(random_apart) + 5
    assert np.min(chosen_apart) > np.min(random_apart)


def test_the_table_is_symmetric_and_complete() -> None:
    table = symbol_table()
    assert len(set(table.chars)) == 120
    assert np.array_equal(table.distance, table.distance.T)
    assert (np.diag(table.distance) == 0).all()
    assert table.distance[~np.eye(120, dtype=bool)].min() > 20
    path = Path(__file__).parents[2] / "exporters/pixl_exporters/sheet/chart_symbols.csv"
    rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
    assert [f"U+{ord(char):04X}" for char in table.chars] == [row["codepoint"] for row in rows]


def test_ink_is_white_on_dark() -> None:
    assert ink_for([[49.9, 0, 0], [50.0, 0, 0]]).tolist() == [[255, 255, 255], [0, 0, 0]]


def test_counts_have_to_match_the_colours() -> None:
    with pytest.raises(ValueError, match="2 colours but 1 counts"):
        assign_symbols(np.zeros((2, 3)), [1])
