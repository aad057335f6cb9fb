"""docs/distill.md does what it says: its commands run, its Python runs, its tables are the bench's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from pixl import icons
from pixl.cli.app import app

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "distill.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_its_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(icons.picture("parrot")).save("parrot.png")
    lines = [line for block in blocks("sh") for line in block.splitlines() if "--engine distill" in line]
    assert len(lines) >= 2
    for line in lines:
        done = CliRunner().invoke(app, shlex.split(line, comments=True)[1:], prog_name="pixl")
        assert done.exit_code == 0, f"{line}\n{done.output}"
    assert len(list(tmp_path.glob("*/pattern.pixl"))) == len(lines)
    assert not list(tmp_path.glob("*.run"))


def test_its_python_runs() -> None:
    for code in blocks("python"):
        exec(compile(code, "docs/distill.md", "exec"), {})


def test_its_options_exist() -> None:
    told = CliRunner().invoke(app, ["bead", "--help"], prog_name="pixl", env={"COLUMNS": "200"}).output
    options = re.findall(r"^\| `(--[a-z-]+)", PAGE, re.MULTILINE)
    assert len(options) > 6
    for option in options:
        assert option in told, option
