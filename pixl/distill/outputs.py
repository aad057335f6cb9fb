"""What a run leaves beside the pattern: pictures of the logits, and the way there as a GIF. Bytes only."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pixl.distill.generator import Generator, straight_through
from pixl.distill.prior import Prior
from pixl.distill.sds import StepResult
from pixl.errors import UsageError

SHOWN = 512
"""Pixels that the longer side of a picture is enlarged to, in whole steps."""


def code_values(picture: torch.Tensor) -> NDArray[np.uint8]:
    """uint8[H, W, 3] of a picture float[H, W, 3] in 0..1."""
    return np.asarray((picture.detach().cpu().clamp(0, 1) * 255).round().to(torch.uint8).numpy())


def enlarged(pixels: NDArray[np.uint8], *, longest: int = SHOWN) -> NDArray[np.uint8]:
    """Each pixel as a square block, so that the longer side is at most ``longest`` (and at least as it
    was).
    """
    factor = max(1, longest // max(pixels.shape[:2]))
    return np.repeat(np.repeat(pixels, factor, 0), factor, 1)


def png(pixels: NDArray[np.uint8]) -> bytes:
    """PNG of uint8[H, W], [H, W, 3] or [H, W, 4]."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def cells(generator: Generator, picture: torch.Tensor) -> NDArray[np.uint8]:
    """uint8[H, W, 4]: a picture of the grid, transparent where the mask is False."""
    rgb = code_values(picture)
    alpha = np.full(rgb.shape[:2], 255, np.uint8)
    if generator.mask is not None:
        alpha[~generator.mask.cpu().numpy()] = 0
    return np.dstack([rgb, alpha])


def preview(generator: Generator) -> bytes:
    """PNG of the argmax picture as it stands."""
    return png(enlarged(cells(generator, generator.hard_picture()), longest=256))


def entropy_map(entropy: torch.Tensor) -> NDArray[np.uint8]:
    """uint8[H, W, 3] of values in 0..1: dark blue is certain, through teal and yellow to white, undecided."""
    stops = np.array([[16, 24, 80], [0, 120, 140], [245, 190, 60], [255, 255, 255]], float)
    at = entropy.detach().cpu().double().clamp(0, 1).numpy() * (len(stops) - 1)
    low = np.minimum(at.astype(int), len(stops) - 2)
    share = (at - low)[..., None]
    return np.asarray(np.rint(stops[low] * (1 - share) + stops[low + 1] * share), np.uint8)


def layers(generator: Generator, names: Sequence[str]) -> dict[str, bytes]:
    """One PNG a colour that is to be seen somewhere: the colour, with its softmax weight as alpha. ``names``:
    file-name parts, one a colour.
    """
    weights = torch.softmax(generator.logits.detach(), dim=-1)
    if generator.mask is not None:
        weights = weights * generator.mask[..., None]
    alpha = (weights.cpu() * 255).round().to(torch.uint8).numpy()
    table = code_values(generator.palette)
    out = {}
    for k, name in enumerate(names):
        if not alpha[..., k].any():
            continue
        rgb = np.broadcast_to(table[k], (*alpha.shape[:2], 3))
        out[f"layers/{k + 1:03d}-{name}.png"] = png(enlarged(np.dstack([rgb, alpha[..., k]])))
    return out


def gif(frames: Sequence[NDArray[np.uint8]], *, seconds: float = 0.12, hold: float = 1.5) -> bytes:
    """A looping GIF of uint8[H, W, 3] frames of one size; the last one stays for ``hold`` seconds."""
    from PIL import Image

    pictures = [Image.fromarray(frame).quantize(256, dither=Image.Dither.NONE) for frame in frames]
    durations = [round(1000 * seconds)] * (len(pictures) - 1) + [round(1000 * hold)]
    file = io.BytesIO()
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0, disposal=1)
    return file.getvalue()


