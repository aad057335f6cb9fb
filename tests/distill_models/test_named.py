"""Priors by name, folder and file; what is missing in one command; plans; captions and likeness on tiny models."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from test_lora_and_files import original_names, save
from tiny_models import UNET, controlnet, save_sdxl, tiny_vae, tokenizer, unet

from pixl.distill import caption, device, hub, plans
from pixl.distill.diffusion import named
from pixl.distill.diffusion.koala import KoalaPrior
from pixl.distill.diffusion.student import StudentPrior
from pixl.distill.diffusion.unet import UnetPrior
from pixl.distill.models import ModelRow, control_row, row_of
from pixl.errors import DeviceError, ModelMissingError, UsageError


def put(row: ModelRow, fill: Any) -> Path:
    """A snapshot in the hub's cache, as a pull would leave it."""
    folder = hub.repo_folder(row.repo) / "snapshots" / (row.revision or "a" * 40)
    folder.parent.mkdir(parents=True, exist_ok=True)
    fill(folder)
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sdxl_folder: Path) -> Path:
    """A cache that holds vega (a tiny one), its encoder and the ControlNet for edges."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    put(row_of("vega"), lambda folder: shutil.copytree(sdxl_folder, folder))
    put(row_of("taesdxl"), lambda folder: tiny_vae().save_pretrained(folder))
    put(row_of("control-canny-sdxl-mid"), lambda folder: controlnet(21).save_pretrained(folder))
    return tmp_path


SMALL = {"resolution": 64, "device": "cpu"}


def test_by_name_with_control(cache: Path) -> None:
    options = {**SMALL, "resolution": 256, "control": "canny", "control_scale": 0.3, "control_end": 0.5}
    prior = named.load_named("vega", (10, 20), options)
    assert isinstance(prior, UnetPrior)
    assert [(b.name, b.scale, b.end) for b in prior.controls.branches] == [("control-canny-sdxl-mid", 0.3, 0.5)]
    assert prior.defaults.guidance == row_of("vega").guidance
    assert prior.identity.startswith("segmind/Segmind-Vega@aaaa")
    assert prior.image_size[1] > prior.image_size[0]


def test_everything_missing_is_one_command(cache: Path) -> None:
    with pytest.raises(ModelMissingError) as caught:
        named.load_named("lightning-4", (8, 8), {**SMALL, "control": "depth,canny"})
    assert caught.value.exit_code == 4
    command = caught.value.hint.split("pixl models pull ")[1]
    assert set(command.split()) == {"sdxl", "lightning-4", "control-depth-sdxl-mid", "depth-anything-small"}
    with pytest.raises(ModelMissingError) as one:
        named.load_named("sd15", (8, 8), SMALL)
    assert "pixl models pull sd15 taesd" in one.value.hint


def test_lora_student_of_a_base(cache: Path) -> None:
    """vega-rt is vega with a LoRA merged: one row, the LCM grid."""
    from test_lora_and_files import layers

    def fill(folder: Path) -> None:
        folder.mkdir(parents=True)
        save(folder / "pytorch_lora_weights.safetensors", layers(unet(), "unet", 3))

    put(row_of("vega-rt"), fill)
    prior = named.load_named("vega-rt", (8, 8), SMALL)
    assert isinstance(prior, StudentPrior)
    assert prior.condition("a cat").rows == 1
    assert prior.time(500) == 499
    base = named.load_named("vega", (8, 8), SMALL)
    assert isinstance(base, UnetPrior)
    assert not torch.equal(prior.unet.conv_out.weight, base.unet.conv_out.weight) or any(
        not torch.equal(a, b) for a, b in zip(prior.unet.parameters(), base.unet.parameters(), strict=True)
    )


def test_users_own_lora(cache: Path, tmp_path: Path) -> None:
    from test_lora_and_files import layers

    path = save(tmp_path / "mine.safetensors", layers(unet(), "unet", 5))
    prior = named.load_named("vega", (8, 8), {**SMALL, "lora": f"{path}*0.5"})
    assert "*0.5" in prior.identity
    for bad, match in ((f"{path}*much", "no weight"), (str(tmp_path / "no.safetensors"), "no LoRA file")):
        with pytest.raises((UsageError, ModelMissingError), match=match):
            named.load_named("vega", (8, 8), {**SMALL, "lora": bad})


def test_by_folder_kinds_are_seen(cache: Path, tmp_path: Path, sdxl_folder: Path) -> None:
    assert type(named.load_named(str(sdxl_folder), (8, 8), SMALL)) is UnetPrior
    koala = {"layers_per_block": 1, "mid_block_type": None, "transformer_layers_per_block": (1, 1, 1)}
    folder = save_sdxl(tmp_path / "koala", network=unet(1, **koala))
    assert isinstance(named.load_named(str(folder), (8, 8), SMALL), KoalaPrior)
    folder = save_sdxl(tmp_path / "lcm", network=unet(1, time_cond_proj_dim=16))
    assert isinstance(named.load_named(str(folder), (8, 8), SMALL), StudentPrior)
    with pytest.raises(ModelMissingError, match="no folder that is here"):
        named.load_named(str(tmp_path / "nothing"), (8, 8), SMALL)


def test_by_single_file(cache: Path, tmp_path: Path, sdxl_folder: Path) -> None:
    other = unet(66)
    path = save(tmp_path / "checkpoint.safetensors", original_names(other, UNET))
    with pytest.raises(ModelMissingError, match="sdxl"):
        named.load_named(str(path), (8, 8), SMALL)
    put(row_of("sdxl"), lambda folder: shutil.copytree(sdxl_folder, folder))
    prior = named.load_named(str(path), (8, 8), SMALL)
    assert isinstance(prior, UnetPrior)
    assert torch.equal(prior.unet.conv_in.weight, other.conv_in.weight)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"control": "pose"}, "not a control"),
        ({"control": "canny", "control_scale": 9}, "out of range"),
        ({"encoder": "huge"}, "not an encoder"),
        ({"resolution": 5}, "out of range"),
        ({"resolution": 70}, "multiple of 64"),
        ({"control": "canny", "control_size": "huge"}, "not a size"),
    ],
)
def test_options_that_cannot_be_meant(cache: Path, options: dict[str, Any], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        named.load_named("vega", (8, 8), {**SMALL, **options})


def test_controls_that_fit_no_row() -> None:
    for name in ("koala-700m", "sd3", "sd21"):
        with pytest.raises(UsageError, match="no ControlNet"):
            control_row(row_of(name), "canny")
    assert control_row(row_of("dmd2"), "depth", "small").name == "control-depth-sdxl-small"
    assert control_row(row_of("sd15"), "depth").name == "control-depth-sd15"


def test_the_best_that_is_here(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named, "choose_device", lambda: "cuda")
    monkeypatch.setattr(named, "memory_of", lambda device: 8.0)
    assert named.best_pulled() == "vega"
    put(row_of("sdxl"), lambda folder: shutil.copytree(hub.need(row_of("vega")), folder))
    monkeypatch.setattr(named, "memory_of", lambda device: 24.0)
    assert named.best_pulled() == "sdxl"
    monkeypatch.setattr(named, "memory_of", lambda device: 5.0)
    assert named.best_pulled() == "vega"
    shutil.rmtree(hub.cache_folder())
    assert named.best_pulled() == ""


def test_too_small_a_device_names_what_fits(cache: Path, monkeypatch: pytest.MonkeyPatch, sdxl_folder: Path) -> None:
    put(row_of("sdxl"), lambda folder: shutil.copytree(sdxl_folder, folder))
    monkeypatch.setattr(named, "memory_of", lambda device: 6.0)
    with pytest.raises(DeviceError, match="does not fit") as caught:
        named.load_named("sdxl", (8, 8), {"device": "cpu"})
    assert "--prior" in caught.value.hint
    with pytest.raises(DeviceError):
        device.choose_device("tpu")


# -- plans


def test_plans_for_four_cards() -> None:
    chosen = {gb: plans.choose(gb) for gb in (24, 12, 8, 6)}
    assert {gb: plan.prior for gb, plan in chosen.items() if plan} == {24: "sdxl", 12: "sdxl", 8: "ssd-1b", 6: "vega"}
    for gb, plan in chosen.items():
        assert plan is not None
        assert plan.gb <= plans.USABLE * gb
        assert plan.offload == "none"
    assert plans.choose(0.5) is None


def test_needs_grow_with_what_is_asked() -> None:
    sdxl = row_of("sdxl")
    base = plans.needs(sdxl, 512)
    assert base < plans.needs(sdxl, 1024)
    assert plans.needs(sdxl, 512, controls=0) < base
    assert plans.needs(sdxl, 512, control="full") > base
    assert base > plans.needs(sdxl, 512, offload="controls") > plans.needs(sdxl, 512, offload="all")
    assert plans.needs(row_of("koala-700m"), 512, controls=2) == plans.needs(row_of("koala-700m"), 512, controls=0)


# -- captions and likeness


def photo(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (40, 50, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tiny_models import LETTERS
    from transformers import CLIPConfig, CLIPModel, CLIPProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    torch.manual_seed(0)
    text = {
        "vocab_size": 2 * len(LETTERS) + 2,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "eos_token_id": 2 * len(LETTERS) + 1,
        "bos_token_id": 2 * len(LETTERS),
    }
    vision = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 32,
        "patch_size": 8,
    }
    folder = tmp_path_factory.mktemp("clip") / "clip"
    CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=8)).save_pretrained(folder)
    images = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    CLIPProcessor(images, tokenizer("<|endoftext|>")).save_pretrained(folder)
    return folder


def test_likeness_is_the_cosine(clip_folder: Path) -> None:
    from transformers import CLIPModel, CLIPProcessor

    pictures = [photo(k) for k in range(3)]
    scores = caption.likeness(pictures, "a cat", clip_folder)
    model = CLIPModel.from_pretrained(clip_folder).eval()
    processor = CLIPProcessor.from_pretrained(clip_folder)
    given = processor(images=pictures, text=["a cat"], return_tensors="pt", padding=True)
    with torch.no_grad():
        expected = model(**given).logits_per_image[:, 0] / model.logit_scale.exp()
    assert np.allclose(scores, expected.numpy(), atol=1e-5)
    assert all(-1 <= score <= 1 for score in scores)
    assert len(set(scores)) == 3


def test_caption_is_a_sentence_and_the_same_again(tmp_path: Path) -> None:
    from tiny_models import LETTERS
    from transformers import BlipConfig, BlipForConditionalGeneration, BlipProcessor
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    torch.manual_seed(1)
    end = 2 * len(LETTERS) + 1
    text = {
        "vocab_size": end + 1,
        "hidden_size": 16,
        "encoder_hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "bos_token_id": end - 1,
        "eos_token_id": end,
        "sep_token_id": end,
        "pad_token_id": end,
        "max_position_embeddings": 80,
    }
    vision = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 32,
        "patch_size": 8,
    }
    folder = tmp_path / "blip"
    BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=vision)).save_pretrained(folder)
    images = BlipImageProcessorPil(size={"height": 32, "width": 32})
    BlipProcessor(images, tokenizer("<|endoftext|>")).save_pretrained(folder)
    words = caption.caption(photo(0), folder)
    assert words
    assert words == caption.caption(photo(0), folder)
    with pytest.raises(ModelMissingError, match="cannot be read"):
        caption.caption(photo(0), tmp_path)
