"""A chart-reading app in small: finds the grid's vector lines, the symbol in each cell and the legend's lines.

Knows nothing of how pixl lays a page out. Written against what such apps need: grid lines as vectors, one symbol a cell
as text, the same character in the legend beside brand and code.
"""

from __future__ import annotations

import ctypes
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium


@dataclass(frozen=True)
class Char:
    """A drawn character: ink box in points, y up; ``font`` its base name."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    font: str
    size: float

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2


@dataclass(frozen=True)
class ChartGrid:
    """``x`` and ``y``: places of the grid lines in points, ascending and descending; ``bold_x``, ``bold_y``: those that
    are drawn wider."""

    x: list[float]
    y: list[float]
    bold_x: list[float]
    bold_y: list[float]


def read_chars(page: pypdfium2.PdfPage) -> list[Char]:
    return list(_chars(page))


def _chars(page: pypdfium2.PdfPage) -> Iterator[Char]:
    text = page.get_textpage()
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    flags = ctypes.c_int()
    for i in range(pdfium.FPDFText_CountChars(text)):
        if pdfium.FPDFText_IsGenerated(text, i):
            continue
        pdfium.FPDFText_GetCharBox(text, i, left, right, bottom, top)
        name = ctypes.create_string_buffer(200)
        pdfium.FPDFText_GetFontInfo(text, i, name, 200, flags)
        yield Char(
            text=chr(pdfium.FPDFText_GetUnicode(text, i)),
            left=left.value,
            right=right.value,
            bottom=bottom.value,
            top=top.value,
            font=name.value.decode(),
            size=pdfium.FPDFText_GetFontSize(text, i),
        )


def read_lines(page: pypdfium2.PdfPage) -> list[tuple[float, float, float, float, float]]:
    """Straight strokes: x1, y1, x2, y2, width, in points."""
    found = []
    for thing in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH]):
        raw = thing.raw
        stroke, fill = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDFPath_GetDrawMode(raw, fill, stroke)
        if not stroke.value:
            continue
        width = ctypes.c_float()
        pdfium.FPDFPageObj_GetStrokeWidth(raw, width)
        at: tuple[float, float] | None = None
        for i in range(pdfium.FPDFPath_CountSegments(raw)):
            segment = pdfium.FPDFPath_GetPathSegment(raw, i)
            x, y = ctypes.c_float(), ctypes.c_float()
            pdfium.FPDFPathSegment_GetPoint(segment, x, y)
            kind = pdfium.FPDFPathSegment_GetType(segment)
            if kind == pdfium.FPDF_SEGMENT_LINETO and at is not None:
                found.append((*at, x.value, y.value, width.value))
            at = (x.value, y.value)
    return found


def find_grid(page: pypdfium2.PdfPage) -> ChartGrid | None:
    """The largest family of parallel lines of one length in each direction."""
    lines = read_lines(page)
    upright = [(x1, abs(y2 - y1), w) for x1, y1, x2, y2, w in lines if abs(x1 - x2) < 0.01 and abs(y1 - y2) > 20]
    level = [(y1, abs(x2 - x1), w) for x1, y1, x2, y2, w in lines if abs(y1 - y2) < 0.01 and abs(x1 - x2) > 20]
    if not upright or not level:
        return None
    columns, bold_columns = _family(upright)
    rows, bold_rows = _family(level)
    if len(columns) < 2 or len(rows) < 2:
        return None
    return ChartGrid(x=columns, y=rows[::-1], bold_x=bold_columns, bold_y=bold_rows[::-1])


def _family(lines: list[tuple[float, float, float]]) -> tuple[list[float], list[float]]:
    [(length, _)] = Counter(round(length, 1) for _, length, _ in lines).most_common(1)
    kept = [(at, width) for at, other, width in lines if abs(other - length) < 0.3]
    places = sorted({round(at, 2) for at, _ in kept})
    thin = min(width for _, width in kept)
    bold = sorted({round(at, 2) for at, width in kept if width > 2 * thin})
    return places, bold


def read_cells(page: pypdfium2.PdfPage, grid: ChartGrid) -> dict[tuple[int, int], str]:
    """(row, column) -> the text whose ink lies in the cell; two characters side by side make one symbol."""
    cells: dict[tuple[int, int], list[Char]] = {}
    for char in read_chars(page):
        x, y = char.middle
        if grid.x[0] < x < grid.x[-1] and grid.y[-1] < y < grid.y[0]:
            column = sum(x > line for line in grid.x) - 1
            row = sum(y < line for line in grid.y) - 1
            assert char.left >= grid.x[column] - 0.1, "a symbol crosses a grid line"
            assert char.right <= grid.x[column + 1] + 0.1, "a symbol crosses a grid line"
            cells.setdefault((row, column), []).append(char)
    return {cell: "".join(c.text for c in sorted(chars, key=lambda c: c.left)) for cell, chars in cells.items()}


def read_legend(page: pypdfium2.PdfPage, brand: str = "DMC") -> dict[str, str]:
    """symbol -> code, from lines that read: symbol, brand and code, more text."""
    lines: list[list[Char]] = []
    for char in sorted(read_chars(page), key=lambda c: (-c.middle[1], c.left)):
        if char.text.isspace():
            continue
        if lines and abs(lines[-1][0].middle[1] - char.middle[1]) < 3.5:
            lines[-1].append(char)
        else:
            lines.append([char])
    found = {}
    for line in lines:
        ordered = sorted(line, key=lambda c: c.left)
        words = [ordered[0].text]
        for before, char in itertools.pairwise(ordered):
            if char.left - before.right > 0.22 * char.size:
                words.append("")
            words[-1] += char.text
        text = " ".join(words)
        match = re.match(rf"^(\S+) {brand} (\S+) ", text)
        if match:
            assert match[1] not in found, "one symbol stands for two threads"
            found[match[1]] = match[2]
    return found
