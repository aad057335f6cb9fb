"""The printed pages, read back by other programs: sizes, counts, places."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from collections import Counter

import numpy as np
import page_reader as reader
import pypdf
import pytest
from bead_samples import CUSTOM, index_maps, palette, pattern, plan
from hypothesis import given, settings
from hypothesis import strategies as st

from pixl_exporters.bead import beads_csv, chart_png, template
from pixl_exporters.bead.board_pages import spans, windows
from pixl_exporters.bead.boards import Board, load_boards
from pixl_exporters.bead.look import look_of
from pixl_exporters.bead.plan import BeadOptions, BeadPlan, make_plan
from pixl_exporters.formats import ExportOptions
from pixl_exporters.sheet import paper

SVG = "{http://www.w3.org/2000/svg}"
SMALL = Board(id="own", name="own", columns=12, rows=10, pitch_mm=5.0)
TALL = Board(id="tall", name="tall", columns=49, rows=69, pitch_mm=5.0, joins=False)
MINI = Board(id="mini", name="mini", columns=20, rows=20, pitch_mm=2.6)


def first_board_page(document: object, made: BeadPlan, paper_name: str) -> int:
    return len(document) - len(windows(made, paper(paper_name)))  # type: ignore[arg-type]


@settings(max_examples=12)
@given(
    index=index_maps(most=26, colors=24), side=st.sampled_from(["iron", "peg"]), board=st.sampled_from([SMALL, MINI])
)
def test_beads_in_pdf_svg_csv_and_pattern_agree(index: np.ndarray, side: str, board: Board) -> None:
    made = plan(index, board=board, side=side)
    counts = {need.color.code: need.count for need in made.needs}
    look = look_of(made, underlay=True)

    document = reader.open_pdf(template.export_template(made, ExportOptions())["template.pdf"])
    found: Counter[str] = Counter()
    start = first_board_page(document, made, "a4")
    for number in range(start, len(document)):
        found.update(mark.char for mark in reader.marks(document, number) if abs(mark.size - look.size) < 0.003)
    by_symbol = {look.symbols[need.number - 1]: need.count for need in made.needs}
    assert found == Counter(by_symbol)

    drawn: Counter[str] = Counter()
    for data in template.export_svg(made, ExportOptions()).values():
        for group in ET.fromstring(data).iter(f"{SVG}g"):
            match = re.fullmatch(r"colour-\d+-(.+)", group.get("id", ""))
            if match:
                rings = [part for part in group.iter(f"{SVG}g") if part.get("id", "").startswith("dots-")]
                drawn[match[1]] += sum(
                    path.get("d", "").count("M") for ring in rings for path in ring.iter(f"{SVG}path")
                )
    assert drawn == Counter(counts)

    rows = list(csv.DictReader(io.StringIO(beads_csv.export(made)["beads.csv"].decode("utf-8"))))
    assert {row["code"]: int(row["count"]) for row in rows} == counts
    names = [part.name for part in made.boards if part.beads]
    assert {row["code"]: sum(int(row[name]) for name in names) for row in rows} == counts


@settings(max_examples=6)
@given(index=index_maps(most=30, colors=20), side=st.sampled_from(["iron", "peg"]))
def test_symbols_on_the_pages_give_the_map_back(index: np.ndarray, side: str) -> None:
    made = plan(index, board=SMALL, side=side)
    look = look_of(made, underlay=True)
    number_of = {symbol: k for k, symbol in enumerate(look.symbols)}
    document = reader.open_pdf(template.export_template(made, ExportOptions(paper="letter"))["template.pdf"])
    page = first_board_page(document, made, "letter")
    whole = np.full(index.shape, -1)
    for number, window in enumerate(windows(made, paper("letter")), page):
        x = (215.9 - window.columns * 5.0) / 2
        text = reader.page_text(document, number)
        match = re.search(r"columns (\d+)-\d+ of \d+, rows (\d+)-", text)
        assert match
        marks = [mark for mark in reader.marks(document, number) if abs(mark.size - look.size) < 0.003]
        top = 10.0 + 25.0
        for mark in marks:
            column, row = (mark.x - x) / 5.0, (mark.y - top) / 5.0
            assert abs(column % 1 - 0.5) < 0.05
            assert abs(row % 1 - 0.5) < 0.05
            whole[int(match[2]) - 1 + int(row), int(match[1]) - 1 + int(column)] = number_of[mark.char]
    assert np.array_equal(whole[:, ::-1] if side == "peg" else whole, made.pattern.index)


@pytest.mark.parametrize(("name", "size"), [("a4", (210.0, 297.0)), ("letter", (215.9, 279.4))])
def test_bar_and_outline_are_true_to_size(name: str, size: tuple[float, float]) -> None:
    made = plan(np.random.default_rng(3).integers(0, 12, (29, 29)))
    data = template.export_template(made, ExportOptions(paper=name))["template.pdf"]
    document = reader.open_pdf(data)
    page, dpi = len(document) - 1, 2400.0
    for number in range(len(document)):
        assert reader.page_size_mm(document, number) == pytest.approx(size, abs=0.002)
    label = next(mark for mark in reader.marks(document, page) if abs(mark.size - 2.3) < 0.01)  # "1" of "100.0 mm"
    bar = reader.raster(document, page, (5.0, label.y - 2.0, 130.0, 0.6), dpi)
    spans_found = [reader.dark_span(row, dpi) for row in bar if (row < 128).any()]
    assert spans_found
    assert max(spans_found) == pytest.approx(100.0, abs=0.05)

    look = look_of(made, underlay=True)
    beads = [mark for mark in reader.marks(document, page) if abs(mark.size - look.size) < 0.003]
    left, top = min(mark.x for mark in beads) - 2.5, min(mark.y for mark in beads) - 2.5
    across = reader.raster(document, page, (left - 0.9, top + 40.0, 147.0, 0.4), dpi)
    down = reader.raster(document, page, (left + 40.0, top - 0.9, 0.4, 147.0), dpi)
    assert reader.dark_span(across.min(axis=0), dpi) == pytest.approx(145.0, abs=0.05)
    assert reader.dark_span(down.min(axis=1), dpi) == pytest.approx(145.0, abs=0.05)
    if name == "letter":
        inch = [mark for mark in reader.marks(document, page) if abs(mark.size - 2.3) < 0.01 and mark.char == "4"][-1]
        bar = reader.raster(document, page, (5.0, inch.y - 2.2, 130.0, 0.6), dpi)
        assert max(reader.dark_span(row, dpi) for row in bar if (row < 128).any()) == pytest.approx(101.6, abs=0.05)


def test_viewer_is_told_not_to_scale_and_the_document_is_inside() -> None:
    made = plan(np.zeros((3, 3), int))
    data = template.export_template(made, ExportOptions(document=b'{"pixl": 1}'))["template.pdf"]
    file = pypdf.PdfReader(io.BytesIO(data))
    assert file.trailer["/Root"]["/ViewerPreferences"]["/PrintScaling"] == "/None"
    assert file.attachments["pattern.pixl"] == [b'{"pixl": 1}']


def test_what_every_page_says() -> None:
    made = plan(np.random.default_rng(1).integers(0, 9, (40, 40)))
    document = reader.open_pdf(template.export_template(made, ExportOptions())["template.pdf"])
    total = len(document)
    texts = [reader.page_text(document, number) for number in range(total)]
    for number, text in enumerate(texts, 1):
        assert f"page {number} of {total}" in text
        assert "pitch 5 mm" in text
        assert "seed 0" in text
    boards = texts[-4:]
    for name, text in zip(("A1", "A2", "B1", "B2"), boards, strict=True):
        assert f"Board {name}" in text
        assert "29 pegs = 145.0 mm" in text
        assert "100.0 mm" in text
        assert "100 %" in text
    assert ("▲ A2" in boards[0] and "▼ B1" in boards[0] and "▲ A1" in boards[3]) or "▲ A2" in boards[3]
    assert "40" in boards[3]
    assert "rows 30-40 of 40" in boards[3]
    assert "after ironing" in texts[0]
    assert "--measure 29=" in texts[0]


def test_mirrored_pages_say_so_and_keep_their_text() -> None:
    index = np.random.default_rng(1).integers(0, 9, (10, 20))
    texts = []
    for side in ("iron", "peg"):
        document = reader.open_pdf(template.export_template(plan(index, side=side), ExportOptions())["template.pdf"])
        texts.append([reader.page_text(document, number) for number in range(len(document))])
    assert "Mirrored" in texts[1][-1]
    assert "Mirrored" not in texts[0][-1]
    assert "columns 1-20 of 20" in texts[0][-1]
    assert "columns 1-20 of 20" in texts[1][-1]


@settings(max_examples=50)
@given(cells=st.integers(1, 300), fit=st.integers(4, 80))
def test_parts_cover_a_board_once(cells: int, fit: int) -> None:
    parts = spans(cells, fit)
    own = [range(first + shared, first + length) for first, length, shared in parts]
    assert [cell for part in own for cell in part] == list(range(cells))
    assert all(length <= fit for _, length, _ in parts)


def test_a_board_larger_than_the_page_is_tiled_and_counted_once() -> None:
    made = plan(np.random.default_rng(5).integers(0, 6, (69, 49)), board=TALL)
    look = look_of(made, underlay=True)
    document = reader.open_pdf(template.export_template(made, ExportOptions())["template.pdf"])
    parts = windows(made, paper("a4"))
    assert len(parts) == 4
    beads = 0
    for number in range(len(document) - 4, len(document)):
        beads += sum(abs(mark.size - look.size) < 0.003 for mark in reader.marks(document, number))
        assert re.search(r"part \d of 4", reader.page_text(document, number))
    assert beads == 49 * 69


def test_hexagon_pages_hold_every_bead() -> None:
    board = load_boards()["hexagon"]
    index = np.where(board.pegs(), np.random.default_rng(2).integers(0, 5, board.pegs().shape), -1)
    for side in ("iron", "peg"):
        made = plan(index, board=board, side=side)
        made.verify()
        look = look_of(made, underlay=True)
        document = reader.open_pdf(template.export_template(made, ExportOptions())["template.pdf"])
        beads = [mark for mark in reader.marks(document, len(document) - 1) if abs(mark.size - look.size) < 0.003]
        assert len(beads) == 631
        heights = np.sort([mark.y for mark in beads])
        rows = np.array([group.mean() for group in np.split(heights, np.flatnonzero(np.diff(heights) > 1) + 1)])
        assert np.diff(rows) == pytest.approx([4.33] * 28, abs=0.1)


def test_charts_show_codes_in_large_cells_and_symbols_in_small() -> None:
    index = np.random.default_rng(4).integers(0, 7, (10, 12))
    large, small = plan(index, board=SMALL), plan(index, board=MINI)
    assert look_of(large, underlay=False).coded
    assert not look_of(small, underlay=False).coded
    assert not look_of(large, underlay=True).coded
    document = reader.open_pdf(template.export_chart(large, ExportOptions())["chart.pdf"])
    look = look_of(large, underlay=False)
    chars = Counter(m.char for m in reader.marks(document, len(document) - 1) if abs(m.size - look.size) < 0.003)
    wanted = Counter(char for need in large.needs for char in need.color.code * need.count)
    assert chars == wanted
    assert look.size >= 1.6
    assert look_of(small, underlay=True).size >= 1.6


def test_drills_are_sheets_without_irons() -> None:
    made = plan(np.random.default_rng(6).integers(0, 9, (90, 70)), board="diamond")
    document = reader.open_pdf(template.export_template(made, ExportOptions())["template.pdf"])
    texts = [reader.page_text(document, number) for number in range(len(document))]
    assert "iron" not in "".join(texts)
    assert "drills" in texts[0]
    assert "Sheet B2" in "".join(texts)
    look = look_of(made, underlay=True)
    beads = sum(
        abs(mark.size - look.size) < 0.003
        for n in range(len(document) - 4, len(document))
        for mark in reader.marks(document, n)
    )
    assert beads == 90 * 70
    assert made.holding.sound


def test_same_bytes_twice() -> None:
    index = np.random.default_rng(8).integers(-1, 20, (33, 31))
    options = ExportOptions(document=b"{}")
    for export in (
        template.export_template,
        template.export_chart,
        template.export_svg,
        chart_png.export,
        beads_csv.export,
    ):
        assert export(plan(index), options) == export(plan(index), options)


def test_chart_picture() -> None:
    from PIL import Image

    made = plan(np.random.default_rng(9).integers(0, 6, (20, 30)))
    data = chart_png.export(made, ExportOptions(document=b'{"pixl": 1}'))["chart.png"]
    with Image.open(io.BytesIO(data)) as image:
        rgb = np.asarray(image.convert("RGB"))
        assert image.text["pixl"] == '{"pixl": 1}'  # type: ignore[attr-defined]
    shown = {tuple(color) for color in rgb.reshape(-1, 3).tolist()}
    assert {need.color.rgb for need in made.needs} <= shown
    assert rgb.shape[1] >= 30 * chart_png.CELL_PIXELS
    tiny = chart_png.export(made, ExportOptions(scale=3))["chart.png"]
    assert len(tiny) < len(data)


@pytest.mark.parametrize("side", ["iron", "peg"])
def test_the_chart_counts_columns_as_the_sheets_do(side: str) -> None:
    from pixl_exporters.sheet.model import Text

    made = plan(np.arange(12)[None, :] % 3, side=side)
    page = chart_png.chart_page(made, lettered=True).page()
    spots = {item.text: item.x for item in page.items if isinstance(item, Text) and item.text in ("5", "10")}
    assert (spots["5"] < spots["10"]) == (side == "iron")
    assert abs(spots["5"] - spots["10"]) == pytest.approx(5 * chart_png.CELL)


def test_hostile_names_stay_text() -> None:
    colors = palette(2).take([0])
    evil = type(colors)(id="own", version="1", name="<b>own", colors=(CUSTOM, *colors.colors))
    made = make_plan(
        pattern([[0, 1]], colors=evil, title='</title><script>alert("x")</script>'),
        BeadOptions(board=load_boards()["midi29"]),
    )
    assert b",'=cmd()," in beads_csv.export(made)["beads.csv"]
    for data in template.export_svg(made, ExportOptions()).values():
        assert b"<script" not in data
        ET.fromstring(data)
    assert reader.open_pdf(template.export_template(made, ExportOptions())["template.pdf"])


def test_one_bead_and_no_bead() -> None:
    for index in ([[0]], [[-1]], [[-1, 0], [-1, -1]]):
        made = plan(np.array(index))
        made.verify()
        assert reader.open_pdf(template.export_template(made, ExportOptions())["template.pdf"])
        template.export_svg(made, ExportOptions())
        chart_png.export(made, ExportOptions())
