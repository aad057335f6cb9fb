"""What a bead plan says in words: on the first sheet and at the end of the command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pixl.units import MM_PER_INCH
from pixl_exporters.sheet.missing import missing_note

from .plan import BeadPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Lines for a person, values for ``--json``, warnings that ``--strict`` makes binding, notes that it does not."""

    lines: tuple[str, ...]
    values: dict[str, Any]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def _size(width: float, height: float) -> str:
    return f"{width:.1f} x {height:.1f} mm ({width / MM_PER_INCH:.1f} x {height / MM_PER_INCH:.1f} in)"


def facts(plan: BeadPlan) -> list[str]:
    """Two or three lines: how many, how large, which boards."""
    pattern, board = plan.pattern, plan.board
    word = "beads" if board.has_pegs else "drills"
    lines = [
        f"{pattern.width} x {pattern.height} = {plan.beads:,} {word} in {len(plan.needs)} colours; "
        f"{_size(*plan.size_mm)}" + (" on the boards" if board.has_pegs else "")
    ]
    ironed = plan.ironed_mm
    if ironed is not None:
        (w0, w1), (h0, h1) = ironed
        lines.append(f"after ironing about {w0:.0f}-{w1:.0f} x {h0:.0f}-{h1:.0f} mm (beads draw together a little)")
    used = len(plan.used_boards)
    if board.has_pegs:
        boards = f"{used} board{'s' if used != 1 else ''} {board.name}, {board.pitch_mm:g} mm from peg to peg"
        if used > 1:
            boards += f", {plan.across} across and {plan.down} down; one board is enough when you iron them one by one"
        lines.append(boards)
    else:
        lines.append(f"{used} sheet{'s' if used != 1 else ''}, drills of {board.pitch_mm:g} mm")
    return lines


def paragraphs(plan: BeadPlan) -> list[tuple[str, str]]:
    """(heading, text) for the first sheet, the most needed first."""
    told = []
    if plan.board.has_pegs:
        told.append(("Which side shows", _side_text(plan)))
        told.append(("Will it hold", _holding_text(plan)))
    if plan.options.certainty.lists or plan.options.certainty.unsure:
        told.append(("How sure the colours are", _lists_text(plan)))
    told.append(("These sheets", _origin_text(plan)))
    return told


def _side_text(plan: BeadPlan) -> str:
    if plan.mirrored:
        return (
            "The face is the side that lies on the pegs, so these sheets are mirrored: lay the beads as printed, iron "
            "the upper side, turn the work over. Letters and numbers on the sheets are not mirrored."
        )
    many = (
        " Large works: press masking tape over the beads, lift them off the boards, turn the work over on its tape, "
        "iron the side that was on the pegs, turn it back, take the tape off and iron the face."
        if len(plan.used_boards) > 1
        else ""
    )
    return "The face is the side that you iron: lay the beads as printed." + many


def _holding_text(plan: BeadPlan) -> str:
    found = plan.holding
    if not plan.beads:
        return "There is no bead."
    added = f" {plan.options.fixed} beads were added so that it holds." if plan.options.fixed else ""
    if found.sound:
        return "Yes: one piece, no bead hangs by a corner, no part hangs by a single bead." + added
    return ". ".join(holding_warnings(plan)) + "." + added


def holding_warnings(plan: BeadPlan) -> list[str]:
    """What would fall apart, with the first places (column, row from 1 as on the face)."""
    found, told = plan.holding, []
    if found.islands:
        sizes = ", ".join(f"{size}" for size in found.pieces[1:6]) + (", ..." if found.islands > 5 else "")
        where = _places(found.starts[1:4])
        pieces = "piece" if found.islands == 1 else "pieces"
        told.append(f"{found.islands} {pieces} not joined to the rest ({sizes} beads; first at {where})")
    if found.corners:
        told.append(f"{len(found.corners)} joints by a corner only do not fuse (first at {_places(found.corners[:3])})")
    if found.bridges:
        told.append(
            f"{len(found.bridges)} place{'s' if len(found.bridges) > 1 else ''} held by a single row of beads "
            f"(first at {_places(tuple(run[0] for run in found.bridges[:3]))})"
        )
    return told


