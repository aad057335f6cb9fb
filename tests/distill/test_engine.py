"""The engine as the command line uses it: answers, outputs, interruptions, kills, and everything that can
run out.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from small import PALETTE, index_of, picture_of, shapes_prior

from pixl import run as runs
from pixl.distill import DistillEngine, checkpoint, solve
from pixl.distill.generator import Generator
from pixl.distill.outputs import contact_sheet, entropy_map, gif, of_a_step, recoloured
from pixl.distill.sds import draw, sds_step
from pixl.distill.settings import Settings
from pixl.engine import load_engine
from pixl.errors import (
    DeviceError,
    DocumentError,
    InterruptedRunError,
    MissingError,
    MissingExtraError,
    OutputError,
    PixlError,
    UsageError,
)
from pixl.job import FREE, Job, Limits
from pixl.palette import Color, Palette
from pixl.pattern import Cell, Pattern
from pixl.photo import photo_from_rgba
from pixl.run import Run, create_run
from pixl.units import GridSize

TABLE = Palette(
    id="six",
    version="1",
    name="Six",
    colors=tuple(
        Color(code=f"c/{k}", name=f"Colour {k}", rgb=tuple(int(v) for v in (rgb * 255).round()))  # type: ignore[arg-type]
        for k, rgb in enumerate(PALETTE)
    ),
)


@pytest.fixture(autouse=True)
def shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The prior of shapes instead of the icons: small and quick."""
    monkeypatch.setattr(solve, "load_prior", lambda name, grid: shapes_prior(variants=1))


