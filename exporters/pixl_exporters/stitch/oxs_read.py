"""Read OXS charts of other programs: a hostile or broken file ends in one sentence.

Nothing in the file is followed: a document type or an entity is refused, numbers are capped, and what is no full cross
is kept as ``Extras``.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from pixl.document import Document
from pixl.errors import DocumentError, PixlError
from pixl.palette import Color, Palette, load_palette
from pixl.pattern import EMPTY, Cell, Pattern
from pixl.recipe import Recipe
from pixl.units import MAX_CELLS_A_SIDE

from .extras import MAX_EXTRAS, Backstitch, Extras, Ornament, PartStitch, Row
from .fabric import Fabric
from .oxs import OWN_PROPERTIES
from .plan import BRANDS, StitchOptions

MAX_BYTES = 64_000_000
_HINT = "give an .oxs chart as cross-stitch programs write it"
_NUMBER = re.compile(r"^\s*([A-Za-z][A-Za-z .&-]*?)\s+(\S+)\s*$")
_HEX = re.compile(r"^#?([0-9A-Fa-f]{6})$")


def read_oxs(path: Path) -> Document:
    """A stitch document from a file. Raises DocumentError naming it."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DocumentError(f"'{path}' cannot be read: {error.strerror}", hint="check the path") from None
    try:
        return document_from_oxs(data, title=path.stem)
    except DocumentError as error:
        raise DocumentError(f"{path.name}: {error.what}", hint=error.hint) from None


def document_from_oxs(data: bytes, *, title: str = "") -> Document:
    """A stitch document. ``title`` is used where the chart has none. Raises DocumentError."""
    root = _parse(data)
    properties = dict(_attributes(_one(root, "properties")))
    width, height = (_whole(properties, f"chart{side}", 1, MAX_CELLS_A_SIDE) for side in ("width", "height"))
    palette, table = _palette(root)
    index = np.full((height, width), EMPTY, np.int16)
    for stitch in _one(root, "fullstitches"):
        x, y = _whole(stitch.attrib, "x", 0, width - 1), _whole(stitch.attrib, "y", 0, height - 1)
        k = _color(stitch.attrib.get("palindex", ""), table)
        if k >= 0:
            index[y, x] = k
    kept = [(key, value) for key, value in properties.items() if key not in OWN_PROPERTIES and value]
    extras = Extras(
        backstitches=tuple(_backstitches(root, table)),
        parts=tuple(_parts(root, table)),
        ornaments=tuple(_ornaments(root, table)),
        comments=tuple(_attributes(box) for box in _children(root, "commentboxes")),
        properties=tuple(kept),
    )
    fabric = _fabric(properties)
    strands = _strands(root)
    options = StitchOptions(fabric=fabric, strands=strands, extras=extras)
    pattern = Pattern(
        index=index,
        palette=palette,
        cell=Cell(width_mm=fabric.cell_mm, height_mm=fabric.cell_mm),
        title=properties.get("charttitle", "").strip()[:200] or title,
    )
    options.extras.check(pattern)
    recipe = Recipe(version="", command="stitch", engine="", palette_id=palette.id, palette_digest=palette.digest)
    return Document(pattern=pattern, craft="stitch", recipe=recipe, options=options.as_json())


def _parse(data: bytes) -> ET.Element:
    if len(data) > MAX_BYTES:
        raise DocumentError(f"the chart has {len(data):,} bytes", hint=f"keep it below {MAX_BYTES:,}")
    flat = data.replace(b"\0", b"")  # so that UTF-16 does not hide the words
    if b"<!DOCTYPE" in flat.upper() or b"<!ENTITY" in flat.upper():
        raise DocumentError("the chart defines entities or a document type", hint=_HINT)
    try:
        root = ET.fromstring(data)
    except (ET.ParseError, ValueError, LookupError) as error:
        raise DocumentError(f"this is not an OXS chart: {error}", hint=_HINT) from None
    if root.tag.casefold() != "chart":
        raise DocumentError(f"this is not an OXS chart: its first element is '{root.tag[:40]}'", hint=_HINT)
    return root


def _one(root: ET.Element, name: str) -> ET.Element:
    found = root.find(name)
    if found is None:
        raise DocumentError(f"the chart has no <{name}>", hint=_HINT)
    return found


def _children(root: ET.Element, name: str) -> list[ET.Element]:
    found = root.find(name)
    children = [] if found is None else list(found)
    if len(children) > MAX_EXTRAS:
        raise DocumentError(f"<{name}> has {len(children):,} entries", hint=f"keep it below {MAX_EXTRAS:,}")
    return children


def _attributes(item: ET.Element, without: tuple[str, ...] = ()) -> Row:
    return tuple((key, value) for key, value in item.attrib.items() if key not in without)


def _number(text: str, where: str) -> float:
    """A number with a point or a comma."""
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        raise DocumentError(f"{where} is '{text[:40]}', not a number", hint=_HINT) from None
    if not abs(value) <= 100_000:
        raise DocumentError(f"{where} is {text[:40]}, no place on a chart", hint=_HINT)
    return value


