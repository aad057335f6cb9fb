"""One thread of fill: down the tree of its blocks by running stitches, back up it sewing."""

from __future__ import annotations

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from .blocks import BOTTOM, LEFT, Block, Span, Tree, neighbours_of, spans_of
from .links import Link
from .plan import EmbroideryOptions
from .rows import OVERLAP, SHORTEST, row_offsets, row_points, running
from .underlay import INSET, underlay_columns

Cell = tuple[int, int]
Point = tuple[int, int]


class Ground:
    """What all threads of one colour share: its regions, their spans, the hidden ways, the underlay still to be laid.

    ``labels``: int32[H, W], regions from 1; ``cell``: side of a cell, 0.1 mm.
    """

    def __init__(self, labels: NDArray[np.int32], links: list[Link], cell: int, options: EmbroideryOptions) -> None:
        self.labels = labels
        self.links = links
        self.cell = cell
        self.spans: list[Span] = spans_of(labels)
        self.near = neighbours_of(self.spans)
        self.members: dict[int, list[int]] = {}
        for number, span in enumerate(self.spans):
            self.members.setdefault(span.region, []).append(number)
        self.underlay = underlay_columns(labels, cell) if options.underlay else {}
        self.reach = round(options.pull_mm * 10) + OVERLAP
        self.longest = round(options.max_stitch_mm * 10)

    def tree(self, group: list[int]) -> Tree:
        """The blocks of one thread that sews the regions ``group``."""
        wanted = set(group)
        members = sorted(number for region in group for number in self.members[region])
        links = [link for link in self.links if link.a in wanted]
        return Tree(self.spans, self.near, members, links, self.labels.shape[1])


