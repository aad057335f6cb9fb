"""Asking for the engine distill where its extra is not installed: a sentence, exit code 4, nothing left behind.

Where torch is installed it is hidden from the import system of another process, so that this runs with and
without it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HIDDEN = """
import sys

class Without:
    def __init__(self, inner):
        self.inner = inner

    def find_spec(self, name, path=None, target=None):
        gone = name.partition(".")[0] in ("torch", "safetensors", "diffusers", "transformers")
        return None if gone else self.inner.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(self.inner, name)

sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
from pixl.cli import main
main()
"""


def pixl(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", HIDDEN, *args]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder)


@pytest.mark.parametrize("extra", [[], ["--recipe", "paper"], ["--variations", "2"], ["--dry-run"]])
def test_it_is_exit_4_with_the_command_that_installs_it(tmp_path: Path, extra: list[str]) -> None:
    words = ["bead", "--prompt", "a red mushroom", "--size", "12x12", "--engine", "distill"]
    done = pixl(tmp_path, *words, *extra)
    assert done.returncode == 4, done.stderr
    assert "pip install 'pixl-craft[diffusion]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_same_words_without_the_engine_give_a_pattern(tmp_path: Path) -> None:
    done = pixl(tmp_path, "bead", "--prompt", "a red mushroom", "--size", "12x12", "-o", "out", "-q")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "pattern.pixl").is_file()
