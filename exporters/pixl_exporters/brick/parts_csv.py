"""The parts list of a person: one row a lot, with what each family calls the part and the colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .parts import color_id
from .tables import csv_bytes

if TYPE_CHECKING:
    from pixl_exporters.formats import ExportOptions

    from .plan import BrickPlan

COLUMNS = (
    "number", "part", "part_name", "color", "hex", "need", "spare", "have", "buy",
    "lego_color", "bricklink_part", "bricklink_color", "bricklink_color_name",
    "rebrickable_part", "rebrickable_color", "rebrickable_color_name", "ldraw_file", "ldraw_color",
    "element_ids", "price", "cost",
)  # fmt: skip


def export(plan: BrickPlan, options: ExportOptions | None = None) -> dict[str, bytes]:
    """``parts.csv``: the mosaic's lots by colour number, then the base (without a number).

    ``element_ids`` are LEGO's own numbers of that part in that colour, likeliest first; empty when none is known.
    """
    rows: list[list[object]] = [list(COLUMNS)]
    for lot in plan.lots:
        color, part = lot.color, lot.part
        rows.append([
            lot.number, part.id, part.name, color.name, color.hex, lot.need, lot.spare, lot.have, lot.buy,
            color_id(color, "lego"), part.bricklink, color_id(color, "bl"), color.ids.get("bl_name", ""),
            part.id, color_id(color, "rb"), color.ids.get("rb_name", ""), part.ldraw, color_id(color, "ldraw"),
            " ".join(element.id for element in lot.elements),
            "" if lot.price is None else f"{lot.price:f}", "" if lot.cost is None else f"{lot.cost:f}",
        ])  # fmt: skip
    for base in plan.base_lots:
        color, part = base.color, base.part
        price = plan.options.prices.get((part.id, color.code))
        rows.append([
            "", part.id, part.name, color.name, color.hex, base.count, 0, 0, base.count,
            color_id(color, "lego"), part.bricklink, color_id(color, "bl"), color.ids.get("bl_name", ""),
            part.id, color_id(color, "rb"), color.ids.get("rb_name", ""), part.ldraw, color_id(color, "ldraw"),
            " ".join(element.id for element in base.elements),
            "" if price is None else f"{price:f}", "" if price is None else f"{price * base.count:f}",
        ])  # fmt: skip
    return {"parts.csv": csv_bytes(rows)}
