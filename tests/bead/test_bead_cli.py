"""``pixl bead`` from a picture to a folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from pixl.cli.app import app
from pixl.document import Document


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in ("bead", *words)])


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Two discs that touch nothing, on a transparent ground, red and blue."""
    y, x = np.mgrid[:120, :120]
    rgba = np.zeros((120, 120, 4), np.uint8)
    rgba[np.hypot(x - 35, y - 60) < 25] = (200, 20, 30, 255)
    rgba[np.hypot(x - 90, y - 60) < 22] = (20, 40, 200, 255)
    path = tmp_path / "discs.png"
    Image.fromarray(rgba).save(path)
    return path


def test_a_folder_with_everything(picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(picture, "--size", "40x40", "-o", out, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    names = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert names >= {
        "beads.csv", "boards/A1.svg", "boards/A2.svg", "chart.png", "pattern.pixl", "preview.png", "template.pdf",
    }  # fmt: skip
    assert told["islands"] == 1
    assert told["boards"] == [2, 2]
    assert told["boards_used"] == 2  # the lower boards hold nothing
    assert any("not joined" in warning for warning in told["warnings"])
    document = Document.from_bytes((out / "pattern.pixl").read_bytes())
    assert document.craft == "bead"
    assert document.pattern.pieces == told["beads"] == sum(row["count"] for row in told["shopping"])
    assert document.pattern.cell.width_mm == 5.0


def test_fix_joins_the_islands(picture: Path, tmp_path: Path) -> None:
    loose = json.loads(run(picture, "--size", "30x30", "-n", "--json").stdout)
    fixed = json.loads(run(picture, "--size", "30x30", "-n", "--json", "--fix").stdout)
    assert fixed["islands"] == 0
    assert fixed["fixed"] > 0
    assert fixed["beads"] == loose["beads"] + fixed["fixed"]
    assert loose["fill"] == fixed["fixed"]
    assert run(picture, "--size", "30x30", "-n", "--strict").exit_code == 6
    assert run(picture, "--size", "30x30", "-n", "--strict", "--fix").exit_code == 0


def test_measure_and_boards_set_the_size(picture: Path) -> None:
    told = json.loads(run(picture, "--boards", "2x1", "--measure", "29=143.2", "-n", "--json").stdout)
    assert told["size"] == [58, 29]
    assert told["size_mm"] == [286.4, 143.2]
    told = json.loads(run(picture, "--size", "100mmx100mm", "--palette", "hama_mini", "-n", "--json").stdout)
    assert told["size"] == [40, 40]
    assert told["board"] == "mini57"


def test_have_limits_the_colours_and_counts(picture: Path, tmp_path: Path) -> None:
    stock = tmp_path / "mine.csv"
    stock.write_text("code,count\nP05,5000\nP08,100\n")
    told = json.loads(run(picture, "--size", "30x30", "--have", stock, "-n", "--json").stdout)
    assert {row["code"] for row in told["shopping"]} <= {"P05", "P08"}
    assert told["buy"] == 0
    stock.write_text("code,count\nP05,60\nP08,400\n")  # fewer than the red disc has: blue takes over
    told = json.loads(run(picture, "--size", "30x30", "--have", stock, "-n", "--json").stdout)
    counts = {row["code"]: row["count"] for row in told["shopping"]}
    assert counts["P05"] <= 60
    assert counts["P08"] <= 400
    stock.write_text("code,count\nP05,60\nP08,40\n")  # not enough of anything: planned all the same, listed to buy
    told = json.loads(run(picture, "--size", "30x30", "--have", stock, "-n", "--json").stdout)
    assert told["buy"] >= told["beads"] - 100
    assert any("short" in warning for warning in told["warnings"])


def test_repro_finds_the_same_beads(picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(picture, "--boards", "1x1", "--measure", "29=143.2", "--fix", "-f", "beads", "-o", out).exit_code == 0
    done = CliRunner().invoke(app, ["repro", str(out / "pattern.pixl"), str(picture), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["same"] is True


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--board", "nope"], 2),
        (["--boards", "2x2", "--size", "10x10"], 2),
        (["--boards", "zwei"], 2),
        (["--pitch", "wide"], 2),
        (["--measure", "29"], 2),
        (["--side", "up"], 2),
        (["--finish", "shiny"], 2),
        (["--board", "hexagon", "--size", "3x3"], 2),
        (["--have", "/nowhere.csv"], 3),
    ],
)
def test_what_cannot_be_meant(picture: Path, words: list[str], code: int) -> None:
    result = run(picture, "-n", "--json", *words)
    assert result.exit_code == code, result.output
    error = json.loads(result.stdout)["error"]
    assert error["what"]
    assert error["hint"]


def test_own_board_travels_in_the_document(picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config" / "pixl"
    config.mkdir(parents=True)
    (config / "boards.toml").write_text('[tiny]\nname = "tiny"\ncolumns = 8\nrows = 9\npitch_mm = 4.0\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    out = tmp_path / "own.pixl"
    assert run(picture, "--board", "tiny", "--size", "20x20", "-o", out).exit_code == 0
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nothing"))
    exported = CliRunner().invoke(app, ["export", str(out), "-f", "template", "-o", str(tmp_path / "again")])
    assert exported.exit_code == 0, exported.output
    assert (tmp_path / "again" / "template.pdf").is_file()


def test_hexagon_and_drills(picture: Path, tmp_path: Path) -> None:
    told = json.loads(run(picture, "--board", "hexagon", "-n", "--json", "--background", "#ffffff").stdout)
    assert told["size"] == [29, 29]
    assert told["beads"] == 631
    assert told["islands"] == 0
    told = json.loads(
        run(picture, "--palette", "dmc_threads", "--board", "diamond", "--size", "30x30", "-n", "--json").stdout
    )
    assert told["islands"] == 0
    assert told["size_mm"] == [75.0, 75.0]


def test_characters_without_a_glyph_are_named(picture: Path) -> None:
    told = json.loads(run(picture, "--size", "20x20", "--title", "猫 cat", "-n", "--json").stdout)
    assert any("猫" in warning for warning in told["warnings"])
    told = json.loads(run(picture, "--size", "20x20", "--title", "Katze ñ", "-n", "--json").stdout)
    assert not any("font" in warning for warning in told["warnings"])
