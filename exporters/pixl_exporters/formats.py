"""The table of formats and of crafts. Reading it imports nothing but this file.

A format's ``target`` is ``module:function``; the function takes ``(subject, options)`` and returns
``{file name: bytes}``, always the same bytes for the same input. ``takes`` says what the subject is: ``document``
(anything with a pattern) or a craft's plan. Third parties add rows through the entry-point group ``pixl.exporters``
(a FormatRow each).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pixl.errors import UsageError

if TYPE_CHECKING:
    from pixl.document import Document

CRAFTS = ("brick", "bead", "stitch", "embroider", "pixel")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """What every exporter is handed.

    ``name``: stem of the files where the craft has no names of its own; ``document``: the ``.pixl`` bytes to embed
    (b'' for none); ``paper``: a4 or letter; ``scale``: pixels a cell for pictures (0: the format's own choice);
    ``font``: a TrueType file instead of the built-in font; ``plan``: the craft's plan where one was made already, for
    formats that take the document and want both (None: make it).
    """

    name: str = "pattern"
    document: bytes = b""
    paper: str = "a4"
    scale: int = 0
    font: Path | None = None
    plan: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatRow:
    """One format: ``default_for`` names the crafts that write it unasked; ``suffix`` is what ``-o FILE`` goes by."""

    key: str
    suffix: str
    takes: str
    target: str
    summary: str
    crafts: tuple[str, ...] = CRAFTS
    default_for: tuple[str, ...] = ()


_PLAIN = "pixl_exporters.plain"
_BRICK = "pixl_exporters.brick"
_BEAD = "pixl_exporters.bead"
_STITCH = "pixl_exporters.stitch"
_EMBROIDER = "pixl_exporters.embroider"

FORMATS = (
    FormatRow(key="preview", suffix=".png", takes="document", target="pixl_exporters.preview:export",
              summary="a picture of the finished piece", crafts=("brick", "bead", "stitch", "pixel"),
              default_for=("brick", "bead", "stitch", "pixel")),
    FormatRow(key="guide", suffix=".html", takes="document", target="pixl_exporters.guide.page:export",
              summary="interactive build guide, one file for phone or computer",
              default_for=("brick", "bead", "stitch")),
    FormatRow(key="png", suffix=".png", takes="document", target=f"{_PLAIN}.png:export",
              summary="the grid at an integer scale", default_for=("pixel",)),
    FormatRow(key="indexed", suffix=".png", takes="document", target=f"{_PLAIN}.png:export_indexed",
              summary="indexed PNG, one pixel a cell"),
    FormatRow(key="svg", suffix=".svg", takes="document", target=f"{_PLAIN}.svg:export",
              summary="the grid as SVG in mm, one group a colour", default_for=("pixel",)),
    FormatRow(key="csv", suffix=".csv", takes="document", target=f"{_PLAIN}.text:export_csv",
              summary="the grid as codes, one row a line"),
    FormatRow(key="json", suffix=".json", takes="document", target=f"{_PLAIN}.text:export_json",
              summary="the grid and its colours as JSON"),
    FormatRow(key="layers", suffix=".png", takes="document", target=f"{_PLAIN}.png:export_layers",
              summary="one black and white mask a colour"),
    FormatRow(key="parts", suffix=".csv", takes="brick", target=f"{_BRICK}.parts_csv:export", crafts=("brick",),
              summary="parts list with the ids of four families", default_for=("brick",)),
    FormatRow(key="bricklink", suffix=".xml", takes="brick", target=f"{_BRICK}.bricklink:export", crafts=("brick",),
              summary="BrickLink wanted list (paste it)", default_for=("brick",)),
    FormatRow(key="rebrickable", suffix=".csv", takes="brick", target=f"{_BRICK}.rebrickable:export", crafts=("brick",),
              summary="Rebrickable parts list", default_for=("brick",)),
    FormatRow(key="pickabrick", suffix=".csv", takes="brick", target=f"{_BRICK}.pickabrick:export", crafts=("brick",),
              summary="Pick a Brick list (known element ids)", default_for=("brick",)),
    FormatRow(key="ldraw", suffix=".mpd", takes="brick", target=f"{_BRICK}.ldraw:export", crafts=("brick",),
              summary="LDraw model with build steps", default_for=("brick",)),
    FormatRow(key="instructions", suffix=".pdf", takes="brick", target=f"{_BRICK}.instructions:export_pdf",
              crafts=("brick",), summary="building instructions", default_for=("brick",)),
    FormatRow(key="instructions-svg", suffix=".svg", takes="brick", target=f"{_BRICK}.instructions:export_svg",
              crafts=("brick",), summary="building instructions, one SVG a page"),
    FormatRow(key="print", suffix=".pdf", takes="brick", target=f"{_BRICK}.life_size:export_pdf", crafts=("brick",),
              summary="1:1 print to lay under the sections", default_for=("brick",)),
    FormatRow(key="template", suffix=".pdf", takes="bead", target=f"{_BEAD}.template:export_template", crafts=("bead",),
              summary="1:1 sheets to lay under the boards, one a page", default_for=("bead",)),
    FormatRow(key="chart-pdf", suffix=".pdf", takes="bead", target=f"{_BEAD}.template:export_chart", crafts=("bead",),
              summary="1:1 sheets with filled cells and codes"),
    FormatRow(key="chart", suffix=".png", takes="bead", target=f"{_BEAD}.chart_png:export", crafts=("bead",),
              summary="one picture with the code in each cell", default_for=("bead",)),
    FormatRow(key="boards", suffix=".svg", takes="bead", target=f"{_BEAD}.template:export_svg", crafts=("bead",),
              summary="1:1 SVG a board, one group a colour", default_for=("bead",)),
    FormatRow(key="beads", suffix=".csv", takes="bead", target=f"{_BEAD}.beads_csv:export", crafts=("bead",),
              summary="shopping list with counts a board and bags", default_for=("bead",)),
    FormatRow(key="sheets", suffix=".pdf", takes="stitch", target=f"{_STITCH}.chart:export_pdf", crafts=("stitch",),
              summary="chart in colour and in black and white, legend", default_for=("stitch",)),
    FormatRow(key="sheets-svg", suffix=".svg", takes="stitch", target=f"{_STITCH}.chart:export_svg", crafts=("stitch",),
              summary="the same pages as SVG"),
    FormatRow(key="sheets-png", suffix=".png", takes="stitch", target=f"{_STITCH}.chart:export_png", crafts=("stitch",),
              summary="the whole chart as one picture", default_for=("stitch",)),
    FormatRow(key="oxs", suffix=".oxs", takes="stitch", target=f"{_STITCH}.oxs:export", crafts=("stitch",),
              summary="chart for other cross-stitch programs", default_for=("stitch",)),
    FormatRow(key="floss", suffix=".csv", takes="stitch", target=f"{_STITCH}.floss_csv:export", crafts=("stitch",),
              summary="threads, metres and skeins", default_for=("stitch",)),
    FormatRow(key="preview", suffix=".png", takes="embroider", target=f"{_EMBROIDER}.preview:export",
              crafts=("embroider",), summary="the finished piece, drawn from the decoded stitch file",
              default_for=("embroider",)),
    FormatRow(key="holes", suffix=".png", takes="embroider", target=f"{_EMBROIDER}.preview:export_heat",
              crafts=("embroider",), summary="how often the needle goes into each hole"),
    FormatRow(key="pes", suffix=".pes", takes="embroider", target=f"{_EMBROIDER}.files:export_pes",
              crafts=("embroider",), summary="Brother PES, version 6", default_for=("embroider",)),
    FormatRow(key="pes1", suffix=".pes", takes="embroider", target=f"{_EMBROIDER}.files:export_pes1",
              crafts=("embroider",), summary="Brother PES, version 1, for old machines"),
    FormatRow(key="dst", suffix=".dst", takes="embroider", target=f"{_EMBROIDER}.files:export_dst",
              crafts=("embroider",), summary="Tajima DST", default_for=("embroider",)),
    FormatRow(key="exp", suffix=".exp", takes="embroider", target=f"{_EMBROIDER}.files:export_exp",
              crafts=("embroider",), summary="Melco EXP"),
    FormatRow(key="jef", suffix=".jef", takes="embroider", target=f"{_EMBROIDER}.files:export_jef",
              crafts=("embroider",), summary="Janome JEF, to 200 x 200 mm"),
    FormatRow(key="vp3", suffix=".vp3", takes="embroider", target=f"{_EMBROIDER}.files:export_vp3",
              crafts=("embroider",), summary="Husqvarna Viking and PFAFF VP3"),
    FormatRow(key="xxx", suffix=".xxx", takes="embroider", target=f"{_EMBROIDER}.files:export_xxx",
              crafts=("embroider",), summary="Singer XXX, to 21 colours"),
    FormatRow(key="job-sheet", suffix=".pdf", takes="embroider", target=f"{_EMBROIDER}.job_sheet:export_pdf",
              crafts=("embroider",), summary="what lies beside the machine: colours in order, numbers, true size",
              default_for=("embroider",)),
    FormatRow(key="job-sheet-png", suffix=".png", takes="embroider", target=f"{_EMBROIDER}.job_sheet:export_png",
              crafts=("embroider",), summary="the job sheet as pictures", default_for=("embroider",)),
    FormatRow(key="threads", suffix=".csv", takes="embroider", target=f"{_EMBROIDER}.files:export_threads",
              crafts=("embroider",), summary="threads in sewing order, with codes, needles and metres",
              default_for=("embroider",)),
)  # fmt: skip

PLANS = {
    "brick": "pixl_exporters.brick.plan:plan_from_document",
    "bead": "pixl_exporters.bead.plan:plan_from_document",
    "stitch": "pixl_exporters.stitch.plan:plan_from_document",
    "embroider": "pixl_exporters.embroider.design:design_from_document",
}
"""Who makes a craft's plan from a document: ``(document) -> plan``; pixel has none."""


def all_formats() -> tuple[FormatRow, ...]:
    """Our rows and those of installed plug-ins; a broken plug-in is left out and named by ``broken_plugins``."""
    return FORMATS + tuple(row for row in _plugins()[0] if row.key not in {ours.key for ours in FORMATS})


def broken_plugins() -> tuple[str, ...]:
    """Sentences about plug-ins that could not be loaded."""
    return _plugins()[1]


def _plugins() -> tuple[tuple[FormatRow, ...], tuple[str, ...]]:
    from importlib.metadata import entry_points

    rows: list[FormatRow] = []
    broken: list[str] = []
    for point in sorted(entry_points(group="pixl.exporters"), key=lambda point: point.name):
        try:
            row = point.load()
        except Exception as error:  # whatever a stranger's module raises
            broken.append(f"exporter plug-in '{point.name}' does not load: {error}")
            continue
        if isinstance(row, FormatRow):
            rows.append(row)
        else:
            broken.append(f"exporter plug-in '{point.name}' is not a FormatRow")
    return tuple(rows), tuple(broken)


def choose_formats(text: str, *, craft: str) -> list[FormatRow]:
    """Rows for ``-f`` ('' means the craft's defaults, ``all`` everything). Raises UsageError."""
    rows = [row for row in all_formats() if craft in row.crafts]
    if not text.strip():
        return [row for row in rows if craft in row.default_for]
    if text.strip() == "all":
        return rows
    chosen: list[FormatRow] = []
    for key in dict.fromkeys(part.strip() for part in text.split(",") if part.strip()):
        named = [row for row in rows if row.key == key] or [row for row in rows if row.suffix == f".{key}"]
        if key == "pixl":
            continue
        if not named:
            raise UsageError(
                f"{craft} has no format '{key}'", hint=f"use one of {', '.join(sorted(row.key for row in rows))}"
            )
        chosen.extend(row for row in named if row not in chosen)
    return chosen


def load_target(target: str) -> Any:
    """The function behind ``module:function``."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def make_plan(document: Document) -> Any:
    """The craft's plan for a document, or None for a craft that has none. Raises PixlError."""
    target = PLANS.get(document.craft)
    return None if target is None else load_target(target)(document)


def export_files(document: Document, plan: Any, rows: list[FormatRow], options: ExportOptions) -> dict[str, bytes]:
    """Every file of the formats asked for. Raises PixlError; UsageError when two formats claim one name."""
    files: dict[str, bytes] = {}
    options = replace(options, plan=plan)
    for row in rows:
        subject = document if row.takes == "document" else plan
        made: Mapping[str, bytes] = load_target(row.target)(subject, options)
        for name in made:
            if name in files:
                raise UsageError(f"two formats write '{name}'", hint="ask for them in two commands")
        files.update(made)
    return files