def job(prompt: str = "cross", *, photo: str = "", limits: Limits | None = None, **settings: Any) -> Job:
    picture = None
    if photo:
        rgb = (picture_of(index_of(photo))[0].permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
        picture = photo_from_rgba(np.repeat(np.repeat(rgb, 4, 0), 4, 1))
        settings = {"prior": "shapes", **settings}
    return Job(
        photo=picture,
        size=GridSize(width=12, height=12),
        palette=TABLE,
        cell=Cell(width_mm=5, height_mm=5),
        prompt=prompt,
        limits=limits or Limits(),
        settings=settings,
    )


class Steps:
    """A progress that remembers, and may do something at a step."""

    def __init__(self, at: Callable[[int], None] = lambda step: None) -> None:
        self.said: list[str] = []
        self.pictures = 0
        self.at = at

    def step(self, name: str, done: int, total: int, note: str = "") -> None:
        self.said.append(f"{name} {done}/{total} {note}")
        if name == "distill":
            self.at(done)

    def picture(self, index: Any, colors: Any) -> None:
        self.pictures += 1
        assert index.shape == (12, 12)
        assert colors.dtype == np.uint8


def digest(run: Run, pattern: Pattern) -> dict[str, str]:
    """SHA-256 of everything a finished run left."""
    files = {str(p.relative_to(run.folder)): p for p in run.folder.rglob("*") if p.is_file()}
    found = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    return {**found, "pattern": hashlib.sha256(pattern.index.tobytes()).hexdigest()}


def test_a_prompt_alone_gives_the_words_shape() -> None:
    pattern = load_engine("distill").solve(job("cross"))
    np.testing.assert_array_equal(pattern.index, index_of("cross").numpy())
    assert pattern.palette == TABLE


def test_a_photo_and_other_words_become_the_words_shape() -> None:
    steps = Steps()
    pattern = DistillEngine().solve(job("disc", photo="square"), progress=steps)
    np.testing.assert_array_equal(pattern.index, index_of("disc").numpy())
    assert any("% sure" in line and "loss" in line for line in steps.said)
    assert steps.pictures >= 1


def test_transparent_parts_of_a_photo_stay_empty() -> None:
    rgba = np.full((48, 48, 4), 255, np.uint8)
    rgba[:, :, :3] = (204, 26, 26)
    rgba[:16, :, 3] = 0
    pattern = DistillEngine().solve(replace(job("disc", prior="shapes"), photo=photo_from_rgba(rgba)))
    assert (pattern.index[:4] == -1).all()
    assert (pattern.index[4:] >= 0).all()


def test_locked_cells_and_number_of_colours() -> None:
    locked = np.full((12, 12), FREE, np.int16)
    locked[0, :] = 4
    locked[1, 0] = -1
    pattern = DistillEngine().solve(job("cross", photo="cross", limits=Limits(locked=locked, colors=3)))
    assert (pattern.index[0] == 4).all()
    assert pattern.index[1, 0] == -1
    assert len(pattern.used()) <= 3


@pytest.mark.parametrize("start", ["random", "zero", "palette-bilinear", "kmeans"])
def test_other_starts(start: str) -> None:
    pattern = DistillEngine().solve(job("stripes", photo="disc", start=start))
    assert (pattern.index == index_of("stripes").numpy()).mean() > 0.95


def test_what_a_run_leaves(tmp_path: Path) -> None:
    run = create_run(tmp_path / "r", {})
    pattern = DistillEngine().solve(job("disc", photo="square", gif=True), run=run)
    files = run.outputs()
    assert {"argmax.png", "softmax.png", "entropy.png", "log.csv", "way.gif"} <= set(files)
    layers = sorted(name for name in files if name.startswith("layers/"))
    assert set(layers) <= {f"layers/{k + 1:03d}-c-{k}.png" for k in range(6)}
    assert set(layers) >= {f"layers/{k + 1:03d}-c-{k}.png" for k in pattern.used()}
    assert all(np.asarray(Image.open(io.BytesIO(files[name])))[..., 3].any() for name in layers)
    shown = np.asarray(Image.open(io.BytesIO(files["argmax.png"])).convert("RGB"))
    np.testing.assert_array_equal(shown[21::42, 21::42][:12, :12], pattern.rgb())
    weights = [np.asarray(Image.open(io.BytesIO(files[name])))[21::42, 21::42, 3].astype(int) for name in layers]
    assert np.abs(np.sum(weights, axis=0) - 255).max() <= 3
    film = Image.open(io.BytesIO(files["way.gif"]))
    assert getattr(film, "n_frames", 1) >= 2
    assert run.finished
    done = json.loads((run.folder / runs.DONE).read_text())
    assert done["steps"] == len(run.records())
    about = checkpoint.unpack(run.latest()[1])[1]  # type: ignore[index]
    assert about["settings"]["recipe"] == "fast"
    rows = files["log.csv"].decode().splitlines()
    assert rows[0] == "step,t,loss,entropy,changed,rows,likeliest,variance"
    assert len(rows) == 1 + done["steps"]


def test_another_palette_for_a_finished_run(tmp_path: Path) -> None:
    run = create_run(tmp_path / "r", {})
    DistillEngine().solve(job("disc", recipe="paper", steps=4), run=run)
    files = run.outputs()
    state, _ = checkpoint.unpack(run.latest()[1])  # type: ignore[index]
    table = torch.from_numpy(TABLE.rgb.astype(np.float32) / 255)
    assert recoloured(state, table)["softmax.png"] == files["softmax.png"]
    turned = Image.open(io.BytesIO(recoloured(state, 1 - table)["argmax.png"])).convert("RGB")
    plain = Image.open(io.BytesIO(files["argmax.png"])).convert("RGB")
    assert (np.asarray(turned).astype(int) + np.asarray(plain) == 255).all()
    with pytest.raises(UsageError, match="6 colours"):
        recoloured(state, table[:5])


def test_pictures_of_a_step() -> None:
    prior = shapes_prior(variants=1)
    made = Generator(logits=torch.zeros(12, 12, 6, requires_grad=True), palette=PALETTE)
    drawn = draw(
        torch.Generator().manual_seed(0),
        logits_shape=(12, 12, 6),
        latent_shape=(1, 3, 12, 12),
        image_size=(12, 12),
        step=0,
        steps=10,
    )
    result = sds_step(made, prior, prior.condition("disc"), drawn, guidance=5.0)
    assert drawn.gumbel is not None
    files = of_a_step(made, result, prior, drawn.gumbel)
    assert {Path(name).name for name in files} == {
        "augmented.png",
        "gradient.png",
        "gumbel-soft.png",
        "gumbel-hard.png",
    }
    hard = np.asarray(Image.open(io.BytesIO(files["step/gumbel-hard.png"])))[21::42, 21::42, :3] / 255
    near = np.abs(hard[:, :, None] - PALETTE.numpy()).max(-1).min(-1)
    assert near.max() <= 0.5 / 255 + 1e-6
    augmented = np.asarray(Image.open(io.BytesIO(files["step/augmented.png"])))[21::42, 21::42] / 255
    np.testing.assert_allclose(augmented, result.image[0].permute(1, 2, 0).numpy(), atol=0.5 / 255 + 1e-6)


def test_ctrl_c_finishes_the_step_saves_and_says_how_to_go_on(tmp_path: Path) -> None:
    whole = create_run(tmp_path / "whole", {})
    want = digest(whole, DistillEngine().solve(job("disc", settle=0), run=whole))

    def press(step: int) -> None:
        if step == 4:
            os.kill(os.getpid(), signal.SIGINT)

    run = create_run(tmp_path / "run", {})
    with pytest.raises(InterruptedRunError, match="after step 4 of 12") as caught:
        DistillEngine().solve(job("disc", settle=0), progress=Steps(press), run=run)
    assert caught.value.exit_code == 130
    assert f"pixl resume {run.folder}" in caught.value.hint
    assert run.latest() is not None
    assert run.latest()[0] == 4  # type: ignore[index]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    again = digest(run, DistillEngine().solve(job("disc", settle=0), run=run))
    checkpoints = [name for name in again if name.startswith("checkpoints")]
    assert {k: v for k, v in again.items() if k not in checkpoints} == {
        k: v for k, v in want.items() if not k.startswith("checkpoints")
    }


def test_a_finished_run_gives_its_answer_again(tmp_path: Path) -> None:
    run = create_run(tmp_path / "r", {})
    one = DistillEngine().solve(job("disc"), run=run)
    before = digest(run, one)
    assert digest(run, DistillEngine().solve(job("disc"), run=run)) == before


def test_a_run_of_another_job_is_refused(tmp_path: Path) -> None:
    run = create_run(tmp_path / "r", {})
    DistillEngine().solve(job("disc"), run=run)
    for other in (job("cross"), job("disc", guidance=3.0), replace(job("disc"), seed=1)):
        with pytest.raises(UsageError, match="begun with another"):
            DistillEngine().solve(other, run=run)


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingError, match="needs a diffusion model") as caught:
        DistillEngine().solve(replace(job("disc", photo="disc"), settings={}))
    assert "pixl models pull" in caught.value.hint
    assert (DistillEngine().solve(job("", photo="disc")).index >= 0).any()  # a photo needs no words
    with pytest.raises(UsageError, match="not a setting"):
        DistillEngine().solve(job("disc", colour=3))
    monkeypatch.setattr("pixl.distill.engine.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as missing:
        DistillEngine().solve(job("disc"))
    assert missing.value.exit_code == 4
    assert "pip install" in missing.value.hint


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), DeviceError),
        (MemoryError(), DeviceError),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), DeviceError),
    ],
)
def test_out_of_memory_is_a_sentence_and_loses_nothing(
    raised: Exception, kind: type[PixlError], tmp_path: Path
) -> None:
    run = create_run(tmp_path / "r", {})

    def fail(step: int) -> None:
        if step == 7:
            raise raised

    with pytest.raises(kind, match="memory") as caught:
        DistillEngine().solve(job("disc", settle=0), progress=Steps(fail), run=run)
    assert "pixl resume" in caught.value.hint
    assert run.latest()[0] == 5  # type: ignore[index]
    fresh = create_run(tmp_path / "fresh", {})
    want = DistillEngine().solve(job("disc", settle=0), run=fresh)
    assert DistillEngine().solve(job("disc", settle=0), run=run) == want
    assert run.outputs() == fresh.outputs()


