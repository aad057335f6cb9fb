"""Tables that a maker hands in: prices, and the stock of ``--have`` (a set of palettes/lego/sets.csv, or a CSV).

A stranger's table is data: capped, never guessed at, every error names the file and the line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import MappingProxyType

from pixl.errors import PaletteError, UsageError
from pixl.palette import Palette, load_palette

from .parts import PART_NAMES, Part, find_part, load_parts, mosaic_part, open_table

_MAX_BYTES = 8_000_000
_MAX_COUNT = 10_000_000
_TIMES = re.compile(r"^(.*?)(?:\*([0-9]{1,4}))?$", re.DOTALL)
_ALIASES = {"colour": "color", "lego_color": "color", "part_id": "part", "qty": "quantity", "count": "quantity"}


# -- prices ----------------------------------------------------------------------------------------


def load_prices(path: Path) -> tuple[dict[tuple[str, str], Decimal], str]:
    """``{(part id, LEGO code): price of one piece}`` and the currency ('' when the table has no such column).

    Columns part, color, price and optionally currency, in any order; an empty part means every 1 x 1 part. Colours are
    LEGO codes or names, or ``bl:``, ``rb:``, ``ldraw:`` numbers. Raises PaletteError naming file and line.
    """
    palette = load_palette("lego")
    prices: dict[tuple[str, str], Decimal] = {}
    currencies = set()
    for where, row in _rows(path, ("part", "color", "price")):
        try:
            price = Decimal(row["price"].replace(",", "."))
        except InvalidOperation:
            price = Decimal("NaN")
        if not price.is_finite() or not 0 <= price <= 100_000:
            raise PaletteError(f"{where}: '{row['price']}' is not a price", hint="write a number such as 0.04")
        code = _code(palette, row["color"], where)
        parts = [_part(row["part"], where)] if row["part"] else [find_part(name) for name in PART_NAMES]
        for part in parts:
            prices[part.id, code] = price
        if row.get("currency"):
            currencies.add(row["currency"][:8])
    if len(currencies) > 1:
        raise PaletteError(f"{path.name} mixes currencies: {', '.join(sorted(currencies))}", hint="keep to one")
    return prices, currencies.pop() if currencies else ""


# -- stock -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What a maker owns: ``pieces`` {(part id, LEGO code): count} of one part. ``sources``: what was read, in words."""

    part: Part
    pieces: Mapping[tuple[str, str], int]
    sources: tuple[str, ...]

    def palette(self) -> Palette:
        """Every colour owned, retired and pearl too, in the LEGO palette's order."""
        codes = {code for (_, code), count in self.pieces.items() if count}
        return load_palette("lego").where(lambda color: color.code in codes)

    def counts(self, palette: Palette) -> list[int]:
        """How many are owned of each colour of a palette (for ``Limits.stock``)."""
        return [self.pieces.get((self.part.id, color.code), 0) for color in palette.colors]


def load_stock(texts: Iterable[str], *, part: str | None = None) -> Stock:
    """Read ``--have`` values: a set number or a CSV path, each perhaps with ``*n`` for n of them; all are added up.

    A CSV has the columns part, color, quantity (an empty part means: the part asked for). The file that Rebrickable
    exports, whose header is exactly ``Part,Color,Quantity``, is read in Rebrickable's colour numbers. Only parts of one
    stud count. Without ``part`` the stock's own is taken. Raises UsageError when the stock mixes parts, names none, or
    holds none of the part asked for; PaletteError for a bad file.
    """
    wanted = None if part is None else mosaic_part(part)
    total: dict[tuple[str, str], int] = {}
    sources = []
    for text in texts:
        match = _TIMES.match(text.strip())
        name, times = (match[1], int(match[2] or 1)) if match else (text, 1)
        if not 1 <= times <= 1000:
            raise UsageError(f"'{text}' multiplies by {times}", hint="use *1 to *1000")
        pieces, source = _read_stock(name)
        sources.append(source + (f", {times} times" if times > 1 else ""))
        for key, count in pieces.items():
            total[key] = min(_MAX_COUNT, total.get(key, 0) + count * times)
    chosen = wanted or _own_part(total)
    kept: dict[tuple[str, str], int] = {}
    for (number, code), count in total.items():
        if number in (chosen.id, ""):
            kept[chosen.id, code] = kept.get((chosen.id, code), 0) + count
    if not sum(kept.values()):
        listed = _listed(total)
        raise UsageError(f"the stock holds no {chosen.short} ({chosen.id}); it holds {listed}", hint="choose its part")
    return Stock(part=chosen, pieces=MappingProxyType(kept), sources=tuple(sources))


