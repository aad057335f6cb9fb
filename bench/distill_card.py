"""A card timed with networks of the true size and random weights: a step of each row, then the whole 48 x 48 job.

    python bench/distill_cost.py --gpu                       # everything: hours for the paper's 10,001 steps
    python bench/distill_cost.py --gpu --paper-steps 100     # minutes; says that it timed 100 of them
    python bench/distill_cost.py --gpu --only "vega 512" --job "vega 512"     # some rows, and another prior's job

Steps are the networks' calls alone: the encoder there and back, ControlNets and denoiser in all rows. The job is the
engine itself, from a photo (samples/astronaut.jpg) to a pattern of 48 x 48 LEGO colours: SDXL at 1024, two ControlNets
(real edges, and the photo's lightness for depth), words of random numbers. The pictures mean nothing.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from pixl.distill import cost
from pixl.distill.cost import Recipe

PHOTO = Path(__file__).resolve().parent.parent / "samples" / "astronaut.jpg"
TOY: dict[str, Any] = {"block_out_channels": (32, 64, 64), "cross_attention_dim": 64, "attention_head_dim": (1, 2, 2)}


def toys() -> dict[str, tuple[str, dict[str, Any]]]:
    """The architectures with few channels: they only have to run."""
    out = {}
    for name, (kind, config) in cost.ARCHITECTURES.items():
        small = dict(config)
        if kind in ("UNet2DConditionModel", "ControlNetModel"):
            blocks = len(config["block_out_channels"])
            small |= {**TOY, "block_out_channels": (32, 64, 64, 64)[:blocks], "attention_head_dim": 2}
        elif kind == "SD3Transformer2DModel":
            small |= {"num_layers": 1, "attention_head_dim": 8, "num_attention_heads": 2, "caption_projection_dim": 16}
        elif kind == "AutoencoderKL":
            small |= {"block_out_channels": (32, 32, 32, 32)}
        else:
            small |= {"encoder_block_out_channels": (8,) * 4, "decoder_block_out_channels": (8,) * 4}
        out[name] = (kind, small)
    return out


class Card:
    """Where it runs, and its clock and memory. ``precision``: half where the engine would use it."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.precision = torch.float32 if device == "cpu" else torch.float16

    @property
    def name(self) -> str:
        """For the report."""
        return torch.cuda.get_device_name(0) if self.device == "cuda" else self.device

    def wait(self) -> float:
        """Seconds now, everything done."""
        if self.device == "cuda":
            torch.cuda.synchronize()
        elif self.device == "mps":
            torch.mps.synchronize()
        return time.perf_counter()

    def forget(self) -> None:
        """Give memory back and begin to count anew."""
        if self.device == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def peak(self) -> str:
        """GB since ``forget``; "-" where nobody counts."""
        return f"{torch.cuda.max_memory_allocated() / 1e9:.1f}" if self.device == "cuda" else "-"


def timed_step(recipe: Recipe, card: Card, *, repeats: int) -> tuple[float, str]:
    """(median milliseconds of a step, peak GB)."""
    card.forget()
    with torch.device(card.device):
        unet, encoder = cost.build(recipe.prior, card.precision), cost.build(recipe.encoder, card.precision)
        nets = [cost.build(recipe.control, card.precision) for _ in range(recipe.controls)]
    where: dict[str, Any] = {"device": card.device, "dtype": card.precision}

    def step() -> None:
        cost.run_encoder(encoder, recipe.size, **where)
        with torch.no_grad():
            for net in (*nets, unet):
                cost.run_network(net, recipe.size, recipe.rows, **where)

    taken = []
    for k in range(repeats + min(3, repeats)):
        begun = card.wait()
        step()
        if k >= min(3, repeats):
            taken.append(card.wait() - begun)
    return 1000 * statistics.median(taken), card.peak()


# -- the whole job


