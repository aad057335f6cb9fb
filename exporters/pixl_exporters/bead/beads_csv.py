"""The shopping list as a table: one row a colour."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from pixl_exporters.plain.text import csv_cell

from .look import chart_symbols
from .plan import BeadPlan

if TYPE_CHECKING:
    from pixl_exporters.formats import ExportOptions

COLUMNS = (
    "number", "symbol", "code", "name", "finish", "hex", "count", "with_waste", "have", "buy", "bag", "bags",
    "next_best", "next_best_gap",
)  # fmt: skip


def export(plan: BeadPlan, options: ExportOptions | None = None) -> dict[str, bytes]:
    """``beads.csv``: what each colour needs, what to buy, the bead that could stand in, the counts board by board."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    boards = [i for i, part in enumerate(plan.boards) if part.beads]
    writer.writerow([*COLUMNS, *(plan.boards[i].name for i in boards)])
    symbols = chart_symbols(plan)
    for need in plan.needs:
        color = need.color
        second = plan.options.certainty.seconds.get(color.code)
        writer.writerow([
            need.number, csv_cell(symbols[need.number - 1]), csv_cell(color.code), csv_cell(color.name), color.finish,
            color.hex, need.count, need.wanted, "" if need.have is None else need.have, need.buy, need.bag, need.bags,
            csv_cell(second.code) if second else "", f"{second.gap:.1f}" if second else "",
            *(need.boards[i] for i in boards),
        ])  # fmt: skip
    return {"beads.csv": buffer.getvalue().encode("utf-8")}
