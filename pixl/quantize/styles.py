"""What the words mean: each style is a row of settings for the five steps."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..job import Job
from .assign import Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """``shapes``: cells snap to shapes; ``lines``: thin lines are kept whole; ``contrast``: local contrast added;
    ``soft``: share of the soft picture where the palette has its colours, to within ``give`` CIEDE2000;
    ``hues``: vivid blues keep their hue; ``wide``: see ``differences``; ``weights``: what neighbours are worth."""

    shapes: bool = True
    lines: bool = True
    contrast: float = 0.2
    soft: float = 0.0
    give: float = 1.5
    hues: bool = True
    wide: bool = True
    weights: Weights = field(default_factory=Weights)


STYLES = {"natural": Style()}


def style_of(job: Job) -> Style:
    """The settings that a job asks for."""
    return STYLES.get(job.style, STYLES["natural"])
