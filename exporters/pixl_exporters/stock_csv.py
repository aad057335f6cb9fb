"""What a maker owns, as a table of codes and counts: beads or skeins."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from pixl.errors import PaletteError, UsageError
from pixl.palette import Palette

_MAX_BYTES = 4_000_000


def read_stock(path: Path, palette: Palette, *, unit: str = "bead") -> dict[str, int]:
    """Counts by code from a CSV with the columns ``code`` (or ``name``) and ``count``; several rows of one code add up.

    An empty count counts as none. Raises PaletteError naming the line.
    """
    hint = f"write two columns, code and count: how many {unit}s you have of each colour"
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise PaletteError(f"stock file '{path}' cannot be read: {error.strerror}", hint="check the path") from None
    except UnicodeDecodeError:
        raise PaletteError(f"stock file '{path.name}' is not UTF-8 text", hint="save it as CSV UTF-8") from None
    if len(data) > _MAX_BYTES:
        raise PaletteError(f"stock file '{path.name}' is larger than {_MAX_BYTES} bytes", hint=hint)
    first = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    reader.fieldnames = [str(column or "").strip().casefold() for column in reader.fieldnames or ()]
    key = next((column for column in ("code", "name") if column in reader.fieldnames), "")
    if not key or "count" not in reader.fieldnames:
        raise PaletteError(f"stock file '{path.name}' has no columns code and count", hint=hint)
    stock: dict[str, int] = {}
    for row in reader:
        name, amount = (row.get(key) or "").strip(), (row.get("count") or "").strip()
        if not name:
            continue
        where = f"stock file '{path.name}' line {reader.line_num}"
        try:
            code = palette.colors[palette.find(name)].code
        except UsageError as error:
            raise PaletteError(f"{where}: {error.what}", hint=error.hint) from None
        if amount and (not amount.isdecimal() or len(amount) > 9):
            raise PaletteError(f"{where}: '{amount[:40]}' is not a count", hint="write a whole number")
        stock[code] = stock.get(code, 0) + int(amount or 0)
    if not any(stock.values()):
        raise PaletteError(f"stock file '{path.name}' counts nothing", hint=hint)
    return stock
