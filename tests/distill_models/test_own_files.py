"""What a user may bring: whole checkpoints with text encoders of their own, ControlNets, students no row knows."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from by_hand import embed
from test_lora_and_files import layers, original_names, save
from test_named import SMALL, cache, put  # noqa: F401
from tiny_models import (
    UNET,
    controlnet,
    full_vae,
    original_words,
    save_sdxl,
    text_encoder,
    text_encoder_2,
    tiny_vae,
    unet,
)

from pixl.distill import plans
from pixl.distill.diffusion import named, own
from pixl.distill.diffusion.build import Assembly, ControlPart, Placement, build
from pixl.distill.diffusion.single import fingerprint
from pixl.distill.diffusion.student import StudentPrior, consistency, trailing
from pixl.distill.diffusion.unet import UnetPrior
from pixl.distill.models import row_of
from pixl.errors import DeviceError, ModelMissingError, PixlError, UsageError

PLACE = Placement(size=(64, 64))


def off(wrong: torch.Tensor, right: torch.Tensor) -> float:
    return float(((wrong - right).norm() / right.norm()).detach())


# -- whole checkpoints


def test_a_checkpoint_reads_words_with_its_own_encoders(sdxl_folder: Path, tmp_path: Path) -> None:
    """Fine-tuned models change their text encoders; the base's would read the words in another way."""
    first, second = text_encoder(71), text_encoder_2(72)
    whole = {**original_names(unet(66), UNET), **original_words(first, second)}
    path = save(tmp_path / "tuned.safetensors", whole)
    prior = build(Assembly(name="tuned", folder=sdxl_folder, checkpoint=path), PLACE)
    words = prior.condition("a cat", "dull").payload
    for row, text in enumerate(["dull", "a cat"]):
        embeddings, pooled = embed(text, first, second)
        assert off(words.embeddings[row : row + 1], embeddings) < 1e-5
        assert off(words.pooled[row : row + 1], pooled) < 1e-5
    assert not prior.notes
    # without them the base's are used, and that is said
    bare = save(tmp_path / "bare.safetensors", original_names(unet(66), UNET))
    other = build(Assembly(name="bare", folder=sdxl_folder, checkpoint=bare), PLACE)
    assert off(other.condition("a cat", "dull").payload.embeddings, words.embeddings) > 0.1
    assert any("text_encoder_2" in note for note in other.notes)


def test_a_checkpoint_whose_encoders_do_not_fit(sdxl_folder: Path, tmp_path: Path) -> None:
    first, second = text_encoder(71), text_encoder_2(72)
    wide = {**original_names(unet(66), UNET), **original_words(text_encoder(1, width=16), second)}
    part = {**original_names(unet(66), UNET), **original_words(first, second)}
    del part["conditioner.embedders.1.model.ln_final.weight"]
    for name, state in (("wide", wide), ("part", part)):
        path = save(tmp_path / f"{name}.safetensors", state)
        prior = build(Assembly(name=name, folder=sdxl_folder, checkpoint=path), PLACE)
        with pytest.raises(UsageError, match="text_encoder") as caught:
            prior.condition("a cat")
        assert caught.value.hint


def test_lora_on_a_checkpoint_changes_its_own_encoders(sdxl_folder: Path, tmp_path: Path) -> None:
    whole = {**original_names(unet(66), UNET), **original_words(text_encoder(71), text_encoder_2(72))}
    path = save(tmp_path / "tuned.safetensors", whole)
    lora = save(tmp_path / "lora.safetensors", layers(text_encoder(), "text_encoder", 3))
    plain, styled = (
        build(Assembly(name="t", folder=sdxl_folder, checkpoint=path, loras=loras), PLACE).condition("a cat").payload
        for loras in ((), ((lora, 1.0),))
    )
    assert off(styled.embeddings[..., :12], plain.embeddings[..., :12]) > 1e-3
    assert torch.equal(styled.embeddings[..., 12:], plain.embeddings[..., 12:])


@pytest.mark.parametrize(
    ("name", "state", "match"),
    [
        ("sd2.safetensors", {"cond_stage_model.model.ln_final.weight": torch.ones(2)}, "Stable Diffusion 2"),
        ("old.ckpt", {}, "not a .safetensors"),
        ("cut.safetensors", None, "cannot be read"),
    ],
)
def test_files_that_are_no_priors(cache: Path, tmp_path: Path, name: str, state: Any, match: str) -> None:  # noqa: F811
    path = tmp_path / name
    if state:
        save(path, state)
    else:
        path.write_bytes(b"abc")
    with pytest.raises(PixlError, match=match):
        named.load_named(str(path), (8, 8), SMALL)


