"""``pixl brick``: an interlocking-brick mosaic with parts list, model and instructions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .making import Craft, Report, make
from .options import Request, split_names, takes_request

if TYPE_CHECKING:
    from pixl_exporters.brick.owned import Stock
    from pixl_exporters.brick.parts import Part

    from ..document import Document
    from ..job import Limits
    from ..palette import Palette

_PANEL = "Bricks"
_LONE, _PIECE = 0.01, 0.005
"""What a lone stud, and with --merge a piece, costs the engine distill (docs/beyond.md)."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("brick", rich_help_panel="Crafts")(takes_request(brick))


def brick(
    request: Request,
    part: Annotated[
        str,
        typer.Option(
            help="plate (unless --have says), tile, round-plate, round-tile or brick: all 1x1.", rich_help_panel=_PANEL
        ),
    ] = "",
    section: Annotated[int, typer.Option(min=1, max=256, help="Studs a section.", rich_help_panel=_PANEL)] = 16,
    base: Annotated[str, typer.Option(help="panel, baseplate or none.", rich_help_panel=_PANEL)] = "panel",
    merge: Annotated[
        bool, typer.Option("--merge", help="Fewest pieces: larger parts where they fit.", rich_help_panel=_PANEL)
    ] = False,
    merge_seconds: Annotated[
        float, typer.Option(min=0.1, max=600, help="Most seconds a section for --merge.", rich_help_panel=_PANEL)
    ] = 5.0,
    have: Annotated[
        list[str] | None,
        typer.Option(metavar="SET|CSV[*n]", help="Only what you own; may be repeated.", rich_help_panel=_PANEL),
    ] = None,
    prices: Annotated[
        Path | None, typer.Option(metavar="CSV", help="part, color, price: adds money.", rich_help_panel=_PANEL)
    ] = None,
) -> None:
    """A brick mosaic: parts list, shop lists, LDraw model, instructions, 1:1 print.

    pixl brick photo.jpg --size 48x48

    pixl brick photo.jpg --size 48x48 --have 31197 --dry-run
    """
    from pixl_exporters.brick.parts import mosaic_part
    from pixl_exporters.brick.plan import BrickOptions, brick_cell

    stock = None
    if have:
        from pixl_exporters.brick.owned import load_stock

        stock = load_stock(split_names(have), part=part or None)
    chosen = stock.part if stock else mosaic_part(part or "plate")
    options = BrickOptions(
        part=chosen.id if stock else part or "plate",
        section=section,
        base=base,
        merge=merge,
        merge_seconds=merge_seconds,
        stock=dict(stock.pieces) if stock else None,
    )
    if prices is not None:
        from pixl_exporters.brick.owned import load_prices

        table, currency = load_prices(prices)
        options = replace(options, prices=table, currency=currency)
    make(
        request,
        Craft(
            name="brick",
            palette="lego",
            size="48x48",
            cell=lambda palette: brick_cell(options.part),
            narrow=lambda palette, named: _usable(palette, chosen, stock, named),
            limits=lambda palette, limits: _with_stock(palette, limits, stock),
            options=options.as_json(),
            engine_settings={"craft": {"alone": _LONE, **({"rectangles": _PIECE} if merge else {})}},
            report=_report,
        ),
    )


def _usable(palette: Palette, part: Part, stock: Stock | None, named: bool) -> Palette:
    """Colours that can be laid: those owned, or those in which the part is made (current and solid unless named)."""
    if stock is not None:
        owned = {color.code for color in stock.palette().colors}
        return palette.where(lambda color: color.code in owned)
    if named:
        return palette.where(lambda color: color.code in part.colors)
    return palette.solid().where(lambda color: color.code in part.current)


def _with_stock(palette: Palette, limits: Limits, stock: Stock | None) -> Limits:
    if stock is None:
        return limits
    import numpy as np

    return replace(limits, stock=np.array(stock.counts(palette), dtype=np.int64))


def _report(document: Document, plan: Any) -> Report:
    from pixl_exporters.brick.summary import summary
    from pixl_exporters.sheet.missing import missing_note

    told = summary(plan)
    lines = told.lines()
    width = max(len(what) for what, _ in lines)
    return Report(
        lines=tuple(f"{what:<{width}}  {value}" for what, value in lines if what != "note"),
        values=told.as_dict(),
        notes=(*plan.base.notes, *missing_note([document.pattern.title])),
        warnings=(
            *((f"{told.short} pieces are short: {'; '.join(told.shortages)}",) if told.short else ()),
            *(text for text in told.warnings if text not in plan.base.notes),
        ),
        open_first="instructions.pdf",
    )
