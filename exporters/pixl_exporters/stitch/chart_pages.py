"""The chart itself: symbols on a grid, in colour and in black and white."""

from __future__ import annotations

import numpy as np

from pixl.palette import Palette
from pixl_exporters.sheet import BLACK, GREY, MARGIN, Canvas, footer, ink_for, shorten

from .layout import HEAD, TOP, ChartPart, Layout
from .plan import StitchPlan

_FAINT = (150, 150, 150)
_NUMBER = 2.4
_ARROW = 2.2


def chart_page(
    plan: StitchPlan, layout: Layout, part: ChartPart, symbols: tuple[str, ...], size: float, *, color: bool, label: str
) -> Canvas:
    """One page of the chart; ``size`` is the symbols' em in mm, ``label`` its page number as printed."""
    kind = "colour" if color else "black and white"
    canvas = layout.paper.canvas(name=f"Chart {part.number}, {kind}")
    cell = layout.cell
    x = (layout.paper.width - part.columns * cell) / 2
    y = MARGIN + HEAD + TOP
    _head(canvas, plan, layout, part, kind)
    index = plan.pattern.index[part.top : part.top + part.rows, part.left : part.left + part.columns]
    palette = plan.pattern.palette
    if color:
        canvas.cell_map(x, y, cell, cell, index, palette.rgb)
        canvas.layer()
    canvas.grid(
        x,
        y,
        cell,
        cell,
        part.columns,
        part.rows,
        first_column=part.left,
        first_row=part.top,
        color=_FAINT if not color else (110, 110, 110),
        width=0.1,
        heavy_width=0.4,
    )
    inks = ink_for(palette.lab) if color else np.zeros((len(palette), 3), np.uint8)
    for k in np.unique(index[index >= 0]).tolist():
        only = np.where(index == k, np.int16(k), np.int16(-1))
        with canvas.group(symbol_group(palette, k), f"{k + 1}. {palette.colors[k].label}: {int((only >= 0).sum())}"):
            canvas.glyph_map(x, y, cell, cell, only, symbols, size=size, colors=inks)
    _backstitches(canvas, plan, part, x, y, cell, color=color)
    _numbers(canvas, part, x, y, cell)
    _arrows(canvas, plan, part, x, y, cell)
    _neighbours(canvas, layout, part, x, y, cell)
    footer(canvas, left=plan.pattern.title, right=label)
    return canvas


def symbol_group(palette: Palette, k: int) -> str:
    """Id of a colour's group."""
    return f"colour-{k + 1:02d}-{palette.colors[k].code}"


def _head(canvas: Canvas, plan: StitchPlan, layout: Layout, part: ChartPart, kind: str) -> None:
    paper = layout.paper
    many = len(layout.parts) > 1
    wide = paper.width - 2 * MARGIN - 24
    title = f"Chart {part.number} of {len(layout.parts)}" if many else "Chart"
    used = canvas.text(MARGIN, MARGIN, title, 5.0, bold=True, valign="top")
    canvas.text(MARGIN + used + 4, MARGIN + 0.9, shorten(plan.pattern.title, 3.2, wide - used - 4), 3.2, valign="top",
                color=GREY)  # fmt: skip
    told = (
        f"columns {part.left + 1}-{part.left + part.columns}, rows {part.top + 1}-{part.top + part.rows} "
        f"of {plan.pattern.width} x {plan.pattern.height}; {kind}"
    )
    canvas.text(MARGIN, MARGIN + 6.6, told, 2.8, valign="top")
    if many:
        draw_page_map(canvas, layout, paper.width - MARGIN, MARGIN, most=14.0, here=part)


def draw_page_map(
    canvas: Canvas, layout: Layout, right: float, top: float, *, most: float, here: ChartPart | None = None
) -> None:
    """Small boxes for the chart pages, ending at ``right``; the page itself filled."""
    side = min(most / max(layout.across, layout.down), 9.0)
    x = right - side * layout.across
    for part in layout.parts:
        left, upper = x + part.across * side, top + part.down * side
        filled = part is here
        if filled:
            canvas.cell(left, upper, side, side, (60, 60, 60))
        canvas.rect(left, upper, side, side, color=(70, 70, 70), width=0.15)
        if side >= 2.4:
            ink = (255, 255, 255) if filled else BLACK
            middle = (left + side / 2, upper + side / 2)
            canvas.text(*middle, str(part.number), side * 0.5, anchor="middle", valign="middle", color=ink)


