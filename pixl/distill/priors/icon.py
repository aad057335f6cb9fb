"""The built-in prior: the exact score over the icon library, for words it knows. No download, no network.

Icons are drawn on white, as large as fits, in the middle of a picture of the grid's own shape, so that
nothing is stretched; a colour word paints the icons that the words mean. Bandwidth and the start at t = .998
were measured: see docs/distill.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from pixl.distill.prior import Condition
from pixl.distill.priors.mixture import DEFAULTS, MixturePrior, components

SIDE = 64  # the icons' own resolution: a larger picture would hold nothing more
WHITE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a prompt came to: ids of the icons it may mean, the colour to paint them, and a line for a
    person.
    """

    ids: tuple[str, ...]
    colour: str | None
    sentence: str


def subject(prompt: str) -> Subject:
    """Ask the icon library. Raises PromptError where no word is known."""
    from pixl import icons

    match = icons.find(prompt)
    ids = icons.admissible(prompt)
    if match.icon_id not in ids:
        ids = (match.icon_id, *ids)
    return Subject(ids=ids, colour=match.colour, sentence=match.sentence())


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
    """The prior's picture for a grid (H, W): the grid itself, shrunk in proportion where a side is above
    64.
    """
    longest = max(grid)
    if longest <= SIDE:
        return grid
    return max(1, round(grid[0] * SIDE / longest)), max(1, round(grid[1] * SIDE / longest))


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
        if found.colour is None:
            return self.bank[[self._place[name] for name in found.ids]]
        from pixl import icons

        drawn = np.stack([icons.picture(name, SIDE, colour=found.colour) for name in found.ids])
        return fit(on_white(drawn), self.image_size)

    def condition(self, prompt: str, negative: str = "", controls: Sequence[torch.Tensor] = ()) -> Condition:
        """As the mixture's; with a colour word the painted icons join the bank of both branches; no words
        mean any icon."""
        if not prompt.strip():
            return super().condition("", negative, controls)
        found = subject(prompt)
        if found.colour is None:
            return super().condition(prompt, negative, controls)
        means = self.codec.encode(self.painted(found))
        against = self._of(negative) if negative else components(torch.cat([self._means, means]))
        return Condition(rows=2, payload=(against, components(means)), controls=tuple(controls))

    def alpha(self, image: torch.Tensor, condition_prompt: str) -> torch.Tensor:
        """float[H, W] of the grid: the alpha of the icon that the words mean and image01 is nearest to."""
        from pixl import icons

        found = subject(condition_prompt)
        distance = (self.painted(found) - image).pow(2).flatten(1).sum(1)
        chosen = icons.atlas()[self._place[found.ids[int(distance.argmin())]]]
        alpha = torch.from_numpy(chosen[..., 3].copy()).float()[None, None] / 255
        return fit(alpha, self.grid, fill=0.0)[0, 0] if min(self.grid) <= SIDE else _enlarged(alpha, self.grid)


def _enlarged(alpha: torch.Tensor, grid: tuple[int, int]) -> torch.Tensor:
    side = min(grid)
    grown = F.interpolate(alpha, size=(side, side), mode="bilinear", align_corners=False)
    return fit(grown, grid, fill=0.0)[0, 0]
