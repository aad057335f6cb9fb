"""Rebuild ``symbols.csv`` of the guide room: the outlines of the chart symbols, so that a phone draws what paper shows.

    python scripts/build_guide_symbols.py            write
    python scripts/build_guide_symbols.py --check    compare only

Outlines are DejaVu Sans's own (fonts/LICENSE_DEJAVU), in thousandths of an em, y down, the middle of the ink at 0, 0.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from pathlib import Path

from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parents[1] / "exporters" / "pixl_exporters"


def outlines() -> str:
    """The table as text."""
    with (ROOT / "sheet" / "chart_symbols.csv").open(encoding="utf-8", newline="") as file:
        chars = [row["char"] for row in csv.DictReader(file)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["codepoint", "width", "height", "path"])
    with TTFont(ROOT / "sheet" / "fonts" / "DejaVuSans.ttf") as font:
        glyphs, names, scale = font.getGlyphSet(), font.getBestCmap(), 1000 / font["head"].unitsPerEm
        for char in chars:
            glyph = glyphs[names[ord(char)]]
            bounds = BoundsPen(glyphs)
            glyph.draw(bounds)
            x0, y0, x1, y1 = bounds.bounds
            pen = SVGPathPen(glyphs, ntos=lambda value: str(round(value)))
            centre = (scale, 0, 0, -scale, -scale * (x0 + x1) / 2, scale * (y0 + y1) / 2)
            glyph.draw(TransformPen(pen, centre))
            wide, high = round((x1 - x0) * scale), round((y1 - y0) * scale)
            writer.writerow([f"{ord(char):04X}", wide, high, pen.getCommands()])
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only")
    path, text = ROOT / "guide" / "symbols.csv", outlines()
    if parser.parse_args().check:
        sys.exit(0 if path.read_text(encoding="utf-8") == text else f"{path.name} is not what the script makes")
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
