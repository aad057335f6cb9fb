"""One step of the paper's method, written again from its description: plain, in one place, nothing of pixl's.

Three rows as in the authors' program (negative, positive, and an unconditional one of zeros, which enters nothing),
``MultiControlNetModel``, tiles by hand, numpy where torch is not needed. Slow and straightforward on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import MultiControlNetModel
from tiny_models import LETTERS
from torch import nn


@dataclass
class Step:
    render: torch.Tensor
    picture: torch.Tensor
    latents: torch.Tensor
    noise_predictions: torch.Tensor  # rows: negative, positive (, unconditional)
    gradient: torch.Tensor
    logits_gradient: torch.Tensor


def letters_to_ids(text: str, pad: int) -> torch.Tensor:
    """The tests' tokenizer by hand: letters, the last of a word marked, start, end, padding to 77."""
    ids = [2 * len(LETTERS)]
    for word in text.lower().split():
        ids += [LETTERS.index(c) for c in word[:-1]] + [len(LETTERS) + LETTERS.index(word[-1])]
    ids.append(2 * len(LETTERS) + 1)
    return torch.tensor([ids + [pad] * (77 - len(ids))])


def embed(prompt: str, first: Any, second: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """(embeddings [1, 77, D], pooled [1, P]): penultimate layers side by side, pooled of the second."""
    end, bang = 2 * len(LETTERS) + 1, LETTERS.index("!")
    with torch.no_grad():
        one = first(letters_to_ids(prompt, end), output_hidden_states=True)
        two = second(letters_to_ids(prompt, bang), output_hidden_states=True)
    return torch.cat([one.hidden_states[-2], two.hidden_states[-2]], 2), two.text_embeds


def warp(image: torch.Tensor, moved: list[tuple[int, int]]) -> torch.Tensor:
    """Corners to ``moved``, bilinear, zeros outside: every output pixel looked up by hand."""
    height, width = image.shape[-2:]
    straight = [(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)]
    rows, right = [], []
    for (x, y), (u, v) in zip(moved, straight, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    h = np.linalg.solve(np.array(rows, float), np.array(right, float))
    ys, xs = np.mgrid[:height, :width] + 0.5
    below = h[6] * xs + h[7] * ys + 1
    u = (h[0] * xs + h[1] * ys + h[2]) / below - 0.5
    v = (h[3] * xs + h[4] * ys + h[5]) / below - 0.5
    x0, y0 = np.floor(u).astype(int), np.floor(v).astype(int)
    out = torch.zeros_like(image)
    for dy in (0, 1):
        for dx in (0, 1):
            x, y = x0 + dx, y0 + dy
            weight = (1 - abs(u - x)) * (1 - abs(v - y)) * ((x >= 0) & (x < width) & (y >= 0) & (y < height))
            picked = image[..., np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
            out = out + picked * torch.from_numpy(weight).to(image)
    return out


def tiles(encoder: Any, x: torch.Tensor) -> torch.Tensor:
    """Tiles of 512 with an eighth of overlap, each blended over what lies there already, as the tiny VAE is tiled."""
    step, latent = 448, 128
    ramp = (torch.arange(64.0) / 7).clamp(0, 1)
    canvas = torch.zeros(1, 4, latent, latent).to(x)
    for i in range(0, x.shape[2], step):
        for j in range(0, x.shape[3], step):
            piece = encoder(x[..., i : i + 512, j : j + 512])
            h, w = piece.shape[-2:]
            down = torch.ones(h) if i == 0 else ramp[:h]
            across = torch.ones(w) if j == 0 else ramp[:w]
            mix = (down[:, None] * across[None, :]).to(x)
            y, z = i // 8, j // 8
            old = canvas[..., y : y + h, z : z + w]
            new = mix * piece + (1 - mix) * old
            pad = (z, latent - z - w, y, latent - y - h)
            hole = nn.functional.pad(torch.ones_like(old), pad)
            canvas = canvas * (1 - hole) + nn.functional.pad(new, pad)
    return canvas


def one_step(
    *,
    logits: torch.Tensor,
    palette: torch.Tensor,
    tau: float,
    gumbel: torch.Tensor,
    grey: bool,
    corners: list[tuple[int, int]] | None,
    flip: bool,
    t: int,
    noise: torch.Tensor,
    prompt: str,
    negative: str,
    models: dict[str, Any],
    controls: list[torch.Tensor],
    scales: list[float],
    guidance: float = 40.0,
    tiled: bool = False,
    posterior: torch.Tensor | None = None,
) -> Step:
    """``models``: unet, vae, text_encoder, text_encoder_2, controlnets. ``guidance`` in the paper's form."""
    size = 1024
    logits = logits.detach().clone().requires_grad_(True)
    # 1, 2: render and enlarge
    exponent = torch.exp((logits + gumbel) / tau)
    render = (exponent / exponent.sum(-1, keepdim=True)) @ palette
    image = nn.functional.interpolate(render.permute(2, 0, 1)[None], (size, size), mode="bilinear")
    # 3: one augmentation for all
    pictures = [image, *controls]
    if grey:
        luma = torch.tensor([0.2989, 0.587, 0.114]).to(image)[None, :, None, None]
        pictures = [(p * luma).sum(1, keepdim=True).repeat(1, 3, 1, 1) for p in pictures]
    if corners:
        pictures = [warp(p, corners) for p in pictures]
    if flip:
        pictures = [torch.flip(p, [3]) for p in pictures]
    image, controls = pictures[0], pictures[1:]
    # 4: encode
    vae = models["vae"]
    x = torch.clamp(2 * image - 1, -1.0, 1.0)
    if type(vae).__name__ == "AutoencoderKL":
        moments = vae.quant_conv(vae.encoder(x))
        mean, logvar = moments.chunk(2, 1)
        z = mean + torch.exp(0.5 * logvar.clamp(-30, 20)) * posterior
    else:
        z = tiles(vae.encoder, x) if tiled else vae.encoder(x)
    z = nn.functional.interpolate(z * vae.config.scaling_factor, (128, 128), mode="bilinear", align_corners=True)
    # 5, 6: noise, three rows through every network
    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    abar = float(np.cumprod(1 - betas)[t])
    with torch.no_grad():
        z_t = abar**0.5 * z + (1 - abar) ** 0.5 * noise
        bad, bad_pooled = embed(negative, models["text_encoder"], models["text_encoder_2"])
        good, good_pooled = embed(prompt, models["text_encoder"], models["text_encoder_2"])
        words = torch.cat([bad, good, torch.zeros_like(good)])
        pooled = torch.cat([bad_pooled, good_pooled, torch.zeros_like(good_pooled)])
        ids = torch.tensor([[size, size, 0, 0, size, size]] * 3).to(words)
        added = {"text_embeds": pooled, "time_ids": ids}
        rows = torch.cat([z_t] * 3)
        extra: dict[str, Any] = {}
        if controls:
            down, middle = MultiControlNetModel(models["controlnets"])(
                rows,
                torch.tensor([t]),
                encoder_hidden_states=words,
                controlnet_cond=[torch.cat([c] * 3) for c in controls],
                conditioning_scale=scales,
                added_cond_kwargs=added,
                return_dict=False,
            )
            extra = {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}
        predicted = models["unet"](
            rows, torch.tensor([t]), encoder_hidden_states=words, added_cond_kwargs=added, **extra
        ).sample
        eps_neg, eps_pos, _ = predicted.chunk(3)
        # 7: the gradient
        gradient = (1 - abar) * ((eps_pos - noise) + guidance * (eps_pos - eps_neg))
    loss = 0.5 * ((z - (z - gradient).detach()) ** 2).sum()
    loss.backward()
    assert logits.grad is not None
    return Step(
        render=render.detach(),
        picture=image.detach(),
        latents=z.detach(),
        noise_predictions=predicted,
        gradient=gradient,
        logits_gradient=logits.grad,
    )
