"""The PNG renderer: size, resolution, crisp cells, and the same picture as the PDF."""

from __future__ import annotations

import io
import struct

import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from sheet_samples import HOSTILE_TITLES, chart

from pixl.errors import ExportError
from pixl_exporters.sheet import A4, Canvas, Paper, Sheet, Stroke, calibration_bar
from pixl_exporters.sheet.pdf import render_pdf
from pixl_exporters.sheet.png import render_png


def pixels(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize("dpi", [72.0, 96.0, 150.0, 300.0])
def test_size_and_resolution(any_paper: Paper, dpi: float) -> None:
    (data,) = render_png(Sheet(pages=(any_paper.canvas().page(),)), dpi=dpi)
    width, height = struct.unpack(">II", data[16:24])
    assert (width, height) == (round(any_paper.width / 25.4 * dpi), round(any_paper.height / 25.4 * dpi))
    at = data.index(b"pHYs") + 4
    across, down, unit = struct.unpack(">IIB", data[at : at + 9])
    assert (across, down, unit) == (round(dpi / 0.0254), round(dpi / 0.0254), 1)


def test_cells_are_crisp_and_complete(index: NDArray[np.int16], colors: NDArray[np.uint8]) -> None:
    """At 254 dpi a 5 mm cell is 50 pixels; every one of them has the cell's colour."""
    canvas = Canvas(100, 150)
    canvas.cell_map(0, 0, 5, 5, index, colors)
    (data,) = render_png(Sheet(pages=(canvas.page(),)), dpi=254)
    wanted = np.where((index >= 0)[..., None], colors[index], 255).repeat(50, axis=0).repeat(50, axis=1)
    assert np.array_equal(pixels(data)[:1500, :1000], wanted)


def test_neighbouring_cells_leave_no_gap_at_any_pitch() -> None:
    canvas = Canvas(100, 100)
    for pitch, y in ((2.6, 1.0), (2.708, 40.0)):
        index = np.arange(30, dtype=np.int16).reshape(1, 30) % 2
        canvas.cell_map(3.3, y, pitch, 30, index, [(200, 0, 0), (0, 0, 200)])
    picture = pixels(render_png(Sheet(pages=(canvas.page(),)), dpi=110)[0])
    for y, right in ((10.0, 3.3 + 30 * 2.6), (50.0, 3.3 + 30 * 2.708)):
        row = picture[round(y / 25.4 * 110), round(3.3 / 25.4 * 110) : round(right / 25.4 * 110)]
        assert (row[:, 1] == 0).all()


def test_the_bar_is_as_long_as_pixels_can_say() -> None:
    canvas = A4.canvas()
    calibration_bar(canvas, 20, 50)
    picture = pixels(render_png(Sheet(pages=(canvas.page(),)), dpi=600)[0])[..., 1]
    dark = np.flatnonzero(picture[round(51 / 25.4 * 600)] < 128)
    assert (dark[-1] - dark[0] + 1) * 25.4 / 600 == pytest.approx(100.0, abs=0.045)


def test_hairlines_are_never_lost() -> None:
    canvas = Canvas(50, 50)
    canvas.line(10, 10, 40, 10, width=0.01)
    canvas.line(10, 20, 40, 30, width=0.01)
    canvas.cell(10, 35, 30, 0.01, (0, 0, 0))
    picture = pixels(render_png(Sheet(pages=(canvas.page(),)), dpi=100)[0])[..., 0]
    for top, bottom in ((8, 12), (18, 32), (33, 37)):
        rows = picture[round(top / 0.254) : round(bottom / 0.254), 50:150]
        assert (rows.min(axis=0) < 150).all()


def test_png_and_pdf_show_the_same_page(index: NDArray[np.int16], colors: NDArray[np.uint8]) -> None:
    """Pillow's drawing against pdfium's of our PDF: same places, colours and letters."""
    sheet = chart(A4, index, colors)
    canvas = A4.canvas()
    canvas.add(*sheet.pages[0].items)
    canvas.text(150, 100, "Anchor – 12", 6, bold=True, anchor="middle")
    canvas.text(150, 150, "turned", 6, rotate=30)
    canvas.dot(150, 200, 8, (0, 90, 0), ring_width=3)
    canvas.polygon([(150, 220), (170, 230), (150, 230)], color=(0, 0, 200), stroke=Stroke(color=(0, 0, 0), width=1))
    canvas.line(120, 250, 190, 260, width=1, dash=(5, 2))
    canvas.picture(150, 40, 30, 20, colors.reshape(3, 4, 3))
    sheet = Sheet(pages=(canvas.page(),))
    mine = pixels(render_png(sheet, dpi=144)[0]).astype(float)
    page = pypdfium2.PdfDocument(render_pdf(sheet))[0].render(scale=2, rev_byteorder=True)
    theirs = page.to_numpy().reshape(page.height, page.width, -1)[..., :3].astype(float)
    height, width = (min(a, b) for a, b in zip(mine.shape[:2], theirs.shape[:2], strict=True))
    mine, theirs = mine[:height, :width], theirs[:height, :width]
    assert np.abs(mine - theirs).mean() < 4.0
    small = [
        np.asarray(Image.fromarray(a.astype(np.uint8)).resize((width // 12, height // 12), Image.Resampling.BOX), float)
        for a in (mine, theirs)
    ]
    assert np.abs(small[0] - small[1]).max() < 60
    assert np.abs(small[0] - small[1]).mean() < 2.0


@pytest.mark.parametrize("title", HOSTILE_TITLES)
def test_any_title_is_drawn(title: str) -> None:
    canvas = Canvas(120, 60, name=title)
    canvas.text(10, 20, title, 4)
    canvas.text(60, 40, title[:80], 4, rotate=20, anchor="middle")
    canvas.glyph(10, 40, title[:2], 4)
    (data,) = render_png(Sheet(pages=(canvas.page(),), title=title), dpi=100)
    Image.open(io.BytesIO(data)).verify()


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=30), st.floats(-360, 360), st.floats(-200, 200), st.floats(-200, 200))
def test_text_may_lie_anywhere(text: str, angle: float, x: float, y: float) -> None:
    canvas = Canvas(60, 40)
    canvas.text(x, y, text, 4, rotate=angle)
    canvas.glyph(x, y, "X", 5)
    canvas.dot(x, y, 3, (0, 0, 0))
    canvas.line(x, y, y, x)
    canvas.polygon([(x, y), (y, x), (0, 0)], color=(1, 1, 1))
    assert pixels(render_png(Sheet(pages=(canvas.page(),)), dpi=50)[0]).shape == (79, 118, 3)


def test_bytes_are_the_same_on_every_run(index: NDArray[np.int16], colors: NDArray[np.uint8]) -> None:
    assert render_png(chart(A4, index, colors)) == render_png(chart(A4, index, colors))


@pytest.mark.parametrize("dpi", [0.0, -1.0, float("nan"), float("inf"), 5000.0])
def test_resolutions_out_of_range_are_refused(dpi: float) -> None:
    with pytest.raises(ExportError, match="dots per inch"):
        render_png(Sheet(pages=(A4.canvas().page(),)), dpi=dpi)


def test_pages_of_too_many_pixels_are_refused() -> None:
    with pytest.raises(ExportError, match="250 megapixels"):
        render_png(Sheet(pages=(Canvas(2000, 2000).page(),)), dpi=600)
