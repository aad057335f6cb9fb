"""Only what is in the box: how the exact assignment under stock does against greedy and an independent solver.

    python bench/stock.py            # the tables of docs/brick.md
    python bench/stock.py --check    # exit 1 when an answer is not the optimum

Each large set of the table (12 of them; where no source says which part a set holds, its colours and counts are used
all the same) makes each sample photo at 48x48. Costs are CIEDE2000 between the Lanczos-sampled cell and the colour.
"exact" is `pixl.quantize.stock.assign_under_stock`; "Hungarian" SciPy's `linear_sum_assignment` on one column a piece;
"greedy" gives the cheapest pair of cell and colour that is still free, again and again, as other programs do. Shown is
the mean difference a cell over the photos; then how the time grows with size, on random pictures whose colours are
mostly out of stock.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "exporters")]

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from pixl.color import ciede2000, rgb_to_lab  # noqa: E402
from pixl.palette import load_palette, palette_folders  # noqa: E402
from pixl.quantize.stock import assign_under_stock  # noqa: E402

PHOTOS = ("astronaut", "cat", "coffee", "flower", "palace", "portrait", "rocket")


def greedy(cost: np.ndarray, stock: np.ndarray) -> np.ndarray:
    """int64[N]: the cheapest free pair first; cells left over when all is used take their cheapest colour."""
    left, chosen = stock.copy(), np.full(len(cost), -1)
    for pair in np.argsort(cost, axis=None, kind="stable").tolist():
        cell, color = divmod(pair, cost.shape[1])
        if chosen[cell] < 0 and left[color]:
            chosen[cell] = color
            left[color] -= 1
    return np.where(chosen < 0, cost.argmin(axis=1), chosen)


def hungarian(cost: np.ndarray, stock: np.ndarray) -> float:
    """The optimum by another program."""
    from scipy.optimize import linear_sum_assignment

    columns = np.repeat(cost, stock, axis=1)
    short = len(cost) - int(stock.sum())
    if short > 0:
        columns = np.hstack([columns, np.repeat(cost.min(axis=1, keepdims=True), short, axis=1)])
    rows, places = linear_sum_assignment(columns)
    return float(columns[rows, places].sum())


def sets() -> dict[str, tuple[str, dict[str, int]]]:
    """Set number -> (name, pieces of each colour code) of those with at least 1,000 pieces."""
    found: dict[str, tuple[str, dict[str, int]]] = {}
    with (palette_folders()["lego"] / "sets.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            pieces = found.setdefault(row["set_id"], (row["set_name"], {}))[1]
            pieces[row["lego_color_id"]] = pieces.get(row["lego_color_id"], 0) + int(row["quantity"])
    return {number: value for number, value in found.items() if sum(value[1].values()) >= 1000}


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    lego, wrong = load_palette("lego"), []
    labs = {}
    for name in PHOTOS:
        photo = Image.open(ROOT / "samples" / f"{name}.jpg").convert("RGB").resize((48, 48), Image.Resampling.LANCZOS)
        labs[name] = rgb_to_lab(np.asarray(photo)).reshape(-1, 1, 3)
    print("| set | pieces, colours | no limit | exact | Hungarian | greedy | greedy dearer by | seconds |")
    print("|---|---|---|---|---|---|---|---|")
    for number, (title, pieces) in sorted(sets().items()):
        palette = lego.take([lego.find(code) for code in pieces])
        stock = np.array(list(pieces.values()))
        sums, spent = np.zeros(4), 0.0
        for lab in labs.values():
            cost = np.asarray(ciede2000(lab, palette.lab[None]))
            start = time.perf_counter()
            chosen = assign_under_stock(cost, stock)
            spent += time.perf_counter() - start
            cells = np.arange(len(cost))
            exact, best = cost[cells, chosen].sum(), hungarian(cost, stock)
            if abs(exact - best) > 0.01:
                wrong.append(f"{number}: {exact} is not {best}")
            sums += [cost.min(axis=1).sum(), exact, best, cost[cells, greedy(cost, stock)].sum()]
        free, exact, best, other = sums / (2304 * len(labs))
        print(
            f"| {number} {title} | {stock.sum()}, {len(stock)} | {free:.2f} | {exact:.3f} | {best:.3f} | {other:.3f} "
            f"| {other / exact - 1:.1%} | {spent / len(labs):.2f} |",
            flush=True,
        )
    print("\n| studs | colours | cells that cannot have their colour | seconds |")
    print("|---|---|---|---|")
    for side, colors in ((48, 16), (48, 60), (96, 60), (128, 60), (200, 60)):
        random = np.random.default_rng(0)
        shades = random.random((colors, 3)) * 100
        coarse = random.random((side // 8 + 1, side // 8 + 1, 3))
        picture = (
            np.kron(coarse, np.ones((8, 8, 1)))[:side, :side].reshape(-1, 3) * 60 + random.random((side * side, 3)) * 20
        )
        cost = np.linalg.norm(picture[:, None] - shades, axis=2)
        stock = random.multinomial(int(side * side * 1.05), random.dirichlet(np.ones(colors)))
        over = int(np.maximum(0, np.bincount(cost.argmin(axis=1), minlength=colors) - stock).sum())
        start = time.perf_counter()
        assign_under_stock(cost, stock)
        print(f"| {side}x{side} | {colors} | {over} | {time.perf_counter() - start:.2f} |", flush=True)
    if check and wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
