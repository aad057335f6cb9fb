"""Tiny random-weight models of the libraries' own classes, saved in their own format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, ControlNetModel, DDPMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

WORDS_1, WORDS_2, POOLED, TIME = 12, 20, 16, 8
LETTERS = "abcdefghijklmnopqrstuvwxyz!"

UNET: dict[str, Any] = {
    "sample_size": 128,
    "in_channels": 4,
    "out_channels": 4,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "block_out_channels": (4, 8, 8),
    "layers_per_block": 2,
    "norm_num_groups": 2,
    "transformer_layers_per_block": (1, 1, 2),
    "attention_head_dim": (1, 1, 2),
    "use_linear_projection": True,
    "cross_attention_dim": WORDS_1 + WORDS_2,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": TIME,
    "projection_class_embeddings_input_dim": POOLED + 6 * TIME,
}
SCHEDULER = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "clip_sample": False,
    "steps_offset": 1,
}


def loud(network: Any, seed: int, scale: float = 1.0) -> Any:
    """Weights large enough that a wrong condition shows, zero-initialised ones (ControlNet) included."""
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in network.named_parameters():
            drawn = torch.randn(value.shape, generator=rng)
            if value.ndim > 1:
                value.copy_(drawn * scale / value[0].numel() ** 0.5)
            else:
                value.copy_(0.1 * drawn + (1.0 if name.endswith("weight") else 0.0))
    return network.eval()


def unet(seed: int = 1, **changes: Any) -> UNet2DConditionModel:
    return loud(UNet2DConditionModel(**{**UNET, **changes}), seed)


def controlnet(seed: int, **changes: Any) -> ControlNetModel:
    kept = {
        key: value
        for key, value in UNET.items()
        if key not in ("sample_size", "out_channels", "up_block_types", "in_channels")
    }
    kept["conditioning_embedding_out_channels"] = (4, 4, 8, 8)
    return loud(ControlNetModel(**{**kept, **changes}), seed)


def tiny_vae(seed: int = 2, **changes: Any) -> AutoencoderTiny:
    options = {
        "encoder_block_out_channels": (4, 4, 4, 4),
        "decoder_block_out_channels": (4, 4, 4, 4),
        "num_encoder_blocks": (1, 1, 1, 1),
        "num_decoder_blocks": (1, 1, 1, 1),
    }
    return loud(AutoencoderTiny(**{**options, **changes}), seed)


def full_vae(seed: int = 3, **changes: Any) -> AutoencoderKL:
    options: dict[str, Any] = {
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "block_out_channels": (4, 4, 4, 4),
        "layers_per_block": 1,
        "norm_num_groups": 2,
        "latent_channels": 4,
        "scaling_factor": 0.13025,
        "sample_size": 512,
    }
    return loud(AutoencoderKL(**{**options, **changes}), seed)


def tokenizer(pad: str) -> CLIPTokenizer:
    """Letters, whole and at a word's end; its pad token is its own."""
    vocab = {letter: k for k, letter in enumerate(LETTERS)}
    for letter in LETTERS:
        vocab[f"{letter}</w>"] = len(vocab)
    for special in ("<|startoftext|>", "<|endoftext|>"):
        vocab[special] = len(vocab)
    return CLIPTokenizer(vocab=vocab, merges=[], pad_token=pad, model_max_length=77)


def text_config(width: int, layers: int, projection: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=2 * len(LETTERS) + 2,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=2,
        max_position_embeddings=77,
        projection_dim=projection,
        bos_token_id=2 * len(LETTERS),
        eos_token_id=2 * len(LETTERS) + 1,
        pad_token_id=2 * len(LETTERS) + 1,
    )


def text_encoder(seed: int = 4, width: int = WORDS_1) -> CLIPTextModel:
    return loud(CLIPTextModel(text_config(width, 2, POOLED)), seed)


def text_encoder_2(seed: int = 5, width: int = WORDS_2) -> CLIPTextModelWithProjection:
    return loud(CLIPTextModelWithProjection(text_config(width, 3, POOLED)), seed)


def write_index(folder: Path, name: str) -> None:
    (folder / "model_index.json").write_text(json.dumps({"_class_name": name}))


def save_sdxl(folder: Path, *, network: Any = None, vae: Any = None, scheduler: dict[str, Any] | None = None) -> Path:
    """model_index.json, unet, vae, both text encoders and tokenizers, scheduler."""
    (network or unet()).save_pretrained(folder / "unet")
    (vae or tiny_vae()).save_pretrained(folder / "vae")
    text_encoder().save_pretrained(folder / "text_encoder")
    text_encoder_2().save_pretrained(folder / "text_encoder_2")
    tokenizer("<|endoftext|>").save_pretrained(folder / "tokenizer")
    tokenizer("!").save_pretrained(folder / "tokenizer_2")
    DDPMScheduler(**{**SCHEDULER, **(scheduler or {})}).save_pretrained(folder / "scheduler")
    write_index(folder, "StableDiffusionXLPipeline")
    return folder


def unet_15(seed: int = 6, **changes: Any) -> UNet2DConditionModel:
    plain = {
        "addition_embed_type": None,
        "addition_time_embed_dim": None,
        "projection_class_embeddings_input_dim": None,
        "cross_attention_dim": WORDS_1,
        "use_linear_projection": False,
        "transformer_layers_per_block": 1,
        "sample_size": 64,
    }
    return unet(seed, **{**plain, **changes})


def save_sd15(folder: Path, *, scheduler: dict[str, Any] | None = None) -> Path:
    """SD 1.5's kind: one text encoder, no sizes."""
    unet_15().save_pretrained(folder / "unet")
    tiny_vae(7).save_pretrained(folder / "vae")
    text_encoder().save_pretrained(folder / "text_encoder")
    tokenizer("<|endoftext|>").save_pretrained(folder / "tokenizer")
    DDPMScheduler(**{**SCHEDULER, **(scheduler or {})}).save_pretrained(folder / "scheduler")
    write_index(folder, "StableDiffusionPipeline")
    return folder


def original_words(first: Any, second: Any) -> dict[str, torch.Tensor]:
    """Two text encoders in the names of SDXL's whole checkpoints: CLIP's own, and OpenCLIP's with q, k, v in one."""
    out = {}
    for key, value in first.state_dict().items():
        out[f"conditioner.embedders.0.transformer.text_model.{key.removeprefix('text_model.')}"] = value
    state = {key.removeprefix("text_model."): value for key, value in second.state_dict().items()}
    plain = {
        "embeddings.token_embedding.weight": "token_embedding.weight",
        "embeddings.position_embedding.weight": "positional_embedding",
        "final_layer_norm.weight": "ln_final.weight",
        "final_layer_norm.bias": "ln_final.bias",
    }
    own = {old: state[new] for new, old in plain.items()}
    own["text_projection"] = state["text_projection.weight"].T
    inside = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
    inside["self_attn.out_proj"] = "attn.out_proj"
    for k in range(second.config.num_hidden_layers):
        here, there = f"encoder.layers.{k}", f"transformer.resblocks.{k}"
        for end in ("weight", "bias"):
            parts = [state[f"{here}.self_attn.{one}_proj.{end}"] for one in "qkv"]
            own[f"{there}.attn.in_proj_{end}"] = torch.cat(parts)
            own |= {f"{there}.{old}.{end}": state[f"{here}.{new}.{end}"] for new, old in inside.items()}
    return {**out, **{f"conditioner.embedders.1.model.{name}": value for name, value in own.items()}}
