"""A design: a plan on a machine, the files it becomes, and what those files hold when they are read back.

Every exporter of this room takes a Design. A file is made once, read by our own decoder, and held against the plan;
an unsound file is never handed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pixl.color import hex_to_rgb, rgb_to_hex
from pixl.errors import DocumentError, ExportError, PixlError, UsageError
from pixl.pattern import EMPTY, Pattern

from .machines import Machine, find_machine, hoops_that_hold, machine_from
from .measure import Cover, measure
from .plan import CELLS_MM, EmbroideryOptions, EmbroideryPlan, cell_units, make_plan, turned
from .rows import OVERLAP
from .verify import Verdict, verify
from .write import FORMATS, stitch_file

if TYPE_CHECKING:
    from pixl.document import Document

RGB = tuple[int, int, int]
CLOTH: RGB = (243, 240, 232)
"""Unbleached cotton, where nobody says what the cloth is."""
MANY_STITCHES = 50_000
"""Entry machines end near here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What an embroidery document keeps: how it is sewn, on which machine and cloth, and what the limits cost it."""

    options: EmbroideryOptions = field(default_factory=EmbroideryOptions)
    machine: Machine = field(default_factory=lambda: find_machine(""))
    cloth: RGB | None = None
    told: str = ""

    def as_json(self) -> dict[str, Any]:
        """The document's options."""
        options = self.options
        values: dict[str, Any] = {"mode": options.mode, "machine": self.machine.as_json()}
        if options.mode == "cross":
            values |= {"layers": options.layers, "corner_join": options.corner_join}
        else:
            values |= {
                "pull_mm": options.pull_mm,
                "max_stitch_mm": options.max_stitch_mm,
                "travel_cap_mm": options.travel_cap_mm,
                "underlay": options.underlay,
            }
        if self.cloth is not None:
            values["cloth"] = rgb_to_hex(self.cloth)
        if self.told:
            values["told"] = self.told
        return values

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> Setup:
        """Inverse of ``as_json``; what is missing gets its default. Raises DocumentError or UsageError."""
        told = values.get("machine")
        base = EmbroideryOptions()
        try:
            machine = (
                machine_from(str(told.get("id", "own")), told, where="the document")
                if isinstance(told, Mapping)
                else find_machine(str(told or ""))
            )
            cap = values.get("travel_cap_mm", base.travel_cap_mm)
            return Setup(
                options=EmbroideryOptions(
                    mode=str(values.get("mode", base.mode)),
                    layers=int(values.get("layers", base.layers)),
                    corner_join=bool(values.get("corner_join", base.corner_join)),
                    pull_mm=float(values.get("pull_mm", base.pull_mm)),
                    max_stitch_mm=float(values.get("max_stitch_mm", base.max_stitch_mm)),
                    travel_cap_mm=None if cap is None else float(cap),
                    underlay=bool(values.get("underlay", base.underlay)),
                ),
                machine=machine,
                cloth=hex_to_rgb(str(values["cloth"])) if values.get("cloth") else None,
                told=str(values.get("told", "")),
            )
        except PixlError:
            raise
        except (TypeError, ValueError) as error:
            raise DocumentError(f"the document's embroidery options: {error}", hint="mend the number") from None


