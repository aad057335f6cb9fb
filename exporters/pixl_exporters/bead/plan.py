"""The bead plan: what lies on which board, what to buy, what will not hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pixl.errors import DocumentError, PixlError, UsageError
from pixl.pattern import EMPTY, Pattern
from pixl.recipe import Recipe

from .boards import Board, board_from, board_name, find_board
from .certainty import Certainty
from .holding import Holding, Places, examine, fill_places
from .shopping import Need, stock_of, with_waste

if TYPE_CHECKING:
    from pixl.document import Document

SIDES = ("iron", "peg")
WASTE = 5.0
"""Default share of beads that get lost, in percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeadOptions:
    """What a bead document keeps. ``waste`` in percent; ``bag`` beads a bag; ``have`` by code, None: not counted.

    ``side``: which face will show; ``peg`` mirrors the whole map before it is cut into boards. ``fixed``: beads
    that ``--fix`` added. Raises UsageError.
    """

    board: Board
    side: str = "iron"
    waste: float = WASTE
    bag: int = 1000
    have: Mapping[str, int] | None = None
    fixed: int = 0
    certainty: Certainty = field(default_factory=lambda: Certainty(seconds=MappingProxyType({})))

    def __post_init__(self) -> None:
        if self.side not in SIDES:
            raise UsageError(f"'{self.side}' is not a side", hint="use iron or peg")
        if not 0 <= self.waste <= 100:
            raise UsageError(f"a waste share of {self.waste:g} % is out of range", hint="use 0 to 100")
        if not 1 <= self.bag <= 1_000_000:
            raise UsageError(f"a bag of {self.bag} is out of range", hint="use 1 to 1000000")

    def as_json(self) -> dict[str, Any]:
        """The document's options."""
        values: dict[str, Any] = {
            "board": self.board.as_json(),
            "side": self.side,
            "waste": self.waste,
            "bag": self.bag,
        }
        if self.have is not None:
            values["have"] = dict(sorted(self.have.items()))
        if self.fixed:
            values["fixed"] = self.fixed
        if self.certainty.seconds or self.certainty.lists:
            values["certainty"] = self.certainty.as_json()
        return values

    @staticmethod
    def from_json(values: Mapping[str, Any], *, palette_id: str = "") -> BeadOptions:
        """Inverse of ``as_json``; what is missing gets its default. Raises DocumentError or UsageError."""
        told = values.get("board")
        try:
            if isinstance(told, Mapping):
                board = board_from(str(told.get("id", "own")), told, where="the document")
            else:
                board = find_board(str(told or ""), palette_id)
            have = values.get("have")
            return BeadOptions(
                board=board,
                side=str(values.get("side", "iron")),
                waste=float(values.get("waste", WASTE)),
                bag=int(values.get("bag", board.bag)),
                have=None if have is None else {str(code): max(0, int(count)) for code, count in have.items()},
                fixed=max(0, int(values.get("fixed", 0))),
                certainty=Certainty.from_json(values.get("certainty")),
            )
        except PixlError:
            raise
        except (TypeError, ValueError, AttributeError) as error:
            raise DocumentError(f"the document's bead options are damaged: {error}", hint="make it again") from None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BoardPart:
    """What lies on one board. ``row`` and ``column`` of the board, ``top`` and ``left`` of its first cell in the whole
    map (from 0); ``index`` int16[h, w] read-only, at most the board's size; ``counts`` int64[K]."""

    name: str
    row: int
    column: int
    top: int
    left: int
    index: NDArray[np.int16]
    counts: NDArray[np.int64]

    @property
    def beads(self) -> int:
        """Beads on it."""
        return int(self.counts.sum())


