"""Running the command line in this process, with the output caught."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from pixl.cli.app import app


@dataclass(frozen=True)
class Outcome:
    """What a run gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def pixl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """``pixl("brick", "photo.png", "-n")``, run in an empty folder that holds ``photo.png``, 24 x 16 pixels."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    blocks = rng.integers(0, 256, (4, 6, 3)).astype(np.uint8)
    Image.fromarray(np.repeat(np.repeat(blocks, 4, 0), 4, 1)).save("photo.png")

    def run(*args: str) -> Outcome:
        result = CliRunner().invoke(app, [str(arg) for arg in args], prog_name="pixl")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(code=result.exit_code, out=result.stdout, err=result.stderr)

    return run
