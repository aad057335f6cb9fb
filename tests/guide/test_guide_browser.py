"""The guide as a maker meets it: opened from disk in Chromium, by mouse, keyboard, finger and printer."""

from __future__ import annotations

import base64
import io
import json
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from guide_samples import HOSTILE, document, hostile_document, page_of
from PIL import Image

from pixl_exporters.formats import make_plan

pytestmark = pytest.mark.outside

Open = Callable[..., Any]
BOARD = {"id": "small", "name": "small, 10 x 10", "kind": "square", "columns": 10, "rows": 10, "pitch_mm": 5.0}
CARD_MM = 85.60, 53.98


def mode(page: Any, value: str) -> None:
    """Choose what to work by, as a person does: by the label."""
    page.locator(f'#modes label:has([value="{value}"])').click()


def until(page: Any, expression: str) -> None:
    """Wait for it by asking: the page's policy forbids the tool's own way, which evaluates text."""
    end = time.monotonic() + 10
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


def done_cells(page: Any) -> list[int]:
    """Cells that are ticked off."""
    return [int(cell) for cell in page.evaluate("[...progress.done.keys()].filter((cell) => progress.done[cell])")]


POINT = """(cell) => {
  const box = grid.getBoundingClientRect(), found = [], step = grid.scale / 5;
  let hit = -1;
  const listen = (event) => { hit = event.detail.cell; };
  grid.addEventListener("pixl-hover", listen);
  for (let y = box.top + 23; y < box.bottom; y += step) for (let x = box.left + 23; x < box.right; x += step) {
    grid.dispatchEvent(new PointerEvent("pointermove", {clientX: x, clientY: y, pointerType: "mouse"}));
    if (hit === cell) found.push([x, y]);
  }
  grid.removeEventListener("pixl-hover", listen);
  const mean = (at) => found.reduce((sum, point) => sum + point[at], 0) / found.length;
  return [mean(0), mean(1)];
}"""

FRAMES = """() => {
  window.frames_ = [];
  window.runs_ = true;
  let last = performance.now();
  const tick = (now) => {
    window.frames_.push(now - last);
    last = now;
    if (window.runs_) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}"""

NAMELESS = """() => {
  const kinds = "button, input:not([hidden]), select, textarea, progress, [role=tab], dialog";
  const text = (id) => id && document.getElementById(id).textContent;
  return [...document.querySelectorAll(kinds)].filter((node) => !(node.getAttribute("aria-label")
    || node.textContent.trim() || text(node.getAttribute("aria-labelledby"))
    || [...(node.labels || [])].map((item) => item.textContent.trim()).join(""))).map((node) => node.outerHTML);
}"""


def center_of(page: Any, cell: int) -> tuple[float, float]:
    """Where a cell is on the screen, found by pointing: the middle of all points at which the page names it."""
    x, y = page.evaluate(POINT, cell)
    return float(x), float(y)


@pytest.mark.parametrize("craft", ["brick", "bead", "stitch", "embroider", "pixel"])
def test_opens_without_a_word(opened: Open, craft: str) -> None:
    made = document(craft, size=(40, 30))
    page = opened(page_of(made))
    assert page.locator("h1").inner_text() == "Quiet owl"
    for value in ("region", "row", "color", "all"):
        mode(page, value)
        page.wait_for_timeout(60)
    for tab in ("shop", "more", "build"):
        page.click(f"#tab-{tab}")
        assert page.locator(f"#{tab}").is_visible()
    assert page.locator("#colors button").count() == len(made.pattern.used())


