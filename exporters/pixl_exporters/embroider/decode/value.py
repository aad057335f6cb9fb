"""What every decoder gives, and the table of decoders."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pixl.errors import PixlError

STITCH, MOVE, TRIM, COLOR = 0, 1, 2, 3
"""Kinds of record: the needle goes down; the frame moves; the thread is cut; the next thread is put on."""

MAX_BYTES = 24_000_000
MAX_RECORDS = 3_000_000
"""No machine takes a tenth of this; beyond it a file is refused before it costs minutes."""
MAX_RUNS = 200_000
MAX_REACH = 100_000
"""Farthest a needle may be from the start, in 0.1 mm (10 m); beyond it the bytes are not a design."""


class StitchFileError(PixlError, ValueError):
    """A stitch file that cannot be read."""

    exit_code = 3
    code = "stitch-file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The thread of one colour block, as far as the format says: sRGB or None, and text."""

    rgb: tuple[int, int, int] | None = None
    code: str = ""
    name: str = ""
    brand: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """One uninterrupted thread: ``block`` counts colours from 0; ``points``: int32[M, 2], every penetration in order.

    ``moved``: bool[M], the frame moved without a cut before this point: thread lies loose there, and the step is no
    stitch.
    """

    block: int
    points: NDArray[np.int32]
    moved: NDArray[np.bool_]

    @property
    def floats(self) -> int:
        """Moves inside the thread."""
        return int(self.moved.sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decoded:
    """A stitch file as records.

    ``kinds``: uint8[N]; ``points``: int32[N, 2], the position after each record, 0.1 mm, x right, y down, in the
    file's own frame. ``threads``: one for each colour block the file *declares* (empty where the format carries
    none). ``header``: facts of the format, by name. ``ended``: the format's end mark was there.
    """

    format: str
    kinds: NDArray[np.uint8]
    points: NDArray[np.int32]
    threads: tuple[Thread, ...] = ()
    header: Mapping[str, int | str] = field(default_factory=lambda: MappingProxyType({}))
    ended: bool = True

    @property
    def penetrations(self) -> NDArray[np.int32]:
        """int32[M, 2]: where the needle goes down, in order."""
        return np.asarray(self.points[self.kinds == STITCH])

    @property
    def color_changes(self) -> int:
        """Colour changes in the stream."""
        return int((self.kinds == COLOR).sum())

    def runs(self) -> list[Run]:
        """The threads as sewn: a run ends where it is cut or where the colour changes.

        Raises StitchFileError when there are more than any design has.
        """
        sewn = np.flatnonzero(self.kinds == STITCH)
        if not len(sewn):
            return []
        cuts = np.cumsum((self.kinds == TRIM) | (self.kinds == COLOR))[sewn]
        blocks = np.cumsum(self.kinds == COLOR)[sewn]
        points = self.points[sewn]
        fresh = np.diff(cuts, prepend=-1) > 0
        moved = (np.diff(sewn, prepend=sewn[0] - 1) > 1) & ~fresh
        starts = np.flatnonzero(fresh)
        if len(starts) > MAX_RUNS:
            raise StitchFileError(
                f"this {self.format} file cuts its thread {len(starts):,} times", hint="check that it is a stitch file"
            )
        ends = [*starts[1:].tolist(), len(sewn)]
        return [
            Run(block=int(blocks[start]), points=points[start:end], moved=moved[start:end])
            for start, end in zip(starts.tolist(), ends, strict=True)
        ]


def records(
    name: str,
    kinds: list[int],
    xs: list[int],
    ys: list[int],
    *,
    threads: tuple[Thread, ...] = (),
    header: Mapping[str, int | str] | None = None,
    ended: bool = True,
) -> Decoded:
    """A ``Decoded`` from positions. Raises StitchFileError when a position is out of reach."""
    points = np.stack([np.array(xs, np.int64), np.array(ys, np.int64)], axis=1).reshape(-1, 2)
    if len(points) and int(np.abs(points).max()) > MAX_REACH:
        raise StitchFileError(
            f"this {name} file reaches {int(np.abs(points).max()) / 10:.0f} mm from its start",
            hint="check that it is a stitch file",
        )
    return Decoded(
        format=name,
        kinds=np.array(kinds, np.uint8),
        points=points.astype(np.int32),
        threads=threads,
        header=MappingProxyType(dict(header or {})),
        ended=ended,
    )


def with_cuts(kinds: list[int], xs: list[int], ys: list[int], trim_at: int) -> None:
    """Mark, in place, each run of ``trim_at`` or more moves as a cut by a TRIM record before it.

    For formats without a word for a trim (DST, JEF). Moves before the first stitch and after a colour change are not
    cuts: there is no thread to cut.
    """
    marks: list[int] = []
    length = 0
    sewing = False
    for position, kind in enumerate(kinds):
        if kind == MOVE:
            length += 1
            if length == trim_at and sewing:
                marks.append(position - length + 1)
                sewing = False
        else:
            length = 0
            sewing = sewing or kind == STITCH
            if kind in (COLOR, TRIM):
                sewing = False
    if not marks:
        return
    old_kinds, old_xs, old_ys = kinds[:], xs[:], ys[:]
    for part in (kinds, xs, ys):
        part.clear()
    start = 0
    for mark in [*marks, len(old_kinds)]:
        kinds.extend(old_kinds[start:mark])
        xs.extend(old_xs[start:mark])
        ys.extend(old_ys[start:mark])
        if mark < len(old_kinds):
            kinds.append(TRIM)
            xs.append(old_xs[mark - 1])
            ys.append(old_ys[mark - 1])
        start = mark


def too_long(name: str) -> StitchFileError:
    """What is said of a stream that does not end."""
    return StitchFileError(
        f"this {name} file has more than {MAX_RECORDS:,} records", hint="check that it is a stitch file"
    )


def cut_short(name: str, where: str) -> StitchFileError:
    """What is said of a file that stops before it should."""
    return StitchFileError(f"this {name} file ends inside {where}", hint="copy the file again, it is cut short")


_DECODERS = {
    "dst": "dst",
    "pes": "pes",
    "pec": "pes",
    "exp": "exp",
    "jef": "jef",
    "vp3": "vp3",
    "xxx": "xxx",
}


def sniff(data: bytes) -> str | None:
    """The format that the first bytes show, or None (EXP and XXX have no mark of their own)."""
    if data.startswith(b"#PES"):
        return "pes"
    if data.startswith(b"#PEC"):
        return "pec"
    if data.startswith(b"%vsm%"):
        return "vp3"
    if data.startswith(b"LA:") and len(data) >= 512:
        return "dst"
    if len(data) >= 0x74 and data[4:8] in (b"\x14\0\0\0", b"\x0a\0\0\0") and int.from_bytes(data[:4], "little") >= 0x74:
        return "jef"
    return None


def decode(data: bytes, *, name: str = "", trim_at: int = 3) -> Decoded:
    """Read a stitch file. ``name``: its file name, whose ending says the format where the bytes do not.

    ``trim_at``: how many moves in a row mean a cut, in formats that have no word for one. Raises StitchFileError.
    """
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    found = sniff(data)
    kind = found or (ending if ending in _DECODERS else None)
    if len(data) > MAX_BYTES:
        raise StitchFileError(
            f"{len(data) / 1e6:.0f} MB is too much for a stitch file", hint="check that it is a stitch file"
        )
    if kind is None:
        raise StitchFileError(
            f"'{name or 'this file'}' is not a stitch file that pixl can read",
            hint="give a DST, PES, PEC, EXP, JEF, VP3 or XXX file",
        )
    if ending in _DECODERS and found is not None and found != ending:
        raise StitchFileError(
            f"'{name}' is called .{ending} but its bytes are {found.upper()}", hint=f"rename it to .{found}"
        )
    if ending in ("dst", "pes", "pec", "vp3") and found is None:
        raise StitchFileError(f"'{name}' does not begin as a {ending.upper()} file does", hint="copy the file again")
    module = importlib.import_module(f"{__package__}.{_DECODERS[kind]}")
    reader: Callable[[bytes, int], Decoded] = module.read
    return reader(data, trim_at)
