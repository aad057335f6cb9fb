"""Make README's pictures with the program itself: python scripts/make_pictures.py

Each is a photo beside what pixl makes of it, at the same height.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
HEIGHT = 480
PICTURES = {
    "readme-brick.png": ("astronaut.jpg", ["brick", "--size", "48x48"], "preview.png"),
    "readme-bead.png": ("coffee.jpg", ["bead", "--size", "58x58", "--palette", "perler"], "preview.png"),
    "readme-stitch.png": ("cat.jpg", ["stitch", "--size", "80x80", "--colors", "24"], "preview.png"),
    "readme-embroider.png": ("astronaut.jpg", ["embroider", "--size", "48x48", "--colors", "8"], "preview.png"),
}


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


def main() -> None:
    """Make them all, or those named on the command line."""
    for name, (photo, job, file) in PICTURES.items():
        if len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pixl", job[0], str(ROOT / "samples" / photo), *job[1:], "-q"]
            subprocess.run([*command, "-o", f"{folder}/out"], check=True)
            side_by_side(ROOT / "samples" / photo, Path(folder) / "out" / file, ROOT / "docs" / "pictures" / name)
        print(name)


if __name__ == "__main__":
    main()
