"""What a maker's limits do to a pattern: islands are given up for cuts, the cheapest in colour difference first.

An island (a region of 8-neighbours) may take the colour of a region that it touches. That saves as many threads as
regions of that colour touch it, and costs the sum over its cells of CIEDE2000 against the colour that the engine gave
them. Islands go in the order of cost for each thread saved, until the limit is met. Empty cells never fill up, and no
cell becomes empty.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pixl.color import ciede2000
from pixl.errors import ExportError
from pixl.pattern import Pattern

from .regions import label_regions, touching


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """What was given up: ``islands`` recoloured, ``cells`` of them, ``delta_e``: mean CIEDE2000 over those cells."""

    islands: int
    cells: int
    delta_e: float

    def sentence(self) -> str:
        """For the report; '' when nothing changed."""
        if not self.cells:
            return ""
        return f"{self.islands} islands of {self.cells} cells took a neighbour's colour (dE {self.delta_e:.1f} on them)"


class Islands:
    """Regions of a pattern that can be merged one by one."""

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self.labels, colors = label_regions(pattern.index)
        count = len(colors)
        self.color: list[int] = colors.tolist()
        lab = pattern.palette.lab
        self.delta: NDArray[np.float64] = np.asarray(ciede2000(lab[:, None], lab[None]), np.float64)
        self.first: NDArray[np.int16] = colors.astype(np.int16)
        self.size: list[int] = np.bincount(self.labels.ravel(), minlength=count).tolist()
        # cells of each original colour in each region: what a new colour costs is a product with ``delta``
        self.held: list[NDArray[np.float64]] = [np.zeros(0)] * count
        eye = np.eye(len(pattern.palette))
        for region in range(1, count):
            self.held[region] = eye[self.color[region]] * self.size[region]
        self.near: list[set[int]] = [set() for _ in range(count)]
        for a, b in touching(self.labels).tolist():
            self.near[a].add(b)
            self.near[b].add(a)
        self.into = list(range(count))
        self.parent = np.arange(count)  # as ``into``, but never shortened: the state after any number of merges
        self.when = np.full(count, np.iinfo(np.int64).max)
        self.left = count - 1
        self.merged = 0

    def root(self, region: int) -> int:
        """The region that this one is part of now."""
        while self.into[region] != region:
            self.into[region] = self.into[self.into[region]]
            region = self.into[region]
        return region

    def best(self, region: int) -> tuple[float, float, int] | None:
        """(colour difference for each thread saved, difference, colour) of the best change, or None without
        neighbour.
        """
        touched: dict[int, int] = {}
        for other in self.near[region]:
            touched[self.color[other]] = touched.get(self.color[other], 0) + 1
        if not touched:
            return None
        now = float(self.held[region] @ self.delta[self.color[region]])
        found = []
        for color, regions in touched.items():
            more = float(self.held[region] @ self.delta[color]) - now
            found.append((more / regions, more, color))
        return min(found)

    def merge(self, region: int, color: int) -> list[int]:
        """Give a region a colour; it becomes one with all neighbours of that colour. Returns regions to look at
        again.
        """
        joined = [other for other in self.near[region] if self.color[other] == color]
        keep = max(joined, key=lambda other: (len(self.near[other]), other))
        changed = set(self.near[region])
        for other in [region, *joined]:
            if other == keep:
                continue
            self.into[other] = keep
            self.parent[other], self.when[other] = keep, self.merged + 1
            self.size[keep] += self.size[other]
            self.held[keep] = self.held[keep] + self.held[other]
            for neighbour in self.near[other]:
                self.near[neighbour].discard(other)
                if neighbour != keep:
                    self.near[neighbour].add(keep)
                    self.near[keep].add(neighbour)
            self.near[other] = set()
        self.near[keep].discard(keep)
        self.left -= len(joined)
        self.merged += 1
        return [*sorted({self.root(other) for other in changed} | {keep})]

    def index_at(self, merges: int) -> NDArray[np.int16]:
        """int16[H, W]: the map after so many merges. A region that is not merged keeps its first colour."""
        root = np.where(self.when <= merges, self.parent, np.arange(len(self.parent)))
        while (root[root] != root).any():
            root = root[root]
        return np.asarray(self.first[root][self.labels], np.int16)


def merges(islands: Islands, *, smaller_than: int | None = None) -> Iterator[tuple[int, int]]:
    """Merge islands, cheapest first, one at each step; yields (region, new colour). ``smaller_than``: only those."""
    heap: list[tuple[float, int, int]] = []

    def offer(region: int) -> None:
        if smaller_than is not None and islands.size[region] >= smaller_than:
            return
        best = islands.best(region)
        if best is not None:
            heapq.heappush(heap, (best[0], islands.size[region], region))

    for region in range(1, len(islands.into)):
        offer(region)
    while heap:
        ratio, size, region = heapq.heappop(heap)
        if islands.root(region) != region or islands.size[region] != size:
            continue
        best = islands.best(region)
        if best is None:
            continue
        if best[0] > ratio + 1e-9:
            heapq.heappush(heap, (best[0], size, region))
            continue
        for other in islands.merge(region, best[2]):
            offer(other)
        yield region, best[2]


def without_islands(pattern: Pattern, least: int) -> Pattern:
    """The pattern with every island of fewer than ``least`` cells merged into a neighbour."""
    islands = Islands(pattern)
    for _ in merges(islands, smaller_than=least):
        pass
    return replace(pattern, index=islands.index_at(islands.merged))


def merge_near_colors(pattern: Pattern, delta_e: float) -> Pattern:
    """Threads nearer than ``delta_e`` (CIEDE2000) become one, the nearest pair first; the more frequent one stays."""
    index = pattern.index.copy()
    lab = pattern.palette.lab
    counts = pattern.counts().copy()
    while True:
        used = np.flatnonzero(counts)
        if len(used) < 2:
            return replace(pattern, index=index)
        away = np.asarray(ciede2000(lab[used][:, None], lab[used][None]))
        np.fill_diagonal(away, np.inf)
        a, b = np.unravel_index(int(np.argmin(away)), away.shape)
        if away[a, b] >= delta_e:
            return replace(pattern, index=index)
        keep, gone = int(used[a]), int(used[b])
        if counts[gone] > counts[keep]:
            keep, gone = gone, keep
        index[index == gone] = keep
        counts[keep] += counts[gone]
        counts[gone] = 0


def trade(pattern: Pattern, meets: Callable[[Pattern], bool], *, what: str) -> Pattern:
    """Merge as few islands as ``meets`` allows, in order of cost. Raises ExportError when no merging is enough.

    ``what``: the limit's name. The number of merges is found by bisection: more merges never need more threads.
    """
    if meets(pattern):
        return pattern
    islands = Islands(pattern)
    total = sum(1 for _ in merges(islands))
    low, high = 0, total  # low does not meet it, high does
    if not meets(replace(pattern, index=islands.index_at(total))):
        raise _out_of_reach(what, islands)
    while high - low > 1:
        middle = (low + high) // 2
        if meets(replace(pattern, index=islands.index_at(middle))):
            high = middle
        else:
            low = middle
    return replace(pattern, index=islands.index_at(high))


def _out_of_reach(what: str, islands: Islands) -> ExportError:
    return ExportError(
        f"{what} cannot be met: {islands.left} separate islands are left, apart on bare cloth",
        hint="raise the limit, or leave fewer cells empty",
    )


def traded(before: Pattern, after: Pattern) -> Traded:
    """What the maker gave up between two patterns over one palette."""
    changed = before.index != after.index
    cells = int(changed.sum())
    if not cells:
        return Traded(islands=0, cells=0, delta_e=0.0)
    lab = before.palette.lab
    away = np.asarray(ciede2000(lab[before.index[changed]], lab[after.index[changed]]))
    marked = np.where(changed, before.index, np.int16(-1)).astype(np.int16)
    return Traded(islands=len(label_regions(marked)[1]) - 1, cells=cells, delta_e=float(away.mean()))
