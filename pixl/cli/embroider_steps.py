"""What happens to an embroidery pattern between the engine and the document: bare cloth, and what the limits give
up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import PaletteError, UsageError

if TYPE_CHECKING:
    from pixl_exporters.embroider.design import Setup

    from ..palette import Palette
    from ..pattern import Pattern


ALL_BUT_CLOTH = 10.0
"""CIEDE2000 below which a thread is not told from the cloth it lies on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """``trims``, ``minutes``: at most; ``island``: least cells of a region; ``near``: CIEDE2000 below which threads
    merge.
    """

    trims: int | None = None
    minutes: float | None = None
    island: int = 1
    near: float = 0.0


def cloth_of(text: str, palette: Palette) -> tuple[int | None, tuple[int, int, int]]:
    """The thread that stands for the cloth (None where no thread is like it), and the cloth's colour. Raises
    UsageError.
    """
    from ..color import ciede2000, hex_to_rgb, rgb_to_lab

    if not text.strip().startswith("#"):
        k = palette.find(text)
        return k, palette.colors[k].rgb
    try:
        rgb = hex_to_rgb(text.strip())
    except PaletteError as error:
        raise UsageError(f"--cloth: {error.what}", hint=error.hint) from None
    away = np.asarray(ciede2000(palette.lab, rgb_to_lab(np.array(rgb, np.uint8))))
    nearest = int(np.argmin(away))
    return (nearest if away[nearest] < 15 else None), rgb


def beside_cloth(palette: Palette, text: str) -> tuple[Palette, tuple[int, int, int]]:
    """The palette less the threads that are all but the cloth's colour (one stands for it), and the cloth's colour."""
    from ..color import ciede2000

    k, rgb = cloth_of(text, palette)
    if k is None:
        return palette, rgb
    away = np.asarray(ciede2000(palette.lab, palette.lab[k]))
    return palette.take(i for i in range(len(palette)) if i == k or away[i] >= ALL_BUT_CLOTH), rgb


def finish(pattern: Pattern, setup: Setup, budget: Budget, cloth: int | None) -> tuple[Pattern, str]:
    """The pattern that will be sewn, and a sentence on what the limits cost. Raises ExportError out of reach."""
    from pixl_exporters.embroider.budget import merge_near_colors, traded, without_islands

    if cloth is not None:
        pattern = replace(pattern, index=np.where(pattern.index == cloth, np.int16(-1), pattern.index))
    before = pattern
    if not pattern.used():
        return pattern, ""
    if budget.near:
        pattern = merge_near_colors(pattern, budget.near)
    if budget.island > 1:
        pattern = without_islands(pattern, budget.island)
    pattern = _within(pattern, setup, budget)
    return pattern, traded(before, pattern).sentence()


def _within(pattern: Pattern, setup: Setup, budget: Budget) -> Pattern:
    """Islands given up until trims and minutes are met."""
    from pixl_exporters.embroider.budget import trade
    from pixl_exporters.embroider.fill import fill_order
    from pixl_exporters.embroider.plan import make_plan
    from pixl_exporters.embroider.regions import ALL_CORNERS, SLASH_CORNERS, label_regions

    options = setup.options

    def threads(tried: Pattern) -> int:
        if options.mode == "fill":
            return fill_order(tried, options)[1].capped_for_order
        return len(label_regions(tried.index, ALL_CORNERS if options.corner_join else SLASH_CORNERS)[1]) - 1

    most_trims, most_minutes = budget.trims, budget.minutes
    if most_trims is not None:
        limit = most_trims
        pattern = trade(pattern, lambda tried: threads(tried) - len(tried.used()) <= limit, what=f"--max-trims {limit}")
    if most_minutes is not None:
        longest, spm = most_minutes, setup.machine.spm
        pattern = trade(
            pattern,
            lambda tried: make_plan(tried, options).minutes(spm) <= longest,
            what=f"--max-minutes {longest:g}",
        )
    return pattern
