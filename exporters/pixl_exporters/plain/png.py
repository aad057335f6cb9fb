"""Pictures of the grid: at an integer scale, indexed at one pixel a cell, and one mask a colour."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from pixl.pattern import EMPTY

from ..formats import ExportOptions

if TYPE_CHECKING:
    from PIL import Image

    from pixl.document import Document
    from pixl.pattern import Pattern

_TARGET_SIDE = 1024
"""Pixels that the longer side of a scaled picture should about reach when no scale was asked for."""


def export(document: Document, options: ExportOptions) -> dict[str, bytes]:
    """``grid.png``: every cell a square of ``scale`` pixels; empty cells are transparent. Carries the document."""
    from PIL import Image

    pattern = document.pattern
    scale = options.scale or max(1, _TARGET_SIDE // max(pattern.width, pattern.height))
    rgba = np.dstack([pattern.rgb(), np.where(pattern.index == EMPTY, 0, 255).astype(np.uint8)])
    if (pattern.index != EMPTY).all():
        rgba = rgba[..., :3]
    big = np.repeat(np.repeat(rgba, scale, axis=0), scale, axis=1)
    return {"grid.png": _encoded(Image.fromarray(np.ascontiguousarray(big)), options.document)}


def export_indexed(document: Document, options: ExportOptions) -> dict[str, bytes]:
    """``indexed.png``: one pixel a cell, its value the colour's index; RGBA where there are more than 256 colours."""
    from PIL import Image

    pattern = document.pattern
    count = len(pattern.palette)
    holes = bool((pattern.index == EMPTY).any())
    if count + holes > 256:
        return {"indexed.png": _encoded(Image.fromarray(_rgba(pattern)), options.document)}
    values = np.where(pattern.index == EMPTY, count, pattern.index).astype(np.uint8)
    image = Image.frombytes("P", (pattern.width, pattern.height), values.tobytes())
    colors = pattern.palette.rgb.reshape(-1).tolist()
    image.putpalette(colors + ([255, 255, 255] if holes else []))
    extra: dict[str, Any] = {"transparency": count} if holes else {}
    return {"indexed.png": _encoded(image, options.document, **extra)}


def export_layers(document: Document, options: ExportOptions) -> dict[str, bytes]:
    """``layers/01-CODE.png``: white where the colour is, black elsewhere, one pixel a cell or ``scale`` pixels."""
    from PIL import Image

    pattern, files = document.pattern, {}
    for k in pattern.used():
        mask = np.where(pattern.index == k, 255, 0).astype(np.uint8)
        mask = np.repeat(np.repeat(mask, max(1, options.scale), axis=0), max(1, options.scale), axis=1)
        code = "".join(c if c.isalnum() and c.isascii() else "-" for c in pattern.palette.colors[k].code)
        files[f"layers/{k + 1:02d}-{code[:24]}.png"] = _encoded(Image.fromarray(mask), b"")
    return files


def _rgba(pattern: Pattern) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.dstack([pattern.rgb(), np.where(pattern.index == EMPTY, 0, 255).astype(np.uint8)])


def _encoded(image: Image.Image, document: bytes, **extra: Any) -> bytes:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    if document:
        info.add_itxt("pixl", document.decode("utf-8"), zip=True)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=info, optimize=False, **extra)
    return buffer.getvalue()
