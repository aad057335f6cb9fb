"""Readers of our own for GIF (87a/89a, GIF specification) and APNG (PNG, third edition): nothing of Pillow in them."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Shown:
    """What a viewer shows: uint8[T, H, W, 4], ms a frame, how often it plays (0 = for ever, 1 = once)."""

    frames: NDArray[np.uint8]
    ms: list[int]
    plays: int


def read_gif(data: bytes) -> Shown:
    assert data[:6] == b"GIF89a"
    width, height, flags, _, _ = struct.unpack("<HHBBB", data[6:13])
    at = 13
    shared = None
    if flags & 0x80:
        size = 3 * 2 ** ((flags & 7) + 1)
        shared, at = np.frombuffer(data[at : at + size], np.uint8).reshape(-1, 3), at + size
    canvas = np.zeros((height, width, 4), np.uint8)
    frames, times, plays = [], [], 1
    delay, clear, disposal = 0, None, 0
    while data[at] != 0x3B:
        if data[at] == 0x21:
            label, at = data[at + 1], at + 2
            body, at = _blocks(data, at)
            if label == 0xF9:
                disposal, delay = body[0] >> 2 & 7, struct.unpack("<H", body[1:3])[0]
                clear = body[3] if body[0] & 1 else None
            elif label == 0xFF and body[:11] == b"NETSCAPE2.0":
                plays = struct.unpack("<H", body[12:14])[0]
            continue
        assert data[at] == 0x2C
        left, top, w, h, flags = struct.unpack("<HHHHB", data[at + 1 : at + 10])
        at += 10
        table = shared
        if flags & 0x80:
            size = 3 * 2 ** ((flags & 7) + 1)
            table, at = np.frombuffer(data[at : at + size], np.uint8).reshape(-1, 3), at + size
        assert table is not None
        assert not flags & 0x40, "interlaced"
        bits = data[at]
        body, at = _blocks(data, at + 1)
        index = np.array(_lzw(body, bits)[: w * h], np.intp).reshape(h, w)
        before = canvas.copy()
        seen = np.ones((h, w), bool) if clear is None else index != clear
        patch = canvas[top : top + h, left : left + w]
        patch[seen] = np.concatenate([table[index[seen]], np.full((seen.sum(), 1), 255, np.uint8)], axis=1)
        frames.append(canvas.copy())
        times.append(10 * delay)
        if disposal == 2:
            canvas[top : top + h, left : left + w] = 0
        elif disposal == 3:
            canvas = before
        delay, clear, disposal = 0, None, 0
    return Shown(np.stack(frames), times, plays)


def _blocks(data: bytes, at: int) -> tuple[bytes, int]:
    parts = []
    while data[at]:
        parts.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return b"".join(parts), at + 1


def _lzw(body: bytes, bits: int) -> list[int]:
    out: list[int] = []
    first, stop = 1 << bits, (1 << bits) + 1
    table: list[tuple[int, ...]] = []
    size, buffer, held, before = bits + 1, 0, 0, None
    for byte in body:
        buffer |= byte << held
        held += 8
        while held >= size:
            code, buffer, held = buffer & ((1 << size) - 1), buffer >> size, held - size
            if code == first:
                table, size, before = [(k,) for k in range(first)] + [(), ()], bits + 1, None
                continue
            if code == stop:
                return out
            if before is None:
                word = table[code]
            else:
                word = table[code] if code < len(table) else (*before, before[0])
                table.append((*before, word[0]))
            out.extend(word)
            before = word
            if len(table) == 1 << size and size < 12:
                size += 1
    return out


def read_apng(data: bytes) -> Shown:
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, plays, frames, times = 8, 1, [], []
    parts: list[bytes] = []
    control: tuple[int, ...] | None = None
    header: tuple[int, ...] = ()
    canvas = np.zeros((1, 1, 4), np.uint8)

    def finish() -> None:
        w, h, x, y, num, den, disposal, blend = control or (header[0], header[1], 0, 0, 0, 100, 0, 0)
        patch = _pixels(zlib.decompress(b"".join(parts)), w, h, header[3])
        nonlocal canvas
        before = canvas.copy()
        area = canvas[y : y + h, x : x + w]
        area[...] = np.where((blend == 1) & (patch[..., 3:] == 0), area, patch)
        frames.append(canvas.copy())
        times.append(round(1000 * num / (den or 100)))
        if disposal == 1:
            canvas[y : y + h, x : x + w] = 0
        elif disposal == 2:
            canvas = before

    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0]
        at += 12 + length
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", body)
            assert header[2] == 8
            canvas = np.zeros((header[1], header[0], 4), np.uint8)
        elif kind == b"acTL":
            plays = struct.unpack(">II", body)[1]
        elif kind in (b"fcTL", b"IEND"):
            if parts:
                finish()
            parts = []
            if kind == b"fcTL":
                _, w, h, x, y, num, den, disposal, blend = struct.unpack(">IIIIIHHBB", body)
                control = (w, h, x, y, num, den, disposal, blend)
        elif kind == b"IDAT":
            parts.append(body)
        elif kind == b"fdAT":
            parts.append(body[4:])
    return Shown(np.stack(frames), times, plays)


def _pixels(raw: bytes, width: int, height: int, color: int) -> NDArray[np.uint8]:
    depth = {2: 3, 6: 4}[color]
    stride = width * depth
    rows = []
    above = [0] * stride
    for y in range(height):
        kind, line = raw[y * (stride + 1)], list(raw[y * (stride + 1) + 1 : (y + 1) * (stride + 1)])
        for i in range(stride):
            a = line[i - depth] if i >= depth else 0
            b, c = above[i], above[i - depth] if i >= depth else 0
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line[i] = (line[i] + (0, a, b, (a + b) // 2, paeth)[kind]) & 255
        rows.append(line)
        above = line
    picture = np.array(rows, np.uint8).reshape(height, width, depth)
    if depth == 3:
        picture = np.concatenate([picture, np.full((height, width, 1), 255, np.uint8)], axis=2)
    return picture
