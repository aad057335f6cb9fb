"""The pages before the boards: the whole work, what it is and how to use it, the colours, the counts board by board."""

from __future__ import annotations

import numpy as np

from pixl_exporters.sheet import BLACK, GREY, MARGIN, WHITE, Canvas, Paper, Stroke, shorten, text_width, wrap

from .look import Look, swatch
from .plan import BeadPlan
from .summary import facts, paragraphs

_TITLE, _HEAD, _BODY = 6.5, 3.6, 2.8
_ROW = 5.0
_HEAVY = (70, 70, 70)


def overview_page(plan: BeadPlan, paper: Paper) -> Canvas:
    """The whole work as it is laid, its boards, the finished face, and the facts a maker needs first."""
    canvas = paper.canvas(name="Overview")
    wide = paper.width - 2 * MARGIN
    title = plan.pattern.title or "Beads"
    canvas.text(MARGIN, MARGIN, shorten(title, _TITLE, wide, bold=True), _TITLE, bold=True, valign="top")
    y = MARGIN + 9.5
    for line in facts(plan):
        for part in wrap(line, 3.0, wide):
            canvas.text(MARGIN, y, part, 3.0, valign="top")
            y += 4.2
    y += 2.0
    face = 42.0 if plan.mirrored else 0.0
    told = [(head, wrap(text, _BODY, wide)) for head, text in paragraphs(plan)]
    foot = paper.height - MARGIN - (34.0 if plan.board.has_pegs else 8.0)
    needed = sum(7.0 + len(lines) * _BODY * 1.35 for _, lines in told) + 11.0
    room = max(60.0, foot - y - needed)
    height = _whole_map(canvas, plan, MARGIN + 6, y + 3, wide - 12 - face, room)
    if plan.mirrored:
        _finished_face(canvas, plan, paper.width - MARGIN - face + 4, y + 3, face - 4)
    y += height + 8.0
    for head, lines in told:
        if y + 5 + len(lines) * _BODY * 1.35 > foot:
            break
        canvas.text(MARGIN, y, head, 3.0, bold=True, valign="top")
        y = canvas.paragraph(MARGIN, y + 6.0, lines, _BODY) + 0.6
    if plan.board.has_pegs:
        _measure_drawing(canvas, plan, MARGIN, paper.height - MARGIN - 29, wide)
    return canvas


def _whole_map(canvas: Canvas, plan: BeadPlan, x: float, y: float, wide: float, tall: float) -> float:
    """The laid map and its boards within a box; returns the height used."""
    height, width = plan.laid.shape
    row = plan.board.row_mm / plan.board.pitch_mm
    side = min(wide / width, tall / (height * row))
    canvas.cell_map(x, y, side, side * row, plan.laid, plan.pattern.palette.rgb)
    canvas.layer()
    for part in plan.boards:
        left, top = x + part.left * side, y + part.top * side * row
        rows, columns = part.index.shape
        canvas.rect(left, top, columns * side, rows * side * row, color=_HEAVY, width=0.25)
        if len(plan.boards) > 1:
            size = min(3.2, columns * side * 0.5)
            tag = text_width(part.name, size, bold=True) + 1.2
            if tag < columns * side and size * 1.3 < rows * side * row:
                canvas.cell(left + 0.4, top + 0.4, tag, size * 1.25, WHITE)
                canvas.text(left + 1.0, top + 0.4 + size * 0.62, part.name, size, bold=True, valign="middle")
    for column in range(0, width + 1, 10):
        if column:
            canvas.text(x + (column - 0.5) * side, y - 1, str(column), 1.9, anchor="middle", color=GREY)
    for at in range(10, height + 1, 10):
        canvas.text(x - 1, y + (at - 0.5) * side * row, str(at), 1.9, anchor="end", valign="middle", color=GREY)
    return float(height * side * row)


