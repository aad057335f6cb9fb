"""Whole jobs with a tiny diffusion prior: the engine, the command line, resuming, and what is said when it cannot."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from test_lora_and_files import layers, original_names, save
from test_named import put
from tiny_models import UNET, controlnet, original_words, text_encoder, tiny_vae, unet
from tiny_models import text_encoder_2 as second

from pixl.distill import DistillEngine, hub
from pixl.distill.diffusion import named
from pixl.distill.diffusion.student import StudentPrior
from pixl.distill.diffusion.unet import UnetPrior
from pixl.distill.models import row_of
from pixl.distill.solve import solve
from pixl.errors import InterruptedRunError, MissingError, UsageError
from pixl.job import Job
from pixl.palette import load_palette
from pixl.pattern import Cell
from pixl.photo import photo_from_rgba
from pixl.progress import Progress
from pixl.run import DONE, create_run, open_run
from pixl.units import GridSize

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sdxl_folder: Path) -> Path:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    put(row_of("vega"), lambda folder: shutil.copytree(sdxl_folder, folder))
    put(row_of("taesdxl"), lambda folder: tiny_vae().save_pretrained(folder))
    put(row_of("control-canny-sdxl-mid"), lambda folder: controlnet(21).save_pretrained(folder))
    return tmp_path


def pixels() -> np.ndarray:
    y, x = np.mgrid[:48, :48]
    picture = np.zeros((48, 48, 3), np.uint8)
    picture[(y - 24) ** 2 + (x - 24) ** 2 < 300] = (220, 40, 30)
    picture[30:] = (30, 120, 60)
    return picture


def job(*, photo: bool = True, prompt: str = "a cat", **settings: Any) -> Job:
    return Job(
        photo=photo_from_rgba(pixels(), name="photo") if photo else None,
        prompt=prompt,
        size=GridSize(width=8, height=8),
        palette=load_palette("rgb-lattice:2"),
        cell=Cell(width_mm=5.0, height_mm=5.0),
        seed=3,
        settings={"prior": "vega", "resolution": 64, "device": "cpu", **settings},
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"recipe": "paper", "steps": 4},
        {"steps": 3},
        {"recipe": "paper", "steps": 2, "control": "canny", "negative": "dull", "control_end": 0.6},
    ],
)
def test_a_job_ends_and_repeats(cache: Path, settings: dict[str, Any]) -> None:
    first = DistillEngine().solve(job(**settings))
    assert first.index.shape == (8, 8)
    assert np.array_equal(first.index, DistillEngine().solve(job(**settings)).index)


class Ear(Progress):
    """Keeps what is said to a person."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def step(self, stage: str, done: int, total: int, note: str = "") -> None:
        pass

    def say(self, text: str) -> None:
        self.said.append(text)


class Stop(Progress):
    """Interrupts after some steps, as Ctrl-C does."""

    def __init__(self, after: int) -> None:
        self.after = after

    def step(self, stage: str, done: int, total: int, note: str = "") -> None:
        if stage == "distill" and done == self.after:
            import signal

            os.kill(os.getpid(), signal.SIGINT)


def test_resuming_gives_the_same(cache: Path, tmp_path: Path) -> None:
    """Stopped after two of five steps and gone on: the same cells and the same log as in one go."""
    settings = {"recipe": "paper", "steps": 5, "control": "canny"}
    whole = create_run(tmp_path / "whole", {})
    expected = DistillEngine().solve(job(**settings), run=whole)
    part = create_run(tmp_path / "part", {})
    with pytest.raises(InterruptedRunError):
        DistillEngine().solve(job(**settings), run=part, progress=Stop(2))
    resumed = DistillEngine().solve(job(**settings), run=open_run(tmp_path / "part"))
    assert np.array_equal(resumed.index, expected.index)
    assert part.records() == whole.records()


def test_other_weights_are_no_continuation(cache: Path, tmp_path: Path) -> None:
    lora = save(tmp_path / "style.safetensors", layers(unet(), "unet", 8))
    settings = {"recipe": "paper", "steps": 4, "lora": [str(lora)]}
    run = create_run(tmp_path / "run", {})
    with pytest.raises(InterruptedRunError):
        DistillEngine().solve(job(**settings), run=run, progress=Stop(1))
    save(lora, layers(unet(), "unet", 9))
    with pytest.raises(UsageError, match="other weights"):
        DistillEngine().solve(job(**settings), run=open_run(tmp_path / "run"))


def test_control_steers_the_run(cache: Path) -> None:
    """The same job with and without: other gradients, so another log."""
    logs = []
    for control in ("", "canny"):
        run = create_run(cache / f"run-{control or 'none'}", {})
        DistillEngine().solve(job(recipe="paper", steps=3, control=control, control_scale=1.0), run=run)
        logs.append([record["loss"] for record in run.records()])
    assert logs[0] != logs[1]


