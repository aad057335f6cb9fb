"""Figures for a grid against its picture. None of them says what people prefer; they guard against steps
back.

near, far: mean S-CIELAB difference (Zhang and Wandell 1996) between the picture and the grid drawn as squares, at 4
and at 12 cells per degree of view. ssim: Wang et al. 2004 on lightness, Gaussian window of 1.5 cells. edge:
correlation of lightness gradients at a blur of half a cell. conf: % of cells with no 4-neighbour of their colour.
tiny: % of cells in regions of at most 3. Of cells against the picture's linear-light mean: hue = mean |hue
difference| weighted by the lesser chroma, off = % over 60 degrees off with both chromas > 10, grey = % with chroma >
15 made < 6, drained = such cells where the picture has no such grey (fewer than a fifth of the cell's samples are
within 20 of its lightness and below a chroma of 10), dyed = % with chroma < 6 made > 15. cgrad: mean over neighbours
of |chroma difference in the grid - in the picture|, OKLab x 100.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from pixl.color import ciede2000, linear_to_lab, linear_to_oklab, srgb_to_linear
from pixl.palette import Palette
from pixl.photo import Photo
from pixl.quantize.downscale import box, sample
from pixl.quantize.strokes import by_cell

Floats = NDArray[np.float64]
ZOOM = 6
"""Picture samples a cell for the spatial measures."""

_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
# XYZ to opponent channels of Poirson and Wandell 1993, as S-CIELAB uses them
_OPPONENT = np.array([[0.279, 0.72, -0.107], [-0.449, 0.29, -0.077], [0.086, -0.59, 0.501]])
# (weight, spread in degrees) of the Gaussians of each opponent channel: Zhang and Wandell 1996, table 1
_SPREADS = (
    ((0.921, 0.0283), (0.105, 0.133), (-0.108, 4.336)),
    ((0.531, 0.0392), (0.330, 0.494)),
    ((0.488, 0.0536), (0.371, 0.386)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One grid's figures; see the module."""

    near: float
    far: float
    ssim: float
    edge: float
    conf: float
    tiny: float
    hue: float
    off: float
    grey: float
    drained: float
    dyed: float
    cgrad: float
    colors: float

    def as_tuple(self) -> tuple[float, ...]:
        """In the order of the fields."""
        return tuple(getattr(self, field.name) for field in fields(self))


NAMES = tuple(field.name for field in fields(Figures))


class Judge:
    """One picture at one grid size (height, width), against which grids are measured."""

    def __init__(self, photo: Photo, height: int, width: int) -> None:
        samples, cover = sample(photo, height, width, ZOOM)
        self.picture = np.asarray(samples, dtype=np.float64)
        self.mean = np.asarray(box(samples, cover, ZOOM), dtype=np.float64)
        lab = linear_to_lab(self.picture)
        self.light = np.asarray(lab[..., 0])
        self.own = by_cell(lab, ZOOM)
        self.near, self.far = (_seen(self.picture, cells * ZOOM) for cells in (4, 12))

    def figures(self, index: NDArray[np.integer], palette: Palette) -> Figures:
        """All figures of ``index`` int[H, W] as a grid of the picture (without transparency)."""
        grid = np.asarray(srgb_to_linear(palette.rgb))[index]
        drawn = np.repeat(np.repeat(grid, ZOOM, axis=0), ZOOM, axis=1)
        light = np.asarray(linear_to_lab(drawn)[..., 0])
        lone, tiny = regions(index)
        return Figures(
            near=float(ciede2000(self.near, _seen(drawn, 4 * ZOOM)).mean()),
            far=float(ciede2000(self.far, _seen(drawn, 12 * ZOOM)).mean()),
            ssim=ssim(self.light, light, 1.5 * ZOOM),
            edge=edge(self.light, light, 0.5 * ZOOM),
            conf=lone,
            tiny=tiny,
            colors=float(len(np.unique(index))),
            **hues(self.mean, grid, self.own),
        )


def measure(photo: Photo, index: NDArray[np.integer], palette: Palette) -> Figures:
    """All figures of one grid."""
    return Judge(photo, *index.shape).figures(index, palette)


def scielab(first: Floats, second: Floats, per_degree: float) -> float:
    """Mean CIEDE2000 of two linear-light pictures after the eye's blur; ``per_degree`` pixels are one
    degree.
    """
    return float(ciede2000(_seen(first, per_degree), _seen(second, per_degree)).mean())


def _seen(linear: Floats, per_degree: float) -> Floats:
    opponent = linear @ (_OPPONENT @ _TO_XYZ).T
    for channel, spreads in enumerate(_SPREADS):
        plane = opponent[..., channel]
        total = sum(weight for weight, _ in spreads)
        parts = [weight / total * blur(plane, spread * per_degree / np.sqrt(2)) for weight, spread in spreads]
        opponent[..., channel] = sum(parts[1:], parts[0])
    xyz = opponent @ np.linalg.inv(_OPPONENT).T
    return np.asarray(linear_to_lab(np.maximum(xyz @ np.linalg.inv(_TO_XYZ).T, 0)))


