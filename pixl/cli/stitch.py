"""``pixl stitch``: a cross-stitch chart with its threads, and OXS for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .making import Craft, Report, make
from .options import Request, takes_request

if TYPE_CHECKING:
    from ..document import Document
    from ..job import Job
    from ..pattern import Pattern

_PANEL = "Cross-stitch"
_CONFETTI = 0.01
"""What a stitch with no 8-neighbour of its colour costs the engine distill (docs/beyond.md)."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("stitch", rich_help_panel="Crafts")(takes_request(stitch))


def stitch(
    request: Request,
    count: Annotated[str, typer.Option(help="Cloth: 14, or 28/2 for linen over two.", rich_help_panel=_PANEL)] = "14",
    strands: Annotated[
        int, typer.Option(min=0, max=12, help="In the needle; 0: as the cloth asks.", rich_help_panel=_PANEL)
    ] = 0,
    max_confetti: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=100,
            metavar="%",
            help="Most stitches without a neighbour of their colour.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    have: Annotated[
        Path | None, typer.Option(metavar="CSV", help="code,count: the skeins you own.", rich_help_panel=_PANEL)
    ] = None,
    symbols: Annotated[str, typer.Option(help="In SVG pages: outline or text.", rich_help_panel=_PANEL)] = "outline",
) -> None:
    """Cross-stitch: a chart in colour and in black and white, threads and skeins, OXS.

    At most 30 threads unless --colors says otherwise.

    pixl stitch photo.jpg --size 80x80 --palette dmc_threads --colors 24

    pixl stitch photo.jpg --size 120x --count 28/2 --max-confetti 1 --have my-floss.csv
    """
    from pixl_exporters.stitch.fabric import parse_count
    from pixl_exporters.stitch.plan import StitchOptions

    from ..pattern import Cell

    fabric = parse_count(count)
    owned = None
    if have is not None:
        from pixl_exporters.stock_csv import read_stock

        from ..palette import load_palette

        owned = {
            code: float(number)
            for code, number in read_stock(have, load_palette(request.palette or "dmc_threads"), unit="skein").items()
        }
    kept: dict[str, Any] = StitchOptions(fabric=fabric, strands=strands, have=owned, symbols=symbols).as_json()
    if max_confetti is not None and not 0 <= max_confetti <= 100:
        raise UsageError(f"a budget of {max_confetti:g} % is out of range", hint="use 0 to 100")

    def adjust(pattern: Pattern, job: Job) -> Pattern:
        if max_confetti is None:
            return pattern
        from .stitch_steps import within_confetti

        pattern, told = within_confetti(pattern, job, max_confetti / 100)
        kept["confetti"] = told
        return pattern

    craft = Craft(
        name="stitch",
        palette="dmc_threads",
        size="80x",
        colors=30,
        cell=lambda palette: Cell(width_mm=fabric.cell_mm, height_mm=fabric.cell_mm),
        options=kept,
        engine_settings={"craft": {"confetti": _CONFETTI}},
        adjust=adjust,
        report=_report,
    )
    make(request, craft)


def _report(document: Document, plan: Any) -> Report:
    from pixl_exporters.stitch.summary import summary

    told = summary(plan)
    return Report(
        lines=told.lines, values=told.values, warnings=told.warnings, notes=told.notes, open_first="chart.pdf"
    )
