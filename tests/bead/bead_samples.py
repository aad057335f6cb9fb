"""Patterns and plans that the bead tests share."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from pixl.palette import Color, Palette, load_palette
from pixl.pattern import Cell, Pattern
from pixl_exporters.bead.boards import Board, load_boards
from pixl_exporters.bead.plan import BeadOptions, BeadPlan, make_plan


def palette(count: int) -> Palette:
    return load_palette("perler").solid().take(range(count))


def pattern(index: ArrayLike, *, pitch: float = 5.0, colors: Palette | None = None, title: str = "Test") -> Pattern:
    cells = np.asarray(index)
    chosen = colors or palette(max(1, int(cells.max()) + 1))
    return Pattern(index=cells, palette=chosen, cell=Cell(width_mm=pitch, height_mm=pitch, shape="round"), title=title)


def plan(index: ArrayLike, *, board: str | Board = "midi29", side: str = "iron", **options: object) -> BeadPlan:
    chosen = load_boards()[board] if isinstance(board, str) else board
    made = BeadOptions(board=chosen, side=side, **options)  # type: ignore[arg-type]
    return make_plan(pattern(index, pitch=chosen.pitch_mm).numbered(), made)


@st.composite
def index_maps(draw: st.DrawFn, *, most: int = 40, colors: int = 30) -> np.ndarray:
    """Small maps with empty cells and blocks of colour."""
    height, width = draw(st.integers(1, most)), draw(st.integers(1, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kinds = draw(st.integers(1, colors))
    index = rng.integers(0, kinds, (height, width))
    if draw(st.booleans()):
        index = np.repeat(np.repeat(index, 3, 0), 3, 1)[:height, :width]
    index[rng.random((height, width)) < draw(st.sampled_from([0.0, 0.2, 0.6]))] = -1
    index.flat[0] = 0
    return index


CUSTOM = Color(code="X1", name="=cmd()", rgb=(10, 20, 30))
