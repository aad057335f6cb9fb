"""The bead plan: boards, mirror, counts, shopping, options that survive a document."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bead_samples import index_maps, palette, pattern, plan
from hypothesis import given, settings
from hypothesis import strategies as st

from pixl.document import Document
from pixl.errors import DocumentError, ExportError, PaletteError, UsageError
from pixl.pattern import Pattern
from pixl.recipe import Recipe
from pixl_exporters.bead.boards import (
    Board,
    board_name,
    find_board,
    load_boards,
    size_of_boards,
    with_pitch,
)
from pixl_exporters.bead.certainty import certainty, other_lists
from pixl_exporters.bead.plan import BeadOptions, confetti_share, mirrored_map, plan_from_document
from pixl_exporters.bead.shopping import with_waste
from pixl_exporters.stock_csv import read_stock

BOARDS = [
    Board(id="own", name="own", columns=7, rows=5, pitch_mm=5.0),
    Board(id="one", name="one", columns=29, rows=29, pitch_mm=2.6),
]


@settings(max_examples=60)
@given(index=index_maps(), board=st.sampled_from(BOARDS), side=st.sampled_from(["iron", "peg"]))
def test_boards_join_to_the_whole(index: np.ndarray, board: Board, side: str) -> None:
    made = plan(index, board=board, side=side)
    made.verify()
    whole = np.full(index.shape, -2)
    for part in made.boards:
        rows, columns = part.index.shape
        assert rows <= board.rows
        assert columns <= board.columns
        assert (whole[part.top : part.top + rows, part.left : part.left + columns] == -2).all()
        whole[part.top : part.top + rows, part.left : part.left + columns] = part.index
    face = whole[:, ::-1] if side == "peg" else whole
    assert np.array_equal(face, made.pattern.index)
    assert sum(part.beads for part in made.boards) == (index >= 0).sum()
    assert sum(need.count for need in made.needs) == (index >= 0).sum()


def test_names_and_order_of_boards() -> None:
    made = plan(np.zeros((60, 40), int))
    assert [part.name for part in made.boards] == ["A1", "A2", "B1", "B2", "C1", "C2"]
    assert (made.across, made.down) == (2, 3)
    assert [board_name(row, 0) for row in (0, 25, 26, 51, 52)] == ["A1", "Z1", "AA1", "AZ1", "BA1"]


def test_peg_side_mirrors_the_whole_before_cutting() -> None:
    index = np.arange(10).reshape(1, 10)
    board = Board(id="own", name="own", columns=4, rows=4, pitch_mm=5.0)
    made = plan(index, board=board, side="peg")
    codes = [[made.pattern.palette.colors[k].code for k in part.index[0]] for part in made.boards]
    straight = [palette(10).colors[k].code for k in range(10)]
    assert codes == [straight[:5:-1], straight[5:1:-1], straight[1::-1]]


def test_shipped_boards_have_the_pitches_of_the_table() -> None:
    boards = load_boards()
    assert {id: (b.columns, b.rows, b.pitch_mm) for id, b in boards.items() if b.kind == "square"} == {
        "midi29": (29, 29, 5.0),
        "midi14": (14, 14, 5.0),
        "super": (49, 69, 5.0),
        "mini28": (28, 28, 2.708),
        "mini50": (50, 50, 2.6),
        "mini52": (52, 52, 2.6),
        "mini57": (57, 57, 2.5),
        "maxi": (15, 15, 10.0),
    }
    assert boards["midi29"].size_mm == (145.0, 145.0)
    assert find_board("", "hama_mini").id == "mini57"
    assert find_board("", "dmc_threads:consensus").id == "diamond"
    assert find_board("", "somebody-elses").id == "midi29"


def test_own_presets_win_and_are_named_when_broken(tmp_path: Path) -> None:
    own = tmp_path / "boards.toml"
    own.write_text(
        '[midi29]\nname = "mine"\ncolumns = 30\nrows = 30\npitch_mm = 4.9\n[big]\ncolumns=9\nrows=9\npitch_mm=5\n'
    )
    boards = load_boards(own)
    assert boards["midi29"].columns == 30
    assert boards["big"].name == "big"
    assert "mini28" in boards
    for text in (
        "[a]\ncolumns = 3\n",
        "[a]\ncolumns=0\nrows=1\npitch_mm=5\n",
        "a = 3\n",
        "[a\n",
        "[a]\nkind='star'\ncolumns=1\nrows=1\npitch_mm=5",
    ):
        own.write_text(text)
        with pytest.raises(ExportError) as error:
            load_boards(own)
        assert "boards.toml" in error.value.what
        assert error.value.hint


@pytest.mark.parametrize(("typed", "pitch"), [("29=143.2", 143.2 / 29), ("10=50", 5.0), (" 29 = 145,0 mm ", 5.0)])
def test_measure_is_outer_edge_to_outer_edge(typed: str, pitch: float) -> None:
    board = with_pitch(load_boards()["midi29"], measure=typed)
    assert board.pitch_mm == pytest.approx(pitch)
    assert board.size_mm[0] == pytest.approx(29 * pitch)


@pytest.mark.parametrize(
    ("pitch", "measure"), [("x", ""), ("", "29"), ("", "0=3"), ("", "29=3000"), ("0.2", ""), ("5", "29=145")]
)
def test_bad_pitches_are_usage_errors(pitch: str, measure: str) -> None:
    with pytest.raises(UsageError) as error:
        with_pitch(load_boards()["midi29"], pitch=pitch, measure=measure)
    assert error.value.hint


def test_size_in_boards() -> None:
    boards = load_boards()
    assert size_of_boards("2x3", boards["midi29"]) == "58x87"
    for text, board in (("2", "midi29"), ("0x1", "midi29"), ("2x1", "super"), ("1x2", "hexagon")):
        with pytest.raises(UsageError):
            size_of_boards(text, boards[board])


def test_shopping_with_waste_stock_and_bags() -> None:
    index = np.array([[0] * 10 + [1] * 5 + [2]])
    codes = [color.code for color in palette(3).colors]
    made = plan(index, waste=10, bag=4, have={codes[0]: 20, codes[1]: 2})
    first, second, third = made.needs
    assert (first.count, first.wanted, first.have, first.short, first.buy, first.bags) == (10, 11, 20, 0, 0, 0)
    assert (second.count, second.wanted, second.have, second.short, second.buy, second.bags) == (5, 6, 2, 3, 4, 1)
    assert (third.count, third.wanted, third.have, third.buy, third.bags) == (1, 2, 0, 2, 1)
    assert plan(index).needs[0].have is None
    assert [with_waste(count, 5) for count in (1, 20, 100, 101)] == [2, 21, 105, 107]


def test_stock_files(tmp_path: Path) -> None:
    path = tmp_path / "beads.csv"
    colors = palette(5)
    path.write_text(
        f"Count;Code\n3;{colors.colors[0].code.lower()}\n4;{colors.colors[0].code}\n;{colors.colors[1].code}\n"
    )
    assert read_stock(path, colors) == {colors.colors[0].code: 7, colors.colors[1].code: 0}
    for text in ("a,b\n1,2\n", "code,count\nNOPE,3\n", f"code,count\n{colors.colors[0].code},-3\n", "code,count\n", ""):
        path.write_text(text)
        with pytest.raises(PaletteError) as error:
            read_stock(path, colors)
        assert "beads.csv" in error.value.what
        assert error.value.hint
    with pytest.raises(PaletteError):
        read_stock(tmp_path / "none.csv", colors)


def test_options_survive_a_document() -> None:
    index = np.arange(6).reshape(2, 3)
    colors = palette(6)
    options = BeadOptions(
        board=Board(id="mine", name="mine", columns=2, rows=2, pitch_mm=4.938, bag=500, ironed=(0.9, 0.95)),
        side="peg",
        waste=7.5,
        bag=250,
        have={colors.colors[0].code: 3},
        fixed=2,
        certainty=certainty(pattern(index), colors),
    )
    document = Document(
        pattern=pattern(index), craft="bead", recipe=Recipe(version="1", command="bead", engine="quantize"),
        options=options.as_json(),
    )  # fmt: skip
    read = Document.from_bytes(document.to_bytes())
    made = plan_from_document(read)
    assert made.options == options
    made.verify()


@pytest.mark.parametrize(
    "options",
    [
        {"board": {"id": "x"}},
        {"board": 3},
        {"waste": "much"},
        {"have": [1]},
        {"certainty": {"second": {"a": 1}}},
        {"side": "up"},
    ],
)
def test_damaged_options_are_sentences(options: dict[str, object]) -> None:
    with pytest.raises((DocumentError, UsageError, ExportError)) as error:
        BeadOptions.from_json(options)
    assert error.value.hint


def test_ironed_size_is_a_range_below_the_boards() -> None:
    made = plan(np.zeros((29, 29), int))
    assert made.size_mm == (145.0, 145.0)
    assert made.ironed_mm is not None
    (low, high), _ = made.ironed_mm
    assert 142 < low < high < 145
    assert plan(np.zeros((3, 3), int), board="mini28").ironed_mm is None


def test_confetti_counts_four_neighbours() -> None:
    assert confetti_share(np.array([[0, 1, 0], [1, 0, 1]], np.int16)) == 1.0
    assert confetti_share(np.array([[0, 0, -1], [-1, -1, 1]], np.int16)) == pytest.approx(1 / 3)
    assert confetti_share(np.full((2, 2), -1, np.int16)) == 0.0


def test_hexagon_board_pegs_and_mirror() -> None:
    board = load_boards()["hexagon"]
    pegs, side = board.pegs(), 15
    assert pegs.sum() == 3 * side * side - 3 * side + 1  # the centred hexagonal number
    assert not (pegs & board.shifted()[:, None])[:, -1].any()
    numbers = np.arange(pegs.size, dtype=np.int16).reshape(pegs.shape)
    mirrored = mirrored_map(numbers, board.shifted())
    assert np.array_equal(mirrored_map(mirrored, board.shifted()), numbers)
    x = np.arange(board.columns) + board.shifted()[:, None] * 0.5
    where = {int(n): float(at) for n, at in zip(mirrored[pegs], x[pegs], strict=True)}
    for n, at in zip(numbers[pegs].tolist(), x[pegs].tolist(), strict=True):
        assert where[n] == board.columns - 1 - at
    with pytest.raises(UsageError):
        plan(np.zeros((3, 3), int), board="hexagon")


def test_certainty_names_the_nearest_other_bead_and_counts_changes() -> None:
    from pixl.color import ciede2000, hex_to_rgb, rgb_to_lab
    from pixl.palette import load_palette

    colors = load_palette("perler").solid()
    index = np.arange(len(colors))[None, :]
    found = certainty(Pattern(index=index, palette=colors, cell=pattern([[0]]).cell), colors)
    for k in (0, 17, 50):
        apart = ciede2000(colors.lab[k][None], colors.lab)
        apart[k] = 99
        second = found.seconds[colors.colors[k].code]
        assert second.code == colors.colors[int(apart.argmin())].code
        assert second.gap == pytest.approx(float(apart.min()), abs=0.051)
    lists = other_lists("perler")
    assert set(lists) == {"perler-site", "beadsprites-2014"}
    for other in found.lists:
        theirs = np.array(
            [
                rgb_to_lab(np.array(hex_to_rgb(lists[other.name].get(c.code.casefold(), c.hex)), np.uint8))
                for c in colors.colors
            ]
        )
        moved = sum(int(np.argmin(ciede2000(colors.lab[k][None], theirs))) != k for k in range(len(colors)))
        assert other.changed == pytest.approx(moved, abs=1)
    assert found.unsure == 0  # every cell is exactly a bead, and no two solid Perler beads are within 2


def test_certainty_without_a_choice() -> None:
    found = certainty(pattern([[0, -1]]), palette(1))
    assert not found.seconds
    assert found.unsure == 0
