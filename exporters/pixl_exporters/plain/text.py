"""The grid as text: CSV of codes, JSON of indices and colours."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from pixl.pattern import EMPTY

from ..formats import ExportOptions

if TYPE_CHECKING:
    from pixl.document import Document


def csv_cell(text: str) -> str:
    """Text that a spreadsheet will not run as a formula: a leading = + - @ or tab gets an apostrophe before it."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def export_csv(document: Document, options: ExportOptions) -> dict[str, bytes]:
    """``grid.csv``: one row of the grid a line, colour codes, empty cells empty. No header."""
    pattern = document.pattern
    codes = [csv_cell(color.code) for color in pattern.palette.colors]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in pattern.index.tolist():
        writer.writerow(["" if k == EMPTY else codes[k] for k in row])
    return {"grid.csv": buffer.getvalue().encode("utf-8")}


def export_json(document: Document, options: ExportOptions) -> dict[str, bytes]:
    """``grid.json``: size, cell, colours with counts, and the grid as rows of indices with null for empty."""
    pattern = document.pattern
    counts = pattern.counts()
    values = {
        "title": pattern.title,
        "craft": document.craft,
        "width": pattern.width,
        "height": pattern.height,
        "cell_mm": [pattern.cell.width_mm, pattern.cell.height_mm],
        "palette": pattern.palette.id,
        "colors": [
            {"number": k + 1, "code": c.code, "name": c.name, "hex": c.hex, "count": int(counts[k])}
            for k, c in enumerate(pattern.palette.colors)
        ],
        "rows": [[None if k == EMPTY else k for k in row] for row in pattern.index.tolist()],
    }
    return {"grid.json": (json.dumps(values, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")}
