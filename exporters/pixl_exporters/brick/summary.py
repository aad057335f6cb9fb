"""What a maker wants to know before buying, as values: ``-n`` prints it, ``--json`` writes it, the sheets repeat it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pixl.units import format_length

from . import bricklink, pickabrick, rebrickable
from .base import PINS_A_SEAM
from .parts import PITCH, WEIGHT_NOTE

if TYPE_CHECKING:
    from .plan import BrickPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """Total of what is to be bought. ``unpriced``: lots whose price the table lacks; they are not in ``total``."""

    total: Decimal
    currency: str
    priced: int
    unpriced: tuple[str, ...]

    def __str__(self) -> str:
        text = f"{self.total.quantize(Decimal('0.01'))} {self.currency}".strip()
        return f"{text} (without {len(self.unpriced)} lots that have no price)" if self.unpriced else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Lengths in mm, weights in g. ``thin``: lots of fewer than four pieces, in words."""

    studs: tuple[int, int]
    size_mm: tuple[float, float]
    outer_mm: tuple[float, float, float]
    part: str
    pieces: int
    colors: int
    lots: int
    thin: tuple[str, ...]
    spare: int
    have: int
    short: int
    buy: int
    sections: int
    base: str
    weight_g: float
    price: Money | None
    merge: dict[str, Any] | None
    no_bricklink: tuple[str, ...]
    no_rebrickable: tuple[str, ...]
    no_element: tuple[str, ...]
    shortages: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def thin_text(self) -> str:
        """The thin lots, at most eight of them by name."""
        rest = len(self.thin) - 8
        return ", ".join(self.thin[:8]) + (f" and {rest} more" if rest > 0 else "")

    @property
    def _and_base(self) -> str:
        return "" if self.base.startswith("none") else "; the base is to be bought all the same"

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        values = {name: getattr(self, name) for name in self.__slots__}
        values["weight_note"] = WEIGHT_NOTE
        if self.price is not None:
            values["price"] = {
                "total": str(self.price.total),
                "currency": self.price.currency,
                "priced": self.price.priced,
                "unpriced": self.price.unpriced,
            }
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}

    def lines(self) -> list[tuple[str, str]]:
        """(what, value) in the order a person reads them; lines without news are left out."""
        width, height, depth = self.outer_mm
        thin = f"; fewer than 4 pieces: {self.thin_text}" if self.thin else ""
        listed = [
            ("size", f"{self.studs[0]} x {self.studs[1]} studs, "
                     f"{format_length(self.size_mm[0])} x {format_length(self.size_mm[1])}"),
            ("outside", f"{width:g} x {height:g} x {depth:g} mm with base and studs"),
            ("pieces", f"{self.pieces} of {self.part} in {self.colors} colours"),
            ("lots", f"{self.lots}{thin}"),
            ("stock", f"{self.short} short: {'; '.join(self.shortages)}" if self.short else ""),
            ("buy", f"{self.buy} pieces, spares included" if self.buy else f"no piece of the picture{self._and_base}"),
            ("base", self.base),
            ("weight", f"about {self.weight_g:.0f} g ({WEIGHT_NOTE})"),
            ("merge", "" if self.merge is None else self.merge["text"]),
            ("price", "" if self.price is None else str(self.price)),
            ("no BrickLink number", "; ".join(self.no_bricklink)),
            ("no Rebrickable number", "; ".join(self.no_rebrickable)),
            ("no known element id", "; ".join(self.no_element)),
        ]  # fmt: skip
        return [(what, value) for what, value in listed if value] + [("note", text) for text in self.warnings]


def summary(plan: BrickPlan) -> Summary:
    """Everything above, from a plan."""
    owned = plan.options.stock is not None
    return Summary(
        studs=(plan.pattern.width, plan.pattern.height),
        size_mm=(plan.pattern.width * PITCH, plan.pattern.height * PITCH),
        outer_mm=plan.outer_mm,
        part=f"{plan.part.name} ({plan.part.id})" + (" and larger" if plan.merge else ""),
        pieces=len(plan.pieces),
        colors=len({lot.number for lot in plan.lots}),
        lots=len(plan.lots),
        thin=tuple(
            f"{lot.need} {lot.color.name}" + (f" {lot.part.short}" if plan.merge else "") for lot in plan.thin_lots
        ),
        spare=sum(lot.spare for lot in plan.lots if lot.buy),
        have=sum(lot.have for lot in plan.lots),
        short=sum(lot.short for lot in plan.lots) if owned else 0,
        buy=sum(lot.buy for lot in plan.lots),
        sections=len(plan.sections),
        base=base_text(plan),
        weight_g=round(plan.weight_g, 1),
        price=money(plan),
        merge=None if plan.merge is None else plan.merge.as_dict(),
        no_bricklink=tuple(bricklink.left_out(plan)),
        no_rebrickable=tuple(rebrickable.left_out(plan)),
        no_element=tuple(pickabrick.left_out(plan)),
        shortages=tuple(f"{lot.short} {lot.color.name}" for lot in plan.lots if lot.short) if owned else (),
        warnings=plan.warnings,
    )


def money(plan: BrickPlan) -> Money | None:
    """None without a price table; the base is priced by its own rows of it."""
    if not plan.options.prices:
        return None
    total, priced = Decimal(0), 0
    unpriced = []
    for lot in plan.lots:
        if lot.cost is None and lot.buy:
            unpriced.append(f"{lot.part.id} {lot.color.label}")
        elif lot.cost is not None:
            total += lot.cost
            priced += 1
    for base in plan.base_lots:
        price = plan.options.prices.get((base.part.id, base.color.code))
        if price is None:
            unpriced.append(f"{base.part.id} {base.color.label}")
        else:
            total += price * base.count
            priced += 1
    return Money(total=total, currency=plan.options.currency, priced=priced, unpriced=tuple(unpriced))


def base_text(plan: BrickPlan) -> str:
    """The base in one line."""
    base = plan.base
    if base.kind == "none":
        return "none: the pieces need something to sit on"
    lots = [f"{lot.count} x {lot.part.name} ({lot.part.id}, {lot.color.name})" for lot in base.lots]
    pins = f", {PINS_A_SEAM} pins for each of {base.seams} seams" if base.pins else ""
    return f"{' + '.join(lots)}, {base.columns} x {base.rows} studs{pins}"