def test_the_picture_is_the_pattern(opened: Open) -> None:
    """The canvas, pixel by pixel at the middle of each cell, against the index map."""
    made = document("pixel", size=(24, 20), colors=12)
    page = opened(page_of(made))
    page.click("#tab-more")
    page.select_option("#marks", "none")
    page.click("#tab-build")
    page.wait_for_timeout(200)
    shot = np.asarray(Image.open(io.BytesIO(page.locator("#grid").screenshot())).convert("RGB")).astype(int)
    scale = round(page.evaluate("grid.scale"))
    rgb = made.pattern.palette.rgb.astype(int)
    wanted = made.pattern.index
    # The map's corner is where the first cell's colour begins; every cell then lies at a whole multiple of the scale.
    left = np.arange(24) * scale + scale // 2
    top = np.arange(20) * scale + scale // 2
    fits = []
    for y in range(22, shot.shape[0] - 20 * scale):
        for x in range(22, shot.shape[1] - 24 * scale, 1):
            if (shot[y + top[0], x + left[0]] == rgb[wanted[0, 0]]).all():
                seen = shot[np.ix_(y + top, x + left)]
                ok = (seen == rgb[wanted]).all(axis=2) | (wanted < 0)
                if ok.all():
                    fits.append((x, y))
    assert fits
    assert len(fits) <= scale * scale


def test_ticks_survive_a_reload(opened: Open) -> None:
    made = document("brick", size=(40, 30))
    page = opened(page_of(made))
    mode(page, "region")
    page.click("#done")
    ticked = done_cells(page)
    assert len(ticked) == (made.pattern.index[:16, :16] >= 0).sum()
    assert page.locator("#item").input_value() == "1"  # it went on to the next section
    page.click("#tab-shop")
    page.locator("#shop input").first.check()
    page.wait_for_timeout(300)
    page.reload()
    assert done_cells(page) == ticked
    assert page.locator('#modes [value="region"]').is_checked()
    assert page.locator("#item").input_value() == "1"
    page.click("#tab-shop")
    assert page.locator("#shop input").first.is_checked()
    share = 100 * len(ticked) // made.pattern.pieces
    assert page.locator("#whole-text").inner_text() == f"{share} % done"


def test_another_pattern_begins_anew(opened: Open) -> None:
    page = opened(page_of(document("brick")))
    mode(page, "color")
    page.click("#done")
    page.wait_for_timeout(300)
    kept = page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('pixl-guide:')).length")
    other = page_of(document("brick", title="Another"))
    Path(page.url.removeprefix("file://")).write_bytes(other)
    page.reload()
    assert kept == 1
    assert done_cells(page) == []


def test_progress_goes_through_a_file(opened: Open, tmp_path: Path) -> None:
    made = document("bead", size=(25, 14), board=BOARD)
    page = opened(page_of(made))
    mode(page, "color")
    page.click("#done")
    ticked = done_cells(page)
    page.click("#tab-more")
    with page.expect_download() as coming:
        page.click("#save")
    assert coming.value.suggested_filename == "owl-progress.json"
    saved = tmp_path / "progress.json"
    coming.value.save_as(saved)
    told = json.loads(saved.read_text())
    bits = np.unpackbits(np.frombuffer(base64.b64decode(told["done"]), np.uint8))[: 25 * 14]
    assert np.flatnonzero(bits).tolist() == ticked == np.flatnonzero(made.pattern.index.ravel() == 0).tolist()

    other = opened(page_of(made), name="elsewhere.html")
    other.click("#tab-more")
    other.set_input_files("#file", saved)
    until(other, "progress.done.some((value) => value)")
    assert done_cells(other) == ticked

    third = opened(page_of(document("bead", size=(25, 14), board=BOARD, title="Changed")), name="changed.html")
    third.click("#tab-more")
    third.set_input_files("#file", saved)
    third.locator("#ask").get_by_text("Cancel").click()
    assert done_cells(third) == []
    third.set_input_files("#file", saved)
    third.click("#ask-ok")
    until(third, "progress.done.some((value) => value)")

    fourth = opened(page_of(document("bead", size=(24, 14), board=BOARD)), name="larger.html")
    fourth.click("#tab-more")
    for text in (saved.read_text(), "{", "[]", json.dumps({**told, "size": [24, 14], "done": "AA==", "digest": "x"})):
        (tmp_path / "bad.json").write_text(text)
        fourth.set_input_files("#file", tmp_path / "bad.json")
        if "AA==" in text:
            fourth.click("#ask-ok")
        until(fourth, "document.getElementById('told').textContent !== ''")
        assert fourth.locator("#told").inner_text() != ""
        assert done_cells(fourth) == []
        fourth.evaluate("document.getElementById('told').textContent = ''")


