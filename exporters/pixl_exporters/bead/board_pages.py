"""One page a board (or part of a board): true to size, to lay under it or beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pixl_exporters.sheet import (
    BLACK,
    GREY,
    MARGIN,
    Canvas,
    Paper,
    calibration_bar,
    footer,
    shorten,
)

from .boards import Board
from .look import Look, board_extent, draw_beads, swatch
from .plan import BeadPlan, BoardPart

OVERLAP = 2
"""Cells that two parts of one board share."""
OUTLINE = 0.4
"""Width of the board's outline in mm; its outer edges are the measure."""

_HEADER = 25.0  # mm above the grid, with the column numbers
_SIDE = 7.0  # mm left and right of the grid, with the row numbers and the neighbours
_NUMBER = 2.2
_GRID: tuple[int, int, int] = (190, 190, 190)
_HEAVY: tuple[int, int, int] = (70, 70, 70)
_KEY_ROW = 4.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A part of a board on one page: ``top``, ``left`` (cells from the board's corner), ``rows``, ``columns``;
    ``above`` and ``before``: rows and columns at its top and left that the part before also shows. ``part`` of
    ``parts`` counts from 1."""

    board: BoardPart
    top: int
    left: int
    rows: int
    columns: int
    above: int
    before: int
    part: int
    parts: int
    last_row: bool = True
    last_column: bool = True

    @property
    def name(self) -> str:
        """``Board A1``, or ``Board A1, part 2 of 4``."""
        return self.board.name + (f", part {self.part} of {self.parts}" if self.parts > 1 else "")


def spans(cells: int, fit: int) -> list[tuple[int, int, int]]:
    """Cut ``cells`` into equal parts of at most ``fit``: (first, number, number shared with the part before)."""
    if cells <= fit:
        return [(0, cells, 0)]
    parts = math.ceil((cells - OVERLAP) / (fit - OVERLAP))
    step = math.ceil((cells - OVERLAP) / parts)
    return [(i * step, min(step + OVERLAP, cells - i * step), OVERLAP if i else 0) for i in range(parts)]


def _room(board: Board, paper: Paper) -> tuple[int, int]:
    """Columns and rows of a board that one page holds."""
    width = paper.width - 2 * (MARGIN + _SIDE)
    height = paper.height - 2 * MARGIN - _HEADER - _foot(paper)
    return max(4, int(width / board.pitch_mm)), max(4, int((height - board.pitch_mm) / board.row_mm) + 1)


def _foot(paper: Paper) -> float:
    """Height below the grid without the key: neighbour, bar, footer."""
    return 5.0 + (12.5 if paper.inches else 6.5) + 5.0


def windows(plan: BeadPlan, paper: Paper) -> list[Window]:
    """Every page of every board that has a bead, in order."""
    board = plan.board
    fit_columns, fit_rows = _room(board, paper)
    across, down = spans(board.columns, fit_columns), spans(board.rows, fit_rows)
    found = []
    for part in plan.used_boards:
        for i, (top, rows, above) in enumerate(down):
            for j, (left, columns, before) in enumerate(across):
                found.append(
                    Window(
                        board=part,
                        top=top,
                        left=left,
                        rows=rows,
                        columns=columns,
                        above=above,
                        before=before,
                        part=i * len(across) + j + 1,
                        parts=len(across) * len(down),
                        last_row=i == len(down) - 1,
                        last_column=j == len(across) - 1,
                    )
                )
    return found


def board_page(plan: BeadPlan, window: Window, look: Look, paper: Paper, *, foot: tuple[str, str]) -> Canvas:
    """Draw one window. ``foot``: left and right text of the footer."""
    canvas = paper.canvas(name=f"{'Sheet' if not plan.board.has_pegs else 'Board'} {window.name}")
    width, height = board_extent(plan.board, window.rows, window.columns)
    x = (paper.width - width) / 2
    y = MARGIN + _HEADER
    _header(canvas, plan, window, paper)
    _overview(canvas, plan, window, paper.width - MARGIN, MARGIN)
    if not look.rings:
        _map(canvas, plan, window, look, x, y)
    _grid(canvas, plan, window, x, y, width, height)
    if look.rings:
        _map(canvas, plan, window, look, x, y)
    _numbers(canvas, plan, window, x, y, width)
    _neighbours(canvas, plan, window, x, y, width, height)
    below = y + height + 5.0
    bar = calibration_bar(canvas, MARGIN, below, inches=paper.inches)
    _key(canvas, plan, window, look, below + bar + 3.0, paper)
    footer(canvas, left=foot[0], right=foot[1])
    return canvas


def _header(canvas: Canvas, plan: BeadPlan, window: Window, paper: Paper) -> None:
    board, part = plan.board, window.board
    word = "Board" if board.has_pegs else "Sheet"
    wide = canvas.text(MARGIN, MARGIN, f"{word} {window.name}", 6.0, bold=True, valign="top")
    room = paper.width - 2 * MARGIN - 24 - wide - 4
    canvas.text(MARGIN + wide + 4, MARGIN + 1.4, shorten(plan.pattern.title, 3.4, room), 3.4, valign="top", color=GREY)
    rows, columns = part.index.shape
    where = (
        f"columns {part.left + 1}-{part.left + columns} of {plan.pattern.width}, "
        f"rows {part.top + 1}-{part.top + rows} of {plan.pattern.height}: {part.beads:,} beads"
    )
    canvas.text(MARGIN, MARGIN + 7.6, where if board.has_pegs else where.replace("beads", "drills"), 3.0, valign="top")
    if board.has_pegs:
        told = f"Lay the board on the outline: {board.columns} pegs = {board.size_mm[0]:.1f} mm"
        told += f", {board.rows} rows = {board.size_mm[1]:.1f} mm" if board.columns != board.rows else ""
        face = "The side that you iron will show." if not plan.mirrored else "Mirrored: the side on the pegs will show."
    else:
        told = f"Drills of {board.pitch_mm:g} mm, {board.columns} = {board.size_mm[0]:.1f} mm"
        face = "Stick from the top down."
    canvas.text(MARGIN, MARGIN + 11.8, f"{told}, outer edge to outer edge. {face}", 2.6, valign="top")
    rule = "Print at 100 % (actual size). Check the bar below with a ruler."
    if window.parts > 1:
        rule = "Print at 100 %. Glue the parts, crossed circles on one another; hatched cells are the part before's."
    canvas.text(MARGIN, MARGIN + 15.6, rule, 2.6, valign="top", color=GREY)


def _overview(canvas: Canvas, plan: BeadPlan, window: Window, right: float, top: float) -> None:
    """The boards as small boxes, this one filled."""
    side = min(18.0 / max(plan.across, plan.down), 6.0)
    x = right - side * plan.across
    for part in plan.boards:
        left, upper = x + part.column * side, top + part.row * side
        if part is window.board:
            canvas.cell(left, upper, side, side, (60, 60, 60))
        elif not part.beads:
            canvas.cell(left, upper, side, side, (232, 232, 232))
        canvas.rect(left, upper, side, side, color=_HEAVY, width=0.15)


def _grid(canvas: Canvas, plan: BeadPlan, window: Window, x: float, y: float, width: float, height: float) -> None:
    board, pitch = plan.board, plan.board.pitch_mm
    if board.kind != "hexagon":
        _lines(canvas, window, x, y, pitch)
    _hatch(canvas, x, y, width, window.above * pitch if window.above else 0.0)
    if window.before:
        _hatch(canvas, x, y, window.before * pitch, height)
    canvas.layer()
    _outline(canvas, x, y, width, height)
    _crop_marks(canvas, x, y, width, height)
    _join_marks(canvas, window, x, y, width, height, pitch)


def _lines(canvas: Canvas, window: Window, x: float, y: float, pitch: float) -> None:
    """Lines between cells, heavy every ten from the board's own corner; the edge is left to the outline."""
    width, height = window.columns * pitch, window.rows * pitch
    for i in range(1, window.columns):
        heavy = (window.left + i) % 10 == 0
        pen, ink = (0.22, _HEAVY) if heavy else (0.06, _GRID)
        canvas.line(x + i * pitch, y, x + i * pitch, y + height, color=ink, width=pen)
    for i in range(1, window.rows):
        heavy = (window.top + i) % 10 == 0
        pen, ink = (0.22, _HEAVY) if heavy else (0.06, _GRID)
        canvas.line(x, y + i * pitch, x + width, y + i * pitch, color=ink, width=pen)


def _outline(canvas: Canvas, x: float, y: float, width: float, height: float) -> None:
    """Filled bars inside the outline, so that no line width adds to the measure."""
    with canvas.group("outline", "outline of the board"):
        canvas.cell(x, y, width, OUTLINE, BLACK)
        canvas.cell(x, y + height - OUTLINE, width, OUTLINE, BLACK)
        canvas.cell(x, y + OUTLINE, OUTLINE, height - 2 * OUTLINE, BLACK)
        canvas.cell(x + width - OUTLINE, y + OUTLINE, OUTLINE, height - 2 * OUTLINE, BLACK)


def _crop_marks(canvas: Canvas, x: float, y: float, width: float, height: float) -> None:
    for corner_x, out_x in ((x, -1.0), (x + width, 1.0)):
        for corner_y, out_y in ((y, -1.0), (y + height, 1.0)):
            canvas.line(corner_x + out_x, corner_y, corner_x + 3.5 * out_x, corner_y, width=0.12)
            canvas.line(corner_x, corner_y + out_y, corner_x, corner_y + 3.5 * out_y, width=0.12)


def _hatch(canvas: Canvas, x: float, y: float, width: float, height: float) -> None:
    """Slanted lines over cells that the part before shows."""
    if width <= 0 or height <= 0:
        return
    step = 1.6
    for i in range(1, math.ceil((width + height) / step)):
        at = i * step
        x1, y1 = x + min(at, width), y + max(0.0, at - width)
        x2, y2 = x + max(0.0, at - height), y + min(at, height)
        canvas.line(x1, y1, x2, y2, color=(150, 150, 150), width=0.1)


def _join_marks(canvas: Canvas, window: Window, x: float, y: float, width: float, height: float, pitch: float) -> None:
    """Crossed circles that lie on one another when the parts of a board are put together."""
    marks = []
    middle = OVERLAP * pitch / 2
    if window.before:
        marks += [(x + middle, y - 5.0), (x + middle, y + height + 2.2)]
    if window.above:
        marks += [(x - 6.4, y + middle), (x + width + 6.4, y + middle)]
    if not window.last_column:
        marks += [(x + width - middle, y - 5.0), (x + width - middle, y + height + 2.2)]
    if not window.last_row:
        marks += [(x - 6.4, y + height - middle), (x + width + 6.4, y + height - middle)]
    for at_x, at_y in marks:
        canvas.dot(at_x, at_y, 1.2, BLACK, ring_width=0.15)
        canvas.line(at_x - 1.2, at_y, at_x + 1.2, at_y, width=0.12)
        canvas.line(at_x, at_y - 1.2, at_x, at_y + 1.2, width=0.12)


def _map(canvas: Canvas, plan: BeadPlan, window: Window, look: Look, x: float, y: float) -> None:
    """The beads; those that the part before also shows are left as grey rings under the hatching."""
    part = window.board.index[window.top : window.top + window.rows, window.left : window.left + window.columns]
    own = part.copy()
    own[: window.above] = -1
    own[:, : window.before] = -1
    first_row = window.board.top + window.top
    draw_beads(canvas, x, y, plan, own, look, first_row=first_row)
    shared = np.where((part >= 0) & (own < 0), np.int16(0), np.int16(-1))
    if (shared >= 0).any() and plan.board.kind != "hexagon":
        pitch = plan.board.pitch_mm
        with canvas.group("overlap", "beads of the part before"):
            canvas.dot_map(x, y, pitch, pitch, shared, [(150, 150, 150)], radius=pitch * 0.3, ring_width=0.1)


def _numbers(canvas: Canvas, plan: BeadPlan, window: Window, x: float, y: float, width: float) -> None:
    """Column and row numbers in the whole work, every five (every ten where five would touch)."""
    board, pitch = plan.board, plan.board.pitch_mm
    every = 5 if pitch * 5 >= 7.5 else 10
    size = min(_NUMBER, pitch * 0.9)
    for i in range(window.columns):
        number = window.board.left + window.left + i + 1
        if number % every == 0 or number == 1:
            canvas.text(x + (i + 0.5) * pitch, y - 1.2, str(number), size, anchor="middle")
    for j in range(window.rows):
        number = window.board.top + window.top + j + 1
        if number % every == 0 or number == 1:
            at = y + j * board.row_mm + pitch / 2
            canvas.text(x - 1.2, at, str(number), size, anchor="end", valign="middle")
            canvas.text(x + width + 1.2, at, str(number), size, valign="middle")


def _neighbours(
    canvas: Canvas, plan: BeadPlan, window: Window, x: float, y: float, width: float, height: float
) -> None:
    """What lies beside this board, at each side where something does."""
    near = {(part.row, part.column): part.name for part in plan.used_boards}
    part = window.board
    middle_x, middle_y = x + width / 2, y + height / 2
    sides = (
        (0, -1, x - 5.6, middle_y, -90.0, "▲ {}", not window.before),
        (0, 1, x + width + 5.6, middle_y, 90.0, "▲ {}", window.last_column),
        (-1, 0, middle_x, y - 3.6, 0.0, "▲ {}", not window.above),
        (1, 0, middle_x, y + height + 3.6, 0.0, "▼ {}", window.last_row),
    )
    for down, across, at_x, at_y, turn, form, edge in sides:
        name = near.get((part.row + down, part.column + across))
        if name and edge:
            canvas.text(at_x, at_y, form.format(name), 2.8, anchor="middle", bold=True, rotate=turn)


def _key(canvas: Canvas, plan: BeadPlan, window: Window, look: Look, top: float, paper: Paper) -> None:
    """Symbol, colour, code and count of this board's beads, as far as the page has room."""
    counts = window.board.counts
    used = sorted((k for k in np.flatnonzero(counts).tolist()), key=lambda k: (-int(counts[k]), k))
    bottom = paper.height - MARGIN - 5.0
    rows = int((bottom - top) / _KEY_ROW)
    wide = paper.width - 2 * MARGIN
    columns = 5 if len(used) > 4 * max(rows, 1) else 4
    if rows < 1:
        return
    shown = used if len(used) <= rows * columns else used[: rows * columns - 1]
    step = wide / columns
    rows = min(rows, math.ceil(len(used) / columns)) if len(used) <= rows * columns else rows
    for place, k in enumerate(shown):
        column, row = divmod(place, rows)
        left, at = MARGIN + column * step, top + row * _KEY_ROW
        color = plan.pattern.palette.colors[k]
        swatch(canvas, left, at, 3.2, color)
        if not look.coded:
            canvas.glyph(left + 5.4, at + 1.6, look.symbols[k], 2.6)
        count = f"{int(counts[k]):,}"
        canvas.text(left + step - 3.0, at + 1.6, count, 2.5, anchor="end", valign="middle")
        room = step - 11.5 - canvas.font.width(count, 2.5)
        canvas.text(left + 7.8, at + 1.6, shorten(color.label, 2.5, room), 2.5, valign="middle")
    if len(shown) < len(used):
        column, row = divmod(len(shown), rows)
        text = f"and {len(used) - len(shown)} more: see the list of colours"
        canvas.text(MARGIN + column * step, top + row * _KEY_ROW + 1.6, text, 2.2, valign="middle", color=GREY)
