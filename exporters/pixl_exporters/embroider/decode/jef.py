"""JEF (Janome): a header with hoop, extents and an index of colours; then pairs: 80 01 colour, 80 02 move, 80 10 end.

Three moves in a row stand for a trim. Layout of the header, in little-endian words of four bytes: offset of the
stitches, 0x14, 14 letters of date and two zero bytes, colours, length of the stream in pairs, hoop, four extents from
the centre, four times four distances to hoops' edges, then the colours' indices and their types.
"""

from __future__ import annotations

from .charts import janome
from .pairs import END, read_pairs
from .value import COLOR, MOVE, Decoded, StitchFileError, Thread, cut_short, records, with_cuts

_CODES = {0x01: COLOR, 0x02: MOVE, 0x10: END}
HOOPS = {0: (110, 110), 1: (50, 50), 2: (140, 200), 3: (126, 110), 4: (200, 200)}
"""Hoop code -> width and height in mm."""
_COLORS = 0x74


def read(data: bytes, trim_at: int) -> Decoded:
    """Decode JEF bytes. Raises StitchFileError."""
    if len(data) < _COLORS:
        raise cut_short("JEF", "its header")
    word = [int.from_bytes(data[i : i + 4], "little", signed=True) for i in range(0, _COLORS, 4)]
    start, colors = word[0], word[6]
    if not 0 <= colors <= 1000 or start < _COLORS + 4 * colors or start > len(data):
        raise StitchFileError("the header of this JEF file does not add up", hint="copy the file again")
    if start == len(data):
        raise cut_short("JEF", "its header")
    indices = [int.from_bytes(data[i : i + 4], "little") for i in range(_COLORS, _COLORS + 4 * colors, 4)]
    header: dict[str, int | str] = {
        "pairs": word[7], "hoop": word[8],
        "left": word[9], "top": word[10], "right": word[11], "bottom": word[12],
        "date": data[8:22].decode("latin-1"), "indices": " ".join(map(str, indices)),
        "present_pairs": (len(data) - start) // 2,
    }  # fmt: skip
    stream = read_pairs(data, start, "JEF", _CODES)
    with_cuts(stream.kinds, stream.xs, stream.ys, trim_at)
    return records(
        "JEF",
        stream.kinds,
        stream.xs,
        stream.ys,
        threads=tuple(_thread(index) for index in indices),
        header=header,
        ended=stream.ended,
    )


def _thread(index: int) -> Thread:
    row = janome().get(index)
    return Thread() if row is None else Thread(rgb=row.rgb, code=row.code, name=row.name, brand="Janome")
