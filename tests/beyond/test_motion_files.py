"""GIF, APNG and sprite sheet, read back by readers of our own."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from readers import read_apng, read_gif

from pixl.animation import files
from pixl.errors import ExportError
from pixl.palette import Color, Palette
from pixl.pattern import Cell, Pattern

CELL = Cell(width_mm=5, height_mm=5)


def patterns_of(stack: np.ndarray, colors: int) -> list[Pattern]:
    drawn = [(k * 7919 + 4242) % 256**3 for k in range(colors)]
    palette = Palette(
        id="test",
        version="1",
        name="test",
        colors=tuple(
            Color(code=f"c{k}", name=f"c{k}", rgb=(int(v) >> 16, int(v) >> 8 & 255, int(v) & 255))
            for k, v in enumerate(drawn)
        ),
    )
    return [Pattern(index=one, palette=palette, cell=CELL) for one in stack]


def shown(pattern: Pattern, scale: int = 1) -> np.ndarray:
    rgba = np.dstack([pattern.rgb(), np.where(pattern.index < 0, 0, 255)]).astype(np.uint8)
    rgba[pattern.index < 0] = 0
    return np.repeat(np.repeat(rgba, scale, 0), scale, 1)


stacks = st.tuples(
    st.integers(1, 5), st.integers(1, 7), st.integers(1, 7), st.sampled_from([1, 2, 3, 17, 255]), st.integers(0, 9)
)


@given(stacks, st.booleans())
@settings(max_examples=60)
def test_gif_shows_each_frame_at_its_time(case: tuple[int, int, int, int, int], holes: bool) -> None:
    count, height, width, colors, seed = case
    rng = np.random.default_rng(seed)
    stack = rng.integers(-1 if holes else 0, colors, (count, height, width)).astype(np.int16)
    patterns = patterns_of(stack, colors)
    ms = [int(x) for x in rng.integers(2, 40, count) * 10]
    got = read_gif(files.gif(patterns, ms, scale=2))
    wanted, times = [], []  # equal frames in a row are one that stands longer
    for pattern, one in zip(patterns, ms, strict=True):
        picture = shown(pattern, 2)
        if wanted and np.array_equal(wanted[-1], picture):
            times[-1] += one
        else:
            wanted.append(picture)
            times.append(one)
    assert np.array_equal(got.frames, np.stack(wanted))
    if len(wanted) > 1:
        assert got.plays == 0
    assert got.ms == times


@given(stacks)
@settings(max_examples=30)
def test_apng_shows_each_frame_at_its_time(case: tuple[int, int, int, int, int]) -> None:
    count, height, width, colors, seed = case
    rng = np.random.default_rng(seed)
    patterns = patterns_of(rng.integers(-1, colors, (count + 1, height, width)).astype(np.int16), colors)
    ms = [int(x) for x in rng.integers(10, 900, count + 1)]
    got = read_apng(files.apng(patterns, ms, scale=1, loops=2))
    for k in range(len(got.frames)):
        assert got.frames[k].tolist() in [shown(pattern).tolist() for pattern in patterns]
    assert np.array_equal(got.frames[0], shown(patterns[0]))
    assert np.array_equal(got.frames[-1], shown(patterns[-1]))
    if len(got.frames) > 1:  # equal frames become one, and all equal a plain PNG
        assert sum(got.ms) == sum(ms)
        assert got.plays == 2


def test_hundredths_keep_the_sum() -> None:
    ms = [33] * 30
    got = files._hundredths(ms)
    assert abs(sum(got) - sum(ms)) <= 5
    assert set(got) <= {30, 40}
    assert files._hundredths([1, 1]) == [20, 20]


def test_sheet_places_each_frame() -> None:
    rng = np.random.default_rng(0)
    patterns = patterns_of(rng.integers(-1, 9, (7, 4, 6)).astype(np.int16), 9)
    out = files.sheet(patterns, [50, 60, 70, 80, 90, 100, 110], name="cat")
    assert sorted(out) == ["cat-sheet.json", "cat-sheet.png"]
    picture = np.asarray(Image.open(io.BytesIO(out["cat-sheet.png"])))
    about = json.loads(out["cat-sheet.json"])
    assert about["meta"]["image"] == "cat-sheet.png"
    assert [frame["duration"] for frame in about["frames"]] == [50, 60, 70, 80, 90, 100, 110]
    for frame, pattern in zip(about["frames"], patterns, strict=True):
        box = frame["frame"]
        part = picture[box["y"] : box["y"] + box["h"], box["x"] : box["x"] + box["w"]]
        assert np.array_equal(part, shown(pattern))


def test_too_many_colours_for_a_gif() -> None:
    stack = np.arange(300, dtype=np.int16).reshape(1, 15, 20)
    with pytest.raises(ExportError, match="256"):
        files.gif(patterns_of(stack, 300), [100])
    assert read_gif(files.gif(patterns_of(np.arange(256, dtype=np.int16).reshape(1, 16, 16), 256), [100])).frames.shape


def test_same_bytes_twice() -> None:
    stack = np.random.default_rng(1).integers(-1, 5, (3, 8, 8)).astype(np.int16)
    patterns = patterns_of(stack, 5)
    assert files.gif(patterns, [100] * 3) == files.gif(patterns, [100] * 3)
    assert files.apng(patterns, [100] * 3) == files.apng(patterns, [100] * 3)