class Sewer:
    """The points of one thread through the regions ``group``."""

    def __init__(self, ground: Ground, group: list[int]) -> None:
        self.ground = ground
        self.labels = ground.labels
        self.cell = ground.cell
        self.rows = row_offsets(ground.cell)
        self.points: list[Point] = []
        self.ahead: list[Point] = []
        self.here: Cell = (0, 0)
        self.slid = False
        self.off = False
        self.blocks = ground.tree(group).blocks
        self.depth = self._depths()
        self._sew_all()
        self.start = self.points[0]

    def _depths(self) -> list[int]:
        """Longest branch below each block."""
        depth = [0] * len(self.blocks)
        for at in range(len(self.blocks) - 1, 0, -1):
            parent = self.blocks[at].parent
            depth[parent] = max(depth[parent], depth[at] + 1 + len(self.blocks[at].way))
        return depth

    # -- the tree ------------------------------------------------------------

    def _sew_all(self) -> None:
        """Depth first, without recursion: enter a block, sew all below it, sew it, leave to its parent."""
        self.here = (self.blocks[0].row, self.blocks[0].first)
        self._enter(0)
        stack = [(0, self._ordered(0))]
        while stack:
            number, waiting = stack[-1]
            block = self.blocks[number]
            if waiting:
                child = waiting.popleft()
                self._walk_down(block, self.blocks[child])
                self._enter(child)
                stack.append((child, self._ordered(child)))
                continue
            stack.pop()
            self._sew(block)
            if stack:
                self._walk_up(block, self.blocks[stack[-1][0]])

    def _ordered(self, number: int) -> deque[int]:
        """Children, those with the deepest branch first at the thread's start (no way down is sewn there), else
        nearest.
        """
        block = self.blocks[number]
        if not self.points:
            return deque(sorted(block.children, key=lambda c: (-self.depth[c], c)))
        return deque(sorted(block.children, key=lambda c: (abs(self._door(block, self.blocks[c]) - self.here[1]), c)))

    def _door(self, block: Block, child: Block) -> int:
        """Column of ``block`` from which ``child`` is entered."""
        if child.way:
            return child.way[-1][1]
        return min(max(self.here[1], child.first, block.first), max(min(child.last, block.last), block.first))

    def _walk_down(self, block: Block, child: Block) -> None:
        door = min(max(self._door(block, child), block.first), block.last)
        self._through([(block.row, door)])
        if child.way:
            self._through(list(child.way[::-1]))
        else:
            self._through([(child.row, min(max(door, child.first), child.last))])

    def _walk_up(self, block: Block, parent: Block) -> None:
        if block.way:
            self._through(list(block.way[1:]))
        else:
            self.here = (parent.row, min(max(self.here[1], parent.first), parent.last))
            self.ahead.append(self._middle(self.here))

    def _through(self, cells: list[Cell]) -> None:
        for cell in cells:
            if cell != self.here:
                if self.off and cell[0] != self.here[0] and cell[1] != self.here[1]:
                    self.ahead.append(self._middle(self.here))  # a corner is crossed from middle to middle
                self.off = False
                self.here = cell
                self.ahead.append(self._middle(cell))

    def _middle(self, cell: Cell) -> Point:
        return cell[1] * self.cell + self.cell // 2, cell[0] * self.cell + self.cell // 2

    # -- what is sewn ------------------------------------------------------------

    def _go(self, target: Point) -> None:
        """A needle point, and the running stitches on the way to it."""
        if self.points:
            self.points += running(self.points[-1], self.ahead, target)
        self.points.append(target)
        self.ahead = []

    def _sew(self, block: Block) -> None:
        """All rows of a block, ending at a corner beside its parent."""
        left = block.first * self.cell - self.ground.reach
        right = (block.last + 1) * self.cell + self.ground.reach
        top = block.row * self.cell
        count = len(self.rows)
        corners = []
        for end in block.ends:
            for side in block.sides:
                rows = range(count) if end == BOTTOM else range(count - 1, -1, -1)
                starts_left = (side == LEFT) == (count % 2 == 0)
                corners.append((left if starts_left else right, top + self.rows[rows[0]], starts_left, rows))
        if self.points:
            at = self.points[-1] if len(self.ahead) <= 1 + self.slid else self.ahead[-1]
            chosen = min(corners, key=lambda c: (c[0] - at[0]) ** 2 + (c[1] - at[1]) ** 2)
        else:
            chosen = corners[0]
        x, y, to_right, rows = chosen
        self._approach(block, (x, y))
        for row in rows:
            if row == rows[-1]:
                left, right = self._clipped(block, to_right, left, right)
            self._row(left, right, top + self.rows[row], block.row * count + row, to_right)
            to_right = not to_right
        self._leave(block, (block.row, block.first if to_right else block.last))

    def _next(self, block: Block, at: Cell) -> Cell:
        """The cell into which the thread leaves a block whose last row ends at ``at``."""
        if block.way:
            return block.way[1]
        if block.parent < 0:
            return at
        parent = self.blocks[block.parent]
        return parent.row, min(max(at[1], parent.first), parent.last)

    def _clipped(self, block: Block, to_right: bool, left: int, right: int) -> tuple[int, int]:
        """Ends of the last row, which must not reach past a corner that the thread leaves through."""
        at = (block.row, block.last if to_right else block.first)
        row, column = self._next(block, at)
        if row != block.row and column > block.last:
            right = (block.last + 1) * self.cell
        if row != block.row and column < block.first:
            left = block.first * self.cell
        return left, right

    def _leave(self, block: Block, at: Cell) -> None:
        """Where the parent begins a cell further in, go back along the last row to it: not over the neighbour's
        cell.
        """
        self.here = at
        row, column = self._next(block, at)
        self.slid = row != block.row and column != at[1] and block.first <= column <= block.last
        if self.slid:
            x = column * self.cell + 2 if column > at[1] else (column + 1) * self.cell - 2
            self.ahead.append((x, self.points[-1][1]))

    def _approach(self, block: Block, corner: Point) -> None:
        """Ways to the first corner of a block: straight when it is near, else along the block's middle."""
        if not self.points:
            self.ahead = []
            return
        x, y = self.points[-1]
        near = math.hypot(corner[0] - x, corner[1] - y) <= 1.6 * self.cell
        if near and len(self.ahead) <= 1 + self.slid and (not self.slid or abs(corner[1] - y) <= self.cell // 2):
            self.ahead = []
            return
        column = block.first if corner[0] < (block.first + block.last + 1) * self.cell / 2 else block.last
        self._through([(block.row, column)])

    def _row(self, left: int, right: int, y: int, number: int, to_right: bool) -> None:
        start, end = (left, right) if to_right else (right, left)
        if self.points and not self.ahead:
            x0, y0 = self.points[-1]
            step = 1 if to_right else -1
            while (start - x0) ** 2 + (y - y0) ** 2 < SHORTEST * SHORTEST:
                start += step
        inside = row_points(min(start, end), max(start, end), number, self.ground.longest)
        self._go((start, y))
        self.points += [(x, y) for x in (inside if to_right else inside[::-1])]
        self.points.append((end, y))

    # -- underlay ------------------------------------------------------------

    def _enter(self, number: int) -> None:
        """On the first arrival in a wide region: running stitches across its rows, all over it, before any fill."""
        block = self.blocks[number]
        columns = self.ground.underlay.pop(block.region, None)
        if not columns:
            return
        if not self.points:
            self.ahead = []
        while columns:
            near = min(range(2 * len(columns)), key=lambda c: (_steps(self.here, columns[c // 2], c % 2), c))
            column, first, last = columns.pop(near // 2)
            if near % 2:
                first, last = last, first
            self._inside(block.region, (first, column))
            down = 1 if last > first else -1
            x = self._middle((first, column))[0]
            edges = [
                self._middle((row, column))[1] + way * (self.cell // 2 - INSET)
                for row, way in ((first, -down), (last, down))
            ]
            if not self.points:
                self.points.append((x, edges[0]))
                self.ahead = []
            else:
                self.ahead.append((x, edges[0]))
            self.ahead.append((x, edges[1]))
            self.here = (last, column)
            self.off = True
        self._inside(block.region, (block.row, min(max(self.here[1], block.first), block.last)))

    def _inside(self, region: int, goal: Cell) -> None:
        """The shortest way inside a region that is not sewn yet."""
        if self.here == goal:
            return
        if self.labels[self.here] != region:
            self.here = goal
            return
        before: dict[Cell, Cell] = {goal: goal}
        queue = deque([goal])
        height, width = self.labels.shape
        while queue:
            row, column = queue.popleft()
            if (row, column) == self.here:
                break
            for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)):
                cell = (row + down, column + right)
                if (
                    0 <= cell[0] < height
                    and 0 <= cell[1] < width
                    and cell not in before
                    and self.labels[cell] == region
                ):
                    before[cell] = (row, column)
                    queue.append(cell)
        while self.here != goal:
            self._through([before[self.here]])


def _steps(here: Cell, column: tuple[int, int, int], end: int) -> int:
    return abs(here[1] - column[0]) + abs(here[0] - column[1 + end])
