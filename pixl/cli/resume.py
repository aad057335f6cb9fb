"""``pixl resume``: go on with an interrupted run, to the same files as if it had never stopped."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from ..errors import MissingError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("resume", rich_help_panel="Patterns")(resume)


def resume(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder that the interrupted command named.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only errors.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Go on with an interrupted run, from its last checkpoint.

    pixl resume a-red-mushroom-bead-29x29.run
    """
    import shutil

    from ..recipe import Recipe
    from ..run import open_run
    from .repro import _command, arguments

    folder = run.resolve()
    manifest = open_run(folder).manifest
    craft, typed, photo = str(manifest.get("command", "")), manifest.get("typed"), str(manifest.get("photo", ""))
    if not craft or not isinstance(typed, dict):
        raise MissingError(f"'{run}' does not say which command began it", hint="repeat that command with --run")
    if photo and not Path(photo).is_file():
        raise MissingError(f"the picture '{photo}' is gone", hint="put it back where it was")
    settings = {key: value for key, value in typed.items() if key not in ("photo", "force", "quiet", "as_json")}
    words = list(arguments(Recipe(version="", command=craft, engine="distill", settings=settings), []))
    words += [f"--run={folder}"]
    words += [
        flag for flag, on in (("--force", force or "force" in typed), ("--quiet", quiet), ("--json", as_json)) if on
    ]
    os.chdir(str(manifest.get("folder") or Path.cwd()))
    _command(craft).main([*words, *(["--", photo] if photo else [])], prog_name="pixl", standalone_mode=False)
    if not manifest.get("named"):
        shutil.rmtree(folder, ignore_errors=True)
