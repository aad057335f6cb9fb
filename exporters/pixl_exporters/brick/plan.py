"""The brick plan: which part lies where, in which section, on which base, and what that makes to buy.

A plan is a value: it carries its pattern, nothing in it depends on a file, and ``check`` proves that its pieces cover
every cell once and that its parts list counts them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pixl.errors import PixlError, UsageError
from pixl.palette import Color
from pixl.pattern import EMPTY, Cell, Pattern

from .base import Base, BaseLot, plan_base
from .options import BrickOptions
from .parts import PITCH, Element, Part, color_id, elements, mosaic_part
from .sections import Section, cut_sections, letters

if TYPE_CHECKING:
    from pixl.document import Document

    from .merge import MergeReport

THIN_LOT = 4
"""A lot of fewer pieces is worth naming: sellers have a minimum, and the maker may merge the colour away."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """Every piece, section by section, rows then columns: int32[N, 6] read-only of the columns below.

    part (index into the plan's ``parts``), color (palette index), row, column (top left stud), rows, columns. A piece
    is turned by 90 degrees when it has more rows than columns.
    """

    table: NDArray[np.int32]
    section: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.table)

    def of_section(self, number: int) -> NDArray[np.int32]:
        """Rows of ``table`` that lie in section ``number``."""
        first, last = np.searchsorted(self.section, [number, number + 1])
        return self.table[first:last]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """One part in one colour. ``number`` is the colour number on every sheet (palette index + 1)."""

    part: Part
    color: Color
    number: int
    need: int
    spare: int
    have: int = 0
    elements: tuple[Element, ...] = ()
    price: Decimal | None = None

    @property
    def index(self) -> int:
        """Palette index."""
        return self.number - 1

    @property
    def short(self) -> int:
        """What the stock lacks of what the picture needs."""
        return max(0, self.need - self.have)

    @property
    def buy(self) -> int:
        """What to order: nothing when the stock covers the picture, else need and spares less the stock."""
        return self.need + self.spare - self.have if self.short else 0

    @property
    def cost(self) -> Decimal | None:
        """Price times ``buy``."""
        return None if self.price is None else self.price * self.buy


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BrickPlan:
    """The whole answer. ``sections`` run row by row; ``across`` of them lie side by side."""

    pattern: Pattern
    options: BrickOptions
    part: Part
    parts: tuple[Part, ...]
    sections: tuple[Section, ...]
    across: int
    pieces: Pieces
    lots: tuple[Lot, ...]
    base: Base
    merge: MergeReport | None = None
    warnings: tuple[str, ...] = ()

    @property
    def thin_lots(self) -> list[Lot]:
        """Lots of fewer than four pieces."""
        return [lot for lot in self.lots if lot.need < THIN_LOT]

    @property
    def base_lots(self) -> tuple[BaseLot, ...]:
        """What the base needs."""
        return self.base.lots

    @property
    def weight_g(self) -> float:
        """Mosaic and base, estimated (``parts.WEIGHT_NOTE``)."""
        mosaic = sum(lot.need * lot.part.weight_g for lot in self.lots)
        return mosaic + sum(lot.count * lot.weight_g for lot in self.base.lots)

    @property
    def outer_mm(self) -> tuple[float, float, float]:
        """Width, height and thickness with base and studs."""
        width, height = self.base.size_mm
        top = 1.8 if self.part.studded else 0.0
        return width, height, self.base.height_mm + self.part.height_mm + top


def brick_cell(part: str = "plate") -> Cell:
    """The cell that a pattern for this part has. Raises UsageError."""
    return Cell(width_mm=PITCH, height_mm=PITCH, shape="round" if mosaic_part(part).round else "square")


def plan_from_document(document: Document) -> BrickPlan:
    """The plan of a ``.pixl`` document. Raises PixlError."""
    return plan_bricks(document.pattern, BrickOptions.from_json(document.options))


def plan_bricks(pattern: Pattern, options: BrickOptions = BrickOptions()) -> BrickPlan:
    """Lay every cell, section by section, and count what that needs.

    The pattern is taken as numbered: its palette order is the numbering on the sheets. Raises UsageError for a part,
    section or base that cannot be, PixlError when the machine check fails (a bug).
    """
    part = mosaic_part(options.part)
    if not pattern.pieces:
        raise UsageError("the picture has no cell that is not empty", hint="give it a background, or another photo")
    sections, across = cut_sections(pattern.height, pattern.width, options.section)
    merged = None
    if options.merge:
        from .merge import merge_pieces

        parts, table, owner, merged = merge_pieces(pattern, part, sections, seconds=options.merge_seconds)
    else:
        parts = (part,)
        table, owner = _one_a_cell(pattern, sections)
    for array in (table, owner):
        array.setflags(write=False)
    pieces = Pieces(table=table, section=owner)
    lots = _lots(pattern, parts, pieces, options)
    base = plan_base(options.base, pattern.width, pattern.height)
    plan = BrickPlan(
        pattern=pattern,
        options=options,
        part=part,
        parts=parts,
        sections=sections,
        across=across,
        pieces=pieces,
        lots=lots,
        base=base,
        merge=merged,
        warnings=(*base.notes, *_warnings(lots, owned=options.stock is not None)),
    )
    check(plan)
    return plan


def _one_a_cell(pattern: Pattern, sections: Sequence[Section]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    tables, owners = [], []
    for number, section in enumerate(sections):
        block = pattern.index[section.slices]
        rows, columns = np.nonzero(block != EMPTY)
        table = np.ones((len(rows), 6), np.int32)
        table[:, 0] = 0
        table[:, 1] = block[rows, columns]
        table[:, 2] = rows + section.row
        table[:, 3] = columns + section.column
        tables.append(table)
        owners.append(np.full(len(rows), number, np.int32))
    return np.concatenate(tables), np.concatenate(owners)


def spares(need: int) -> int:
    """2 % more, rounded up, at least one a lot."""
    return max(1, math.ceil(need * 0.02 - 1e-9))


def _lots(pattern: Pattern, parts: Sequence[Part], pieces: Pieces, options: BrickOptions) -> tuple[Lot, ...]:
    pairs, counts = np.unique(pieces.table[:, :2], axis=0, return_counts=True)
    colors = pattern.palette.colors
    keys = [(parts[int(p)].id, color_id(colors[int(k)], "lego")) for p, k in pairs]
    known = elements(keys)
    lots = []
    for (p, k), key, count in zip(pairs.tolist(), keys, counts.tolist(), strict=True):
        stock_key = key[0], colors[k].code
        lots.append(
            Lot(
                part=parts[p],
                color=colors[k],
                number=k + 1,
                need=count,
                spare=spares(count),
                have=0 if options.stock is None else options.stock.get(stock_key, 0),
                elements=known.get(key, ()) if key[1] else (),
                price=options.prices.get(stock_key),
            )
        )
    return tuple(sorted(lots, key=lambda lot: (lot.number, -lot.part.area, lot.part.length, lot.part.id)))


def _warnings(lots: Sequence[Lot], *, owned: bool) -> list[str]:
    """What cannot be bought, said before it is."""
    found = []
    foreign = dict.fromkeys(lot.color.label for lot in lots if not any(map(lot.color.ids.get, ("bl", "rb", "ldraw"))))
    if foreign:
        found.append(f"no brick colour, so no shop's list holds it: {', '.join(foreign)}")
    for lot in lots:
        if (owned and not lot.short) or lot.color.label in foreign:
            continue
        if lot.color.code not in lot.part.colors:
            found.append(f"no source lists {lot.part.name} in {lot.color.label}: it may never have been made")
        elif lot.color.code not in lot.part.current:
            found.append(f"{lot.color.label} is retired: expect few offers of {lot.part.name} and a high price")
    return found


def check(plan: BrickPlan) -> None:
    """Prove the invariant: each cell that is not empty is covered exactly once, by a piece of its colour, inside one
    section, of a part of that size; the parts list counts the pieces. Raises PixlError (a bug in pixl)."""
    index, table = plan.pattern.index, plan.pieces.table
    shown = np.full(index.shape, EMPTY, np.int32)
    cover = np.zeros(index.shape, np.int32)
    part, color, row, column, rows, columns = (table[:, i] for i in range(6))
    for dr in range(int(rows.max())):
        for dc in range(int(columns.max())):
            inside = (rows > dr) & (columns > dc)
            at = row[inside] + dr, column[inside] + dc
            np.add.at(cover, at, 1)
            shown[at] = color[inside]
    sides = np.array([(p.width, p.length) for p in plan.parts], np.int32)[part]
    limits = np.array([(s.row, s.column, s.row + s.rows, s.column + s.columns) for s in plan.sections])
    limits = limits[plan.pieces.section]
    counted: dict[tuple[str, int], int] = {}
    for p, k in table[:, :2].tolist():
        counted[plan.parts[p].id, k] = counted.get((plan.parts[p].id, k), 0) + 1
    failed = {
        "a cell is not covered exactly once": not np.array_equal(cover, (index != EMPTY).astype(np.int32)),
        "a piece has another colour than its cells": not np.array_equal(shown, index),
        "a piece is not of its part's size": not np.array_equal(
            np.sort(np.stack([rows, columns], axis=1), axis=1), np.sort(sides, axis=1)
        ),
        "a piece crosses a section's edge": bool(
            (row < limits[:, 0]).any()
            or (column < limits[:, 1]).any()
            or (row + rows > limits[:, 2]).any()
            or (column + columns > limits[:, 3]).any()
        ),
        "the parts list does not count the pieces": counted
        != {(lot.part.id, lot.index): lot.need for lot in plan.lots},
    }
    for what, wrong in failed.items():
        if wrong:
            raise PixlError(f"the brick plan is wrong: {what}", hint="report this with the command that you ran")


__all__ = [
    "THIN_LOT", "BrickOptions", "BrickPlan", "Lot", "Pieces", "Section", "brick_cell", "check", "cut_sections",
    "letters", "plan_bricks", "plan_from_document", "spares",
]  # fmt: skip
