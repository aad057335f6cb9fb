"""The chart as files: one PDF that apps can read, SVG pages, one picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pixl.errors import ExportError
from pixl_exporters.sheet import Canvas, Font, Sheet, assign_symbols, footer, ink_for, paper, shorten, symbol_size

from .chart_pages import chart_page
from .front_pages import cover_page, legend_pages
from .layout import Layout, lay_out
from .plan import StitchPlan

if TYPE_CHECKING:
    from pixl_exporters.formats import ExportOptions

_PICTURE_CELL = 2.0
_PICTURE_PIXELS = 24
_MOST_PIXELS = 120_000_000
_READABLE = 12


def chart_symbols(plan: StitchPlan) -> tuple[str, ...]:
    """The symbol of each palette colour, the same in every file of the plan."""
    return tuple(assign_symbols(plan.pattern.palette.lab, plan.pattern.counts()))


def chart_sheet(plan: StitchPlan, *, paper_name: str = "a4") -> tuple[Sheet, Layout]:
    """Cover, legend, the chart in colour, the chart in black and white."""
    size = paper(paper_name)
    layout = lay_out(plan.pattern.width, plan.pattern.height, size)
    symbols = chart_symbols(plan)
    em = symbol_size(symbols, layout.cell, layout.cell, fill=0.7)
    front: list[Canvas] = [cover_page(plan, layout, size), *legend_pages(plan, symbols, size)]
    total = len(front) + 2 * len(layout.parts)
    for number, canvas in enumerate(front, 1):
        footer(canvas, left=plan.pattern.title, right=f"page {number} of {total}")
    pages = [canvas.page() for canvas in front]
    for color in (True, False):
        for part in layout.parts:
            label = f"page {len(pages) + 1} of {total}"
            pages.append(chart_page(plan, layout, part, symbols, em, color=color, label=label).page())
    return Sheet(pages=tuple(pages), title=plan.pattern.title, subject="Cross-stitch chart"), layout


def _font(options: ExportOptions) -> Font | None:
    return Font.from_file(options.font) if options.font is not None else None


def export_pdf(plan: StitchPlan, options: ExportOptions) -> dict[str, bytes]:
    """``chart.pdf``: symbols are text in one embedded font, the grid is vector lines, the legend one line a colour."""
    from pixl_exporters.sheet.pdf import render_pdf

    sheet, _ = chart_sheet(plan, paper_name=options.paper)
    attachment = ("pattern.pixl", options.document) if options.document else None
    return {"chart.pdf": render_pdf(sheet, font=_font(options), attachment=attachment)}


def export_svg(plan: StitchPlan, options: ExportOptions) -> dict[str, bytes]:
    """``chart/cover.svg``, ``chart/legend-1.svg``, ``chart/colour-1.svg``, ``chart/symbols-1.svg`` and so on.

    Symbols are outlines, or text where the document's option ``symbols`` is ``text``.
    """
    from pixl_exporters.sheet.svg import Lettering, render_svg

    sheet, layout = chart_sheet(plan, paper_name=options.paper)
    legends = len(sheet.pages) - 1 - 2 * len(layout.parts)
    names = ["cover", *(f"legend-{i + 1}" for i in range(legends))]
    names += [f"{kind}-{part.number}" for kind in ("colour", "symbols") for part in layout.parts]
    lettering: Lettering = "text" if plan.options.symbols == "text" else "outline"
    pages = render_svg(
        sheet, font=_font(options), symbols=lettering, document=options.document or None
    )  # fmt: skip
    return {f"chart/{name}.svg": data for name, data in zip(names, pages, strict=True)}


def export_png(plan: StitchPlan, options: ExportOptions) -> dict[str, bytes]:
    """``chart.png``: the whole chart as one picture, 24 pixels a cell (``scale`` asks for another number).

    Raises ExportError when the picture would be too large.
    """
    from pixl_exporters.sheet.png import render_png

    pattern = plan.pattern
    cells = (pattern.width + 6) * (pattern.height + 6)
    pixels = options.scale or max(2, min(_PICTURE_PIXELS, math.isqrt(_MOST_PIXELS // cells)))
    if pixels * pixels * cells > 2 * _MOST_PIXELS:
        raise ExportError(f"a chart at {pixels} pixels a cell is too large", hint="ask for a smaller --scale")
    page = _picture(plan, lettered=pixels >= _READABLE).page()
    [data] = render_png(
        Sheet(pages=(page,), title=pattern.title), dpi=pixels / _PICTURE_CELL * 25.4, document=options.document or None
    )
    return {"chart.png": data}


def _picture(plan: StitchPlan, *, lettered: bool) -> Canvas:
    pattern, cell = plan.pattern, _PICTURE_CELL
    edge = cell * 3
    canvas = Canvas(pattern.width * cell + 2 * edge, pattern.height * cell + 2 * edge, name="Chart")
    wide = pattern.width * cell
    canvas.text(edge, cell * 0.2, shorten(pattern.title, cell, wide), cell, bold=True, valign="top")
    canvas.cell_map(edge, edge, cell, cell, pattern.index, pattern.palette.rgb)
    canvas.grid(edge, edge, cell, cell, pattern.width, pattern.height, color=(90, 90, 90), width=0.06, heavy_width=0.2)
    if lettered:
        symbols = chart_symbols(plan)
        em = symbol_size(symbols, cell, cell, fill=0.7)
        canvas.glyph_map(
            edge, edge, cell, cell, pattern.index, symbols, size=em, colors=ink_for(pattern.palette.lab)
        )  # fmt: skip
    for number in range(10, max(pattern.width, pattern.height) + 1, 10):
        if number <= pattern.width:
            canvas.text(edge + number * cell, edge - 0.5, str(number), cell * 0.7, anchor="middle")
        if number <= pattern.height:
            canvas.text(edge - 0.5, edge + number * cell, str(number), cell * 0.7, anchor="end", valign="middle")
    return canvas
