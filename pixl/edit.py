"""Edits of a document: each returns a new document and writes itself down in ``Document.edits``.

Colour numbers stay: a colour that is new gets the next number, a colour that is used no more keeps its own. Cells are
named as the sheets print them, counted from 1: ``A1:3,4`` is column 3, row 4 of section A1 of a brick mosaic, ``12,7``
is column 12, row 7 of the whole piece; ``B1:3,4`` and ``B1:19,4`` are one stud where sections have 16. Beads laid from
the peg side are printed mirrored, and so counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from .color import hex_to_rgb
from .document import Document
from .errors import DocumentError, PatternError, PixlError, UsageError
from .palette import Color, Palette, fold, load_palette
from .pattern import EMPTY, Pattern

_PLAIN = re.compile(r"^(\d{1,5})\s*,\s*(\d{1,5})$")
_SECTION = re.compile(r"^([A-Za-z]{1,3})(\d{1,4})\s*:\s*(\d{1,5})\s*,\s*(\d{1,5})$")
_NUMBER = re.compile(r"^no:(\d{1,5})$")


def source_palette(document: Document) -> Palette | None:
    """The shipped palette that new colours come from, or None where it is not here (a file of the maker's own)."""
    try:
        return load_palette(document.pattern.palette.id)
    except PixlError:
        return None


def replace_color(document: Document, old: str, new: str, *, source: Palette | None = None) -> Document:
    """Every cell of ``old`` becomes ``new``; either may be ``empty``. Raises UsageError."""
    before = old_color(document.pattern, old)
    pattern, after = new_color(document, new, source)
    count = int((pattern.index == before).sum())
    if not count:
        raise UsageError(f"no cell is '{old}'", hint="pixl show lists the colours used")
    done = replace(document, pattern=pattern.replaced(before, after))
    return _record(done, op="replace", old=_code(pattern, before), new=_code(pattern, after), cells=count)


def merge_below(document: Document, least: int) -> Document:
    """Colours with fewer than ``least`` cells go to the nearest (CIEDE2000) that stays. Raises PatternError."""
    before = document.pattern
    pattern = before.merged_below(least)
    gone = {}
    for k in sorted(set(before.used()) - set(pattern.used())):
        row, column = (int(at[0]) for at in (before.index == k).nonzero())
        gone[_code(before, k)] = _code(pattern, int(pattern.index[row, column]))
    return _record(replace(document, pattern=pattern), op="merge-below", least=least, merged=gone)


def set_cells(document: Document, cells: Sequence[tuple[str, str]], *, source: Palette | None = None) -> Document:
    """Give single cells a colour, or make them ``empty``: pairs of a cell and a colour. Raises UsageError."""
    wanted: dict[tuple[int, int], int] = {}
    for where, color in cells:
        pattern, k = new_color(document, color, source)
        document = replace(document, pattern=pattern)
        wanted[parse_cell(document, where)] = k
    done = replace(document, pattern=document.pattern.with_cells(wanted))
    codes = [[where, _code(done.pattern, wanted[parse_cell(done, where)])] for where, _ in cells]
    return _record(done, op="set", cells=codes)


def recolor(document: Document, palette: Palette) -> Document:
    """Number k takes the k-th colour of a palette with as many colours. Raises UsageError."""
    pattern = document.pattern
    if len(palette) != len(pattern.palette):
        raise UsageError(
            f"'{palette.id}' has {len(palette)} colours, the pattern has {len(pattern.palette)}",
            hint=f"give a palette of {len(pattern.palette)} colours, in the order of the colour numbers",
        )
    done = replace(document, pattern=pattern.with_colors(replace(palette, material=pattern.palette.material)))
    colors = [[color.code, color.name, color.hex, color.finish] for color in palette.colors]
    return _record(done, op="recolor", palette=palette.id, colors=colors)


def crop(document: Document, x: int, y: int, width: int, height: int) -> Document:
    """Keep ``width`` x ``height`` cells from column ``x``, row ``y`` on, counted from 1. Raises PatternError."""
    across, down = document.pattern.width, document.pattern.height
    if min(x, y, width, height) < 1 or x + width - 1 > across or y + height - 1 > down:
        raise PatternError(
            f"crop {x},{y},{width},{height} does not lie inside {across} x {down} cells",
            hint="give X,Y,W,H in cells; columns and rows count from 1",
        )
    left = across - (x - 1) - width if _mirrored(document) else x - 1
    pattern = document.pattern.cropped(left, y - 1, width, height)
    return _record(replace(document, pattern=pattern), op="crop", box=[x, y, width, height])


def mirror(document: Document) -> Document:
    """Left and right exchanged."""
    return _record(replace(document, pattern=document.pattern.mirrored()), op="mirror")


def apply_again(document: Document, edits: Sequence[Mapping[str, Any]]) -> Document:
    """The recorded edits once more, on a pattern made anew. Raises PixlError; DocumentError for a damaged record."""
    for edit in edits:
        try:
            document = _apply(document, edit)
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, PixlError):
                raise
            raise DocumentError(f"the edit {dict(edit)!r:.60} is damaged", hint="edit by hand again") from None
    return document