def test_without_a_photo(cache: Path) -> None:
    """From the prior's own sample, the one that CLIP likes best where CLIP is here."""
    settings = {"sample_steps": 2, "samples": 3, "steps": 1, "rounds": {"count": 0}}
    plain = DistillEngine().solve(job(photo=False, **settings))
    assert plain.index.shape == (8, 8)


def test_control_without_a_photo_follows_the_sample(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the paper's code: the sample is drawn without control, then its edges steer; also after resuming."""
    settings = {"recipe": "paper", "steps": 3, "samples": 1, "sample_steps": 2, "control": "canny"}
    seen: list[torch.Tensor] = []
    make = named.controls.control_pictures

    def kept(kinds: Any, pixels: Any, size: Any, **rest: Any) -> list[torch.Tensor]:
        seen.append(torch.from_numpy(pixels.copy()))
        return make(kinds, pixels, size, **rest)

    monkeypatch.setattr(named.controls, "control_pictures", kept)
    asked: list[int] = []
    branch = type(named.load_named("vega", (8, 8), {"resolution": 64, "device": "cpu"}).controls)
    residuals = branch.residuals

    def counted(self: Any, z: Any, t: int, time: Any, words: Any, added: Any, pictures: Any) -> Any:
        asked.append(len(pictures))
        return residuals(self, z, t, time, words, added, pictures)

    monkeypatch.setattr(branch, "residuals", counted)
    whole = create_run(cache / "whole", {})
    expected = DistillEngine().solve(job(photo=False, step_pictures=True, **settings), run=whole)
    pictures = {name for name in whole.outputs() if name.startswith("step/")}
    said = {"start", "sample", "control-canny", "augmented", "gradient", "gumbel-soft", "gumbel-hard"}
    assert pictures == {f"step/{name}.png" for name in said}
    shown = np.asarray(Image.open(io.BytesIO(whole.outputs()["step/control-canny.png"])))
    assert set(np.unique(shown)) <= {0, 255}
    assert shown.shape == (64, 64, 3)
    assert asked == [0, 0, 1, 1, 1]  # two of the sample, three of the descent
    assert len(seen) == 1
    part = create_run(cache / "part", {})
    with pytest.raises(InterruptedRunError):
        DistillEngine().solve(job(photo=False, **settings), run=part, progress=Stop(1))
    resumed = DistillEngine().solve(job(photo=False, **settings), run=open_run(cache / "part"))
    assert np.array_equal(resumed.index, expected.index)
    assert part.records() == whole.records()
    assert torch.equal(seen[0], seen[-1])


@pytest.mark.parametrize("name", ["vega-rt", "lightning-4", "hyper-8-cfg"])
def test_the_fast_recipe_on_students(cache: Path, sdxl_folder: Path, name: str) -> None:
    """Rounds and replay end to end: trained times only, one row (two with guidance), the encoder never goes back."""
    row = row_of(name)

    def fill(folder: Path) -> None:
        folder.mkdir(parents=True)
        save(folder / row.files[0], layers(unet(), "unet", 3))

    put(row, fill)
    put(row_of("sdxl"), lambda folder: shutil.copytree(sdxl_folder, folder))
    prior = named.load_named(name, (8, 8), {"resolution": 64, "device": "cpu"})
    assert isinstance(prior, StudentPrior)
    times: list[int] = []
    forward = prior.unet.forward

    def watched(z: torch.Tensor, t: torch.Tensor, **rest: Any) -> Any:
        times.append(int(t))
        assert z.shape[0] == row.rows
        return forward(z, t, **rest)

    prior.unet.forward = watched
    encode = prior.encode
    prior.encode = lambda image, noise=None: without_a_graph(encode(image, noise))  # type: ignore[method-assign]
    run = create_run(cache / "run", {})
    solve(job(prior=name, steps=3, settle=0), run=run, prior=prior)
    assert set(times) <= set(row.grid)
    # first round: three walks; second: one; then three targets
    walked = [len(prior.times(t, 3)) for t in (800, 800, 800, 500)]
    assert len(times) == sum(walked) + 3
    assert run.records()[-1]["rows"] == row.rows * len(times)


def without_a_graph(z: torch.Tensor) -> torch.Tensor:
    assert not z.requires_grad
    return z


def test_the_fast_recipe_on_a_flow_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from test_kinds import save_sd3

    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = save_sd3(tmp_path / "tiny-3")
    for settings in ({"steps": 2}, {"recipe": "paper", "steps": 2}):
        pattern = DistillEngine().solve(job(prior=str(folder), **settings))
        assert pattern.index.shape == (8, 8)
        assert np.array_equal(pattern.index, DistillEngine().solve(job(prior=str(folder), **settings)).index)


def test_clip_chooses_the_start(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pixl.distill import begin
    from pixl.distill.settings import choose

    prior = named.load_named("vega", (8, 8), {"resolution": 64, "device": "cpu"})
    asked: list[int] = []

    def score(pictures: list[torch.Tensor], words: str) -> list[float]:
        asked.append(len(pictures))
        return [float(k == 2) for k in range(len(pictures))]

    monkeypatch.setattr(named, "scorer_for", lambda prior: score)
    drawn: list[torch.Tensor] = []
    sample = begin.targets.sample

    def kept(*args: Any, **kwargs: Any) -> torch.Tensor:
        drawn.append(sample(*args, **kwargs))
        return drawn[-1]

    monkeypatch.setattr(begin.targets, "sample", kept)
    settings = choose({"sample_steps": 1, "samples": 4})
    photo = begin.own_sample(job(photo=False), prior, prior.condition("a cat"), settings, (1, 4, 8, 8))
    assert asked == [4]
    chosen = begin.code_picture(photo)
    assert float((chosen - drawn[2][0]).abs().max()) < 0.01


def test_a_photo_without_words_is_captioned(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    put(row_of("blip"), lambda folder: (folder.mkdir(parents=True), [(folder / n).write_text("{}") for n in FILES]))
    monkeypatch.setattr(named, "caption", lambda pixels, folder, device: "a red ball")
    prior = named.load_named("vega", (8, 8), {"resolution": 64, "device": "cpu"})
    assert named.words_for(job(prompt=""), prior) == "a red ball"
    assert named.words_for(job(prompt="a cat"), prior) == "a cat"
    monkeypatch.setattr(type(prior), "condition", spy(type(prior).condition, seen))
    run, ear = create_run(cache / "run", {}), Ear()
    DistillEngine().solve(job(prompt="", steps=1, rounds={"count": 0}), run=run, progress=ear)
    assert "a red ball" in seen
    assert any("a red ball" in text for text in ear.said)
    assert json.loads((run.folder / DONE).read_text())["words"] == "a red ball"
    shutil.rmtree(hub.repo_folder(row_of("blip").repo))
    silent = Ear()
    DistillEngine().solve(job(prompt="", steps=1, rounds={"count": 0}), progress=silent)
    assert any("pixl models pull florence" in text for text in silent.said)


FILES = ("config.json", "model.safetensors")


def spy(method: Any, seen: list[str]) -> Any:
    def condition(self: Any, prompt: str, *rest: Any) -> Any:
        seen.append(prompt)
        return method(self, prompt, *rest)

    return condition


def test_no_prior_named_takes_the_best_here(cache: Path) -> None:
    from pixl.distill.solve import choose_prior

    one = job()
    unnamed = replace(one, settings={k: v for k, v in one.settings.items() if k != "prior"})
    assert choose_prior(unnamed) == "vega"
    shutil.rmtree(cache / "cache")
    with pytest.raises(MissingError, match="none is here") as caught:
        choose_prior(unnamed)
    assert "pixl models pull vega" in caught.value.hint
    assert caught.value.exit_code == 4


# -- the command line


def pixl(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'exporters'}",
        "HF_HUB_OFFLINE": "1",
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run([sys.executable, "-m", "pixl", *words], capture_output=True, text=True, cwd=place, env=env)


def test_the_command(cache: Path) -> None:
    """``pixl pixel photo --engine distill --prior vega --control canny --lora ..``: files, and no network."""
    Image.fromarray(pixels()).save(cache / "photo.png")
    lora = save(cache / "style.safetensors", layers(unet(), "unet", 8))
    words = [
        "pixel",
        "photo.png",
        "--prompt",
        "a cat with an academic hat",
        "--size",
        "8x8",
        "--palette",
        "rgb-lattice:2",
    ]
    words += ["--engine", "distill", "--prior", "vega", "--device", "cpu", "--resolution", "64", "--steps", "2"]
    controlnet(22).save_pretrained(cache / "mine")
    control = ["--control", f"canny={cache / 'mine'}", "--setting", "control_end=0.9", "--setting", "rounds.count=1"]
    done = pixl(cache, *words, *control, "--lora", f"{lora}*0.7", "--negative", "dull", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert (cache / "out" / "pattern.pixl").is_file()
    recipe = json.loads((cache / "out" / "pattern.pixl").read_text())["recipe"]
    assert recipe["engine"] == "distill"
    assert recipe["settings"]["control"] == "canny=mine"
    assert str(cache) not in json.dumps(recipe)

    missing = pixl(cache, *words[:-6], "--prior", "sdxl", "--control", "canny,depth", "--json")
    assert missing.returncode == 4
    error = json.loads(missing.stdout)["error"]
    assert "pixl models pull sdxl control-depth-sdxl-mid depth-anything-small" in error["hint"]
    assert "Traceback" not in done.stderr + missing.stderr


NO_NETWORK = """
import socket, sys
def refuse(*rest): raise SystemExit("the network was asked")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from pixl.cli import main
main()
"""


def test_making_never_asks_the_network(cache: Path, sdxl_folder: Path) -> None:
    """Online and unwatched, every way of loading: a name with control, a folder with a LoRA, a whole checkpoint."""
    Image.fromarray(pixels()).save(cache / "photo.png")
    put(row_of("sdxl"), lambda folder: shutil.copytree(sdxl_folder, folder))
    save(cache / "whole.safetensors", {**original_names(unet(66), UNET), **original_words(text_encoder(), second())})
    lora = save(cache / "style.safetensors", layers(unet(), "unet", 8))
    env = {k: v for k, v in os.environ.items() if not k.endswith("OFFLINE")}
    env |= {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'exporters'}", "OMP_NUM_THREADS": "1"}
    words = ["pixel", "photo.png", "--prompt", "a cat", "--size", "8x8", "--palette", "rgb-lattice:2", "--force"]
    words += ["--engine", "distill", "--device", "cpu", "--resolution", "64", "--steps", "1", "-o", "out"]
    for prior in (
        ["vega", "--control", "canny"],
        [str(sdxl_folder), "--lora", str(lora)],
        [str(cache / "whole.safetensors")],
    ):
        done = subprocess.run(
            [sys.executable, "-c", NO_NETWORK, *words, "--prior", *prior],
            capture_output=True,
            text=True,
            cwd=cache,
            env=env,
        )
        assert done.returncode == 0, done.stderr
        assert "network" not in done.stderr


def test_a_wide_grid_has_a_wide_picture(cache: Path) -> None:
    """6 x 12 cells: the prior's picture, the control picture and the told size are as wide, not a stretched square."""
    prior = named.load_named("vega", (6, 12), {"resolution": 128, "device": "cpu", "control": "canny"}, aspect=2.0)
    assert isinstance(prior, UnetPrior)
    assert prior.image_size == (64, 192)
    seen: list[tuple[int, ...]] = []
    forward = prior.unet.forward

    def watched(z: torch.Tensor, t: torch.Tensor, **rest: Any) -> Any:
        seen.append((*z.shape[-2:], *(int(v) for v in rest["added_cond_kwargs"]["time_ids"][0])))
        return forward(z, t, **rest)

    prior.unet.forward = watched
    one = replace(job(control="canny", resolution=128, steps=1), size=GridSize(width=12, height=6))
    assert solve(one, prior=prior).index.shape == (6, 12)
    assert set(seen) == {(8, 24, 64, 192, 0, 0, 64, 192)}


WRONG = {
    "--control pose": (2, "not a control"),
    "--resolution 70": (2, "use 64"),
    "--prior vegaa": (2, "did you mean vega"),
    "--prior segmind/SSD-1B": (4, "--prior ssd-1b"),
    "--prior icons --control canny": (2, "takes no control"),
    "--lora nowhere.safetensors": (4, "no LoRA file"),
    "--lora photo.png": (2, "no pickled weights"),
    "--device tpu": (4, "cuda, mps or cpu"),
    "--setting wrong=1": (2, "not a setting"),
    "--setting wrong": (2, "NAME=VALUE"),
    "--setting learning_rate=fast": (2, "learning_rate"),
    "--setting times.high=2": (2, "low <= high"),
    "--setting times=3": (2, "times."),
    "--setting compile=maybe": (2, "true or false"),
    "--setting encoder=huge": (2, "tiny or full"),
    "--setting trained=never": (2, "trained on"),
    "--setting edges=1,2 --control canny": (2, "three numbers"),
    "--setting rate=piecewise_constant --setting rate_rules=x": (2, "rule of rates"),
}


@pytest.mark.slow
@pytest.mark.parametrize("typed", WRONG)
def test_what_is_typed_wrong(cache: Path, typed: str) -> None:
    """One sentence and a hint, the right exit code, nothing left behind."""
    Image.fromarray(pixels()).save(cache / "photo.png")
    before = sorted(path.name for path in cache.iterdir())
    words = ["pixel", "photo.png", "--prompt", "a cat", "--size", "8x8", "--palette", "rgb-lattice:2", "-o", "out"]
    words += ["--engine", "distill", "--prior", "vega", "--device", "cpu", "--resolution", "64", "--steps", "1"]
    done = pixl(cache, *words, *typed.split())
    code, said = WRONG[typed]
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert done.stderr.count("error:") == done.stderr.count("hint:") == 1
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in cache.iterdir()) == before
