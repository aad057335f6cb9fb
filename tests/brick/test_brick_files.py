"""What the shops and viewers read, checked by strict independent readers."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from bricks import HOSTILE, hostile_palette, palette, pattern, patterns, random_pattern
from hypothesis import given, settings
from hypothesis import strategies as st

from pixl.errors import ExportError, PixlError
from pixl.palette import load_palette
from pixl.pattern import Pattern
from pixl_exporters.brick import bricklink, ldraw, parts_csv, pickabrick, rebrickable
from pixl_exporters.brick.plan import BrickOptions, BrickPlan, plan_bricks

Golden = Callable[[str, bytes], None]


def rows_of(data: bytes) -> list[list[str]]:
    """Strict CSV: CRLF, every row of one length."""
    text = data.decode("utf-8")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len({len(row) for row in rows}) == 1
    return rows


def items_of(data: bytes) -> dict[tuple[str, str], int]:
    """A wanted list as BrickLink reads it."""
    text = data.decode("utf-8")
    assert text.startswith("<INVENTORY>")  # their help page forbids an XML declaration
    root = ET.fromstring(text)
    items = {}
    for item in root:
        assert item.tag == "ITEM"
        assert [child.tag for child in item] == ["ITEMTYPE", "ITEMID", "COLOR", "MINQTY", "NOTIFY", "REMARKS"]
        assert all((child.text or "").strip() for child in item), "an empty tag breaks the upload"
        values = {child.tag: child.text or "" for child in item}
        assert (values["ITEMID"], values["COLOR"]) not in items, "duplicates are refused"
        assert values["COLOR"].isdecimal()
        items[values["ITEMID"], values["COLOR"]] = int(values["MINQTY"])
    return items


@pytest.fixture(scope="module")
def small() -> BrickPlan:
    return plan_bricks(pattern(["0012", "0.13", "4444"], title="Four by three"))


@pytest.mark.parametrize("module", [parts_csv, bricklink, rebrickable, pickabrick, ldraw])
def test_goldens(module, small: BrickPlan, golden: Golden) -> None:  # type: ignore[no-untyped-def]
    for name, data in module.export(small).items():
        golden(name, data)


@pytest.mark.parametrize("module", [parts_csv, bricklink, rebrickable, pickabrick, ldraw])
def test_the_same_plan_gives_the_same_bytes(module) -> None:  # type: ignore[no-untyped-def]
    first, second = (module.export(plan_bricks(random_pattern(33, 21, empty=0.1))) for _ in range(2))
    assert first == second


def test_parts_list_has_the_four_families_right() -> None:
    plan = plan_bricks(random_pattern(48, 48, part="round-plate", colors=30), BrickOptions(part="round-plate"))
    rows = rows_of(parts_csv.export(plan)["parts.csv"])
    lego = {color.code: color for color in load_palette("lego").colors}
    named = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    mosaic = [row for row in named if row["number"]]
    assert sum(int(row["need"]) for row in mosaic) == 2304
    assert [int(row["number"]) for row in mosaic] == sorted(int(row["number"]) for row in mosaic)
    for row in mosaic:
        color = lego[row["lego_color"]]
        assert (row["part"], row["bricklink_part"], row["rebrickable_part"], row["ldraw_file"]) == (
            "6141", "4073", "6141", "6141.dat",
        )  # fmt: skip
        assert row["color"] == color.name
        assert (row["bricklink_color"], row["rebrickable_color"], row["ldraw_color"]) == (
            color.ids["bl"], color.ids["rb"], color.ids["ldraw"],
        )  # fmt: skip
    assert [(row["part"], row["need"]) for row in named if not row["number"]] == [("65803", "9"), ("2780", "24")]


def test_known_numbers() -> None:
    """Black 3024: LEGO 26, BrickLink 11, Rebrickable 0, LDraw 0, element 302426."""
    rows = rows_of(parts_csv.export(plan_bricks(pattern(["0"])))["parts.csv"])
    row = dict(zip(rows[0], rows[1], strict=True))
    assert [row[k] for k in ("lego_color", "bricklink_color", "rebrickable_color", "ldraw_color", "element_ids")] == [
        "26", "11", "0", "0", "302426",
    ]  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(patterns(largest=24))
def test_every_list_asks_for_need_and_spares(grid: Pattern) -> None:
    plan = plan_bricks(grid, BrickOptions(base="none"))
    wanted = {lot.color.code: lot.need + lot.spare for lot in plan.lots}
    lego = {color.code: color for color in load_palette("lego").colors}
    assert items_of(bricklink.export(plan)["bricklink.xml"]) == {
        ("3024", lego[code].ids["bl"]): count for code, count in wanted.items()
    }
    assert [tuple(row) for row in rows_of(rebrickable.export(plan)["rebrickable.csv"])] == [
        ("Part", "Color", "Quantity"),
        *(("3024", lego[code].ids["rb"], str(count)) for code, count in wanted.items()),
    ]
    bricks = rows_of(pickabrick.export(plan)["pickabrick.csv"])
    assert bricks[0] == ["elementId", "quantity"]
    elements = {lot.elements[0].id: lot.buy for lot in plan.lots}
    assert {element: int(count) for element, count in bricks[1:]} == elements


def test_pick_a_brick_lines_hold_at_most_999() -> None:
    plan = plan_bricks(
        Pattern(index=np.zeros((60, 60), np.int16), palette=palette(), cell=random_pattern(1, 1).cell),
        BrickOptions(base="none"),
    )
    rows = rows_of(pickabrick.export(plan)["pickabrick.csv"])[1:]
    assert [int(count) for _, count in rows] == [999, 999, 999, 675]
    assert sum(int(count) for _, count in rows) == 3600 + 72


def test_what_has_no_number_is_left_out_and_named() -> None:
    lego = load_palette("lego")
    codes = [next(color.code for color in lego.colors if not color.ids.get("bl")), "26"]
    plan = plan_bricks(pattern(["0011"], codes=codes), BrickOptions(base="none"))
    assert items_of(bricklink.export(plan)["bricklink.xml"]) == {("3024", "11"): 3}
    assert [text.startswith(f"3024 {codes[0]}") for text in bricklink.left_out(plan)] == [True]
    assert len(pickabrick.left_out(plan)) == 1
    assert len(rows_of(pickabrick.export(plan)["pickabrick.csv"])) == 2


def test_two_colours_of_one_number_are_one_line() -> None:
    lego = load_palette("lego")
    double = Counter(color.ids["bl"] for color in lego.colors if color.ids.get("bl"))
    number = next(number for number, count in double.items() if count > 1)
    codes = [color.code for color in lego.colors if color.ids.get("bl") == number][:2]
    plan = plan_bricks(pattern(["00011"], codes=codes), BrickOptions(base="none"))
    assert items_of(bricklink.export(plan)["bricklink.xml"]) == {("3024", number): 3 + 1 + 2 + 1}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(HOSTILE) | st.text(max_size=40), min_size=3, max_size=3), st.sampled_from(HOSTILE))
def test_files_survive_what_people_type(names: list[str], title: str) -> None:
    index = np.array([[0, 1, 2]], np.int16)
    grid = Pattern(index=index, palette=hostile_palette(names), cell=random_pattern(1, 1).cell, title=title)
    plan = plan_bricks(grid)
    assert len(items_of(bricklink.export(plan)["bricklink.xml"])) == 3 + 1
    rows = rows_of(parts_csv.export(plan)["parts.csv"])
    assert len(rows) == 1 + 3 + 1  # header, mosaic, panel
    for row in rows:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    ours = [row[rows[0].index("color")] for row in rows[1:4]]
    for written, name in zip(ours, names, strict=True):
        assert written.removeprefix("'") == name.encode("utf-8", "replace").decode().removeprefix("'")
    check_ldraw(ldraw.export(plan)["mosaic.mpd"], plan)


# -- LDraw, by a parser that shares nothing with the writer ------------------------------------------------------------


def check_ldraw(data: bytes, plan: BrickPlan) -> None:
    """The grammar of an MPD as LDraw specifies it, and the picture that its type 1 lines place."""
    text = data.decode("utf-8")
    assert not text.startswith("\ufeff")
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    files: dict[str, list[str]] = {}
    name = None
    for line in text.split("\r\n")[:-1]:
        if match := re.fullmatch(r"0 FILE (\S+)", line):
            assert name is None
            name = match[1]
            assert name not in files
            files[name] = []
        elif line == "0 NOFILE":
            name = None
        else:
            assert name is not None
            files[name].append(line)
    assert name is None
    assert next(iter(files)) == "mosaic.ldr"
    seen = np.zeros(plan.pattern.index.shape, int)
    codes = {int(color.ids["ldraw"]): k for k, color in enumerate(plan.pattern.palette.colors)}

    def walk(file: str) -> None:
        header = files[file][:4]
        assert header[0].startswith("0 ")
        assert header[1:] == [f"0 Name: {file}", "0 Author: pixl", "0 !LDRAW_ORG Unofficial_Model"]
        assert files[file][-1] == "0 STEP"
        for line in files[file][4:]:
            if line == "0 STEP":
                continue
            words = line.split(" ")
            assert words[0] == "1", line
            assert len(words) == 15
            color, x, y, z, a, b, c, d, e, f, g, h, i = (int(word) for word in words[1:14])
            if words[14].endswith(".ldr"):
                assert (color, x, y, z) == (16, 0, 0, 0)
                walk(words[14])
                continue
            turn = np.array([[a, b, c], [d, e, f], [g, h, i]])
            assert round(np.linalg.det(turn)) == 1
            part = next(part for part in plan.parts if part.ldraw == words[14])
            for along in range(part.length):
                for across in range(part.width):
                    local = np.array([20 * along - 10 * part.length + 10, 0, 20 * across - 10 * part.width + 10])
                    at = turn @ local + [x, y, z]
                    assert at[1] == 0
                    column, row = (at[0] - 10) / 20, (-at[2] - 10) / 20
                    assert column == int(column)
                    assert row == int(row)
                    seen[int(row), int(column)] += 1
                    assert plan.pattern.index[int(row), int(column)] == codes[color]

    walk("mosaic.ldr")
    assert np.array_equal(seen, plan.pattern.index >= 0)
    assert len(files) == 1 + len(plan.sections)


@settings(max_examples=25, deadline=None)
@given(patterns(largest=24), st.integers(1, 12), st.booleans())
def test_ldraw_places_the_picture(grid: Pattern, side: int, merge: bool) -> None:
    plan = plan_bricks(grid, BrickOptions(section=side, merge=merge))
    check_ldraw(ldraw.export(plan)["mosaic.mpd"], plan)


def test_ldraw_example_of_the_reference() -> None:
    """Red red over yellow blue: the top row is the far one."""
    plan = plan_bricks(pattern(["00", "12"], codes=("21", "24", "23")))
    lines = ldraw.export(plan)["mosaic.mpd"].decode().split("\r\n")
    assert [line for line in lines if line.endswith(".dat")] == [
        "1 4 10 0 -10 1 0 0 0 1 0 0 0 1 3024.dat",
        "1 4 30 0 -10 1 0 0 0 1 0 0 0 1 3024.dat",
        "1 14 10 0 -30 1 0 0 0 1 0 0 0 1 3024.dat",
        "1 1 30 0 -30 1 0 0 0 1 0 0 0 1 3024.dat",
    ]


def test_ldraw_proves_itself_before_it_is_handed_out() -> None:
    plan = plan_bricks(pattern(["01"]))
    wrong = replace(plan, lots=plan.lots[:1])
    with pytest.raises(PixlError, match="not the pattern"):
        ldraw.export(wrong)
    data = ldraw.export(plan)["mosaic.mpd"]
    with pytest.raises(ExportError, match="overlap"):
        ldraw.read_model(data, width=1, height=1)


def test_ldraw_steps_go_row_by_row() -> None:
    plan = plan_bricks(pattern(["0000", "1111", "....", "2222"]), BrickOptions(section=2))
    text = ldraw.export(plan)["mosaic.mpd"].decode()
    first = text.split("0 FILE section-a1.ldr")[1].split("0 NOFILE")[0]
    assert first.count("0 STEP") == 2
    assert text.split("0 FILE section-a2.ldr")[1].split("0 NOFILE")[0].count("0 STEP") == 1
