"""What colours are called, and what that changes where no colour is close."""

from __future__ import annotations

import numpy as np
import pytest

from pixl.color import ciede2000, rgb_to_lab
from pixl.palette import load_palette
from pixl.quantize.differences import preference_table
from pixl.quantize.names import TERMS, shares, unlike


def lab(*rgb: tuple[int, int, int]) -> np.ndarray:
    return rgb_to_lab(np.array(rgb, np.uint8))


@pytest.mark.parametrize(
    ("rgb", "term"),
    [
        ((200, 20, 20), "red"),
        ((20, 150, 40), "green"),
        ((40, 80, 220), "blue"),
        ((250, 230, 30), "yellow"),
        ((245, 130, 20), "orange"),
        ((130, 80, 40), "brown"),
        ((250, 150, 190), "pink"),
        ((110, 30, 150), "purple"),
        ((130, 130, 130), "neutral"),
        ((10, 10, 10), "neutral"),
        ((250, 250, 250), "neutral"),
    ],
)
def test_focal_colours_have_their_names(rgb: tuple[int, int, int], term: str) -> None:
    found = shares(lab(rgb))[0]
    assert found.sum() == pytest.approx(1, abs=1e-5)
    assert TERMS[int(found.argmax())] == term


def test_unlike_is_a_distance_of_names() -> None:
    some = lab(*np.random.default_rng(0).integers(0, 256, (60, 3)).tolist())
    table = unlike(some, some)
    assert np.allclose(table, table.T, atol=1e-5)
    assert np.abs(np.diag(table)).max() < 1e-5
    assert table.min() > -1e-5
    assert table.max() <= 1
    assert unlike(lab((200, 20, 20)), lab((20, 150, 40)))[0, 0] > 0.9


def test_small_differences_are_ciede2000() -> None:
    rng = np.random.default_rng(1)
    cells = lab(*rng.integers(20, 236, (400, 3)).tolist())
    near = cells + rng.normal(0, 0.6, cells.shape)
    exact = ciede2000(cells, near)
    found = preference_table(cells, near)[np.arange(400), np.arange(400)]
    assert exact.max() < 4
    assert np.abs(found - exact)[exact < 1.5].max() < 0.1


def test_with_hundreds_of_threads_the_nearest_stays_the_nearest() -> None:
    threads = load_palette("dmc_threads").solid()
    cells = lab(*np.random.default_rng(2).integers(30, 226, (600, 3)).tolist())
    plain = ciede2000(cells[:, None], threads.lab[None])
    close = plain.min(axis=1) < 3
    same = preference_table(cells, threads.lab).argmin(axis=1) == plain.argmin(axis=1)
    assert close.sum() > 100
    assert same[close].mean() > 0.97


def test_with_few_bricks_a_colour_keeps_its_name() -> None:
    bricks = lab((202, 76, 11), (180, 0, 0), (100, 100, 100), (95, 49, 9))  # orange, red, dark grey, brown
    red, shade = lab((230, 20, 20)), lab((104, 70, 58))
    assert ciede2000(red[:, None], bricks[None]).argmin() == 0
    assert preference_table(red, bricks).argmin() == 1
    assert ciede2000(shade[:, None], bricks[None, 1:]).argmin() + 1 == 3
    assert preference_table(shade, bricks).argmin() == 3


def test_black_stays_black_where_a_dark_brown_is_nearly_as_near() -> None:
    beads = load_palette("perler").solid()
    found = preference_table(lab((0, 0, 0), (12, 12, 12), (30, 30, 30)), beads.lab).argmin(axis=1)
    assert {beads.colors[k].name for k in found} == {"Black"}
