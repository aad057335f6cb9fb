"""The mosaic at its true size, to lay under or beside a section: one stud is 8 mm on paper."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pixl_exporters.sheet import (
    GREY,
    MARGIN,
    Canvas,
    Font,
    Page,
    Paper,
    Sheet,
    calibration_bar,
    default_font,
    footer,
    paper,
)

from .drawing import draw_block
from .parts import PITCH

if TYPE_CHECKING:
    from pixl_exporters.formats import ExportOptions

    from .plan import BrickPlan

_HEAD = 7.0
_FOOT = 5.0


def export_pdf(plan: BrickPlan, options: ExportOptions) -> dict[str, bytes]:
    """``print.pdf``: every page has a bar of 100 mm to measure, and whole sections where they fit."""
    from pixl_exporters.sheet.pdf import render_pdf

    font = Font.from_file(options.font) if options.font else None
    attachment = ("pattern.pixl", options.document) if options.document else None
    return {"print.pdf": render_pdf(life_size(plan, paper(options.paper), font=font), font=font, attachment=attachment)}


def life_size(plan: BrickPlan, sheet_paper: Paper, *, font: Font | None = None) -> Sheet:
    """The pages, on the paper upright or turned, whichever takes fewer."""
    height, width = plan.pattern.index.shape
    choices = []
    for turned in (sheet_paper.portrait, sheet_paper.landscape):
        columns, rows = _block(turned, plan.options.section)
        choices.append((math.ceil(width / columns) * math.ceil(height / rows), turned, columns, rows))
    _, turned, columns, rows = min(choices, key=lambda choice: choice[0])
    blocks = [
        (row, column, min(rows, height - row), min(columns, width - column))
        for row in range(0, height, rows)
        for column in range(0, width, columns)
    ]
    pages = [_page(plan, turned, block, f"page {at} of {len(blocks)}", font) for at, block in enumerate(blocks, 1)]
    return Sheet(pages=tuple(pages), title=f"{plan.pattern.title or 'Brick mosaic'} 1:1", subject="print at 100 %")


def _bar_room(turned: Paper) -> float:
    return 13.0 if turned.inches else 7.5


def _block(turned: Paper, section: int) -> tuple[int, int]:
    """Studs across and down that one page holds, whole sections when at least one fits."""
    across = int((turned.width - 2 * MARGIN) / PITCH)
    down = int((turned.height - 2 * MARGIN - _HEAD - _bar_room(turned) - _FOOT) / PITCH)
    return (across // section * section or across), (down // section * section or down)


def _page(plan: BrickPlan, turned: Paper, block: tuple[int, int, int, int], number: str, font: Font | None) -> Page:
    row, column, rows, columns = block
    side = plan.options.section
    shown = [
        plan.sections[r * plan.across + c]
        for r in range(row // side, (row + rows - 1) // side + 1)
        for c in range(column // side, (column + columns - 1) // side + 1)
    ]
    names = [section.name for section in shown]
    page = Canvas(turned.width, turned.height, name=f"Section {names[0]}", font=font or default_font())
    listed = ", ".join(names) if len(names) <= 12 else f"{names[0]} to {names[-1]}"
    title = f"{'Sections' if len(names) > 1 else 'Section'} {listed}"
    page.text(MARGIN, MARGIN + 3.6, title, 4.0)
    place = f"columns {column + 1} to {column + columns}, rows {row + 1} to {row + rows}; one stud is {PITCH:g} mm"
    page.text(turned.width - MARGIN, MARGIN + 3.6, place, 2.8, color=GREY, anchor="end")
    x, y = MARGIN, MARGIN + _HEAD
    draw_block(page, plan, x=x, y=y, cell=PITCH, row=row, column=column, rows=rows, columns=columns)
    page.layer()
    for section in shown:
        left, top = x + (section.column - column) * PITCH, y + (section.row - row) * PITCH
        if column < section.column:
            page.line(left, max(y, top), left, min(y + rows * PITCH, top + section.rows * PITCH), width=0.7)
        if row < section.row:
            page.line(max(x, left), top, min(x + columns * PITCH, left + section.columns * PITCH), top, width=0.7)
    calibration_bar(page, MARGIN, turned.height - MARGIN - _FOOT - _bar_room(turned) + 1.5, inches=turned.inches)
    footer(page, left=plan.pattern.title or "Brick mosaic", right=number)
    return page.page()
