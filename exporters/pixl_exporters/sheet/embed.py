"""Find the document that a PDF, SVG or PNG of ours carries. Standard library only; every size is capped.

The readers here look for one marked place and read exactly what it announces. They parse nothing else of the file,
expand no entity, follow no reference and give up with a ``DocumentError``, so a hostile file costs a scan of its bytes.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
import zlib

from pixl.errors import DocumentError

CAP = 64 * 2**20
"""Largest document in bytes that is taken out of a file."""

PDF_MIME = "application/vnd.pixl+json"
PNG_KEYWORD = b"pixl"
SVG_NAMESPACE = "https://pixl.invalid/document"
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = 2048  # bytes before "stream" in which an attachment's dictionary has to lie
_HINT = "use a file that pixl wrote, or the pattern.pixl beside it"


def extract(data: bytes, *, cap: int = CAP) -> bytes:
    """The document in a PDF, SVG or PNG, told apart by how the file begins.

    Raises:
        DocumentError: another kind of file, no document in it, a broken one, or one larger than ``cap`` bytes.
    """
    if data.startswith(_PNG_SIGNATURE):
        return extract_png(data, cap=cap)
    if b"%PDF-" in data[:1024]:
        return extract_attachment(data, cap=cap)
    if b"<svg" in data[:4096]:
        return extract_svg(data, cap=cap)
    raise DocumentError("the file is neither PDF, SVG nor PNG", hint=_HINT)


def extract_attachment(pdf: bytes, cap: int = CAP) -> bytes:
    """The document attached to a PDF written by ``render_pdf``.

    Raises:
        DocumentError: none there, cut off, longer than ``cap``, or its announced length is wrong.
    """
    mark = f"/Subtype /{PDF_MIME.replace('/', '#2F')}".encode("ascii")
    at = pdf.find(mark)
    if at < 0:
        raise DocumentError("the PDF carries no pixl document", hint=_HINT)
    start = pdf.rfind(b" obj", max(0, at - _HEADER), at)
    stream = pdf.find(b"stream\n", at, at + _HEADER)
    header = pdf[start:stream] if 0 <= start < stream else b""
    length = re.search(rb"/Length (\d{1,12})\b", header)
    if length is None or b"/Filter" in header:
        raise DocumentError("the pixl document in the PDF is not stored as pixl stores it", hint=_HINT)
    size = int(length[1])
    _check_size(size, cap)
    body = stream + len(b"stream\n")
    if not pdf.startswith(b"\nendstream", body + size):
        raise DocumentError("the pixl document in the PDF is cut off or changed", hint=_HINT)
    return pdf[body : body + size]


def extract_svg(svg: bytes, *, cap: int = CAP) -> bytes:
    """The document in the metadata of an SVG written by ``render_svg``.

    Raises:
        DocumentError: none there, cut off, not base64, or longer than ``cap``.
    """
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


def svg_payload(document: bytes) -> str:
    """A document as the text of the SVG metadata element: base64, so that nothing needs escaping."""
    return base64.b64encode(document).decode("ascii")


def extract_png(png: bytes, *, cap: int = CAP) -> bytes:
    """The document in the ``iTXt`` chunk named ``pixl`` of a PNG.

    Raises:
        DocumentError: none there, cut off, a wrong checksum, or longer than ``cap`` after inflating.
    """
    if not png.startswith(_PNG_SIGNATURE):
        raise DocumentError("the file is not a PNG", hint=_HINT)
    at = len(_PNG_SIGNATURE)
    while at + 8 <= len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        end = at + 8 + size
        if end + 4 > len(png):
            raise DocumentError("the PNG is cut off", hint=_HINT)
        if kind == b"iTXt" and png[at + 8 : at + 8 + len(PNG_KEYWORD) + 1] == PNG_KEYWORD + b"\0":
            if zlib.crc32(png[at + 4 : end]) != struct.unpack_from(">I", png, end)[0]:
                raise DocumentError("the pixl document in the PNG is damaged (checksum)", hint=_HINT)
            return _international_text(png[at + 8 : end], cap)
        if kind == b"IEND":
            break
        at = end + 4
    raise DocumentError("the PNG carries no pixl document", hint=_HINT)


def _international_text(chunk: bytes, cap: int) -> bytes:
    """The text of an iTXt chunk: keyword, 0, compressed flag, method, language, 0, translated keyword, 0, text."""
    flag, method = chunk[len(PNG_KEYWORD) + 1 : len(PNG_KEYWORD) + 3].ljust(2, b"\xff")
    parts = chunk[len(PNG_KEYWORD) + 3 :].split(b"\0", 2)
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
