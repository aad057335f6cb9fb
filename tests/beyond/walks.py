"""Small moving pictures: a still ground with a square that moves, with and without noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixl.palette import Color, Palette

CODES = ("#202020", "#F0F0F0", "#C02020", "#20A040", "#2040C0", "#E0C020", "#808080", "#A06030")


def some_palette(codes: tuple[str, ...] = CODES) -> Palette:
    colors = tuple(
        Color(code=code, name=code, rgb=(int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16))) for code in codes
    )
    return Palette(id="test", version="1", name="test", colors=colors)


def ground(side: int = 96, seed: int = 0) -> NDArray[np.float64]:
    """A picture with ramps and detail, float64[side, side, 3]."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(20, 235, (6, 6, 3)).astype(np.uint8))
    return np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), np.float64)


def walk(frames: int = 8, noise: float = 0.0, seed: int = 0) -> NDArray[np.uint8]:
    """uint8[T, 96, 96, 3]: a white square moves right, 6 pixels a frame, over the ground."""
    rng = np.random.default_rng(seed)
    out = []
    for t in range(frames):
        frame = ground()
        frame[36:60, 6 * t + 6 : 6 * t + 30] = 250
        out.append(frame + rng.normal(0, noise, frame.shape) if noise else frame)
    return np.clip(np.rint(np.stack(out)), 0, 255).astype(np.uint8)
