"""PES and PEC (Brother): machines read the PEC block only; its y is down and its origin the design's top left.

Steps are 7-bit, or 12-bit with flags 0x10 (jump) and 0x20 (trim, then jump); FE B0 changes colour; FF ends.
"""

from __future__ import annotations

from .charts import brother
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

_TABLE = 48
"""Offset in the PEC block of the number of colours less one; the indices follow."""
_BLOCK = 512
"""Offset in the PEC block of the stitch block: 2 zero bytes, u24 length, 3 bytes, u16 width, u16 height, 4 bytes."""
_STREAM = _BLOCK + 16


def read(data: bytes, trim_at: int) -> Decoded:
    """Decode PES or PEC bytes. Raises StitchFileError."""
    header: dict[str, int | str] = {"version": data[4:8].decode("latin-1")}
    if data.startswith(b"#PEC"):
        name, pec = "PEC", 8
    else:
        name, pec = "PES", int.from_bytes(data[8:12], "little")
    if pec < 8 or pec + _STREAM >= len(data):
        raise (
            cut_short(name, "its PEC header")
            if pec >= 8
            else StitchFileError(f"this {name} file has no PEC block", hint="copy the file again")
        )
    label = data[pec : pec + 20]
    if not label.startswith(b"LA:"):
        raise StitchFileError(f"the PEC block of this {name} file is not where its header says", hint="copy it again")
    header["LA"] = label[3:19].decode("latin-1")
    colors = (data[pec + _TABLE] + 1) & 0xFF
    indices = data[pec + _TABLE + 1 : pec + _TABLE + 1 + colors]
    header["indices"] = " ".join(str(index) for index in indices)
    header["length"] = int.from_bytes(data[pec + _BLOCK + 2 : pec + _BLOCK + 5], "little")
    header["width"] = int.from_bytes(data[pec + _BLOCK + 8 : pec + _BLOCK + 10], "little")
    header["height"] = int.from_bytes(data[pec + _BLOCK + 10 : pec + _BLOCK + 12], "little")
    kinds, xs, ys, end, first = _stream(data, pec + _STREAM, name)
    header["stream"] = end - pec - _BLOCK
    header["first"] = first
    threads = tuple(_chart_thread(index) for index in indices)
    if name == "PES" and str(header["version"]) >= "0050":
        own = _editor_threads(data, header)
        if len(own) == len(threads):
            threads = own
    return records(name, kinds, xs, ys, threads=threads, header=header)


def _stream(data: bytes, position: int, name: str) -> tuple[list[int], list[int], list[int], int, str]:
    """Records from ``position`` on: kinds, x, y, the offset after the end mark, and the first record's letter."""
    kinds: list[int] = []
    xs: list[int] = []
    ys: list[int] = []
    x = y = 0
    size = len(data)
    first = ""
    while True:
        if position + 1 >= size:
            if position < size and data[position] == 0xFF:
                return kinds, xs, ys, position + 1, first
            raise cut_short(name, "its stitches")
        value = data[position]
        if value == 0xFF:
            return kinds, xs, ys, position + 1, first
        if value == 0xFE and data[position + 1] == 0xB0:
            position += 3
            kinds.append(COLOR)
            xs.append(x)
            ys.append(y)
            first = first or "C"
            continue
        flags = 0
        if value & 0x80:
            flags = value
            step = (value & 0x0F) << 8 | data[position + 1]
            x += step - 4096 if step & 0x800 else step
            position += 2
        else:
            x += value - 128 if value & 0x40 else value
            position += 1
        if position + 1 >= size:
            raise cut_short(name, "its stitches")
        value = data[position]
        if value & 0x80:
            flags |= value
            step = (value & 0x0F) << 8 | data[position + 1]
            y += step - 4096 if step & 0x800 else step
            position += 2
        else:
            y += value - 128 if value & 0x40 else value
            position += 1
        if flags & 0x20:
            if kinds and kinds[-1] == STITCH:
                kinds.append(TRIM)
                xs.append(x if not xs else xs[-1])
                ys.append(y if not ys else ys[-1])
            kinds.append(MOVE)
            first = first or "T"
        elif flags & 0x10:
            kinds.append(MOVE)
            first = first or "J"
        else:
            kinds.append(STITCH)
            first = first or "S"
        xs.append(x)
        ys.append(y)
        if len(kinds) > MAX_RECORDS:
            raise too_long(name)


def _chart_thread(index: int) -> Thread:
    chart = brother()
    if index not in chart:
        return Thread()
    row = chart[index]
    return Thread(rgb=row.rgb, code=row.code, name=row.name, brand="Brother")


class _Reader:
    """Reads numbers and length-prefixed text forward; asks for no more than there is."""

    def __init__(self, data: bytes, position: int) -> None:
        self.data = data
        self.position = position

    def take(self, count: int) -> bytes:
        part = self.data[self.position : self.position + count]
        if len(part) < count:
            raise EOFError
        self.position += count
        return part

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "little")

    def text(self) -> str:
        return self.take(self.number(1)).decode("utf-8", "replace")


def _editor_threads(data: bytes, header: dict[str, int | str]) -> tuple[Thread, ...]:
    """The threads of the editor's section (version 5 and 6), and the hoop; none where it cannot be followed."""
    reader = _Reader(data, 12)
    found: list[Thread] = []
    try:
        reader.take(4)
        for _ in range(5):
            reader.text()
        reader.take(4)
        header["hoop_width"], header["hoop_height"] = reader.number(2), reader.number(2)
        reader.take(28)
        reader.text()
        reader.take(24)
        if any(reader.number(2) for _ in range(3)):
            return ()
        for _ in range(reader.number(2)):
            code = reader.text()
            red, green, blue = reader.take(3)
            reader.take(5)
            name, brand, _chart = reader.text(), reader.text(), reader.text()
            found.append(Thread(rgb=(red, green, blue), code=code, name=name, brand=brand))
    except EOFError:
        return ()
    return tuple(found)
