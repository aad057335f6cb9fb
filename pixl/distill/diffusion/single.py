"""Single safetensors files: a whole checkpoint in the original names, or a U-Net alone; shaped by a base
model's folder.

Without that folder's configs the library guesses SD 1.5 and asks the network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from pixl.distill.diffusion.lora import first_line
from pixl.errors import ModelMissingError, UsageError

_FILE = "use a file made for this base model"
_SAMPLE = 1 << 20
_UNET = ("model.diffusion_model.", "input_blocks.")
_WORDS = ("conditioner.embedders.", "cond_stage_model.")


def read_tensors(path: Path, start: tuple[str, ...] = ("",)) -> dict[str, torch.Tensor]:
    """Tensors of a safetensors file whose names begin with one of ``start``. Raises ModelMissingError."""
    from safetensors import safe_open

    _check(path)
    try:
        with safe_open(str(path), framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys() if name.startswith(start)}  # noqa: SIM118
    except Exception as error:  # safetensors has its own class, and files that are cut short raise others
        raise _unread(path, error) from None


def tensor_names(path: Path) -> list[str]:
    """Names of the tensors in a file, without reading the tensors. Raises ModelMissingError."""
    from safetensors import safe_open

    _check(path)
    try:
        with safe_open(str(path), framework="pt") as file:
            return list(file.keys())
    except Exception as error:
        raise _unread(path, error) from None


def _check(path: Path) -> None:
    if not path.is_file():
        raise ModelMissingError(f"there is no file '{path}'", hint="give a .safetensors file that exists")
    if path.suffix != ".safetensors":
        raise UsageError(f"'{path.name}' is not a .safetensors file", hint="pixl reads no pickled weights")


def _unread(path: Path, error: Exception) -> ModelMissingError:
    return ModelMissingError(
        f"'{path}' cannot be read: {first_line(error)}", hint="it may be cut short: download it again"
    )


def fingerprint(place: Path) -> str:
    """16 hex digits of what weights ``place`` holds: a file, or a folder's safetensors and configs.

    Of each file its length and its first and last megabyte: some gigabytes are told apart in a moment.
    """
    digest = hashlib.sha256()
    for path in [place] if place.is_file() else sorted(place.rglob("*")):
        if not path.is_file() or path.suffix not in (".safetensors", ".json"):
            continue
        size = path.stat().st_size
        name = "" if path == place else path.relative_to(place).as_posix()
        digest.update(f"{name}\0{size}\0".encode())
        with path.open("rb") as file:
            digest.update(file.read(_SAMPLE))
            file.seek(max(size - _SAMPLE, 0))
            digest.update(file.read(_SAMPLE))
    return digest.hexdigest()[:16]


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


def load_single_unet(path: Path, base: Path, config: Mapping[str, Any], *, dtype: torch.dtype) -> Any:
    """The U-Net of a checkpoint in one file, shaped by ``config``, which is ``base``'s. Raises
    ModelMissingError, UsageError.
    """
    from diffusers import UNet2DConditionModel

    if not any(name.startswith(_UNET) for name in tensor_names(path)):
        unet = UNet2DConditionModel.from_config(dict(config))
        bare = {key.removeprefix("unet."): value for key, value in read_tensors(path).items()}
        try:
            fits = not unet.load_state_dict(bare, strict=False).missing_keys
        except RuntimeError:
            fits = False
        if not fits:
            raise UsageError(f"'{path.name}' is no checkpoint of this kind of model", hint=_FILE)
        return unet.to(dtype).requires_grad_(False).eval()
    try:
        unet = UNet2DConditionModel.from_single_file(
            str(path), config=str(base), subfolder="unet", local_files_only=True, dtype=dtype
        )
    except Exception as error:
        raise UsageError(f"'{path.name}' does not fit its base model: {first_line(error)}", hint=_FILE) from None
    return unet.requires_grad_(False).eval()


def load_single_text_encoder(kind: str, path: Path, base: Path, part: str, *, dtype: torch.dtype) -> Any | None:
    """The text encoder ``part`` of a checkpoint in one file, or None where the file holds none.

    ``kind``: its class in transformers; shaped by the config in ``base/part``. Fine-tuned models change their
    text encoders too: the base's would read the words in another way. Raises UsageError.
    """
    import transformers
    from diffusers.loaders.single_file_utils import create_diffusers_clip_model_from_ldm

    # SDXL's first is under embedders.0, its second under embedders.1; SD 1.5 and 2.1 have one
    own = _WORDS[0] + ("1." if part.endswith("_2") else "0.")
    state = read_tensors(path, (own, _WORDS[1]) if part == "text_encoder" else (own,))
    if not state:
        return None
    try:
        encoder = create_diffusers_clip_model_from_ldm(
            getattr(transformers, kind), state, subfolder=part, config=str(base), local_files_only=True
        )
    except Exception as error:
        raise UsageError(f"the {part} in '{path.name}' does not fit: {first_line(error)}", hint=_FILE) from None
    if any(value.is_meta for value in encoder.parameters()):
        raise UsageError(f"the {part} in '{path.name}' lacks some of its weights", hint=_FILE)
    return encoder.to(dtype).requires_grad_(False).eval()
