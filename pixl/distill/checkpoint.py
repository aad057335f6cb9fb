"""A descent's tensors as safetensors bytes and back, with what they belong to in the header's metadata."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import torch

from pixl.errors import DocumentError


def pack(tensors: Mapping[str, torch.Tensor], about: Mapping[str, Any]) -> bytes:
    """safetensors bytes; ``about`` is kept as one JSON string under ``pixl``."""
    from safetensors.torch import save

    data: bytes = save(dict(tensors), metadata={"pixl": json.dumps(about, sort_keys=True)})
    return data


def unpack(data: bytes) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """(tensors, about). Raises DocumentError for bytes that are no checkpoint of ours."""
    from safetensors.torch import load

    try:
        about = json.loads(header(data)["__metadata__"]["pixl"])
        return dict(load(data)), dict(about)
    except Exception as error:  # whatever a foreign or cut file makes safetensors, json or struct raise
        raise DocumentError(
            f"a checkpoint cannot be read: {type(error).__name__}", hint="remove it; the one before it is used"
        ) from None


def header(data: bytes) -> dict[str, Any]:
    """The JSON header: eight bytes of length, then the text (the safetensors format)."""
    (length,) = struct.unpack_from("<Q", data)
    value: dict[str, Any] = json.loads(data[8 : 8 + length])
    return value
