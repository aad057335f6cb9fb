"""The job sheet: what lies beside the machine while it sews. Drawn from the decoded file.

First page: the design in its hoop, the numbers, the colours in sewing order with codes and needles. Then the design
at its true size with its centre marked, to lay on the cloth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixl_exporters.sheet import (
    BLACK,
    GREY,
    MARGIN,
    Canvas,
    Paper,
    Sheet,
    Stroke,
    calibration_bar,
    footer,
    paper,
    shorten,
    wrap,
)

from .design import Design
from .preview import BORDER_MM, design_picture
from .summary import Stop, advice, lines, stops, time_text
from .write import FORMATS

if TYPE_CHECKING:
    from pixl_exporters.formats import ExportOptions

_TITLE, _BODY, _SMALL = 6.5, 2.9, 2.5
_ROW = 6.2
_HEAD = 5.0
_RULE = (190, 190, 190)
_DRAWING = 84.0
"""Widest and (less a little) highest drawing on the first page, mm."""


def job_sheet(design: Design, *, paper_name: str = "a4") -> Sheet:
    """Every page."""
    size = paper(paper_name)
    first, y = _first_page(design, size)
    pages = [first]
    rows = _color_table(first, list(stops(design)), y)
    while rows:
        pages.append(size.canvas(name="Colours"))
        rows = _color_table(pages[-1], rows, MARGIN + 4)
    true_size = _true_size_page(design, size)
    if true_size is not None:
        pages.append(true_size)
    title = design.pattern.title or "Embroidery"
    for number, canvas in enumerate(pages, 1):
        footer(canvas, left=f"{title} · job sheet", right=f"page {number} of {len(pages)}")
    return Sheet(pages=tuple(page.page() for page in pages), title=title, subject="Embroidery job sheet")


def export_pdf(design: Design, options: ExportOptions) -> dict[str, bytes]:
    """``job-sheet.pdf``."""
    from pixl_exporters.sheet.font import Font
    from pixl_exporters.sheet.pdf import render_pdf

    sheet = job_sheet(design, paper_name=options.paper)
    font = Font.from_file(options.font) if options.font is not None else None
    attachment = ("pattern.pixl", options.document) if options.document else None
    return {"job-sheet.pdf": render_pdf(sheet, font=font, attachment=attachment)}


def export_png(design: Design, options: ExportOptions) -> dict[str, bytes]:
    """``job-sheet.png`` (and ``job-sheet-2.png`` where the colours go on)."""
    from pixl_exporters.sheet.font import Font
    from pixl_exporters.sheet.png import render_png

    sheet = job_sheet(design, paper_name=options.paper)
    font = Font.from_file(options.font) if options.font is not None else None
    pages = render_png(sheet, dpi=130, font=font, document=options.document or None)
    return {f"job-sheet{'' if at == 0 else f'-{at + 1}'}.png": data for at, data in enumerate(pages)}


def _first_page(design: Design, size: Paper) -> tuple[Canvas, float]:
    """Drawing and numbers; returns the page and the y from which it is free."""
    canvas = size.canvas(name="Job sheet")
    wide = size.width - 2 * MARGIN
    title = design.pattern.title or "Embroidery"
    canvas.text(MARGIN, MARGIN, shorten(title, _TITLE, wide, bold=True), _TITLE, bold=True, valign="top")
    top = MARGIN + 11
    height = _hoop_drawing(canvas, design, MARGIN, top)
    x = MARGIN + _DRAWING + 7
    room = wide - _DRAWING - 7
    y = top
    kinds = ", ".join(kind.upper() for kind in design.setup.machine.formats)
    told = [*lines(design), ("files", f"{kinds}; {_colour_note(design)}"), *advice(design)]
    for what, text in told:
        canvas.text(x, y, what, _SMALL, color=GREY, valign="top")
        parts = wrap(text, _BODY, room - 17)
        for part in parts:
            canvas.text(x + 17, y, part, _BODY, valign="top")
            y += _BODY * 1.32
        y += 1.5
    return canvas, max(top + height + 7, y + 4)


def _colour_note(design: Design) -> str:
    blind = [kind.upper() for kind in design.setup.machine.formats if FORMATS[kind].carries_colors == "none"]
    if not blind:
        return "colours are in the file too"
    return f"{' and '.join(blind)} {'carries' if len(blind) == 1 else 'carry'} no colours: thread by this list"


def _hoop_drawing(canvas: Canvas, design: Design, x: float, y: float) -> float:
    """The design in the machine's field, as it lies on the machine; returns the height used."""
    field = design.setup.machine.field
    width, height = design.plan.size_mm
    scale = min(_DRAWING / field[0], (_DRAWING * 1.25) / field[1], 1.0)
    box = field[0] * scale, field[1] * scale
    left = x + (_DRAWING - box[0]) / 2
    canvas.polygon(
        [(left, y), (left + box[0], y), (left + box[0], y + box[1]), (left, y + box[1])],
        color=(250, 249, 245),
        stroke=Stroke(color=(120, 120, 120), width=0.35),
    )
    canvas.layer()
    picture = design_picture(design)
    if design.plan.turned:
        picture = picture.transpose(1, 0, 2)[:, ::-1]
    w, h = (width + 2 * BORDER_MM) * scale, (height + 2 * BORDER_MM) * scale
    middle = left + box[0] / 2, y + box[1] / 2
    canvas.picture(middle[0] - w / 2, middle[1] - h / 2, w, h, picture, pixelated=False)
    canvas.layer()
    for dx, dy in ((1, 0), (0, 1)):
        for sign in (-1, 1):
            start = (box[0] / 2 * dx + box[1] / 2 * dy) * sign
            canvas.line(
                middle[0] + start * dx, middle[1] + start * dy,
                middle[0] + (start - 3 * sign) * dx, middle[1] + (start - 3 * sign) * dy, width=0.3,
            )  # fmt: skip
    note = f"field {field[0]:g} x {field[1]:g} mm, drawn {'at its true size' if scale == 1 else f'1 : {1 / scale:.2f}'}"
    if design.plan.turned:
        note += "; the design is turned"
    canvas.text(x + _DRAWING / 2, y + box[1] + 1.8, note, _SMALL, anchor="middle", valign="top", color=GREY)
    return box[1] + 5.5


