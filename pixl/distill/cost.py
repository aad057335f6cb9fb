"""What a step costs: floating-point operations and memory of the true architectures, without any weights.

Networks are built on the meta device (no storage), operations counted by torch's FlopCounterMode (a
multiply-add is two) and memory by MemTracker over fake tensors, so that a laptop can say what a large card
would do. Nothing of this runs when a picture is made; ``bench/distill_cost.py`` prints the tables and
``plans.py`` holds what came out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch

from pixl.distill.settings import Settings

MIB = 2**20

_XL: dict[str, Any] = {
    "sample_size": 128,
    "in_channels": 4,
    "out_channels": 4,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "block_out_channels": (320, 640, 1280),
    "layers_per_block": 2,
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "use_linear_projection": True,
    "cross_attention_dim": 2048,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
_SD: dict[str, Any] = {
    "sample_size": 64,
    "in_channels": 4,
    "out_channels": 4,
    "block_out_channels": (320, 640, 1280, 1280),
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
}
_NOT_CONTROL = ("sample_size", "in_channels", "out_channels", "up_block_types", "reverse_transformer_layers_per_block")
_SMALL = ("DownBlock2D", "DownBlock2D", "DownBlock2D")
_MID = ("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D")

# The pruned models' layer counts are those whose parameters agree with the published 1331, 745 and 783
# million.
ARCHITECTURES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "sdxl": ("UNet2DConditionModel", _XL),
    "ssd-1b": (
        "UNet2DConditionModel",
        {
            **_XL,
            "transformer_layers_per_block": [1, [2, 2], [4, 4]],
            "reverse_transformer_layers_per_block": [[4, 4, 10], [2, 1, 1], 1],
            "mid_block_type": "UNetMidBlock2D",
        },
    ),
    "vega": (
        "UNet2DConditionModel",
        {
            **_XL,
            "transformer_layers_per_block": [1, [1, 1], [2, 2]],
            "reverse_transformer_layers_per_block": [[2, 2, 2], [1, 1, 1], 1],
            "mid_block_type": "UNetMidBlock2D",
        },
    ),
    "koala-700m": (
        "UNet2DConditionModel",
        {**_XL, "layers_per_block": 1, "mid_block_type": None, "transformer_layers_per_block": (1, 2, 5)},
    ),
    "sd15": ("UNet2DConditionModel", _SD),
    "sd21": (
        "UNet2DConditionModel",
        {
            **_SD,
            "cross_attention_dim": 1024,
            "attention_head_dim": (5, 10, 20, 20),
            "use_linear_projection": True,
            "sample_size": 96,
        },
    ),
    "sd3": (
        "SD3Transformer2DModel",
        {
            "sample_size": 128,
            "patch_size": 2,
            "in_channels": 16,
            "num_layers": 24,
            "attention_head_dim": 64,
            "num_attention_heads": 24,
            "joint_attention_dim": 4096,
            "caption_projection_dim": 1536,
            "pooled_projection_dim": 2048,
            "out_channels": 16,
            "pos_embed_max_size": 192,
        },
    ),
    "control-sdxl-full": ("ControlNetModel", {k: v for k, v in _XL.items() if k not in _NOT_CONTROL}),
    "control-sdxl-mid": (
        "ControlNetModel",
        {
            **{k: v for k, v in _XL.items() if k not in _NOT_CONTROL},
            "down_block_types": _MID,
            "transformer_layers_per_block": (1, 1, 1),
        },
    ),
    "control-sdxl-small": (
        "ControlNetModel",
        {
            **{k: v for k, v in _XL.items() if k not in _NOT_CONTROL},
            "down_block_types": _SMALL,
            "transformer_layers_per_block": (0, 0, 0),
        },
    ),
    "control-sd15": ("ControlNetModel", {k: v for k, v in _SD.items() if k not in _NOT_CONTROL}),
    "tiny": ("AutoencoderTiny", {}),
    "tiny-16": ("AutoencoderTiny", {"latent_channels": 16}),
    "full": (
        "AutoencoderKL",
        {
            "down_block_types": ("DownEncoderBlock2D",) * 4,
            "up_block_types": ("UpDecoderBlock2D",) * 4,
            "block_out_channels": (128, 256, 512, 512),
            "layers_per_block": 2,
            "latent_channels": 4,
            "sample_size": 1024,
        },
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One step's make-up. ``control``: an architecture's name and how many of it, on every row."""

    prior: str
    size: int
    rows: int
    control: str = ""
    controls: int = 0
    encoder: str = "tiny"


