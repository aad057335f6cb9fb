"""Edits: cells as the sheets name them, colour numbers that stay, a record that can be played again."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixl.document import Document
from pixl.edit import (
    apply_again,
    cell_name,
    crop,
    merge_below,
    mirror,
    parse_cell,
    recolor,
    replace_color,
    set_cells,
)
from pixl.errors import DocumentError, PatternError, UsageError
from pixl.palette import load_palette
from pixl.palette_formats import parse_palette
from pixl.pattern import Cell, Pattern
from pixl.recipe import Recipe


def brick(height: int = 20, width: int = 37, *, craft: str = "brick", **options: object) -> Document:
    lego = load_palette("lego")
    palette = lego.take([lego.find("Black"), lego.find("1"), lego.find("Bright Red"), lego.find("28")])
    index = np.random.default_rng(1).choice(4, (height, width), p=[0.5, 0.3, 0.19, 0.01]).astype(np.int16)
    index[0, 0] = -1
    index[0, 1] = 3
    return Document(
        pattern=Pattern(index=index, palette=palette, cell=Cell(width_mm=8, height_mm=8)),
        craft=craft,
        recipe=Recipe(version="1", command=craft, engine="quantize"),
        options=MappingProxyType(options),
    )


def test_cells_are_named_as_the_sheets_print_them() -> None:
    document = brick(section=16)
    assert parse_cell(document, "A1:3,4") == (3, 2)
    assert parse_cell(document, "C2:1,1") == (16, 32)
    assert parse_cell(document, "19, 2") == (1, 18)
    # The instructions number the studs over the whole mosaic; both ways of counting mean the same stud.
    assert parse_cell(document, "B2:19,18") == parse_cell(document, "B2:3,2") == parse_cell(document, "19,18")
    assert parse_cell(brick(craft="stitch"), "19,2") == (1, 18)
    assert parse_cell(brick(craft="bead", side="iron"), "1,1") == (0, 0)
    assert parse_cell(brick(craft="bead", side="peg"), "1,1") == (0, 36)
    for wrong in (
        "A1:17,1",
        "B1:33,1",
        "B2:1,33",
        "A1:0,1",
        "D1:1,1",
        "C2:6,1",
        "38,1",
        "0,1",
        "",
        "B",
        "A1",
        "1;2",
        "A1:1,5,6",
    ):
        with pytest.raises(UsageError):
            parse_cell(document, wrong)
    with pytest.raises(UsageError, match="not a cell"):
        parse_cell(brick(craft="stitch"), "A1:3,4")


@given(st.sampled_from(["brick", "bead", "stitch"]), st.integers(0, 19), st.integers(0, 36), st.integers(1, 40))
def test_cell_names_lead_back(craft: str, row: int, column: int, section: int) -> None:
    document = brick(craft=craft, section=section, side="peg")
    assert parse_cell(document, cell_name(document, row, column)) == (row, column)


@pytest.mark.parametrize("shape", ["round", "hexagon"])
def test_beads_from_the_peg_side_are_counted_as_the_sheets_lay_them(shape: str) -> None:
    from pixl_exporters.bead.plan import mirrored_map

    document = brick(9, 7, craft="bead", side="peg")
    document = replace(document, pattern=replace(document.pattern, cell=Cell(width_mm=5, height_mm=5, shape=shape)))
    shifted = np.abs(np.arange(9) - 4) % 2 == 1 if shape == "hexagon" else None
    laid = mirrored_map(document.pattern.index, shifted)
    for y in range(9):
        for x in range(7):
            row, column = parse_cell(document, f"{x + 1},{y + 1}")
            assert document.pattern.index[row, column] == laid[y, x]
            assert cell_name(document, row, column) == f"{x + 1},{y + 1}"


def test_section_letters_go_past_z() -> None:
    document = brick(height=1, width=60, section=2)
    assert cell_name(document, 0, 53) == "AA1:2,1"


def test_replace_keeps_numbers_and_appends() -> None:
    document = brick()
    before = document.pattern.counts()
    done = replace_color(document, "Bright Red", "New Dark Red")
    codes = [color.code for color in done.pattern.palette.colors]
    assert codes == ["26", "1", "21", "28", "154"]
    assert done.pattern.counts().tolist() == [before[0], before[1], 0, before[3], before[2]]
    assert dict(done.edits[-1]) == {"op": "replace", "old": "21", "new": "154", "cells": int(before[2])}
    assert document.pattern.counts().tolist() == before.tolist()
    back = replace_color(done, "154", "no:3")
    assert np.array_equal(back.pattern.index, document.pattern.index)
    assert len(back.pattern.palette) == 5


def test_a_name_with_two_meanings_is_refused_even_if_the_pattern_has_one() -> None:
    document = brick()
    with pytest.raises(UsageError, match="names 2 colours of lego: 28"):
        replace_color(document, "Black", "Dark Green")
    assert replace_color(document, "Dark Green", "Black").edits[0]["old"] == "28"
    with pytest.raises(UsageError, match="not among the colours of this pattern"):
        replace_color(document, "Blackk", "White")
    with pytest.raises(UsageError, match="no cell is"):
        replace_color(replace_color(document, "Black", "White"), "Black", "White")
    with pytest.raises(UsageError, match="no colour number 9"):
        replace_color(document, "no:9", "White")


def test_empty_is_a_colour_name() -> None:
    document = brick()
    assert replace_color(document, "White", "empty").pattern.pieces == document.pattern.pieces - int(
        document.pattern.counts()[1]
    )
    assert replace_color(document, "empty", "White").pattern.index[0, 0] == 1
    assert set_cells(document, [("2,1", "empty")]).pattern.index[0, 1] == -1


def test_set_cells_one_by_one() -> None:
    document = brick(section=16)
    done = set_cells(document, [("A1:3,4", "Black"), ("C2:5,4", "bl:11"), ("A1:1,1", "Medium Azur")])
    assert (done.pattern.index[3, 2], done.pattern.index[19, 36]) == (0, 0)
    assert done.pattern.palette.colors[done.pattern.index[0, 0]].code == "322"
    assert int((done.pattern.index != document.pattern.index).sum()) <= 3
    assert done.edits[-1]["cells"] == [["A1:3,4", "26"], ["C2:5,4", "26"], ["A1:1,1", "322"]]


def test_merge_below_goes_to_the_nearest_and_says_where() -> None:
    document = brick()
    least = int(document.pattern.counts()[3]) + 1
    done = merge_below(document, least)
    assert done.pattern.counts()[3] == 0
    assert dict(done.edits[-1]) == {"op": "merge-below", "least": least, "merged": {"28": "26"}}
    assert len(done.pattern.palette) == 4
    with pytest.raises(PatternError):
        merge_below(document, 10**6)


def test_crop_and_mirror_count_from_one() -> None:
    document = brick()
    done = crop(document, 2, 3, 10, 5)
    assert np.array_equal(done.pattern.index, document.pattern.index[2:7, 1:11])
    pegs = brick(craft="bead", side="peg")
    shown = pegs.pattern.index[:, ::-1]
    assert np.array_equal(crop(pegs, 2, 3, 10, 5).pattern.index[:, ::-1], shown[2:7, 1:11])
    assert mirror(mirror(document)).pattern == document.pattern
    with pytest.raises(PatternError, match="crop 0,1,3,3 does not lie inside") as caught:
        crop(document, 0, 1, 3, 3)
    assert "from 1" in caught.value.hint


def test_recolor_wants_the_same_number() -> None:
    document = brick()
    sea = parse_palette(b"#001122\n#334455\n#667788\n#99AABB\n", name="sea.hex")
    done = recolor(document, sea)
    assert np.array_equal(done.pattern.index, document.pattern.index)
    assert [c.hex for c in done.pattern.palette.colors] == ["#001122", "#334455", "#667788", "#99AABB"]
    with pytest.raises(UsageError, match="has 3 colours, the pattern has 4"):
        recolor(document, sea.take([0, 1, 2]))


def test_edits_survive_writing_and_can_be_played_again() -> None:
    first = brick(section=16)
    done = set_cells(first, [("B1:2,2", "Bright Yellow")])
    done = replace_color(done, "White", "empty")
    done = merge_below(done, 5)
    done = mirror(crop(done, 1, 1, 30, 12))
    colors = [replace(c, rgb=(1, 2, 3)) for c in done.pattern.palette.colors]
    done = recolor(done, replace(done.pattern.palette, colors=tuple(colors)))
    read = Document.from_bytes(done.to_bytes())
    assert read.edits == done.edits
    again = apply_again(first, read.edits)
    assert again.pattern.index.tolist() == done.pattern.index.tolist()
    assert [c.hex for c in again.pattern.palette.colors] == [c.hex for c in done.pattern.palette.colors]
    assert again.edits == done.edits
    for damaged in ({"op": "wave"}, {"op": "crop", "box": [1]}, {"op": "set", "cells": [3]}, {}):
        with pytest.raises(DocumentError):
            apply_again(first, [damaged])
