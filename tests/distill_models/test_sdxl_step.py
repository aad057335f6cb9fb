"""SDXL's step at 1024 against the same step written again by hand, on tiny random networks saved and loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from by_hand import Step, one_step
from tiny_models import controlnet, full_vae, save_sdxl, text_encoder, text_encoder_2, tiny_vae, unet

from pixl.distill.augment import Augmentation
from pixl.distill.diffusion.build import Assembly, ControlPart, Placement, build
from pixl.distill.generator import Generator, gumbel_noise, probabilities
from pixl.distill.sds import Draws, StepResult, sds_step

BOUND = 1e-4
KINKS = 5e-3
"""Of the logits' gradient in float32: the encoder's ReLUs have kinks, and of millions of values some lie so near to one
that the last bit decides. The same comparison in float64 holds to ``BOUND``, so it is rounding and nothing else."""
CORNERS = ((60, 31), (980, 12), (1001, 1010), (33, 940))
PROMPT, NEGATIVE = "a cat with an academic hat", ""


@pytest.fixture(scope="module")
def control_folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("controls")
    for name, seed in (("canny", 21), ("depth", 22)):
        controlnet(seed).save_pretrained(folder / name)
    return [folder / "canny", folder / "depth"]


def relative(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return float(((ours.detach() - theirs).norm() / theirs.norm()).detach())


def inputs(seed: int = 0, dtype: torch.dtype = torch.float32) -> dict[str, Any]:
    """Logits, palette and every draw of a step of a 12 x 16 grid with 7 colours."""
    rng = torch.Generator().manual_seed(seed)
    return {
        "logits": torch.randn(12, 16, 7, generator=rng).to(dtype),
        "palette": torch.rand(7, 3, generator=rng).to(dtype),
        "tau": 0.8,
        "gumbel": gumbel_noise((12, 16, 7), rng).to(dtype),
        "noise": torch.randn(1, 4, 128, 128, generator=rng).to(dtype),
        "controls": [torch.rand(1, 3, 1024, 1024, generator=rng).to(dtype) for _ in range(2)],
    }


def ours(
    folder: Path,
    given: dict[str, Any],
    *,
    controls: list[Path],
    augmentation: Augmentation,
    t: int = 417,
    tiled: bool = False,
    negative: str = NEGATIVE,
    posterior: torch.Tensor | None = None,
    **place: Any,
) -> tuple[StepResult, torch.Tensor, torch.Tensor]:
    """(result, logits' gradient, render) of pixl's step with the paper's settings."""
    parts = tuple(ControlPart(name=path.name, folder=path, scale=0.15) for path in controls)
    prior = build(
        Assembly(name="tiny-xl", folder=folder, controls=parts),
        Placement(size=(1024, 1024), tiled=tiled, latent_size=(128, 128), dtype=given["logits"].dtype, **place),
    )
    generator = Generator(logits=given["logits"].clone().requires_grad_(True), palette=given["palette"])
    condition = prior.condition(PROMPT, negative, given["controls"][: len(parts)])
    draws = Draws(
        tau=given["tau"],
        gumbel=given["gumbel"],
        augmentation=augmentation,
        t=t,
        noise=given["noise"],
        posterior=posterior,
    )
    result = sds_step(generator, prior, condition, draws, guidance=41.0)
    result.loss.backward()
    assert generator.logits.grad is not None
    weights = probabilities(generator.logits.detach(), mode="gumbel", tau=given["tau"], gumbel=given["gumbel"])
    return result, generator.logits.grad, generator.render(weights)


def by_hand(
    given: dict[str, Any],
    *,
    controls: int,
    augmentation: Augmentation,
    t: int = 417,
    vae: Any = None,
    tiled: bool = False,
    negative: str = NEGATIVE,
    posterior: torch.Tensor | None = None,
) -> Step:
    dtype = given["logits"].dtype
    return one_step(
        logits=given["logits"],
        palette=given["palette"],
        tau=given["tau"],
        gumbel=given["gumbel"],
        grey=augmentation.greyscale,
        corners=list(augmentation.corners) if augmentation.corners else None,
        flip=augmentation.flip,
        t=t,
        noise=given["noise"],
        prompt=PROMPT,
        negative=negative,
        models={
            "unet": unet().to(dtype),
            "vae": (vae or tiny_vae()).to(dtype),
            "text_encoder": text_encoder().to(dtype),
            "text_encoder_2": text_encoder_2().to(dtype),
            "controlnets": [controlnet(21).to(dtype), controlnet(22).to(dtype)][:controls],
        },
        controls=given["controls"][:controls],
        scales=[0.15] * controls,
        tiled=tiled,
        posterior=posterior,
    )


def assert_equal_steps(
    result: StepResult, gradient: torch.Tensor, render: torch.Tensor, expected: Step, kinks: float = KINKS
) -> None:
    assert relative(render, expected.render) <= BOUND
    assert relative(result.image, expected.picture) <= BOUND
    assert relative(result.latents.detach(), expected.latents) <= BOUND
    # two rows here, three there: what the third says enters nothing
    assert result.prediction.eps.shape[0] == 2
    assert relative(result.prediction.eps, expected.noise_predictions[:2]) <= BOUND
    assert relative(result.gradient, expected.gradient) <= BOUND
    assert relative(gradient, expected.logits_gradient) <= kinks


@pytest.mark.parametrize("tiled", [False, True])
def test_the_whole_step(sdxl_folder: Path, control_folders: list[Path], tiled: bool) -> None:
    """Perspective, grey, flip, two ControlNets, tiled and not: within 1e-4 everywhere, with two rows for three."""
    given = inputs()
    augmentation = Augmentation(greyscale=True, corners=CORNERS, flip=True)
    result, gradient, render = ours(
        sdxl_folder, given, controls=control_folders, augmentation=augmentation, tiled=tiled
    )
    assert_equal_steps(result, gradient, render, by_hand(given, controls=2, augmentation=augmentation, tiled=tiled))


@pytest.mark.parametrize("tiled", [pytest.param(False, marks=pytest.mark.slow), True])
def test_the_logits_gradient_in_double_precision(sdxl_folder: Path, control_folders: list[Path], tiled: bool) -> None:
    """With perspective and two ControlNets, tiled and not."""
    given, augmentation = inputs(1, torch.float64), Augmentation(corners=CORNERS)
    result, gradient, render = ours(
        sdxl_folder, given, controls=control_folders, augmentation=augmentation, t=911, tiled=tiled
    )
    expected = by_hand(given, controls=2, augmentation=augmentation, t=911, tiled=tiled)
    assert_equal_steps(result, gradient, render, expected, kinks=BOUND)


def test_tiles_change_the_gradient(sdxl_folder: Path) -> None:
    """The choice is real: tiled and whole differ by far more than the bound."""
    given, plain = inputs(), Augmentation()
    whole = ours(sdxl_folder, given, controls=[], augmentation=plain)
    tiled = ours(sdxl_folder, given, controls=[], augmentation=plain, tiled=True)
    assert relative(tiled[1], whole[1]) > 100 * BOUND


def test_full_vae_samples_its_posterior(tmp_path: Path) -> None:
    folder = save_sdxl(tmp_path / "xl", vae=full_vae())
    given, plain = inputs(3), Augmentation(flip=True)
    posterior = torch.randn(1, 4, 128, 128, generator=torch.Generator().manual_seed(8))
    result, gradient, render = ours(
        folder, given, controls=[], augmentation=plain, posterior=posterior, negative="a dog", t=30
    )
    expected = by_hand(
        given, controls=0, augmentation=plain, vae=full_vae(), posterior=posterior, negative="a dog", t=30
    )
    assert_equal_steps(result, gradient, render, expected)
