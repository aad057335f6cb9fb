"""The pattern: a small grid of palette indices, and the pure edits of one.

Row 0 is the top, x runs right, y runs down. Arrays are H x W. Empty (-1), white and transparent are three things.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .color import ciede2000
from .errors import PatternError
from .palette import Palette

EMPTY = -1
SHAPES = ("square", "round", "hexagon")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell on the table, in mm."""

    width_mm: float
    height_mm: float
    shape: str = "square"

    def __post_init__(self) -> None:
        if not (0.1 <= self.width_mm <= 1000 and 0.1 <= self.height_mm <= 1000):
            raise PatternError(
                f"a cell of {self.width_mm:g} x {self.height_mm:g} mm is out of range",
                hint="use 0.1 to 1000 mm",
            )
        object.__setattr__(self, "width_mm", float(self.width_mm))
        object.__setattr__(self, "height_mm", float(self.height_mm))
        if self.shape not in SHAPES:
            raise PatternError(f"'{self.shape}' is not a cell shape", hint=f"use one of {', '.join(SHAPES)}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pattern:
    """``index``: int16[H, W], read-only, -1 = empty, else an index into ``palette``.

    In a *numbered* pattern the palette holds the colours used, so the colour number that sheets print is the palette
    index + 1; edits append colours and never renumber. Raises PatternError.
    """

    index: NDArray[np.int16]
    palette: Palette
    cell: Cell
    title: str = ""

    def __post_init__(self) -> None:
        index = np.asarray(self.index)
        if index.ndim != 2 or 0 in index.shape:
            raise PatternError(f"an index map of shape {index.shape} is not a grid", hint="give an H x W array")
        if index.dtype.kind not in "iu":
            raise PatternError(f"an index map of type {index.dtype} holds no indices", hint="give integers")
        low, high = int(index.min()), int(index.max())
        if low < EMPTY or high >= len(self.palette):
            raise PatternError(
                f"index {low if low < EMPTY else high} is outside a palette of {len(self.palette)} colours",
                hint="use -1 for empty and 0 to K-1 for colours",
            )
        frozen = np.array(index, dtype=np.int16, order="C")
        frozen.setflags(write=False)
        object.__setattr__(self, "index", frozen)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pattern):
            return NotImplemented
        return (
            self.palette == other.palette
            and self.cell == other.cell
            and self.title == other.title
            and np.array_equal(self.index, other.index)
        )

    def __hash__(self) -> int:
        return hash((self.index.tobytes(), self.index.shape, self.palette.digest, self.cell, self.title))

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.index.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.index.shape[1])

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height on the table, in mm."""
        return self.width * self.cell.width_mm, self.height * self.cell.height_mm

    def counts(self) -> NDArray[np.int64]:
        """int64[K]: cells of each palette colour."""
        return np.bincount(self.index.ravel()[self.index.ravel() >= 0], minlength=len(self.palette)).astype(np.int64)

    @property
    def pieces(self) -> int:
        """Cells that are not empty."""
        return int((self.index != EMPTY).sum())

    def used(self) -> list[int]:
        """Palette indices that occur, in colour-number order."""
        return [int(k) for k in np.flatnonzero(self.counts())]

    def rgb(self, empty: tuple[int, int, int] = (255, 255, 255)) -> NDArray[np.uint8]:
        """uint8[H, W, 3]: the picture at one pixel a cell, ``empty`` where there is no cell."""
        table = np.vstack([self.palette.rgb, np.array([empty], np.uint8)])
        return np.asarray(table[self.index])

    def numbered(self) -> Pattern:
        """The same picture over the colours used, most frequent first (ties keep palette order)."""
        counts = self.counts()
        order = [int(k) for k in np.argsort(-counts, kind="stable") if counts[k]] or [0]
        return self._onto(order)

    def _onto(self, order: list[int]) -> Pattern:
        table = np.full(len(self.palette) + 1, EMPTY, np.int16)
        table[order] = np.arange(len(order), dtype=np.int16)
        return replace(self, index=table[self.index], palette=self.palette.take(order))

    # -- edits: each returns a new pattern; colour numbers stay --------------------------------------------------

    def replaced(self, old: int, new: int) -> Pattern:
        """Every cell of colour ``old`` becomes ``new`` (palette indices; -1 empties or fills the empty cells)."""
        for k in (old, new):
            if not EMPTY <= k < len(self.palette):
                raise PatternError(f"colour {k} is not in the palette", hint="use an index of the palette, or -1")
        return replace(self, index=np.where(self.index == old, np.int16(new), self.index))

    def with_colors(self, palette: Palette) -> Pattern:
        """The same indices over ``palette``, which must begin with this pattern's colours or have the same number."""
        if len(palette) < len(self.palette):
            raise PatternError(
                f"{len(palette)} colours cannot stand for {len(self.palette)}",
                hint="give a palette of the same length",
            )
        return replace(self, palette=palette)

    def with_cells(self, cells: Mapping[tuple[int, int], int]) -> Pattern:
        """Set single cells: ``{(row, column): index}``, 0-based. Raises PatternError."""
        index = self.index.copy()
        for (row, column), k in cells.items():
            if not (0 <= row < self.height and 0 <= column < self.width):
                raise PatternError(
                    f"cell column {column + 1}, row {row + 1} is outside {self.width}x{self.height}",
                    hint="count columns and rows from 1",
                )
            index[row, column] = k
        return replace(self, index=index)

    def cropped(self, x: int, y: int, width: int, height: int) -> Pattern:
        """The rectangle of ``width`` x ``height`` cells whose top left cell is column x, row y (0-based)."""
        if x < 0 or y < 0 or width < 1 or height < 1 or x + width > self.width or y + height > self.height:
            raise PatternError(
                f"crop {x},{y},{width},{height} does not lie inside {self.width}x{self.height}",
                hint="give X,Y,W,H in cells, counted from 0",
            )
        return replace(self, index=self.index[y : y + height, x : x + width])

    def mirrored(self) -> Pattern:
        """Left and right exchanged."""
        return replace(self, index=self.index[:, ::-1])

    def merged_below(self, least: int) -> Pattern:
        """Colours with fewer than ``least`` cells go to the nearest colour (CIEDE2000) that stays."""
        counts = self.counts()
        stay = np.flatnonzero(counts >= least)
        if not len(stay):
            raise PatternError(f"no colour has {least} cells", hint="ask for fewer")
        table = np.arange(len(self.palette) + 1, dtype=np.int16)
        table[-1] = EMPTY
        for k in np.flatnonzero((counts > 0) & (counts < least)):
            table[k] = stay[int(np.argmin(ciede2000(self.palette.lab[stay], self.palette.lab[k])))]
        return replace(self, index=table[self.index])

    @staticmethod
    def tiled(rows: Iterable[Iterable[Pattern]]) -> Pattern:
        """Patterns over one palette put together again, row by row (the inverse of cropping)."""
        grid = [list(row) for row in rows]
        first = grid[0][0]
        if any(part.palette != first.palette or part.cell != first.cell for row in grid for part in row):
            raise PatternError("patterns over different palettes cannot be joined", hint="join parts of one pattern")
        return replace(first, index=np.block([[part.index for part in row] for row in grid]))
