"""Ways between regions of one colour that hide under colours sewn later: shortest paths over cells, and a shortest
tree.

Every cell of the colour is a source; the fronts that meet give, for each pair of neighbouring regions, a shortest way
that enters no third region. The shortest spanning tree over these ways is the one over all shortest ways (Mehlhorn
1988), and cutting it at a length leaves as few parts as any choice of ways up to that length.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A way from a region to another. ``cells``: flat cell indices, from a cell of ``a`` to a cell of ``b``; between
    are only cells of later colours. ``length``: in cells, diagonal steps sqrt 2.
    """

    a: int
    b: int
    cells: tuple[int, ...]
    length: float


def link_regions(labels: NDArray[np.int32], later: NDArray[np.bool_], cap: float | None) -> list[Link]:
    """The shortest tree of ways between the regions of one colour.

    ``labels``: int32[H, W], 0 where the colour is not, else its regions (8-neighbours); ``later``: bool[H, W], cells
    that will be covered; ``cap``: longest way in cells, or None.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    height, width = labels.shape
    own = labels > 0
    if int(labels.max(initial=0)) == 0 or len(np.unique(labels[own])) < 2:
        return []
    allowed = own | later
    number = np.full(labels.shape, -1, np.int64)
    flat = np.flatnonzero(allowed)
    number.ravel()[flat] = np.arange(len(flat))
    starts: list[NDArray[np.int64]] = []
    ends: list[NDArray[np.int64]] = []
    weights: list[NDArray[np.float64]] = []
    for down, right in _STEPS:
        here = number[: height - down, max(0, -right) : width - max(0, right)]
        there = number[down:, max(0, right) : width + min(0, right)]
        both = (here >= 0) & (there >= 0)
        starts.append(here[both])
        ends.append(there[both])
        weights.append(np.full(int(both.sum()), np.hypot(down, right)))
    start, end, weight = np.concatenate(starts), np.concatenate(ends), np.concatenate(weights)
    region = labels.ravel()[flat].astype(np.int64)
    between = (region[start] == 0) | (region[end] == 0)
    graph = csr_matrix((weight[between], (start[between], end[between])), shape=(len(flat), len(flat)))
    sources = np.flatnonzero(region)
    distance, before, origin = dijkstra(graph, directed=False, indices=sources, min_only=True, return_predecessors=True)
    reached = (origin[start] >= 0) & (origin[end] >= 0)
    start, end, weight = start[reached], end[reached], weight[reached]
    one, other = region[origin[start]], region[origin[end]]
    meeting = one != other
    start, end, weight, one, other = (part[meeting] for part in (start, end, weight, one, other))
    length = distance[start] + weight + distance[end]
    order = np.lexsort((end, start, np.maximum(one, other), np.minimum(one, other), length))
    return _shortest_tree(order, (start, end, one, other, length), (before, flat), cap)


def _shortest_tree(
    order: NDArray[np.int64],
    meetings: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]],
    ways: tuple[NDArray[np.int32], NDArray[np.int64]],
    cap: float | None,
) -> list[Link]:
    """Kruskal over the places where fronts meet."""
    start, end, one, other, length = meetings
    parent: dict[int, int] = {}

    def root(region: int) -> int:
        parent.setdefault(region, region)
        while parent[region] != region:
            parent[region] = parent[parent[region]]
            region = parent[region]
        return region

    found: list[Link] = []
    for at in order.tolist():
        if cap is not None and length[at] > cap:
            break
        a, b = int(one[at]), int(other[at])
        root_a, root_b = root(a), root(b)
        if root_a == root_b:
            continue
        parent[root_a] = root_b
        cells = [*_back(int(start[at]), ways)[::-1], *_back(int(end[at]), ways)]
        found.append(Link(a=a, b=b, cells=tuple(cells), length=float(length[at])))
    return found


def _back(node: int, ways: tuple[NDArray[np.int32], NDArray[np.int64]]) -> list[int]:
    """Flat cells from a node back to the source whose front reached it."""
    before, flat = ways
    cells = [int(flat[node])]
    while before[node] >= 0:
        node = int(before[node])
        cells.append(int(flat[node]))
    return cells
