"""A blind look: which of two grids would a maker rather build and hang?

    python bench/blind.py sheets PICTURES OUT --key KEY --peers adaptive lanczos
    python bench/blind.py sheets PICTURES OUT --key KEY --sets tuning first --peers steps --each 9  # ablation
    python bench/blind.py score OUT/key.csv answers.csv

``sheets`` draws photo, A and B side by side in an order drawn by seed, three pairs a sheet, and writes the
key apart. A viewer who has seen neither code nor key answers with rows ``pair,choice,reason`` (choice A, B
or tie). ``score`` prints won / tied / lost by class, palette, size and peer with the exact binomial interval
of the decided pairs. Answers with their reasons are kept in ``bench/blind/``.
"""

from __future__ import annotations

import argparse
import csv
import sys
from math import comb
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.peers import BY_EYE, picture
from bench.pictures import SETS, Picture, grid, job, palette, pictures
from bench.steps import OFF, without
from pixl.engine import load_engine
from pixl.palette import Palette
from pixl.photo import Photo

QUESTION = (
    "Each row shows a photo and two mosaics of it, A and B, to be built by hand from bricks, beads or stitches. "
    "Which would you rather build and hang on a wall? Judge likeness (faces above all), right colours, clean areas "
    "and readable shapes, from where a wall mosaic is seen, not cell by cell. Say 'tie' only when you see no "
    "difference that matters. Give one short reason for each."
)
PALETTES = ("lego", "perler", "dmc_threads")
SIZES = (48, 32, 96)
SIDE, ROWS, GAP = 480, 3, 12


