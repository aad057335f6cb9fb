"""What a network's output means, turned into (x0, eps): four forms, in float32 or better.

With z = a x0 + s e: a network may say e (``epsilon``), x0 (``sample``), v = a e - s x0 (``v_prediction``,
Salimans and Ho 2022), or, where z = (1 - q) x0 + q e, the velocity e - x0 (``flow``, Lipman et al. 2023).
"""

from __future__ import annotations

from typing import Literal

import torch

from pixl.distill.prior import Prediction, eps_from_x0, x0_from_eps

Form = Literal["epsilon", "sample", "v_prediction", "flow"]
FORMS: tuple[Form, ...] = ("epsilon", "sample", "v_prediction", "flow")


def widened(tensor: torch.Tensor) -> torch.Tensor:
    """float32 of anything narrower: at t = 980 the division by a turns a half-precision rounding into .01 to
    .2.
    """
    return tensor if tensor.dtype == torch.float64 else tensor.float()


def to_prediction(form: Form, output: torch.Tensor, z: torch.Tensor, a: float, s: float) -> Prediction:
    """(x0, eps) of a network's ``output`` at z = a x0 + s eps; both [rows, C, h, w], float32 or float64.

    Raises ValueError for ``epsilon`` at a = 0, where z holds nothing of x0.
    """
    output, z = widened(output), widened(z)
    if form == "epsilon":
        if a == 0:
            raise ValueError("a network that predicts noise says nothing where the picture has no share in z")
        return Prediction(x0_from_eps(z, output, a, s), output)
    if form == "sample":
        return Prediction(output, eps_from_x0(z, output, a, s))
    if form == "v_prediction":
        # exact where a^2 + s^2 = 1; no division, so it holds at a = 0 too
        return Prediction(a * z - s * output, s * z + a * output)
    return Prediction(z - s * output, z + a * output)


def from_pair(form: Form, x0: torch.Tensor, eps: torch.Tensor, a: float, s: float) -> torch.Tensor:
    """The output a network of this ``form`` would give for (x0, eps): the inverse of ``to_prediction``."""
    if form == "epsilon":
        return eps
    if form == "sample":
        return x0
    return a * eps - s * x0 if form == "v_prediction" else eps - x0


def flow_share(a: float, s: float) -> tuple[float, float]:
    """(q, scale): a variance-preserving z times ``scale`` is the flow's z at noise share q. q = s/(a + s)."""
    return s / (a + s), 1 / (a + s)