# -- what a run records


def test_the_record_tells_weights_apart(tmp_path: Path) -> None:
    folder = save_sdxl(tmp_path / "xl")
    controlnet(21).save_pretrained(tmp_path / "canny")
    part = ControlPart(name="canny", folder=tmp_path / "canny")

    def identity(**parts: Any) -> str:
        return build(Assembly(name="a", folder=folder, controls=(part,), **parts), PLACE).identity

    before, first = identity(), fingerprint(folder)
    assert identity() == before
    controlnet(22).save_pretrained(tmp_path / "canny")
    assert identity() != before
    unet(9).save_pretrained(folder / "unet")
    assert fingerprint(folder) != first
    tiny_vae(9).save_pretrained(tmp_path / "vae")
    assert "vae:" in identity(vae=tmp_path / "vae")


def test_fingerprint_sees_both_ends_of_large_files(tmp_path: Path) -> None:
    path = tmp_path / "large.safetensors"
    data = bytearray(3 * 2**20)
    seen = set()
    for place in (None, 0, len(data) - 1):
        changed = bytearray(data)
        if place is not None:
            changed[place] = 1
        path.write_bytes(changed)
        seen.add(fingerprint(path))
    path.write_bytes(bytes(data) + b"x")
    assert len(seen | {fingerprint(path)}) == 4


# -- names, folders, students


@pytest.mark.parametrize(
    ("name", "what", "hint"),
    [
        ("stabilityai/sdxl-turbo", "no folder that is here", "--prior sdxl-turbo"),
        ("./nowhere", "no folder that is here", "a name that pixl models list shows"),
    ],
)
def test_paths_that_are_not_there(cache: Path, name: str, what: str, hint: str) -> None:  # noqa: F811
    with pytest.raises(ModelMissingError, match=what) as caught:
        named.load_named(name, (8, 8), SMALL)
    assert hint in caught.value.hint


def test_names_that_are_no_priors() -> None:
    for name, hint in (("vegaa", "vega"), ("clip", "models list"), ("zzz", "icons")):
        with pytest.raises(UsageError) as caught:
            named.check_name(name)
        assert hint in caught.value.hint
    named.check_name("icons")
    named.check_name("sdxl")


def test_a_folder_takes_its_familys_defaults(cache: Path, tmp_path: Path) -> None:  # noqa: F811
    koala = {"layers_per_block": 1, "mid_block_type": None, "transformer_layers_per_block": (1, 1, 1)}
    folder = save_sdxl(tmp_path / "koala", network=unet(1, **koala))
    defaults = named.load_named(str(folder), (8, 8), SMALL).defaults
    assert defaults.guidance == defaults.sample_guidance == row_of("koala-700m").guidance
    assert named.load_named("vega", (8, 8), SMALL).defaults.sample_guidance == 7.5


def test_control_of_ones_own(cache: Path, tmp_path: Path) -> None:  # noqa: F811
    controlnet(23).save_pretrained(tmp_path / "mine")
    options = {**SMALL, "control": f"depth,canny={tmp_path / 'mine'}"}
    with pytest.raises(ModelMissingError, match="control-depth"):
        named.load_named("vega", (8, 8), options)
    prior = named.load_named("vega", (8, 8), {**SMALL, "control": f"canny={tmp_path / 'mine'}"})
    assert isinstance(prior, UnetPrior)
    assert [branch.name for branch in prior.controls.branches] == ["mine"]
    with pytest.raises(ModelMissingError, match="no ControlNet folder"):
        named.load_named("vega", (8, 8), {**SMALL, "control": "canny=./nowhere"})


def test_a_student_that_no_row_knows(cache: Path, sdxl_folder: Path) -> None:  # noqa: F811
    for given, grid, fresh in (
        ("4", trailing(4), False),
        ("lcm", consistency(50), True),
        ("900,300", (900, 300), False),
    ):
        prior = named.load_named(str(sdxl_folder), (8, 8), {**SMALL, "trained": given})
        assert isinstance(prior, StudentPrior)
        assert (prior.grid, prior.rows, prior.fresh_noise) == (grid, 1, fresh)
    for bad in ("0", "many", "300,900", "1200"):
        with pytest.raises(UsageError, match="trained on"):
            named.load_named(str(sdxl_folder), (8, 8), {**SMALL, "trained": bad})


