"""LoRA files in their dialects, U-Nets in single files: merged as the libraries do, refused where they are silent."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from safetensors.torch import save_file
from tiny_models import text_encoder, text_encoder_2, unet

from pixl.distill.diffusion.build import Assembly, Placement, build
from pixl.distill.diffusion.unet import UnetPrior
from pixl.errors import ModelMissingError, PixlError, UsageError

SMALL = Placement(size=(64, 64))
RANK = 3


def off(wrong: torch.Tensor, right: torch.Tensor) -> float:
    return float(((wrong - right).norm() / right.norm()).detach())


def attention(network: Any) -> dict[str, torch.nn.Linear]:
    ends = ("to_q", "to_k", "to_v", "to_out.0", "q_proj", "v_proj")
    return {name: part for name, part in network.named_modules() if name.endswith(ends)}


def layers(network: Any, prefix: str, seed: int, *, zero: bool = False) -> dict[str, torch.Tensor]:
    """A LoRA's layers for every attention of ``network``, in diffusers' naming."""
    rng = torch.Generator().manual_seed(seed)
    out = {}
    for name, linear in attention(network).items():
        rows, columns = linear.weight.shape
        out[f"{prefix}.{name}.lora_A.weight"] = torch.randn(RANK, columns, generator=rng)
        up = torch.randn(rows, RANK, generator=rng) * (0.0 if zero else 0.2)
        out[f"{prefix}.{name}.lora_B.weight"] = up
    return out


def save(path: Path, state: dict[str, torch.Tensor]) -> Path:
    save_file({key: value.contiguous() for key, value in state.items()}, path)
    return path


def built(folder: Path, *loras: tuple[Path, float], **parts: Any) -> UnetPrior:
    prior = build(Assembly(name="tiny-xl", folder=folder, loras=loras, **parts), SMALL)
    assert isinstance(prior, UnetPrior)
    return prior


def said(prior: UnetPrior) -> torch.Tensor:
    z = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    return prior.predict(z, 500, prior.condition("a cat", "dull")).eps


@pytest.fixture(scope="module")
def whole_lora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """U-Net and both text encoders."""
    state = {
        **layers(unet(), "unet", 41),
        **layers(text_encoder(), "text_encoder", 42),
        **layers(text_encoder_2(), "text_encoder_2", 43),
    }
    return save(tmp_path_factory.mktemp("lora") / "style.safetensors", state)


@pytest.mark.parametrize("weight", [1.0, 0.4])
def test_merged_by_hand(sdxl_folder: Path, whole_lora: Path, weight: float) -> None:
    """W + weight B A for every module, in the U-Net and in both text encoders; nothing of peft stays behind."""
    from safetensors.torch import load_file

    state = load_file(whole_lora)
    prior = built(sdxl_folder, (whole_lora, weight))
    for name, linear in attention(unet()).items():
        delta = state[f"unet.{name}.lora_B.weight"] @ state[f"unet.{name}.lora_A.weight"]
        assert off(prior.unet.get_submodule(name).weight, linear.weight + weight * delta) < 1e-5
    assert not any("lora" in name for name, _ in prior.unet.named_modules())
    words = prior.condition("a cat").payload
    first = text_encoder()
    for name, linear in attention(first).items():
        delta = state[f"text_encoder.{name}.lora_B.weight"] @ state[f"text_encoder.{name}.lora_A.weight"]
        with torch.no_grad():
            linear.weight += weight * delta
    from by_hand import letters_to_ids

    with torch.no_grad():
        expected = first(letters_to_ids("a cat", 55), output_hidden_states=True).hidden_states[-2]
    assert off(words.embeddings[1:, :, :12], expected) < 1e-5


def test_as_the_library_applies_it(sdxl_folder: Path, whole_lora: Path) -> None:
    """Beside diffusers' own pipeline with the same file and ``cross_attention_kwargs={"scale": ..}``."""
    pipe = StableDiffusionXLPipeline.from_pretrained(sdxl_folder_with_kl(sdxl_folder), local_files_only=True)
    pipe.load_lora_weights(str(whole_lora.parent), weight_name=whole_lora.name)
    good, bad, pooled, bad_pooled = pipe.encode_prompt(
        "a cat", negative_prompt="dull", device="cpu", do_classifier_free_guidance=True, lora_scale=0.7
    )
    z = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    added = {
        "text_embeds": torch.cat([bad_pooled, pooled]),
        "time_ids": torch.tensor([[64.0, 64, 0, 0, 64, 64]] * 2),
    }
    with torch.no_grad():
        expected = pipe.unet(
            z.expand(2, -1, -1, -1),
            torch.tensor(500),
            encoder_hidden_states=torch.cat([bad, good]),
            added_cond_kwargs=added,
            cross_attention_kwargs={"scale": 0.7},
        ).sample
    assert off(said(built(sdxl_folder, (whole_lora, 0.7))), expected) < 1e-4


