"""The pages of one section: its studs with their numbers, its colours, its rows in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pixl_exporters.sheet import BLACK, GREY, MARGIN, Canvas, Stroke, ink_for, shorten

from .book import LABEL, Book
from .drawing import draw_block

if TYPE_CHECKING:
    from .plan import Section

MARK = (220, 30, 30)
"""What shows where a section lies."""
_GRID_ROOM = 128.0


class SectionPages(Book):
    """A book that can draw its sections."""

    def section(self, number: int) -> None:
        """One section: where it lies, its studs with their numbers, its colours, its rows in words."""
        plan = self.plan
        section = plan.sections[number]
        page = self.page(f"Section {section.name}")
        pieces = plan.pieces.of_section(number)
        y = self.heading(
            page,
            f"Section {section.name}",
            f"columns {section.column + 1} to {section.column + section.columns}, rows {section.row + 1} to "
            f"{section.row + section.rows}; {len(pieces)} pieces",
            room=self.inner - 40,
        )
        self.where(page, section)
        wide = max(section.columns, section.rows) > 20
        ruler = 7.0
        y += 22 if wide else 8
        if wide:
            cell = min((self.inner - ruler) / section.columns, (self.bottom - y - 40) / section.rows)
        else:
            cell = min(10.0, _GRID_ROOM / section.columns, _GRID_ROOM / section.rows)
        x = MARGIN + ruler
        self.rulers(page, section, x, y, cell)
        draw_block(
            page, plan, x=x, y=y, cell=cell, row=section.row, column=section.column, rows=section.rows,
            columns=section.columns,
        )  # fmt: skip
        right, low = x + section.columns * cell, y + section.rows * cell
        if wide:
            low = self.colors(page, number, MARGIN, low + 4, self.inner, columns=4, room=34.0)
        else:
            side = self.paper.width - MARGIN - right - 6
            top = MARGIN + 34
            low = max(low, self.colors(page, number, right + 6, top, side, columns=1, room=low - top))
        self.words(page, section, low + 7)

    def where(self, page: Canvas, section: Section) -> None:
        """The picture, small, with this section marked."""
        plan = self.plan
        scale = min(34 / plan.pattern.width, 30 / plan.pattern.height)
        width, height = plan.pattern.width * scale, plan.pattern.height * scale
        x, y = self.paper.width - MARGIN - width, MARGIN
        page.picture(x, y, width, height, self.small, pixelated=False)
        page.layer()
        page.rect(x, y, width, height, width=0.2)
        mark = (x + section.column * scale, y + section.row * scale, section.columns * scale, section.rows * scale)
        page.rect(*mark, color=(255, 255, 255), width=1.0)
        page.layer()
        page.rect(*mark, color=MARK, width=0.5)

    def rulers(self, page: Canvas, section: Section, x: float, y: float, cell: float) -> None:
        """Stud numbers of the whole mosaic, from 1, beside the block."""
        size = min(2.4, cell * 0.5)
        every = 1 if cell >= 3.6 else 2 if cell >= 2 else 4
        for c in range(section.columns):
            if (section.column + c) % every == 0 or every == 1:
                at = x + (c + 0.5) * cell
                page.text(at, y - 1.2, str(section.column + c + 1), max(1.3, size), anchor="middle", color=GREY)
        for r in range(section.rows):
            if (section.row + r) % every == 0 or every == 1:
                at = y + (r + 0.5) * cell
                page.text(
                    x - 1.2, at, str(section.row + r + 1), max(1.3, size), anchor="end", valign="middle", color=GREY
                )

    def colors(
        self, page: Canvas, number: int, x: float, y: float, width: float, *, columns: int, room: float
    ) -> float:
        """What to have at hand for this section: number, swatch, name, how many; by part too when pieces are merged."""
        plan = self.plan
        table = plan.pieces.of_section(number)
        pairs, counts = np.unique(table[:, [1, 0]], axis=0, return_counts=True)
        rows = -(-len(pairs) // columns)
        high = max(2.8, min(5.2, room / max(rows, 1)))
        size = min(2.8, high * 0.56)
        each = width / columns
        inks = ink_for(plan.pattern.palette.lab)
        for at, ((k, p), count) in enumerate(zip(pairs.tolist(), counts.tolist(), strict=True)):
            left, top = x + at // rows * each, y + at % rows * high
            color = plan.pattern.palette.colors[k]
            box = high * 1.4
            page.cell(left, top + high * 0.08, box, high * 0.84, color.rgb, stroke=Stroke(color=GREY, width=0.1))
            red, green, blue = (int(value) for value in inks[k])
            page.glyph(left + box / 2, top + high / 2, str(k + 1), size, (red, green, blue))
            middle = top + high / 2
            amount = f"{count} x" if plan.merge is None else f"{count} x {plan.parts[p].width}x{plan.parts[p].length}"
            page.text(left + box + 1.2, middle, amount, size, valign="middle", bold=True)
            start = box + 2.4 + self.font.width(amount, size, True)
            name = shorten(color.name, size, each - start - 1, font=self.font)
            page.text(left + start, middle, name, size, valign="middle", color=BLACK)
        return y + rows * high

    def words(self, page: Canvas, section: Section, y: float) -> None:
        """The rows in words, from left to right; on a further page when this one is full."""
        title = "Rows in words, from the left"
        started = False
        for words in self.rows:  # the largest lettering that fits; if none does, the largest runs over to further pages
            rows = [words.lines(section.row + r, section.column, section.columns) for r in range(section.rows)]
            if y + 5 + sum(len(lines) * words.leading + 0.9 for lines in rows) <= self.bottom:
                break
        else:
            words = self.rows[0]
            rows = [words.lines(section.row + r, section.column, section.columns) for r in range(section.rows)]
        size, leading = words.size, words.leading
        for r, lines in enumerate(rows):
            if y + (0 if started else 5) + len(lines) * leading > self.bottom:
                page = self.page(f"Section {section.name}")
                y = self.heading(page, f"Section {section.name}, rows in words", "from the left")
                started = True
            if not started:
                page.text(MARGIN, y, title, 3.2, bold=True)
                y += 5
                started = True
            page.text(MARGIN, y, f"Row {section.row + r + 1}", size, bold=True)
            for line in lines:
                page.text(MARGIN + LABEL, y, line, size)
                y += leading
            y += 0.9
