"""Finding, narrowing and loading palettes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pixl.errors import PaletteError, UsageError
from pixl.palette import Color, Palette, load_palette, rgb_lattice
from pixl.palette_folder import read_colors


def test_lego_is_found_by_every_family() -> None:
    lego = load_palette("lego")
    black = lego.find("26")
    assert lego.colors[black].name == "Black"
    assert lego.find("Black") == lego.find(" black ") == lego.find("bl:11") == lego.find("rb:0") == black
    assert lego.find("ldraw:0") == black
    red = lego.colors[lego.find("Bright Red")]
    assert (red.code, red.ids["bl"], red.ids["rb"], red.ids["ldraw"]) == ("21", "5", "4", "4")


def test_an_ambiguous_name_lists_its_candidates() -> None:
    with pytest.raises(UsageError, match="names 2 colours") as caught:
        load_palette("lego").find("Dark Green")
    assert caught.value.exit_code == 2
    assert "28" in caught.value.what


def test_codes_are_compared_exactly() -> None:
    colors = (Color(code="01", name="a", rgb=(1, 2, 3)), Color(code="1", name="b", rgb=(4, 5, 6)))
    palette = Palette(id="t", version="1", name="t", colors=colors)
    assert palette.find("01") == 0
    assert palette.find("1") == 1


def test_a_miss_shows_the_nearest() -> None:
    lego = load_palette("lego")
    with pytest.raises(UsageError) as caught:
        lego.find("Brigt Red")
    assert "Bright Red" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        lego.find("#1B2A35")
    assert "26 Black" in caught.value.hint


def test_narrowing() -> None:
    palette = rgb_lattice("2")
    assert [c.code for c in palette.only(["#FFFFFF", "#000000"]).colors] == ["#000000", "#FFFFFF"]
    assert len(palette.without(["#FFFFFF"])) == 7
    with pytest.raises(PaletteError, match="no colour"):
        palette.without([c.code for c in palette.colors])
    lego = load_palette("lego").solid()
    assert all(c.finish in ("solid", "unknown") and "retired" not in c.tags for c in lego.colors)
    assert 40 <= len(lego) <= 60


def test_lattice() -> None:
    lattice = rgb_lattice("4")
    assert len(lattice) == 64
    assert np.unique(lattice.rgb).tolist() == [0, 85, 170, 255]
    for bad in ("1", "17", "", "x", "-2"):
        with pytest.raises(UsageError, match="not a lattice"):
            load_palette(f"rgb-lattice:{bad}")


def test_unknown_ids_and_files() -> None:
    with pytest.raises(UsageError) as caught:
        load_palette("perlr")
    assert "perler" in caught.value.hint
    with pytest.raises(PaletteError, match="no palette file"):
        load_palette("nowhere/mine.csv")


def test_a_users_folder_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "mine"
    own.mkdir()
    (own / "palette.toml").write_text('id = "mine"\nname = "My beads"\nunit = "bead"\n[cell]\nwidth_mm = 2.6\n')
    (own / "colors.csv").write_text("name,code,hex\nRed,1,#ff0000\nBlue,2,#0000ff\n")
    monkeypatch.setenv("PIXL_PALETTES", str(tmp_path))
    palette = load_palette("mine")
    assert (len(palette), palette.name, palette.unit) == (2, "My beads", "bead")
    assert palette.material.cell_width_mm == palette.material.cell_height_mm == 2.6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("code,name\n1,Red\n", "no column 'hex'"),
        ("code,name,hex\n1,Red,#ff00\n", "line 2"),
        ("code,name,hex\n1,Red,#ff0000\n2,Blue,blue\n", "line 3"),
        ("code,name,hex\n", "no colour in it"),
        ("code,name,hex,finish\n1,Red,#ff0000,shiny\n", "finish 'shiny'"),
        ("code,name,hex\n" + "".join(f"{i},a,#000000\n" for i in range(5000)), "more than 4096"),
    ],
)
def test_bad_tables_name_the_line(text: str, message: str) -> None:
    with pytest.raises(PaletteError, match=message):
        read_colors(text, where="mine.csv")


def test_a_code_twice_is_refused() -> None:
    with pytest.raises(PaletteError, match="line 3: the code '1' is on line 2 too"):
        read_colors("code,name,hex\n1,Red,#ff0000\n 1 ,Blue,#0000ff\n", where="x")
    colors = (Color(code="1", name="a", rgb=(1, 2, 3)), Color(code=" 1", name="b", rgb=(4, 5, 6)))
    with pytest.raises(PaletteError, match="twice"):
        Palette(id="t", version="1", name="t", colors=colors)
