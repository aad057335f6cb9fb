"""Make the pictures of docs/bead.md and docs/stitch.md with the program itself: python scripts/make_sheet_pictures.py

Pages are drawn from the PDFs by PDFium.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pypdfium2
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "pictures"
PAGE_DPI = 62
GAP = 14


def pixl(folder: Path, craft: str, photo: str, *options: str) -> Path:
    """Run the command line; returns the folder that it wrote."""
    out = folder / craft
    command = [sys.executable, "-m", "pixl", craft, str(ROOT / "samples" / photo), *options, "-q", "-o", str(out)]
    subprocess.run(command, check=True, cwd=ROOT)
    return out


def pages(file: Path, *numbers: int) -> Image.Image:
    """Some pages of a PDF side by side on white, a grey line around each."""
    document = pypdfium2.PdfDocument(file)
    shown = [document[number].render(scale=PAGE_DPI / 72).to_pil().convert("RGB") for number in numbers]
    height = max(page.height for page in shown)
    sheet = Image.new("RGB", (sum(page.width + GAP for page in shown) - GAP, height), "white")
    x = 0
    for page in shown:
        frame = Image.new("RGB", page.size, (170, 170, 170))
        frame.paste(page.crop((1, 1, page.width - 1, page.height - 1)), (1, 1))
        sheet.paste(frame, (x, 0))
        x += page.width + GAP
    return sheet


def main() -> None:
    """Write docs/pictures/bead-template.png and stitch-chart.png."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        beads = pixl(folder, "bead", "coffee.jpg", "--size", "58x58", "--palette", "perler", "-f", "template")
        pages(beads / "template.pdf", 0, 1, 3).save(TARGET / "bead-template.png", optimize=True)
        chart = pixl(folder, "stitch", "owl.png", "--size", "58x58", "--colors", "20", "-f", "sheets")
        pages(chart / "chart.pdf", 1, 2, 3).save(TARGET / "stitch-chart.png", optimize=True)


if __name__ == "__main__":
    main()
