"""What the words mean: each style is a row of settings for the five steps."""

from __future__ import annotations

from dataclasses import dataclass

from ..job import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """``shapes``: cells snap to shapes; ``lines``: thin lines are kept whole; ``contrast``: local contrast added;
    ``soft``: share of the soft picture where the palette has its colours, to within ``give`` CIEDE2000;
    ``beta``: weight of the chroma differences between neighbours; ``lone``: see ``assign.LONE``."""

    shapes: bool = True
    lines: bool = True
    contrast: float = 0.25
    soft: float = 0.6
    give: float = 1.5
    beta: float = 0.2
    lone: tuple[float, float, float] = (0.5, 3.5, 10.0)


STYLES = {"natural": Style()}


def style_of(job: Job) -> Style:
    """The settings that a job asks for."""
    return STYLES.get(job.style, STYLES["natural"])
