"""BrickLink's wanted list. It is pasted into a text box on their upload page, not uploaded as a file.

The dialect (reference: BrickLink help "Importing items on BrickLink with XML"): no XML declaration, no empty tags, one
ITEM for each part and colour, MINQTY for the quantity; no CONDITION, which leaves new and used open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .orders import summed
from .tables import xml_text

if TYPE_CHECKING:
    from pixl_exporters.formats import ExportOptions

    from .plan import BrickPlan


def export(plan: BrickPlan, options: ExportOptions | None = None) -> dict[str, bytes]:
    """``bricklink.xml``: what to buy, spares included. What has no BrickLink number is left out (``left_out``)."""
    lines = ["<INVENTORY>"]
    for (part, color), (quantity, remark) in summed(plan, "bl")[0].items():
        lines += [
            "  <ITEM>",
            "    <ITEMTYPE>P</ITEMTYPE>",
            f"    <ITEMID>{xml_text(part)}</ITEMID>",
            f"    <COLOR>{xml_text(color)}</COLOR>",
            f"    <MINQTY>{quantity}</MINQTY>",
            "    <NOTIFY>N</NOTIFY>",
            f"    <REMARKS>{xml_text(remark) or '-'}</REMARKS>",
            "  </ITEM>",
        ]
    return {"bricklink.xml": "\n".join([*lines, "</INVENTORY>", ""]).encode("utf-8")}


def left_out(plan: BrickPlan) -> list[str]:
    """What to buy elsewhere: part and colour for which BrickLink's number is not known."""
    return [f"{order.part.id} {order.color.label}" for order in summed(plan, "bl")[1]]
