"""Titles that break writers, and one page with everything on it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixl_exporters.sheet import Paper, Sheet, assign_symbols, calibration_bar, footer, ink_for, symbol_size

HOSTILE_TITLES = [
    "plain",
    "& < > \" ' ]]> <!-- --> <svg onload='x'>",
    "two\nlines\r\nand\ttab",
    "=1+1",
    "dash – dash",
    "北京的猫 和 東京",
    "smile 😀 family 👨‍👩‍👧 flag 🇩🇪",
    "null \x00 bell \x07 escape \x1b delete \x7f",
    "turned \u202eabc\u202c lone \ud800 not a character \uffff",
    "private \ue000 beyond \U000f0000 \U0010ffff",
    "",
    "%s %d %(x)s {0} \\n \\ (bracket",
    "x" * 3000,
]


def chart(paper: Paper, index: NDArray[np.int16], colors: NDArray[np.uint8], *, pitch: float = 5.0) -> Sheet:
    """One page with cells, symbols, grid, measuring bar and footer."""
    lab = np.stack([colors.mean(axis=1) / 2.55, colors[:, 0] - 128.0, colors[:, 1] - 128.0], axis=1)
    symbols = assign_symbols(lab, np.bincount(index[index >= 0].ravel(), minlength=len(colors)))
    canvas = paper.canvas(name="Board A1")
    canvas.cell_map(15, 40, pitch, pitch, index, colors)
    size = symbol_size(symbols, pitch, pitch)
    canvas.glyph_map(15, 40, pitch, pitch, index, symbols, size=size, colors=ink_for(lab))
    canvas.grid(15, 40, pitch, pitch, index.shape[1], index.shape[0])
    calibration_bar(canvas, 15, 12, inches=paper.inches)
    footer(canvas, left="Cat", right="page 1 of 1")
    return Sheet(pages=(canvas.page(),), title="Cat")
