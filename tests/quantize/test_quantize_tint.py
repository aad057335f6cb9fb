from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from quantize_pictures import palette_of

from pixl.quantize.tint import GREY, KEPT, LEAST, tinted

DENSE = np.stack(np.meshgrid(np.arange(0, 101, 5), np.arange(-60, 61, 4), np.arange(-60, 61, 4)), -1).reshape(-1, 3)


def one(
    cell: tuple[float, ...], mean: tuple[float, ...], colors: NDArray[np.floating], *, line: bool = False
) -> NDArray[np.float32]:
    """The colour of one cell."""
    lab, whole = (np.array(color, np.float32).reshape(1, 1, 3) for color in (cell, mean))
    return tinted(lab, whole, np.array([[line]]), colors)[0, 0]


@pytest.mark.parametrize("line", [False, True])
def test_black_on_yellow_keeps_some_yellow(line: bool) -> None:
    out = one((5, 0, 0), (50, 3, 40), DENSE, line=line)
    assert out[0] == 5
    assert np.hypot(*out[1:]) == pytest.approx(min(LEAST, KEPT * np.hypot(3, 40)), abs=1e-3)
    assert np.arctan2(out[2], out[1]) == pytest.approx(np.arctan2(40, 3), abs=1e-3)


def test_the_share_of_a_faint_tint_is_kept_and_a_tint_that_is_there_already_stays() -> None:
    assert np.hypot(*one((50, 0, 0), (50, 0, 10), DENSE)[1:]) == pytest.approx(KEPT * 10, abs=1e-3)
    assert one((50, 0, 12), (50, 20, 0), DENSE) == pytest.approx((50, 0, 12))


def test_the_tint_turns_on_the_way_to_the_mean() -> None:
    out = one((30, -2, 1), (60, 30, 20), DENSE)
    step = (out[1:] - (-2, 1)) / np.subtract((30, 20), (-2, 1))
    assert step[0] == pytest.approx(step[1], abs=1e-5)
    assert 0 < step[0] < 1
    assert np.hypot(*out[1:]) == pytest.approx(LEAST, abs=1e-3)


def test_what_the_palette_makes_too_much_of_stays_black() -> None:
    lego = palette_of("#1B2A34", "#352100", "#F4F4F4").lab  # black, dark brown and white of the bricks
    black = (8.0, 0.0, 0.0)
    assert one(black, (50, 10, 45), lego) == pytest.approx(black)
    brown = palette_of("#000000", "#1E1108", "#FFFFFF").lab  # threads: black and black-brown are nearly one
    assert np.hypot(*one(black, (50, 10, 45), brown)[1:]) == pytest.approx(LEAST, abs=1e-3)


def test_grey_is_not_dyed_but_a_line_may_be_vivid() -> None:
    red, grey = (50.0, 40.0, 20.0), (60.0, 2.0, 1.0)
    assert np.hypot(*one(red, grey, DENSE)[1:]) == pytest.approx(GREY, abs=1e-3)
    assert one(red, grey, DENSE, line=True) == pytest.approx(red)
    assert one(red, (60, 25, 10), DENSE) == pytest.approx(red)
