"""A harder exact prior: every pixel may follow another picture of the bank, or the same one in another place.

At each pixel the posterior over (picture, shift) is taken from a window about it, wide at high noise and
narrow at low noise; the pixel's x0 is the mean of what they show there. With whole-picture mixtures a word
with one icon makes any recipe succeed; here a recipe has to settle layout and detail. Used by the bench
beside the icon prior.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from pixl.distill.prior import Condition, Prediction, PriorDefaults, eps_from_x0
from pixl.distill.priors.codec import PixelCodec
from pixl.distill.schedules import cosine_level

DEFAULTS = PriorDefaults(guidance=7.5, t_low=0.02, t_high=0.98, learning_rate=0.2)
NARROWEST = 2  # half width of the window at no noise: 5 x 5


def shifted(bank: torch.Tensor, reach: int, stride: int) -> torch.Tensor:
    """[N, 3, S, S] to [N K, 3, S, S]: every picture moved by multiples of ``stride`` up to ``reach``, edges
    repeated.
    """
    height, width = int(bank.shape[-2]), int(bank.shape[-1])
    padded = F.pad(bank, (reach, reach, reach, reach), mode="replicate")
    moves = range(0, 2 * reach + 1, stride)
    return torch.cat([padded[..., y : y + height, x : x + width] for y in moves for x in moves])


def band(size: int, half: int, dtype: torch.dtype) -> torch.Tensor:
    """[size, size] of 0 and 1: 1 where |i - j| <= half; its product on both sides sums windows."""
    place = torch.arange(size)
    return ((place[:, None] - place).abs() <= half).to(dtype)


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """One branch's K views: ``points`` float[pixels, K, 3], ``colors`` [3, pixels, K], ``squares`` [pixels,
    K].
    """

    points: torch.Tensor
    colors: torch.Tensor
    squares: torch.Tensor


class PatchPrior:
    """``bank`` [N, 3, S_h, S_w] image01; ``labels`` one word a picture; "" means all of them."""

    def __init__(
        self,
        bank: torch.Tensor,
        labels: Sequence[str],
        *,
        bandwidth: float = 0.08,
        reach: int = 3,
        stride: int = 3,
        defaults: PriorDefaults = DEFAULTS,
    ) -> None:
        self.codec = PixelCodec()
        self.bandwidth = bandwidth
        self.defaults = defaults
        self.image_size = (int(bank.shape[-2]), int(bank.shape[-1]))
        self.labels = tuple(labels)
        copies = ((2 * reach) // stride + 1) ** 2
        views = self.codec.encode(shifted(bank, reach, stride))
        views = views.permute(2, 3, 0, 1).reshape(-1, len(views), 3).contiguous()
        self._views = views  # [pixels, K, 3]
        self._label_of_view = self.labels * copies

    def condition(self, prompt: str, negative: str = "", controls: Sequence[torch.Tensor] = ()) -> Condition:
        """Rows: all pictures (or those of ``negative``), and those whose label is the prompt."""
        return Condition(rows=2, payload=(self._of(negative), self._of(prompt)), controls=tuple(controls))

    def _of(self, words: str) -> Views:
        chosen = [k for k, label in enumerate(self._label_of_view) if not words or label == words]
        if not chosen:
            raise ValueError(f"no picture of the bank is labelled {words!r}")
        views = self._views[:, chosen]
        return Views(
            colors=views.permute(2, 0, 1).contiguous(), points=views.contiguous(), squares=views.pow(2).sum(-1)
        )

    def encode(self, image: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """z = 2 image01 - 1."""
        return self.codec.encode(image)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """image01."""
        return self.codec.decode(z)

    def schedule(self, t: int) -> tuple[float, float]:
        """Variance-preserving cosine."""
        return cosine_level(t)

    def half_width(self, s: float) -> int:
        """Half the window's side at noise s: 2 at none, the whole picture at s = 1."""
        return NARROWEST + round((max(self.image_size) - NARROWEST) * s * s)

    def predict(self, z_t: torch.Tensor, t: int, condition: Condition) -> Prediction:
        """The posterior mean per pixel, one row per branch."""
        a, s = self.schedule(t)
        variance = s * s + a * a * self.bandwidth**2
        rows = []
        for views in condition.payload:
            likelihood = self._windows(z_t, a, views, self.half_width(s), scale=-0.5 / variance)
            weights = torch.softmax(likelihood, dim=-1)
            rows.append((weights.unsqueeze(1) @ views.points).squeeze(1).T.reshape(z_t.shape[1:]))
        x0 = torch.stack(rows)
        return Prediction(x0, eps_from_x0(z_t, x0, a, s))

    def _windows(self, z: torch.Tensor, a: float, views: Views, half: int, *, scale: float = 1.0) -> torch.Tensor:
        """float[pixels, K]: squared distance of z [1, 3, S_h, S_w] to each view, over each pixel's window, times
        ``scale``.

        Up to a constant per pixel, which all views share.
        """
        height, width = self.image_size
        distance = (scale * a * a) * views.squares
        for plane, values in zip(views.colors, z[0], strict=True):
            distance.addcmul_(plane, values.reshape(-1, 1), value=-2 * a * scale)
        rows = band(height, half, z.dtype) @ distance.view(height, -1)
        columns = band(width, half, z.dtype) @ rows.view(height, width, -1)
        return columns.reshape(height * width, -1)

    def energy(self, image: torch.Tensor, condition: Condition) -> torch.Tensor:
        """float[B]: the composite negative log likelihood of the positive branch, up to a constant.

        Per window, -log of the mean over views of exp(-distance / (2 h^2)), over the window's pixels, summed
        over all pixels, and the mean of that over windows of half width 2, 4, 8 .. up to the whole picture.
        """
        views: Views = condition.payload[-1]
        z = self.encode(image)
        halves = [NARROWEST]
        while halves[-1] < max(self.image_size):
            halves.append(halves[-1] * 2)
        height, width = self.image_size
        out = []
        for picture in z.split(1):
            total = picture.new_zeros(())
            own = picture.pow(2).sum(1)[0]
            for half in halves:
                rows, columns = band(height, half, z.dtype), band(width, half, z.dtype)
                area = (rows @ torch.ones_like(own) @ columns).reshape(-1)
                distance = self._windows(picture, 1.0, views, half) + (rows @ own @ columns).reshape(-1, 1)
                nll = -torch.logsumexp(-distance / (2 * self.bandwidth**2), dim=-1)
                total = total + (nll / area).sum() / len(halves)
            out.append(total)
        return torch.stack(out)
