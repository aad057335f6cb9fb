"""Moving pictures by score distillation: each frame is drawn from where the one before ended.

Nothing here knows how frames are compared; that is ``pixl.animation.follow``. A frame begins at the quantized frame
with the colours of the one before wherever the picture is the same, pays a price on every other colour there (in
expectation, as any craft's price), and uses the same noise as all others. Rounds that draw anew are for the first
frame.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from pixl.animation.follow import Follower
from pixl.animation.solve import HOLD as QUANTIZE_HOLD
from pixl.animation.solve import holding, is_fresh, see_all, shared_colors
from pixl.distill.fidelity import dial
from pixl.job import EMPTY, Job
from pixl.pattern import Pattern
from pixl.photo import Photo
from pixl.progress import SILENT, Progress

LED = 0.85
"""The dial of frames where none is typed: each shows what moves, so it leads. (With the icon prior and words, at .75
and below whole frames turn into one icon.)"""
HOLD = 40.0
"""CIEDE2000 times belief, against the prior alone: dearer than for quantize, because a prior pulls at every cell in
every frame."""


def animate(
    job: Job, photos: Iterable[Photo], *, progress: Progress = SILENT, hold: float | None = None, count: int = 0
) -> tuple[Pattern, ...]:
    """A pattern over ``job.palette`` for each of ``photos``; see ``pixl.animation.animate``. ``hold`` None: the
    dial's share of quantize's price and of HOLD. Raises what distill does."""
    from pixl.distill.engine import require_extra

    require_extra()
    from pixl.distill.solve import choose_prior, open_prior, solve

    prior = None if job.settings.get("fidelity") == 1 else open_prior(job, choose_prior(job))
    kept: list[Photo] = []

    def keeping() -> Iterable[Photo]:
        for photo in photos:
            kept.append(photo)
            yield photo

    seen = see_all(job, keeping(), progress, count)
    narrow, allowed = shared_colors(job, seen)
    narrow = replace(narrow, settings=_steady(narrow))
    if hold is None:
        share = dial(replace(narrow, photo=kept[0])) or 0.0
        hold = share * QUANTIZE_HOLD + (1 - share) * HOLD
    table = np.append(allowed, EMPTY)
    follower = Follower()
    out = []
    for number, (frame, photo) in enumerate(zip(seen, kept, strict=True)):
        inherited = follower.expect(frame)
        one = holding(replace(narrow, photo=photo), inherited, hold)
        if number:
            one = replace(one, settings={**one.settings, **_going_on(one)})
        index = solve(one, prior=prior).index
        follower.keep(frame, inherited, index, is_fresh(index, inherited))
        out.append(Pattern(index=table[index].astype(np.int16), palette=job.palette, cell=job.cell, title=job.title))
        progress.step("frames", number + 1, len(seen))
    return tuple(out)


def _steady(job: Job) -> dict[str, Any]:
    """Settings of all frames: each shows what moves and so leads, unless --fidelity was typed; colours are chosen
    first; what stands costs its full price at once."""
    making = job.settings.get("making")
    settings = {"subset": "quantize", "making": {"rise": 0.0, **(making if isinstance(making, dict) else {})}}
    typed = job.settings.get("fidelity")
    return {**job.settings, **settings, "fidelity": LED if typed is None else typed}


def _going_on(job: Job) -> dict[str, Any]:
    """Settings from the second frame on: nothing is drawn anew."""
    given = job.settings.get("rounds")
    return {"rounds": {**(given if isinstance(given, dict) else {}), "count": 0}}
