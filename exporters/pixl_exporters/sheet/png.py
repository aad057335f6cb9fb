"""Draw the pages of a sheet as PNG at a given resolution.

Upright edges (cells, grid lines) fall on whole pixels, so that a chart stays crisp; everything round, slanted or
lettered is smoothed. One stamp is drawn per symbol and dot and pasted, so a page costs little more than its pixels.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from pixl.embedded import PNG_KEYWORD
from pixl_exporters.sheet.font import Face, Font, clean_text, default_font, symbol_face
from pixl_exporters.sheet.model import (
    MM_PER_INCH,
    RGB,
    WHITE,
    Cells,
    Dots,
    Floats,
    Glyphs,
    Lines,
    Page,
    Picture,
    Polygon,
    Sheet,
    Text,
)

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

MAX_PIXELS = 250_000_000
_SMOOTH = 4  # sub-pixels a side for shapes that are not upright
_SUBPIXEL = 4  # positions a side at which a stamp is drawn, so that rows of symbols keep their rhythm


def render_png(
    sheet: Sheet,
    *,
    dpi: float = 150.0,
    font: Font | None = None,
    background: RGB = WHITE,
    document: bytes | None = None,
) -> list[bytes]:
    """Each page as one PNG file, in page order, its resolution recorded (``pHYs``).

    Args:
        sheet: what to draw.
        dpi: pixels per inch, 10 to 2400.
        font: what labels are drawn with; the shipped font by default.
        background: colour of the paper.
        document: a ``.pixl`` document to carry in the first page (an ``iTXt`` chunk); ``pixl.embedded`` finds it.

    Raises:
        ExportError: a resolution outside the range, or a page of more than 250 megapixels.
    """
    from pixl.errors import ExportError

    if not 10.0 <= dpi <= 2400.0:
        raise ExportError(f"{dpi:g} dots per inch is outside 10 to 2400", hint="use 150 for screens, 300 for print")
    files = []
    for number, page in enumerate(sheet.pages):
        width, height = (max(1, round(side / MM_PER_INCH * dpi)) for side in (page.width_mm, page.height_mm))
        if width * height > MAX_PIXELS:
            raise ExportError(
                f"a page of {width} x {height} pixels is more than 250 megapixels", hint="use a lower resolution"
            )
        painter = _Painter(page, (width, height), dpi / MM_PER_INCH, font or default_font(), background)
        files.append(_encode(painter.paint(), dpi, sheet, page, document if number == 0 else None))
    return files


def _encode(image: Image.Image, dpi: float, sheet: Sheet, page: Page, document: bytes | None) -> bytes:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    title = " - ".join(part for part in (clean_text(sheet.title), clean_text(page.name)) if part)
    if title:
        info.add_itxt("Title", title)
    if document is not None:
        info.add_itxt(PNG_KEYWORD, document.decode("utf-8"))
    file = io.BytesIO()
    image.save(file, "PNG", dpi=(dpi, dpi), pnginfo=info, compress_level=3)
    return file.getvalue()


class _Painter:
    def __init__(self, page: Page, size: tuple[int, int], scale: float, font: Font, background: RGB) -> None:
        from PIL import Image, ImageDraw

        self.page = page
        self.scale = scale  # pixels per mm
        self.font = font
        self.image: Image.Image = Image.new("RGB", size, background)
        self.draw: ImageDraw.ImageDraw = ImageDraw.Draw(self.image)
        self.fonts: dict[tuple[str, float], ImageFont.FreeTypeFont] = {}

    def paint(self) -> Image.Image:
        draw: dict[type, Callable[[Any], None]] = {
            Cells: self._cells,
            Dots: self._dots,
            Glyphs: self._glyphs,
            Lines: self._lines,
            Text: self._text,
            Polygon: self._polygon,
            Picture: self._picture,
        }
        for item in self.page.walk():
            draw[type(item)](item)
        return self.image

    def _cells(self, item: Cells) -> None:
        corners = np.hstack([item.rects[:, :2], item.rects[:, :2] + item.rects[:, 2:]])
        for x0, y0, x1, y1 in _snap(corners * self.scale):
            self.draw.rectangle(
                (x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)), fill=item.color
            )  # never thinner than a pixel
        if item.stroke is not None:
            for x0, y0, x1, y1 in corners.tolist():
                sides = [(x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)]
                for side in sides:
                    self._straight(*side, item.stroke.width, item.stroke.color, item.stroke.width / 2)

    def _straight(
        self, x1: float, y1: float, x2: float, y2: float, width: float, color: RGB, extend: float = 0.0
    ) -> None:
        """An upright line, a whole number of pixels wide and at least one, on whole pixels."""
        pen = max(1, round(width * self.scale))
        extra = extend * self.scale
        left, right = sorted((x1 * self.scale, x2 * self.scale))
        top, bottom = sorted((y1 * self.scale, y2 * self.scale))
        if y1 == y2:
            x0, xe = _half_up(left - extra), _half_up(right + extra)
            y0 = _half_up(top - pen / 2)
            box = (x0, y0, max(x0, xe - 1), y0 + pen - 1)
        else:
            y0, ye = _half_up(top - extra), _half_up(bottom + extra)
            x0 = _half_up(left - pen / 2)
            box = (x0, y0, x0 + pen - 1, max(y0, ye - 1))
        self.draw.rectangle(box, fill=color)

    def _lines(self, item: Lines) -> None:
        extend = 0.0 if item.cap == "butt" else item.width / 2
        slanted = []
        for x1, y1, x2, y2 in item.segments.tolist():
            if item.dash is not None:
                for part in _dashes(x1, y1, x2, y2, item.dash):
                    if x1 == x2 or y1 == y2:
                        self._straight(*part, item.width, item.color, extend)
                    else:
                        slanted.append(part)
            elif x1 == x2 or y1 == y2:
                self._straight(x1, y1, x2, y2, item.width, item.color, extend)
            else:
                slanted.append((x1, y1, x2, y2))
        for x1, y1, x2, y2 in slanted:
            length = math.hypot(x2 - x1, y2 - y1)
            if length == 0:
                continue
            ux, uy = (x2 - x1) / length, (y2 - y1) / length
            half = max(item.width, 1.0 / self.scale) / 2
            nx, ny = -uy * half, ux * half
            ex, ey = ux * extend, uy * extend
            corners = [
                (x1 - ex + nx, y1 - ey + ny),
                (x2 + ex + nx, y2 + ey + ny),
                (x2 + ex - nx, y2 + ey - ny),
                (x1 - ex - nx, y1 - ey - ny),
            ]
            self._fill(np.array(corners), item.color)

    def _polygon(self, item: Polygon) -> None:
        points = item.points
        if len(points) < 2:
            return
        if item.color is not None and len(points) > 2:
            self._fill(points, item.color)
        if item.stroke is not None:
            ends = np.roll(points, -1, axis=0)
            segments = np.hstack([points, ends])
            self._lines(Lines(color=item.stroke.color, width=item.stroke.width, segments=segments, cap="square"))

    def _fill(self, points: Floats, color: RGB) -> None:
        """A filled shape with smooth edges, drawn larger in its own box and pasted through a mask."""
        from PIL import Image, ImageDraw

        pixels = points * self.scale
        x0, y0 = (math.floor(value) for value in pixels.min(axis=0))
        x1, y1 = (math.ceil(value) + 1 for value in pixels.max(axis=0))
        x0, y0 = max(x0, 0), max(y0, 0)
        x1, y1 = min(x1, self.image.width), min(y1, self.image.height)
        if x1 <= x0 or y1 <= y0:
            return
        mask = Image.new("L", ((x1 - x0) * _SMOOTH, (y1 - y0) * _SMOOTH))
        outline = [((x - x0) * _SMOOTH - 0.5, (y - y0) * _SMOOTH - 0.5) for x, y in pixels.tolist()]
        ImageDraw.Draw(mask).polygon(outline, fill=255)
        self.image.paste(color, (x0, y0), mask.reduce(_SMOOTH))

    def _dots(self, item: Dots) -> None:
        outer = item.radius * self.scale
        inner = outer - item.ring_width * self.scale if item.ring_width is not None else None
        self._stamp(item.centres * self.scale, item.color, lambda dx, dy: _disc(outer, inner, dx, dy))

    def _glyphs(self, item: Glyphs) -> None:
        face = symbol_face()
        symbol = face.drawable(item.symbol)
        x0, y0, x1, y1 = (value * item.size * self.scale for value in face.ink(symbol))
        if x1 <= x0 or not len(item.points):
            return
        reach = max(x1 - x0, y1 - y0) / 2 + 1
        side = 2 * math.ceil(reach) + 2

        def stamp(dx: float, dy: float) -> Image.Image:
            start = (side / 2 + dx - (x0 + x1) / 2, side / 2 + dy + (y0 + y1) / 2)
            return self._lettering([(face, symbol)], item.size, start, (side, side))

        self._stamp(item.points * self.scale, item.color, stamp)

    def _stamp(self, centres: Floats, color: RGB, draw: Callable[[float, float], Image.Image]) -> None:
        """Paste a stamp at each centre, drawn once for each of a few positions within a pixel."""
        stamps: dict[tuple[int, int], Image.Image] = {}
        steps = np.floor(centres * _SUBPIXEL + 0.5).astype(np.int64)
        for sx, sy in steps.tolist():
            px, fx = divmod(sx, _SUBPIXEL)
            py, fy = divmod(sy, _SUBPIXEL)
            mask = stamps.get((fx, fy))
            if mask is None:
                mask = stamps[fx, fy] = draw(fx / _SUBPIXEL, fy / _SUBPIXEL)
            self.image.paste(color, (px - mask.width // 2, py - mask.height // 2), mask)

    def _text(self, item: Text) -> None:
        from PIL import Image

        runs = self.font.runs(item.text, item.bold)
        if not runs:
            return
        width = item.size * sum(face.width(part) for face, part in runs)
        back = {"start": 0.0, "middle": 0.5, "end": 1.0}[item.anchor] * width * self.scale
        x, y = item.x * self.scale, item.y * self.scale
        if not item.rotate:
            left, top = math.floor(x - back) - 1, math.floor(y - 1.2 * item.size * self.scale)
            box = (math.ceil(width * self.scale) + 4, math.ceil(1.7 * item.size * self.scale) + 2)
            mask = self._lettering(runs, item.size, (x - back - left, y - top), box)
            self.image.paste(item.color, (left, top), mask)
            return
        # Turned text is drawn level in a square about its anchor and the square is turned.
        reach = math.ceil((width + 2 * item.size) * self.scale) + 2
        left, top = math.floor(x) - reach, math.floor(y) - reach
        start = (x - left - back, y - top)
        mask = self._lettering(runs, item.size, start, (2 * reach, 2 * reach))
        mask = mask.rotate(-item.rotate, Image.Resampling.BICUBIC, center=(x - left, y - top))
        self.image.paste(item.color, (left, top), mask)

    def _lettering(
        self, runs: list[tuple[Face, str]], size: float, start: tuple[float, float], box: tuple[int, int]
    ) -> Image.Image:
        """A mask of ``box`` pixels with text whose pen starts at ``start``.

        Drawn larger and reduced: at its own few pixels the font's hinting would move every letter to whole pixels
        and lines would come out longer than they were measured.
        """
        from PIL import Image, ImageDraw

        mask = Image.new("L", (box[0] * _SMOOTH, box[1] * _SMOOTH))
        pen = ImageDraw.Draw(mask)
        x = start[0] * _SMOOTH
        for face, part in runs:
            font = self._font(face, size)
            pen.text((x, start[1] * _SMOOTH), part, fill=255, font=font, anchor="ls")
            x += face.width(part) * size * self.scale * _SMOOTH
        return mask.reduce(_SMOOTH)

    def _picture(self, item: Picture) -> None:
        from PIL import Image

        x0, y0 = _half_up(item.x * self.scale), _half_up(item.y * self.scale)
        x1, y1 = _half_up((item.x + item.w) * self.scale), _half_up((item.y + item.h) * self.scale)
        if x1 <= x0 or y1 <= y0:
            return
        shrinks = x1 - x0 < item.rgb.shape[1] or y1 - y0 < item.rgb.shape[0]
        how = Image.Resampling.NEAREST if item.pixelated and not shrinks else Image.Resampling.BICUBIC
        how = Image.Resampling.BOX if item.pixelated and shrinks else how
        self.image.paste(Image.fromarray(item.rgb).resize((x1 - x0, y1 - y0), how), (x0, y0))

    def _font(self, face: Face, size: float) -> ImageFont.FreeTypeFont:
        from PIL import ImageFont

        pixels = size * self.scale * _SMOOTH
        key = (face.key, pixels)
        if key not in self.fonts:
            basic = ImageFont.Layout.BASIC  # the advances that text was measured with, whatever is installed
            self.fonts[key] = ImageFont.truetype(str(face.path), pixels, layout_engine=basic)
        return self.fonts[key]


def _disc(outer: float, inner: float | None, dx: float, dy: float) -> Image.Image:
    """A smooth disc or ring in a square, its centre (dx, dy) pixels off the square's middle."""
    from PIL import Image, ImageDraw

    side = 2 * math.ceil(outer + 1) + 2
    mask = Image.new("L", (side * _SMOOTH, side * _SMOOTH))
    pen = ImageDraw.Draw(mask)
    x, y = (side / 2 + dx) * _SMOOTH, (side / 2 + dy) * _SMOOTH
    for radius, value in ((outer, 255), (inner, 0)):
        if radius is not None and radius > 0:
            r = radius * _SMOOTH
            pen.ellipse((x - r, y - r, x + r - 1, y + r - 1), fill=value)
    return mask.reduce(_SMOOTH)


def _dashes(
    x1: float, y1: float, x2: float, y2: float, dash: tuple[float, float]
) -> list[tuple[float, float, float, float]]:
    """A line cut into its dashes."""
    on, off = dash
    length = math.hypot(x2 - x1, y2 - y1)
    if length == 0 or on <= 0 or on + off <= 0 or length / (on + off) > 100_000:
        return [(x1, y1, x2, y2)]
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    parts = []
    for k in range(math.ceil(length / (on + off))):
        start = k * (on + off)
        end = min(start + on, length)
        parts.append((x1 + ux * start, y1 + uy * start, x1 + ux * end, y1 + uy * end))
    return parts


def _snap(corners: Floats) -> list[list[int]]:
    """Pixel edges, halves up: neighbours that share an edge share it after rounding too."""
    return np.floor(corners + 0.5 + 1e-9).astype(np.int64).tolist()  # type: ignore[no-any-return]


def _half_up(value: float) -> int:
    return math.floor(value + 0.5 + 1e-9)
