"""Which parts exist, in which colours, under which numbers: a light reader of palettes/lego.

A part's id is Rebrickable's; a colour's code is LEGO's. Nothing here is guessed: a pair that the tables lack is a pair
that no source lists.
"""

from __future__ import annotations

import csv
import difflib
import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

from pixl.errors import MissingError, UsageError
from pixl.palette import Color, Palette, load_palette, palette_folders

PITCH = 8.0
"""Millimetres between two studs, across and down."""
LDU = 0.4
"""Millimetres of one LDraw unit."""

PART_NAMES = MappingProxyType(
    {"plate": "3024", "tile": "3070b", "round-plate": "6141", "round-tile": "98138", "brick": "3005"}
)
"""What ``--part`` takes, besides any 1 x 1 part's own number."""

_DENSITY = 1.05e-3  # g per mm3: ABS
_WALL = 1.5  # mm, outer walls
_TOP = 1.2  # mm, the slab under the studs
_STUD = math.pi * 2.4**2 * 1.7  # mm3
_TUBE = math.pi * (3.255**2 - 2.4**2)  # mm2, one for every four studs that meet
WEIGHT_NOTE = (
    "estimated from outer measures: ABS of 1.05 g/cm3, walls 1.5 mm, top 1.2 mm, studs and tubes; within about 15 %"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One mould. ``width`` <= ``length`` in studs; ``colors`` and ``current`` hold LEGO codes."""

    id: str
    kind: str
    name: str
    width: int
    length: int
    height_ldu: int
    ldraw: str
    bricklink: str
    colors: frozenset[str]
    current: frozenset[str]

    @property
    def height_mm(self) -> float:
        """Height of the body without studs."""
        return self.height_ldu * LDU

    @property
    def round(self) -> bool:
        """Whether its outline is a circle; such parts do not merge."""
        return self.kind.startswith("round")

    @property
    def studded(self) -> bool:
        """Whether its top has studs (1.8 mm more)."""
        return not self.kind.endswith("tile")

    @property
    def area(self) -> int:
        """Studs covered."""
        return self.width * self.length

    @property
    def short(self) -> str:
        """``"1x1 plate"``."""
        return f"{self.width}x{self.length} {self.kind.replace('_', ' ')}"

    @property
    def weight_g(self) -> float:
        """Estimate in grams; see ``WEIGHT_NOTE``.

        Check of the model: a 2 x 4 brick comes out at 2.5 g, which is what one weighs.
        """
        across, along, height = self.width * PITCH - 0.2, self.length * PITCH - 0.2, self.height_mm
        if self.kind == "baseplate":
            body = across * along * 1.2
        else:
            hollow = (across - 2 * _WALL) * (along - 2 * _WALL) * max(0.0, height - _TOP)
            body = across * along * height - hollow
            body += (self.width - 1) * (self.length - 1) * _TUBE * max(0.0, height - _TOP)
        body *= math.pi / 4 if self.round else 1.0
        return float((body + (self.area * _STUD if self.studded else 0.0)) * _DENSITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One of LEGO's own numbers of a part in a colour, most likely current first."""

    id: str
    listed: str = ""


def find_part(text: str) -> Part:
    """A part by name (``plate``), by its number or by BrickLink's (4073). Raises UsageError."""
    parts = load_parts()
    key = text.strip().casefold().replace("_", "-")
    found = parts.get(PART_NAMES.get(key, key)) or _by_other_number().get(key)
    if found is None:
        close = difflib.get_close_matches(key, [*PART_NAMES, *parts], n=2, cutoff=0.6)
        raise UsageError(f"'{text}' is not a part", hint=f"use one of {', '.join(close or PART_NAMES)}")
    return found


def mosaic_part(text: str) -> Part:
    """``find_part`` narrowed to parts that cover one stud. Raises UsageError."""
    part = find_part(text)
    if part.area != 1:
        raise UsageError(
            f"{part.id} ({part.name}) covers {part.area} studs", hint=f"use one of {', '.join(PART_NAMES)}"
        )
    return part


def part_palette(part: Part, *, any_finish: bool = False) -> Palette:
    """Current solid LEGO colours in which the part exists; with ``any_finish`` every colour it was ever made in."""
    palette = load_palette("lego")
    if any_finish:
        return palette.where(lambda color: color.code in part.colors)
    return palette.solid().where(lambda color: color.code in part.current)


@functools.cache
def load_parts() -> Mapping[str, Part]:
    """Every part of the table by id. Raises MissingError when the data is not installed."""
    with open_table("parts.csv") as file:
        rows = list(csv.DictReader(file))
    parts = {}
    for row in rows:
        sides = sorted((int(row["width_studs"]), int(row["depth_studs"])))
        parts[row["part_id"]] = Part(
            id=row["part_id"],
            kind=row["kind"],
            name=row["name"],
            width=sides[0],
            length=sides[1],
            height_ldu=int(row["height_ldu"]),
            ldraw=row["ldraw_file"],
            bricklink=row["bricklink_id"],
            colors=frozenset(filter(None, row["lego_color_ids"].split(";"))),
            current=frozenset(filter(None, row["current_color_ids"].split(";"))),
        )
    return MappingProxyType(parts)


@functools.cache
def _by_other_number() -> dict[str, Part]:
    return {part.bricklink.casefold(): part for part in load_parts().values()}


def mergeable(part: Part, *, longest: int = 8) -> list[Part]:
    """Rectangular parts of this kind up to ``longest`` studs, the 1 x 1 included. Raises UsageError for round ones."""
    if part.round:
        raise UsageError(f"{part.id} is round: round parts do not merge", hint="use --part plate, tile or brick")
    return [other for other in load_parts().values() if other.kind == part.kind and other.length <= longest]


def elements(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[Element, ...]]:
    """Known element ids of (part id, LEGO code) pairs, best first; a pair without one is left out."""
    wanted = set(pairs)
    starts = tuple(f"{part}," for part, _ in wanted)
    found: dict[tuple[str, str], list[tuple[int, Element]]] = {}
    with open_table("elements.csv") as file:
        header = file.readline()
        lines = [line for line in file if line.startswith(starts)] if starts else []
    for row in csv.DictReader([header, *lines]):
        pair = row["part_id"], row["lego_color_id"]
        if pair in wanted:
            element = Element(id=row["element_id"], listed=row["seen"])
            found.setdefault(pair, []).append((int(row["try_order"]), element))
    return {pair: tuple(e for _, e in sorted(rows, key=lambda row: row[0])) for pair, rows in found.items()}


def color_id(color: Color, family: str) -> str:
    """What a family calls the colour: ``lego``, ``bl``, ``rb`` or ``ldraw``; empty when it has no number for it.

    A palette row without a LEGO id has the code ``rb:64``: then LEGO's number is empty. It is empty too for a colour
    that no brick family knows: the code of a bead or thread may happen to be a LEGO number.
    """
    if family == "lego":
        known = any(color.ids.get(other) for other in ("bl", "rb", "ldraw"))
        return color.code if known and ":" not in color.code else ""
    return color.ids.get(family, "")


def open_table(name: str) -> TextIO:
    """A table of palettes/lego, opened for ``csv``. Raises MissingError."""
    folder = palette_folders().get("lego")
    path = Path() if folder is None else folder / name
    if folder is None or not path.is_file():
        raise MissingError(f"the part table palettes/lego/{name} is not here", hint="install pixl again")
    return path.open(encoding="utf-8", newline="")
