from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from quantize_pictures import PRIMARIES, job_for, palette_of, random_palette, scene

from pixl.engine import load_engine
from pixl.errors import UsageError
from pixl.job import Job, Limits
from pixl.pattern import Cell
from pixl.units import GridSize

ENGINE = load_engine("quantize")


def test_flat_areas_get_their_own_colour() -> None:
    palette = palette_of(*PRIMARIES)
    picture = np.repeat(np.repeat(palette.rgb[np.array([[2, 3], [4, 5]])], 60, axis=0), 60, axis=1)
    pattern = ENGINE.solve(job_for(picture, (8, 8), palette))
    assert pattern.palette is palette
    assert pattern.index.tolist() == np.repeat(np.repeat([[2, 3], [4, 5]], 4, axis=0), 4, axis=1).tolist()


def test_shape_follows_the_job_and_the_answer_is_the_same_twice() -> None:
    job = job_for(scene(), (20, 14), random_palette(30))
    first, second = ENGINE.solve(job), ENGINE.solve(job)
    assert first.index.shape == (14, 20)
    assert first == second
    assert len(first.used()) > 5


@pytest.mark.parametrize("colors", [1, 2, 4, 9])
def test_no_more_colours_than_asked(colors: int) -> None:
    pattern = ENGINE.solve(job_for(scene(), (24, 24), random_palette(40), limits=Limits(colors=colors)))
    assert 1 <= len(pattern.used()) <= colors


def test_locked_cells_stand_and_count_towards_the_colours() -> None:
    palette = random_palette(40)
    locked = np.full((24, 24), -2, np.int16)
    locked[3, 4], locked[0, 0] = 17, -1
    pattern = ENGINE.solve(job_for(scene(), (24, 24), palette, limits=Limits(colors=3, locked=locked)))
    assert pattern.index[3, 4] == 17
    assert pattern.index[0, 0] == -1
    assert len(pattern.used()) <= 3


def test_locked_colours_are_among_the_answer_where_they_fit() -> None:
    palette = palette_of(*PRIMARIES)
    picture = np.full((96, 96, 3), palette.rgb[2])
    picture[:24] = palette.rgb[4]
    picture[90:] = palette.rgb[6]
    pattern = ENGINE.solve(job_for(picture, (16, 16), palette, limits=Limits(colors=2, locked_colors=(6,))))
    assert 6 in pattern.used()
    assert len(pattern.used()) == 2


def test_least_count() -> None:
    pattern = ENGINE.solve(job_for(scene(), (24, 24), random_palette(40), limits=Limits(min_count=12)))
    counts = pattern.counts()
    assert counts[counts > 0].min() >= 12


def test_transparent_areas_are_empty() -> None:
    picture = np.dstack([scene(), np.full((240, 240), 255, np.uint8)])
    picture[:, 120:, 3] = 0
    pattern = ENGINE.solve(job_for(picture, (12, 12), random_palette(12)))
    assert (pattern.index[:, 6:] == -1).all()
    assert (pattern.index[:, :6] >= 0).all()


def test_a_wholly_transparent_picture_and_a_single_pixel() -> None:
    nothing = ENGINE.solve(job_for(np.zeros((9, 9, 4), np.uint8), (5, 5), random_palette(12)))
    assert (nothing.index == -1).all()
    dot = np.full((1, 1, 3), 200, np.uint8)
    assert len(set(ENGINE.solve(job_for(dot, (7, 3), random_palette(12))).index.ravel().tolist())) == 1


def test_a_prompt_alone_is_refused() -> None:
    job = Job(
        photo=None,
        prompt="a cat",
        size=GridSize(width=8, height=8),
        palette=random_palette(8),
        cell=Cell(width_mm=8, height_mm=8),
    )
    with pytest.raises(UsageError, match="picture"):
        ENGINE.solve(job)