def _places(cells: tuple[tuple[int, int], ...]) -> str:
    return ", ".join(f"column {column + 1} row {row + 1}" for row, column in cells)


def _lists_text(plan: BeadPlan) -> str:
    unsure = plan.options.certainty.unsure
    close = f"For {unsure:,} of {plan.beads:,} beads another colour is nearly as near the picture. " if unsure else ""
    parts = [
        f"if the list '{other.name}' were right, {other.changed:,} of {plan.beads:,} beads would be another colour"
        for other in plan.options.certainty.lists
    ]
    if not parts:
        return close + "Lay a few beads beside the picture before you buy."
    return close + (
        "Few makers publish the colours of beads as numbers; lists differ by as much as neighbouring beads do: "
        + "; ".join(parts)
        + ". Lay a few beads beside the picture before you buy."
    )


def _origin_text(plan: BeadPlan) -> str:
    recipe, palette = plan.recipe, plan.pattern.palette
    hashed = f" (hash {recipe.palette_digest[:12]})" if recipe.palette_digest else ""
    parts = [f"pixl {recipe.version}".strip(), f"palette {recipe.palette_id or palette.id}{hashed}"]
    parts.append(f"pitch {plan.board.pitch_mm:g} mm")
    parts.append(f"seed {recipe.seed}")
    return ", ".join(parts) + ". The pattern travels in this file: pixl export FILE makes every sheet again."


def summary(plan: BeadPlan) -> Summary:
    """The finish lines of the command."""
    pattern, board, word = plan.pattern, plan.board, "beads" if plan.board.has_pegs else "drills"
    bags = sum(need.bags for need in plan.needs)
    buy = sum(need.buy for need in plan.needs)
    lines = [
        *facts(plan),
        f"to buy: {buy:,} {word} in {bags} bags of {plan.options.bag:,} ({plan.options.waste:g} % for waste)",
    ]
    few = [need for need in plan.needs if need.count < 4]
    if few:
        named = ", ".join(f"{need.color.label} ({need.count})" for need in few[:6])
        lines.append(f"colours with fewer than 4 {word}: {named}{', ...' if len(few) > 6 else ''}")
    warnings = holding_warnings(plan)
    if warnings and plan.fill:
        lines.append(f"--fix would fill {len(plan.fill)} empty cells so that it holds")
    lines.append(f"{plan.confetti * 100:.1f} % of the {word} have no neighbour of their colour")
    short = [need for need in plan.needs if need.have is not None and need.short]
    notes = missing_note([plan.pattern.title, *(text for n in plan.needs for text in (n.color.name, n.color.code))])
    if short:
        named = ", ".join(f"{need.color.label} ({need.short})" for need in short[:6])
        notes.append(f"your stock is short of {len(short)} colours: {named}{', ...' if len(short) > 6 else ''}")
    for other in plan.options.certainty.lists:
        lines.append(
            f"if the list '{other.name}' is right, {other.changed:,} of {plan.beads:,} {word} would be another colour"
        )
    values = {
        "beads": plan.beads,
        "colors": len(plan.needs),
        "board": board.id,
        "pitch_mm": round(board.pitch_mm, 4),
        "boards": [plan.across, plan.down],
        "boards_used": len(plan.used_boards),
        "size_mm": [round(side, 2) for side in plan.size_mm],
        "ironed_mm": None if plan.ironed_mm is None else [[round(v, 1) for v in pair] for pair in plan.ironed_mm],
        "side": plan.options.side,
        "bags": bags,
        "buy": buy,
        "confetti": round(plan.confetti, 4),
        "islands": plan.holding.islands,
        "corner_joints": len(plan.holding.corners),
        "bridges": len(plan.holding.bridges),
        "fill": len(plan.fill),
        "fixed": plan.options.fixed,
        "empty": int((pattern.index < 0).sum()),
        "certainty": plan.options.certainty.as_json(),
        "shopping": [
            {
                "number": n.number,
                "code": n.color.code,
                "name": n.color.name,
                "count": n.count,
                "buy": n.buy,
                "bags": n.bags,
            }
            for n in plan.needs
        ],
    }
    return Summary(lines=tuple(lines), values=values, warnings=tuple(warnings), notes=tuple(notes))