def sdxl_folder_with_kl(folder: Path) -> Path:
    """The pipeline wants an index with every part's class."""
    import json

    parts = {
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderTiny"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "tokenizer_2": ["transformers", "CLIPTokenizer"],
        "scheduler": ["diffusers", "DDPMScheduler"],
    }
    copy = folder.parent / "as-pipeline"
    if not copy.exists():
        shutil.copytree(folder, copy)
        index = {"_class_name": "StableDiffusionXLPipeline", "_diffusers_version": "0.42.0", **parts}
        (copy / "model_index.json").write_text(json.dumps(index))
    return copy


def test_kohya_names(sdxl_folder: Path, whole_lora: Path, tmp_path: Path) -> None:
    """The same layers under kohya's names, with alpha half the rank: half as strong."""
    from safetensors.torch import load_file

    state = {}
    for key, value in load_file(whole_lora).items():
        if not key.startswith("unet."):
            continue
        name, _, kind = key.removeprefix("unet.").partition(".lora_")
        flat = "lora_unet_" + name.replace(".", "_")
        state[f"{flat}.lora_{'down' if kind.startswith('A') else 'up'}.weight"] = value
        state[f"{flat}.alpha"] = torch.tensor(RANK / 2)
    path = save(tmp_path / "kohya.safetensors", state)
    prior = built(sdxl_folder, (path, 1.0))
    original = load_file(whole_lora)
    for name, linear in attention(unet()).items():
        delta = original[f"unet.{name}.lora_B.weight"] @ original[f"unet.{name}.lora_A.weight"]
        assert off(prior.unet.get_submodule(name).weight, linear.weight + 0.5 * delta) < 1e-5


def test_sgm_names(sdxl_folder: Path, whole_lora: Path, tmp_path: Path) -> None:
    """The same layers under the original blocks' names (input_blocks, middle_block), as Lightning's files have them."""
    from safetensors.torch import load_file
    from tiny_models import UNET

    original = load_file(whole_lora)
    weights = {name: torch.zeros(1) for name in attention(unet())}
    state = {}
    for name, old in zip(weights, original_places(list(weights), UNET), strict=True):
        flat = "lora_unet_" + old.replace(".", "_")
        state[f"{flat}.lora_down.weight"] = original[f"unet.{name}.lora_A.weight"]
        state[f"{flat}.lora_up.weight"] = original[f"unet.{name}.lora_B.weight"]
        state[f"{flat}.alpha"] = torch.tensor(float(RANK))
    assert any("input_blocks" in key for key in state)
    assert any("middle_block" in key for key in state)
    prior = built(sdxl_folder, (save(tmp_path / "sgm.safetensors", state), 0.5))
    for name, linear in attention(unet()).items():
        delta = original[f"unet.{name}.lora_B.weight"] @ original[f"unet.{name}.lora_A.weight"]
        assert off(prior.unet.get_submodule(name).weight, linear.weight + 0.5 * delta) < 1e-5


