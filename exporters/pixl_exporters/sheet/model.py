"""The display list: what is on a page, in millimetres, without a word about PDF, SVG or PNG.

x runs right, y runs down, the origin is the page's top left corner. Colours are ``(r, g, b)`` of 0..255, sRGB. Items
are painted in list order, later over earlier. Arrays are float64, read-only, in mm, and are written rounded to 0.001.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

RGB: TypeAlias = tuple[int, int, int]
Floats: TypeAlias = NDArray[np.float64]
Anchor: TypeAlias = Literal["start", "middle", "end"]
Cap: TypeAlias = Literal["butt", "round", "square"]

BLACK: RGB = (0, 0, 0)
WHITE: RGB = (255, 255, 255)
GREY: RGB = (110, 110, 110)

MM_PER_INCH = 25.4
PT_PER_MM = 72.0 / MM_PER_INCH


def _table(values: ArrayLike, columns: int) -> Floats:
    """A read-only float64 [N, columns] copy; ValueError when the shape differs or a value is not finite."""
    array = np.array(values, dtype=np.float64)
    array = array.reshape(0, columns) if array.size == 0 else array
    if array.ndim != 2 or array.shape[1] != columns:
        raise ValueError(f"expected [N, {columns}] numbers, got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("a coordinate is not finite")
    array.setflags(write=False)
    return array


def _check(**lengths: float) -> None:
    """ValueError for a length that is not a finite number of mm, 0 or more."""
    for name, value in lengths.items():
        if not (math.isfinite(value) and value >= 0.0):
            raise ValueError(f"{name} {value} is not a length in mm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """An outline: colour and width in mm, centred on the edge."""

    color: RGB
    width: float

    def __post_init__(self) -> None:
        _check(width=self.width)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Filled rectangles of one colour: ``rects`` is [N, 4] of x, y, width, height."""

    color: RGB
    rects: Floats
    stroke: Stroke | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "rects", _table(self.rects, 4))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dots:
    """Discs of one colour and radius at ``centres`` [N, 2]; rings when ``ring_width`` is given.

    A ring lies inside ``radius``: its outer edge is at ``radius``, its inner edge at ``radius - ring_width``.
    """

    color: RGB
    radius: float
    centres: Floats
    ring_width: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "centres", _table(self.centres, 2))
        _check(radius=self.radius, ring_width=self.ring_width or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Glyphs:
    """One symbol (one or two characters of the symbol font) at many ``points`` [N, 2].

    The centre of the symbol's ink box, not of its advance, lies on the point. ``size`` is the em in mm.
    """

    color: RGB
    symbol: str
    size: float
    points: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", _table(self.points, 2))
        _check(size=self.size)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lines:
    """Line segments [N, 4] of x1, y1, x2, y2; ``dash`` is (on, off) in mm."""

    color: RGB
    width: float
    segments: Floats
    dash: tuple[float, float] | None = None
    cap: Cap = "butt"

    def __post_init__(self) -> None:
        object.__setattr__(self, "segments", _table(self.segments, 4))
        _check(width=self.width, dash=min(self.dash or (0.0,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One line of text. ``y`` is the baseline, ``size`` the em in mm, ``rotate`` degrees clockwise about (x, y)."""

    x: float
    y: float
    text: str
    size: float
    anchor: Anchor = "start"
    color: RGB = BLACK
    bold: bool = False
    rotate: float = 0.0

    def __post_init__(self) -> None:
        _check(size=self.size)
        if not all(map(math.isfinite, (self.x, self.y, self.rotate))):
            raise ValueError("a coordinate is not finite")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Polygon:
    """A closed outline [N, 2]: filled when ``color`` is given, outlined when ``stroke`` is."""

    points: Floats
    color: RGB | None = None
    stroke: Stroke | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", _table(self.points, 2))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """A picture uint8[H, W, 3] in the box x, y, w, h; ``pixelated`` keeps its pixels square-edged when enlarged."""

    x: float
    y: float
    w: float
    h: float
    rgb: NDArray[np.uint8]
    pixelated: bool = True

    def __post_init__(self) -> None:
        rgb = np.array(self.rgb)
        if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
            raise ValueError(f"expected uint8[H, W, 3], got {rgb.dtype}{list(rgb.shape)}")
        rgb.setflags(write=False)
        object.__setattr__(self, "rgb", rgb)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Items that belong together: a layer with ``id`` and ``label`` in SVG, nothing in PDF and PNG."""

    id: str
    label: str
    items: tuple[Item, ...]


Item: TypeAlias = Cells | Dots | Glyphs | Lines | Text | Polygon | Picture | Group


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Page:
    """One page: its exact size in mm and its items."""

    width_mm: float
    height_mm: float
    items: tuple[Item, ...]
    name: str = ""

    def __post_init__(self) -> None:
        for side in (self.width_mm, self.height_mm):
            if not 1.0 <= side <= 5000.0:
                raise ValueError(f"a page side of {side} mm is outside 1..5000")

    def walk(self) -> Iterator[Item]:
        """Every item in painting order, groups opened up (the groups themselves are left out)."""
        yield from walk(self.items)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    """Pages that make one printed document."""

    pages: tuple[Page, ...]
    title: str = ""
    subject: str = ""
    keywords: str = ""

    def __post_init__(self) -> None:
        if not self.pages:
            raise ValueError("a sheet has at least one page")


def walk(items: Sequence[Item]) -> Iterator[Item]:
    """The leaves of a display list in painting order."""
    for item in items:
        if isinstance(item, Group):
            yield from walk(item.items)
        else:
            yield item


def merge_rects(rects: Floats) -> Floats:
    """Join rectangles that share a whole edge, first along rows, then down columns; the covered area is the same.

    Fewer rectangles make smaller files and no hairline seams in viewers that smooth edges. Works on coordinates
    rounded to 0.001 mm, so cells placed at multiples of a pitch do join.

    Args:
        rects: float64[N, 4] of x, y, width, height.

    Returns:
        float64[M, 4], M <= N, sorted by y then x.
    """
    joined = np.round(rects * 1000.0).astype(np.int64)
    joined[:, 2:] = np.round((rects[:, :2] + rects[:, 2:]) * 1000.0).astype(np.int64)  # now x0, y0, x1, y1
    joined = _join(joined, across=(1, 3), start=0, end=2)
    joined = _join(joined, across=(0, 2), start=1, end=3)
    order = np.lexsort((joined[:, 0], joined[:, 1]))
    joined = joined[order]
    joined[:, 2:] -= joined[:, :2]
    return joined / 1000.0


def _join(boxes: NDArray[np.int64], *, across: tuple[int, int], start: int, end: int) -> NDArray[np.int64]:
    """Join boxes with equal ``across`` sides whose ``end`` meets the next one's ``start``."""
    if len(boxes) < 2:
        return boxes
    boxes = boxes[np.lexsort((boxes[:, start], boxes[:, across[1]], boxes[:, across[0]]))]
    breaks = np.ones(len(boxes), dtype=bool)
    breaks[1:] = (
        (boxes[1:, across[0]] != boxes[:-1, across[0]])
        | (boxes[1:, across[1]] != boxes[:-1, across[1]])
        | (boxes[1:, start] != boxes[:-1, end])
    )
    first = np.flatnonzero(breaks)
    last = np.append(first[1:], len(boxes)) - 1
    joined = boxes[first].copy()
    joined[:, end] = boxes[last, end]
    return joined
