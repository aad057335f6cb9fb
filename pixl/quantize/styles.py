"""What the words mean: each style is a row of settings for the five steps."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..job import Job
from ..photo import Photo
from . import downscale
from .assign import Weights
from .kind import Kind, kind_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """``shapes``: cells snap to shapes; ``lines``: thin lines are kept whole; ``inks``: no colour between two;
    ``contrast``: local contrast added; ``skin``, ``names``: how colours that are far from a cell's are judged;
    ``weights``: what neighbours are worth; ``far``: weight of the far view, with which cells are priced as parts of a
    mixture."""

    shapes: bool = True
    lines: bool = True
    inks: bool = False
    contrast: float = 0.2
    skin: bool = True
    names: bool = True
    weights: Weights = field(default_factory=Weights)
    far: float = 0.0


STYLES = {
    "natural": Style(),
    "clean": Style(
        inks=True,
        contrast=0.0,
        weights=Weights(lone=(1.5, 5.0, 14.0), even=(2.2, 8.0, 0.7), regions=80),
    ),
    "crisp": Style(contrast=0.7, weights=Weights(lone=(0.25, 3.0, 8.0), even=(0.8, 6.0, 0.7), regions=12)),
    "rich": Style(
        contrast=0.0,
        weights=Weights(tie=(0.2, 1e3, 0.5), lone=(0.5, 3.5, 10.0), even=(0.5, 6.0, 0.0), regions=0),
        far=1.0,
    ),
    "dither": Style(
        shapes=False,
        lines=False,
        contrast=0.0,
        weights=Weights(tie=(0.0, 1e3, 0.5), lone=(3.0, 0.0, 10.0), even=(0.0, 6.0, 0.0), regions=0),
        far=2.0,
    ),
}
ART = Style(
    lines=False,
    contrast=0.0,
    weights=Weights(tie=(0.0, 1e3, 0.5), lone=(0.0, 0.0, 1.0), even=(0.0, 1.0, 0.0), regions=0),
)
"""Pixel art, kept cell for cell: each colour of the picture becomes one of the palette."""


def kind_for(job: Job) -> Kind | None:
    """What the picture is, where the job leaves the style to it. Pixel art only counts where it fits the grid."""
    if job.style != "auto" or job.photo is None:
        return None
    kind = kind_of(job.photo)
    if kind.cells is None:
        return kind
    across, down = kind.cells
    fits = job.size.width % across == 0 and job.size.height % down == 0
    return kind if fits else Kind(flat=True)


def style_of(job: Job, kind: Kind | None) -> Style:
    """The settings that a job asks for; with ``auto`` those that suit its picture's ``kind`` (``kind_for``)."""
    if kind is None:
        return STYLES.get(job.style, STYLES["natural"])
    return ART if kind.cells else STYLES["clean" if kind.flat else "natural"]


def cells_of(photo: Photo, height: int, width: int, style: Style, kind: Kind | None) -> downscale.Cells:
    """What a grid sees of ``photo`` in a ``style``; of pixel art, if its ``kind`` says so, the art's own cells."""
    if kind and kind.cells:
        return downscale.art(photo, height, width, kind.cells)
    return downscale.see(photo, height, width, shapes=style.shapes, lines=style.lines, inks=style.inks)
