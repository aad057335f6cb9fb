"""What is wrong with a palette: the validator behind ``pixl palette check``, run by the tests on every shipped one.

An *error* is something that misleads a maker (a twin that is not tagged, a finish that its name denies, a shipped
palette without a source); a *note* is something to know. What cannot be read at all is a PaletteError of the readers.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .color import ciede2000
from .errors import PaletteError
from .palette import Color, Palette, fold, load_palette, palette_folders
from .palette_folder import read_capped, read_folder, read_head
from .pattern import SHAPES

NEAR = 0.5
"""CIEDE2000 below which two colours of one finish cannot be told apart at the table."""
CRAFTS = ("brick", "bead", "stitch", "embroider", "pixel")
_NOT_SOLID = re.compile(r"^(neon|glitter|glow in|transparent|translucent) |\b(metallic|fluorescent)$|\bneon$", re.I)
_HEAD = ("id", "version", "name", "unit", "source", "licence", "date", "confidence", "crafts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``level`` is error or note; ``where`` a code, a line or a file."""

    level: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.level}: {self.where}: {self.what}"


def check(text: str) -> list[Finding]:
    """Check a shipped palette by id, a palette folder or a palette file. Raises PaletteError or UsageError."""
    folder = palette_folders().get(text)
    if folder is None and (Path(text) / "palette.toml").is_file():
        folder = Path(text)
    return check_folder(folder) if folder else check_palette(load_palette(text))


def check_palette(palette: Palette, *, tagged: bool = False) -> list[Finding]:
    """The colours alone: twins, tags, names and finishes. ``tagged``: an untagged twin is an error, not a note."""
    found = [*_twins(palette, "error" if tagged else "note"), *_tags(palette), *_names(palette)]
    for color in palette.colors:
        if color.finish == "solid" and _NOT_SOLID.search(color.name):
            found.append(_error(color, f"'{color.name}' has the finish solid"))
        if "]" in color.code or "," in color.code:
            found.append(_note(color, "a code with ] or , cannot be typed in every option"))
    if unknown := palette.unknown_finish:
        found.append(
            Finding(level="note", where=palette.id, what=f"{unknown} finishes are unknown; they count as solid")
        )
    return found


def check_folder(folder: Path) -> list[Finding]:
    """The colours, every hex variant, the head and the tables beside it. Raises PaletteError."""
    palette = read_folder(folder)
    found = [*_head(folder), *check_palette(palette, tagged=True)]
    rows = _rows(folder / "colors.csv")
    for column in rows[0]:
        if column.startswith("hex_"):
            read_folder(folder, variant=column.removeprefix("hex_"))
    sources = read_head(folder).get("sources", {})
    if not isinstance(sources, dict) or not sources:
        found.append(Finding(level="error", where=f"{folder.name}/palette.toml", what="no [sources]"))
        sources = {}
    for number, row in enumerate(rows, 2):
        key = row.get("source") or ("" if "source" in row else next(iter(sources), ""))
        if key not in sources:
            found.append(Finding(level="error", where=f"colors.csv line {number}", what=f"no source '{key}'"))
    if (folder / "parts.csv").is_file():
        found += _parts(folder, palette)
    return found


def _twins(palette: Palette, level: str) -> list[Finding]:
    """Pairs of one finish closer than NEAR where the later is not tagged with an earlier one."""
    found = []
    kind = np.array(["solid" if c.finish == "unknown" else c.finish for c in palette.colors])
    for later in range(1, len(palette)):
        color = palette.colors[later]
        if any(tag.startswith("near:") for tag in color.tags):
            continue
        distances = ciede2000(palette.lab[:later], palette.lab[later])
        for earlier in np.flatnonzero((distances < NEAR) & (kind[:later] == kind[later])):
            twin = palette.colors[int(earlier)]
            what = f"is dE {distances[earlier]:.2f} from {twin.code} and not tagged near:{twin.code}"
            found.append(Finding(level=level, where=color.label, what=what))
            break
    return found


