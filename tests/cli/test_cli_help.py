"""Help texts as snapshots, and what ``--help`` and the default job may import."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import typer.main

from pixl.cli.app import app
from pixl.cli.group import COMMANDS as COMMAND_MODULES
from pixl.cli.group import application

COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
HEAVY = (
    "numpy", "PIL", "scipy", "skimage", "torch", "diffusers", "transformers", "fpdf", "svgwrite", "pyembroidery",
)  # fmt: skip


def help_of(*command: str) -> str:
    code = "import sys; from pixl.cli import main; sys.argv[0] = 'pixl'; main()"
    environment = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code, *command, "--help"], capture_output=True, text=True, env=environment, check=True
    )
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()) + "\n"


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_what_it_was(command: str, golden: Callable[[str, bytes], None]) -> None:
    text = help_of(*command.split())
    golden(f"help-{command or 'pixl'}.txt", text.encode())
    assert len(text.splitlines()) <= 85
    assert "pixl" in text


@pytest.mark.parametrize("name", COMMAND_MODULES)
def test_a_command_can_be_built_alone(name: str) -> None:
    alone = set(typer.main.get_command(application(name)).commands)  # type: ignore[attr-defined]
    assert name in alone
    assert alone <= set(COMMANDS)
    assert len(alone) <= 2


@pytest.mark.parametrize("typed", ["", "--help", "formats", "brik", "--debug"])
def test_without_its_name_all_are_built(typed: str) -> None:
    assert sorted(typer.main.get_command(application(typed)).commands) == COMMANDS  # type: ignore[attr-defined]


def loaded_after(code: str, watched: tuple[str, ...]) -> set[str]:
    report = f"import sys\n{code}\nprint(*[m for m in {watched!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()) if done.stdout.strip() else set()


def test_help_imports_nothing_heavy() -> None:
    paths = f"sys.path[:0] = {sys.path!r}"
    code = f"{paths}\nfrom pixl.cli.app import app\ntry: app(['--help'])\nexcept SystemExit: pass"
    assert loaded_after(code, HEAVY) == set()
    code = f"{paths}\nfrom pixl.cli.app import app\ntry: app(['formats'])\nexcept SystemExit: pass"
    assert loaded_after(code, HEAVY) == set()


def test_the_default_job_imports_neither_scipy_nor_scikit_image_nor_torch(tmp_path: Any, samples: Any) -> None:
    job = ["brick", str(samples / "astronaut.jpg"), "--size", "16x16", "-o", str(tmp_path / "out"), "-q"]
    paths = f"sys.path[:0] = {sys.path!r}"
    code = (
        f"{paths}\nfrom pixl.cli.app import app\ntry: app({job!r})\nexcept SystemExit as e: assert not e.code, e.code"
    )
    watched = ("scipy", "skimage", "torch", "diffusers", "transformers", "pyembroidery", "numpy")
    assert loaded_after(code, watched) == {"numpy"}
    assert (tmp_path / "out" / "instructions.pdf").is_file()


def test_import_pixl_costs_nothing() -> None:
    assert loaded_after(f"sys.path[:0] = {sys.path!r}\nimport pixl", (*HEAVY, "typer", "rich")) == set()
    code = f"sys.path[:0] = {sys.path!r}\nimport pixl\nassert pixl.load_palette('lego').find('Black') >= 0"
    assert loaded_after(code, ("numpy", "PIL", "typer")) == {"numpy"}
