"""Moving pictures by distill: still cells stand, the palette is shared, the command line knows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from readers import read_gif
from test_motion import SIDE, still_cells
from typer.testing import CliRunner
from walks import some_palette, walk

from pixl.job import Job, Limits
from pixl.pattern import Cell
from pixl.photo import photo_from_rgba
from pixl.units import GridSize

pytest.importorskip("torch")

from pixl.distill import DistillEngine
from pixl.distill.frames import LED, animate

SHORT: dict[str, Any] = {"prior": "icons", "steps": 5, "inner": 8, "rounds": {"count": 1, "steps": 2, "tries": 1}}


def test_still_cells_stand() -> None:
    frames = walk(4, noise=12.0)
    photos = [photo_from_rgba(frame) for frame in frames]
    job = Job(
        photo=photos[0],
        size=GridSize(width=SIDE, height=SIDE),
        palette=some_palette(),
        cell=Cell(width_mm=5, height_mm=5),
        prompt="house",
        limits=Limits(colors=5),
        settings={**SHORT, "fidelity": 0.5},
    )
    together = np.stack([pattern.index for pattern in animate(job, photos)])
    alone = np.stack([DistillEngine().solve(replace(job, photo=photo)).index for photo in photos])
    still = still_cells(walk(4))
    before = ((alone[1:] != alone[:-1]) & still).sum() / still.sum()
    after = ((together[1:] != together[:-1]) & still).sum() / still.sum()
    assert before > 0.05
    assert after <= before / 5
    assert len(np.unique(together)) <= 5
    assert (together[1:] != together[:-1]).any()


def test_frames_lead_unless_told_otherwise() -> None:
    photos = [photo_from_rgba(frame) for frame in walk(2)]
    job = Job(
        photo=photos[0],
        size=GridSize(width=SIDE, height=SIDE),
        palette=some_palette(),
        cell=Cell(width_mm=5, height_mm=5),
        prompt="house",
        settings=SHORT,
    )

    def drawn(**settings: Any) -> np.ndarray:
        return np.stack([one.index for one in animate(replace(job, settings={**SHORT, **settings}), photos)])

    goal = drawn(fidelity=1)
    led = drawn()
    assert (led == drawn(fidelity=LED)).all()
    assert (led != goal).mean() < 0.5 * (drawn(fidelity=0) != goal).mean()


def test_at_fidelity_one_the_frames_are_quantizes() -> None:
    from pixl.animation import animate as quantized

    photos = [photo_from_rgba(frame) for frame in walk(3)]
    job = Job(
        photo=photos[0],
        size=GridSize(width=SIDE, height=SIDE),
        palette=some_palette(),
        cell=Cell(width_mm=5, height_mm=5),
        style="natural",
    )
    ours = animate(replace(job, settings={"fidelity": 1}), photos)
    for one, other in zip(ours, quantized(job, photos), strict=True):
        assert (one.index == other.index).mean() > 0.97


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pixl.cli.app import app

    monkeypatch.chdir(tmp_path)
    Path("frames").mkdir()
    for number, frame in enumerate(walk(2)):
        Image.fromarray(frame).save(f"frames/{number}.png")
    words = ["pixl", "pixel", "frames", "--engine", "distill", "--prior", "icons", "--prompt", "house", "--steps", "3"]
    result = CliRunner().invoke(app, [*words[1:], "--size", "12x", "--colors", "4", "-o", "out.gif"])
    assert result.exit_code == 0, result.output
    assert len(np.unique(read_gif(Path("out.gif").read_bytes()).frames.reshape(-1, 4), axis=0)) <= 4
