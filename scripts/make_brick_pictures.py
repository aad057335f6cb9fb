"""Make the pictures of docs/brick.md with the program itself: python scripts/make_brick_pictures.py

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
PAGE_DPI = 60


def pixl(folder: Path, name: str, photo: str, *options: str) -> Path:
    """Run the command line; returns the folder that it wrote."""
    out = folder / name
    command = [sys.executable, "-m", "pixl", "brick", str(ROOT / "samples" / photo), *options, "-q", "-o", str(out)]
    subprocess.run(command, check=True)
    return out


def page(file: Path, number: int) -> Image.Image:
    """One page of a PDF."""
    return pypdfium2.PdfDocument(file)[number].render(scale=PAGE_DPI / 72).to_pil().convert("RGB")


def row(pictures: list[Image.Image], *, border: bool = True) -> Image.Image:
    """Side by side on white, a grey line around each."""
    height, gap = max(picture.height for picture in pictures), 14
    sheet = Image.new("RGB", (sum(picture.width + gap for picture in pictures) - gap, height), "white")
    x = 0
    for picture in pictures:
        if border:
            frame = Image.new("RGB", picture.size, (170, 170, 170))
            frame.paste(picture.crop((1, 1, picture.width - 1, picture.height - 1)), (1, 1))
            picture = frame
        sheet.paste(picture, (x, 0))
        x += picture.width + gap
    return sheet


def save(picture: Image.Image, name: str) -> None:
    """As PNG in all its colours: swatches that are wrong by a little would teach the wrong thing."""
    picture.save(TARGET / name, optimize=True)
    print(name)


def main() -> None:
    """Make them all."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = pixl(folder, "plain", "astronaut.jpg", "--size", "48x48")
        pages = [page(plain / "instructions.pdf", number) for number in (0, 1, 6)]
        save(row(pages), "brick-instructions.png")
        save(row([page(plain / "print.pdf", 1)]), "brick-print.png")
        looks = []
        for part in ("plate", "tile", "round-plate", "round-tile"):
            made = pixl(folder, part, "astronaut.jpg", "--size", "48x48", "--part", part, "-f", "preview")
            looks.append(Image.open(made / "preview.png").convert("RGB").crop((300, 40, 560, 300)))
        save(row(looks, border=False), "brick-parts.png")
        merged = pixl(folder, "merged", "rocket.jpg", "--size", "48x48", "--colors", "10", "--merge")
        crop = Image.open(merged / "preview.png").convert("RGB").crop((400, 580, 800, 960))
        guide = page(merged / "instructions.pdf", 8)
        crop = crop.resize((round(crop.width * guide.height / crop.height), guide.height), Image.Resampling.LANCZOS)
        save(row([crop, guide]), "brick-merge.png")


if __name__ == "__main__":
    main()
