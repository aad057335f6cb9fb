"""The far view: what a grid looks like from where its cells run together, as a term of the energy.

    F(x) = weight sum_i r_i' M_i r_i,   r = blur(colour of x - picture)

in the opponent channels of S-CIELAB (Poirson and Wandell 1993, Zhang and Wandell 1996), blurred as the eye blurs at
PER_DEGREE cells a degree; M_i is CIEDE2000's metric around the picture's colour, so that r' M r is a squared
difference. One cell's error is then made up for by its neighbours'.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..color import lab_to_linear, linear_to_lab, linear_to_oklab
from .energy import Energy, Extra
from .window import filtered

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]

PER_DEGREE = 12.0
"""Cells a degree of view: studs of 8 mm from 5.5 m, beads of 5 mm from 3.4 m."""
REACH = 8
"""Cells to which the blur reaches."""
SCALE = 16.0
"""Squared CIEDE2000 that weigh as much as one CIEDE2000 of a cell's own."""

_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_OPPONENT = np.array([[0.279, 0.72, -0.107], [-0.449, 0.29, -0.077], [0.086, -0.59, 0.501]]) @ _TO_XYZ
# (weight, spread in degrees) of each channel's Gaussians: Zhang and Wandell 1996, table 1, without the widest
_SPREADS = (((0.921, 0.0283), (0.105, 0.133)), ((0.531, 0.0392), (0.330, 0.494)), ((0.488, 0.0536), (0.371, 0.386)))
TURN, LOSS, GAIN = 1.5, 0.75, 0.5
"""What a wrong hue, too little chroma, and chroma where the picture is neutral cost more, per OKLab x 100."""
NEVER = 30.0
"""Price of a hue more than 50 degrees off where both are colours: neighbours do not make up for that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FarView:
    """``picture`` float32[H, W, 3] and ``colors`` float32[K, 3] in opponent channels; ``metric`` float32[H, W, 3, 3];
    ``curve`` float32[H, W, 3, 3]: what a cell's own change costs by its square; ``there`` bool[H, W]."""

    picture: Floats
    colors: Floats
    metric: Floats
    curve: Floats
    there: NDArray[np.bool_]
    weight: float

    def extra(self, energy: Energy) -> Extra:
        """The term as the energy asks for it."""

        def prices(index: NDArray[np.int16], rows: Indices, columns: Indices) -> Floats:
            now = self.colors[index]
            error = blur((now - self.picture) * self.there[..., None])
            pull = blur(np.einsum("yxij,yxj->yxi", self.metric, error) * self.there[..., None])[rows, columns]
            change = self.colors[energy.colors[rows, columns]] - now[rows, columns][:, None]
            bent = change @ self.curve[rows, columns]
            return np.asarray(
                self.weight * ((bent * change).sum(axis=2) + 2 * (change @ pull[..., None])[..., 0]), dtype=np.float32
            )

        return prices