def _backstitches(
    canvas: Canvas, plan: StitchPlan, part: ChartPart, x: float, y: float, cell: float, *, color: bool
) -> None:
    """Backstitches that came with the chart, those that lie on this page."""
    for stitch in plan.options.extras.backstitches:
        xs, ys = (stitch.x1, stitch.x2), (stitch.y1, stitch.y2)
        inside = (
            min(xs) >= part.left and max(xs) <= part.left + part.columns
            and min(ys) >= part.top and max(ys) <= part.top + part.rows
        )  # fmt: skip
        if inside:
            ink = plan.pattern.palette.colors[stitch.color].rgb if color and stitch.color >= 0 else BLACK
            at = [(v - part.left) * cell + x for v in xs] + [(v - part.top) * cell + y for v in ys]
            canvas.line(at[0], at[2], at[1], at[3], color=ink, width=0.5, cap="round")


def _numbers(canvas: Canvas, part: ChartPart, x: float, y: float, cell: float) -> None:
    """Numbers at every tenth line, on all four sides, outside the grid."""
    right, bottom = x + part.columns * cell, y + part.rows * cell
    for i in range(part.columns + 1):
        number = part.left + i
        if number and number % 10 == 0:
            for at, valign in ((y - 1.0, "baseline"), (bottom + 1.0, "top")):
                canvas.text(x + i * cell, at, str(number), _NUMBER, anchor="middle", valign=valign)  # type: ignore[arg-type]
    for j in range(part.rows + 1):
        number = part.top + j
        if number and number % 10 == 0:
            canvas.text(x - 1.0, y + j * cell, str(number), _NUMBER, anchor="end", valign="middle")
            canvas.text(right + 1.0, y + j * cell, str(number), _NUMBER, valign="middle")


def _arrows(canvas: Canvas, plan: StitchPlan, part: ChartPart, x: float, y: float, cell: float) -> None:
    """Triangles at the middle of the design, on its four edges."""
    width, height = plan.pattern.width, plan.pattern.height
    middle_x, middle_y = x + (width / 2 - part.left) * cell, y + (height / 2 - part.top) * cell
    right, bottom = x + part.columns * cell, y + part.rows * cell
    half, gap = _ARROW / 2, 4.2
    in_columns = part.left <= width / 2 < part.left + part.columns or part.left + part.columns == width / 2 == width
    in_rows = part.top <= height / 2 < part.top + part.rows
    if in_columns:
        if part.top == 0:
            tip = y - gap
            canvas.polygon(
                [(middle_x - half, tip - _ARROW), (middle_x + half, tip - _ARROW), (middle_x, tip)], color=BLACK
            )
        if part.top + part.rows == height:
            tip = bottom + gap
            canvas.polygon(
                [(middle_x - half, tip + _ARROW), (middle_x + half, tip + _ARROW), (middle_x, tip)], color=BLACK
            )
    if in_rows:
        if part.left == 0:
            tip = x - gap - 1.6
            canvas.polygon(
                [(tip - _ARROW, middle_y - half), (tip - _ARROW, middle_y + half), (tip, middle_y)], color=BLACK
            )
        if part.left + part.columns == width:
            tip = right + gap + 1.6
            canvas.polygon(
                [(tip + _ARROW, middle_y - half), (tip + _ARROW, middle_y + half), (tip, middle_y)], color=BLACK
            )


def _neighbours(canvas: Canvas, layout: Layout, part: ChartPart, x: float, y: float, cell: float) -> None:
    """The chart page that goes on at each side."""
    right, bottom = x + part.columns * cell, y + part.rows * cell
    at = {(other.across, other.down): other.number for other in layout.parts}
    sides = (
        (-1, 0, x - 6.6, (y + bottom) / 2, -90.0, "▲"),
        (1, 0, right + 6.6, (y + bottom) / 2, 90.0, "▲"),
        (0, -1, (x + right) / 2, y - 5.0, 0.0, "▲"),
        (0, 1, (x + right) / 2, bottom + 6.6, 0.0, "▼"),
    )
    for across, down, at_x, at_y, turn, arrow in sides:
        number = at.get((part.across + across, part.down + down))
        if number is not None:
            text = f"{arrow} chart {number}"
            canvas.text(at_x, at_y, text, 2.4, anchor="middle", rotate=turn, color=GREY)
