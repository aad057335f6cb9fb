"""Networks from files that are already here: diffusers folders, single files, safetensors only, one
precision for all.

Every missing or damaged part ends in a sentence; nothing asks the network.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from pixl.distill.diffusion.lora import LoraFile, first_line, merge_into_text_encoder
from pixl.distill.diffusion.words import PENULTIMATE, Branch, KeptWords, Reader, Words, join_t5, read_branches
from pixl.errors import ModelMissingError, UsageError

T5_TOKENS = 256


def read_config(folder: Path, part: str, name: str = "config.json") -> dict[str, Any]:
    """A part's JSON config. Raises ModelMissingError."""
    path = folder / part / name if part else folder / name
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        value = None
    if not isinstance(value, dict):
        raise ModelMissingError(
            f"the model in '{folder}' lacks {part + '/' if part else ''}{name}",
            hint="pull it again, or give a folder in diffusers' layout",
        )
    return value


def load_part(kind: str, folder: Path, part: str, *, dtype: torch.dtype, library: str = "diffusers") -> Any:
    """The network of class ``kind`` in ``folder/part``, in ``dtype``, from safetensors. Raises
    ModelMissingError.
    """
    from importlib import import_module

    read_config(folder, part)
    place = folder / part if part else folder
    names = [path.name for path in place.glob("*.safetensors")]
    if not names:
        raise ModelMissingError(
            f"there are no safetensors weights in '{place}'", hint="pull the model again; pixl reads no pickled weights"
        )
    half = [name for name in names if ".fp16." in name]
    extra = {"variant": "fp16"} if half and len(half) == len(names) else {}
    cls = getattr(import_module(library), kind)
    try:
        network = cls.from_pretrained(str(place), dtype=dtype, use_safetensors=True, local_files_only=True, **extra)
    except Exception as error:  # safetensors, json and the libraries' own checks, each with its own class
        raise ModelMissingError(
            f"the weights in '{place}' cannot be read: {first_line(error)}",
            hint="they may be cut short: pull the model again",
        ) from None
    network.requires_grad_(False)
    return network.eval()


def load_weights_into(network: Any, path: Path, what: str) -> None:
    """Replace all of ``network``'s weights by a file's (Lightning, DMD2: one U-Net file in diffusers' names).

    Raises UsageError where they are another network's.
    """
    state = read_tensors(path)
    try:
        result = network.load_state_dict(state, strict=False, assign=False)
    except RuntimeError as error:
        raise UsageError(f"'{path.name}' does not fit {what}: {first_line(error)}", hint=_FILE) from None
    if result.missing_keys or result.unexpected_keys:
        raise UsageError(
            f"'{path.name}' does not fit {what}: {len(result.missing_keys)} weights are missing and "
            f"{len(result.unexpected_keys)} are not its own",
            hint=_FILE,
        )


