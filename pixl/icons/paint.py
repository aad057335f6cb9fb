"""An icon as pixels: at any size, and painted in another colour with its shading kept (OKLab)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..color import hex_to_rgb, linear_to_rgb8, oklab_to_linear, rgb_to_oklab, srgb_to_linear
from ..errors import PromptError, UsageError
from .colors import COLORS, PLAIN, SHADES
from .library import SIDE, drawing, icon_of
from .match import Match

Floats = NDArray[np.float64]

GRAY = 0.05
"""OKLab chroma below which a pixel counts as white, grey or black."""
ALREADY = 0.07
"""OKLab distance at which a drawing's body already is the colour asked for."""


def picture(icon: Match | str, size: int = SIDE, *, colour: str | None = None) -> NDArray[np.uint8]:
    """uint8[size, size, 4]: sRGB and straight alpha; transparent stays transparent.

    `icon` is what ``find`` returned, or an icon id. `colour` (a colour word, "dark blue") replaces the match's own.
    Raises UsageError for a size outside 1..1024, PromptError for an unknown id or colour.
    """
    if not 1 <= size <= 1024:
        raise UsageError(f"an icon of {size} pixels cannot be drawn", hint="take a size from 1 to 1024")
    if isinstance(icon, Match):
        icon_id, colour = icon.icon_id, colour or icon.colour
    else:
        icon_id = icon
    rgba = drawing(icon_of(icon_id))
    if colour:
        rgba = recolour(rgba, colour)
    return rgba if size == SIDE else _resized(rgba, size)


def target(colour: str) -> tuple[float, float, float]:
    """OKLab of a colour word with an optional shade before it, or of ``#RRGGBB``. Raises PromptError, PaletteError."""
    text = colour.strip().casefold()
    if text.startswith("#") or text in COLORS:
        lightness, a, b = rgb_to_oklab(np.array(hex_to_rgb(COLORS.get(text, text)), np.uint8)).tolist()
        return lightness, a, b
    *before, word = text.split() or [""]
    if word not in COLORS or any(shade not in SHADES for shade in before):
        raise PromptError(f"'{colour}' is not a colour word", hint="write one such as red, dark blue or #1B2A34")
    lightness, a, b = rgb_to_oklab(np.array(hex_to_rgb(COLORS[word]), np.uint8)).tolist()
    for shade in before:
        add, times = SHADES[shade]
        lightness, a, b = min(0.99, max(0.08, lightness + add)), a * times, b * times
    return lightness, a, b


def recolour(rgba: NDArray[np.uint8], colour: str) -> NDArray[np.uint8]:
    """The drawing with its body painted in `colour`: other hues, eyes and outlines stay, shading is kept, alpha too.

    The body is the largest of: the pixels round the commonest hue, the light greys, the darks. Its middle colour is
    moved onto the target and the rest follows by its difference from the middle. A body that already is that colour
    is returned unchanged. `rgba` is uint8[H, W, 4]; raises as ``target`` does.
    """
    wanted = np.array(target(colour))
    shown = rgba[..., 3] > 0
    if not shown.any():
        return rgba
    lab = np.asarray(rgb_to_oklab(rgba[shown][:, :3]), dtype=np.float64)
    weight = rgba[shown][:, 3] / 255.0
    member, middle = _body(lab, weight)
    if _is_already(middle, colour.strip().casefold(), wanted):
        return rgba
    moved = _moved(lab, middle, wanted)
    mixed = lab + member[:, None] * (moved - lab)
    out = rgba.copy()
    rgb = out[..., :3]
    rgb[shown] = linear_to_rgb8(_in_gamut(mixed))
    return out


def _is_already(middle: Floats, colour: str, wanted: Floats) -> bool:
    """Near the target, or nearer to its plain word than to any other plain word: a vermilion apple is red."""
    scale = np.array([0.7, 1.0, 1.0])
    if np.linalg.norm((middle - wanted) * scale) < ALREADY:
        return True
    if colour not in PLAIN:
        return False
    apart = {word: float(np.linalg.norm((middle - target(word)) * scale)) for word in PLAIN}
    return min(apart, key=lambda word: apart[word]) == colour and apart[colour] < 1.3 * ALREADY


def _ramp(value: Floats, one: float, zero: float) -> Floats:
    """1 up to `one`, 0 from `zero` on, smooth between."""
    t = np.clip((zero - value) / (zero - one), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))