def original_places(names: list[str], config: dict[str, Any]) -> list[str]:
    """Modules' names in a whole checkpoint."""

    class Named:
        def state_dict(self) -> dict[str, torch.Tensor]:
            return {f"{name}.weight": torch.zeros(1) for name in names}

    return [
        key.removeprefix("model.diffusion_model.").removesuffix(".weight") for key in original_names(Named(), config)
    ]


def test_two_loras_add_up_and_are_in_the_identity(sdxl_folder: Path, whole_lora: Path, tmp_path: Path) -> None:
    other = save(tmp_path / "other.safetensors", layers(unet(), "unet", 77))
    both = built(sdxl_folder, (whole_lora, 1.0), (other, 0.5))
    one = built(sdxl_folder, (whole_lora, 1.0))
    assert off(said(both), said(one)) > 1e-3
    assert both.identity.count("lora:") == 2
    assert len({both.identity, one.identity, built(sdxl_folder).identity}) == 3
    assert built(sdxl_folder, (whole_lora, 0.9)).identity != one.identity


# -- refusals


@pytest.mark.parametrize("case", ["pruned", "shape", "unknown", "zero", "half", "pickled", "missing", "cut"])
def test_what_does_not_fit_is_refused(sdxl_folder: Path, whole_lora: Path, tmp_path: Path, case: str) -> None:
    good = layers(unet(), "unet", 41)
    first = next(iter(good))
    states: dict[str, tuple[dict[str, torch.Tensor], str]] = {
        "pruned": (layers(unet(1, transformer_layers_per_block=(1, 2, 3)), "unet", 1), "modules are not there"),
        "shape": (layers(unet(1, block_out_channels=(4, 8, 16)), "unet", 1), "does not fit"),
        "unknown": ({f"strange.{key}": value for key, value in good.items()}, "names no layer"),
        "zero": (layers(unet(), "unet", 1, zero=True), "changes nothing"),
        "half": ({key: value for key, value in good.items() if key != first}, "cut short"),
    }
    path = tmp_path / "lora.safetensors"
    if case in states:
        state, match = states[case]
        save(path, state)
    elif case == "pickled":
        path, match = tmp_path / "lora.bin", "not a .safetensors"
        path.write_bytes(b"pickle")
    elif case == "missing":
        match = "no LoRA file"
    else:
        match = "cannot be read"
        path.write_bytes(whole_lora.read_bytes()[:-100])
    with pytest.raises(PixlError, match=match) as caught:
        built(sdxl_folder, (path, 1.0))
    assert caught.value.hint
    assert isinstance(caught.value, ModelMissingError if case == "missing" else UsageError)


def test_text_layers_of_another_encoder(sdxl_folder: Path, tmp_path: Path) -> None:
    """Made for a deeper text encoder: refused when the words are read, not half loaded."""
    from tiny_models import CLIPTextModel, loud, text_config

    deeper = loud(CLIPTextModel(text_config(12, 5, 16)), 1)
    path = save(tmp_path / "deep.safetensors", layers(deeper, "text_encoder", 3))
    with pytest.raises(UsageError, match="does not fit"):
        built(sdxl_folder, (path, 1.0)).condition("a cat")


# -- single files


def test_a_unet_in_one_file(sdxl_folder: Path, tmp_path: Path) -> None:
    """Lightning's and DMD2's kind: all weights of the U-Net, in diffusers' names."""
    other = unet(55)
    path = save(tmp_path / "student.safetensors", other.state_dict())
    prior = built(sdxl_folder, unet_file=path)
    assert all(torch.equal(a, b) for a, b in zip(prior.unet.parameters(), other.parameters(), strict=True))
    assert "unet:" in prior.identity
    thin = save(tmp_path / "thin.safetensors", unet(1, block_out_channels=(4, 8, 16)).state_dict())
    with pytest.raises(UsageError, match="does not fit"):
        built(sdxl_folder, unet_file=thin)
    part = dict(list(other.state_dict().items())[5:])
    with pytest.raises(UsageError, match="5 weights are missing"):
        built(sdxl_folder, unet_file=save(tmp_path / "part.safetensors", part))


