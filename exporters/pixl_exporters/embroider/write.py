"""Stitch files through pyembroidery, with its known faults worked around; the one module that imports it.

Only the byte layouts are the library's. Every record is decided here (no encoder, no ties, no interpolation): a
thread begins with TRIM or COLOR_CHANGE, at least one JUMP to its anchor, and a STITCH there. After writing, bytes
that the library gets wrong are set from what our own decoder reads back: the whole DST header, PEC colour numbers,
the PES hoop, JEF colours and hoop.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pixl.color import ciede2000, rgb_to_lab
from pixl.errors import ExportError, UsageError
from pixl.palette import Color

from .decode import decode
from .decode.charts import ChartRow, brother, janome
from .decode.jef import HOOPS
from .plan import EmbroideryPlan

_STITCH, _JUMP, _TRIM, _END, _CHANGE, _FAST = 0, 1, 2, 4, 5, 12
"""The library's numbers for its commands. FAST writes nothing in any format; it only parts a list that would
overflow.
"""
_SEGMENT = 30_000
"""PES counts the stitches of an editor segment in 16 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StitchFormat:
    """What a format can hold. ``jump``: longest jump in one record, 0.1 mm; ``colors``: most colour blocks;
    ``field_mm``: largest.
    """

    ending: str
    jump: int
    colors: int
    field_mm: tuple[float, float] | None = None
    carries_colors: str = ""


FORMATS: Mapping[str, StitchFormat] = {
    "dst": StitchFormat(ending="dst", jump=121, colors=254, carries_colors="none"),
    "pes": StitchFormat(ending="pes", jump=2047, colors=126, carries_colors="names, codes and sRGB"),
    "pes1": StitchFormat(ending="pes", jump=2047, colors=61, carries_colors="numbers of Brother's chart"),
    "exp": StitchFormat(ending="exp", jump=127, colors=254, carries_colors="none"),
    "jef": StitchFormat(
        ending="jef", jump=127, colors=78, field_mm=(200.0, 200.0), carries_colors="numbers of Janome's chart"
    ),
    "vp3": StitchFormat(ending="vp3", jump=32_000, colors=254, carries_colors="names, codes and sRGB"),
    "xxx": StitchFormat(ending="xxx", jump=123, colors=21, carries_colors="sRGB"),
}


def stitch_file(
    plan: EmbroideryPlan,
    kind: str,
    *,
    name: str = "PIXL",
    hoop: tuple[int, int] = (130, 180),
    trim_at: int = 3,
) -> bytes:
    """The plan as the bytes of a stitch file; ``kind``: a key of ``FORMATS``; ``hoop``: width, height in mm (PES v6).

    ``trim_at``: moves that mean a cut, 3..6 (DST, JEF). Raises UsageError for an unknown kind, ExportError when the
    format cannot hold the plan.
    """
    if kind not in FORMATS:
        raise UsageError(f"'{kind}' is not a stitch format", hint=f"use one of {', '.join(FORMATS)}")
    if not 3 <= trim_at <= 6:
        raise UsageError(f"{trim_at} moves for a cut is out of range", hint="use 3 to 6")
    limits = FORMATS[kind]
    if len(plan.order) > limits.colors:
        raise ExportError(
            f"{kind.upper()} holds {limits.colors} colours, this design has {len(plan.order)}",
            hint="use fewer colours or another format",
        )
    if limits.field_mm is not None and any(
        need > space for need, space in zip(plan.size_mm, limits.field_mm, strict=True)
    ):
        raise ExportError(
            f"{kind.upper()} ends at {limits.field_mm[0]:g} x {limits.field_mm[1]:g} mm, "
            f"this design is {plan.size_mm[0]:g} x {plan.size_mm[1]:g} mm",
            hint="use fewer or smaller cells, or another format",
        )
    colors = [plan.pattern.palette.colors[k] for k in plan.order]
    brand = plan.pattern.palette.name
    label = ascii_name(name)
    if kind in ("pes", "pes1"):
        return _pes(plan, kind, colors, brand, label, hoop)
    if kind == "vp3":
        return _library("Vp3Writer", _vp3_records(plan), colors, brand, label)
    records = _records(plan, limits.jump)
    settings = {"trim_at": trim_at, "trims": True, "date": "20200101000000"}
    data = _library({"dst": "DstWriter", "exp": "ExpWriter", "jef": "JefWriter", "xxx": "XxxWriter"}[kind],
                    records, colors, brand, label, settings)  # fmt: skip
    if kind == "dst":
        return dst_header(data, label, trim_at) + data[512:]
    if kind == "jef":
        return _jef_header(data, plan, colors)
    return data


