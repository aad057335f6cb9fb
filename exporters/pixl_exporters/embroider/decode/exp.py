"""EXP (Melco): the bare stream, no header, no colours, no end mark: 80 01 colour, 80 04 move, 80 80 07 00 trim."""

from __future__ import annotations

from .pairs import read_pairs
from .value import COLOR, MOVE, STITCH, TRIM, Decoded, StitchFileError, records

_CODES = {0x01: COLOR, 0x02: STITCH, 0x04: MOVE, 0x80: TRIM}


def read(data: bytes, trim_at: int) -> Decoded:
    """Decode EXP bytes. Raises StitchFileError."""
    if not data:
        raise StitchFileError("this EXP file is empty", hint="copy the file again")
    stream = read_pairs(data, 0, "EXP", _CODES)
    return records("EXP", stream.kinds, stream.xs, stream.ys)
