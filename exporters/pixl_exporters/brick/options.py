"""What a maker decides about a brick mosaic, and how a document keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pixl.errors import DocumentError, UsageError

Pairs = Mapping[tuple[str, str], int]
Prices = Mapping[tuple[str, str], Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class BrickOptions:
    """What a maker decides. ``section`` in studs; ``stock`` and ``prices`` by (part id, LEGO code).

    ``merge_seconds`` bounds the time that one section may take. Raises UsageError.
    """

    part: str = "plate"
    section: int = 16
    base: str = "panel"
    merge: bool = False
    merge_seconds: float = 5.0
    stock: Pairs | None = None
    prices: Prices = field(default_factory=dict)
    currency: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.section <= 256:
            raise UsageError(f"a section of {self.section} studs is out of range", hint="ask for 1 to 256")
        if self.merge and self.stock is not None:
            raise UsageError("--merge and --have do not go together", hint="use one of them")

    def as_json(self) -> dict[str, Any]:
        """Plain values for a document's options; defaults that say nothing are left out."""
        values: dict[str, Any] = {"part": self.part, "section": self.section, "base": self.base}
        if self.merge:
            values["merge"] = True
            values["merge_seconds"] = self.merge_seconds
        if self.stock is not None:
            values["stock"] = [[part, code, count] for (part, code), count in sorted(self.stock.items())]
        if self.prices:
            values["prices"] = [[part, code, str(price)] for (part, code), price in sorted(self.prices.items())]
            values["currency"] = self.currency
        return values

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> BrickOptions:
        """Inverse of ``as_json``; other keys are ignored. Raises DocumentError or UsageError."""
        try:
            stock = values.get("stock")
            return BrickOptions(
                part=str(values.get("part", "plate")),
                section=int(values.get("section", 16)),
                base=str(values.get("base", "panel")),
                merge=bool(values.get("merge", False)),
                merge_seconds=float(values.get("merge_seconds", 5.0)),
                stock=None if stock is None else {(str(p), str(c)): max(0, int(n)) for p, c, n in stock},
                prices={(str(p), str(c)): Decimal(str(money)) for p, c, money in values.get("prices", [])},
                currency=str(values.get("currency", "")),
            )
        except UsageError:
            raise
        except (TypeError, ValueError, ArithmeticError) as error:
            raise DocumentError(f"the document's brick options are damaged: {error}", hint="make it again") from None
