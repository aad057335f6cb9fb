"""What a printed bead page really shows, read with pdfium: glyphs with their places, and measured rasters."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

MM = 25.4 / 72.0


@dataclass(frozen=True)
class Mark:
    """One character: the centre of its ink in mm from the top left corner of the page, its font size in mm."""

    char: str
    x: float
    y: float
    size: float


def open_pdf(data: bytes) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(data)


def page_size_mm(document: pypdfium2.PdfDocument, number: int) -> tuple[float, float]:
    width, height = document[number].get_size()
    return width * MM, height * MM


def marks(document: pypdfium2.PdfDocument, number: int) -> list[Mark]:
    """Every character that is drawn on a page (pdfium's own blanks left out)."""
    return list(_marks(document, number))


def _marks(document: pypdfium2.PdfDocument, number: int) -> Iterator[Mark]:
    page = document[number]
    height = page.get_size()[1]
    text = page.get_textpage()
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    for i in range(pdfium.FPDFText_CountChars(text)):
        if pdfium.FPDFText_IsGenerated(text, i):
            continue
        pdfium.FPDFText_GetCharBox(text, i, left, right, bottom, top)
        yield Mark(
            char=chr(pdfium.FPDFText_GetUnicode(text, i)),
            x=(left.value + right.value) / 2 * MM,
            y=(height - (bottom.value + top.value) / 2) * MM,
            size=pdfium.FPDFText_GetFontSize(text, i) * MM,
        )


def page_text(document: pypdfium2.PdfDocument, number: int) -> str:
    return str(document[number].get_textpage().get_text_range())


def raster(
    document: pypdfium2.PdfDocument, number: int, box: tuple[float, float, float, float], dpi: float
) -> NDArray[np.uint8]:
    """Grey uint8[h, w] of the box x, y, width, height in mm."""
    page = document[number]
    wide, tall = page.get_size()
    x, y, w, h = (side / MM for side in box)
    crop = (x, tall - y - h, wide - x - w, y)
    image = page.render(scale=dpi / 72.0, crop=crop, grayscale=True)
    return np.asarray(image.to_numpy()).reshape(image.height, image.width).copy()


def dark_span(row: NDArray[np.uint8], dpi: float) -> float:
    """Distance in mm between the outer edges of the first and the last dark pixel."""
    dark = np.flatnonzero(row < 128)
    return float(dark[-1] - dark[0] + 1) / dpi * 25.4
