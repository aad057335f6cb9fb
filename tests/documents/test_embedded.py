"""Documents: what is written is read again, from every container, and hostile files end in a sentence."""

from __future__ import annotations

import io
import json
import random
import struct
import tracemalloc
import zlib
from pathlib import Path
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pixl.document import CRAFTS, MAX_BYTES, Document
from pixl.embedded import (
    PDF_MIME,
    PDF_NAME,
    PNG_KEYWORD,
    SVG_NAMESPACE,
    extract,
    html_script,
    read_document,
    svg_payload,
)
from pixl.errors import DocumentError, PixlError
from pixl.palette import FINISHES, Color, Material, Palette
from pixl.pattern import Cell, Pattern
from pixl.recipe import Recipe

_text = st.text(max_size=20)
_code = st.text(min_size=1, max_size=6).filter(lambda text: text.strip() != "")
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=6,
)
_object = st.dictionaries(_text, _json, max_size=3)


@st.composite
def documents(draw: Any) -> Document:
    colors = draw(
        st.lists(
            st.builds(
                Color,
                code=_code,
                name=_text,
                rgb=st.tuples(*[st.integers(0, 255)] * 3),
                finish=st.sampled_from(FINISHES),
                ids=st.dictionaries(_text, _text, max_size=2).map(MappingProxyType),
                tags=st.lists(_text, max_size=2).map(tuple),
            ),
            min_size=1,
            max_size=6,
            unique_by=lambda color: color.code.strip().casefold(),
        )
    )
    height, width = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    cells = draw(st.lists(st.integers(-1, len(colors) - 1), min_size=height * width, max_size=height * width))
    side = st.floats(0.1, 100, allow_nan=False)
    return Document(
        pattern=Pattern(
            index=np.array(cells, np.int16).reshape(height, width),
            palette=Palette(
                id=draw(_code),
                version=draw(_text),
                name=draw(_text),
                colors=tuple(colors),
                material=Material(unit=draw(_code)),
            ),
            cell=Cell(
                width_mm=draw(side), height_mm=draw(side), shape=draw(st.sampled_from(["square", "round", "hexagon"]))
            ),
            title=draw(_text),
        ),
        craft=draw(st.sampled_from(CRAFTS)),
        recipe=Recipe(
            version="1",
            command=draw(_text),
            engine="quantize",
            seed=draw(st.integers(0, 2**63)),
            settings=draw(_object),
        ),
        options=MappingProxyType(draw(_object)),
        edits=tuple(MappingProxyType(edit) for edit in draw(st.lists(_object, max_size=2))),
        unknown=MappingProxyType({f"x-{k}": v for k, v in draw(_object).items()}),
    )


