"""Each kind of prior: what its output means against closed forms, its step, and the wrong pairings it refuses."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from by_hand import letters_to_ids
from diffusers import AutoencoderTiny, SD3Transformer2DModel
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import (
    POOLED,
    controlnet,
    full_vae,
    loud,
    save_sd15,
    save_sdxl,
    text_config,
    text_encoder,
    tiny_vae,
    tokenizer,
    unet,
    write_index,
)

from pixl.distill import targets
from pixl.distill.augment import Augmentation
from pixl.distill.diffusion.build import Assembly, ControlPart, Placement, build
from pixl.distill.diffusion.flow import FlowPrior
from pixl.distill.diffusion.forms import FORMS, Form, flow_share, from_pair, to_prediction
from pixl.distill.diffusion.koala import KoalaPrior
from pixl.distill.diffusion.noise import FlowSchedule, variance_schedule
from pixl.distill.diffusion.student import StudentPrior, consistency, guidance_embedding, trailing
from pixl.distill.diffusion.unet import UnetPrior
from pixl.distill.generator import Generator
from pixl.distill.models import all_rows
from pixl.distill.prior import Condition
from pixl.distill.sds import Draws, sds_step
from pixl.errors import UsageError

SMALL = Placement(size=(64, 64))


def off(wrong: torch.Tensor, right: torch.Tensor) -> float:
    return float(((wrong - right).norm() / right.norm()).detach())


# -- forms


@settings(max_examples=60, deadline=None)
@given(form=st.sampled_from(FORMS), angle=st.floats(0.02, math.pi / 2 - 0.02), seed=st.integers(0, 99))
def test_every_form_gives_back_what_was_mixed(form: Form, angle: float, seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    x0, eps = (torch.randn(2, 4, 3, 5, generator=rng, dtype=torch.float64) for _ in range(2))
    a, s = (1 - angle / 2, angle / 2) if form == "flow" else (math.cos(angle), math.sin(angle))
    z = a * x0 + s * eps
    said = to_prediction(form, from_pair(form, x0, eps, a, s), z, a, s)
    assert off(said.x0, x0) < 1e-11
    assert off(said.eps, eps) < 1e-11


def test_pure_noise() -> None:
    """At a = 0 a network that predicts noise is refused; one that predicts v says x0 = -v."""
    z = v = torch.ones(1, 1, 2, 2)
    with pytest.raises(ValueError, match="noise"):
        to_prediction("epsilon", v, z, 0.0, 1.0)
    assert torch.equal(to_prediction("v_prediction", v, z, 0.0, 1.0).x0, -v)


def test_half_precision_is_left_before_the_division() -> None:
    rng = torch.Generator().manual_seed(1)
    z, eps = (torch.randn(1, 4, 8, 8, generator=rng) for _ in range(2))
    said = to_prediction("epsilon", eps.half(), z.half(), 0.07, 0.9975)
    assert said.x0.dtype == torch.float32


def test_flow_and_variance_preserving_meet() -> None:
    x0, eps = torch.randn(2, 1, 4, 3, 3, dtype=torch.float64)
    a, s = math.cos(0.9), math.sin(0.9)
    q, scale = flow_share(a, s)
    assert off(scale * (a * x0 + s * eps), (1 - q) * x0 + q * eps) < 1e-12


# -- schedules


def test_betas_come_from_the_config() -> None:
    """abar_500 is .276 for the models' own betas, .078 for the class defaults."""
    own = variance_schedule({"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"})
    a, s = own.level(500)
    assert abs(a * a - 0.2763) < 1e-3
    assert abs(a * a + s * s - 1) < 1e-6
    other = variance_schedule({})
    assert abs(other.level(500)[0] ** 2 - 0.078) < 1e-3
    zero = variance_schedule({"beta_schedule": "scaled_linear", "rescale_betas_zero_snr": True})
    assert zero.ends_at_zero
    assert not own.ends_at_zero
    assert own.network_time(999).dtype == torch.int64


