"""What an engine is, and the table of those there are. Listing them imports nothing."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from .errors import UsageError
from .progress import SILENT, Progress

if TYPE_CHECKING:
    from .job import Job
    from .pattern import Pattern
    from .run import Run


class Engine(Protocol):
    """Turns a job into a pattern over the job's palette, H x W as the job's size says.

    The same job on the same version and device gives the same pattern. ``run`` is a folder for checkpoints, where the
    engine has any; None keeps nothing.
    """

    def solve(self, job: Job, *, progress: Progress = SILENT, run: Run | None = None) -> Pattern:
        """Raises PixlError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRow:
    """One row of the table: ``target`` is ``module:class``."""

    name: str
    target: str
    summary: str
    extra: str = ""


ENGINES = (
    EngineRow(
        name="quantize",
        target="pixl.quantize:QuantizeEngine",
        summary="downscale and match; a second, offline",
    ),
    EngineRow(
        name="distill",
        target="pixl.distill:DistillEngine",
        summary="score distillation (SD-piXL): a picture drawn for the palette",
        extra="diffusion",
    ),
)


def load_engine(name: str) -> Engine:
    """The engine of this name. Raises UsageError."""
    for row in ENGINES:
        if row.name == name:
            module, _, attribute = row.target.partition(":")
            engine: Engine = getattr(import_module(module), attribute)()
            return engine
    raise UsageError(f"there is no engine '{name}'", hint=f"use one of {', '.join(row.name for row in ENGINES)}")