def _median(values: Floats, weight: Floats) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _body(lab: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """(membership 0..1 of each pixel, middle colour in OKLab) of what a person would call the thing's colour."""
    lightness, chroma = lab[:, 0], np.hypot(lab[:, 1], lab[:, 2])
    hue = np.arctan2(lab[:, 2], lab[:, 1])
    bins = 72
    place = np.floor((hue + np.pi) / (2 * np.pi) * bins).astype(int) % bins
    heights = np.bincount(place, weight * np.clip(chroma / 0.1, 0, 1) * (chroma > GRAY), bins)
    kernel = np.exp(-0.5 * (np.minimum(np.arange(bins), bins - np.arange(bins)) / 2.5) ** 2)
    smooth = np.real(np.fft.ifft(np.fft.fft(heights) * np.fft.fft(kernel)))
    peak = (int(np.argmax(smooth)) + 0.5) / bins * 2 * np.pi - np.pi
    away = np.abs(np.angle(np.exp(1j * (hue - peak))))
    colored = _ramp(away, np.radians(30), np.radians(52)) * (1 - _ramp(chroma, 0.02, GRAY))
    gray = _ramp(chroma, GRAY, 0.085)
    light = gray * (1 - _ramp(lightness, 0.34, 0.46))
    dark = gray * _ramp(lightness, 0.34, 0.46)
    masses = [1.25 * (weight * colored).sum(), (weight * light).sum(), (weight * dark).sum()]
    wide_dark = gray * _ramp(lightness, 0.5, 0.65)  # a black hat's shine goes with the hat
    member = (colored, light, wide_dark)[int(np.argmax(masses))]
    share = weight * member + 1e-9
    return member, np.array([_median(lab[:, c], share) for c in range(3)])


def _moved(lab: Floats, middle: Floats, wanted: Floats) -> Floats:
    """Every pixel as it would be if `middle` were `wanted`: lightness contrast kept, chroma scaled, hue turned."""
    contrast = float(np.clip(1.1 - 1.3 * abs(wanted[0] - 0.6), 0.5, 0.95))
    lightness = wanted[0] + (lab[:, 0] - middle[0]) * contrast
    from_chroma, to_chroma = float(np.hypot(*middle[1:])), float(np.hypot(*wanted[1:]))
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    if from_chroma < GRAY:  # a hue-less thing: give every part the colour
        factor, turn = np.ones_like(chroma), np.zeros_like(chroma)
    else:
        factor = np.clip(chroma / from_chroma, 0.0, 1.25)
        there = np.arctan2(middle[2], middle[1])
        turn = 0.35 * np.angle(np.exp(1j * (np.arctan2(lab[:, 2], lab[:, 1]) - there)))
    hue = np.arctan2(wanted[2], wanted[1]) + turn
    return np.stack(
        [np.clip(lightness, 0.02, 0.995), to_chroma * factor * np.cos(hue), to_chroma * factor * np.sin(hue)], axis=1
    )


def _in_gamut(lab: Floats) -> Floats:
    """Linear light of OKLab colours, chroma reduced at constant lightness and hue until sRGB holds them."""
    low, high = np.zeros(len(lab)), np.ones(len(lab))
    linear = oklab_to_linear(lab)
    outside = ((linear < -1e-4) | (linear > 1 + 1e-4)).any(axis=1)
    for _ in range(12):
        middle = (low + high) / 2
        linear = oklab_to_linear(lab * np.stack([np.ones_like(middle), middle, middle], axis=1))
        inside = ((linear >= -1e-4) & (linear <= 1 + 1e-4)).all(axis=1)
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    scale = np.where(outside, low, 1.0)
    return np.clip(oklab_to_linear(lab * np.stack([np.ones_like(scale), scale, scale], axis=1)), 0, 1)


def _resized(rgba: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Averaged in linear light with alpha premultiplied, so that edges do not darken."""
    from PIL import Image

    alpha = rgba[..., 3:].astype(np.float32) / 255
    planes = np.concatenate([srgb_to_linear(rgba[..., :3]) * alpha, alpha], axis=-1).astype(np.float32)
    how = Image.Resampling.HAMMING if size < SIDE else Image.Resampling.BICUBIC
    scaled = np.stack(
        [np.asarray(Image.fromarray(planes[..., c]).resize((size, size), how)) for c in range(4)], axis=-1
    )
    scaled = np.clip(scaled, 0, 1)
    opacity = np.rint(scaled[..., 3] * 255).astype(np.uint8)
    linear = scaled[..., :3] / np.maximum(scaled[..., 3:], 1e-6)
    out = np.concatenate([linear_to_rgb8(linear), opacity[..., None]], axis=-1)
    out[opacity == 0] = 0
    return out
