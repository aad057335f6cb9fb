"""What the losses of making buy at equal prior energy and equal dE; stock inside the loss; colours learned against
colours chosen first. Writes the tables of docs/beyond.md.

Input of the first two tables: ten photos (bench/beyond_dial.py's: the pictures of samples/ and two crops), 32 x 32
cells, LEGO plates' solid colours, no words, fidelity .5: half photo, half prior. The prior is the exact patch prior
over the *other* photos: every window may follow any of them, so it has an energy and a taste, and does not know the
answer.

Losses: for each, a ladder of weights (each four times the last, the same for all ten) is climbed until one costs
something: energy at equal dE more than 1 % of its way from the start above none's, or dE more than 1 % off none's,
means over the ten. The table has the largest that costs nothing and, in italics, the first that does. Energy at equal
dE: a loss may also move the balance between prior and photo; the dial itself (fidelity .4 against .5) says what a dE
is worth in energy, and by that rate the energy is brought to none's dE. The counts are not. lone: cells with no
4-neighbour of their colour; confetti: with no 8-neighbour; regions: 4-connected; small: regions of one or two cells;
chroma: mean over neighbour pairs of |chroma difference in the pattern - in the photo| (OKLab x 100); lots: colours in
use; cuts: threads (8-connected regions) less one; parts: rectangular plates up to 8 studs, fewest (pixl brick
--merge). dE: CIEDE2000 to the linear-light mean of the cell.

Stock: the eight colours that quantize chooses for the photo, and of each the same number of pieces, a tenth more than
there are cells in all: about half of the picture cannot have its own colour. The programme alone; with exchanges after
it; and with the transport loss in the descent too. beyond: pieces more than there are.

Colours: icons of pixl/icons as photo and bank (bench/distill_cases.py's classes), patch prior, six cases in class, four
out of class: the prior's energy of the final picture with k colours, learned on the way against the k that quantize
chooses for the photo first. Same seed, same steps, the polish of neither.

Run: python bench/beyond_making.py [--losses] [--stock] [--colors] [--into docs/beyond.md]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import label

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "exporters")]

from bench.beyond_dial import PHOTOS, framed  # noqa: E402
from bench.beyond_pages import into  # noqa: E402
from bench.distill_cases import CLASSES, SIDE, drawing  # noqa: E402
from pixl import icons  # noqa: E402
from pixl.color import ciede2000, lab_to_linear, linear_to_lab, linear_to_oklab, linear_to_srgb  # noqa: E402
from pixl.distill.priors.patch import PatchPrior  # noqa: E402
from pixl.distill.solve import solve  # noqa: E402
from pixl.job import Job, Limits  # noqa: E402
from pixl.palette import Palette, load_palette  # noqa: E402
from pixl.pattern import Cell, Pattern  # noqa: E402
from pixl.photo import over_background, photo_from_rgba  # noqa: E402
from pixl.quantize import QuantizeEngine  # noqa: E402
from pixl.quantize.downscale import box, sample  # noqa: E402
from pixl.units import GridSize  # noqa: E402
from pixl_exporters.brick.plan import BrickOptions, plan_bricks  # noqa: E402
from pixl_exporters.embroider.cost import cut_cost, threads_by_color  # noqa: E402

LADDER = (0.0025, 0.01, 0.04, 0.16)
ROOM = 0.01
FIDELITY = 0.5
KEYS = ("lone", "confetti", "regions", "small", "chroma", "lots", "cuts", "parts")


@dataclass(frozen=True, kw_only=True)
class Case:
    """``seen`` float64[H, W, 3]: CIELAB of the photo's cells."""

    name: str
    prior: PatchPrior
    job: Job
    seen: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Answer:
    index: NDArray[np.int16]
    energy: float
    away: float


def usable() -> Palette:
    return load_palette("lego").solid()


def code_values(linear: NDArray[np.float32]) -> torch.Tensor:
    return torch.from_numpy(np.asarray(linear_to_srgb(linear), np.float32)).permute(2, 0, 1)[None]


def photo_cases() -> list[Case]:
    photos = [framed(name, crop) for name, crop in PHOTOS]
    cells = [box(*sample(photo, SIDE, SIDE)) for photo in photos]
    out = []
    for k, photo in enumerate(photos):
        others = [j for j in range(len(photos)) if PHOTOS[j][0] != PHOTOS[k][0]]
        prior = PatchPrior(torch.cat([code_values(cells[j]) for j in others]), [""] * len(others))
        job = Job(
            photo=photo,
            size=GridSize(width=SIDE, height=SIDE),
            palette=usable(),
            cell=Cell(width_mm=8, height_mm=8),
            settings={"prior": "patch", "fidelity": FIDELITY},
        )
        out.append(Case(name=PHOTOS[k][0], prior=prior, job=job, seen=np.asarray(linear_to_lab(cells[k]), np.float64)))
    return out


