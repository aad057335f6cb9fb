"""Pegboards: what each is, the shipped table and the user's own, pitch and measure."""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixl.errors import ExportError, UsageError

KINDS = ("square", "hexagon", "canvas")
ROW_STEP = math.sqrt(3) / 2
"""Distance of two rows of a hexagon board, in pitches."""
LEAST_PITCH, MOST_PITCH = 1.0, 50.0
_MAX_BYTES = 1_000_000
_MEASURE = re.compile(r"^\s*([0-9]{1,4})\s*=\s*([0-9]+(?:[.,][0-9]+)?)\s*(?:mm)?\s*$")
_BOARDS = re.compile(r"^\s*([0-9]{1,3})\s*[x×X*]\s*([0-9]{1,3})\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One kind of pegboard (or, for ``canvas``, one printed sheet). Raises UsageError for impossible numbers.

    ``pitch_mm``: centre to centre of two pegs in a row; ``bag``: beads in one bag; ``ironed``: finished size as a share
    of the size on the board, (0, 0) where no source says; ``joins``: it can be put side by side with others.
    """

    id: str
    name: str
    columns: int
    rows: int
    pitch_mm: float
    kind: str = "square"
    bag: int = 1000
    ironed: tuple[float, float] = (0.0, 0.0)
    joins: bool = True
    palettes: tuple[str, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(f"board '{self.id}' is of kind '{self.kind}'", hint=f"use one of {', '.join(KINDS)}")
        if not (1 <= self.columns <= 500 and 1 <= self.rows <= 500):
            raise UsageError(
                f"board '{self.id}' has {self.columns} x {self.rows} pegs", hint="use 1 to 500 columns and rows"
            )
        if not LEAST_PITCH <= self.pitch_mm <= MOST_PITCH:
            raise UsageError(
                f"a pitch of {self.pitch_mm:g} mm is out of range", hint=f"use {LEAST_PITCH:g} to {MOST_PITCH:g} mm"
            )
        if not 1 <= self.bag <= 1_000_000:
            raise UsageError(f"a bag of {self.bag} beads is out of range", hint="use 1 to 1000000")

    @property
    def row_mm(self) -> float:
        """Distance of two rows."""
        return self.pitch_mm * ROW_STEP if self.kind == "hexagon" else self.pitch_mm

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height between the outer edges of the outer cells."""
        return self.columns * self.pitch_mm, (self.rows - 1) * self.row_mm + self.pitch_mm

    @property
    def has_pegs(self) -> bool:
        """False for a canvas: nothing to iron, nothing that falls apart."""
        return self.kind != "canvas"

    def shifted(self) -> NDArray[np.bool_]:
        """bool[rows]: rows that lie half a pitch to the right."""
        if self.kind != "hexagon":
            return np.zeros(self.rows, dtype=bool)
        return np.asarray(np.abs(np.arange(self.rows) - self.rows // 2) % 2 == 1)

    def pegs(self) -> NDArray[np.bool_]:
        """bool[rows, columns]: where there is a peg. A hexagon has fewer in its upper and lower rows."""
        if self.kind != "hexagon":
            return np.ones((self.rows, self.columns), dtype=bool)
        away = np.abs(np.arange(self.rows) - self.rows // 2)[:, None]
        column = np.arange(self.columns)[None, :]
        return np.asarray((column >= away // 2) & (column < away // 2 + self.columns - away))

    def as_json(self) -> dict[str, Any]:
        """What a document keeps, so that it can be printed again without the preset."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "columns": self.columns,
            "rows": self.rows,
            "pitch_mm": self.pitch_mm,
            "bag": self.bag,
            "ironed": list(self.ironed),
            "joins": self.joins,
        }


def board_from(id: str, values: Mapping[str, Any], *, where: str) -> Board:
    """A board from a TOML table or a document's JSON. Raises ExportError naming ``where``."""
    try:
        kind = str(values.get("kind", "square"))
        side = values.get("side")
        if kind == "hexagon" and side is not None:
            columns = rows = 2 * int(side) - 1
        else:
            columns, rows = int(values["columns"]), int(values["rows"])
        low, high = values.get("ironed", (0.0, 0.0))
        return Board(
            id=id,
            name=str(values.get("name", id)),
            columns=columns,
            rows=rows,
            pitch_mm=float(values["pitch_mm"]),
            kind=kind,
            bag=int(values.get("bag", 1000)),
            ironed=(float(low), float(high)),
            joins=bool(values.get("joins", True)),
            palettes=tuple(str(name) for name in values.get("palettes", ())),
            source=str(values.get("source", "")),
        )
    except UsageError as error:
        raise ExportError(f"{where}: {error.what}", hint=error.hint) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"'{error.args[0]}' is missing" if isinstance(error, KeyError) else str(error)
        raise ExportError(
            f"{where}: board '{id}': {what}", hint="write name, columns, rows and pitch_mm for each board"
        ) from None


def own_boards_file() -> Path:
    """Where a user's presets lie; it need not exist."""
    config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(config) / "pixl" / "boards.toml"


def load_boards(own: Path | None = None) -> dict[str, Board]:
    """Shipped boards and the user's, which win. Raises ExportError for a file that cannot be used."""
    boards = _read(Path(__file__).with_name("boards.toml"))
    path = own_boards_file() if own is None else own
    if path.is_file():
        boards.update(_read(path))
    return boards


def _read(path: Path) -> dict[str, Board]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ExportError(f"{path.name} is larger than {_MAX_BYTES} bytes", hint="keep it a small table")
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ExportError(f"{path}: {error}", hint="mend the file, see docs/bead.md") from None
    boards = {}
    for id, values in tables.items():
        if not isinstance(values, dict):
            raise ExportError(
                f"{path}: '{id}' is not a board", hint="write [name] and below it columns, rows, pitch_mm"
            )
        boards[id] = board_from(id, values, where=str(path))
    return boards


def find_board(id: str, palette_id: str, *, boards: Mapping[str, Board] | None = None) -> Board:
    """The board of this id, or for '' the one that goes with a palette (midi29 where none does). Raises UsageError."""
    known = load_boards() if boards is None else boards
    if id:
        if id not in known:
            raise UsageError(
                f"there is no board '{id}'",
                hint=f"use one of {', '.join(sorted(known))}, or add it to {own_boards_file()}",
            )
        return known[id]
    base = palette_id.partition(":")[0]
    return next((board for board in known.values() if base in board.palettes), known["midi29"])


def with_pitch(board: Board, *, pitch: str = "", measure: str = "") -> Board:
    """The board at the pitch that was typed (``4.95`` or ``4.95mm``) or measured (``29=143.2``). Raises UsageError."""
    if pitch and measure:
        raise UsageError("--pitch and --measure both name the pitch", hint="give one of them")
    if measure:
        match = _MEASURE.match(measure)
        if match is None or int(match[1]) < 1:
            raise UsageError(
                f"'{measure}' is not a measure",
                hint="write PEGS=MM, such as 29=143.2: the outer edges of 29 cells are 143.2 mm apart",
            )
        return replace(board, pitch_mm=float(match[2].replace(",", ".")) / int(match[1]))
    if pitch:
        try:
            value = float(re.sub(r"\s*mm$", "", pitch.strip()).replace(",", "."))
        except ValueError:
            raise UsageError(f"'{pitch}' is not a pitch", hint="write mm, such as 4.95") from None
        return replace(board, pitch_mm=value)
    return board


def size_of_boards(text: str, board: Board) -> str:
    """``2x2`` boards as a size in cells, ``58x58``. Raises UsageError."""
    match = _BOARDS.match(text)
    if match is None or not int(match[1]) or not int(match[2]):
        raise UsageError(f"'{text}' is not a number of boards", hint="write ACROSSxDOWN, such as 2x2")
    across, down = int(match[1]), int(match[2])
    if not board.joins and board.has_pegs and across * down > 1:
        raise UsageError(f"boards '{board.id}' do not join", hint="ask for 1x1, or choose a board that joins")
    return f"{across * board.columns}x{down * board.rows}"


def board_name(row: int, column: int) -> str:
    """A1, A2, B1 ... row letter and column number, 0-based in; after Z comes AA."""
    letters = ""
    row += 1
    while row:
        row, rest = divmod(row - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{column + 1}"
