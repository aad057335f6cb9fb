"""The bead sheets as files: a PDF to lay under the boards, a PDF to look at, one SVG a board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pixl_exporters.sheet import Canvas, Font, Sheet, footer, paper

from .board_pages import board_page, windows
from .front_pages import count_pages, legend_pages, overview_page
from .look import look_of
from .plan import BeadPlan

if TYPE_CHECKING:
    from pixl_exporters.formats import ExportOptions


def bead_sheet(plan: BeadPlan, *, paper_name: str = "a4", underlay: bool = True) -> Sheet:
    """Every page: the whole, the colours, the counts, then one page a board."""
    size = paper(paper_name)
    look = look_of(plan, underlay=underlay)
    front: list[Canvas] = [overview_page(plan, size), *legend_pages(plan, look, size), *count_pages(plan, look, size)]
    parts = windows(plan, size)
    total = len(front) + len(parts)
    left = footer_text(plan)
    for number, canvas in enumerate(front, 1):
        footer(canvas, left=left, right=f"page {number} of {total}")
    pages = [canvas.page() for canvas in front]
    for number, window in enumerate(parts, len(front) + 1):
        canvas = board_page(plan, window, look, size, foot=(left, f"page {number} of {total}"))
        pages.append(canvas.page())
    return Sheet(pages=tuple(pages), title=plan.pattern.title, subject="Bead boards, print at 100 %")


def footer_text(plan: BeadPlan) -> str:
    """What makes the page again: tool, palette and its hash, pitch, seed."""
    recipe = plan.recipe
    hash_text = f" {recipe.palette_digest[:8]}" if recipe.palette_digest else ""
    parts = [
        plan.pattern.title,
        f"pixl {recipe.version}".strip(),
        f"{recipe.palette_id or plan.pattern.palette.id}{hash_text}",
        f"pitch {plan.board.pitch_mm:g} mm",
        f"seed {recipe.seed}",
    ]
    return " · ".join(part for part in parts if part)


def _font(options: ExportOptions) -> Font | None:
    return Font.from_file(options.font) if options.font is not None else None


def _pdf(plan: BeadPlan, options: ExportOptions, name: str, *, underlay: bool) -> dict[str, bytes]:
    from pixl_exporters.sheet.pdf import render_pdf

    sheet = bead_sheet(plan, paper_name=options.paper, underlay=underlay)
    attachment = ("pattern.pixl", options.document) if options.document else None
    return {name: render_pdf(sheet, font=_font(options), attachment=attachment)}


def export_template(plan: BeadPlan, options: ExportOptions) -> dict[str, bytes]:
    """``template.pdf``: rings and symbols, true to size, to lay under a clear board."""
    return _pdf(plan, options, "template.pdf", underlay=True)


def export_chart(plan: BeadPlan, options: ExportOptions) -> dict[str, bytes]:
    """``chart.pdf``: filled squares with codes (or symbols in small cells), true to size."""
    return _pdf(plan, options, "chart.pdf", underlay=False)


def export_svg(plan: BeadPlan, options: ExportOptions) -> dict[str, bytes]:
    """``boards/A1.svg`` and so on: one file a board, one group a colour, in mm."""
    from pixl_exporters.sheet.svg import render_svg

    sheet = bead_sheet(plan, paper_name=options.paper)
    parts = windows(plan, paper(options.paper))
    pages = Sheet(pages=sheet.pages[len(sheet.pages) - len(parts) :], title=sheet.title) if parts else sheet
    names = [
        f"boards/{window.board.name}" + (f"-{window.part}" if window.parts > 1 else "") + ".svg" for window in parts
    ] or ["boards/empty.svg"]
    files = render_svg(pages, font=_font(options), document=options.document or None)
    return dict(zip(names, files, strict=False))
