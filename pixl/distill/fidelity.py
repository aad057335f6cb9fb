"""The photo's own say: the energy of the engine quantize, paid in expectation, against the prior's.

One dial, ``fidelity`` f in 0..1: the descent lowers (1 - f) prior + f photo. At 1 there is nothing left to
descend on and the answer is the engine quantize's; at 0 the photo is only where the descent begins. A photo
without words has the dial at EVEN, a prior that is asked for nothing in particular, and little noise: T_HIGH.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pixl.errors import UsageError
from pixl.job import Cost, Job

EVEN = 0.5
"""The dial for a photo without words."""
T_HIGH = 0.4
"""The most noise for a photo without words, in 0..1: above it a prior invents."""
PRICE = 0.005
"""What a CIEDE2000 weighs in the generator's loss, half a squared distance of code values a cell: two
colours 10 apart are about .3 apart there."""


def dial(job: Job) -> float | None:
    """The job's ``fidelity``; EVEN for a photo without words; None where the photo has no say. Raises
    UsageError.
    """
    value = job.settings.get("fidelity")
    if value is None:
        return EVEN if job.photo is not None and not job.prompt.strip() else None
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise UsageError(f"fidelity {value} is out of range", hint="use 0 (the prior) to 1 (the photo)")
    if job.photo is None:
        raise UsageError("fidelity weighs a photo, and there is none", hint="give a photo, or leave --fidelity out")
    return float(value)


def weight(fidelity: float) -> float:
    """What a CIEDE2000 weighs beside the prior's loss of weight 1."""
    return PRICE * fidelity / max(1 - fidelity, 1e-6)


def photo_cost(job: Job) -> Cost:
    """The energy of the engine quantize for the job's photo as a price list: index int16[H, W] -> float[H,
    W, K].
    """
    from dataclasses import replace

    from pixl.quantize import downscale
    from pixl.quantize.styles import style_of
    from pixl.quantize.task import task_for

    assert job.photo is not None
    style = style_of(job)
    size = (job.size.height, job.size.width)
    cells = downscale.see(job.photo, *size, shapes=style.shapes, lines=style.lines, inks=style.inks)
    bare = replace(job, limits=replace(job.limits, costs=(), colors=None, stock=None))
    judge = task_for(bare, cells, style).judge(np.arange(len(job.palette)))
    return lambda index: judge(index).astype(np.float64)


def without_words(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings for a photo without words: no guidance, no round that draws anew, little noise; typed ones
    stand.
    """
    quiet: dict[str, Any] = {"guidance": 1.0, "rounds": {"count": 0}, "times": {"high": T_HIGH}}
    return {**quiet, **settings}
