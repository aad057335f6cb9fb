"""Sections, pieces, lots and bases: the invariants of a plan."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

import numpy as np
import pytest
from bricks import palette, pattern, patterns, random_pattern
from hypothesis import given, settings
from hypothesis import strategies as st

from pixl.document import Document
from pixl.errors import DocumentError, PixlError, UsageError
from pixl.palette import Color, Palette
from pixl.pattern import Pattern
from pixl.recipe import Recipe
from pixl_exporters.brick import ldraw
from pixl_exporters.brick.base import plan_base
from pixl_exporters.brick.parts import PART_NAMES, find_part, load_parts, mosaic_part, part_palette
from pixl_exporters.brick.plan import (
    BrickOptions,
    Pieces,
    brick_cell,
    check,
    cut_sections,
    letters,
    plan_bricks,
    plan_from_document,
    spares,
)
from pixl_exporters.brick.summary import summary


@given(st.integers(0, 20_000))
def test_section_letters_are_a_bijective_base_26(number: int) -> None:
    text = letters(number)
    value = 0
    for char in text:
        value = value * 26 + ord(char) - 64
    assert value == number + 1


def test_section_letters_around_the_end_of_the_alphabet() -> None:
    assert list(map(letters, (0, 1, 25, 26, 27, 51, 52, 701, 702))) == [
        "A",
        "B",
        "Z",
        "AA",
        "AB",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]


@given(st.integers(1, 120), st.integers(1, 120), st.integers(1, 50))
def test_sections_tile_the_grid(height: int, width: int, side: int) -> None:
    sections, across = cut_sections(height, width, side)
    cover = np.zeros((height, width), int)
    for section in sections:
        cover[section.slices] += 1
        assert 1 <= section.rows <= side
        assert 1 <= section.columns <= side
    assert (cover == 1).all()
    assert sections[0].name == "A1"
    assert len({section.name for section in sections}) == len(sections)
    assert across == -(-width // side)
    assert sections[-1].name == f"{letters(across - 1)}{len(sections) // across}"


@settings(max_examples=60, deadline=None)
@given(patterns(), st.integers(1, 20))
def test_plan_counts_equal_the_grid(grid, side: int) -> None:  # type: ignore[no-untyped-def]
    plan = plan_bricks(grid, BrickOptions(section=side))
    assert {lot.index: lot.need for lot in plan.lots} == {k: int((grid.index == k).sum()) for k in grid.used()}
    assert len(plan.pieces) == (grid.index >= 0).sum()
    assert sum(len(plan.pieces.of_section(i)) for i in range(len(plan.sections))) == len(plan.pieces)
    for lot in plan.lots:
        assert lot.spare >= 1
        assert lot.spare - 1 < lot.need * 0.02 + 1e-9 or lot.spare == 1
        assert lot.buy == lot.need + lot.spare


@pytest.mark.parametrize(("need", "spare"), [(1, 1), (49, 1), (50, 1), (51, 2), (100, 2), (101, 3), (2304, 47)])
def test_spares_round_up(need: int, spare: int) -> None:
    assert spares(need) == spare


@pytest.mark.parametrize(
    ("column", "value", "word"),
    [(1, 1, "colour"), (2, 1, "exactly once"), (4, 2, "exactly once"), (3, 0, "exactly once")],
)
def test_the_machine_check_finds_every_kind_of_mistake(column: int, value: int, word: str) -> None:
    plan = plan_bricks(pattern(["01", "12"]))
    table = plan.pieces.table.copy()
    row = 1 if column == 3 else 0
    table[row, column] = value
    broken = replace(plan, pieces=Pieces(table=table, section=plan.pieces.section))
    with pytest.raises(PixlError) as caught:
        check(broken)
    assert word in caught.value.what
    assert caught.value.exit_code == 1


def test_the_machine_check_finds_a_piece_of_another_size_and_one_across_an_edge() -> None:
    plan = plan_bricks(pattern(["00", "00"]), BrickOptions(merge=True))
    assert [part.id for part in plan.parts][plan.pieces.table[0, 0]] == "3022"
    table = plan.pieces.table.copy()
    table[0, 0] = 0
    with pytest.raises(PixlError, match="part's size"):
        check(replace(plan, pieces=Pieces(table=table, section=plan.pieces.section)))
    with pytest.raises(PixlError, match="section's edge"):
        check(replace(plan, sections=cut_sections(2, 2, 1)[0]))


def test_the_machine_check_finds_a_wrong_parts_list() -> None:
    plan = plan_bricks(pattern(["01", "12"]))
    broken = replace(plan, lots=(replace(plan.lots[0], need=7), *plan.lots[1:]))
    with pytest.raises(PixlError, match="parts list"):
        check(broken)


def test_an_empty_picture_is_refused() -> None:
    with pytest.raises(UsageError):
        plan_bricks(pattern(["..", ".."]))


@pytest.mark.parametrize(("name", "number", "colors"), [
    ("plate", "3024", 43), ("tile", "3070b", 44), ("round-plate", "6141", 36),
    ("round-tile", "98138", 41), ("brick", "3005", 44),
])  # fmt: skip
def test_part_palettes_are_the_pairs_that_exist(name: str, number: str, colors: int) -> None:
    part = mosaic_part(name)
    assert part.id == number == PART_NAMES[name]
    allowed = part_palette(part)
    assert len(allowed) == colors
    assert all(color.finish == "solid" and "retired" not in color.tags for color in allowed.colors)
    assert {color.code for color in allowed.colors} <= part.current


def test_parts_are_found_by_every_name() -> None:
    assert find_part("4073") is find_part("6141") is find_part("round_plate") is find_part(" Round-Plate ")
    with pytest.raises(UsageError, match="is not a part"):
        find_part("3024x")
    with pytest.raises(UsageError, match="covers 2 studs"):
        mosaic_part("3023")
    assert len(load_parts()) == 62


def test_weights_follow_what_bricks_weigh() -> None:
    parts = load_parts()
    assert parts["3001"].weight_g == pytest.approx(2.5, rel=0.05)  # a 2 x 4 brick: 400 of them are a kilogram
    assert parts["3005"].weight_g == pytest.approx(0.44, rel=0.1)
    assert parts["3024"].weight_g > parts["6141"].weight_g > parts["98138"].weight_g


@pytest.mark.parametrize(("columns", "rows", "panels", "seams"), [
    (48, 48, 9, 12), (16, 16, 1, 0), (17, 16, 2, 1), (128, 80, 40, 67), (1, 1, 1, 0),
])  # fmt: skip
def test_panels_and_pins(columns: int, rows: int, panels: int, seams: int) -> None:
    base = plan_base("panel", columns, rows)
    assert base.lots[0].part.id == "65803"
    assert base.lots[0].count == panels
    assert base.lots[0].color.name == "Black"
    assert base.seams == seams
    assert base.pins == 2 * seams
    assert base.columns % 16 == base.rows % 16 == 0
    assert bool(base.notes) == (columns % 16 != 0 or rows % 16 != 0)


@given(st.integers(1, 150), st.integers(1, 150))
def test_baseplates_cover_the_base_once(columns: int, rows: int) -> None:
    base = plan_base("baseplate", columns, rows)
    cover = np.zeros((base.rows, base.columns), int)
    for row, column, side in base.tiles:
        cover[row : row + side, column : column + side] += 1
    assert (cover == 1).all()
    assert sum(lot.count for lot in base.lots) == len(base.tiles)
    assert all(lot.color.code in lot.part.current for lot in base.lots)
    assert 0 <= base.columns - columns < 16
    assert 0 <= base.rows - rows < 16


def test_one_baseplate_for_48_and_four_for_64() -> None:
    assert [(lot.part.id, lot.count) for lot in plan_base("baseplate", 48, 48).lots] == [("4186", 1)]
    assert [(lot.part.id, lot.count) for lot in plan_base("baseplate", 64, 64).lots] == [("3811", 4)]


def test_sizes_on_the_wall() -> None:
    plan = plan_bricks(random_pattern(50, 40))
    assert summary(plan).size_mm == (400, 320)
    assert plan.outer_mm == pytest.approx((512, 384, 12.8 + 3.2 + 1.8))
    assert plan_bricks(random_pattern(50, 40, part="tile"), BrickOptions(part="tile", base="none")).outer_mm == (
        pytest.approx((400, 320, 3.2))
    )


def test_a_retired_colour_and_one_never_made_are_said() -> None:
    grid = pattern(["01"], codes=("208", "431"))  # light stone grey; blue violet, which no 1 x 1 plate has
    warnings = " ".join(plan_bricks(grid).warnings)
    assert "retired" in warnings
    assert "may never have been made" in warnings


def test_colours_of_another_material_get_no_brick_numbers() -> None:
    """A bead whose code happens to be a LEGO number is not that LEGO colour."""
    colors = (Color(code="26", name="Bead", rgb=(1, 2, 3)), Color(code="P7", name="Other", rgb=(200, 2, 3)))
    beads = Palette(id="beads", version="1", name="beads", colors=colors)
    grid = Pattern(index=np.array([[0, 1]], np.int16), palette=beads, cell=brick_cell())
    plan = plan_bricks(grid, BrickOptions(base="none"))
    assert plan.warnings == ("no brick colour, so no shop's list holds it: 26 Bead, P7 Other",)
    assert all(not lot.elements for lot in plan.lots)
    found = summary(plan)
    assert len(found.no_bricklink) == len(found.no_rebrickable) == len(found.no_element) == 2
    assert "0x2010203" in ldraw.export(plan)["mosaic.mpd"].decode()


def test_thin_lots_are_named() -> None:
    plan = plan_bricks(pattern(["0000", "1112", "1112"]))
    assert [lot.number for lot in plan.thin_lots] == [3]
    assert summary(plan).thin == ("2 Medium Stone Grey",)


def test_money_counts_what_has_a_price_and_names_the_rest() -> None:
    prices = {("3024", "26"): Decimal("0.04"), ("3024", "1"): Decimal("0.05"), ("65803", "26"): Decimal(4)}
    plan = plan_bricks(pattern(["0011"]), BrickOptions(prices=prices, currency="EUR"))
    money = summary(plan).price
    assert money is not None
    assert money.total == Decimal("0.04") * 3 + Decimal("0.05") * 3 + 4
    assert money.unpriced == ()
    assert str(money) == "4.27 EUR"
    assert summary(plan_bricks(pattern(["02"]), BrickOptions(prices=prices))).price.unpriced  # type: ignore[union-attr]


def test_stock_is_taken_first_and_what_is_short_is_bought() -> None:
    stock = {("3024", "26"): 10, ("3024", "1"): 3}
    plan = plan_bricks(pattern(["0011", "1111"]), BrickOptions(stock=stock))
    assert [(lot.need, lot.have, lot.short, lot.buy) for lot in plan.lots] == [(2, 10, 0, 0), (6, 3, 3, 4)]
    assert summary(plan).short == 3
    assert summary(plan).shortages == ("3 White",)


@pytest.mark.parametrize(("base", "named"), [("panel", True), ("none", False)])
def test_a_full_box_does_not_hide_that_the_base_is_bought(base: str, named: bool) -> None:
    plan = plan_bricks(pattern(["0011"]), BrickOptions(stock={("3024", "26"): 9, ("3024", "1"): 9}, base=base))
    told = dict(summary(plan).lines())["buy"]
    assert told.startswith("no piece of the picture")
    assert ("base" in told) is named


def test_options_survive_a_document() -> None:
    options = BrickOptions(
        part="tile",
        section=8,
        base="baseplate",
        stock={("3070b", "26"): 9},
        prices={("3070b", "26"): Decimal("0.04")},
        currency="EUR",
    )
    made = Document(
        pattern=random_pattern(20, 20, part="tile"),
        craft="brick",
        recipe=Recipe(version="0", command="brick", engine="quantize"),
        options=MappingProxyType(json.loads(json.dumps(options.as_json()))),
    )
    plan = plan_from_document(Document.from_bytes(made.to_bytes()))
    assert plan.options == options
    assert plan.part.id == "3070b"
    for damaged in ({"section": "x"}, {"stock": 3}, {"prices": [[1]]}, {"part": None}):
        with pytest.raises((DocumentError, UsageError)):
            plan_from_document(replace(made, options=MappingProxyType(damaged)))


def test_merge_and_stock_do_not_go_together() -> None:
    with pytest.raises(UsageError):
        BrickOptions(merge=True, stock={})


def test_the_summary_is_json_and_lines() -> None:
    found = summary(plan_bricks(random_pattern(48, 48)))
    assert json.loads(json.dumps(found.as_dict()))["pieces"] == 2304
    said = dict(found.lines())
    assert said["size"].startswith("48 x 48 studs, 384 mm (15.1 in)")
    assert "9 x Brick Special 16 x 16" in said["base"]
    assert "24 x Technic Pin" in said["base"]
    assert palette().colors[0].name == "Black"
