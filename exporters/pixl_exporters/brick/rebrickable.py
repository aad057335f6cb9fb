"""Rebrickable's parts list CSV: ``Part,Color,Quantity`` in Rebrickable's own numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .orders import summed
from .tables import csv_bytes

if TYPE_CHECKING:
    from pixl_exporters.formats import ExportOptions

    from .plan import BrickPlan


def export(plan: BrickPlan, options: ExportOptions | None = None) -> dict[str, bytes]:
    """``rebrickable.csv``: what to buy, spares included. Colours without a Rebrickable number are left out."""
    rows: list[list[object]] = [["Part", "Color", "Quantity"]]
    rows += [[part, color, quantity] for (part, color), (quantity, _) in summed(plan, "rb")[0].items()]
    return {"rebrickable.csv": csv_bytes(rows)}


def left_out(plan: BrickPlan) -> list[str]:
    """Part and colour for which Rebrickable's number is not known."""
    return [f"{order.part.id} {order.color.label}" for order in summed(plan, "rb")[1]]
