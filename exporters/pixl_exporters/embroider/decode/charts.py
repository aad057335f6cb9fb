"""The two charts of thread that stitch files name by number: Brother's 64 (PES, PEC) and Janome's 78 (JEF).

Facts only; sources: brother_pec.csv from Brother's chart (Ink/Stitch's palette) and libpes; janome_jef.csv from
pyembroidery's table of indices. Brother's 62 to 64 are commands for appliqué, not threads.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartRow:
    """One number of a chart. ``writer_rgb``: what the file library believes this number to be (Brother only)."""

    index: int
    name: str
    rgb: tuple[int, int, int]
    code: str
    is_thread: bool
    writer_rgb: tuple[int, int, int]


@cache
def brother() -> dict[int, ChartRow]:
    """Brother's chart by number, 1..64."""
    return _read("brother_pec.csv")


@cache
def janome() -> dict[int, ChartRow]:
    """Janome's chart by number, 1..78."""
    return _read("janome_jef.csv")


def _read(name: str) -> dict[int, ChartRow]:
    text = resources.files("pixl_exporters.embroider").joinpath(name).read_text(encoding="utf-8")
    rows: dict[int, ChartRow] = {}
    for row in csv.DictReader(text.splitlines()):
        index = int(row["index"])
        rows[index] = ChartRow(
            index=index,
            name=row["name"],
            rgb=_rgb(row["hex"]),
            code=row["code"],
            is_thread=row.get("is_thread", "1") == "1",
            writer_rgb=_rgb(row.get("hex_writer") or row["hex"]),
        )
    return rows


def _rgb(text: str) -> tuple[int, int, int]:
    value = int(text.lstrip("#"), 16)
    return value >> 16, value >> 8 & 255, value & 255
