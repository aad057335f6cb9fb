"""What the mosaic is pressed onto: joined panels, baseplates, or nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pixl.errors import UsageError
from pixl.palette import Color, load_palette

from .parts import PITCH, Element, Part, color_id, elements, load_parts

BASES = ("panel", "baseplate", "none")
UNIT = 16
"""Studs a side of the smallest base part."""
PINS_A_SEAM = 2
"""Joining pins between two neighbouring panels: our assumption, enough to keep a seam flat."""

_PANEL = "65803"
_PIN = Part(
    id="2780", kind="pin", name="Technic Pin with Friction Ridges", width=1, length=1, height_ldu=20,
    ldraw="2780.dat", bricklink="2780", colors=frozenset({"26"}), current=frozenset({"26"}),
)  # fmt: skip
_PIN_WEIGHT_G = 0.2
_PLATES = {3: "4186", 2: "3811", 1: "3867"}
_DARK_FIRST = ("26", "199", "194", "1")


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseLot:
    """So many of one base part in one colour."""

    part: Part
    color: Color
    count: int
    elements: tuple[Element, ...] = ()

    @property
    def weight_g(self) -> float:
        """Of one."""
        return _PIN_WEIGHT_G if self.part.kind == "pin" else self.part.weight_g


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """``tiles``: (row, column, side) of each base part, in studs from the top left corner of the mosaic."""

    kind: str
    columns: int
    rows: int
    height_mm: float
    tiles: tuple[tuple[int, int, int], ...] = ()
    lots: tuple[BaseLot, ...] = ()
    seams: int = 0
    notes: tuple[str, ...] = ()

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height."""
        return self.columns * PITCH, self.rows * PITCH

    @property
    def pins(self) -> int:
        """Joining pins."""
        return sum(lot.count for lot in self.lots if lot.part.kind == "pin")


def plan_base(kind: str, columns: int, rows: int) -> Base:
    """The base under ``columns`` x ``rows`` studs; it starts at the mosaic's top left corner. Raises UsageError."""
    if kind not in BASES:
        raise UsageError(f"'{kind}' is not a base", hint=f"use one of {', '.join(BASES)}")
    if kind == "none":
        return Base(kind=kind, columns=columns, rows=rows, height_mm=0.0)
    across, down = math.ceil(columns / UNIT), math.ceil(rows / UNIT)
    return _panels(columns, rows, across, down) if kind == "panel" else _baseplates(columns, rows, across, down)


def _panels(columns: int, rows: int, across: int, down: int) -> Base:
    part, black = load_parts()[_PANEL], _color("26")
    seams = (across - 1) * down + across * (down - 1)
    lots = [_lot(part, black, across * down)]
    if seams:
        lots.append(BaseLot(part=_PIN, color=black, count=seams * PINS_A_SEAM))
    return Base(
        kind="panel",
        columns=across * UNIT,
        rows=down * UNIT,
        height_mm=part.height_mm,
        tiles=tuple((r * UNIT, c * UNIT, UNIT) for r in range(down) for c in range(across)),
        lots=tuple(lots),
        seams=seams,
        notes=_bare(columns, rows, across, down),
    )


def _baseplates(columns: int, rows: int, across: int, down: int) -> Base:
    tiles = min((_squares(across, down, largest) for largest in (3, 2, 1)), key=len)
    notes = list(_bare(columns, rows, across, down))
    counts = {
        load_parts()[_PLATES[side]].id: sum(t[2] == side for t in tiles) for side in sorted({t[2] for t in tiles})
    }
    used = [load_parts()[name] for name in counts]
    color = _color(next(code for code in _DARK_FIRST if all(code in part.current for part in used)))
    missing = [part.name for part in used if _DARK_FIRST[0] not in part.current]
    if missing:
        notes.append(f"{' and '.join(missing)} is not made in black: {color.name} is planned")
    lots = [_lot(part, color, counts[part.id]) for part in used]
    if len(tiles) > 1:
        notes.append("baseplates do not join one another: fix them to a board")
    return Base(
        kind="baseplate",
        columns=across * UNIT,
        rows=down * UNIT,
        height_mm=used[0].height_mm,
        tiles=tuple((r * UNIT, c * UNIT, side * UNIT) for r, c, side in tiles),
        lots=tuple(lots),
        seams=0,
        notes=tuple(notes),
    )


def _squares(across: int, down: int, largest: int) -> list[tuple[int, int, int]]:
    """Cover a rectangle of units with squares of at most ``largest``: the largest that fits, place after place."""
    free = [[True] * across for _ in range(down)]
    tiles = []
    for r in range(down):
        for c in range(across):
            if not free[r][c]:
                continue
            side = next(
                s
                for s in range(min(largest, across - c, down - r), 0, -1)
                if all(free[r + i][c + j] for i in range(s) for j in range(s))
            )
            for i in range(side):
                free[r + i][c : c + side] = [False] * side
            tiles.append((r, c, side))
    return tiles


def _bare(columns: int, rows: int, across: int, down: int) -> tuple[str, ...]:
    right, bottom = across * UNIT - columns, down * UNIT - rows
    words = [f"{right} columns at the right"] * bool(right) + [f"{bottom} rows at the bottom"] * bool(bottom)
    return (f"the base is larger than the picture: {' and '.join(words)} stay bare",) if words else ()


def _lot(part: Part, color: Color, count: int) -> BaseLot:
    pair = part.id, color_id(color, "lego")
    return BaseLot(part=part, color=color, count=count, elements=elements([pair]).get(pair, ()))


def _color(code: str) -> Color:
    palette = load_palette("lego")
    return palette.colors[palette.find(code)]
