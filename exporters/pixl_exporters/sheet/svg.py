"""Draw the pages of a sheet as SVG: millimetres, one group per colour, symbols as outlines."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from pixl.embedded import SVG_NAMESPACE, svg_payload
from pixl_exporters.sheet.font import Face, Font, clean_text, default_font, symbol_face
from pixl_exporters.sheet.model import (
    RGB,
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
    Sheet,
    Text,
    merge_rects,
)

if TYPE_CHECKING:
    from svgwrite import Drawing

Lettering: TypeAlias = Literal["outline", "text"]
FAMILY = "'DejaVu Sans', Verdana, 'Noto Sans', 'Noto Sans CJK SC', sans-serif"


def render_svg(
    sheet: Sheet,
    *,
    font: Font | None = None,
    symbols: Lettering = "outline",
    labels: Lettering = "text",
    document: bytes | None = None,
) -> list[bytes]:
    """Each page as one SVG file, in page order.

    Args:
        sheet: what to draw.
        font: what labels are outlined with when ``labels`` is "outline"; the shipped font by default.
        symbols: chart symbols as "outline" (look the same everywhere, cutters can follow them) or as "text".
        labels: other text as "text" (can be searched and edited) or as "outline".
        document: a ``.pixl`` document to carry in the first page's metadata; ``pixl.embedded`` finds it.

    Returns:
        UTF-8 XML, width and height in mm, one user unit is one mm.
    """
    pages = []
    for number, page in enumerate(sheet.pages):
        painter = _Painter(sheet, page, font or default_font(), symbols, labels)
        pages.append(painter.paint(document if number == 0 else None))
    return pages


class _Painter:
    def __init__(self, sheet: Sheet, page: Page, font: Font, symbols: Lettering, labels: Lettering) -> None:
        self.sheet = sheet
        self.page = page
        self.font = font
        self.symbols = symbols
        self.labels = labels
        self.ids: set[str] = set()

    def paint(self, document: bytes | None) -> bytes:
        import svgwrite

        size = (_n(self.page.width_mm), _n(self.page.height_mm))
        # debug=True would check every attribute against the standard: three times the whole drawing time.
        self.svg: Drawing = svgwrite.Drawing(
            size=(f"{size[0]}mm", f"{size[1]}mm"), viewBox=f"0 0 {size[0]} {size[1]}", debug=False
        )
        title = " - ".join(part for part in (clean_text(self.sheet.title), clean_text(self.page.name)) if part)
        self.svg.set_desc(title=title or None, desc=clean_text(self.sheet.subject) or None)
        for item in self.page.items:
            self._item(item, self.svg)
        file = io.StringIO()
        self.svg.write(file)
        text = file.getvalue()
        if document is not None:
            note = f'<pixl:document xmlns:pixl="{SVG_NAMESPACE}">{svg_payload(document)}</pixl:document>'
            text = re.sub(r"<defs ?/>", f"<metadata>{note}</metadata><defs/>", text, count=1)
        return text.encode("utf-8")

    def _item(self, item: Item, parent: Any) -> None:
        if isinstance(item, Group):
            group = self._group(parent, item.id, item.label or item.id)
            for child in item.items:
                self._item(child, group)
            return
        draw: dict[type, Callable[[Any, Any], None]] = {
            Cells: self._cells,
            Dots: self._dots,
            Glyphs: self._glyphs,
            Lines: self._lines,
            Text: self._text,
            Polygon: self._polygon,
            Picture: self._picture,
        }
        draw[type(item)](item, parent)

    def _group(self, parent: Any, id: str, label: str, **style: object) -> Any:
        """A group with an id unique in the file and a title that editors and browsers show."""
        base = re.sub(r"[^A-Za-z0-9_.-]", "-", clean_text(id)) or "group"
        base = base if base[0].isalpha() else f"g-{base}"
        name, count = base, 1
        while name in self.ids:
            count += 1
            name = f"{base}-{count}"
        self.ids.add(name)
        group = self.svg.g(id=name, **style)
        group.set_desc(title=clean_text(label) or None)
        return parent.add(group)

    def _path(self, parent: Any, d: str, **style: object) -> None:
        parent.add(self.svg.path(d=d, **style))

    def _cells(self, item: Cells, parent: Any) -> None:
        if not len(item.rects):
            return
        rects = merge_rects(item.rects) if item.stroke is None else np.round(item.rects, 3)
        group = self._group(parent, f"cells-{_hex(item.color)[1:]}", f"cells {_hex(item.color)}", fill=_hex(item.color))
        boxes = np.stack([rects[:, 0], rects[:, 1], rects[:, 2], rects[:, 3], -rects[:, 2]], axis=1)
        d = _rows("M%.9g %.9gh%.9gv%.9gh%.9gz", boxes)
        outline = {} if item.stroke is None else _stroke(item.stroke.color, item.stroke.width)
        self._path(group, d, **outline)

    def _dots(self, item: Dots, parent: Any) -> None:
        if not len(item.centres):
            return
        color = _hex(item.color)
        group = self._group(parent, f"dots-{color[1:]}", f"dots {color}")
        if item.ring_width is None:
            radius = item.radius
            style: dict[str, object] = {"fill": color}
        else:
            radius = item.radius - item.ring_width / 2
            style = {"fill": "none", **_stroke(item.color, item.ring_width)}
        r, d2 = _n(radius), _n(radius * 2)
        lefts = np.round(item.centres - [radius, 0.0], 3)
        d = _rows(f"M%.9g %.9ga{r} {r} 0 1 0 {d2} 0a{r} {r} 0 1 0 -{d2} 0z", lefts)
        self._path(group, d, **style)

    def _glyphs(self, item: Glyphs, parent: Any) -> None:
        face = symbol_face()
        symbol = face.drawable(item.symbol)
        if not len(item.points) or not symbol:
            return
        color = _hex(item.color)
        codes = "".join(f"-{ord(char):04x}" for char in symbol)
        group = self._group(parent, f"symbols{codes}", f"symbol {symbol}", fill=color)
        x0, y0, x1, y1 = face.ink(symbol)
        starts = np.round(item.points + np.array([-(x0 + x1) / 2, (y0 + y1) / 2]) * item.size, 3)
        if self.symbols == "outline":
            outline = _outline(face, symbol, item.size)
            if outline:
                self._path(group, _rows(f"M%.9g %.9g{outline.replace('%', '%%')}", starts))
            return
        text = self.svg.text("", font_family=FAMILY, font_size=_n(item.size))
        for x, y in starts.tolist():
            text.add(self.svg.tspan(symbol, x=[_n(x)], y=[_n(y)]))
        group.add(text)

    def _lines(self, item: Lines, parent: Any) -> None:
        if not len(item.segments):
            return
        style = {**_stroke(item.color, item.width), "fill": "none", "stroke_linecap": item.cap}
        if item.dash is not None:
            style["stroke_dasharray"] = " ".join(map(_n, item.dash))
        self._path(parent, _rows("M%.9g %.9gL%.9g %.9g", np.round(item.segments, 3)), **style)

    def _text(self, item: Text, parent: Any) -> None:
        turn = {"transform": f"rotate({_n(item.rotate)} {_n(item.x)} {_n(item.y)})"} if item.rotate else {}
        if self.labels == "text":
            shown = clean_text(item.text)
            if shown:
                weight = {"font_weight": "bold"} if item.bold else {}
                anchor = {} if item.anchor == "start" else {"text_anchor": item.anchor}
                style = {"font_family": FAMILY, "font_size": _n(item.size), "fill": _hex(item.color)}
                place = {"x": [_n(item.x)], "y": [_n(item.y)]}
                parent.add(self.svg.text(shown, **place, **style, **weight, **anchor, **turn))
            return
        runs = self.font.runs(item.text, item.bold)
        x = item.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[item.anchor] * item.size * sum(
            face.width(part) for face, part in runs
        )
        d = ""
        for face, part in runs:
            d += f"M{_n(x)} {_n(item.y)}{_outline(face, part, item.size)}"
            x += item.size * face.width(part)
        if d:
            self._path(parent, d, fill=_hex(item.color), **turn)

    def _polygon(self, item: Polygon, parent: Any) -> None:
        if len(item.points) < 2:
            return
        style: dict[str, object] = {"fill": "none" if item.color is None else _hex(item.color)}
        if item.stroke is not None:
            style |= _stroke(item.stroke.color, item.stroke.width)
        points = np.round(item.points, 3)
        self._path(parent, "M" + "L".join(f"{x:.9g} {y:.9g}" for x, y in points.tolist()) + "z", **style)

    def _picture(self, item: Picture, parent: Any) -> None:
        import base64

        from PIL import Image

        file = io.BytesIO()
        Image.fromarray(item.rgb).save(file, "PNG", optimize=False)
        href = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")
        box = {"insert": (_n(item.x), _n(item.y)), "size": (_n(item.w), _n(item.h))}
        style = {"preserveAspectRatio": "none", **({"style": "image-rendering:pixelated"} if item.pixelated else {})}
        parent.add(self.svg.image(href, **box, **style))


def _outline(face: Face, text: str, size: float) -> str:
    """The ink of a text as relative path commands from its pen start, nothing for blanks.

    Steps are of 0.01 mm between corners rounded to 0.01 mm, so rounding does not add up; a ten thousandth of a
    metre is below what a printer resolves, and a third decimal would make a chart of symbols half as large again.
    """
    out: list[str] = []
    at = start = np.zeros(2)
    for command, points in _font_outlines(face, text):
        corners = np.round(points * [size, -size], 2)
        steps = [_short(value) for value in (corners - at).ravel().tolist()]
        out.append(command + "".join(part if part[0] == "-" or not i else f" {part}" for i, part in enumerate(steps)))
        if command == "m":
            start = corners[-1]
        at = start if command == "z" else corners[-1]
    return "".join(out)


def _font_outlines(face: Face, text: str) -> list[tuple[str, Floats]]:
    """Contours of a text in em, y up: "m", "l", "q", "c" with their points [N, 2], and "z"."""
    from fontTools.pens.basePen import decomposeQuadraticSegment
    from fontTools.pens.recordingPen import DecomposingRecordingPen

    units, glyphs, names = _open_outlines(face)
    commands: list[tuple[str, Floats]] = []
    shift = 0.0
    for char in text:
        pen = DecomposingRecordingPen(glyphs)
        glyphs[names[ord(char)]].draw(pen)
        here: tuple[float, float] = (0.0, 0.0)
        for name, points in pen.value:
            if name == "moveTo":
                here = points[0]
                commands.append(("m", _em(points, units, shift)))
            elif name == "lineTo":
                commands.append(("l", _em(points, units, shift)))
            elif name == "curveTo":
                commands.append(("c", _em(points, units, shift)))
            elif name == "qCurveTo":
                if points[-1] is None:  # a contour without any on-curve point starts halfway between two
                    first, last = points[0], points[-2]
                    here = ((first[0] + last[0]) / 2, (first[1] + last[1]) / 2)
                    commands.append(("m", _em([here], units, shift)))
                    points = (*points[:-1], here)
                for control, end in decomposeQuadraticSegment(points):
                    commands.append(("q", _em([control, end], units, shift)))
            elif name == "closePath":
                commands.append(("z", np.zeros((0, 2))))
        shift += face.width(char)
    return commands


def _em(points: Any, units: float, shift: float) -> Floats:
    return np.array(points, dtype=np.float64) / units + [shift, 0.0]


_OPEN: dict[str, tuple[float, Any, dict[int, str]]] = {}


def _open_outlines(face: Face) -> tuple[float, Any, dict[int, str]]:
    """Units per em, glyph set and character map of a face; kept, since every page needs the same few."""
    key = str(face.path)
    if key not in _OPEN:
        from fontTools.ttLib import TTFont

        file = TTFont(io.BytesIO(face.path.read_bytes()), fontNumber=0, lazy=True)
        _OPEN[key] = (float(file["head"].unitsPerEm), file.getGlyphSet(), file.getBestCmap())
    return _OPEN[key]


def _rows(pattern: str, values: Floats) -> str:
    return (pattern * len(values)) % tuple(values.ravel().tolist())


def _hex(color: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def _stroke(color: RGB, width: float) -> dict[str, object]:
    return {"stroke": _hex(color), "stroke_width": _n(width)}


def _short(value: float) -> str:
    """Two decimals, no zero before the point."""
    return f"{round(value, 2) + 0.0:.9g}".replace("0.", ".", 1) if abs(value) < 1 else f"{round(value, 2):.9g}"


def _n(value: float) -> str:
    """A number as it is written: three decimals at most, no trailing zeros."""
    if not math.isfinite(value):
        raise ValueError("a coordinate is not finite")
    return f"{round(value, 3) + 0.0:.9g}"
