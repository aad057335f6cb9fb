"""The threads as a table: one row a colour."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from pixl_exporters.plain.text import csv_cell

from .chart import chart_symbols
from .plan import StitchPlan

if TYPE_CHECKING:
    from pixl_exporters.formats import ExportOptions

COLUMNS = (
    "number", "symbol", "brand", "code", "name", "hex", "strands", "crosses", "pieces", "metres", "skeins", "have",
    "buy",
)  # fmt: skip


def export(plan: StitchPlan, options: ExportOptions | None = None) -> dict[str, bytes]:
    """``floss.csv``: ``metres`` are of one strand, ``have`` and ``buy`` in skeins."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    symbols = chart_symbols(plan)
    for floss in plan.floss:
        color = floss.color
        writer.writerow([
            floss.number, csv_cell(symbols[floss.number - 1]), csv_cell(floss.brand), csv_cell(color.code),
            csv_cell(color.name), color.hex, plan.strands, floss.crosses, floss.pieces, f"{floss.metres:.2f}",
            floss.skeins, "" if floss.have is None else f"{floss.have:g}", floss.buy,
        ])  # fmt: skip
    return {"floss.csv": buffer.getvalue().encode("utf-8")}