def blur(plane: Floats, sigma: float) -> Floats:
    """Gaussian blur; beyond three sigmas or the picture itself nothing counts; edges are repeated."""
    if sigma < 0.2:
        return plane
    for axis in (0, 1):
        size = plane.shape[axis]
        reach = min(int(np.ceil(3 * sigma)), 4 * size)
        taps = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
        # as a matrix, so that a very wide blur costs no more than a narrow one
        at = np.clip(np.arange(size)[:, None] + np.arange(-reach, reach + 1)[None], 0, size - 1)
        matrix = np.zeros((size, size))
        np.add.at(matrix, (np.repeat(np.arange(size), 2 * reach + 1), at.ravel()), np.tile(taps / taps.sum(), size))
        plane = matrix @ plane if axis == 0 else plane @ matrix.T
    return plane


def ssim(first: Floats, second: Floats, sigma: float, span: float = 100.0) -> float:
    """Mean structural similarity, Gaussian window (Wang, Bovik, Sheikh and Simoncelli 2004)."""
    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
    m1, m2 = blur(first, sigma), blur(second, sigma)
    v1, v2 = blur(first * first, sigma) - m1 * m1, blur(second * second, sigma) - m2 * m2
    cov = blur(first * second, sigma) - m1 * m2
    return float((((2 * m1 * m2 + c1) * (2 * cov + c2)) / ((m1 * m1 + m2 * m2 + c1) * (v1 + v2 + c2))).mean())


def edge(first: Floats, second: Floats, sigma: float) -> float:
    """Correlation of the two gradients' components."""
    parts = [np.concatenate([g.ravel() for g in np.gradient(blur(plane, sigma))]) for plane in (first, second)]
    norm = np.linalg.norm(parts[0]) * np.linalg.norm(parts[1])
    return float(parts[0] @ parts[1] / norm) if norm else 1.0


def regions(index: NDArray[np.integer]) -> tuple[float, float]:
    """% of cells without a 4-neighbour of their colour, and % in 4-connected regions of at most 3 cells."""
    height, width = index.shape
    parent = np.arange(height * width)
    flat = parent.reshape(height, width)
    joins = [(flat[:, 1:], flat[:, :-1], index[:, 1:] == index[:, :-1]), (flat[1:], flat[:-1], index[1:] == index[:-1])]
    first = np.concatenate([a[same] for a, _, same in joins])
    second = np.concatenate([b[same] for _, b, same in joins])
    while True:  # every cell takes the least label around it until none changes
        before = parent.copy()
        np.minimum.at(parent, first, parent[second])
        np.minimum.at(parent, second, parent[first])
        parent = parent[parent]
        if np.array_equal(before, parent):
            break
    sizes = np.bincount(parent, minlength=parent.size)[parent]
    return 100 * float((sizes == 1).mean()), 100 * float((sizes <= 3).mean())


def hues(mean: Floats, grid: Floats, own: Floats) -> dict[str, float]:
    """The hue figures of linear-light ``grid`` against ``mean``, both float64[H, W, 3], and the cells' samples ``own``
    float64[H, W, n, 3], CIELAB."""
    lab1, lab2 = linear_to_lab(mean), linear_to_lab(grid)
    c1, c2 = np.hypot(lab1[..., 1], lab1[..., 2]), np.hypot(lab2[..., 1], lab2[..., 2])
    grey = (c1 > 15) & (c2 < 6)
    has = (np.hypot(own[..., 1], own[..., 2]) < 10) & (np.abs(own[..., 0] - lab2[..., None, 0]) < 20)
    turn = np.degrees(np.arctan2(lab1[..., 2], lab1[..., 1]) - np.arctan2(lab2[..., 2], lab2[..., 1]))
    turn = np.abs((turn + 180) % 360 - 180)
    weight = np.minimum(c1, c2)
    ok1, ok2 = linear_to_oklab(mean)[..., 1:] * 100, linear_to_oklab(grid)[..., 1:] * 100
    steps = [np.linalg.norm(np.diff(ok2, axis=axis) - np.diff(ok1, axis=axis), axis=-1).ravel() for axis in (0, 1)]
    return {
        "hue": float((turn * weight).sum() / max(weight.sum(), 1e-9)),
        "off": 100 * float(((turn > 60) & (c1 > 10) & (c2 > 10)).mean()),
        "grey": 100 * float(grey.mean()),
        "drained": 100 * float((grey & (has.mean(axis=2) < 0.2)).mean()),
        "dyed": 100 * float(((c1 < 6) & (c2 > 15)).mean()),
        "cgrad": float(np.concatenate(steps).mean()) if sum(s.size for s in steps) else 0.0,
    }