def pairs(all_pictures: list[Picture], peers: list[str], repeats: int) -> list[tuple[Picture, str, str, int]]:
    """(picture, peer, palette, size): palettes and sizes take turns, so that each class sees each of them."""
    found = []
    for turn in range(repeats):
        for i, item in enumerate(all_pictures):
            for j, peer in enumerate(peers):
                step = i + 4 * j + 5 * turn
                found.append((item, peer, PALETTES[step % 3], SIZES[(step // 3 + j + turn) % 3]))
    return found


def ours(photo: Photo, longest: int, colors: Palette, style: str) -> NDArray[np.int16]:
    """The engine's answer in a style, or in ``natural`` without a step (``bench.steps.OFF``)."""
    if style in OFF:
        with without(style):
            return ours(photo, longest, colors, "natural")
    return load_engine("quantize").solve(job(photo, grid(photo, longest), colors, style)).index


def draw(index: NDArray[np.integer], colors: Palette) -> Image.Image:
    """Squares, SIDE pixels on the longer side."""
    height, width = index.shape
    scale = SIDE // max(height, width)
    return Image.fromarray(colors.rgb[index]).resize((width * scale, height * scale), Image.Resampling.NEAREST)


def sheets(args: argparse.Namespace) -> None:
    """Write the sheets, the key and the question."""
    rng = np.random.default_rng(args.seed)
    out: Path = args.out
    out.mkdir(parents=True, exist_ok=True)
    chosen = [item for item in pictures(args.pictures, args.sets) if not args.only or item.group in args.only]
    peers = list(OFF) if args.peers == ["steps"] else args.peers
    wanted = pairs(chosen, peers, args.repeats)
    order = rng.permutation(len(wanted))
    loaded = {name: palette(name) for name in PALETTES}
    key, rows = [], []
    shown_of: dict[str, int] = {}
    for which in order.tolist():
        item, peer, palette_name, longest = wanted[which]
        if args.each and shown_of.get(peer, 0) >= args.each:
            continue
        photo, colors = item.photo(), loaded[palette_name]
        index = ours(photo, longest, colors, args.ours)
        if peer in BY_EYE:
            other = BY_EYE[peer](photo, grid(photo, longest), colors)
        else:
            other = ours(photo, longest, colors, peer)
        if (index != other).mean() < args.differ / 100:
            continue  # nothing to see
        shown_of[peer] = shown_of.get(peer, 0) + 1
        place, first = len(rows) + 1, bool(rng.integers(2))
        mine, theirs = draw(index, colors), draw(other, colors)
        shown = picture(photo).resize(mine.size, Image.Resampling.LANCZOS)
        rows.append((place, shown, mine if first else theirs, theirs if first else mine))
        key.append((place, item.path.name, item.group, palette_name, longest, peer, "A" if first else "B"))
    font = ImageFont.load_default(18)
    for start in range(0, len(rows), ROWS):
        part = rows[start : start + ROWS]
        tall = sum(row[1].height + 26 + GAP for row in part)
        sheet = Image.new("RGB", (3 * SIDE + 4 * GAP, tall), (255, 255, 255))
        pen = ImageDraw.Draw(sheet)
        y = 0
        for place, *images in part:
            for column, (image, name) in enumerate(zip(images, ("photo", "A", "B"), strict=True)):
                x = GAP + column * (SIDE + GAP)
                pen.text((x, y + 3), f"pair {place}: {name}", fill=(0, 0, 0), font=font)
                sheet.paste(image, (x + (SIDE - image.width) // 2, y + 26))
            y += images[0].height + 26 + GAP
        sheet.save(out / f"sheet{start // ROWS + 1:02d}.png")
    (out / "question.txt").write_text(QUESTION + "\n", encoding="utf-8")
    args.key.parent.mkdir(parents=True, exist_ok=True)
    with args.key.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("pair", "picture", "class", "palette", "size", "peer", "ours"))
        writer.writerows(key)
    print(f"{len(rows)} pairs on {-(-len(rows) // ROWS)} sheets in {out}; key in {args.key}")


def interval(won: int, decided: int) -> tuple[float, float]:
    """95 % Clopper-Pearson interval of won / decided, by bisection on the binomial tail."""

    def at_least(p: float) -> float:
        return sum(comb(decided, i) * p**i * (1 - p) ** (decided - i) for i in range(won, decided + 1))

    def at_most(p: float) -> float:
        return sum(comb(decided, i) * p**i * (1 - p) ** (decided - i) for i in range(won + 1))

    def solve(tail: float, rising: bool) -> float:
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            value = at_least(middle) if rising else at_most(middle)
            if (value < tail) == rising:
                low = middle
            else:
                high = middle
        return low

    return (solve(0.025, True) if won else 0.0), (solve(0.025, False) if won < decided else 1.0)


def score(args: argparse.Namespace) -> None:
    """Print won / tied / lost over all and by class, palette, size and peer; then the losses with their
    reasons.
    """
    with args.key.open(encoding="utf-8", newline="") as file:
        key = {row["pair"]: row for row in csv.DictReader(file)}
    with args.answers.open(encoding="utf-8", newline="") as file:
        answers = list(csv.DictReader(file))
    table: dict[str, list[int]] = {}
    losses = []
    for answer in answers:
        row = key[answer["pair"].strip()]
        choice = answer["choice"].strip()
        place = 1 if choice.casefold() == "tie" else 0 if choice.upper() == row["ours"] else 2
        for name in (
            "all",
            row["peer"],
            row["class"],
            row["palette"],
            f"{row['size']} cells",
            f"{row['class']} v {row['peer']}",
        ):
            table.setdefault(name, [0, 0, 0])[place] += 1
        if place == 2:
            what = f"{row['picture'][:28]:28} {row['palette']:12} {row['size']:>3} {row['peer']:9}"
            losses.append(f"{row['pair']:>4} {what} {answer['reason']}")
    print("| | won / tied / lost | of the decided | 95 % |\n|---|---|---|---|")
    for name, (won, tied, lost) in table.items():
        low, high = interval(won, won + lost)
        share = f"{100 * won / (won + lost):.0f} %" if won + lost else "-"
        print(f"| {name} | {won} / {tied} / {lost} | {share} | {100 * low:.0f} to {100 * high:.0f} |")
    print("\nLosses:", *losses, sep="\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    making = commands.add_parser("sheets")
    making.add_argument("pictures", type=Path)
    making.add_argument("out", type=Path)
    making.add_argument("--key", type=Path, required=True)
    making.add_argument("--ours", default="natural")
    making.add_argument("--peers", nargs="+", default=["adaptive", "lanczos"])
    making.add_argument("--repeats", type=int, default=1)
    making.add_argument("--each", type=int, default=0, help="at most so many pairs of each peer")
    making.add_argument("--differ", type=float, default=0.0, help="only pairs with so many per cent of cells apart")
    making.add_argument("--seed", type=int, default=1)
    making.add_argument("--sets", nargs="+", choices=SETS, default=["third"])
    making.add_argument("--only", nargs="*", default=[])
    making.set_defaults(run=sheets)
    scoring = commands.add_parser("score")
    scoring.add_argument("key", type=Path)
    scoring.add_argument("answers", type=Path)
    scoring.set_defaults(run=score)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
