"""The stitch files and the list of threads, each a row of the table of formats."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from .summary import stops
from .write import FORMATS, ascii_name

if TYPE_CHECKING:
    from pixl_exporters.formats import ExportOptions

    from .design import Design


def file_name(stem: str, kind: str) -> str:
    """A name that every machine shows: ASCII, small letters, at most 24 of them."""
    plain = ascii_name(stem, 24).lower().replace(" ", "-")
    return f"{plain}{'-v1' if kind == 'pes1' else ''}.{FORMATS[kind].ending}"


def _file(design: Design, options: ExportOptions, kind: str) -> dict[str, bytes]:
    return {file_name(options.name, kind): design.file(kind)}


def export_dst(design: Design, options: ExportOptions) -> dict[str, bytes]:
    """Tajima DST."""
    return _file(design, options, "dst")


def export_pes(design: Design, options: ExportOptions) -> dict[str, bytes]:
    """Brother PES, version 6."""
    return _file(design, options, "pes")


def export_pes1(design: Design, options: ExportOptions) -> dict[str, bytes]:
    """Brother PES, version 1."""
    return _file(design, options, "pes1")


def export_exp(design: Design, options: ExportOptions) -> dict[str, bytes]:
    """Melco EXP."""
    return _file(design, options, "exp")


def export_jef(design: Design, options: ExportOptions) -> dict[str, bytes]:
    """Janome JEF."""
    return _file(design, options, "jef")


def export_vp3(design: Design, options: ExportOptions) -> dict[str, bytes]:
    """Husqvarna Viking and PFAFF VP3."""
    return _file(design, options, "vp3")


def export_xxx(design: Design, options: ExportOptions) -> dict[str, bytes]:
    """Singer XXX."""
    return _file(design, options, "xxx")


def export_threads(design: Design, options: ExportOptions) -> dict[str, bytes]:
    """``threads.csv``: the colours in sewing order, for machines whose files carry none."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["stop", "needle", "code", "name", "hex", "chart", "stitches", "threads", "top_m", "bobbin_m"])
    chart = design.pattern.palette.name
    for stop in stops(design):
        rows.writerow([
            stop.stop, stop.needle, _cell(stop.color.code), _cell(stop.color.name), stop.color.hex, _cell(chart),
            stop.stitches, stop.threads, f"{stop.top_m:.1f}", f"{stop.bobbin_m:.1f}",
        ])  # fmt: skip
    return {"threads.csv": text.getvalue().encode("utf-8")}


def _cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
