"""What the page needs to know of a piece of work, whatever its craft."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixl.palette import Color
from pixl.pattern import EMPTY, Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A rectangle that is worked by itself: a section, a board, a block. Counted from 0."""

    name: str
    row: int
    column: int
    rows: int
    columns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopRow:
    """One thing to have. ``number``: its colour number, 0 for what is no colour of the picture; ``key`` tells rows
    apart when they are ticked; ``under`` is what the shops call it; ``counts`` go with the heads of the list."""

    key: str
    number: int
    color: Color
    name: str
    under: tuple[str, ...]
    counts: tuple[int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The shopping list. ``heads``: what the numbers are, the last one what to buy."""

    heads: tuple[str, ...]
    rows: tuple[ShopRow, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """``laid``: int16[H, W], what is laid, in the numbering of the printed sheets (beads for the peg side: mirrored).

    ``look``: how a finished cell is drawn (``LOOKS`` in grid.js); ``one``, ``many``: what a cell is called; ``region``:
    what a region is called; ``lines``: what is said under the title; ``mark``: what stands in a cell at first, symbol,
    number or code; ``every``: a heavy line every so many cells, 0 for none; ``pitch_mm``: width of a cell, ``row_step``
    height of a row in widths; ``shifted``: rows half a cell to the right; ``pieces``: row, column, rows, columns of
    pieces larger than a cell; ``turnable``: whether the view from the other side helps; ``xml``: BrickLink's list.
    """

    laid: NDArray[np.int16]
    look: str
    one: str
    many: str
    region: str
    regions: tuple[Region, ...]
    lines: tuple[str, ...]
    shop: Shop
    pitch_mm: float
    mark: str = "symbol"
    every: int = 0
    row_step: float = 1.0
    shifted: tuple[bool, ...] = ()
    pieces: tuple[tuple[int, int, int, int], ...] = ()
    turnable: bool = False
    notes: tuple[str, ...] = ()
    xml: str = ""


def filled(regions: Iterator[Region] | tuple[Region, ...], laid: NDArray[np.int16]) -> tuple[Region, ...]:
    """Regions in which there is something to do."""
    return tuple(
        region
        for region in regions
        if (laid[region.row : region.row + region.rows, region.column : region.column + region.columns] != EMPTY).any()
    )


def size_line(width_mm: float, height_mm: float) -> str:
    """``"384 x 384 mm (15.1 x 15.1 in)"``."""
    return f"{width_mm:.0f} × {height_mm:.0f} mm ({width_mm / 25.4:.1f} × {height_mm / 25.4:.1f} in)"


def counted(count: int, one: str, many: str) -> str:
    """``"1 bead"``, ``"2,304 beads"``."""
    return f"{count:,} {one if count == 1 else many}"


def simple_shop(pattern: Pattern, many: str) -> Shop:
    """Code, name and count of every colour used."""
    counts = pattern.counts()
    colors = pattern.palette.colors
    return Shop(
        heads=(many.capitalize(),),
        rows=tuple(
            ShopRow(
                key=f"{k + 1}", number=k + 1, color=colors[k], name=colors[k].label, under=(), counts=(int(counts[k]),)
            )
            for k in pattern.used()
        ),
    )
