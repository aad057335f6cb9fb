"""ControlNets: whether one fits a U-Net, when it acts, and what it adds.

Every row of the condition goes through every ControlNet (the paper's code; the conditional row alone changes
the gradient by ten to twenty times its size). The part that reads the picture is the same for all rows and
is computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from pixl.distill.diffusion.words import Words
from pixl.distill.schedules import TIMESTEPS
from pixl.errors import UsageError

Residuals = tuple[list[torch.Tensor], torch.Tensor]
Stay = Callable[[Any], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlBranch:
    """One ControlNet: ``name`` for sentences, its ``scale``, and the share of the way from noise (0) to
    picture (1) on which it acts.

    The paper's code means to gate so too, but reads a stale loop index: there an ``end`` below 1 switches
    control off for the whole run. Here it is done as meant, by t.
    """

    name: str
    net: Any
    scale: float = 0.15
    start: float = 0.0
    end: float = 1.0

    def acts(self, t: int) -> bool:
        """Whether it acts at t: the step from t down to t - 1 must lie in [start, end]."""
        step = TIMESTEPS - 1 - t
        return self.scale != 0 and step / TIMESTEPS >= self.start and (step + 1) / TIMESTEPS <= self.end


def skip_channels(config: Mapping[str, Any]) -> list[int]:
    """Channels of the tensors a U-Net's down path hands over, in order: conv_in, then each block's layers
    and its downsampler. A negative number marks a downsampler, so that two lists are equal only where the
    sizes are too."""
    widths = list(config["block_out_channels"])
    layers = config["layers_per_block"]
    counts = [layers] * len(widths) if isinstance(layers, int) else list(layers)
    out = [widths[0]]
    for k, (width, count) in enumerate(zip(widths, counts, strict=True)):
        out += [width] * count
        if k + 1 < len(widths):
            out.append(-width)
    return out


def check_fit(name: str, control: Mapping[str, Any], unet: Mapping[str, Any], base: str) -> None:
    """Raises UsageError where a ControlNet of config ``control`` cannot steer a U-Net of config ``unet``.

    The libraries say nothing of some of these, or fail inside a matrix product.
    """

    def refuse(why: str) -> None:
        raise UsageError(
            f"the ControlNet {name} does not fit {base}: {why}",
            hint="use one made for this model (pixl models list shows them), or leave out --control",
        )

    if unet.get("mid_block_type", "UNetMidBlock2DCrossAttn") is None:
        refuse("the model has no middle block, where every ControlNet adds its last part")
    theirs, ours = skip_channels(control), skip_channels(unet)
    if theirs != ours:
        refuse(f"it adds to {len(theirs)} places of up to {max(theirs)} channels, the model has {len(ours)}")
    if control["cross_attention_dim"] != unet["cross_attention_dim"]:
        refuse(f"it reads words of width {control['cross_attention_dim']}, the model {unet['cross_attention_dim']}")
    if control.get("addition_embed_type") != unet.get("addition_embed_type"):
        refuse("only one of the two is told the picture's size and the pooled words")
    pooled = "projection_class_embeddings_input_dim"
    if control.get(pooled) != unet.get(pooled):
        refuse(f"the pooled words and size have {control.get(pooled)} numbers there and {unet.get(pooled)} here")


class ControlSet:
    """The ControlNets of a run, in the order of the condition's control pictures.

    ``share_rows``: evaluate them on the last (positive) row alone and use what they add for all rows:
    cheaper, not the paper's. ``held`` moves a network to its device for the length of a call, where it waits
    elsewhere.
    """

    def __init__(
        self, branches: Sequence[ControlBranch], *, share_rows: bool = False, held: Stay | None = None
    ) -> None:
        self.branches = tuple(branches)
        self.share_rows = share_rows
        self.held = held or (lambda net: nullcontext(net))
        for branch in self.branches:
            branch.net.requires_grad_(False)
            branch.net.eval()

    def residuals(
        self,
        z: torch.Tensor,
        t: int,
        time: torch.Tensor,
        words: Words,
        added: Mapping[str, torch.Tensor] | None,
        pictures: Sequence[torch.Tensor],
    ) -> Residuals | None:
        """Sums of what the acting ControlNets add for z [rows, C, h, w], or None where none acts.

        ``pictures`` float[1, 3, 8h, 8w] in 0..1, one per branch (not -1..1: that changes the gradient by its
        own size), or none at all: the sample that a run without a photo starts from is drawn without.
        """
        if not pictures:
            return None
        if len(pictures) != len(self.branches):
            raise ValueError(f"{len(pictures)} control pictures for {len(self.branches)} ControlNets")
        if self.share_rows:
            z, words, added = _last(z), _last_words(words), None if added is None else _last_of(added)
        total: Residuals | None = None
        for branch, picture in zip(self.branches, pictures, strict=True):
            if not branch.acts(t):
                continue
            if (8 * z.shape[-2], 8 * z.shape[-1]) != tuple(picture.shape[-2:]):
                raise ValueError(f"control picture {tuple(picture.shape[-2:])} for a latent of {tuple(z.shape[-2:])}")
            total = _sum(total, self._one(branch, z, time, words, added, picture))
        return total

    def _one(
        self,
        branch: ControlBranch,
        z: torch.Tensor,
        time: torch.Tensor,
        words: Words,
        added: Mapping[str, torch.Tensor] | None,
        picture: torch.Tensor,
    ) -> Residuals:
        with self.held(branch.net) as net:
            # one row of the picture: its embedding is added to every row of z, so it is computed once
            down, middle = net(
                z,
                time,
                encoder_hidden_states=words.embeddings,
                controlnet_cond=picture.to(z),
                conditioning_scale=branch.scale,
                added_cond_kwargs=None if added is None else dict(added),
                return_dict=False,
            )
        return list(down), middle


def _sum(total: Residuals | None, more: Residuals) -> Residuals:
    if total is None:
        return more
    return [a + b for a, b in zip(total[0], more[0], strict=True)], total[1] + more[1]


def _last(tensor: torch.Tensor) -> torch.Tensor:
    return tensor[-1:]


def _last_of(added: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: _last(value) for name, value in added.items()}


def _last_words(words: Words) -> Words:
    return Words(embeddings=_last(words.embeddings), pooled=None if words.pooled is None else _last(words.pooled))
