"""LoRA files merged into networks, with the refusals that the libraries leave out.

The library reads the file's dialect (diffusers, kohya, sgm names); peft puts the layers in; then they are
merged, so that a step costs what it costs without. Left to themselves the libraries load nothing of a file
whose names they do not know, or 80 of 136 modules of one made for a larger network, and say so in a log line
at most.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pixl.errors import ModelMissingError, UsageError

_TEXT = ("text_encoder", "text_encoder_2")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraFile:
    """A file's layers in diffusers' naming. ``state``: "unet...." and "text_encoder...." keys; ``alphas`` as
    the library gives them; ``digest``: SHA-256 of the file's bytes; ``weight``: how much of it (1 is all)."""

    name: str
    state: Mapping[str, torch.Tensor]
    alphas: Mapping[str, float] | None
    metadata: Mapping[str, Any] | None
    digest: str
    weight: float

    def part(self, prefix: str) -> dict[str, torch.Tensor]:
        """The layers under ``prefix``."""
        return {key: value for key, value in self.state.items() if key.startswith(f"{prefix}.")}


def read_lora(path: Path, unet_config: Mapping[str, Any], *, weight: float = 1.0) -> LoraFile:
    """Raises ModelMissingError where the file is not there, UsageError where it is no LoRA for a U-Net."""
    from diffusers.loaders import StableDiffusionXLLoraLoaderMixin

    if not path.is_file():
        raise ModelMissingError(f"there is no LoRA file '{path}'", hint="give a .safetensors file that exists")
    if path.suffix != ".safetensors":
        raise UsageError(f"'{path.name}' is not a .safetensors file", hint="pixl reads no pickled weights")
    try:
        state, alphas, metadata = StableDiffusionXLLoraLoaderMixin.lora_state_dict(
            str(path.parent),
            weight_name=path.name,
            unet_config=unet_config,
            use_safetensors=True,
            local_files_only=True,
            return_lora_metadata=True,
        )
    except Exception as error:  # whatever the library's converters raise for names they do not know
        raise UsageError(
            f"'{path.name}' cannot be read as a LoRA: {first_line(error)}",
            hint="it may be cut short, or be for another kind of model",
        ) from None
    if not any(key.startswith("unet.") for key in state) and not any(_text_key(key) for key in state):
        raise UsageError(
            f"'{path.name}' names no layer of a U-Net or its text encoders: nothing of it could be used",
            hint="use a LoRA for this model's family in diffusers, kohya or sgm naming",
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return LoraFile(name=path.name, state=state, alphas=alphas, metadata=metadata, digest=digest, weight=weight)


def merge_into_unet(lora: LoraFile, unet: Any, base: str) -> int:
    """Merge the U-Net's layers in place; the number of modules changed. Raises UsageError where any does not
    fit.
    """
    from diffusers.loaders import StableDiffusionXLLoraLoaderMixin
    from diffusers.utils import convert_unet_state_dict_to_peft

    part = lora.part("unet")
    if not part:
        return 0
    stripped = {key.removeprefix("unet."): value for key, value in part.items()}
    if not any("lora_A" in key for key in stripped):
        stripped = convert_unet_state_dict_to_peft(stripped)
    modules = check_fit(lora.name, stripped, unet, base)
    if lora.weight == 0:
        return 0
    before = {name: _mark(unet.get_submodule(name).weight) for name in modules}
    try:
        StableDiffusionXLLoraLoaderMixin.load_lora_into_unet(
            dict(lora.state),
            network_alphas=lora.alphas,
            unet=unet,
            adapter_name="pixl",
            metadata=lora.metadata,
        )
        unet.fuse_lora(lora_scale=lora.weight, adapter_names=["pixl"])
        unet.unload_lora()
    except (RuntimeError, ValueError) as error:
        raise UsageError(f"the LoRA {lora.name} does not fit {base}: {first_line(error)}", hint=_OTHER) from None
    changed = sum(_mark(unet.get_submodule(name).weight) != mark for name, mark in before.items())
    if changed == 0:
        raise UsageError(f"the LoRA {lora.name} changes nothing in {base}: all of its layers are zero", hint=_OTHER)
    return changed


_OTHER = "use one that was made for this model, or leave out --lora"


def _mark(weight: torch.Tensor) -> bytes:
    """A hash of a weight's bytes: copies of a large model's weights would not fit beside it."""
    plain = weight.detach().cpu().contiguous().flatten()
    return hashlib.sha256(memoryview(plain.view(torch.uint8).numpy())).digest()


def check_fit(name: str, state: Mapping[str, torch.Tensor], network: Any, base: str) -> list[str]:
    """The modules that ``state`` (peft names, no prefix) is for. Raises UsageError where one is missing or
    of another shape."""
    there = dict(network.named_modules())
    wanted = sorted({key.rsplit(".lora_", 1)[0] for key in state if ".lora_" in key})
    missing = [module for module in wanted if module not in there]
    if missing:
        raise UsageError(
            f"the LoRA {name} does not fit {base}: {len(missing)} of its {len(wanted)} modules are not there "
            f"(the first is {missing[0]})",
            hint=_OTHER,
        )
    for module in wanted:
        weight = there[module].weight
        down, up = state.get(f"{module}.lora_A.weight"), state.get(f"{module}.lora_B.weight")
        if down is None or up is None:
            raise UsageError(f"the LoRA {name} is cut short: {module} has only half of its layer", hint=_OTHER)
        if down.shape[1] != weight.shape[1] or up.shape[0] != weight.shape[0]:
            raise UsageError(
                f"the LoRA {name} does not fit {base}: {module} is {weight.shape[0]} x {weight.shape[1]}, the LoRA's "
                f"is {up.shape[0]} x {down.shape[1]}",
                hint=_OTHER,
            )
    return wanted


def merge_into_text_encoder(lora: LoraFile, encoder: Any, prefix: str, base: str) -> int:
    """Merge a text encoder's layers ("text_encoder" or "text_encoder_2") in place; the number of modules
    changed.
    """
    from diffusers.loaders import StableDiffusionXLLoraLoaderMixin

    part = lora.part(prefix)
    if not part or lora.weight == 0:
        return 0
    before = {name: _mark(value) for name, value in encoder.state_dict().items()}
    modules = {key.split(".lora")[0] for key in part}
    try:
        StableDiffusionXLLoraLoaderMixin.load_lora_into_text_encoder(
            dict(lora.state),
            network_alphas=lora.alphas,
            text_encoder=encoder,
            prefix=prefix,
            lora_scale=lora.weight,
            adapter_name="pixl",
            metadata=lora.metadata,
        )
        _merge_layers(encoder)
    except (RuntimeError, ValueError, KeyError) as error:
        raise UsageError(f"the LoRA {lora.name} does not fit {base}: {first_line(error)}", hint=_OTHER) from None
    after = encoder.state_dict()
    if set(after) != set(before):
        raise UsageError(f"the LoRA {lora.name} leaves layers in {base}'s text encoder", hint=_OTHER)
    changed = sum(_mark(after[name]) != mark for name, mark in before.items())
    if changed < len(modules):
        raise UsageError(
            f"the LoRA {lora.name} does not fit {base}: {changed} of {len(modules)} modules in {prefix} took effect",
            hint=_OTHER,
        )
    return changed


def _merge_layers(encoder: Any) -> None:
    """Fold each injected layer into its weight and put the plain layer back in its place."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for name, module in list(encoder.named_modules()):
        if isinstance(module, BaseTunerLayer):
            module.merge(safe_merge=False)
            parent, _, leaf = name.rpartition(".")
            setattr(encoder.get_submodule(parent) if parent else encoder, leaf, module.get_base_layer())


def _text_key(key: str) -> bool:
    return key.split(".", 1)[0] in _TEXT


def first_line(error: BaseException) -> str:
    """The first line of a library's message, for a sentence."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
