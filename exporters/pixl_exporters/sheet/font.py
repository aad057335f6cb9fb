"""The one font of every sheet: measuring, missing characters, wrapping and shortening.

Widths and ink boxes of the shipped faces come from a table next to the font file (``scripts/fetch_fonts.py`` writes
it), so that laying out a page opens no font. A font handed in with ``Font.from_file`` is measured by fontTools and
draws labels only: chart symbols always come from the shipped face, so that they look the same in every file, and so
do characters the handed-in font lacks.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pixl_exporters.sheet.model import Sheet, Text

CAP_HEIGHT = 0.729
"""Height of a capital in em (DejaVu Sans)."""
ASCENT = 0.928
DESCENT = 0.236
LINE_HEIGHT = 1.25
"""Comfortable distance of baselines in em."""
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

CORE = (
    (0x20, 0x7E),
    (0xA0, 0x17F),
    (0x2010, 0x203A),
    (0x20AC, 0x20AC),
    (0x2190, 0x2199),
    (0x25A0, 0x25FF),
    (0xFFFD, 0xFFFD),
)
"""Code points, first and last, in the small twins of the shipped faces, beside the chart symbols. A PDF that needs no
other is written from the twin: parsing 600 glyphs instead of 6,000 saves a tenth of a second a face and file."""

_FOLDER = Path(__file__).parent / "fonts"
_FILE_CAP = 64 * 2**20


class Face:
    """One font file with its measures in em: advance widths and ink boxes (y up, 0 on the baseline)."""

    __slots__ = ("_advance", "_boxes", "_rows", "_widths", "key", "path", "shipped")

    def __init__(self, key: str, path: Path, boxes: NDArray[np.float64], codes: list[int], shipped: bool) -> None:
        self.key = key
        self.path = path
        self.shipped = shipped
        self._boxes = boxes  # [N, 5] em: advance, x0, y0, x1, y1
        self._rows = dict(zip(codes, range(len(codes)), strict=True))
        self._advance = dict(zip(map(chr, codes), boxes[:, 0].tolist(), strict=True))
        self._widths: dict[str, float] = {}

    def has(self, char: str) -> bool:
        return ord(char) in self._rows

    @property
    def core_path(self) -> Path:
        """The small twin of a shipped face; another face's own file."""
        return self.path.with_name(f"{self.path.stem}.core.ttf") if self.shipped else self.path

    def drawable(self, text: str) -> str:
        """The text, cleaned, with characters that are not there replaced."""
        return "".join(char if ord(char) in self._rows else REPLACEMENT for char in clean_text(text))

    def width(self, text: str) -> float:
        """Advance of a text in em; characters that are not there count nothing."""
        found = self._widths.get(text)
        if found is None:
            advance = self._advance
            found = self._widths[text] = sum(advance.get(char, 0.0) for char in text)
        return found

    def ink(self, text: str) -> tuple[float, float, float, float]:
        """Ink box (x0, y0, x1, y1) of a text in em, from the pen's start; zeros for nothing but blanks."""
        pen = 0.0
        boxes: list[tuple[float, float, float, float]] = []
        for char in text:
            row = self._rows.get(ord(char))
            if row is None:
                continue
            advance, x0, y0, x1, y1 = (float(value) for value in self._boxes[row])
            if x1 > x0 and y1 > y0:
                boxes.append((pen + x0, y0, pen + x1, y1))
            pen += advance
        if not boxes:
            return (0.0, 0.0, 0.0, 0.0)
        left, bottom, right, top = zip(*boxes, strict=True)
        return (min(left), min(bottom), max(right), max(top))


@dataclass(frozen=True, slots=True, kw_only=True)
class Font:
    """Faces to draw labels with, in order of preference; the first that has a character draws it."""

    regular: tuple[Face, ...]
    bold: tuple[Face, ...]

    @classmethod
    def from_file(cls, path: Path, *, bold: Path | None = None) -> Font:
        """A font in place of the shipped one, for labels.

        Raises:
            ExportError: no such file, not a TrueType or OpenType font, or its licence bits forbid embedding.
        """
        regular = _open_face(path, "custom")
        heavy = _open_face(bold, "custom-bold") if bold is not None else regular
        return cls(regular=(regular, shipped_face("DejaVuSans")), bold=(heavy, shipped_face("DejaVuSans-Bold")))

    def faces(self, bold: bool = False) -> tuple[Face, ...]:
        return self.bold if bold else self.regular

    def runs(self, text: str, bold: bool = False) -> list[tuple[Face, str]]:
        """What is drawn for a text: cleaned, cut where the face changes, missing characters replaced."""
        return _runs(self.faces(bold), clean_text(text))

    def missing(self, text: str, bold: bool = False) -> set[str]:
        """Characters of a text that no face can draw; they are drawn as ``REPLACEMENT``."""
        faces = self.faces(bold)
        return {char for char in clean_text(text) if not any(face.has(char) for face in faces)}

    def width(self, text: str, size: float, bold: bool = False) -> float:
        """Advance width in mm of one line of text at an em of ``size`` mm."""
        return size * sum(face.width(part) for face, part in self.runs(text, bold))


