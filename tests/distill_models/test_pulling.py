"""``pixl models`` against a hub on 127.0.0.1: what is fetched, what is kept, what breaks and what is said."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mirror import Hub, serve
from tiny_models import save_sdxl, tiny_vae, unet

from pixl.distill import hub as hub_module
from pixl.distill.models import all_rows, controls_for, row_of, with_required
from pixl.distill.wanted import choose_files
from pixl.errors import ModelMissingError

pytest.importorskip("huggingface_hub")
ROOT = Path(__file__).resolve().parents[2]
VEGA, TINY = "segmind/Segmind-Vega", "madebyollin/taesdxl"
UNET_FILE = "unet/diffusion_pytorch_model.fp16.safetensors"


@pytest.fixture(scope="module")
def repos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A tiny vega with half-precision weights beside whole and pickled ones, and a tiny encoder."""
    import torch

    folder = tmp_path_factory.mktemp("hub")
    vega = save_sdxl(folder / "vega")
    unet().to(torch.float16).save_pretrained(vega / "unet", variant="fp16")
    (vega / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"pickled")
    (vega / "unet" / "diffusion_pytorch_model.non_ema.safetensors").write_bytes(b"other")
    (vega / "vega.safetensors").write_bytes(b"a whole checkpoint")
    (vega / "README.md").write_text("card")
    tiny_vae().save_pretrained(folder / "taesdxl")
    return {VEGA: vega, TINY: folder / "taesdxl"}


@dataclass
class Place:
    hub: Hub
    home: Path

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "pixl", "models", *words, **env)

    def python(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "XDG_", "PIXL_", "TRANSFORMERS_"))}
        return subprocess.run(
            [sys.executable, *words],
            capture_output=True,
            text=True,
            cwd=self.home,
            env={
                **kept,
                "HOME": str(self.home),
                "HF_HUB_CACHE": str(self.home / "cache"),
                "XDG_DATA_HOME": str(self.home / "data"),
                "HF_ENDPOINT": self.hub.endpoint,
                "HF_HUB_DISABLE_XET": "1",
                "HF_HUB_DISABLE_TELEMETRY": "1",
                "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'exporters'}",
                **env,
            },
        )

    def json(self, *words: str, **env: str) -> dict[str, Any]:
        done = self.run(*words, "--json", **env)
        assert done.returncode == 0, done.stderr + done.stdout
        value: dict[str, Any] = json.loads(done.stdout)
        return value


