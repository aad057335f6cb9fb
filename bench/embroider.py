"""Machine embroidery: threads against their bounds, holes, cover, hidden ways, and how time grows with size.

    python bench/embroider.py                  # the tables of docs/embroider.md
    python bench/embroider.py --check          # exit 1 when a claim of docs/embroider.md does not hold
    python bench/embroider.py --growth         # only how time grows, 32 to 256 cells a side, every format

Patterns: the samples through the default engine over Isacord 40, with nothing tidied afterwards (every island stays),
at cells of 2 mm. Everything in the first two tables is counted in the DST file read back by pixl's own decoder; the
bounds are counted on the pattern. "without cap" lets a hidden way be as long as it needs, "60 mm" is the default.
One process, one thread; seconds are of processor time.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "exporters")]

import numpy as np  # noqa: E402

from pixl.pattern import Cell, Pattern  # noqa: E402
from pixl_exporters.embroider.measure import measure  # noqa: E402
from pixl_exporters.embroider.plan import EmbroideryOptions, make_plan  # noqa: E402
from pixl_exporters.embroider.verify import verify  # noqa: E402
from pixl_exporters.embroider.write import FORMATS, stitch_file  # noqa: E402

CASES = (
    ("astronaut", 32, 4), ("cat", 48, 8), ("coffee", 64, 8), ("flower", 64, 12),
    ("portrait", 96, 8), ("palace", 96, 12), ("rocket", 128, 8), ("astronaut", 128, 16),
)  # fmt: skip
GROWTH = (32, 48, 64, 96, 128, 192, 256)
CELL_MM = 2.0


def sample(name: str, side: int, colors: int) -> Pattern:
    """A sample picture through the default engine, numbered, nothing tidied."""
    from pixl import GridSize, Job, Limits, load_engine, load_palette, open_photo
    from pixl.photo import frame_photo

    photo, _cut = frame_photo(open_photo(ROOT / "samples" / f"{name}.jpg"), aspect=1.0, fit="cover")
    job = Job(
        photo=photo,
        size=GridSize(width=side, height=side),
        palette=load_palette("isacord40").solid(),
        cell=Cell(width_mm=CELL_MM, height_mm=CELL_MM),
        limits=Limits(colors=colors),
    )
    return load_engine("quantize").solve(job).numbered()


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossRow:
    """Cross mode, from the decoded file."""

    threads: int
    bound: int
    stitches_a_cell: float
    corner: int
    centre: int
    crossed: int
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FillRow:
    """Fill mode, from the decoded file; ``capped``: threads with the default travel cap."""

    threads: int
    order: int
    optimum: int
    exact: bool
    strict: int
    capped: int
    visible_mm: float
    covered: float
    shortest: float
    longest: float
    minutes: float
    seconds: float


def cross_row(pattern: Pattern) -> CrossRow:
    """Plan, write, read back and count."""
    plan = make_plan(pattern)
    verdict = verify(stitch_file(plan, "dst"), name="x.dst")
    assert not verdict.problems
    assert not verdict.notes
    bodies = [run.points[5:-4] for run in verdict.runs]  # anchor and four lock points, and four at the end
    holes, hits = np.unique(np.concatenate(bodies) - np.array(plan.corner), axis=0, return_counts=True)
    centre = (holes // (plan.cell // 2) % 2 == 1).all(axis=1)
    return CrossRow(
        threads=len(verdict.runs),
        bound=plan.bounds.strict,
        stitches_a_cell=sum(map(len, bodies)) / pattern.pieces,
        corner=int(hits[~centre].max()),
        centre=int(hits[centre].max()),
        crossed=plan.crossed_tops,
        minutes=plan.minutes(700),
    )


def fill_row(pattern: Pattern) -> FillRow:
    """Plan, write, read back, draw and count."""
    start = time.process_time()
    plan = make_plan(pattern, EmbroideryOptions(mode="fill", travel_cap_mm=None))
    seconds = time.process_time() - start
    verdict = verify(stitch_file(plan, "dst"), name="x.dst")
    assert not verdict.problems
    assert not verdict.notes
    cover = measure(plan, verdict.runs)
    lengths = [np.hypot(*np.diff(run.points[5:-4].astype(float), axis=0).T) for run in verdict.runs]
    capped = make_plan(pattern, EmbroideryOptions(mode="fill", order=plan.order))
    bounds = plan.bounds
    return FillRow(
        threads=len(verdict.runs),
        order=bounds.for_order,
        optimum=bounds.over_orders,
        exact=bounds.exact,
        strict=bounds.strict,
        capped=len(capped.threads),
        visible_mm=cover.visible_mm,
        covered=min(cover.covered.values()),
        shortest=min(float(steps.min()) for steps in lengths) / 10,
        longest=max(float(steps.max()) for steps in lengths) / 10,
        minutes=plan.minutes(700),
        seconds=seconds,
    )


def complaints(cross: CrossRow, fill: FillRow) -> list[str]:
    """Claims of the page that this pattern breaks."""
    said = {
        "cross threads are not the bound": cross.threads != cross.bound,
        "not six stitches a cell": cross.stitches_a_cell != 6.0,
        "more than 4 hits in a corner or 2 in a centre": cross.corner > 4 or cross.centre > 2,
        "fill threads over 1.05 of the optimum": fill.threads > 1.05 * fill.optimum or not fill.exact,
        "thread shows": fill.visible_mm > 0,
        "bare cloth in a cell": fill.covered < 1,
        "a stitch under 0.5 or over 7 mm": fill.shortest < 0.5 or fill.longest > 7,
    }
    return [text for text, broken in said.items() if broken]


def tables() -> int:
    """Print both tables; returns how many claims failed."""
    rows = []
    for name, side, colors in CASES:
        pattern = sample(name, side, colors)
        rows.append((f"{name} {side}x{side}", len(pattern.used()), cross_row(pattern), fill_row(pattern)))
    print("| pattern | n | threads | bound | stitches a cell | hits corner / centre | top leg crossed | minutes |")
    print("|---|---|---|---|---|---|---|---|")
    for name, colors, c, _fill in rows:
        print(
            f"| {name} | {colors} | {c.threads} | {c.bound} | {c.stitches_a_cell:.2f} | {c.corner} / {c.centre} "
            f"| {c.crossed} | {c.minutes:.0f} |"
        )
    print()
    print(
        "| pattern | n | threads | bound, this order | optimum over orders | none hidden | threads at 60 mm "
        "| visible mm | cover | stitches mm | minutes | plan s |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    failed = 0
    for name, colors, c, f in rows:
        print(
            f"| {name} | {colors} | {f.threads} | {f.order} | {f.optimum}{'' if f.exact else ' (best found)'} "
            f"| {f.strict} | {f.capped} | {f.visible_mm:.0f} | {100 * f.covered:.1f} % "
            f"| {f.shortest:.1f} to {f.longest:.1f} | {f.minutes:.0f} | {f.seconds:.1f} |"
        )
        for text in complaints(c, f):
            failed += 1
            print(f"{name}: {text}", file=sys.stderr)
    return failed


def growth() -> None:
    """Print seconds of plans, writers and the reader by size; no machine, so nothing is too large."""
    kinds = [kind for kind in FORMATS if kind != "pes1"]
    heads = " | ".join(kind.upper() for kind in kinds)
    print(f"| cells a side | mode | stitches | threads | plan s | {heads} | read back s |")
    print("|" + "---|" * (6 + len(kinds)))
    for side in GROWTH:
        pattern = sample("coffee", side, 8)
        for mode in ("cross", "fill"):
            start = time.process_time()
            plan = make_plan(pattern, EmbroideryOptions(mode=mode))
            seconds = time.process_time() - start
            took, read = [], 0.0
            for kind in kinds:
                if kind == "jef" and max(plan.size_mm) > 200:
                    took.append("over 200 mm")
                    continue
                start = time.process_time()
                data = stitch_file(plan, kind, hoop=(600, 600))
                took.append(f"{time.process_time() - start:.2f}")
                start = time.process_time()
                assert not verify(data, name=f"x.{FORMATS[kind].ending}").notes
                read = max(read, time.process_time() - start)
            print(
                f"| {side} | {mode} | {plan.stitches:,} | {len(plan.threads)} | {seconds:.2f} | {' | '.join(took)} "
                f"| {read:.2f} |",
                flush=True,
            )


def main() -> int:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="exit 1 when a claim does not hold")
    parser.add_argument("--growth", action="store_true", help="only how time grows")
    asked = parser.parse_args()
    if asked.growth:
        growth()
        return 0
    failed = tables()
    if not asked.check:
        print()
        growth()
    return 1 if asked.check and failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