def _finished_face(canvas: Canvas, plan: BeadPlan, x: float, y: float, wide: float) -> None:
    side = wide / plan.pattern.width
    canvas.cell_map(x, y, side, side, plan.pattern.index, plan.pattern.palette.rgb)
    below = y + side * plan.pattern.height
    canvas.layer()
    canvas.rect(x, y, wide, below - y, color=_HEAVY, width=0.15)
    for line, text in enumerate(wrap("the finished face; you lay its mirror image", 2.4, wide)):
        canvas.text(x, below + 1.5 + line * 3.1, text, 2.4, valign="top", color=GREY)


def _measure_drawing(canvas: Canvas, plan: BeadPlan, x: float, y: float, wide: float) -> None:
    """Where the ruler goes when a board is measured."""
    board, beads, side = plan.board, 12, 7.0
    canvas.text(x, y, "Measure your board once", 3.0, bold=True, valign="top")
    top = y + 5.5
    for i in range(beads):
        gap = i == beads // 2
        at = x + i * side
        if gap:
            canvas.text(at + side / 2, top + side / 2, "…", 5.0, anchor="middle", valign="middle")
            continue
        canvas.cell(at, top, side, side, (240, 240, 240), stroke=Stroke(color=(150, 150, 150), width=0.1))
        canvas.dot(at + side / 2, top + side / 2, side * 0.42, (90, 90, 90), ring_width=1.1)
    canvas.layer()
    end = x + beads * side
    ruler = top + side + 2.2
    for edge in (x, end):
        canvas.line(edge, top - 1, edge, ruler + 5, width=0.2, dash=(0.8, 0.5))
    canvas.cell(x, ruler, end - x, 4.6, (252, 246, 220), stroke=Stroke(color=BLACK, width=0.2))
    canvas.layer()
    for i in range(int((end - x) / 2) + 1):
        canvas.line(x + 2 * i, ruler, x + 2 * i, ruler + (2.2 if i % 5 == 0 else 1.2), width=0.1)
    canvas.text((x + end) / 2, ruler + 3.4, f"{board.columns} cells = ? mm", 2.2, anchor="middle", valign="middle")
    text = (
        f"Put a ruler along {board.columns} beads in a row, from the outer edge of the first cell to the outer edge of "
        f"the last (half the gap to the next peg on both sides). These sheets use {board.pitch_mm:g} mm a cell: "
        f"{board.size_mm[0]:.1f} mm. Another result? Print again with --measure {board.columns}=YOUR_MM."
    )
    canvas.paragraph(end + 6, top + 2, wrap(text, 2.6, x + wide - end - 6), 2.6)


# -- the colours ---------------------------------------------------------------------------------------------------

_COLUMNS = (
    ("No.", 8.0, "end"), ("", 7.0, "middle"), ("", 7.0, "start"), ("Code", 17.0, "start"), ("Name", 0.0, "start"),
    ("Finish", 19.0, "start"), ("Count", 14.0, "end"), ("Have", 14.0, "end"), ("Buy", 14.0, "end"),
    ("Bags", 12.0, "end"), ("Next best · ΔE", 36.0, "start"),
)  # fmt: skip


