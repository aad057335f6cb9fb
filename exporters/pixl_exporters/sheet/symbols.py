"""One chart symbol per colour, the least alike ones on the colours that are easiest to mix up.

The ranked symbols and their mutual distances are in ``chart_symbols.csv`` (``scripts/build_chart_symbols.py``).
"""

from __future__ import annotations

import csv
import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pixl_exporters.sheet.model import Floats

DARK = 50.0
"""Below this Lab lightness a symbol is drawn in white."""

SHADES = "░▒▓"
"""Glyphs that fill the whole cell: in white they turn a dark cell grey."""

_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"  # without I, O and Q, which read as 1 and 0
_DIGITS = "23456789"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SymbolTable:
    """The ranked symbols: ``chars`` best first, ``distance`` int64[N, N], ``ink`` float64[N] (share of the em)."""

    chars: tuple[str, ...]
    distance: NDArray[np.int64]
    ink: Floats


@functools.cache
def symbol_table() -> SymbolTable:
    """The shipped table."""
    path = Path(__file__).with_name("chart_symbols.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return SymbolTable(
        chars=tuple(row["char"] for row in rows),
        distance=np.array([row["distances"].split() for row in rows], dtype=np.int64),
        ink=np.array([float(row["ink_fraction"]) for row in rows]),
    )


def ink_for(lab: ArrayLike) -> NDArray[np.uint8]:
    """Black or white uint8[K, 3] for symbols on colours of CIE Lab float[K, 3]: white where L* < 50."""
    dark = np.asarray(lab, dtype=np.float64).reshape(-1, 3)[:, 0] < DARK
    return np.where(dark[:, None], 255, 0).astype(np.uint8).repeat(3, axis=1)


def assign_symbols(lab: ArrayLike, counts: ArrayLike) -> list[str]:
    """A distinct symbol for each of K colours.

    The most frequent colours get the best-ranked single glyphs (up to 120), the rest two-character codes. Among the
    glyphs the assignment makes the sum over colour pairs of closeness x likeness small, where closeness counts both
    CIE76 distance and lightness alone (what is left in a black-and-white print and for many colour-blind makers):
    a greedy start, improved by the best swap until none helps. Whole-number weights: the same everywhere.

    Args:
        lab: float[K, 3], CIE Lab.
        counts: int[K], cells of each colour; ties go to the lower index.

    Returns:
        K symbols in the order of the colours.
    """
    colors = np.asarray(lab, dtype=np.float64).reshape(-1, 3)
    amounts = np.asarray(counts, dtype=np.int64).ravel()
    if len(amounts) != len(colors):
        raise ValueError(f"{len(colors)} colours but {len(amounts)} counts")
    table = symbol_table()
    order = np.argsort(-amounts, kind="stable")
    single = order[: len(table.chars)]
    symbols = [""] * len(colors)
    for k, symbol in zip(single.tolist(), _match(colors[single], table), strict=True):
        symbols[k] = table.chars[symbol]
    for k, code in zip(order[len(single) :].tolist(), _codes(), strict=False):
        symbols[k] = code
    return symbols


def _codes() -> Iterator[str]:
    """A2, A3, ... Z9, then AA, AB, ... ZZ, then three letters and so on."""
    yield from ("".join(pair) for pair in itertools.product(_LETTERS, _DIGITS))
    for length in itertools.count(2):
        yield from ("".join(letters) for letters in itertools.product(_LETTERS, repeat=length))


def _match(colors: Floats, table: SymbolTable) -> list[int]:
    """Which of the first K symbols each of K colours gets: a quadratic assignment, solved locally."""
    count = len(colors)
    if count == 0:
        return []
    close = _closeness(colors)
    distance = table.distance[:count, :count].astype(np.float64)
    np.fill_diagonal(distance, np.inf)
    alike = np.rint(1000.0 * (26.0 / distance) ** 3)
    dark = colors[:, 0] < DARK
    heavy = np.rint(np.outer(dark, table.ink[:count]) * 400.0)  # white symbols with much ink drown a dark cell
    heavy += np.outer(dark, [char in SHADES for char in table.chars[:count]]) * 20_000.0

    chosen = np.full(count, -1)
    free = np.ones(count, dtype=bool)
    for k in range(count):
        done = chosen[:k]
        cost = heavy[k] + (close[k, :k, None] * alike[done]).sum(axis=0)
        best = int(np.argmin(np.where(free, cost, np.inf)))
        chosen[k] = best
        free[best] = False

    # Sums of products instead of @: so small, BLAS threads cost more than they save.
    likeness = alike[np.ix_(chosen, chosen)]
    mixed = np.einsum("ik,kj->ij", close, likeness)
    for _ in range(2 * count):
        own = np.diag(mixed)
        gain = mixed + mixed.T - own[:, None] - own[None, :] + 2.0 * close * likeness
        weight = heavy[:, chosen]  # [i, j]: colour i with the symbol that colour j has now
        gain += weight + weight.T - np.diag(weight)[:, None] - np.diag(weight)[None, :]
        i, j = divmod(int(np.argmin(gain)), count)
        if gain[i, j] >= 0:
            break
        chosen[[i, j]] = chosen[[j, i]]
        before = likeness[[i, j]]
        likeness = alike[np.ix_(chosen, chosen)]
        change = likeness[[i, j]] - before
        mixed += close[:, [i]] * change[0] + close[:, [j]] * change[1]
        for column in (i, j):
            mixed[:, column] = (close * likeness[:, column]).sum(axis=1)
    return [int(symbol) for symbol in chosen]


def _closeness(colors: Floats) -> Floats:
    """Whole numbers [K, K] of 0..1500: how easily two colours are taken for one another; 0 on the diagonal."""
    apart = colors[:, None, :] - colors[None, :, :]
    total = np.sqrt((apart**2).sum(axis=2))
    close = np.rint(1000.0 * np.exp(-total / 15.0) + 500.0 * np.exp(-np.abs(apart[:, :, 0]) / 6.0))
    np.fill_diagonal(close, 0.0)
    return np.asarray(close)
