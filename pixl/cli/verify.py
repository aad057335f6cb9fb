"""``pixl verify``: is this stitch file sewable? Read by pixl's own decoders, whoever wrote it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import MissingError, StrictError
from .talk import Talk


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify", rich_help_panel="Patterns")(verify)


def verify(
    file: Annotated[Path, typer.Argument(help="A DST, PES, PEC, EXP, JEF, VP3 or XXX file.")],
    trim_at: Annotated[int, typer.Option(min=3, max=6, help="Moves in a row that mean a cut (DST, JEF).")] = 3,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 6 for a note too; pixl's own files have none.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="The threads that the file names.")] = False,
) -> None:
    """Say whether a stitch file can be sewn, and why not.

    pixl verify out/astronaut.pes
    """
    from pixl_exporters.embroider.decode import MAX_BYTES, StitchFileError
    from pixl_exporters.embroider.verify import verify as check

    from ..color import rgb_to_hex

    talk = Talk(quiet=quiet, verbose=verbose, as_json=as_json)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise StitchFileError(
                f"'{file.name}' has {file.stat().st_size / 1e6:.0f} MB, too much for a stitch file",
                hint="check that it is a stitch file",
            )
        data = file.read_bytes()
    except OSError as error:
        raise MissingError(f"'{file}' cannot be read: {error.strerror}", hint="check the path") from None
    verdict = check(data, name=file.name, trim_at=trim_at)
    decoded = verdict.decoded
    told: dict[str, Any] = {
        "command": "verify",
        "format": decoded.format,
        "sewable": verdict.sewable,
        "problems": list(verdict.problems),
        "notes": list(verdict.notes),
        "stitches": verdict.stitches,
        "threads": len(verdict.runs),
        "color_changes": decoded.color_changes,
        "mm": [round(side, 1) for side in verdict.size_mm],
        "colors": [
            {"code": thread.code, "name": thread.name, "hex": rgb_to_hex(thread.rgb) if thread.rgb else None}
            for thread in decoded.threads
        ],
    }
    width, height = verdict.size_mm
    talk.say(
        f"{decoded.format}: {verdict.stitches:,} stitches, {len(verdict.runs)} threads, "
        f"{decoded.color_changes + 1} colours, {width:.1f} x {height:.1f} mm"
    )
    for thread in decoded.threads:
        talk.detail(f"  {thread.brand} {thread.code} {thread.name}".rstrip())
    for note in verdict.notes:
        talk.warn(note)
    for problem in verdict.problems:
        talk.say(f"problem: {problem}", style="red")
    talk.say("sewable" if verdict.sewable else "not sewable")
    if as_json:
        talk.result([str(file)], told)
    if not verdict.sewable:
        raise StitchFileError(f"'{file.name}' is not sewable: {verdict.problems[0]}", hint="write it again")
    if strict and verdict.notes:
        raise StrictError(f"{len(verdict.notes)} notes: {verdict.notes[0]}", hint="leave out --strict")
