"""Pictures that steer a prior: edges as OpenCV's Canny finds them, depth as a depth model estimates it.

The ControlNets were trained on OpenCV's edges. Other programs' Canny differs (scikit-image's shares two
thirds of its pixels with it at best), so it is computed here, pixel for pixel the same; numpy and SciPy only.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from pixl.errors import ModelMissingError, UsageError

if TYPE_CHECKING:
    import torch

ControlKind = Literal["canny", "depth"]
CONTROL_KINDS: tuple[ControlKind, ...] = ("canny", "depth")

_TAN_22 = 13573
"""tan(22.5 degrees) in units of 2^-15, as OpenCV rounds it; tan(67.5) is that plus 2."""


def sobel(plane: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(d/dx, d/dy) int64[H, W] of uint8[H, W] by the 3 x 3 Sobel kernels, edges repeated."""
    wide = np.pad(plane.astype(np.int64), 1, mode="edge")
    down = wide[:-2] + 2 * wide[1:-1] + wide[2:]
    across = wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]
    return down[:, 2:] - down[:, :-2], across[2:] - across[:-2]


def canny(pixels: NDArray[np.uint8], low: float = 100, high: float = 200) -> NDArray[np.bool_]:
    """bool[H, W]: the edges of uint8[H, W] or [H, W, 3], thresholds on |dx| + |dy|.

    Canny 1986 as OpenCV 4 and 5 compute it (aperture 3, L1 norm): of several channels the one with the
    largest gradient (the first of equals) decides; a pixel stays where it is a maximum across the edge, its
    direction rounded to horizontal, vertical or diagonal by integer tangents; beyond the picture is nothing;
    pixels above ``low`` that are 8-connected to one above ``high`` are edges.
    """
    from scipy.ndimage import label

    low, high = int(np.floor(min(low, high))), int(np.floor(max(low, high)))
    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    gradients = [sobel(planes[..., k]) for k in range(planes.shape[-1])]
    sizes = np.stack([np.abs(dx) + np.abs(dy) for dx, dy in gradients])
    chosen = sizes.argmax(0)[None]
    dx = np.take_along_axis(np.stack([pair[0] for pair in gradients]), chosen, 0)[0]
    dy = np.take_along_axis(np.stack([pair[1] for pair in gradients]), chosen, 0)[0]
    size = np.take_along_axis(sizes, chosen, 0)[0]

    around = np.pad(size, 1)
    height, width = size.shape

    def neighbour(down: int, right: int) -> NDArray[np.int64]:
        return around[1 + down : 1 + down + height, 1 + right : 1 + right + width]

    x, y = np.abs(dx), np.abs(dy) << 15
    flat = y < x * _TAN_22
    steep = y > x * _TAN_22 + (x << 16)
    falls = (dx ^ dy) < 0
    stays = np.where(
        flat,
        (size > neighbour(0, -1)) & (size >= neighbour(0, 1)),
        np.where(
            steep,
            (size > neighbour(-1, 0)) & (size >= neighbour(1, 0)),
            np.where(
                falls,
                (size > neighbour(-1, 1)) & (size > neighbour(1, -1)),
                (size > neighbour(-1, -1)) & (size > neighbour(1, 1)),
            ),
        ),
    )
    weak = stays & (size > low)
    pieces, count = label(weak, structure=np.ones((3, 3), int))
    strong = np.zeros(count + 1, bool)
    strong[np.unique(pieces[weak & (size > high)])] = True
    strong[0] = False
    return np.asarray(strong[pieces])


def edge_picture(
    pixels: NDArray[np.uint8], *, low: float = 100, high: float = 200, blur: float = 1.0
) -> NDArray[np.float32]:
    """float32[H, W], 0 or 1: the edges of uint8[H, W, 3] after Pillow's Gaussian blur of radius ``blur``
    pixels.

    The paper's: thresholds 100 and 200, radius 1, on the picture of the prior's size. Raises UsageError.
    """
    from PIL import Image, ImageFilter

    if not (low >= 0 and high >= 0 and low <= 4080 and high <= 4080):
        raise UsageError(
            f"edge thresholds {low:g} and {high:g} are out of range", hint="use 0 to 4080, such as 100,200"
        )
    picture = Image.fromarray(pixels)
    if blur > 0:
        picture = picture.filter(ImageFilter.GaussianBlur(radius=blur))
    return canny(np.asarray(picture), low, high).astype(np.float32)