def in_png(document: bytes, *, compressed: bool = True) -> bytes:
    info, out = PngInfo(), io.BytesIO()
    info.add_itxt("Title", "pixl: a title")
    info.add_itxt(PNG_KEYWORD, document.decode(), zip=compressed)
    Image.new("RGB", (3, 2)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def in_svg(document: bytes) -> bytes:
    note = f'<pixl:document xmlns:pixl="{SVG_NAMESPACE}">{svg_payload(document)}</pixl:document>'
    svg = f'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><metadata>{note}</metadata><defs/></svg>'
    return svg.encode()


def in_pdf(document: bytes) -> bytes:
    from fpdf import FPDF

    pdf = FPDF()
    pdf.add_page()
    pdf.embed_file(bytes=document, basename=PDF_NAME, mime_type=PDF_MIME, compress=False)
    return bytes(pdf.output())


def in_html(document: bytes) -> bytes:
    return f"<!doctype html><html><body><script>1</script>{html_script(document)}</body></html>".encode()


WRAPS = {"png": in_png, "svg": in_svg, "pdf": in_pdf, "html": in_html, "pixl": lambda document: document}


@settings(max_examples=60, deadline=None)
@given(document=documents())
def test_round_trip_in_every_container(document: Document) -> None:
    data = document.to_bytes()
    assert Document.from_bytes(data) == document
    assert Document.from_bytes(data).to_bytes() == data
    for name, wrap in WRAPS.items():
        taken = extract(wrap(data))
        assert Document.from_bytes(taken) == document, name
        assert name == "html" or taken == data
    assert extract(in_png(data, compressed=False)) == data


def _example() -> Document:
    colors = (Color(code="1", name="</script><b>&amp;]]>", rgb=(1, 2, 3)), Color(code="2", name="Weiß", rgb=(9, 9, 9)))
    return Document(
        pattern=Pattern(
            index=np.array([[0, 1, -1]], np.int16),
            palette=Palette(id="own", version="1", name="own", colors=colors),
            cell=Cell(width_mm=8, height_mm=8),
        ),
        craft="pixel",
        recipe=Recipe(version="1", command="pixel", engine="quantize"),
    )


def test_other_programs_find_the_same_document() -> None:
    document = _example()
    data = document.to_bytes()
    with Image.open(io.BytesIO(in_png(data))) as picture:
        picture.load()
        assert picture.text["pixl"].encode() == data  # type: ignore[attr-defined]
    assert pypdf.PdfReader(io.BytesIO(in_pdf(data))).attachments[PDF_NAME] == [data]
    from base64 import b64decode

    element = ElementTree.fromstring(in_svg(data)).find(f".//{{{SVG_NAMESPACE}}}document")
    assert element is not None
    assert b64decode(str(element.text)) == data
    from html.parser import HTMLParser

    class Blocks(HTMLParser):
        found: list[str]
        inside = False

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.inside = ("id", "pixl") in attrs

        def handle_data(self, text: str) -> None:
            if self.inside:
                self.found.append(text)

        def handle_endtag(self, tag: str) -> None:
            self.inside = False

    page = Blocks()
    page.found = []
    page.feed(in_html(data).decode())
    assert json.loads("".join(page.found)) == json.loads(data)


@pytest.mark.parametrize("name", ["png", "svg", "pdf", "html"])
def test_a_stripped_file_gives_a_sentence(name: str, tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGB", (3, 2)).save(out, "PNG")
    stripped = {
        "png": out.getvalue(),
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><metadata/></svg>',
        "pdf": b"%PDF-1.4\n%%EOF",
        "html": b"<!DOCTYPE html><html></html>",
    }[name]
    path = tmp_path / f"x.{name}"
    path.write_bytes(stripped)
    with pytest.raises(DocumentError, match=rf"x\.{name}: .*carries no pixl document") as caught:
        read_document(path)
    assert caught.value.hint


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_bombs_are_refused_in_little_memory() -> None:
    bomb = zlib.compress(b" " * 300_000_000, 9)
    png = b"\x89PNG\r\n\x1a\n" + _chunk(b"iTXt", b"pixl\0\1\0\0\0" + bomb)
    huge_chunk = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 2**31 - 1, b"iTXt") + b"pixl\0\0\0\0\0{}"
    pdf = in_pdf(b"{}").replace(b"/Length 2", b"/Length 2147483648", 1)
    deep = b'{"pixl":1,"x":' + b"[" * 900 + b"]" * 900 + b"}"
    deeper = b"[" * 500_000
    many = b'{"pixl":1,"x":[' + b"[]," * 2_000_000 + b"[]]}"
    assert b"2147483648" in pdf
    tracemalloc.start()
    for data, message in (
        (png, "the limit is"),
        (huge_chunk, "cut off"),
        (pdf, "the limit is"),
        (deep, "nested too deeply"),
        (b'{"a":' + deeper, "."),
        (many, "more values"),
        (b"{" + b" " * MAX_BYTES, "the limit is"),
    ):
        with pytest.raises(DocumentError, match=message):
            Document.from_bytes(extract(data))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400_000_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pixl": 2}, "version 2"),
        ({"craft": "knit"}, "not a craft"),
        ({"size": [3, 10**9]}, "out of range"),
        ({"rows": ["0*99999"]}, "does not fit"),
        ({"rows": ["0 1"]}, "2 cells, not 3"),
        ({"rows": ["0 1 7"]}, "uses colour 7"),
        ({"cell": {"width_mm": 1e999, "height_mm": 1}}, "Infinity|out of range|damaged"),
        ({"cell": {"width_mm": 10**400, "height_mm": 1}}, "beyond all bounds"),
        ({"palette": {"colors": []}}, "0 colours"),
        ({"palette": {"colors": [{"code": "1", "hex": "red"}]}}, "not a colour"),
        ({"palette": {"colors": [{"code": "1", "hex": "#123456"}] * 2}}, "twice"),
        ({"palette": {"colors": [{"code": "1", "hex": "#123456", "finish": ["x"]}]}}, "finish"),
        ({"edits": {}}, "edits"),
        ({"options": []}, "options"),
        ({"recipe": {"seed": "1"}}, "seed"),
    ],
)
def test_a_damaged_document_is_a_sentence(change: dict[str, Any], message: str) -> None:
    values = {**json.loads(_example().to_bytes()), **change}
    with pytest.raises(DocumentError, match=message):
        Document.from_bytes(json.dumps(values).encode())


def test_damaged_files_of_every_kind_give_a_document_or_a_sentence() -> None:
    chance = random.Random(4)
    data = _example().to_bytes()
    seeds = {name: wrap(data) for name, wrap in WRAPS.items()}
    good = 0
    for _ in range(1500):
        body = bytearray(seeds[chance.choice(sorted(seeds))])
        for _ in range(chance.choice([1, 1, 2, 8])):
            at = chance.randrange(len(body))
            move = chance.randrange(3)
            if move == 0:
                body[at] = chance.randrange(256)
            elif move == 1:
                del body[at : at + chance.randrange(1, 60)]
            else:
                body[at:at] = chance.randbytes(chance.randrange(1, 9))
        try:
            Document.from_bytes(extract(bytes(body)))
            good += 1
        except PixlError as error:
            assert isinstance(error, DocumentError)
    assert 100 < good < 1500


def test_reading_a_path(tmp_path: Path) -> None:
    document = _example()
    (tmp_path / PDF_NAME).write_bytes(b"\xef\xbb\xbf" + document.to_bytes())
    assert read_document(tmp_path) == document
    with pytest.raises(DocumentError, match="cannot be read"):
        read_document(tmp_path / "none.pixl")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0JFIF")
    with pytest.raises(DocumentError, match=r"photo\.jpg: the file is neither"):
        read_document(tmp_path / "photo.jpg")