_FILE = "use a file made for this base model"


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a safetensors file. Raises ModelMissingError."""
    from safetensors.torch import load_file

    if not path.is_file():
        raise ModelMissingError(f"there is no file '{path}'", hint="give a .safetensors file that exists")
    if path.suffix != ".safetensors":
        raise UsageError(f"'{path.name}' is not a .safetensors file", hint="pixl reads no pickled weights")
    try:
        tensors: dict[str, torch.Tensor] = load_file(str(path))
    except Exception as error:
        raise ModelMissingError(
            f"'{path}' cannot be read: {first_line(error)}", hint="it may be cut short: download it again"
        ) from None
    return tensors


def load_single_unet(path: Path, config_folder: Path, *, dtype: torch.dtype) -> Any:
    """A U-Net from a whole checkpoint in one file (the original naming), shaped by the config of a base
    model's folder.

    Without that config the library guesses SD 1.5 and asks the network. Raises ModelMissingError, UsageError.
    """
    from diffusers import UNet2DConditionModel

    config = read_config(config_folder, "unet")
    state = read_tensors(path)
    if not any(key.startswith(("model.diffusion_model.", "input_blocks.")) for key in state):
        unet = UNet2DConditionModel.from_config(config)
        bare = {key.removeprefix("unet."): value for key, value in state.items()}
        fits = unet.load_state_dict(bare, strict=False)
        if fits.missing_keys:
            raise UsageError(f"'{path.name}' is no checkpoint of this kind of model", hint=_FILE)
        return unet.to(dtype).requires_grad_(False).eval()
    try:
        unet = UNet2DConditionModel.from_single_file(
            str(path), config=str(config_folder), subfolder="unet", local_files_only=True, dtype=dtype
        )
    except Exception as error:
        raise UsageError(f"'{path.name}' does not fit its base model: {first_line(error)}", hint=_FILE) from None
    return unet.requires_grad_(False).eval()


# -- words


def folder_words(
    folder: Path, *, device: torch.device, dtype: torch.dtype, loras: Sequence[LoraFile] = (), t5: bool = True
) -> KeptWords:
    """A reader over the text encoders of a diffusers folder, loaded when needed and freed afterwards.

    SDXL's kind has text_encoder and text_encoder_2; SD 1.5 and 2.1 only the first; SD3 three (``t5`` False
    leaves the third out, as does a folder without it).
    """
    read_config(folder, "text_encoder")

    def load(notes: list[str]) -> Reader:
        return _FolderReader(folder, device=device, dtype=dtype, loras=tuple(loras), t5=t5, notes=notes)

    return KeptWords(load)


class _FolderReader:
    def __init__(
        self,
        folder: Path,
        *,
        device: torch.device,
        dtype: torch.dtype,
        loras: tuple[LoraFile, ...],
        t5: bool,
        notes: list[str],
    ) -> None:
        self.folder, self.device, self.dtype, self.loras, self.t5, self.notes = folder, device, dtype, loras, t5, notes

    def __call__(self, texts: Sequence[str]) -> Words:
        flow = (self.folder / "transformer").is_dir()
        two = (self.folder / "text_encoder_2").is_dir()
        parts: list[tuple[str, str, int | None, bool]] = [
            ("", "CLIPTextModelWithProjection" if flow else "CLIPTextModel", PENULTIMATE if two else None, flow)
        ]
        if two:
            parts.append(("_2", "CLIPTextModelWithProjection", PENULTIMATE, True))
        # one encoder at a time is on the device; what it said comes back
        read = [self._one(suffix, kind, layer, pooled, texts) for suffix, kind, layer, pooled in parts]
        pooled = [words.pooled for words in read if words.pooled is not None]
        words = Words(
            embeddings=torch.cat([one.embeddings for one in read], dim=-1),
            pooled=torch.cat(pooled, dim=-1) if pooled else None,
        )
        return join_t5(words, self._t5(texts)) if flow else words

    def _one(self, suffix: str, kind: str, layer: int | None, pooled: bool, texts: Sequence[str]) -> Words:
        part = f"text_encoder{suffix}"
        encoder = load_part(kind, self.folder, part, dtype=self.dtype, library="transformers")
        for lora in self.loras:
            merge_into_text_encoder(lora, encoder, part, str(self.folder.name))
        tokenizer = load_tokenizer(self.folder, f"tokenizer{suffix}")
        branch = Branch(tokenizer=tokenizer, encoder=encoder.to(self.device), layer=layer, pooled=pooled)
        cut = branch.cut(texts)
        note = f"the prompt is {cut} tokens too long for the model; its end is not read"
        if cut and note not in self.notes:
            self.notes.append(note)
        return read_branches([branch], texts)

    def _t5(self, texts: Sequence[str]) -> torch.Tensor:
        width = int(read_config(self.folder, "transformer")["joint_attention_dim"])
        if not self.t5 or not (self.folder / "text_encoder_3").is_dir():
            return torch.zeros((len(texts), T5_TOKENS, width), dtype=self.dtype, device=self.device)
        encoder = load_part(
            "T5EncoderModel", self.folder, "text_encoder_3", dtype=self.dtype, library="transformers"
        ).to(self.device)
        tokenizer = load_tokenizer(self.folder, "tokenizer_3")
        ids = tokenizer(
            list(texts), padding="max_length", max_length=T5_TOKENS, truncation=True, return_tensors="pt"
        ).input_ids
        with torch.no_grad():
            said: torch.Tensor = encoder(ids.to(self.device))[0]
        return said


def load_tokenizer(folder: Path, part: str) -> Any:
    """The tokenizer as the folder describes it, with its own pad token. Raises ModelMissingError."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(str(folder / part), local_files_only=True)
    except Exception as error:
        raise ModelMissingError(
            f"the tokenizer in '{folder / part}' cannot be read: {first_line(error)}", hint="pull the model again"
        ) from None
