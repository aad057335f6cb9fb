"""``--remove-background``: what lies behind the subject becomes transparent, so that its cells stay empty.

No model is downloaded. Superpixels (SLIC) form a graph; each one's distance from the picture's edge, measured along
the path of least colour change, tells how much it stands apart ("geodesic saliency", Wei et al. 2012). What is surely
near and surely far seeds a random walk over pixels (Grady 2006), which draws the outline. That works for a subject
before a plain or softly changing ground; where no subject stands out, it says so.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .color import linear_to_lab
from .errors import PhotoError
from .photo import Photo

_SIDE = 224
_SUPERPIXELS = 500


def without_background(photo: Photo) -> Photo:
    """The photo with its background's alpha set to 0. Raises PhotoError when no subject stands out.

    A picture whose edge already is transparent keeps its own alpha.
    """
    from skimage.transform import resize

    border = np.concatenate([photo.alpha[0], photo.alpha[-1], photo.alpha[:, 0], photo.alpha[:, -1]])
    if float((border < 0.5).mean()) > 0.25:
        return replace(photo, notes=(*photo.notes, "the picture has a transparent background already"))
    height, width = photo.alpha.shape
    scale = min(1.0, _SIDE / max(height, width))
    shape = (max(8, round(height * scale)), max(8, round(width * scale)))
    small = resize(photo.linear, shape, order=1, anti_aliasing=True)
    subject = _subject(np.asarray(small, dtype=np.float64))
    share = float((subject > 0.5).mean())
    if not 0.02 <= share <= 0.97:
        raise PhotoError(
            "no subject stands out from the background of this picture",
            hint="cut it out in a picture editor (PNG with transparency), or leave out --remove-background",
        )
    matte = resize(subject.astype(np.float32), (height, width), order=1)
    alpha = (photo.alpha * np.clip((matte - 0.3) / 0.4, 0, 1)).astype(np.float32)
    return replace(photo, alpha=alpha, notes=(*photo.notes, f"background removed: {100 * (1 - share):.0f} % is empty"))


def _subject(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64[h, w], 0..1: how likely each pixel belongs to what is far from the edge along the smoothest path."""
    from scipy.ndimage import binary_fill_holes, gaussian_filter, label
    from skimage.filters import threshold_otsu
    from skimage.segmentation import random_walker

    lab = np.asarray(linear_to_lab(gaussian_filter(linear, (0.7, 0.7, 0))))
    far = _distance_from_edge(lab.astype(np.float64))
    nothing = np.zeros(far.shape)
    if float(far.max()) < 6.0:
        return nothing
    middle = min(float(threshold_otsu(far)), 0.6 * float(far.max()))
    seeds = np.zeros(far.shape, np.int32)
    seeds[far < 0.4 * middle] = 1
    seeds[far > 1.2 * middle] = 2
    if not ((seeds == 1).any() and (seeds == 2).any()):
        return nothing
    chance = random_walker(lab / 20.0, seeds, beta=60, mode="cg_j", tol=1e-5, channel_axis=-1, return_full_prob=True)[1]
    inside = binary_fill_holes(chance > 0.5)
    labelled, found = label(inside)
    if not found:
        return nothing
    areas = np.bincount(labelled.ravel())[1:]
    kept = np.isin(labelled, 1 + np.flatnonzero(areas >= 0.1 * areas.max()))
    return np.asarray(np.where(kept, np.maximum(chance, inside * 0.75), np.minimum(chance, 0.25)))


def _distance_from_edge(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64[h, w]: least sum of colour steps (CIELAB, steps below 3 are free) on a path from the picture's edge."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import dijkstra
    from skimage.segmentation import slic

    parts = slic(lab, n_segments=_SUPERPIXELS, compactness=8.0, convert2lab=False, start_label=0, channel_axis=-1)
    count = int(parts.max()) + 1
    size = np.maximum(np.bincount(parts.ravel(), minlength=count), 1)
    mean = np.stack(
        [np.bincount(parts.ravel(), weights=lab[..., c].ravel(), minlength=count) / size for c in range(3)], axis=1
    )
    pairs = np.concatenate(
        [
            np.stack([parts[:, :-1].ravel(), parts[:, 1:].ravel()], axis=1),
            np.stack([parts[:-1].ravel(), parts[1:].ravel()], axis=1),
        ]
    )
    pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
    weight = np.maximum(np.linalg.norm(mean[pairs[:, 0]] - mean[pairs[:, 1]], axis=1) - 3.0, 0.01)
    graph = coo_matrix((weight, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    side = slice(0, max(1, 2 * len(parts) // 3))  # a bust or a rocket stands on the lower edge: that is not background
    edge = np.unique(np.concatenate([parts[0], parts[side, 0], parts[side, -1]]))
    return np.asarray(dijkstra(graph, directed=False, indices=edge).min(axis=0)[parts])
