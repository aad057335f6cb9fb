"""Small things that several tests use: pictures, palettes, priors whose answer is known."""

from __future__ import annotations

import torch

from pixl.distill.generator import Generator
from pixl.distill.prior import PriorDefaults
from pixl.distill.priors.codec import PixelCodec
from pixl.distill.priors.mixture import MixturePrior

PALETTE = torch.tensor(
    [[1.0, 1.0, 1.0], [0.05, 0.05, 0.05], [0.8, 0.1, 0.1], [0.1, 0.3, 0.8], [0.95, 0.8, 0.1], [0.1, 0.6, 0.2]]
)
WORDS = ("square", "cross", "stripes", "disc")


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def index_of(word: str, side: int = 12, variant: int = 0) -> torch.Tensor:
    """int64[side, side] of a shape in palette colours; ``variant`` moves and recolours it."""
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    y, x = y - variant, x + variant
    middle = (side - 1) / 2
    shape = {
        "square": (y - middle).abs().maximum((x - middle).abs()) <= side / 4,
        "cross": ((y - middle).abs() <= 1.5) | ((x - middle).abs() <= 1.5),
        "stripes": y % 4 < 2,
        "disc": (y - middle) ** 2 + (x - middle) ** 2 <= (side / 3) ** 2,
    }[word]
    color = 2 + (WORDS.index(word) + variant) % 4
    return torch.where(shape, torch.full_like(y, color), torch.zeros_like(y))


def picture_of(index: torch.Tensor, palette: torch.Tensor = PALETTE) -> torch.Tensor:
    """image01 [1, 3, H, W]."""
    return palette[index].permute(2, 0, 1)[None]


def shapes_prior(
    side: int = 12, variants: int = 2, *, codec: PixelCodec | None = None, bandwidth: float = 0.15, double: bool = False
) -> MixturePrior:
    """A mixture about every shape and variant; its words are the shapes' names."""
    names = [word for word in WORDS for _ in range(variants)]
    bank = torch.cat([picture_of(index_of(w, side, v)) for w in WORDS for v in range(variants)])
    if double:
        bank = bank.double()
    return MixturePrior(
        bank,
        lambda words: torch.tensor([float(name == words) for name in names]).to(bank),
        bandwidth=bandwidth,
        codec=codec,
        defaults=PriorDefaults(guidance=5.0, t_low=0.02, t_high=0.998, learning_rate=0.3),
    )


def generator(logits: torch.Tensor, palette: torch.Tensor = PALETTE) -> Generator:
    return Generator(logits=logits.clone(), palette=palette.to(logits))
