"""What to buy: beads with a waste share, in bags, less what is there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pixl.palette import Color


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


def stock_of(stock: Mapping[str, int] | None, code: str) -> int | None:
    """What there is of a code; None when no stock was given."""
    return None if stock is None else int(stock.get(code, 0))
