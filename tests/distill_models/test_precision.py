"""Half precision: what leaves the networks is float32, and guidance 41 keeps the error under the bound asked."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
import torch
from tiny_models import controlnet

from pixl.distill.augment import Augmentation
from pixl.distill.diffusion.build import Assembly, ControlPart, Placement, build
from pixl.distill.generator import Generator
from pixl.distill.prior import Prediction
from pixl.distill.sds import Draws, guide, sds_step

BOUND = {torch.float16: 3e-2, torch.bfloat16: 3e-1}
"""Of the gradient at the latents; bfloat16 keeps 8 bits of 11, and is nobody's default here."""


def gradient(folder: Path, control: Path, dtype: torch.dtype) -> torch.Tensor:
    """At the latents, of one step with guidance 41 and a ControlNet."""
    part = ControlPart(name="canny", folder=control)
    prior = build(Assembly(name="a", folder=folder, controls=(part,)), Placement(size=(128, 128), dtype=dtype))
    rng = torch.Generator().manual_seed(3)
    generator = Generator(logits=torch.randn(8, 8, 5, generator=rng), palette=torch.rand(5, 3, generator=rng))
    generator.logits.requires_grad_(True)
    noise = torch.randn(1, 4, 16, 16, generator=rng)
    pictures = [torch.rand(1, 3, 128, 128, generator=rng)]
    draws = Draws(tau=1.0, gumbel=None, augmentation=Augmentation(), t=417, noise=noise)
    result = sds_step(generator, prior, prior.condition("a cat", "", pictures), draws, guidance=41.0, mode="softmax")
    result.loss.backward()
    assert result.gradient.dtype == result.prediction.eps.dtype == torch.float32
    assert generator.logits.grad is not None
    assert bool(torch.isfinite(generator.logits.grad).all())
    return result.gradient


@pytest.mark.parametrize("dtype", BOUND)
def test_half_precision_keeps_its_bound(sdxl_folder: Path, tmp_path: Path, dtype: torch.dtype) -> None:
    controlnet(21).save_pretrained(tmp_path / "canny")
    exact = gradient(sdxl_folder, tmp_path / "canny", torch.float32)
    half = gradient(sdxl_folder, tmp_path / "canny", dtype)
    assert float((half - exact).norm() / exact.norm()) <= BOUND[dtype]


def test_guidance_is_not_computed_in_half() -> None:
    """Rows in half precision, guided: exact for those rows; in half precision the result itself would be rounded."""
    rows = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1)).half()
    exact = rows[1:].double() + 40 * (rows[1:].double() - rows[:1].double())
    ours = guide(Prediction(rows, rows).eps, 41.0)
    assert ours.dtype == torch.float32
    assert float((ours - exact).abs().max()) < 1e-4
    assert float(((rows[1:] + 40 * (rows[1:] - rows[:1])) - exact).abs().max()) > 1e-2


def test_text_encoders_are_gone_once_the_words_are_read(sdxl_folder: Path) -> None:
    """A fifth of the weights: what they said stays, they do not."""
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    def here() -> int:
        gc.collect()
        return sum(type(one) in (CLIPTextModel, CLIPTextModelWithProjection) for one in gc.get_objects())

    before = here()
    prior = build(Assembly(name="a", folder=sdxl_folder), Placement(size=(64, 64)))
    assert here() == before  # not even loaded before there are words
    assert prior.condition("a cat").payload.embeddings.shape[0] == 2
    assert here() == before
