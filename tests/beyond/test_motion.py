"""Frames that agree: what the picture does not change, the pattern does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from walks import ground, walk

from pixl.animation import animate
from pixl.animation.solve import numbered
from pixl.animation.steady import find, signature
from pixl.color import ciede2000, rgb_to_lab
from pixl.job import Job, Limits
from pixl.palette import Palette
from pixl.pattern import Cell
from pixl.photo import photo_from_rgba
from pixl.quantize import QuantizeEngine
from pixl.units import GridSize

SIDE = 16


def job_for(frames: NDArray[np.uint8], palette: Palette, limits: Limits | None = None) -> Job:
    return Job(
        photo=photo_from_rgba(frames[0]),
        size=GridSize(width=SIDE, height=SIDE),
        palette=palette,
        cell=Cell(width_mm=5, height_mm=5),
        limits=limits or Limits(),
        style="natural",
    )


def together(job: Job, frames: NDArray[np.uint8], **options: float) -> NDArray[np.int16]:
    return np.stack([one.index for one in animate(job, [photo_from_rgba(frame) for frame in frames], **options)])


def alone(job: Job, frames: NDArray[np.uint8]) -> NDArray[np.int16]:
    engine = QuantizeEngine()
    return np.stack([engine.solve(replace(job, photo=photo_from_rgba(frame))).index for frame in frames])


def still_cells(frames: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """bool[T - 1, H, W]: cells, and their neighbours', of which no pixel of the noise-free picture changes."""
    same = (frames[1:] == frames[:-1]).all(axis=3).reshape(len(frames) - 1, SIDE, 6, SIDE, 6).all(axis=(2, 4))
    framed = np.pad(same, ((0, 0), (1, 1), (1, 1)), constant_values=True)
    return np.all([framed[:, y : y + SIDE, x : x + SIDE] for y in range(3) for x in range(3)], axis=0)


def test_noise_does_not_flicker(palette: Palette) -> None:
    frames = walk(8, noise=20.0)
    job = job_for(frames, palette)
    still = still_cells(walk(8))
    one, all_at_once = alone(job, frames), together(job, frames)
    before = ((one[1:] != one[:-1]) & still).sum() / still.sum()
    after = ((all_at_once[1:] != all_at_once[:-1]) & still).sum() / still.sum()
    assert before > 0.05
    assert after <= before / 5
    truth = walk(8).reshape(8, SIDE, 6, SIDE, 6, 3).mean(axis=(2, 4)) / 255

    def away(index: NDArray[np.int16]) -> float:
        return float(ciede2000(palette.lab[index], rgb_to_lab(truth)).mean())

    assert away(all_at_once) <= 1.05 * away(one)


def test_without_noise_still_cells_are_the_first_frames(palette: Palette) -> None:
    frames = walk(6)
    index = together(job_for(frames, palette), frames)
    never = still_cells(frames).all(axis=0)
    assert never.sum() > 100
    assert (index[:, never] == index[0, never]).all()


def test_what_moves_moves(palette: Palette) -> None:
    """The square stands where it is in each frame, not where it was."""
    frames = walk(6)
    index = together(job_for(frames, palette), frames)
    white = palette.find("#F0F0F0")
    for t in range(6):
        assert (index[t, 6:10, t + 1 : t + 5] == white).all()
        assert index[t, 7, t] != white or (alone(job_for(frames, palette), frames[t : t + 1])[0, 7, t] == white)


def test_a_fade_fades(palette: Palette) -> None:
    """Dusk falls in the middle frames: no further from the picture than frame by frame, no colours of day left."""
    day = ground(seed=3)
    shares = np.clip((np.arange(14) - 3) / 8, 0, 1)[:, None, None, None]
    clean = day * (1 - shares * (1 - 0.35 * np.array([0.75, 0.85, 1.2])))
    frames = np.clip(np.rint(clean + np.random.default_rng(4).normal(0, 8, clean.shape)), 0, 255).astype(np.uint8)
    job = job_for(frames, palette)
    one, all_at_once = alone(job, frames), together(job, frames)
    cells = rgb_to_lab(clean.reshape(14, SIDE, 6, SIDE, 6, 3).mean(axis=(2, 4)) / 255)
    apart = [float(ciede2000(palette.lab[index], cells).mean()) for index in (one, all_at_once)]
    assert apart[1] <= 1.05 * apart[0]
    night = alone(job, np.clip(np.rint(clean[-1:]), 0, 255).astype(np.uint8))[0]
    kept = (all_at_once[-1] != night) & (all_at_once[-1] == all_at_once[0])
    assert kept.mean() < 0.02


