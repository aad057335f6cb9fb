"""What a design says in words: at the end of the command, and on the job sheet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pixl.palette import Color
from pixl.units import MM_PER_INCH

from .design import Design
from .write import FORMATS

TOP_THREAD, BOBBIN_THREAD = 2.0, 1.0
"""Thread used for each mm of path: Ink/Stitch's factors; commercial files measure 1.9 for the top."""
COVER_SHOWN = 0.9995


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One colour as the machine sews it. ``stop`` and ``needle`` count from 1; lengths in metres."""

    stop: int
    needle: int
    color: Color
    stitches: int
    threads: int
    top_m: float
    bobbin_m: float
    covered: float
    own: float


@lru_cache(maxsize=4)
def stops(design: Design) -> tuple[Stop, ...]:
    """The colours in sewing order."""
    plan, needles = design.plan, design.setup.machine.needles
    lengths = plan.length_mm()
    rows = []
    for at, k in enumerate(plan.order):
        own = [thread for thread in plan.threads if thread.color == k]
        rows.append(
            Stop(
                stop=at + 1,
                needle=at % needles + 1,
                color=plan.pattern.palette.colors[k],
                stitches=sum(len(thread.points) for thread in own),
                threads=len(own),
                top_m=lengths[k] * TOP_THREAD / 1000,
                bobbin_m=lengths[k] * BOBBIN_THREAD / 1000,
                covered=design.cover.covered[k],
                own=design.cover.own[k],
            )
        )
    return tuple(rows)


def size_text(width: float, height: float) -> str:
    """Millimetres and inches."""
    return f"{width:.1f} x {height:.1f} mm ({width / MM_PER_INCH:.2f} x {height / MM_PER_INCH:.2f} in)"


def time_text(minutes: float) -> str:
    """Minutes, or hours and minutes."""
    whole = max(1, round(minutes))
    return f"{whole} min" if whole < 120 else f"{whole // 60} h {whole % 60:02d} min"


def threads_text(design: Design) -> str:
    """Threads and what they could be at best."""
    plan, bounds = design.plan, design.plan.bounds
    count = len(plan.threads)
    if plan.options.mode == "cross":
        return f"{_plural(count, 'thread')}, the fewest there can be (one for each region of a colour)"
    best = "the best order" if bounds.exact else "the best order found"
    parts = [f"{_plural(count, 'thread')}; this order needs {bounds.for_order}, {best} {bounds.over_orders}"]
    if count > bounds.for_order:
        parts.append(f"{count - bounds.for_order} more because no hidden way is over {plan.options.travel_cap_mm:g} mm")
    parts.append(f"{bounds.strict} without hidden ways")
    return ", ".join(parts)


def lines(design: Design) -> tuple[tuple[str, str], ...]:
    """What and value, one screen."""
    plan, machine = design.plan, design.setup.machine
    pattern = plan.pattern
    mode = {"cross": f"crosses, {plan.options.layers} threads a leg", "fill": "rows of fill"}[plan.options.mode]
    turn = ", turned by 90 degrees" if plan.turned else ""
    across, down = (pattern.height, pattern.width) if plan.turned else (pattern.width, pattern.height)
    told = [
        ("design", f"{size_text(*plan.size_mm)}, {across} x {down} cells of {plan.cell / 10:g} mm; "
                   f"{mode}"),
        ("machine", f"{machine.name}: field {machine.field[0]:g} x {machine.field[1]:g} mm{turn}"),
        ("stitches", f"{plan.stitches:,}, {time_text(design.minutes)} at {machine.spm} a minute and 10 s a cut"),
        ("threads", threads_text(design)),
        ("cuts", f"{_plural(plan.trims, 'trim')}, {_plural(len(plan.order) - 1, 'colour change')}"),
        ("thread", f"{sum(stop.top_m for stop in stops(design)):.0f} m on top, "
                   f"{sum(stop.bobbin_m for stop in stops(design)):.0f} m of bobbin"),
    ]  # fmt: skip
    if plan.options.mode == "fill":
        least = min(stop.covered for stop in stops(design))
        told.append(("cover", f"{_share(least)} of each colour's cells; thread showing elsewhere {_visible(design)}"))
    elif plan.crossed_tops:
        told.append(
            (
                "top legs",
                f"{plan.crossed_tops} crosses have half a leg over their top leg (--no-corner-join cuts there)",
            )
        )
    if design.setup.told:
        told.append(("traded", design.setup.told))
    return tuple(told)


def values(design: Design) -> dict[str, Any]:
    """The same for ``--json``, all numbers from the decoded main file where they can be."""
    plan, bounds, machine = design.plan, design.plan.bounds, design.setup.machine
    verdict = design.verdict(design.main)
    return {
        "mode": plan.options.mode,
        "machine": machine.id,
        "mm": [round(side, 1) for side in verdict.size_mm],
        "turned": plan.turned,
        "stitches": verdict.stitches,
        "threads": len(verdict.runs),
        "threads_least_for_order": bounds.for_order,
        "threads_least_over_orders": bounds.over_orders,
        "order_proven": bounds.exact,
        "threads_without_hidden_ways": bounds.strict,
        "trims": plan.trims,
        "color_changes": verdict.decoded.color_changes,
        "minutes": round(design.minutes, 1),
        "visible_mm": round(design.cover.visible_mm, 1),
        "crossed_tops": plan.crossed_tops,
        "formats": [kind for kind in machine.formats if kind in FORMATS],
        "colors": [
            {
                "stop": stop.stop,
                "needle": stop.needle,
                "code": stop.color.code,
                "name": stop.color.name,
                "hex": stop.color.hex,
                "stitches": stop.stitches,
                "threads": stop.threads,
                "top_m": round(stop.top_m, 1),
                "bobbin_m": round(stop.bobbin_m, 1),
                "covered": round(stop.covered, 4),
            }
            for stop in stops(design)
        ],
    }


def advice(design: Design) -> tuple[tuple[str, str], ...]:
    """Needle and stabiliser, from the density: usual advice, not a rule of this machine."""
    plan = design.plan
    area = float((plan.pattern.index >= 0).sum()) * (plan.cell / 100) ** 2
    density = plan.stitches / area
    firm = "two layers of medium cut-away" if density > 200 else "medium cut-away, or firm tear-away under woven cloth"
    return (
        ("needle", "embroidery needle 75/11 for 40 wt thread; change it after 8 hours of sewing"),
        ("stabiliser", f"{firm} ({density:.0f} stitches a square centimetre)"),
        ("bobbin", "60 or 90 wt bobbin thread, white under light colours"),
    )


def _share(part: float) -> str:
    return "100 %" if part >= COVER_SHOWN else f"{100 * part:.1f} %"


def _visible(design: Design) -> str:
    return f"{design.cover.visible_mm:.1f} mm" if design.cover.visible_mm else "0 mm"


def _plural(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