def test_flow_schedule_is_shifted() -> None:
    schedule = FlowSchedule(3.0)
    u = 0.25
    assert abs(schedule.share(249) - 3 * u / (1 + 2 * u)) < 1e-12
    assert schedule.level(999) == (0.0, 1.0)
    assert abs(float(schedule.network_time(249)) - 1000 * schedule.share(249)) < 1e-3
    a, s = schedule.level(400)
    assert abs(a + s - 1) < 1e-12


# -- SD 1.5 and 2.1


@pytest.mark.parametrize("form", ["epsilon", "v_prediction"])
def test_one_encoder_and_either_form(tmp_path: Path, form: str) -> None:
    """SD 1.5's kind: last layer with its norm, no sizes; the form is read from the scheduler's config."""
    folder = save_sd15(tmp_path / "sd", scheduler={"prediction_type": form})
    prior = build(Assembly(name="sd15", folder=folder), SMALL)
    assert isinstance(prior, UnetPrior)
    condition = prior.condition("a cat")
    with torch.no_grad():
        ids = torch.cat([letters_to_ids(text, 55) for text in ("", "a cat")])
        words = text_encoder()(ids).last_hidden_state
    assert off(condition.payload.embeddings, words) < 1e-5
    assert prior.added(condition.payload) is None
    z = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    raw = prior.unet(z.expand(2, -1, -1, -1), torch.tensor(300), encoder_hidden_states=words).sample
    a, s = prior.schedule(300)
    said = prior.predict(z, 300, condition)
    x0 = (z - s * raw) / a if form == "epsilon" else a * z - s * raw
    assert off(said.x0, x0) < 1e-4
    assert off(a * said.x0 + s * said.eps, z.expand(2, -1, -1, -1)) < 1e-5


# -- students


def student(folder: Path, grid: tuple[int, ...], **parts: Any) -> StudentPrior:
    prior = build(Assembly(name="student", folder=folder, kind="student", grid=grid, **parts), SMALL)
    assert isinstance(prior, StudentPrior)
    return prior


def test_grids() -> None:
    assert trailing(4) == (999, 749, 499, 249)
    assert trailing(8) == (999, 874, 749, 624, 499, 374, 249, 124)
    assert trailing(1) == (999,)
    grid = consistency(50)
    assert (grid[0], grid[1], grid[-1], len(grid)) == (999, 979, 19, 50)


def test_students_know_only_their_times(sdxl_folder: Path) -> None:
    prior = student(sdxl_folder, trailing(4))
    assert [prior.time(t) for t in (1000, 900, 620, 130, 0)] == [999, 999, 499, 249, 249]
    assert prior.time(624) == 749  # the higher of two equally near
    assert prior.schedule(600) == prior.schedule(499)
    seen: list[int] = []
    forward = prior.unet.forward
    prior.unet.forward = lambda z, t, **kwargs: (seen.append(int(t)), forward(z, t, **kwargs))[1]
    condition = prior.condition("a cat")
    prior.predict(torch.randn(1, 4, 8, 8), 600, condition)
    assert seen == [499]
    assert condition.rows == 1


@pytest.mark.parametrize(("high", "steps"), [(999, 4), (800, 4), (800, 2), (300, 3), (10, 3), (999, 1)])
def test_a_students_walk_uses_each_time_once(sdxl_folder: Path, high: int, steps: int) -> None:
    for grid in (trailing(4), consistency(50)):
        times = student(sdxl_folder, grid).times(high, steps)
        assert 1 <= len(times) <= steps
        assert set(times) <= set(grid)
        assert times == sorted(set(times), reverse=True)


