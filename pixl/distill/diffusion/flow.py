"""Flow matching over a transformer: the SD3 class. 16 channels, z = (1 - q) x0 + q e, the network says e -
x0.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import torch

from pixl.distill.diffusion.control import Stay
from pixl.distill.diffusion.latent import LatentPrior
from pixl.distill.diffusion.words import Words
from pixl.errors import UsageError


class FlowPrior(LatentPrior):
    """``transformer``: SD3Transformer2DModel. Words: two CLIPs side by side, then T5's (zeros where T5 is
    left out).
    """

    def __init__(self, transformer: Any, *, base: str, held: Stay | None = None, **shared: Any) -> None:
        super().__init__(**shared)
        transformer.requires_grad_(False)
        transformer.eval()
        self.transformer = transformer
        self.base = base
        self.held = held or (lambda net: nullcontext(net))
        channels = int(transformer.config.in_channels)
        if channels != self.codec.channels:
            raise UsageError(
                f"{base} works on {channels} channels, the encoder makes {self.codec.channels}",
                hint="SD3 needs its own encoder (taesd3), not SDXL's",
            )

    def check_words(self, words: Words) -> None:
        """Raises UsageError where the text encoders are another model's."""
        config = self.transformer.config
        given = (words.embeddings.shape[-1], 0 if words.pooled is None else words.pooled.shape[-1])
        wanted = (config.joint_attention_dim, config.pooled_projection_dim)
        if given != wanted:
            raise UsageError(
                f"{self.base} reads words of width {wanted[0]} and {wanted[1]} pooled numbers, its text encoders give "
                f"{given[0]} and {given[1]}",
                hint="the folder mixes two models; pull it again",
            )

    def evaluate(self, z: torch.Tensor, t: int, words: Words, controls: Sequence[torch.Tensor]) -> torch.Tensor:
        """As ``LatentPrior``. Raises UsageError for control pictures: SD3's ControlNets are not used here."""
        if controls:
            raise UsageError(f"{self.base} takes no ControlNets in pixl", hint="leave out --control")
        time = self.noise.network_time(t).to(self.device).expand(z.shape[0])
        with self.held(self.transformer) as transformer:
            output: torch.Tensor = transformer(
                hidden_states=z,
                timestep=time,
                encoder_hidden_states=words.embeddings,
                pooled_projections=words.pooled,
                return_dict=False,
            )[0]
        return output
