"""What falls apart, and what a fill mends."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from pixl_exporters.bead.boards import load_boards
from pixl_exporters.bead.holding import LIMB, REACH, examine, fill_places, filled


def mask(*rows: str) -> np.ndarray:
    return np.array([[char == "#" for char in row] for row in rows])


def test_islands_corner_joints_and_sizes() -> None:
    found = examine(mask("##...", "##...", "..#.#"))
    assert found.pieces == (4, 1, 1)
    assert found.islands == 2
    assert found.starts == ((0, 0), (2, 2), (2, 4))
    assert found.corners == ((1, 1),)
    assert not found.sound


def test_corners_of_one_piece_are_no_complaint() -> None:
    found = examine(mask("###", "#.#", "##.", ".##"))
    assert found.islands == 0
    assert found.corners == ()


def test_a_full_rectangle_is_sound() -> None:
    assert examine(np.ones((40, 40), bool)).sound
    assert examine(np.ones((1, 40), bool)).bridges  # a string of beads hangs by each of them


def test_bridges_are_runs_with_a_limb_on_both_sides() -> None:
    found = examine(mask("####....####", "####....####", "############", "####....####"))
    assert len(found.bridges) == 1
    assert found.bridges[0] == tuple((2, column) for column in range(3, 9))
    twig = mask("####", "####", "###.", ".#..", ".#..")
    assert (twig[3:].sum()) < LIMB
    assert examine(twig).sound


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(2, 14), st.integers(2, 14), st.sampled_from([0.4, 0.6, 0.8]))
def test_pieces_as_scipy_counts_them_and_bridges_by_removal(seed: int, h: int, w: int, share: float) -> None:
    cells = np.random.default_rng(seed).random((h, w)) < share
    found = examine(cells)
    labels, count = ndimage.label(cells)
    assert sorted(found.pieces) == sorted(np.bincount(labels[cells])[1:].tolist())
    assert len(found.pieces) == count
    expected = set()
    for row, column in zip(*np.nonzero(cells), strict=True):
        less = cells.copy()
        less[row, column] = False
        parts, _ = ndimage.label(less)
        framed = np.pad(parts, 1)
        sides = {int(framed[row + 1 + r, column + 1 + c]) for r, c in ((-1, 0), (1, 0), (0, -1), (0, 1))} - {0}
        if sum(int((parts == side).sum()) >= LIMB for side in sides) > 1:
            expected.add((int(row), int(column)))
    assert {cell for run in found.bridges for cell in run} == expected


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.3, 0.5, 0.7]))
def test_a_fill_joins_what_is_in_reach_and_only_adds(seed: int, share: float) -> None:
    cells = np.random.default_rng(seed).random((16, 16)) < share
    places = fill_places(cells)
    after = cells.copy()
    for place in places:
        assert not cells[place]
        after[place] = True
    assert examine(after).islands == 0  # at these densities no gap is wider than REACH
    inner = [run for run in examine(after).bridges if all(0 < r < 15 and 0 < c < 15 for r, c in run)]
    assert not inner  # at the edge of the grid there may be no cell beside a bridge


def test_a_far_island_stays() -> None:
    far = np.zeros((3, REACH + 4), bool)
    far[:, 0] = far[:, -1] = True
    assert fill_places(far) == ()
    near = far[:, : REACH + 1].copy()
    near[:, -1] = True
    assert len(fill_places(near)) >= near.shape[1] - 2


def test_filled_takes_the_neighbours_colour_or_the_bead_asked_for() -> None:
    index = np.array([[3, 3, -1], [3, -1, -1], [-1, -1, 5]], np.int16)
    assert filled(index, ((1, 1),), bead=None)[1, 1] == 3
    assert filled(index, ((1, 1), (1, 2)), bead=7)[1].tolist() == [3, 7, 7]
    far = filled(index, ((1, 2), (0, 2)), bead=None)
    assert far[1, 2] == 5
    assert far[0, 2] in (3, 5)


def test_hexagon_neighbours() -> None:
    board = load_boards()["hexagon"]
    shifted, pegs = board.shifted(), board.pegs()
    assert examine(pegs, shifted).sound
    lone = np.zeros_like(pegs)
    row = int(np.flatnonzero(shifted)[0])
    lone[row, 5] = lone[row - 1, 6] = True  # a shifted row touches the column to the right above it
    assert examine(lone, shifted).islands == 0
    lone[row - 1, 6], lone[row - 1, 4] = False, True
    assert examine(lone, shifted).islands == 1
