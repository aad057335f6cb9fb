"""What is counted agrees with what was published, and the plans' table with what is counted."""

from __future__ import annotations

import pytest
import torch

from pixl.distill import cost, plans
from pixl.distill.models import row_of

PUBLISHED = {"sdxl": 2567.5, "ssd-1b": 1331, "vega": 745, "koala-700m": 783, "sd15": 860, "control-sdxl-mid": 271}


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


@pytest.mark.gpu
def test_a_step_on_a_card() -> None:
    """Milliseconds and memory of the official step and of ours: finite, and ours less."""
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
    from distill_cost import STEPS, on_the_card

    recipes = dict(STEPS)
    slow, fast = on_the_card(recipes["official"], repeats=3), on_the_card(recipes["vega 512"], repeats=3)
    assert fast[0] < slow[0]
    assert fast[1] < slow[1]
