"""The grid cut into the rectangles that are built one after the other."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A rectangle of the grid that is built by itself; ``row`` and ``column`` count from 0."""

    name: str
    row: int
    column: int
    rows: int
    columns: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Indexes an array [H, W]."""
        return slice(self.row, self.row + self.rows), slice(self.column, self.column + self.columns)


def letters(number: int) -> str:
    """0 is A, 25 Z, 26 AA: the columns of sections."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def cut_sections(height: int, width: int, side: int) -> tuple[tuple[Section, ...], int]:
    """Sections of ``side`` studs from the top left, row by row, those at the right and bottom edge smaller; and how
    many lie side by side. A1 is the top left one, B1 its right neighbour."""
    across, down = math.ceil(width / side), math.ceil(height / side)
    sections = tuple(
        Section(
            name=f"{letters(c)}{r + 1}",
            row=r * side,
            column=c * side,
            rows=min(side, height - r * side),
            columns=min(side, width - c * side),
        )
        for r in range(down)
        for c in range(across)
    )
    return sections, across