@dataclass(frozen=True, kw_only=True, eq=False)
class Design:
    """``plan``: on ``setup.machine``'s field. ``made``: files so far, by kind, with what was read back; ``drawn``:
    pictures so far.
    """

    plan: EmbroideryPlan
    setup: Setup
    made: dict[str, tuple[bytes, Verdict]] = field(default_factory=dict)
    drawn: dict[str, NDArray[np.uint8]] = field(default_factory=dict)

    @property
    def pattern(self) -> Pattern:
        """The pattern as it is sewn (turned, if the plan is)."""
        return self.plan.pattern

    @property
    def cloth(self) -> RGB:
        """The cloth's colour, for pictures."""
        return self.setup.cloth or CLOTH

    def file(self, kind: str) -> bytes:
        """A stitch file, read back and found sound. Raises ExportError."""
        return self._made(kind)[0]

    def verdict(self, kind: str) -> Verdict:
        """What our own decoder says of that file."""
        return self._made(kind)[1]

    def _made(self, kind: str) -> tuple[bytes, Verdict]:
        if kind not in self.made:
            machine = self.setup.machine
            data = stitch_file(
                self.plan, kind, name=self.pattern.title or "PIXL", hoop=self._hoop(), trim_at=machine.trim_at
            )
            self.made[kind] = (data, check_file(data, kind, self.plan, machine.trim_at))
        return self.made[kind]

    def _hoop(self) -> tuple[int, int]:
        """The machine's hoop in mm; never smaller than the design, which a PES header must not be."""
        width, height = (int(-(-side // 1)) for side in self.plan.size_mm)
        return max(self.setup.machine.hoop[0], width), max(self.setup.machine.hoop[1], height)

    @property
    def main(self) -> str:
        """The format that the pictures are drawn from."""
        return self.setup.machine.formats[0]

    @cached_property
    def cover(self) -> Cover:
        """Measured on the decoded main file."""
        return measure(self.plan, self.verdict(self.main).runs)

    @property
    def minutes(self) -> float:
        """Time on the machine."""
        return self.plan.minutes(self.setup.machine.spm)

    def warnings(self) -> tuple[str, ...]:
        """What a maker should know before starting."""
        found: list[str] = []
        plan, machine = self.plan, self.setup.machine
        if not machine.max_stitches and plan.stitches > MANY_STITCHES:
            found.append(f"{plan.stitches:,} stitches: some entry machines end at about {MANY_STITCHES:,}")
        return tuple(found)


def check_file(data: bytes, kind: str, plan: EmbroideryPlan, trim_at: int) -> Verdict:
    """Decode a file just written and compare it with its plan, hole for hole. Raises ExportError (a bug, if ever)."""
    verdict = verify(data, name=f"x.{FORMATS[kind].ending}", trim_at=trim_at)
    complaints = [*verdict.problems, *verdict.notes]
    shift = np.array(plan.extent[:2]) if kind.startswith("pes") else np.zeros(2, int)
    same = len(verdict.runs) == len(plan.threads) and all(
        run.block == plan.order.index(thread.color) and np.array_equal(run.points, thread.points - shift)
        for run, thread in zip(verdict.runs, plan.threads, strict=True)
    )
    if not same:
        complaints.insert(0, "its stitches are not those of the plan")
    if complaints:
        raise ExportError(f"the {kind.upper()} file is not sound: {complaints[0]}", hint="report this pattern as a bug")
    return verdict


def sewn_size(pattern: Pattern, options: EmbroideryOptions) -> tuple[float, float]:
    """Width and height in mm that will be sewn, before planning: the cells that are not empty, and what rows reach
    out.
    """
    rows, columns = np.nonzero(pattern.index != EMPTY)
    if not len(rows):
        raise ExportError("there is nothing to sew in this pattern", hint="leave at least one cell")
    cell = cell_units(pattern) / 10
    width = (int(np.ptp(columns)) + 1) * cell
    height = (int(np.ptp(rows)) + 1) * cell
    beyond = 2 * (round(options.pull_mm * 10) + OVERLAP) / 10 if options.mode == "fill" else 0.0
    return width + beyond, height


def fit(pattern: Pattern, setup: Setup) -> tuple[Pattern, bool]:
    """The pattern as it goes into the machine's field, and whether it was turned.

    Raises ExportError with the hoops that hold it and the cell size that would.
    """
    machine, options = setup.machine, setup.options
    size = sewn_size(pattern, options)
    if machine.holds(size):
        return pattern, False
    around = turned(pattern)
    if machine.holds(sewn_size(around, options)):
        return around, True
    cell = cell_units(pattern) / 10
    hoops = [m.id for m in hoops_that_hold(size, machine.formats)] or [
        m.id for m in hoops_that_hold(size, tuple(FORMATS))
    ]
    scale = max(
        min(machine.field[0] / size[0], machine.field[1] / size[1]),
        min(machine.field[0] / size[1], machine.field[1] / size[0]),
    )
    smaller = [side for side in CELLS_MM if side <= cell * scale + 1e-9 and side < cell]
    ways = []
    if hoops:
        ways.append(f"use {' or '.join(hoops[:3])} with --machine")
    if smaller:
        ways.append(f"--cell {max(smaller):g}")
    cells = int(pattern.width * scale), int(pattern.height * scale)
    ways.append(f"--size {max(1, cells[0])}x{max(1, cells[1])}")
    raise ExportError(
        f"the design is {size[0]:g} x {size[1]:g} mm, {machine.id} sews {machine.field[0]:g} x {machine.field[1]:g} mm",
        hint=", or ".join(ways),
    )


def make_design(pattern: Pattern, setup: Setup | None = None) -> Design:
    """Plan a pattern for a machine. Raises ExportError when it does not fit, UsageError for options."""
    setup = setup or Setup()
    fitted, was_turned = fit(pattern, setup)
    plan = make_plan(fitted, setup.options, was_turned=was_turned)
    machine = setup.machine
    if machine.max_stitches and plan.stitches > machine.max_stitches:
        raise ExportError(
            f"{plan.stitches:,} stitches are more than the {machine.max_stitches:,} that {machine.id} takes",
            hint="use fewer or smaller cells, or --layers 2, or a machine without that limit",
        )
    return Design(plan=plan, setup=setup)


def design_from_document(document: Document) -> Design:
    """The design of a ``.pixl`` document. Raises PixlError."""
    if document.craft != "embroider":
        raise UsageError(f"this is a document for {document.craft}", hint="export one that pixl embroider made")
    return make_design(document.pattern, Setup.from_json(document.options))