def icon_cases() -> list[Case]:
    labels = list(CLASSES)
    out = []
    for number in range(10):
        prompt = labels[number % 6]
        source = prompt if number < 6 else labels[(number + 3) % 6]
        held = CLASSES[source].split()[0]
        members = [(tag, name) for tag, names in CLASSES.items() for name in names.split() if name != held]
        prior = PatchPrior(torch.cat([drawing(name) for _, name in members]), [tag for tag, _ in members])
        photo = over_background(photo_from_rgba(np.asarray(icons.picture(held))), (255, 255, 255))
        job = Job(
            photo=photo,
            size=GridSize(width=SIDE, height=SIDE),
            palette=usable(),
            cell=Cell(width_mm=8, height_mm=8),
            prompt=prompt,
            settings={"prior": "patch"},
        )
        seen = np.asarray(linear_to_lab(box(*sample(photo, SIDE, SIDE))), np.float64)
        out.append(Case(name=f"{prompt} from {held}", prior=prior, job=job, seen=seen))
    return out


def answer(case: Case, limits: Limits | None = None, **settings: Any) -> Answer:
    """The case solved with more settings."""
    job = replace(case.job, limits=limits or case.job.limits, settings={**case.job.settings, **settings})
    return judged(case, solve(job, prior=case.prior).index)


def judged(case: Case, index: NDArray[np.int16]) -> Answer:
    table = torch.from_numpy(case.job.palette.rgb.astype(np.float32) / 255)
    image = table[torch.from_numpy(index.astype(np.int64))].permute(2, 0, 1)[None]
    energy = float(case.prior.energy(image, case.prior.condition(case.job.prompt)))
    return Answer(index=index, energy=energy, away=float(ciede2000(case.job.palette.lab[index], case.seen).mean()))


def untouched(case: Case, limits: Limits | None = None) -> Answer:
    """quantize's answer, where every descent begins."""
    job = replace(case.job, limits=limits or case.job.limits)
    return judged(case, QuantizeEngine().solve(job).index)


def measures(index: NDArray[np.int16], case: Case) -> dict[str, float]:
    sizes, eight, palette = [], 0, case.job.palette
    for k in np.unique(index):
        found, _ = label(index == k)
        sizes += np.bincount(found.ravel())[1:].tolist()
        found, _ = label(index == k, np.ones((3, 3)))
        eight += int((np.bincount(found.ravel())[1:] == 1).sum())
    pattern = Pattern(index=index, palette=palette, cell=Cell(width_mm=8, height_mm=8)).numbered()
    plan = plan_bricks(pattern, BrickOptions(merge=True, merge_seconds=2))
    wanted = 100 * linear_to_oklab(np.maximum(lab_to_linear(case.seen), 0))[..., 1:]
    error = 100 * palette.oklab[index][..., 1:] - wanted
    gaps = [np.linalg.norm(np.diff(error, axis=axis), axis=2).ravel() for axis in (0, 1)]
    return {
        "lone": sizes.count(1),
        "confetti": eight,
        "regions": len(sizes),
        "small": sum(size <= 2 for size in sizes),
        "chroma": float(np.concatenate(gaps).mean()),
        "lots": len(np.unique(index)),
        "cuts": int(threads_by_color(index, len(palette)).sum()) - 1,
        "parts": len(plan.pieces),
    }


def cuts(case: Case, w: float) -> Answer:
    return answer(case, Limits(costs=(cut_cost(1.0, len(usable())),)), making={"costs": w})


MAKERS: dict[str, Callable[..., Answer]] = {
    "alone": lambda case, w: answer(case, making={"alone": w}),
    "confetti": lambda case, w: answer(case, making={"confetti": w}),
    "alone + pairs": lambda case, w: answer(case, making={"alone": w, "pairs": w}),
    "borders": lambda case, w: answer(case, making={"borders": w / 4}),
    "rectangles": lambda case, w: answer(case, making={"rectangles": w / 2}),
    "few": lambda case, w: answer(case, making={"few": 20 * w}),
    "chroma": lambda case, w: answer(case, making={"chroma": w / 10}),
    "cuts, a craft's prices": cuts,
    "alone + rectangles + few": lambda case, w: answer(case, making={"alone": w, "rectangles": w / 4, "few": 10 * w}),
}
SHOWN = {"borders": 0.25, "rectangles": 0.5, "few": 20.0, "chroma": 0.1}
"""What the weight itself is, of the ladder's step."""


