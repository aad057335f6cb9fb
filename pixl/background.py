"""``--remove-background``: what lies behind the subject becomes transparent, so that its cells stay empty.

No model is downloaded. Superpixels (SLIC) form a graph; each one's distance from the picture's edge, measured along
the path of least colour change, tells how much it stands apart ("geodesic saliency", Wei et al. 2012). That works for
a subject before a plain or softly changing ground, and says so when it finds none.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .color import linear_to_lab
from .errors import PhotoError
from .photo import Photo

_SIDE = 256
_SUPERPIXELS = 400


def without_background(photo: Photo) -> Photo:
    """The photo with its background's alpha set to 0. Raises PhotoError when no subject stands out."""
    from skimage.transform import resize

    height, width = photo.alpha.shape
    scale = min(1.0, _SIDE / max(height, width))
    shape = (max(8, round(height * scale)), max(8, round(width * scale)))
    small = resize(photo.linear, shape, order=1, anti_aliasing=True)
    subject = _subject(np.asarray(small, dtype=np.float64))
    share = float(subject.mean())
    if not 0.02 <= share <= 0.97:
        raise PhotoError(
            "no subject stands out from the background of this picture",
            hint="cut it out in a picture editor (PNG with transparency), or leave out --remove-background",
        )
    matte = resize(subject.astype(np.float32), (height, width), order=1)
    alpha = (photo.alpha * np.clip((matte - 0.3) / 0.4, 0, 1)).astype(np.float32)
    return replace(photo, alpha=alpha, notes=(*photo.notes, f"background removed: {100 * (1 - share):.0f} % is empty"))


def _subject(linear: NDArray[np.float64]) -> NDArray[np.bool_]:
    """bool[h, w]: what is far from the edge along the smoothest path."""
    from scipy.ndimage import binary_fill_holes, gaussian_filter, label
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import dijkstra
    from skimage.filters import threshold_otsu
    from skimage.segmentation import slic

    lab = np.asarray(linear_to_lab(gaussian_filter(linear, (0.7, 0.7, 0))))
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
    edge = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    far = dijkstra(graph, directed=False, indices=edge).min(axis=0)[parts]
    if float(far.max()) < 6.0:
        return np.zeros(far.shape, bool)
    inside = binary_fill_holes(far > min(float(threshold_otsu(far)), 0.6 * float(far.max())))
    labelled, found = label(inside)
    if not found:
        return np.zeros(far.shape, bool)
    areas = np.bincount(labelled.ravel())[1:]
    kept = 1 + np.flatnonzero(areas >= 0.1 * areas.max())
    return np.asarray(np.isin(labelled, kept))
