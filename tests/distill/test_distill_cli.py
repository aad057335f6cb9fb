"""distill from the command line: a pattern from a prompt, variations, interruption and resume, what is
missing.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from pixl.cli.app import app
from pixl.embedded import read_document

MUSHROOM = ["pixel", "--prompt", "a red mushroom", "--size", "14x14", "--palette", "perler", "--engine", "distill"]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def pixl(*args: str) -> Any:
    result = CliRunner().invoke(app, list(args), prog_name="pixl")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def listing(folder: str = ".") -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def test_a_prompt_becomes_a_folder_and_the_run_is_cleared_away() -> None:
    done = pixl(*MUSHROOM, "-o", "out", "--gif")
    assert done.exit_code == 0, done.stderr
    assert {"pattern.pixl", "preview.png"} <= set(listing("out"))
    assert {"argmax.png", "softmax.png", "entropy.png", "layers", "log.csv", "way.gif"} <= set(listing("out/distill"))
    assert listing() == ["out"]
    document = read_document(Path("out/pattern.pixl"))
    assert document.recipe.engine == "distill"
    assert 40 < document.pattern.pieces < 180
    assert json.loads(Path("out/pattern.pixl").read_text())["recipe"]["prompt"] == "a red mushroom"


def test_variations_differ_and_each_can_be_exported() -> None:
    words = ["a cat" if word == "a red mushroom" else word for word in MUSHROOM]
    done = pixl(*words, "-o", "out", "--variations", "3", "-q")
    assert done.exit_code == 0, done.stderr
    shown = [Image.open(f"out/distill/variation-{k}.png").tobytes() for k in (1, 2, 3)]
    assert len(set(shown)) == 3
    assert Image.open("out/variations.png").width > 300
    second = read_document(Path("out/distill/variation-2.pixl")).pattern
    assert second.rgb().tobytes() == shown[1]
    assert pixl("export", "out/distill/variation-2.pixl", "-f", "png", "-o", "second.png").exit_code == 0
    Path("second.png").unlink()
    assert listing() == ["out"]


@pytest.mark.parametrize("extra", [[], ["--variations=2"]], ids=["one", "variations"])
def test_interrupted_and_resumed_it_gives_the_same_files(extra: list[str], tmp_path: Path) -> None:
    """Ctrl-C in another process, then ``pixl resume`` from another folder."""
    assert pixl(*MUSHROOM, *extra, "-o", "whole", "-q").exit_code == 0
    code = (
        "import os, signal, sys\n"
        "import pixl.distill.descent as d\n"
        "real = d.Descent.advance\n"
        "def advance(self):\n"
        "    report = real(self)\n"
        "    if report.step == 3: os.kill(os.getpid(), signal.SIGINT)\n"
        "    return report\n"
        "d.Descent.advance = advance\n"
        "from pixl.cli import main\n"
        "main()\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    broken = subprocess.run(
        [sys.executable, "-c", code, *MUSHROOM, *extra, "-o", "cut", "-q"],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert broken.returncode == 130
    assert "nothing is lost" in broken.stderr
    assert "pixl resume cut.run" in broken.stderr
    assert "Traceback" not in broken.stderr
    assert not Path("cut").exists()
    (tmp_path / "elsewhere").mkdir()
    os.chdir(tmp_path / "elsewhere")
    assert pixl("resume", "../cut.run", "-q").exit_code == 0
    os.chdir(tmp_path)
    files = sorted(p.relative_to("whole") for p in Path("whole").rglob("*") if p.is_file())
    assert files == sorted(p.relative_to("cut") for p in Path("cut").rglob("*") if p.is_file())
    for name in files:
        assert (Path("whole") / name).read_bytes() == (Path("cut") / name).read_bytes(), name
    assert not Path("cut.run").exists()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(
    ("args", "code", "text"),
    [
        (["resume", "nowhere"], 4, "holds no run"),
        ([*MUSHROOM, "--recipe", "slow"], 2, "not a recipe"),
        ([*MUSHROOM, "--prior", "nothing"], 2, "prior"),
        (["pixel", "--prompt", "qwxzzy", "--engine", "distill", "--size", "8x8"], 3, "qwxzzy"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(args: list[str], code: int, text: str) -> None:
    done = pixl(*args, "-o", "out") if args[0] != "resume" else pixl(*args)
    assert done.exit_code == code, done.stderr
    assert text in done.stderr
    assert not Path("out").exists()


def test_words_that_are_left_out_or_not_known_are_said() -> None:
    words = ["two zorbish cats" if word == "a red mushroom" else word for word in MUSHROOM]
    done = pixl(*words, "-o", "out")
    assert done.exit_code == 0, done.stderr
    assert "picture from the icon library: cat; left out: two; not known: zorbish" in done.stderr
    assert "more answer the same words" in done.stderr
    assert "note: the icon library does not know zorbish" in done.stderr
    told = json.loads(pixl(*words, "-o", "again", "--json").stdout)
    assert any("zorbish" in warning for warning in told["warnings"])


def test_no_job_of_another_engine_imports_torch(tmp_path: Path) -> None:
    """Torch is installed here; every craft, and what is done with a finished pattern, leaves it alone."""
    rgb = np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)
    Image.fromarray(np.repeat(np.repeat(rgb, 4, 0), 4, 1)).save("photo.png")
    jobs = [
        ["--help"],
        *([craft, "photo.png", "--size", "12x12", "-o", craft, "-q"] for craft in ("brick", "bead", "stitch", "pixel")),
        ["embroider", "photo.png", "--size", "12x12", "-o", "embroider", "-q"],
        ["bead", "--prompt", "a red mushroom", "--size", "12x12", "-o", "words", "-q"],
        ["export", "bead/pattern.pixl", "-f", "csv", "-o", "bead.csv"],
        ["show", "bead/pattern.pixl"],
        ["repro", "words/pattern.pixl", "-o", "again", "-q"],
        ["formats"],
        ["palette", "list"],
    ]
    code = (
        "import contextlib, io, sys\n"
        "from pixl.cli import main\n"
        f"for words in {jobs!r}:\n"
        "    sys.argv = ['pixl', *words]\n"
        "    try:\n"
        "        with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())): main()\n"
        "    except SystemExit as end:\n"
        "        assert not end.code, words\n"
        "    assert not {'torch', 'diffusers', 'transformers'} & set(sys.modules), words\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert {"brick", "bead", "stitch", "pixel", "embroider", "words", "again", "bead.csv"} <= set(listing())
