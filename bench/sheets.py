"""How long the printed sheets take, how true to size they are, and whether two runs give the same bytes.

    python bench/sheets.py            # the tables of docs/bead.md and docs/stitch.md
    python bench/sheets.py --check    # exit 1 when a file differs on a second run, or takes more than 1.5 CPU-seconds,
                                      # or a measure is off by more than 0.1 mm

Input: samples/palace.jpg, 116x116, palette perler (bead) and dmc_threads with 40 colours (stitch), made by
the default engine, and as the worst case 116x116 cells of 40 colours drawn at random. Each time is of a process of its
own: "first" is the first call in it (fonts are loaded), "again" the second. Sizes are measured in rasters of 2,400 dpi
by pypdfium2, which wrote nothing of the files.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "exporters"), str(ROOT / "tests" / "bead")]

SIDE = 116
FORMATS = {"bead": ("template", "boards", "chart", "beads"), "stitch": ("sheets", "sheets-svg", "sheets-png", "oxs")}
PALETTES = {"bead": ("perler", None), "stitch": ("dmc_threads", 40)}
MOST_SECONDS, MOST_MM = 1.5, 0.1
TIMED = ("template", "boards", "sheets", "sheets-svg")


def pattern_of(craft: str, case: str):  # type: ignore[no-untyped-def]
    """The pattern of a case: ``photo`` or ``random``."""
    import numpy as np

    from pixl.job import Job, Limits
    from pixl.palette import load_palette
    from pixl.pattern import Cell, Pattern
    from pixl.photo import frame_photo, open_photo
    from pixl.quantize import QuantizeEngine
    from pixl.units import GridSize

    name, colors = PALETTES[craft]
    palette = load_palette(name).solid()
    cell = Cell(width_mm=5.0, height_mm=5.0) if craft == "bead" else Cell(width_mm=25.4 / 14, height_mm=25.4 / 14)
    if case == "random":
        index = np.random.default_rng(7).integers(0, 40, (SIDE, SIDE))
        return Pattern(index=index, palette=palette.take(range(40)), cell=cell, title="Random").numbered()
    photo, _ = frame_photo(open_photo(ROOT / "samples" / "palace.jpg"), aspect=1.0, fit="cover")
    size = GridSize(width=SIDE, height=SIDE)
    job = Job(photo=photo, size=size, palette=palette, cell=cell, title="Palace", limits=Limits(colors=colors))
    return QuantizeEngine().solve(job).numbered()


def make(craft: str, case: str, paper: str = "a4"):  # type: ignore[no-untyped-def]
    """(document, plan) of a case."""
    from pixl.document import Document
    from pixl.recipe import Recipe
    from pixl_exporters.formats import make_plan

    recipe = Recipe(version="bench", command=craft, engine="quantize")
    document = Document(pattern=pattern_of(craft, case), craft=craft, recipe=recipe, options={})
    return document, make_plan(document)


def child(craft: str, case: str, key: str) -> dict[str, object]:
    """One format in this process: CPU seconds, bytes, hash of each of two runs."""
    from pixl_exporters.formats import ExportOptions, choose_formats, load_target

    document, plan = make(craft, case)
    [row] = choose_formats(key, craft=craft)
    options = ExportOptions(name="bench", document=document.to_bytes())
    target = load_target(row.target)
    seconds, hashes, size = [], [], 0
    for _ in range(2):
        start = time.process_time()
        files = target(plan, options)
        seconds.append(time.process_time() - start)
        hashes.append(hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest())
        size = sum(map(len, files.values()))
    return {
        "seconds": seconds,
        "hashes": hashes,
        "bytes": size,
        "files": len(files),
        "colors": len(plan.pattern.used()),
    }


def timed(craft: str, case: str, key: str) -> dict[str, object]:
    """The same in a process of its own."""
    words = [sys.executable, str(Path(__file__)), "--child", craft, case, key]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def measures() -> list[tuple[str, str, float, float]]:
    """(paper, what, wanted mm, measured mm) of a page with one 29 x 29 board."""
    import numpy as np
    import page_reader as reader

    from pixl.pattern import Pattern
    from pixl_exporters.bead.boards import load_boards
    from pixl_exporters.bead.look import look_of
    from pixl_exporters.bead.plan import BeadOptions, make_plan
    from pixl_exporters.bead.template import export_template
    from pixl_exporters.formats import ExportOptions

    whole = pattern_of("bead", "random")
    pattern = Pattern(index=whole.index[:29, :29], palette=whole.palette, cell=whole.cell)
    plan = make_plan(pattern, BeadOptions(board=load_boards()["midi29"]))
    look, dpi, found = look_of(plan, underlay=True), 2400.0, []
    for paper in ("a4", "letter"):
        document = reader.open_pdf(export_template(plan, ExportOptions(paper=paper))["template.pdf"])
        page = len(document) - 1
        width, height = reader.page_size_mm(document, page)
        wanted = {"a4": (210.0, 297.0), "letter": (215.9, 279.4)}[paper]
        found += [(paper, "page width", wanted[0], width), (paper, "page height", wanted[1], height)]
        marks = reader.marks(document, page)
        label = next(mark for mark in marks if abs(mark.size - 2.3) < 0.01)
        bar = reader.raster(document, page, (5.0, label.y - 2.0, 130.0, 0.6), dpi)
        found.append((paper, "bar", 100.0, max(reader.dark_span(row, dpi) for row in bar if (row < 128).any())))
        beads = [mark for mark in marks if abs(mark.size - look.size) < 0.003]
        left, top = min(mark.x for mark in beads) - 2.5, min(mark.y for mark in beads) - 2.5
        across = reader.raster(document, page, (left - 0.9, top + 40.0, 147.0, 0.4), dpi)
        down = reader.raster(document, page, (left + 40.0, top - 0.9, 0.4, 147.0), dpi)
        found.append((paper, "29 pegs across", 145.0, reader.dark_span(np.min(across, axis=0), dpi)))
        found.append((paper, "29 pegs down", 145.0, reader.dark_span(np.min(down, axis=1), dpi)))
    return found


def main() -> int:
    """Print the tables; with --check complain."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--child", nargs=3, metavar=("CRAFT", "CASE", "FORMAT"))
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(child(*asked.child)))
        return 0
    bad = []
    print(f"{SIDE} x {SIDE} cells\n\n| craft | input | format | files | KB | first CPU-s | again CPU-s | same bytes |")
    print("|---|---|---|---|---|---|---|---|")
    for craft, keys in FORMATS.items():
        for case in ("photo", "random"):
            for key in keys:
                got = timed(craft, case, key)
                first, again = got["seconds"]  # type: ignore[misc]
                same = len(set(got["hashes"])) == 1  # type: ignore[arg-type]
                size = int(got["bytes"]) // 1024  # type: ignore[call-overload]
                what = f"{case}, {got['colors']} colours"
                print(f"| {craft} | {what} | {key} | {got['files']} | {size} | {first:.2f} | {again:.2f} | {same} |")
                if not same or (key in TIMED and first > MOST_SECONDS):
                    bad.append(f"{craft} {case} {key}")
    print("\n| paper | what | wanted mm | measured mm | off |\n|---|---|---|---|---|")
    for paper, what, wanted, measured in measures():
        print(f"| {paper} | {what} | {wanted:.1f} | {measured:.3f} | {measured - wanted:+.3f} |")
        if abs(measured - wanted) > MOST_MM:
            bad.append(f"{paper} {what}")
    if bad:
        print("complaints: " + ", ".join(bad), file=sys.stderr)
    return 1 if asked.check and bad else 0


if __name__ == "__main__":
    sys.exit(main())
