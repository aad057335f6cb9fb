"""--focus on the command line: the mask is cut and framed as the picture is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image
from typer.testing import CliRunner

from pixl.cli.app import app


def made(folder: Path, *args: str) -> tuple[int, dict]:  # type: ignore[type-arg]
    done = CliRunner().invoke(app, ["pixel", str(folder / "photo.png"), *args, "--json", "-o", str(folder / "out.png")])
    return done.exit_code, json.loads(done.stdout)


def test_a_mask_is_framed_with_the_picture_and_one_of_another_shape_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    wide = rng.integers(0, 255, (60, 120, 3)).astype(np.uint8)
    wide[:, :30] = wide[:, 90:] = 128
    Image.fromarray(wide).save(tmp_path / "photo.png")
    side, middle, wrong = (np.zeros(shape, np.uint8) for shape in ((60, 120), (60, 120), (60, 60)))
    side[:, :30] = 255  # cut away when the picture is made square
    middle[:, 30:90] = 255
    for name, mask in (("side", side), ("middle", middle), ("wrong", wrong)):
        Image.fromarray(mask).save(tmp_path / f"{name}.png")
    answers = {}
    for name in ("", "side", "middle"):
        extra = ["--focus", str(tmp_path / f"{name}.png")] if name else []
        assert made(tmp_path, "--size", "12x12", "--palette", "perler", "--force", *extra)[0] == 0
        answers[name] = np.asarray(Image.open(tmp_path / "out.png").convert("RGB")).tobytes()
    assert answers["side"] == answers[""] != answers["middle"]
    code, told = made(tmp_path, "--size", "12x12", "--focus", str(tmp_path / "wrong.png"), "--force")
    assert code == 2
    assert "another shape" in told["error"]["what"]