@pytest.mark.parametrize("form", ["epsilon", "sample"])
def test_a_students_step_draws_towards_its_picture(sdxl_folder: Path, form: Form) -> None:
    """One row, no guidance: the gradient is a s (z - x0), whatever the noise, and x0 is the network's own."""
    prior = student(sdxl_folder, trailing(4), form=form)
    rng = torch.Generator().manual_seed(3)
    generator = Generator(logits=torch.randn(8, 8, 5, generator=rng), palette=torch.rand(5, 3, generator=rng))
    generator.logits.requires_grad_(True)
    noise = torch.randn(1, 4, 8, 8, generator=rng)
    draws = Draws(tau=1.0, gumbel=None, augmentation=Augmentation(), t=600, noise=noise)
    condition = prior.condition("a cat")
    for guidance in (1.0, 9.0):
        result = sds_step(generator, prior, condition, draws, guidance=guidance, mode="softmax")
        a, s = prior.schedule(499)
        assert off(result.gradient, a * s * (result.latents.detach() - result.x0)) < 2e-4
    z_t = a * result.latents.detach() + s * noise
    words = condition.payload
    raw = prior.unet(
        z_t, torch.tensor(499), encoder_hidden_states=words.embeddings, added_cond_kwargs=prior.added(words)
    ).sample
    assert off(result.x0, raw if form == "sample" else (z_t - s * raw) / a) < 1e-4


def test_a_walk_goes_on_with_its_noise_or_with_fresh(sdxl_folder: Path) -> None:
    """Lightning's kind is deterministic DDIM; consistency models noise each x0 anew. By hand over two times."""
    z = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    for fresh in (False, True):
        prior = student(sdxl_folder, (999, 499), fresh_noise=fresh)
        condition = prior.condition("a cat")
        a, s = prior.schedule(999)
        x0 = prior.predict(z, 999, condition).x0
        rng = torch.Generator().manual_seed(7)
        noise = torch.randn(z.shape, generator=rng) if fresh else (z - a * x0) / s
        a, s = prior.schedule(499)
        expected = prior.predict(a * x0 + s * noise, 499, condition).x0
        walked = targets.walk(z, prior, condition, [999, 499], guidance=1.0, rng=torch.Generator().manual_seed(7))
        assert off(walked, expected) < 1e-5


def test_rows_that_noise_anew() -> None:
    fresh = {row.name for row in all_rows() if row.fresh_noise}
    assert fresh == {"lcm", "vega-rt", "dmd2", "sdxl-turbo", "sd-turbo"}


def test_a_student_that_keeps_guidance_has_two_rows(sdxl_folder: Path) -> None:
    assert student(sdxl_folder, trailing(8), rows=2).condition("a cat", "dull").rows == 2


def test_timestep_cond_is_told_or_refused(tmp_path: Path) -> None:
    """A consistency U-Net that wants the guidance: a student tells it; as a guided prior it is refused."""
    folder = save_sdxl(tmp_path / "lcm", network=unet(9, time_cond_proj_dim=16))
    with pytest.raises(UsageError, match="timestep_cond") as caught:
        build(Assembly(name="lcm-sdxl", folder=folder), SMALL)
    assert "student" in caught.value.hint
    told, other = (student(folder, consistency(50), told_guidance=w) for w in (8.5, 1.0))
    z = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(4))
    condition = told.condition("a cat")
    assert off(told.predict(z, 499, condition).eps, other.predict(z, 499, condition).eps) > 1e-3
    # against the library's own pipeline helper
    from diffusers import StableDiffusionXLPipeline

    expected = StableDiffusionXLPipeline.get_guidance_scale_embedding(None, torch.tensor([8.5 - 1]), embedding_dim=16)
    assert off(guidance_embedding(8.5, 16)[None], expected) < 1e-6


# -- KOALA

KOALA: dict[str, Any] = {
    "layers_per_block": 1,
    "mid_block_type": None,
    "transformer_layers_per_block": (1, 1, 1),
}


