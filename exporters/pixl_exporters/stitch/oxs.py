"""OXS, the exchange format of cross-stitch programs, as they write it: lower-case XML, cells from the top left, from 0.

Element and attribute names as in files of Ursa's and DP Software's programs. Palette item 0 is the cloth; ``number`` is
brand and code; ``symbol`` a character code in ``fontname``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from pixl_exporters.sheet import clean_text

from .chart import chart_symbols
from .extras import Row
from .plan import StitchPlan, brand_of

if TYPE_CHECKING:
    from pixl_exporters.formats import ExportOptions

FONT = "DejaVu Sans"
OWN_PROPERTIES = (
    "oxsversion", "software", "software_version", "chartwidth", "chartheight", "charttitle", "stitchesperinch",
    "stitchesperinch_y", "palettecount",
)  # fmt: skip
"""Properties that we write from the plan; others are kept from the chart that was read."""
_NUMBER_WIDTH = 7


def export(plan: StitchPlan, options: ExportOptions | None = None) -> dict[str, bytes]:
    """``chart.oxs``: palette, full crosses row by row, and what another program's chart brought along."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<chart>"]
    lines += _properties(plan)
    lines += _palette(plan)
    lines.append("<fullstitches>")
    for row, values in enumerate(plan.pattern.index.tolist()):
        lines += [f'<stitch x="{x}" y="{row}" palindex="{k + 1}"/>' for x, k in enumerate(values) if k >= 0]
    lines.append("</fullstitches>")
    lines += _extras(plan)
    lines.append("</chart>")
    return {"chart.oxs": ("\n".join(lines) + "\n").encode("utf-8")}


def element(name: str, attributes: Row | list[tuple[str, str]]) -> str:
    """One empty element with its attributes escaped."""
    return f"<{name}{''.join(f' {key}={quoteattr(clean_text(value))}' for key, value in attributes)}/>"


def number(value: float) -> str:
    """A place on the chart, with a point: ``3`` or ``17.5``."""
    return f"{value:g}" if value != round(value, 3) or abs(value) < 1e5 else f"{value:.3f}"


def _properties(plan: StitchPlan) -> list[str]:
    pattern, recipe = plan.pattern, plan.recipe
    per_inch = f"{plan.fabric.stitches_per_inch:g}"
    kept = dict(plan.options.extras.properties)
    values = [
        ("oxsversion", "1.0"),
        ("software", "pixl"),
        ("software_version", recipe.version),
        ("chartwidth", str(pattern.width)),
        ("chartheight", str(pattern.height)),
        ("charttitle", pattern.title),
        ("author", kept.pop("author", "")),
        ("copyright", kept.pop("copyright", "")),
        ("instructions", kept.pop("instructions", "")),
        ("stitchesperinch", per_inch),
        ("stitchesperinch_y", per_inch),
        ("palettecount", str(len(pattern.palette))),
        ("misc1", kept.pop("misc1", "")),
        ("misc2", kept.pop("misc2", "")),
    ]
    values += [(key, value) for key, value in kept.items() if key not in OWN_PROPERTIES]
    return [element("properties", values)]


def _palette(plan: StitchPlan) -> list[str]:
    palette = plan.pattern.palette
    cloth = [
        ("index", "0"), ("number", "cloth"), ("name", "cloth"), ("color", "FFFFFF"), ("printcolor", "FFFFFF"),
        ("blendcolor", "nil"), ("comments", ""), ("strands", str(plan.strands)), ("symbol", "0"), ("dashpattern", ""),
        ("bsstrands", "1"), ("bscolor", "FFFFFF"),
    ]  # fmt: skip
    lines = ["<palette>", element("palette_item", cloth)]
    for k, (color, symbol) in enumerate(zip(palette.colors, chart_symbols(plan), strict=True), 1):
        brand = color.ids.get("brand", "") or brand_of(palette.id)
        code = color.hex[1:]
        values = [
            ("index", str(k)),
            ("number", f"{brand}{color.code:>{_NUMBER_WIDTH}}" if brand else color.code),
            ("name", color.name),
            ("color", code),
            ("printcolor", code),
            ("blendcolor", "nil"),
            ("comments", ""),
            ("strands", str(plan.strands)),
            ("symbol", str(ord(symbol)) if len(symbol) == 1 else str(k)),
            ("dashpattern", ""),
            ("bsstrands", "1"),
            ("bscolor", code),
            ("fontname", FONT),
        ]
        lines.append(element("palette_item", values))
    return [*lines, "</palette>"]


def _extras(plan: StitchPlan) -> list[str]:
    extras = plan.options.extras
    lines = ["<partstitches>"]
    for part in extras.parts:
        lines.append(element("partstitch", [
            ("x", number(part.x)), ("y", number(part.y)), ("palindex1", str(part.color1 + 1)),
            ("palindex2", str(part.color2 + 1)), ("direction", part.direction), *part.rest,
        ]))  # fmt: skip
    lines += ["</partstitches>", "<backstitches>"]
    for stitch in extras.backstitches:
        rest = stitch.rest or (("objecttype", "backstitch"), ("sequence", "0"))
        lines.append(element("backstitch", [
            ("x1", number(stitch.x1)), ("x2", number(stitch.x2)), ("y1", number(stitch.y1)), ("y2", number(stitch.y2)),
            ("palindex", str(stitch.color + 1)), *rest,
        ]))  # fmt: skip
    lines += ["</backstitches>", "<ornaments_inc_knots_and_beads>"]
    for thing in extras.ornaments:
        lines.append(element("object", [
            ("x1", number(thing.x)), ("y1", number(thing.y)), ("palindex", str(thing.color + 1)),
            ("objecttype", thing.kind), *thing.rest,
        ]))  # fmt: skip
    lines += ["</ornaments_inc_knots_and_beads>", "<commentboxes>"]
    lines += [element("commentbox", row) for row in extras.comments]
    return [*lines, "</commentboxes>"]
