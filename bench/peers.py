"""What a person would use instead, on the same pictures and palettes: each returns int[H, W] palette
indices.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixl.color import ciede2000, linear_to_lab, linear_to_rgb8, rgb_to_lab
from pixl.palette import Palette
from pixl.photo import Photo
from pixl.quantize.adaptive import adaptive
from pixl.quantize.downscale import SAMPLES, box, sample
from pixl.units import GridSize

Indices = NDArray[np.intp]
Peer = Callable[[Photo, GridSize, Palette], Indices]


def picture(photo: Photo) -> Image.Image:
    """The photo as sRGB."""
    return Image.fromarray(linear_to_rgb8(photo.linear))


def _nearest(lab: NDArray[np.floating], palette: Palette) -> Indices:
    flat = lab.reshape(-1, 3).astype(np.float64)
    parts = [ciede2000(flat[i : i + 512, None], palette.lab[None]).argmin(axis=1) for i in range(0, len(flat), 512)]
    return np.concatenate(parts).reshape(lab.shape[:2])


def _small(photo: Photo, size: GridSize) -> Image.Image:
    return picture(photo).resize((size.width, size.height), Image.Resampling.LANCZOS)


def lanczos_ciede2000(photo: Photo, size: GridSize, palette: Palette) -> Indices:
    """Pillow's Lanczos, then the nearest colour by CIEDE2000: a strong peer by eye."""
    return _nearest(rgb_to_lab(np.asarray(_small(photo, size))), palette)


def box_ciede2000(photo: Photo, size: GridSize, palette: Palette) -> Indices:
    """Area mean in linear light, then the nearest colour by CIEDE2000."""
    samples, cover = sample(photo, size.height, size.width)
    return _nearest(linear_to_lab(box(samples, cover)), palette)


def adaptive_ciede2000(photo: Photo, size: GridSize, palette: Palette) -> Indices:
    """Content-adaptive downscaling (Kopf, Shamir and Peers 2013) and CIEDE2000: the best peer by eye.

    Our own implementation, with the starting variance that looks best here; the paper's is grainier.
    """
    samples, cover = sample(photo, size.height, size.width)
    lab = np.asarray(linear_to_lab(samples), dtype=np.float32)
    return _nearest(adaptive(lab, cover, SAMPLES), palette)


BY_EYE: dict[str, Peer] = {"adaptive": adaptive_ciede2000, "lanczos": lanczos_ciede2000}
