"""Palette files of other programs: .hex .gpl .pal .ase .aco .txt (Paint.NET) .png .csv, read and written.

A stranger's palette is data: at most MAX_FILE_BYTES and MAX_COLORS, nothing in it is executed, followed or expanded,
and an error names the file and the line (or block). What a format carries: CSV everything; .gpl, .ase and .aco colour,
code and name, as ``[code] name``; the others only colours, whose code is then their hex.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from . import palette_binary as binary
from . import palette_text as text
from .color import rgb_to_hex
from .errors import PaletteError, UsageError
from .palette import MAX_FILE_BYTES, Color, Palette, clean
from .palette_folder import read_colors
from .palette_text import Parsed, Swatch

_CODED = re.compile(r"^\[([^\]]+)\](?: (.*))?$")
Writer = Callable[[str, Sequence[Swatch]], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaletteFormat:
    """One kind of file. ``carries`` says in words what survives a round trip."""

    key: str
    suffix: str
    carries: str
    read: Callable[[bytes, str], Parsed]
    write: Writer | None


_CSV = "csv"
FORMATS = {
    row.key: row
    for row in (
        PaletteFormat(key="hex", suffix=".hex", carries="colours", read=text.read_hex, write=text.write_hex),
        PaletteFormat(key="gpl", suffix=".gpl", carries="code, name", read=text.read_gpl, write=text.write_gpl),
        PaletteFormat(key="jasc", suffix=".pal", carries="colours", read=text.read_jasc, write=text.write_jasc),
        PaletteFormat(key="riff", suffix=".pal", carries="colours", read=binary.read_riff, write=None),
        PaletteFormat(key="ase", suffix=".ase", carries="code, name", read=binary.read_ase, write=binary.write_ase),
        PaletteFormat(key="aco", suffix=".aco", carries="code, name", read=binary.read_aco, write=binary.write_aco),
        PaletteFormat(
            key="paintnet", suffix=".txt", carries="colours", read=text.read_paintnet, write=text.write_paintnet
        ),
        PaletteFormat(key="png", suffix=".png", carries="colours", read=binary.read_png, write=binary.write_png),
    )
}


def format_of(name: str, data: bytes = b"") -> str:
    """The format's key: by how the file begins where that is certain, else by the ending of ``name``.

    Raises PaletteError.
    """
    marks = {b"\x89PNG": "png", b"ASEF": "ase", b"RIFF": "riff", b"JASC": "jasc", b"GIMP Palette": "gpl"}
    for mark, key in marks.items():
        if data.startswith(mark):
            return key
    suffix = Path(name).suffix.casefold()
    if suffix in (".csv", ".tsv"):
        return _CSV
    for row in FORMATS.values():
        if suffix == row.suffix:
            return row.key
    endings = ", ".join(sorted({row.suffix for row in FORMATS.values()} | {".csv"}))
    raise PaletteError(f"'{name}' has no palette ending that pixl knows", hint=f"use one of {endings}")


def read_palette(path: Path, *, key: str = "") -> Palette:
    """A palette from a file; ``key`` names the format where the ending does not. Raises PaletteError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise PaletteError(f"{path.name} cannot be read: {error.strerror}", hint="check the path") from None
    if len(data) > MAX_FILE_BYTES:
        raise PaletteError(f"{path.name} is larger than {MAX_FILE_BYTES} bytes", hint="a palette is a small file")
    return parse_palette(data, name=path.name, key=key)


def parse_palette(data: bytes, *, name: str, key: str = "") -> Palette:
    """A palette from a file's bytes. ``name`` is the file's, for its ending, its id and for errors.

    Raises PaletteError, whatever the bytes are.
    """
    key = key or format_of(name, data)
    stem = clean(Path(name).stem) or "own"
    if key == _CSV:
        colors = read_colors(text.decode(data, name), where=name)
        return Palette(id=stem, version="1", name=stem, colors=colors, source=f"file {name}", licence="the file's own")
    title, swatches = _row(key).read(data, name)
    if not swatches:
        raise PaletteError(f"{name}: no colour in it", hint="give a palette with at least one colour")
    return Palette(
        id=stem,
        version="1",
        name=title or stem,
        colors=_colors(swatches),
        source=f"file {name}",
        licence="the file's own",
    )


def _row(key: str) -> PaletteFormat:
    if key not in FORMATS:
        raise UsageError(f"'{key}' is not a palette format", hint=f"use one of {', '.join([*FORMATS, _CSV])}")
    return FORMATS[key]


def _colors(swatches: Sequence[Swatch]) -> tuple[Color, ...]:
    """Codes from ``[code] name`` texts, else from names, else from the hex; a repeated code gets ``-2`` and so on."""
    rows = []
    for swatch in swatches:
        match = _CODED.match(swatch.text)
        code = (match[1].strip() if match else swatch.text) or rgb_to_hex(swatch.rgb)
        rows.append((code, ((match[2] or "").strip() if match else "") or code, swatch.rgb))
    wanted = {code.casefold() for code, _, _ in rows}
    used: set[str] = set()
    times: dict[str, int] = {}
    colors = []
    for code, name, rgb in rows:
        unique, fold = code, code.casefold()
        while unique.casefold() in used or (unique is not code and unique.casefold() in wanted):
            times[fold] = times.get(fold, 1) + 1
            unique = f"{code}-{times[fold]}"
        used.add(unique.casefold())
        colors.append(Color(code=unique, name=name, rgb=rgb))
    return tuple(colors)


def write_palette(palette: Palette, key: str, *, side: int = 1) -> bytes:
    """The palette as a file's bytes; ``side`` is the swatch's side in a PNG strip. Raises UsageError."""
    if key == _CSV:
        return _write_csv(palette)
    row = _row(key)
    if row.write is None:
        raise UsageError(f"pixl reads {key} palettes but does not write them", hint="write jasc instead")
    swatches = [Swatch(color.rgb, _label(color)) for color in palette.colors]
    if row.key == "png":
        return binary.write_png(palette.name, swatches, side=side)
    return row.write(palette.name, swatches)


def _label(color: Color) -> str:
    plain = color.code == color.name and not _CODED.match(color.code)
    return color.name if plain else f"[{color.code}] {color.name}".strip()


def _write_csv(palette: Palette) -> bytes:
    """Every column that pixl reads: code, name, hex, finish, tags and the ids of other families."""
    ids = list(dict.fromkeys(key for color in palette.colors for key in color.ids))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["code", "name", "hex", "finish", "tags", *ids])
    for color in palette.colors:
        values = MappingProxyType(dict(color.ids))
        row = [color.code, color.name, color.hex, color.finish, " ".join(color.tags), *(values.get(k, "") for k in ids)]
        writer.writerow(row)
    return out.getvalue().encode()