def test_koala_predicts_and_takes_no_controls(tmp_path: Path) -> None:
    folder = save_sdxl(tmp_path / "koala", network=unet(11, **KOALA))
    prior = build(Assembly(name="koala-700m", folder=folder, kind="koala"), SMALL)
    assert isinstance(prior, KoalaPrior)
    assert prior.skips == 6
    assert prior.predict(torch.randn(1, 4, 8, 8), 500, prior.condition("a cat")).x0.shape == (2, 4, 8, 8)
    for name, changes in (("sdxl", {}), ("thin", {"layers_per_block": 1})):
        controlnet(3, **changes).save_pretrained(tmp_path / name)
        part = ControlPart(name=name, folder=tmp_path / name)
        with pytest.raises(UsageError, match="middle block"):
            build(Assembly(name="koala-700m", folder=folder, kind="koala", controls=(part,)), SMALL)


# -- flow


@pytest.fixture(scope="module")
def sd3_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sd3(tmp_path_factory.mktemp("sd3") / "tiny-3")


def save_sd3(folder: Path) -> Path:
    """A tiny SD3: two CLIPs with projections, no T5, 16 channels, a shifted flow."""
    import json

    from transformers import CLIPTextModelWithProjection

    transformer = SD3Transformer2DModel(
        sample_size=16,
        patch_size=2,
        in_channels=16,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=40,
        caption_projection_dim=16,
        pooled_projection_dim=2 * POOLED,
        out_channels=16,
        pos_embed_max_size=32,
    )
    loud(transformer, 31).save_pretrained(folder / "transformer")
    vae = AutoencoderTiny(
        latent_channels=16,
        encoder_block_out_channels=(4, 4, 4, 4),
        decoder_block_out_channels=(4, 4, 4, 4),
        num_encoder_blocks=(1, 1, 1, 1),
        num_decoder_blocks=(1, 1, 1, 1),
    )
    loud(vae, 32).save_pretrained(folder / "vae")
    for suffix, seed, width in (("", 33, 12), ("_2", 34, 20)):
        encoder = loud(CLIPTextModelWithProjection(text_config(width, 2, POOLED)), seed)
        encoder.save_pretrained(folder / f"text_encoder{suffix}")
        tokenizer("!" if suffix else "<|endoftext|>").save_pretrained(folder / f"tokenizer{suffix}")
    (folder / "scheduler").mkdir()
    (folder / "scheduler" / "scheduler_config.json").write_text(
        json.dumps({"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0, "num_train_timesteps": 1000})
    )
    write_index(folder, "StableDiffusion3Pipeline")
    return folder


def test_flow_words_sizes_and_output(sd3_folder: Path) -> None:
    prior = build(Assembly(name="sd3", folder=sd3_folder, kind="flow"), SMALL)
    assert isinstance(prior, FlowPrior)
    condition = prior.condition("a cat", "dull")
    words = condition.payload
    assert words.embeddings.shape == (2, 77 + 256, 40)  # CLIPs side by side, widened with zeros, then T5's place
    assert words.embeddings[:, :77, 32:].abs().max() == 0
    assert words.embeddings[:, 77:].abs().max() == 0
    assert words.pooled is not None
    assert words.pooled.shape == (2, 2 * POOLED)
    z = torch.randn(1, 16, 8, 8, generator=torch.Generator().manual_seed(5))
    q = FlowSchedule(3.0).share(400)
    raw = prior.transformer(
        hidden_states=z.expand(2, -1, -1, -1),
        timestep=torch.full((2,), 1000 * q),
        encoder_hidden_states=words.embeddings,
        pooled_projections=words.pooled,
    ).sample
    said = prior.predict(z, 400, condition)
    assert off(said.x0, z - q * raw) < 1e-4
    assert off(said.eps, z + (1 - q) * raw) < 1e-4


def test_a_flow_step(sd3_folder: Path) -> None:
    """The gradient is w (eps - noise) with w = q^2, guided in the usual form."""
    prior = build(Assembly(name="sd3", folder=sd3_folder, kind="flow"), SMALL)
    rng = torch.Generator().manual_seed(6)
    generator = Generator(logits=torch.randn(8, 8, 5, generator=rng), palette=torch.rand(5, 3, generator=rng))
    generator.logits.requires_grad_(True)
    noise = torch.randn(1, 16, 8, 8, generator=rng)
    draws = Draws(tau=1.0, gumbel=None, augmentation=Augmentation(), t=300, noise=noise)
    result = sds_step(generator, prior, prior.condition("a cat"), draws, guidance=7.0, mode="softmax")
    result.loss.backward()
    negative, positive = result.prediction.eps
    expected = prior.schedule(300)[1] ** 2 * (negative + 7.0 * (positive - negative) - noise[0])
    assert off(result.gradient[0], expected) < 1e-4
    assert generator.logits.grad is not None
    assert float(generator.logits.grad.norm()) > 0


def test_flow_refusals(sd3_folder: Path, sdxl_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="16 channels"):
        build(Assembly(name="sd3", folder=sd3_folder, kind="flow", vae=sdxl_folder / "vae"), SMALL)
    controlnet(3).save_pretrained(tmp_path / "canny")
    part = ControlPart(name="canny", folder=tmp_path / "canny")
    with pytest.raises(UsageError, match="no ControlNets"):
        build(Assembly(name="sd3", folder=sd3_folder, kind="flow", controls=(part,)), SMALL)
    with pytest.raises(UsageError, match="no LoRA"):
        build(Assembly(name="sd3", folder=sd3_folder, kind="flow", loras=((tmp_path / "x", 1.0),)), SMALL)
    with pytest.raises(UsageError, match="cannot be used so"):
        build(Assembly(name="sd3", folder=sd3_folder, kind="flow"), Placement(size=(64, 64), tiled=True))


# -- other wrong pairings


def test_wrong_encoders_and_schedules(tmp_path: Path, sd15_folder: Path, sdxl_folder: Path) -> None:
    import shutil

    inpainting = save_sdxl(tmp_path / "inpainting", network=unet(1, in_channels=9))
    with pytest.raises(UsageError, match="9 channels"):
        build(Assembly(name="inpainting", folder=inpainting), SMALL)
    zero = save_sdxl(tmp_path / "zero", scheduler={"rescale_betas_zero_snr": True})
    with pytest.raises(UsageError, match="pure noise"):
        build(Assembly(name="zero", folder=zero), SMALL)
    mixed = tmp_path / "mixed"
    shutil.copytree(sd15_folder, mixed)
    shutil.rmtree(mixed / "unet")
    shutil.copytree(sdxl_folder / "unet", mixed / "unet")
    with pytest.raises(UsageError, match="words of width 32"):
        build(Assembly(name="mixed", folder=mixed), SMALL).condition("a cat")
    refiner = save_sdxl(tmp_path / "refiner", network=unet(1, projection_class_embeddings_input_dim=56))
    with pytest.raises(UsageError, match="pooled"):
        build(Assembly(name="refiner", folder=refiner), SMALL).condition("a cat")


def test_encoders_round_trip_in_their_own_scale() -> None:
    """The tiny encoder's latents are taken as they are, the full one's times .13025."""
    from pixl.distill.diffusion.codec import LatentCodec

    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(7))
    tiny, full = LatentCodec(tiny_vae()), LatentCodec(full_vae())
    assert off(tiny.encode(image), tiny_vae().encode(2 * image - 1).latents) < 1e-6
    mean = full_vae().encode(2 * image - 1).latent_dist.mean
    assert off(full.encode(image), 0.13025 * mean) < 1e-6
    z = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(8))
    assert off(full.decode(z), ((full_vae().decode(z / 0.13025).sample + 1) / 2).clamp(0, 1)) < 1e-5
    assert not any(value.requires_grad for value in tiny.vae.parameters())


def test_condition_is_kept_as_given(sdxl_folder: Path) -> None:
    prior = build(Assembly(name="tiny", folder=sdxl_folder), SMALL)
    condition = prior.condition("a cat")
    assert isinstance(condition, Condition)
    assert condition.rows == 2