def mixing_table(lab: Floats, palette_lab: NDArray[np.floating]) -> Floats:
    """float32[N, K]: what a colour costs a cell that is seen as one of many: OKLab distance x 100, hue guarded.

    ``lab`` float32[N, 3], ``palette_lab`` float64[K, 3] CIELAB. Errors of lightness are left to the far view; of hue
    and chroma they are not, or grey walls become tinted and faces spotted.
    """
    first, second = _oklab(lab), _oklab(palette_lab)
    cos = np.float32(np.cos(np.radians(50)))
    table = np.empty((len(first), len(second)), np.float32)
    step = max(1, (1 << 14) // max(1, len(second)))
    chroma2 = np.hypot(second[:, 1], second[:, 2])
    tinted2 = np.hypot(palette_lab[:, 1], palette_lab[:, 2]) > 8
    for start in range(0, len(first), step):
        part = slice(start, start + step)
        one = first[part]
        chroma1 = np.hypot(one[:, 1], one[:, 2])[:, None]
        light = one[:, 0, None] - second[:, 0]
        dot = one[:, 1:] @ second[:, 1:].T
        plain = chroma1 * chroma1 + chroma2 * chroma2 - 2 * dot
        total = np.sqrt(np.maximum(light * light + np.float32(1.25**2) * plain, 0))
        total += np.float32(TURN) * np.sqrt(np.maximum(2 * (chroma1 * chroma2 - dot), 0))
        total += np.float32(LOSS) * np.maximum(chroma1 - chroma2, 0)
        neutral = np.exp(-((chroma1 / np.float32(3)) ** 2))
        total += np.float32(GAIN) * neutral * np.maximum(chroma2 - chroma1, 0)
        tinted1 = np.hypot(lab[part, 1], lab[part, 2])[:, None] > 8
        total += np.float32(NEVER) * (tinted1 & tinted2 & (dot < cos * chroma1 * chroma2))
        table[part] = total
    return table


def _oklab(lab: NDArray[np.floating]) -> Floats:
    """OKLab x 100, float32."""
    return np.asarray(linear_to_oklab(np.maximum(lab_to_linear(lab), 0)) * 100, dtype=np.float32)


def far_view(linear: Floats, there: NDArray[np.bool_], palette_linear: NDArray[np.floating], weight: float) -> FarView:
    """The term for the cells' mean colours ``linear`` float32[H, W, 3] where ``there`` is a cell."""
    opponent = _OPPONENT.astype(np.float32)
    picture = linear @ opponent.T
    metric = _metric(np.asarray(blur(picture) @ np.linalg.inv(_OPPONENT).T))
    spots = [_taps(channel) for channel in range(3)]
    own = np.array([[_overlap(first, second) for second in spots] for first in spots], np.float32)
    return FarView(
        picture=picture,
        colors=(palette_linear @ _OPPONENT.T).astype(np.float32),
        metric=metric,
        curve=metric * own,
        there=there,
        weight=weight / SCALE,
    )


def blur(planes: Floats) -> Floats:
    """float32[H, W, 3]: each opponent channel through its Gaussians."""
    parts = [
        sum(weight * filtered(planes[..., channel], taps) for weight, taps in _taps(channel)) for channel in range(3)
    ]
    return np.stack(parts, axis=-1).astype(np.float32, copy=False)


def _taps(channel: int) -> list[tuple[np.float32, Floats]]:
    """(share, taps over the cells) of each Gaussian of a channel."""
    total = sum(weight for weight, _ in _SPREADS[channel])
    found = []
    for weight, spread in _SPREADS[channel]:
        sigma = spread * PER_DEGREE / np.sqrt(2)
        reach = min(REACH, max(1, int(np.ceil(3 * sigma))))
        fine = (np.arange(-(2 * reach + 1) * 8, (2 * reach + 1) * 8) + 0.5) / 16  # a cell is a square, not a point
        mass = np.exp(-(fine**2) / (2 * sigma**2)).reshape(-1, 16).sum(axis=1)
        found.append((np.float32(weight / total), (mass / mass.sum()).astype(np.float32)))
    return found


def _overlap(first: list[tuple[np.float32, Floats]], second: list[tuple[np.float32, Floats]]) -> float:
    """Sum over the cells of the product of two channels' spots."""
    total = 0.0
    for weight1, taps1 in first:
        for weight2, taps2 in second:
            gap = (len(taps1) - len(taps2)) // 2
            long, short = (taps1, taps2) if gap >= 0 else (taps2, taps1)
            total += float(weight1 * weight2) * float(long[abs(gap) : len(long) - abs(gap)] @ short) ** 2
    return total


def _metric(linear: NDArray[np.floating]) -> Floats:
    """float32[H, W, 3, 3]: dr' M dr is the squared CIEDE2000 of a small change dr in opponent channels."""
    step = 1e-3
    safe = np.maximum(np.asarray(linear, dtype=np.float64), 0.002)
    lab = np.asarray(linear_to_lab(safe))
    back = np.linalg.inv(_OPPONENT)
    moved = [np.asarray(linear_to_lab(np.maximum(safe + step * back[:, i], 0))) - lab for i in range(3)]
    slope = np.stack(moved, axis=-1) / step  # [H, W, lab, opponent]
    light, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    chroma = np.hypot(a, b)
    c7 = chroma**7
    stretch = 1.5 - 0.5 * np.sqrt(c7 / (c7 + 25.0**7))
    a = a * stretch
    slope[..., 1, :] *= stretch[..., None]
    chroma = np.maximum(np.hypot(a, b), 1e-6)
    hue = np.arctan2(b, a)
    t = (
        1
        - 0.17 * np.cos(hue - np.pi / 6)
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + np.pi / 30)
        - 0.20 * np.cos(4 * hue - 63 * np.pi / 180)
    )
    l50 = (light - 50) ** 2
    along_l = slope[..., 0, :] / (1 + 0.015 * l50 / np.sqrt(20 + l50))[..., None]
    cos, sin = (a / chroma)[..., None], (b / chroma)[..., None]
    along_c = (cos * slope[..., 1, :] + sin * slope[..., 2, :]) / (1 + 0.045 * chroma)[..., None]
    along_h = (cos * slope[..., 2, :] - sin * slope[..., 1, :]) / (1 + 0.015 * chroma * t)[..., None]
    rows = np.stack([along_l, along_c, along_h], axis=-2)
    return np.asarray(rows.swapaxes(-1, -2) @ rows, dtype=np.float32)
