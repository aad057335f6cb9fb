"""Fixtures that several sheet tests share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pixl_exporters.sheet import A4, LETTER, Paper


@pytest.fixture(params=[A4, LETTER, A4.landscape, LETTER.landscape], ids=lambda p: f"{p.name}-{p.width:g}")
def any_paper(request: pytest.FixtureRequest) -> Paper:
    paper: Paper = request.param
    return paper


@pytest.fixture
def index() -> NDArray[np.int16]:
    """20 x 30 cells of 12 colours, some empty."""
    rng = np.random.default_rng(7)
    return rng.integers(-1, 12, (30, 20)).astype(np.int16)


@pytest.fixture
def colors() -> NDArray[np.uint8]:
    return np.random.default_rng(8).integers(0, 256, (12, 3)).astype(np.uint8)


@pytest.fixture(scope="session")
def tiny_font(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A TrueType font that has one character, a square for 猫, one em wide."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    for name, corner in (("moveTo", (100, 0)), ("lineTo", (900, 0)), ("lineTo", (900, 800)), ("lineTo", (100, 800))):
        getattr(pen, name)(corner)
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "space", "cat"])
    builder.setupCharacterMap({0x732B: "cat"})
    blank = TTGlyphPen(None).glyph()
    builder.setupGlyf({".notdef": blank, "space": blank, "cat": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (500, 0), "space": (300, 0), "cat": (1000, 100)})
    builder.setupHorizontalHeader(ascent=900, descent=-200)
    builder.setupNameTable({"familyName": "Tiny", "styleName": "Regular", "fullName": "Tiny Regular", "psName": "Tiny"})
    builder.setupOS2()
    builder.setupPost()
    path: Path = tmp_path_factory.mktemp("font") / "tiny.ttf"
    builder.save(path)
    return path
