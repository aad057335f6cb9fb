"""Cells that know their neighbours: what a maker pays for loose cells, as expectations under the
probabilities.

Every function here is the exact expectation, over cells drawn independently from ``p`` float[H, W, n], of a
count on the drawn grid: at one-hot ``p`` it is the count itself. All are sums over small neighbourhoods, all
take ``(p, image, *, mask)`` and return a scalar: ``mask`` bool[H, W], False where a cell is empty (None:
none is).
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

CROSS = ((-1, 0), (0, -1), (0, 1), (1, 0))
EIGHT = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))


def alone(
    p: torch.Tensor,
    image: torch.Tensor | None = None,
    *,
    mask: torch.Tensor | None = None,
    around: tuple[tuple[int, int], ...] = CROSS,
    weight: torch.Tensor | None = None,
) -> torch.Tensor:
    """Expected number of cells with no neighbour of their colour: sum_i sum_k p_ik prod_j (1 - p_jk).

    ``around``: CROSS, or EIGHT for stitches. ``weight`` float[H, W]: what each such cell counts (None: 1).
    """
    filled = _filled(p, mask)
    lonely = filled
    for dy, dx in around:
        lonely = lonely * (1 - shifted(filled, dy, dx))
    each = lonely.sum(-1)
    return (each if weight is None else each * weight).sum()


def pairs_alone(
    p: torch.Tensor, image: torch.Tensor | None = None, *, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Expected number of regions of exactly two cells (4-neighbours)."""
    filled = _filled(p, mask)
    total = p.sum() * 0
    for dy, dx in ((0, 1), (1, 0)):
        both = filled * shifted(filled, dy, dx)
        for ey, ex in CROSS:
            if (ey, ex) != (dy, dx):
                both = both * (1 - shifted(filled, ey, ex))
            if (ey, ex) != (-dy, -dx):
                both = both * (1 - shifted(filled, dy + ey, dx + ex))
        total = total + both.sum()
    return total


def small_regions(
    p: torch.Tensor, image: torch.Tensor | None = None, *, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Expected number of regions of one or two cells (4-neighbours): each is a nuisance to build."""
    return alone(p, mask=mask) + pairs_alone(p, mask=mask)


def borders(p: torch.Tensor, image: torch.Tensor | None = None, *, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Expected number of 4-neighbour pairs, both filled, of different colours."""
    filled = _filled(p, mask)
    here = filled.sum(-1)
    total = p.sum() * 0
    for dy, dx in ((0, 1), (1, 0)):
        there = shifted(filled, dy, dx)
        total = total + (here * there.sum(-1) - (filled * there).sum(-1)).sum()
    return total


def rectangles(p: torch.Tensor, image: torch.Tensor | None = None, *, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Expected number of rectangles that the regions fall into, before any cut that meets two corners is
    saved.

    A region without holes needs concave corners + 1, less the chords between concave corners (Ferrari,
    Sankar and Sklansky 1984, "Minimal rectangular partitions of digitized blobs"); components less holes are
    (Q1 - Q3 + 2 QD) / 4 over its 2 x 2 quads with one, three, two diagonal cells (Gray 1971). Together,
    without the chords: (Q1 + 3 Q3 + 2 QD) / 4, a sum over quads. The length of real parts is left out.
    """
    filled = F.pad(_filled(p, mask), (0, 0, 1, 1, 1, 1))
    a, b, c, d = filled[:-1, :-1], filled[:-1, 1:], filled[1:, :-1], filled[1:, 1:]
    na, nb, nc, nd = 1 - a, 1 - b, 1 - c, 1 - d
    one = a * nb * nc * nd + na * b * nc * nd + na * nb * c * nd + na * nb * nc * d
    three = na * b * c * d + a * nb * c * d + a * b * nc * d + a * b * c * nd
    diagonal = a * nb * nc * d + na * b * c * nd
    return (one + 3 * three + 2 * diagonal).sum() / 4


def relative_chroma(
    p: torch.Tensor,
    image: torch.Tensor | None = None,
    *,
    tints: torch.Tensor,
    target: torch.Tensor,
    mask: torch.Tensor | None = None,
    soft: float = 0.05,
) -> torch.Tensor:
    """Differences of chroma between 8-neighbours that the picture does not have, of the mean colours of
    ``p``.

    sum g |r_i - r_j| with r = p @ tints - target: the engine quantize's second term. ``tints`` float[n, 2]
    and ``target`` float[H, W, 2]: a and b of OKLab x 100. Diagonals count g = .5; |v| is sqrt(v^2 + soft^2)
    - soft.
    """
    error = p @ tints - target
    here = torch.ones(p.shape[:2], dtype=p.dtype) if mask is None else mask.to(p.dtype)
    total = p.sum() * 0
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        counted = here * shifted(here[..., None], dy, dx)[..., 0]
        gap = ((error - shifted(error, dy, dx)).pow(2).sum(-1) + soft**2).sqrt() - soft
        total = total + (0.5 if dy and dx else 1.0) * (counted * gap).sum()
    return total


def chroma_prices(
    index: NDArray[np.int16], tints: NDArray[np.float32], target: NDArray[np.float32]
) -> NDArray[np.float64]:
    """float64[H, W, n]: what each colour adds to ``relative_chroma`` (soft = 0) of the hard grid ``index`` int16[H, W]
    (-1 empty) in each cell while all others stay. That loss is no sum of products, so its gradient is no price."""
    there = np.pad(index >= 0, 1)
    error = np.pad(tints[np.maximum(index, 0)] - target, ((1, 1), (1, 1), (0, 0)))
    height, width = index.shape
    mine = tints[None, None] - target[:, :, None]
    total = np.zeros((height, width, len(tints)))
    for dy, dx in EIGHT:
        part = np.s_[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]
        gap = np.linalg.norm(mine - error[part][:, :, None], axis=-1)
        total += (0.5 if dy and dx else 1.0) * there[part][..., None] * gap
    return total * (index >= 0)[..., None]


def shifted(field: torch.Tensor, dy: int, dx: int) -> torch.Tensor:
    """The value of the cell (dy, dx) further on: float[H, W, c], 0 beyond the edge."""
    height, width = field.shape[:2]
    top, bottom, left, right = max(0, -dy), max(0, dy), max(0, -dx), max(0, dx)
    framed = F.pad(field, (0, 0, left, right, top, bottom))
    return framed[top + dy : top + dy + height, left + dx : left + dx + width]


def _filled(p: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    return p if mask is None else p * mask.to(p.dtype)[..., None]
