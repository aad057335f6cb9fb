"""The page as text: what stands in it, that nothing leaves it, and that nothing in it comes from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from guide_samples import HOSTILE, document, hostile_document, page_of
from hypothesis import given, settings
from hypothesis import strategies as st

import pixl_exporters.formats as formats
import pixl_exporters.guide.page as guide_page
from pixl.document import Document
from pixl.embedded import extract_html, read_document
from pixl_exporters.formats import choose_formats, export_files, make_plan
from pixl_exporters.guide.crafts import facts_of
from pixl_exporters.sheet.symbols import assign_symbols, symbol_table

CRAFTS = ("brick", "bead", "stitch", "embroider", "pixel")
ROOT = Path(__file__).resolve().parents[2]


class Page(HTMLParser):
    """Elements with their attributes, and the text of each, by the standard library's parser."""

    def __init__(self, data: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[int] = []
        self.feed(data.decode("utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.texts.append("")
        if tag not in ("meta", "link", "img", "input", "br", "path", "rect"):
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self.elements[self._open.pop()][0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for at in self._open:
            self.texts[at] += data

    def all(self, tag: str, **attributes: str) -> list[str]:
        """Texts of the elements of this kind."""
        return [
            text
            for (name, have), text in zip(self.elements, self.texts, strict=True)
            if name == tag and all(have.get(key) == value for key, value in attributes.items())
        ]

    def by_id(self, id: str) -> str:
        """The text of one element."""
        (text,) = (t for (_, have), t in zip(self.elements, self.texts, strict=True) if have.get("id") == id)
        return text


def unrolled(rows: list[str]) -> list[list[int]]:
    """The document's run lengths, read by hand."""
    grid = []
    for row in rows:
        cells: list[int] = []
        for word in row.split():
            name, _, times = word.partition("*")
            cells += [-1 if name == "." else int(name)] * int(times or 1)
        grid.append(cells)
    return grid


@pytest.mark.parametrize("craft", CRAFTS)
def test_the_document_reads_back(craft: str, tmp_path: Path) -> None:
    made = document(craft)
    data = page_of(made)
    assert extract_html(data) == made.to_bytes().strip()
    (tmp_path / "guide.html").write_bytes(data)
    assert read_document(tmp_path / "guide.html") == Document.from_bytes(made.to_bytes())


def test_hostile_document_reads_back() -> None:
    made = hostile_document()
    assert Document.from_bytes(extract_html(page_of(made))) == Document.from_bytes(made.to_bytes())


@pytest.mark.parametrize("craft", CRAFTS)
def test_every_cell_is_in_the_page(craft: str) -> None:
    made = document(craft)
    carried = json.loads(Page(page_of(made)).by_id("pixl"))
    assert unrolled(carried["rows"]) == made.pattern.index.tolist()


@pytest.mark.parametrize("craft", CRAFTS)
def test_same_bytes_with_and_without_the_plan(craft: str) -> None:
    made = document(craft)
    assert page_of(made) == page_of(made, with_plan=False) == page_of(made)


def test_a_mosaic_has_the_size_of_its_studs_not_of_its_base() -> None:
    made = document("brick")
    text = " ".join(Page(page_of(made)).texts)
    assert f"{made.pattern.width * 8} × {made.pattern.height * 8} mm" in text


def test_a_plan_that_was_made_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made = document("brick")
    plan = make_plan(made)
    (row,) = choose_formats("guide", craft="brick")
    monkeypatch.setattr(formats, "make_plan", lambda document: pytest.fail("made again"))
    files = export_files(made, plan, [row], formats.ExportOptions(name="owl", document=made.to_bytes()))
    monkeypatch.undo()
    assert files == {"guide.html": page_of(made)}


def test_policy_allows_exactly_the_scripts_and_the_style_of_the_page() -> None:
    page = Page(page_of(document("brick")))
    (policy,) = (have["content"] for tag, have in page.elements if have.get("http-equiv") == "Content-Security-Policy")
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split(";")}

    def hashes(tag: str) -> list[str]:
        listed = [
            text
            for (name, have), text in zip(page.elements, page.texts, strict=True)
            if name == tag and "type" not in have
        ]
        assert listed
        return [f"'sha256-{base64.b64encode(hashlib.sha256(t.encode()).digest()).decode()}'" for t in listed]

    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == hashes("script")
    assert rules["style-src"] == hashes("style")
    assert rules["img-src"] == ["data:"]
    assert rules["base-uri"] == rules["form-action"] == ["'none'"]


@pytest.mark.parametrize("craft", CRAFTS)
def test_nothing_inline_and_nothing_from_elsewhere(craft: str) -> None:
    data = page_of(document(craft))
    page = Page(data)
    for tag, have in page.elements:
        assert "style" not in have, tag  # the policy would refuse it
        assert not [name for name in have if name.startswith("on")], tag
        assert have.get("src", "data:").startswith("data:")
        assert have.get("href", "data:").startswith("data:")
    scheme = re.findall(rb"(?:https?|ftp|wss?)://[^\s\"'<>)]*", data)
    assert {url.rstrip(b";") for url in scheme} <= {b"http://www.w3.org/2000/svg"}
    assert b"eval(" not in data
    assert b"innerHTML" not in data


def test_hostile_text_stays_text() -> None:
    made = hostile_document()
    page, plain = Page(page_of(made)), Page(page_of(document("pixel", colors=4)))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements]
    assert " ".join(page.all("h1")[0].split()) == " ".join(" ".join(HOSTILE).replace("\u2028", " ").split())
    for name in HOSTILE[:3]:
        assert any(name in text for text in page.all("td", **{"class": "what"}))
    told = json.loads(page.by_id("guide"))
    assert told["colors"][0]["name"] == HOSTILE[0]


@settings(max_examples=25)
@given(st.text(max_size=60), st.text(min_size=1, max_size=30).filter(str.strip))
def test_any_title_and_name(title: str, name: str) -> None:
    from dataclasses import replace

    made = document("pixel", colors=2, size=(4, 3))
    colors = (replace(made.pattern.palette.colors[0], name=name), made.pattern.palette.colors[1])
    palette = replace(made.pattern.palette, colors=colors)
    made = replace(made, pattern=replace(made.pattern, palette=palette, title=title))
    page = Page(page_of(made))
    assert len(page.all("script")) == len(guide_page.SCRIPTS) + 2
    assert Document.from_bytes(extract_html(page_of(made))).pattern.index.tolist() == made.pattern.index.tolist()


def test_size_of_a_large_guide() -> None:
    noise = document("stitch", size=(128, 128), colors=40)  # no two neighbours alike: the longest rows there are
    assert len(page_of(noise)) < 300_000


@pytest.mark.parametrize("craft", ["brick", "bead", "stitch"])
def test_regions_and_counts_are_the_plans(craft: str) -> None:
    made = document(craft, size=(40, 37))
    facts = facts_of(made)
    cover = np.zeros(made.pattern.index.shape, int)
    for region in facts.regions:
        cover[region.row : region.row + region.rows, region.column : region.column + region.columns] += 1
    assert (cover[facts.laid >= 0] == 1).all()
    plan = make_plan(made)
    if craft == "brick":
        assert [(r.name, r.row, r.column) for r in facts.regions] == [(s.name, s.row, s.column) for s in plan.sections]
        assert sum(row.counts[0] or 0 for row in facts.shop.rows if row.number) == made.pattern.pieces
    if craft == "bead":
        assert [r.name for r in facts.regions] == [board.name for board in plan.used_boards]
    if craft != "brick":
        counts = made.pattern.counts()
        assert {row.number: row.counts[0] for row in facts.shop.rows} == {k + 1: counts[k] for k in made.pattern.used()}


def test_peg_side_is_told() -> None:
    board = {"id": "b", "name": "b", "kind": "square", "columns": 29, "rows": 29, "pitch_mm": 5.0}
    peg = json.loads(Page(page_of(document("bead", board=board, side="peg"))).by_id("guide"))
    iron = json.loads(Page(page_of(document("bead", board=board, side="iron"))).by_id("guide"))
    assert (peg["mirrored"], iron["mirrored"]) == (True, False)
    assert peg["turnable"] is True


def test_bricklink_list_is_the_file() -> None:
    from pixl_exporters.brick.bricklink import export as bricklink

    made = document("brick")
    text = Page(page_of(made)).by_id("xml").lstrip("\n")
    assert text.encode() == bricklink(make_plan(made))["bricklink.xml"]
    wanted = sum(int(item.text or 0) for item in ElementTree.fromstring(text).iter("MINQTY"))
    assert wanted >= made.pattern.pieces
    assert "BrickLink" not in Page(page_of(document("bead"))).all("h2")


def test_symbols_are_those_of_the_sheets() -> None:
    made = document("stitch", colors=30)
    told = json.loads(Page(page_of(made)).by_id("guide"))
    wanted = assign_symbols(made.pattern.palette.lab, made.pattern.counts())
    assert [color["symbol"]["text"] for color in told["colors"]] == wanted
    assert all(color["symbol"]["d"].startswith("M") for color in told["colors"])


def test_outlines_of_every_symbol() -> None:
    outlines = guide_page._outlines()
    assert set(outlines) == set(symbol_table().chars)
    assert all(200 < size < 1100 and path.startswith("M") for size, path in outlines.values())
    script = ROOT / "scripts" / "build_guide_symbols.py"
    assert subprocess.run([sys.executable, str(script), "--check"], check=False).returncode == 0


def test_colours_beyond_the_symbols_get_letters() -> None:
    made = document("stitch", size=(20, 20), colors=140)
    told = json.loads(Page(page_of(made)).by_id("guide"))
    lettered = [color for color in told["colors"] if not color["symbol"]["d"]]
    assert len(lettered) == 140 - len(symbol_table().chars)
    assert all(len(color["symbol"]["text"]) == 2 for color in lettered)


def test_unasked_for_in_the_crafts_made_by_hand() -> None:
    for craft in CRAFTS:
        unasked = "guide" in [row.key for row in choose_formats("", craft=craft)]
        assert unasked == (craft in ("brick", "bead", "stitch"))


def test_texts_can_be_read_on_their_grounds() -> None:
    """WCAG contrast of the style sheet's pairs, in both lights."""
    style = (ROOT / "exporters/pixl_exporters/guide/guide.css").read_text()
    light, dark = style.split("@media (prefers-color-scheme: dark)")[0], style.split(':root[data-theme="dark"]')[1]

    def luminance(color: str) -> float:
        parts = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    for text in (light, dark):
        colors = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", text))
        pairs = (
            ("ink", "panel"),
            ("soft", "panel"),
            ("soft", "paper"),
            ("on-accent", "accent"),
            ("grid-ink", "grid-desk"),
        )
        for ink, ground in pairs:
            low, high = sorted((luminance(colors[ink]), luminance(colors[ground])))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, ground)


def test_both_dark_styles_are_one() -> None:
    style = (ROOT / "exporters/pixl_exporters/guide/guide.css").read_text()
    first, second = re.findall(r"--paper: #17181a.*?color-scheme: dark", style, re.DOTALL)
    assert first.split() == second.split()
