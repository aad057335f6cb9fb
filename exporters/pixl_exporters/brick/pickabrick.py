"""LEGO's Pick a Brick list: element ids, which name one part in one colour and follow no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .orders import orders
from .tables import csv_bytes

if TYPE_CHECKING:
    from pixl_exporters.formats import ExportOptions

    from .plan import BrickPlan

MOST_A_LINE = 999
"""The shop takes no larger number in one line."""


def export(plan: BrickPlan, options: ExportOptions | None = None) -> dict[str, bytes]:
    """``pickabrick.csv``: what to buy, spares included, by the likeliest element id. A pair without a known one is left
    out and named by ``left_out``; whether a number is on sale today only the shop knows."""
    totals: dict[str, int] = {}
    for order in orders(plan):
        if order.elements:
            element = order.elements[0].id
            totals[element] = totals.get(element, 0) + order.quantity
    rows: list[list[object]] = [["elementId", "quantity"]]
    for element, quantity in totals.items():
        full, rest = divmod(quantity, MOST_A_LINE)
        rows += [[element, MOST_A_LINE]] * full + [[element, rest]] * bool(rest)
    return {"pickabrick.csv": csv_bytes(rows)}


def left_out(plan: BrickPlan) -> list[str]:
    """Part and colour for which no element id is known."""
    return [f"{order.part.id} {order.color.label}" for order in orders(plan) if not order.elements]
