"""``pixl pixel``: plain pixel art, for any palette."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .making import Craft, Report, make
from .options import Request, takes_request

if TYPE_CHECKING:
    from ..document import Document


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("pixel", rich_help_panel="Crafts")(takes_request(pixel))


_MOTION = "Moving pictures"


def pixel(
    request: Request,
    fps: Annotated[
        float | None,
        typer.Option(min=0.1, max=50, metavar="N", help="Frames a second, if not as given.", rich_help_panel=_MOTION),
    ] = None,
    every: Annotated[int, typer.Option(min=1, metavar="N", help="Take each N-th frame.", rich_help_panel=_MOTION)] = 1,
    frame: Annotated[
        int, typer.Option(min=0, metavar="N", help="Write only this frame; 1 is the first.", rich_help_panel=_MOTION)
    ] = 0,
    scale: Annotated[
        int, typer.Option(min=0, max=64, metavar="N", help="Pixels a cell in GIF and APNG.", rich_help_panel=_MOTION)
    ] = 0,
) -> None:
    """Pixel art over any palette: PNG, SVG and the pattern. Frames (a folder, a GIF, a video) become an animation.

    pixl pixel photo.jpg --size 64x --palette rgb-lattice:4

    pixl pixel logo.png --size 32x32 --palette my-colours.gpl -o logo.png

    pixl pixel frames/ --size 48x --colors 16 -o walk.gif
    """
    from ..animation.frames import open_film
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
    film = open_film(request.photo) if request.photo is not None else None
    if film is None:
        if fps is not None or every != 1 or frame or scale:
            raise UsageError(
                "--fps, --every, --frame and --scale are for moving pictures", hint="give a folder of frames or a GIF"
            )
        make(request, craft)
        return
    from .moving import Motion, make_moving

    make_moving(request, craft, film, Motion(fps=fps, every=every, frame=frame, scale=scale))


def _report(document: Document, plan: Any) -> Report:
    pattern = document.pattern
    line = f"{pattern.width} x {pattern.height} cells, {pattern.pieces} filled, {len(pattern.used())} colours"
    return Report(
        lines=(line,),
        values={"pieces": pattern.pieces, "colors": len(pattern.used())},
        open_first="preview.png",
    )