@functools.lru_cache(maxsize=8192)
def _runs(faces: tuple[Face, ...], text: str) -> list[tuple[Face, str]]:
    first = faces[0]
    if all(map(first.has, text)):
        return [(first, text)] if text else []
    runs: list[tuple[Face, str]] = []
    for char in text:
        face = next((face for face in faces if face.has(char)), faces[-1])
        shown = char if face.has(char) else REPLACEMENT
        if runs and runs[-1][0] is face:
            runs[-1] = (face, runs[-1][1] + shown)
        else:
            runs.append((face, shown))
    return runs


@functools.cache
def shipped_face(name: str) -> Face:
    """``DejaVuSans`` or ``DejaVuSans-Bold``, measured from its table; the font file itself is not opened."""
    lines = (_FOLDER / f"{name}.metrics.txt").read_text(encoding="ascii").split("\n", 2)
    units = float(lines[1].split()[-1])
    table = np.fromstring(lines[2], dtype=np.int64, sep=" ").reshape(-1, 6)
    return Face(name, _FOLDER / f"{name}.ttf", table[:, 1:] / units, table[:, 0].tolist(), True)


@functools.cache
def default_font() -> Font:
    """The shipped font, DejaVu Sans and its bold."""
    return Font(regular=(shipped_face("DejaVuSans"),), bold=(shipped_face("DejaVuSans-Bold"),))


def symbol_face() -> Face:
    """The face that draws every ``Glyphs`` item, whatever font draws the labels."""
    return shipped_face("DejaVuSans")


@functools.cache
def core_characters() -> frozenset[str]:
    """What the small twins hold."""
    from pixl_exporters.sheet.symbols import symbol_table

    ranged = (chr(code) for first, last in CORE for code in range(first, last + 1))
    return frozenset((*ranged, *"".join(symbol_table().chars)))


def measure_font(path: Path) -> tuple[int, list[list[int]]]:
    """Units per em and rows of code point, advance, x0, y0, x1, y1 of a font file, by fontTools (about 0.1 s)."""
    from fontTools.pens.boundsPen import BoundsPen
    from fontTools.ttLib import TTFont

    with TTFont(path, fontNumber=0, lazy=True) as file:
        glyphs = file.getGlyphSet()
        advances = file["hmtx"].metrics
        table = file.get("glyf")
        rows = []
        for code, name in sorted(file.getBestCmap().items()):
            if table is not None:
                glyph = table[name]
                box = tuple(getattr(glyph, side, 0) for side in ("xMin", "yMin", "xMax", "yMax"))
            else:
                pen = BoundsPen(glyphs)
                glyphs[name].draw(pen)
                box = tuple(round(side) for side in pen.bounds or (0, 0, 0, 0))
            rows.append([code, advances[name][0], *box])
        return int(file["head"].unitsPerEm), rows


