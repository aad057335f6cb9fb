"""``pixl pixel``: plain pixel art, for any palette."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .making import Craft, Report, make
from .options import Request, takes_request

if TYPE_CHECKING:
    import typer

    from ..document import Document


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("pixel", rich_help_panel="Crafts")(takes_request(pixel))


def pixel(request: Request) -> None:
    """Pixel art over any palette: PNG, SVG and the pattern.

    pixl pixel photo.jpg --size 64x --palette rgb-lattice:4

    pixl pixel logo.png --size 32x32 --palette my-colours.gpl -o logo.png
    """
    from ..pattern import Cell

    craft = Craft(
        name="pixel",
        palette="rgb-lattice:6",
        size="64x",
        cell=lambda palette: Cell(
            width_mm=palette.material.cell_width_mm,
            height_mm=palette.material.cell_height_mm,
            shape=palette.material.cell_shape,
        ),
        report=_report,
    )
    make(request, craft)


def _report(document: Document, plan: Any) -> Report:
    pattern = document.pattern
    line = f"{pattern.width} x {pattern.height} cells, {pattern.pieces} filled, {len(pattern.used())} colours"
    return Report(
        lines=(line,),
        values={"pieces": pattern.pieces, "colors": len(pattern.used())},
        open_first="preview.png",
    )