def random_prior(recipe: Recipe, card: Card) -> Any:
    """A prior of the true architecture: random weights, random words, its ControlNets; a student for one row."""
    from pixl.distill.diffusion.codec import LatentCodec
    from pixl.distill.diffusion.control import ControlBranch, ControlSet
    from pixl.distill.diffusion.noise import variance_schedule
    from pixl.distill.diffusion.student import StudentPrior, trailing
    from pixl.distill.diffusion.unet import UnetPrior
    from pixl.distill.diffusion.words import Words
    from pixl.distill.prior import PriorDefaults

    torch.manual_seed(0)
    with torch.device(card.device):
        unet, vae = cost.build(recipe.prior, card.precision), cost.build(recipe.encoder, card.precision)
        nets = [cost.build(recipe.control, card.precision) for _ in range(recipe.controls)]
    sized = unet.config.addition_embed_type == "text_time"
    pooled = unet.config.projection_class_embeddings_input_dim - 6 * unet.config.addition_time_embed_dim if sized else 0

    def read(texts: Sequence[str]) -> Words:
        rng = torch.Generator().manual_seed(1)
        embeddings = torch.randn(len(texts), 77, unet.config.cross_attention_dim, generator=rng)
        said = torch.randn(len(texts), pooled, generator=rng) if sized else None
        return Words(embeddings=embeddings, pooled=said)

    shared: dict[str, Any] = {"grid": trailing(4)} if recipe.rows == 1 else {}
    return (StudentPrior if recipe.rows == 1 else UnetPrior)(
        unet,
        **shared,
        base=f"{recipe.prior} without weights",
        controls=ControlSet([ControlBranch(name=f"control {k}", net=net) for k, net in enumerate(nets)]),
        codec=LatentCodec(vae),
        schedule=variance_schedule({"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}),
        form="epsilon",
        reader=read,
        image_size=(recipe.size, recipe.size),
        defaults=PriorDefaults(),
        device=torch.device(card.device),
        dtype=card.precision,
    )


def steer(prior: Any, pixels: Any) -> None:
    """Give every condition of ``prior`` the photo's edges, and its lightness where depth would be."""
    from pixl.distill.controls import at_size, control_pictures

    edges = control_pictures(("canny",), pixels, prior.image_size)
    light = torch.from_numpy(at_size(pixels, prior.image_size).copy()).float().mean(-1) / 255
    pictures = [*edges, light[None, None].expand(1, 3, -1, -1).contiguous()][: len(prior.controls.branches)]
    condition = prior.condition
    prior.condition = lambda prompt, negative="", controls=(): condition(prompt, negative, pictures)


def timed_job(recipe: Recipe, card: Card, settings: Mapping[str, Any]) -> tuple[float, int, str]:
    """(seconds, outer steps, peak GB) of the engine from photo to pattern; loading is not counted."""
    from pixl import load_palette, open_photo
    from pixl.distill.diffusion.named import pixels_of
    from pixl.distill.solve import solve
    from pixl.job import Job
    from pixl.pattern import Cell
    from pixl.photo import frame_photo
    from pixl.units import GridSize

    photo, _ = frame_photo(open_photo(PHOTO), aspect=1.0, fit="cover")
    job = Job(
        photo=photo,
        prompt="an astronaut",
        size=GridSize(width=48, height=48),
        palette=load_palette("lego"),
        cell=Cell(width_mm=8.0, height_mm=8.0),
        settings={"prior": recipe.prior, "settle": 0, **settings},
    )
    card.forget()
    prior = random_prior(recipe, card)
    steer(prior, pixels_of(job))
    steps: list[int] = []

    class Count:
        def step(self, name: str, done: int, total: int, note: str = "") -> None:
            if name == "distill":
                steps.append(done)

    begun = card.wait()
    pattern = solve(job, prior=prior, progress=Count())
    taken = card.wait() - begun
    assert pattern.index.shape == (48, 48)
    return taken, len(steps), card.peak()


def report(
    recipes: Sequence[tuple[str, Recipe]],
    *,
    device: str,
    tiny: bool,
    paper_steps: int,
    repeats: int,
    only: Sequence[str] = (),
    job: str = "sdxl 1024",
    say: Callable[[str], None] = print,
) -> None:
    """Print both tables. Exits with a sentence where the device is not there."""
    from distill_cost import table

    from pixl.distill.device import choose_device
    from pixl.errors import PixlError

    try:
        card = Card(choose_device(device))
    except PixlError as error:
        sys.exit(f"nothing was timed: {error.what}; {error.hint}")
    rows_of = dict(recipes)
    for name in (*only, job):
        if name not in rows_of or (name == job and rows_of[name].prior == "sd3"):
            sys.exit(f"there is no row '{name}' to time; use one of: {'; '.join(rows_of)}")
    true = cost.ARCHITECTURES
    if tiny:
        cost.ARCHITECTURES = toys()
    try:
        networks = "TOY networks: no number here says anything" if tiny else "true sizes"
        say(f"{card.name}, torch {torch.__version__}, {card.precision}, {networks}, random weights\n")
        rows = []
        for name, recipe in recipes:
            if only and name not in only:
                continue
            small = Recipe(**{**vars_of(recipe), "size": 64}) if tiny else recipe
            taken, memory = timed_step(small, card, repeats=repeats)
            rows.append([name, f"{taken:.0f}", memory])
        say(table(["a step", "ms", "peak, GB"], rows))
        rows = []
        ours = Recipe(**{**vars_of(rows_of[job]), "size": 128}) if tiny else rows_of[job]
        for name, settings in (
            ("fast", {}),
            (f"paper, {paper_steps:,} steps of 10,001", {"recipe": "paper", "steps": paper_steps}),
        ):
            taken, steps, memory = timed_job(ours, card, settings)
            rows.append([name, f"{taken:.1f}", str(steps), f"{1000 * taken / steps:.0f}", memory])
        say(table([f"48 x 48, {job}", "seconds", "outer steps", "ms a step", "peak, GB"], rows))
    finally:
        cost.ARCHITECTURES = true


def vars_of(recipe: Recipe) -> dict[str, Any]:
    """A recipe's fields."""
    from dataclasses import asdict

    return asdict(recipe)
