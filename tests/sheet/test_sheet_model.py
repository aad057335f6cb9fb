"""The display list and the canvas that collects it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixl_exporters.sheet import (
    A4,
    BLACK,
    LETTER,
    Canvas,
    Cells,
    Dots,
    Glyphs,
    Group,
    Lines,
    Page,
    Picture,
    Polygon,
    Sheet,
    Text,
    calibration_bar,
    footer,
    paper,
    text_width,
)
from pixl_exporters.sheet.model import merge_rects

RED = (255, 0, 0)
BLUE = (0, 0, 255)


def test_alternating_calls_become_one_item_per_colour() -> None:
    canvas = Canvas(100, 100)
    for i in range(50):
        canvas.cell(i, 0, 1, 1, RED if i % 2 else BLUE)
        canvas.glyph(i + 0.5, 0.5, "X", 0.6)
        canvas.dot(i + 0.5, 5, 0.4, RED)
        canvas.line(i, 0, i, 10)
    kinds = [type(item) for item in canvas.page().items]
    assert kinds == [Cells, Cells, Dots, Lines, Glyphs]


def test_layers_keep_their_order_and_kinds_theirs_within() -> None:
    canvas = Canvas(100, 100)
    canvas.text(1, 1, "under", 3)
    canvas.cell(0, 0, 10, 10, RED)
    canvas.layer()
    canvas.cell(0, 0, 5, 5, BLUE)
    assert [type(item) for item in canvas.page().items] == [Cells, Text, Cells]


def test_groups_nest_and_are_opened_by_walk() -> None:
    canvas = Canvas(100, 100)
    canvas.cell(0, 0, 1, 1, RED)
    with canvas.group("outer", "Outer"):
        canvas.cell(1, 0, 1, 1, RED)
        with canvas.group("inner"):
            canvas.cell(2, 0, 1, 1, RED)
    page = canvas.page()
    assert [type(item) for item in page.items] == [Cells, Group]
    assert [item.rects[0, 0] for item in page.walk() if isinstance(item, Cells)] == [0, 1, 2]


def test_maps_skip_empty_cells_and_count_the_rest() -> None:
    index = np.array([[0, 1, -1], [1, 1, 0]], dtype=np.int16)
    canvas = Canvas(50, 50)
    canvas.cell_map(10, 20, 2, 3, index, [RED, BLUE])
    canvas.dot_map(10, 20, 2, 3, index, [RED, BLUE], radius=0.9)
    canvas.glyph_map(10, 20, 2, 3, index, ["A", "B"], size=1.6)
    items = canvas.page().items
    dots = {item.color: item.centres.tolist() for item in items if isinstance(item, Dots)}
    assert dots == {RED: [[11, 21.5], [15, 24.5]], BLUE: [[13, 21.5], [11, 24.5], [13, 24.5]]}
    assert sum(len(item.points) for item in items if isinstance(item, Glyphs)) == 5
    area = sum((item.rects[:, 2] * item.rects[:, 3]).sum() for item in items if isinstance(item, Cells))
    assert area == pytest.approx(5 * 2 * 3)


@given(
    st.integers(1, 12),
    st.integers(1, 12),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.9, 2.5, 2.6, 5.0, 8.0, 1 / 3]),
)
def test_merged_cells_cover_exactly_the_same_cells(rows: int, columns: int, seed: int, pitch: float) -> None:
    mask = np.random.default_rng(seed).random((rows, columns)) < 0.6
    places = np.argwhere(mask)
    rects = np.array([[x * pitch, y * pitch, pitch, pitch] for y, x in places]).reshape(-1, 4)
    merged = merge_rects(rects)
    covered = np.zeros_like(mask, dtype=int)
    for x, y, w, h in merged:
        x0, y0, x1, y1 = (round(value / pitch) for value in (x, y, x + w, y + h))
        covered[y0:y1, x0:x1] += 1
    assert np.array_equal(covered, mask.astype(int))
    assert len(merged) <= len(rects)


def test_a_full_map_of_one_colour_is_one_rectangle() -> None:
    rects = np.array([[x * 2.6, y * 2.6, 2.6, 2.6] for y in range(30) for x in range(30)])
    assert merge_rects(rects).tolist() == [[0, 0, 78, 78]]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Cells(color=RED, rects=[[0, 0, 1]]),
        lambda: Cells(color=RED, rects=[[0, 0, 1, float("nan")]]),
        lambda: Dots(color=RED, radius=-1, centres=[[0, 0]]),
        lambda: Glyphs(color=RED, symbol="X", size=float("inf"), points=[[0, 0]]),
        lambda: Text(x=float("nan"), y=0, text="x", size=3),
        lambda: Picture(x=0, y=0, w=1, h=1, rgb=np.zeros((2, 2), np.uint8)),
        lambda: Picture(x=0, y=0, w=1, h=1, rgb=np.zeros((2, 2, 3))),
        lambda: Page(width_mm=0, height_mm=10, items=()),
        lambda: Sheet(pages=()),
    ],
)
def test_values_that_cannot_be_drawn_are_refused(make: object) -> None:
    with pytest.raises(ValueError):
        make()  # type: ignore[operator]


def test_arrays_of_items_are_read_only_copies() -> None:
    mine = np.array([[0.0, 0.0, 1.0, 1.0]])
    cells = Cells(color=RED, rects=mine)
    mine[0, 0] = 9
    assert cells.rects[0, 0] == 0
    with pytest.raises(ValueError):
        cells.rects[0, 0] = 5


def test_papers() -> None:
    assert (A4.width, A4.height) == (210.0, 297.0)
    assert (LETTER.width, LETTER.height) == (215.9, 279.4)
    assert paper("A4-landscape").width == 297.0
    assert paper("letter").inches
    assert A4.landscape.portrait == A4


@pytest.mark.parametrize("name", ["", "a5", "a4-upside", "letter-", "-"])
def test_unknown_paper_is_a_usage_error(name: str) -> None:
    from pixl.errors import UsageError

    if name == "letter-":
        assert paper(name) == LETTER
        return
    with pytest.raises(UsageError, match="unknown paper"):
        paper(name)


@pytest.mark.parametrize(("inches", "lengths"), [(False, [100.0]), (True, [100.0, 101.6])])
def test_bars_are_exactly_as_long_as_they_say(inches: bool, lengths: list[float]) -> None:
    canvas = A4.canvas()
    calibration_bar(canvas, 17.3, 12, inches=inches)
    rects = np.vstack([item.rects for item in canvas.page().items if isinstance(item, Cells)])
    tops = sorted({y for y, height in rects[:, [1, 3]].tolist() if height < 0.2})
    for top, length in zip(tops[::2], lengths, strict=True):
        bar = rects[np.isclose(rects[:, 1], top)]
        assert bar[:, 0].min() == pytest.approx(17.3)
        assert (bar[:, 0] + bar[:, 2]).max() == pytest.approx(17.3 + length)


def test_footer_texts_do_not_run_into_each_other() -> None:
    canvas = A4.canvas()
    footer(canvas, left="a long title " * 30, center="board A1", right="page 3 of 9")
    left, center, right = (item for item in canvas.page().items if isinstance(item, Text))
    assert left.x + text_width(left.text, left.size) < center.x - text_width(center.text, center.size) / 2
    assert center.x + text_width(center.text, center.size) / 2 < right.x - text_width(right.text, right.size)
    assert left.text.endswith("…")


def test_a_page_is_not_finished_inside_a_group() -> None:
    canvas = Canvas(10, 10)
    with pytest.raises(RuntimeError), canvas.group("g"):
        canvas.page()


def test_grid_is_heavy_at_absolute_tens() -> None:
    canvas = Canvas(200, 200)
    canvas.grid(0, 0, 5, 5, 12, 4, first_column=7)
    heavy = [item for item in canvas.page().items if isinstance(item, Lines) and item.color == BLACK]
    upright = {float(x1) for item in heavy for x1, y1, x2, y2 in item.segments if x1 == x2}
    assert upright == {0.0, 15.0, 60.0}  # outline, column 10


def test_text_is_shortened_to_its_room() -> None:
    canvas = Canvas(100, 20)
    assert canvas.text(5, 10, "a very long colour name indeed", 4, max_width=20) <= 20
    (item,) = canvas.page().items
    assert isinstance(item, Text)
    assert item.text.endswith("…")


def test_polygons_keep_their_points() -> None:
    canvas = Canvas(10, 10)
    canvas.polygon([(0, 0), (5, 0), (0, 5)], color=RED)
    (item,) = canvas.page().items
    assert isinstance(item, Polygon)
    assert item.points.shape == (3, 2)
