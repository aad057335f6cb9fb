"""Is this stitch file sewable? Every check that can be made on the bytes alone, with our own decoders.

``problems`` are what a machine would stumble over; ``notes`` are what differs from the files pixl writes: genuine
files of others have some (headers that do not add up, short and long stitches), and sew. ``pixl embroider`` lets no
file with either leave the house.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .decode import STITCH, Decoded, Run, decode
from .decode.jef import HOOPS

LONGEST = 70
"""Longest stitch that pixl sews, 0.1 mm; heads sew up to about 12 mm, slower and looser."""
LIMIT = 127
"""More than this along one axis in one stitch is beyond every head."""
SHORTEST = 5
"""Shortest stitch outside a lock, 0.1 mm: below it the needle cuts thread and cloth."""
LOCK_REACH = 7.5
"""A lock stays within 0.7 mm of its thread's end, and 0.05 mm for rounding."""
LOCK_POINTS = 8
LOCK_LEAST = 4
"""Points of the shortest lock, its thread's first among them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verdict:
    """What a file holds and whether a machine can sew it."""

    decoded: Decoded
    runs: tuple[Run, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def sewable(self) -> bool:
        """No problem was found."""
        return not self.problems

    @property
    def stitches(self) -> int:
        """Penetrations."""
        return int((self.decoded.kinds == STITCH).sum())

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of the penetrations' bounding box, mm."""
        points = self.decoded.penetrations
        if not len(points):
            return 0.0, 0.0
        width, height = np.ptp(points, axis=0).tolist()
        return width / 10, height / 10


def verify(data: bytes, *, name: str = "", trim_at: int = 3) -> Verdict:
    """Decode and check a stitch file. Raises StitchFileError when it cannot be read at all."""
    decoded = decode(data, name=name, trim_at=trim_at)
    runs = tuple(decoded.runs())
    problems: list[str] = []
    notes: list[str] = []
    if not runs:
        problems.append("there is no stitch in it")
    if not decoded.ended:
        problems.append("the end mark is missing")
    _check_blocks(decoded, runs, problems, notes)
    _check_stitches(runs, problems, notes)
    _FORMATS.get(decoded.format, _check_nothing)(decoded, problems, notes)
    return Verdict(decoded=decoded, runs=runs, problems=tuple(problems), notes=tuple(notes))


def _check_blocks(decoded: Decoded, runs: tuple[Run, ...], problems: list[str], notes: list[str]) -> None:
    blocks = decoded.color_changes + 1
    declared = len(decoded.threads)
    if decoded.format not in ("DST", "EXP") and declared != blocks:
        text = f"{declared} colours are declared, {blocks} are sewn"
        (problems if declared < blocks else notes).append(text)
    empty = blocks - len({run.block for run in runs})
    if empty and runs:
        notes.append(f"{empty} of {blocks} colours have no stitch")


def _check_stitches(runs: tuple[Run, ...], problems: list[str], notes: list[str]) -> None:
    if not runs:
        return
    sizes = np.array([len(run.points) for run in runs])
    points = np.concatenate([run.points for run in runs]).astype(np.int64)
    moved = np.concatenate([run.moved for run in runs])
    ends = np.cumsum(sizes)
    starts = ends - sizes
    steps = np.diff(points, axis=0)
    sewn = ~moved[1:]
    sewn[ends[:-1] - 1] = False
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    in_lock = _near_end(points, starts, sizes) | _near_end(points[::-1], len(points) - ends[::-1], sizes[::-1])[::-1]
    small = sewn & (lengths > 0) & (lengths < SHORTEST) & ~(in_lock[1:] & in_lock[:-1])
    far = np.where(sewn, lengths, 0.0)
    longest = float(far.max(initial=0.0)) / 10
    if beyond := int((sewn & (np.abs(steps) > LIMIT).any(axis=1)).sum()):
        problems.append(f"{_count(beyond, 'stitch')} longer than 12.7 mm (the longest {longest:.1f} mm)")
    elif long := int((far > LONGEST).sum()):
        notes.append(f"{_count(long, 'stitch')} longer than 7 mm (the longest {longest:.1f} mm)")
    if zero := int((sewn & (lengths == 0)).sum()):
        notes.append(f"{_count(zero, 'stitch')} of no length")
    if short := int(small.sum()):
        notes.append(f"{_count(short, 'stitch')} under 0.5 mm outside a lock")
    if floats := int(moved.sum()):
        notes.append(f"{_count(floats, 'move')} inside a thread without a cut")
    locked = _locked(points, starts, sizes) & _locked(points[::-1], len(points) - ends[::-1], sizes[::-1])[::-1]
    if bare := int((~locked).sum()):
        notes.append(f"{bare:,} of {len(runs):,} threads begin or end without a lock")


