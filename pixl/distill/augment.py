"""One augmentation, shared by the render and by every control picture of a step.

Greyscale (p .2), perspective (p .5, distortion .3), horizontal flip (p .5), in this order; the paper's final
crop to S changes nothing at equal size and is left out. Corner draws and pixel coordinates are torchvision's
``RandomPerspective`` and ``perspective`` (corners are integers; a pixel's centre lies at +.5; outside is 0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from pixl.distill.losses import grey

Corners = tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentationOdds:
    """How often each change is made (0..1) and how far a corner may move (share of the half side, 0..1)."""

    greyscale: float = 0.2
    perspective: float = 0.5
    distortion: float = 0.3
    flip: float = 0.5


NO_AUGMENTATION = AugmentationOdds(greyscale=0.0, perspective=0.0, flip=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """One drawn augmentation. ``corners``: where (x, y) top left, top right, bottom right, bottom left go;
    or None.
    """

    greyscale: bool = False
    corners: Corners | None = None
    flip: bool = False

    def apply(self, images: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The same change of every image float[B, 3, S_h, S_w]; differentiable."""
        out = list(images)
        if self.greyscale:
            out = [grey(image).expand_as(image) for image in out]
        if self.corners is not None:
            out = [perspective(image, self.corners) for image in out]
        if self.flip:
            out = [image.flip(-1) for image in out]
        return out


def draw_augmentation(odds: AugmentationOdds, size: tuple[int, int], rng: torch.Generator) -> Augmentation:
    """Draw in the paper's order: greyscale, perspective (8 integers if it is taken), flip. ``size`` is (S_h,
    S_w).
    """

    def chance(probability: float) -> bool:
        return float(torch.rand(1, generator=rng)) < probability

    greyscale = chance(odds.greyscale)
    corners = draw_corners(odds.distortion, size, rng) if chance(odds.perspective) else None
    return Augmentation(greyscale=greyscale, corners=corners, flip=chance(odds.flip))


def draw_corners(distortion: float, size: tuple[int, int], rng: torch.Generator) -> Corners:
    """Each corner moved inwards by up to ``distortion`` of the half side, uniform over the integers."""
    height, width = size
    dx, dy = int(distortion * (width // 2)), int(distortion * (height // 2))

    def between(low: int, high: int) -> int:
        return int(torch.randint(low, high, (1,), generator=rng))

    def left() -> int:
        return between(0, dx + 1)

    def top() -> int:
        return between(0, dy + 1)

    def right() -> int:
        return between(width - dx - 1, width)

    def bottom() -> int:
        return between(height - dy - 1, height)

    return (left(), top()), (right(), top()), (right(), bottom()), (left(), bottom())


def homography(source: Corners, target: Corners) -> torch.Tensor:
    """float64[8]: (a..h) with x' = (ax + by + c)/(gx + hy + 1), y' = (dx + ey + f)/(gx + hy + 1), source to
    target.
    """
    rows, values = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
        values += [u, v]
    matrix = torch.tensor(rows, dtype=torch.float64)
    return torch.linalg.solve(matrix, torch.tensor(values, dtype=torch.float64))


def perspective(image: torch.Tensor, corners: Corners) -> torch.Tensor:
    """``image`` [B, C, H, W] with its corner pixels moved to ``corners``; bilinear, zeros outside;
    differentiable.
    """
    height, width = int(image.shape[-2]), int(image.shape[-1])
    straight: Corners = ((0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1))
    # Every output pixel asks where it comes from, hence the map from the moved corners back to the straight
    # ones.
    a, b, c, d, e, f, g, h = homography(corners, straight).unbind()
    y = torch.arange(height, dtype=torch.float64)[:, None] + 0.5
    x = torch.arange(width, dtype=torch.float64)[None, :] + 0.5
    scale = g * x + h * y + 1
    grid = torch.stack(
        [(a * x + b * y + c) / scale / (width / 2) - 1, (d * x + e * y + f) / scale / (height / 2) - 1], -1
    )
    grid = grid.to(image)[None].expand(image.shape[0], height, width, 2)
    return F.grid_sample(image, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
