"""The ``.pixl`` document inside other files: where writers put it, and how it is found again.

    PNG   an ``iTXt`` chunk with the keyword ``pixl``, compressed or not
    SVG   ``<pixl:document>`` in ``<metadata>``, base64, so that nothing needs escaping
    PDF   an uncompressed embedded file of the type ``application/vnd.pixl+json``
    HTML  ``<script type="application/json" id="pixl">``, with < > & written as JSON escapes

A reader looks for one marked place and takes exactly what it announces, at most MAX_BYTES. It parses nothing else of
the file, expands no entity, follows no reference and ends in a DocumentError, so a hostile file costs a scan of bytes.
Standard library only. Specified in docs/formats/pixl-v1.md.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
import zlib
from pathlib import Path

from .document import MAX_BYTES, Document
from .errors import DocumentError

MAX_FILE_BYTES = 512 * 2**20
"""Largest file that is opened to look for a document."""
PDF_MIME = "application/vnd.pixl+json"
PDF_NAME = "pattern.pixl"
PNG_KEYWORD = "pixl"
SVG_NAMESPACE = "https://pixl.invalid/document"
HTML_OPEN = '<script type="application/json" id="pixl">'
HTML_CLOSE = "</script>"

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PDF_HEADER = 2048  # bytes around the marker in which an attachment's dictionary has to lie
_HINT = "use a file that pixl wrote, or the pattern.pixl beside it"


def read_document(path: Path) -> Document:
    """The document in a ``.pixl`` file, or in a PNG, SVG, PDF or HTML that pixl wrote; a run folder's too.

    Raises DocumentError.
    """
    if path.is_dir():
        path = path / PDF_NAME
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise DocumentError(f"'{path}' cannot be read: {error.strerror}", hint="check the path") from None
    try:
        return Document.from_bytes(extract(data))
    except DocumentError as error:
        raise DocumentError(f"{path.name}: {error.what}", hint=error.hint) from None


def extract(data: bytes, *, cap: int = MAX_BYTES) -> bytes:
    """The document's bytes in a file's, told apart by how the file begins. Raises DocumentError."""
    if len(data) > MAX_FILE_BYTES:
        raise DocumentError(f"the file has more than {MAX_FILE_BYTES:,} bytes", hint=_HINT)
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"{"):
        _check_size(len(data), cap)
        return data.removeprefix(b"\xef\xbb\xbf")
    if data.startswith(_PNG_SIGNATURE):
        return extract_png(data, cap=cap)
    if b"%PDF-" in data[:1024]:
        return extract_pdf(data, cap=cap)
    if head[:200].lower().startswith((b"<!doctype html", b"<html")):
        return extract_html(data, cap=cap)
    if b"<svg" in head:
        return extract_svg(data, cap=cap)
    raise DocumentError("the file is neither a pixl document nor PDF, SVG, PNG or HTML", hint=_HINT)


def extract_pdf(pdf: bytes, *, cap: int = MAX_BYTES) -> bytes:
    """The document attached to a PDF. Raises DocumentError: none there, cut off, too long, or not as pixl stores it."""
    mark = f"/Subtype /{PDF_MIME.replace('/', '#2F')}".encode("ascii")
    at = pdf.find(mark)
    if at < 0:
        raise DocumentError("the PDF carries no pixl document", hint=_HINT)
    start = pdf.rfind(b" obj", max(0, at - _PDF_HEADER), at)
    stream = pdf.find(b"stream\n", at, at + _PDF_HEADER)
    header = pdf[start:stream] if 0 <= start < stream else b""
    length = re.search(rb"/Length (\d{1,12})\b", header)
    if length is None or b"/Filter" in header:
        raise DocumentError("the pixl document in the PDF is not stored as pixl stores it", hint=_HINT)
    size = int(length[1])
    _check_size(size, cap)
    body = stream + len(b"stream\n")
    if not pdf[body + size : body + size + 12].lstrip().startswith(b"endstream"):
        raise DocumentError("the pixl document in the PDF is cut off or changed", hint=_HINT)
    return pdf[body : body + size]


def extract_svg(svg: bytes, *, cap: int = MAX_BYTES) -> bytes:
    """The document in an SVG's metadata. Raises DocumentError: none there, cut off, not base64, or too long."""
    at = svg.find(b"<pixl:document")  # in text and attributes "<" is always escaped
    start = svg.find(b">", at) + 1
    end = svg.find(b"</pixl:document>", start)
    if at < 0 or start <= 0 or end < 0:
        raise DocumentError("the SVG carries no pixl document", hint=_HINT)
    _check_size((end - start) * 3 // 4, cap + cap // 16)  # editors may have added blanks
    try:
        data = base64.b64decode(b"".join(svg[start:end].split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise DocumentError("the pixl document in the SVG is broken", hint=_HINT) from error
    _check_size(len(data), cap)
    return data


def extract_png(png: bytes, *, cap: int = MAX_BYTES) -> bytes:
    """The document in a PNG's iTXt chunk. Raises DocumentError: none there, cut off, a wrong checksum, or too long."""
    key = PNG_KEYWORD.encode("ascii") + b"\0"
    at = len(_PNG_SIGNATURE)
    while at + 8 <= len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        end = at + 8 + size
        if end + 4 > len(png):
            raise DocumentError("the PNG is cut off", hint=_HINT)
        if kind == b"iTXt" and png.startswith(key, at + 8, end):
            if zlib.crc32(png[at + 4 : end]) != struct.unpack_from(">I", png, end)[0]:
                raise DocumentError("the pixl document in the PNG is damaged (checksum)", hint=_HINT)
            return _international_text(png[at + 8 + len(key) : end], cap)
        if kind == b"IEND":
            break
        at = end + 4
    raise DocumentError("the PNG carries no pixl document", hint=_HINT)


def extract_html(html: bytes, *, cap: int = MAX_BYTES) -> bytes:
    """The document in an HTML's data block. Raises DocumentError: none there, cut off, or too long."""
    opening = HTML_OPEN.encode("ascii")
    at = html.find(opening)
    end = html.find(HTML_CLOSE.encode("ascii"), at)
    if at < 0 or end < 0:
        raise DocumentError("the page carries no pixl document", hint=_HINT)
    _check_size(end - at - len(opening), cap)
    return html[at + len(opening) : end].strip()


def svg_payload(document: bytes) -> str:
    """A document as the text of the SVG metadata element."""
    return base64.b64encode(document).decode("ascii")


def html_script(document: bytes) -> str:
    """A document as the data block of an HTML page; no byte of it can end the block or begin another element."""
    text = document.decode("utf-8").strip()
    for character in "<>&\u2028\u2029":  # in JSON these stand only inside strings
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f"{HTML_OPEN}{text}{HTML_CLOSE}"


def _international_text(body: bytes, cap: int) -> bytes:
    """What follows an iTXt keyword: compressed flag, method, language, 0, translated keyword, 0, text."""
    flag, method = body[:2].ljust(2, b"\xff")
    parts = body[2:].split(b"\0", 2)
    if len(parts) != 3 or flag not in (0, 1) or method != 0:
        raise DocumentError("the pixl document in the PNG is broken", hint=_HINT)
    if not flag:
        _check_size(len(parts[2]), cap)
        return parts[2]
    try:
        inflater = zlib.decompressobj()
        data = inflater.decompress(parts[2], cap + 1)
    except zlib.error as error:
        raise DocumentError("the pixl document in the PNG is broken", hint=_HINT) from error
    _check_size(len(data), cap)
    if not inflater.eof:
        raise DocumentError("the pixl document in the PNG is cut off", hint=_HINT)
    return data


def _check_size(size: int, cap: int) -> None:
    if size > cap:
        raise DocumentError(f"the pixl document is {size:,} bytes or more, the limit is {cap:,}", hint=_HINT)
