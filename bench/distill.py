"""How many prior rows each recipe needs: the table of docs/distill.md.

    python bench/distill.py --jobs 2 -o bench/results/distill.json      # everything: an hour or two
    python bench/distill.py --seeds 2 --no-long                          # minutes

Defined so that it cannot flatter: progress = (E_start - E) / (E_start - E_best), E the prior's own negative
log likelihood of the hard picture; E_best is the best that any recipe or any of ten further restarts reached
at any moment; every recipe begins at the same start. A row is one evaluation of one branch (positive or
negative); the paper's idle third row is not counted. "to 95 %" is the first row count at which progress is
.95 or more.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parent))
from distill_cases import PRIORS, Case, make_case

from pixl.distill.descent import Descent
from pixl.distill.settings import choose
from pixl.distill.start import random_logits

SHARES = (0.8, 0.9, 0.95)
STILL = {"greyscale": 0.0, "perspective": 0.0, "flip": 0.0}
"""No augmentation: a diffusion model takes a flipped or tilted picture for as likely, these priors do not."""
PLAIN_SDS = {"method": "sds", "rounds": {"count": 0}, "settle": 0, "inner": 1}

# What each ingredient is worth: the paper's recipe changed step by step into the fast one, then the fast one
# without each.
RECIPES: dict[str, dict[str, Any]] = {
    "paper, 10,001 steps": {"recipe": "paper"},
    "the same without augmentation and FFT term": {"recipe": "paper", "odds": STILL, "scales": {"fft": 0.0}},
    "paper, 1,000 steps": {"recipe": "paper", "steps": 1000},
    "+ no augmentation": {"recipe": "paper", "steps": 1000, "odds": STILL},
    "+ no FFT term": {"recipe": "paper", "steps": 1000, "odds": STILL, "scales": {"fft": 0.0}},
    "+ guidance 7.5, lr .2, no warm-up": {
        **PLAIN_SDS,
        "steps": 300,
        "guidance": 7.5,
        "learning_rate": 0.2,
        "tau_low": 0.5,
        "tau_high": 1.5,
        "times": {"schedule": "bounded_max", "low": 0.02, "high": 0.98},
    },
    "+ t annealed .8 to .02": {
        **PLAIN_SDS,
        "steps": 300,
        "guidance": 7.5,
        "learning_rate": 0.2,
        "tau_low": 0.5,
        "tau_high": 1.5,
        "times": {"low": 0.02, "high": 0.8},
    },
    "+ lr .5": {
        **PLAIN_SDS,
        "steps": 150,
        "guidance": 7.5,
        "learning_rate": 0.5,
        "tau_low": 0.5,
        "tau_high": 1.5,
        "times": {"low": 0.02, "high": 0.8},
    },
    "+ replay (25 generator steps a target), hard sources in closed form": {
        "rounds": {"count": 0},
        "steps": 40,
        "settle": 0,
        "times": {"low": 0.05, "high": 0.8},
    },
    "+ rounds (2 of 3 DDIM steps), one try": {"rounds": {"tries": 1}, "settle": 0},
    "fast = + three tries, the palette chooses": {"settle": 0},
    "fast, with early stop (the default)": {},
    "fast without the neighbours term": {"scales": {"neighbours": 0.0}, "settle": 0},
    "fast with the FFT term": {"scales": {"fft": 0.2}, "settle": 0},
    "fast, error of the mixture only": {"hard": 0.0, "settle": 0},
    "fast, error of the mixture only, Gumbel noise": {"hard": 0.0, "mode": "gumbel", "settle": 0},
    "fast, drawn hard sources": {"hard": 0.0, "mode": "gumbel-hard", "settle": 0},
    "fast, tau .3 to 1 instead of 1 to 1.5": {"tau_low": 0.3, "tau_high": 1.0, "settle": 0},
    "fast, running mean .5 instead of .8": {"keep": 0.5, "settle": 0},
    "fast, 5 generator steps a target": {"inner": 5, "settle": 0},
    "fast from random logits": {"settle": 0, "rounds": {"high": 0.998}},
}
MARKS = ("<!-- begin rows -->", "<!-- end rows -->")
LONG = ("paper, 10,001 steps", "the same without augmentation and FFT term")
RANDOM = ("fast from random logits",)


def run(case: Case, values: Mapping[str, Any], seed: int, *, scratch: bool = False) -> list[tuple[int, float]]:
    """(rows, E) along one run; E is taken whenever the hard picture changed, at most every fifth step of a
    long run.
    """
    settings = choose(values, case.prior.defaults)
    logits = None
    if scratch:
        logits = random_logits(tuple(case.logits.shape[:2]), len(case.palette), torch.Generator().manual_seed(seed))
    generator = case.generator(logits)
    descent = Descent(generator, case.prior, case.condition, settings, seed=seed)
    curve = [(0, case.energy(case.generator()))]
    every = 1 if settings.total <= 100 else 2 if settings.total <= 400 else 5 if settings.total <= 2000 else 20
    shown = None
    while not descent.done:
        descent.advance()
        if descent.step % every == 0 or descent.done:
            index = generator.hard_index()
            if shown is None or not torch.equal(index, shown):
                curve.append((descent.rows, case.energy(generator)))
            else:
                curve.append((descent.rows, curve[-1][1]))
            shown = index
    return curve


def best_of_restarts(case: Case, seed: int) -> float:
    """The least E of ten further runs: five slow annealed ones from noise, five from the start."""
    least = float("inf")
    for k in range(10):
        values = {**PLAIN_SDS, "steps": 250, "guidance": 5.0, "learning_rate": 0.2}
        values["times"] = {"low": 0.02, "high": 0.998 if k < 5 else 0.8}
        curve = run(case, values, 1000 * seed + k, scratch=k < 5)
        least = min(least, min(energy for _, energy in curve))
    return least


def one(work: tuple[str, int, bool, bool]) -> dict[str, Any]:
    """Every recipe on one case."""
    prior_name, seed, in_class, with_long = work
    torch.set_num_threads(1)
    case = make_case(prior_name, seed, in_class=in_class)
    started = time.monotonic()
    curves = {
        name: run(case, values, seed, scratch=name in RANDOM)
        for name, values in RECIPES.items()
        if with_long or name not in LONG
    }
    best = min(best_of_restarts(case, seed), *(energy for curve in curves.values() for _, energy in curve))
    start = next(iter(curves.values()))[0][1]
    out = {}
    for name, curve in curves.items():
        progress = [(rows, (start - energy) / (start - best)) for rows, energy in curve]
        reached = {share: next((rows for rows, p in progress if p >= share), None) for share in SHARES}
        out[name] = {"rows": curve[-1][0], "final": progress[-1][1], **{str(s): reached[s] for s in SHARES}}
    print(f"{case.name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return {
        "prior": prior_name,
        "in_class": in_class,
        "seed": seed,
        "case": case.name,
        "E_start": start,
        "E_best": best,
        "recipes": out,
    }


def summed(results: list[dict[str, Any]], prior: str, in_class: bool) -> list[str]:
    """Markdown rows: median (worst) over seeds; '-' where fewer than half of the seeds get there."""
    chosen = [r for r in results if r["prior"] == prior and r["in_class"] == in_class]
    lines = []
    for name in RECIPES:
        found = [r["recipes"][name] for r in chosen if name in r["recipes"]]
        if not found:
            continue
        cells = []
        for share in SHARES:
            reached = sorted(f[str(share)] if f[str(share)] is not None else 10**9 for f in found)
            middle, worst = reached[(len(reached) - 1) // 2], reached[-1]
            missed = sum(value == 10**9 for value in reached)
            cells.append("-" if middle == 10**9 else f"{middle:,} ({f'{missed} never' if missed else f'{worst:,}'})")
        finals = [f["final"] for f in found]
        cells.append(f"{statistics.median(finals):.3f} ({min(finals):.3f})")
        cells.append(f"{statistics.median(f['rows'] for f in found):,.0f}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines.append("| the untouched start | - | - | - | 0 (0) | 0 |")
    return lines


def table(results: list[dict[str, Any]]) -> str:
    """The Markdown tables."""
    text = []
    for prior in PRIORS:
        for in_class in (True, False):
            cases = [r for r in results if r["prior"] == prior and r["in_class"] == in_class]
            if not cases:
                continue
            text.append(f"\n**{prior} prior, {'in' if in_class else 'out of'} class, {len(cases)} seeds**\n")
            text.append("| recipe | rows to 80 % | 90 % | 95 % | final progress | rows in all |")
            text.append("|---|---|---|---|---|---|")
            text += summed(results, prior, in_class)
    return "\n".join(text) + "\n"


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--no-long", action="store_true", help="without the 10,001 steps")
    parser.add_argument("--priors", default=",".join(PRIORS))
    parser.add_argument("-o", "--out", type=Path)
    parser.add_argument("--into", type=Path, help="a page whose table, between two marks, is replaced")
    arguments = parser.parse_args()
    work = [
        (prior, seed, in_class, not arguments.no_long)
        for prior in arguments.priors.split(",")
        for in_class in (True, False)
        for seed in range(arguments.seeds)
    ]
    results: list[dict[str, Any]] = []
    if arguments.out and arguments.out.is_file():
        results = json.loads(arguments.out.read_text())
    known = {(r["prior"], r["seed"], r["in_class"]) for r in results}
    left = [item for item in work if item[:3] not in known]
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for result in pool.map(one, left):
            results.append(result)
            if arguments.out:  # after each case: a bench that was stopped goes on where it was
                arguments.out.parent.mkdir(parents=True, exist_ok=True)
                arguments.out.write_text(json.dumps(results, indent=1) + "\n")
    text = table(results)
    print(text)
    if arguments.into:
        page = arguments.into.read_text("utf-8")
        before, rest = page.split(MARKS[0], 1)
        after = rest.split(MARKS[1], 1)[1]
        arguments.into.write_text(f"{before}{MARKS[0]}\n{text}{MARKS[1]}{after}", "utf-8")


if __name__ == "__main__":
    main()
