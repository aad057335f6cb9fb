"""A colour's cells as blocks, and the tree in which one thread sews them without ever crossing what it has sewn.

A block is a run of cells in one row of cells; its rows of fill are sewn at one go, from one side of it to the other,
so it ends at one of its four corners. The blocks of a thread hang in a tree. A thread goes down the tree by running
stitches over blocks that are not sewn yet, sews a block when all below it are sewn, and leaves it at a corner next to
its parent, which is not sewn yet either: every way lies under fill that comes later. Where no corner of a block is
near its parent the block is cut in two or three, and the piece beside the parent is sewn last.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .links import Link

LEFT, RIGHT = "left", "right"
TOP, BOTTOM = "top", "bottom"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A run of cells of one colour: row, first and last column, and its region's label."""

    row: int
    first: int
    last: int
    region: int


@dataclass(slots=True, kw_only=True)
class Block:
    """A span, or a piece of one, with its place in the tree.

    ``parent``: index of its parent, -1 at the root. ``sides``, ``ends``: where its last row may end so that it leaves
    beside its parent. ``way``: cells (row, column) between its exit and its parent's entry, both included, when the
    way leads through later colours; else empty. ``children``: in the order in which they were found.
    """

    row: int
    first: int
    last: int
    region: int
    parent: int = -1
    sides: tuple[str, ...] = (LEFT, RIGHT)
    ends: tuple[str, ...] = (TOP, BOTTOM)
    way: tuple[tuple[int, int], ...] = ()
    children: list[int] = field(default_factory=list)

    @property
    def cells(self) -> int:
        """Width in cells."""
        return self.last - self.first + 1


def spans_of(labels: NDArray[np.int32]) -> list[Span]:
    """Runs of equal label > 0, row by row. ``labels``: int32[H, W]."""
    found: list[Span] = []
    padded = np.pad(labels, ((0, 0), (1, 1)))
    for row, line in enumerate(padded):
        breaks = np.flatnonzero(line[1:] != line[:-1])
        for start, end in zip(breaks[:-1].tolist(), breaks[1:].tolist(), strict=True):
            if line[start + 1]:
                found.append(Span(row=row, first=start, last=end - 1, region=int(line[start + 1])))
    return found


def neighbours_of(spans: list[Span]) -> list[list[int]]:
    """For each span the spans of the same region in the rows above and below that share a side or a corner with
    it.
    """
    near: list[list[int]] = [[] for _ in spans]
    rows: dict[int, list[int]] = {}
    for number, span in enumerate(spans):
        rows.setdefault(span.row, []).append(number)
    for row, here in rows.items():
        below = rows.get(row + 1, [])
        start = 0
        for number in here:
            span = spans[number]
            while start < len(below) and spans[below[start]].last < span.first - 1:
                start += 1
            at = start
            while at < len(below) and spans[below[at]].first <= span.last + 1:
                if spans[below[at]].region == span.region:
                    near[number].append(below[at])
                    near[below[at]].append(number)
                at += 1
    return near


def threads_of(regions: Iterable[int], links: list[Link]) -> list[list[int]]:
    """Regions that one thread sews, joined by links; each list ascending, in order of their first."""
    group = {region: [region] for region in regions}
    for link in links:
        one, other = group[link.a], group[link.b]
        if one is not other:
            one += other
            for region in other:
                group[region] = one
    unique = {id(part): sorted(part) for part in group.values()}
    return sorted(unique.values())


def _sides_beside(span: Span, block: Block) -> tuple[str, ...]:
    """Ends of ``span`` from which ``block``, in the next row, is reached without passing more than one sewn cell."""
    first, last = block.first, block.last
    sides = []
    if first <= span.first <= last + 1 or (span.first == first - 1 and span.last >= first):
        sides.append(LEFT)
    if first - 1 <= span.last <= last or (span.last == last + 1 and span.first <= last):
        sides.append(RIGHT)
    return tuple(sides)