def _open_face(path: Path, key: str) -> Face:
    from pixl.errors import ExportError

    hint = "name a .ttf or .otf file whose licence allows embedding"
    if not path.is_file():
        raise ExportError(f"no font file at {str(path)!r}", hint=hint)
    if path.stat().st_size > _FILE_CAP:
        raise ExportError(f"font file {path.name!r} is larger than 64 MiB", hint=hint)
    try:
        units, rows = measure_font(path)
        restricted = _forbids_embedding(path)
        _try_out(path, chr(rows[len(rows) // 2][0]))
    except Exception as error:  # a broken font fails in fontTools in any way it likes
        raise ExportError(f"{path.name!r} cannot be read as a font ({type(error).__name__})", hint=hint) from error
    if restricted:
        raise ExportError(f"the licence bits of font {path.name!r} forbid embedding it in a document", hint=hint)
    if not rows or not 16 <= units <= 16384:
        raise ExportError(f"font {path.name!r} maps no characters", hint=hint)
    table = np.array(rows, dtype=np.int64)
    return Face(key, path, table[:, 1:] / float(units), table[:, 0].tolist(), False)


def _try_out(path: Path, char: str) -> None:
    """Embed and draw one character, so that a font that the renderers cannot use fails here and not in a file."""
    from fpdf import FPDF
    from PIL import ImageFont

    ImageFont.truetype(str(path), 20).getbbox(char)
    pdf = FPDF()
    pdf.add_font("trial", fname=path)
    pdf.add_page()
    pdf.set_font("trial", size=10)
    pdf.text(10, 10, char)
    pdf.output()


def _forbids_embedding(path: Path) -> bool:
    from fontTools.ttLib import TTFont

    with TTFont(path, fontNumber=0, lazy=True) as file:
        return bool(file["OS/2"].fsType & 0x0002) if "OS/2" in file else False


@functools.lru_cache(maxsize=4096)
def clean_text(text: str) -> str:
    """One line that every writer can hold, in composed form (NFC): white space and line ends become blanks; control
    and format characters and variation selectors go; lone surrogates and noncharacters become ``REPLACEMENT``."""
    if text.isascii() and text.isprintable():
        return text
    kept = []
    for char in unicodedata.normalize("NFC", text):
        kind, code = unicodedata.category(char), ord(char)
        if char.isspace() or kind in ("Zl", "Zp"):
            kept.append(" ")
        elif kind == "Cs" or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
            kept.append(REPLACEMENT)
        elif kind in ("Cc", "Cf") or 0xFE00 <= code <= 0xFE0F or 0xE0000 <= code <= 0xE0FFF:
            continue
        else:
            kept.append(char)
    return "".join(kept)


def text_width(text: str, size: float, *, bold: bool = False, font: Font | None = None) -> float:
    """Width in mm of one line of text at an em of ``size`` mm."""
    return (font or default_font()).width(text, size, bold)


def shorten(text: str, size: float, width: float, *, bold: bool = False, font: Font | None = None) -> str:
    """The text, or as much of it as fits ``width`` mm with an ellipsis at its end (empty when nothing fits)."""
    font = font or default_font()
    text = clean_text(text)
    if font.width(text, size, bold) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if font.width(text[:middle].rstrip() + "…", size, bold) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…" if low else ""


def wrap(
    text: str,
    size: float,
    width: float,
    *,
    bold: bool = False,
    font: Font | None = None,
    max_lines: int | None = None,
) -> list[str]:
    """Lines no wider than ``width`` mm, broken at blanks and kept line ends, within a word only when it must.

    With ``max_lines`` the last line is shortened with an ellipsis when text is left over. A single character wider
    than ``width`` still gets a line of its own.
    """
    font = font or default_font()
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for word in clean_text(paragraph).split(" "):
            trial = f"{line} {word}" if line else word
            if font.width(trial, size, bold) <= width:
                line = trial
                continue
            if line:
                lines.append(line)
            line = word
            while len(line) > 1 and font.width(line, size, bold) > width:
                cut = _fitting(line, size, width, bold, font)
                lines.append(line[:cut])
                line = line[cut:]
        lines.append(line)
    if max_lines is not None and len(lines) > max_lines:
        rest = " ".join(lines[max_lines - 1 :])
        lines = [*lines[: max_lines - 1], shorten(rest, size, width, bold=bold, font=font)]
    return lines


def _fitting(word: str, size: float, width: float, bold: bool, font: Font) -> int:
    """How many leading characters of a word fit, at least one."""
    count = 1
    while count < len(word) and font.width(word[: count + 1], size, bold) <= width:
        count += 1
    return count


def symbol_size(symbols: Sequence[str], width: float, height: float, *, fill: float = 0.7) -> float:
    """The one em size in mm at which the ink of every symbol fits ``fill`` of a cell of ``width`` x ``height`` mm."""
    face = symbol_face()
    boxes = [face.ink(symbol) for symbol in symbols]
    wide = max((x1 - x0 for x0, _, x1, _ in boxes), default=0.0) or 1.0
    tall = max((y1 - y0 for _, y0, _, y1 in boxes), default=0.0) or 1.0
    return fill * min(width / wide, height / tall)


def symbol_sizes(symbols: Sequence[str], width: float, height: float, *, fill: float = 0.7) -> list[float]:
    """An em size in mm for each symbol: one for the single glyphs, a smaller one for the two-character codes, which
    may use 0.9 of the cell's width. So a few codes do not shrink every symbol of a chart."""
    singles = [symbol for symbol in symbols if len(symbol) == 1]
    codes = [symbol for symbol in symbols if len(symbol) > 1]
    size = symbol_size(singles, width, height, fill=fill)
    small = min(size, symbol_size(codes, width, height, fill=max(fill, 0.9))) if codes else size
    return [size if len(symbol) == 1 else small for symbol in symbols]


def missing_characters(sheet: Sheet, font: Font | None = None) -> list[str]:
    """Characters of a sheet's labels that no face can draw, sorted; files show ``REPLACEMENT`` in their place.

    Renderers never fail on them; the caller tells the person (and that ``--font FILE`` would draw them).
    """
    font = font or default_font()
    found: set[str] = set()
    for page in sheet.pages:
        for item in page.walk():
            if isinstance(item, Text):
                found |= font.missing(item.text, item.bold)
    return sorted(found)