def test_options_that_say_nothing_to_one_row(cache: Path, tmp_path: Path, sdxl_folder: Path) -> None:  # noqa: F811
    """Refused, but for a network that is told the guidance: that one is told it."""
    one = {**SMALL, "trained": "4"}
    for option in ({"negative": "dull"}, {"guidance": 7.0}):
        with pytest.raises(UsageError, match="says nothing") as caught:
            named.load_named(str(sdxl_folder), (8, 8), {**one, **option})
        assert "prior with guidance" in caught.value.hint
    assert named.load_named(str(sdxl_folder), (8, 8), {**SMALL, "negative": "dull", "guidance": 7.0}).rows == 2
    folder = save_sdxl(tmp_path / "lcm", network=unet(1, time_cond_proj_dim=16))
    told = named.load_named(str(folder), (8, 8), {**SMALL, "guidance": 3.5})
    assert isinstance(told, StudentPrior)
    assert told.told_guidance == 3.5


def test_a_folder_that_looks_like_a_student_is_named(cache: Path, tmp_path: Path) -> None:  # noqa: F811
    """SDXL-Turbo's config is SDXL's own; only its scheduler differs. With guidance it would be silently wrong."""
    import json

    folder = save_sdxl(tmp_path / "turbo")
    config = folder / "scheduler" / "scheduler_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "timestep_spacing": "trailing"}))
    assert any("trained=4" in note for note in named.load_named(str(folder), (8, 8), SMALL).notes)
    assert not named.load_named(str(folder), (8, 8), {**SMALL, "trained": "4"}).notes


def test_which_encoder_a_folder_gets(cache: Path, tmp_path: Path, sdxl_folder: Path) -> None:  # noqa: F811
    whole = save_sdxl(tmp_path / "whole", vae=full_vae())
    wide = named.Wanted(parts=own.by_path(str(whole), {})[0], row=row_of("sdxl"), missing=())
    assert named._encoder_used(wide.parts) == "full"
    with pytest.raises(UsageError, match="tiny encoder only"):
        named.load_named(str(sdxl_folder), (8, 8), {**SMALL, "encoder": "full"})
    tiny = row_of("taesdxl")
    assert own.folders_encoder(whole, tiny, "tiny")[0] is not None
    assert own.folders_encoder(whole, tiny, "full") == (None, [])
    shutil.rmtree(named.hub.repo_folder(tiny.repo))
    folder, notes = own.folders_encoder(whole, tiny, "tiny")
    assert folder is None
    assert "pixl models pull taesdxl" in notes[0]


def test_the_full_encoder_is_offered_where_a_pull_brings_it(cache: Path, sd15_folder: Path) -> None:  # noqa: F811
    put(row_of("sd15"), lambda folder: shutil.copytree(sd15_folder, folder, ignore=shutil.ignore_patterns("vae")))
    put(row_of("taesd"), lambda folder: tiny_vae().save_pretrained(folder))
    assert named.load_named("sd15", (8, 8), SMALL).condition("a cat").rows == 2
    with pytest.raises(UsageError, match="full encoder"):
        named.load_named("sd15", (8, 8), {**SMALL, "encoder": "full"})


def test_a_turbo_alone_is_taken(cache: Path, sdxl_folder: Path) -> None:  # noqa: F811
    shutil.rmtree(named.hub.repo_folder(row_of("vega").repo))
    put(row_of("sdxl-turbo"), lambda folder: shutil.copytree(sdxl_folder, folder))
    assert named.best_pulled() == "sdxl-turbo"


# -- the plan counts what is asked


@pytest.mark.parametrize(
    ("options", "fits"), [({}, True), ({"control_size": "full"}, False), ({"encoder": "full"}, False)]
)
def test_large_controls_and_encoders_need_room(
    cache: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    fits: bool,
) -> None:
    put(row_of("sdxl-vae"), lambda folder: full_vae().save_pretrained(folder))
    put(row_of("control-canny-sdxl-full"), lambda folder: controlnet(1).save_pretrained(folder))
    memory = plans.needs(row_of("vega"), 1024, controls=1) / plans.USABLE + 0.1
    monkeypatch.setattr(named, "choose_device", lambda name: "cuda")
    monkeypatch.setattr(named, "memory_of", lambda device: memory)
    wanted = named.resolve("vega", {"control": "canny", **options})
    place = named.place(wanted, (8, 8), {"control": "canny", **options}, None)
    assert (place.size == (1024, 1024) and place.offload == "none") == fits
    monkeypatch.setattr(named, "memory_of", lambda device: 0.9)
    with pytest.raises(DeviceError, match="does not fit"):
        named.place(wanted, (8, 8), {"control": "canny", **options}, None)
