"""Palette files that are text: .hex, GIMP .gpl, JASC .pal, Paint.NET .txt. Read from strangers, so capped and exact.

A reader takes the text and a name for error messages and returns the palette's name and its ``Swatch`` rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .color import hex_to_rgb
from .errors import PaletteError
from .palette import MAX_COLORS, clean

_INTEGER = re.compile(r"^[0-9]{1,3}$")


@dataclass(frozen=True, slots=True)
class Swatch:
    """One colour as a palette file has it: sRGB 0..255, and the text beside it or ''."""

    rgb: tuple[int, int, int]
    text: str = ""


Parsed = tuple[str, list[Swatch]]


def decode(data: bytes, where: str) -> str:
    """UTF-8 text, or Latin-1 as older programs write; raises PaletteError for what is no text at all."""
    if b"\0" in data:
        raise PaletteError(f"{where} is not text", hint="give a palette file, or name its format with --from")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if line.strip():
            yield number, line.strip()


def _integers(words: Sequence[str], where: str, line: int) -> tuple[int, int, int]:
    values = [int(word) if _INTEGER.match(word) else -1 for word in words[:3]]
    if len(values) < 3 or not all(0 <= value <= 255 for value in values):
        shown = clean(" ".join(words))[:40]
        raise PaletteError(f"{where} line {line}: '{shown}' is not a colour", hint="write three numbers of 0 to 255")
    return values[0], values[1], values[2]


def _hexadecimal(word: str, where: str, line: int) -> tuple[int, int, int]:
    digits = word.removeprefix("#").removeprefix("0x")
    try:
        return hex_to_rgb(digits[2:] if len(digits) == 8 else digits)
    except PaletteError:
        raise PaletteError(
            f"{where} line {line}: '{clean(word)[:40]}' is not a colour",
            hint="write six hexadecimal digits, such as 1B2A34",
        ) from None


def check_count(count: int, where: str) -> None:
    """Raise PaletteError beyond MAX_COLORS."""
    if count > MAX_COLORS:
        raise PaletteError(f"{where}: more than {MAX_COLORS} colours", hint="a palette is a small table")


def read_hex(data: bytes, where: str) -> Parsed:
    """One RRGGBB a line, ``#`` optional; blank lines and lines that begin with ``;`` or ``//`` are passed over."""
    swatches: list[Swatch] = []
    for number, line in _lines(decode(data, where)):
        if line.startswith((";", "//")):
            continue
        swatches.append(Swatch(_hexadecimal(line, where, number)))
        check_count(len(swatches), where)
    return "", swatches


def read_paintnet(data: bytes, where: str) -> Parsed:
    """Paint.NET: one AARRGGBB a line, ``;`` begins a comment; the palette's name may be in one. Alpha is not kept."""
    name, swatches = "", list[Swatch]()
    for number, line in _lines(decode(data, where)):
        key, colon, value = line.lstrip("; ").partition(":")
        if line.startswith(";"):
            if colon and key.strip().casefold() == "palette name":
                name = clean(value)
            continue
        swatches.append(Swatch(_hexadecimal(line.split(";")[0].strip(), where, number)))
        check_count(len(swatches), where)
    return name, swatches


def read_gpl(data: bytes, where: str) -> Parsed:
    """GIMP: ``GIMP Palette``, optional Name, Columns and Channels lines, then ``R G B text`` rows, ``#`` comments."""
    lines = _lines(decode(data, where))
    number, first = next(lines, (1, ""))
    if first != "GIMP Palette":
        raise PaletteError(f"{where} line {number}: no 'GIMP Palette'", hint="give a .gpl file")
    name, alpha, swatches = "", False, list[Swatch]()
    for number, line in lines:
        key, colon, value = line.partition(":")
        if line.startswith("#") or (colon and not swatches and key in ("Name", "Columns", "Channels")):
            name = clean(value) if key == "Name" else name
            alpha = alpha or (key == "Channels" and value.strip() == "RGBA")
            continue
        words = line.split(maxsplit=4 if alpha else 3)
        text = words[4 if alpha else 3 :]
        swatches.append(Swatch(_integers(words, where, number), clean(text[0]) if text else ""))
        check_count(len(swatches), where)
    return name, [Swatch(s.rgb, "" if s.text == "Untitled" else s.text) for s in swatches]


def read_jasc(data: bytes, where: str) -> Parsed:
    """JASC (Paint Shop Pro): ``JASC-PAL``, ``0100``, the count, then ``R G B`` rows, perhaps with a fourth number."""
    lines = list(_lines(decode(data, where)))
    heads = [line for _, line in lines[:3]]
    if len(heads) < 3 or heads[0] != "JASC-PAL" or heads[1] != "0100" or not re.fullmatch("[0-9]{1,6}", heads[2]):
        raise PaletteError(f"{where}: not a JASC palette", hint="its first lines are JASC-PAL, 0100 and the count")
    count = int(heads[2])
    check_count(count, where)
    if len(lines) - 3 != count:
        raise PaletteError(f"{where} line 3: says {count} colours, {len(lines) - 3} follow", hint="mend the count")
    return "", [Swatch(_integers(line.split(), where, number)) for number, line in lines[3:]]


def write_hex(name: str, swatches: Sequence[Swatch]) -> bytes:
    """One rrggbb a line, as Lospec writes it."""
    return "".join(f"{_digits(swatch).lower()}\n" for swatch in swatches).encode()


def write_paintnet(name: str, swatches: Sequence[Swatch]) -> bytes:
    """FFRRGGBB lines under comments; the program itself uses the first 96."""
    head = f"; paint.net Palette File\n; Palette Name: {clean(name)}\n; Colors: {len(swatches)}\n"
    return (head + "".join(f"FF{_digits(swatch)}\n" for swatch in swatches)).encode()


def write_gpl(name: str, swatches: Sequence[Swatch]) -> bytes:
    """GIMP palette, 16 columns."""
    head = f"GIMP Palette\nName: {clean(name)}\nColumns: 16\n#\n"
    rows = (f"{s.rgb[0]:3d} {s.rgb[1]:3d} {s.rgb[2]:3d}\t{clean(s.text) or 'Untitled'}\n" for s in swatches)
    return (head + "".join(rows)).encode()


def write_jasc(name: str, swatches: Sequence[Swatch]) -> bytes:
    """JASC palette with CR LF line ends."""
    rows = "".join("{} {} {}\r\n".format(*swatch.rgb) for swatch in swatches)
    return f"JASC-PAL\r\n0100\r\n{len(swatches)}\r\n{rows}".encode()


def _digits(swatch: Swatch) -> str:
    return "{:02X}{:02X}{:02X}".format(*swatch.rgb)
