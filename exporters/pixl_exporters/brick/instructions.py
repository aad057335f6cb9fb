"""Building instructions: overview with shopping list, colour legend, a page a section; one colour number throughout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pixl_exporters.preview import render, seam_map
from pixl_exporters.sheet import (
    GREY,
    MARGIN,
    Canvas,
    Font,
    Paper,
    Sheet,
    Stroke,
    default_font,
    ink_for,
    paper,
    shorten,
    wrap,
)

from .parts import color_id
from .section_pages import MARK, SectionPages

if TYPE_CHECKING:
    from pixl_exporters.formats import ExportOptions

    from .plan import BrickPlan, Lot

_RULE = (190, 190, 190)
_LIST_ROW = 4.1


def export_pdf(plan: BrickPlan, options: ExportOptions) -> dict[str, bytes]:
    """``instructions.pdf``, with the document attached."""
    from pixl_exporters.sheet.pdf import render_pdf

    font = Font.from_file(options.font) if options.font else None
    attachment = ("pattern.pixl", options.document) if options.document else None
    sheet = instructions(plan, paper(options.paper), font=font)
    return {"instructions.pdf": render_pdf(sheet, font=font, attachment=attachment)}


def export_svg(plan: BrickPlan, options: ExportOptions) -> dict[str, bytes]:
    """``instructions-01.svg`` and so on, one a page; the first carries the document."""
    from pixl_exporters.sheet.svg import render_svg

    font = Font.from_file(options.font) if options.font else None
    sheet = instructions(plan, paper(options.paper), font=font)
    pages = render_svg(sheet, font=font, document=options.document or None)
    digits = max(2, len(str(len(pages))))
    return {f"instructions-{number:0{digits}d}.svg": page for number, page in enumerate(pages, 1)}


def instructions(plan: BrickPlan, sheet_paper: Paper, *, font: Font | None = None) -> Sheet:
    """All pages."""
    book = _Instructions(plan, sheet_paper.portrait, font or default_font())
    book.overview()
    book.legend()
    for number in range(len(plan.sections)):
        book.section(number)
    return Sheet(
        pages=tuple(book.finished()), title=plan.pattern.title or "Brick mosaic", subject="building instructions"
    )


class _Instructions(SectionPages):
    """The whole book; the overview and the legend are drawn here."""

    def overview(self) -> None:
        """The finished picture with the sections' names, what hanging needs, the shopping list."""
        plan, told = self.plan, self.told
        page = self.page("Overview")
        wide, high = told.size_mm
        y = self.heading(
            page,
            plan.pattern.title or "Brick mosaic",
            f"{told.studs[0]} x {told.studs[1]} studs, {wide:g} x {high:g} mm "
            f"({wide / 25.4:.1f} x {high / 25.4:.1f} in), "
            f"{told.pieces} pieces, {told.colors} colours, {told.lots} lots",
        )
        listed = 14 + _LIST_ROW * -(-len(plan.lots) // 2)
        side = max(100.0, min(124.0, self.bottom - y - listed))
        scale = min(side / plan.pattern.width, side / plan.pattern.height)
        width, height = plan.pattern.width * scale, plan.pattern.height * scale
        page.picture(MARGIN, y, width, height, self.picture(), pixelated=False)
        page.layer()
        page.rect(MARGIN, y, width, height, width=0.3)
        self.section_lines(page, MARGIN, y, scale, names=True)
        foot = self.facts(page, MARGIN + width + 6, y, self.inner - width - 6)
        self.shopping(page, max(y + height, foot) + 6)

    def picture(self) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        """The finished piece at about 700 pixels."""
        plan = self.plan
        cell = max(1, min(20, 700 // max(plan.pattern.width, plan.pattern.height)))
        seams = seam_map(plan.pieces.table[:, 2:], plan.pattern.index.shape) if plan.merge else None
        surface = (255, 255, 255) if plan.base.kind == "none" else None
        return render(plan.pattern, plan.part.kind, cell=cell, seams=seams, surface=surface)

    def section_lines(self, page: Canvas, x: float, y: float, scale: float, *, names: bool) -> None:
        """Where the picture is cut, with the sections' names in their corners."""
        size = min(3.4, 0.3 * self.plan.options.section * scale)
        for section in self.plan.sections:
            left, top = x + section.column * scale, y + section.row * scale
            right, low = left + section.columns * scale, top + section.rows * scale
            if section.column:
                page.line(left, top, left, low, color=MARK, width=0.25)
            if section.row:
                page.line(left, top, right, top, color=MARK, width=0.25)
            if names and size >= 1.2:
                width = self.font.width(section.name, size, True) + size * 0.5
                page.cell(left, top, width, size * 1.25, (255, 255, 255))
                page.text(
                    left + size * 0.25, top + size * 0.22, section.name, size, bold=True, color=MARK, valign="top"
                )

    def facts(self, page: Canvas, x: float, y: float, room: float) -> float:
        """What to know before buying and hanging, in words; the y below."""
        plan, told = self.plan, self.told
        width, height, depth = told.outer_mm
        hanging = [
            f"Outside, with base and studs: {width:g} x {height:g} mm ({width / 25.4:.1f} x {height / 25.4:.1f} in), "
            f"{depth:g} mm thick.",
            f"Weight: about {told.weight_g / 1000:.2f} kg (an estimate, within 15 %). Choose a hanger for twice that.",
        ]
        if plan.base.kind == "panel" and plan.base.seams:
            hanging.append(
                f"Join the {len(plan.base.tiles)} panels before hanging: {plan.base.pins} pins, two in each of "
                f"{plan.base.seams} seams (our assumption; the panels have more holes)."
            )
        if plan.base.kind == "none":
            hanging.append("There is no base in this plan: the pieces need something to sit on.")
        hanging += [f"{note[0].upper()}{note[1:]}." for note in plan.base.notes]
        listed: list[tuple[str, list[str]]] = [("Hanging", hanging)]
        base = [f"{lot.count} x {lot.part.name} {lot.part.id}, {lot.color.name}" for lot in plan.base_lots]
        if base:
            listed.append(("Base (not in the list below)", base))
        if told.merge is not None:
            listed.append(("Pieces", [f"{told.merge['text'][0].upper()}{told.merge['text'][1:]}."]))
        if told.short:
            listed.append(("Short", [f"{told.short} pieces: {', '.join(told.shortages)}."]))
        if told.price is not None:
            listed.append(("Price", [str(told.price)]))
        notes = [note for note in plan.warnings if note not in plan.base.notes]
        if told.thin:
            notes.insert(0, f"Lots of fewer than 4 pieces: {told.thin_text}. Could another colour do?")
        if notes:
            listed.append(("Before you buy", notes))
        for title, texts in listed:
            page.text(x, y + 3, title, 3.4, bold=True)
            y += 6.5
            for text in texts:
                for line in wrap(text, 2.7, room, font=self.font, max_lines=8):
                    page.text(x, y + 1, line, 2.7)
                    y += 3.6
                y += 0.8
            y += 2
        return y

    # -- shopping list -------------------------------------------------------------------------------------------

    def shopping(self, page: Canvas, y: float) -> None:
        """Every lot in two columns, on as many pages as it takes."""
        lots, gap = list(self.plan.lots), 6.0
        width = (self.inner - gap) / 2
        while True:
            page.text(MARGIN, y + 3, "Shopping list", 3.8, bold=True)
            page.text(
                MARGIN + 32, y + 3, "need = in the picture, buy = with 2 % spare, at least one a lot", 2.5, color=GREY
            )
            y += 6
            rows = max(1, int((self.bottom - y - 5) / _LIST_ROW))
            rows = min(rows, max(-(-len(lots) // 2), 1))
            for side in (0, 1):
                part, lots = lots[:rows], lots[rows:]
                if part:
                    self.lots(page, MARGIN + side * (width + gap), y, width, part)
            if not lots:
                return
            page = self.page("Shopping list")
            y = self.heading(page, "Shopping list, continued", f"{len(lots)} more lots")

    def lots(self, page: Canvas, x: float, y: float, width: float, lots: Sequence[Lot]) -> None:
        """A column of the list with its head."""
        owned, merged = self.plan.options.stock is not None, self.plan.merge is not None
        ends = [width, width - 9] + ([width - 18] if owned else [])
        titles = ["buy", "need"] + (["have"] if owned else [])
        name_room, size = width - 63.0, 2.5
        columns = {"no.": 5.0, "colour": 9.5, "BL no.": 10.5 + name_room, "element": 19.5 + name_room}
        if merged:
            columns["size"] = 32.5 + name_room
        for title, at in columns.items():
            page.text(x + at, y + 2.4, title, 2.1, color=GREY)
        for title, end in zip(titles, ends, strict=True):
            page.text(x + end, y + 2.4, title, 2.1, color=GREY, anchor="end")
        y += 3.6
        for lot in lots:
            page.line(x, y, x + width, y, color=_RULE, width=0.1)
            page.cell(x, y + 0.5, 3.8, _LIST_ROW - 1, lot.color.rgb, stroke=Stroke(color=GREY, width=0.1))
            base = y + _LIST_ROW - 1.15
            page.text(x + columns["no."], base, str(lot.number), size, bold=True)
            page.text(x + columns["colour"], base, shorten(lot.color.name, size, name_room, font=self.font), size)
            page.text(x + columns["BL no."], base, f"{color_id(lot.color, 'bl') or '-'}", size)
            element = lot.elements[0].id if lot.elements else "-"
            page.text(x + columns["element"], base, element, size)
            if merged:
                page.text(x + columns["size"], base, f"{lot.part.width}x{lot.part.length}", size)
            values = [lot.buy, lot.need] + ([lot.have] if owned else [])
            for value, end in zip(values, ends, strict=True):
                page.text(x + end, base, str(value), size, anchor="end", bold=end == width)
            y += _LIST_ROW

    # -- legend --------------------------------------------------------------------------------------------------

    def legend(self) -> None:
        """Every colour with its number, large enough to sort pieces on."""
        plan = self.plan
        used = plan.pattern.used()
        counts = plan.pattern.counts()
        inks = ink_for(plan.pattern.palette.lab)
        columns, high, swatch = 3, 13.0, 10.0
        width = self.inner / columns
        page, y, at = None, 0.0, 0
        for k in used:
            if page is None or y + high > self.bottom:
                page = self.page("Colours")
                y = self.heading(
                    page, "Colours", "the number means the same colour on every page; studs in the picture"
                )
                at = 0
            color = plan.pattern.palette.colors[k]
            x = MARGIN + at * width
            if plan.part.round:
                page.dot(x + swatch / 2, y + swatch / 2, swatch / 2, color.rgb)
                page.dot(x + swatch / 2, y + swatch / 2, swatch / 2, GREY, ring_width=0.15)
            else:
                page.cell(x, y, swatch, swatch, color.rgb, stroke=Stroke(color=GREY, width=0.15))
            red, green, blue = (int(value) for value in inks[k])
            page.glyph(x + swatch / 2, y + swatch / 2, str(k + 1), 5.0, (red, green, blue))
            room = width - swatch - 4
            page.text(
                x + swatch + 2, y + 3.2, shorten(color.name, 3.1, room, bold=True, font=self.font), 3.1, bold=True
            )
            other = color.ids.get("bl_name", "")
            under = f"LEGO {color_id(color, 'lego') or '-'}, BrickLink {color_id(color, 'bl') or '-'} {other}"
            page.text(x + swatch + 2, y + 6.7, shorten(under, 2.2, room, font=self.font), 2.2, color=GREY)
            page.text(x + swatch + 2, y + 10, f"{int(counts[k])}", 2.7)
            at += 1
            if at == columns:
                at, y = 0, y + high
        return
