from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pixl.quantize.strokes import LENGTH, OUTLINE, strokes

SAMPLES = 6


def marks_of(pen: NDArray[np.bool_], face: NDArray[np.bool_] | None = None, thick: int = 4) -> NDArray[np.int8]:
    """What becomes of ``pen`` bool[H, W], drawn ``thick`` samples wide on light ground in the middle of its cells."""
    lab = np.zeros((pen.shape[0] * SAMPLES, pen.shape[1] * SAMPLES, 3), np.float32)
    lab[..., 0] = 95
    first = (SAMPLES - thick) // 2
    for row, column in np.argwhere(pen):
        y, x = row * SAMPLES + first, column * SAMPLES + first
        wide = SAMPLES if pen[row, column:].sum() > 1 and pen[row, column + 1] else thick
        lab[y : y + thick, x : x + wide, 0] = 10
    cover = np.ones(lab.shape[:2], np.float32)
    return strokes(lab, cover, SAMPLES, np.zeros_like(pen) if face is None else face)[0]


def level(length: int, at: int = 15, shape: tuple[int, int] = (30, 48)) -> NDArray[np.bool_]:
    """A level line of some cells in row ``at``, from column 10."""
    pen = np.zeros(shape, bool)
    pen[at, 10 : 10 + length] = True
    return pen


def test_a_low_word_is_no_line_and_a_long_line_is_drawn() -> None:
    pen = np.zeros((30, 48), bool)
    for x in range(4, 24, 4):  # five letters on a common foot: a word 5 cells high
        pen[4:9, x] = pen[4:9, x + 2] = True
    pen[8, 4:27] = True
    line = level(34, 22)
    marks = marks_of(pen | line)
    assert (marks[pen] == 2).mean() > 0.9
    assert (marks[line] == 1).mean() > 0.9


@pytest.mark.parametrize(("length", "drawn"), [(LENGTH - 1, False), (LENGTH + 1, True), (OUTLINE + 1, True)])
def test_what_is_short_is_no_line(length: int, drawn: bool) -> None:
    pen = level(length)
    assert (marks_of(pen)[pen] == 1).mean() == pytest.approx(float(drawn), abs=0.2)


@pytest.mark.parametrize(("length", "drawn"), [(LENGTH + 3, False), (OUTLINE + 1, True)])
def test_on_a_face_only_an_outline_is_a_line(length: int, drawn: bool) -> None:
    pen = level(length)
    marks = marks_of(pen, face=np.ones_like(pen))
    assert (marks[pen] == 1).mean() == pytest.approx(float(drawn), abs=0.2)


@pytest.mark.parametrize("row", [0, 29])
def test_an_outline_that_touches_the_edge_is_whole(row: int) -> None:
    """The ground between it and the edge is a strip thinner than the line; it goes on beyond the edge."""
    pen = level(20, row)
    marks = marks_of(pen, thick=2)
    assert (marks[pen] == 1).all()
