"""Rebuild ``chart_symbols.csv`` of the sheet room: the ranked symbols and how far each is from every other.

    python scripts/build_chart_symbols.py RANKED.csv            write
    python scripts/build_chart_symbols.py RANKED.csv --check    compare only

RANKED.csv has the columns rank, codepoint, char, name, ink_fraction (120 glyphs of DejaVu Sans, chosen by
farthest-point selection). Distances are measured here: each symbol drawn 24 pixels high with its ink centred, blurred,
and compared over shifts of one pixel either way (the least root-mean-square difference in grey levels of 0..255).
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

ROOT = Path(__file__).resolve().parents[1]
SHEET = ROOT / "exporters" / "pixl_exporters" / "sheet"
SIDE = 40
PIXELS = 24


def draw(font: ImageFont.FreeTypeFont, char: str) -> np.ndarray:
    """One symbol, ink centred, float64[SIDE, SIDE] of 0..255."""
    image = Image.new("L", (SIDE, SIDE))
    x0, y0, x1, y1 = font.getbbox(char, anchor="ls")
    ImageDraw.Draw(image).text(
        (SIDE / 2 - (x0 + x1) / 2, SIDE / 2 - (y0 + y1) / 2), char, font=font, fill=255, anchor="ls"
    )
    return np.asarray(image.filter(ImageFilter.GaussianBlur(1.0)), dtype=np.float64)


def distances(chars: list[str]) -> np.ndarray:
    """Whole numbers [K, K]: how unlike two symbols look at their best overlap."""
    font = ImageFont.truetype(str(SHEET / "fonts" / "DejaVuSans.ttf"), PIXELS, layout_engine=ImageFont.Layout.BASIC)
    stack = np.stack([draw(font, char) for char in chars])
    best = np.full((len(chars), len(chars)), np.inf)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            moved = np.roll(stack, (dy, dx), axis=(1, 2))
            for k in range(len(chars)):
                rms = np.sqrt(((moved - stack[k]) ** 2).mean(axis=(1, 2)))
                best[k] = np.minimum(best[k], rms)
    return np.rint(np.minimum(best, best.T)).astype(int)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ranked", type=Path)
    parser.add_argument("--check", action="store_true", help="compare only")
    args = parser.parse_args()
    with args.ranked.open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: int(row["rank"]))
    apart = distances([row["char"] for row in rows])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["rank", "codepoint", "char", "name", "ink_fraction", "distances"])
    for row, line in zip(rows, apart, strict=True):
        fields = [row[key] for key in ("rank", "codepoint", "char", "name", "ink_fraction")]
        writer.writerow([*fields, " ".join(map(str, line))])
    path = SHEET / "chart_symbols.csv"
    if args.check:
        if not path.is_file() or path.read_text(encoding="utf-8") != out.getvalue():
            sys.exit(f"{path.name} differs")
    else:
        path.write_text(out.getvalue(), encoding="utf-8")
    print(f"{len(rows)} symbols, least distance {apart[~np.eye(len(rows), dtype=bool)].min()}")


if __name__ == "__main__":
    main()
