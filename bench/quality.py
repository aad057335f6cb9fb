"""Figures of the default engine and of what a person would use instead, in one process on the same inputs.

    python bench/quality.py PICTURES --into docs/quality.md   # the tables of that page, between its marks
    python bench/quality.py PICTURES --check                  # exit 1 when a promise is broken
    python bench/quality.py PICTURES --check --photos         # of photographs alone
    python bench/quality.py PICTURES --ablation               # natural with one step off at a time

PICTURES is the folder that ``scripts/fetch_bench_photos.py`` writes; only the pictures of the last two claims count.
Intervals: 95 % of 4,000 bootstrap samples of the pictures, of paired differences to ``natural`` (or to ``dither``).
Seconds are CPU seconds of a warm process.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "exporters")]

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from bench.measures import NAMES, Judge  # noqa: E402
from bench.peers import AT_MOST_256, DITHERED, PEERS, Peer  # noqa: E402
from bench.pictures import grid, job, palette, pictures  # noqa: E402
from bench.steps import OFF, without  # noqa: E402
from pixl.engine import load_engine  # noqa: E402

CLAIMS = ("second", "third")
SETTINGS = (("lego", 48), ("perler", 48), ("dmc_threads", 48))
STYLES = ("natural", "clean", "crisp", "rich", "dither")
SHOWN = ("near", "far", "ssim", "edge", "conf", "tiny", "off", "grey", "drained", "dyed", "cgrad", "colors", "seconds")
MARKS = ("<!-- begin figures -->", "<!-- end figures -->")
DIGITS = {"ssim": 3, "edge": 3, "colors": 0, "conf": 1, "tiny": 1, "seconds": 3}


def ours(style: str) -> Peer:
    """The engine in one style, as a peer."""
    engine = load_engine("quantize")
    return lambda photo, size, colors: engine.solve(job(photo, size, colors, style)).index.astype(np.intp)


def run(
    folder: Path, name: str, longest: int, methods: dict[str, Peer], limit: int, *, photos: bool = False
) -> dict[str, NDArray[np.float64]]:
    """float64[pictures, figures] of each method."""
    colors = palette(name)
    chosen = {key: one for key, one in methods.items() if len(colors) <= 256 or key not in AT_MOST_256}
    found: dict[str, list[tuple[float, ...]]] = {key: [] for key in chosen}
    chosen_pictures = [item for item in pictures(folder, CLAIMS) if not (photos and item.drawn)]
    for item in chosen_pictures[: limit or None]:
        photo = item.photo()
        size = grid(photo, longest)
        judge = Judge(photo, size.height, size.width)
        for key, method in chosen.items():
            began = time.process_time()
            index = method(photo, size, colors)
            seconds = time.process_time() - began
            found[key].append((*judge.figures(index, colors).as_tuple(), seconds))
    return {key: np.array(rows) for key, rows in found.items()}


def interval(difference: NDArray[np.float64], rng: np.random.Generator) -> tuple[float, float]:
    """95 % bootstrap interval of the mean paired difference."""
    picks = rng.integers(0, len(difference), (4000, len(difference)))
    low, high = np.percentile(difference[picks].mean(axis=1), (2.5, 97.5))
    return float(low), float(high)


def table(title: str, results: dict[str, NDArray[np.float64]], against: str) -> list[str]:
    """Lines: means, then each method's paired difference to ``against`` with its interval."""
    place = {name: i for i, name in enumerate((*NAMES, "seconds"))}
    lines = [f"\n### {title}\n", "| | " + " | ".join(SHOWN) + " |", "|---|" + "---|" * len(SHOWN)]
    for key, rows in results.items():
        mean = rows.mean(axis=0)
        cells = [f"{mean[place[name]]:.{DIGITS.get(name, 2)}f}" for name in SHOWN]
        lines.append(f"| {f'**{key}**' if key == against else key} | " + " | ".join(cells) + " |")
    rng = np.random.default_rng(0)
    names = ("near", "far", "ssim", "edge", "conf", "off", "grey", "drained", "dyed", "cgrad")
    lines += [
        f"\nDifferences, each less {against}:\n",
        "| | " + " | ".join(names) + " |",
        "|---|" + "---|" * len(names),
    ]
    for key, rows in results.items():
        if key == against:
            continue
        cells = []
        for name in names:
            gap = (rows - results[against])[:, place[name]]
            low, high = interval(gap, rng)
            digits = DIGITS.get(name, 2)
            cells.append(f"{gap.mean():+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})")
        lines.append(f"| {key} | " + " | ".join(cells) + " |")
    return lines


def broken(title: str, results: dict[str, NDArray[np.float64]]) -> list[str]:
    """Promises that do not hold."""
    mean = {key: dict(zip((*NAMES, "seconds"), rows.mean(axis=0), strict=True)) for key, rows in results.items()}
    peer, mine = mean["Lanczos + CIEDE2000"], mean["natural"]
    bad = []

    def promise(what: str, value: float, most: float) -> None:
        if value > most + 1e-9:
            bad.append(f"{title}: {what} is {value:.2f}, at most {most:.2f} was promised")

    promise("natural's isolated cells", mine["conf"], 0.5 * peer["conf"])
    for name in ("off", "grey", "dyed"):
        promise(f"natural's {name}", mine[name], peer[name] + 0.2)
    promise("natural's cgrad", mine["cgrad"], peer["cgrad"])
    dithered = [key for key in results if key in DITHERED]
    if dithered:
        best = min(dithered, key=lambda key: mean[key]["near"] + mean[key]["far"])
        for name, share in (("near", 1.0), ("far", 1.0), ("conf", 0.5), ("off", 0.5)):
            promise(f"dither's {name} against {best}", mean["dither"][name], share * mean[best][name])
    return bad


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--photos", action="store_true", help="leave drawings out")
    parser.add_argument("--limit", type=int, default=0, help="only the first so many pictures")
    parser.add_argument("--palettes", nargs="+", default=[name for name, _ in SETTINGS])
    parser.add_argument("--into", type=Path, help="a page whose tables, between two marks, are replaced")
    options = parser.parse_args()
    bad: list[str] = []
    lines: list[str] = []
    methods: dict[str, Peer]
    for name, longest in SETTINGS:
        if name not in options.palettes:
            continue
        title = f"{name}, {longest} cells"
        if options.ablation:
            methods = {"natural": ours("natural"), **{key: _off(key) for key in OFF}}
        else:
            methods = {**{style: ours(style) for style in STYLES}, **PEERS, **DITHERED}
        results = run(options.pictures, name, longest, methods, options.limit, photos=options.photos)
        lines += table(title, results, "natural")
        if not options.ablation:
            dithers = {key: rows for key, rows in results.items() if key == "dither" or key in DITHERED}
            lines += table(f"{title}, dithered", dithers, "dither")
            bad += broken(title, results)
        print(*lines[lines.index(f"\n### {title}\n") :], sep="\n", flush=True)
    print("\nPromises:", *(bad or ["all kept"]), sep="\n- ")
    if options.into:
        before, rest = options.into.read_text("utf-8").split(MARKS[0], 1)
        after = rest.split(MARKS[1], 1)[1]
        options.into.write_text("\n".join([before + MARKS[0], *lines, "", MARKS[1] + after]), "utf-8")
    if options.check and bad:
        raise SystemExit(1)


def _off(step: str) -> Peer:
    plain: Callable[..., NDArray[np.intp]] = ours("natural")

    def method(*args: object) -> NDArray[np.intp]:
        with without(step):
            return plain(*args)

    return method


if __name__ == "__main__":
    main()
