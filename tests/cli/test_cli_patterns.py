"""show, edit and palette: what a person types and what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pixl.cli import terminal
from pixl.document import Document
from pixl.palette import load_palette

Run = Callable[..., Any]


@pytest.fixture
def made(pixl: Run) -> Run:
    """A run with ``out/`` of a brick job in the folder."""
    assert pixl("brick", "photo.png", "--size", "24x16", "-o", "out", "-f", "csv").code == 0
    return pixl


def test_show_reads_every_carrier_alike(made: Run) -> None:
    more = ("-f", "preview,svg,instructions", "-o", "out", "--force")
    assert made("export", "out/pattern.pixl", *more).code == 0
    said = {made("show", path).out for path in ("out", "out/pattern.pixl", "out/preview.png", "out/grid.svg")}
    assert len(said) == 1
    text = said.pop()
    document = Document.from_bytes(Path("out/pattern.pixl").read_bytes())
    assert "brick, 24 x 16 cells, 192 mm" in text
    assert text.count("\x1b") == 0
    for color in document.pattern.palette.colors:
        assert f"{color.code:<3}" in text
        assert color.name in text
    letters = [line.split() for line in text.splitlines()[:16]]
    assert [[terminal.letter(int(k) + 1) for k in row] for row in document.pattern.index] == letters
    assert made("show", "out/instructions.pdf", "--no-picture").code == 0


def test_show_in_colour_and_in_json(made: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = made("show", "out").out
    assert len(text.split("\n\n")[0].splitlines()) == 8
    assert "▀" in text
    assert "\x1b[38;2;" in text
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in made("show", "out").out
    facts = made("show", "out", "--json").json
    assert (facts["size"], facts["craft"]) == ([24, 16], "brick")
    assert sum(color["count"] for color in facts["colors"]) == facts["cells"] == 24 * 16
    assert facts["recipe"]["photo_sha256"]


def test_half_blocks_paint_the_cells() -> None:
    index = np.array([[0, 1, -1, -1], [1, -1, 0, -1], [0, 0, -1, 1]], np.int16)
    lines = terminal.half_blocks(index, np.array([[1, 2, 3], [4, 5, 6]], np.uint8))
    assert lines == [
        "\x1b[38;2;1;2;3m\x1b[48;2;4;5;6m▀\x1b[0m\x1b[38;2;4;5;6m▀\x1b[0m\x1b[38;2;1;2;3m▄\x1b[0m \x1b[0m",
        "\x1b[0m\x1b[38;2;1;2;3m▀▀\x1b[0m \x1b[0m\x1b[38;2;4;5;6m▀\x1b[0m",
    ]


def test_a_wide_pattern_is_shown_by_blocks(made: Run) -> None:
    text = made("show", "out", "--width", "10", "--no-colors").out
    assert "stands for 3 x 3 cells" in text
    assert max(len(line) for line in text.splitlines()[:6]) <= 10


def test_edit_writes_a_new_document(made: Run) -> None:
    before = Document.from_bytes(Path("out/pattern.pixl").read_bytes())
    first = before.pattern.palette.colors[0].code
    done = made("edit", "out", "--replace", "no:1=154", "--set", "A1:3,4=26", "--set", "B1:8,16=empty", "-o", "b.pixl")
    assert (done.code, done.out) == (0, "b.pixl\n")
    assert f": {first} " in done.err
    after = Document.from_bytes(Path("b.pixl").read_bytes())
    assert after.pattern.index[15, 23] == -1
    assert after.pattern.palette.colors[int(after.pattern.index[3, 2])].code == "26"
    assert [edit["op"] for edit in after.edits] == ["set", "replace"]
    count = len(before.pattern.palette)
    assert after.pattern.palette.colors[:count] == before.pattern.palette.colors
    assert made("edit", "out", "--mirror").out == "out/pattern-edited.pixl\n"
    assert made("edit", "out", "--mirror").code == 5
    assert made("export", "b.pixl", "-f", "csv", "-o", "b.csv").code == 0


def test_edit_says_what_cannot_be_built(made: Run) -> None:
    done = made("edit", "out", "--set", "A1:1,1=Sand Red", "-n")
    assert done.code == 0
    assert done.out == ""
    assert "153 Sand Red" in done.err
    assert "note:" in done.err
    assert not Path("out/pattern-edited.pixl").exists()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "nothing to change"),
        (["--set", "A1:3,4"], "no two sides"),
        (["--set", "A1:30,4=Black"], "outside that section"),
        (["--set", "A1:3,4=Dark Green"], "names 2 colours"),
        (["--replace", "Chrome Gold=Black"], "not among the colours of this pattern"),
        (["--crop", "1,2,3"], "not a crop"),
        (["--mirror", "-o", "x.pdf"], "not a .pixl file"),
        (["--recolor", "perler"], "133 colours"),
    ],
)
def test_edit_refuses_with_a_sentence(made: Run, args: list[str], says: str) -> None:
    done = made("edit", "out", *args)
    assert done.code == 2
    assert says in done.err
    assert "hint:" in done.err


def test_palette_list_and_show(pixl: Run) -> None:
    listed = pixl("palette", "list", "--craft", "bead", "--json").json["palettes"]
    assert {"perler", "hama", "mard"} <= {row["id"] for row in listed}
    assert all(row["source"] and row["matched"] > 0 for row in listed)
    assert "lego " not in pixl("palette", "list", "--craft", "bead").out
    shown = pixl("palette", "show", "dmc_threads", "Blanc").out
    assert "Anchor 1 (dE 3.9)" in shown
    assert "how sure:" in shown
    assert pixl("palette", "show", "lego", "Dark Green").code == 2
    assert pixl("palette", "show", "legoo").code == 2
    assert len(pixl("palette", "show", "lego", "--solid", "--json").json["colors"]) == 50


def test_a_bad_folder_does_not_hide_the_others(pixl: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mine/broken").mkdir(parents=True)
    Path("mine/broken/palette.toml").write_text("id = ")
    monkeypatch.setenv("PIXL_PALETTES", "mine")
    done = pixl("palette", "list")
    assert (done.code, "broken is left out" in done.err) == (0, True)
    assert "perler " in done.out
    assert pixl("palette", "check", "broken").code == 3


def test_palette_check_exits_by_errors(pixl: Run) -> None:
    assert pixl("palette", "check").code == 0
    Path("twins.csv").write_text("code,name,hex\n1,Neon Pink,#FF0080\n2,B,#FF0080\n")
    done = pixl("palette", "check", "twins.csv")
    assert done.code == 3
    assert "dE 0.00 from 1" in done.out
    assert "1 errors" in done.err
    found = pixl("palette", "check", "twins.csv", "--json")
    assert (found.code, found.json["errors"]) == (3, 1)
    Path("bad.gpl").write_text("GIMP Palette\n1 2\n")
    assert "bad.gpl line 2" in pixl("palette", "check", "bad.gpl").err


def test_palette_convert(pixl: Run) -> None:
    assert pixl("palette", "convert", "perler", "p.gpl", "--solid", "--without", "Black").out == "p.gpl\n"
    assert len(load_palette("p.gpl")) == 101
    assert pixl("palette", "convert", "p.gpl", "strip.png", "--side", "8").code == 0
    with Image.open("strip.png") as picture:
        assert picture.size == (808, 8)
    assert pixl("palette", "convert", "p.gpl", "p.gpl").code == 5
    assert pixl("palette", "convert", "p.gpl", "-f", "ase").out == "p.ase\n"
    Path("colours.dat").write_text("112233\n")
    assert pixl("palette", "convert", "colours.dat", "c.csv", "--from", "hex").code == 0
    assert pixl("palette", "convert", "perler").code == 2
    assert pixl("palette", "convert", "perler", "x.doc").code == 3
    assert pixl("pixel", "photo.png", "--size", "12x8", "--palette", "p.gpl", "-o", "art").code == 0


def test_palette_calibrate(pixl: Run) -> None:
    hama = load_palette("hama").solid()
    picture = np.full((80, 200, 3), 245, np.uint8)
    for number in range(8):
        picture[number // 4 * 40 :, number % 4 * 40 : number % 4 * 40 + 40][:40] = hama.colors[number].rgb
    Image.fromarray((picture * 0.8).astype(np.uint8)).save("board.png")
    args = ("--grid", "4x2", "--white", "85%,10%,10%,80%", "--corners", "0,0 80%,0 80%,100% 0,100%")
    done = pixl("palette", "calibrate", "board.png", *args, "--palette", "hama", "--flat")
    assert done.code == 0, done.err
    assert done.out == "hama-own.csv\n"
    assert "median dE" in done.err
    own = load_palette("hama-own.csv")
    assert [color.code for color in own.colors] == [color.code for color in hama.colors[:8]]
    pairs = zip(own.colors, hama.colors[:8], strict=True)
    assert max(abs(a - b) for o, h in pairs for a, b in zip(o.rgb, h.rgb, strict=True)) <= 4
    assert pixl("palette", "calibrate", "board.png", *args, "-o", "x.csv").code == 2
    assert pixl("palette", "calibrate", "board.png", *args, "--codes", "a,b", "-o", "x.gpl").code == 0
    assert json.loads(pixl("palette", "calibrate", "no.png", *args, "--codes", "a", "--json", "-o", "y.csv").out)[
        "error"
    ]


def test_repro_makes_it_again(pixl: Run) -> None:
    Path("table.csv").write_text("code,name,hex\n1,Red,#CC0000\n2,Green,#00AA00\n3,Blue,#0000CC\n4,Grey,#808080\n")
    job = ("pixel", "photo.png", "--size", "12x8", "--palette", "table.csv", "--without", "Grey", "--dither")
    assert pixl(*job, "-o", "out").code == 0
    document = Document.from_bytes(Path("out/pattern.pixl").read_bytes())
    assert dict(document.recipe.settings) == {
        "size": "12x8", "palette": "table.csv", "without": ["Grey"], "dither": True,
    }  # fmt: skip
    Path("elsewhere").mkdir()
    Path("photo.png").rename("elsewhere/other-name.png")
    Path("table.csv").rename("elsewhere/table.csv")
    done = pixl("repro", "out/preview.png", "elsewhere/other-name.png")
    assert (done.code, done.out, done.err) == (0, "", "the same, cell for cell\n")
    assert pixl("edit", "out", "--set", "1,1=empty", "--mirror", "-o", "e.pixl").code == 0
    assert pixl("repro", "e.pixl", "elsewhere/other-name.png", "-o", "again.pixl").code == 0
    assert Path("again.pixl").read_bytes() == Path("e.pixl").read_bytes()
    changed = json.loads(Path("e.pixl").read_text())
    changed["rows"][3] = "0*12"
    Path("f.pixl").write_text(json.dumps(changed))
    differs = pixl("repro", "f.pixl", "elsewhere/other-name.png", "--json", "--strict")
    assert differs.code == 6
    assert '"same": false' in differs.out


def test_repro_of_a_brick_mosaic_with_its_own_options(pixl: Run) -> None:
    job = ("brick", "photo.png", "--size", "24x16", "--part", "tile", "--section", "8", "--seed", "3", "--title", "-x-")
    assert pixl(*job, "-o", "out", "-f", "csv").code == 0
    again = pixl("repro", "out", "photo.png", "-o", "again")
    assert (again.code, again.out) == (0, "again\n"), again.err
    assert Path("again/pattern.pixl").read_bytes() == Path("out/pattern.pixl").read_bytes()
    assert Path("again/instructions.pdf").is_file()


def test_repro_refuses_with_a_sentence(made: Run) -> None:
    assert "made from a photo" in made("repro", "out").err
    Path("other.png").write_bytes(b"x")
    assert (made("repro", "out", "other.png").code, made("repro", "out", "no.png").code) == (3, 3)
    values = json.loads(Path("out/pattern.pixl").read_text())
    for change in ({"command": "palette"}, {"settings": {"wings": 2}}):
        values["recipe"] = {**values["recipe"], **change}
        Path("bad.pixl").write_text(json.dumps(values))
        done = made("repro", "bad.pixl", "photo.png")
        assert done.code == 3
        assert "unknown" in done.err


@pytest.mark.parametrize("craft", ["brick", "bead", "stitch", "embroider", "pixel"])
def test_every_craft_is_edited(pixl: Run, craft: str) -> None:
    Image.fromarray(np.repeat(np.array([[[255, 0, 0]], [[0, 0, 255]]], np.uint8), 2, 1)).resize((8, 8), 0).save(
        "two.png"
    )
    assert pixl(craft, "two.png", "--size", "8x8", "-o", "out").code == 0
    before = Document.from_bytes(Path("out/pattern.pixl").read_bytes()).pattern
    done = pixl("edit", "out", "--set", f"1,1={before.palette.colors[int(before.index[7, 7])].code}", "-o", "new.pixl")
    assert done.code == 0, done.err
    after = Document.from_bytes(Path("new.pixl").read_bytes()).pattern
    assert after.index[0, 0] == before.index[7, 7]
    assert [c.code for c in after.palette.colors] == [c.code for c in before.palette.colors]


def test_an_edit_that_lets_beads_fall_apart_is_named(pixl: Run) -> None:
    assert pixl("bead", "photo.png", "--size", "9x9", "-o", "out").code == 0
    cut = [f"--set=5,{row}=empty" for row in range(1, 10)]
    done = pixl("edit", "out", *cut, "-n")
    assert done.code == 0
    assert "not joined" in done.err or "pieces" in done.err, done.err