def spread(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """0..1: ``depth`` with its smallest value at 0 and its largest at 1; zeros where all are the same."""
    low, high = float(depth.min()), float(depth.max())
    if not np.isfinite(low) or not np.isfinite(high) or high <= low:
        return np.zeros_like(depth)
    return np.asarray((depth - low) / (high - low), np.float32)


def depth_picture(pixels: NDArray[np.uint8], folder: Path, *, device: str = "cpu") -> NDArray[np.float32]:
    """float32[H, W] in 0..1, 1 nearest: what the depth model in ``folder`` says of uint8[H, W, 3].

    The model sees the picture at the size its own preprocessor makes; its answer is enlarged (bicubic) and
    spread to 0..1. Raises ModelMissingError where the folder holds none that can be read.
    """
    import torch
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    try:
        prepare = transformers.AutoImageProcessor.from_pretrained(str(folder), local_files_only=True, backend="pil")
        model = transformers.AutoModelForDepthEstimation.from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, dtype=torch.float32
        )
    except Exception as error:  # each library its own class
        raise ModelMissingError(
            f"there is no depth model in '{folder}': {str(error).splitlines()[0][:160]}",
            hint="get one with: pixl models pull depth-anything-small",
        ) from None
    model = model.to(device).eval()
    seen = prepare(images=pixels, return_tensors="pt").pixel_values.to(device)
    with torch.no_grad():
        said = model(pixel_values=seen).predicted_depth
        size = (int(pixels.shape[0]), int(pixels.shape[1]))
        grown = torch.nn.functional.interpolate(said[None].float(), size=size, mode="bicubic", align_corners=False)
    return spread(np.asarray(grown[0, 0].cpu().numpy(), np.float32))


def own_folders(text: str) -> dict[str, Path]:
    """Of ``canny=FOLDER,depth`` the folders of the user's own, by kind."""
    parts = [part.partition("=") for part in text.split(",") if "=" in part]
    return {kind: Path(folder.strip()).expanduser() for word, _, folder in parts for kind in parse_kinds(word)}


def parse_kinds(text: str) -> tuple[ControlKind, ...]:
    """``canny,depth``, in this order, each once; a folder after ``=`` is left out. Raises UsageError."""
    kinds: list[ControlKind] = []
    for word in (part.partition("=")[0].strip().casefold() for part in text.split(",")):
        if not word:
            continue
        known: dict[str, ControlKind] = {"canny": "canny", "edges": "canny", "depth": "depth"}
        if word not in known:
            raise UsageError(f"'{word}' is not a control", hint="use canny, depth, or canny,depth")
        if known[word] not in kinds:
            kinds.append(known[word])
    return tuple(kinds)


def at_size(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """uint8[S_h, S_w, 3]: the picture at the prior's size, bilinear with averaging (Pillow), as the paper's
    code.
    """
    from PIL import Image

    return np.asarray(Image.fromarray(pixels).resize((size[1], size[0]), Image.Resampling.BILINEAR))


def control_pictures(
    kinds: Sequence[ControlKind],
    pixels: NDArray[np.uint8],
    size: tuple[int, int],
    *,
    depth_folder: Path | None = None,
    device: str = "cpu",
    low: float = 100,
    high: float = 200,
    blur: float = 1.0,
) -> list[torch.Tensor]:
    """float32[1, 3, S_h, S_w] in 0..1 for each kind, of a picture uint8[h, w, 3] in sRGB code values.

    Raises ModelMissingError where depth is asked for and ``depth_folder`` is None or holds no model.
    """
    import torch

    seen = at_size(pixels, size)
    out: list[Any] = []
    for kind in kinds:
        if kind == "canny":
            plane = edge_picture(seen, low=low, high=high, blur=blur)
        elif depth_folder is None:
            raise ModelMissingError(
                "depth control needs a depth model, and none is here",
                hint="get one with: pixl models pull depth-anything-small",
            )
        else:
            plane = depth_picture(seen, depth_folder, device=device)
        out.append(torch.from_numpy(plane)[None, None].expand(1, 3, -1, -1).contiguous())
    return out
