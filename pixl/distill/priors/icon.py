"""The built-in prior: the exact score over the icon library, for words it knows. No download, no network.

Icons are drawn on white, as large as fits, in the middle of a picture of the grid's own shape, so that
nothing is stretched. Those that the words mean are drawn as the engine "quantize" draws: no cell is a mixture
across an edge, for what a prior wants half-toned a maker would have to build. A colour word paints them.
Bandwidth and the start at t = .998 were measured: see docs/distill.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F

from pixl.distill.prior import Condition
from pixl.distill.priors.mixture import DEFAULTS, MixturePrior, components

LARGEST = 96  # the icons have 64 pixels a side: a larger picture would hold nothing more, and the bank would be large
MEANT = 24  # icons that a prompt may mean at most, the best of them
FULL = 0.5  # a cell that an icon covers by less stays empty, as in the engine quantize
WHITE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a prompt came to: ids of the icons it may mean, best first, and the colour to paint them."""

    ids: tuple[str, ...]
    colour: str | None


def subject(prompt: str) -> Subject:
    """Ask the icon library. Raises PromptError where no word is known."""
    from pixl import icons

    match = icons.find(prompt)
    ids = icons.admissible(prompt)
    if match.icon_id not in ids:
        ids = (match.icon_id, *ids)
    return Subject(ids=ids[:MEANT], colour=match.colour)


@lru_cache(maxsize=512)
def drawn(icon_id: str, colour: str | None, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """An icon in ``side`` x ``side`` cells: image01 float32[3, side, side] on white, and how much of each cell it
    covers, float32[side, side]."""
    from pixl import icons
    from pixl.color import lab_to_linear, linear_to_srgb
    from pixl.photo import photo_from_rgba
    from pixl.quantize import downscale

    photo = photo_from_rgba(np.array(icons.picture(icon_id, colour=colour)))
    cells = downscale.see(photo, side, side, inks=True)
    rgb = np.asarray(linear_to_srgb(lab_to_linear(cells.lab)), np.float32)
    rgb = np.where(cells.cover[..., None] >= FULL, rgb, WHITE).astype(np.float32)
    return torch.from_numpy(rgb.transpose(2, 0, 1).copy()), torch.from_numpy(cells.cover.copy())


def on_white(rgba: np.ndarray) -> torch.Tensor:
    """uint8[N, h, w, 4] (straight alpha) to float32[N, 3, h, w], sRGB code values over white."""
    pixels = torch.from_numpy(np.array(rgba)).permute(0, 3, 1, 2).float() / 255
    color, alpha = pixels[:, :3], pixels[:, 3:]
    return color * alpha + WHITE * (1 - alpha)


def fit(pictures: torch.Tensor, size: tuple[int, int], fill: float = WHITE) -> torch.Tensor:
    """[N, C, h, h] shrunk with averaging to the shorter side of ``size`` and centred on ``fill``."""
    height, width = size
    side = min(height, width)
    if pictures.shape[-1] != side:
        pictures = F.interpolate(pictures, size=(side, side), mode="bilinear", antialias=True, align_corners=False)
    left, top = (width - side) // 2, (height - side) // 2
    return F.pad(pictures, (left, width - side - left, top, height - side - top), value=fill)


def picture_size(grid: tuple[int, int]) -> tuple[int, int]:
    """The prior's picture for a grid (H, W): the grid itself, shrunk in proportion where a side is above 96."""
    longest = max(grid)
    if longest <= LARGEST:
        return grid
    return max(1, round(grid[0] * LARGEST / longest)), max(1, round(grid[1] * LARGEST / longest))


class IconPrior(MixturePrior):
    """A mixture over every icon of the library; words choose which of them the positive branch may be."""

    def __init__(self, grid: tuple[int, int], *, bandwidth: float = 0.15) -> None:
        from pixl import icons

        self.grid = grid
        self.ids = icons.ids()
        self._place = {name: k for k, name in enumerate(self.ids)}
        bank = fit(on_white(icons.atlas()), picture_size(grid))
        super().__init__(bank, self._weights, bandwidth=bandwidth, defaults=DEFAULTS)

    def _weights(self, words: str) -> torch.Tensor:
        weights = torch.zeros(len(self.bank), dtype=self.bank.dtype)
        weights[[self._place[name] for name in subject(words).ids]] = 1.0
        return weights

    def painted(self, found: Subject) -> torch.Tensor:
        """image01 [M, 3, S_h, S_w] of the icons a prompt means, in its colour."""
        side = min(self.image_size)
        return fit(torch.stack([drawn(name, found.colour, side)[0] for name in found.ids]), self.image_size)

    def condition(self, prompt: str, negative: str = "", controls: Sequence[torch.Tensor] = ()) -> Condition:
        """As the mixture's; the icons that are meant join the bank of both branches; no words mean any icon."""
        if not prompt.strip():
            return super().condition("", negative, controls)
        means = self.codec.encode(self.painted(subject(prompt)))
        against = self._of(negative) if negative else components(torch.cat([self._means, means]))
        return Condition(rows=2, payload=(against, components(means)), controls=tuple(controls))

    def order(self, image: torch.Tensor, words: str) -> int:
        """The place, among the icons that the words mean, best first, of the one that image01 is nearest to."""
        return int((self.painted(subject(words)) - image).pow(2).flatten(1).sum(1).argmin())

    def alpha(self, image: torch.Tensor, words: str) -> torch.Tensor:
        """float[H, W] of the grid: how much of each cell the icon covers that image01 is nearest to."""
        found = subject(words)
        cover = drawn(found.ids[self.order(image, words)], found.colour, min(self.grid))[1]
        return fit(cover[None, None], self.grid, fill=0.0)[0, 0]
