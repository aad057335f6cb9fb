"""The document inside PDF, SVG and PNG: round trips, and files made to hurt."""

from __future__ import annotations

import contextlib
import io
import struct
import time
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pixl.embedded import extract, extract_pdf, extract_png, extract_svg
from pixl.errors import DocumentError
from pixl_exporters.sheet import Canvas, Sheet
from pixl_exporters.sheet.pdf import render_pdf
from pixl_exporters.sheet.png import render_png
from pixl_exporters.sheet.svg import render_svg

TRAP = '/Subtype /application#2Fvnd.pixl+json <pixl:document>AAAA</pixl:document> "endstream"'


def sheet(title: str = "t") -> Sheet:
    canvas = Canvas(40, 30, name="page")
    canvas.text(5, 10, title, 4)
    return Sheet(pages=(canvas.page(),), title=title, subject=title)


def in_pdf(document: bytes) -> bytes:
    return render_pdf(sheet(TRAP), attachment=("pattern.pixl", document))


def in_svg(document: bytes) -> bytes:
    return render_svg(sheet(TRAP), document=document)[0]


def in_png(document: bytes) -> bytes:
    return render_png(sheet(TRAP), dpi=50, document=document)[0]


CARRIERS = [in_pdf, in_svg, in_png]
Carrier = Callable[[bytes], bytes]
DOCUMENTS = [
    b'{"pixl": 1}',
    '{"title": "猫 & <b> ]]> \\u0000 😀"}'.encode(),
    b'{"trap": "endstream endobj /Subtype /application#2Fvnd.pixl+json </pixl:document> IEND"}' * 3,
    b"x" * 300_000,
]


@pytest.mark.parametrize("carry", CARRIERS)
@pytest.mark.parametrize("document", DOCUMENTS, ids=["short", "unicode", "trap", "long"])
def test_round_trip(carry: Carrier, document: bytes) -> None:
    assert extract(carry(document)) == document


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=300).filter(lambda text: text.isprintable()))
def test_round_trip_of_any_text(text: str) -> None:
    document = text.encode("utf-8")
    for carry in CARRIERS:
        assert extract(carry(document)) == document


def test_pillow_reads_the_same_document_from_the_png() -> None:
    document = '{"title": "猫"}'
    picture = Image.open(io.BytesIO(in_png(document.encode())))
    assert picture.info["pixl"] == document


@pytest.mark.parametrize("carry", CARRIERS)
def test_files_without_a_document_say_so(carry: Carrier) -> None:
    plain = {
        in_pdf: lambda: render_pdf(sheet(TRAP)),
        in_svg: lambda: render_svg(sheet(TRAP))[0],
        in_png: lambda: render_png(sheet(TRAP), dpi=50)[0],
    }[carry]()  # type: ignore[index]
    with pytest.raises(DocumentError) as caught:
        extract(plain)
    assert caught.value.hint


@pytest.mark.parametrize("carry", CARRIERS)
def test_documents_over_the_cap_are_refused(carry: Carrier) -> None:
    data = carry(b"x" * 5000)
    assert extract(data, cap=5000) == b"x" * 5000
    with pytest.raises(DocumentError, match="limit"):
        extract(data, cap=4000)