def _own_part(total: Mapping[tuple[str, str], int]) -> Part:
    held = {number for (number, _), count in total.items() if count}
    if held == {""}:
        raise UsageError(
            "the data does not say which part this set's pieces are",
            hint=f"say it with --part {' or '.join(PART_NAMES)}",
        )
    named = held - {""}
    if len(named) > 1:
        names = {find_part(number).id: name for name, number in PART_NAMES.items()}
        choices = " or ".join(f"--part {names.get(number, number)}" for number in sorted(named))
        raise UsageError(f"the stock mixes parts: {_listed(total)}", hint=f"choose one: {choices}")
    if not named:
        raise UsageError("the stock holds no part of one stud", hint="list 1 x 1 plates, tiles or bricks")
    return load_parts()[named.pop()]


def _listed(total: Mapping[tuple[str, str], int]) -> str:
    counts: dict[str, int] = {}
    for (number, _), count in total.items():
        counts[number] = counts.get(number, 0) + count
    words = [f"{count} x {number or 'unnamed part'}" for number, count in sorted(counts.items())]
    return ", ".join(words) or "nothing"


def _read_stock(name: str) -> tuple[dict[tuple[str, str], int], str]:
    path = Path(name)
    if path.suffix.casefold() in (".csv", ".tsv", ".txt") or path.is_file():
        return _stock_file(path)
    number = name.strip().removesuffix("-1")
    found: dict[tuple[str, str], int] = {}
    title, known = "", set()
    with open_table("sets.csv") as file:
        for row in csv.DictReader(file):
            known.add(row["set_id"])
            if row["set_id"] == number:
                title = row["set_name"]
                key = row["part_id"], row["lego_color_id"]
                found[key] = found.get(key, 0) + int(row["quantity"])
    if not found:
        raise UsageError(
            f"there is no set '{name}' in the table and no such file",
            hint=f"give a CSV of part,color,quantity, or one of {', '.join(sorted(known))}",
        )
    return found, f"set {number} {title}: {sum(found.values())} pieces in {len(found)} colours"


def _stock_file(path: Path) -> tuple[dict[tuple[str, str], int], str]:
    palette = load_palette("lego")
    found: dict[tuple[str, str], int] = {}
    other = 0
    header: list[str] = []
    for where, row in _rows(path, ("part", "color", "quantity"), header):
        text = row["quantity"]
        if not re.fullmatch(r"[0-9]{1,7}", text):
            raise PaletteError(f"{where}: '{text}' is not a quantity", hint="write a whole number")
        number = ""
        if row["part"]:
            try:
                part = find_part(row["part"])
            except UsageError:
                other += int(text)
                continue
            if part.area != 1:
                other += int(text)
                continue
            number = part.id
        color = f"rb:{row['color']}" if header[:3] == ["Part", "Color", "Quantity"] else row["color"]
        key = number, _code(palette, color, where)
        found[key] = found.get(key, 0) + int(text)
    said = f"{path.name}: {sum(found.values())} pieces in {len({code for _, code in found})} colours"
    if header[:3] == ["Part", "Color", "Quantity"]:
        said += " (a Rebrickable list: its colour numbers are Rebrickable's)"
    return found, said + (f"; {other} pieces of other parts left aside" if other else "")


# -- reading ---------------------------------------------------------------------------------------


def _rows(path: Path, needed: tuple[str, ...], header: list[str] | None = None) -> Iterator[tuple[str, dict[str, str]]]:
    """(file and line, stripped values by column) of each row that is not blank."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise PaletteError(f"{path.name} cannot be read: {error.strerror}", hint="check the path") from None
    except UnicodeDecodeError as error:
        raise PaletteError(f"{path.name} is not UTF-8 text: {error.reason}", hint="save it as UTF-8") from None
    if len(data) > _MAX_BYTES:
        raise PaletteError(f"{path.name} is larger than {_MAX_BYTES} bytes", hint="give a table of parts")
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    try:
        titles = [cell.strip() for cell in next(reader, [])]
        if header is not None:
            header.extend(titles)
        columns = [_ALIASES.get(title.casefold(), title.casefold()) for title in titles]
        missing = [name for name in needed if name not in columns]
        if missing:
            raise PaletteError(
                f"{path.name} line 1: no column '{missing[0]}'", hint=f"head the columns {','.join(needed)}"
            )
        for cells in reader:
            if any(cell.strip() for cell in cells):
                values = dict.fromkeys(columns, "") | dict(zip(columns, (cell.strip() for cell in cells), strict=False))
                yield f"{path.name} line {reader.line_num}", values
    except csv.Error as error:
        raise PaletteError(f"{path.name} line {reader.line_num}: {error}", hint="save it as CSV") from None


def _code(palette: Palette, text: str, where: str) -> str:
    try:
        return palette.colors[palette.find(text)].code
    except UsageError as error:
        raise PaletteError(f"{where}: {error.what}", hint=error.hint) from None


def _part(text: str, where: str) -> Part:
    try:
        return find_part(text)
    except UsageError as error:
        raise PaletteError(f"{where}: {error.what}", hint=error.hint) from None
