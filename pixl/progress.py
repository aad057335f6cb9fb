"""How a long job tells how far it is. The library is silent unless a caller hands in something that talks."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called from inside a job, in order, on one thread."""

    def step(self, name: str, done: int, total: int, note: str = "") -> None:
        """``done`` of ``total`` steps of the stage ``name`` are over; ``note`` is a figure in words."""


class Silent:
    """The default."""

    def step(self, name: str, done: int, total: int, note: str = "") -> None:
        """Say nothing."""


SILENT = Silent()