def test_other_runtime_errors_are_bugs_and_stay_so() -> None:
    def fail(step: int) -> None:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        DistillEngine().solve(job("disc"), progress=Steps(fail))


def test_a_full_disk_is_a_sentence_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = create_run(tmp_path / "r", {})
    real = os.fsync
    left = [6]

    def filling(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    monkeypatch.setattr(os, "fsync", filling)
    with pytest.raises(OutputError, match="No space left") as caught:
        DistillEngine().solve(job("disc", settle=0), run=run)
    assert "pixl resume" in caught.value.hint
    monkeypatch.setattr(os, "fsync", real)
    fresh = create_run(tmp_path / "fresh", {})
    assert DistillEngine().solve(job("disc", settle=0), run=run) == DistillEngine().solve(
        job("disc", settle=0), run=fresh
    )
    assert run.outputs() == fresh.outputs()
    assert (run.folder / runs.LOG).read_bytes() == (fresh.folder / runs.LOG).read_bytes()


# -- SIGKILL at any moment
# ---------------------------------------------------------------------------------------------


def killed_child(run: Run, wanted: Job, write_kill: int, share: float, step_kill: int) -> bool:
    """Solve in a forked child that kills itself inside its n-th file write after a share of the bytes, or at
    a step.

    Whether it was killed before it ended by itself.
    """
    child = os.fork()
    if child == 0:
        try:
            real, count = runs.write_whole, [0]

            def dying(path: Path, data: bytes) -> None:
                count[0] += 1
                if count[0] == write_kill:
                    with path.with_name(f".{path.name}.part").open("wb") as file:
                        file.write(data[: int(len(data) * share)])
                        file.flush()
                        if share < 1:
                            os.kill(os.getpid(), signal.SIGKILL)
                    path.with_name(f".{path.name}.part").replace(path)
                    os.kill(os.getpid(), signal.SIGKILL)
                real(path, data)

            def at(step: int) -> None:
                if step == step_kill:
                    os.kill(os.getpid(), signal.SIGKILL)

            runs.write_whole = dying
            DistillEngine().solve(wanted, progress=Steps(at), run=run)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_killed_at_fifty_seeded_points_it_always_resumes_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the kills at a step, half inside a write (checkpoints, previews, outputs), some runs killed
    twice.
    """
    wanted = job("disc", gif=True, settle=0, save_every=3, inner=3)
    whole = create_run(tmp_path / "whole", {})
    real, written = runs.write_whole, []

    def counting(path: Path, data: bytes) -> None:
        written.append(path)
        real(path, data)

    with monkeypatch.context() as counted:
        counted.setattr(runs, "write_whole", counting)
        want = digest(whole, DistillEngine().solve(wanted, run=whole))
    assert {path.suffix for path in written} >= {".ckpt", ".png", ".csv", ".gif", ".json", ".jsonl"}
    points = random.Random(20)
    half = 0  # runs killed in the middle of a checkpoint
    for number in range(50):
        run = create_run(tmp_path / f"{number}", {})
        in_write = number % 2 == 0
        for attempt in range(1 + number % 3 // 2):
            killed = killed_child(
                run,
                wanted,
                points.randint(1, len(written)) if in_write else 0,
                points.choice([0.0, 0.3, 0.99, 1.0]),
                0 if in_write else points.randint(1, 12),
            )
            assert killed or attempt, f"point {number} was not killed"
            half += bool(list((run.folder / "checkpoints").glob(".*.part")))
        assert digest(run, DistillEngine().solve(wanted, run=run)) == want, f"point {number}"
    assert half >= 3


# -- what is imported
# --------------------------------------------------------------------------------------------------


def loaded(code: str) -> set[str]:
    report = f"import sys\n{code}\nprint(*[m for m in ('torch', 'diffusers', 'safetensors') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True, env=environment())
    return set(done.stdout.split())


def environment() -> Mapping[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_asking_for_the_engine_imports_no_torch() -> None:
    assert loaded("from pixl.engine import load_engine; load_engine('distill')") == set()
    assert loaded("import pixl.distill.priors as p; [r.name for r in p.PRIORS]") == set()
    assert loaded("import pixl.run, pixl.cli.app, pixl.cli.distilling") == set()


# -- pictures and checkpoints
# ------------------------------------------------------------------------------------------


def test_checkpoints_are_safetensors_and_foreign_bytes_are_refused() -> None:
    from safetensors.torch import load

    tensors = {"a": torch.arange(6).view(2, 3), "rng": torch.get_rng_state()}
    data = checkpoint.pack(tensors, {"x": [1, 2]})
    read, about = checkpoint.unpack(data)
    assert about == {"x": [1, 2]}
    for name, value in tensors.items():
        assert torch.equal(read[name], value)
        assert torch.equal(load(data)[name], value)
    for bad in (b"", b"\x80\x04pickle", data[: len(data) // 2], data[8:]):
        with pytest.raises(DocumentError, match="cannot be read"):
            checkpoint.unpack(bad)


def test_entropy_map_and_sheets() -> None:
    colors = entropy_map(torch.tensor([[0.0, 0.5, 1.0]]))
    assert colors[0, 2].tolist() == [255, 255, 255]
    assert colors[0, 0].sum() < colors[0, 1].sum() < colors[0, 2].sum()
    sheet = Image.open(io.BytesIO(contact_sheet([np.zeros((12, 12, 3), np.uint8)] * 3)))
    assert sheet.size == (2 * 252 + 36, 2 * 252 + 36)
    frames = [np.full((8, 8, 3), k * 60, np.uint8) for k in range(4)]
    film = Image.open(io.BytesIO(gif(frames)))
    assert getattr(film, "n_frames", 1) == 4
    made = Generator(logits=torch.zeros(2, 2, 6), palette=PALETTE, mask=torch.tensor([[True, False], [True, True]]))
    assert made.entropy()[0, 1] == 0


def test_settings_of_the_engine_are_in_the_checkpoint(tmp_path: Path) -> None:
    run = create_run(tmp_path / "r", {})
    DistillEngine().solve(job("disc", recipe="paper", steps=3), run=run)
    about = checkpoint.unpack(run.latest()[1])[1]  # type: ignore[index]
    assert about["settings"]["guidance"] == Settings().guidance
    assert about["threads"] == 1
    assert about["prior"] == "icons"
