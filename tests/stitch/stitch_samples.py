"""Patterns and plans that the stitch tests share."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from pixl.palette import Palette, load_palette
from pixl.pattern import Cell, Pattern
from pixl_exporters.stitch.fabric import parse_count
from pixl_exporters.stitch.plan import StitchOptions, StitchPlan, make_plan


def threads(count: int) -> Palette:
    return load_palette("dmc_threads").take(range(0, 3 * count, 3))


def pattern(index: ArrayLike, *, colors: Palette | None = None, title: str = "Test") -> Pattern:
    cells = np.asarray(index)
    chosen = colors or threads(max(1, int(cells.max()) + 1))
    side = parse_count("14").cell_mm
    return Pattern(index=cells, palette=chosen, cell=Cell(width_mm=side, height_mm=side), title=title)


def plan(index: ArrayLike, **options: object) -> StitchPlan:
    if isinstance(options.get("fabric"), str):
        options["fabric"] = parse_count(str(options["fabric"]))
    return make_plan(pattern(index).numbered(), StitchOptions(**options))  # type: ignore[arg-type]


@st.composite
def index_maps(draw: st.DrawFn, *, most: int = 60, colors: int = 40) -> np.ndarray:
    """Maps with empty cells and blocks of colour."""
    height, width = draw(st.integers(1, most)), draw(st.integers(1, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    index = rng.integers(0, draw(st.integers(1, colors)), (height, width))
    if draw(st.booleans()):
        index = np.repeat(np.repeat(index, 3, 0), 3, 1)[:height, :width]
    index[rng.random((height, width)) < draw(st.sampled_from([0.0, 0.3]))] = -1
    index.flat[0] = 0
    return index