def losses(count: int, only: str, out: Path | None) -> str:
    cases = photo_cases()[:count]
    starts = [untouched(case) for case in cases]
    bases = [answer(case) for case in cases]
    known: dict[str, list[float]] = json.loads(out.read_text()) if out and out.is_file() else {}

    def counted(key: str, make: Callable[[Case], Answer]) -> list[float]:
        """[% of the way, dE, counts ...], means over the cases; kept, so that a run that was stopped goes on."""
        if key not in known:
            found = [make(case) for case in cases]
            way = [(s.energy - a.energy) / (s.energy - b.energy) for a, s, b in zip(found, starts, bases, strict=True)]
            rows = [list(measures(one.index, case).values()) for one, case in zip(found, cases, strict=True)]
            mean = np.mean(rows, axis=0).tolist()
            known[key] = [100 * float(np.mean(way)), float(np.mean([one.away for one in found])), *mean]
            print(f"{key}: {' '.join(f'{value:.2f}' for value in known[key])}", flush=True)
            if out:
                out.write_text(json.dumps(known, indent=1) + "\n")
        return known[key]

    base = counted("none", answer)
    nearer = counted("nearer", lambda case: answer(case, fidelity=FIDELITY - 0.1))
    rate = (nearer[0] - base[0]) / (nearer[1] - base[1])
    print(f"fidelity {FIDELITY - 0.1:g} against {FIDELITY:g}: a dE is worth {rate:.1f} % of the way")

    def line(name: str, weight: str, found: list[float]) -> str:
        equal = found[0] - rate * (found[1] - base[1])
        counts = [f"{count:.{2 if key == 'chroma' else 1}f}" for key, count in zip(KEYS, found[2:], strict=True)]
        cells = [f"{equal:.1f} %", f"{found[1]:.2f}", *counts]
        return "| " + " | ".join([name, weight, *cells]) + " |"

    heads = ["loss", "weight", "energy at equal dE", "dE", *KEYS]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|", line("none", "", base)]
    for name, maker in MAKERS.items():
        if only and name not in only.split(","):
            continue
        climbed = []
        for scale in LADDER:
            found = counted(f"{name} {scale:g}", partial(maker, w=scale))
            costs = found[0] - rate * (found[1] - base[1]) < 100 - 100 * ROOM or abs(found[1] / base[1] - 1) > ROOM
            climbed.append((f"{scale * SHOWN.get(name, 1.0):g}", found))
            if costs:
                climbed[-1] = (f"*{climbed[-1][0]}*", found)
                break
        lines += [line(name, weight, found) for weight, found in climbed[-2:]]
    return "\n".join(lines)


def scarce(count: int) -> str:
    rows: dict[str, list[tuple[float, ...]]] = {}
    for case in photo_cases()[:count]:
        eight = untouched(case, Limits(colors=8)).index
        palette = case.job.palette.take([int(k) for k in np.unique(eight)])
        case = replace(case, job=replace(case.job, palette=palette))
        base, start = answer(case), untouched(case)
        stock = np.full(len(palette), int(1.1 * SIDE * SIDE / len(palette)), np.int64)
        limits = Limits(stock=stock)
        with mock.patch("pixl.distill.polish.polished", lambda index, *rest, **more: index):
            bare = answer(case, limits, making={"stock": 0.0})
        tried = {
            "without a limit": base,
            "the programme at the end": bare,
            "and exchanges": answer(case, limits, making={"stock": 0.0}),
            "and the transport loss": answer(case, limits),
        }
        for name, one in tried.items():
            beyond = float(np.maximum(np.bincount(one.index.ravel(), minlength=len(stock)) - stock, 0).sum())
            way = 100 * (start.energy - one.energy) / (start.energy - base.energy)
            counts = measures(one.index, case)
            rows.setdefault(name, []).append((beyond, way, one.away, counts["lone"], counts["regions"]))
    lines = ["| stock | beyond | energy | dE | lone | regions |", "|---|---|---|---|---|---|"]
    for name, found in rows.items():
        mean = np.mean(found, axis=0)
        lines.append(f"| {name} | {mean[0]:.0f} | {mean[1]:.1f} % | " + " | ".join(f"{v:.1f}" for v in mean[2:]) + " |")
    return "\n".join(lines)


def colors(count: int) -> str:
    lines = [
        "| k | lower energy learned | (E first - E learned) / (E start - E first): mean | worst | best |",
        "|---|---|---|---|---|",
    ]
    for number in (4, 6, 8, 12):
        gains = []
        for case in icon_cases()[:count]:
            limits = Limits(colors=number)
            first = answer(case, limits, subset="quantize")
            learned = answer(case, limits, subset="learned")
            assert len(np.unique(learned.index)) <= number
            gains.append((first.energy - learned.energy) / max(untouched(case, limits).energy - first.energy, 1e-6))
        good = sum(gain > 0 for gain in gains)
        lines.append(
            f"| {number} | {good} of {len(gains)} | {np.mean(gains):+.3f} | {min(gains):+.3f} | {max(gains):+.3f} |"
        )
        print(lines[-1], flush=True)
    return "\n".join(lines)


def main() -> None:
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser()
    for name in ("losses", "stock", "colors"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--only", default="", help="of the losses, comma-separated")
    parser.add_argument("--count", type=int, default=10, help="cases")
    parser.add_argument("-o", "--out", type=Path, help="keeps what was measured of the losses, and goes on from it")
    parser.add_argument("--into", type=Path, help="the page whose tables are replaced")
    chosen = parser.parse_args()
    every = not (chosen.losses or chosen.stock or chosen.colors)
    tables = {
        "losses": lambda: losses(chosen.count, chosen.only, chosen.out),
        "stock": lambda: scarce(chosen.count),
        "colors": lambda: colors(chosen.count),
    }
    for name, make in tables.items():
        if every or getattr(chosen, name):
            start = time.perf_counter()
            text = make()
            print(f"{text}\n\n{name}: {time.perf_counter() - start:.0f} s", flush=True)
            if chosen.into:
                into(chosen.into, name, text)


if __name__ == "__main__":
    main()