def test_by_keyboard_alone(opened: Open) -> None:
    made = document("stitch", size=(30, 20))
    page = opened(page_of(made))
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "grid":
            break
    assert page.evaluate("document.activeElement.id") == "grid"
    ring = page.evaluate("getComputedStyle(grid).outlineStyle + ' ' + getComputedStyle(grid).outlineWidth")
    assert ring == "solid 3px"
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowRight", "End", "ArrowLeft"):
        page.keyboard.press(key)
    cell = 1 * 30 + 28
    assert page.evaluate("grid.cursor") == cell
    said = page.locator("#say").inner_text()
    assert "column 29, row 2" in said
    k = int(made.pattern.index[1, 28])
    assert k < 0 or made.pattern.palette.colors[k].name in said
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    filled = int(np.flatnonzero(made.pattern.index[0] >= 0)[0])
    for _ in range(filled):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert done_cells(page) == [filled]
    assert "done" in page.locator("#say").inner_text()
    page.keyboard.press("u")
    assert done_cells(page) == []
    page.keyboard.press("c")  # only this colour
    page.keyboard.press("d")
    k = int(made.pattern.index[0, filled])
    assert done_cells(page) == np.flatnonzero(made.pattern.index.ravel() == k).tolist()
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    before = page.evaluate("grid.scale")
    page.focus("#grid")
    page.keyboard.press("+")
    until(page, f"grid.scale > {before}")
    page.focus("#modes [value=all]")
    page.keyboard.press("ArrowLeft")
    assert page.locator('#modes [value="color"]').is_checked()
    page.focus("#tab-build")
    page.keyboard.press("ArrowRight")
    assert page.locator("#shop").is_visible()


def test_everything_has_a_name(opened: Open) -> None:
    page = opened(page_of(document("brick")))
    nameless = page.evaluate(NAMELESS)
    assert nameless == []


def test_hostile_text_stays_text(opened: Open) -> None:
    page = opened(page_of(hostile_document()))
    for value in ("color", "row", "region"):
        mode(page, value)
    page.click("#tab-shop")
    page.click("#tab-build")
    page.wait_for_timeout(100)
    assert page.evaluate("window.hacked") is None
    assert HOSTILE[0] in page.locator("h1").inner_text()
    assert HOSTILE[0] in page.locator("#colors").inner_text()
    assert page.evaluate("document.scripts.length") == page.evaluate(
        "[...document.scripts].filter((node) => node.parentElement === document.body).length"
    )
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert HOSTILE[1] in page.locator("#paper").inner_text()
    assert page.evaluate("window.hacked") is None


def test_copy_puts_the_list_on_the_clipboard(opened: Open) -> None:
    page = opened(page_of(document("brick")), permissions=["clipboard-read", "clipboard-write"])
    page.click("#tab-shop")
    page.click("#copy-xml")
    until(page, "document.getElementById('copied-xml').textContent === 'Copied.'")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#xml").input_value()
    page.click("#copy-list")
    until(page, "document.getElementById('copied-list').textContent === 'Copied.'")
    lines = page.evaluate("navigator.clipboard.readText()").strip().split("\n")
    assert len(lines) == 1 + page.locator("#shop tbody tr").count()
    assert lines[0].split("\t") == ["No.", "What", "Need", "Buy"]


def test_copy_without_permission_leaves_it_selected(opened: Open) -> None:
    page = opened(page_of(document("brick")))
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.evaluate("() => { document.execCommand = () => false; }")
    page.click("#tab-shop")
    page.click("#copy-xml")
    assert "Selected" in page.locator("#copied-xml").inner_text()
    selected = page.evaluate("xml.value.slice(xml.selectionStart, xml.selectionEnd)")
    assert selected == page.locator("#xml").input_value()


