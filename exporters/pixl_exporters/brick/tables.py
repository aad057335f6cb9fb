"""Text that other programs read: CSV cells, XML text and single lines, whatever a person put into a title or name."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def csv_bytes(rows: Iterable[Sequence[object]]) -> bytes:
    """UTF-8, comma, CRLF, quotes only where needed (RFC 4180).

    A text cell that a spreadsheet would run as a formula (first character = + - @, tab or return) gets an apostrophe
    before it, which spreadsheets take as "this is text". Numbers are written as they are. The shops' own files hold
    nothing but ids and counts, so none of their cells is ever changed.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    for row in rows:
        writer.writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in row])
    return file.getvalue().encode("utf-8", "replace")


def safe_cell(text: str) -> str:
    """The text, neutralised when a spreadsheet would run it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def one_line(text: str) -> str:
    """White space and line ends become single blanks; characters that XML and LDraw forbid become U+FFFD."""
    return " ".join(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text).split())


def xml_text(text: str) -> str:
    """``one_line``, escaped for XML text."""
    return one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
