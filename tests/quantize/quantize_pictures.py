"""Small palettes and pictures that the tests of this folder share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pixl.job import Job, Limits
from pixl.palette import Color, Palette
from pixl.pattern import Cell
from pixl.photo import Photo, photo_from_rgba
from pixl.units import GridSize

PRIMARIES = ("#000000", "#FFFFFF", "#C91A09", "#237841", "#0055BF", "#F2CD37", "#9BA19D", "#6D6E5C")


def palette_of(*colors: str) -> Palette:
    """A palette of these hex colours."""
    return Palette(
        id="test",
        version="1",
        name="test",
        colors=tuple(
            Color(code=text, name=text, rgb=(int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)))
            for text in colors
        ),
    )


def random_palette(count: int, seed: int = 0) -> Palette:
    """``count`` colours drawn over the whole sRGB cube."""
    drawn = np.random.default_rng(seed).integers(0, 256, (count, 3))
    return palette_of(*dict.fromkeys("#{:02X}{:02X}{:02X}".format(*rgb) for rgb in drawn.tolist()))


def scene(height: int = 240, width: int = 240, seed: int = 0) -> NDArray[np.uint8]:
    """Ramps, discs and noise: uint8[H, W, 3]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack([x * 255 / width, y * 255 / height, 128 + 60 * np.sin(x / 30)], axis=-1)
    for _ in range(6):
        centre, radius = rng.integers(20, min(height, width) - 20, 2), rng.integers(8, 40)
        picture[(y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2] = rng.integers(0, 256, 3)
    return np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)


def job_for(
    photo: Photo | NDArray[np.uint8],
    size: tuple[int, int],
    palette: Palette,
    *,
    limits: Limits | None = None,
    style: str = "natural",
) -> Job:
    """A job of W x H cells."""
    return Job(
        photo=photo if isinstance(photo, Photo) else photo_from_rgba(photo),
        size=GridSize(width=size[0], height=size[1]),
        palette=palette,
        cell=Cell(width_mm=8.0, height_mm=8.0),
        limits=limits or Limits(),
        style=style,
    )
