"""One pattern a frame: colours chosen once for all frames, each frame beginning where the ones before it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..job import EMPTY, FREE, Cost, Job
from ..pattern import Pattern
from ..photo import Photo
from ..progress import SILENT, Progress
from ..quantize import QuantizeEngine
from ..quantize.downscale import Cells
from ..quantize.styles import kind_for, style_of
from ..units import GridSize
from .follow import Follower, Inherited, Seen, see

HOLD = 12.0
"""CIEDE2000: the price of another colour than before where the picture is the same."""
_SHOWN = 6
"""Frames that the choice of colours is made from."""
_LET_GO = 0.2
"""Belief below which a colour counts as chosen anew, even if it is the old one."""


def animate(
    job: Job, photos: Iterable[Photo], *, progress: Progress = SILENT, hold: float = HOLD, count: int = 0
) -> tuple[Pattern, ...]:
    """A pattern over ``job.palette`` for each of ``photos`` (all framed alike); of ``job.photo``
    only the kind matters (photograph, flat graphics, pixel art).

    ``job.limits`` hold for every frame, ``colors`` for all frames together. ``hold`` 0 lets every frame go its own
    way; ``count``: how many photos there will be, for ``progress`` (0: not known). Deterministic. Raises UsageError.
    """
    seen = see_all(job, photos, progress, count)
    narrow, allowed = shared_colors(job, seen)
    table = np.append(allowed, EMPTY)
    out = []
    follower, style = Follower(), style_of(job, kind_for(job))
    for number, frame in enumerate(seen):
        inherited = follower.expect(frame)
        index = QuantizeEngine().settle(holding(narrow, inherited, hold), inherited.cells, style=style).index
        follower.keep(frame, inherited, index, is_fresh(index, inherited))
        out.append(Pattern(index=table[index].astype(np.int16), palette=job.palette, cell=job.cell, title=job.title))
        progress.step("frames", number + 1, len(seen))
    return tuple(out)


def see_all(job: Job, photos: Iterable[Photo], progress: Progress = SILENT, count: int = 0) -> list[Seen]:
    """What the grid sees of each photo, which is not kept. Raises UsageError without one."""
    kind = kind_for(job)
    style = style_of(job, kind)
    seen = []
    for number, photo in enumerate(photos):
        progress.step("look", number, max(count, number + 1))
        seen.append(see(photo, job.size.height, job.size.width, style, kind))
    if not seen:
        raise UsageError("an animation needs a frame", hint="give at least one picture")
    return seen


def shared_colors(job: Job, seen: Sequence[Seen]) -> tuple[Job, NDArray[np.intp]]:
    """The job over the colours that a few frames, seen as one tall picture, are best shown with; and those colours'
    palette indices."""
    limits, count = job.limits, len(job.palette)
    if limits.colors is None or limits.colors >= count:
        return replace(job, limits=replace(limits, colors=None)), np.arange(count)
    shown = [seen[k].cells for k in sorted({round(k) for k in np.linspace(0, len(seen) - 1, _SHOWN)})]
    tall = Cells(**{one.name: np.concatenate([getattr(cells, one.name) for cells in shown]) for one in fields(Cells)})
    locked = limits.locked
    high = replace(
        job,
        size=GridSize(width=job.size.width, height=job.size.height * len(shown)),
        limits=replace(
            limits,
            stock=None if limits.stock is None else limits.stock * len(shown),
            locked=None if locked is None else np.tile(locked, (len(shown), 1)),
            costs=(),
        ),
        focus=None,
    )
    allowed = QuantizeEngine().colors(high, tall)
    place = np.full(count + 2, EMPTY, np.int16)
    place[FREE] = FREE  # EMPTY and FREE, -1 and -2, count from the end
    place[allowed] = np.arange(len(allowed), dtype=np.int16)
    narrow = replace(
        limits,
        colors=None,
        stock=None if limits.stock is None else limits.stock[allowed],
        locked=None if locked is None else place[locked],
        locked_colors=tuple(int(place[k]) for k in limits.locked_colors),
        costs=tuple(_over(cost, allowed, count) for cost in limits.costs),
    )
    return replace(job, palette=job.palette.take([int(k) for k in allowed]), limits=narrow), allowed


def _over(cost: Cost, allowed: NDArray[np.intp], count: int) -> Cost:
    """A craft's price for the whole palette, asked for by some of its colours."""
    names = np.append(allowed, EMPTY).astype(np.int16)
    return lambda index: cost(names[index])[..., allowed]


def holding(job: Job, inherited: Inherited, hold: float) -> Job:
    """``job`` with a price on every colour but the one a cell had, as high as the belief that nothing changed."""
    if hold <= 0 or not inherited.belief.any():
        return job
    price = np.where(inherited.wish >= 0, hold * inherited.belief, 0.0)[..., None]
    dear = price * (np.arange(len(job.palette)) != inherited.wish[..., None])
    return replace(job, limits=replace(job.limits, costs=(*job.limits.costs, lambda index: dear)))


def is_fresh(index: NDArray[np.int16], inherited: Inherited) -> NDArray[np.bool_]:
    """bool[H, W]: cells whose colour was chosen now, not kept."""
    return np.asarray((index != inherited.wish) | (inherited.belief < _LET_GO))


def numbered(patterns: Sequence[Pattern]) -> tuple[Pattern, ...]:
    """The same frames over the colours that any of them uses, most frequent in all first."""
    first = patterns[0]
    tall = replace(first, index=np.concatenate([pattern.index for pattern in patterns])).numbered()
    return tuple(
        replace(tall, index=part) for part in np.split(tall.index, len(patterns))
    )  # all frames are equally high
