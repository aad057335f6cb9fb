"""Readers of stitch files, written from the formats' facts; ``pixl verify`` and every test of a writer stand on them.

One module a format, each ``bytes -> Decoded``. Nothing here may import pyembroidery or the writers of this package: a
reader that shares code with a writer shares its mistakes.
"""

from __future__ import annotations

from .value import COLOR, MAX_BYTES, MOVE, STITCH, TRIM, Decoded, Run, StitchFileError, Thread, decode

__all__ = ["COLOR", "MAX_BYTES", "MOVE", "STITCH", "TRIM", "Decoded", "Run", "StitchFileError", "Thread", "decode"]
