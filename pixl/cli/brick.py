"""``pixl brick``: an interlocking-brick mosaic with parts list, model and instructions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .making import Craft, Report, make
from .options import Request, takes_request

if TYPE_CHECKING:
    from ..document import Document
    from ..palette import Color, Palette

_PANEL = "Bricks"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("brick", rich_help_panel="Crafts")(takes_request(brick))


def brick(
    request: Request,
    part: Annotated[
        str,
        typer.Option(help="plate, tile, round-plate, round-tile or brick, all 1x1.", rich_help_panel=_PANEL),
    ] = "plate",
    section: Annotated[int, typer.Option(min=4, max=96, help="Studs a section.", rich_help_panel=_PANEL)] = 16,
    base: Annotated[str, typer.Option(help="panel, baseplate or none.", rich_help_panel=_PANEL)] = "panel",
    prices: Annotated[
        Path | None, typer.Option(metavar="CSV", help="part, colour, price: adds money.", rich_help_panel=_PANEL)
    ] = None,
) -> None:
    """A brick mosaic: parts list, shop lists, LDraw model, instructions, 1:1 print.

    pixl brick photo.jpg --size 48x48

    pixl brick photo.jpg --size 96x64 --part tile --colors 16 --dry-run
    """
    from pixl_exporters.brick.parts import mosaic_part

    from ..pattern import Cell

    chosen = mosaic_part(part)

    def narrow(palette: Palette, named: bool) -> Palette:
        made = chosen.colors if named else chosen.current

        def usable(color: Color) -> bool:
            return color.code in made and (named or (color.finish == "solid" and "retired" not in color.tags))

        return palette.where(usable)

    options: dict[str, Any] = {"part": part, "section": section, "base": base}
    if prices is not None:
        from pixl_exporters.brick.prices import read_prices

        options["prices"] = read_prices(prices)
    make(
        request,
        Craft(
            name="brick",
            palette="lego",
            size="48x48",
            cell=lambda palette: Cell(width_mm=8.0, height_mm=8.0, shape="round" if chosen.round else "square"),
            narrow=narrow,
            options=options,
            report=_report,
        ),
    )


def _report(document: Document, plan: Any) -> Report:
    from pixl_exporters.brick.summary import summary

    told = summary(plan)
    return Report(
        lines=told.lines, values=told.values, warnings=told.warnings, notes=told.notes, open_first="instructions.pdf"
    )