@pytest.mark.parametrize("carry", CARRIERS)
def test_every_truncation_is_an_error_and_quick(carry: Carrier) -> None:
    document = b"0123456789" * 30
    data = carry(document)
    start = time.process_time()
    for end in range(0, len(data), max(1, len(data) // 400)):
        try:
            found = extract(data[:end])
        except DocumentError:
            continue
        assert found == document
    assert time.process_time() - start < 5.0


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(CARRIERS), st.randoms(use_true_random=False))
def test_damaged_files_give_the_document_or_an_error(carry: Carrier, dice: object) -> None:
    data = bytearray(carry(b'{"pixl": 1}'))
    for _ in range(dice.randint(1, 30)):  # type: ignore[attr-defined]
        data[dice.randrange(len(data))] = dice.randrange(256)  # type: ignore[attr-defined]
    with contextlib.suppress(DocumentError):
        assert isinstance(extract(bytes(data)), bytes)


@given(st.binary(max_size=400), st.sampled_from([b"%PDF-1.6\n", b"<svg ", b"\x89PNG\r\n\x1a\n"]))
def test_any_bytes_give_an_error(body: bytes, head: bytes) -> None:
    with pytest.raises(DocumentError):
        extract(head + body)


@pytest.mark.parametrize(
    "dictionary",
    [
        b"<< /Length 2147483648 /Subtype /application#2Fvnd.pixl+json >>\nstream\nabc\nendstream",
        b"<< /Length 999999999999 /Subtype /application#2Fvnd.pixl+json >>\nstream\nabc\nendstream",
        b"<< /Length 99999999999999999999 /Subtype /application#2Fvnd.pixl+json >>\nstream\nabc\nendstream",
        b"<< /Length -3 /Subtype /application#2Fvnd.pixl+json >>\nstream\nabc\nendstream",
        b"<< /Length 2 /Subtype /application#2Fvnd.pixl+json >>\nstream\nabc\nendstream",
        b"<< /Length 3 0 R /Subtype /application#2Fvnd.pixl+json >>\nstream\nabc",
        b"<< /Filter /FlateDecode /Length 3 /Subtype /application#2Fvnd.pixl+json >>\nstream\nabc\nendstream",
        b"<< /Subtype /application#2Fvnd.pixl+json >>\nstream\nabc\nendstream",
        b"/Subtype /application#2Fvnd.pixl+json",
    ],
)
def test_pdf_attachments_that_lie_about_their_length(dictionary: bytes) -> None:
    with pytest.raises(DocumentError):
        extract_pdf(b"%PDF-1.6\n1 0 obj\n" + dictionary + b"\nendobj\n")


def chunk(kind: bytes, body: bytes, *, size: int | None = None) -> bytes:
    crc = zlib.crc32(kind + body)
    return struct.pack(">I", len(body) if size is None else size) + kind + body + struct.pack(">I", crc)


def png(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_png_chunk_that_claims_two_gigabytes() -> None:
    with pytest.raises(DocumentError, match="cut off"):
        extract_png(png(chunk(b"iTXt", b"pixl\0\0\0\0\0{}", size=2**31 - 1)))


def test_png_inflation_bomb_stops_at_the_cap() -> None:
    bomb = zlib.compress(b"\0" * 50_000_000, 9)
    data = png(chunk(b"iTXt", b"pixl\0\1\0\0\0" + bomb))
    start = time.process_time()
    with pytest.raises(DocumentError, match="limit"):
        extract_png(data, cap=1_000_000)
    assert time.process_time() - start < 1.0


def test_png_compressed_text_is_read_too() -> None:
    data = png(chunk(b"tEXt", b"pixl\0no"), chunk(b"iTXt", b"pixl\0\1\0en\0\0" + zlib.compress(b'{"a": 1}')))
    assert extract_png(data) == b'{"a": 1}'


@pytest.mark.parametrize("body", [b"pixl\0", b"pixl\0\0", b"pixl\0\2\0\0\0x", b"pixl\0\1\0\0\0x", b"pixl\0\0\0no end"])
def test_png_broken_text_chunks(body: bytes) -> None:
    with pytest.raises(DocumentError):
        extract_png(png(chunk(b"iTXt", body)))


def test_png_wrong_checksum() -> None:
    good = in_png(b'{"pixl": 1}')
    at = good.index(b'{"pixl": 1}')
    with pytest.raises(DocumentError, match="checksum"):
        extract_png(good[:at] + b'{"pixl": 2}' + good[at + 11 :])


def test_a_million_empty_png_chunks_are_walked_quickly() -> None:
    data = png(*[chunk(b"aaAa", b"")] * 300_000)
    start = time.process_time()
    with pytest.raises(DocumentError, match="no pixl document"):
        extract_png(data)
    assert time.process_time() - start < 2.0


def test_svg_that_an_editor_wrapped_is_still_read() -> None:
    data = in_svg(b'{"pixl": 1}').replace(b"eyJw", b"\n    eyJw\n  ")
    assert extract_svg(data) == b'{"pixl": 1}'


def test_svg_entities_are_not_expanded() -> None:
    data = b'<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg><pixl:document>&a;&a;</pixl:document></svg>'
    with pytest.raises(DocumentError, match="broken"):
        extract(data)
