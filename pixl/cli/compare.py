"""``pixl compare``: styles, colour counts and sizes of one picture side by side, before anything is bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .making import Craft, prepare, safe_name, talk_of
from .options import Request

if TYPE_CHECKING:
    from ..job import Job
    from ..palette import Palette
    from ..pattern import Pattern
    from ..units import GridSize

CRAFTS = ("brick", "bead", "stitch", "pixel")
STYLES = ("natural", "clean", "crisp", "rich", "dither")
FEW = 4
"""A lot of fewer pieces than this is a nuisance to buy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to make the picture. ``off``: mean CIEDE2000 between cells and picture; ``lone``: % of cells with no
    4-neighbour of their colour."""

    row: str
    name: str
    pattern: Pattern
    off: float
    lone: float

    def values(self) -> dict[str, Any]:
        """For ``--json``."""
        counts = [int(n) for n in self.pattern.counts() if n]
        return {
            "row": self.row,
            "name": self.name,
            "size": [self.pattern.width, self.pattern.height],
            "size_mm": [round(side, 1) for side in self.pattern.size_mm],
            "pieces": self.pattern.pieces,
            "lots": len(counts),
            "small_lots": sum(n < FEW for n in counts),
            "difference": round(self.off, 2),
            "lone_percent": round(self.lone, 2),
        }

    def lines(self) -> tuple[str, str, str]:
        """What stands under the picture."""
        told = self.values()
        wide, high = (side / 10 for side in self.pattern.size_mm)
        small = f", {told['small_lots']} under {FEW}" if told["small_lots"] else ""
        return (
            f"{self.pattern.width} x {self.pattern.height}, {wide:.0f} x {high:.0f} cm",
            f"{told['pieces']} pieces, {told['lots']} lots{small}",
            f"off {self.off:.1f}, lone {self.lone:.1f} %",
        )


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("compare", rich_help_panel="Patterns")(compare)


def compare(
    photo: Annotated[Path | None, typer.Argument(help="A picture.")] = None,
    prompt: Annotated[str, typer.Option(help="Words instead of a picture.")] = "",
    craft: Annotated[str, typer.Option("--for", help="brick, bead, stitch or pixel.")] = "brick",
    palette: Annotated[str, typer.Option(metavar="ID|FILE", help="The craft's, unless named.")] = "",
    size: Annotated[str, typer.Option(metavar="WxH", help="Of the first rows.")] = "48x",
    styles: Annotated[str, typer.Option(metavar="NAMES", help="Comma-separated.")] = ",".join(STYLES),
    colors: Annotated[str, typer.Option(metavar="N,N", help="Colour counts to show.")] = "4,8,12,16,24",
    sizes: Annotated[str, typer.Option(metavar="WxH,..", help="Sizes to show; else around --size.")] = "",
    style: Annotated[str, typer.Option(help="Of the rows of counts and sizes.")] = "auto",
    fit: Annotated[str, typer.Option(help="cover (cut), contain (margins) or stretch.")] = "cover",
    crop: Annotated[str, typer.Option(metavar="X,Y,W,H", help="Part of the picture, in pixels or %.")] = "",
    background: Annotated[str, typer.Option(metavar="COLOUR", help="Fill transparent areas.")] = "",
    output: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="A PNG.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only errors.")] = False,
) -> None:
    """One PNG sheet of styles, colour counts and sizes with pieces, lots and figures, to choose from.

    pixl compare photo.jpg

    pixl compare photo.jpg --for bead --size 58x58 --colors 8,16,32 -o choose.png
    """
    from ..output import check_target, write_file

    if craft not in CRAFTS:
        raise UsageError(f"'{craft}' is not a craft that can be compared", hint=f"use one of {', '.join(CRAFTS)}")
    request = Request(
        photo=photo, prompt=prompt, palette=palette, size=size, style=style, fit=fit, crop=crop, background=background,
        force=force, as_json=as_json, quiet=quiet,
    )  # fmt: skip
    talk = talk_of(request)
    counts = _numbers(colors)
    names = [name.strip() for name in styles.split(",") if name.strip()]
    if output is not None and output.suffix.casefold() != ".png":
        raise UsageError(f"'{output.name}' is not a PNG", hint="end the name with .png")
    job = prepare(request, _craft(craft), talk)
    target = output or Path(f"{safe_name(job.title)}-compare.png")
    check_target(target, force=force)
    jobs = [("style", name, replace(job, style=name)) for name in names]
    jobs += [("colours", f"{n} colours", replace(job, limits=replace(job.limits, colors=n))) for n in counts]
    jobs += [("size", str(one), replace(job, size=one)) for one in _sizes(sizes, job)]
    variants = []
    for number, (row, name, one) in enumerate(jobs):
        talk.detail(f"{name} ({number + 1} of {len(jobs)})")
        variants.append(_solve(row, name, one))
    data = draw(job, variants)
    path = write_file(target, data, force=force)
    for variant in variants:
        talk.say(f"{variant.name:12} {'; '.join(variant.lines())}")
    values = {"command": "compare", "craft": craft, "variants": [variant.values() for variant in variants]}
    talk.result([str(path)], values)


def _craft(name: str) -> Craft:
    from ..pattern import Cell

    if name == "brick":
        from pixl_exporters.brick.parts import mosaic_part
        from pixl_exporters.brick.plan import brick_cell

        codes = mosaic_part("plate").current

        def bricks(palette: Palette, named: bool) -> Palette:
            return palette if named else palette.solid().where(lambda color: color.code in codes)

        return Craft(name=name, palette="lego", size="48x", cell=lambda palette: brick_cell("plate"), narrow=bricks)
    if name == "stitch":
        side = 25.4 / 14
        return Craft(
            name=name, palette="dmc_threads", size="48x", cell=lambda palette: Cell(width_mm=side, height_mm=side)
        )
    return Craft(
        name=name,
        palette="perler" if name == "bead" else "rgb-lattice:6",
        size="48x",
        cell=lambda palette: Cell(width_mm=palette.material.cell_width_mm, height_mm=palette.material.cell_height_mm),
    )


def _numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() and 0 < int(part) < 10_000 for part in parts):
        raise UsageError(f"'{text}' is not a list of colour counts", hint="write --colors 8,16,32")
    return [int(part) for part in parts]


def _sizes(text: str, job: Job) -> list[GridSize]:
    """Those asked for, of the picture's shape; else smaller and larger than the job's."""
    from ..units import GridSize, parse_size

    width, height = job.size.width, job.size.height
    if text:
        return [
            parse_size(part).resolve(
                aspect=width / height, cell_width_mm=job.cell.width_mm, cell_height_mm=job.cell.height_mm
            )
            for part in text.split(",")
            if part.strip()
        ]
    shares = (0.5, 2 / 3, 1.0, 4 / 3, 2.0)
    return [GridSize(width=max(1, round(width * s)), height=max(1, round(height * s))) for s in shares]


def _solve(row: str, name: str, job: Job) -> Variant:
    import numpy as np

    from ..color import ciede2000
    from ..engine import load_engine
    from .picture_lab import cell_lab

    pattern = load_engine("quantize").solve(job)
    index = pattern.index
    framed = np.pad(index, 1, constant_values=-2)
    around = (framed[:-2, 1:-1], framed[2:, 1:-1], framed[1:-1, :-2], framed[1:-1, 2:])
    there = index >= 0
    lone = there & ~np.any([side == index for side in around], axis=0)
    off = ciede2000(cell_lab(job)[there], job.palette.lab[index[there]])
    return Variant(
        row=row,
        name=name,
        pattern=pattern.numbered(),
        off=float(off.mean()) if off.size else 0.0,
        lone=100 * float(lone.sum()) / max(1, int(there.sum())),
    )


PANEL, GAP, TITLE, LINE = 250, 18, 19, 17


def draw(job: Job, variants: Sequence[Variant]) -> bytes:
    """The sheet as PNG: the photo, then a row for each kind of variant, all pictures in one width."""
    import io

    from PIL import Image, ImageDraw, ImageFont

    from pixl_exporters.sheet.font import shipped_face

    from ..color import linear_to_rgb8
    from ..photo import over_background

    assert job.photo is not None
    face = shipped_face("DejaVuSans")
    plain = ImageFont.truetype(face.path, 13)
    large = ImageFont.truetype(face.path, 17)
    shown = Image.fromarray(linear_to_rgb8(over_background(job.photo, (255, 255, 255)).linear))
    high = max(1, round(PANEL * shown.height / shown.width))
    rows = [[one for one in variants if one.row == row] for row in ("style", "colours", "size")]
    rows = [row for row in rows if row]
    tall = high + TITLE + 3 * LINE + GAP + 8
    columns = 1 + max((len(row) for row in rows), default=0)
    sheet = Image.new("RGB", (columns * (PANEL + GAP) + GAP, max(1, len(rows)) * tall + GAP), (255, 255, 255))
    pen = ImageDraw.Draw(sheet)
    for number, row in enumerate(rows):
        top = GAP + number * tall
        if number == 0:
            sheet.paste(shown.resize((PANEL, high), Image.Resampling.LANCZOS), (GAP, top))
            pen.text((GAP, top + high + 3), face.drawable(job.title)[:28], fill=(0, 0, 0), font=large)
            pen.text((GAP, top + high + 3 + TITLE), face.drawable(job.palette.name)[:36], fill=(90, 90, 90), font=plain)
        for column, one in enumerate(row, start=1):
            left = GAP + column * (PANEL + GAP)
            scale = max(1, -(-PANEL // one.pattern.width))
            image = Image.fromarray(one.pattern.rgb()).resize(
                (one.pattern.width * scale, one.pattern.height * scale), Image.Resampling.NEAREST
            )
            sheet.paste(image.resize((PANEL, high), Image.Resampling.BOX), (left, top))
            pen.text((left, top + high + 3), one.name, fill=(0, 0, 0), font=large)
            for place, text in enumerate(one.lines()):
                pen.text((left, top + high + 6 + TITLE + place * LINE), text, fill=(60, 60, 60), font=plain)
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()
