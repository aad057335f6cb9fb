"""Networks from folders that are already here, in diffusers' layout: safetensors only, one precision for all.

Every missing or damaged part ends in a sentence; nothing asks the network.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from pixl.distill.diffusion.lora import LoraFile, first_line, merge_into_text_encoder
from pixl.distill.diffusion.single import load_single_text_encoder
from pixl.distill.diffusion.words import PENULTIMATE, Branch, KeptWords, Reader, Words, join_t5, read_branches
from pixl.errors import ModelMissingError

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


# -- words


def folder_words(
    folder: Path,
    *,
    device: torch.device,
    dtype: torch.dtype,
    loras: Sequence[LoraFile] = (),
    t5: bool = True,
    checkpoint: Path | None = None,
) -> KeptWords:
    """A reader over the text encoders of a diffusers folder, loaded when needed and freed afterwards.

    SDXL's kind has text_encoder and text_encoder_2; SD 1.5 and 2.1 only the first; SD3 three (``t5`` False
    leaves the third out, as does a folder without it). ``checkpoint``: a whole model in one file, whose text
    encoders are used where it has them.
    """
    read_config(folder, "text_encoder")

    def load(notes: list[str]) -> Reader:
        return _FolderReader(
            folder, device=device, dtype=dtype, loras=tuple(loras), t5=t5, checkpoint=checkpoint, notes=notes
        )

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
        checkpoint: Path | None,
        notes: list[str],
    ) -> None:
        self.folder, self.device, self.dtype, self.loras, self.t5 = folder, device, dtype, loras, t5
        self.checkpoint, self.notes = checkpoint, notes

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
        encoder = None
        if self.checkpoint is not None:
            encoder = load_single_text_encoder(kind, self.checkpoint, self.folder, part, dtype=self.dtype)
            if encoder is None:
                self._note(f"{self.checkpoint.name} holds no {part}; the one of '{self.folder.name}' reads the words")
        if encoder is None:
            encoder = load_part(kind, self.folder, part, dtype=self.dtype, library="transformers")
        for lora in self.loras:
            merge_into_text_encoder(lora, encoder, part, str(self.folder.name))
        tokenizer = load_tokenizer(self.folder, f"tokenizer{suffix}")
        branch = Branch(tokenizer=tokenizer, encoder=encoder.to(self.device), layer=layer, pooled=pooled)
        cut = branch.cut(texts)
        if cut:
            self._note(f"the prompt is {cut} tokens too long for the model; its end is not read")
        return read_branches([branch], texts)

    def _note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)

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

    if not (folder / part).is_dir():
        raise ModelMissingError(
            f"the model in '{folder}' lacks {part}/", hint="pull it again, or give a folder in diffusers' layout"
        )
    try:
        return AutoTokenizer.from_pretrained(str(folder / part), local_files_only=True)
    except Exception as error:
        raise ModelMissingError(
            f"the tokenizer in '{folder / part}' cannot be read: {first_line(error)}", hint="pull the model again"
        ) from None
