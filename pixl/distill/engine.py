"""The door to the room: checks that the extra is here, then hands the job on. Imports no torch itself."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from pixl.errors import MissingExtraError
from pixl.progress import SILENT, Progress

if TYPE_CHECKING:
    from pixl.job import Job
    from pixl.pattern import Pattern
    from pixl.run import Run

NEEDED = ("torch", "safetensors")


def require_extra() -> None:
    """Raises MissingExtraError (exit 4) with the command that installs what is missing."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"the engine distill needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not here",
            hint="install the extra: pip install 'pixl-craft[diffusion]'",
        )


class DistillEngine:
    """Score distillation: the picture that a prior finds likely for the words, drawn in the palette's
    colours.
    """

    def solve(self, job: Job, *, progress: Progress = SILENT, run: Run | None = None) -> Pattern:
        """The pattern over ``job.palette``; with ``run`` it checkpoints there, and goes on from what it
        finds there.

        ``job.settings``: ``prior`` (a name of ``pixl models list``), ``recipe`` ("fast" or "paper"),
        ``negative``, ``gif``, and any field of ``settings.Settings``. Raises MissingExtraError without the
        extra, UsageError for settings that cannot be meant, InterruptedRunError after Ctrl-C, DeviceError
        where memory runs out.
        """
        require_extra()
        from .solve import solve

        return solve(job, progress=progress, run=run)
