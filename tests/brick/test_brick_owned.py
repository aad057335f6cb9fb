"""Tables that makers hand in: prices and stock."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pixl.errors import PaletteError, PixlError, UsageError
from pixl.palette import load_palette, palette_folders
from pixl_exporters.brick.owned import load_prices, load_stock
from pixl_exporters.brick.parts import PART_NAMES


def written(folder: Path, text: str, name: str = "mine.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_a_set_by_number() -> None:
    stock = load_stock(["31197"])
    assert stock.part.id == "98138"
    with (palette_folders()["lego"] / "sets.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["set_id"] == "31197"]
    assert {code: count for (_, code), count in stock.pieces.items()} == {
        row["lego_color_id"]: int(row["quantity"]) for row in rows
    }
    assert stock.sources[0].startswith("set 31197 Andy Warhol")
    assert load_stock(["31197-1"]).pieces == stock.pieces


def test_every_set_can_be_had() -> None:
    with (palette_folders()["lego"] / "sets.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for number in {row["set_id"] for row in rows}:
        parts = {row["part_id"] for row in rows if row["set_id"] == number}
        part = next((name for name, p in PART_NAMES.items() if p in parts), "round-tile")
        stock = load_stock([number], part=part)
        palette = stock.palette()
        assert sum(stock.counts(palette)) == sum(
            int(row["quantity"]) for row in rows if row["set_id"] == number and row["part_id"] in ("", PART_NAMES[part])
        )


def test_sets_are_added_and_multiplied(tmp_path: Path) -> None:
    one, two = load_stock(["31204"]), load_stock(["31197"])
    mine = written(tmp_path, "part,color,quantity\n98138,Black,7\n")
    both = load_stock(["31204*2", "31197", f"{mine}*3"])
    for key in one.pieces | two.pieces:
        extra = 21 if key[1] == "26" else 0
        assert both.pieces[key] == 2 * one.pieces.get(key, 0) + two.pieces.get(key, 0) + extra
    assert "2 times" in both.sources[0]


def test_any_colour_owned_counts_retired_and_pearl_too(tmp_path: Path) -> None:
    mine = written(tmp_path, "part,color,quantity\nplate,208,5\nplate,297,6\n3024,bl:11,7\n3024,rb:15,0\n")
    stock = load_stock([str(mine)])
    palette = stock.palette()
    assert {color.code for color in palette.colors} == {"208", "297", "26"}
    assert dict(zip((color.code for color in palette.colors), stock.counts(palette), strict=True)) == {
        "208": 5, "297": 6, "26": 7,
    }  # fmt: skip


def test_mixed_parts_are_an_error_that_says_which() -> None:
    with pytest.raises(UsageError) as caught:
        load_stock(["41935"])
    assert "3070b" in caught.value.what
    assert "98138" in caught.value.what
    assert "--part tile or --part round-tile" in caught.value.hint
    assert load_stock(["41935"], part="tile").part.id == "3070b"
    assert load_stock(["31203"], part="round-plate").pieces == {("6141", "1"): 3064}


def test_a_set_whose_part_no_source_gives_wants_a_part() -> None:
    with pytest.raises(UsageError, match="does not say which part"):
        load_stock(["31201"])
    assert load_stock(["31201"], part="round-tile").part.id == "98138"


def test_a_rebrickable_list_is_read_in_its_own_numbers(tmp_path: Path) -> None:
    mine = written(tmp_path, "Part,Color,Quantity\n3024,71,12\n3001,0,400\n6141,0,0\n")
    stock = load_stock([str(mine)], part="plate")
    assert stock.pieces == {("3024", "194"): 12}  # 71 is Rebrickable's Light Bluish Gray; LEGO's 71 is another colour
    assert "Rebrickable" in stock.sources[0]
    assert "400 pieces of other parts" in stock.sources[0]


def test_semicolons_a_byte_order_mark_and_blank_lines(tmp_path: Path) -> None:
    mine = written(tmp_path, "\ufeffColour;Part;Quantity;Note\r\n\r\nBlack;3024;3;x\r\n;;;\r\n")
    assert load_stock([str(mine)]).pieces == {("3024", "26"): 3}


@pytest.mark.parametrize(("text", "message"), [
    ("part,color\n3024,26\n", "no column 'quantity'"),
    ("part,color,quantity\n3024,26,x\n", "line 2: 'x' is not a quantity"),
    ("part,color,quantity\n3024,26,-4\n", "line 2"),
    ("part,color,quantity\n3024,Blak,4\n", "line 2: 'Blak' is not a colour"),
    ("part,color,quantity\n3024,Dark Green,4\n", "names 2 colours"),
    ("", "no column"),
    ('part,color,quantity\n"3024,26,4', "mine.csv"),
])  # fmt: skip
def test_errors_name_file_and_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(PixlError) as caught:
        load_stock([str(written(tmp_path, text))])
    assert message in caught.value.what or isinstance(caught.value, UsageError)
    assert caught.value.exit_code in (2, 3)


def test_unknown_sets_and_wrong_factors() -> None:
    for text in ("99999", "31197*0", "missing.csv", ""):
        with pytest.raises(PixlError):
            load_stock([text])
    with pytest.raises(UsageError, match="holds no"):
        load_stock(["31197"], part="plate")


def test_prices(tmp_path: Path) -> None:
    table = written(tmp_path, 'part,colour,price,currency\n3024,Black,0.04,EUR\n,"bl:86","0,05",EUR\n65803,26,4,EUR\n')
    prices, currency = load_prices(table)
    assert currency == "EUR"
    assert prices["3024", "26"] == Decimal("0.04")
    assert prices["65803", "26"] == 4
    assert {part for part, code in prices if code == "194"} == set(PART_NAMES.values())


@pytest.mark.parametrize("price", ["", "x", "-1", "nan", "inf", "1e9"])
def test_bad_prices_name_the_line(price: str, tmp_path: Path) -> None:
    with pytest.raises(PaletteError, match="line 3"):
        load_prices(written(tmp_path, f"part,color,price\n3024,26,1\n3024,1,{price}\n"))
    with pytest.raises(PaletteError, match="currencies"):
        load_prices(written(tmp_path, "part,color,price,currency\n3024,26,1,EUR\n3024,1,1,USD\n", "two.csv"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300) | st.text(alphabet='part,color,quantity\n;"3024x*=-', max_size=200).map(str.encode))
def test_anything_is_a_stock_or_a_sentence(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(data)
    for reader in (lambda: load_stock([str(path)]), lambda: load_prices(path)):
        try:
            reader()
        except PixlError as error:
            assert error.what
            assert error.hint


def test_codes_are_those_of_the_palette() -> None:
    known = {color.code for color in load_palette("lego").colors}
    assert {code for _, code in load_stock(["31204", "31197"]).pieces} <= known
