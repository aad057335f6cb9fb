"""The building instructions and the 1:1 print, read by other programs than the one that wrote them."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pypdf
import pypdfium2
import pytest
from bricks import HOSTILE, hostile_palette, random_pattern

from pixl.embedded import extract_pdf, extract_svg
from pixl.pattern import Pattern
from pixl_exporters.brick import instructions, life_size
from pixl_exporters.brick.drawing import RowWords
from pixl_exporters.brick.plan import BrickOptions, BrickPlan, plan_bricks
from pixl_exporters.formats import ExportOptions
from pixl_exporters.sheet import default_font, paper

MM = 72 / 25.4
OPTIONS = ExportOptions(document=b'{"pixl": 1}')


@pytest.fixture(scope="module")
def plan() -> BrickPlan:
    return plan_bricks(random_pattern(40, 33, colors=20, clumps=2, title="Lighthouse"))


def texts(data: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data), strict=True).pages]


def raster(data: bytes, page: int, dpi: float = 72 * 4) -> np.ndarray:
    return pypdfium2.PdfDocument(data)[page].render(scale=dpi / 72).to_numpy()[..., 2::-1]


def test_the_book_has_its_pages_in_order(plan: BrickPlan) -> None:
    data = instructions.export_pdf(plan, OPTIONS)["instructions.pdf"]
    pages = texts(data)
    heads = [page.split("\n")[0] for page in pages]
    assert "Lighthouse" in heads[0]
    for word in ("Hanging", "Shopping list", "mm thick", "pins", "Weight"):
        assert word in pages[0]
    assert "Colours" in pages[1]
    assert [head for head in heads[2:] if "rows in words" not in head] == [
        f"Section {name}" for name in ("A1", "B1", "C1", "A2", "B2", "C2", "A3", "B3", "C3")
    ]
    assert f"page 1 of {len(pages)}" in pages[0]
    assert extract_pdf(data) == OPTIONS.document


def test_the_first_page_lists_every_lot(plan: BrickPlan) -> None:
    first = texts(instructions.export_pdf(plan, OPTIONS)["instructions.pdf"])[0]
    for lot in plan.lots:
        assert lot.color.name[:12] in first
        assert lot.elements[0].id in first
        assert re.search(rf"{lot.elements[0].id} {lot.buy} ?{lot.need}\n", first)  # written from the right


def test_one_colour_number_on_every_sheet(plan: BrickPlan) -> None:
    """Each section page names its colours with the numbers of the legend."""
    pages = texts(instructions.export_pdf(plan, OPTIONS)["instructions.pdf"])
    index = plan.pattern.index
    for section in plan.sections:
        shown = next(page for page in pages if page.split("\n")[0] == f"Section {section.name}")
        values, counts = np.unique(index[section.slices], return_counts=True)
        for k, count in zip(values.tolist(), counts.tolist(), strict=True):
            assert f"{count} x" in shown
            assert plan.pattern.palette.colors[k].name in shown


def test_a_section_page_shows_the_pattern(plan: BrickPlan) -> None:
    """Sample each stud beside its number and beyond its ring: the colour is the pattern's."""
    data = instructions.export_pdf(plan, OPTIONS)["instructions.pdf"]
    number = next(i for i, text in enumerate(texts(data)) if text.startswith("Section B2"))
    picture = raster(data, number)
    cell, left, top = 8.0, 10.0 + 7.0, 10.0 + 16.0 + 8.0
    section = next(section for section in plan.sections if section.name == "B2")
    for r in range(section.rows):
        for c in range(section.columns):
            x, y = (left + (c + 0.1) * cell) * MM * 4, (top + (r + 0.1) * cell) * MM * 4
            color = plan.pattern.palette.rgb[plan.pattern.index[section.row + r, section.column + c]]
            assert np.abs(picture[int(y), int(x)].astype(int) - color).max() <= 2, (r, c)


def test_rows_in_words_are_the_runs() -> None:
    grid = random_pattern(30, 20, colors=9, clumps=2, empty=0.1)
    made = plan_bricks(grid)
    words = RowWords(made, room=80.0, size=2.5, font=default_font())
    names = [color.name for color in grid.palette.colors]
    for row in range(20):
        lines = words.lines(row, 3, 25)
        assert all(default_font().width(line, 2.5) <= 80.01 for line in lines)
        cells: list[int] = []
        for run in " ".join(lines).split(", "):
            count, _, name = run.partition(" ")
            cells += [-1 if name == "empty" else names.index(name)] * int(count)
        assert cells == grid.index[row, 3:28].tolist()


