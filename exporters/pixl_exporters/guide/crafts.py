"""Each craft in the page's words: its regions, its look, its shopping list."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .facts import Facts, Region, Shop, ShopRow, counted, filled, simple_shop, size_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pixl.document import Document
    from pixl.pattern import Pattern
    from pixl_exporters.bead.plan import BeadPlan
    from pixl_exporters.brick.plan import BrickPlan
    from pixl_exporters.brick.sections import Section
    from pixl_exporters.stitch.plan import StitchPlan

_BRICK_LOOKS = {"plate": "stud", "brick": "stud", "tile": "tile", "round_plate": "round-stud", "round_tile": "round"}


def facts_of(document: Document, plan: Any = None) -> Facts:
    """What the page needs. ``plan``: the craft's plan where one was made already, else it is made here.

    Raises PixlError.
    """
    makers: dict[str, Callable[[Any], Facts]] = {"brick": brick_facts, "bead": bead_facts, "stitch": stitch_facts}
    if document.craft not in makers:
        return plain_facts(document)
    if plan is None:
        from pixl_exporters.formats import make_plan

        plan = make_plan(document)
    return makers[document.craft](plan)


def brick_facts(plan: BrickPlan) -> Facts:
    """A mosaic: sections, lots with the shops' numbers, BrickLink's list."""
    from pixl_exporters.brick.bricklink import export as bricklink
    from pixl_exporters.brick.bricklink import left_out
    from pixl_exporters.brick.parts import PITCH

    pattern = plan.pattern
    total = counted(len(plan.pieces), "piece", "pieces")
    colors = counted(len({lot.number for lot in plan.lots}), "colour", "colours")
    missing = left_out(plan)
    notes = [f"{note[0].upper()}{note[1:]}." for note in plan.warnings]
    if missing:
        notes.append(f"Not in the BrickLink list, which has no number for them: {', '.join(missing)}.")
    table = plan.pieces.table
    larger = table[(table[:, 4] > 1) | (table[:, 5] > 1)]
    return Facts(
        laid=pattern.index,
        look=_BRICK_LOOKS.get(plan.part.kind, "tile"),
        one="stud",
        many="studs",
        region="Section",
        regions=filled(_regions(plan.sections), pattern.index),
        lines=(
            f"{pattern.width} × {pattern.height} studs",
            size_line(*pattern.size_mm),
            f"{total} in {colors}",
        ),
        shop=_lots(plan),
        pitch_mm=PITCH,
        mark="number",
        pieces=tuple((r, c, h, w) for r, c, h, w in larger[:, 2:].tolist()),
        notes=tuple(notes),
        xml=bricklink(plan)["bricklink.xml"].decode("utf-8"),
    )


def _lots(plan: BrickPlan) -> Shop:
    from pixl_exporters.brick.parts import color_id

    owned = plan.options.stock is not None
    rows = []
    for lot in plan.lots:
        ids = (("LEGO", color_id(lot.color, "lego")), ("BrickLink", color_id(lot.color, "bl")))
        named = [f"{lot.part.short} {lot.part.id}", *(f"{family} {number}" for family, number in ids if number)]
        if lot.elements:
            named.append(f"element {lot.elements[0].id}")
        have = (lot.have,) if owned else ()
        rows.append(
            ShopRow(
                key=f"{lot.part.id} {lot.color.code}",
                number=lot.number,
                color=lot.color,
                name=lot.color.name,
                under=tuple(named),
                counts=(lot.need, *have, lot.buy),
            )
        )
    for base in plan.base_lots:
        rows.append(
            ShopRow(
                key=f"base {base.part.id} {base.color.code}",
                number=0,
                color=base.color,
                name=f"Base: {base.part.name}",
                under=(base.part.id, base.color.name),
                counts=(base.count, *((None,) if owned else ()), base.count),
            )
        )
    return Shop(
        heads=("Need", *(("Have",) if owned else ()), "Buy"),
        rows=tuple(rows),
        note="Need is what lies in the picture; buy adds 2 % spares, at least one of each.",
    )


def bead_facts(plan: BeadPlan) -> Facts:
    """Beads on boards, or drills on sheets of canvas."""
    board = plan.board
    one, many = ("bead", "beads") if board.has_pegs else ("drill", "drills")
    place = "Board" if board.has_pegs else "Sheet"
    used = len(plan.used_boards)
    lines = [
        f"{plan.pattern.width} × {plan.pattern.height} {many}",
        size_line(*plan.size_mm),
        f"{counted(plan.beads, one, many)} in {counted(len(plan.needs), 'colour', 'colours')}",
        f"{counted(used, place.lower(), place.lower() + 's')} ({board.name})",
    ]
    notes = []
    if plan.mirrored:
        notes.append("Laid mirrored: the side on the pegs will show. The other side is under Mirror.")
    if plan.ironed_mm is not None:
        (least, most), (low, high) = plan.ironed_mm
        notes.append(f"Ironed it comes out at about {least:.0f} to {most:.0f} × {low:.0f} to {high:.0f} mm.")
    shifted = plan.shifted
    regions = tuple(
        Region(name=part.name, row=part.top, column=part.left, rows=part.index.shape[0], columns=part.index.shape[1])
        for part in plan.boards
    )
    return Facts(
        laid=plan.laid,
        look="bead" if board.has_pegs else "tile",
        one=one,
        many=many,
        region=place,
        regions=filled(regions, plan.laid),
        lines=tuple(lines),
        shop=_needs(plan, many),
        pitch_mm=board.pitch_mm,
        row_step=board.row_mm / board.pitch_mm,
        shifted=() if shifted is None else tuple(bool(row) for row in shifted),
        turnable=board.has_pegs,
        notes=tuple(notes),
    )


def _needs(plan: BeadPlan, many: str) -> Shop:
    owned = plan.options.have is not None
    return Shop(
        heads=(many.capitalize(), *(("Have",) if owned else ()), "Bags", "Buy"),
        rows=tuple(
            ShopRow(
                key=need.color.code,
                number=need.number,
                color=need.color,
                name=need.color.label,
                under=(),
                counts=(need.count, *((need.have or 0,) if owned else ()), need.bags, need.buy),
            )
            for need in plan.needs
        ),
        note=f"Buy adds {plan.options.waste:g} % for what gets lost; a bag holds {plan.options.bag:,}.",
    )


def stitch_facts(plan: StitchPlan) -> Facts:
    """A chart of crosses: blocks of ten, threads with skeins."""
    pattern, extras = plan.pattern, plan.options.extras
    strands = counted(plan.strands, "strand", "strands")
    notes = []
    if extras:
        notes.append(
            f"{counted(len(extras.backstitches), 'backstitch', 'backstitches')}, "
            f"{counted(len(extras.parts), 'part stitch', 'part stitches')} and {len(extras.ornaments)} knots or beads "
            "of the chart that was read are on the printed chart, not here."
        )
    owned = plan.options.have is not None
    shop = Shop(
        heads=("Crosses", "Metres", *(("Have",) if owned else ()), "Skeins"),
        rows=tuple(
            ShopRow(
                key=floss.code,
                number=floss.number,
                color=floss.color,
                name=f"{floss.brand} {floss.color.label}".strip(),
                under=(),
                counts=(
                    floss.crosses,
                    math.ceil(floss.metres),
                    *((math.floor(floss.have or 0),) if owned else ()),
                    floss.buy,
                ),
            )
            for floss in plan.floss
        ),
        note=f"Metres of single strand, for {strands}; a skein is taken as 8 m of six strands.",
    )
    return Facts(
        laid=pattern.index,
        look="cross",
        one="cross",
        many="crosses",
        region="Block",
        regions=_blocks(pattern, 10),
        lines=(
            f"{pattern.width} × {pattern.height} crosses",
            size_line(*plan.size_mm),
            f"{plan.fabric.name}, {strands}",
            f"{counted(plan.crosses, 'cross', 'crosses')} in {counted(len(pattern.used()), 'colour', 'colours')}",
        ),
        shop=shop,
        pitch_mm=plan.fabric.cell_mm,
        every=10,
        notes=tuple(notes),
    )


def plain_facts(document: Document) -> Facts:
    """A pattern by itself: blocks named as brick sections are, colours with counts."""
    pattern = document.pattern
    sewn = document.craft != "pixel"
    one, many = ("cross", "crosses") if sewn else ("pixel", "pixels")
    used = counted(len(pattern.used()), "colour", "colours")
    return Facts(
        laid=pattern.index,
        look="cross" if sewn else "flat",
        one=one,
        many=many,
        region="Block",
        regions=_blocks(pattern, 10 if sewn else 16),
        lines=(
            f"{pattern.width} × {pattern.height} {many}",
            *((size_line(*pattern.size_mm),) if sewn else ()),
            f"{counted(pattern.pieces, one, many)} in {used}",
        ),
        shop=simple_shop(pattern, many),
        pitch_mm=pattern.cell.width_mm,
        row_step=pattern.cell.height_mm / pattern.cell.width_mm,
        every=10 if sewn else 0,
    )


def _blocks(pattern: Pattern, side: int) -> tuple[Region, ...]:
    """Squares of ``side`` cells, twice as large until there are at most 400."""
    from pixl_exporters.brick.sections import cut_sections

    while math.ceil(pattern.width / side) * math.ceil(pattern.height / side) > 400:
        side *= 2
    return filled(_regions(cut_sections(pattern.height, pattern.width, side)[0]), pattern.index)


def _regions(sections: Iterable[Section]) -> tuple[Region, ...]:
    return tuple(Region(name=s.name, row=s.row, column=s.column, rows=s.rows, columns=s.columns) for s in sections)