OFFICIAL = Recipe(prior="sdxl", size=1024, rows=3, control="control-sdxl-mid", controls=2)
"""The paper's code: three rows, two ControlNets of the middle size on all of them, the tiny encoder."""


def build(name: str, dtype: torch.dtype = torch.float32) -> Any:
    """The network of ``ARCHITECTURES[name]``, frozen, on the current default device (meta for counting)."""
    import diffusers

    kind, config = ARCHITECTURES[name]
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)  # fake tensors cannot be converted afterwards
    try:
        network = getattr(diffusers, kind)(**config)
    finally:
        torch.set_default_dtype(before)
    return network.requires_grad_(False).eval()


@cache
def millions(name: str) -> float:
    """Parameters, in millions: of a denoiser all, of an encoder only the half that encodes."""
    with torch.device("meta"):
        network = build(name)
    halves = [getattr(network, part, None) for part in ("encoder", "quant_conv")]
    counted = [half for half in halves if half is not None] or [network]
    return float(sum(value.numel() for one in counted for value in one.parameters())) / 1e6


def run_network(network: Any, size: int, rows: int, **where: Any) -> Any:
    """One call of a denoiser for pictures of ``size``; ``where``: device and dtype of what goes in."""
    if type(network).__name__ == "AutoencoderTiny" or type(network).__name__ == "AutoencoderKL":
        raise TypeError("an encoder is run by run_encoder")
    config, side = network.config, size // 8
    time = torch.ones((), device=where.get("device"), dtype=torch.int64)
    if type(network).__name__ == "SD3Transformer2DModel":
        return network(
            hidden_states=torch.empty(rows, 16, side, side, **where),
            timestep=time.expand(rows),
            encoder_hidden_states=torch.empty(rows, 77 + 256, config.joint_attention_dim, **where),
            pooled_projections=torch.empty(rows, config.pooled_projection_dim, **where),
        )
    given: dict[str, Any] = {
        "encoder_hidden_states": torch.empty(rows, 77, config.cross_attention_dim, **where),
    }
    if config.addition_embed_type == "text_time":
        given["added_cond_kwargs"] = {
            "text_embeds": torch.empty(rows, 1280, **where),
            "time_ids": torch.empty(rows, 6, **where),
        }
    if type(network).__name__ == "ControlNetModel":
        # the picture in one row, as pixl hands it over
        given["controlnet_cond"] = torch.empty(1, 3, size, size, **where)
    return network(torch.empty(rows, 4, side, side, **where), time, **given)


def run_encoder(encoder: Any, size: int, *, back: bool = True, **where: Any) -> None:
    """Encode a picture of ``size`` and, with ``back``, send a gradient back to it."""
    picture = torch.empty(1, 3, size, size, requires_grad=back, **where)
    said = encoder.encode(picture)
    z = said.latents if hasattr(said, "latents") else said.latent_dist.mean
    if back:
        z.backward(torch.empty_like(z))


