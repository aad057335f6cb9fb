"""Measuring, cleaning, wrapping; the shipped tables against the font files themselves."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from sheet_samples import HOSTILE_TITLES

from pixl.errors import ExportError
from pixl_exporters.sheet import (
    Font,
    Sheet,
    clean_text,
    default_font,
    missing_characters,
    shorten,
    symbol_size,
    symbol_sizes,
    text_width,
    wrap,
)
from pixl_exporters.sheet.canvas import Canvas
from pixl_exporters.sheet.font import REPLACEMENT, shipped_face, symbol_face

TEXTS = st.text(max_size=80)


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("text", ["Hello wörld", "DMC 943 – Aquamarine", "●▲◙", "iiiiWWWW", "Ünïcödé Ωß"])
def test_widths_agree_with_freetype(text: str, bold: bool) -> None:
    face = shipped_face("DejaVuSans-Bold" if bold else "DejaVuSans")
    big = ImageFont.truetype(str(face.path), 2048, layout_engine=ImageFont.Layout.BASIC)
    kerned = big.getlength(text)
    apart = sum(big.getlength(char) for char in text)
    assert text_width(text, 1.0, bold=bold) == pytest.approx(apart / 2048, abs=0.002)
    assert text_width(text, 1.0, bold=bold) == pytest.approx(kerned / 2048, rel=0.03)


def test_ink_boxes_agree_with_freetype() -> None:
    face = symbol_face()
    big = ImageFont.truetype(str(face.path), 2048, layout_engine=ImageFont.Layout.BASIC)
    for char in "●▲X◙❰g@✿A2":
        image = Image.new("1", (4096, 4096))
        ImageDraw.Draw(image).text((1000, 2048), char, font=big, fill=1, anchor="ls")
        box = image.getbbox()
        assert box is not None
        x0, y0, x1, y1 = ((side - origin) / 2048 for side, origin in zip(box, (1000, 2048) * 2, strict=True))
        assert face.ink(char) == pytest.approx((x0, -y1, x1, -y0), abs=0.002)


def test_ink_of_two_characters_spans_both() -> None:
    face = symbol_face()
    x0, _, x1, _ = face.ink("A2")
    assert x0 == pytest.approx(face.ink("A")[0])
    assert x1 == pytest.approx(face.width("A") + face.ink("2")[2])


@pytest.mark.parametrize("title", HOSTILE_TITLES)
def test_cleaned_text_is_one_printable_line(title: str) -> None:
    text = clean_text(title)
    assert not {unicodedata.category(char) for char in text} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert clean_text(text) == text
    text.encode("utf-8")


@given(TEXTS)
def test_every_text_is_drawable(text: str) -> None:
    font = default_font()
    for face, part in font.runs(text):
        assert part
        assert all(face.has(char) for char in part)
    assert text_width(text, 3.0) >= 0.0


def test_missing_characters_are_named_and_replaced() -> None:
    canvas = Canvas(100, 100)
    canvas.text(10, 10, "cat 猫 é", 4)
    sheet = Sheet(pages=(canvas.page(),))
    assert missing_characters(sheet) == ["猫"]
    assert default_font().runs("a猫")[0][1] == "a" + REPLACEMENT


@given(TEXTS, st.floats(0.5, 100.0))
def test_shortened_text_fits(text: str, width: float) -> None:
    short = shorten(text, 3.0, width)
    assert text_width(short, 3.0) <= width
    if text_width(text, 3.0) <= width:
        assert short == clean_text(text)


@given(TEXTS, st.floats(5.0, 100.0))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: float) -> None:
    lines = wrap(text, 3.0, width)
    assert all(text_width(line, 3.0) <= width or len(line) == 1 for line in lines)
    want = "".join(clean_text(part) for part in text.splitlines()).replace(" ", "")
    assert "".join(lines).replace(" ", "") == want


def test_wrap_stops_at_the_last_line_with_an_ellipsis() -> None:
    lines = wrap("one two three four five six seven eight nine ten", 3.0, 25.0, max_lines=2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert wrap("a\n\nb", 3.0, 50.0) == ["a", "", "b"]


def test_symbol_size_lets_every_symbol_fit() -> None:
    symbols = ["●", "▬", "W2", "∫"]
    size = symbol_size(symbols, 5.0, 4.0, fill=0.7)
    for symbol in symbols:
        x0, y0, x1, y1 = (value * size for value in symbol_face().ink(symbol))
        assert x1 - x0 <= 3.5 + 1e-9
        assert y1 - y0 <= 2.8 + 1e-9


def test_codes_are_smaller_so_that_single_symbols_need_not_be() -> None:
    symbols = ["●", "W2", "X", "A3"]
    sizes = symbol_sizes(symbols, 5.0, 5.0)
    assert sizes[0] == sizes[2] == symbol_size(["●", "X"], 5.0, 5.0)
    assert sizes[1] == sizes[3] < sizes[0]
    x0, _, x1, _ = symbol_face().ink("W2")
    assert (x1 - x0) * sizes[1] <= 4.5 + 1e-9


def test_new_characters_stay_to_be_reported() -> None:
    assert clean_text("\U000e1234 \U0003fffd \ue000") == "\U000e1234 \U0003fffd \ue000"
    assert default_font().missing("\ue0f0 \U0003fffd") == {"\ue0f0", "\U0003fffd"}
    assert clean_text("a\ufe0fb\U000e0061\ufffe\ufdd0") == "ab" + REPLACEMENT * 2


def test_a_font_of_ones_own_comes_first_and_the_shipped_one_fills_in(tiny_font: Path) -> None:
    font = Font.from_file(tiny_font)
    runs = font.runs("a猫b")
    assert [(face.key, part) for face, part in runs] == [("DejaVuSans", "a"), ("custom", "猫"), ("DejaVuSans", "b")]
    assert font.missing("a猫") == set()
    assert font.width("猫", 10.0) == pytest.approx(10.0)


def test_fonts_that_cannot_be_used_are_refused(tmp_path: Path, tiny_font: Path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(tiny_font.read_bytes()[:200])
    text = tmp_path / "text.ttf"
    text.write_text("not a font")
    for path in (tmp_path / "none.ttf", tmp_path, broken, text):
        with pytest.raises(ExportError) as caught:
            Font.from_file(path)
        assert caught.value.hint


def test_a_font_that_forbids_embedding_is_refused(tmp_path: Path, tiny_font: Path) -> None:
    from fontTools.ttLib import TTFont

    path = tmp_path / "restricted.ttf"
    with TTFont(tiny_font) as file:
        file["OS/2"].fsType = 2
        file.save(path)
    with pytest.raises(ExportError, match="forbid"):
        Font.from_file(path)


def test_hostile_bytes_in_a_font_never_escape_as_another_error(tmp_path: Path, tiny_font: Path) -> None:
    import random

    good = tiny_font.read_bytes()
    dice = random.Random(3)
    for number in range(60):
        bad = bytearray(good)
        for _ in range(dice.randint(1, 12)):
            bad[dice.randrange(len(bad))] = dice.randrange(256)
        path = tmp_path / f"{number}.ttf"
        path.write_bytes(bad)
        try:
            font = Font.from_file(path)
        except ExportError:
            continue
        assert font.width("猫", 1.0) >= 0.0
