"""XXX (Singer): 256 bytes of header, then two signed bytes a stitch, y up; 7D and 7E begin a step of two 16-bit
numbers; 7F 01 move, 7F 03 trim, 7F 08 and 7F 0A..17 colour, 7F 7F end; then the colours, four bytes each.
"""

from __future__ import annotations

from .value import (
    COLOR,
    MAX_RECORDS,
    MOVE,
    STITCH,
    TRIM,
    Decoded,
    StitchFileError,
    Thread,
    cut_short,
    records,
    too_long,
)

_START = 0x100
_KINDS = {0x01: MOVE, 0x03: TRIM, 0x08: COLOR, **dict.fromkeys(range(0x0A, 0x18), COLOR)}


def read(data: bytes, trim_at: int) -> Decoded:
    """Decode XXX bytes. Raises StitchFileError."""
    if len(data) <= _START + 4:
        raise cut_short("XXX", "its header")
    colors = int.from_bytes(data[0x27:0x29], "little")
    header: dict[str, int | str] = {
        "count": int.from_bytes(data[0x17:0x1B], "little"),
        "colors": colors,
        "width": int.from_bytes(data[0x2D:0x2F], "little"),
        "height": int.from_bytes(data[0x2F:0x31], "little"),
        "end": int.from_bytes(data[0xFC:0x100], "little"),
    }
    kinds: list[int] = []
    xs: list[int] = []
    ys: list[int] = []
    x = y = 0
    position, size = _START, len(data)
    while True:
        if position + 4 > size:
            raise cut_short("XXX", "its stitches")
        first, second = data[position], data[position + 1]
        kind = STITCH
        if first in (0x7D, 0x7E):
            if position + 5 > size:
                raise cut_short("XXX", "a step")
            x += int.from_bytes(data[position + 1 : position + 3], "little", signed=True)
            y -= int.from_bytes(data[position + 3 : position + 5], "little", signed=True)
            kind = MOVE
            position += 5
        elif first == 0x7F:
            if second in (0x7F, 0x18):
                break
            if second not in _KINDS:
                raise StitchFileError(
                    f"this XXX file has the unknown command 7F {second:02X} after {len(kinds):,} records",
                    hint="copy the file again",
                )
            kind = _KINDS[second]
            step_x, step_y = data[position + 2], data[position + 3]
            x += step_x - 256 if step_x & 0x80 else step_x
            y -= step_y - 256 if step_y & 0x80 else step_y
            position += 4
        else:
            x += first - 256 if first & 0x80 else first
            y -= second - 256 if second & 0x80 else second
            position += 2
        kinds.append(kind)
        xs.append(x)
        ys.append(y)
        if len(kinds) > MAX_RECORDS:
            raise too_long("XXX")
    header["stream_end"] = position
    position += 6
    threads = []
    for number in range(min(colors, 256)):
        row = data[position + 4 * number : position + 4 * number + 4]
        if len(row) < 4:
            raise cut_short("XXX", "its colours")
        threads.append(Thread(rgb=(row[1], row[2], row[3])))
    return records("XXX", kinds, xs, ys, threads=tuple(threads), header=header)