def ascii_name(text: str, length: int = 16) -> str:
    """A name that every format and machine takes: A-Z, 0-9, space, ``_`` and ``-``, at most ``length`` letters."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().upper()
    return re.sub(r"[^A-Z0-9 _-]+", " ", plain).strip()[:length].strip() or "PIXL"


def _records(plan: EmbroideryPlan, longest: int, shift: tuple[int, int] = (0, 0), segment: int = 0) -> list[list[int]]:
    """``[x, y, command]`` of the whole design: the library's low-level commands."""
    out: list[list[int]] = []
    x = y = 0
    color = plan.threads[0].color
    for number, thread in enumerate(plan.threads):
        points = (thread.points + np.array(shift, np.int32)).tolist()
        if number:
            out.append([x, y, _TRIM if thread.color == color else _CHANGE])
            color = thread.color
        to_x, to_y = points[0]
        dx, dy = to_x - x, to_y - y
        hops = max(1, -(-max(abs(dx), abs(dy)) // longest))
        out += [[x + dx * hop // hops, y + dy * hop // hops, _JUMP] for hop in range(1, hops + 1)]
        for at, (px, py) in enumerate(points):
            if segment and at and at % segment == 0:
                out.append([x, y, _FAST])
            x, y = px, py
            out.append([x, y, _STITCH])
    out.append([x, y, _END])
    return out


def _vp3_records(plan: EmbroideryPlan) -> list[list[int]]:
    """VP3 has no move: a block begins where its first stitch is, and the first step after a cut is the move.

    The library rounds the frame's centre toward zero, so an odd frame is made even by a move that VP3 does not write.
    """
    out: list[list[int]] = []
    left, top, right, bottom = plan.extent
    out.append([right + (right - left) % 2, bottom + (bottom - top) % 2, _JUMP])
    x = y = 0
    color = plan.threads[0].color
    for number, thread in enumerate(plan.threads):
        points = thread.points.tolist()
        if number:
            out.append([x, y, _TRIM])
            if thread.color != color:
                out.append([*points[0], _CHANGE])
            color = thread.color
        out += [[px, py, _STITCH] for px, py in points]
        x, y = points[-1]
    out.append([x, y, _END])
    return out


def _library(
    writer: str,
    records: list[list[int]],
    colors: Sequence[Color],
    brand: str,
    label: str,
    settings: Mapping[str, Any] | None = None,
    rgbs: Sequence[tuple[int, int, int]] | None = None,
) -> bytes:
    """Bytes of the library's low-level writer for these records."""
    import importlib

    import pyembroidery

    pattern = pyembroidery.EmbPattern()
    pattern.stitches = records
    pattern.metadata("name", label)
    for number, color in enumerate(colors):
        thread = pyembroidery.EmbThread()
        red, green, blue = rgbs[number] if rgbs is not None else color.rgb
        thread.color = red << 16 | green << 8 | blue
        thread.description = _plain(color.name or color.code)
        thread.catalog_number = _plain(color.code)
        thread.brand = _plain(brand)
        thread.chart = _plain(brand)
        pattern.add_thread(thread)
    stream = io.BytesIO()
    importlib.import_module(f"pyembroidery.{writer}").write(pattern, stream, dict(settings or {}))
    return stream.getvalue()


def _plain(text: str) -> str:
    """Printable ASCII, at most 60 letters: the writers count letters, not bytes."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^ -~]", "", plain).strip()[:60]


def dst_header(data: bytes, label: str, trim_at: int = 3) -> bytes:
    """The 512 bytes before the stitches, from the stitches: the library counts a trim as one and turns Y over."""
    decoded = decode(data, name="x.dst", trim_at=trim_at)
    (left, top), (right, bottom) = (
        decoded.penetrations.min(axis=0).tolist(),
        decoded.penetrations.max(axis=0).tolist(),
    )
    end_x, end_y = int(decoded.header["end_x"]), -int(decoded.header["end_y"])
    lines = [
        f"LA:{label[:16]:<16}",
        f"ST:{decoded.header['records']:>7}",
        f"CO:{decoded.color_changes:>3}",
        f"+X:{max(right, 0):>5}",
        f"-X:{max(-left, 0):>5}",
        f"+Y:{max(-top, 0):>5}",
        f"-Y:{max(bottom, 0):>5}",
        f"AX:{'-' if end_x < 0 else '+'}{abs(end_x):>5}",
        f"AY:{'-' if end_y < 0 else '+'}{abs(end_y):>5}",
        f"MX:+{0:>5}",
        f"MY:+{0:>5}",
        "PD:******",
    ]
    text = "".join(f"{line}\r" for line in lines).encode("ascii") + b"\x1a"
    return text.ljust(512, b" ")


def _pes(
    plan: EmbroideryPlan, kind: str, colors: Sequence[Color], brand: str, label: str, hoop: tuple[int, int]
) -> bytes:
    left, top, _right, _bottom = plan.extent
    records = _records(plan, FORMATS[kind].jump, (-left, -top), _SEGMENT)
    rows = nearest_rows(colors, [row for row in brother().values() if row.is_thread])
    rgbs = [row.writer_rgb for row in rows] if kind == "pes1" else None
    version = {"version": "1" if kind == "pes1" else "6"}
    data = bytearray(_library("PesWriter", records, colors, brand, label[:8].strip(), version, rgbs))
    pec = int.from_bytes(data[8:12], "little")
    numbers = bytes(row.index for row in rows)
    old = bytes(data[pec + 48 : pec + 49 + len(numbers)])
    data[pec + 49 : pec + 49 + len(numbers)] = numbers
    if kind == "pes":
        addendum = data.rfind(old)
        if addendum > pec + 49:
            data[addendum + 1 : addendum + 1 + len(numbers)] = numbers
        at = 16
        for _ in range(5):
            at += 1 + data[at]
        at += 4
        data[at : at + 2] = int(hoop[0]).to_bytes(2, "little")
        data[at + 2 : at + 4] = int(hoop[1]).to_bytes(2, "little")
    return bytes(data)


def _jef_header(data: bytes, plan: EmbroideryPlan, colors: Sequence[Color]) -> bytes:
    patched = bytearray(data)
    for number, row in enumerate(nearest_rows(colors, list(janome().values()))):
        at = 0x74 + 4 * number
        patched[at : at + 4] = row.index.to_bytes(4, "little")
    width, height = plan.size_mm
    fitting = [code for code, (w, h) in HOOPS.items() if width <= w and height <= h]
    code = min(fitting, key=lambda code: HOOPS[code][0] * HOOPS[code][1])
    patched[32:36] = code.to_bytes(4, "little")
    return bytes(patched)


def nearest_rows(colors: Sequence[Color], rows: Sequence[ChartRow]) -> list[ChartRow]:
    """A number of a chart for each colour: least sum of CIEDE2000, no number twice while there are enough."""
    from scipy.optimize import linear_sum_assignment

    wanted = np.asarray(rgb_to_lab(np.array([color.rgb for color in colors], np.uint8)))
    there = np.asarray(rgb_to_lab(np.array([row.rgb for row in rows], np.uint8)))
    cost: NDArray[np.float64] = np.asarray(ciede2000(wanted[:, None], there[None]))
    copies = -(-len(colors) // len(rows))
    _, chosen = linear_sum_assignment(np.tile(cost, (1, copies)))
    return [rows[int(k) % len(rows)] for k in chosen]
