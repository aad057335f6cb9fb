"""Paper sizes and what every printed page carries: the measuring bar and the footer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pixl_exporters.sheet.canvas import Canvas
from pixl_exporters.sheet.font import Font, shorten, text_width
from pixl_exporters.sheet.model import BLACK, GREY, MM_PER_INCH, WHITE

MARGIN = 10.0
"""Least margin in mm that home printers leave blank."""

_BAR_HEIGHT = 2.0
_BAR_EDGE = 0.15
_BAR_TEXT = 2.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper size in mm, upright or turned."""

    name: str
    width: float
    height: float
    inches: bool = False

    @property
    def landscape(self) -> Paper:
        """The same paper, the long side across."""
        return replace(self, width=max(self.width, self.height), height=min(self.width, self.height))

    @property
    def portrait(self) -> Paper:
        """The same paper, the short side across."""
        return replace(self, width=min(self.width, self.height), height=max(self.width, self.height))

    def canvas(self, name: str = "", *, font: Font | None = None) -> Canvas:
        """An empty page of this size."""
        return Canvas(self.width, self.height, name=name, font=font)


A4 = Paper(name="A4", width=210.0, height=297.0)
LETTER = Paper(name="Letter", width=215.9, height=279.4, inches=True)
PAPERS = {"a4": A4, "letter": LETTER}


def paper(name: str) -> Paper:
    """``a4`` or ``letter``, with ``-landscape`` for the turned sheet.

    Raises:
        UsageError: another name.
    """
    base, _, turn = name.strip().lower().partition("-")
    if base not in PAPERS or turn not in ("", "portrait", "landscape"):
        from pixl.errors import UsageError

        raise UsageError(f"unknown paper {name!r}", hint="use a4, letter, a4-landscape or letter-landscape")
    return PAPERS[base].landscape if turn == "landscape" else PAPERS[base]


def calibration_bar(canvas: Canvas, x: float, y: float, *, inches: bool = False) -> float:
    """A bar exactly 100.0 mm long between its outer edges, and a 4 in one below it when ``inches``.

    (x, y) is the top left corner. Returns the height used in mm. The bar is made of filled rectangles whose outer
    edges are the measure: no line width adds to it.
    """
    used = _bar(canvas, x, y, 100.0, 10, "100.0 mm: print at 100 % (actual size), then measure this bar")
    if inches:
        used += 1.0 + _bar(canvas, x, y + used + 1.0, 4 * MM_PER_INCH, 8, "4 in (101.6 mm)")
    return used


def _bar(canvas: Canvas, x: float, y: float, length: float, parts: int, label: str) -> float:
    step = length / parts
    canvas.cell(x, y, length, _BAR_EDGE, BLACK)
    canvas.cell(x, y + _BAR_HEIGHT - _BAR_EDGE, length, _BAR_EDGE, BLACK)
    canvas.cell(x, y + _BAR_EDGE, _BAR_EDGE, _BAR_HEIGHT - 2 * _BAR_EDGE, BLACK)
    canvas.cell(x + length - _BAR_EDGE, y + _BAR_EDGE, _BAR_EDGE, _BAR_HEIGHT - 2 * _BAR_EDGE, BLACK)
    for part in range(parts):
        left = max(x + part * step, x + _BAR_EDGE)
        right = min(x + (part + 1) * step, x + length - _BAR_EDGE)
        canvas.cell(left, y + _BAR_EDGE, right - left, _BAR_HEIGHT - 2 * _BAR_EDGE, WHITE if part % 2 else BLACK)
    canvas.text(x, y + _BAR_HEIGHT + 0.7, label, _BAR_TEXT, valign="top")
    return _BAR_HEIGHT + 0.7 + _BAR_TEXT


def footer(
    canvas: Canvas, *, left: str = "", center: str = "", right: str = "", margin: float = MARGIN, size: float = 2.5
) -> None:
    """One line at the foot of the page, inside the margin; the left text is shortened where the others need room."""
    y = canvas.height - margin
    inner = canvas.width - 2 * margin
    right = shorten(right, size, inner * 0.4, font=canvas.font)
    center = shorten(center, size, inner * 0.4, font=canvas.font)
    room = inner - text_width(right, size, font=canvas.font) - size
    if center:
        room = (inner - text_width(center, size, font=canvas.font)) / 2 - size
    left = shorten(left, size, room, font=canvas.font)
    for x, text, anchor in (
        (margin, left, "start"),
        (canvas.width / 2, center, "middle"),
        (canvas.width - margin, right, "end"),
    ):
        if text:
            canvas.text(x, y, text, size, anchor=anchor, color=GREY, valign="bottom")  # type: ignore[arg-type]
