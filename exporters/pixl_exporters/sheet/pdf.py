"""Draw a sheet as PDF: exact page boxes, real text in one embedded font, the same bytes on every run.

fpdf2 keeps the objects, the fonts and the file; the page content is written here, one string per item, because ten
thousand calls of a drawing method cost more than the rest of the program.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from pixl.embedded import PDF_MIME
from pixl_exporters.sheet.font import Face, Font, clean_text, core_characters, default_font, symbol_face
from pixl_exporters.sheet.model import (
    PT_PER_MM,
    RGB,
    Cells,
    Dots,
    Floats,
    Glyphs,
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
    from fpdf import FPDF

_CAPS = {"butt": 0, "round": 1, "square": 2}
_CIRCLE = 0.5522847498  # control point distance of a quarter circle drawn as one cubic curve
_PICTURE_DPI = 300
_PICTURE_PIXELS = 4_000_000


def render_pdf(sheet: Sheet, *, font: Font | None = None, attachment: tuple[str, bytes] | None = None) -> bytes:
    """The sheet as one PDF file.

    Pages have exactly the sizes given and ask the viewer to print without scaling. ``attachment`` (file name, bytes)
    is carried uncompressed as an embedded file that ``pixl.embedded`` and any PDF reader can take out.

    Args:
        sheet: what to draw.
        font: what labels are drawn with; the shipped font by default. Symbols keep the shipped font.
        attachment: a file to embed; its bytes must not be empty.

    Returns:
        PDF 1.6, fonts subset and embedded with ToUnicode maps, a fixed creation date.
    """
    from datetime import UTC, datetime

    from fpdf import FPDF
    from fpdf.prefs import ViewerPreferences

    first = sheet.pages[0]
    pdf = FPDF(unit="mm", format=(first.width_mm, first.height_mm))
    pdf.set_margin(0)
    pdf.set_auto_page_break(False)
    pdf.single_resources_object = True  # every page may name every font and picture of the file
    pdf.set_creation_date(datetime(2000, 1, 1, tzinfo=UTC))  # the format wants a date; a real one would change bytes
    pdf.set_producer("pixl")
    pdf.set_creator("pixl")
    pdf.viewer_preferences = ViewerPreferences(print_scaling="None", display_doc_title=True)
    for value, put in (
        (sheet.title, pdf.set_title),
        (sheet.subject, pdf.set_subject),
        (sheet.keywords, pdf.set_keywords),
    ):
        if value:
            put(clean_text(value))
    if attachment is not None:
        name, data = attachment
        pdf.embed_file(bytes=data, basename=name, mime_type=PDF_MIME, compress=False)
    small = _letters(sheet) <= core_characters()
    for page in sheet.pages:
        painter = _Painter(pdf, page, font or default_font(), small)
        if page.name:
            pdf.start_section(clean_text(page.name))  # a bookmark
        painter.paint()
    return bytes(pdf.output())


def _letters(sheet: Sheet) -> set[str]:
    """Every character drawn on the sheet."""
    found: set[str] = set()
    for page in sheet.pages:
        for item in page.walk():
            if isinstance(item, Text):
                found.update(clean_text(item.text))
            elif isinstance(item, Glyphs):
                found.update(item.symbol)
    return found


class _Painter:
    """Writes the content of one page, in points with y up as the format has it."""

    def __init__(self, pdf: FPDF, page: Page, font: Font, small: bool) -> None:
        self.pdf = pdf
        self.small = small
        self.page = page
        self.font = font
        self.out: list[str] = []
        self.held: dict[str, Any] = {}
        self.codes: dict[str, _Codes] = {}
        pdf.add_page(format=(page.width_mm, page.height_mm))

    def paint(self) -> None:
        draw: dict[type, Callable[[Any], None]] = {
            Cells: self._cells,
            Dots: self._dots,
            Glyphs: self._glyphs,
            Lines: self._lines,
            Text: self._text,
            Polygon: self._polygon,
            Picture: self._picture,
        }
        item: Item
        for item in self.page.walk():
            draw[type(item)](item)
        self._flush()

    def _flush(self) -> None:
        if self.out:
            self.pdf._out("\n".join(self.out))  # what FPDF's own drawing methods end in
            self.out = []

    def _points(self, xy: Floats) -> Floats:
        """Page millimetres [N, 2k] (x, y alternating) to points with y up, rounded as they are written."""
        points = xy * PT_PER_MM
        points[:, 1::2] = self.page.height_mm * PT_PER_MM - points[:, 1::2]
        return np.round(points, 3)

    def _cells(self, item: Cells) -> None:
        if not len(item.rects):
            return
        rects = merge_rects(item.rects) if item.stroke is None else item.rects
        corners = self._points(np.hstack([rects[:, :2], rects[:, :2] + rects[:, 2:]]))
        boxes = np.stack(
            [corners[:, 0], corners[:, 3], corners[:, 2] - corners[:, 0], corners[:, 1] - corners[:, 3]], axis=1
        )
        path = _rows("%.9g %.9g %.9g %.9g re", np.round(boxes, 3))
        if item.stroke is None:
            self.out.append(f"{_rgb(item.color)} rg\n{path}\nf")
        else:
            pen = f"{_rgb(item.stroke.color)} RG {_mm(item.stroke.width)} w 0 J 0 j [] 0 d"
            self.out.append(f"{_rgb(item.color)} rg {pen}\n{path}\nB")

    def _dots(self, item: Dots) -> None:
        if not len(item.centres):
            return
        centres = self._points(item.centres)
        if item.ring_width is None:
            # A zero-length line with round caps is a disc: one short operator instead of four curves.
            doubled = np.hstack([centres, centres])
            path = _rows("%.9g %.9g m %.9g %.9g l", doubled)
            self.out.append(f"{_rgb(item.color)} RG {_mm(item.radius * 2)} w 1 J [] 0 d\n{path}\nS")
            return
        circle = _circle(item.radius - item.ring_width / 2)
        pen = f"{_rgb(item.color)} RG {_mm(item.ring_width)} w 0 J [] 0 d"
        rings = _rows(f"q 1 0 0 1 %.9g %.9g cm {circle} S Q", centres)
        self.out.append(f"{pen}\n{rings}")

    def _glyphs(self, item: Glyphs) -> None:
        face = symbol_face()
        symbol = face.drawable(item.symbol)
        if not len(item.points) or not symbol:
            return
        x0, y0, x1, y1 = face.ink(symbol)
        shift = np.array([-(x0 + x1) / 2, (y0 + y1) / 2]) * item.size
        starts = self._points(item.points + shift)
        moves = starts.copy()
        moves[1:] -= starts[:-1]  # Td counts from the last one; both are rounded, so nothing adds up
        shown = self._encode(face, symbol)
        lines = _rows(f"%.9g %.9g Td {shown} Tj", np.round(moves, 3))
        self.out.append(f"{_rgb(item.color)} rg BT {self._select(face, item.size)}\n{lines}\nET")

    def _lines(self, item: Lines) -> None:
        if not len(item.segments):
            return
        dash = "" if item.dash is None else " ".join(_mm(part) for part in item.dash)
        path = _rows("%.9g %.9g m %.9g %.9g l", self._points(item.segments))
        pen = f"{_rgb(item.color)} RG {_mm(item.width)} w {_CAPS[item.cap]} J [{dash}] 0 d"
        self.out.append(f"{pen}\n{path}\nS")

    def _text(self, item: Text) -> None:
        runs = self.font.runs(item.text, item.bold)
        if not runs:
            return
        share = {"start": 0.0, "middle": 0.5, "end": 1.0}[item.anchor]
        back = share * item.size * sum(face.width(part) for face, part in runs) if share else 0.0
        x, y = item.x * PT_PER_MM, (self.page.height_mm - item.y) * PT_PER_MM
        if item.rotate:
            angle = math.radians(-item.rotate)  # clockwise on a page with y down is negative with y up
            cos, sin = math.cos(angle), math.sin(angle)
            x, y = x - back * PT_PER_MM * cos, y - back * PT_PER_MM * sin
            matrix = " ".join(f"{round(value + 0.0, 6):.9g}" for value in (cos, sin, -sin, cos))
        else:
            x, matrix = x - back * PT_PER_MM, "1 0 0 1"
        shown = " ".join(f"{self._select(face, item.size)} {self._encode(face, part)} Tj" for face, part in runs)
        self.out.append(f"{_rgb(item.color)} rg BT {matrix} {round(x, 3):.9g} {round(y, 3):.9g} Tm {shown} ET")

    def _polygon(self, item: Polygon) -> None:
        if len(item.points) < 2 or (item.color is None and item.stroke is None):
            return
        points = self._points(item.points).tolist()
        path = " ".join(f"{x:.9g} {y:.9g} {'l' if i else 'm'}" for i, (x, y) in enumerate(points)) + " h"
        head = f"{_rgb(item.color)} rg " if item.color is not None else ""
        if item.stroke is not None:
            head += f"{_rgb(item.stroke.color)} RG {_mm(item.stroke.width)} w 0 J 0 j [] 0 d "
        paint = "f" if item.stroke is None else ("S" if item.color is None else "B")
        self.out.append(f"{head}{path} {paint}")

    def _picture(self, item: Picture) -> None:
        from PIL import Image

        rgb = item.rgb
        if item.pixelated:  # viewers smooth what they enlarge, so it is enlarged here
            rows, columns = rgb.shape[:2]
            times = max(1, math.ceil(item.w / 25.4 * _PICTURE_DPI / columns))
            times = max(1, min(times, math.isqrt(max(1, _PICTURE_PIXELS // (rows * columns)))))
            rgb = rgb.repeat(times, axis=0).repeat(times, axis=1)
        self._flush()
        self.pdf.image(Image.fromarray(rgb), x=item.x, y=item.y, w=item.w, h=item.h)

    def _face(self, face: Face) -> Any:
        """The embedded font object of a face, loaded when it is first used."""
        held = self.held.get(face.key)
        if held is None:
            key = face.key.lower()
            if key not in self.pdf.fonts:
                self.pdf.add_font(key, fname=face.core_path if self.small else face.path)
            held = self.held[face.key] = self.pdf.fonts[key]
        return held

    def _select(self, face: Face, size: float) -> str:
        return f"/F{self._face(face).i} {_mm(size)} Tf"

    def _encode(self, face: Face, text: str) -> str:
        codes = self.codes.get(face.key)
        if codes is None:
            codes = self.codes[face.key] = _Codes(self._face(face).subset.pick)
        return f"<{text.translate(codes)}>"


class _Codes(dict[int, str]):
    """For ``str.translate``: the glyph number of a character as four hexadecimal digits, asked for once a document."""

    def __init__(self, pick: Callable[[int], int]) -> None:
        super().__init__()
        self.pick = pick

    def __missing__(self, code: int) -> str:
        self[code] = digits = f"{self.pick(code):04X}"
        return digits


def _rows(pattern: str, values: Floats) -> str:
    """One line per row of numbers, formatted in one go."""
    return "\n".join([pattern] * len(values)) % tuple(values.ravel().tolist())


@functools.lru_cache(maxsize=1024)
def _rgb(color: RGB) -> str:
    return " ".join(f"{round(channel / 255, 4):g}" for channel in color)


@functools.lru_cache(maxsize=4096)
def _mm(length: float) -> str:
    return f"{round(length * PT_PER_MM, 3):.9g}"


def _circle(radius: float) -> str:
    """The path of a circle about the origin, radius in mm, in points."""
    r = radius * PT_PER_MM
    c = r * _CIRCLE
    corners = [(r, c, c, r, 0, r), (-c, r, -r, c, -r, 0), (-r, -c, -c, -r, 0, -r), (c, -r, r, -c, r, 0)]
    curves = " ".join(" ".join(f"{round(v, 3):.9g}" for v in corner) + " c" for corner in corners)
    return f"{round(r, 3):.9g} 0 m {curves} h"
