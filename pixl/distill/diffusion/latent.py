"""What every latent diffusion prior shares: its picture's size, its encoder, its schedule, and how it is
asked.

A kind of prior says only how its network is called (``evaluate``) and, where they differ, its rows and its
times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from pixl.distill.diffusion.codec import LatentCodec
from pixl.distill.diffusion.forms import Form, to_prediction, widened
from pixl.distill.diffusion.noise import NoiseSchedule
from pixl.distill.diffusion.words import Reader, Words
from pixl.distill.prior import Condition, Prediction, PriorDefaults
from pixl.distill.schedules import TIMESTEPS

STEP = 64
"""Sides of a prior's picture are multiples of this: SDXL was trained on such sizes."""


def picture_size(
    grid: tuple[int, int], resolution: int, *, aspect: float | None = None, stretch: bool = False
) -> tuple[int, int]:
    """(S_h, S_w) for a grid of (H, W) cells: the pixel budget resolution^2 in the grid's own shape, not a
    square.

    ``aspect``: width over height of the whole picture where cells are not square. ``stretch``: the square
    all the same, as the paper's code does.
    """
    if stretch:
        return resolution, resolution
    wide = aspect if aspect is not None else grid[1] / grid[0]
    wide = min(max(wide, 1 / 4), 4.0)
    height = max(STEP, round(resolution / wide**0.5 / STEP) * STEP)
    width = max(STEP, round(resolution * wide**0.5 / STEP) * STEP)
    return height, width


class LatentPrior:
    """A ``Prior`` over a latent space. ``rows``: 2 with guidance (negative, positive), 1 without.

    ``device`` and ``dtype`` are the network's; what comes in may be anywhere and in float32, and what goes
    out goes back there: conversions and guidance are done in float32, because guidance amplifies rounding.
    ``identity``: what the weights are (revision, LoRA hashes and weights), for a run's record.
    """

    rows = 2

    def __init__(
        self,
        *,
        codec: LatentCodec,
        schedule: NoiseSchedule,
        form: Form,
        reader: Reader,
        image_size: tuple[int, int],
        defaults: PriorDefaults,
        device: torch.device,
        dtype: torch.dtype,
        identity: str = "",
        notes: Sequence[str] = (),
    ) -> None:
        self.codec, self.noise, self.form, self.reader = codec, schedule, form, reader
        self.image_size = image_size
        self.defaults = defaults
        self.device, self.dtype = device, dtype
        self.identity = identity
        self._notes = tuple(notes)

    @property
    def notes(self) -> list[str]:
        """Sentences for a person: about the parts, then about the words that were read so far."""
        return [*self._notes, *getattr(self.reader, "notes", ())]

    def placed(self) -> str:
        """Size, device and precision in words."""
        height, width = self.image_size
        return f"{width} x {height} pixels, {self.device.type}, {str(self.dtype).removeprefix('torch.')}"

    # -- words

    def condition(self, prompt: str, negative: str = "", controls: Sequence[torch.Tensor] = ()) -> Condition:
        """Rows of words: negative (an empty text is encoded, it is not zeros) and positive; positive alone
        without guidance. ``controls`` float[1, 3, S_h, S_w] in 0..1, one per ControlNet, or none: no control."""
        texts = [negative, prompt] if self.rows == 2 else [prompt]
        words = self.reader(texts)
        self.check_words(words)
        return Condition(rows=self.rows, payload=words, controls=tuple(controls))

    def scorer(self) -> Callable[[list[torch.Tensor], str], list[float]] | None:
        """What says how well pictures fit words (CLIP), None where that model is not here."""
        from pixl.distill.diffusion.named import scorer_for

        return scorer_for(self)

    def check_words(self, words: Words) -> None:
        """Raises UsageError where the encoders do not fit the network."""

    # -- picture and latent

    def encode(self, image: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """image01 [B, 3, S_h, S_w] to z; differentiable."""
        return self.codec.encode(image, noise)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """z to image01."""
        return self.codec.decode(z)

    # -- noise and network

    def time(self, t: int) -> int:
        """The t that is used for ``t``: itself, or the nearest the network was trained on."""
        return min(max(t, 0), TIMESTEPS - 1)

    def schedule(self, t: int) -> tuple[float, float]:
        """(a, s) at ``time(t)``."""
        return self.noise.level(self.time(t))

    def predict(self, z_t: torch.Tensor, t: int, condition: Condition) -> Prediction:
        """(x0, eps) [rows, C, h, w] for each row at z_t [1, C, h, w], on z_t's device, float32 or float64."""
        t = self.time(t)
        a, s = self.noise.level(t)
        words: Words = condition.payload
        wide = widened(z_t)
        with torch.no_grad():
            z = wide.to(self.device, self.dtype).expand(condition.rows, -1, -1, -1)
            output = self.evaluate(z, t, self._here(words), condition.controls)
        return to_prediction(self.form, widened(output).to(z_t.device), wide, a, s)

    def evaluate(self, z: torch.Tensor, t: int, words: Words, controls: Sequence[torch.Tensor]) -> torch.Tensor:
        """The network's own output for z [rows, C, h, w], in its precision and on its device."""
        raise NotImplementedError

    def _here(self, words: Words) -> Words:
        def moved(tensor: torch.Tensor | None) -> Any:
            return None if tensor is None else tensor.to(self.device, self.dtype)

        return Words(embeddings=moved(words.embeddings), pooled=moved(words.pooled))