def _whole(attributes: Any, name: str, low: int, high: int) -> int:
    value = _number(str(attributes.get(name, "")), name)
    if value != int(value) or not low <= value <= high:
        raise DocumentError(f"{name} is {value:g}", hint=f"it has to be a whole number from {low} to {high}")
    return int(value)


def _color(text: str, table: dict[int, int]) -> int:
    """Palette index of a chart's ``palindex``; -1 for 0 (the cloth, none)."""
    key = _number(text or "0", "palindex")
    if key == 0:
        return EMPTY
    if key not in table:
        raise DocumentError(f"palindex {key:g} is not in the palette", hint=_HINT)
    return table[int(key)]


def _palette(root: ET.Element) -> tuple[Palette, dict[int, int]]:
    """The chart's colours without the cloth, and where each of its indices went."""
    colors: list[Color] = []
    table: dict[int, int] = {}
    seen: set[str] = set()
    for item in _children(root, "palette"):
        at = _whole(item.attrib, "index", 0, 10_000)
        if at == 0:
            continue
        match = _HEX.match(item.attrib.get("color", "").strip())
        if match is None:
            raise DocumentError(f"palette item {at} has the colour '{item.attrib.get('color', '')[:20]}'", hint=_HINT)
        text = item.attrib.get("number", "").strip()
        named = _NUMBER.match(text)
        brand, code = (named[1].strip(), named[2]) if named else ("", text)
        code = code or f"{at}"
        while code.casefold() in seen:
            code += "'"
        seen.add(code.casefold())
        value = int(match[1], 16)
        table[at] = len(colors)
        colors.append(
            Color(
                code=code,
                name=item.attrib.get("name", "").strip() or code,
                rgb=(value >> 16, value >> 8 & 255, value & 255),
                ids=MappingProxyType({"brand": brand} if brand else {}),
            )
        )
    if not colors:
        colors.append(Color(code="1", name="none", rgb=(0, 0, 0)))
    try:
        palette = _known(colors) or Palette(id="own", version="1", name="the chart's own colours", colors=tuple(colors))
    except PixlError as error:
        raise DocumentError(f"the chart's palette: {error.what}", hint=error.hint) from None
    return palette, table


def _known(colors: list[Color]) -> Palette | None:
    """A shipped palette's head over the chart's colours, where all of them are of its brand."""
    for id, brand in BRANDS.items():
        if all(color.ids.get("brand", "").casefold() == brand.casefold() for color in colors):
            head = load_palette(id)
            plain = tuple(
                Color(code=color.code, name=color.name, rgb=color.rgb, finish=color.finish) for color in colors
            )
            return Palette(
                id=id, version=head.version, name=head.name, colors=plain, source="an OXS chart", material=head.material
            )
    return None


def _fabric(properties: dict[str, str]) -> Fabric:
    text = properties.get("stitchesperinch", "") or "14"
    value = _number(text, "stitchesperinch")
    return Fabric(threads=value if 4 <= value <= 60 else 14.0)


def _strands(root: ET.Element) -> int:
    found = [item.attrib.get("strands", "") for item in _children(root, "palette")[1:]]
    usual = [int(text) for text in found if text.isdecimal() and 1 <= int(text) <= 12]
    return max(set(usual), key=lambda n: (usual.count(n), -n)) if usual else 0


def _backstitches(root: ET.Element, table: dict[int, int]) -> Iterator[Backstitch]:
    known = ("x1", "x2", "y1", "y2", "palindex")
    for item in _children(root, "backstitches"):
        x1, y1, x2, y2 = (_number(item.attrib.get(key, ""), key) for key in ("x1", "y1", "x2", "y2"))
        color = _color(item.attrib.get("palindex", ""), table)
        yield Backstitch(x1=x1, y1=y1, x2=x2, y2=y2, color=color, rest=_attributes(item, known))


def _parts(root: ET.Element, table: dict[int, int]) -> Iterator[PartStitch]:
    known = ("x", "y", "palindex1", "palindex2", "direction")
    for item in _children(root, "partstitches"):
        yield PartStitch(
            x=_number(item.attrib.get("x", ""), "x"),
            y=_number(item.attrib.get("y", ""), "y"),
            color1=_color(item.attrib.get("palindex1", ""), table),
            color2=_color(item.attrib.get("palindex2", ""), table),
            direction=item.attrib.get("direction", ""),
            rest=_attributes(item, known),
        )


def _ornaments(root: ET.Element, table: dict[int, int]) -> Iterator[Ornament]:
    known = ("x1", "y1", "palindex", "objecttype")
    for item in _children(root, "ornaments_inc_knots_and_beads"):
        yield Ornament(
            x=_number(item.attrib.get("x1", ""), "x1"),
            y=_number(item.attrib.get("y1", ""), "y1"),
            color=_color(item.attrib.get("palindex", ""), table),
            kind=item.attrib.get("objecttype", ""),
            rest=_attributes(item, known),
        )
