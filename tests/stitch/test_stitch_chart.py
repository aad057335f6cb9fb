"""The chart read back by a program that knows nothing of pixl."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET

import chart_reader as reader
import numpy as np
import pypdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stitch_samples import index_maps, pattern, plan, threads

from pixl_exporters.formats import ExportOptions
from pixl_exporters.sheet import A4, LETTER
from pixl_exporters.stitch import chart, floss_csv
from pixl_exporters.stitch.layout import LEAST_CELL, lay_out
from pixl_exporters.stitch.plan import StitchOptions, StitchPlan, make_plan

SVG = "{http://www.w3.org/2000/svg}"


def read_back(data: bytes, shape: tuple[int, int]) -> list[np.ndarray]:
    """Maps of codes, one for each full set of chart pages (colour, then black and white), from the PDF alone."""
    document = pypdfium2.PdfDocument(data)
    legend: dict[str, str] = {}
    charts = []
    for number in range(len(document)):
        grid = reader.find_grid(document[number])
        if grid is not None and len(grid.x) + len(grid.y) > 4:
            charts.append((grid, reader.read_cells(document[number], grid)))
        else:
            legend.update(reader.read_legend(document[number]))
    maps = []
    made = np.full(shape, "", dtype=object)
    row = column = 0
    for grid, cells in charts:
        for (r, c), symbol in cells.items():
            assert made[row + r, column + c] == ""
            made[row + r, column + c] = legend[symbol]
        column += len(grid.x) - 1
        if column == shape[1]:
            column, row = 0, row + len(grid.y) - 1
        if row == shape[0]:
            maps.append(made)
            made = np.full(shape, "", dtype=object)
            row = 0
    return maps


def codes_of(made: StitchPlan) -> np.ndarray:
    codes = np.array([*(color.code for color in made.pattern.palette.colors), ""], dtype=object)
    return codes[made.pattern.index]


@settings(max_examples=10)
@given(index=index_maps(most=70), paper=st.sampled_from(["a4", "letter"]))
def test_the_map_comes_back_from_the_pdf(index: np.ndarray, paper: str) -> None:
    if min(index.shape) < 3:
        index = np.pad(index, 2, mode="edge")
    made = plan(index)
    data = chart.export_pdf(made, ExportOptions(paper=paper))["chart.pdf"]
    maps = read_back(data, index.shape)
    assert len(maps) == 2
    for found in maps:
        assert np.array_equal(found, codes_of(made))


def test_many_colours_and_two_character_symbols() -> None:
    index = np.arange(150).reshape(10, 15)
    made = plan(index)
    maps = read_back(chart.export_pdf(made, ExportOptions())["chart.pdf"], index.shape)
    assert all(np.array_equal(found, codes_of(made)) for found in maps)


def test_grid_is_bold_every_ten_and_symbols_are_one_font() -> None:
    made = plan(np.random.default_rng(1).integers(0, 30, (45, 64)))
    document = pypdfium2.PdfDocument(chart.export_pdf(made, ExportOptions())["chart.pdf"])
    fonts = set()
    charts = 0
    for number in range(2, len(document)):
        grid = reader.find_grid(document[number])
        assert grid is not None
        charts += 1
        cell = grid.x[1] - grid.x[0]
        assert cell / 72 * 25.4 >= LEAST_CELL - 0.001
        steps = [round((at - grid.x[0]) / cell) for at in grid.bold_x]
        assert steps == sorted({*range(0, len(grid.x), 10), len(grid.x) - 1})
        for char in reader.read_chars(document[number]):
            x, y = char.middle
            if grid.x[0] < x < grid.x[-1] and grid.y[-1] < y < grid.y[0]:
                fonts.add(char.font)
    assert charts == 2 * len(lay_out(64, 45, A4).parts)
    assert len(fonts) == 1
    file = pypdf.PdfReader(io.BytesIO(chart.export_pdf(made, ExportOptions())["chart.pdf"]))
    for page in file.pages:
        for font in page["/Resources"]["/Font"].values():
            font = font.get_object()
            assert "/ToUnicode" in font
            assert "/FontFile2" in font["/DescendantFonts"][0].get_object()["/FontDescriptor"]


@pytest.mark.parametrize(("name", "size"), [("a4", {210.0, 297.0}), ("letter", {215.9, 279.4})])
def test_pages_are_exact_and_unscaled(name: str, size: set[float]) -> None:
    made = plan(np.zeros((80, 80), int))
    file = pypdf.PdfReader(io.BytesIO(chart.export_pdf(made, ExportOptions(paper=name, document=b"{}"))["chart.pdf"]))
    for page in file.pages:
        box = page.mediabox
        assert sorted([float(box.width) / 72 * 25.4, float(box.height) / 72 * 25.4]) == pytest.approx(
            sorted(size), abs=0.01
        )
    assert file.trailer["/Root"]["/ViewerPreferences"]["/PrintScaling"] == "/None"
    assert file.attachments["pattern.pixl"] == [b"{}"]


@settings(max_examples=60)
@given(width=st.integers(1, 400), height=st.integers(1, 400), paper=st.sampled_from([A4, LETTER]))
def test_layout_covers_the_chart_in_tens(width: int, height: int, paper: object) -> None:
    layout = lay_out(width, height, paper)  # type: ignore[arg-type]
    seen = np.zeros((height, width), int)
    for part in layout.parts:
        assert part.left % 10 == 0
        assert part.top % 10 == 0
        seen[part.top : part.top + part.rows, part.left : part.left + part.columns] += 1
        assert part.columns * layout.cell <= layout.paper.width - 20
    assert (seen == 1).all()
    assert layout.cell >= LEAST_CELL
    assert [part.number for part in layout.parts] == list(range(1, len(layout.parts) + 1))


def test_svg_pages_hold_every_stitch_once_a_colour() -> None:
    index = np.random.default_rng(2).integers(-1, 9, (30, 40))
    for lettering in ("outline", "text"):
        made = plan(index, symbols=lettering)
        files = chart.export_svg(made, ExportOptions(document=b'{"pixl": 1}'))
        assert {"chart/cover.svg", "chart/legend-1.svg", "chart/colour-1.svg", "chart/symbols-1.svg"} <= set(files)
        found: dict[str, int] = {}
        for name, data in files.items():
            if not name.startswith("chart/symbols"):
                continue
            for group in ET.fromstring(data).iter(f"{SVG}g"):
                if group.get("id", "").startswith("colour-"):
                    code = group.get("id", "").split("-", 2)[2]
                    title = group.find(f"{SVG}title")
                    assert title is not None
                    assert title.text is not None
                    count = int(title.text.rpartition(": ")[2])
                    found[code] = found.get(code, 0) + count
                    if lettering == "text":
                        assert len(list(group.iter(f"{SVG}tspan"))) == count
        assert found == {floss.color.code: floss.crosses for floss in made.floss}


def test_csv_adds_up() -> None:
    made = plan(np.random.default_rng(3).integers(-1, 12, (40, 40)), have={threads(2).colors[1].code: 1})
    rows = list(csv.DictReader(io.StringIO(floss_csv.export(made)["floss.csv"].decode())))
    assert {row["code"]: int(row["crosses"]) for row in rows} == {f.color.code: f.crosses for f in made.floss}
    assert all(row["brand"] == "DMC" and float(row["metres"]) > 0 for row in rows)
    assert sum(int(row["buy"]) for row in rows) == sum(floss.buy for floss in made.floss) == 11


def test_cover_lists_the_cloths_and_the_legend_its_assumptions() -> None:
    made = plan(np.random.default_rng(4).integers(0, 12, (56, 70)), fabric="28/2", confetti=(0.25, 30))
    document = pypdfium2.PdfDocument(chart.export_pdf(made, ExportOptions())["chart.pdf"])
    cover = document[0].get_textpage().get_text_range()
    for text in ("28 count over 2", "11 count", "14 count", "16 count", "18 count", "12.7 x 10.2 cm", "27.7 x 25.2 cm",
                 "before: 25.0 %"):  # fmt: skip
        assert text in cover
    legend = document[1].get_textpage().get_text_range()
    for text in ("4.828", "80 mm of tails", "370 mm", "8 m of six", "Total", "3,920"):
        assert text in legend


def test_arrows_mark_the_middle() -> None:
    """A triangle's tip on each of the four sides, at the middle of the design, read from the page's filled paths."""
    made = plan(np.zeros((40, 60), int))
    document = pypdfium2.PdfDocument(chart.export_pdf(made, ExportOptions())["chart.pdf"])
    page = document[2]
    grid = reader.find_grid(page)
    assert grid is not None
    boxes = [thing.get_bounds() for thing in page.get_objects() if thing.type == 2]
    small = [b for b in boxes if 3 < b[2] - b[0] < 9 and 3 < b[3] - b[1] < 9]
    middle_x, middle_y = (grid.x[0] + grid.x[-1]) / 2, (grid.y[0] + grid.y[-1]) / 2
    on_x = [b for b in small if abs((b[0] + b[2]) / 2 - middle_x) < 0.3]
    on_y = [b for b in small if abs((b[1] + b[3]) / 2 - middle_y) < 0.3]
    assert len(on_x) == len(on_y) == 2


def test_same_bytes_twice() -> None:
    index = np.random.default_rng(8).integers(-1, 20, (33, 31))
    options = ExportOptions(document=b"{}")
    for export in (chart.export_pdf, chart.export_svg, chart.export_png, floss_csv.export):
        assert export(plan(index), options) == export(plan(index), options)


def test_one_stitch_no_stitch_and_hostile_names() -> None:
    for index in ([[0]], [[-1]], [[-1, 0]]):
        made = plan(np.array(index))
        chart.export_pdf(made, ExportOptions())
        chart.export_png(made, ExportOptions())
    evil = make_plan(pattern([[0]], title="</title><script>x</script>"), StitchOptions())
    for data in chart.export_svg(evil, ExportOptions()).values():
        assert b"<script" not in data
        ET.fromstring(data)
