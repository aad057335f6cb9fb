"""Moving pictures made by a script, each with and without camera noise, so that one knows where nothing changes.

Backgrounds are pictures of samples/ (their licences are in THIRD_PARTY.md), the moving thing is an icon of the icon
library; no frame is filmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SIDE = 240
CELLS = 48
FRAMES = 24
NOISE = 5.0
"""Standard deviation, sRGB code values, of noise of two pixels' width: a video or telephone at room light."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """``clean`` and ``noisy`` uint8[T, SIDE, SIDE, 3]. ``period``, ``shift``: after so many frames the picture stands
    so many whole cells further left (0: it does not move)."""

    name: str
    clean: NDArray[np.uint8]
    noisy: NDArray[np.uint8]
    period: int = 1
    shift: int = 0


def opened(name: str, side: int = SIDE) -> NDArray[np.float64]:
    """float64[side, w, 3] of a sample picture, its shorter side ``side``."""
    image = Image.open(ROOT / "samples" / name).convert("RGB")
    scale = side / min(image.size)
    size = (max(side, round(image.width * scale)), max(side, round(image.height * scale)))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS), np.float64)


def noisy(clean: NDArray[np.float64], seed: int, sd: float = NOISE) -> NDArray[np.uint8]:
    """The frames with fresh noise in each."""
    rng = np.random.default_rng(seed)
    frames, height, width, _ = clean.shape
    grain = rng.normal(0, 1, (frames, height + 1, width + 1, 3))
    soft = (grain[:, 1:, 1:] + grain[:, :-1, 1:] + grain[:, 1:, :-1] + grain[:, :-1, :-1]) / 2
    return np.clip(np.rint(clean + sd * soft), 0, 255).astype(np.uint8)


def static(background: str = "coffee.jpg", thing: str = "butterfly", seed: int = 1) -> Scene:
    """A still background; an icon flies across it on a wave."""
    from pixl import icons

    ground = opened(background)[:SIDE, :SIDE]
    icon = np.asarray(icons.picture(thing, 64), np.float64)
    frames = []
    for t in range(FRAMES):
        frame = ground.copy()
        x, y = round(-40 + 13 * t), round(90 + 40 * np.sin(t / 3))
        left, right = max(0, x), min(SIDE, x + 64)
        if right > left:
            part = icon[:, left - x : right - x]
            alpha = part[..., 3:] / 255
            frame[y : y + 64, left:right] = part[..., :3] * alpha + frame[y : y + 64, left:right] * (1 - alpha)
        frames.append(frame)
    return _scene("static", np.stack(frames), seed)


def pan(background: str = "palace.jpg", seed: int = 2) -> Scene:
    """A view that moves right by a fifth of a cell a frame."""
    wide = opened(background)
    frames = [wide[:SIDE, t : t + SIDE] for t in range(FRAMES)]
    return _scene("pan", np.stack(frames), seed, period=SIDE // CELLS, shift=1)


def fade(background: str = "flower.jpg", seed: int = 3) -> Scene:
    """Day, dusk coming over twelve frames, night."""
    day = opened(background)[:SIDE, :SIDE]
    night = 255 * (day / 255 * 0.5) ** 1.1 * np.array([0.75, 0.85, 1.2])
    shares = np.clip((np.arange(FRAMES) - 6) / 12, 0, 1)
    return _scene("fade", np.stack([(1 - s) * day + s * night for s in shares]), seed)


def _scene(name: str, clean: NDArray[np.float64], seed: int, *, period: int = 1, shift: int = 0) -> Scene:
    whole = np.clip(np.rint(clean), 0, 255).astype(np.uint8)
    return Scene(name=name, clean=whole, noisy=noisy(clean, seed), period=period, shift=shift)


def scenes() -> tuple[Scene, ...]:
    """The three."""
    return static(), pan(), fade()
