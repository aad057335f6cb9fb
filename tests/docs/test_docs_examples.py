"""README and docs hold what they say: their commands run, their Python runs, their links and pictures exist.

Each ``sh`` block's lines that begin with ``pixl`` are run in order, a file's blocks in one folder that holds
``samples/`` and ``photo.jpg``. A line that ends in ``# not run: why`` is shown and not run.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pixl.cli.app import app

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md")])
NEEDS_TORCH = ("--engine distill", "pixl resume", "pixl models")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[str]:
    joined = [block.replace("\\\n", " ") for block in blocks(page.read_text(encoding="utf-8"), "sh")]
    lines = [line.strip() for block in joined for line in block.splitlines()]
    found = [line for line in lines if line.startswith("pixl ") and "# not run:" not in line]
    return [line for line in found if not any(word in line for word in NEEDS_TORCH)]


def inline_commands() -> list[str]:
    found = re.findall(r"^\| `(pixl [^`]+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    return [line for line in found if not any(word in line for word in NEEDS_TORCH)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "samples", "samples")
    shutil.copy("samples/astronaut.jpg", "photo.jpg")
    return tmp_path


def run(line: str) -> None:
    arguments = shlex.split(line, comments=True)[1:]
    outcome = CliRunner().invoke(app, arguments, prog_name="pixl")
    assert outcome.exit_code == 0, f"{line}\n{outcome.output}"


def test_quick_start_holds_exactly_two_commands_of_one_line() -> None:
    import sys

    sys.path.insert(0, str(ROOT / "scripts"))
    from readme_command import commands as set_up

    two = set_up((ROOT / "README.md").read_text(encoding="utf-8"))
    assert two["run"].endswith("pixl brick samples/astronaut.jpg --size 48x48")
    assert two["test"].endswith("pytest -q")
    assert all("torch" not in line and "diffusion" not in line for line in two.values())


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=lambda page: page.name)
def test_the_commands_of_a_page_run(page: Path, folder: Path) -> None:
    for line in commands(page):
        run(line)


def test_the_commands_of_readmes_table_run(folder: Path) -> None:
    lines = inline_commands()
    assert lines
    (folder / "my.gpl").write_text("GIMP Palette\nName: mine\n#\n  0   0   0 Black\n255 255 255 White\n200 40 30 Red\n")
    for line in lines:
        run(line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_of_a_page_runs(page: Path, folder: Path) -> None:
    names: dict[str, object] = {"__name__": "docs"}
    for block in blocks(page.read_text(encoding="utf-8"), "python"):
        if "import torch" in block:
            pytest.importorskip("torch")
        exec(compile(block, page.name, "exec"), names)
    assert names["__name__"] == "docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_exist(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert missing == []
