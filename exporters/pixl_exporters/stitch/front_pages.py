"""The pages before the chart: the finished piece, cloth and thread; the legend."""

from __future__ import annotations

from pixl_exporters.sheet import GREY, MARGIN, Canvas, Paper, Stroke, shorten, text_width, wrap

from .chart_pages import draw_page_map
from .fabric import MARGIN_MM, USUAL, Fabric, parse_count
from .floss import assumption
from .layout import Layout
from .plan import Floss, StitchPlan
from .summary import facts, notes_for_paper

_TITLE = 6.5
_ROW = 5.2
_HEAVY = (70, 70, 70)


def cover_page(plan: StitchPlan, layout: Layout, paper: Paper) -> Canvas:
    """The finished piece, its sizes on the usual cloths, and what the chart rests on."""
    canvas = paper.canvas(name="Cover")
    wide = paper.width - 2 * MARGIN
    title = shorten(plan.pattern.title or "Cross-stitch", _TITLE, wide, bold=True)
    canvas.text(MARGIN, MARGIN, title, _TITLE, bold=True, valign="top")
    y = MARGIN + 9.5
    for line in facts(plan):
        for part in wrap(line, 3.0, wide):
            canvas.text(MARGIN, y, part, 3.0, valign="top")
            y += 4.2
    told = [(head, wrap(text, 2.8, wide)) for head, text in notes_for_paper(plan)]
    needed = sum(7.0 + len(lines) * 2.8 * 1.35 for _, lines in told)
    fabrics = fabrics_of(plan)
    table = 8.0 + 4.6 * len(fabrics)
    room = paper.height - MARGIN - 8.0 - y - needed - table - 8.0
    y += 2.0
    height = _picture(canvas, plan, MARGIN, y, wide, max(50.0, room))
    y += height + 6.0
    _sizes(canvas, plan, fabrics, MARGIN, y)
    if len(layout.parts) > 1:
        canvas.text(paper.width - MARGIN, y, "Chart pages", 3.0, bold=True, anchor="end", valign="top")
        draw_page_map(canvas, layout, paper.width - MARGIN, y + 5.5, most=table - 8.0)
    y += table + 2.0
    for head, lines in told:
        canvas.text(MARGIN, y, head, 3.0, bold=True, valign="top")
        y = canvas.paragraph(MARGIN, y + 6.0, lines, 2.8) + 0.6
    return canvas


def _picture(canvas: Canvas, plan: StitchPlan, x: float, y: float, wide: float, tall: float) -> float:
    pattern = plan.pattern
    side = min(wide / pattern.width, tall / pattern.height)
    left = x + (wide - side * pattern.width) / 2
    canvas.cell_map(left, y, side, side, pattern.index, pattern.palette.rgb)
    canvas.layer()
    canvas.rect(left, y, side * pattern.width, side * pattern.height, color=_HEAVY, width=0.15)
    return side * pattern.height


def fabrics_of(plan: StitchPlan) -> list[Fabric]:
    """The cloth asked for, then the usual ones."""
    usual = [parse_count(text) for text in USUAL]
    return [plan.fabric, *(fabric for fabric in usual if fabric != plan.fabric)]


def _sizes(canvas: Canvas, plan: StitchPlan, fabrics: list[Fabric], x: float, y: float) -> None:
    canvas.text(x, y, "Finished size", 3.0, bold=True, valign="top")
    margin = f"{MARGIN_MM / 10:g} cm"
    canvas.text(x + 34, y, "design", 2.6, valign="top", color=GREY)
    canvas.text(x + 90, y, f"cloth to cut, with {margin} on each side", 2.6, valign="top", color=GREY)
    for line, fabric in enumerate(fabrics):
        at = y + 7.2 + line * 4.6
        width, height = fabric.size_mm(plan.pattern.width, plan.pattern.height)
        bold = line == 0
        canvas.text(x, at, fabric.name, 2.8, valign="middle", bold=bold)
        canvas.text(x + 34, at, _both(width, height), 2.8, valign="middle", bold=bold)
        canvas.text(x + 90, at, _both(width + 2 * MARGIN_MM, height + 2 * MARGIN_MM), 2.8, valign="middle", bold=bold)


def _both(width: float, height: float) -> str:
    return f"{width / 10:.1f} x {height / 10:.1f} cm ({width / 25.4:.1f} x {height / 25.4:.1f} in)"


# -- the legend ----------------------------------------------------------------------------------------------------

_COLUMNS = (
    ("", 8.0, "middle"), ("", 9.0, "start"), ("Thread", 24.0, "start"), ("Name", 0.0, "start"),
    ("Strands", 15.0, "end"), ("Crosses", 17.0, "end"), ("Metres", 16.0, "end"), ("Skeins", 14.0, "end"),
    ("Have", 13.0, "end"), ("Buy", 12.0, "end"),
)  # fmt: skip