def frames_of(previews: Sequence[tuple[int, bytes]], *, longest: int = 256) -> list[NDArray[np.uint8]]:
    """RGB frames of a run's previews, over white."""
    from PIL import Image

    out = []
    for _, data in previews:
        rgba = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA")).astype(np.float32)
        alpha = rgba[..., 3:] / 255
        out.append(np.asarray(np.rint(rgba[..., :3] * alpha + 255 * (1 - alpha)), np.uint8))
    return out


def contact_sheet(pictures: Sequence[NDArray[np.uint8]], *, gap: int = 12) -> bytes:
    """PNG: pictures uint8[H, W, 3] of one size side by side on white, in as square an arrangement as they
    allow.
    """
    across = int(np.ceil(np.sqrt(len(pictures))))
    down = -(-len(pictures) // across)
    big = [enlarged(picture, longest=256) for picture in pictures]
    height, width = big[0].shape[:2]
    sheet = np.full((down * (height + gap) + gap, across * (width + gap) + gap, 3), 255, np.uint8)
    for k, picture in enumerate(big):
        y, x = gap + (k // across) * (height + gap), gap + (k % across) * (width + gap)
        sheet[y : y + height, x : x + width] = picture
    return png(sheet)


def everything(generator: Generator, names: Sequence[str]) -> dict[str, bytes]:
    """argmax.png, softmax.png, entropy.png and the layers."""
    hard, soft = cells(generator, generator.hard_picture()), cells(generator, generator.soft_picture())
    return {
        "argmax.png": png(enlarged(hard)),
        "softmax.png": png(enlarged(soft)),
        "entropy.png": png(enlarged(np.dstack([entropy_map(generator.entropy()), hard[..., 3]]))),
        **layers(generator, names),
    }


def of_a_step(generator: Generator, result: StepResult, prior: Prior, gumbel: torch.Tensor) -> dict[str, bytes]:
    """What one step of score distillation saw: the augmented picture, its pull decoded, the render with
    Gumbel noise.
    """
    noisy = torch.softmax(generator.logits.detach() + gumbel, dim=-1)
    with torch.no_grad():
        pull = prior.decode(result.gradient)[0].permute(1, 2, 0)
    return {
        "step/augmented.png": png(enlarged(code_values(result.image[0].permute(1, 2, 0)))),
        "step/gradient.png": png(enlarged(code_values(pull))),
        "step/gumbel-soft.png": png(enlarged(cells(generator, generator.render(noisy)))),
        "step/gumbel-hard.png": png(enlarged(cells(generator, generator.render(straight_through(noisy))))),
    }


def of_controls(controls: Mapping[str, torch.Tensor]) -> dict[str, bytes]:
    """Control pictures float[1, 3, S_h, S_w] in 0..1 by kind."""
    return {f"step/control-{kind}.png": png(code_values(one[0].permute(1, 2, 0))) for kind, one in controls.items()}


def recoloured(state: Mapping[str, torch.Tensor], palette: torch.Tensor) -> dict[str, bytes]:
    """A finished run's pictures in another palette: ``state`` is a checkpoint's tensors, ``palette``
    float[n, 3].

    Raises UsageError where n is not the run's number of colours.
    """
    count = int(state["logits"].shape[-1])
    if len(palette) != count:
        raise UsageError(
            f"the run has {count} colours and the other palette {len(palette)}",
            hint="give a palette of the same number",
        )
    generator = Generator(logits=state["logits"], palette=palette, mask=state["mask"].bool())
    return everything(generator, [f"{k + 1}" for k in range(count)])


def as_csv(records: Sequence[dict[str, Any]]) -> bytes:
    """The log as CSV: step, t, loss, entropy, changed, rows, likeliest, variance."""
    lines = ["step,t,loss,entropy,changed,rows,likeliest,variance"]
    for record in records:
        loss = sum(record["loss"].values()) if "total" not in record["loss"] else record["loss"]["total"]
        numbers = [f"{record['step']},{record['t']},{loss:.6g},{record['entropy']:.6g}"]
        numbers.append(f"{record['changed']},{record['rows']}")
        numbers += [f"{record[name]:.6g}" for name in ("likeliest", "variance") if name in record]
        lines.append(",".join(numbers))
    return ("\n".join(lines) + "\n").encode()
