"""Animation: how many cells change where the picture does not, against frame by frame. The tables of
docs/animation.md.

Input: the three scenes of beyond_scenes.py, 24 frames of 240 x 240 pixels, 48 x 48 cells.

still: share of (cell, frame pair) whose colour changes, of those where the noise-free picture of the cell and of its
eight neighbours changes by less than .5 CIELAB at all 9 samples; for the pan also along its motion, five frames apart,
where the whole picture is the same one cell further. back: cells that leave a colour and have it again within 3
frames, of all. dE: mean CIEDE2000 of the pattern's colour to the linear-light mean of the noise-free cell.

With --engine distill the frames are drawn with the icon prior, without words, at the dial of animations, and compared
with the same engine frame by frame and with frame-by-frame quantize.

Run: python bench/beyond_motion.py [--engine distill] [--gif DIR] [--into docs/animation.md]
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "exporters")]

from bench.beyond_pages import into  # noqa: E402
from bench.beyond_scenes import CELLS, Scene, scenes  # noqa: E402
from pixl.animation import animate  # noqa: E402
from pixl.animation.steady import signature  # noqa: E402
from pixl.color import ciede2000, linear_to_lab  # noqa: E402
from pixl.job import Job, Limits  # noqa: E402
from pixl.palette import Palette, load_palette  # noqa: E402
from pixl.pattern import Cell, Pattern  # noqa: E402
from pixl.photo import photo_from_rgba  # noqa: E402
from pixl.quantize import QuantizeEngine  # noqa: E402
from pixl.quantize.downscale import box, cell_cover, sample  # noqa: E402
from pixl.units import GridSize  # noqa: E402

STILL = 0.5


def job_of(scene: Scene, palette: Palette, colors: int | None) -> Job:
    return Job(
        photo=photo_from_rgba(scene.noisy[0]),
        size=GridSize(width=CELLS, height=CELLS),
        palette=palette,
        cell=Cell(width_mm=5, height_mm=5),
        limits=Limits(colors=colors),
    )


def alone(job: Job, scene: Scene) -> NDArray[np.int16]:
    """int16[T, H, W]: each frame for itself."""
    engine = QuantizeEngine()
    return np.stack([engine.solve(replace(job, photo=photo_from_rgba(frame))).index for frame in scene.noisy])


def distilled(job: Job, scene: Scene) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """int16[T, H, W] twice: by distill, each frame for itself and as an animation; one palette for all, as quantize
    chooses it, so that only the frames' agreement differs."""
    from pixl.distill.frames import LED
    from pixl.distill.frames import animate as drawn
    from pixl.distill.solve import open_prior, solve

    job = replace(job, settings={"prior": "icons", "fidelity": LED, "subset": "quantize"})
    prior = open_prior(job, "icons")
    frames = [photo_from_rgba(frame) for frame in scene.noisy]
    first = [solve(replace(job, photo=photo), prior=prior).index for photo in frames]
    return np.stack(first), np.stack([pattern.index for pattern in drawn(job, frames)])


def together(job: Job, scene: Scene, **options: float) -> NDArray[np.int16]:
    """int16[T, H, W]: as an animation."""
    patterns: tuple[Pattern, ...] = animate(job, (photo_from_rgba(frame) for frame in scene.noisy), **options)
    return np.stack([pattern.index for pattern in patterns])


class Truth:
    """What the noise-free frames say of each cell."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        photos = [photo_from_rgba(frame) for frame in scene.clean]
        self.marks = np.stack([signature(photo, CELLS, CELLS)[..., :3] for photo in photos])
        self.mean = np.stack([linear_to_lab(_cells(photo)) for photo in photos])

    def still(self, lag: int = 1, shift: int = 0) -> NDArray[np.bool_]:
        """bool[T - lag, H, W - shift]: cells whose noise-free picture, and their neighbours', is the same."""
        old, new = self.marks[:-lag, :, shift:], self.marks[lag:, :, : CELLS - shift]
        same = np.linalg.norm(new - old, axis=-1).max(axis=-1) < STILL
        framed = np.pad(same, ((0, 0), (1, 1), (1, 1)), constant_values=True)
        out = np.ones_like(same)
        for dy in range(3):
            for dx in range(3):
                out &= framed[:, dy : dy + same.shape[1], dx : dx + same.shape[2]]
        return out

    def flicker(self, index: NDArray[np.int16], lag: int = 1, shift: int = 0) -> float:
        still = self.still(lag, shift)
        changed = index[lag:, :, : CELLS - shift] != index[:-lag, :, shift:]
        return 100 * float((changed & still).sum() / max(1, still.sum()))

    def away(self, index: NDArray[np.int16], palette: Palette) -> float:
        return float(ciede2000(palette.lab[index], self.mean).mean())


def _cells(photo: object) -> NDArray[np.float32]:
    linear, cover = sample(photo, CELLS, CELLS)  # type: ignore[arg-type]
    assert cell_cover(cover).min() > 0
    return box(linear, cover)


