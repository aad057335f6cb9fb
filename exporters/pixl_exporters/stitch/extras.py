"""What charts of other programs hold beside full crosses: kept through a read and a write, and drawn where we can.

Positions are in cells from the top left corner, colours are palette indices (-1: none).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pixl.errors import DocumentError
from pixl.pattern import Pattern

MAX_EXTRAS = 500_000
Row = tuple[tuple[str, str], ...]
"""Attributes of one element, in the order they were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backstitch:
    """A straight stitch from (x1, y1) to (x2, y2); ``rest`` are its further attributes."""

    x1: float
    y1: float
    x2: float
    y2: float
    color: int
    rest: Row = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStitch:
    """A quarter, half or three-quarter stitch: ``direction`` 1 and 2 three-quarter, 3 = '/', 4 = '\\'."""

    x: float
    y: float
    color1: int
    color2: int
    direction: str
    rest: Row = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ornament:
    """A knot, bead or other object."""

    x: float
    y: float
    color: int
    kind: str
    rest: Row = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """All of them; ``comments`` are the attributes of comment boxes, ``properties`` those of the chart that we have no
    field for."""

    backstitches: tuple[Backstitch, ...] = ()
    parts: tuple[PartStitch, ...] = ()
    ornaments: tuple[Ornament, ...] = ()
    comments: tuple[Row, ...] = ()
    properties: Row = ()

    def __bool__(self) -> bool:
        return bool(self.backstitches or self.parts or self.ornaments or self.comments or self.properties)

    def colors(self) -> set[int]:
        """Palette indices that are used."""
        used = {stitch.color for stitch in self.backstitches} | {thing.color for thing in self.ornaments}
        used |= {color for part in self.parts for color in (part.color1, part.color2)}
        return used - {-1}

    def thread_mm(self, color: int, cell_mm: float) -> float:
        """Single strand of backstitches of a colour: twice the length, once on the face and once on the back."""
        cells = sum(math.hypot(b.x2 - b.x1, b.y2 - b.y1) for b in self.backstitches if b.color == color)
        return 2.0 * cells * cell_mm

    def check(self, pattern: Pattern) -> None:
        """Raises DocumentError when a colour is not in the palette."""
        if any(not 0 <= k < len(pattern.palette) for k in self.colors()):
            raise DocumentError("a backstitch names a colour that is not in the palette", hint="read the chart again")

    def as_json(self) -> dict[str, Any]:
        """Plain values for a document."""
        return {
            "backstitches": [[b.x1, b.y1, b.x2, b.y2, b.color, dict(b.rest)] for b in self.backstitches],
            "parts": [[p.x, p.y, p.color1, p.color2, p.direction, dict(p.rest)] for p in self.parts],
            "ornaments": [[o.x, o.y, o.color, o.kind, dict(o.rest)] for o in self.ornaments],
            "comments": [dict(row) for row in self.comments],
            "properties": dict(self.properties),
        }

    @staticmethod
    def from_json(values: object) -> Extras:
        """Inverse of ``as_json``; nothing for None. Raises DocumentError."""
        if values is None:
            return Extras()
        try:
            if not isinstance(values, Mapping):
                raise TypeError("not an object")
            if sum(len(values.get(key, ())) for key in ("backstitches", "parts", "ornaments")) > MAX_EXTRAS:
                raise ValueError(f"more than {MAX_EXTRAS} of them")
            return Extras(
                backstitches=tuple(
                    Backstitch(x1=_n(x1), y1=_n(y1), x2=_n(x2), y2=_n(y2), color=int(k), rest=_row(rest))
                    for x1, y1, x2, y2, k, rest in values.get("backstitches", ())
                ),
                parts=tuple(
                    PartStitch(x=_n(x), y=_n(y), color1=int(a), color2=int(b), direction=str(way), rest=_row(rest))
                    for x, y, a, b, way, rest in values.get("parts", ())
                ),
                ornaments=tuple(
                    Ornament(x=_n(x), y=_n(y), color=int(k), kind=str(kind), rest=_row(rest))
                    for x, y, k, kind, rest in values.get("ornaments", ())
                ),
                comments=tuple(_row(row) for row in values.get("comments", ())),
                properties=_row(values.get("properties", {})),
            )
        except (TypeError, ValueError, AttributeError) as error:
            raise DocumentError(f"the document's 'oxs' is damaged: {error}", hint="read the chart again") from None


def _n(value: Any) -> float:
    number = float(value)
    if not (math.isfinite(number) and abs(number) <= 100_000):
        raise ValueError(f"{value!r} is no place on a chart")
    return number


def _row(values: Mapping[str, Any]) -> Row:
    return tuple((str(key), str(value)) for key, value in values.items())
