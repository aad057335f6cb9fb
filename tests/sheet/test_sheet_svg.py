"""The SVG renderer: strict XML, millimetres, one group per colour, outlines where they belong."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from sheet_samples import HOSTILE_TITLES, chart

from pixl_exporters.sheet import A4, Canvas, Glyphs, Sheet, Stroke, clean_text
from pixl_exporters.sheet.font import symbol_face
from pixl_exporters.sheet.pdf import render_pdf
from pixl_exporters.sheet.svg import render_svg

SVG = "{http://www.w3.org/2000/svg}"


def parse(data: bytes) -> ET.Element:
    data.decode("utf-8", errors="strict")
    return ET.fromstring(data)


def test_size_is_in_mm_and_the_unit_is_a_mm() -> None:
    root = parse(render_svg(Sheet(pages=(Canvas(123.4, 56.789).page(),)))[0])
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("123.4mm", "56.789mm", "0 0 123.4 56.789")


@pytest.mark.parametrize("title", HOSTILE_TITLES)
@pytest.mark.parametrize("labels", ["text", "outline"])
def test_any_title_gives_strict_xml_that_says_it(title: str, labels: str) -> None:
    canvas = A4.canvas(name=title)
    canvas.text(20, 20, title, 4)
    with canvas.group(title, title):
        canvas.glyph(50, 50, title[:1], 4)
    sheet = Sheet(pages=(canvas.page(),), title=title, subject=title)
    root = parse(render_svg(sheet, document=b"{}", labels=labels)[0])  # type: ignore[arg-type]
    wanted = clean_text(title)
    assert (root.findtext(f"{SVG}title") or "") == (f"{wanted} - {wanted}" if wanted else "")
    assert (root.findtext(f"{SVG}desc") or "") == wanted
    texts = ["".join(item.itertext()) for item in root.iter(f"{SVG}text")]
    assert texts == ([wanted] if labels == "text" and wanted else [])
    assert not {item.tag for item in root.iter()} & {f"{SVG}script", "script"}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_any_text_at_all_gives_strict_xml(text: str) -> None:
    canvas = Canvas(100, 100, name=text)
    canvas.text(50, 50, text, 4)
    with canvas.group(text, text):
        canvas.cell(1, 1, 1, 1, (1, 2, 3))
    root = parse(render_svg(Sheet(pages=(canvas.page(),), title=text))[0])
    ids = [item.get("id") for item in root.iter() if item.get("id")]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*", name or "") for name in ids)


def test_each_colour_is_one_group_and_one_path(index: NDArray[np.int16], colors: NDArray[np.uint8]) -> None:
    sheet = chart(A4, index, colors)
    root = parse(render_svg(sheet)[0])
    groups = {group.get("id") or "": group for group in root.iter(f"{SVG}g")}
    for k in range(12):
        name = "cells-{:02x}{:02x}{:02x}".format(*colors[k])
        group = groups[name]
        assert group.get("fill") == "#" + name[6:]
        assert group.findtext(f"{SVG}title")
        (path,) = group.findall(f"{SVG}path")
        area = sum(float(w) * float(h) for w, h in re.findall(r"h([\d.]+)v([\d.]+)h", path.get("d") or ""))
        assert area == pytest.approx(25.0 * int((index == k).sum()))
    assert sum(name.startswith("symbols-") for name in groups) >= 12


def test_symbols_are_outlines_centred_on_their_points() -> None:
    canvas = Canvas(100, 40)
    points = [(10.0, 20.0), (30.5, 20.25), (90.125, 7.0)]
    for x, y in points:
        canvas.glyph(x, y, "X", 8)
    root = parse(render_svg(Sheet(pages=(canvas.page(),)))[0])
    assert not list(root.iter(f"{SVG}text"))
    (path,) = root.iter(f"{SVG}path")
    starts = re.findall(r"M([\d.]+) ([\d.]+)m", path.get("d") or "")
    x0, y0, x1, y1 = symbol_face().ink("X")
    for (x, y), start in zip(points, starts, strict=True):
        assert float(start[0]) == pytest.approx(x - (x0 + x1) / 2 * 8, abs=0.002)
        assert float(start[1]) == pytest.approx(y + (y0 + y1) / 2 * 8, abs=0.002)


def test_symbols_as_text_on_request() -> None:
    canvas = Canvas(100, 40)
    for x in range(10, 60, 10):
        canvas.glyph(x, 20, "●", 4)
    sheet = Sheet(pages=(canvas.page(),))
    root = parse(render_svg(sheet, symbols="text")[0])
    marks = [item.text for item in root.iter(f"{SVG}tspan")]
    count = sum(len(item.points) for item in sheet.pages[0].walk() if isinstance(item, Glyphs))
    assert marks == ["●"] * count


def test_bytes_are_the_same_on_every_run(index: NDArray[np.int16], colors: NDArray[np.uint8]) -> None:
    first = render_svg(chart(A4, index, colors), document=b"{}", labels="outline")
    time.sleep(1.1)
    assert render_svg(chart(A4, index, colors), document=b"{}", labels="outline") == first


def test_nothing_points_outside_the_file(index: NDArray[np.int16], colors: NDArray[np.uint8]) -> None:
    canvas = A4.canvas()
    canvas.picture(10, 10, 20, 20, colors.reshape(3, 4, 3))
    canvas.text(10, 50, "x", 3)
    (data,) = render_svg(Sheet(pages=(canvas.page(),)))
    for item in parse(data).iter():
        for name, value in item.attrib.items():
            if name.endswith("href"):
                assert value.startswith("data:image/png;base64,")
            assert "url(" not in value
            assert not name.startswith("on")


@pytest.mark.outside
def test_a_browser_draws_what_pdfium_draws(tmp_path: Path) -> None:
    """The outlines of SVG against the text of PDF, through two independent renderers."""
    import pypdfium2

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium here")
    canvas = Canvas(100, 60)
    for number, symbol in enumerate("●▲X◙◨◩◯▬❰▒❱▼✿◒"):
        canvas.glyph(6 + 6.5 * number, 10, symbol, 5, (0, 0, 0) if number % 2 else (200, 0, 60))
    canvas.text(10, 30, "Anchor – 12", 6, bold=True)
    canvas.text(90, 40, "end", 6, anchor="end", rotate=20)
    canvas.dot(20, 45, 5, (0, 90, 0), ring_width=2)
    canvas.polygon([(40, 40), (50, 50), (40, 50)], color=(0, 0, 200), stroke=Stroke(color=(0, 0, 0), width=1))
    canvas.line(60, 52, 90, 52, width=1, dash=(3, 2))
    sheet = Sheet(pages=(canvas.page(),))
    file = tmp_path / "page.svg"
    file.write_bytes(render_svg(sheet, labels="outline")[0])
    shot = tmp_path / "page.png"
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=800,600", f"--screenshot={shot}"]
    subprocess.run([*command, file.as_uri()], check=True, capture_output=True, timeout=60)
    seen = np.asarray(Image.open(shot).convert("L"), dtype=float)[:226, :377]  # 96 dpi
    page = pypdfium2.PdfDocument(render_pdf(sheet))[0].render(scale=96 / 72, grayscale=True)
    wanted = page.to_numpy().reshape(page.height, page.width).astype(float)[:226, :377]
    assert np.abs(seen - wanted).mean() < 2.0
    assert wanted.mean() < 250
