"""A palette as a folder: ``palette.toml`` says what it is, ``colors.csv`` has one row a colour."""

from __future__ import annotations

import csv
import io
import tomllib
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .color import hex_to_rgb, rgb_to_hex
from .errors import PaletteError
from .palette import FINISHES, MAX_COLORS, MAX_FILE_BYTES, Color, Material, Palette, clean, fold

_RESERVED = ("code", "name", "hex", "finish", "tags", "source")


def read_head(folder: Path) -> dict[str, Any]:
    """``palette.toml`` as it stands. Raises PaletteError."""
    try:
        return tomllib.loads(read_capped(folder / "palette.toml"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PaletteError(f"{folder.name}/palette.toml: {error}", hint="mend the file") from None


def read_folder(folder: Path, *, variant: str = "") -> Palette:
    """Read ``palette.toml`` and ``colors.csv``; ``variant`` names another hex column (``hex_<variant>``).

    Raises PaletteError naming the file and the line.
    """
    head = read_head(folder)
    cell = head.get("cell", {})
    if not isinstance(cell, dict):
        raise PaletteError(f"{folder.name}/palette.toml: 'cell' is not a table", hint="write [cell] with width_mm")
    try:
        material = Material(
            unit=str(head.get("unit", "piece")),
            cell_width_mm=float(cell.get("width_mm", 5.0)),
            cell_height_mm=float(cell.get("height_mm") or cell.get("width_mm", 5.0)),
            cell_shape=str(cell.get("shape", "square")),
            crafts=tuple(str(craft) for craft in head.get("crafts", ())),
            date=str(head.get("date", "")),
            confidence=str(head.get("confidence", "")),
            note=str(head.get("note", "")),
        )
    except (TypeError, ValueError) as error:
        raise PaletteError(f"{folder.name}/palette.toml: {error}", hint="mend the file") from None
    colors = read_colors(read_capped(folder / "colors.csv"), where=f"{folder.name}/colors.csv", variant=variant)
    return Palette(
        id=f"{head.get('id', folder.name)}{':' + variant if variant else ''}",
        version=str(head.get("version", "1")),
        name=str(head.get("name", folder.name)),
        colors=colors,
        source=str(head.get("source", "")),
        licence=str(head.get("licence", "")),
        material=material,
    )


def read_capped(path: Path) -> str:
    """UTF-8 text of at most MAX_FILE_BYTES. Raises PaletteError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise PaletteError(f"{path.name} cannot be read: {error.strerror}", hint="check the path") from None
    if len(data) > MAX_FILE_BYTES:
        raise PaletteError(f"{path.name} is larger than {MAX_FILE_BYTES} bytes", hint="a palette is a small table")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PaletteError(f"{path.name} is not UTF-8 text: {error}", hint="save it as UTF-8") from None


def read_colors(text: str, *, where: str, variant: str = "") -> tuple[Color, ...]:
    """Colours from CSV text with a header row: code, name, hex, and optionally finish, tags and ids.

    Any column order; separated by commas, semicolons or tabs. Raises PaletteError naming ``where`` and the line.
    """
    head = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    try:
        return _read_rows(reader, where=where, hex_column=f"hex_{variant}" if variant else "hex")
    except csv.Error as error:
        raise PaletteError(f"{where} line {reader.line_num}: {error}", hint="mend the line") from None


def _read_rows(reader: csv.DictReader[str], *, where: str, hex_column: str) -> tuple[Color, ...]:
    columns = [str(column or "").strip().casefold() for column in reader.fieldnames or ()]
    if hex_column not in columns:
        raise PaletteError(f"{where}: no column '{hex_column}'", hint="head the columns code,name,hex")
    reader.fieldnames = columns
    ids = [c for c in columns if c and c not in _RESERVED and not c.startswith("hex")]
    colors: list[Color] = []
    lines: dict[str, int] = {}
    for row in reader:
        if len(colors) >= MAX_COLORS:
            raise PaletteError(f"{where}: more than {MAX_COLORS} colours", hint="a palette is a small table")
        if not any(value for value in row.values() if isinstance(value, str) and value.strip()):
            continue
        value = {key: clean(cell or "") for key, cell in row.items() if isinstance(key, str)}
        try:
            rgb = hex_to_rgb(value[hex_column])
        except PaletteError as error:
            raise PaletteError(f"{where} line {reader.line_num}: {error.what}", hint=error.hint) from None
        finish = value.get("finish", "").casefold() or "solid"
        if finish not in FINISHES:
            raise PaletteError(
                f"{where} line {reader.line_num}: finish '{finish}' is unknown",
                hint=f"use one of {', '.join(FINISHES)}",
            )
        code = value.get("code") or value.get("name") or rgb_to_hex(rgb)
        if lines.setdefault(fold(code), reader.line_num) != reader.line_num:
            raise PaletteError(
                f"{where} line {reader.line_num}: the code '{code}' is on line {lines[fold(code)]} too",
                hint="give each colour a code of its own",
            )
        colors.append(
            Color(
                code=code,
                name=value.get("name") or code,
                rgb=rgb,
                finish=finish,
                ids=MappingProxyType({key: value[key] for key in ids if value[key]}),
                tags=tuple(value.get("tags", "").split()),
            )
        )
    if not colors:
        raise PaletteError(f"{where}: no colour in it", hint="write one row for each colour")
    return tuple(colors)