def _near_end(points: NDArray[np.int64], starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """bool[M]: among the first of a run's points (its anchor and 8 more) and within a lock's reach of its first."""
    owner = np.repeat(starts, sizes)
    away = points - points[owner]
    near = np.hypot(away[:, 0], away[:, 1]) <= LOCK_REACH
    return np.asarray(near & (np.arange(len(points)) - owner <= LOCK_POINTS))


def _locked(points: NDArray[np.int64], starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """bool[runs]: a run's first stitches go forth and back within a lock's reach: its next three points are there."""
    near = _near_end(points, starts, sizes)
    good = sizes >= LOCK_LEAST
    for step in range(1, LOCK_LEAST):
        good &= near[np.minimum(starts + step, len(points) - 1)]
    return good


def _check_nothing(decoded: Decoded, problems: list[str], notes: list[str]) -> None:
    return


def _check_dst(decoded: Decoded, problems: list[str], notes: list[str]) -> None:
    header = decoded.header
    for key in ("LA", "ST", "CO", "+X", "-X", "+Y", "-Y"):
        if key not in header:
            notes.append(f"its header has no field {key}")
            return
    label = str(header["LA"])
    if len(label) > 16 or not label.isascii():
        notes.append(f"its name '{label.strip()}' is not 16 letters of ASCII")
    if header.get("header_used", 0) != 125:
        notes.append("its header does not end at byte 125")
    _compare("stitches in its header", _number(header["ST"]), int(header["records"]), notes)
    _compare("colour changes in its header", _number(header["CO"]), decoded.color_changes, notes)
    if header.get("sequins"):
        notes.append("it commands sequins")
    points = decoded.penetrations
    if len(points):
        low, high = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        real = {"+X": high[0], "-X": -low[0], "+Y": -low[1], "-Y": high[1]}
        wrong = [key for key, value in real.items() if _number(header[key]) != max(value, 0)]
        if wrong:
            notes.append(f"the extents {', '.join(wrong)} in its header are not those of its stitches")


def _check_pes(decoded: Decoded, problems: list[str], notes: list[str]) -> None:
    header = decoded.header
    indices = [int(index) for index in str(header["indices"]).split()]
    if any(not 1 <= index <= 64 for index in indices):
        notes.append("a colour is not a number of Brother's chart")
    if any(62 <= index <= 64 for index in indices):
        notes.append("a colour is Brother's command for appliqué, not a thread")
    if header["first"] != "J":
        notes.append("its first record is not a jump to the first stitch")
    if header["length"] != header["stream"]:
        notes.append("the length of its stitch block is not the one its header says")
    if not str(header["LA"]).isascii():
        notes.append("its name is not ASCII")
    points = decoded.penetrations
    if len(points):
        low, high = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        if low != [0, 0] or high != [header["width"], header["height"]]:
            notes.append("its stitches do not fill the frame that its header gives")
    if "hoop_width" in header:
        hoop = sorted((int(header["hoop_width"]), int(header["hoop_height"])))
        real = sorted((int(header["width"]) / 10, int(header["height"]) / 10))
        if any(space < need for space, need in zip(hoop, real, strict=True)):
            notes.append(f"its hoop of {hoop[0]} x {hoop[1]} mm is smaller than its design")


def _check_jef(decoded: Decoded, problems: list[str], notes: list[str]) -> None:
    header = decoded.header
    _compare("length in its header", int(header["pairs"]), int(header["present_pairs"]), notes)
    if header["hoop"] not in HOOPS:
        notes.append(f"its hoop {header['hoop']} is not one that is known")
    points = decoded.penetrations
    if len(points) and header["hoop"] in HOOPS:
        hoop = HOOPS[int(header["hoop"])]
        size = (np.ptp(points, axis=0) / 10).tolist()
        if size[0] > hoop[0] or size[1] > hoop[1]:
            problems.append(f"its hoop of {hoop[0]} x {hoop[1]} mm is smaller than its design")
    if any(not 1 <= int(index) <= 78 for index in str(header["indices"]).split()):
        notes.append("a colour is not a number of Janome's chart")


def _check_vp3(decoded: Decoded, problems: list[str], notes: list[str]) -> None:
    header = decoded.header
    if "fraction" in header:
        notes.append(f"{header['fraction']} does not begin on a tenth of a millimetre")
    if header["designs"] != 1:
        notes.append(f"it holds {header['designs']} designs")
    points = decoded.penetrations
    if len(points):
        low, high = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        box = [int(header[key]) / 100 for key in ("left", "right", "bottom", "top")]
        real = [low[0], high[0], -high[1], -low[1]]
        if any(abs(a - b) > 1 for a, b in zip(box, real, strict=True)):
            notes.append("the extents in its header are not those of its stitches")


def _check_xxx(decoded: Decoded, problems: list[str], notes: list[str]) -> None:
    header = decoded.header
    _compare("records in its header", int(header["count"]), len(decoded.kinds), notes)
    if header["end"] != header["stream_end"]:
        notes.append("the end of its stitches is not where its header says")


def _compare(what: str, said: int | None, real: int, notes: list[str]) -> None:
    if said != real:
        notes.append(f"{what}: {'none' if said is None else f'{said:,}'} said, {real:,} there")


def _number(text: object) -> int | None:
    try:
        return int(str(text).replace(" ", ""))
    except ValueError:
        return None


def _count(number: int, what: str) -> str:
    plural = f"{what}es" if what.endswith("ch") else f"{what}s"
    return f"{number:,} {what if number == 1 else plural}"


_FORMATS: dict[str, Callable[[Decoded, list[str], list[str]], None]] = {
    "DST": _check_dst,
    "PES": _check_pes,
    "PEC": _check_pes,
    "JEF": _check_jef,
    "VP3": _check_vp3,
    "XXX": _check_xxx,
}
