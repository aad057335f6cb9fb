"""Cloth, thread, skeins, confetti, and options that survive a document."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stitch_samples import index_maps, pattern, plan, threads

from pixl.document import Document
from pixl.errors import DocumentError, UsageError
from pixl.recipe import Recipe
from pixl_exporters.stitch.confetti import confetti_share, limit_confetti, lone
from pixl_exporters.stitch.fabric import parse_count
from pixl_exporters.stitch.floss import SKEIN_MM, piece_sizes, skeins, thread_mm, thread_runs
from pixl_exporters.stitch.plan import StitchOptions, code_order, plan_from_document


@pytest.mark.parametrize(
    ("typed", "per_inch", "strands", "name"),
    [
        ("14", 14, 2, "14 count"),
        ("28/2", 14, 2, "28 count over 2"),
        ("28 over 2", 14, 2, "28 count over 2"),
        ("11", 11, 3, "11 count"),
        ("18ct", 18, 2, "18 count"),
        ("22", 22, 1, "22 count"),
        ("32/1", 32, 1, "32 count"),
    ],
)
def test_counts(typed: str, per_inch: float, strands: int, name: str) -> None:
    fabric = parse_count(typed)
    assert fabric.stitches_per_inch == per_inch
    assert fabric.strands == strands
    assert fabric.name == name
    assert parse_count(fabric.code) == fabric
    assert fabric.size_mm(140, 70) == pytest.approx((140 / per_inch * 25.4, 70 / per_inch * 25.4))


@pytest.mark.parametrize("typed", ["", "aida", "0", "200", "14/0", "28/9", "3", "-14"])
def test_bad_counts(typed: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_count(typed)
    assert error.value.hint


def test_thread_by_hand() -> None:
    """One piece of 100 crosses at 14 count, two strands: 100 x 4.828 x 1.8143 x 1.1 = 963.5 mm, three lengths."""
    cell = 25.4 / 14
    worked = 100 * 4.828 * cell * 1.1
    assert worked == pytest.approx(963.53, abs=0.01)
    assert thread_runs(np.array([100]), cell) == 3
    assert thread_mm(np.array([100]), cell_mm=cell, strands=2) == pytest.approx(2 * (worked + 3 * 80))
    assert thread_runs(np.array([1] * 100), cell) == 100  # a hundred lone crosses: a thread each
    assert thread_mm(np.array([1] * 100), cell_mm=cell, strands=2) == pytest.approx(2 * (worked + 100 * 80))
    assert [skeins(mm) for mm in (0, 1, SKEIN_MM, SKEIN_MM + 1)] == [0, 1, 1, 2]


def test_pieces_join_at_corners() -> None:
    index = np.array([[0, 1, 0], [1, 0, 1], [1, 1, -1], [2, 1, 0]], np.int16)
    assert sorted(piece_sizes(index, 0).tolist()) == [1, 3]
    assert piece_sizes(index, 1).tolist() == [6]
    assert piece_sizes(index, 2).tolist() == [1]


@settings(max_examples=30)
@given(index_maps())
def test_every_stitch_is_counted_once(index: np.ndarray) -> None:
    made = plan(index)
    made.verify()
    assert made.crosses == (index >= 0).sum()
    for floss in made.floss:
        assert floss.runs >= floss.pieces >= 1
        assert floss.skeins == -(-floss.strand_mm // SKEIN_MM)


def test_owned_floss_is_taken_off() -> None:
    index = np.zeros((100, 100), int)
    code = threads(1).colors[0].code
    made = plan(index, fabric="11", have={code: 2.5})
    [floss] = made.floss
    assert floss.skeins > 3
    assert floss.buy == floss.skeins - 2
    assert plan(index).floss[0].buy == plan(index).floss[0].skeins
    assert plan(index, have={code: 99}).floss[0].buy == 0


def test_legend_runs_by_code() -> None:
    codes = ["Ecru", "3865", "310", "B5200", "01", "Blanc"]
    assert sorted(codes, key=code_order) == ["01", "310", "3865", "B5200", "Blanc", "Ecru"]


def brute_lone(index: np.ndarray) -> np.ndarray:
    out = np.zeros(index.shape, bool)
    for r, c in np.ndindex(*index.shape):
        around = index[max(0, r - 1) : r + 2, max(0, c - 1) : c + 2]
        out[r, c] = index[r, c] >= 0 and (around == index[r, c]).sum() == 1
    return out


@settings(max_examples=40)
@given(index=index_maps(most=20, colors=12), share=st.sampled_from([0.0, 0.01, 0.1, 0.5]), seed=st.integers(0, 99))
def test_confetti_budget(index: np.ndarray, share: float, seed: int) -> None:
    before = index.astype(np.int16)
    assert np.array_equal(lone(before), brute_lone(before))
    costs = np.random.default_rng(seed).random((*index.shape, index.max() + 1))
    after, changed = limit_confetti(before, costs, share)
    assert np.array_equal(after >= 0, before >= 0)
    assert (after != before).sum() == changed
    assert not (brute_lone(after) & ~brute_lone(before)).any()  # no stitch becomes lone
    framed = np.pad(after, 1, constant_values=-1)
    stranded = [
        (r, c)
        for r, c in zip(*np.nonzero(brute_lone(after)), strict=True)
        if (framed[r : r + 3, c : c + 3] >= 0).sum() == 1
    ]
    most = int(share * (before >= 0).sum() + 1e-9)
    assert brute_lone(after).sum() <= max(most, len(stranded))
    assert confetti_share(after) == brute_lone(after).sum() / max(1, (after >= 0).sum())
    if changed:  # nothing more than needed
        assert brute_lone(after).sum() >= most - 1 or not stranded


def test_confetti_takes_the_cheapest_first() -> None:
    index = np.array([[0, 0, 0, 0, 0], [0, 1, 0, 2, 0], [0, 0, 0, 0, 0]], np.int16)
    costs = np.zeros((3, 5, 3))
    costs[1, 1] = (9, 0, 9)
    costs[1, 3] = (4, 9, 0)
    after, changed = limit_confetti(index, costs, 1 / 15)
    assert changed == 1
    assert after[1, 3] == 0
    assert after[1, 1] == 1


def test_options_survive_a_document() -> None:
    options = StitchOptions(
        fabric=parse_count("28/2"), strands=3, have={"310": 1.5}, confetti=(0.031, 12), symbols="text"
    )
    document = Document(
        pattern=pattern([[0, 1]]), craft="stitch", recipe=Recipe(version="1", command="stitch", engine="quantize"),
        options=options.as_json(),
    )  # fmt: skip
    made = plan_from_document(Document.from_bytes(document.to_bytes()))
    assert made.options == options
    assert made.strands == 3


@pytest.mark.parametrize(
    "options",
    [
        {"count": "x"},
        {"strands": "two"},
        {"strands": 99},
        {"have": [1]},
        {"confetti": 3},
        {"oxs": 3},
        {"oxs": {"parts": [[1]]}},
        {"symbols": "x"},
    ],
)
def test_damaged_options_are_sentences(options: dict[str, object]) -> None:
    with pytest.raises((DocumentError, UsageError)) as error:
        StitchOptions.from_json(options)
    assert error.value.hint


def test_an_empty_pattern_has_no_thread() -> None:
    made = plan(np.full((3, 3), -1))
    assert made.floss == ()
    assert made.crosses == 0
