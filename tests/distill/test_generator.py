"""The generator's modes and pictures against numpy in float64, and its gradients against finite
differences.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pixl.distill.generator import MODES, Generator, Mode, gumbel_noise, probabilities

H, W, N = 3, 4, 5


def setup(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    logits = torch.randn(H, W, N, generator=rng).double()
    palette = torch.rand(N, 3, generator=rng).double()
    return logits, palette, gumbel_noise((H, W, N), rng, torch.float64)


def numpy_softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.mark.parametrize("tau", [0.5, 1.0, 1.5])
def test_soft_modes_are_the_closed_forms(tau: float) -> None:
    logits, palette, g = setup()
    for mode, z in (("softmax", logits), ("gumbel", logits + g)):
        p = probabilities(logits, mode=mode, tau=tau, gumbel=g)
        want = numpy_softmax(z.numpy() / tau)
        np.testing.assert_allclose(p.numpy(), want, rtol=0, atol=1e-14)
        picture = Generator(logits=logits, palette=palette).render(p).numpy()
        by_hand = sum(want[..., k, None] * palette[k].numpy() for k in range(N))
        np.testing.assert_allclose(picture, by_hand, rtol=0, atol=1e-14)


def test_tau_divides_and_only_the_gumbel_modes_use_the_noise() -> None:
    logits, _, g = setup()
    soft = probabilities(logits, mode="softmax", gumbel=g)
    assert torch.equal(soft, probabilities(logits, mode="softmax"))
    assert not torch.allclose(soft, probabilities(logits, mode="softmax", tau=0.5))
    assert not torch.allclose(soft, probabilities(logits, mode="gumbel", gumbel=g))
    with pytest.raises(ValueError, match="Gumbel"):
        probabilities(logits, mode="gumbel")


@pytest.mark.parametrize(("hard", "soft"), [("argmax", "softmax"), ("gumbel-hard", "gumbel")])
def test_hard_modes_are_one_hot_with_the_soft_gradient(hard: Mode, soft: Mode) -> None:
    logits, palette, g = setup()
    weight = torch.randn(H, W, 3, generator=torch.Generator().manual_seed(9)).double()
    grads = []
    for mode in (hard, soft):
        leaf = logits.clone().requires_grad_(True)
        generator = Generator(logits=leaf, palette=palette)
        p = probabilities(leaf, mode=mode, tau=0.7, gumbel=g)
        if mode == hard:
            assert set(p.detach().unique().tolist()) == {0.0, 1.0}
            assert torch.equal(p.detach().sum(-1), torch.ones(H, W).double())
            picture = generator.render(p).detach().reshape(-1, 3)
            assert all(any(torch.equal(c, k) for k in palette) for c in picture)
        (generator.render(p) * weight).sum().backward()
        grads.append(leaf.grad)
    torch.testing.assert_close(grads[0], grads[1], rtol=0, atol=1e-14)


@pytest.mark.parametrize("mode", ["softmax", "gumbel"])
def test_gradient_of_the_render_against_finite_differences(mode: Mode) -> None:
    logits, palette, g = setup(3)
    generator = Generator(logits=logits, palette=palette)

    def picture(z: torch.Tensor) -> torch.Tensor:
        return generator.render(probabilities(z, mode=mode, tau=0.8, gumbel=g))

    leaf = logits.clone().requires_grad_(True)
    assert torch.autograd.gradcheck(picture, (leaf,), eps=1e-6, atol=1e-8)


def test_mask_shows_the_background_and_passes_no_gradient() -> None:
    logits, palette, _ = setup()
    mask = torch.ones(H, W, dtype=torch.bool)
    mask[1, 2] = False
    leaf = logits.clone().requires_grad_(True)
    generator = Generator(logits=leaf, palette=palette, mask=mask, background=torch.tensor([0.25, 0.5, 0.75]).double())
    picture = generator.render(probabilities(leaf, mode="softmax"))
    assert picture[1, 2].tolist() == [0.25, 0.5, 0.75]
    picture.sum().backward()
    assert leaf.grad is not None
    assert leaf.grad[1, 2].abs().max() == 0
    assert leaf.grad[0, 0].abs().max() > 0
    index = generator.hard_index()
    assert index[1, 2] == -1
    assert (index >= 0).sum() == H * W - 1
    plain = Generator(logits=leaf, palette=palette, mask=mask)
    assert plain.soft_picture()[1, 2].tolist() == [1.0, 1.0, 1.0]


def test_pictures_entropy_and_centring() -> None:
    logits, palette, _ = setup(5)
    generator = Generator(logits=logits.clone(), palette=palette)
    p = numpy_softmax(logits.numpy())
    np.testing.assert_allclose(generator.soft_picture().numpy(), p @ palette.numpy(), atol=1e-14)
    np.testing.assert_array_equal(generator.hard_index().numpy(), p.argmax(-1))
    np.testing.assert_allclose(generator.hard_picture().numpy(), palette.numpy()[p.argmax(-1)], atol=1e-14)
    entropy = -(p * np.log(p)).sum(-1) / np.log(N)
    np.testing.assert_allclose(generator.entropy().numpy(), entropy, atol=1e-12)
    before = generator.soft_picture()
    generator.logits += 7.0
    generator.centre()
    assert generator.logits.mean(-1).abs().max() < 1e-12
    torch.testing.assert_close(generator.soft_picture(), before)
    flat = Generator(logits=torch.zeros(H, W, N), palette=palette.float())
    assert flat.entropy().min() == pytest.approx(1.0)
    single = Generator(logits=torch.zeros(H, W, 1), palette=palette[:1].float())
    assert single.entropy().max() == 0


def test_gumbel_noise_has_its_moments_and_repeats() -> None:
    noise = gumbel_noise((200, 200, 5), torch.Generator().manual_seed(1))
    assert torch.equal(noise, gumbel_noise((200, 200, 5), torch.Generator().manual_seed(1)))
    assert torch.equal(noise.double(), gumbel_noise((200, 200, 5), torch.Generator().manual_seed(1), torch.float64))
    assert torch.isfinite(noise).all()
    assert float(noise.mean()) == pytest.approx(0.577216, abs=0.01)
    assert float(noise.var()) == pytest.approx(np.pi**2 / 6, rel=0.02)


def test_every_mode_is_listed() -> None:
    logits, _, g = setup()
    for mode in MODES:
        assert probabilities(logits, mode=mode, gumbel=g).shape == (H, W, N)


def test_sureness_of_even_and_certain_cells() -> None:
    """Even cells have probability 1/n and no variance, certain ones 1 and 1; empty cells do not count."""
    palette = torch.rand(4, 3)
    assert Generator(logits=torch.zeros(3, 5, 4), palette=palette).sureness() == pytest.approx((0.25, 0.0))
    sure = 60.0 * torch.nn.functional.one_hot(torch.zeros(3, 5, dtype=torch.int64), 4).float()
    assert Generator(logits=sure, palette=palette).sureness() == pytest.approx((1.0, 1.0))
    half = torch.cat([sure[:, :2], torch.zeros(3, 3, 4)], 1)
    mask = torch.zeros(3, 5, dtype=torch.bool)
    mask[:, :2] = True
    assert Generator(logits=half, palette=palette, mask=mask).sureness() == pytest.approx((1.0, 1.0))
    assert Generator(logits=half, palette=palette, mask=~mask).sureness() == pytest.approx((0.25, 0.0))
