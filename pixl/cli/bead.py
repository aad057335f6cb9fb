"""``pixl bead``: fuse beads on pegboards, or drills on a canvas: true-to-size sheets and a shopping list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .making import Craft, Report, make
from .options import Request, split_names, takes_request

if TYPE_CHECKING:
    from pixl_exporters.bead.boards import Board

    from ..document import Document
    from ..job import Job, Limits
    from ..palette import Palette
    from ..pattern import Pattern
    from ..photo import Photo
    from ..units import GridSize

_PANEL = "Beads"
_LONE = 0.01
"""What a bead with no 4-neighbour of its colour costs the engine distill (docs/beyond.md)."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bead", rich_help_panel="Crafts")(takes_request(bead))


def bead(
    request: Request,
    board: Annotated[
        str, typer.Option(help="midi29, mini28, mini57, super, hexagon, diamond or your own.", rich_help_panel=_PANEL)
    ] = "",
    boards: Annotated[str, typer.Option(metavar="AxD", help="Size in boards, e.g. 2x2.", rich_help_panel=_PANEL)] = "",
    pitch: Annotated[str, typer.Option(metavar="MM", help="From peg to peg, e.g. 4.95.", rich_help_panel=_PANEL)] = "",
    measure: Annotated[
        str,
        typer.Option(
            metavar="N=MM", help="29=143.2: outer edges of 29 cells are 143.2 mm apart.", rich_help_panel=_PANEL
        ),
    ] = "",
    side: Annotated[
        str, typer.Option(help="The face that shows: iron, or peg (mirrored sheets).", rich_help_panel=_PANEL)
    ] = "iron",
    have: Annotated[
        Path | None, typer.Option(metavar="CSV", help="code,count: the beads you own.", rich_help_panel=_PANEL)
    ] = None,
    finish: Annotated[
        str, typer.Option(help="e.g. solid,pearl; unasked solid, or all you own.", rich_help_panel=_PANEL)
    ] = "",
    waste: Annotated[
        float, typer.Option(min=0, max=100, metavar="%", help="Share that gets lost.", rich_help_panel=_PANEL)
    ] = 5.0,
    bag: Annotated[int, typer.Option(min=0, help="Beads in a bag; 0: the board's.", rich_help_panel=_PANEL)] = 0,
    fix: Annotated[
        bool, typer.Option("--fix", help="Fill cells so that it holds together.", rich_help_panel=_PANEL)
    ] = False,
) -> None:
    """Fuse beads: sheets to lay under the boards, a shopping list, what would fall apart.

    pixl bead photo.jpg --boards 2x2 --palette perler

    pixl bead photo.jpg --size 58x58 --palette hama --colors 24 --have my-beads.csv

    pixl bead photo.jpg --board diamond --palette dmc_threads --size 30cmx40cm
    """
    from pixl_exporters.bead.boards import find_board, size_of_boards, with_pitch
    from pixl_exporters.bead.plan import SIDES

    from ..palette import load_palette

    palette = load_palette(request.palette or "perler")
    chosen = with_pitch(find_board(board, palette.id), pitch=pitch, measure=measure)
    if side not in SIDES:
        raise UsageError(f"'{side}' is not a side", hint="use iron or peg")
    if boards:
        if request.size:
            raise UsageError("--boards and --size both name the size", hint="give one of them")
        request = replace(request, size=size_of_boards(boards, chosen))
    if chosen.kind == "hexagon" and not boards and request.size:
        raise UsageError(
            f"board '{chosen.id}' has its own size", hint=f"leave out --size: it is {chosen.columns}x{chosen.rows}"
        )
    make(request, _craft(request, palette, chosen, side=side, have=have, finish=finish, waste=waste, bag=bag, fix=fix))


def _craft(
    request: Request,
    palette: Palette,
    board: Board,
    *,
    side: str,
    have: Path | None,
    finish: str,
    waste: float,
    bag: int,
    fix: bool,
) -> Craft:
    from pixl_exporters.bead.plan import BeadOptions
    from pixl_exporters.stock_csv import read_stock

    from ..palette import FINISHES
    from ..pattern import Cell

    wanted = {name.casefold() for name in split_names([finish])} or (set(FINISHES) if have else {"solid"})
    if wanted - set(FINISHES):
        raise UsageError(f"'{sorted(wanted - set(FINISHES))[0]}' is not a finish", hint=f"use {', '.join(FINISHES)}")
    stock = None if have is None else read_stock(have, palette)
    options = BeadOptions(board=board, side=side, waste=waste, bag=bag or board.bag, have=stock)
    kept: dict[str, Any] = options.as_json()
    shape = "hexagon" if board.kind == "hexagon" else "round" if board.has_pegs else "square"

    def narrow(colors: Palette, named: bool) -> Palette:
        usable = colors
        if not named:
            also = {"unknown"} if "solid" in wanted else set()
            usable = colors.where(lambda color: color.finish in wanted | also and "retired" not in color.tags)
        if stock is not None:
            usable = usable.where(lambda color: stock.get(color.code, 0) > 0)
        return usable

    def reframe(photo: Photo, size: GridSize) -> Photo:
        if board.kind != "hexagon":
            return photo
        from .bead_steps import slid_rows

        return slid_rows(photo, size, board)

    def adjust(pattern: Pattern, job: Job) -> Pattern:
        from .bead_steps import finish_beads

        pattern, said = finish_beads(pattern, job, options, fix=fix)
        kept.update(said)
        return pattern

    return Craft(
        name="bead",
        palette="perler",
        size=f"{board.columns}x{board.rows}" if board.kind == "hexagon" else "58x",
        cell=lambda colors: Cell(width_mm=board.pitch_mm, height_mm=board.row_mm, shape=shape),
        narrow=narrow,
        limits=lambda colors, limits: _with_limits(colors, limits, stock, board),
        reframe=reframe,
        options=kept,
        engine_settings={} if board.kind == "hexagon" else {"craft": {"alone": _LONE}},
        adjust=adjust,
        report=_report,
    )


def _with_limits(palette: Palette, limits: Limits, stock: Mapping[str, int] | None, board: Board) -> Limits:
    """What is owned, and where a hexagon board has no pegs."""
    import numpy as np

    from ..job import EMPTY, FREE

    if board.kind == "hexagon":
        limits = replace(limits, locked=np.where(board.pegs(), FREE, EMPTY).astype(np.int16))
    if stock is None:
        return limits
    return replace(limits, stock=np.array([stock.get(color.code, 0) for color in palette.colors], np.int64))


def _report(document: Document, plan: Any) -> Report:
    from pixl_exporters.bead.summary import summary

    told = summary(plan)
    return Report(
        lines=told.lines, values=told.values, warnings=told.warnings, notes=told.notes, open_first="template.pdf"
    )
