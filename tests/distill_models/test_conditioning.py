"""What must not be got wrong: each mistake changes the tiny models' predictions far beyond the bound of equality."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from by_hand import embed
from tiny_models import controlnet, text_encoder, text_encoder_2

from pixl.distill.diffusion.build import Assembly, ControlPart, Placement, build
from pixl.distill.diffusion.control import ControlBranch
from pixl.distill.diffusion.latent import picture_size
from pixl.distill.diffusion.unet import UnetPrior
from pixl.distill.diffusion.words import Words
from pixl.distill.prior import Condition
from pixl.errors import ModelMissingError, UsageError

SMALL = Placement(size=(128, 192))


@pytest.fixture(scope="module")
def canny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("controls") / "canny"
    controlnet(21).save_pretrained(folder)
    return folder


def tiny(folder: Path, *controls: ControlPart, place: Placement = SMALL, **parts: Any) -> UnetPrior:
    prior = build(Assembly(name="tiny-xl", folder=folder, controls=controls, **parts), place)
    assert isinstance(prior, UnetPrior)
    return prior


def z_of(prior: UnetPrior, seed: int = 0) -> torch.Tensor:
    height, width = prior.image_size
    return torch.randn(1, 4, height // 8, width // 8, generator=torch.Generator().manual_seed(seed))


def off(wrong: torch.Tensor, right: torch.Tensor) -> float:
    return float((wrong - right).norm() / right.norm())


def test_words_are_as_by_hand(sdxl_folder: Path) -> None:
    prior = tiny(sdxl_folder)
    words: Words = prior.condition("a cat", "").payload
    for row, text in enumerate(["", "a cat"]):
        embeddings, pooled = embed(text, text_encoder(), text_encoder_2())
        assert off(words.embeddings[row : row + 1], embeddings) < 1e-5
        assert words.pooled is not None
        assert off(words.pooled[row : row + 1], pooled) < 1e-5


MISTAKES: dict[str, Callable[[Words], Words]] = {
    "zeros for the empty prompt": lambda w: Words(
        embeddings=torch.cat([torch.zeros_like(w.embeddings[:1]), w.embeddings[1:]]),
        pooled=torch.cat([torch.zeros_like(w.pooled[:1]), w.pooled[1:]]),  # type: ignore[index]
    ),
    "no pooled words": lambda w: Words(embeddings=w.embeddings, pooled=torch.zeros_like(w.pooled)),  # type: ignore[arg-type]
    "encoders the wrong way round": lambda w: Words(embeddings=w.embeddings.roll(20, dims=-1), pooled=w.pooled),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_words_matter(sdxl_folder: Path, mistake: str) -> None:
    prior = tiny(sdxl_folder)
    right = prior.condition("a cat with an academic hat")
    wrong = Condition(rows=2, payload=MISTAKES[mistake](right.payload))
    z = z_of(prior)
    assert off(prior.predict(z, 500, wrong).eps, prior.predict(z, 500, right).eps) > 0.01


def test_own_padding_matters(sdxl_folder: Path, tmp_path: Path) -> None:
    """The second tokenizer pads with '!', the first with the end token: swapped, the words are others."""
    import shutil

    folder = tmp_path / "swapped"
    shutil.copytree(sdxl_folder, folder)
    shutil.rmtree(folder / "tokenizer_2")
    shutil.copytree(folder / "tokenizer", folder / "tokenizer_2")
    right, wrong = tiny(sdxl_folder).condition("a cat").payload, tiny(folder).condition("a cat").payload
    assert off(wrong.embeddings[..., 12:], right.embeddings[..., 12:]) > 0.1
    assert torch.equal(wrong.embeddings[..., :12], right.embeddings[..., :12])


def test_sizes_are_told_height_first(sdxl_folder: Path) -> None:
    prior = tiny(sdxl_folder)
    condition = prior.condition("a cat")
    added = prior.added(condition.payload)
    assert added is not None
    assert added["time_ids"].tolist() == [[128, 192, 0, 0, 128, 192]] * 2


def test_long_prompts_are_cut_and_said(sdxl_folder: Path) -> None:
    prior = tiny(sdxl_folder)
    prior.condition("abcdefgh " * 20)
    assert any("too long" in note for note in prior.reader.notes)  # type: ignore[attr-defined]


def test_encoders_are_asked_once(sdxl_folder: Path) -> None:
    prior = tiny(sdxl_folder)
    first = prior.condition("a cat").payload
    prior.reader.load = lambda notes: pytest.fail("loaded again")  # type: ignore[attr-defined]
    assert prior.condition("a cat").payload is first


# -- control


def test_control_enters_every_row(sdxl_folder: Path, canny: Path) -> None:
    prior = tiny(sdxl_folder, ControlPart(name="canny", folder=canny, scale=0.5))
    picture = torch.rand(1, 3, *prior.image_size, generator=torch.Generator().manual_seed(1))
    z = z_of(prior)
    with_control = prior.predict(z, 500, prior.condition("a cat", "", [picture])).eps
    alone = tiny(sdxl_folder)
    without = alone.predict(z, 500, alone.condition("a cat")).eps
    assert off(with_control[:1], without[:1]) > 0.01
    assert off(with_control[1:], without[1:]) > 0.01
    signed = prior.predict(z, 500, prior.condition("a cat", "", [2 * picture - 1])).eps
    assert off(signed, with_control) > 1e-3  # pictures in -1..1 are another condition


def test_one_picture_row_is_enough(sdxl_folder: Path, canny: Path) -> None:
    """The picture is embedded once for all rows: the same to the last digits as a copy for each."""
    prior = tiny(sdxl_folder, ControlPart(name="canny", folder=canny))
    picture = torch.rand(1, 3, *prior.image_size)
    condition = prior.condition("a cat")
    z, time = z_of(prior).expand(2, -1, -1, -1), torch.tensor(500)
    added = prior.added(condition.payload)
    once = prior.controls.residuals(z, 500, time, condition.payload, added, [picture])
    assert once is not None
    down, middle = controlnet(21)(
        z,
        time,
        encoder_hidden_states=condition.payload.embeddings,
        controlnet_cond=picture.repeat(2, 1, 1, 1),
        conditioning_scale=0.15,
        added_cond_kwargs=added,
        return_dict=False,
    )
    assert off(once[1], middle.detach()) < 1e-5
    assert all(off(a, b.detach()) < 1e-5 for a, b in zip(once[0], down, strict=True))


def test_shared_rows_use_the_positive_words(sdxl_folder: Path, canny: Path) -> None:
    part = ControlPart(name="canny", folder=canny, scale=0.5)
    whole, shared = tiny(sdxl_folder, part), tiny(sdxl_folder, part, place=Placement(size=SMALL.size, share_rows=True))
    picture = torch.rand(1, 3, *SMALL.size)
    z = z_of(whole)
    a = whole.predict(z, 500, whole.condition("a cat", "", [picture])).eps
    b = shared.predict(z, 500, shared.condition("a cat", "", [picture])).eps
    assert off(b[1:], a[1:]) < 1e-5
    assert off(b[:1], a[:1]) > 1e-5


@pytest.mark.parametrize(
    ("start", "end", "acts_at"),
    [(0.0, 1.0, {999, 500, 0}), (0.0, 0.5, {999, 500}), (0.5, 1.0, {499, 0}), (0.25, 0.75, {749, 500, 250})],
)
def test_gate_by_noise_level(start: float, end: float, acts_at: set[int]) -> None:
    branch = ControlBranch(name="canny", net=None, start=start, end=end)
    asked = {999, 750, 749, 500, 499, 250, 249, 0}
    expected = {t for t in asked if start <= (999 - t) / 1000 and (1000 - t) / 1000 <= end}
    assert {t for t in asked if branch.acts(t)} == expected
    assert acts_at <= expected


def test_gated_off_control_is_not_computed(sdxl_folder: Path, canny: Path) -> None:
    prior = tiny(sdxl_folder, ControlPart(name="canny", folder=canny, end=0.5))
    prior.controls.branches[0].net.forward = lambda *args, **kwargs: pytest.fail("computed")
    picture = torch.rand(1, 3, *SMALL.size)
    prior.predict(z_of(prior), 200, prior.condition("a cat", "", [picture]))


# -- refusals


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"block_out_channels": (4, 8)}, "places"),
        ({"block_out_channels": (4, 8, 16)}, "channels"),
        ({"cross_attention_dim": 12}, "words of width 12"),
        ({"projection_class_embeddings_input_dim": 70}, "70 numbers"),
    ],
)
def test_control_that_does_not_fit(sdxl_folder: Path, tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    if "block_out_channels" in changes and len(changes["block_out_channels"]) == 2:
        changes = {
            **changes,
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
            "transformer_layers_per_block": (1, 1),
            "attention_head_dim": (1, 1),
        }
    controlnet(5, **changes).save_pretrained(tmp_path / "other")
    with pytest.raises(UsageError, match=why) as caught:
        tiny(sdxl_folder, ControlPart(name="other", folder=tmp_path / "other"))
    assert "tiny-xl" in caught.value.what


def test_control_for_sd15_on_sdxl(sdxl_folder: Path, tmp_path: Path) -> None:
    plain = {
        "addition_embed_type": None,
        "addition_time_embed_dim": None,
        "projection_class_embeddings_input_dim": None,
    }
    controlnet(5, **plain).save_pretrained(tmp_path / "sd15")
    with pytest.raises(UsageError, match="picture's size"):
        tiny(sdxl_folder, ControlPart(name="sd15", folder=tmp_path / "sd15"))


def test_missing_files_are_sentences(sdxl_folder: Path, tmp_path: Path) -> None:
    import shutil

    with pytest.raises(ModelMissingError, match="no model folder"):
        tiny(tmp_path / "nowhere")
    for part, match in (("unet", "unet/config"), ("scheduler", "scheduler"), ("vae", "vae/config")):
        folder = tmp_path / part
        shutil.copytree(sdxl_folder, folder)
        shutil.rmtree(folder / part)
        with pytest.raises(ModelMissingError, match=match):
            tiny(folder)


def test_cut_weights_are_a_sentence(sdxl_folder: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "cut"
    shutil.copytree(sdxl_folder, folder)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(ModelMissingError, match="cannot be read") as caught:
        tiny(folder)
    assert caught.value.exit_code == 4
    assert "pull" in caught.value.hint


def test_pickled_weights_are_not_read(sdxl_folder: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "pickled"
    shutil.copytree(sdxl_folder, folder)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(ModelMissingError, match="no safetensors"):
        tiny(folder)


# -- the picture's size


@pytest.mark.parametrize(
    ("grid", "resolution", "size"),
    [
        ((48, 48), 1024, (1024, 1024)),
        ((40, 72), 1024, (768, 1344)),
        ((72, 40), 512, (704, 384)),
        ((10, 80), 512, (256, 1024)),
    ],
)
def test_size_follows_the_grid(grid: tuple[int, int], resolution: int, size: tuple[int, int]) -> None:
    height, width = picture_size(grid, resolution)
    assert (height, width) == size
    assert height % 64 == width % 64 == 0
    assert abs(height * width / resolution**2 - 1) < 0.2
    assert picture_size(grid, resolution, stretch=True) == (resolution, resolution)