@pytest.mark.parametrize("size", [(16, 16, 16), (70, 9, 8), (64, 64, 64), (5, 130, 40), (1, 1, 16)])
@pytest.mark.parametrize("part", ["plate", "round-tile"])
def test_every_shape_of_section_makes_pages(size: tuple[int, int, int], part: str) -> None:
    width, height, side = size
    made = plan_bricks(
        random_pattern(width, height, part=part, colors=30, empty=0.1), BrickOptions(part=part, section=side)
    )
    pages = texts(instructions.export_pdf(made, ExportOptions(paper="letter"))["instructions.pdf"])
    assert sum(bool(re.match(r"Section [A-Z]+\d+\n", page)) for page in pages) >= len(made.sections)
    for row in range(height):
        assert any(f"Row {row + 1}" in page for page in pages)


def test_merged_pages_name_the_parts() -> None:
    made = plan_bricks(random_pattern(16, 16, colors=3, clumps=4), BrickOptions(merge=True))
    pages = texts(instructions.export_pdf(made, OPTIONS)["instructions.pdf"])
    for lot in made.lots:
        assert f"{lot.need} x {lot.part.width}x{lot.part.length}" in pages[-1]
    assert "proven fewest" in pages[0]


def test_the_print_is_life_size(plan: BrickPlan) -> None:
    data = life_size.export_pdf(plan, OPTIONS)["print.pdf"]
    reader = pypdf.PdfReader(io.BytesIO(data), strict=True)
    boxes = {tuple(round(float(side) / MM) for side in page.mediabox[2:]) for page in reader.pages}
    assert boxes <= {(210, 297), (297, 210)}
    assert extract_pdf(data) == OPTIONS.document
    for page in range(len(reader.pages)):
        picture = raster(data, page)
        foot = picture[int(len(picture) * 0.88) :]
        inked = [np.flatnonzero(row) for row in (foot.max(axis=2) < 90) & (foot.min(axis=2) < 60)]
        widths = [(row[-1] + 1 - row[0]) / (MM * 4) for row in inked if len(row)]
        assert max(width for width in widths if width < 101) == pytest.approx(100.0, abs=0.2)


def test_the_print_shows_every_stud_once_at_8_mm(plan: BrickPlan) -> None:
    sheet = life_size.life_size(plan, paper("a4"))
    data = life_size.export_pdf(plan, OPTIONS)["print.pdf"]
    seen = np.zeros(plan.pattern.index.shape, int)
    for number, text in enumerate(texts(data)):
        match = re.search(r"columns (\d+) to (\d+), rows (\d+) to (\d+); one stud is 8 mm", text)
        assert match
        c0, c1, r0, r1 = (int(value) for value in match.groups())
        seen[r0 - 1 : r1, c0 - 1 : c1] += 1
        picture = raster(data, number)
        for r in range(r0 - 1, r1):
            for c in range(c0 - 1, c1):
                x, y = (10 + (c - c0 + 1 + 0.12) * 8) * MM * 4, (17 + (r - r0 + 1 + 0.12) * 8) * MM * 4
                color = plan.pattern.palette.rgb[plan.pattern.index[r, c]]
                assert np.abs(picture[int(y), int(x)].astype(int) - color).max() <= 2
    assert (seen == 1).all()
    assert len(sheet.pages) == len(texts(data))


def test_svg_pages_are_strict_xml(plan: BrickPlan) -> None:
    files = instructions.export_svg(plan, OPTIONS)
    assert list(files)[:2] == ["instructions-01.svg", "instructions-02.svg"]
    for number, data in enumerate(files.values()):
        root = ET.fromstring(data)
        assert root.get("width") == "210mm"
        assert root.get("viewBox") == "0 0 210 297"
        assert number or extract_svg(data) == OPTIONS.document


@pytest.mark.parametrize("title", HOSTILE)
def test_pages_survive_what_people_type(title: str) -> None:
    names = [title, *HOSTILE[1:5]]
    grid = Pattern(
        index=np.arange(20).reshape(4, 5).astype(np.int16) % 5, palette=hostile_palette(names),
        cell=random_pattern(1, 1).cell, title=title,
    )  # fmt: skip
    made = plan_bricks(grid)
    for page in instructions.export_svg(made, OPTIONS).values():
        ET.fromstring(page)
    assert len(texts(instructions.export_pdf(made, OPTIONS)["instructions.pdf"])) == 3
    assert len(texts(life_size.export_pdf(made, OPTIONS)["print.pdf"])) == 1


def test_the_same_plan_gives_the_same_bytes(plan: BrickPlan) -> None:
    again = replace(plan)
    assert instructions.export_pdf(plan, OPTIONS) == instructions.export_pdf(again, OPTIONS)
    assert instructions.export_svg(plan, OPTIONS) == instructions.export_svg(again, OPTIONS)
    assert life_size.export_pdf(plan, OPTIONS) == life_size.export_pdf(again, OPTIONS)
