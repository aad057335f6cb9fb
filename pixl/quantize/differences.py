"""CIEDE2000 of every cell to every colour, fast: float32, in chunks that stay in the cache, no hue angle but one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .names import unlike
from .skin import may_be_skin, stands_for_skin
from .window import smooth_step

Floats = NDArray[np.float32]

_CHUNK = 1 << 14
SMALL = 6.0
"""CIEDE2000 up to which the formula is left as it is; it was fitted to smaller ones."""
SKIN = 8.0
"""CIEDE2000 that skin costs in a colour that cannot stand for it."""
LARGE, NAMED = 10.0, 8.0
"""CIEDE2000 from which on another name counts, and what it counts for."""
TINTED, SEEN = (30.0, 50.0), (10.0, 25.0)
"""CIELAB chroma and lightness: names say nothing of colours below the first, and all of those above the second."""
_K25 = np.float32(25.0**7)


def preference_table(
    lab: NDArray[np.floating], palette_lab: NDArray[np.floating], *, by_skin: bool = True, by_name: bool = True
) -> Floats:
    """float32[N, K]: what each colour of a palette [K, 3] costs a cell [N, 3], CIELAB, where none may be close.

    Small differences are CIEDE2000. It was fitted to those; where a short palette leaves none, it takes grey for a
    brown and orange for a red. So, in large differences, colours that cannot stand for skin cost more where there may
    be skin (``skin``), and elsewhere another name for a vivid colour does (``names``). With hundreds of threads there
    is nothing to correct, and nothing is.
    """
    table = difference_table(lab, palette_lab)
    skin = may_be_skin(lab) if by_skin else np.zeros(len(lab), np.float32)
    short = _beyond(table.min(axis=1), SMALL) * skin
    table += _beyond(table, SMALL) * np.float32(SKIN) * short[:, None] * (1 - stands_for_skin(palette_lab))
    named = (1 - skin) * smooth_step(np.hypot(lab[:, 1], lab[:, 2]), *TINTED) * smooth_step(lab[:, 0], *SEEN)
    rows = np.flatnonzero(named > 0) if by_name else ()
    if len(rows):
        part = table[rows]
        table[rows] += _beyond(part, LARGE) * np.float32(NAMED) * named[rows, None] * unlike(lab[rows], palette_lab)
    return table


def _beyond(table: Floats, small: float) -> Floats:
    """Share 0 to 1 that a difference is beyond small ones."""
    return np.asarray(1 - np.exp(-((table / np.float32(small)) ** 2)))


def difference_table(lab: NDArray[np.floating], palette_lab: NDArray[np.floating]) -> Floats:
    """float32[N, K]: CIEDE2000 between ``lab`` [N, 3] and ``palette_lab`` [K, 3].

    Within 0.005 of the exact formula below 40. Hues are kept as unit vectors: their mean is the direction of the sum,
    its multiples are polynomials of its cosine and sine, and 2 sqrt(C1 C2) sin(dh / 2) is a chord.
    Formula: Sharma, Wu and Dalal 2005.
    """
    cells = np.ascontiguousarray(lab, dtype=np.float32)
    colors = np.ascontiguousarray(palette_lab, dtype=np.float32)
    table = np.empty((len(cells), len(colors)), np.float32)
    step = max(1, _CHUNK // max(1, len(colors)))
    for start in range(0, len(cells), step):
        table[start : start + step] = _block(cells[start : start + step], colors)
    return table


def _block(cells: Floats, colors: Floats) -> Floats:
    l1, a1, b1 = (cells[:, i, None] for i in range(3))
    l2, a2, b2 = (colors[None, :, i] for i in range(3))
    half, tiny = np.float32(0.5), np.float32(1e-12)
    c_mean = (np.sqrt(a1 * a1 + b1 * b1) + np.sqrt(a2 * a2 + b2 * b2)) * half
    c7 = _seventh(c_mean)
    stretch = np.float32(1.5) - half * np.sqrt(c7 / (c7 + _K25))
    ap1, ap2 = stretch * a1, stretch * a2
    c1, c2 = np.sqrt(ap1 * ap1 + b1 * b1), np.sqrt(ap2 * ap2 + b2 * b2)
    product = c1 * c2
    u1, u2 = np.float32(1) / np.maximum(c1, tiny), np.float32(1) / np.maximum(c2, tiny)
    x, y = ap1 * u1 + ap2 * u2, b1 * u1 + b2 * u2
    norm = np.float32(1) / np.maximum(np.sqrt(x * x + y * y), tiny)
    cos, sin = x * norm, y * norm
    chord2 = np.maximum(np.float32(2) * (product - ap1 * ap2 - b1 * b2), np.float32(0))
    turn = ap1 * b2 - ap2 * b1  # its sign is the sign of the hue difference
    cos2, sin2 = cos * cos - sin * sin, np.float32(2) * cos * sin
    cos3, sin3 = cos * cos2 - sin * sin2, sin * cos2 + cos * sin2
    cos4, sin4 = cos2 * cos2 - sin2 * sin2, np.float32(2) * cos2 * sin2
    t = (
        np.float32(1)
        - _mix(cos, sin, 0.17, 30)
        + np.float32(0.24) * cos2
        + _mix(cos3, sin3, 0.32, -6)
        - _mix(cos4, sin4, 0.20, 63)
    )
    l50 = (l1 + l2) * half - np.float32(50)
    l50 = l50 * l50
    s_l = np.float32(1) + np.float32(0.015) * l50 / np.sqrt(np.float32(20) + l50)
    c_bar = (c1 + c2) * half
    s_c = np.float32(1) + np.float32(0.045) * c_bar
    s_h = np.float32(1) + np.float32(0.015) * c_bar * t
    dl, dc = (l2 - l1) / s_l, (c2 - c1) / s_c
    total = dl * dl + dc * dc + chord2 / (s_h * s_h)
    # the blue region's rotation: 275 degrees is where cos = .0872, sin = -.9962
    near = np.float32(np.cos(np.radians(275))) * cos + np.float32(np.sin(np.radians(275))) * sin
    blue = np.nonzero((near > 0.3) & (c_bar > 4))
    if len(blue[0]):
        angle = np.degrees(np.arccos(np.minimum(near[blue], np.float32(1))))
        cb7 = _seventh(c_bar[blue])
        theta = np.float32(np.radians(60)) * np.exp(-((angle / np.float32(25)) ** 2))
        rotation = np.float32(-2) * np.sqrt(cb7 / (cb7 + _K25)) * np.sin(theta)
        dh = np.copysign(np.sqrt(chord2[blue]), turn[blue]) / s_h[blue]
        total[blue] += rotation * dc[blue] * dh
    return np.asarray(np.sqrt(np.maximum(total, np.float32(0))))


def _seventh(value: Floats) -> Floats:
    square = value * value
    return np.asarray(square * square * square * value)


def _mix(cos: Floats, sin: Floats, weight: float, degrees: float) -> Floats:
    """weight * cos(angle - degrees)."""
    turn = np.radians(degrees)
    return np.asarray(np.float32(weight * np.cos(turn)) * cos + np.float32(weight * np.sin(turn)) * sin)
