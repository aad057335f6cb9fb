"""DST (Tajima): a 512-byte header of text, then records of three bytes; y is up; a colour is not named.

Each bit of a record stands for +-1, 3, 9, 27 or 81 units of 0.1 mm on one axis (EduTechWiki, "Embroidery format DST").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .value import COLOR, MAX_RECORDS, MOVE, STITCH, Decoded, StitchFileError, cut_short, records, too_long, with_cuts

HEADER = 512
_BITS: tuple[dict[int, tuple[int, int]], ...] = (
    {0: (1, 0), 1: (-1, 0), 2: (9, 0), 3: (-9, 0), 7: (0, 1), 6: (0, -1), 5: (0, 9), 4: (0, -9)},
    {0: (3, 0), 1: (-3, 0), 2: (27, 0), 3: (-27, 0), 7: (0, 3), 6: (0, -3), 5: (0, 27), 4: (0, -27)},
    {2: (81, 0), 3: (-81, 0), 5: (0, 81), 4: (0, -81)},
)
_KINDS = {0x03: STITCH, 0x83: MOVE, 0xC3: COLOR}


def _table(byte: int) -> NDArray[np.int64]:
    """int64[256, 2]: what each value of this byte of a record adds to x and y."""
    table = np.zeros((256, 2), np.int64)
    values = np.arange(256)
    for bit, step in _BITS[byte].items():
        table[(values >> bit & 1).astype(bool)] += step
    return table


def read(data: bytes, trim_at: int) -> Decoded:
    """Decode DST bytes. Raises StitchFileError."""
    if len(data) < HEADER + 3:
        raise cut_short("DST", "its header")
    header = _header(data[:HEADER])
    count = (len(data) - HEADER) // 3
    if count > MAX_RECORDS:
        raise too_long("DST")
    body = np.frombuffer(data, np.uint8, count=count * 3, offset=HEADER).reshape(-1, 3)
    ends = np.flatnonzero(body[:, 2] & 0xF3 == 0xF3)
    ended = len(ends) > 0
    if ended:
        header["records"] = int(ends[0]) + 1
        body = body[: ends[0]]
    else:
        header["records"] = count
    flags = body[:, 2] & 0xC3
    known = np.isin(flags, list(_KINDS)) | (flags == 0x43)
    if not known.all():
        raise StitchFileError(
            f"record {int(np.argmin(known)) + 1} of this DST file is not a DST record", hint="copy the file again"
        )
    steps = sum(_table(byte)[body[:, byte]] for byte in range(3))
    where = np.cumsum(steps, axis=0) if len(body) else np.zeros((0, 2), np.int64)
    header["longest"] = int(np.abs(steps).max()) if len(body) else 0
    header["sequins"] = int((flags == 0x43).sum())
    kind_of = np.zeros(256, np.uint8)
    for flag, kind in _KINDS.items():
        kind_of[flag] = kind
    kind_of[0x43] = MOVE
    kinds = kind_of[flags].tolist()
    xs, ys = where[:, 0].tolist(), (-where[:, 1]).tolist()
    header["end_x"], header["end_y"] = (xs[-1], ys[-1]) if xs else (0, 0)
    with_cuts(kinds, xs, ys, trim_at)
    return records("DST", kinds, xs, ys, header=header, ended=ended)


def _header(data: bytes) -> dict[str, int | str]:
    """The fields of the header: two letters, a colon, text up to a carriage return."""
    fields: dict[str, int | str] = {}
    for line in data.split(b"\x1a")[0].split(b"\r"):
        key, colon, value = line.strip(b"\n").partition(b":")
        if colon and len(key) == 2:
            text = value.decode("latin-1")
            fields[key.decode("latin-1")] = text
    fields["header_used"] = data.find(b"\x1a") + 1
    return fields
