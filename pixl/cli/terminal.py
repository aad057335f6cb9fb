"""A pattern in a terminal: half blocks in 24-bit colour, or letters where colour is not wanted or not there."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@#%&+=?!*$"
"""Symbols of colour numbers 1, 2, 3 ...; colours after the last share '~'."""
_RESET = "\x1b[0m"


def in_color() -> bool:
    """Whether stdout takes colour: FORCE_COLOR, else a terminal that is not dumb, and NO_COLOR unset."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


def speaks_blocks() -> bool:
    """Whether stdout's encoding has the half blocks."""
    try:
        "▀▄".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def columns() -> int:
    """Characters in a line of the terminal, 80 where there is none."""
    return max(20, shutil.get_terminal_size((80, 24)).columns)


def put(text: str) -> None:
    """A line on stdout; what its encoding lacks becomes '?'."""
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "replace").decode(encoding))  # noqa: T201
    sys.stdout.flush()


def swatch(rgb: tuple[int, int, int]) -> str:
    """Two blanks on the colour, or nothing where there is no colour."""
    return "\x1b[48;2;{};{};{}m  {} ".format(*rgb, _RESET) if in_color() else ""


def fitted(index: NDArray[Any], width: int) -> tuple[NDArray[Any], int]:
    """int[h, w]: the index map with each block of f x f cells shown by its commonest index, and f, so that w fits."""
    import numpy as np

    factor = max(1, -(-index.shape[1] // max(1, width)))
    if factor == 1:
        return index, 1
    height, across = -(-index.shape[0] // factor), -(-index.shape[1] // factor)
    small = np.empty((height, across), index.dtype)
    for y in range(height):
        for x in range(across):
            block = index[y * factor : (y + 1) * factor, x * factor : (x + 1) * factor]
            values, counts = np.unique(block, return_counts=True)
            small[y, x] = values[np.argmax(counts)]
    return small, factor


def half_blocks(index: NDArray[Any], colors: NDArray[Any]) -> list[str]:
    """Lines that show two rows of cells each; empty cells let the terminal's own background through.

    ``index``: int[H, W], -1 = empty. ``colors``: uint8[K, 3].
    """
    table = [tuple(int(v) for v in rgb) for rgb in colors]
    lines = []
    for y in range(0, index.shape[0], 2):
        top = [int(k) for k in index[y]]
        bottom = [int(k) for k in index[y + 1]] if y + 1 < index.shape[0] else [-1] * len(top)
        lines.append(_line(top, bottom, table))
    return lines


def _line(top: list[int], bottom: list[int], table: list[tuple[int, ...]]) -> str:
    parts, state = [], ""
    for up, down in zip(top, bottom, strict=True):
        if up < 0 and down < 0:
            wanted, sign = _RESET, " "
        elif up < 0:
            wanted, sign = _RESET + _ink(38, table[down]), "▄"
        elif down < 0:
            wanted, sign = _RESET + _ink(38, table[up]), "▀"
        else:
            wanted, sign = _ink(38, table[up]) + _ink(48, table[down]), "▀"
        parts.append((wanted if wanted != state else "") + sign)
        state = wanted
    return "".join(parts) + _RESET


def _ink(layer: int, rgb: tuple[int, ...]) -> str:
    return "\x1b[{};2;{};{};{}m".format(layer, *rgb)


def letter(number: int) -> str:
    """The symbol of a colour number (from 1)."""
    return LETTERS[number - 1] if 1 <= number <= len(LETTERS) else "~"


def letters(index: NDArray[Any], *, wide: bool = False) -> list[str]:
    """Lines of one symbol a cell, '.' for empty; ``wide`` puts a blank between, which makes cells nearly square."""
    return [(" " if wide else "").join("." if k < 0 else letter(int(k) + 1) for k in row) for row in index]