def test_the_default_path_imports_numpy_alone() -> None:
    code = (
        "import sys, numpy as np; sys.path[:0] = ['tests/quantize']\n"
        "from quantize_pictures import *\nfrom pixl.quantize import QuantizeEngine\n"
        "QuantizeEngine().solve(job_for(scene(), (24, 24), random_palette(20), limits=Limits(colors=6)))\n"
        "print([m for m in ('scipy', 'skimage', 'PIL', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_crafts_costs_join_the_energy() -> None:
    """Each column is dearer where neighbours along the row differ: runs become longer, and no other limit breaks."""
    palette = random_palette(20)
    asked: list[np.ndarray] = []

    def along_the_row(index: np.ndarray) -> np.ndarray:
        asked.append(index.copy())
        price = np.zeros((*index.shape, 20))
        for side in (-1, 1):
            near = np.roll(index, side, axis=1)
            price += 20.0 * (near[..., None] != np.arange(20))
        return price

    def breaks(index: np.ndarray) -> int:
        return int((index[:, 1:] != index[:, :-1]).sum())

    def rise(index: np.ndarray) -> int:
        return int((index[1:] != index[:-1]).sum())

    blocks = np.random.default_rng(1).normal(128, 40, (24, 24, 3)).clip(0, 255).astype(np.uint8)
    noisy = np.repeat(np.repeat(blocks, 6, axis=0), 6, axis=1)
    plain = ENGINE.solve(job_for(noisy, (24, 24), palette))
    priced = ENGINE.solve(job_for(noisy, (24, 24), palette, limits=Limits(costs=(along_the_row,))))
    assert breaks(priced.index) < 0.7 * breaks(plain.index)
    assert rise(priced.index) > 0.75 * rise(plain.index)
    assert all(index.shape == (24, 24) and index.min() >= 0 and index.max() < 20 for index in asked)
    few = ENGINE.solve(job_for(noisy, (24, 24), palette, limits=Limits(costs=(along_the_row,), colors=4)))
    assert len(few.used()) <= 4
    stock = np.full(20, 60, np.int64)
    kept = ENGINE.solve(job_for(noisy, (24, 24), palette, limits=Limits(costs=(along_the_row,), stock=stock)))
    loose = ENGINE.solve(job_for(noisy, (24, 24), palette, limits=Limits(stock=stock)))
    assert (kept.counts() <= stock).all()
    assert breaks(kept.index) < breaks(loose.index)


def test_a_crafts_costs_can_forbid_a_colour() -> None:
    palette = random_palette(20)
    first = int(np.argmax(ENGINE.solve(job_for(scene(), (16, 16), palette)).counts()))

    def never(index: np.ndarray) -> np.ndarray:
        return np.broadcast_to(np.where(np.arange(20) == first, 1000.0, 0.0), (*index.shape, 20))

    assert first not in ENGINE.solve(job_for(scene(), (16, 16), palette, limits=Limits(costs=(never,)))).used()


def test_costs_of_another_shape_are_refused() -> None:
    limits = Limits(costs=(lambda index: np.zeros((2, 2, 2)),))
    with pytest.raises(UsageError, match="costs"):
        ENGINE.solve(job_for(scene(), (16, 16), random_palette(20), limits=limits))


def test_focus_spends_the_colours_where_it_is() -> None:
    picture = np.zeros((120, 240, 3), np.uint8)
    ramp = np.linspace(20, 235, 120).astype(np.uint8)
    picture[:, :120, 0] = ramp
    picture[:, 120:, 2] = ramp
    palette = palette_of(*(f"#{v:02X}0000" for v in range(20, 250, 25)), *(f"#0000{v:02X}" for v in range(20, 250, 25)))
    mask = np.zeros((60, 120), np.float32)
    mask[:, 60:] = 1
    size, limits = (20, 10), Limits(colors=7)

    def error(index: np.ndarray, columns: slice) -> float:
        wanted = picture[:, columns].reshape(10, 12, -1, 12, 3).mean(axis=(1, 3))
        return float(np.abs(palette.rgb[index][:, columns.start // 12 : columns.stop // 12] - wanted).mean())

    plain = ENGINE.solve(job_for(picture, size, palette, limits=limits)).index
    job = job_for(picture, size, palette, limits=limits)
    focused = ENGINE.solve(replace(job, focus=mask)).index
    assert error(focused, slice(120, 240)) < error(plain, slice(120, 240))


@pytest.mark.parametrize("stock", [None, np.full(40, 40, np.int64)])
def test_least_count_under_every_limit(stock: np.ndarray | None) -> None:
    locked = np.full((24, 24), -2, np.int16)
    locked[3, 4] = 17
    limits = Limits(min_count=12, stock=stock, locked=locked, colors=25)
    counts = ENGINE.solve(job_for(scene(), (24, 24), random_palette(40), limits=limits)).counts()
    assert all(count == 0 or count >= 12 for k, count in enumerate(counts.tolist()) if k != 17)
    assert stock is None or (counts <= stock).all()
