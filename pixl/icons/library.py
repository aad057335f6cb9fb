"""The committed drawings and their words: index.tsv (one line an icon) and atlas.bin (their PNGs end to end)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import PromptError

_HERE = Path(__file__).parent

SIDE = 64
"""Pixels on a side of every drawing in the atlas."""


@dataclass(frozen=True, slots=True)
class Icon:
    """One drawing. ``name`` is its label ("red apple"), ``names`` other things it is called, ``tags`` loose keywords.

    ``start`` and ``length`` place its PNG in atlas.bin; ``code`` is the Unicode sequence it draws ("1F34E"); ``skin``
    says that it shows a person's skin.
    """

    id: str
    name: str
    code: str
    names: tuple[str, ...]
    tags: tuple[str, ...]
    start: int
    length: int
    skin: bool


def _many(field: str) -> tuple[str, ...]:
    return tuple(field.split(";")) if field else ()


@lru_cache(maxsize=1)
def icons() -> tuple[Icon, ...]:
    """Every icon, in the order of the atlas."""
    rows: list[Icon] = []
    start = 0
    for line in (_HERE / "index.tsv").read_text("utf-8").splitlines()[1:]:
        icon, name, code, other, tags, length, kind = line.split("\t")
        rows.append(Icon(icon, name, code, _many(other), _many(tags), start, int(length), kind == "skin"))
        start += int(length)
    return tuple(rows)


@lru_cache(maxsize=1)
def position() -> dict[str, int]:
    """Icon id to its place in the atlas."""
    return {icon.id: place for place, icon in enumerate(icons())}


def icon_of(icon_id: str) -> Icon:
    """The icon with that id. Raises PromptError."""
    place = position().get(icon_id)
    if place is None:
        raise PromptError(f"the library has no icon '{icon_id}'", hint="take an id that icons.find returns")
    return icons()[place]


def further_names() -> dict[str, tuple[str, ...]]:
    """Icon id to the further names that synonyms.tsv gives it."""
    lines = (_HERE / "synonyms.tsv").read_text("utf-8").splitlines()[1:]
    return {icon_id: _many(others) for icon_id, others in (line.split("\t") for line in lines)}


@lru_cache(maxsize=1)
def _bytes() -> bytes:
    return (_HERE / "atlas.bin").read_bytes()


def drawing(icon: Icon) -> NDArray[np.uint8]:
    """uint8[SIDE, SIDE, 4]: sRGB code values and straight alpha; a fully transparent pixel is all zero."""
    from PIL.PngImagePlugin import PngImageFile  # Image.open would load five other formats first

    png = _bytes()[icon.start : icon.start + icon.length]
    return np.asarray(PngImageFile(io.BytesIO(png)).convert("RGBA"))


@lru_cache(maxsize=1)
def atlas() -> NDArray[np.uint8]:
    """Every drawing, uint8[N, SIDE, SIDE, 4], read-only, in the order of ``ids()``."""
    stack = np.stack([drawing(icon) for icon in icons()])
    stack.setflags(write=False)
    return stack


def ids() -> tuple[str, ...]:
    """Every icon id, in the order of the atlas."""
    return tuple(icon.id for icon in icons())


def names() -> tuple[str, ...]:
    """Every icon's name, in the order of the atlas."""
    return tuple(icon.name for icon in icons())
