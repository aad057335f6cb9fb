"""The stitch plan: crosses, thread and skeins of every colour, on the cloth that was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from pixl.errors import DocumentError, PixlError, UsageError
from pixl.palette import Color
from pixl.pattern import Pattern
from pixl.recipe import Recipe

from .confetti import confetti_share
from .extras import Extras
from .fabric import Fabric, parse_count
from .floss import piece_sizes, skeins, thread_mm, thread_runs

if TYPE_CHECKING:
    from pixl.document import Document

BRANDS: Mapping[str, str] = MappingProxyType({"dmc_threads": "DMC", "anchor": "Anchor"})
LETTERINGS = ("outline", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class StitchOptions:
    """What a stitch document keeps. ``strands`` 0: as the cloth asks. ``have``: skeins owned, by code; None: unknown.

    ``confetti``: (share of lone stitches before, stitches changed) where a budget was set. ``symbols``: how SVG sheets
    carry them. ``extras``: backstitches and the like that came with a chart of another program. Raises UsageError.
    """

    fabric: Fabric = field(default_factory=lambda: Fabric(threads=14))
    strands: int = 0
    have: Mapping[str, float] | None = None
    confetti: tuple[float, int] | None = None
    symbols: str = "outline"
    extras: Extras = field(default_factory=Extras)

    def __post_init__(self) -> None:
        if not 0 <= self.strands <= 12:
            raise UsageError(f"{self.strands} strands are out of range", hint="use 1 to 12, or 0 for the cloth's own")
        if self.symbols not in LETTERINGS:
            raise UsageError(f"'{self.symbols}' is not a way to draw symbols", hint="use outline or text")

    def as_json(self) -> dict[str, Any]:
        """The document's options."""
        values: dict[str, Any] = {"count": self.fabric.code, "strands": self.strands, "symbols": self.symbols}
        if self.have is not None:
            values["have"] = dict(sorted(self.have.items()))
        if self.confetti is not None:
            values["confetti"] = list(self.confetti)
        if self.extras:
            values["oxs"] = self.extras.as_json()
        return values

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> StitchOptions:
        """Inverse of ``as_json``; what is missing gets its default. Raises DocumentError or UsageError."""
        try:
            have, confetti = values.get("have"), values.get("confetti")
            return StitchOptions(
                fabric=parse_count(str(values.get("count", "14"))),
                strands=int(values.get("strands", 0)),
                have=None if have is None else {str(code): max(0.0, float(number)) for code, number in have.items()},
                confetti=None if confetti is None else (float(confetti[0]), int(confetti[1])),
                symbols=str(values.get("symbols", "outline")),
                extras=Extras.from_json(values.get("oxs")),
            )
        except PixlError:
            raise
        except (TypeError, ValueError, AttributeError, IndexError, KeyError) as error:
            raise DocumentError(f"the document's stitch options are damaged: {error}", hint="make it again") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Floss:
    """One colour. ``number`` is the colour number (palette index + 1); ``strand_mm`` length of single strand;
    ``skeins`` whole ones needed; ``have`` None when none were counted."""

    number: int
    color: Color
    brand: str
    crosses: int
    pieces: int
    runs: int
    strand_mm: float
    skeins: int
    have: float | None = None

    @property
    def code(self) -> str:
        """``DMC 943``."""
        return f"{self.brand} {self.color.code}".strip()

    @property
    def metres(self) -> float:
        """Metres of single strand."""
        return self.strand_mm / 1000

    @property
    def buy(self) -> int:
        """Whole skeins to buy."""
        return max(0, int(np.ceil(self.skeins - (self.have or 0.0) - 1e-9)))


@dataclass(frozen=True, kw_only=True, eq=False)
class StitchPlan:
    """``floss`` in colour-number order, one for each colour that is stitched."""

    pattern: Pattern
    options: StitchOptions
    floss: tuple[Floss, ...]
    recipe: Recipe

    @property
    def fabric(self) -> Fabric:
        """The cloth."""
        return self.options.fabric

    @property
    def strands(self) -> int:
        """Strands in the needle."""
        return self.options.strands or self.fabric.strands

    @property
    def crosses(self) -> int:
        """Full crosses in all."""
        return self.pattern.pieces

    @property
    def size_mm(self) -> tuple[float, float]:
        """Finished width and height."""
        return self.fabric.size_mm(self.pattern.width, self.pattern.height)

    @cached_property
    def confetti(self) -> float:
        """Share of stitches with no neighbour of their colour among the eight, 0..1."""
        return confetti_share(self.pattern.index)

    @property
    def by_code(self) -> tuple[Floss, ...]:
        """In the order of a thread rack: numbers by value, then letters."""
        return tuple(sorted(self.floss, key=lambda floss: code_order(floss.color.code)))

    def verify(self) -> None:
        """Every stitch counted once. Raises AssertionError."""
        counts = self.pattern.counts()
        assert sum(floss.crosses for floss in self.floss) == self.crosses == int(counts.sum())
        assert all(floss.crosses == int(counts[floss.number - 1]) for floss in self.floss)


def code_order(code: str) -> tuple[int, int, str]:
    """Sort key: plain numbers first, by value."""
    return (0, int(code), code) if code.isdecimal() else (1, 0, code.casefold())


def brand_of(palette_id: str) -> str:
    """What stands before a code: the maker, or nothing for somebody's own palette."""
    return BRANDS.get(palette_id.partition(":")[0], "")


def plan_from_document(document: Document) -> StitchPlan:
    """The plan of a stitch document. Raises PixlError."""
    options = StitchOptions.from_json(document.options)
    return make_plan(document.pattern, options, recipe=document.recipe)


def make_plan(pattern: Pattern, options: StitchOptions, *, recipe: Recipe | None = None) -> StitchPlan:
    """Count crosses, pieces and thread. Colours that only backstitches use are listed with no cross."""
    options.extras.check(pattern)
    cell, strands = options.fabric.cell_mm, options.strands or options.fabric.strands
    used = sorted({*pattern.used(), *options.extras.colors()})
    listed = []
    for k in used:
        color = pattern.palette.colors[k]
        pieces = piece_sizes(pattern.index, k)
        length = thread_mm(pieces, cell_mm=cell, strands=strands) + options.extras.thread_mm(k, cell)
        listed.append(
            Floss(
                number=k + 1,
                color=color,
                brand=color.ids.get("brand", "") or brand_of(pattern.palette.id),
                crosses=int(pieces.sum()),
                pieces=len(pieces),
                runs=thread_runs(pieces, cell),
                strand_mm=length,
                skeins=skeins(length),
                have=None if options.have is None else float(options.have.get(color.code, 0.0)),
            )
        )
    return StitchPlan(
        pattern=pattern,
        options=options,
        floss=tuple(listed),
        recipe=recipe or Recipe(version="", command="stitch", engine=""),
    )
