"""The photo's own say: the energy of the engine quantize, paid in expectation, against the prior's.

One dial, ``fidelity`` f in 0..1: the descent lowers (1 - f) prior + f photo. At 1 there is nothing left to
descend on and the answer is the engine quantize's; at 0 the photo is only where the descent begins. A photo
without words has the dial at LED, a prior that is asked for nothing in particular, and little noise: T_HIGH.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pixl.errors import UsageError
from pixl.job import Cost, Job

if TYPE_CHECKING:
    from pixl.quantize.task import Task

LED = 0.75
"""The dial where the photo leads: a photo without words, and frames (docs/beyond.md shows the way from 0 to 1)."""
T_HIGH = 0.4
"""The most noise for a photo without words, in 0..1: above it a prior invents."""
PRICE = 0.005
"""What a CIEDE2000 weighs in the generator's loss, half a squared distance of code values a cell: two
colours 10 apart are about .3 apart there."""


def dial(job: Job) -> float | None:
    """The job's ``fidelity``; LED for a photo without words; None where the photo has no say. Raises
    UsageError.
    """
    value = job.settings.get("fidelity")
    if value is None:
        return LED if job.photo is not None and not job.prompt.strip() else None
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise UsageError(f"fidelity {value} is out of range", hint="use 0 (the prior) to 1 (the photo)")
    if job.photo is None:
        raise UsageError("fidelity weighs a photo, and there is none", hint="give a photo, or leave --fidelity out")
    return float(value)


def room(fidelity: float | None) -> float:
    """What all that is neither prior nor photo is multiplied by, so that the sum (1 - f) prior + f photo + the rest
    keeps its balance while the prior's own weight stays 1: 1 / (1 - f)."""
    return 1.0 if fidelity is None else 1 / max(1 - fidelity, 1e-6)


def photo_task(job: Job) -> Task:
    """What the engine quantize sees of the job's photo, without colours, stock and a craft's prices."""
    from dataclasses import replace

    from pixl.quantize.styles import cells_of, kind_for, style_of
    from pixl.quantize.task import task_for

    assert job.photo is not None
    kind = kind_for(job)
    style = style_of(job, kind)
    cells = cells_of(job.photo, job.size.height, job.size.width, style, kind)
    return task_for(replace(job, limits=replace(job.limits, costs=(), colors=None, stock=None)), cells, style)


def photo_cost(task: Task, names: NDArray[np.int16]) -> Cost:
    """The energy of the engine quantize as a price list over ``names`` int16[n], palette indices: index int16[H, W]
    of places among them -> float64[H, W, n]."""
    judge = task.judge(names.astype(np.intp))
    table = np.append(names, -1).astype(np.int16)
    return lambda index: judge(table[index]).astype(np.float64)


def chroma_of(task: Task, names: NDArray[np.int16]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """a and b of OKLab x 100: of the colours ``names``, float32[n, 2], and of what the cells show, float32[H, W, 2]."""
    from pixl.color import lab_to_linear, linear_to_oklab

    target, _ = task.look(names.astype(np.intp))
    tints = 100 * task.job.palette.oklab[names][:, 1:]
    seen = 100 * linear_to_oklab(np.maximum(lab_to_linear(target), 0))[..., 1:]
    return tints.astype(np.float32), np.asarray(seen, np.float32)


def without_words(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings for a photo without words: no guidance, no round that draws anew, little noise, a start that is
    sure of the photo; typed ones stand.
    """
    quiet: dict[str, Any] = {"guidance": 1.0, "rounds": {"count": 0}, "times": {"high": T_HIGH}, "start_std": 1.0}
    return {**quiet, **settings}
