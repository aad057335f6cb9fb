"""The grid as SVG in millimetres: one group and one path a colour."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from ..formats import ExportOptions
from ..sheet import Cells, Group, Page, Sheet
from ..sheet.svg import render_svg

if TYPE_CHECKING:
    from pixl.document import Document


def export(document: Document, options: ExportOptions) -> dict[str, bytes]:
    """``grid.svg``, as large as the finished piece. Empty cells stay empty. Carries the document."""
    pattern = document.pattern
    width, height = pattern.cell.width_mm, pattern.cell.height_mm
    groups = []
    for k in pattern.used():
        rows, columns = np.nonzero(pattern.index == k)
        size = np.ones(len(rows))
        rects = np.column_stack([columns * width, rows * height, size * width, size * height])
        color = pattern.palette.colors[k]
        name = re.sub(r"[^A-Za-z0-9]+", "-", color.code)
        groups.append(
            Group(
                id=f"c{k + 1:02d}-{name}", label=f"{k + 1}: {color.label}", items=(Cells(color=color.rgb, rects=rects),)
            )
        )
    page = Page(width_mm=pattern.size_mm[0], height_mm=pattern.size_mm[1], items=tuple(groups))
    sheet = Sheet(pages=(page,), title=pattern.title)
    return {"grid.svg": render_svg(sheet, document=options.document or None)[0]}
