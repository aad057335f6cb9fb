"""Fixed linear encoders for priors that live in pixels: z = 2 image - 1, whole, unshuffled or averaged.

``unshuffle`` and ``pool`` stand where a diffusion model has its VAE encoder, so that a test can walk the
same path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelCodec:
    """``pixels``: z [B, 3, S, S]; ``unshuffle``: [B, 3 f^2, S/f, S/f], nothing lost; ``pool``: means of f x
    f.
    """

    kind: Literal["pixels", "unshuffle", "pool"] = "pixels"
    factor: int = 1

    def encode(self, image: torch.Tensor) -> torch.Tensor:
        """image01 [B, 3, S_h, S_w] to z in -1..1; linear and differentiable."""
        z = 2 * image - 1
        if self.kind == "unshuffle":
            return F.pixel_unshuffle(z, self.factor)
        return F.avg_pool2d(z, self.factor) if self.kind == "pool" else z

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """z to image01, clamped; for ``pool`` every block gets its mean."""
        if self.kind == "unshuffle":
            z = F.pixel_shuffle(z, self.factor)
        elif self.kind == "pool":
            z = F.interpolate(z, scale_factor=self.factor, mode="nearest")
        return ((z + 1) / 2).clamp(0, 1)