def _color_table(canvas: Canvas, rows: list[Stop], y: float) -> list[Stop]:
    """As many colours as there is room for below ``y``; returns the rest."""
    right = canvas.width - MARGIN
    columns = (MARGIN, MARGIN + 11, MARGIN + 24, MARGIN + 43, right - 66, right - 46, right - 26, right)
    heads = ("stop", "needle", "", "thread", "stitches", "threads", "top, m", "bobbin, m")
    for at, (column, head) in enumerate(zip(columns, heads, strict=True)):
        canvas.text(column, y, head, _SMALL, color=GREY, anchor="start" if at < 4 else "end", valign="top")
    y += _HEAD
    fitting = max(1, int((canvas.height - MARGIN - 6 - y) // _ROW))
    for stop in rows[:fitting]:
        canvas.line(MARGIN, y - 0.9, right, y - 0.9, color=_RULE, width=0.12)
        middle = y + _ROW / 2 - 0.9
        canvas.text(columns[0], middle, str(stop.stop), 3.4, bold=True, valign="middle")
        canvas.text(columns[1], middle, str(stop.needle), _BODY, valign="middle")
        canvas.polygon(
            [(columns[2], y), (columns[2] + 16, y), (columns[2] + 16, y + _ROW - 1.8), (columns[2], y + _ROW - 1.8)],
            color=stop.color.rgb,
            stroke=Stroke(color=BLACK, width=0.15),
        )
        room_left = columns[4] - 16 - columns[3]
        canvas.text(columns[3], middle, stop.color.label, 3.2, valign="middle", max_width=room_left)
        for column, text in zip(
            columns[4:],
            (f"{stop.stitches:,}", f"{stop.threads:,}", f"{stop.top_m:.1f}", f"{stop.bobbin_m:.1f}"),
            strict=True,
        ):
            canvas.text(column, middle, text, _BODY, anchor="end", valign="middle")
        y += _ROW
    canvas.line(MARGIN, y - 0.9, right, y - 0.9, color=_RULE, width=0.12)
    return rows[fitting:]


def _true_size_page(design: Design, size: Paper) -> Canvas | None:
    """The design at 1:1, upright on the paper or turned with it; None when it is larger than the paper."""
    width, height = design.plan.size_mm
    if design.plan.turned:
        width, height = height, width
    room = 2 * MARGIN + 2 * BORDER_MM
    for page in (size.portrait, size.landscape):
        if width + room <= page.width and height + room + 30 <= page.height:
            break
    else:
        return None
    canvas = page.canvas(name="True size")
    text = f"{design.pattern.title or 'Embroidery'}: true size, {time_text(design.minutes)}"
    canvas.text(MARGIN, MARGIN, shorten(text, 3.6, page.width - 2 * MARGIN, bold=True), 3.6, bold=True, valign="top")
    x = (page.width - width) / 2
    y = MARGIN + 8 + BORDER_MM
    picture = design_picture(design)
    canvas.picture(
        x - BORDER_MM, y - BORDER_MM, width + 2 * BORDER_MM, height + 2 * BORDER_MM, picture, pixelated=False
    )
    canvas.layer()
    middle = x + width / 2, y + height / 2
    reach = BORDER_MM + 3
    for x0, y0, x1, y1 in (
        (x - reach, middle[1], x - 1, middle[1]),
        (x + width + 1, middle[1], x + width + reach, middle[1]),
        (middle[0], y - reach, middle[0], y - 1),
        (middle[0], y + height + 1, middle[0], y + height + reach),
        (middle[0] - 2, middle[1], middle[0] + 2, middle[1]),
        (middle[0], middle[1] - 2, middle[0], middle[1] + 2),
    ):
        canvas.line(x0, y0, x1, y1, width=0.25)
    calibration_bar(canvas, MARGIN, page.height - MARGIN - (17 if size.inches else 11), inches=size.inches)
    return canvas
