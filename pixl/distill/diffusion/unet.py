"""U-Nets with guidance: SDXL, SSD-1B, Segmind-Vega, SD 1.5 and SD 2.1, told apart by their own config."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import torch

from pixl.distill.diffusion.control import ControlSet, Stay
from pixl.distill.diffusion.latent import LatentPrior
from pixl.distill.diffusion.noise import VarianceSchedule
from pixl.distill.diffusion.words import Words
from pixl.errors import UsageError


class UnetPrior(LatentPrior):
    """A U-Net asked for both rows at once. ``base``: its name, for sentences.

    SDXL's kind (``addition_embed_type`` "text_time") is also told (S_h, S_w, 0, 0, S_h, S_w) and the pooled
    words, in every row. ``held`` as in ``ControlSet``. Raises UsageError for a network that needs something
    this kind does not give.
    """

    def __init__(
        self, unet: Any, *, base: str, controls: ControlSet | None = None, held: Stay | None = None, **shared: Any
    ) -> None:
        super().__init__(**shared)
        unet.requires_grad_(False)
        unet.eval()
        self.unet = unet
        self.base = base
        self.controls = controls or ControlSet(())
        self.held = held or (lambda net: nullcontext(net))
        self._check()

    @property
    def sized(self) -> bool:
        """Whether the network is told the picture's size and the pooled words."""
        return bool(self.unet.config.addition_embed_type == "text_time")

    def _check(self) -> None:
        config = self.unet.config
        if config.time_cond_proj_dim is not None:
            raise UsageError(
                f"{self.base} wants to be told the guidance with the time (timestep_cond): it is a consistency model",
                hint="use it as a student (kind 'student'), which tells it",
            )
        self._check_rest()

    def _check_rest(self) -> None:
        config = self.unet.config
        if config.in_channels != self.codec.channels:
            raise UsageError(
                f"{self.base} works on {config.in_channels} channels, the encoder makes {self.codec.channels}",
                hint="use the encoder of the model's own family; models for inpainting cannot be a prior",
            )
        if config.addition_embed_type not in (None, "text_time"):
            raise UsageError(
                f"{self.base} wants a condition that pixl does not make ({config.addition_embed_type})",
                hint="pixl models list shows what is known to work",
            )
        if self.form == "epsilon" and isinstance(self.noise, VarianceSchedule) and self.noise.ends_at_zero:
            raise UsageError(
                f"{self.base} predicts noise, but its schedule ends in pure noise, where that says nothing",
                hint="use the scheduler config the model was trained with",
            )

    def check_words(self, words: Words) -> None:
        """Raises UsageError where the text encoders are another model's."""
        config = self.unet.config
        width = words.embeddings.shape[-1]
        if width != config.cross_attention_dim:
            raise UsageError(
                f"{self.base} reads words of width {config.cross_attention_dim}, its text encoders give {width}",
                hint="the folder mixes two models; pull it again",
            )
        if self.sized:
            wanted = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
            given = 0 if words.pooled is None else words.pooled.shape[-1]
            if given != wanted:
                raise UsageError(
                    f"{self.base} wants {wanted} pooled numbers beside six sizes, its text encoders give {given}",
                    hint="a refiner model cannot be a prior; use its base model",
                )

    def added(self, words: Words) -> dict[str, torch.Tensor] | None:
        """``added_cond_kwargs``: pooled words and time ids (height first), one row per row of words."""
        if not self.sized:
            return None
        height, width = self.image_size
        ids = torch.tensor([[height, width, 0, 0, height, width]], device=self.device, dtype=self.dtype)
        assert words.pooled is not None
        return {"text_embeds": words.pooled, "time_ids": ids.expand(words.pooled.shape[0], -1)}

    def told(self, rows: int) -> torch.Tensor | None:
        """``timestep_cond``: nothing here."""
        return None

    def evaluate(self, z: torch.Tensor, t: int, words: Words, controls: Sequence[torch.Tensor]) -> torch.Tensor:
        """As ``LatentPrior``."""
        time = self.noise.network_time(t).to(self.device)
        added = self.added(words)
        pictures = [picture.to(self.device, self.dtype) for picture in controls]
        steered = self.controls.residuals(z, t, time, words, added, pictures)
        with self.held(self.unet) as unet:
            output: torch.Tensor = unet(
                z,
                time,
                encoder_hidden_states=words.embeddings,
                timestep_cond=self.told(z.shape[0]),
                added_cond_kwargs=added,
                down_block_additional_residuals=None if steered is None else tuple(steered[0]),
                mid_block_additional_residual=None if steered is None else steered[1],
                return_dict=False,
            )[0]
        return output
