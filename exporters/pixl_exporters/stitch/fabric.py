"""Cloth: counts, finished sizes, strands."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pixl.errors import UsageError
from pixl.units import MM_PER_INCH

USUAL = ("11", "14", "16", "18", "28/2")
"""Fabrics whose finished sizes every chart lists."""
MARGIN_MM = 75.0
"""Cloth to leave on each side for hoop and frame (3 in)."""
_COUNT = re.compile(r"^\s*([0-9]{1,2}(?:[.,][0-9]+)?)\s*(?:(?:/|over)\s*([1-4]))?\s*(?:ct|count)?\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fabric:
    """``threads`` to the inch, stitched over ``over`` of them: 14 over 1, or 28 over 2."""

    threads: float
    over: int = 1

    @property
    def stitches_per_inch(self) -> float:
        """Crosses to the inch."""
        return self.threads / self.over

    @property
    def cell_mm(self) -> float:
        """Width of one cross."""
        return MM_PER_INCH / self.stitches_per_inch

    @property
    def strands(self) -> int:
        """Strands that cover this cloth: 3 up to 12 crosses an inch, 2 up to 20, then 1."""
        return 3 if self.stitches_per_inch <= 12 else 2 if self.stitches_per_inch <= 20 else 1

    @property
    def name(self) -> str:
        """``14 count`` or ``28 count over 2``."""
        return f"{self.threads:g} count" + (f" over {self.over}" if self.over > 1 else "")

    @property
    def code(self) -> str:
        """As it is typed: ``14`` or ``28/2``."""
        return f"{self.threads:g}" + (f"/{self.over}" if self.over > 1 else "")

    def size_mm(self, width: int, height: int) -> tuple[float, float]:
        """Finished size of a design of so many crosses."""
        return width * self.cell_mm, height * self.cell_mm


def parse_count(text: str) -> Fabric:
    """``14``, ``28/2`` or ``28 over 2``. Raises UsageError."""
    match = _COUNT.match(text)
    threads = float(match[1].replace(",", ".")) if match else 0.0
    over = int(match[2] or 1) if match else 1
    if match is None or not 4 <= threads / over <= 60:
        raise UsageError(
            f"'{text}' is not a fabric count", hint="write 14 for Aida, or 28/2 for linen over two threads"
        )
    return Fabric(threads=threads, over=over)