class Tree:
    """The blocks of one thread, root first (every block comes after its parent)."""

    def __init__(
        self, spans: list[Span], near: list[list[int]], members: list[int], links: list[Link], width: int
    ) -> None:
        self.spans = spans
        self.blocks: list[Block] = []
        self._pieces: dict[int, list[int]] = {}
        self._width = width
        self._at: dict[tuple[int, int], int] = {}
        for number in members:
            span = spans[number]
            for column in range(span.first, span.last + 1):
                self._at[span.row, column] = number
        crossings: dict[int, list[tuple[int, tuple[tuple[int, int], ...]]]] = {}
        for link in links:
            cells = tuple(divmod(cell, width) for cell in link.cells)
            one, other = self._at[cells[0]], self._at[cells[-1]]
            crossings.setdefault(one, []).append((other, cells[::-1]))
            crossings.setdefault(other, []).append((one, cells))
        root = max(members, key=lambda number: (spans[number].last - spans[number].first, number))
        self._grow(root, near, crossings)

    def _grow(
        self,
        root: int,
        near: list[list[int]],
        crossings: dict[int, list[tuple[int, tuple[tuple[int, int], ...]]]],
    ) -> None:
        """Join the nearest span that leaves beside the tree without being cut, else one that has to be cut."""
        self._add(root, [self._block(self.spans[root])])
        counter = 0
        heap: list[tuple[int, int, int, int, tuple[tuple[int, int], ...]]] = []

        def offer(parent: int) -> None:
            nonlocal counter
            for child in near[parent]:
                if child not in self._pieces:
                    counter += 1
                    fits = bool(self._parent_piece(child, parent)[1])
                    heapq.heappush(heap, (0 if fits else 1, counter, child, parent, ()))
            for child, way in crossings.get(parent, ()):
                if child not in self._pieces:
                    counter += 1
                    heapq.heappush(heap, (2, counter, child, parent, way))

        offer(root)
        while heap:
            _cost, _order, child, parent, way = heapq.heappop(heap)
            if child in self._pieces:
                continue
            if way:
                self._hang_by_way(child, parent, way)
            else:
                self._hang(child, parent)
            offer(child)

    def _block(self, span: Span, **changes: object) -> Block:
        fields = {"row": span.row, "first": span.first, "last": span.last, "region": span.region, **changes}
        return Block(**fields)  # type: ignore[arg-type]

    def _add(self, number: int, blocks: list[Block]) -> None:
        """Take the pieces of a span, the one that leaves last first."""
        start = len(self.blocks)
        self._pieces[number] = list(range(start, start + len(blocks)))
        for offset, block in enumerate(blocks):
            if offset:
                block.parent = start
            self.blocks.append(block)
            if block.parent >= 0:
                self.blocks[block.parent].children.append(start + offset)

    def _parent_piece(self, child: int, parent: int) -> tuple[int, tuple[str, ...]]:
        """The piece of ``parent`` beside which ``child`` can end, and on which sides; no side where none is near."""
        span = self.spans[child]
        for piece in self._pieces[parent]:
            block = self.blocks[piece]
            sides = _sides_beside(span, block)
            if sides:
                return piece, sides
        for piece in self._pieces[parent]:
            block = self.blocks[piece]
            if block.first <= span.last and span.first <= block.last:
                return piece, ()
        raise AssertionError("neighbouring spans share no column")

    def _hang(self, child: int, parent: int) -> None:
        span = self.spans[child]
        piece, sides = self._parent_piece(child, parent)
        above = self.blocks[piece]
        ends = (BOTTOM,) if above.row > span.row else (TOP,)
        if sides:
            self._add(child, [self._block(span, parent=piece, sides=sides, ends=ends)])
            return
        first, last = max(span.first, above.first), min(span.last, above.last)
        self._cut(child, first, last, self._block(span, parent=piece, ends=ends))

    def _hang_by_way(self, child: int, parent: int, way: tuple[tuple[int, int], ...]) -> None:
        """``way`` begins in the child's span and ends in the parent's."""
        span = self.spans[child]
        (row, column), (next_row, next_column) = way[0], way[1]
        piece = next(p for p in self._pieces[parent] if self.blocks[p].first <= way[-1][1] <= self.blocks[p].last)
        ends = {-1: (TOP,), 0: (TOP, BOTTOM), 1: (BOTTOM,)}[next_row - row]
        wanted = {-1: (LEFT,), 0: (LEFT, RIGHT), 1: (RIGHT,)}[next_column - column]
        sides = tuple(side for side in wanted if column == (span.first if side == LEFT else span.last))
        base = self._block(span, parent=piece, sides=sides or wanted, ends=ends, way=way)
        if sides:
            self._add(child, [base])
        else:
            self._cut(child, column, column, base)

    def _cut(self, child: int, first: int, last: int, middle: Block) -> None:
        """Pieces: columns ``first..last`` leave to the parent, what is left and right of them leaves into them."""
        span = self.spans[child]
        middle.first, middle.last = first, last
        pieces = [middle]
        if span.first < first:
            pieces.append(self._block(span, last=first - 1, sides=(RIGHT,)))
        if last < span.last:
            pieces.append(self._block(span, first=last + 1, sides=(LEFT,)))
        self._add(child, pieces)
