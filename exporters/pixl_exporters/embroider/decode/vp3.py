"""VP3 (Husqvarna Viking, Pfaff): nested blocks, big-endian, each with its length; one block a colour, with its thread.

Positions of blocks are in 1/1000 mm with y up; steps inside a block are in 0.1 mm with y down: one signed byte each, or
80 01, two signed 16-bit numbers, 80 02. 80 03 cuts. There is no word for a move: the first step after a cut is one.
"""

from __future__ import annotations

from .value import (
    COLOR,
    MAX_RECORDS,
    STITCH,
    TRIM,
    Decoded,
    StitchFileError,
    Thread,
    cut_short,
    records,
    too_long,
)


class _Reader:
    """Reads big-endian numbers forward, never past ``end``."""

    def __init__(self, data: bytes, position: int) -> None:
        self.data = data
        self.position = position

    def take(self, count: int) -> bytes:
        part = self.data[self.position : self.position + count]
        if len(part) < count:
            raise cut_short("VP3", "its header")
        self.position += count
        return part

    def number(self, count: int, signed: bool = False) -> int:
        return int.from_bytes(self.take(count), "big", signed=signed)

    def text(self) -> bytes:
        return self.take(self.number(2))

    def block(self, mark: bytes) -> int:
        """Enter a block; returns the offset of its end."""
        if self.take(3) != mark:
            raise StitchFileError(
                f"this VP3 file has no block {mark.hex(' ')} where one must be", hint="copy the file again"
            )
        end = self.number(4) + self.position
        if end > len(self.data):
            raise cut_short("VP3", "a block")
        return end


def read(data: bytes, trim_at: int) -> Decoded:
    """Decode VP3 bytes. Raises StitchFileError."""
    reader = _Reader(data, 6)
    reader.text()
    reader.block(b"\x00\x02\x00")
    reader.text()
    right, top, left, bottom = (reader.number(4, True) for _ in range(4))
    header: dict[str, int | str] = {"right": right, "top": top, "left": left, "bottom": bottom}
    header["count"] = reader.number(4)
    reader.take(1)
    header["blocks"] = reader.number(1)
    reader.take(2)
    header["designs"] = reader.number(1)
    reader.block(b"\x00\x03\x00")
    center_x, center_y = reader.number(4, True), reader.number(4, True)
    reader.take(3 + 16)
    header["width"], header["height"] = reader.number(4), reader.number(4)
    reader.text()
    reader.take(18 + 6)
    reader.text()
    blocks = reader.number(2)
    header["center_x"], header["center_y"] = center_x, center_y
    kinds: list[int] = []
    xs: list[int] = []
    ys: list[int] = []
    threads: list[Thread] = []
    for number in range(blocks):
        end = reader.block(b"\x00\x05\x00")
        x, off_x = divmod(reader.number(4, True) + center_x, 100)
        y, off_y = divmod(-(reader.number(4, True) + center_y), 100)
        if off_x or off_y:
            header["fraction"] = f"block {number + 1}"
        if number:
            kinds.append(COLOR)
            xs.append(x)
            ys.append(y)
        threads.append(_thread(reader))
        reader.take(8)
        if reader.take(3) != b"\x00\x01\x00":
            raise StitchFileError("this VP3 file has a colour without stitches", hint="copy the file again")
        length = reader.number(4)
        stop = min(reader.position + length, end)
        reader.take(3)
        _steps(data, reader.position, stop, x, y, (kinds, xs, ys))
        reader.position = end
    return records("VP3", kinds, xs, ys, threads=tuple(threads), header=header)


def _thread(reader: _Reader) -> Thread:
    colors = reader.number(1)
    reader.take(1)
    rgb = None
    for _ in range(colors):
        red, green, blue = reader.take(3)
        rgb = (red, green, blue)
        reader.take(3)
    reader.take(2)
    code, name, brand = (reader.text().decode("utf-8", "replace") for _ in range(3))
    return Thread(rgb=rgb, code=code, name=name, brand=brand)


def _steps(data: bytes, position: int, stop: int, x: int, y: int, out: tuple[list[int], list[int], list[int]]) -> None:
    kinds, xs, ys = out
    while position + 1 < stop:
        first, second = data[position], data[position + 1]
        position += 2
        kind = STITCH
        if first != 0x80:
            x += first - 256 if first & 0x80 else first
            y += second - 256 if second & 0x80 else second
        elif second == 0x01:
            if position + 4 > stop:
                raise cut_short("VP3", "a step")
            x += int.from_bytes(data[position : position + 2], "big", signed=True)
            y += int.from_bytes(data[position + 2 : position + 4], "big", signed=True)
            position += 4
        elif second == 0x03:
            if not kinds or kinds[-1] != STITCH:
                continue
            kind = TRIM
        else:
            continue
        kinds.append(kind)
        xs.append(x)
        ys.append(y)
        if len(kinds) > MAX_RECORDS:
            raise too_long("VP3")
