"""Fewest pieces: how `--merge` does against greedy and against the bound, on what is easy and what is hard.

    python bench/merge.py            # the table of docs/brick.md
    python bench/merge.py --check    # exit 1 when a section took longer than its limit or a gap is open

Pictures: the samples (photos, through the default engine at 12 colours), a logo on white (a ring with letters), two
colours (a disc on white), busy colour (seeded noise of 2 x 2 clumps), one plain colour. "greedy" takes the largest part
that fits, again and again, as other programs do; "bound" is the linear relaxation's, rounded up for each area: no
layout under the same rules has fewer pieces. The slowest section is timed by itself. One process, one thread.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "exporters")]

import numpy as np  # noqa: E402

from pixl.pattern import Pattern  # noqa: E402
from pixl_exporters.brick import merge  # noqa: E402
from pixl_exporters.brick.parts import find_part, part_palette  # noqa: E402
from pixl_exporters.brick.plan import BrickOptions, brick_cell, plan_bricks  # noqa: E402

SECONDS = 5.0
PHOTOS = ("astronaut", "cat", "palace", "rocket", "coffee", "flower")


def photo(name: str, side: int) -> Pattern:
    """A sample through the default engine."""
    from pixl import GridSize, Job, Limits, load_engine, open_photo

    job = Job(
        photo=open_photo(ROOT / "samples" / f"{name}.jpg"),
        size=GridSize(width=side, height=side),
        palette=part_palette(find_part("plate")),
        cell=brick_cell(),
        limits=Limits(colors=12),
    )
    return load_engine("quantize").solve(job).numbered()


def drawn(kind: str, side: int) -> Pattern:
    """A picture made of arithmetic."""
    y, x = (np.mgrid[:side, :side] + 0.5) / side
    r = np.hypot(x - 0.5, y - 0.5)
    if kind == "logo on white":
        index = np.where((r < 0.44) & (r > 0.34), 1, 0)
        bar = (np.abs(x - 0.38) < 0.04) | (np.abs(x - 0.62) < 0.04) | (np.abs(y - x) < 0.05)
        index = np.where(bar & (r < 0.28), 2, index)
    elif kind == "disc on white":
        index = np.where(r < 0.4, 1, 0)
    elif kind == "one colour":
        index = np.zeros((side, side), int)
    else:
        noise = np.random.default_rng(0).integers(0, 10, (-(-side // 2), -(-side // 2)))
        index = np.kron(noise, np.ones((2, 2), int))[:side, :side]
        flips = np.random.default_rng(1).random((side, side)) < 0.2
        index = np.where(flips, np.random.default_rng(2).integers(0, 10, (side, side)), index)
    palette = part_palette(find_part("plate"))
    order = [palette.find(name) for name in ("White", "Black", "Bright Red")]
    order += [k for k in range(len(palette)) if k not in order][:7]
    return Pattern(index=index.astype(np.int16), palette=palette.take(order), cell=brick_cell()).numbered()


def slowest(pattern: Pattern, section: int) -> float:
    """Seconds of the section that takes longest, each as a plan of its own."""
    worst = 0.0
    for row in range(0, pattern.height, section):
        for column in range(0, pattern.width, section):
            high, wide = min(section, pattern.height - row), min(section, pattern.width - column)
            merge._KNOWN.clear()
            start = time.perf_counter()
            plan_bricks(
                pattern.cropped(column, row, wide, high),
                BrickOptions(merge=True, merge_seconds=SECONDS, section=section, base="none"),
            )
            worst = max(worst, time.perf_counter() - start)
    return worst


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    failed = []
    plan_bricks(drawn("disc on white", 16), BrickOptions(merge=True))  # load scipy
    print("| picture | size, section | studs | pieces | greedy | saved | bound | gap | seconds | slowest section |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    cases = [(name, side, 16) for name in PHOTOS for side in (48, 96)]
    drawings = ("logo on white", "disc on white", "busy colour", "one colour")
    cases += [(name, side, 16) for name in drawings for side in (48, 96)]
    cases += [(name, 48, 48) for name in drawings]
    for name, side, section in cases:
        pattern = photo(name, side) if name in PHOTOS else drawn(name, side)
        merge._KNOWN.clear()
        start = time.perf_counter()
        plan = plan_bricks(pattern, BrickOptions(merge=True, merge_seconds=SECONDS, section=section))
        spent = time.perf_counter() - start
        report = plan.merge
        assert report is not None
        worst = slowest(pattern, section)
        print(
            f"| {name} | {side}x{side}, {section} | {report.cells} | {report.pieces} | {report.greedy} "
            f"| {1 - report.pieces / report.greedy:.1%} | {report.bound} | {report.gap:.1%} "
            f"| {spent:.2f} | {worst:.2f} |",
            flush=True,
        )
        if worst > SECONDS + 1.0:
            failed.append(f"{name} {side}: a section took {worst:.1f} s")
        if report.gap and section == 16:
            failed.append(f"{name} {side}: gap {report.gap:.1%}")
    if check and failed:
        raise SystemExit("\n".join(failed))


if __name__ == "__main__":
    main()
