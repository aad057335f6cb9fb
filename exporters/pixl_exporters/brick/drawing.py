"""What the building pages and the 1:1 print draw alike: a block of the mosaic with its numbers."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pixl.pattern import EMPTY
from pixl_exporters.sheet import BLACK, Canvas, Font, ink_for, shorten

if TYPE_CHECKING:
    from .plan import BrickPlan

GRID = (150, 150, 150)
EMPTY_INK = (200, 200, 200)


def draw_block(
    page: Canvas, plan: BrickPlan, *, x: float, y: float, cell: float, row: int, column: int, rows: int, columns: int
) -> None:
    """Studs ``row`` .. ``row + rows`` by ``column`` .. from (x, y) mm at ``cell`` mm each: colour, a ring for the stud,
    the colour number in the middle of each piece, a line where pieces end."""
    palette = plan.pattern.palette
    index = plan.pattern.index[row : row + rows, column : column + columns]
    inks = ink_for(palette.lab)
    page.rect(x, y, columns * cell, rows * cell, color=BLACK, width=0.4)
    if plan.part.round:
        page.dot_map(x, y, cell, cell, index, palette.rgb, radius=cell * 0.485)
        rims = _outlines(palette.rgb)
        page.dot_map(x, y, cell, cell, index, rims, radius=cell * 0.485, ring_width=cell * 0.025)
    else:
        page.cell_map(x, y, cell, cell, index, palette.rgb)
    if plan.part.studded:
        page.dot_map(x, y, cell, cell, index, _rings(palette.rgb, inks), radius=cell * 0.36, ring_width=cell * 0.03)
    holes = np.where(index == EMPTY, 0, EMPTY)
    if (holes == 0).any():
        page.dot_map(x, y, cell, cell, holes, [EMPTY_INK], radius=cell * 0.08)
    number_size = cell * 0.46
    if plan.merge is None:
        numbers = [str(k + 1) for k in range(len(palette))]
        page.glyph_map(x, y, cell, cell, index, numbers, size=number_size, colors=inks)
        if not plan.part.round:
            page.grid(x, y, cell, cell, columns, rows, every=10**6, color=GRID, width=0.12, heavy_width=0.4)
        return
    _draw_pieces(page, plan, x=x, y=y, cell=cell, window=(row, column, rows, columns), inks=inks, size=number_size)


def _draw_pieces(
    page: Canvas, plan: BrickPlan, *, x: float, y: float, cell: float, window: tuple[int, int, int, int],
    inks: NDArray[np.uint8], size: float,
) -> None:  # fmt: skip
    row, column, rows, columns = window
    table = plan.pieces.table
    inside = (
        (table[:, 2] < row + rows)
        & (table[:, 2] + table[:, 4] > row)
        & (table[:, 3] < column + columns)
        & (table[:, 3] + table[:, 5] > column)
    )
    for _, color, r, c, height, width in table[inside].tolist():
        top, left = max(r, row), max(c, column)
        bottom, right = min(r + height, row + rows), min(c + width, column + columns)
        x0, y0, x1, y1 = (
            x + (left - column) * cell, y + (top - row) * cell, x + (right - column) * cell, y + (bottom - row) * cell,
        )  # fmt: skip
        for line in ((x0, y0, x1, y0), (x1, y0, x1, y1), (x0, y1, x1, y1), (x0, y0, x0, y1)):
            page.line(*line, color=BLACK, width=0.25, cap="square")
        red, green, blue = (int(value) for value in inks[color])
        page.glyph((x0 + x1) / 2, (y0 + y1) / 2, str(color + 1), size, (red, green, blue))


def _rings(rgb: NDArray[np.uint8], inks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The colour, a fifth of the way to the ink of its number."""
    return np.asarray(np.rint(rgb * 0.8 + inks * 0.2).astype(np.uint8))


def _outlines(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A rim that white pieces too have on white paper."""
    return np.asarray(np.rint(rgb * 0.7).astype(np.uint8))


class RowWords:
    """Rows in words, broken into lines: ``"3 Black, 2 Red"`` is the runs of a row of studs, left to right.

    A row is put together from pieces whose widths are measured once for each colour, so that hundreds of rows cost
    little. ``room`` is the width of a line in mm, ``size`` the em.
    """

    def __init__(self, plan: BrickPlan, *, room: float, size: float, font: Font) -> None:
        self.plan, self.room, self.size = plan, room, size
        self.leading = size * 1.32
        self.names = [shorten(color.name, size, room / 2, font=font) for color in plan.pattern.palette.colors] + [
            "empty"
        ]
        self.widths = [font.width(f" {name}, ", size) for name in self.names]
        self.digit = font.width("0", size)

    def lines(self, row: int, column: int, columns: int) -> list[str]:
        """One row of a section."""
        lines, line, used = [], "", 0.0
        cells = self.plan.pattern.index[row, column : column + columns]
        edges = [0, *(np.flatnonzero(np.diff(cells)) + 1).tolist(), len(cells)]
        for start, end in pairwise(edges):
            color = int(cells[start])
            width = len(str(end - start)) * self.digit + self.widths[color]
            if line and used + width > self.room:
                lines.append(line.rstrip())
                line, used = "", 0.0
            line += f"{end - start} {self.names[color]}, "
            used += width
        return [*lines, line.removesuffix(", ")]
