"""Make README's pictures with the program itself: python scripts/make_pictures.py

A photo beside its mosaic, and one picture of each other craft.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
HEIGHT = 480
BRICK = ("astronaut.jpg", ["brick", "--size", "48x48"])
CRAFTS = (
    ("coffee.jpg", ["bead", "--size", "58x58", "--palette", "perler"]),
    ("cat.jpg", ["stitch", "--size", "80x80", "--colors", "24"]),
    ("astronaut.jpg", ["embroider", "--size", "48x48", "--colors", "8"]),
)


def side_by_side(photo: Path, made: Path, target: Path) -> None:
    """Photo (cut to the made picture's shape) left, made picture right."""
    right = Image.open(made).convert("RGB")
    right = right.resize((round(HEIGHT * right.width / right.height), HEIGHT), Image.Resampling.LANCZOS)
    left = Image.open(photo).convert("RGB")
    aspect = right.width / right.height
    width, height = min(left.width, round(left.height * aspect)), min(left.height, round(left.width / aspect))
    x, y = (left.width - width) // 2, (left.height - height) // 2
    left = left.crop((x, y, x + width, y + height)).resize(right.size, Image.Resampling.LANCZOS)
    sheet = Image.new("RGB", (2 * right.width + 16, HEIGHT), "white")
    sheet.paste(left, (0, 0))
    sheet.paste(right, (right.width + 16, 0))
    sheet.quantize(200, dither=Image.Dither.FLOYDSTEINBERG).save(target, optimize=True)


def made(photo: str, job: list[str], folder: str) -> Path:
    """The preview of a job, made by the program in a process of its own."""
    command = [sys.executable, "-m", "pixl", job[0], str(ROOT / "samples" / photo), *job[1:], "-q"]
    subprocess.run([*command, "-o", f"{folder}/{job[0]}"], check=True, stdout=subprocess.DEVNULL)
    return Path(folder) / job[0] / "preview.png"


def row(pictures: list[Path], target: Path, height: int = 360) -> None:
    """Pictures side by side at one height."""
    images = [Image.open(picture).convert("RGB") for picture in pictures]
    images = [m.resize((round(height * m.width / m.height), height), Image.Resampling.LANCZOS) for m in images]
    sheet = Image.new("RGB", (sum(m.width for m in images) + 12 * (len(images) - 1), height), "white")
    x = 0
    for image in images:
        sheet.paste(image, (x, 0))
        x += image.width + 12
    sheet.quantize(220).save(target, optimize=True)


def main() -> None:
    """Make them all."""
    target = ROOT / "docs" / "pictures"
    with tempfile.TemporaryDirectory() as folder:
        side_by_side(ROOT / "samples" / BRICK[0], made(*BRICK, folder), target / "readme-brick.png")
        row([made(*craft, folder) for craft in CRAFTS], target / "readme-crafts.png")


if __name__ == "__main__":
    main()
