"""Lengths and grid sizes as a person types them. Millimetres are the only inner unit.

A person writes W x H; arrays are H x W. The conversion happens here and nowhere else.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from .errors import UsageError

MM_PER_INCH = 25.4
MAX_CELLS_A_SIDE = 2000
"""More than any craft builds; a guard against a typing slip, not a limit of the algorithms."""

_FACTORS = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "in": MM_PER_INCH, '"': MM_PER_INCH, "inch": MM_PER_INCH}
_LENGTH = re.compile(r'^\s*([0-9]+(?:[.,][0-9]+)?)\s*(mm|cm|m|inch|in|")\s*$', re.IGNORECASE)
_SIDE = re.compile(r'^\s*([0-9]+(?:[.,][0-9]+)?)?\s*(mm|cm|m|inch|in|")?\s*$', re.IGNORECASE)


def parse_length(text: str) -> float:
    """Return a length in mm from ``"5mm"``, ``"2.5 cm"`` or ``"4in"``. The unit is required.

    Raises UsageError.
    """
    match = _LENGTH.match(text)
    if match is None:
        raise UsageError(f"'{text}' is not a length", hint="write a number and a unit, such as 5mm, 2.5cm or 4in")
    return float(match[1].replace(",", ".")) * _FACTORS[match[2].lower()]


def format_length(mm: float) -> str:
    """``384.0`` becomes ``"384 mm (15.1 in)"``."""
    return (
        f"{mm:g} mm ({mm / MM_PER_INCH:.1f} in)" if mm == round(mm, 3) else f"{mm:.1f} mm ({mm / MM_PER_INCH:.1f} in)"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GridSize:
    """Cells across and down, each 1..2000."""

    width: int
    height: int

    def __post_init__(self) -> None:
        for side in (self.width, self.height):
            if not 1 <= side <= MAX_CELLS_A_SIDE:
                raise UsageError(
                    f"size {self.width}x{self.height} is out of range",
                    hint=f"ask for 1 to {MAX_CELLS_A_SIDE} cells a side",
                )

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def cells(self) -> int:
        """Number of cells."""
        return self.width * self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeRequest:
    """What was typed: one side may be None (it follows the photo); a side may be in mm instead of cells."""

    width: float | None
    height: float | None
    in_mm: bool = False

    def resolve(self, *, aspect: float, cell_width_mm: float, cell_height_mm: float) -> GridSize:
        """Return whole cells.

        ``aspect`` is the photo's width / height in real length; cells need not be square. A side in mm is rounded down
        to whole cells, a side that follows the photo to the nearest whole cell, at least 1.

        Raises UsageError when a size in mm is smaller than one cell, or the result is out of range.
        """
        width, height = self.width, self.height
        if self.in_mm:
            width = None if width is None else _whole(width, cell_width_mm)
            height = None if height is None else _whole(height, cell_height_mm)
        cell_aspect = cell_width_mm / cell_height_mm
        if width is None and height is None:
            raise UsageError("the size names neither a width nor a height", hint="write --size 48x48, 48x or x48")
        if height is None:
            assert width is not None
            height = max(1, round(width * cell_aspect / aspect))
        if width is None:
            width = max(1, round(height * aspect / cell_aspect))
        return GridSize(width=int(width), height=int(height))


def _whole(mm: float, cell_mm: float) -> float:
    cells = math.floor(mm / cell_mm + 1e-9)
    if cells < 1:
        raise UsageError(f"{mm:g} mm is smaller than one cell of {cell_mm:g} mm", hint="ask for a larger size")
    return cells


def parse_size(text: str) -> SizeRequest:
    """Read ``48x48``, ``48x``, ``x48``, ``48`` (both sides), ``384mmx384mm`` or ``30cmx``.

    Raises UsageError.
    """
    hint = "write WIDTHxHEIGHT in cells (48x48), one side (48x or x48), or in mm, cm or in (384mmx384mm)"
    parts = re.split(r"[x×X*]", text.strip())
    if len(parts) == 1:
        parts = [parts[0], parts[0]]
    sides = [_SIDE.match(part) for part in parts]
    if len(parts) != 2 or any(side is None for side in sides) or not any(side and side[1] for side in sides):
        raise UsageError(f"'{text}' is not a size", hint=hint)
    values: list[float | None] = []
    units: list[str | None] = []
    for side in sides:
        assert side is not None
        if side[2] and not side[1]:
            raise UsageError(f"'{text}' is not a size", hint=hint)
        values.append(float(side[1].replace(",", ".")) if side[1] else None)
        units.append(side[2].lower() if side[2] else None)
    given = [unit for unit, value in zip(units, values, strict=True) if value is not None]
    if units[1] and not units[0] and values[0] is not None:  # "30x20cm": the unit at the end counts for both
        units[0] = units[1]
        given = [units[1], units[1]]
    if any(unit is None for unit in given) != all(unit is None for unit in given):
        raise UsageError(f"'{text}' mixes cells and lengths", hint=hint)
    in_mm = given[0] is not None
    numbers: list[float | None] = []
    for value, unit in zip(values, units, strict=True):
        if value is None:
            numbers.append(None)
        elif in_mm:
            numbers.append(value * _FACTORS[unit or "mm"])
        elif value != int(value) or not 1 <= value <= MAX_CELLS_A_SIDE:
            raise UsageError(
                f"'{text}' is not a size in whole cells", hint=f"ask for 1 to {MAX_CELLS_A_SIDE} cells a side"
            )
        else:
            numbers.append(value)
    return SizeRequest(width=numbers[0], height=numbers[1], in_mm=in_mm)
