"""The chart as people share it: one picture, the code in each cell, numbers around, the colours below."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pixl.errors import ExportError
from pixl.palette import Color
from pixl_exporters.sheet import Canvas, Sheet, Stroke, ink_for, shorten, symbol_size

from .look import EDGE, chart_symbols
from .plan import BeadPlan

if TYPE_CHECKING:
    from pixl_exporters.formats import ExportOptions

CELL = 2.0
"""mm a cell on the picture's page; only the proportion to the text matters."""
CELL_PIXELS = 44
_MOST_PIXELS = 120_000_000
_READABLE = 20
_LONGEST = 5
"""Characters of a code that a cell can show; longer codes become symbols."""


def export(plan: BeadPlan, options: ExportOptions) -> dict[str, bytes]:
    """``chart.png``: up to 44 pixels a cell (``scale`` asks for another number), the finished face, never mirrored;
    for the peg side its columns are counted as on the sheets, from the right.

    Raises ExportError when the picture would be too large.
    """
    from pixl_exporters.sheet.png import render_png

    pattern = plan.pattern
    cells = (pattern.width + 6) * (pattern.height + 12)
    pixels = options.scale or max(2, min(CELL_PIXELS, math.isqrt(_MOST_PIXELS // cells)))
    if pixels * pixels * cells > 2 * _MOST_PIXELS:
        raise ExportError(f"a chart at {pixels} pixels a cell is too large", hint="ask for a smaller --scale")
    sheet = Sheet(pages=(chart_page(plan, lettered=pixels >= _READABLE).page(),), title=pattern.title)
    [data] = render_png(sheet, dpi=pixels / CELL * 25.4, document=options.document or None)
    return {"chart.png": data}


def chart_page(plan: BeadPlan, *, lettered: bool) -> Canvas:
    """The chart on a page as large as it needs; ``lettered``: cells show codes."""
    pattern = plan.pattern
    palette = pattern.palette
    left = top = CELL * 2.5
    width, height = pattern.width * CELL, pattern.height * CELL
    wide = max(width, 60 * CELL)
    column = 15 * CELL
    columns = max(1, int(wide / column))
    rows = math.ceil(len(plan.needs) / columns)
    tall = top + CELL + height + CELL * 2 + rows * CELL * 1.6 + CELL * 0.6
    canvas = Canvas(left * 2 + wide, tall, name="Chart")
    told = (
        f"{pattern.title or 'Beads'}: {pattern.width} x {pattern.height}, {plan.beads:,} in {len(plan.needs)} colours"
        f"{'; the finished face, laid as its mirror image' if plan.mirrored else ''}"
    )
    canvas.text(left, CELL * 0.4, shorten(told, CELL * 0.9, wide), CELL * 0.9, bold=True, valign="top")
    top += CELL
    canvas.cell_map(left, top, CELL, CELL, pattern.index, palette.rgb)
    canvas.grid(
        left, top, CELL, CELL, pattern.width, pattern.height, color=(90, 90, 90), width=0.05, heavy_width=0.12,
    )  # fmt: skip
    codes = tuple(color.code for color in palette.colors)
    marks = codes if max(map(len, codes)) <= _LONGEST else chart_symbols(plan)
    if lettered:
        canvas.glyph_map(
            left, top, CELL, CELL, pattern.index, marks, size=symbol_size(marks, CELL * 0.82, CELL * 0.55, fill=1.0),
            colors=ink_for(palette.lab),
        )  # fmt: skip
    for number in range(1, pattern.width + 1):
        if number % 5 == 0 or number == 1:
            for y, valign in ((top - 0.5, "baseline"), (top + height + 0.5, "top")):
                x = (pattern.width - number if plan.mirrored else number - 1) + 0.5
                canvas.text(left + x * CELL, y, str(number), CELL * 0.55, anchor="middle", valign=valign)  # type: ignore[arg-type]
    for number in range(1, pattern.height + 1):
        if number % 5 == 0 or number == 1:
            y = top + (number - 0.5) * CELL
            canvas.text(left - 0.5, y, str(number), CELL * 0.55, anchor="end", valign="middle")
            canvas.text(left + width + 0.5, y, str(number), CELL * 0.55, valign="middle")
    for place, need in enumerate(plan.needs):
        row, at = divmod(place, columns)
        _entry(canvas, left + at * column, top + height + CELL * 2 + row * CELL * 1.6, column, need.color, need.count,
               marks[need.number - 1])  # fmt: skip
    return canvas


def _entry(canvas: Canvas, x: float, y: float, wide: float, color: Color, count: int, mark: str) -> None:
    from pixl.color import rgb_to_lab

    r, g, b = (int(v) for v in ink_for(rgb_to_lab(list(color.rgb)))[0])
    canvas.cell(x, y, CELL * 2.2, CELL * 1.3, color.rgb, stroke=Stroke(color=EDGE, width=0.05))
    em = min(symbol_size([mark], CELL * 1.9, CELL, fill=0.9), CELL * 0.8)
    canvas.glyph(x + CELL * 1.1, y + CELL * 0.65, mark, em, (r, g, b))
    number = f"x {count:,}"
    room = wide - CELL * 3.2 - canvas.font.width(number, CELL * 0.65) - CELL * 0.4
    name = color.name if color.name != color.code else color.code
    used = canvas.text(x + CELL * 2.6, y + CELL * 0.65, shorten(name, CELL * 0.65, room), CELL * 0.65, valign="middle")
    canvas.text(x + CELL * 3.0 + used, y + CELL * 0.65, number, CELL * 0.65, valign="middle", bold=True)
