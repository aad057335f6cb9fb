"""A book of pages in the making: what every page of the instructions shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixl_exporters.sheet import GREY, MARGIN, Canvas, Font, Page, Paper, footer, shorten

from .drawing import RowWords
from .summary import summary

if TYPE_CHECKING:
    from .plan import BrickPlan

LABEL = 14.0
"""mm that "Row 17" takes."""
_FOOT = 6.0  # mm above the margin that the footer takes
_WORDS = (2.5, 2.3, 2.1, 1.9)  # em in mm of the rows in words, the first that fits


class Book:
    """Pages in the making; footers come last, when their number is known."""

    def __init__(self, plan: BrickPlan, paper: Paper, font: Font) -> None:
        self.plan, self.paper, self.font = plan, paper, font
        self.canvases: list[Canvas] = []
        self.inner = paper.width - 2 * MARGIN
        self.bottom = paper.height - MARGIN - _FOOT
        self.rows = [RowWords(plan, room=self.inner - LABEL, size=size, font=font) for size in _WORDS]
        self.told = summary(plan)
        small = plan.pattern.rgb()[:: self.step, :: self.step]
        self.small = small.repeat(4, axis=0).repeat(4, axis=1)  # viewers smooth what they enlarge

    @property
    def step(self) -> int:
        """Cells a pixel of the small picture."""
        return max(1, -(-max(self.plan.pattern.width, self.plan.pattern.height) // 96))

    def page(self, name: str) -> Canvas:
        canvas = Canvas(self.paper.width, self.paper.height, name=name, font=self.font)
        self.canvases.append(canvas)
        return canvas

    def finished(self) -> list[Page]:
        title, count = self.plan.pattern.title or "Brick mosaic", len(self.canvases)
        for number, canvas in enumerate(self.canvases, 1):
            footer(canvas, left=title, center=canvas.name, right=f"page {number} of {count}")
        return [canvas.page() for canvas in self.canvases]

    def heading(self, page: Canvas, text: str, under: str, *, room: float | None = None) -> float:
        """Title and the line under it; the y below both."""
        width = room or self.inner
        page.text(MARGIN, MARGIN + 6, shorten(text, 6.5, width, bold=True, font=self.font), 6.5, bold=True)
        page.text(MARGIN, MARGIN + 11.5, shorten(under, 3.2, width, font=self.font), 3.2, color=GREY)
        return MARGIN + 16
