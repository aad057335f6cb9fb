"""The stream that EXP and JEF share: two signed bytes a stitch, y up; 80 and a code begin every other record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .value import MAX_RECORDS, StitchFileError, cut_short, too_long

END = 255


@dataclass(slots=True)
class Stream:
    """Records, positions, and whether the end mark was met."""

    kinds: list[int]
    xs: list[int]
    ys: list[int]
    ended: bool = False


def read_pairs(data: bytes, position: int, name: str, codes: Mapping[int, int]) -> Stream:
    """Decode from ``position`` on; ``codes``: the byte after 80 -> kind of record, or ``END``. Raises
    StitchFileError.
    """
    out = Stream([], [], [])
    kinds, xs, ys = out.kinds, out.xs, out.ys
    x = y = 0
    size = len(data)
    while position + 1 < size:
        first, second = data[position], data[position + 1]
        position += 2
        kind = 0
        if first == 0x80:
            if second not in codes:
                raise StitchFileError(
                    f"this {name} file has the unknown command 80 {second:02X} after {len(kinds):,} records",
                    hint="copy the file again",
                )
            kind = codes[second]
            if kind == END:
                out.ended = True
                return out
            if position + 1 >= size:
                raise cut_short(name, "a command")
            first, second = data[position], data[position + 1]
            position += 2
            if second == 0 and first == 7 and name == "EXP":
                first = 0
        x += first - 256 if first & 0x80 else first
        y -= second - 256 if second & 0x80 else second
        kinds.append(kind)
        xs.append(x)
        ys.append(y)
        if len(kinds) > MAX_RECORDS:
            raise too_long(name)
    if position < size:
        raise cut_short(name, "a stitch")
    return out
