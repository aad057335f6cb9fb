"""Will it hold together? Islands, joints by a corner, one-bead bridges; and filling so that it does.

Beads fuse only with neighbours that share a side (the four around a square bead, the six of a hexagon board).
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pixl.pattern import EMPTY

Mask = NDArray[np.bool_]
Places = tuple[tuple[int, int], ...]
"""Cells as (row, column), 0-based."""

LIMB = 6
"""Beads on each side of a bridge below which it is a detail and not a joint."""
_ROUNDS = 8  # a widened bridge may end in another bridge
REACH = 6
"""Empty cells that a fill bridges at most to reach an island."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What was found. ``pieces``: beads of each connected piece, largest first, ``starts`` its first bead in reading
    order. ``corners``: joints where two pieces meet at a corner only, the upper bead. ``bridges``: runs of single beads
    that alone hold ``LIMB`` or more beads on either side together.
    """

    pieces: tuple[int, ...] = ()
    starts: Places = ()
    corners: Places = ()
    bridges: tuple[Places, ...] = ()

    @property
    def islands(self) -> int:
        """Pieces that fall off the largest one."""
        return max(0, len(self.pieces) - 1)

    @property
    def sound(self) -> bool:
        """Nothing to complain about."""
        return not (self.islands or self.bridges)


def examine(mask: Mask, shifted: Mask | None = None) -> Holding:
    """Look at bool[H, W] of where beads lie; ``shifted`` bool[H] marks rows half a pitch to the right (hexagon)."""
    if mask.all() and min(mask.shape) > 1 and shifted is None:
        return Holding(pieces=(int(mask.size),), starts=((0, 0),))
    around = _neighbours(mask.shape, shifted)
    labels, pieces, starts = label_pieces(mask, around)
    corners = _corner_joints(labels) if shifted is None and len(pieces) > 1 else ()
    return Holding(pieces=pieces, starts=starts, corners=corners, bridges=_bridges(mask, labels, pieces, around))


Around = Callable[[int, int], Iterator[tuple[int, int]]]


def _neighbours(shape: tuple[int, ...], shifted: Mask | None) -> Around:
    """The cells that share a side with a cell, inside the grid."""
    height, width = shape
    square = ((-1, 0), (0, -1), (0, 1), (1, 0))
    left = ((-1, -1), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 0))
    right = ((-1, 0), (-1, 1), (0, -1), (0, 1), (1, 0), (1, 1))

    def around(row: int, column: int) -> Iterator[tuple[int, int]]:
        steps = square if shifted is None else (right if shifted[row] else left)
        for down, across in steps:
            if 0 <= row + down < height and 0 <= column + across < width:
                yield row + down, column + across

    return around


def label_pieces(mask: Mask, around: Around) -> tuple[NDArray[np.int32], tuple[int, ...], Places]:
    """(int32[H, W] with -1 for no bead and 0 for the largest piece, sizes largest first, first cells)."""
    labels = np.full(mask.shape, -1, np.int32)
    sizes: list[int] = []
    starts: list[tuple[int, int]] = []
    for row, column in zip(*(part.tolist() for part in np.nonzero(mask)), strict=True):
        if labels[row, column] >= 0:
            continue
        number, count, todo = len(sizes), 0, [(row, column)]
        labels[row, column] = number
        while todo:
            cell = todo.pop()
            count += 1
            for other in around(*cell):
                if mask[other] and labels[other] < 0:
                    labels[other] = number
                    todo.append(other)
        sizes.append(count)
        starts.append((row, column))
    order = sorted(range(len(sizes)), key=lambda n: (-sizes[n], n))
    table = np.full(len(sizes) + 1, -1, np.int32)
    table[order] = np.arange(len(order))
    return table[labels], tuple(sizes[n] for n in order), tuple(starts[n] for n in order)


def _corner_joints(labels: NDArray[np.int32]) -> Places:
    """Upper cells of diagonal contacts between two pieces whose other two cells are empty."""
    a, b, c, d = labels[:-1, :-1], labels[:-1, 1:], labels[1:, :-1], labels[1:, 1:]
    falling = (a >= 0) & (d >= 0) & (b < 0) & (c < 0) & (a != d)
    rising = (b >= 0) & (c >= 0) & (a < 0) & (d < 0) & (b != c)
    rows, columns = np.nonzero(falling)
    more_rows, more_columns = np.nonzero(rising)
    places = [*zip(rows.tolist(), columns.tolist(), strict=True)]
    places += zip(more_rows.tolist(), (more_columns + 1).tolist(), strict=True)
    return tuple(sorted(places))


def _bridges(mask: Mask, labels: NDArray[np.int32], pieces: tuple[int, ...], around: Around) -> tuple[Places, ...]:
    """Runs of cells whose loss parts a piece into sides of at least LIMB beads each."""
    single: set[tuple[int, int]] = set()
    for start, size in _piece_starts(labels, pieces):
        if size >= 2 * LIMB + 1:
            single.update(cell for cell, _ in _cut_cells(mask, start, size, around))
    runs: list[Places] = []
    left = set(single)
    for cell in sorted(single):
        if cell not in left:
            continue
        left.discard(cell)
        run, todo = [cell], [cell]
        while todo:
            for other in around(*todo.pop()):
                if other in left:
                    left.discard(other)
                    run.append(other)
                    todo.append(other)
        runs.append(tuple(sorted(run)))
    return tuple(runs)


def _piece_starts(labels: NDArray[np.int32], pieces: tuple[int, ...]) -> Iterator[tuple[tuple[int, int], int]]:
    flat = labels.ravel()
    for number, size in enumerate(pieces):
        at = int(np.argmax(flat == number))
        yield divmod(at, labels.shape[1]), size


def _cut_cells(
    mask: Mask, start: tuple[int, int], size: int, around: Around
) -> Iterator[tuple[tuple[int, int], list[list[tuple[int, int]]]]]:
    """Articulation cells of one piece that leave LIMB beads on two sides (Hopcroft and Tarjan, without recursion).

    With each cell come its neighbours, grouped by the side they are on, sides of fewer than LIMB beads left out.
    """
    order: dict[tuple[int, int], int] = {start: 0}
    low: dict[tuple[int, int], int] = {start: 0}
    weight: dict[tuple[int, int], int] = {start: 1}
    cut_off: dict[tuple[int, int], list[tuple[int, int]]] = {}  # first number and size of each side that falls off
    stack = [(start, start, around(*start))]
    while stack:
        cell, parent, others = stack[-1]
        for other in others:
            if not mask[other] or other == parent:
                continue
            if other in order:
                low[cell] = min(low[cell], order[other])
                continue
            order[other] = low[other] = len(order)
            weight[other] = 1
            stack.append((other, cell, around(*other)))
            break
        else:
            stack.pop()
            if stack:
                above = stack[-1][0]
                low[above] = min(low[above], low[cell])
                weight[above] += weight[cell]
                if low[cell] >= order[above]:
                    cut_off.setdefault(above, []).append((order[cell], weight[cell]))
    for cell, parts in cut_off.items():
        sides: dict[int, list[tuple[int, int]]] = {}
        rest = size - 1 - sum(beads for _, beads in parts)
        for other in around(*cell):
            if mask[other]:
                inside = (n for n, (first, beads) in enumerate(parts) if first <= order[other] < first + beads)
                side = next(inside, -1)
                if (rest if side < 0 else parts[side][1]) >= LIMB:
                    sides.setdefault(side, []).append(other)
        if len(sides) > 1:
            yield cell, list(sides.values())


def fill_places(mask: Mask, shifted: Mask | None = None, pegs: Mask | None = None) -> Places:
    """Empty cells to fill so that islands within REACH are joined and bridges are two beads wide, in reading order.

    ``pegs`` bool[H, W]: where a bead can lie at all.
    """
    full = mask.copy()
    can = np.ones(mask.shape, dtype=bool) if pegs is None else pegs
    around = _neighbours(mask.shape, shifted)
    _join_islands(full, can, around)
    for _ in range(_ROUNDS):
        before = int(full.sum())
        labels, pieces, _starts = label_pieces(full, around)
        for start, size in _piece_starts(labels, pieces):
            for cell, sides in list(_cut_cells(full, start, size, around)):
                _widen(full, cell, sides, can, around)
        if int(full.sum()) == before:
            break
    added = full & ~mask
    return tuple(zip(*(part.tolist() for part in np.nonzero(added)), strict=True))


def _join_islands(full: Mask, can: Mask, around: Around) -> None:
    """Fill the fewest empty cells found by growing from the largest piece (Prim's tree over the pieces), in place."""
    labels, pieces, _ = label_pieces(full, around)
    if len(pieces) < 2:
        return
    cells: dict[int, list[tuple[int, int]]] = {n: [] for n in range(len(pieces))}
    for row, column in zip(*(part.tolist() for part in np.nonzero(full)), strict=True):
        cells[int(labels[row, column])].append((row, column))
    heap = [(0, cell) for cell in cells[0]]
    gap = dict.fromkeys(cells[0], 0)
    came: dict[tuple[int, int], tuple[int, int]] = {}
    joined = {0}
    while heap:
        far, cell = heapq.heappop(heap)
        if far > gap[cell]:
            continue
        for other in around(*cell):
            number = int(labels[other])
            if number >= 0 and number not in joined:
                joined.add(number)
                solid = list(cells[number])
                at = cell
                while not full[at]:
                    full[at] = True
                    solid.append(at)
                    at = came[at]
                for place in solid:
                    gap[place] = 0
                    heapq.heappush(heap, (0, place))
            elif number < 0 and can[other] and far < min(REACH, gap.get(other, REACH + 1) - 1):
                gap[other] = far + 1
                came[other] = cell
                heapq.heappush(heap, (far + 1, other))


def _widen(full: Mask, cell: tuple[int, int], sides: list[list[tuple[int, int]]], can: Mask, around: Around) -> None:
    """Fill beside a bridge bead, so that its two sides also meet around it: the way with fewest cells to fill."""
    best: list[tuple[int, int]] | None = None
    for first_side, second_side in itertools.combinations(sides, 2):
        for first, second in itertools.product(first_side, second_side):
            way = _way_around(full, cell, first, second, can, around)
            if way is not None and (best is None or len(way) < len(best)):
                best = way
    for place in best or ():
        full[place] = True


def _way_around(
    full: Mask,
    cell: tuple[int, int],
    first: tuple[int, int],
    second: tuple[int, int],
    can: Mask,
    around: Around,
) -> list[tuple[int, int]] | None:
    """Empty cells on the cheapest way from one neighbour to the other through the ring around a cell."""
    row, column = cell
    came: dict[tuple[int, int], tuple[int, int] | None] = {first: None}
    cost = {first: 0}
    todo = [first]
    while todo:
        at = min(todo, key=lambda place: (cost[place], place))
        todo.remove(at)
        if at == second:
            break
        for other in around(*at):
            inside = abs(other[0] - row) <= 1 and abs(other[1] - column) <= 1 and other != cell
            if not inside or not (full[other] or can[other]):
                continue
            price = cost[at] + (0 if full[other] else 1)
            if other not in cost or price < cost[other]:
                cost[other], came[other] = price, at
                todo.append(other)
    if second not in came:
        return None
    way = []
    step: tuple[int, int] | None = second
    while step is not None:
        if not full[step]:
            way.append(step)
        step = came[step]
    return way


def filled(
    index: NDArray[np.int16], places: Places, *, bead: int | None, shifted: Mask | None = None
) -> NDArray[np.int16]:
    """The index map with ``places`` filled: with colour ``bead``, or where it is None with what most of the cell's
    neighbours have (ties go to the lower index)."""
    out = index.copy()
    around = _neighbours(index.shape, shifted)
    todo = list(places)
    while todo:
        later = []
        for cell in todo:
            near = [int(out[other]) for other in around(*cell) if out[other] != EMPTY]
            if bead is None and not near:
                later.append(cell)
                continue
            out[cell] = bead if bead is not None else max(sorted(set(near)), key=near.count)
        if len(later) == len(todo):
            break
        todo = later
    return out