def _apply(document: Document, edit: Mapping[str, Any]) -> Document:
    op = edit.get("op")
    if op == "replace":
        return replace_color(document, str(edit["old"]), str(edit["new"]))
    if op == "merge-below":
        return merge_below(document, int(edit["least"]))
    if op == "set":
        return set_cells(document, [(str(where), str(color)) for where, color in edit["cells"]])
    if op == "crop":
        x, y, width, height = (int(value) for value in edit["box"])
        return crop(document, x, y, width, height)
    if op == "mirror":
        return mirror(document)
    if op == "recolor":
        colors = [
            Color(code=str(code), name=str(name), rgb=hex_to_rgb(str(value)), finish=str(finish))
            for code, name, value, finish in edit["colors"]
        ]
        return recolor(document, replace(document.pattern.palette, id=str(edit["palette"]), colors=tuple(colors)))
    raise DocumentError(f"the edit {op!r:.20} is unknown", hint="install a newer pixl")


def parse_cell(document: Document, text: str) -> tuple[int, int]:
    """Row and column, from 0, of a cell as the sheets name it. Raises UsageError."""
    text = text.strip()
    height, width = document.pattern.index.shape
    plain, section = _PLAIN.match(text), _SECTION.match(text)
    if plain:
        column, row = int(plain[1]) - 1, int(plain[2]) - 1
    elif section and document.craft == "brick":
        side = _section_side(document)
        column = _in_section(int(section[3]), _from_letters(section[1]), side, text)
        row = _in_section(int(section[4]), int(section[2]) - 1, side, text)
    else:
        example = "A1:3,4 or 19,4" if document.craft == "brick" else "12,7"
        raise UsageError(
            f"'{text}' is not a cell", hint=f"write column,row as the sheets print them, such as {example}"
        )
    if not (0 <= row < height and 0 <= column < width):
        raise UsageError(f"'{text}' is outside {width} x {height} cells", hint="count columns and rows from 1")
    return row, _shown_column(document, row, column)


def cell_name(document: Document, row: int, column: int) -> str:
    """What the sheets call a cell; the inverse of ``parse_cell``."""
    column = _shown_column(document, row, column)
    if document.craft != "brick":
        return f"{column + 1},{row + 1}"
    side = _section_side(document)
    name = f"{_to_letters(column // side)}{row // side + 1}"
    return f"{name}:{column % side + 1},{row % side + 1}"


def old_color(pattern: Pattern, text: str) -> int:
    """Palette index of a colour of the pattern by code, name or ``no:K`` (its number); -1 for ``empty``."""
    number = _NUMBER.match(text.strip())
    if number:
        k = int(number[1]) - 1
        if not 0 <= k < len(pattern.palette):
            raise UsageError(f"there is no colour number {number[1]}", hint=f"count from 1 to {len(pattern.palette)}")
        return k
    if fold(text) == "empty":
        return EMPTY
    try:
        return pattern.palette.find(text)
    except UsageError as error:
        if "is not a colour" not in error.what:
            raise
        raise UsageError(f"'{text}' is not among the colours of this pattern", hint=error.hint) from None


def new_color(document: Document, text: str, source: Palette | None = None) -> tuple[Pattern, int]:
    """Palette index of a colour, and the pattern with it appended where it had no number yet. Raises UsageError.

    The name is looked up in the whole palette first, so that a name with two meanings is refused even where the
    pattern has only one of them.
    """
    pattern = document.pattern
    if fold(text) == "empty" or _NUMBER.match(text.strip()):
        return pattern, old_color(pattern, text)
    known = source or source_palette(document)
    if known is None:
        return pattern, pattern.palette.find(text)
    color = known.colors[known.find(text)]
    for k, own in enumerate(pattern.palette.colors):
        if fold(own.code) == fold(color.code):
            return pattern, k
    palette = replace(pattern.palette, colors=(*pattern.palette.colors, color))
    return pattern.with_colors(palette), len(palette) - 1


def _record(document: Document, **edit: Any) -> Document:
    values: Mapping[str, Any] = MappingProxyType(edit)
    return replace(document, edits=(*document.edits, values))


def _code(pattern: Pattern, k: int) -> str:
    return "empty" if k == EMPTY else pattern.palette.colors[k].code


def _shown_column(document: Document, row: int, column: int) -> int:
    """The column that the sheets print for one of the pattern, and back.

    On a hexagonal board, rows at an odd distance from the middle one lie half a pitch to the right and have no peg in
    the last column, so they are mirrored without it.
    """
    if not _mirrored(document):
        return column
    height, width = document.pattern.index.shape
    last = width - 1
    if document.pattern.cell.shape == "hexagon" and abs(row - height // 2) % 2:
        last -= 1
    return column if column > last else last - column


def _mirrored(document: Document) -> bool:
    return document.craft == "bead" and document.options.get("side") == "peg"


def _section_side(document: Document) -> int:
    side = document.options.get("section", 16)
    if not isinstance(side, int) or not 1 <= side <= 256:
        raise DocumentError(f"the document's section is {side!r:.20}", hint="make the pattern again")
    return side


def _in_section(number: int, section: int, side: int, text: str) -> int:
    """A column or row, from 0, counted inside the section or over the whole: the two never give the same number,
    except in the first section, where they are the same."""
    whole = number - 1 if number > side else section * side + number - 1
    if number < 1 or whole // side != section:
        raise UsageError(
            f"'{text}' is outside that section of {side} studs", hint="count from 1, inside it or over all"
        )
    return whole


def _from_letters(text: str) -> int:
    number = 0
    for letter in text.upper():
        number = 26 * number + ord(letter) - 64
    return number - 1


def _to_letters(number: int) -> str:
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text
