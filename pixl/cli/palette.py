"""``pixl palette``: the shipped palettes, files of other programs, and a palette of the maker's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import PaletteError, UsageError
from .options import split_names
from .talk import Talk

if TYPE_CHECKING:
    from ..calibrate import Calibration
    from ..palette import Color, Palette

_JSON = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
_FORCE = Annotated[bool, typer.Option("--force", help="Replace an existing output.")]
_QUIET = Annotated[bool, typer.Option("--quiet", "-q", help="Only errors.")]
_ONLY = Annotated[list[str] | None, typer.Option(metavar="NAMES", help="Only these colours (comma-separated).")]
_WITHOUT = Annotated[list[str] | None, typer.Option(metavar="NAMES", help="Not these colours (comma-separated).")]
_SOLID = Annotated[bool, typer.Option("--solid", help="Only what automatic matching uses: solid and not retired.")]

commands = typer.Typer(no_args_is_help=True, help="Palettes: list, show, check, convert, calibrate.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="palette", rich_help_panel="Colours")


@commands.command("list")
def list_palettes(
    craft: Annotated[str, typer.Option(help="Only those for brick, bead, stitch, embroider or pixel.")] = "",
    as_json: _JSON = False,
) -> None:
    """List the palettes: shipped ones, and folders under ~/.config/pixl/palettes.

    pixl palette list --craft bead
    """
    from ..palette import palette_folders
    from ..palette_check import CRAFTS
    from ..palette_folder import read_folder
    from . import terminal

    talk = Talk(as_json=as_json)
    if craft and craft not in CRAFTS:
        raise UsageError(f"'{craft}' is not a craft", hint=f"use one of {', '.join(CRAFTS)}")
    palettes = []
    for folder in palette_folders().values():
        try:
            palettes.append(read_folder(folder))
        except PaletteError as error:  # one bad folder of the maker's own does not hide the others
            talk.warn(f"{folder.name} is left out: {error.what}")
    palettes = sorted((p for p in palettes if not craft or craft in p.material.crafts), key=lambda p: p.id)
    if as_json:
        typer.echo(json.dumps({"palettes": [_facts(p) for p in palettes], "warnings": talk.warnings}))
        return
    for p in palettes:
        matched = _matched(p)
        terminal.put(f"{p.id:<20} {len(p):>4} colours {matched:>4} matched  {p.name}  [{', '.join(p.material.crafts)}]")
    terminal.put(
        "\nmatched: what is chosen from unasked (solid, not retired). rgb-lattice:K makes the K x K x K lattice."
    )


@commands.command("show")
def show(
    palette: Annotated[str, typer.Argument(metavar="ID|FILE", help="Such as lego, dmc_threads:consensus, mine.gpl.")],
    names: Annotated[list[str] | None, typer.Argument(help="Only these, by code or name.")] = None,
    solid: _SOLID = False,
    as_json: _JSON = False,
) -> None:
    """Show a palette's colours and where its values come from.

    pixl palette show lego "Bright Red" bl:88

    pixl palette show dmc_threads 310
    """
    from ..palette import load_palette
    from . import terminal

    chosen = load_palette(palette)
    chosen = chosen.take(chosen.find_all(names)) if names else chosen
    chosen = chosen.solid() if solid else chosen
    if as_json:
        typer.echo(json.dumps({**_facts(chosen), "colors": [_color_facts(color) for color in chosen.colors]}))
        return
    code = max(len(color.code) for color in chosen.colors)
    name = min(40, max(len(color.name) for color in chosen.colors))
    for color in chosen.colors:
        notes = [color.finish] if color.finish != "solid" else []
        line = f"{terminal.swatch(color.rgb)}{color.code:<{code}}  {color.name:<{name}}  {color.hex}"
        terminal.put("  ".join([line, *notes, *color.tags, *_other_names(color)]))
    material = chosen.material
    terminal.put(f"\n{chosen.name}: {len(chosen)} colours")
    for label, text in (
        ("source", chosen.source),
        ("licence", chosen.licence),
        ("date", material.date),
        ("how sure", material.confidence),
        ("note", material.note),
    ):
        if text:
            terminal.put(f"{label}: {text}")


@commands.command("check")
def check(
    palettes: Annotated[
        list[str] | None, typer.Argument(metavar="[ID|FILE|FOLDER]...", help="Else every palette there is.")
    ] = None,
    as_json: _JSON = False,
) -> None:
    """Check palettes: codes, colours, sources, twins, finishes. Exit 3 when one has an error.

    pixl palette check mine.gpl
    """
    from ..palette import palette_folders
    from ..palette_check import check as findings_of
    from . import terminal

    found = {text: findings_of(text) for text in palettes or sorted(palette_folders())}
    errors = sum(finding.level == "error" for findings in found.values() for finding in findings)
    if as_json:
        listed = [
            {"palette": text, "level": f.level, "where": f.where, "what": f.what}
            for text, findings in found.items()
            for f in findings
        ]
        typer.echo(json.dumps({"findings": listed, "errors": errors}))
        raise typer.Exit(PaletteError.exit_code if errors else 0)
    for text, findings in found.items():
        for finding in findings:
            terminal.put(f"{text}: {finding}")
    if errors:
        raise PaletteError(f"{errors} errors in {len(found)} palettes", hint="mend the lines above")
    terminal.put(f"{len(found)} palettes checked, no error")


@commands.command("convert")
def convert(
    palette: Annotated[str, typer.Argument(metavar="ID|FILE", help="A palette's id, or a file.")],
    output: Annotated[Path | None, typer.Argument(metavar="OUT", help="Its ending chooses the format.")] = None,
    key: Annotated[
        str,
        typer.Option("--format", "-f", help="hex, gpl, jasc, ase, aco, paintnet, png or csv, instead of the ending."),
    ] = "",
    source: Annotated[str, typer.Option("--from", help="The format of FILE, where its ending does not say it.")] = "",
    only: _ONLY = None,
    without: _WITHOUT = None,
    solid: _SOLID = False,
    side: Annotated[int, typer.Option(min=1, max=64, help="Pixels a swatch in a PNG strip.")] = 1,
    force: _FORCE = False,
    quiet: _QUIET = False,
    as_json: _JSON = False,
) -> None:
    """Write a palette for another program.

    pixl palette convert perler perler.gpl --solid

    pixl palette convert lospec.hex mine.ase
    """
    from ..output import check_target, write_file
    from ..palette import load_palette
    from ..palette_formats import FORMATS, format_of, read_palette, write_palette

    talk = Talk(quiet=quiet, as_json=as_json)
    chosen = read_palette(Path(palette), key=source) if source else load_palette(palette)
    chosen = chosen.only(split_names(only)) if only else chosen
    chosen = chosen.without(split_names(without)) if without else chosen
    chosen = chosen.solid() if solid else chosen
    if output is None:
        if not key:
            raise UsageError("there is no output", hint="name a file such as mine.gpl, or a format with -f")
        suffix = FORMATS[key].suffix if key in FORMATS else ".csv"
        output = Path(f"{chosen.id.replace(':', '-')}{suffix}")
    kind = key or format_of(output.name)
    data = write_palette(chosen, kind, side=side)
    check_target(output, force=force)
    path = write_file(output, data, force=force)
    carries = FORMATS[kind].carries if kind in FORMATS else "everything"
    talk.say(f"{len(chosen)} colours as {kind}, which carries {carries}")
    talk.result([str(path)], {"command": "palette convert", "format": kind, "colors": len(chosen)})


@commands.command("calibrate")
def calibrate(
    photo: Annotated[
        Path, typer.Argument(help="Your samples in a grid, a white card beside them, one light over both.")
    ],
    grid: Annotated[str, typer.Option(metavar="WxH", help="Samples across and down.")],
    white: Annotated[str, typer.Option(metavar="X,Y,W,H", help="A part of the white card, in pixels or %.")],
    codes: Annotated[
        str,
        typer.Option(metavar="NAMES|FILE", help="Codes in reading order, or a text file; else the palette's order."),
    ] = "",
    palette: Annotated[str, typer.Option(metavar="ID|FILE", help="Gives names and finishes to the codes.")] = "",
    corners: Annotated[
        str, typer.Option(metavar='"X,Y X,Y X,Y X,Y"', help="The grid's corners from the top left, clockwise.")
    ] = "",
    beads: Annotated[
        bool | None, typer.Option("--beads/--flat", help="Samples with a hole, or without; else as the palette's cell.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Else ID-own.csv.")] = None,
    force: _FORCE = False,
    quiet: _QUIET = False,
    as_json: _JSON = False,
) -> None:
    """Make a palette of your own beads or bricks from a photo.

    pixl palette calibrate board.jpg --grid 8x5 --white 85%,40%,10%,20% --palette perler -o mine.csv
    """
    from .. import calibrate as measure
    from ..output import check_target, write_file
    from ..palette import load_palette
    from ..palette_formats import format_of, write_palette
    from ..photo import open_photo, parse_crop
    from ..units import parse_size

    talk = Talk(quiet=quiet, as_json=as_json)
    size = parse_size(grid)
    if size.width is None or size.height is None or size.in_mm:
        raise UsageError(f"'{grid}' is not a grid", hint="write the samples across and down, such as 8x5")
    base = load_palette(palette) if palette else None
    wanted = _codes(codes, base, int(size.width) * int(size.height))
    target = output or Path(f"{base.id.replace(':', '-') if base else 'my'}-own.csv")
    kind = format_of(target.name)
    check_target(target, force=force)
    picture = open_photo(photo)
    done = measure.calibrate(
        picture,
        columns=int(size.width),
        rows=int(size.height),
        corners=measure.parse_corners(corners, picture.full_size) if corners else measure.whole_picture(),
        white=parse_crop(white, picture.full_size),
        codes=wanted,
        base=base,
        ring=beads if beads is not None else bool(base and base.material.cell_shape == "round"),
    )
    for line in _measured(done):
        talk.say(line)
    for color, spread in zip(done.palette.colors, done.spread.tolist(), strict=True):
        if spread > measure.UNEVEN:
            talk.warn(f"{color.label} is uneven (dE {spread:.0f}): does the grid lie on the samples?")
    path = write_file(target, write_palette(done.palette, kind), force=force)
    talk.say(f"use it with --palette {path}")
    talk.result([str(path)], {"command": "palette calibrate", "colors": [_color_facts(c) for c in done.palette.colors]})


def _codes(text: str, base: Palette | None, cells: int) -> list[str]:
    if not text:
        if base is None:
            raise UsageError("the samples have no names", hint="give --codes, or --palette for its order")
        return [color.code for color in base.solid().colors][:cells]
    if Path(text).suffix.casefold() in (".txt", ".csv") and Path(text).is_file():
        from ..palette_folder import read_capped

        text = read_capped(Path(text)).replace("\n", ",")
    return split_names([text])


def _measured(done: Calibration) -> list[str]:
    """One line a sample, and how far the list was off."""
    import math

    lines = []
    for color, shift in zip(done.palette.colors, done.shift.tolist(), strict=True):
        lines.append(f"{color.label}: {color.hex}" + ("" if math.isnan(shift) else f", dE {shift:.1f} from the list"))
    known = sorted(shift for shift in done.shift.tolist() if not math.isnan(shift))
    if known:
        lines.append(f"median dE {known[len(known) // 2]:.1f} from the list over {len(known)} colours")
    return lines


def _other_names(color: Color) -> list[str]:
    """What other families call it; Anchor's number only with its distance."""
    found = []
    for key, value in color.ids.items():
        if key == "anchor":
            found.append(f"Anchor {value} (dE {color.ids.get('anchor_de', '?')})")
        elif key not in ("anchor_de", "year_from", "year_to"):
            found.append(f"{key}:{value}")
    return found


def _matched(palette: Palette) -> int:
    try:
        return len(palette.solid())
    except PaletteError:
        return 0


def _facts(palette: Palette) -> dict[str, Any]:
    material = palette.material
    return {
        "id": palette.id,
        "name": palette.name,
        "version": palette.version,
        "count": len(palette),
        "matched": _matched(palette),
        "unit": material.unit,
        "crafts": list(material.crafts),
        "cell_mm": [material.cell_width_mm, material.cell_height_mm],
        "source": palette.source,
        "licence": palette.licence,
        "date": material.date,
        "confidence": material.confidence,
        "note": material.note,
    }


def _color_facts(color: Color) -> dict[str, Any]:
    return {
        "code": color.code,
        "name": color.name,
        "hex": color.hex,
        "finish": color.finish,
        "tags": list(color.tags),
        "ids": dict(color.ids),
    }