def legend_pages(plan: StitchPlan, symbols: tuple[str, ...], paper: Paper) -> list[Canvas]:
    """Symbol, swatch, thread, name, strands, crosses, metres and skeins: one line a colour, in the order of codes."""
    rows = int((paper.height - 2 * MARGIN - 18 - 26) / _ROW)
    listed = plan.by_code
    chunks = [listed[i : i + rows] for i in range(0, len(listed), rows)] or [()]
    edges = _edges(plan, paper)
    pages = []
    for number, chunk in enumerate(chunks):
        canvas = paper.canvas(name=f"Legend {number + 1}" if len(chunks) > 1 else "Legend")
        canvas.text(MARGIN, MARGIN, "Legend", _TITLE, bold=True, valign="top")
        used = text_width("Legend", _TITLE, bold=True)
        told = f"{len(listed)} colours, {plan.crosses:,} crosses; {plan.pattern.palette.name}"
        canvas.text(MARGIN + used + 5, MARGIN + 1.8, told, 3.0, valign="top", color=GREY)
        y = MARGIN + 13.0
        for (label, _, anchor), (left, width) in zip(_COLUMNS, edges, strict=True):
            if width and label:
                at = left + width - 1.5 if anchor == "end" else left
                canvas.text(at, y, label, 2.5, bold=True, anchor="end" if anchor == "end" else "start")
        canvas.line(MARGIN, y + 1.4, paper.width - MARGIN, y + 1.4, width=0.2)
        y += 2.4
        for floss in chunk:
            _legend_row(canvas, plan, edges, y, floss, symbols[floss.number - 1])
            y += _ROW
        if number == len(chunks) - 1:
            _legend_foot(canvas, plan, edges, y)
        pages.append(canvas)
    return pages


def _edges(plan: StitchPlan, paper: Paper) -> list[tuple[float, float]]:
    silent = {"Have", "Buy"} if plan.options.have is None else set()
    widths = [0.0 if label in silent else width for label, width, _ in _COLUMNS]
    widths[3] = paper.width - 2 * MARGIN - sum(widths)
    edges, left = [], MARGIN
    for width in widths:
        edges.append((left, width))
        left += width
    return edges


def _legend_row(
    canvas: Canvas, plan: StitchPlan, edges: list[tuple[float, float]], y: float, floss: Floss, symbol: str
) -> None:
    middle = y + _ROW / 2
    canvas.glyph(edges[0][0] + 3.4, middle, symbol, 3.4)
    canvas.cell(
        edges[1][0], y + 0.6, 6.0, _ROW - 1.2, floss.color.rgb, stroke=Stroke(color=(130, 130, 130), width=0.08)
    )
    have = floss.have if floss.have is not None else 0.0
    values = {
        2: floss.code,
        3: floss.color.name if floss.color.name != floss.color.code else "",
        4: str(plan.strands) if floss.crosses else "1",
        5: f"{floss.crosses:,}",
        6: f"{floss.metres:.1f}",
        7: str(floss.skeins),
        8: f"{have:g}",
        9: str(floss.buy),
    }
    for column, text in values.items():
        left, width = edges[column]
        if not width:
            continue
        if _COLUMNS[column][2] == "end":
            canvas.text(left + width - 1.5, middle, text, 2.6, anchor="end", valign="middle")
        else:
            canvas.text(left, middle, shorten(text, 2.6, width - 1.0), 2.6, valign="middle")


def _legend_foot(canvas: Canvas, plan: StitchPlan, edges: list[tuple[float, float]], y: float) -> None:
    canvas.line(MARGIN, y + 0.4, canvas.width - MARGIN, y + 0.4, width=0.2)
    sums = {5: f"{plan.crosses:,}", 7: str(sum(floss.skeins for floss in plan.floss))}
    if plan.options.have is not None:
        sums[9] = str(sum(floss.buy for floss in plan.floss))
    canvas.text(edges[2][0], y + 4.0, "Total", 2.6, bold=True)
    for column, text in sums.items():
        left, width = edges[column]
        canvas.text(left + width - 1.5, y + 4.0, text, 2.6, anchor="end", bold=True)
    at = y + 9.0
    told = assumption(plan.strands, plan.fabric.cell_mm) + " Metres are of one strand."
    for line in wrap(told, 2.5, canvas.width - 2 * MARGIN):
        canvas.text(MARGIN, at, line, 2.5, color=GREY)
        at += 3.4
    most = sorted(plan.floss, key=lambda floss: (-floss.crosses, floss.number))
    listed = ", ".join(f"{floss.color.code} {floss.crosses:,}" for floss in most)
    for line in wrap(f"Most used first: {listed}", 2.5, canvas.width - 2 * MARGIN, max_lines=3):
        canvas.text(MARGIN, at, line, 2.5, color=GREY)
        at += 3.4
