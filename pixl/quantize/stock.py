"""Cells under a limited stock: the cheapest assignment there is, exactly.

Cells times colours with caps is a transportation problem, and its linear programme has whole-number optima. It is
solved here as a minimum cost flow by successive shortest paths over the colours (K nodes, never the cells): every cell
starts at its cheapest colour, and while one colour is short of pieces and another has some left, one cell after the
other moves along the cheapest chain of moves between the two (Ahuja, Magnanti and Orlin 1993, "Network Flows",
chapter 9.7). Costs are rounded to 2^-20 first, so all sums are whole numbers: the answer is the optimum of the rounded
costs, and no path depends on how a machine adds. NumPy only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UsageError

MAX_CELLS = 40_000
"""Above this the caller goes by blocks or refuses: time grows with cells times moves."""

_SCALE = 1 << 20
_LARGEST = 1e7  # stands for "never": dearer than any sum of real differences along a path
_FAR = np.int64(1) << 60


def assign_under_stock(cost: ArrayLike, stock: ArrayLike) -> NDArray[np.int64]:
    """int64[N]: a colour for each cell, the sum of costs as small as it can be with at most ``stock[k]`` of colour k.

    When there are fewer pieces than cells, all pieces are used, as few cells as possible go beyond the stock, and
    among all such answers the cheapest is given: which colours are short then shows in the counts.

    Args:
        cost: float[N, K], what each colour costs each cell, non-negative; infinity means never if avoidable. NaN is
            refused.
        stock: int[K], pieces of each colour, non-negative.

    Returns:
        int64[N], the same for the same input on every machine.

    Raises:
        UsageError: shapes or values as above, or more than MAX_CELLS cells.
    """
    table = np.asarray(cost, dtype=np.float64)
    pieces = np.asarray(stock, dtype=np.int64)
    if table.ndim != 2 or pieces.shape != (table.shape[1],) or not table.shape[1]:
        raise UsageError(f"stock of shape {pieces.shape} for costs of shape {table.shape}", hint="give [N, K] and [K]")
    if np.isnan(table).any() or (table < 0).any() or (pieces < 0).any():
        raise UsageError("costs and stock must not be negative or undefined", hint="give numbers from 0 up")
    if len(table) > MAX_CELLS:
        raise UsageError(
            f"{len(table)} cells are too many for an exact fit to a stock (most: {MAX_CELLS})",
            hint="make the picture smaller, or fit it in blocks",
        )
    whole = np.rint(np.minimum(table, _LARGEST) * _SCALE).astype(np.int64)
    choice: NDArray[np.int64] = whole.argmin(axis=1).astype(np.int64)
    flow = _Flow(whole, choice)
    surplus = np.bincount(choice, minlength=len(pieces)) - pieces
    while True:
        sources, sinks = np.flatnonzero(surplus > 0), np.flatnonzero(surplus < 0)
        if not len(sources) or not len(sinks):
            return choice
        first, last = flow.push(sources, sinks)
        surplus[first] -= 1
        surplus[last] += 1


class _Flow:
    """The residual graph: ``best[k, l]`` is the least that any cell of colour k pays to become l, ``who`` that cell.

    For each pair the cells that started at k are sorted by what they pay, and a pointer passes those that have left;
    cells that came later are in ``came`` and are looked through. What a cell pays from k to l never changes.
    """

    def __init__(self, cost: NDArray[np.int64], choice: NDArray[np.int64]) -> None:
        count = cost.shape[1]
        self.cost, self.choice = cost, choice
        self.best = np.full((count, count), _FAR, np.int64)
        self.who = np.full((count, count), -1, np.int64)
        self.order: list[NDArray[np.int64]] = []
        self.at = [[0] * count for _ in range(count)]
        self.came = [np.empty(8, np.int64) for _ in range(count)]
        self.number = [0] * count
        for k in range(count):
            members = np.flatnonzero(choice == k)
            pays = cost[members] - cost[members, k][:, None]
            order = np.argsort(pays, axis=0, kind="stable")
            self.order.append(np.ascontiguousarray(members[order].T))
            if len(members):
                self.best[k] = np.take_along_axis(pays, order[:1], axis=0)[0]
                self.who[k] = self.order[k][:, 0]
        np.fill_diagonal(self.best, _FAR)

    def push(self, sources: NDArray[np.intp], sinks: NDArray[np.intp]) -> tuple[int, int]:
        """Move one cell out of a source, and on along the cheapest chain to a sink; returns both ends."""
        count = len(self.best)
        distance = np.full(count, _FAR, np.int64)
        distance[sources] = 0
        before = np.full(count, -1, np.int64)
        for _ in range(count):  # Bellman and Ford: chains are short, and no cycle is negative
            through = distance[:, None] + self.best
            via = through.argmin(axis=0)
            value = through[via, np.arange(count)]
            better = value < distance
            if not better.any():
                break
            distance[better] = value[better]
            before[better] = via[better]
        node = last = int(sinks[distance[sinks].argmin()])
        moves = []
        while before[node] >= 0:
            origin = int(before[node])
            moves.append((int(self.who[origin, node]), origin, node))
            node = origin
        for cell, _, goal in moves:
            self.choice[cell] = goal
            self._arrive(cell, goal)
        for cell, origin, _ in moves:
            self._leave(cell, origin)
        return node, last

    def _arrive(self, cell: int, goal: int) -> None:
        pays = self.cost[cell] - self.cost[cell, goal]
        better = pays < self.best[goal]
        better[goal] = False
        self.best[goal][better] = pays[better]
        self.who[goal][better] = cell
        if self.number[goal] == len(self.came[goal]):
            here = self.came[goal][self.choice[self.came[goal]] == goal]
            self.came[goal] = np.concatenate([here, np.empty(len(here) + 8, np.int64)])
            self.number[goal] = len(here)
        self.came[goal][self.number[goal]] = cell
        self.number[goal] += 1

    def _leave(self, cell: int, origin: int) -> None:
        """Where the cell was the cheapest, find the cheapest that is still there."""
        goals = [goal for goal in np.flatnonzero(self.who[origin] == cell).tolist() if goal != origin]
        if not goals:
            return
        came = self.came[origin][: self.number[origin]]
        came = came[self.choice[came] == origin]
        if len(came):
            pays = self.cost[came[:, None], goals] - self.cost[came, origin][:, None]
            first = pays.argmin(axis=0)
            values, cells = pays[first, np.arange(len(goals))].tolist(), came[first].tolist()
        else:
            values, cells = [int(_FAR)] * len(goals), [-1] * len(goals)
        for goal, value, other in zip(goals, values, cells, strict=True):
            column, at = self.order[origin][goal], self.at[origin][goal]
            while at < len(column) and self.choice[column[at]] != origin:
                at += 1
            self.at[origin][goal] = at
            if at < len(column):
                stays = int(column[at])
                pays_there = int(self.cost[stays, goal] - self.cost[stays, origin])
                if pays_there <= value:
                    value, other = pays_there, stays
            self.best[origin, goal], self.who[origin, goal] = value, other