def returns(index: NDArray[np.int16]) -> float:
    """% of cells and frames that leave a colour and have it again within 3 frames."""
    left = index[:-2] != index[1:-1]
    again = index[2:] == index[:-2]
    later = np.zeros_like(again)
    later[:-1] = index[3:] == index[:-3]
    return 100 * float((left & (again | later)).mean())


def gif(path: Path, first: NDArray[np.int16], second: NDArray[np.int16], palette: Palette) -> None:
    """Frame by frame and together, side by side, written by the program's own writer."""
    from pixl.animation.files import gif as packed
    from pixl.animation.solve import numbered

    gap = np.full((len(first), CELLS, 1), -1, np.int16)
    pictures = np.concatenate([first, gap, second], axis=2)
    cell = Cell(width_mm=5, height_mm=5)
    patterns = numbered([Pattern(index=one, palette=palette, cell=cell) for one in pictures])
    path.write_bytes(packed(patterns, [100] * len(patterns), scale=5))


def quantized(names: str, gifs: Path | None) -> str:
    heads = "sequence, palette, colours, still: alone, together, ratio, back: alone, together"
    heads += ", dE: alone, together, change, s a frame"
    lines = [f"| {heads.replace(', ', ' | ')} |", "|---" * 12 + "|"]
    for text in names.split(","):
        name, _, number = text.partition(":")
        palette = load_palette(name).solid()
        for scene in scenes():
            job = job_of(scene, palette, int(number) if number else None)
            truth = Truth(scene)
            first = alone(job, scene)
            start = time.perf_counter()
            second = together(job, scene)
            seconds = (time.perf_counter() - start) / len(second)
            for label, lag, shift in kinds(scene):
                a, b = truth.flicker(first, lag, shift), truth.flicker(second, lag, shift)
                da, db = truth.away(first, palette), truth.away(second, palette)
                shown = [f"{x:.2f} %" for x in (a, b)] + [f"{b / max(a, 1e-9):.2f}"]
                shown += [f"{returns(x):.2f} %" for x in (first, second)]
                shown += [f"{da:.2f}", f"{db:.2f}", f"{100 * (db / da - 1):+.1f} %", f"{seconds:.2f}"]
                lines.append("| " + " | ".join([label, name, number or str(len(palette)), *shown]) + " |")
                print(lines[-1], flush=True)
            if gifs:
                gifs.mkdir(exist_ok=True)
                gif(gifs / f"motion-{scene.name}-{name}.gif", first, second, palette)
    return "\n".join(lines)


def by_distill(names: str, gifs: Path | None) -> str:
    heads = "sequence, palette, colours, still: quantize alone, distill alone, distill together, of quantize"
    heads += ", of distill, dE: quantize alone, distill alone, distill together, s a frame"
    lines = [f"| {heads.replace(', ', ' | ')} |", "|---" * 12 + "|"]
    for text in names.split(","):
        name, _, number = text.partition(":")
        palette = load_palette(name).solid()
        for scene in scenes():
            job = job_of(scene, palette, int(number) if number else None)
            truth = Truth(scene)
            plain = alone(job, scene)
            start = time.perf_counter()
            first, second = distilled(job, scene)
            seconds = (time.perf_counter() - start) / (2 * len(second))
            for label, lag, shift in kinds(scene):
                a, b, c = (truth.flicker(one, lag, shift) for one in (plain, first, second))
                shown = [f"{x:.2f} %" for x in (a, b, c)] + [f"{c / max(x, 1e-9):.2f}" for x in (a, b)]
                shown += [f"{truth.away(one, palette):.2f}" for one in (plain, first, second)]
                lines.append(f"| {label} | {name} | {number or len(palette)} | {' | '.join(shown)} | {seconds:.1f} |")
                print(lines[-1], flush=True)
            if gifs:
                gifs.mkdir(exist_ok=True)
                gif(gifs / f"motion-distill-{scene.name}-{name}.gif", first, second, palette)
    return "\n".join(lines)


def kinds(scene: Scene) -> list[tuple[str, int, int]]:
    """What is compared: (name, frames apart, cells along)."""
    return [(scene.name, 1, 0), *([(f"{scene.name}, along", scene.period, scene.shift)] if scene.shift else [])]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--gif", type=Path)
    parser.add_argument("--engine", default="quantize", choices=["quantize", "distill"])
    parser.add_argument("--palettes", default="")
    parser.add_argument("--into", type=Path, help="the page whose table is replaced")
    chosen = parser.parse_args()
    if chosen.engine == "distill":
        text = by_distill(chosen.palettes or "perler:12", chosen.gif)
    else:
        text = quantized(chosen.palettes or "lego:,perler:12,dmc_threads:24", chosen.gif)
    if chosen.into:
        into(chosen.into, chosen.engine, text)


if __name__ == "__main__":
    main()