@pytest.fixture
def place(repos: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with serve(repos) as hub:
        yield Place(hub=hub, home=tmp_path)


def test_pull_fetches_little_and_keeps_the_revision(place: Place) -> None:
    """Size and licence first; fp16 safetensors only; the unpinned revision is resolved and kept; then offline."""
    shown = place.run("pull", "vega", "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "Apache-2.0" in shown.stderr
    assert "revision not pinned" in shown.stderr
    assert not (place.home / "cache").exists()

    done = place.json("pull", "vega")
    assert [one["name"] for one in done["pulled"]] == ["taesdxl", "vega"]
    assert done["pulled"][1]["revision"] == place.hub.revision(VEGA)
    folder = Path(done["files"][0])
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert UNET_FILE in names
    assert "tokenizer_2/tokenizer.json" in names
    assert not any(name.endswith((".bin", ".md")) or "non_ema" in name for name in names)
    assert "unet/diffusion_pytorch_model.safetensors" not in names  # half precision is enough
    assert "vega.safetensors" not in names
    assert hub_module.where(row_of("vega")) == folder
    assert hub_module.records()["vega"].revision == place.hub.revision(VEGA)

    # again: nothing is fetched twice; and offline it is all there
    place.hub.log.clear()
    again = place.json("pull", "vega")
    assert again["downloaded"] == 0
    assert not [entry for entry in place.hub.log if entry[0] == "GET" and "/resolve/" in entry[1]]
    place.hub.log.clear()
    offline = place.run("pull", "vega", "--offline")
    assert offline.returncode == 0, offline.stderr
    assert not place.hub.log
    assert place.run("where", "vega", HF_HUB_OFFLINE="1").stdout.strip() == str(folder)


def test_pulled_model_loads(place: Place) -> None:
    """The pulled folder and encoder make a prior, with no network."""
    from pixl.distill.diffusion.build import Assembly, Placement, build

    assert place.run("pull", "vega", "-q").returncode == 0
    place.hub.log.clear()
    folder, vae = hub_module.need(row_of("vega")), hub_module.need(row_of("taesdxl"))
    prior = build(Assembly(name="vega", folder=folder, vae=vae), Placement(size=(64, 64)))
    assert prior.condition("a cat").rows == 2
    assert not place.hub.log


def test_a_connection_that_breaks_is_resumed(place: Place, tmp_path: Path) -> None:
    """Larger than the library's ten-megabyte pieces, so that what arrived before the break counts."""
    import torch
    from safetensors.torch import save_file

    copy = tmp_path / "large"
    shutil.copytree(place.hub.repos[VEGA], copy)
    save_file({"x": torch.arange(8_000_000, dtype=torch.float32)}, copy / UNET_FILE)
    place.hub.repos = {**place.hub.repos, VEGA: copy}
    place.hub.faults[f"{VEGA}/{UNET_FILE}"] = "cut"
    done = place.run("pull", "vega", "-q")
    assert done.returncode == 0, done.stderr
    spans = place.hub.gets(UNET_FILE)
    assert spans[0] == ""
    assert any(span.startswith("bytes=1") for span in spans[1:])
    arrived = hub_module.need(row_of("vega")) / UNET_FILE
    assert arrived.read_bytes() == (copy / UNET_FILE).read_bytes()


def test_a_file_with_wrong_bytes_is_fetched_again(place: Place) -> None:
    place.hub.faults[f"{VEGA}/{UNET_FILE}"] = "garbage"
    assert place.run("pull", "vega", "-q").returncode == 0
    folder = hub_module.need(row_of("vega"))
    assert hub_module.safetensors_is_whole(folder / UNET_FILE)
    assert len(place.hub.gets(UNET_FILE)) == 2


def test_a_file_cut_later_is_mended_by_pulling_again(place: Place) -> None:
    assert place.run("pull", "vega", "-q").returncode == 0
    folder = hub_module.need(row_of("vega"))
    blob = (folder / UNET_FILE).resolve()
    blob.write_bytes(blob.read_bytes()[:-500])
    assert hub_module.broken(folder, hub_module.records()["vega"].files) == [UNET_FILE]
    place.hub.log.clear()
    done = place.json("pull", "vega")
    assert done["downloaded"] > 0
    assert hub_module.broken(folder, hub_module.records()["vega"].files) == []


@pytest.mark.slow
def test_a_file_that_never_arrives_is_named(place: Place) -> None:
    place.hub.faults[f"{VEGA}/{UNET_FILE}"] = "short"
    done = place.run("pull", "vega", "-q")
    assert done.returncode == 4
    assert "pixl models pull vega" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_hub_refuses_is_a_sentence(place: Place) -> None:
    place.hub.gated.add(VEGA)
    done = place.run("pull", "vega", "-q")
    assert done.returncode == 4
    assert "gated" in done.stderr
    assert "hf auth login" in done.stderr
    unknown = place.run("pull", "sdxl", "-q")
    assert unknown.returncode == 4
    assert "stable-diffusion-xl-base-1.0" in unknown.stderr
    place.hub.gated.clear()
    gone = place.run("pull", "vega", "--revision", "b" * 40, "-q")
    assert gone.returncode == 4
    assert "no revision" in gone.stderr
    assert "Traceback" not in done.stderr + unknown.stderr + gone.stderr


def test_a_token_opens_a_gated_model(place: Place) -> None:
    """From HF_TOKEN, or the file that ``hf auth login`` writes; a wrong one is refused, and none is ever shown."""
    place.hub.gated.add(VEGA)
    wrong = place.run("pull", "vega", "-q", HF_TOKEN="hf_wrong")
    assert wrong.returncode == 4
    assert "gated" in wrong.stderr
    home = place.home / "hf"
    home.mkdir()
    (home / "token").write_text("hf_good")
    done = place.run("pull", "vega", HF_HOME=str(home))
    assert done.returncode == 0, done.stderr
    assert hub_module.where(row_of("vega")) is not None
    assert place.run("rm", "vega").returncode == 0
    assert place.run("pull", "vega", "-q", HF_TOKEN="hf_good").returncode == 0
    assert "hf_" not in wrong.stderr + done.stderr


def test_another_programs_download_is_used(place: Place) -> None:
    """A model that diffusers put in the hub's cache is found there: nothing is downloaded again."""
    other = place.python("-c", f"from huggingface_hub import snapshot_download as get; print(get('{VEGA}'))")
    folder = Path(other.stdout.strip())
    assert hub_module.where(row_of("vega")) == folder
    place.hub.log.clear()
    done = place.json("pull", "vega")
    assert not [entry for entry in place.hub.log if entry[0] == "GET" and f"{VEGA}/resolve" in entry[1]]
    assert Path(done["files"][0]) == folder


@pytest.mark.parametrize(
    ("name", "kind", "room", "fits_as"),
    [
        ("sdxl", "cuda", 24.0, "fits"),
        ("sdxl", "cuda", 8.5, "at 768"),
        ("sdxl", "cuda", 8.0, "fits, slowly"),
        ("sdxl", "cuda", 3.0, "too large"),
        ("vega", "cuda", 6.0, "fits"),
        ("vega", "cpu", 16.0, "fits"),
        ("vega", "cuda", None, ""),
        ("clip", "cuda", 24.0, ""),
    ],
)
def test_how_a_model_fits(name: str, kind: str, room: float | None, fits_as: str) -> None:
    """As the run itself would place it: smaller first, then networks that wait."""
    from pixl.cli.models import _fit

    memory, fits, how = _fit(row_of(name), {"kind": kind, "memory_gb": room})
    assert how == fits_as
    assert fits is {"": None, "too large": False}.get(fits_as, True)
    assert (memory is None) == (name == "clip")
    if memory is not None and room is not None and fits:
        assert memory <= 0.9 * room


def test_a_part_that_fails_names_the_whole_command(place: Place) -> None:
    place.hub.repos = {VEGA: place.hub.repos[VEGA]}
    done = place.run("pull", "vega", "control-canny-sdxl-mid", "-q")
    assert done.returncode == 4
    assert "taesdxl" in done.stderr
    place.hub.gated.add(TINY)
    place.hub.repos = {VEGA: place.hub.repos[VEGA], TINY: place.hub.repos[VEGA]}
    done = place.run("pull", "vega", "control-canny-sdxl-mid", "-q")
    assert "pixl models pull vega control-canny-sdxl-mid" in done.stderr


def test_offline_and_missing_end_in_the_command(place: Place) -> None:
    for words in (("pull", "vega", "--offline"), ("where", "vega")):
        done = place.run(*words, "--json")
        assert done.returncode == 4
        assert json.loads(done.stdout)["error"]["code"] == "missing-model"
    assert "pixl models pull vega" in done.stdout
    assert place.run("pull", "vega", TRANSFORMERS_OFFLINE="1").returncode == 4
    assert not place.hub.log
    nothing = place.run("where", "vegaa")
    assert nothing.returncode == 2
    assert "vega" in nothing.stderr


def test_only_pickled_weights_are_named(place: Place, tmp_path: Path) -> None:
    copy = tmp_path / "pickled"
    shutil.copytree(place.hub.repos[TINY], copy)
    (copy / "diffusion_pytorch_model.safetensors").rename(copy / "diffusion_pytorch_model.bin")
    place.hub.repos = {**place.hub.repos, TINY: copy}
    done = place.run("pull", "taesdxl")
    assert done.returncode == 4
    assert "only pickled" in done.stderr


def test_rm_frees_what_nothing_else_needs(place: Place) -> None:
    assert place.run("pull", "vega", "-q").returncode == 0
    kept = place.run("rm", "taesdxl")
    assert kept.returncode == 2
    assert "vega needs taesdxl" in kept.stderr
    freed = place.json("rm", "vega", "taesdxl")["freed"]
    assert freed > 10_000
    assert not list((place.home / "cache").glob("models--*"))
    assert place.run("where", "vega").returncode == 4
    assert hub_module.records() == {}


def test_a_cache_of_another_program_is_used(place: Place) -> None:
    """No record of ours: a whole snapshot that lies in the hub's cache is found all the same."""
    assert place.run("pull", "taesdxl", "-q").returncode == 0
    (place.home / "data" / "pixl" / "models.json").unlink()
    assert hub_module.where(row_of("taesdxl")) is not None
    folder = hub_module.where(row_of("taesdxl"))
    assert folder is not None
    (folder / "diffusion_pytorch_model.safetensors").unlink()
    assert hub_module.where(row_of("taesdxl")) is None


# -- the table


def test_cache_folder_is_the_librarys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code = "import huggingface_hub.constants as c; print(c.HF_HUB_CACHE)"
    for env in ({"HF_HOME": str(tmp_path / "a")}, {"XDG_CACHE_HOME": str(tmp_path / "b")}, {"HF_HUB_CACHE": "/x/y"}):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "XDG_", "HUGGINGFACE"))}
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**kept, **env})
        with monkeypatch.context() as patch:
            for name in ("HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HUGGINGFACE_HUB_CACHE"):
                patch.delenv(name, raising=False)
            for name, value in env.items():
                patch.setenv(name, value)
            assert str(hub_module.cache_folder()) == said.stdout.strip()


