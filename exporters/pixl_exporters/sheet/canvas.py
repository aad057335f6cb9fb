"""Build a page: collect what is drawn per colour, so that ten thousand cells become one item per colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pixl_exporters.sheet.font import CAP_HEIGHT, DESCENT, Font, default_font, shorten
from pixl_exporters.sheet.model import (
    BLACK,
    RGB,
    Anchor,
    Cap,
    Cells,
    Dots,
    Floats,
    Glyphs,
    Group,
    Item,
    Lines,
    Page,
    Picture,
    Polygon,
    Stroke,
    Text,
    merge_rects,
)

Valign: TypeAlias = Literal["baseline", "middle", "top", "bottom"]
_Rows: TypeAlias = list[tuple[float, ...]]
_CellKey: TypeAlias = tuple[RGB, Stroke | None]
_DotKey: TypeAlias = tuple[RGB, float, float | None]
_GlyphKey: TypeAlias = tuple[RGB, str, float]
_LineKey: TypeAlias = tuple[RGB, float, tuple[float, float] | None, Cap]


class Canvas:
    """A page being laid out; x right, y down, mm.

    Within a layer things are painted in this order, whatever order they are added in: pictures, polygons, cells,
    dots, lines, glyphs, text. ``layer()`` starts a new layer on top; ``group()`` is a layer of its own, and a named
    one in SVG. Calls may therefore alternate freely (a cell, its symbol, the next cell).
    """

    def __init__(self, width_mm: float, height_mm: float, *, name: str = "", font: Font | None = None) -> None:
        self.width = width_mm
        self.height = height_mm
        self.name = name
        self.font = font or default_font()
        self._stack: list[list[Item]] = [[]]
        self._start_layer()

    def _start_layer(self) -> None:
        self._pictures: list[Picture] = []
        self._polygons: list[Polygon] = []
        self._cells: dict[_CellKey, _Rows] = {}
        self._dots: dict[_DotKey, _Rows] = {}
        self._lines: dict[_LineKey, _Rows] = {}
        self._glyphs: dict[_GlyphKey, _Rows] = {}
        self._texts: list[Text] = []

    # -- one thing at a time ------------------------------------------------------------------------------------

    def cell(self, x: float, y: float, w: float, h: float, color: RGB, *, stroke: Stroke | None = None) -> None:
        """A filled rectangle."""
        self._cells.setdefault((color, stroke), []).append((x, y, w, h))

    def rect(self, x: float, y: float, w: float, h: float, *, color: RGB = BLACK, width: float = 0.25) -> None:
        """An unfilled rectangle, its line centred on the edge, corners closed."""
        self.polygon([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], stroke=Stroke(color=color, width=width))

    def dot(self, x: float, y: float, radius: float, color: RGB, *, ring_width: float | None = None) -> None:
        """A disc, or with ``ring_width`` a ring inside ``radius``."""
        self._dots.setdefault((color, radius, ring_width), []).append((x, y))

    def glyph(self, x: float, y: float, symbol: str, size: float, color: RGB = BLACK) -> None:
        """A chart symbol with the centre of its ink at (x, y); ``size`` is the em in mm."""
        self._glyphs.setdefault((color, symbol, size), []).append((x, y))

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        *,
        color: RGB = BLACK,
        width: float = 0.2,
        dash: tuple[float, float] | None = None,
        cap: Cap = "butt",
    ) -> None:
        """A straight line."""
        self._lines.setdefault((color, width, dash, cap), []).append((x1, y1, x2, y2))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        anchor: Anchor = "start",
        valign: Valign = "baseline",
        color: RGB = BLACK,
        bold: bool = False,
        rotate: float = 0.0,
        max_width: float | None = None,
    ) -> float:
        """One line of text, shortened with an ellipsis to ``max_width`` mm; returns its width in mm.

        ``valign`` says what of it lies at ``y``: the baseline, the capitals' middle or top, or the descenders' foot.
        ``rotate`` is in degrees clockwise about (x, y).
        """
        if max_width is not None:
            text = shorten(text, size, max_width, bold=bold, font=self.font)
        drop = {"baseline": 0.0, "middle": CAP_HEIGHT / 2, "top": CAP_HEIGHT, "bottom": -DESCENT}[valign] * size
        if rotate:
            angle = np.deg2rad(rotate)
            x, y = x - drop * float(np.sin(angle)), y + drop * float(np.cos(angle))
        else:
            y += drop
        item = Text(x=x, y=y, text=text, size=size, anchor=anchor, color=color, bold=bold, rotate=rotate)
        self._texts.append(item)
        return self.font.width(text, size, bold)

    def paragraph(
        self, x: float, y: float, lines: Iterable[str], size: float, *, leading: float = 1.35, **style: object
    ) -> float:
        """Lines of text one below the other, the first baseline at ``y``; returns the y after the last line."""
        for line in lines:
            self.text(x, y, line, size, **style)  # type: ignore[arg-type]
            y += size * leading
        return y

    def polygon(self, points: ArrayLike, *, color: RGB | None = None, stroke: Stroke | None = None) -> None:
        """A closed shape: filled with ``color``, outlined with ``stroke``."""
        self._polygons.append(Polygon(points=np.asarray(points, dtype=np.float64), color=color, stroke=stroke))

    def picture(
        self, x: float, y: float, w: float, h: float, rgb: NDArray[np.uint8], *, pixelated: bool = True
    ) -> None:
        """A picture uint8[H, W, 3] stretched to the box."""
        self._pictures.append(Picture(x=x, y=y, w=w, h=h, rgb=rgb, pixelated=pixelated))

    def add(self, *items: Item) -> None:
        """Ready-made items, in a layer of their own on top of what is there."""
        self.layer()
        self._stack[-1].extend(items)

    # -- a whole map at once ------------------------------------------------------------------------------------

    def cell_map(
        self,
        x: float,
        y: float,
        cell_w: float,
        cell_h: float,
        index: NDArray[np.integer],
        colors: ArrayLike,
        *,
        stroke: Stroke | None = None,
    ) -> None:
        """Fill the cells of an index map int[H, W] (-1 = empty) with ``colors`` uint8[K, 3]; (x, y) is its corner.

        Without ``stroke`` neighbouring cells of one colour are joined into larger rectangles.
        """
        half = np.array([cell_w, cell_h]) / 2
        for _, color, centres in self._places(x, y, cell_w, cell_h, index, colors):
            rects = np.hstack([centres - half, np.broadcast_to(half * 2, centres.shape)])
            if stroke is None:
                rects = merge_rects(rects)
            self._cells.setdefault((color, stroke), []).extend(map(tuple, rects.tolist()))

    def dot_map(
        self,
        x: float,
        y: float,
        cell_w: float,
        cell_h: float,
        index: NDArray[np.integer],
        colors: ArrayLike,
        *,
        radius: float,
        ring_width: float | None = None,
    ) -> None:
        """A dot or ring in the middle of every cell of an index map int[H, W] (-1 = empty)."""
        for _, color, centres in self._places(x, y, cell_w, cell_h, index, colors):
            rows = self._dots.setdefault((color, radius, ring_width), [])
            rows.extend(map(tuple, centres.tolist()))

    def glyph_map(
        self,
        x: float,
        y: float,
        cell_w: float,
        cell_h: float,
        index: NDArray[np.integer],
        symbols: Sequence[str],
        *,
        size: float | Sequence[float],
        colors: ArrayLike | RGB = BLACK,
    ) -> None:
        """The symbol of each cell's colour in its middle; ``colors`` is one ink or one for each symbol, ``size`` one
        em in mm or one for each symbol (``symbol_sizes``)."""
        inks = np.broadcast_to(np.asarray(colors, dtype=np.uint8), (len(symbols), 3))
        sizes = [float(size)] * len(symbols) if isinstance(size, int | float) else list(size)
        for k, color, centres in self._places(x, y, cell_w, cell_h, index, inks):
            rows = self._glyphs.setdefault((color, symbols[k], sizes[k]), [])
            rows.extend(map(tuple, centres.tolist()))

    def grid(
        self,
        x: float,
        y: float,
        cell_w: float,
        cell_h: float,
        columns: int,
        rows: int,
        *,
        every: int = 10,
        first_column: int = 0,
        first_row: int = 0,
        color: RGB = (120, 120, 120),
        width: float = 0.1,
        heavy_color: RGB = BLACK,
        heavy_width: float = 0.35,
    ) -> None:
        """Grid lines around ``columns`` x ``rows`` cells, heavy where the absolute number is a multiple of ``every``
        and at the outline. ``first_column`` and ``first_row`` are the absolute numbers (from 0) of the corner cell.
        """
        right, bottom = x + columns * cell_w, y + rows * cell_h
        for light in (True, False):  # heavy after light, so that crossings are clean
            for i in range(columns + 1):
                heavy = i in (0, columns) or (i + first_column) % every == 0
                if heavy != light:
                    at = x + i * cell_w
                    ink, pen = (heavy_color, heavy_width) if heavy else (color, width)
                    self.line(at, y, at, bottom, color=ink, width=pen, cap="square" if heavy else "butt")
            for j in range(rows + 1):
                heavy = j in (0, rows) or (j + first_row) % every == 0
                if heavy != light:
                    at = y + j * cell_h
                    ink, pen = (heavy_color, heavy_width) if heavy else (color, width)
                    self.line(x, at, right, at, color=ink, width=pen, cap="square" if heavy else "butt")

    @staticmethod
    def _places(
        x: float, y: float, cell_w: float, cell_h: float, index: NDArray[np.integer], colors: ArrayLike
    ) -> Iterator[tuple[int, RGB, Floats]]:
        """For each index that occurs: itself, its colour and its cells' centres [N, 2] in reading order."""
        rgb = np.asarray(colors, dtype=np.uint8)
        columns = index.shape[1]
        flat = index.ravel()
        order = np.argsort(flat, kind="stable")
        present, starts = np.unique(flat[order], return_index=True)
        for k, cells in zip(present.tolist(), np.split(order, starts[1:]), strict=True):
            if k < 0:
                continue
            centres = np.stack([x + (cells % columns + 0.5) * cell_w, y + (cells // columns + 0.5) * cell_h], axis=1)
            r, g, b = (int(value) for value in rgb[k])
            yield int(k), (r, g, b), centres

    # -- layers and groups --------------------------------------------------------------------------------------

    def layer(self) -> None:
        """Everything added from here on is painted over what is there."""
        items = self._stack[-1]
        items.extend(self._pictures)
        items.extend(self._polygons)
        for (color, stroke), rows in self._cells.items():
            items.append(Cells(color=color, rects=np.array(rows), stroke=stroke))
        for (color, radius, ring), rows in self._dots.items():
            items.append(Dots(color=color, radius=radius, centres=np.array(rows), ring_width=ring))
        for (color, width, dash, cap), rows in self._lines.items():
            items.append(Lines(color=color, width=width, segments=np.array(rows), dash=dash, cap=cap))
        for (color, symbol, size), rows in self._glyphs.items():
            items.append(Glyphs(color=color, symbol=symbol, size=size, points=np.array(rows)))
        items.extend(self._texts)
        self._start_layer()

    @contextmanager
    def group(self, id: str, label: str = "") -> Iterator[None]:
        """Items added inside belong to a named group (a layer in SVG editors)."""
        self.layer()
        self._stack.append([])
        try:
            yield
        finally:
            self.layer()
            items = self._stack.pop()
            self._stack[-1].append(Group(id=id, label=label, items=tuple(items)))

    def page(self) -> Page:
        """The finished page; the canvas may be drawn on further and finished again."""
        if len(self._stack) != 1:
            raise RuntimeError("a page is finished outside its groups")
        self.layer()
        return Page(width_mm=self.width, height_mm=self.height, items=tuple(self._stack[0]), name=self.name)
