"""Picture to latent and back: the tiny and the full VAE, whole or in tiles, in the models' own scaling."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from pixl.distill.diffusion.forms import widened


class LatentCodec:
    """``vae``: AutoencoderTiny or AutoencoderKL, frozen here. ``tiled``: as the library tiles (512 pixels,
    overlap 1/8), which is what the paper's code does and changes the gradient by some per cent; whole is the
    default.

    ``latent_size``: (h, w) the latent is resized to, bilinear with corners aligned, as in the paper's code
    at 1024; None is an eighth of the picture, where that resize changes nothing.
    """

    def __init__(self, vae: Any, *, tiled: bool = False, latent_size: tuple[int, int] | None = None) -> None:
        vae.requires_grad_(False)  # else the backward pass also computes weights' gradients: 1.5 times the cost
        vae.eval()
        self.vae = vae
        self.tiny = type(vae).__name__ == "AutoencoderTiny"
        self.scaling = float(vae.config.scaling_factor if vae.config.scaling_factor is not None else 1.0)
        shift = getattr(vae.config, "shift_factor", None)
        self.shift = float(shift) if shift is not None and not self.tiny else 0.0
        self.channels = int(vae.config.latent_channels)
        self.latent_size = latent_size
        if tiled and self.tiny and self.channels != 4:
            raise ValueError("the library tiles a tiny encoder of 4 channels only")
        self.tiled = tiled
        if tiled:
            vae.enable_tiling()

    @property
    def device(self) -> torch.device:
        """Where the encoder is."""
        device: torch.device = next(self.vae.parameters()).device
        return device

    @property
    def dtype(self) -> torch.dtype:
        """The encoder's precision."""
        dtype: torch.dtype = next(self.vae.parameters()).dtype
        return dtype

    def encode(self, image: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """image01 [B, 3, S_h, S_w] to z [B, C, h, w] in the image's precision and on its device;
        differentiable.

        The full VAE's posterior is sampled with ``noise`` [B, C, S_h/8, S_w/8]; without it the mean is taken.
        """
        x = (2 * image - 1).clamp(-1, 1).to(self.device, self.dtype)
        if self.tiny:
            z = self.vae.encode(x).latents
        else:
            posterior = self.vae.encode(x).latent_dist
            z = posterior.mean if noise is None else posterior.mean + posterior.std * noise.to(posterior.mean)
        z = (widened(z) - self.shift) * self.scaling
        if self.latent_size is not None:
            z = F.interpolate(z, self.latent_size, mode="bilinear", align_corners=True)
        return z.to(image.device, image.dtype)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """z to image01, clamped to 0..1, in z's precision and on its device."""
        latent = (widened(z) / self.scaling + self.shift).to(self.device, self.dtype)
        image = self.vae.decode(latent).sample
        return ((widened(image) + 1) / 2).clamp(0, 1).to(z.device, z.dtype)
