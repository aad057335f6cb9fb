"""The eight sample patterns of docs/embroider.md: every claim of its tables, from the decoded files."""

from __future__ import annotations

import pytest

from bench.embroider import CASES, complaints, cross_row, fill_row, sample


@pytest.mark.parametrize(
    ("name", "side", "colors"),
    [pytest.param(*case, marks=[pytest.mark.slow] if case[1] > 64 else []) for case in CASES],
)
def test_sample(name: str, side: int, colors: int) -> None:
    pattern = sample(name, side, colors)
    assert len(pattern.used()) <= colors
    assert complaints(cross_row(pattern), fill_row(pattern)) == []
