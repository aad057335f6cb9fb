"""``pixl show``: what a pattern is, in the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..document import Document
    from ..pattern import Pattern


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("show", rich_help_panel="Patterns")(show)


def show(
    pattern: Annotated[Path, typer.Argument(help="A .pixl file, its folder, or a PNG, SVG, PDF or HTML with one.")],
    width: Annotated[int, typer.Option(min=0, max=2000, help="Characters a line; 0: the terminal's.")] = 0,
    picture: Annotated[bool, typer.Option("--picture/--no-picture", help="The preview.")] = True,
    colours: Annotated[bool, typer.Option("--colors/--no-colors", help="The list of colours.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show a pattern in the terminal: picture, size, colours and what made it.

    pixl show out/pattern.pixl

    NO_COLOR=1 pixl show out/preview.png --width 120
    """
    from ..embedded import read_document

    document = read_document(pattern)
    if as_json:
        typer.echo(json.dumps(facts(document)))
        return
    from . import terminal

    if picture:
        for line in preview(document.pattern, width or terminal.columns()):
            terminal.put(line)
        terminal.put("")
    for line in summary(document):
        terminal.put(line)
    if colours:
        terminal.put("")
        for line in legend(document.pattern):
            terminal.put(line)


def preview(pattern: Pattern, width: int) -> list[str]:
    """Half blocks where the terminal takes colour, else letters."""
    from . import terminal

    small, factor = terminal.fitted(pattern.index, width)
    if terminal.in_color() and terminal.speaks_blocks():
        lines = terminal.half_blocks(small, pattern.palette.rgb)
    else:
        lines = terminal.letters(small, wide=2 * small.shape[1] <= width)
    return lines if factor == 1 else [*lines, f"(one character stands for {factor} x {factor} cells)"]


def summary(document: Document) -> list[str]:
    """What it is, in a few lines."""
    from ..palette import clean
    from ..units import format_length

    pattern, recipe = document.pattern, document.recipe
    width, height = pattern.size_mm
    empty = pattern.width * pattern.height - pattern.pieces
    lines = [
        f"{clean(pattern.title) or 'untitled'}: {document.craft}, {pattern.width} x {pattern.height} cells, "
        f"{format_length(width)} x {format_length(height)}",
        f"{pattern.pieces} cells filled"
        + (f", {empty} empty" if empty else "")
        + f", {len(pattern.used())} colours of "
        f"{clean(pattern.palette.name) or clean(pattern.palette.id)}",
    ]
    if document.options:
        plain = {k: v for k, v in document.options.items() if isinstance(v, str | int | float | bool)}
        lines.append("options: " + clean(", ".join(f"{key} {value}" for key, value in plain.items())))
    made = f"made by pixl {clean(recipe.version)}, engine {clean(recipe.engine)}, seed {recipe.seed}"
    lines.append(made + (f", prompt '{clean(recipe.prompt)}'" if recipe.prompt else ""))
    if document.edits:
        lines.append(
            f"{len(document.edits)} edits: " + clean(", ".join(str(edit.get("op")) for edit in document.edits))
        )
    return lines


def legend(pattern: Pattern) -> list[str]:
    """One line a colour: symbol, number, count, code, name, hex, finish."""
    from ..palette import clean
    from . import terminal

    used = pattern.used()
    counts = pattern.counts().tolist()
    colors = [pattern.palette.colors[k] for k in used]
    code = max((len(clean(color.code)) for color in colors), default=0)
    name = max((len(clean(color.name)) for color in colors), default=0)
    lines = []
    for k, color in zip(used, colors, strict=True):
        sign = terminal.swatch(color.rgb) or f"{terminal.letter(k + 1)}  "
        finish = "" if color.finish == "solid" else f"  {color.finish}"
        label = f"{clean(color.code):<{code}}  {clean(color.name):<{name}}"
        lines.append(f"{sign}{k + 1:>4} {counts[k]:>7}  {label}  {color.hex}{finish}")
    return lines


def facts(document: Document) -> dict[str, Any]:
    """The same as JSON values."""
    pattern = document.pattern
    counts = pattern.counts().tolist()
    return {
        "command": "show",
        "title": pattern.title,
        "craft": document.craft,
        "size": [pattern.width, pattern.height],
        "size_mm": list(pattern.size_mm),
        "cells": pattern.pieces,
        "palette": pattern.palette.id,
        "colors": [
            {"number": k + 1, "code": color.code, "name": color.name, "hex": color.hex, "count": counts[k]}
            for k, color in enumerate(pattern.palette.colors)
            if counts[k]
        ],
        "options": dict(document.options),
        "edits": [dict(edit) for edit in document.edits],
        "recipe": document.recipe.as_dict(),
    }
