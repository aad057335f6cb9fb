"""Palette files that are binary: Adobe .ase and .aco, RIFF .pal, PNG strips. Lengths in a file are never trusted."""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Sequence

from .errors import PaletteError
from .palette import MAX_COLORS, clean
from .palette_text import Parsed, Swatch, check_count

MAX_PNG_PIXELS = 4_000_000
_GROUP_START, _GROUP_END, _COLOUR = 0xC001, 0xC002, 0x0001
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class _Bytes:
    """Reads forward through a file and says where it ends early."""

    def __init__(self, data: bytes, where: str) -> None:
        self.data, self.where, self.at = data, where, 0

    def take(self, count: int) -> bytes:
        if count < 0 or self.at + count > len(self.data):
            raise PaletteError(f"{self.where} ends at byte {len(self.data)}, too early", hint="fetch the file again")
        self.at += count
        return self.data[self.at - count : self.at]

    def numbers(self, code: str) -> tuple[int, ...]:
        return tuple(int(value) for value in struct.unpack(f">{code}", self.take(struct.calcsize(f">{code}"))))

    def text(self, units: int) -> str:
        """``units`` UTF-16 code units, the last a NUL."""
        return clean(self.take(2 * units).decode("utf-16-be", "replace").split("\0")[0])

    @property
    def left(self) -> int:
        return len(self.data) - self.at


def read_ase(data: bytes, where: str) -> Parsed:
    """Adobe Swatch Exchange: RGB, Gray and CMYK (converted naively) colours; LAB is refused. Groups are flattened."""
    file = _Bytes(data, where)
    if file.take(4) != b"ASEF":
        raise PaletteError(f"{where} is not an Adobe swatch file", hint="give an .ase file")
    _, _, blocks = file.numbers("HHI")
    name, swatches = "", list[Swatch]()
    for number in range(1, blocks + 1):
        if not file.left:
            break
        kind, length = file.numbers("HI")
        block = _Bytes(file.take(length), f"{where} block {number}")
        if kind == _GROUP_START and not name:
            name = block.text(block.numbers("H")[0])
        elif kind == _COLOUR:
            text = block.text(block.numbers("H")[0])
            swatches.append(Swatch(_ase_rgb(block), text))
            check_count(len(swatches), where)
        elif kind not in (_GROUP_START, _GROUP_END):
            raise PaletteError(f"{where} block {number} has the kind {kind:#06x}", hint="export it again as ASE")
    return name, swatches


def _ase_rgb(block: _Bytes) -> tuple[int, int, int]:
    model = block.take(4)
    count = {b"RGB ": 3, b"Gray": 1, b"GRAY": 1, b"CMYK": 4}.get(model)
    if count is None:
        shown = clean(model.decode("latin-1"))
        raise PaletteError(f"{block.where} is a colour in {shown}", hint="export the palette as RGB")
    values = struct.unpack(f">{count}f", block.take(4 * count))
    if not all(math.isfinite(value) for value in values):
        raise PaletteError(f"{block.where} holds a number that is none", hint="export the palette again")
    if count == 4:
        values = tuple((1 - min(max(ink, 0), 1)) * (1 - min(max(values[3], 0), 1)) for ink in values[:3])
    red, green, blue = (round(255 * min(max(value, 0), 1)) for value in (values * 3 if count == 1 else values))
    return red, green, blue


def write_ase(name: str, swatches: Sequence[Swatch]) -> bytes:
    """One group with RGB colours of the global kind."""
    blocks = [_block(_GROUP_START, _units(name, "H"))]
    for swatch in swatches:
        channels = struct.pack(">3f", *(value / 255 for value in swatch.rgb))
        blocks.append(_block(_COLOUR, _units(swatch.text, "H") + b"RGB " + channels + struct.pack(">H", 0)))
    blocks.append(_block(_GROUP_END, b""))
    return b"ASEF" + struct.pack(">HHI", 1, 0, len(blocks)) + b"".join(blocks)


def _block(kind: int, body: bytes) -> bytes:
    return struct.pack(">HI", kind, len(body)) + body


