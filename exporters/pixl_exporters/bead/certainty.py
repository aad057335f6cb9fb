"""How sure the match is: the second-best bead of each colour, and what another published colour list would change.

``other_lists.csv`` holds what other sources say of beads that we have a value for (palette, list, code, hex). No list
is official: perler-site and beadsprites-2014 are public lists of Perler, beadmachine (MIT) and hobby-list of Hama,
beadmaker-* of Artkal S, beadcolors (MIT) of Artkal C, colour-card-pdf of MARD, dolkow-2015 of Nabbi.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixl.color import ciede2000, hex_to_rgb, rgb_to_lab
from pixl.errors import DocumentError
from pixl.palette import Palette
from pixl.pattern import Pattern

CLOSE = 2.0
"""CIEDE2000 below which the second-best bead is as good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """The bead to take when there is none of this one: the nearest other, and its distance (CIEDE2000)."""

    code: str
    name: str
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherList:
    """If this list were right, ``changed`` of the beads would be another colour; it covers ``known`` of the colours."""

    name: str
    changed: int
    known: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """``seconds`` by colour code; ``lists`` by name. ``unsure``: beads for which the second-best colour is less than
    CLOSE worse than the best."""

    seconds: Mapping[str, Second]
    lists: tuple[OtherList, ...] = ()
    unsure: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain values for a document."""
        return {
            "second": {code: [s.code, s.name, s.gap] for code, s in self.seconds.items()},
            "lists": [[other.name, other.changed, other.known] for other in self.lists],
            "unsure": self.unsure,
        }

    @staticmethod
    def from_json(values: object) -> Certainty:
        """Inverse of ``as_json``; nothing known for None. Raises DocumentError."""
        if values is None:
            return Certainty(seconds={})
        try:
            if not isinstance(values, Mapping):
                raise TypeError("not an object")
            return Certainty(
                seconds={
                    str(code): Second(code=str(other), name=str(name), gap=float(gap))
                    for code, (other, name, gap) in values.get("second", {}).items()
                },
                lists=tuple(
                    OtherList(name=str(name), changed=int(changed), known=int(known))
                    for name, changed, known in values.get("lists", [])
                ),
                unsure=max(0, int(values.get("unsure", 0))),
            )
        except (TypeError, ValueError, AttributeError) as error:
            raise DocumentError(f"the document's 'certainty' is damaged: {error}", hint="make it again") from None


def other_lists(palette_id: str) -> dict[str, dict[str, str]]:
    """List name -> code -> hex, for the palettes that other sources are known for."""
    found: dict[str, dict[str, str]] = {}
    with Path(__file__).with_name("other_lists.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["palette"] == palette_id.partition(":")[0]:
                found.setdefault(row["list"], {})[row["code"].casefold()] = row["hex"]
    return found


def certainty(
    pattern: Pattern,
    choices: Palette,
    *,
    targets: NDArray[np.floating] | None = None,
    among: Sequence[int] | None = None,
) -> Certainty:
    """How sure a pattern over ``choices`` is.

    Args:
        pattern: indices into ``choices``.
        choices: every bead that could have been taken.
        targets: CIELAB [H, W, 3] that the cells should look like; without them the beads' own colours.
        among: indices the match was limited to (all without it).
    """
    from pixl.quantize.differences import difference_table

    laid = pattern.index >= 0
    index = pattern.index[laid].astype(np.intp)
    lab = choices.lab[index] if targets is None else np.asarray(targets, np.float64)[laid]
    seconds: dict[str, Second] = {}
    for k in np.unique(index).tolist():
        if len(choices) < 2:
            break
        gap = ciede2000(choices.lab[k][None, :], choices.lab)
        gap[k] = np.inf
        best = int(np.argmin(gap))
        other = choices.colors[best]
        seconds[choices.colors[k].code] = Second(code=other.code, name=other.name, gap=round(float(gap[best]), 1))
    kept = np.arange(len(choices)) if among is None else np.asarray(among, np.intp)
    table = difference_table(lab, choices.lab[kept])
    unsure = 0
    if len(kept) > 1 and len(lab):
        two = np.partition(table, 1, axis=1)
        unsure = int((two[:, 1] - two[:, 0] < CLOSE).sum())
    return Certainty(seconds=seconds, lists=_lists(lab, table.argmin(axis=1), choices, kept), unsure=unsure)


def _lists(
    lab: NDArray[np.float64], ours: NDArray[np.intp], choices: Palette, kept: NDArray[np.intp]
) -> tuple[OtherList, ...]:
    """Count the beads whose nearest colour differs between our values and another list's."""
    from pixl.quantize.differences import difference_table

    lists = other_lists(choices.id) if len(lab) else {}
    found = []
    for name, values in sorted(lists.items()):
        theirs = choices.lab[kept].copy()
        known = 0
        for at, k in enumerate(kept.tolist()):
            value = values.get(choices.colors[k].code.casefold())
            if value is not None:
                theirs[at] = rgb_to_lab(np.array(hex_to_rgb(value), np.uint8))
                known += 1
        if known:
            changed = int((difference_table(lab, theirs).argmin(axis=1) != ours).sum())
            found.append(OtherList(name=name, changed=changed, known=known))
    return tuple(found)
