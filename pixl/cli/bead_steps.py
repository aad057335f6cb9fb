"""What happens to a bead pattern between the engine and the document: filling, and how sure each bead is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pixl_exporters.bead.boards import Board
    from pixl_exporters.bead.plan import BeadOptions

    from ..job import Job
    from ..pattern import Pattern
    from ..photo import Photo
    from ..units import GridSize


def finish_beads(pattern: Pattern, job: Job, options: BeadOptions, *, fix: bool) -> tuple[Pattern, dict[str, Any]]:
    """The pattern with pegs respected and, with ``fix``, filled so that it holds; and options for the document."""
    from dataclasses import replace

    from pixl_exporters.bead.certainty import certainty
    from pixl_exporters.bead.holding import fill_places, filled

    board = options.board
    told: dict[str, Any] = {}
    shifted = None
    if board.kind == "hexagon":
        shifted = board.shifted()
    if fix and board.has_pegs:
        places = fill_places(pattern.index >= 0, shifted, None if shifted is None else board.pegs())
        if places:
            pattern = replace(pattern, index=filled(pattern.index, places, bead=clear_bead(pattern), shifted=shifted))
            told["fixed"] = len(places)
    targets = None
    if job.photo is not None:
        from .picture_lab import cell_lab

        targets = cell_lab(job)
    among = pattern.used() if job.limits.colors is not None or job.limits.stock is not None else None
    told["certainty"] = certainty(pattern, pattern.palette, targets=targets, among=among).as_json()
    return pattern, told


def slid_rows(photo: Photo, size: GridSize, board: Board) -> Photo:
    """The photo with the rows of pegs that lie half a pitch to the right slid half a cell to the left, so that an
    upright grid over it samples a hexagon board's pegs."""
    from dataclasses import replace

    edges = np.round(np.arange(size.height + 1) * photo.height / size.height).astype(int)
    by = round(photo.width / size.width / 2)
    linear, alpha = photo.linear.copy(), photo.alpha.copy()
    for row in np.flatnonzero(board.shifted()[: size.height]).tolist():
        band = slice(edges[row], edges[row + 1])
        linear[band], alpha[band] = np.roll(linear[band], -by, axis=1), np.roll(alpha[band], -by, axis=1)
    return replace(photo, linear=linear, alpha=alpha)


def clear_bead(pattern: Pattern) -> int | None:
    """The see-through bead of the palette, which a fill takes when there is one: it shows least."""
    for finish in ("transparent", "translucent"):
        for k, color in enumerate(pattern.palette.colors):
            if color.finish == finish and min(color.rgb) > 200:
                return k
    return None
