"""How long `pixl brick` takes, cold, as a person meets it, and where the time goes.

    python bench/speed.py            # the table of docs/speed.md
    python bench/speed.py --check    # exit 1 when the budget or the growth is broken

Cold: each run is a new process that makes every default file of a mosaic. The yardstick, measured in turn
with it in the same run, is a process that only imports typer, rich, numpy, PIL.Image and fpdf: machines are
noisy, ratios are not. CPU seconds are the operating system's account of the finished process. Stages are
timed in one process, best of five.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does
ROOT = Path(__file__).resolve().parent.parent
SIZES = ((48, 48), (96, 96), (256, 256))
GROWTH = (("lego", "perler", "dmc_threads"), (32, 48, 96, 128, 256))
IMPORTS = "import typer, rich, rich.console, numpy, PIL.Image, fpdf"
BUDGET = 2.5


def process(code: list[str], cache: str) -> tuple[float, float]:
    """CPU seconds and peak megabytes of one new Python process."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'exporters'}", "PYTHONPYCACHEPREFIX": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a person's second run finds compiled modules, as pip's are
    child = subprocess.Popen([sys.executable, *code], env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{code} ended with {child.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def cold(photo: Path, runs: int) -> tuple[list[str], float]:
    """Rows of the cold table, and the ratio at 48x48."""
    rows, ratio = [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        for width, height in SIZES:
            spent, base, memory = [], [], 0.0
            for number in range(runs + 1):
                target = Path(folder) / f"{width}-{number}"
                job = ["-m", "pixl", "brick", str(photo), "--size", f"{width}x{height}", "-o", str(target), "-q"]
                seconds, peak = process(job, folder)
                yardstick, _ = process(["-c", IMPORTS], folder)
                if number:  # the first of each fills the disk cache
                    spent.append(seconds)
                    base.append(yardstick)
                    memory = max(memory, peak)
            ratios = sorted(a / b for a, b in zip(spent, base, strict=True))
            middle = statistics.median(ratios)
            if (width, height) == SIZES[0]:
                ratio = middle
            rows.append(
                f"| {width}x{height} | {statistics.median(spent):.2f} | {statistics.median(base):.2f} "
                f"| {middle:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) | {memory:.0f} |"
            )
    return rows, ratio


def best(work: Callable[[], Any], runs: int = 5) -> tuple[float, Any]:
    """Best CPU seconds of ``runs``, and the last result."""
    seconds = []
    for _ in range(runs):
        began = time.process_time()
        result = work()
        seconds.append(time.process_time() - began)
    return min(seconds), result


def stages(photo: Path, width: int, height: int) -> dict[str, float]:
    """CPU seconds of each stage at one size, in a warm process."""
    sys.path[:0] = [str(ROOT), str(ROOT / "exporters")]
    from pixl.document import Document
    from pixl.engine import load_engine
    from pixl.job import Job
    from pixl.pattern import Cell
    from pixl.photo import open_photo
    from pixl.recipe import Recipe
    from pixl.units import GridSize
    from pixl_exporters.brick.parts import find_part, part_palette
    from pixl_exporters.formats import ExportOptions, choose_formats, load_target, make_plan

    found: dict[str, float] = {}
    found["photo"], picture = best(lambda: open_photo(photo))
    job = Job(
        photo=picture, size=GridSize(width=width, height=height), palette=part_palette(find_part("plate")),
        cell=Cell(width_mm=8, height_mm=8), title="bench",
    )  # fmt: skip
    found["engine"], pattern = best(lambda: load_engine("quantize").solve(job), runs=2)
    recipe = Recipe(version="bench", command="brick", engine="quantize")
    document = Document(pattern=pattern.numbered(), craft="brick", recipe=recipe)
    found["document"], data = best(document.to_bytes)
    found["plan"], plan = best(lambda: make_plan(document))
    options = ExportOptions(name="bench", document=data)
    for row in choose_formats("", craft="brick"):
        subject = document if row.takes == "document" else plan
        export = load_target(row.target)
        found[f"write {row.key}"], _ = best(lambda export=export, subject=subject: export(subject, options), runs=3)
    return found


def growth(photo: Path) -> list[str]:
    """Rows of the table of growth: CPU seconds and peak of the engine alone, in a warm process."""
    from bench.pictures import job, palette
    from pixl.engine import load_engine
    from pixl.photo import open_photo
    from pixl.units import GridSize

    rows, engine, picture = [], load_engine("quantize"), open_photo(photo)
    palettes, sides = GROWTH
    for name in palettes:
        colors = palette(name)
        for side in sides:
            order = job(picture, GridSize(width=side, height=side), colors)
            seconds, _ = best(lambda order=order: engine.solve(order), runs=3)
            tracemalloc.start()
            engine.solve(order)
            peak = tracemalloc.get_traced_memory()[1] / 2**20
            tracemalloc.stop()
            cells = side * side
            rows.append(
                f"| {name}, {len(colors)} | {side}x{side} | {seconds:.2f} | {1e6 * seconds / cells:.0f} "
                f"| {peak:.0f} | {1024 * peak / cells:.1f} |"
            )
    return rows


def main() -> None:
    """Print the tables; with --check judge them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    photo = ROOT / "samples" / "astronaut.jpg"
    rows, ratio = cold(photo, options.runs)
    print("| size | cold CPU s | imports alone | ratio, median (range) | peak MB |\n|---|---|---|---|---|")
    print("\n".join(rows))
    timed = {size: stages(photo, *size) for size in SIZES}
    print("\n| stage, CPU ms | " + " | ".join(f"{w}x{h}" for w, h in SIZES) + " | growth for 28.4x the cells |")
    print("|---|" + "---|" * (len(SIZES) + 1))
    cells = SIZES[-1][0] * SIZES[-1][1] / (SIZES[0][0] * SIZES[0][1])
    bent = []
    for stage in timed[SIZES[0]]:
        figures = [timed[size][stage] for size in SIZES]
        times = figures[-1] / max(figures[0], 1e-4)
        if times > 1.3 * cells and figures[-1] > 0.02:
            bent.append(f"{stage} grows {times:.1f}x for {cells:.1f}x the cells")
        print(f"| {stage} | " + " | ".join(f"{1000 * value:.1f}" for value in figures) + f" | {times:.1f}x |")
    print("\n| palette, colours | cells | CPU s | CPU us a cell | peak MB | KB a cell |\n|---|---|---|---|---|---|")
    print("\n".join(growth(photo)))
    print(f"\ncold 48x48 / imports = {ratio:.2f}, budget {BUDGET}")
    if options.check:
        if ratio > BUDGET:
            bent.append(f"cold 48x48 is {ratio:.2f} times the imports, budget {BUDGET}")
        if bent:
            raise SystemExit("\n".join(bent))


if __name__ == "__main__":
    main()
