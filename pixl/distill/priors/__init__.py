"""Priors by kind: the classes live here, names are rows of a table. What may enter: one class per kind, its
rows.

Listing the table imports no torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from pixl.errors import UsageError

if TYPE_CHECKING:
    from pixl.distill.prior import Prior


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorRow:
    """One name. ``target``: ``module:function``, called with the grid (H, W), gives the prior."""

    name: str
    target: str
    summary: str


PRIORS = (
    PriorRow(
        name="icons",
        target="pixl.distill.priors.icon:IconPrior",
        summary="the exact score of the built-in icon library; offline, no download",
    ),
)


def prior_row(name: str) -> PriorRow:
    """The row of this name. Raises UsageError."""
    for row in PRIORS:
        if row.name == name:
            return row
    known = ", ".join(row.name for row in PRIORS)
    raise UsageError(f"there is no prior '{name}'", hint=f"use one of {known}")


def load_prior(name: str, grid: tuple[int, int]) -> Prior:
    """The prior of this name for a grid of (H, W) cells. Raises UsageError, ModelMissingError."""
    module, _, attribute = prior_row(name).target.partition(":")
    return cast("Prior", getattr(import_module(module), attribute)(grid))
