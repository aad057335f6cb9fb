"""Pages in millimetres: the display list that every craft lays out, and the three renderers that draw it.

What may enter: what is on a page (``model``), how a page is put together (``canvas``, ``paper``), the one font and its
measures (``font``), chart symbols (``symbols``), and the renderers (``pdf``, ``svg``, ``png``). Nothing about bricks,
beads or stitches. A document handed to a renderer is found again by ``pixl.embedded``.

    from pixl_exporters.sheet import A4, Sheet, assign_symbols, calibration_bar, footer, ink_for, symbol_sizes
    from pixl_exporters.sheet.pdf import render_pdf

    symbols = assign_symbols(palette.lab, counts)             # one symbol per colour, close colours least alike
    sizes = symbol_sizes(symbols, 5.0, 5.0)                   # em in mm at which each symbol fits a 5 mm cell
    page = A4.canvas(name="Board A1")                         # x right, y down, mm, origin top left
    page.text(10, 14, "Cat", 6, bold=True)                    # y is the baseline; valign="middle" | "top" | "bottom"
    page.cell_map(10, 30, 5.0, 5.0, index, palette.rgb)       # whole map int[H, W], -1 = empty
    page.glyph_map(10, 30, 5.0, 5.0, index, symbols, size=sizes, colors=ink_for(palette.lab))
    page.grid(10, 30, 5.0, 5.0, index.shape[1], index.shape[0])
    calibration_bar(page, 10, 270, inches=False)              # outer edges exactly 100.0 mm apart
    footer(page, left="Cat", right="page 1 of 1")
    sheet = Sheet(pages=(page.page(),), title="Cat")
    files = {"beads.pdf": render_pdf(sheet, attachment=("pattern.pixl", document_bytes))}

``cell``, ``dot``, ``glyph``, ``line``, ``rect``, ``text``, ``polygon`` and ``picture`` draw one thing each and are
collected per colour. Within a layer the order is pictures, polygons, cells, dots, lines, glyphs, text, whatever the
order of the calls; ``page.layer()`` starts a layer on top, ``with page.group("id", "label"):`` a named one.
``svg.render_svg(sheet, document=...)`` and ``png.render_png(sheet, dpi=150, document=...)`` return one file per page.
``missing_characters(sheet, font)`` names what the font could not draw, for the caller to report. A Text is one line;
``wrap`` and ``shorten`` fit it.
"""

from pixl_exporters.sheet.canvas import Canvas
from pixl_exporters.sheet.font import (
    ASCENT,
    CAP_HEIGHT,
    DESCENT,
    LINE_HEIGHT,
    Font,
    clean_text,
    default_font,
    missing_characters,
    shorten,
    symbol_size,
    symbol_sizes,
    text_width,
    wrap,
)
from pixl_exporters.sheet.model import (
    BLACK,
    GREY,
    WHITE,
    Cells,
    Dots,
    Glyphs,
    Group,
    Lines,
    Page,
    Picture,
    Polygon,
    Sheet,
    Stroke,
    Text,
)
from pixl_exporters.sheet.paper import A4, LETTER, MARGIN, Paper, calibration_bar, footer, paper
from pixl_exporters.sheet.symbols import assign_symbols, ink_for

__all__ = [
    "A4",
    "ASCENT",
    "BLACK",
    "CAP_HEIGHT",
    "DESCENT",
    "GREY",
    "LETTER",
    "LINE_HEIGHT",
    "MARGIN",
    "WHITE",
    "Canvas",
    "Cells",
    "Dots",
    "Font",
    "Glyphs",
    "Group",
    "Lines",
    "Page",
    "Paper",
    "Picture",
    "Polygon",
    "Sheet",
    "Stroke",
    "Text",
    "assign_symbols",
    "calibration_bar",
    "clean_text",
    "default_font",
    "footer",
    "ink_for",
    "missing_characters",
    "paper",
    "shorten",
    "symbol_size",
    "symbol_sizes",
    "text_width",
    "wrap",
]
