"""What a stitch plan says in words: on the cover and at the end of the command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pixl_exporters.sheet.missing import missing_note

from .plan import StitchPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Lines for a person, values for ``--json``, warnings that ``--strict`` makes binding, notes that it does not."""

    lines: tuple[str, ...]
    values: dict[str, Any]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def facts(plan: StitchPlan) -> list[str]:
    """Two or three lines: how many, how large, how much thread."""
    pattern = plan.pattern
    width, height = plan.size_mm
    strands = f"{plan.strands} strand{'s' if plan.strands > 1 else ''}"
    lines = [
        f"{pattern.width} x {pattern.height} stitches, {plan.crosses:,} full crosses in {len(pattern.used())} colours",
        f"{width:.0f} x {height:.0f} mm ({width / 25.4:.1f} x {height / 25.4:.1f} in) on {plan.fabric.name}, {strands}",
        confetti_line(plan),
    ]
    extras = plan.options.extras
    if extras.backstitches or extras.parts or extras.ornaments:
        lines.append(
            f"from the chart that was read: {len(extras.backstitches)} backstitches, {len(extras.parts)} part "
            f"stitches, {len(extras.ornaments)} knots and beads"
        )
    return lines


def confetti_line(plan: StitchPlan) -> str:
    """Share of lone stitches, and what it was before a budget."""
    now = f"{plan.confetti * 100:.1f} % of the stitches have no neighbour of their colour"
    if plan.options.confetti is None:
        return now
    before, changed = plan.options.confetti
    return f"{now} (before: {before * 100:.1f} %; {changed:,} stitches changed)"


def notes_for_paper(plan: StitchPlan) -> list[tuple[str, str]]:
    """(heading, text) for the cover."""
    told = [
        (
            "How to stitch",
            "Each symbol is one full cross. Start at the middle: the small triangles at the edges of the chart show "
            "it. Every tenth line is heavy. Let the upper thread of all crosses slant the same way.",
        )
    ]
    if plan.options.extras.parts or plan.options.extras.ornaments:
        told.append(
            (
                "Not drawn here",
                "Part stitches, knots and beads of the chart that was read are kept in the OXS file but not drawn on "
                "these pages.",
            )
        )
    told.append(
        (
            "Colours",
            "The colours of threads as numbers are nobody's official word: published tables differ. Hold the threads "
            "beside one another before you start.",
        )
    )
    recipe, palette = plan.recipe, plan.pattern.palette
    hashed = f" (hash {recipe.palette_digest[:12]})" if recipe.palette_digest else ""
    told.append(
        (
            "This chart",
            f"pixl {recipe.version}, palette {recipe.palette_id or palette.id}{hashed}, seed {recipe.seed}. "
            "The pattern travels in this file: pixl export FILE makes every page again.",
        )
    )
    return told


def summary(plan: StitchPlan) -> Summary:
    """The finish lines of the command."""
    total = sum(floss.skeins for floss in plan.floss)
    buy = sum(floss.buy for floss in plan.floss)
    lines = facts(plan)
    if plan.options.have is None:
        lines.append(f"{total} skeins")
    else:
        lines.append(f"{total} skeins, {buy} to buy")
    few = [floss for floss in plan.floss if 0 < floss.crosses < 10]
    if few:
        named = ", ".join(f"{floss.code} ({floss.crosses})" for floss in few[:6])
        lines.append(f"colours with fewer than 10 crosses: {named}{', ...' if len(few) > 6 else ''}")
    width, height = plan.size_mm
    values = {
        "crosses": plan.crosses,
        "colors": len(plan.pattern.used()),
        "count": plan.fabric.code,
        "strands": plan.strands,
        "size_mm": [round(width, 1), round(height, 1)],
        "skeins": total,
        "buy": buy,
        "confetti": round(plan.confetti, 5),
        "confetti_before": None if plan.options.confetti is None else round(plan.options.confetti[0], 5),
        "floss": [
            {
                "number": floss.number,
                "code": floss.color.code,
                "name": floss.color.name,
                "crosses": floss.crosses,
                "metres": round(floss.metres, 2),
                "skeins": floss.skeins,
                "buy": floss.buy,
            }
            for floss in plan.floss
        ],
    }
    notes = missing_note([plan.pattern.title, *(text for f in plan.floss for text in (f.color.name, f.code))])
    return Summary(lines=tuple(lines), values=values, warnings=(), notes=tuple(notes))
