"""What to buy: beads with a waste share, in bags, less what is there."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pixl.errors import PaletteError, UsageError
from pixl.palette import Color, Palette

_MAX_BYTES = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One colour. ``number`` is the colour number on every sheet; ``boards`` are the counts board by board.

    ``wanted`` is the count and the waste share, rounded up; ``have`` None when no stock was given.
    """

    number: int
    color: Color
    count: int
    boards: tuple[int, ...]
    wanted: int
    bag: int
    have: int | None = None

    @property
    def short(self) -> int:
        """What the stock lacks of what the picture needs."""
        return max(0, self.count - (self.have or 0))

    @property
    def buy(self) -> int:
        """Beads to buy: none when the stock covers the picture, else with the waste share and less the stock."""
        return max(self.short, self.wanted - (self.have or 0)) if self.short else 0

    @property
    def bags(self) -> int:
        """Bags to buy."""
        return math.ceil(self.buy / self.bag)


def with_waste(count: int, percent: float) -> int:
    """Count and waste share, rounded up."""
    return math.ceil(count * (1 + percent / 100) - 1e-9)


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


def stock_of(stock: Mapping[str, int] | None, code: str) -> int | None:
    """What there is of a code; None when no stock was given."""
    return None if stock is None else int(stock.get(code, 0))
