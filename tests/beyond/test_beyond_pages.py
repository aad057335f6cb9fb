"""docs/beyond.md and docs/animation.md do what they say: commands run, weights are the code's, tables are filled."""

from __future__ import annotations

import re
import shlex
import shutil
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("torch")

from pixl.animation import follow, solve, steady
from pixl.cli import bead, brick, stitch
from pixl.cli.app import app
from pixl.distill import fidelity, frames, wishes

ROOT = Path(__file__).resolve().parents[2]
BEYOND = (ROOT / "docs" / "beyond.md").read_text(encoding="utf-8")
ANIMATION = (ROOT / "docs" / "animation.md").read_text(encoding="utf-8")
TABLES = {
    "losses": BEYOND,
    "stock": BEYOND,
    "colors": BEYOND,
    "dial": BEYOND,
    "quantize": ANIMATION,
    "distill": ANIMATION,
}


def shown(number: float) -> str:
    """As the pages write it: .01, not 0.01."""
    return f"{number:g}".removeprefix("0")


def commands() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```$", BEYOND, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("pixl ")]
    return [line for line in lines if "# not run:" not in line]


@pytest.mark.parametrize("line", commands())
def test_a_command_runs(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a smaller size than the page's, where it names none."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "samples" / "astronaut.jpg", "photo.jpg")
    done = CliRunner().invoke(app, [*shlex.split(line, comments=True)[1:], "--size", "16x16"], prog_name="pixl")
    assert done.exit_code == 0, f"{line}\n{done.output}"
    assert len(list(tmp_path.glob("*/pattern.pixl"))) == 1


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_filled(name: str) -> None:
    table = TABLES[name].split(f"<!-- begin {name} -->")[1].split(f"<!-- end {name} -->")[0].strip()
    rows = [line for line in table.splitlines() if line.startswith("|")]
    assert len(rows) >= 6
    assert len({line.count("|") for line in rows}) == 1


def test_weights_are_the_codes() -> None:
    rows = dict(re.findall(r"^\| `([a-z]+)` \|[^|]*\|([^|]*)\|$", BEYOND, re.MULTILINE))
    assert set(rows) | {"rise"} == {one.name for one in fields(wishes.Making)}
    assert brick._LONE == bead._LONE
    assert shown(brick._LONE) in rows["alone"]
    assert shown(stitch._CONFETTI) in rows["confetti"]
    assert shown(brick._PIECE) in rows["rectangles"]
    assert f"stands at {shown(fidelity.LED)}." in BEYOND
    assert f"noise up to t = {shown(fidelity.T_HIGH)}," in BEYOND
    assert f"have it at {shown(frames.LED)}." in BEYOND


def test_prices_of_frames_are_the_codes() -> None:
    text = " ".join(ANIMATION.split())
    names = {1: "one", 2: "two", 5: "five", 8: "eight"}
    assert f"costs up to {solve.HOLD:g} CIEDE2000 more" in text
    assert f"the last {names[steady.MEMORY]}, at every shift of up to {names[steady.REACH]} cells" in text
    assert f"running mean of up to {names[follow.AVERAGED]} frames" in text
    assert f"({follow.DRIFT:g} CIELAB above the noise, or {follow.TOGETHER:g} in the mean of 5 x 5 cells: 1/e)" in text
    assert (
        f"{solve.HOLD:g} CIEDE2000 against the photo's share of the dial, {frames.HOLD:g} against the prior's" in text
    )
    assert f"stands at {shown(frames.LED)} unless typed" in text
