"""In which order the colours are sewn, so that ways between regions hide under colours sewn later.

For an order, colour k may travel inside its own cells and those of later colours. It needs one thread for each
component of that union in which it has a region. Costs depend only on *which* colours come later, so the best order
is a dynamic programme over subsets: ``f(U) = min over k in U of f(U - k) + c(U, k)``, where ``c(U, k)`` counts the
components of the union U that hold a cell of colour k, and k is sewn first of U. It is exact, and affordable to 16
colours: components of all 2^n unions are counted on the graph of regions, contracted for the colours with most
regions and then for blocks of subsets at a time. Beyond 16 an insertion search with restarts gives a good order and
says that it is not proven.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .regions import label_regions, touching

EXACT_TO = 16
"""Most colours for the exact search."""
_TAIL = 6
"""Colours whose subsets are counted in one block."""
_EVALUATIONS = 20_000
"""Components counted by the search before it gives what it has (a few seconds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """``colors``: palette indices as sewn; ``threads``: what this order needs; ``exact``: no order needs fewer."""

    colors: tuple[int, ...]
    threads: int
    exact: bool


class RegionGraph:
    """The regions of a map (8-neighbours) and which of them touch; ``rank``: the colours in order of preference."""

    def __init__(self, index: NDArray[np.int16], rank: Sequence[int]) -> None:
        labels, colors = label_regions(index)
        place = {color: number for number, color in enumerate(rank)}
        self.rank = tuple(rank)
        self.color: NDArray[np.int64] = np.array([place[int(c)] for c in colors[1:]], np.int64)
        self.edges: NDArray[np.int64] = touching(labels).astype(np.int64) - 1
        self.count = len(self.color)

    @property
    def strict(self) -> int:
        """Threads when no way is hidden: the regions."""
        return self.count

    def needs(self, color: int, later: Iterable[int]) -> int:
        """Components of ``color`` and ``later`` together that hold a cell of ``color`` (all as places in
        ``rank``).
        """
        allowed = np.zeros(len(self.rank), bool)
        allowed[[color, *later]] = True
        inside = allowed[self.color]
        kept = self.edges[inside[self.edges].all(axis=1)]
        return len(np.unique(_components(self.count, kept)[self.color == color]))

    def threads(self, order: Sequence[int]) -> int:
        """Threads that an order of palette indices needs."""
        places = [self.rank.index(color) for color in order]
        return sum(self.needs(place, places[at + 1 :]) for at, place in enumerate(places))


def best_order(index: NDArray[np.int16], rank: Sequence[int], *, exact_to: int = EXACT_TO) -> Order:
    """The order with fewest threads; among equals the colours early in ``rank`` come first.

    ``rank``: every colour of the map once. Above ``exact_to`` colours the search is a heuristic.
    """
    graph = RegionGraph(index, rank)
    places = _exact(graph) if len(rank) <= min(exact_to, EXACT_TO) else _search(graph)
    colors = tuple(graph.rank[place] for place in places)
    return Order(colors=colors, threads=graph.threads(colors), exact=len(rank) <= min(exact_to, EXACT_TO))


def _components(count: int, edges: NDArray[np.int64]) -> NDArray[np.int32]:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(edges), np.int8)
    graph = coo_matrix((ones, (edges[:, 0], edges[:, 1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int32)


# -- exact ------------------------------------------------------------


def _exact(graph: RegionGraph) -> list[int]:
    """Places in sewing order, fewest threads, by the recurrence above."""
    number = len(graph.rank)
    counts = union_counts(graph)
    size = 1 << number
    best = np.full(size, np.iinfo(np.int32).max, np.int32)
    best[0] = 0
    unions = np.arange(size)
    bits = np.array([bin(union).count("1") for union in range(size)])
    for level in range(1, number + 1):
        here = unions[bits == level]
        for color in range(number):
            has = here[here >> color & 1 == 1]
            best[has] = np.minimum(best[has], best[has ^ (1 << color)] + counts[has, color])
    order: list[int] = []
    union = size - 1
    while union:
        for color in range(number):
            if union >> color & 1 and best[union] == best[union ^ (1 << color)] + counts[union, color]:
                order.append(color)
                union ^= 1 << color
                break
    return order


def union_counts(graph: RegionGraph) -> NDArray[np.int32]:
    """int32[2^n, n]: for each union of colours (a bit for each place), components that hold a cell of each colour."""
    number = len(graph.rank)
    regions = np.bincount(graph.color, minlength=number)
    by_size = np.argsort(-regions, kind="stable")
    head, tail = by_size[: max(0, number - _TAIL)], by_size[max(0, number - _TAIL) :]
    counts = np.zeros((1 << number, number), np.int32)
    in_tail = np.isin(graph.color, tail)
    for subset in range(1 << len(head)):
        chosen = [int(color) for bit, color in enumerate(head) if subset >> bit & 1]
        active = in_tail | np.isin(graph.color, chosen)
        _count_block(graph, active, in_tail, tail, sum(1 << color for color in chosen), counts)
    return counts


def _count_block(
    graph: RegionGraph,
    active: NDArray[np.bool_],
    in_tail: NDArray[np.bool_],
    tail: NDArray[np.int64],
    union: int,
    counts: NDArray[np.int32],
) -> None:
    """Fill ``counts`` for ``union`` together with every subset of ``tail``."""
    number = len(graph.rank)
    fixed = active & ~in_tail
    edges = graph.edges[active[graph.edges].all(axis=1)]
    among_fixed = fixed[edges].all(axis=1)
    part = _components(graph.count, edges[among_fixed])
    # nodes: the components of the fixed colours that touch the tail, and the tail's regions
    rest = part[edges[~among_fixed]]
    held = np.zeros((int(part.max(initial=-1)) + 1, number), bool)
    held[part[active], graph.color[active]] = True
    free = np.ones(len(held), bool)
    free[part[in_tail]] = False
    touched = np.zeros(len(held), bool)
    touched[rest.ravel()] = True
    touched[part[in_tail]] = True
    present = held.any(axis=1)
    alone = held[present & ~touched].sum(axis=0)
    renumber = np.cumsum(touched) - 1
    nodes = int(touched.sum())
    held = held[touched]
    always = free[touched]
    node_color = held.argmax(axis=1)
    links = np.unique(np.sort(renumber[rest], axis=1), axis=0) if len(rest) else np.zeros((0, 2), np.int64)
    blocks = 1 << len(tail)
    subset = np.arange(blocks)
    bit_of = np.full(number, 0, np.int64)
    bit_of[tail] = np.arange(len(tail))
    on = always[None, :] | (subset[:, None] >> bit_of[node_color][None, :] & 1 == 1)
    which, edge = np.nonzero(on[:, links[:, 0]] & on[:, links[:, 1]])
    label = _components(blocks * nodes, links[edge] + (which * nodes)[:, None]).reshape(blocks, nodes)
    unions = union + (subset[:, None] >> np.arange(len(tail)) & 1) @ (1 << tail)
    owner = np.zeros(int(label.max(initial=-1)) + 1, np.int64)
    owner[label] = subset[:, None]
    for color in range(number):
        seen = np.zeros(len(owner), bool)
        seen[label[on & held[:, color][None, :]]] = True
        counts[unions, color] = np.bincount(owner[seen], minlength=blocks) + alone[color]


# -- search ------------------------------------------------------------


class _Costs:
    """Threads of a colour given what comes later, remembered."""

    def __init__(self, graph: RegionGraph) -> None:
        self.graph = graph
        self.known: dict[tuple[int, int], int] = {}

    def of(self, color: int, later: int) -> int:
        """``later``: a bit for each place."""
        key = (color, later)
        if key not in self.known:
            places = [place for place in range(len(self.graph.rank)) if later >> place & 1]
            self.known[key] = self.graph.needs(color, places)
        return self.known[key]

    @property
    def spent(self) -> bool:
        return len(self.known) >= _EVALUATIONS


def _search(graph: RegionGraph, restarts: int = 5) -> list[int]:
    """Insertion search from a greedy order and from shuffles; the best found."""
    costs = _Costs(graph)
    rng = np.random.default_rng(0)
    number = len(graph.rank)
    starts = [_greedy(costs, number)] + [rng.permutation(number).tolist() for _ in range(restarts)]
    best: tuple[int, list[int]] | None = None
    for start in starts:
        order = _insert(costs, start)
        total = _total(costs, order)
        if best is None or total < best[0]:
            best = (total, order)
        if costs.spent:
            break
    assert best is not None
    return best[1]


def _greedy(costs: _Costs, number: int) -> list[int]:
    """From the last colour on, the one that adds fewest threads for its regions."""
    regions = np.bincount(costs.graph.color, minlength=number)
    order: list[int] = []
    later = 0
    while len(order) < number:
        rest = [color for color in range(number) if not later >> color & 1]
        pick = min(rest, key=lambda color: (costs.of(color, later), -int(regions[color]), -color))
        order.insert(0, pick)
        later |= 1 << pick
    return order


def _total(costs: _Costs, order: Sequence[int]) -> int:
    later = 0
    total = 0
    for color in reversed(order):
        total += costs.of(color, later)
        later |= 1 << color
    return total


def _insert(costs: _Costs, start: Sequence[int]) -> list[int]:
    """Move one colour at a time to its best place until none gains."""
    order = list(start)
    improved = True
    while improved and not costs.spent:
        improved = False
        for color in list(order):
            at = order.index(color)
            gain, place = _best_place(costs, order, at)
            if gain > 0:
                order.pop(at)
                order.insert(place, color)
                improved = True
    return order


def _best_place(costs: _Costs, order: list[int], at: int) -> tuple[int, int]:
    """Most threads saved by moving the colour at ``at``, and the place it goes to, by swaps with its neighbours."""
    color = order[at]
    others = order[:at] + order[at + 1 :]
    best, place = 0, at
    for step in (1, -1):
        gain = 0
        position = at
        while 0 <= position + step <= len(others):
            passed = others[position] if step > 0 else others[position - 1]
            after = sum(1 << c for c in (others[position + 1 :] if step > 0 else others[position:]))
            first, second = (color, passed) if step > 0 else (passed, color)
            gain += costs.of(first, after | 1 << second) + costs.of(second, after)
            gain -= costs.of(second, after | 1 << first) + costs.of(first, after)
            position += step
            if gain > best:
                best, place = gain, position
    return best, place
