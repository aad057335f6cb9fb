"""What a frame inherits: for each cell the colour it had, how sure that it should keep it, and a steadier picture.

The memory is of the last few frames as they were answered. A cell that is the same as one of them carries on that
cell's running mean (noise averages out over AVERAGED frames) and its anchor, the picture from which its colour was
chosen: where the picture creeps away from the anchor, as in a fade, belief fades too and the colour is chosen anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..photo import Photo
from ..quantize import downscale
from ..quantize.kind import Kind
from ..quantize.styles import Style, cells_of
from ..quantize.window import mean_around
from .steady import MEMORY, REACH, Reference, find, signature

Floats = NDArray[np.float32]

DRIFT = 4.0
"""CIELAB: how far a cell may creep from its anchor until belief has fallen to 1/e."""
TOGETHER = 2.0
"""CIELAB: the same for the cells around it (5 x 5) in the mean, whose noise is less: a fade is common to neighbours."""
AVERAGED = 8
"""Frames that a running mean remembers."""
CREEP = 0.5
"""CIELAB: a cell's mean further than this from the running mean begins a new one."""
SURE = 0.5
"""Belief from which a cell counts as the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the grid sees of one frame: its ``cells``, and the ``mark`` float32[H, W, 9, 4] that frames are compared
    by."""

    cells: downscale.Cells
    mark: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited:
    """What a frame starts from. ``cells``: what it sees, noise averaged away where that can be; ``wish`` int16[H, W]:
    the colour each cell had (-1: was empty, or there is no frame before); ``belief`` float32[H, W]: 0..1, how sure
    that nothing changed."""

    cells: downscale.Cells
    wish: NDArray[np.int16]
    belief: Floats
    mean: Floats
    anchor: Floats
    age: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """A frame that was answered."""

    mark: Floats
    inherited: Inherited
    index: NDArray[np.int16]


def see(photo: Photo, height: int, width: int, style: Style, kind: Kind | None = None) -> Seen:
    """One frame's cells and mark; ``kind``: what the first frame is, where it is pixel art cell by cell."""
    return Seen(cells=cells_of(photo, height, width, style, kind), mark=signature(photo, height, width))


@dataclass(slots=True, kw_only=True)
class Follower:
    """The last ``memory`` frames; ``expect`` a frame, answer it, ``keep`` the answer, in this order."""

    memory: int = MEMORY
    reach: int = REACH
    past: list[_Past] = field(default_factory=list)

    def expect(self, seen: Seen) -> Inherited:
        """What the frame inherits from those kept so far."""
        height, width = seen.mark.shape[:2]
        mean = seen.mark[..., :3].mean(axis=2)
        if not self.past:
            return Inherited(
                cells=seen.cells,
                wish=np.full((height, width), -1, np.int16),
                belief=np.zeros((height, width), np.float32),
                mean=mean,
                anchor=mean,
                age=np.zeros((height, width), np.float32),
            )
        found = find(seen.mark, [frame.mark for frame in self.past], reach=self.reach)
        wish = self._take(found, [frame.index for frame in self.past])
        before = self._take(found, [frame.inherited.mean for frame in self.past])
        anchor = self._take(found, [frame.inherited.anchor for frame in self.past])
        age = self._take(found, [frame.inherited.age for frame in self.past])
        same = (found.belief > SURE) & (np.linalg.norm(mean - before, axis=2) < CREEP + 2 * found.noise)
        age = np.where(same, np.minimum(age + 1, AVERAGED - 1), 0).astype(np.float32)
        share = (1 / (age + 1))[..., None]
        mean = np.asarray(before + share * (mean - before), np.float32)
        belief = found.belief * self._standing(mean - anchor, found)
        cells = self._steadied(found, seen.cells, share[..., 0].astype(np.float32))
        return Inherited(cells=cells, wish=wish, belief=belief.astype(np.float32), mean=mean, anchor=anchor, age=age)

    def _standing(self, gap: Floats, found: Reference) -> Floats:
        """float32[H, W], 0..1: how far the picture stands still where it is believed to be the same, by each cell's
        ``gap`` float32[H, W, 3] to its anchor and by that of all around it."""
        sure = found.belief[..., None]
        around = mean_around(gap * sure, 2) / np.maximum(mean_around(sure, 2), 1e-3)
        creep = np.maximum(np.linalg.norm(gap, axis=2) - found.noise, 0) / DRIFT
        common = np.maximum(np.linalg.norm(around, axis=2) - found.noise / 5, 0) / TOGETHER
        return np.asarray(np.exp(-(np.maximum(creep, common) ** 2)), np.float32)

    def keep(self, seen: Seen, inherited: Inherited, index: NDArray[np.int16], chosen: NDArray[np.bool_]) -> None:
        """Remember the answer ``index`` int16[H, W]; ``chosen`` bool[H, W]: cells whose colour the picture alone
        would have chosen too, and whose anchor therefore moves to what they see now."""
        anchor = np.where(chosen[..., None], inherited.mean, inherited.anchor)
        frame = _Past(mark=seen.mark, inherited=replace(inherited, anchor=anchor), index=index)
        self.past = [frame, *self.past][: self.memory]

    def _take(self, found: Reference, planes: list[NDArray[Any]]) -> NDArray[Any]:
        """Each cell's value at its reference."""
        return np.stack(planes)[found.back - 1, found.row, found.column]

    def _steadied(self, found: Reference, now: downscale.Cells, share: Floats) -> downscale.Cells:
        """``now`` mixed into what the cells' references saw; ``share`` float32[H, W] of now."""

        def mixed(name: str) -> Floats:
            new = getattr(now, name).astype(np.float32)
            old = self._take(found, [getattr(frame.inherited.cells, name) for frame in self.past])
            part = share[..., None] if new.ndim == 3 else share
            return np.asarray(old + part * (new - old), np.float32)

        old_line = self._take(found, [frame.inherited.cells.stroke for frame in self.past])
        return downscale.Cells(
            lab=mixed("lab"),
            smooth=mixed("smooth"),
            cover=mixed("cover"),
            low=mixed("low"),
            high=mixed("high"),
            stroke=np.where(share < 1, old_line, now.stroke),
        )