def legend_pages(plan: BeadPlan, look: Look, paper: Paper) -> list[Canvas]:
    """Every colour with its symbol, code, name, finish, count, what to buy and the bead that could stand in."""
    rows = int((paper.height - 2 * MARGIN - 20 - 8) / _ROW)
    needs = plan.needs
    chunks = [needs[i : i + rows] for i in range(0, len(needs), rows)] or [()]
    pages = []
    for number, chunk in enumerate(chunks):
        canvas = paper.canvas(name=f"Colours {number + 1}" if len(chunks) > 1 else "Colours")
        canvas.text(MARGIN, MARGIN, "Colours", _TITLE, bold=True, valign="top")
        word = "beads" if plan.board.has_pegs else "drills"
        told = f"{plan.beads:,} {word} in {len(needs)} colours; {plan.pattern.palette.name}"
        canvas.text(MARGIN + 34, MARGIN + 1.8, told, 3.0, valign="top", color=GREY)
        edges = _edges(plan, paper)
        y = MARGIN + 13.0
        for (label, _, anchor), (left, width) in zip(_COLUMNS, edges, strict=True):
            if width:
                at = left + width - 1.5 if anchor == "end" else left
                canvas.text(at, y, label, 2.5, bold=True, anchor="end" if anchor == "end" else "start")
        canvas.line(MARGIN, y + 1.4, paper.width - MARGIN, y + 1.4, width=0.2)
        y += 2.4
        for need in chunk:
            _legend_row(canvas, plan, look, edges, y, need.number - 1)
            y += _ROW
        if number == len(chunks) - 1:
            canvas.line(MARGIN, y + 0.4, paper.width - MARGIN, y + 0.4, width=0.2)
            _totals(canvas, plan, edges, y + 4.0)
        pages.append(canvas)
    return pages


def _edges(plan: BeadPlan, paper: Paper) -> list[tuple[float, float]]:
    """(left, width) of each column; columns that say nothing get no width, the name gets what is left."""
    silent = set()
    if plan.options.have is None:
        silent.add("Have")
    if not plan.options.certainty.seconds:
        silent.add("Next best · ΔE")
    widths = [0.0 if label in silent else width for label, width, _ in _COLUMNS]
    widths[4] = paper.width - 2 * MARGIN - sum(widths)
    lefts = MARGIN + np.concatenate([[0.0], np.cumsum(widths)[:-1]])
    return list(zip(lefts.tolist(), widths, strict=True))


def _legend_row(canvas: Canvas, plan: BeadPlan, look: Look, edges: list[tuple[float, float]], y: float, k: int) -> None:
    need = next(need for need in plan.needs if need.number == k + 1)
    color, middle = need.color, y + _ROW / 2
    canvas.text(edges[0][0] + edges[0][1] - 1.5, middle, str(need.number), 2.5, anchor="end", valign="middle")
    if not look.coded:
        canvas.glyph(edges[1][0] + 3.0, middle, look.symbols[k], 3.2)
    swatch(canvas, edges[2][0], y + 0.6, 3.8, color)
    second = plan.options.certainty.seconds.get(color.code)
    values = {
        3: color.code,
        4: color.name if color.name != color.code else "",
        5: color.finish,
        6: f"{need.count:,}",
        7: "" if need.have is None else f"{need.have:,}",
        8: f"{need.buy:,}",
        9: str(need.bags),
        10: "" if second is None else f"{second.code} {second.name} · {second.gap:.0f}",
    }
    for column, text in values.items():
        left, width = edges[column]
        if not width:
            continue
        if _COLUMNS[column][2] == "end":
            canvas.text(left + width - 1.5, middle, text, 2.6, anchor="end", valign="middle", bold=column == 6)
        else:
            canvas.text(left, middle, shorten(text, 2.6, width - 1.0), 2.6, valign="middle")


def _totals(canvas: Canvas, plan: BeadPlan, edges: list[tuple[float, float]], y: float) -> None:
    canvas.text(edges[3][0], y, "Total", 2.6, bold=True)
    sums = {6: plan.beads, 8: sum(need.buy for need in plan.needs), 9: sum(need.bags for need in plan.needs)}
    for column, value in sums.items():
        left, width = edges[column]
        canvas.text(left + width - 1.5, y, f"{value:,}", 2.6, anchor="end", bold=True)
    empty = int((plan.pattern.index < 0).sum())
    clear = [need.color.label for need in plan.needs if need.color.finish in ("transparent", "translucent")]
    word = "beads" if plan.board.has_pegs else "drills"
    told = [
        f"Buy = count + {plan.options.waste:g} % for what gets lost, in bags of {plan.options.bag:,}"
        + (", less what you have." if plan.options.have is not None else "."),
        f"{empty:,} cells stay empty (no {word}); empty is not white." if empty else "No cell stays empty.",
    ]
    if clear:
        told.append(f"See-through, not white: {', '.join(clear)}.")
    if plan.options.certainty.seconds:
        told.append(
            "Next best: what to take when you have none of the colour, and how far away it is (CIEDE2000: below 2 "
            "hardly to be seen, above 10 another colour)."
        )
    at = y + 5.0
    for text in told:
        for line in wrap(text, 2.5, canvas.width - 2 * MARGIN):
            if at > canvas.height - MARGIN - 5:
                return
            canvas.text(MARGIN, at, line, 2.5, color=GREY)
            at += 3.4


