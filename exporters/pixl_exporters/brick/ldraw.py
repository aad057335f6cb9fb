"""The model as LDraw: one sub-model a section, one build step a row.

Units are LDU (0.4 mm): a stud is 20 wide, up is -y, z comes towards the viewer. The picture's row 0 is the far edge, so
the centre of a stud is z = -(20 row + 10); with a plus sign every viewer would show the picture mirrored. A part's
origin is the centre of its top; the mosaic's tops lie at y = 0, the base under it is not part of the model.
Source: LDraw "File Format 1.0.2", "MPD Language Extension", "OMR specification".
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pixl.errors import ExportError, PixlError
from pixl.palette import Color

from .parts import color_id, load_parts
from .tables import one_line

if TYPE_CHECKING:
    from pixl_exporters.formats import ExportOptions

    from .plan import BrickPlan, Section

_STRAIGHT = "1 0 0 0 1 0 0 0 1"
_TURNED = "0 0 1 0 1 0 -1 0 0"


def export(plan: BrickPlan, options: ExportOptions | None = None) -> dict[str, bytes]:
    """``mosaic.mpd`` (UTF-8, CRLF). Raises PixlError when the file, read again, is not the pattern (a bug)."""
    size = f"{plan.pattern.width} x {plan.pattern.height}"
    # Words before the title, or a title such as "STEP" or "FILE x" would be a command of the format.
    lines = _header("mosaic.ldr", one_line(f"pixl mosaic {size} {plan.pattern.title[:120]}"))
    for section in plan.sections:
        lines += [f"1 16 0 0 0 {_STRAIGHT} {_file(section)}", "0 STEP"]
    lines.append("0 NOFILE")
    codes = [_code(color) for color in plan.pattern.palette.colors]
    names = [part.ldraw for part in plan.parts]
    for number, section in enumerate(plan.sections):
        lines += _header(_file(section), f"section {section.name}")
        row_before = -1
        for part, color, row, column, rows, columns in plan.pieces.of_section(number).tolist():
            if row != row_before >= 0:
                lines.append("0 STEP")
            row_before = row
            turn = _TURNED if rows > columns else _STRAIGHT
            x, z = 20 * column + 10 * columns, -(20 * row + 10 * rows)
            lines.append(f"1 {codes[color]} {x} 0 {z} {turn} {names[part]}")
        lines += ["0 STEP", "0 NOFILE"]
    data = ("\r\n".join(lines) + "\r\n").encode("utf-8")
    _prove(data, plan, codes)
    return {"mosaic.mpd": data}


def _header(name: str, title: str) -> list[str]:
    return [f"0 FILE {name}", f"0 {title}", f"0 Name: {name}", "0 Author: pixl", "0 !LDRAW_ORG Unofficial_Model"]


def _file(section: Section) -> str:
    return f"section-{section.name.lower()}.ldr"


def _code(color: Color) -> str:
    """LDConfig's number; a direct colour where there is none (not every viewer shows those)."""
    return color_id(color, "ldraw") or "0x2{:02X}{:02X}{:02X}".format(*color.rgb)


def read_model(data: bytes, *, width: int, height: int) -> tuple[NDArray[np.object_], Counter[tuple[str, str]]]:
    """What a model of ours shows and holds, from the file alone: LDraw colour of each cell ("" where none), and how
    many pieces there are of each (file name, colour). Raises ExportError for anything that is not such a model."""
    sizes = {part.ldraw: (part.width, part.length) for part in load_parts().values()}
    grid = np.full((height, width), "", dtype=object)
    counts: Counter[tuple[str, str]] = Counter()
    single = {name for name, size in sizes.items() if size == (1, 1)}
    for line in data.decode("utf-8").splitlines():
        words = line.split(" ")
        if len(words) != 15 or words[0] != "1" or not words[14].endswith(".dat"):
            continue
        name, color = words[14], words[1]
        counts[name, color] += 1
        left, top = int(words[2]), -int(words[4])
        if name in single:
            row, column = top // 20, left // 20
            if not (0 <= row < height and 0 <= column < width) or grid[row, column] != "":
                raise _misplaced(line)
            grid[row, column] = color
            continue
        down, across = sizes[name]
        if " ".join(words[5:14]) == _TURNED:
            across, down = down, across
        row, column = (top - 10 * down) // 20, (left - 10 * across) // 20
        block = grid[row : row + down, column : column + across]
        if row < 0 or column < 0 or block.shape != (down, across) or (block != "").any():
            raise _misplaced(line)
        block[:] = color
    return grid, counts


def _misplaced(line: str) -> ExportError:
    return ExportError(f"two parts overlap, or one lies outside: {line}", hint="write the model again")


def _prove(data: bytes, plan: BrickPlan, codes: list[str]) -> None:
    grid, counts = read_model(data, width=plan.pattern.width, height=plan.pattern.height)
    expected: Counter[tuple[str, str]] = Counter()
    for lot in plan.lots:
        expected[lot.part.ldraw, codes[lot.index]] += lot.need
    if counts != expected or not np.array_equal(grid, np.array([*codes, ""], dtype=object)[plan.pattern.index]):
        raise PixlError("the LDraw model is not the pattern", hint="report this with the command that you ran")