def test_a_finger_ticks_a_row_of_cells(opened: Open) -> None:
    made = document("bead", size=(20, 10), board=BOARD)
    page = opened(page_of(made))
    first, last = center_of(page, 41), center_of(page, 48)
    page.click("#pen")
    page.mouse.move(*first)
    page.mouse.down()
    page.mouse.move(*last)  # one jump: what lies between is ticked too
    page.mouse.up()
    wanted = [cell for cell in range(41, 49) if made.pattern.index.ravel()[cell] >= 0]
    assert done_cells(page) == wanted
    page.click("#undo")
    assert done_cells(page) == []


def test_two_fingers_zoom(opened: Open) -> None:
    page = opened(page_of(document("brick")), has_touch=True, is_mobile=True, viewport={"width": 390, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    before = page.evaluate("grid.scale")
    link = page.context.new_cdp_session(page)
    for spread, kind in [(30, "touchStart"), *((30 + 6 * i, "touchMove") for i in range(12)), (0, "touchEnd")]:
        points = [{"x": 195 - spread, "y": 220}, {"x": 195 + spread, "y": 220}] if spread else []
        link.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_timeout(400)
    after = page.evaluate("grid.scale")
    assert 2.2 < after / before < 4.5
    assert after == round(after)  # it comes to rest on whole pixels
    assert done_cells(page) == []


def test_peg_side_is_laid_as_the_plan_lays_it(opened: Open) -> None:
    made = document("bead", size=(25, 14), board=BOARD, side="peg")
    page = opened(page_of(made))
    assert page.evaluate("[...cells]") == make_plan(made).laid.ravel().tolist()


def test_hexagon_board_is_laid_as_the_plan_lays_it(opened: Open) -> None:
    from dataclasses import replace

    from pixl_exporters.bead.boards import find_board

    board = find_board("hexagon", "perler")
    made = document("bead", size=(board.columns, board.rows), board=board.as_json(), side="peg")
    index = np.where(board.pegs(), made.pattern.index, -1).astype(np.int16)
    made = replace(made, pattern=replace(made.pattern, index=index))
    page = opened(page_of(made))
    assert page.evaluate("[...cells]") == make_plan(made).laid.ravel().tolist()


def test_mirrored_view_turns_the_map_and_not_the_text(opened: Open) -> None:
    made = document("bead", size=(12, 8), board=BOARD)
    page = opened(page_of(made))
    x, y = center_of(page, 3)
    page.click("#mirror")
    turned_x, turned_y = center_of(page, 3)
    box = page.locator("#grid").bounding_box()
    other_x, _ = center_of(page, 8)
    assert abs(other_x - x) < 4
    assert abs(turned_y - y) < 4
    assert turned_x > other_x
    page.mouse.move(turned_x, turned_y)
    assert "column 4, row 1" in page.locator("#readout").inner_text()  # the same name as on the printed sheet
    assert box["width"] > 0
    page.wait_for_timeout(300)
    page.reload()
    assert page.evaluate("grid.mirrored") is True


@pytest.mark.parametrize("width", [1280, 390])
def test_life_size_by_a_bank_card(opened: Open, width: int) -> None:
    page = opened(
        page_of(document("bead", board={**BOARD, "pitch_mm": 4.95})), viewport={"width": width, "height": 800}
    )
    page.click("#life")
    page.locator("#card-size").fill("5.1")
    card = page.locator("#card").bounding_box()
    assert sorted((card["width"], card["height"])) == pytest.approx(sorted(side * 5.1 for side in CARD_MM), abs=0.6)
    page.locator("#ruler").get_by_text("It fits").click()
    page.wait_for_timeout(400)
    assert page.evaluate("grid.scale") == pytest.approx(4.95 * 5.1, abs=1e-6)
    page.click("#fit")
    page.click("#life")  # known by now: no question
    page.wait_for_timeout(400)
    assert page.evaluate("grid.scale") == pytest.approx(4.95 * 5.1, abs=1e-6)


def test_paper(opened: Open, tmp_path: Path) -> None:
    from pypdf import PdfReader

    made = document("brick", size=(40, 30))
    page = opened(page_of(made))
    mode(page, "region")
    page.pdf(path=tmp_path / "guide.pdf", prefer_css_page_size=True)
    pages = PdfReader(tmp_path / "guide.pdf").pages
    texts = [sheet.extract_text() for sheet in pages]
    assert "Quiet owl" in texts[0]
    assert any("Shopping list" in text for text in texts)
    assert "columns 1 to 16, rows 1 to 16" in texts[-1]
    section = made.pattern.index[:16, :16]
    numbers = [int(word) for word in texts[-1].split() if word.isdecimal()]
    # column and row numbers, the numbers in the cells, then the legend
    cells = sorted((section[section >= 0] + 1).tolist())
    assert all(numbers.count(number) >= cells.count(number) for number in set(cells))
    assert page.locator("main").is_visible()


def test_without_scripts_there_is_the_list(opened: Open) -> None:
    page = opened(page_of(document("brick")), java_script_enabled=False)
    assert page.locator(".unscripted").is_visible()
    assert page.locator("#shop table").is_visible()
    assert page.locator("#thumb").is_visible()
    assert not page.locator("#colors").is_visible()


def test_dark_and_light(opened: Open) -> None:
    page = opened(page_of(document("brick")), color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 24, 26)"
    page.click("#tab-more")
    page.select_option("#theme", "light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(246, 244, 239)"


@pytest.mark.parametrize("light", ["dark", "light"])
def test_a_picked_colour_stands_out_even_when_it_is_the_grounds(opened: Open, light: str) -> None:
    """Black in the dark and white in the light get a ring; a blue needs none."""
    from dataclasses import replace

    made = document("pixel", size=(12, 10), colors=3)
    colors = made.pattern.palette.colors
    grounds = (replace(colors[0], rgb=(30, 32, 36)), replace(colors[1], rgb=(250, 249, 245)), colors[2])
    palette = replace(made.pattern.palette, colors=(*grounds[:2], replace(grounds[2], rgb=(70, 120, 220))))
    made = replace(made, pattern=replace(made.pattern, palette=palette))
    page = opened(page_of(made), color_scheme=light)
    mode(page, "color")
    ringed = []
    for k in range(3):
        page.locator(f'#colors [data-k="{k}"]').click()
        page.mouse.move(2, 2)
        page.wait_for_timeout(120)
        shot = np.asarray(Image.open(io.BytesIO(page.locator("#grid").screenshot())).convert("RGB")).astype(int)
        accent = np.array([255, 159, 90] if light == "dark" else [217, 72, 15])
        ringed.append(bool((np.abs(shot - accent).max(axis=2) < 45).mean() > 0.01))
    assert ringed == [light == "dark", light == "light", False]


def test_a_drag_over_128_by_128_keeps_up(opened: Open) -> None:
    """Median frame of a three-second drag, at symbols' size and at a size at which much is in sight."""
    page = opened(page_of(document("stitch", size=(128, 128), colors=40)))
    box = page.locator("#grid").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for scale in (24, 9):
        page.evaluate(f"grid.scaleTo({scale})")
        page.wait_for_timeout(500)
        page.evaluate(FRAMES)
        page.mouse.move(*middle)
        page.mouse.down()
        began = time.monotonic()
        while (past := time.monotonic() - began) < 3:
            page.mouse.move(middle[0] + 350 * math.sin(past * 2.1), middle[1] + 280 * math.sin(past * 3.3))
        page.mouse.up()
        frames = page.evaluate("() => { window.runs_ = false; return window.frames_; }")[2:]
        told = f"median {statistics.median(frames):.1f} ms, worst {max(frames):.1f} ms"
        print(f"{scale} px a cell: {len(frames)} frames, {told}")
        assert len(frames) > 30
        assert statistics.median(frames) <= 33
