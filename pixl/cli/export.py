"""``pixl export`` and ``pixl formats``: any format again from a document, or from a file that carries one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .talk import Talk

if TYPE_CHECKING:
    from ..document import Document


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("export", rich_help_panel="Patterns")(export)
    app.command("formats", rich_help_panel="About")(formats)


def load_document(path: Path) -> Document:
    """A ``.pixl`` file, the document carried by a PNG, SVG, PDF or HTML that pixl wrote, or an OXS chart of another
    program. Raises PixlError."""
    from ..embedded import read_document

    if path.suffix.casefold() == ".oxs":
        from pixl_exporters.stitch.oxs_read import read_oxs

        return read_oxs(path)
    return read_document(path)


def export(
    pattern: Annotated[
        Path, typer.Argument(help="A .pixl file, or a PNG, SVG, PDF or HTML that carries one; an OXS chart.")
    ],
    formats: Annotated[
        str, typer.Option("--format", "-f", help="Comma-separated; pixl formats lists them. 'all' for everything.")
    ] = "",
    output: Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR|FILE", help="Where to.")] = None,
    scale: Annotated[int, typer.Option(min=0, max=200, help="Pixels a cell in pictures; 0 chooses.")] = 0,
    paper: Annotated[str, typer.Option(help="a4 or letter.")] = "a4",
    font: Annotated[Path | None, typer.Option(help="A TrueType font instead of the built-in one.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing output.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only errors.")] = False,
) -> None:
    """Write other formats of a pattern.

    pixl export out/pattern.pixl -f svg,csv

    pixl export out/preview.png -o mosaic.pdf
    """
    from pixl_exporters.formats import ExportOptions, all_formats, choose_formats, export_files, make_plan

    from ..output import MARK, check_target, write_file, write_folder
    from .making import check_paper, safe_name

    talk = Talk(quiet=quiet, as_json=as_json)
    paper = check_paper(paper)
    document = load_document(pattern)
    craft, data = document.craft, document.to_bytes()
    options = ExportOptions(name=safe_name(document.pattern.title), document=data, paper=paper, scale=scale, font=font)
    suffix = output.suffix.casefold() if output and not output.is_dir() else ""
    if output is not None and suffix:
        if suffix == ".pixl":
            paths = [write_file(output, data, force=force)]
        else:
            rows = (
                [row for row in choose_formats(formats, craft=craft) if row.suffix == suffix]
                if formats
                else [row for row in all_formats() if craft in row.crafts and row.suffix == suffix][:1]
            )
            if len(rows) != 1:
                raise UsageError(f"{craft} has no single {suffix} format of that name", hint="run: pixl formats")
            check_target(output, force=force)
            files = export_files(document, make_plan(document), rows, options)
            if len(files) != 1:
                raise UsageError(f"'{rows[0].key}' makes {len(files)} files", hint="give a folder with -o")
            paths = [write_file(output, next(iter(files.values())), force=force)]
    else:
        rows = choose_formats(formats, craft=craft)
        target = output or Path(f"{options.name}-{craft}-export")
        check_target(target, force=force)
        files = export_files(document, make_plan(document), rows, options)
        paths = write_folder(target, {**files, MARK: data}, force=force)
    talk.result([str(path) for path in paths], {"command": "export", "craft": craft})


def formats(
    craft: Annotated[str, typer.Argument(help="Only those of one craft.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """List the formats and which crafts write them.

    pixl formats brick
    """
    from pixl_exporters.formats import CRAFTS, all_formats, broken_plugins

    if craft and craft not in CRAFTS:
        raise UsageError(f"'{craft}' is not a craft", hint=f"use one of {', '.join(CRAFTS)}")
    rows = [row for row in all_formats() if not craft or craft in row.crafts]
    if as_json:
        listed = [
            {
                "key": row.key,
                "suffix": row.suffix,
                "summary": row.summary,
                "crafts": row.crafts,
                "default": row.default_for,
            }
            for row in rows
        ]
        typer.echo(json.dumps({"formats": listed, "broken": broken_plugins()}))
        return
    width = max(len(row.key) for row in rows)
    for row in rows:
        crafts = "every craft" if row.crafts == CRAFTS else ", ".join(row.crafts)
        unasked = " *" if (craft in row.default_for if craft else row.default_for) else ""
        typer.echo(f"{row.key:<{width}}  {row.suffix:<6} {row.summary}  [{crafts}]{unasked}")
    unasked = "" if craft else f" by some crafts: pixl formats {CRAFTS[0]} shows one"
    typer.echo(f"\n* written unasked{unasked}. Every folder also gets pattern.pixl.")
    for sentence in broken_plugins():
        typer.echo(sentence, err=True)
