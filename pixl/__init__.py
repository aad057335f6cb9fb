"""pixl: a photo or a prompt becomes a small grid of palette indices, and the grid becomes what a maker needs.

``__all__`` is the promise; everything is imported on first use (PEP 562), so ``import pixl`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Cell": "pixl.pattern",
    "Color": "pixl.palette",
    "Document": "pixl.document",
    "GridSize": "pixl.units",
    "Job": "pixl.job",
    "Limits": "pixl.job",
    "Palette": "pixl.palette",
    "Pattern": "pixl.pattern",
    "Photo": "pixl.photo",
    "PixlError": "pixl.errors",
    "Recipe": "pixl.recipe",
    "load_engine": "pixl.engine",
    "load_palette": "pixl.palette",
    "open_photo": "pixl.photo",
}

if TYPE_CHECKING:
    from .document import Document
    from .engine import load_engine
    from .errors import PixlError
    from .job import Job, Limits
    from .palette import Color, Palette, load_palette
    from .pattern import Cell, Pattern
    from .photo import Photo, open_photo
    from .recipe import Recipe
    from .units import GridSize

__all__ = [
    "Cell",
    "Color",
    "Document",
    "GridSize",
    "Job",
    "Limits",
    "Palette",
    "Pattern",
    "Photo",
    "PixlError",
    "Recipe",
    "__version__",
    "load_engine",
    "load_palette",
    "open_photo",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'pixl' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
