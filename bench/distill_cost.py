"""What distill costs with each prior and size: operations, memory, and the product with the recipes' steps.

    python bench/distill_cost.py                                  # both tables, without memory: two minutes
    python bench/distill_cost.py --memory --into docs/priors.md   # the page's tables: half an hour
    python bench/distill_cost.py --gpu                            # a CUDA card timed: see bench/distill_card.py
    python bench/distill_cost.py --gpu --device cpu --tiny        # the same path on toy networks: it only has to run

Networks have the true architectures and no weights (meta device, fake tensors). "official" is the authors' step: SDXL
at 1024, three rows, two ControlNets of the middle size on every row, the tiny encoder there and back. A job of the
paper's recipe is 10,001 such steps. The fast one for a photo is counted from its own settings: evaluations of the
prior, and for each target a picture encoded once and decoded once; nothing goes back through the encoder.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "exporters")]

import torch  # noqa: E402

from pixl.distill import cost  # noqa: E402
from pixl.distill.cost import MIB, OFFICIAL, Recipe  # noqa: E402
from pixl.distill.settings import fast, paper  # noqa: E402

SIZES = (1024, 768, 512)
GB = 1e9
MARKS = {
    "networks": ("<!-- begin networks -->", "<!-- end networks -->"),
    "jobs": ("<!-- begin jobs -->", "<!-- end jobs -->"),
}
NETWORKS = (
    "sdxl",
    "ssd-1b",
    "vega",
    "koala-700m",
    "sd15",
    "sd21",
    "sd3",
    "control-sdxl-full",
    "control-sdxl-mid",
    "control-sdxl-small",
    "control-sd15",
)
MID = {"control": "control-sdxl-mid", "controls": 2}
SMALL = {"control": "control-sdxl-small", "controls": 2}


def recipes() -> list[tuple[str, Recipe]]:
    """(what, its step) of every row of the table, the official one first."""
    rows = [("official", OFFICIAL)]
    rows += [
        (f"{prior} {size}", Recipe(prior=prior, size=size, rows=2, **MID))
        for prior in ("sdxl", "ssd-1b", "vega")
        for size in SIZES
    ]
    rows += [(f"student of sdxl {size}", Recipe(prior="sdxl", size=size, rows=1, **MID)) for size in (1024, 512)]
    rows += [
        ("vega-rt 1024", Recipe(prior="vega", size=1024, rows=1, **MID)),
        ("vega-rt 512, small ControlNets", Recipe(prior="vega", size=512, rows=1, **SMALL)),
    ]
    rows += [(f"koala-700m {size}, no control", Recipe(prior="koala-700m", size=size, rows=2)) for size in SIZES]
    rows += [
        ("sd15 512", Recipe(prior="sd15", size=512, rows=2, control="control-sd15", controls=2)),
        ("sd15 512, no control", Recipe(prior="sd15", size=512, rows=2)),
        ("sd21 768, no control", Recipe(prior="sd21", size=768, rows=2)),
        ("sd21-base 512, no control", Recipe(prior="sd21", size=512, rows=2)),
    ]
    rows += [
        (f"sd3 {size}, no control", Recipe(prior="sd3", size=size, rows=2, encoder="tiny-16")) for size in (1024, 512)
    ]
    full = Recipe(prior="sdxl", size=1024, rows=3, encoder="full", **MID)
    return [*rows, ("official, full encoder", full)]


def table(head: list[str], rows: list[list[str]]) -> str:
    """Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows]) + "\n"


def networks() -> str:
    """TFLOP of each network for a row."""
    rows = []
    for name in NETWORKS:
        counted = [f"{cost.row_flops(name, size):.2f}" for size in SIZES]
        rows.append([name, f"{cost.millions(name):.1f}", *counted])
    for name in ("tiny", "full"):
        counted = [f"{cost.encoder_flops(name, size):.2f}" for size in SIZES]
        rows.append([f"{name} encoder, there and back", f"{cost.millions(name):.1f}", *counted])
    return table(["network", "million parameters", *(f"TFLOP at {size}" for size in SIZES)], rows)


def peak(recipe: Recipe, dtype: torch.dtype) -> str:
    """GB at the worst moment of a step."""
    return f"{cost.step_memory(recipe, dtype).peak * MIB / GB:.1f}"


def jobs(*, memory: bool) -> str:
    """A step and both recipes' jobs, for each prior and size."""
    official = cost.step_flops(OFFICIAL)
    steps = paper().steps
    rows = []
    for name, recipe in recipes():
        one = cost.step_flops(recipe)
        whole, quick = one * steps / 1000, cost.fast_flops(recipe, fast()) / 1000
        counted = []
        if memory:
            counted = [peak(recipe, torch.float16)]
            print(f"counted: {name}", file=sys.stderr, flush=True)
        ratio = official * steps / 1000 / quick
        rows.append(
            [name, f"{one:.2f}", f"{official / one:.1f}", *counted, f"{whole:.1f}", f"{quick:.3f}", f"{ratio:,.0f}"]
        )
    head = ["a step", "TFLOP", "times cheaper", *(["peak, GB"] if memory else [])]
    text = table([*head, f"{steps:,} steps, PFLOP", "fast job, PFLOP", "official job / fast job"], rows)
    if memory:
        text += f"\nThe official step in float32, as the authors run it, untiled: {peak(OFFICIAL, torch.float32)} GB.\n"
    return text


def into(page: Path, tables: dict[str, str]) -> None:
    """Put each table between its marks. Exits where the page has none."""
    text = page.read_text("utf-8")
    for name, made in tables.items():
        begin, end = MARKS[name]
        if begin not in text or end not in text:
            sys.exit(f"{page} has no marks '{begin}' and '{end}'")
        before, rest = text.split(begin, 1)
        text = f"{before}{begin}\n{made}{end}{rest.split(end, 1)[1]}"
    page.write_text(text, "utf-8")


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", action="store_true", help="also peak memory")
    parser.add_argument("--into", type=Path, metavar="PAGE", help="a page whose tables are replaced")
    parser.add_argument("--gpu", action="store_true", help="time a step and whole jobs with random weights")
    parser.add_argument("--device", default="cuda", help="with --gpu: cuda, mps or cpu")
    parser.add_argument("--tiny", action="store_true", help="with --gpu: toy networks")
    parser.add_argument("--paper-steps", type=int, default=10_001, help="with --gpu: of the paper's recipe")
    parser.add_argument(
        "--only", action="append", default=[], metavar="ROW", help="with --gpu: steps of this row alone"
    )
    parser.add_argument("--job", default="sdxl 1024", metavar="ROW", help="with --gpu: whose whole job")
    parser.add_argument("--repeats", type=int, default=10, help="with --gpu: steps timed for each row")
    asked = parser.parse_args()
    if asked.gpu:
        from distill_card import report

        if asked.paper_steps < 1 or asked.repeats < 1:
            parser.error("--paper-steps and --repeats are 1 or more")
        report(
            recipes(),
            device=asked.device,
            tiny=asked.tiny,
            paper_steps=asked.paper_steps,
            repeats=asked.repeats,
            only=asked.only,
            job=asked.job,
        )
        return
    if asked.tiny:
        parser.error("--tiny goes with --gpu")
    if asked.into and not asked.memory:
        parser.error("--into goes with --memory, or the page's column would be lost")
    tables = {"networks": networks(), "jobs": jobs(memory=asked.memory)}
    print("\n".join(tables.values()))
    if asked.into:
        into(asked.into, tables)


if __name__ == "__main__":
    main()
