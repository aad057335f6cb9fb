"""Make the picture of docs/guide.md with the program itself and Chromium: python scripts/make_guide_pictures.py

A mosaic in sections on a computer, a bead board by colour on a phone, in the dark.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "pictures" / "guide.png"
HEIGHT = 640


def guide(folder: Path, craft: str, photo: str, *options: str) -> str:
    """Run the command line; the guide's address."""
    out = folder / craft
    command = [sys.executable, "-m", "pixl", craft, str(ROOT / "samples" / photo), *options, "-f", "guide", "-q", "-o"]
    subprocess.run([*command, str(out)], check=True)
    return (out / "guide.html").as_uri()


def shot(browser: Any, address: str, steps: list[str], **settings: Any) -> Image.Image:
    """The page after some clicks, HEIGHT pixels high."""
    page = browser.new_page(**settings)
    page.goto(address)
    for step in steps:
        page.locator(step).first.click()
        page.wait_for_timeout(400)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.close()
    return picture.resize((round(picture.width * HEIGHT / picture.height), HEIGHT), Image.Resampling.LANCZOS)


def main() -> None:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as tool:
        folder = Path(name)
        browser = tool.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        brick = guide(folder, "brick", "astronaut.jpg", "--size", "48x48")
        bead = guide(folder, "bead", "coffee.jpg", "--size", "58x58", "--colors", "24")
        sections = '#modes label:has([value="region"])'
        left = shot(
            browser, brick, [sections, "#done", "#colors button >> nth=4", "#done"],
            viewport={"width": 1160, "height": 760},
        )  # fmt: skip
        right = shot(
            browser, bead, ['#modes label:has([value="region"])', "#next"], color_scheme="dark",
            viewport={"width": 390, "height": 800}, device_scale_factor=2, has_touch=True, is_mobile=True,
        )  # fmt: skip
        browser.close()
    sheet = Image.new("RGB", (left.width + right.width + 16, HEIGHT), "white")
    sheet.paste(left, (0, 0))
    sheet.paste(right, (left.width + 16, 0))
    sheet.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(TARGET, optimize=True)


if __name__ == "__main__":
    main()