def _tags(palette: Palette) -> list[Finding]:
    """``near:`` tags that name no colour, or one that is not near."""
    found = []
    codes = {fold(color.code): index for index, color in enumerate(palette.colors)}
    for index, color in enumerate(palette.colors):
        for tag in color.tags:
            if not tag.startswith("near:"):
                continue
            twin = codes.get(fold(tag.removeprefix("near:")))
            # A variant's hex may part what the main hex joins, so the limit holds for the main one only.
            if twin is None:
                found.append(_error(color, f"the tag {tag} names no colour"))
            elif ":" not in palette.id and float(ciede2000(palette.lab[twin], palette.lab[index])) >= NEAR:
                found.append(_error(color, f"the tag {tag} names a colour that is not near"))
    return found


def _names(palette: Palette) -> list[Finding]:
    shared = defaultdict(list)
    for color in palette.colors:
        shared[fold(color.name)].append(color.code)
    several = {name: codes for name, codes in shared.items() if len(codes) > 1}
    if not several:
        return []
    name, codes = next(iter(several.items()))
    what = f"{len(several)} names have several codes (such as {name}: {', '.join(codes[:4])}); name those by code"
    return [Finding(level="note", where=palette.id, what=what)]


def _head(folder: Path) -> list[Finding]:
    head, where = read_head(folder), f"{folder.name}/palette.toml"
    found = [Finding(level="error", where=where, what=f"'{key}' is empty") for key in _HEAD if not head.get(key)]
    crafts = head.get("crafts", [])
    if head.get("id") != folder.name:
        found.append(Finding(level="error", where=where, what=f"id is not the folder's name '{folder.name}'"))
    if not isinstance(crafts, list) or any(craft not in CRAFTS for craft in crafts):
        found.append(Finding(level="error", where=where, what=f"crafts are not of {', '.join(CRAFTS)}"))
    cell = head.get("cell", {})
    sides = [cell.get("width_mm"), cell.get("height_mm")] if isinstance(cell, dict) else []
    if not all(isinstance(side, int | float) and 0.1 <= side <= 1000 for side in sides) or not sides:
        found.append(Finding(level="error", where=where, what="[cell] needs width_mm and height_mm of 0.1 to 1000"))
    if isinstance(cell, dict) and cell.get("shape", "square") not in SHAPES:
        found.append(Finding(level="error", where=where, what=f"[cell] shape is not of {', '.join(SHAPES)}"))
    return found


def _parts(folder: Path, palette: Palette) -> list[Finding]:
    """Every part and colour that the three brick tables name exists."""
    found = []
    codes = {fold(color.code) for color in palette.colors}
    parts = {row["part_id"] for row in _rows(folder / "parts.csv")}
    for name, column in (
        ("parts.csv", "lego_color_ids"),
        ("elements.csv", "lego_color_id"),
        ("sets.csv", "lego_color_id"),
    ):
        for number, row in enumerate(_rows(folder / name), 2):
            unknown = [code for code in row.get(column, "").split(";") if fold(code) not in codes]
            if unknown:
                found.append(Finding(level="error", where=f"{name} line {number}", what=f"no colour {unknown[0]}"))
            if row.get("part_id") and row["part_id"] not in parts:
                found.append(Finding(level="error", where=f"{name} line {number}", what=f"no part {row['part_id']}"))
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        return [
            {str(k): str(v or "") for k, v in row.items()} for row in csv.DictReader(io.StringIO(read_capped(path)))
        ]
    except csv.Error as error:
        raise PaletteError(f"{path.name}: {error}", hint="mend the file") from None


def _error(color: Color, what: str) -> Finding:
    return Finding(level="error", where=color.label, what=what)


def _note(color: Color, what: str) -> Finding:
    return Finding(level="note", where=color.label, what=what)