@dataclass(frozen=True, kw_only=True, eq=False)
class BeadPlan:
    """``pattern`` is the finished face; ``laid`` int16[H, W] what is laid on the boards (mirrored for the peg side).

    ``boards`` run row by row and cover ``laid``; boards without a bead are among them, ``across`` lie side by side.
    """

    pattern: Pattern
    options: BeadOptions
    laid: NDArray[np.int16]
    boards: tuple[BoardPart, ...]
    across: int
    needs: tuple[Need, ...]
    recipe: Recipe

    @property
    def board(self) -> Board:
        """The kind of board."""
        return self.options.board

    @property
    def down(self) -> int:
        """Boards one below the other."""
        return len(self.boards) // self.across

    @property
    def used_boards(self) -> tuple[BoardPart, ...]:
        """Boards with at least one bead."""
        return tuple(board for board in self.boards if board.beads)

    @property
    def beads(self) -> int:
        """Beads in all."""
        return self.pattern.pieces

    @property
    def mirrored(self) -> bool:
        """True when the sheets show the peg side."""
        return self.options.side == "peg"

    @property
    def shifted(self) -> NDArray[np.bool_] | None:
        """bool[H] of rows half a pitch to the right; None on square boards."""
        return self.board.shifted()[: self.pattern.height] if self.board.kind == "hexagon" else None

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height on the boards."""
        height = (self.pattern.height - 1) * self.board.row_mm + self.board.pitch_mm
        return self.pattern.width * self.board.pitch_mm, height

    @property
    def ironed_mm(self) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """(least, most) width and (least, most) height after ironing; None where no source says."""
        low, high = self.board.ironed
        if not low:
            return None
        width, height = self.size_mm
        return (width * low, width * high), (height * low, height * high)

    @cached_property
    def holding(self) -> Holding:
        """What would fall apart; sound without looking for drills, which lie on a canvas."""
        if not self.board.has_pegs or not self.beads:
            return Holding()
        return examine(self.pattern.index != EMPTY, self.shifted)

    @cached_property
    def fill(self) -> Places:
        """Empty cells that ``--fix`` would fill."""
        if self.holding.sound:
            return ()
        pegs = self.board.pegs()[: self.pattern.height, : self.pattern.width] if self.shifted is not None else None
        return fill_places(self.pattern.index != EMPTY, self.shifted, pegs)

    @property
    def confetti(self) -> float:
        """Share of beads with no neighbour of their colour on any of the four sides, 0..1."""
        return confetti_share(self.pattern.index)

    def joined(self) -> NDArray[np.int16]:
        """The boards put together again: equals ``laid``."""
        rows = [self.boards[start : start + self.across] for start in range(0, len(self.boards), self.across)]
        return np.block([[board.index for board in row] for row in rows])

    def verify(self) -> None:
        """Every cell on exactly one board, and every count the pattern's. Raises AssertionError."""
        face = mirrored_map(self.laid, self.shifted) if self.mirrored else self.laid
        assert np.array_equal(self.joined(), self.laid), "the boards do not make the whole"
        assert np.array_equal(face, self.pattern.index), "what is laid is not the pattern"
        counts = self.pattern.counts()
        assert np.array_equal(sum((board.counts for board in self.boards), np.zeros_like(counts)), counts)
        assert [need.count for need in self.needs] == [int(counts[need.number - 1]) for need in self.needs]
        assert sum(need.count for need in self.needs) == self.beads


def mirrored_map(index: NDArray[np.int16], shifted: NDArray[np.bool_] | None = None) -> NDArray[np.int16]:
    """Left and right exchanged. Rows half a pitch to the right have no peg in the last column, which stays last."""
    out = index[:, ::-1].copy()
    if shifted is not None:
        out[shifted, :-1] = index[shifted, -2::-1]
        out[shifted, -1] = index[shifted, -1]
    return out


def confetti_share(index: NDArray[np.int16]) -> float:
    """Share of filled cells with no 4-neighbour of the same colour."""
    framed = np.pad(index, 1, constant_values=EMPTY)
    around = (framed[:-2, 1:-1], framed[2:, 1:-1], framed[1:-1, :-2], framed[1:-1, 2:])
    alone = (index != EMPTY) & ~np.logical_or.reduce([side == index for side in around])
    return float(alone.sum() / max(1, (index != EMPTY).sum()))


def plan_from_document(document: Document) -> BeadPlan:
    """The plan of a bead document. Raises PixlError."""
    pattern = document.pattern
    options = BeadOptions.from_json(document.options, palette_id=pattern.palette.id)
    return make_plan(pattern, options, recipe=document.recipe)


def make_plan(pattern: Pattern, options: BeadOptions, *, recipe: Recipe | None = None) -> BeadPlan:
    """Mirror where asked, cut into boards, count. Raises UsageError when a hexagon board is not as large as the map."""
    board = options.board
    shifted = None
    if board.kind == "hexagon":
        if (pattern.width, pattern.height) != (board.columns, board.rows):
            raise UsageError(
                f"a map of {pattern.width} x {pattern.height} does not fit the hexagon board '{board.id}'",
                hint=f"leave out --size: the board has {board.columns} x {board.rows}",
            )
        if bool(((pattern.index != EMPTY) & ~board.pegs()).any()):
            raise UsageError("beads lie where the hexagon board has no pegs", hint="make the pattern with pixl bead")
        shifted = board.shifted()
    laid = mirrored_map(pattern.index, shifted) if options.side == "peg" else pattern.index
    laid.setflags(write=False)
    across = math.ceil(pattern.width / board.columns)
    down = math.ceil(pattern.height / board.rows)
    boards = tuple(
        _cut(laid, board, row, column, len(pattern.palette)) for row in range(down) for column in range(across)
    )
    counts = pattern.counts()
    needs = tuple(
        Need(
            number=k + 1,
            color=pattern.palette.colors[k],
            count=int(counts[k]),
            boards=tuple(int(part.counts[k]) for part in boards),
            wanted=with_waste(int(counts[k]), options.waste),
            bag=options.bag,
            have=stock_of(options.have, pattern.palette.colors[k].code),
        )
        for k in pattern.used()
    )
    return BeadPlan(
        pattern=pattern,
        options=options,
        laid=laid,
        boards=boards,
        across=across,
        needs=needs,
        recipe=recipe or Recipe(version="", command="bead", engine=""),
    )


def _cut(laid: NDArray[np.int16], board: Board, row: int, column: int, colors: int) -> BoardPart:
    top, left = row * board.rows, column * board.columns
    index = laid[top : top + board.rows, left : left + board.columns]
    counts = np.bincount(index[index >= 0].ravel(), minlength=colors).astype(np.int64)
    return BoardPart(
        name=board_name(row, column), row=row, column=column, top=top, left=left, index=index, counts=counts
    )