def test_rows_are_consistent() -> None:
    rows = all_rows()
    assert len({row.name for row in rows}) == len(rows)
    for row in rows:
        assert bool(row.parts) != bool(row.files)
        assert row.revision == "" or len(row.revision) == 40
        assert row.licence
        assert row.licence != "unknown" or row.checked
        assert all(with_required(row_of(name)) for name in row.requires)
        if row.kind == "student":
            assert list(row.grid) == sorted(row.grid, reverse=True)
        if row.base:
            assert row.base in row.requires
            assert row_of(row.base).family == row.family
        if row.role == "control":
            assert row.family in ("sdxl", "sd15")
    assert controls_for(row_of("koala-700m")) == []
    assert {one.name for one in controls_for(row_of("sd15"))} == {"control-canny-sd15", "control-depth-sd15"}


LISTING = {
    "unet/config.json": 1,
    "unet/diffusion_pytorch_model-00001-of-00002.safetensors": 9,
    "unet/diffusion_pytorch_model-00002-of-00002.safetensors": 9,
    "unet/diffusion_pytorch_model.safetensors.index.json": 1,
    "unet/diffusion_flax_model.msgpack": 9,
    "unet/openvino_model.xml": 9,
    "model_index.json": 1,
    "scheduler/scheduler_config.json": 1,
}


def test_weights_in_pieces_and_missing_ones() -> None:
    from dataclasses import replace

    row = replace(row_of("vega"), parts=("unet",))
    chosen = choose_files(LISTING, row)
    assert sum(name.endswith(".safetensors") for name in chosen) == 2
    assert "unet/diffusion_pytorch_model.safetensors.index.json" in chosen
    assert not any("flax" in name or "openvino" in name for name in chosen)
    with pytest.raises(ModelMissingError, match="text_encoder"):
        choose_files(LISTING, row_of("vega"))
    with pytest.raises(ModelMissingError, match="no file"):
        choose_files(LISTING, row_of("lcm"))
