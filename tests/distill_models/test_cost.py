"""What is counted agrees with what was published, and the plans' table with what is counted."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from pixl.distill import cost, plans
from pixl.distill.models import row_of
from pixl.distill.settings import choose

BENCH = Path(__file__).resolve().parents[2] / "bench" / "distill_cost.py"

PUBLISHED = {
    "sdxl": 2567.5,
    "ssd-1b": 1331,
    "vega": 745,
    "koala-700m": 783,
    "sd15": 860,
    "control-sdxl-mid": 271,
    "tiny": 1.2225,
    "full": 34.16,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_architectures_have_the_published_parameters(name: str) -> None:
    assert abs(cost.millions(name) / PUBLISHED[name] - 1) < 2e-3


def test_a_linear_layer_by_hand() -> None:
    with torch.device("meta"):
        layer = torch.nn.Linear(30, 50)
        counted = cost.flops(lambda: layer(torch.empty(7, 30)))
    assert abs(counted - 2 * 7 * 30 * 50 / 1e12) < 1e-18


def test_rows_scale_and_the_official_step() -> None:
    """SDXL at 512 is 1.59 TFLOP a row; the official step at 512 is three rows of three networks and the encoder."""
    row, net, encoder = (
        cost.row_flops("sdxl", 512),
        cost.row_flops("control-sdxl-mid", 512),
        cost.encoder_flops("tiny", 512),
    )
    assert abs(row - 1.59) < 0.01
    recipe = cost.Recipe(prior="sdxl", size=512, rows=3, control="control-sdxl-mid", controls=2)
    assert abs(cost.step_flops(recipe) - (3 * row + 6 * net + encoder)) < 1e-9


def test_plans_use_what_is_counted() -> None:
    held, added = cost.encoder_memory("tiny", 512)
    assert abs(added * 4 / plans.ENCODER["tiny"] - 1) < 0.02
    assert held < 10
    assert abs(cost.millions("vega") / row_of("vega").millions - 1) < 0.01


@pytest.mark.slow
def test_a_call_adds_what_the_plans_say() -> None:
    held, added = cost.network_memory("vega", 1024, 2)
    assert abs(added / (2 * plans.ADDED_ROW["sdxl"]) - 1) < 0.02
    assert abs(held * 2**20 / (row_of("vega").millions * 2e6) - 1) < 0.01


# -- the bench

STUDENT = ("--only", "vega-rt 512, small ControlNets", "--job", "vega-rt 512, small ControlNets")


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(BENCH), *words], capture_output=True, text=True, cwd=BENCH.parent)


def test_the_card_s_path_runs_on_toy_networks() -> None:
    """Every row's step and both whole jobs, so that what a card is asked does not fail on it."""
    done = bench("--gpu", "--device", "cpu", "--tiny", "--repeats", "1", "--paper-steps", "3")
    assert done.returncode == 0, done.stderr
    assert "TOY networks" in done.stdout
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    names = [row[0].removeprefix("| ") for row in rows]
    assert {"official", "sdxl 1024", "sd3 512, no control", "fast", "paper, 3 steps of 10,001"} <= set(names)
    fast = rows[names.index("fast")]
    assert float(fast[1]) > 0
    assert int(fast[2]) == choose({}).total


@pytest.mark.slow
def test_the_card_s_path_for_one_row_and_a_student() -> None:
    done = bench("--gpu", "--device", "cpu", "--tiny", "--repeats", "1", "--paper-steps", "2", *STUDENT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("| vega-rt 512") == 1
    assert "sdxl 1024" not in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--tiny"], "goes with --gpu"),
        (["--into", "page.md"], "goes with --memory"),
        (["--gpu", "--paper-steps", "0"], "1 or more"),
        (["--gpu", "--device", "tpu"], "nothing was timed"),
        (["--gpu", "--device", "cpu", "--only", "sdxl 2048"], "no row"),
    ],
)
def test_the_bench_refuses(words: list[str], said: str) -> None:
    done = bench(*words)
    assert done.returncode not in (0, None)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_page_has_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCH.parent))
    import distill_cost

    page = (BENCH.parents[1] / "docs" / "priors.md").read_text("utf-8")
    for begin, end in distill_cost.MARKS.values():
        assert page.count(begin) == page.count(end) == 1
    for name in (*distill_cost.NETWORKS, *(name for name, _ in distill_cost.recipes())):
        assert f"\n| {name} |" in page
    for gb in (24, 12, 8, 6, 4):  # the table of cards says what pixl would choose
        plan = plans.choose(gb)
        assert plan is not None
        row = next(line for line in page.splitlines() if re.match(rf"\| ([^|]*\D)?{gb}\b[^|]*GB \|", line))
        assert f"`{plan.prior}`" in row
        assert f"| {plan.resolution} | {plan.gb:.1f} GB |" in row
        assert ("wait in main memory" in row) == (plan.offload != "none")


@pytest.mark.slow
def test_the_page_holds_what_the_bench_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/priors.md is made, not typed: the table of networks is counted again, and rows of jobs."""
    monkeypatch.syspath_prepend(str(BENCH.parent))
    import distill_cost

    page = (BENCH.parents[1] / "docs" / "priors.md").read_text("utf-8")
    begin, end = distill_cost.MARKS["networks"]
    assert page.split(begin)[1].split(end)[0].strip() == distill_cost.networks().strip()
    begin, end = distill_cost.MARKS["jobs"]
    jobs = page.split(begin)[1].split(end)[0]
    for name, recipe in distill_cost.recipes():
        row = next(line for line in jobs.splitlines() if line.startswith(f"| {name} |"))
        assert f" {cost.step_flops(recipe):.2f} " in row
        assert f" {cost.fast_flops(recipe, choose({})) / 1000:.3f} " in row


def test_the_fast_job_by_hand() -> None:
    """Two rounds, the first tried three times, of three steps; then twelve targets: 24 evaluations, 16 pictures."""
    assert cost.fast_counts(choose({})) == (3 * 3 + 3 + 12, 4 + 12)
    recipe = cost.Recipe(prior="vega", size=512, rows=1)
    coded = cost.encoder_flops("tiny", 512, back=False) + cost.decoder_flops("tiny", 512)
    expected = 24 * cost.row_flops("vega", 512) + 16 * coded
    assert abs(cost.fast_flops(recipe, choose({})) - expected) < 1e-9
    assert cost.encoder_flops("tiny", 512, back=False) < 0.6 * cost.encoder_flops("tiny", 512)


@pytest.mark.gpu
def test_a_step_and_the_whole_job_on_a_card() -> None:
    """The official step and ours, then 48 x 48 cells with both recipes: finite, ours less than the official."""
    done = bench("--gpu", "--repeats", "3", "--paper-steps", "20")
    assert done.returncode == 0, done.stderr
    rows = {line.split(" | ")[0]: line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")}
    assert float(rows["| vega 512"][1]) < float(rows["| official"][1])
    assert float(rows["| vega 512"][2].strip("| ")) < float(rows["| official"][2].strip("| "))
    assert float(rows["| fast"][1]) > 0
