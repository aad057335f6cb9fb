"""What is to be ordered, as the shops' files need it: one line for each part and colour of a family."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pixl.palette import Color

from .parts import Element, Part, color_id

if TYPE_CHECKING:
    from .plan import BrickPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """So many of a part in a colour, spares in it."""

    part: Part
    color: Color
    quantity: int
    remark: str
    elements: tuple[Element, ...]


def orders(plan: BrickPlan) -> Iterator[Order]:
    """The mosaic's lots, then the base's; what the stock covers is left out."""
    for lot in plan.lots:
        if lot.buy:
            yield Order(
                part=lot.part,
                color=lot.color,
                quantity=lot.buy,
                remark=f"{lot.number} {lot.color.name}",
                elements=lot.elements,
            )
    for base in plan.base_lots:
        yield Order(
            part=base.part,
            color=base.color,
            quantity=base.count,
            remark=f"base: {base.part.name}",
            elements=base.elements,
        )


def summed(plan: BrickPlan, family: str) -> tuple[dict[tuple[str, str], tuple[int, str]], list[Order]]:
    """``{(part number, colour number) of the family: (quantity, remark)}`` in order, and what the family has no number
    for. Two of our colours may be one of the family's: their quantities are added."""
    lines: dict[tuple[str, str], tuple[int, str]] = {}
    unknown = []
    for order in orders(plan):
        number = color_id(order.color, family)
        if not number:
            unknown.append(order)
            continue
        key = (order.part.bricklink if family == "bl" else order.part.id), number
        quantity, remark = lines.get(key, (0, ""))
        lines[key] = quantity + order.quantity, f"{remark}; {order.remark}" if remark else order.remark
    return lines, unknown
