"""``pixl repro``: run the recipe that a file carries once more, and say whether the result is the same."""

from __future__ import annotations

import contextlib
import hashlib
import io
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import DocumentError, PhotoError, StrictError, UsageError
from .talk import Talk

if TYPE_CHECKING:
    from ..document import Document
    from ..recipe import Recipe


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("repro", rich_help_panel="Patterns")(repro)


def repro(
    pattern: Annotated[Path, typer.Argument(help="A .pixl file, its folder, or a PNG, SVG, PDF or HTML with one.")],
    photo: Annotated[Path | None, typer.Argument(help="The picture it was made from; a recipe holds no path.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR|FILE.pixl", help="Write the new result; else compare only."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing output.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 6 when a cell differs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only errors.")] = False,
) -> None:
    """Make a pattern again from the recipe in a file, edits included, and compare cell by cell.

    pixl repro out/preview.png photo.jpg
    """
    from .. import __version__
    from ..edit import apply_again
    from ..embedded import read_document
    from ..output import check_target

    talk = Talk(quiet=quiet, as_json=as_json)
    if output is not None:
        check_target(output, force=force)
    known = read_document(pattern)
    recipe = known.recipe
    check_photo(recipe, photo)
    if recipe.version != __version__:
        talk.warn(f"made by pixl {recipe.version}, this is {__version__}: the result may differ")
    folder = pattern if pattern.is_dir() else pattern.parent
    places = [Path(), folder, *([photo.parent] if photo else [])]
    fresh = run_again(known, photo, places)
    if fresh.recipe.palette_digest != recipe.palette_digest:
        talk.warn(f"the palette {recipe.palette_id} has other colours now")
    fresh = apply_again(fresh, known.edits)
    differ, cells = compare(known, fresh), known.pattern.index.size
    talk.say("the same, cell for cell" if not differ else f"{differ} of {cells} cells differ")
    paths = _write(fresh, output, force=force) if output else []
    shown = paths if as_json or not paths else [str(output)]
    talk.result(shown, {"command": "repro", "same": not differ, "cells": cells, "differ": differ})
    if differ and strict:
        raise StrictError(f"{differ} of {cells} cells differ", hint="use the version and the palette that made it")


def check_photo(recipe: Recipe, photo: Path | None) -> None:
    """Raise UsageError where the recipe has a photo and none is given, PhotoError for another one."""
    if photo is None:
        if recipe.photo_sha256:
            raise UsageError("the pattern was made from a photo", hint="give it: pixl repro FILE PHOTO")
        return
    if not recipe.photo_sha256:
        raise UsageError("the pattern was not made from a photo", hint="leave the photo out")
    try:
        if photo.is_dir():
            from ..animation.frames import open_film

            film = open_film(photo)
            digest = film.sha256 if film else ""
        else:
            with photo.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PhotoError(f"'{photo}' cannot be read: {error.strerror}", hint="check the path") from None
    if digest != recipe.photo_sha256:
        raise PhotoError(f"'{photo.name}' is not the file it was made from", hint="give the picture as it was then")


def run_again(known: Document, photo: Path | None, places: list[Path]) -> Document:
    """Type the recipe's command again, into a folder that is thrown away. Raises PixlError."""
    from ..embedded import read_document

    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "pattern.pixl"
        words = list(arguments(known.recipe, places))
        command = _command(known.recipe.command)
        with contextlib.redirect_stdout(io.StringIO()):
            command.main(
                [*words, f"--out={target}", "--quiet", *(["--", str(photo)] if photo else [])],
                prog_name="pixl",
                standalone_mode=False,
            )
        fresh = read_document(target)
    # A title that was not typed came from the file's name, which is not kept.
    return replace(fresh, pattern=replace(fresh.pattern, title=known.pattern.title))


def arguments(recipe: Recipe, places: list[Path]) -> Iterator[str]:
    """The recipe's options as they are typed. Raises DocumentError for one that this pixl does not have."""
    options = {parameter.name: parameter for parameter in _command(recipe.command).params}
    for name, value in {**recipe.settings, **({"seed": recipe.seed} if recipe.seed else {})}.items():
        option = options.get(name)
        long = [word for word in getattr(option, "opts", ()) if word.startswith("--")]
        if option is None or not long:
            raise DocumentError(f"the recipe's option '{name[:40]}' is unknown", hint="use the pixl that made it")
        if isinstance(value, bool):
            off = [word for word in getattr(option, "secondary_opts", ()) if word.startswith("--")]
            yield long[0] if value else (off or long)[0]
            continue
        for one in value if isinstance(value, list) else [value]:
            yield f"{long[0]}={_found(one, places)}"


def _command(name: str) -> Any:
    """The craft's command. Raises DocumentError."""
    from ..document import CRAFTS
    from .app import app

    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    if name not in CRAFTS or name not in commands:
        raise DocumentError(f"the recipe's command '{name[:40]}' is unknown", hint="use the pixl that made it")
    return commands[name]


def _found(value: Any, places: list[Path]) -> str:
    """A file's name with the folder in which it lies now; anything else as it is."""
    words = []
    for word in str(value).split(","):
        name, star, times = word.partition("*")
        at = next((place / name for place in places if name and Path(name).suffix and (place / name).is_file()), None)
        words.append(word if at is None else f"{at}{star}{times}")
    return ",".join(words)


def compare(known: Document, fresh: Document) -> int:
    """Cells whose colour is not the same; all of them when the size is not."""
    import numpy as np

    if known.pattern.index.shape != fresh.pattern.index.shape:
        return int(max(known.pattern.index.size, fresh.pattern.index.size))
    codes = [np.array([*(f"{c.code} {c.hex}" for c in p.palette.colors), "."]) for p in (known.pattern, fresh.pattern)]
    return int((codes[0][known.pattern.index] != codes[1][fresh.pattern.index]).sum())


def _write(document: Document, output: Path, *, force: bool) -> list[str]:
    from pixl_exporters.formats import ExportOptions, choose_formats, export_files, make_plan

    from ..output import MARK, write_file, write_folder
    from .making import safe_name

    data = document.to_bytes()
    if output.suffix.casefold() == ".pixl":
        return [str(write_file(output, data, force=force))]
    options = ExportOptions(name=safe_name(document.pattern.title), document=data)
    rows = choose_formats("", craft=document.craft)
    files = export_files(document, make_plan(document), rows, options)
    return [str(path) for path in write_folder(output, {**files, MARK: data}, force=force)]
