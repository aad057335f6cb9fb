"""How a bead is drawn on paper: rings for underlays, filled squares for charts, one symbol or code a colour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixl.palette import Color
from pixl_exporters.sheet import Canvas, Stroke, assign_symbols, ink_for, symbol_size

from .boards import ROW_STEP, Board
from .plan import BeadPlan

RGB = tuple[int, int, int]

LEAST_GLYPH = 1.6
"""Em in mm below which a symbol or code cannot be read on paper."""
CODE_CELL = 5.0
CODE_LENGTH = 4
"""Codes of at most this many characters are printed in cells of at least CODE_CELL mm; else symbols are."""
RING = 0.15
RADIUS = 0.47
PALE = 85.0
"""Above this Lab lightness a ring on white paper gets a grey edge."""
EDGE: RGB = (130, 130, 130)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is drawn in a cell: ``marks`` one text a palette colour, ``inks`` uint8[K, 3] its colour on a filled cell,
    ``size`` its em in mm; ``rings`` for underlays, else filled squares."""

    marks: tuple[str, ...]
    inks: NDArray[np.uint8]
    size: float
    rings: bool
    symbols: tuple[str, ...]

    @property
    def coded(self) -> bool:
        """The cells show codes instead of symbols."""
        return self.marks != self.symbols


def chart_symbols(plan: BeadPlan) -> tuple[str, ...]:
    """The symbol of each palette colour, the same in every file of the plan."""
    return tuple(assign_symbols(plan.pattern.palette.lab, plan.pattern.counts()))


def look_of(plan: BeadPlan, *, underlay: bool) -> Look:
    """The look of a plan's printed pages: an underlay shows rings and symbols, a chart squares with codes where they
    can be read, else symbols. A canvas (drills) is always a chart."""
    symbols = chart_symbols(plan)
    palette, pitch = plan.pattern.palette, plan.board.pitch_mm
    rings = underlay and plan.board.has_pegs
    codes = tuple(color.code for color in palette.colors)
    coded = not rings and pitch >= CODE_CELL - 1e-6 and max(map(len, codes)) <= CODE_LENGTH
    marks = codes if coded else symbols
    room = pitch * (2 * (RADIUS - ring_share(pitch)) * 0.74 if rings else 0.86 if coded else 0.68)
    inks = np.zeros((len(palette), 3), np.uint8) if rings else ink_for(palette.lab)
    size = symbol_size(marks, room, room, fill=1.0)
    if size < LEAST_GLYPH <= symbol_size(marks, pitch, pitch, fill=0.9):
        size = LEAST_GLYPH  # rather a corner on the ring than a symbol that nobody can read
    return Look(marks=marks, inks=inks, size=size, rings=rings, symbols=symbols)


def ring_share(pitch: float) -> float:
    """Width of a ring as a share of the pitch: thinner where the symbol needs the room."""
    return RING if pitch >= 4.0 else 0.09


def group_id(number: int, color: Color) -> str:
    """Id of a colour's group: its number and code."""
    return f"colour-{number:02d}-{color.code}"


def draw_beads(
    canvas: Canvas, x: float, y: float, plan: BeadPlan, index: NDArray[np.int16], look: Look, *, first_row: int = 0
) -> None:
    """The beads of a map whose corner is at (x, y) mm, one group a colour. ``first_row``: its row in the whole map."""
    palette = plan.pattern.palette
    for k in np.unique(index[index >= 0]).tolist():
        color = palette.colors[k]
        only = np.where(index == k, np.int16(k), np.int16(-1))
        count = int((only >= 0).sum())
        with canvas.group(group_id(k + 1, color), f"{k + 1}. {color.label}: {count}"):
            _draw_one(canvas, x, y, plan, only, look, first_row)
    if look.rings:
        _pale_edges(canvas, x, y, plan, index, first_row)


def _draw_one(
    canvas: Canvas, x: float, y: float, plan: BeadPlan, only: NDArray[np.int16], look: Look, first_row: int
) -> None:
    pitch, colors = plan.board.pitch_mm, plan.pattern.palette.rgb
    for row_x, row_y, cell_h, part in _strips(plan, x, y, only, first_row):
        if look.rings:
            canvas.dot_map(
                row_x, row_y, pitch, cell_h, part, colors, radius=pitch * RADIUS, ring_width=pitch * ring_share(pitch)
            )
        else:
            canvas.cell_map(row_x, row_y, pitch, cell_h, part, colors)
    if look.size >= LEAST_GLYPH - 0.05:
        for row_x, row_y, cell_h, part in _strips(plan, x, y, only, first_row):
            canvas.glyph_map(row_x, row_y, pitch, cell_h, part, look.marks, size=look.size, colors=look.inks)


def _strips(
    plan: BeadPlan, x: float, y: float, index: NDArray[np.int16], first_row: int
) -> Iterator[tuple[float, float, float, NDArray[np.int16]]]:
    """The map as pieces of straight rows: the whole of it on square boards, row by row on a hexagon."""
    board = plan.board
    if board.kind != "hexagon":
        yield x, y, board.pitch_mm, index
        return
    shifted = board.shifted()
    for row in range(len(index)):
        shift = board.pitch_mm / 2 if shifted[first_row + row] else 0.0
        yield x + shift, y + row * board.pitch_mm * ROW_STEP, board.pitch_mm, index[row : row + 1]


def _pale_edges(canvas: Canvas, x: float, y: float, plan: BeadPlan, index: NDArray[np.int16], first_row: int) -> None:
    """Hairlines around rings that white paper would swallow."""
    pale = np.append(plan.pattern.palette.lab[:, 0] > PALE, False)
    faint = np.where(pale[index], np.int16(0), np.int16(-1))
    if not (faint >= 0).any():
        return
    pitch = plan.board.pitch_mm
    with canvas.group("edges", "edges of pale rings"):
        for row_x, row_y, cell_h, part in _strips(plan, x, y, faint, first_row):
            for radius in (pitch * RADIUS, pitch * (RADIUS - ring_share(pitch)) + 0.06):
                canvas.dot_map(row_x, row_y, pitch, cell_h, part, [EDGE], radius=radius, ring_width=0.06)


def swatch(canvas: Canvas, x: float, y: float, side: float, color: Color) -> None:
    """A filled square with a hairline, its corner at (x, y)."""
    canvas.cell(x, y, side, side, color.rgb, stroke=Stroke(color=EDGE, width=0.08))


def board_extent(board: Board, rows: int, columns: int) -> tuple[float, float]:
    """Width and height in mm of ``rows`` x ``columns`` cells between their outer edges."""
    return columns * board.pitch_mm, (rows - 1) * board.row_mm + board.pitch_mm
