"""``pixl compare``: the sheet, its figures, and what it refuses."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from pixl.cli.app import app

ROOT = Path(__file__).parents[2]


def run(*args: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["compare", *args])
    return done.exit_code, done.stdout


def test_a_sheet_with_every_variant_and_true_figures(tmp_path: Path) -> None:
    target = tmp_path / "choose.png"
    args = ["--size", "16x", "--styles", "natural,dither", "--colors", "4,8", "--sizes", "12x,20x", "-o", str(target)]
    code, text = run(str(ROOT / "samples" / "cat.jpg"), *args, "--json")
    told = json.loads(text)
    assert code == 0
    assert told["files"] == [str(target)]
    variants = told["variants"]
    assert [one["row"] for one in variants] == ["style", "style", "colours", "colours", "size", "size"]
    assert [one["size"][0] for one in variants] == [16, 16, 16, 16, 12, 20]
    assert [one["lots"] <= most for one, most in zip(variants[2:4], (4, 8), strict=True)] == [True, True]
    assert all(one["pieces"] == one["size"][0] * one["size"][1] for one in variants)
    assert variants[0]["size_mm"] == [side * 8.0 for side in variants[0]["size"]]
    assert variants[2]["difference"] > variants[0]["difference"] > 0
    sheet = np.asarray(Image.open(io.BytesIO(target.read_bytes())).convert("RGB"))
    assert sheet.shape[1] == 3 * 268 + 18
    panels = [sheet[40:120, 18 + k * 268 : 18 + k * 268 + 250] for k in range(3)]
    assert all(len(np.unique(panel.reshape(-1, 3), axis=0)) > 5 for panel in panels)
    again = tmp_path / "again.png"
    run(str(ROOT / "samples" / "cat.jpg"), *args[:-1], str(again))
    assert again.read_bytes() == target.read_bytes()


def test_crafts_bring_their_palettes_and_cells(tmp_path: Path) -> None:
    widths = {}
    for craft in ("brick", "bead", "stitch", "pixel"):
        args = ["--for", craft, "--size", "10x", "--styles", "natural", "--colors", "", "--sizes", "10x"]
        code, text = run("--prompt", "a red mushroom", *args, "--json", "-o", str(tmp_path / f"{craft}.png"))
        assert code == 0
        widths[craft] = json.loads(text)["variants"][0]["size_mm"][0]
    assert widths["brick"] == 80.0
    assert widths["bead"] == 50.0
    assert widths["stitch"] == pytest.approx(18.1)


@pytest.mark.parametrize(
    ("args", "code", "what"),
    [
        (["--for", "quilt"], 2, "quilt"),
        (["--colors", "8,many"], 2, "8,many"),
        (["--styles", "baroque"], 2, "baroque"),
        (["-o", "sheet.pdf"], 2, "sheet.pdf"),
    ],
)
def test_what_cannot_be_meant_is_refused(args: list[str], code: int, what: str) -> None:
    found, text = run(str(ROOT / "samples" / "cat.jpg"), *args, "--json")
    assert found == code
    assert what in json.loads(text)["error"]["what"]


def test_an_existing_sheet_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "choose.png"
    target.write_bytes(b"mine")
    args = [str(ROOT / "samples" / "cat.jpg"), "--size", "8x", "--styles", "natural", "--colors", "", "--sizes", "8x"]
    assert run(*args, "-o", str(target), "--json")[0] == 5
    assert target.read_bytes() == b"mine"
