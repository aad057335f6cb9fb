"""Colour maths in NumPy: sRGB, linear light, CIELAB (D65), OKLab and CIEDE2000.

Arrays hold channels in the last axis. Code values are uint8 0..255 or float 0..1; linear light is float 0..1.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import PaletteError

Floats = NDArray[np.floating[Any]]

_HEX = re.compile(r"^#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})$")

# IEC 61966-2-1 primaries with a D65 white of (0.95047, 1, 1.08883).
_RGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
# Ottosson 2020, "A perceptual color space for image processing".
_OKLAB_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_OKLAB_LMS_INVERSE = np.linalg.inv(_OKLAB_LMS)
_OKLAB_INVERSE = np.linalg.inv(_OKLAB)
_RGB_TO_XYZ_INVERSE = np.linalg.inv(_RGB_TO_XYZ)


def hex_to_rgb(text: str) -> tuple[int, int, int]:
    """``"#1B2A34"``, ``"1b2a34"`` or ``"#fff"`` as code values 0..255. Raises PaletteError."""
    match = _HEX.match(text.strip())
    if match is None:
        raise PaletteError(f"'{text}' is not a colour", hint="write six hexadecimal digits, such as #1B2A34")
    digits = match[1] if len(match[1]) == 6 else "".join(digit * 2 for digit in match[1])
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def rgb_to_hex(rgb: ArrayLike) -> str:
    """Code values 0..255 as ``"#1B2A34"``."""
    red, green, blue = (int(value) for value in np.asarray(rgb).tolist())
    return f"#{red:02X}{green:02X}{blue:02X}"


def _unit(rgb: ArrayLike) -> Floats:
    array = np.asarray(rgb)
    if array.dtype.kind in "iu":
        return array.astype(np.float64) / 255.0
    return array


def srgb_to_linear(rgb: ArrayLike) -> Floats:
    """Code values (uint8 0..255 or float 0..1) to linear light, by IEC 61966-2-1."""
    unit = _unit(rgb)
    return np.asarray(np.where(unit <= 0.04045, unit / 12.92, ((np.maximum(unit, 0.04045) + 0.055) / 1.055) ** 2.4))


def linear_to_srgb(linear: ArrayLike) -> Floats:
    """Linear light to float code values 0..1; values outside 0..1 are clipped."""
    unit = np.clip(np.asarray(linear), 0.0, 1.0)
    return np.asarray(
        np.where(unit <= 0.0031308, unit * 12.92, 1.055 * np.maximum(unit, 0.0031308) ** (1 / 2.4) - 0.055)
    )


def linear_to_rgb8(linear: ArrayLike) -> NDArray[np.uint8]:
    """Linear light to uint8 code values, rounded to nearest."""
    return np.asarray(np.rint(linear_to_srgb(linear) * 255.0).astype(np.uint8))


def linear_to_lab(linear: ArrayLike) -> Floats:
    """Linear light to CIELAB (D65): L 0..100."""
    xyz = np.asarray(linear) @ (_RGB_TO_XYZ / _WHITE[:, None]).T.astype(np.asarray(linear).dtype, copy=False)
    cube = np.cbrt(np.maximum(xyz, 0.0))
    f = np.where(xyz > (6 / 29) ** 3, cube, xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def lab_to_linear(lab: ArrayLike) -> Floats:
    """CIELAB (D65) to linear light, unclipped."""
    values = np.asarray(lab, dtype=np.float64)
    y = (values[..., 0] + 16) / 116
    f = np.stack([y + values[..., 1] / 500, y, y - values[..., 2] / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * _WHITE
    return np.asarray(xyz @ _RGB_TO_XYZ_INVERSE.T)


def rgb_to_lab(rgb: ArrayLike) -> Floats:
    """Code values to CIELAB (D65)."""
    return linear_to_lab(srgb_to_linear(rgb))


def linear_to_oklab(linear: ArrayLike) -> Floats:
    """Linear light to OKLab: L 0..1."""
    values = np.asarray(linear)
    lms = np.cbrt(values @ _OKLAB_LMS.T.astype(values.dtype, copy=False))
    return np.asarray(lms @ _OKLAB.T.astype(values.dtype, copy=False))


def oklab_to_linear(oklab: ArrayLike) -> Floats:
    """OKLab to linear light, unclipped."""
    return np.asarray((np.asarray(oklab) @ _OKLAB_INVERSE.T) ** 3 @ _OKLAB_LMS_INVERSE.T)


def rgb_to_oklab(rgb: ArrayLike) -> Floats:
    """Code values to OKLab."""
    return linear_to_oklab(srgb_to_linear(rgb))


def ciede2000(lab1: ArrayLike, lab2: ArrayLike) -> Floats:
    """Colour difference CIEDE2000 (kL = kC = kH = 1); inputs broadcast over all axes but the last.

    Source: Sharma, Wu and Dalal 2005, "The CIEDE2000 color-difference formula", whose 34 pairs the tests check.
    """
    first, second = np.asarray(lab1), np.asarray(lab2)
    l1, a1, b1 = first[..., 0], first[..., 1], first[..., 2]
    l2, a2, b2 = second[..., 0], second[..., 1], second[..., 2]
    c_mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    c7 = c_mean**7
    g = 0.5 * (1 - np.sqrt(c7 / (c7 + 25.0**7)))
    a1p, a2p = (1 + g) * a1, (1 + g) * a2
    c1, c2 = np.hypot(a1p, b1), np.hypot(a2p, b2)
    h1 = np.arctan2(b1, a1p)
    h2 = np.arctan2(b2, a2p)
    grey = c1 * c2 == 0
    dh = h2 - h1
    dh = np.where(dh > np.pi, dh - 2 * np.pi, np.where(dh < -np.pi, dh + 2 * np.pi, dh))
    dh = np.where(grey, 0.0, dh)
    total = np.where(h1 < 0, h1 + 2 * np.pi, h1) + np.where(h2 < 0, h2 + 2 * np.pi, h2)
    wrapped = np.abs(np.where(h1 < 0, h1 + 2 * np.pi, h1) - np.where(h2 < 0, h2 + 2 * np.pi, h2)) > np.pi
    h = np.where(wrapped, np.where(total < 2 * np.pi, total / 2 + np.pi, total / 2 - np.pi), total / 2)
    h = np.where(grey, total, h)
    dl, dc = l2 - l1, c2 - c1
    dh_big = 2 * np.sqrt(c1 * c2) * np.sin(dh / 2)
    l_mean, c_bar = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * np.cos(h - np.pi / 6)
        + 0.24 * np.cos(2 * h)
        + 0.32 * np.cos(3 * h + np.pi / 30)
        - 0.20 * np.cos(4 * h - 63 * np.pi / 180)
    )
    l50 = (l_mean - 50) ** 2
    s_l = 1 + 0.015 * l50 / np.sqrt(20 + l50)
    s_c = 1 + 0.045 * c_bar
    s_h = 1 + 0.015 * c_bar * t
    cb7 = c_bar**7
    rotation = -2 * np.sqrt(cb7 / (cb7 + 25.0**7)) * np.sin(np.pi / 3 * np.exp(-(((np.degrees(h) - 275) / 25) ** 2)))
    x, y, z = dl / s_l, dc / s_c, dh_big / s_h
    return np.asarray(np.sqrt(np.maximum(x * x + y * y + z * z + rotation * y * z, 0.0)))
