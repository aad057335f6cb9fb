"""Patterns and plans for the brick tests."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
from hypothesis import strategies as st

from pixl.palette import Color, Palette, load_palette
from pixl.pattern import Pattern
from pixl_exporters.brick.parts import find_part, part_palette
from pixl_exporters.brick.plan import brick_cell

HOSTILE = [
    "plain",
    '&<>",;',
    "=1+1",
    "-2\n+3\r\n@x",
    "tab\there",
    "en – dash 中文 🙂",
    "]]>--><!--",
    "\x00\x07\ud800",
    "STEP",
    "FILE x.ldr",
    "a" * 500,
]
FEW = ("26", "1", "194", "24", "21")


def palette(codes: Sequence[str] = FEW) -> Palette:
    """Some LEGO colours, in this order."""
    lego = load_palette("lego")
    return lego.take([lego.find(code) for code in codes])


def pattern(rows: Sequence[str], codes: Sequence[str] = FEW, *, part: str = "plate", title: str = "") -> Pattern:
    """Digits are palette indices, ``.`` is empty."""
    index = np.array([[-1 if cell == "." else int(cell) for cell in row] for row in rows], np.int16)
    return Pattern(index=index, palette=palette(codes), cell=brick_cell(part), title=title)


def random_pattern(width: int, height: int, *, seed: int = 0, colors: int = 12, empty: float = 0.0, part: str = "plate",
                   clumps: int = 1, title: str = "") -> Pattern:  # fmt: skip
    """Numbered; ``clumps`` is the side of one-coloured squares."""
    random = np.random.default_rng(seed)
    allowed = part_palette(find_part(part))
    chosen = random.permutation(len(allowed))[:colors]
    coarse = random.choice(chosen, size=(-(-height // clumps), -(-width // clumps)))
    index = np.kron(coarse, np.ones((clumps, clumps), int))[:height, :width].astype(np.int16)
    index[random.random(index.shape) < empty] = -1
    return Pattern(index=index, palette=allowed, cell=brick_cell(part), title=title).numbered()


@st.composite
def patterns(draw: st.DrawFn, *, largest: int = 40, colors: int = 5) -> Pattern:
    """Any grid, some of it empty, over up to five colours; at least one cell is there."""
    height, width = draw(st.integers(1, largest)), draw(st.integers(1, largest))
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    index = random.integers(-1 if draw(st.booleans()) else 0, colors, (height, width)).astype(np.int16)
    index[draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))] = 0
    return Pattern(index=index, palette=palette(), cell=brick_cell(), title=draw(st.sampled_from(HOSTILE)))


def hostile_palette(names: Sequence[str]) -> Palette:
    """Real LEGO codes and ids under names that try to break a file."""
    base = palette()
    return Palette(
        id="hostile",
        version="1",
        name="hostile",
        colors=tuple(
            Color(
                code=color.code,
                name=name,
                rgb=color.rgb,
                ids=MappingProxyType({**color.ids, "bl_name": name, "rb_name": name}),
            )
            for color, name in zip(base.colors, names, strict=False)
        ),
    )
