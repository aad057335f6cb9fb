"""Which cells go on which page: whole tens, as few pages as can be read, as large as they then may be."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pixl_exporters.sheet import MARGIN, Paper

LEAST_CELL = 2.75
"""mm below which chart-reading apps and people fail."""
MOST_CELL = 5.0
HEAD = 15.0
FOOT = 5.0
SIDE = 9.0
"""mm beside the grid for row numbers, arrows and the neighbouring page."""
TOP = 9.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPart:
    """The cells of one page: from ``left``, ``top``; ``number`` counts chart pages from 1."""

    left: int
    top: int
    columns: int
    rows: int
    number: int
    across: int
    down: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """``cell`` in mm; ``parts`` row by row, ``across`` of them side by side."""

    paper: Paper
    cell: float
    parts: tuple[ChartPart, ...]
    across: int

    @property
    def down(self) -> int:
        """Pages one below the other."""
        return len(self.parts) // self.across


def lay_out(width: int, height: int, paper: Paper) -> Layout:
    """Cut a chart of ``width`` x ``height`` cells at multiples of ten.

    Of all cuts whose cells are at least LEAST_CELL the one with the fewest pages is taken, of these the one with the
    largest cells, upright before turned.
    """
    best: tuple[tuple[int, float, int], Paper, int, int, float] | None = None
    for turn, page in enumerate((paper.portrait, paper.landscape)):
        wide = page.width - 2 * (MARGIN + SIDE)
        tall = page.height - 2 * MARGIN - HEAD - 2 * TOP - FOOT
        for columns in _tens(width):
            for rows in _tens(height):
                cell = min(wide / columns, tall / rows, MOST_CELL)
                pages = math.ceil(width / columns) * math.ceil(height / rows)
                key = (pages, -cell, turn)
                if cell >= LEAST_CELL and (best is None or key < best[0]):
                    best = (key, page, columns, rows, cell)
    assert best is not None  # ten cells fit every page
    _, page, columns, rows, cell = best
    cell = math.floor(cell * 100) / 100
    across, down = math.ceil(width / columns), math.ceil(height / rows)
    parts = tuple(
        ChartPart(
            left=i * columns,
            top=j * rows,
            columns=min(columns, width - i * columns),
            rows=min(rows, height - j * rows),
            number=j * across + i + 1,
            across=i,
            down=j,
        )
        for j in range(down)
        for i in range(across)
    )
    return Layout(paper=page, cell=cell, parts=parts, across=across)


def _tens(cells: int) -> list[int]:
    """Multiples of ten up to the whole, and the whole."""
    return [*range(10, cells, 10), cells] if cells <= 120 else list(range(10, 121, 10))