def _units(text: str, code: str) -> bytes:
    body = clean(text).encode("utf-16-be", "replace") + b"\0\0"
    return struct.pack(f">{code}", len(body) // 2) + body


def read_aco(data: bytes, where: str) -> Parsed:
    """Photoshop swatches: version 2 (with names) where it is there, else version 1. RGB only."""
    file = _Bytes(data, where)
    version, count = file.numbers("HH")
    if version not in (1, 2):
        raise PaletteError(f"{where} is not a Photoshop swatch file", hint="give an .aco file")
    check_count(count, where)
    swatches = _aco_colours(file, count, named=version == 2)
    if version == 1 and file.left >= 4:
        second, named_count = file.numbers("HH")
        if second == 2 and named_count == count:
            swatches = _aco_colours(file, count, named=True)
    return "", swatches


def _aco_colours(file: _Bytes, count: int, *, named: bool) -> list[Swatch]:
    swatches = []
    for number in range(1, count + 1):
        space, red, green, blue, _ = file.numbers("HHHHH")
        text = ""
        if named:
            units = file.numbers("I")[0]
            text = file.text(units) if units <= file.left // 2 else str(file.take(file.left + 1))
        if space != 0:
            raise PaletteError(
                f"{file.where} colour {number} is in colour space {space}", hint="save the swatches as RGB"
            )
        swatches.append(Swatch((round(red / 257), round(green / 257), round(blue / 257)), text))
    return swatches


def write_aco(name: str, swatches: Sequence[Swatch]) -> bytes:
    """Version 1, then version 2 with names, as Photoshop itself writes."""
    rows = [struct.pack(">HHHHH", 0, *(value * 257 for value in swatch.rgb), 0) for swatch in swatches]
    named = (row + _units(swatch.text, "I") for row, swatch in zip(rows, swatches, strict=True))
    count = len(swatches)
    return struct.pack(">HH", 1, count) + b"".join(rows) + struct.pack(">HH", 2, count) + b"".join(named)


def read_riff(data: bytes, where: str) -> Parsed:
    """Microsoft RIFF palette: chunk ``data`` with a version, a count and R G B flag rows."""
    at = 12
    if data[:4] != b"RIFF" or data[8:12] != b"PAL ":
        raise PaletteError(f"{where} is not a RIFF palette", hint="give a .pal file")
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + length]
        if kind == b"data":
            if len(body) < 4 or len(body) < 4 + 4 * (count := int.from_bytes(body[2:4], "little")):
                break
            check_count(count, where)
            return "", [Swatch((body[i], body[i + 1], body[i + 2])) for i in range(4, 4 + 4 * count, 4)]
        at += 8 + length + length % 2
    raise PaletteError(f"{where}: the RIFF palette is cut off", hint="fetch the file again")


def read_png(data: bytes, where: str) -> Parsed:
    """The colours of a picture in reading order, each once; a pixel of alpha below 128 is none."""
    from PIL import Image

    file = _Bytes(data, where)
    file.take(16)
    width, height = file.numbers("II")
    if width * height > MAX_PNG_PIXELS:
        raise PaletteError(f"{where} has {width} x {height} pixels", hint="a palette picture is a small strip")
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            raw = picture.convert("RGBA").tobytes()
    except Exception as error:  # whatever a decoder does with a damaged file
        raise PaletteError(f"{where} cannot be read as PNG: {clean(str(error))}", hint="fetch it again") from None
    seen: dict[tuple[int, int, int], None] = {}
    for red, green, blue, alpha in struct.iter_unpack("4B", raw):
        if alpha >= 128:
            seen[red, green, blue] = None
            if len(seen) > MAX_COLORS:
                raise PaletteError(f"{where} has more than {MAX_COLORS} colours", hint="give a strip, not a photo")
    return "", [Swatch(rgb) for rgb in seen]


def write_png(name: str, swatches: Sequence[Swatch], *, side: int = 1) -> bytes:
    """A strip of squares of ``side`` pixels, one a colour, in one row."""
    row = b"\0" + b"".join(bytes(swatch.rgb) * side for swatch in swatches)
    head = struct.pack(">IIBBBBB", side * len(swatches), side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(row * side, 9)), (b"IEND", b""))
    return _PNG_SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
