"""What was asked: picture or prompt, size, palette, limits, seed. Validated once, then handed to an engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import UsageError
from .palette import Palette
from .pattern import EMPTY, Cell
from .photo import Photo
from .units import GridSize

STYLES = ("auto", "natural", "clean", "crisp", "rich", "dither")
FREE = -2
"""In ``Limits.locked``: the engine decides this cell."""

Cost = Callable[[NDArray[np.int16]], NDArray[np.float64]]
"""A craft's price of cells: index int16[H, W] -> float64[H, W, K], the cost in CIEDE2000 units of giving each cell each
colour while all the others stay."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limits:
    """What the answer must keep to.

    ``colors``: at most this many. ``stock``: int64[K], the pieces there are of each palette colour (None: no limit).
    ``locked``: int16[H, W], -2 where the engine decides, else the index that stands. ``locked_colors``: palette indices
    that must be among the colours. ``min_count``: a colour is used at least this often or not at all.
    ``costs``: a craft's own prices (merge cost, thread cuts).
    """

    colors: int | None = None
    stock: NDArray[np.int64] | None = None
    locked: NDArray[np.int16] | None = None
    locked_colors: tuple[int, ...] = ()
    min_count: int = 0
    costs: tuple[Cost, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """One job for an engine. Raises UsageError.

    ``photo`` is already framed: its edges are the grid's edges. Cells where its alpha is below one half are empty.
    ``settings`` are the engine's own options (JSON values). ``focus`` is float32[h, w] 0..1 over the photo's area:
    where detail matters most.
    """

    photo: Photo | None
    size: GridSize
    palette: Palette
    cell: Cell
    prompt: str = ""
    title: str = ""
    limits: Limits = Limits()
    style: str = "auto"
    seed: int = 0
    focus: NDArray[np.float32] | None = None
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if self.photo is None and not self.prompt.strip():
            raise UsageError(
                "there is neither a photo nor a prompt", hint="give a picture, or --prompt 'a red mushroom'"
            )
        if self.style not in STYLES:
            raise UsageError(f"'{self.style}' is not a style", hint=f"use one of {', '.join(STYLES)}")
        if not 0 <= self.seed < 2**63:
            raise UsageError(f"seed {self.seed} is out of range", hint="use 0 to 2^63 - 1")
        limits, count, shape = self.limits, len(self.palette), (self.size.height, self.size.width)
        if limits.colors is not None and limits.colors < 1:
            raise UsageError(f"{limits.colors} colours are too few", hint="ask for at least 1")
        if limits.stock is not None and limits.stock.shape != (count,):
            raise UsageError(
                f"stock of shape {limits.stock.shape} for {count} colours", hint="give one number a colour"
            )
        if limits.locked is not None:
            if limits.locked.shape != shape:
                raise UsageError(f"locked cells of shape {limits.locked.shape} for {shape}", hint="give one a cell")
            if limits.locked.min() < FREE or limits.locked.max() >= count:
                raise UsageError("a locked cell names a colour outside the palette", hint="use -2, -1 or 0 to K-1")
        if any(not 0 <= k < count for k in limits.locked_colors):
            raise UsageError("a locked colour is outside the palette", hint="use 0 to K-1")
        if limits.colors is not None and len(set(limits.locked_colors)) > limits.colors:
            raise UsageError(
                f"{len(set(limits.locked_colors))} colours are locked but only {limits.colors} allowed",
                hint="lock fewer, or raise --colors",
            )
        if self.focus is not None and self.focus.ndim != 2:
            raise UsageError("the focus mask is not a grey picture", hint="give one channel")


__all__ = ["EMPTY", "FREE", "STYLES", "Cost", "Job", "Limits"]
