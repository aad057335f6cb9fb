"""The PDF renderer, read back by pdfium and pypdf."""

from __future__ import annotations

import io
import time

import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pypdf import PdfReader
from sheet_samples import HOSTILE_TITLES, chart

from pixl_exporters.sheet import (
    A4,
    LETTER,
    Canvas,
    Font,
    Glyphs,
    Paper,
    Sheet,
    Stroke,
    calibration_bar,
    clean_text,
    text_width,
)
from pixl_exporters.sheet.font import REPLACEMENT
from pixl_exporters.sheet.pdf import render_pdf


def raster(
    data: bytes, dpi: float, *, page: int = 0, crop: tuple[float, float, float, float] = (0, 0, 0, 0)
) -> NDArray:
    """A page as grey levels; ``crop`` are mm cut off left, bottom, right, top."""
    document = pypdfium2.PdfDocument(data)
    points = tuple(side / 25.4 * 72 for side in crop)
    bitmap = document[page].render(scale=dpi / 72, grayscale=True, crop=points)
    return bitmap.to_numpy().reshape(bitmap.height, bitmap.width)


@pytest.mark.parametrize("paper", [A4, LETTER], ids=["A4", "Letter"])
def test_the_bar_measures_100_mm_at_1200_dpi(paper: Paper) -> None:
    canvas = paper.canvas()
    calibration_bar(canvas, 20, 50, inches=paper.inches)
    data = render_pdf(Sheet(pages=(canvas.page(),)))
    pixel = 25.4 / 1200
    grey = raster(data, 1200, crop=(0, paper.height - 60, 0, 45))
    offset = 45.0
    lengths = []
    for y in (51.0, 51.0 + 6.0) if paper.inches else (51.0,):
        row = grey[round((y - offset) / pixel)]
        dark = np.flatnonzero(row < 128)
        lengths.append((dark[-1] - dark[0] + 1) * pixel)
    assert lengths[0] == pytest.approx(100.0, abs=0.05)
    if paper.inches:
        assert lengths[1] == pytest.approx(101.6, abs=0.05)


def test_pages_have_exactly_their_sizes_and_ask_for_no_scaling(
    any_paper: Paper, index: NDArray[np.int16], colors: NDArray[np.uint8]
) -> None:
    extra = Canvas(123.4, 56.7).page()
    sheet = chart(any_paper, index, colors, pitch=4.0)
    reader = PdfReader(io.BytesIO(render_pdf(Sheet(pages=(*sheet.pages, extra)))))
    for page, size in zip(reader.pages, [(any_paper.width, any_paper.height), (123.4, 56.7)], strict=True):
        box = [float(side) for side in page.mediabox]
        assert box[:2] == [0, 0]
        assert [side / 72 * 25.4 for side in box[2:]] == pytest.approx(size, abs=0.002)
        assert "/Rotate" not in page
    assert [(entry.title, float(entry.top)) for entry in reader.outline] == [
        ("Board A1", pytest.approx(any_paper.height / 25.4 * 72, abs=0.01))
    ]
    assert reader.trailer["/Root"]["/ViewerPreferences"]["/PrintScaling"] == "/None"


def test_text_has_every_symbol_of_the_list_where_it_belongs(
    index: NDArray[np.int16], colors: NDArray[np.uint8]
) -> None:
    """Each glyph's character and ink box are read back from the PDF and compared with the display list."""
    sheet = chart(A4, index, colors)
    wanted = {
        (symbol.symbol, round(x, 2), round(y, 2))
        for symbol in sheet.pages[0].walk()
        if isinstance(symbol, Glyphs)
        for x, y in symbol.points.tolist()
    }
    assert len(wanted) == int((index >= 0).sum())
    text = pypdfium2.PdfDocument(render_pdf(sheet))[0].get_textpage()
    found = set()
    for number in range(text.count_chars()):
        char = text.get_text_range(number, 1)
        if char.isspace():  # pdfium's own, between symbols that stand apart
            continue
        left, bottom, right, top = (side / 72 * 25.4 for side in text.get_charbox(number))
        x, y = (left + right) / 2, 297.0 - (bottom + top) / 2
        column, row = (x - 15) / 5, (y - 40) / 5
        if 0 <= column < 20 and 0 <= row < 30:
            assert abs(column % 1 - 0.5) < 0.03
            assert abs(row % 1 - 0.5) < 0.03
            found.add((char, 15 + int(column) * 5 + 2.5, 40 + int(row) * 5 + 2.5))
    assert found == wanted


def test_fonts_are_embedded_subsets_with_unicode_maps(index: NDArray[np.int16], colors: NDArray[np.uint8]) -> None:
    data = render_pdf(chart(A4, index, colors))
    fonts = PdfReader(io.BytesIO(data)).pages[0]["/Resources"]["/Font"]
    assert len(fonts) == 1
    for font in (font.get_object() for font in fonts.values()):
        assert font["/Subtype"] == "/Type0"
        assert "/ToUnicode" in font
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert len(descriptor["/FontFile2"].get_data()) < 60_000
    assert len(data) < 60_000


def test_bytes_are_the_same_on_every_run(index: NDArray[np.int16], colors: NDArray[np.uint8]) -> None:
    first = render_pdf(chart(A4, index, colors), attachment=("pattern.pixl", b"{}"))
    time.sleep(1.1)  # a time of day in the file would show
    assert render_pdf(chart(A4, index, colors), attachment=("pattern.pixl", b"{}")) == first


