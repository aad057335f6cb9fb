"""The ``.pixl`` document: a pattern, its craft and options, the edits made and the recipe, as one JSON text.

Specified in docs/formats/pixl-v1.md. Reading is capped and never trusts a number in the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .color import hex_to_rgb
from .errors import DocumentError, PixlError
from .palette import FINISHES, MAX_COLORS, Color, Material, Palette
from .pattern import EMPTY, Cell, Pattern
from .recipe import Recipe
from .units import MAX_CELLS_A_SIDE

FORMAT = 1
MAX_BYTES = 64_000_000
MAX_VALUES = 1_000_000
"""Commas and brackets in a document; a real one has a few ten thousand. Each costs a hundred bytes once parsed."""
MAX_DEPTH = 32
CRAFTS = ("brick", "bead", "stitch", "embroider", "pixel")

_EMPTY_MAPPING: Mapping[str, Any] = MappingProxyType({})
_RUN = re.compile(r"^(\.|[0-9]{1,5})(?:\*([0-9]{1,5}))?$")
_KEYS = ("pixl", "craft", "title", "size", "cell", "palette", "rows", "options", "edits", "recipe")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """``options`` are the craft's, as JSON values; ``edits`` the commands applied since the engine, oldest first.

    ``unknown`` keeps keys that a newer version wrote, so that rewriting loses nothing.
    """

    pattern: Pattern
    craft: str
    recipe: Recipe
    options: Mapping[str, Any] = field(default_factory=lambda: _EMPTY_MAPPING)
    edits: tuple[Mapping[str, Any], ...] = ()
    unknown: Mapping[str, Any] = field(default_factory=lambda: _EMPTY_MAPPING)

    def to_bytes(self) -> bytes:
        """UTF-8 JSON, one grid row a line; the same document gives the same bytes."""
        pattern, palette = self.pattern, self.pattern.palette
        values: dict[str, Any] = {
            "pixl": FORMAT,
            "craft": self.craft,
            "title": pattern.title,
            "size": [pattern.width, pattern.height],
            "cell": {
                "width_mm": pattern.cell.width_mm,
                "height_mm": pattern.cell.height_mm,
                "shape": pattern.cell.shape,
            },
            "palette": {
                "id": palette.id,
                "version": palette.version,
                "name": palette.name,
                "unit": palette.unit,
                "source": palette.source,
                "licence": palette.licence,
                "colors": [_color_to_json(color) for color in palette.colors],
            },
            "rows": [encode_row(row) for row in pattern.index],
            "options": dict(self.options),
            "edits": [dict(edit) for edit in self.edits],
            "recipe": self.recipe.as_dict(),
            **self.unknown,
        }
        return (json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "backslashreplace")

    @staticmethod
    def from_bytes(data: bytes) -> Document:
        """Read a document. Raises DocumentError, whatever the bytes are."""
        if len(data) > MAX_BYTES:
            raise DocumentError(f"the document has {len(data)} bytes", hint=f"keep it below {MAX_BYTES}")
        if sum(data.count(mark) for mark in (b",", b"[", b"{")) > MAX_VALUES:
            raise DocumentError("the document holds more values than any pattern", hint="give a file that pixl wrote")
        try:
            values = json.loads(data.decode("utf-8"), parse_constant=_refuse)
        except (UnicodeDecodeError, ValueError, RecursionError) as error:
            raise DocumentError(
                f"this is not a pixl document: {error}", hint="give a .pixl file that pixl wrote"
            ) from None
        _check_depth(values, MAX_DEPTH)
        try:
            return _from_json(values)
        except DocumentError:
            raise
        except OverflowError:
            raise DocumentError("the document holds a number beyond all bounds", hint="mend the number") from None
        except PixlError as error:
            raise DocumentError(f"the document is damaged: {error.what}", hint=error.hint) from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _check_depth(value: Any, left: int) -> None:
    """Raise DocumentError for values nested deeper than pixl could write again."""
    if left < 0:
        raise DocumentError("the document is nested too deeply", hint="give a file that pixl wrote")
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            if isinstance(inner, dict | list):
                _check_depth(inner, left - 1)


def encode_row(row: NDArray[np.int16]) -> str:
    """Run-length text of one row: ``0*12 . 3`` is twelve cells of colour 0, an empty one, one of colour 3."""
    edges = np.flatnonzero(np.diff(row)) + 1
    starts = np.concatenate([[0], edges])
    lengths = np.diff(np.concatenate([starts, [len(row)]]))
    words = []
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        value = int(row[start])
        name = "." if value == EMPTY else str(value)
        words.append(name if length == 1 else f"{name}*{length}")
    return " ".join(words)


def decode_row(text: str, *, width: int, where: str) -> list[int]:
    """Inverse of ``encode_row``. Raises DocumentError when the row does not have exactly ``width`` cells."""
    cells: list[int] = []
    for word in text.split():
        match = _RUN.match(word)
        length = int(match[2] or 1) if match else 0
        if match is None or length < 1 or len(cells) + length > width:
            raise DocumentError(f"{where}: '{word[:40]}' does not fit a row of {width} cells", hint="mend the row")
        cells.extend([EMPTY if match[1] == "." else int(match[1])] * length)
    if len(cells) != width:
        raise DocumentError(f"{where} has {len(cells)} cells, not {width}", hint="mend the row")
    return cells


def _color_to_json(color: Color) -> dict[str, Any]:
    values: dict[str, Any] = {"code": color.code, "name": color.name, "hex": color.hex}
    if color.finish != "solid":
        values["finish"] = color.finish
    if color.ids:
        values["ids"] = dict(color.ids)
    if color.tags:
        values["tags"] = list(color.tags)
    return values


def _get(values: Any, key: str, kind: type | tuple[type, ...], where: str = "the document") -> Any:
    if not isinstance(values, dict):
        raise DocumentError(f"{where} is not an object", hint="give a .pixl file that pixl wrote")
    value = values.get(key)
    if not isinstance(value, kind) or isinstance(value, bool):
        shown = repr(value)[:40]
        raise DocumentError(f"{where} has {shown} as its '{key}'", hint="see docs/formats/pixl-v1.md")
    return value


def _from_json(values: Any) -> Document:
    version = _get(values, "pixl", int)
    if version != FORMAT:
        raise DocumentError(
            f"the document is of version {version}, this pixl reads version {FORMAT}",
            hint="install a newer pixl",
        )
    craft = _get(values, "craft", str)
    if craft not in CRAFTS:
        raise DocumentError(f"'{craft[:40]}' is not a craft", hint=f"use one of {', '.join(CRAFTS)}")
    size = _get(values, "size", list)
    if len(size) != 2 or not all(type(side) is int and 1 <= side <= MAX_CELLS_A_SIDE for side in size):
        raise DocumentError(f"size {size!r:.40} is out of range", hint=f"give [width, height], 1 to {MAX_CELLS_A_SIDE}")
    rows = _get(values, "rows", list)
    if len(rows) != size[1]:
        raise DocumentError(f"there are {len(rows)} rows for a height of {size[1]}", hint="mend 'rows' or 'size'")
    palette = _palette(_get(values, "palette", dict))
    grid = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, str):
            raise DocumentError(f"row {number} is not text", hint="mend 'rows'")
        cells = decode_row(row, width=size[0], where=f"row {number}")
        if max(cells) >= len(palette):
            raise DocumentError(
                f"row {number} uses colour {max(cells)} of a palette of {len(palette)}", hint="mend the row"
            )
        grid.append(cells)
    cell = _get(values, "cell", dict)
    edits = values.get("edits", [])
    if not isinstance(edits, list) or not all(isinstance(edit, dict) for edit in edits):
        raise DocumentError("'edits' is not a list of objects", hint="mend or remove it")
    pattern = Pattern(
        index=np.array(grid, dtype=np.int16),
        palette=palette,
        cell=Cell(
            width_mm=float(_get(cell, "width_mm", (int, float), "the cell")),
            height_mm=float(_get(cell, "height_mm", (int, float), "the cell")),
            shape=str(cell.get("shape", "square")),
        ),
        title=str(values.get("title", "")),
    )
    return Document(
        pattern=pattern,
        craft=craft,
        recipe=Recipe.from_dict(values.get("recipe", {"command": craft})),
        options=MappingProxyType(_get({"options": {}, **values}, "options", dict)),
        edits=tuple(MappingProxyType(edit) for edit in edits),
        unknown=MappingProxyType({key: value for key, value in values.items() if key not in _KEYS}),
    )


def _palette(values: dict[str, Any]) -> Palette:
    listed = _get(values, "colors", list, "the palette")
    if not 1 <= len(listed) <= MAX_COLORS:
        raise DocumentError(f"the palette has {len(listed)} colours", hint=f"give 1 to {MAX_COLORS}")
    colors = []
    for number, item in enumerate(listed, 1):
        where = f"colour {number}"
        finish = item.get("finish", "solid") if isinstance(item, dict) else ""
        if finish not in FINISHES:
            raise DocumentError(f"{where} has the finish {finish!r:.40}", hint=f"use one of {', '.join(FINISHES)}")
        code = _get(item, "code", str, where)
        ids, tags = item.get("ids", {}), item.get("tags", [])
        if not isinstance(ids, dict) or not all(isinstance(value, str) for value in ids.values()):
            raise DocumentError(f"{where} has ids that are not text", hint="mend or remove them")
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise DocumentError(f"{where} has tags that are not text", hint="mend or remove them")
        colors.append(
            Color(
                code=code,
                name=_get({"name": code, **item}, "name", str, where),
                rgb=hex_to_rgb(_get(item, "hex", str, where)),
                finish=finish,
                ids=MappingProxyType(ids),
                tags=tuple(tags),
            )
        )
    text = {key: str(values.get(key, "")) for key in ("id", "version", "name", "unit", "source", "licence")}
    return Palette(
        id=text["id"] or "own",
        version=text["version"],
        name=text["name"],
        colors=tuple(colors),
        source=text["source"],
        licence=text["licence"],
        material=Material(unit=text["unit"] or "piece"),
    )
