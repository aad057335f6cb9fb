"""Pictures to words and back: a caption where there is no prompt, and which of several pictures fits the
words best.

Both need a model that was pulled (``florence`` or ``blip``; ``clip``); nothing here goes to the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixl.errors import ModelMissingError

SHORTEST, LONGEST = 5, 60
"""Tokens of a caption."""


def _quiet() -> Any:
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return transformers


def _load(kind: str, folder: Path, command: str) -> tuple[Any, Any]:
    """(processor, model) of a folder. Raises ModelMissingError."""
    import torch

    transformers = _quiet()
    try:
        processor = transformers.AutoProcessor.from_pretrained(str(folder), local_files_only=True, backend="pil")
        model = getattr(transformers, kind).from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, dtype=torch.float32
        )
    except Exception as error:  # each library its own class
        raise ModelMissingError(
            f"the model in '{folder}' cannot be read: {str(error).splitlines()[0][:160]}",
            hint=f"get it with: {command}",
        ) from None
    return processor, model.eval()


def caption(pixels: NDArray[np.uint8], folder: Path, *, device: str = "cpu") -> str:
    """One sentence on uint8[h, w, 3], greedy, so that the same picture gives the same words. Raises
    ModelMissingError.
    """
    import torch
    from PIL import Image

    processor, model = _load("AutoModelForImageTextToText", folder, "pixl models pull florence")
    model = model.to(device)
    picture = Image.fromarray(pixels)
    task = "<CAPTION>" if model.config.model_type == "florence2" else None
    given = (
        processor(images=picture, text=task, return_tensors="pt") if task else processor(picture, return_tensors="pt")
    )
    with torch.no_grad():
        ids = model.generate(
            **given.to(device), min_new_tokens=SHORTEST, max_new_tokens=LONGEST, num_beams=1, do_sample=False
        )
    words = processor.batch_decode(ids, skip_special_tokens=True)[0]
    return " ".join(words.split())


def likeness(pictures: Sequence[NDArray[np.uint8]], words: str, folder: Path, *, device: str = "cpu") -> list[float]:
    """CLIP's cosine of each uint8[h, w, 3] with ``words``, -1..1. Raises ModelMissingError."""
    import torch
    from PIL import Image

    processor, model = _load("CLIPModel", folder, "pixl models pull clip")
    model = model.to(device)
    images = [Image.fromarray(picture) for picture in pictures]
    given = processor(images=images, text=[words], return_tensors="pt", padding=True, truncation=True)
    with torch.no_grad():
        said = model(**given.to(device))
        image, text = (part / part.norm(dim=-1, keepdim=True) for part in (said.image_embeds, said.text_embeds))
    return [float(value) for value in (image @ text.T)[:, 0]]