def original_names(network: Any, config: dict[str, Any]) -> dict[str, torch.Tensor]:
    """A U-Net's weights in the original naming of whole checkpoints (input_blocks, middle_block, output_blocks)."""
    depth, per = len(config["block_out_channels"]), config["layers_per_block"]
    places: dict[str, str] = {
        "conv_in": "input_blocks.0.0",
        "time_embedding.linear_1": "time_embed.0",
        "time_embedding.linear_2": "time_embed.2",
        "add_embedding.linear_1": "label_emb.0.0",
        "add_embedding.linear_2": "label_emb.0.2",
        "conv_norm_out": "out.0",
        "conv_out": "out.2",
        "mid_block.resnets.0": "middle_block.0",
        "mid_block.attentions.0": "middle_block.1",
        "mid_block.resnets.1": "middle_block.2",
    }
    k = 1
    for block in range(depth):
        for layer in range(per):
            places[f"down_blocks.{block}.resnets.{layer}"] = f"input_blocks.{k}.0"
            places[f"down_blocks.{block}.attentions.{layer}"] = f"input_blocks.{k}.1"
            k += 1
        if block + 1 < depth:
            places[f"down_blocks.{block}.downsamplers.0.conv"] = f"input_blocks.{k}.0.op"
            k += 1
    k = 0
    for block in range(depth):
        crossed = "CrossAttn" in config["up_block_types"][block]
        for layer in range(per + 1):
            places[f"up_blocks.{block}.resnets.{layer}"] = f"output_blocks.{k}.0"
            places[f"up_blocks.{block}.attentions.{layer}"] = f"output_blocks.{k}.1"
            if layer == per and block + 1 < depth:
                places[f"up_blocks.{block}.upsamplers.0.conv"] = f"output_blocks.{k}.{2 if crossed else 1}.conv"
            k += 1
    inside = {
        "norm1.": "in_layers.0.",
        "conv1.": "in_layers.2.",
        "time_emb_proj.": "emb_layers.1.",
        "norm2.": "out_layers.0.",
        "conv2.": "out_layers.3.",
        "conv_shortcut.": "skip_connection.",
    }
    out = {}
    for key, value in network.state_dict().items():
        place = next(old for old in sorted(places, key=len, reverse=True) if key.startswith(f"{old}."))
        rest = key[len(place) + 1 :]
        if ".resnets." in f".{place}.":
            rest = next((new + rest[len(old) :] for old, new in inside.items() if rest.startswith(old)), rest)
        out[f"model.diffusion_model.{places[place]}.{rest}"] = value
    return out


def test_a_whole_checkpoint_in_the_original_names(sdxl_folder: Path, tmp_path: Path) -> None:
    """Read with the base model's config, offline: the same U-Net as from its own folder."""
    from tiny_models import UNET

    other = unet(66)
    path = save(tmp_path / "checkpoint.safetensors", original_names(other, UNET))
    prior = built(sdxl_folder, checkpoint=path)
    ours, theirs = prior.unet.state_dict(), other.state_dict()
    assert set(ours) == set(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    with pytest.raises(PixlError, match="no checkpoint"):
        built(sdxl_folder, checkpoint=save(tmp_path / "x.safetensors", {"x": torch.ones(3)}))


def test_offload_and_shapes_change_nothing(sdxl_folder: Path) -> None:
    """Networks that wait elsewhere between calls say the same."""
    prior = build(Assembly(name="a", folder=sdxl_folder), Placement(size=(64, 64), offload="all"))
    assert isinstance(prior, UnetPrior)
    assert torch.equal(said(prior), said(built(sdxl_folder)))