def run_decoder(encoder: Any, size: int, **where: Any) -> Any:
    """Decode a latent of a picture of ``size``."""
    return encoder.decode(torch.empty(1, encoder.config.latent_channels, size // 8, size // 8, **where)).sample


def flops(call: Callable[[], Any]) -> float:
    """Floating-point operations of ``call`` in 1e12."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        call()
    return float(counter.get_total_flops()) / 1e12


@cache
def row_flops(name: str, size: int) -> float:
    """TFLOP of a denoiser for one row, forward."""
    with torch.device("meta"), torch.no_grad():
        network = build(name)
        return flops(lambda: run_network(network, size, 1))


@cache
def encoder_flops(name: str, size: int, *, back: bool = True) -> float:
    """TFLOP of an encoder: forward, and with ``back`` backward to the picture."""
    with torch.device("meta"):
        encoder = build(name)
        return flops(lambda: run_encoder(encoder, size, back=back))


@cache
def decoder_flops(name: str, size: int) -> float:
    """TFLOP of a decoder, forward."""
    with torch.device("meta"), torch.no_grad():
        encoder = build(name)
        return flops(lambda: run_decoder(encoder, size))


def evaluation_flops(recipe: Recipe) -> float:
    """TFLOP of all rows of the denoiser and its ControlNets."""
    one = row_flops(recipe.prior, recipe.size)
    if recipe.controls:
        one += recipe.controls * row_flops(recipe.control, recipe.size)
    return recipe.rows * one


def step_flops(recipe: Recipe) -> float:
    """TFLOP of one step of score distillation: an evaluation, the encoder there and back."""
    return evaluation_flops(recipe) + encoder_flops(recipe.encoder, recipe.size)


def fast_counts(settings: Settings) -> tuple[int, int]:
    """(evaluations of the prior, targets) of a whole run of rounds and replay: a target is a picture encoded
    once, a walk or one evaluation, and one picture decoded; nothing goes back through the encoder.
    """
    rounds = settings.rounds
    walks = rounds.tries + rounds.count - 1 if rounds.count else 0
    return walks * rounds.steps + settings.steps, walks + settings.steps


def fast_flops(recipe: Recipe, settings: Settings) -> float:
    """TFLOP of a whole run of the fast recipe that does not settle early."""
    evaluations, pictures = fast_counts(settings)
    coded = encoder_flops(recipe.encoder, recipe.size, back=False) + decoder_flops(recipe.encoder, recipe.size)
    return evaluations * evaluation_flops(recipe) + pictures * coded


# -- memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """MiB. ``weights`` of everything that stays; ``evaluate``: the most that a call of the networks adds;
    ``encode``: the most that the encoder adds, there and back. A step's peak is weights and the larger of
    the two."""

    weights: float
    evaluate: float
    encode: float

    @property
    def peak(self) -> float:
        """MiB at the worst moment of a step."""
        return self.weights + max(self.evaluate, self.encode)


def added_memory(make: Callable[[], Any], call: Callable[[Any], Any]) -> tuple[float, float]:
    """(MiB that ``make``'s network holds, MiB that ``call(network)`` adds at its peak), over fake tensors.

    Attention is counted as the CPU's fused kernel, which like a card's keeps no table of all pairs.
    """
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.distributed._tools.mem_tracker import MemTracker

    with FakeTensorMode():
        network = make()
        held = sum(value.numel() * value.element_size() for value in network.parameters())
        tracker = _frozen(MemTracker)()
        tracker.track_external(network)
        with tracker:
            call(network)
        peak = tracker.get_tracker_snapshot("peak")
        total = sum(parts["Total"] for parts in peak.values())
    return held / MIB, max(0.0, (total - held) / MIB)


def _frozen(tracker: type[Any]) -> type[Any]:
    """MemTracker for networks without weight gradients, on whose weights it would put hooks that they
    refuse.
    """

    class Tracker(tracker):  # type: ignore[misc]
        def _track_module_params_and_buffers(self, module: Any, install_grad_hooks: bool = True) -> Any:
            return super()._track_module_params_and_buffers(module, install_grad_hooks=False)

    return Tracker


@cache
def network_memory(name: str, size: int, rows: int, dtype: torch.dtype = torch.float16) -> tuple[float, float]:
    """(weights, added) MiB of a denoiser's call without a gradient."""

    def call(network: Any) -> None:
        with torch.no_grad():
            run_network(network, size, rows, dtype=dtype)

    return added_memory(lambda: build(name, dtype), call)


@cache
def encoder_memory(name: str, size: int, dtype: torch.dtype = torch.float16) -> tuple[float, float]:
    """(weights, added) MiB of encoding and sending the gradient back."""
    return added_memory(lambda: build(name, dtype), lambda encoder: run_encoder(encoder, size, dtype=dtype))


def step_memory(recipe: Recipe, dtype: torch.dtype = torch.float16) -> Memory:
    """Of a step with the text encoders gone. The networks are called one after another; what the ControlNets
    add to hand over stays until the denoiser has used it (a tenth of a call, counted in)."""
    weights, evaluate = network_memory(recipe.prior, recipe.size, recipe.rows, dtype)
    if recipe.controls:
        held, added = network_memory(recipe.control, recipe.size, recipe.rows, dtype)
        weights += recipe.controls * held
        evaluate = max(evaluate, added) * 1.1
    held, encode = encoder_memory(recipe.encoder, recipe.size, dtype)
    return Memory(weights=weights + held, evaluate=evaluate, encode=encode)
