"""What is in a written file, read back by decoders that share no code with the writer, and by two libraries."""

from __future__ import annotations

import importlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pixl.errors import ExportError, UsageError
from pixl.pattern import Pattern
from pixl_exporters.embroider.decode import COLOR, MOVE, TRIM, decode
from pixl_exporters.embroider.plan import EmbroideryOptions, EmbroideryPlan, make_plan
from pixl_exporters.embroider.verify import verify
from pixl_exporters.embroider.write import FORMATS, ascii_name, stitch_file
from tests.embroider.maps import blobs, letter, palette, pattern
from tests.embroider.test_embroider_cross import MAPS


def expected(plan: EmbroideryPlan, kind: str) -> list[NDArray[np.int32]]:
    """The threads' penetrations in this format's own frame: PES begins at the top left, the others at the centre."""
    shift = np.array(plan.extent[:2]) if kind.startswith("pes") else 0
    return [thread.points - shift for thread in plan.threads]


def check(plan: EmbroideryPlan, kind: str, **options: int) -> bytes:
    data = stitch_file(plan, kind, hoop=(700, 700), **options)  # type: ignore[arg-type]
    assert data == stitch_file(plan, kind, hoop=(700, 700), **options)  # type: ignore[arg-type]
    verdict = verify(data, name=f"a.{FORMATS[kind].ending}", **options)
    assert verdict.problems == ()
    assert verdict.notes == ()
    want = expected(plan, kind)
    assert len(verdict.runs) == len(want)
    for run, points in zip(verdict.runs, want, strict=True):
        assert np.array_equal(run.points, points)
    blocks = [plan.order.index(thread.color) for thread in plan.threads]
    assert [run.block for run in verdict.runs] == blocks
    assert verdict.decoded.color_changes == len(plan.order) - 1
    return data


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("mode", ["cross", "fill"])
def test_decoded_stitches_are_the_plans(kind: str, mode: str) -> None:
    index = blobs(32, 6, 3, holes=0.1)
    check(make_plan(pattern(index, 1.8), EmbroideryOptions(mode=mode)), kind)


@pytest.mark.parametrize("kind", FORMATS)
def test_an_asymmetric_letter_stands_upright(kind: str) -> None:
    """The long bar is on the left, the short ones on the right, the dot at the bottom right: in every file."""
    plan = make_plan(letter())
    runs = verify(check(plan, kind), name=f"a.{FORMATS[kind].ending}").runs
    points = np.concatenate([run.points for run in runs])
    low, high = points.min(axis=0), points.max(axis=0)
    assert (high - low).tolist() == [120, 140]
    corner = [0, 0] if kind.startswith("pes") else [-60, -70]
    assert low.tolist() == corner, "origin: the top left in PES, the centre elsewhere"
    letter_points = min(runs, key=lambda run: (run.points - low)[:, 0].min()).points - low
    dot = max(runs, key=lambda run: (run.points - low)[:, 0].min()).points - low
    assert dot.min(axis=0).tolist() == [100, 120]
    left_column = letter_points[letter_points[:, 0] < 20]
    assert np.ptp(left_column[:, 1]) == 140, "the bar runs over the whole height, at the left"
    assert letter_points[letter_points[:, 1] < 20][:, 0].max() == 100, "the long arm is at the top"
    assert letter_points[(letter_points[:, 1] >= 60) & (letter_points[:, 1] <= 80)][:, 0].max() == 80


@settings(max_examples=25, deadline=None)
@given(index=MAPS, kind=st.sampled_from(sorted(FORMATS)), mode=st.sampled_from(["cross", "fill"]))
def test_any_map_any_format(index: NDArray[np.int16], kind: str, mode: str) -> None:
    if (index >= 0).any():
        check(make_plan(pattern(index), EmbroideryOptions(mode=mode)), kind)


@pytest.mark.parametrize("library", ["pyembroidery", "pystitch"])
@pytest.mark.parametrize("kind", FORMATS)
def test_two_libraries_read_the_same_stitches(library: str, kind: str) -> None:
    plan = make_plan(pattern(blobs(32, 6, 8, holes=0.1)))
    module = importlib.import_module(library)
    read = getattr(module.EmbPattern, f"read_{FORMATS[kind].ending}", None) or getattr(
        module, f"read_{FORMATS[kind].ending}"
    )
    found = module.EmbPattern()
    read(io.BytesIO(stitch_file(plan, kind)), None, found)
    stitches = np.array([[x, y] for x, y, command in found.stitches if command & 0xFF == 0])
    want = np.concatenate([thread.points for thread in plan.threads])
    assert np.array_equal(stitches - stitches.min(axis=0), want - want.min(axis=0))
    changes = sum(command & 0xFF == 5 for _x, _y, command in found.stitches)
    assert changes == len(plan.order) - 1
    if kind in ("pes", "vp3", "xxx"):
        colors = [(t.get_red(), t.get_green(), t.get_blue()) for t in found.threadlist]
        assert colors == [plan.pattern.palette.colors[k].rgb for k in plan.order]


