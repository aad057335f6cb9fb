"""``pixl embroider``: files that an embroidery machine sews, a job sheet, and what the design costs in thread and
time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .making import Craft, Report, make
from .options import Request, takes_request

if TYPE_CHECKING:
    from pixl_exporters.embroider.design import Setup

    from ..job import Job, Limits
    from ..palette import Palette
    from ..pattern import Pattern

_PANEL = "Embroidery"
_THREADS, _COLORS, _SIZE = "isacord40", 8, "48x48"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("embroider", rich_help_panel="Crafts")(takes_request(embroider))


def embroider(
    request: Request,
    mode: Annotated[
        str, typer.Option(help="cross (an X in each cell) or fill (rows).", rich_help_panel=_PANEL)
    ] = "cross",
    cell: Annotated[
        str, typer.Option(metavar="MM", help="Side of a cell, 1.6 to 3.4.", rich_help_panel=_PANEL)
    ] = "2mm",
    layers: Annotated[int, typer.Option(help="cross: 2, 4 or 6 threads a leg.", rich_help_panel=_PANEL)] = 2,
    no_corner_join: Annotated[
        bool, typer.Option("--no-corner-join", help="cross: cut rather than cross a top leg.", rich_help_panel=_PANEL)
    ] = False,
    pull: Annotated[
        float, typer.Option(metavar="MM", help="fill: rows reach out so far.", rich_help_panel=_PANEL)
    ] = 0.2,
    max_stitch: Annotated[
        float, typer.Option(metavar="MM", help="fill: longest stitch, 2 to 4.", rich_help_panel=_PANEL)
    ] = 3.0,
    travel_cap: Annotated[
        str, typer.Option(metavar="MM|none", help="fill: longest hidden way.", rich_help_panel=_PANEL)
    ] = "60",
    no_underlay: Annotated[
        bool, typer.Option("--no-underlay", help="fill: nothing under wide regions.", rich_help_panel=_PANEL)
    ] = False,
    max_trims: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="At most so many trims.", rich_help_panel=_PANEL)
    ] = None,
    max_minutes: Annotated[
        float | None, typer.Option(min=0, metavar="MIN", help="At most so long.", rich_help_panel=_PANEL)
    ] = None,
    min_island: Annotated[
        int, typer.Option(min=1, metavar="CELLS", help="Smaller regions are given up.", rich_help_panel=_PANEL)
    ] = 3,
    merge_threads: Annotated[
        float, typer.Option(min=0, metavar="DE", help="Threads nearer than that become one.", rich_help_panel=_PANEL)
    ] = 3.0,
    machine: Annotated[
        str,
        typer.Option(metavar="PROFILE", help="Formats, field, needles: docs/embroider.md.", rich_help_panel=_PANEL),
    ] = "",
    threads: Annotated[
        str,
        typer.Option(metavar="ID|FILE", help="Thread chart that you own, as --palette.", rich_help_panel=_PANEL),
    ] = "",
    cloth: Annotated[
        str, typer.Option(metavar="COLOUR", help="Code, name or #hex: not stitched.", rich_help_panel=_PANEL)
    ] = "",
) -> None:
    """Machine embroidery: stitch files that were read back and checked, job sheet, preview.

    pixl embroider photo.jpg --size 48x48 --colors 8

    pixl embroider photo.jpg --mode fill --max-minutes 30 --machine brother-100x100 --size 40x40
    """
    from pixl_exporters.embroider.design import Setup
    from pixl_exporters.embroider.machines import find_machine
    from pixl_exporters.embroider.plan import EmbroideryOptions

    if threads and request.palette and threads != request.palette:
        raise UsageError("--threads and --palette name two charts", hint="give one of them")
    request = replace(request, palette=threads or request.palette)
    setup = Setup(
        options=EmbroideryOptions(
            mode=mode,
            layers=layers,
            corner_join=not no_corner_join,
            pull_mm=pull,
            max_stitch_mm=max_stitch,
            travel_cap_mm=_cap(travel_cap),
            underlay=not no_underlay,
        ),
        machine=find_machine(machine),
    )
    if not request.formats and not (request.output and request.output.suffix):
        request = replace(
            request, formats=",".join(["preview", "job-sheet", "job-sheet-png", "threads", *setup.machine.formats])
        )
    from .embroider_steps import Budget

    make(
        request,
        _craft(
            setup,
            _side(cell),
            cloth,
            Budget(trims=max_trims, minutes=max_minutes, island=min_island, near=merge_threads),
        ),
    )


def _craft(setup: Setup, cell_side: tuple[float, float], cloth: str, budget: Any) -> Craft:
    from ..color import rgb_to_hex
    from ..pattern import Cell
    from .embroider_steps import beside_cloth, cloth_of, finish

    side, asked_side = cell_side
    rounded = f"--cell {asked_side:g} mm is rounded down to {side:g} mm"
    kept: dict[str, Any] = setup.as_json()
    chosen: dict[str, Any] = {"cloth": None}

    def narrow(palette: Palette, named: bool) -> Palette:
        usable = palette if named else palette.solid()
        if cloth:
            usable, rgb = beside_cloth(usable, cloth)
            kept["cloth"] = rgb_to_hex(rgb)
        return usable

    def limits(palette: Palette, asked: Limits) -> Limits:
        from pixl_exporters.embroider.cost import cut_cost

        colors = asked.colors or _COLORS
        if cloth:
            chosen["cloth"] = cloth_of(cloth, palette)[0]
            if chosen["cloth"] is not None:
                # the cloth's cells are given back as bare cloth, so its colour comes on top of the threads
                return replace(asked, colors=colors + 1, locked_colors=(*asked.locked_colors, chosen["cloth"]))
        return replace(asked, colors=colors, costs=(*asked.costs, cut_cost(10.0, len(palette))))

    def adjust(pattern: Pattern, job: Job) -> Pattern:
        pattern, told = finish(pattern, setup, budget, chosen["cloth"])
        if told:
            kept["told"] = told
        return pattern

    return Craft(
        name="embroider",
        palette=_THREADS,
        size=_SIZE,
        cell=lambda palette: Cell(width_mm=side, height_mm=side),
        narrow=narrow,
        limits=limits,
        options=kept,
        adjust=adjust,
        report=lambda document, design: _report(design, "" if abs(side - asked_side) < 1e-9 else rounded),
    )


def _side(text: str) -> tuple[float, float]:
    """Side of a cell in mm, rounded down to the steps that there are, and as typed. Raises UsageError."""
    from pixl_exporters.embroider.plan import CELLS_MM

    from ..units import parse_length

    side = parse_length(text if text.strip()[-1:].isalpha() or text.strip().endswith('"') else f"{text}mm")
    fitting = [step for step in CELLS_MM if step <= side + 1e-9]
    if not fitting or side > CELLS_MM[-1] + 0.2:
        raise UsageError(f"a cell of {side:g} mm is out of range", hint=f"use {CELLS_MM[0]:g} to {CELLS_MM[-1]:g} mm")
    return fitting[-1], side


def _cap(text: str) -> float | None:
    if text.strip().casefold() == "none":
        return None
    try:
        return float(text.strip().removesuffix("mm").replace(",", "."))
    except ValueError:
        raise UsageError(f"'{text}' is not a travel cap", hint="use a number of mm, or none") from None


def _report(design: Any, note: str) -> Report:
    from pixl_exporters.embroider.summary import lines, values

    told = lines(design)
    width = max(len(what) for what, _ in told)
    return Report(
        lines=tuple(f"{what:<{width}}  {text}" for what, text in told),
        values=values(design),
        warnings=design.warnings(),
        notes=(note,) if note else (),
        open_first="job-sheet.pdf",
    )