# -- counts board by board ------------------------------------------------------------------------------------------


def count_pages(plan: BeadPlan, look: Look, paper: Paper) -> list[Canvas]:
    """A table of colours and boards; none when there is one board."""
    if len(plan.boards) < 2:
        return []
    columns = [i for i, part in enumerate(plan.boards) if part.beads]
    step, first = 11.0, 48.0
    fit = int((paper.width - 2 * MARGIN - first - 16) / step)
    rows = int((paper.height - 2 * MARGIN - 26) / 4.4)
    pages = []
    for start in range(0, len(columns), fit):
        some = columns[start : start + fit]
        last = start + fit >= len(columns)
        for top in range(0, len(plan.needs), rows):
            canvas = paper.canvas(name="Counts")
            word = "Beads on each board" if plan.board.has_pegs else "Drills on each sheet"
            canvas.text(MARGIN, MARGIN, word, _TITLE, bold=True, valign="top")
            y = MARGIN + 14.0
            edge = MARGIN + first + len(some) * step + (14 if last else 0)
            for i, board in enumerate(some):
                at = MARGIN + first + (i + 1) * step - 1
                canvas.text(at, y, plan.boards[board].name, 2.6, anchor="end", bold=True)
            if last:
                canvas.text(edge - 1, y, "all", 2.6, anchor="end", bold=True)
            canvas.line(MARGIN, y + 1.2, edge, y + 1.2, width=0.2)
            for line, need in enumerate(plan.needs[top : top + rows]):
                middle = y + 4.2 + line * 4.4
                if line % 2:
                    canvas.cell(MARGIN, middle - 2.2, edge - MARGIN, 4.4, (244, 244, 244))
                swatch(canvas, MARGIN + 6.0, middle - 1.6, 3.2, need.color)
                if not look.coded:
                    canvas.glyph(MARGIN + 2.6, middle, look.symbols[need.number - 1], 2.6)
                label = shorten(need.color.label, 2.4, first - 13)
                canvas.text(MARGIN + 11.0, middle, label, 2.4, valign="middle")
                for i, board in enumerate(some):
                    at = MARGIN + first + (i + 1) * step - 1
                    count = need.boards[board]
                    canvas.text(at, middle, f"{count:,}" if count else "·", 2.4, anchor="end", valign="middle",
                                color=BLACK if count else GREY)  # fmt: skip
                if last:
                    canvas.text(edge - 1, middle, f"{need.count:,}", 2.4, anchor="end", valign="middle", bold=True)
            if top + rows >= len(plan.needs):
                middle = y + 5.2 + len(plan.needs[top:]) * 4.4
                canvas.line(MARGIN, middle - 2.6, edge, middle - 2.6, width=0.2)
                canvas.text(MARGIN + 11.0, middle, "all", 2.4, valign="middle", bold=True)
                for i, board in enumerate(some):
                    at = MARGIN + first + (i + 1) * step - 1
                    total = f"{plan.boards[board].beads:,}"
                    canvas.text(at, middle, total, 2.4, anchor="end", valign="middle", bold=True)
                if last:
                    canvas.text(edge - 1, middle, f"{plan.beads:,}", 2.4, anchor="end", valign="middle", bold=True)
            pages.append(canvas)
    return pages