@pytest.mark.parametrize("trim_at", [3, 4, 5, 6])
@pytest.mark.parametrize("kind", ["dst", "jef"])
def test_moves_for_a_cut(kind: str, trim_at: int) -> None:
    plan = make_plan(pattern(blobs(24, 4, 5, smooth=1.0)))
    data = check(plan, kind, trim_at=trim_at)
    kinds = decode(data, name=f"a.{kind}", trim_at=trim_at).kinds
    assert (kinds == TRIM).sum() == plan.trims
    where = int(np.argmax(kinds == TRIM))
    assert (kinds[where + 1 : where + 1 + trim_at] == MOVE).all()


def test_dst_header() -> None:
    plan = make_plan(letter())
    data = stitch_file(plan, "dst", name="Größe ☃ / a very long name")
    head = data[:512]
    assert head.startswith(b"LA:GRO E   A VERY  \r") or head.startswith(b"LA:GRO")
    assert head[124:125] == b"\x1a"
    assert set(head[125:]) == {0x20}
    assert head.isascii()
    fields = dict(line.split(b":", 1) for line in head[:124].split(b"\r") if line)
    records = (len(data) - 512) // 3
    assert int(fields[b"ST"]) == records
    assert int(fields[b"CO"]) == 1
    assert [int(fields[key]) for key in (b"+X", b"-X", b"+Y", b"-Y")] == [60, 60, 70, 70]
    assert len(fields[b"LA"]) == 16
    last = plan.threads[-1].points[-1]
    assert fields[b"AX"].replace(b" ", b"") == b"%+d" % last[0]
    assert fields[b"AY"].replace(b" ", b"") == b"%+d" % -last[1]


@pytest.mark.parametrize("kind", ["pes", "pes1"])
def test_no_colour_becomes_an_applique_command(kind: str) -> None:
    """The library takes #FF9900, #FFF08D and #FFC8C8 for Brother's commands for appliqué."""
    base = palette(5)
    rgbs = [(0xFF, 0x99, 0x00), (0xFF, 0xF0, 0x8D), (0xFF, 0xC8, 0xC8), (0xFF, 0x99, 0x01), (0xFF, 0x9A, 0x00)]
    from dataclasses import replace

    colors = tuple(replace(color, rgb=rgb) for color, rgb in zip(base.colors, rgbs, strict=True))
    index = np.arange(5, dtype=np.int16).reshape(1, 5)
    plan = make_plan(Pattern(index=index, palette=replace(base, colors=colors), cell=pattern(index).cell))
    data = check(plan, kind)
    pec = int.from_bytes(data[8:12], "little")
    numbers = data[pec + 49 : pec + 49 + 5]
    assert data[pec + 48] == 4
    assert all(1 <= number <= 61 for number in numbers)
    assert len(set(numbers)) == 5
    if kind == "pes1":
        threads = decode(data, name="a.pes").threads
        assert all(thread.brand == "Brother" for thread in threads)


def test_pes_hoop_is_the_machines() -> None:
    data = stitch_file(make_plan(letter()), "pes", hoop=(160, 260))
    header = decode(data, name="a.pes").header
    assert (header["hoop_width"], header["hoop_height"]) == (160, 260)


def test_jef_hoops_and_limit() -> None:
    for height, width, hoop in ((20, 20, 1), (50, 50, 0), (50, 60, 3), (60, 60, 2), (100, 100, 4)):
        plan = make_plan(pattern(np.zeros((height, width), np.int16)))
        assert decode(check(plan, "jef"), name="a.jef").header["hoop"] == hoop
    with pytest.raises(ExportError, match="200 x 200"):
        stitch_file(make_plan(pattern(np.zeros((101, 10), np.int16))), "jef")


def test_a_long_way_between_threads() -> None:
    index = np.full((3, 150), -1, np.int16)
    index[0, 0] = index[2, -1] = 0
    for kind in FORMATS:
        if kind != "jef":
            check(make_plan(pattern(index, 3.4)), kind)


def test_one_thread_of_more_stitches_than_a_pes_segment_counts() -> None:
    plan = make_plan(pattern(np.zeros((110, 110), np.int16)))
    assert len(plan.threads) == 1
    assert plan.stitches > 65_536
    check(plan, "pes")


def test_limits_of_colours() -> None:
    index = np.arange(22, dtype=np.int16).reshape(1, 22)
    plan = make_plan(pattern(index))
    with pytest.raises(ExportError, match="XXX holds 21"):
        stitch_file(plan, "xxx")
    check(plan, "pes1")
    plan = make_plan(pattern(np.arange(100, dtype=np.int16).reshape(10, 10)))
    with pytest.raises(ExportError, match="PES1 holds 61"):
        stitch_file(plan, "pes1")
    check(plan, "pes")
    assert (decode(check(plan, "dst"), name="a.dst").kinds == COLOR).sum() == 99


def test_unknown_settings() -> None:
    plan = make_plan(letter())
    with pytest.raises(UsageError, match="not a stitch format"):
        stitch_file(plan, "hus")
    with pytest.raises(UsageError, match="out of range"):
        stitch_file(plan, "dst", trim_at=9)


def test_names_are_ascii() -> None:
    assert ascii_name("Café façade №3!") == "CAFE FACADE NO3"
    assert ascii_name("☃☃") == "PIXL"
    assert len(ascii_name("x" * 99)) == 16