def test_a_cut_begins_anew(palette: Palette) -> None:
    first, second = ground(seed=1), ground(seed=2)
    frames = np.rint(np.stack([first, first, second])).astype(np.uint8)
    index = together(job_for(frames, palette), frames)
    assert (index[0] == index[1]).all()
    fresh = alone(job_for(frames, palette), frames[2:])[0]
    assert (index[2] == fresh).mean() > 0.97


def test_one_frame_is_quantize(palette: Palette) -> None:
    frames = walk(1)
    job = job_for(frames, palette)
    assert (together(job, frames)[0] == alone(job, frames)[0]).all()


def test_colours_are_shared(palette: Palette) -> None:
    frames = walk(6, noise=6.0)
    index = together(job_for(frames, palette, Limits(colors=4, locked_colors=(2,))), frames)
    assert len(np.unique(index)) <= 4


def test_locks_and_stock_hold_in_every_frame(palette: Palette) -> None:
    frames = walk(4, noise=6.0)
    locked = np.full((SIDE, SIDE), -2, np.int16)
    locked[0], locked[1, 0] = 3, -1
    index = together(job_for(frames, palette, Limits(locked=locked, colors=6)), frames)
    assert (index[:, 0] == 3).all()
    assert (index[:, 1, 0] == -1).all()
    stock = np.full(len(palette), 40, np.int64)
    counted = together(job_for(frames, palette, Limits(stock=stock)), frames)
    assert all(np.bincount(one.ravel(), minlength=len(palette)).max() <= 40 for one in counted)


def test_empty_cells_come_and_go(palette: Palette) -> None:
    frames = np.dstack([np.full((96, 96, 3), 200, np.uint8), np.zeros((96, 96), np.uint8)])[None].repeat(4, 0)
    for t in range(4):
        frames[t, :, 24 * t : 24 * t + 24, 3] = 255
    index = together(job_for(frames, palette), frames)
    for t in range(4):
        filled = index[t] >= 0
        assert filled[:, 4 * t : 4 * t + 4].all()
        assert filled.sum() == 4 * SIDE


def test_motion_is_found_in_whole_cells() -> None:
    rng = np.random.default_rng(4)
    wide = np.repeat(np.repeat(rng.integers(0, 256, (32, 40, 3)).astype(np.uint8), 3, 0), 3, 1)
    old = signature(photo_from_rgba(wide[:, :96]), SIDE, SIDE)
    new = signature(photo_from_rgba(wide[:, 12:108]), SIDE, SIDE)  # two cells of six pixels to the left
    found = find(new, [old])
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    inside = columns < SIDE - 4  # what comes in at the edge, and 5 x 5 cells about it, has no past
    assert (found.row == rows)[inside].all()
    assert (found.column == columns + 2)[inside].all()
    assert (found.belief[inside] > 0.99).all()
    assert (found.belief[:, -2:] < 0.1).mean() > 0.9


def test_memory_brings_back_what_was_hidden() -> None:
    rng = np.random.default_rng(5)
    ground_mark = signature(photo_from_rgba(rng.integers(0, 256, (96, 96, 3)).astype(np.uint8)), SIDE, SIDE)
    hidden = ground_mark.copy()
    hidden[4:9, 4:9] = 50.0
    found = find(ground_mark, [hidden, ground_mark])
    assert (found.back[4:9, 4:9] == 2).all()
    assert (found.belief > 0.99).all()


def test_numbered_shares_numbers(palette: Palette) -> None:
    frames = walk(4)
    patterns = numbered(animate(job_for(frames, palette), [photo_from_rgba(frame) for frame in frames]))
    counts = sum(pattern.counts() for pattern in patterns)
    assert (counts > 0).all()
    assert (np.diff(counts) <= 0).all()
    assert all(pattern.palette is patterns[0].palette for pattern in patterns)


def test_same_answer_twice(palette: Palette) -> None:
    frames = walk(3, noise=5.0)
    job = job_for(frames, palette)
    assert (together(job, frames) == together(job, frames)).all()
