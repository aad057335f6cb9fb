"""Styles, and what `auto` makes of a picture."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from quantize_pictures import PRIMARIES, job_for, palette_of, random_palette, scene

from pixl.color import ciede2000, linear_to_lab, linear_to_oklab, rgb_to_lab, srgb_to_linear
from pixl.engine import load_engine
from pixl.job import STYLES as NAMES
from pixl.palette import load_palette
from pixl.photo import Photo, open_photo, photo_from_rgba
from pixl.quantize.far import blur, far_view, mixing_table
from pixl.quantize.kind import kind_of
from pixl.quantize.styles import STYLES

ENGINE = load_engine("quantize")


def sprite(side: int, seed: int = 0) -> np.ndarray:
    """Pixel art: blobs of the primaries, one pixel a cell, uint8[side, side, 3]."""
    rng = np.random.default_rng(seed)
    rgb, index = palette_of(*PRIMARIES).rgb, np.ones((side, side), int)
    y, x = np.mgrid[0:side, 0:side]
    for color in (0, 2, 3, 4, 5, 6):
        centre, radius = rng.uniform(0.2, 0.8, 2) * side, rng.uniform(0.1, 0.3) * side
        index[(y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2] = color
    index[rng.integers(0, side, 12), rng.integers(0, side, 12)] = 0
    return rgb[index]


def enlarged(art: np.ndarray, pixels: int, quality: int = 0) -> Photo:
    """The art at ``pixels`` a side, as JPEG of this quality unless 0."""
    image = Image.fromarray(art).resize((pixels, pixels), Image.Resampling.NEAREST)
    if quality:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        image = Image.open(file).convert("RGB")
    return photo_from_rgba(np.asarray(image))


@pytest.mark.parametrize(
    ("side", "pixels"), [(16, 128), (24, 240), (32, 500), (48, 480), (29, 640), (20, 20), (32, 64)]
)
@pytest.mark.parametrize("quality", [0, 95, 75])
def test_enlarged_pixel_art_is_kept_cell_for_cell(side: int, pixels: int, quality: int) -> None:
    if quality and pixels / side < 4:
        pytest.skip("JPEG leaves nothing of cells this small")
    art, palette = sprite(side, side), palette_of(*PRIMARIES)
    photo = enlarged(art, pixels, quality)
    assert kind_of(photo).cells == (side, side)
    index = ENGINE.solve(job_for(photo, (side, side), palette, style="auto")).index
    assert np.array_equal(palette.rgb[index], art)
    double = ENGINE.solve(job_for(photo, (2 * side, 2 * side), palette, style="auto")).index
    assert np.array_equal(palette.rgb[double], np.repeat(np.repeat(art, 2, axis=0), 2, axis=1))


def test_one_colour_of_pixel_art_becomes_one_colour_of_the_palette() -> None:
    art = sprite(24, 5)
    photo, palette = enlarged(art, 240, 60), random_palette(60, 3)
    index = ENGINE.solve(job_for(photo, (24, 24), palette, style="auto")).index
    for color in np.unique(art.reshape(-1, 3), axis=0):
        assert len(np.unique(index[(art == color).all(axis=2)])) == 1


@pytest.mark.parametrize("name", ["astronaut", "cat", "coffee", "flower", "palace", "portrait", "rocket"])
def test_photographs_are_photographs(samples: Path, name: str) -> None:
    kind = kind_of(open_photo(samples / f"{name}.jpg"))
    assert not kind.flat
    assert kind.cells is None


def test_drawings_are_flat_and_noise_and_ramps_are_not(samples: Path) -> None:
    owl = kind_of(open_photo(samples / "owl.png"))
    assert owl.flat
    assert owl.cells is None
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 256, axis=0).repeat(3, axis=2)
    noise = np.random.default_rng(0).integers(0, 256, (240, 240, 3)).astype(np.uint8)
    for picture in (ramp, noise, np.full((100, 100, 3), 90, np.uint8), scene()):
        assert kind_of(photo_from_rgba(picture)) == replace(owl, flat=False)


@pytest.mark.parametrize("style", NAMES)
def test_every_style_is_deterministic_and_keeps_its_limits(style: str) -> None:
    job = job_for(scene(), (20, 14), random_palette(30), style=style)
    assert ENGINE.solve(job) == ENGINE.solve(job)
    few = replace(job, limits=replace(job.limits, colors=5))
    assert len(ENGINE.solve(few).used()) <= 5
    assert style == "auto" or style in STYLES


def test_clean_has_no_colour_between_two() -> None:
    y, x = np.mgrid[0:480, 0:480]
    disc = np.where(((y - 240) ** 2 + (x - 233) ** 2 < 150**2)[..., None], (200, 20, 20), (255, 255, 255))
    soft = np.asarray(Image.fromarray(disc.astype(np.uint8)).resize((160, 160), Image.Resampling.LANCZOS))
    palette = load_palette("perler").solid()
    used = ENGINE.solve(job_for(soft, (29, 29), palette, style="clean")).used()
    assert len(used) == 2


def test_crisp_has_more_contrast_and_clean_fewer_areas_than_natural(samples: Path) -> None:
    photo, palette = open_photo(samples / "portrait.jpg"), load_palette("dmc_threads")
    index = {style: ENGINE.solve(job_for(photo, (40, 40), palette, style=style)).index for style in STYLES}

    def contrast(style: str) -> float:
        light = palette.lab[index[style]][..., 0]
        return float(np.abs(np.diff(light, axis=0)).mean() + np.abs(np.diff(light, axis=1)).mean())

    def borders(style: str) -> int:
        grid = index[style]
        return int((grid[1:] != grid[:-1]).sum() + (grid[:, 1:] != grid[:, :-1]).sum())

    assert contrast("crisp") > 1.03 * contrast("natural")
    assert borders("clean") < 0.9 * borders("natural") < 0.9 * borders("dither")


def test_dither_mixes_what_the_palette_lacks() -> None:
    wall = np.full((96, 96, 3), (210, 120, 60), np.uint8)
    palette = palette_of("#DC5A3C", "#C8A03C", "#202020")
    index = ENGINE.solve(job_for(wall, (32, 32), palette, style="dither")).index
    assert len(np.unique(ENGINE.solve(job_for(wall, (32, 32), palette)).index)) == 1
    assert 0.2 < (index == 0).mean() < 0.8
    mixed = linear_to_lab(srgb_to_linear(palette.rgb[index]).reshape(4, 8, 4, 8, 3).mean(axis=(1, 3)))
    off = ciede2000(mixed, rgb_to_lab(wall[0, 0]))
    assert off.mean() < 0.4 * ciede2000(palette.lab[:2], rgb_to_lab(wall[0, 0])).min()


def test_dither_keeps_hues() -> None:
    """A wall that is all but grey gets no colours, though blue and orange would make its tint from afar."""
    wall = np.full((96, 96, 3), (150, 148, 143), np.uint8)
    palette = palette_of("#000000", "#FFFFFF", "#2050F0", "#F09020", "#808080")
    index = ENGINE.solve(job_for(wall, (24, 24), palette, style="dither")).index
    assert not np.isin(index, (2, 3)).any()


def test_the_far_view_prices_changes_exactly() -> None:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:14, 0:13]
    linear = np.stack([0.3 + 0.02 * y, 0.3 + 0.02 * x, 0.4 + 0.01 * y], axis=2).astype(np.float32)
    colors = rng.uniform(0.1, 0.8, (5, 3))
    there = np.ones((14, 13), bool)
    view = far_view(linear, there, colors, 3.0)

    def value(index: np.ndarray) -> float:
        error = blur(view.colors[index] - view.picture).astype(np.float64)
        return view.weight * float(np.einsum("yxi,yxij,yxj->", error, view.metric.astype(np.float64), error))

    index = rng.integers(0, 5, (14, 13)).astype(np.int16)

    class Every:
        colors = np.broadcast_to(np.arange(5, dtype=np.int16), (14, 13, 5))

    prices = view.extra(Every())(index, np.array([7]), np.array([6]))[0]  # type: ignore[arg-type]
    for k in range(5):
        changed = index.copy()
        changed[7, 6] = k
        # the curvature takes the metric of the cell itself for that of its surroundings, hence the tolerance
        assert prices[k] == pytest.approx(value(changed) - value(index), rel=0.03, abs=0.05)


def test_mixing_table_is_oklab_where_nothing_is_guarded() -> None:
    light = np.stack([np.linspace(5, 95, 12), np.zeros(12), np.zeros(12)], axis=1)
    table = mixing_table(light.astype(np.float32), light)
    grey = linear_to_oklab(np.repeat(np.linspace(0, 1, 50)[:, None], 3, axis=1))
    assert grey.shape == (50, 3)
    oklab = np.interp(light[:, 0], linear_to_lab(np.repeat(np.linspace(0, 1, 5000)[:, None], 3, axis=1))[:, 0],
                      linear_to_oklab(np.repeat(np.linspace(0, 1, 5000)[:, None], 3, axis=1))[:, 0])  # fmt: skip
    assert table == pytest.approx(100 * np.abs(oklab[:, None] - oklab), abs=0.2)
    vivid = np.array([[50.0, 60, 40], [50, -60, 40]])
    assert mixing_table(vivid.astype(np.float32), vivid)[0, 1] > 60
