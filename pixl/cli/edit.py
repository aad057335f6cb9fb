"""``pixl edit``: change a pattern by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .talk import Talk

if TYPE_CHECKING:
    from ..document import Document


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("edit", rich_help_panel="Patterns")(edit)


def edit(
    pattern: Annotated[Path, typer.Argument(help="A .pixl file, its folder, or a PNG, SVG, PDF or HTML with one.")],
    cells: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="CELL=COLOUR", help="One cell, as the sheets print it: A1:3,4=Black or 12,7=310."
        ),
    ] = None,
    exchange: Annotated[
        list[str] | None,
        typer.Option("--replace", metavar="OLD=NEW", help="Every cell of a colour; 'empty' is one; no:3 is number 3."),
    ] = None,
    merge_below: Annotated[
        int, typer.Option(min=0, metavar="N", help="Colours of fewer than N cells go to the nearest that stays.")
    ] = 0,
    recolor: Annotated[
        str, typer.Option(metavar="ID|FILE", help="A palette of as many colours, in the order of the numbers.")
    ] = "",
    crop: Annotated[str, typer.Option(metavar="X,Y,W,H", help="Keep a part; columns and rows count from 1.")] = "",
    mirror: Annotated[bool, typer.Option("--mirror", help="Exchange left and right.")] = False,
    palette: Annotated[
        str, typer.Option(metavar="ID|FILE", help="Where new colours come from; else the pattern's own palette.")
    ] = "",
    output: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Else NAME-edited.pixl beside it.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing output.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Say what would change; write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only errors.")] = False,
) -> None:
    """Change a pattern by hand. Colour numbers stay, and each edit is written down in the file.

    Done in this order, so that cells are named as on the sheets at hand: set, replace, merge, recolor, crop, mirror.

    pixl edit out/pattern.pixl --replace "Bright Red=154" --set A1:3,4=Black -o better.pixl
    """
    from .. import edit as edits
    from ..embedded import read_document
    from ..output import check_target, write_file
    from ..palette import load_palette

    talk = Talk(quiet=quiet, as_json=as_json)
    before = document = read_document(pattern)
    source = load_palette(palette) if palette else None
    if cells:
        document = edits.set_cells(document, [_pair(text, "--set") for text in cells], source=source)
    for text in exchange or ():
        old, new = _pair(text, "--replace")
        document = edits.replace_color(document, old, new, source=source)
    if merge_below:
        document = edits.merge_below(document, merge_below)
    if recolor:
        document = edits.recolor(document, load_palette(recolor))
    if crop:
        document = edits.crop(document, *_box(crop))
    if mirror:
        document = edits.mirror(document)
    if len(document.edits) == len(before.edits):
        raise UsageError("there is nothing to change", hint="add --set, --replace, --merge-below, --recolor or --crop")
    for line in told(before, document):
        talk.say(line)
    known = _warnings(before)
    for warning in _warnings(document):
        if warning not in known:
            talk.warn(warning)
    target = output or _beside(pattern)
    if target.suffix.casefold() != ".pixl":
        raise UsageError(
            f"'{target}' is not a .pixl file", hint=f"write -o {target.stem or 'better'}.pixl, then export it"
        )
    paths = []
    if not dry_run:
        check_target(target, force=force)
        paths = [str(write_file(target, document.to_bytes(), force=force))]
        talk.say(f"open next: pixl show {target}, or pixl export {target} for its files")
    added = [dict(edit) for edit in document.edits[len(before.edits) :]]
    talk.result(paths, {"command": "edit", "craft": document.craft, "edits": added})


def told(before: Document, after: Document) -> list[str]:
    """What each new edit did."""
    names = {color.code: color.label for color in (*before.pattern.palette.colors, *after.pattern.palette.colors)}
    lines = []
    for edit in after.edits[len(before.edits) :]:
        if edit["op"] == "replace":
            lines.append(
                f"{edit['cells']} cells: {names.get(edit['old'], 'empty')} -> {names.get(edit['new'], 'empty')}"
            )
        elif edit["op"] == "set":
            lines += [f"{where}: {names.get(code, code)}" for where, code in edit["cells"]]
        elif edit["op"] == "merge-below":
            lines += [f"merged {names[old]} into {names[new]}" for old, new in edit["merged"].items()]
            lines += [] if edit["merged"] else [f"no colour has fewer than {edit['least']} cells"]
        elif edit["op"] == "recolor":
            lines.append(f"{len(edit['colors'])} colours of {edit['palette']}")
        elif edit["op"] == "crop":
            lines.append(f"cropped to {after.pattern.width} x {after.pattern.height} cells")
        else:
            lines.append("mirrored")
    return lines


def _warnings(document: Document) -> list[str]:
    """What the craft's plan says of the edited pattern, before anything is bought. Raises PixlError."""
    from pixl_exporters.formats import make_plan

    plan = make_plan(document)
    if document.craft == "bead":
        from pixl_exporters.bead.summary import summary

        return list(summary(plan).warnings)
    told = getattr(plan, "warnings", ())
    return [str(text) for text in (told() if callable(told) else told)]


def _pair(text: str, option: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not equals or not left.strip() or not right.strip():
        example = "A1:3,4=Black" if option == "--set" else '"Bright Red=Dark Red"'
        raise UsageError(f"{option} '{text}' has no two sides", hint=f"write {option} {example}")
    return left.strip(), right.strip()


def _box(text: str) -> tuple[int, int, int, int]:
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"'{text}' is not a crop", hint="write --crop X,Y,W,H in cells, counted from 1") from None
    return x, y, width, height


def _beside(pattern: Path) -> Path:
    if pattern.is_dir():
        return pattern / "pattern-edited.pixl"
    return pattern.with_name(f"{pattern.stem}-edited.pixl")