@pytest.mark.parametrize("title", HOSTILE_TITLES)
def test_any_title_is_written_and_read_back(title: str) -> None:
    canvas = A4.canvas(name=title)
    canvas.text(20, 20, title, 4)
    canvas.text(100, 150, title[:40], 4, bold=True, rotate=33, anchor="middle")
    data = render_pdf(Sheet(pages=(canvas.page(),), title=title, subject=title))
    reader = PdfReader(io.BytesIO(data))
    assert (reader.metadata.title or "") == clean_text(title)
    text = pypdfium2.PdfDocument(data)[0].get_textpage().get_text_bounded()
    if "猫" in title:
        assert REPLACEMENT in text or "\ufffe" in text
    elif title.isascii() and title.isprintable() and len(title) < 100:
        assert text.startswith(title)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=40))
def test_any_text_at_all_makes_a_readable_page(text: str) -> None:
    canvas = Canvas(100, 100, name=text)
    canvas.text(50, 50, text, 4, anchor="middle")
    canvas.glyph(50, 70, text[:2], 4)
    document = pypdfium2.PdfDocument(render_pdf(Sheet(pages=(canvas.page(),), title=text)))
    assert len(document) == 1
    document[0].render(scale=0.2)


def test_everything_lands_where_it_was_put() -> None:
    """One dark thing of each kind on an otherwise white page, its box measured on the raster."""
    canvas = Canvas(100, 80)
    canvas.cell(10, 10, 6, 4, (0, 0, 0))
    canvas.dot(40, 12, 3, (0, 0, 0))
    canvas.dot(60, 12, 3, (0, 0, 0), ring_width=1)
    canvas.line(75, 12, 85, 12, width=2)
    canvas.polygon([(10, 30), (20, 30), (10, 40)], color=(0, 0, 0))
    canvas.polygon([(32, 32), (38, 32), (38, 38), (32, 38)], stroke=Stroke(color=(0, 0, 0), width=2))
    canvas.picture(50, 30, 8, 6, np.zeros((3, 4, 3), np.uint8))
    canvas.glyph(80, 35, "●", 6)
    canvas.text(20, 70, "HH", 10, anchor="middle")
    canvas.text(60, 70, "HH", 10, rotate=90, anchor="middle")
    grey = raster(render_pdf(Sheet(pages=(canvas.page(),))), 254)

    def box(x: float, y: float, w: float, h: float) -> list[float]:
        dark = np.argwhere(grey[round(y * 10) : round((y + h) * 10), round(x * 10) : round((x + w) * 10)] < 128)
        (top, left), (bottom, right) = dark.min(axis=0), dark.max(axis=0) + 1
        return [x + left / 10, y + top / 10, x + right / 10, y + bottom / 10]

    wide = text_width("HH", 10)
    assert box(5, 5, 20, 20) == pytest.approx([10, 10, 16, 14], abs=0.15)
    assert box(30, 5, 20, 20) == pytest.approx([37, 9, 43, 15], abs=0.15)
    assert box(51, 5, 20, 20) == pytest.approx([57, 9, 63, 15], abs=0.15)
    assert grey[120, 600] > 250  # the ring is open
    assert box(70, 5, 20, 20) == pytest.approx([75, 11, 85, 13], abs=0.15)
    assert box(5, 25, 20, 20) == pytest.approx([10, 30, 20, 40], abs=0.25)
    assert box(27, 25, 20, 20) == pytest.approx([31, 31, 39, 39], abs=0.15)
    assert grey[350, 350] > 250  # outlined, not filled
    assert box(48, 25, 15, 15) == pytest.approx([50, 30, 58, 36], abs=0.15)
    left, top, right, bottom = box(70, 25, 20, 20)
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((80, 35), abs=0.1)
    left, top, right, bottom = box(5, 55, 30, 24)
    assert (bottom, bottom - top) == pytest.approx((70, 7.29), abs=0.15)
    assert (left + right) / 2 == pytest.approx(20, abs=0.15)
    assert right - left == pytest.approx(wide, abs=2.2)
    left, top, right, bottom = box(45, 50, 30, 29)
    assert (left, right - left) == pytest.approx((60, 7.29), abs=0.15)  # turned clockwise: the baseline faces left
    assert (top + bottom) / 2 == pytest.approx(70, abs=0.15)


def test_a_handed_in_font_is_embedded_beside_the_shipped_one(tiny_font: object) -> None:
    canvas = Canvas(100, 50)
    canvas.text(10, 20, "cat 猫", 5)
    data = render_pdf(Sheet(pages=(canvas.page(),)), font=Font.from_file(tiny_font))  # type: ignore[arg-type]
    text = pypdfium2.PdfDocument(data)[0].get_textpage().get_text_bounded()
    assert text.strip() == "cat 猫"


def test_attachment_is_a_plain_embedded_file() -> None:
    body = b'{"pixl": 1, "endstream": "endstream endobj"}\n' * 50
    data = render_pdf(Sheet(pages=(A4.canvas().page(),)), attachment=("pattern.pixl", body))
    assert PdfReader(io.BytesIO(data)).attachments == {"pattern.pixl": [body]}
    assert body in data


def test_a_chart_of_13456_symbols_takes_about_a_second_at_most() -> None:
    rng = np.random.default_rng(0)
    index = rng.integers(0, 40, (116, 116)).astype(np.int16)
    colors = rng.integers(0, 256, (40, 3)).astype(np.uint8)
    sheet = chart(Paper(name="poster", width=400, height=420), index, colors, pitch=3.0)
    render_pdf(Sheet(pages=(A4.canvas().page(),)))  # imports are another budget
    start = time.process_time()
    render_pdf(sheet)
    assert time.process_time() - start < 1.0
