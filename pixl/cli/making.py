"""From what was typed to files: the steps every craft command shares, in the order in which they happen."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..errors import PhotoError, StrictError, UsageError
from .distilling import Solved, distil, engine_settings
from .options import Request, distill_options, settings_of, split_names
from .talk import Meter, Talk

if TYPE_CHECKING:
    from ..document import Document
    from ..job import Job, Limits
    from ..palette import Palette
    from ..pattern import Cell, Pattern
    from ..photo import Photo
    from ..units import GridSize


@dataclass(frozen=True, slots=True, kw_only=True)
class Craft:
    """What a craft brings to the shared steps.

    ``colors`` is the most that are used unless --colors says otherwise. ``narrow`` leaves the colours that can be used
    for this job; ``limits`` adds the craft's own limits for a palette;
    ``report`` gives the finish lines and the JSON values of a plan; ``options`` are the document's craft options.
    ``engine_settings`` go into ``Job.settings``; ``reframe`` changes the framed photo, for grids that
    are not upright; ``adjust`` the engine's pattern before it is numbered.
    """

    name: str
    palette: str
    size: str
    colors: int | None = None
    cell: Callable[[Palette], Cell]
    narrow: Callable[[Palette, bool], Palette] = lambda palette, named: palette if named else palette.solid()
    limits: Callable[[Palette, Limits], Limits] = lambda palette, limits: limits
    options: Mapping[str, Any] = field(default_factory=dict)
    engine_settings: Mapping[str, Any] = field(default_factory=dict)
    reframe: Callable[[Photo, GridSize], Photo] = lambda photo, size: photo
    adjust: Callable[[Pattern, Job], Pattern] = lambda pattern, job: pattern
    report: Callable[[Document, Any], Report] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a craft says of a plan: ``lines`` for a person, ``values`` for ``--json``, ``warnings`` that ``--strict``
    makes binding, ``notes`` that it does not, and the file to open first."""

    lines: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    open_first: str = ""


def talk_of(request: Request) -> Talk:
    """The command's voice."""
    return Talk(quiet=request.quiet, verbose=request.verbose, as_json=request.as_json)


def make(request: Request, craft: Craft) -> None:
    """Run a craft command from start to end. Raises PixlError before anything is written."""
    from pixl_exporters.formats import choose_formats, make_plan

    from ..output import check_target

    talk = talk_of(request)
    check_engine(request, talk)
    rows, single = _formats(request, craft.name)
    choose_formats(request.formats, craft=craft.name)
    check_paper(request.paper)
    job = prepare(request, craft, talk)
    target = request.output or Path(f"{safe_name(job.title)}-{craft.name}-{job.size}")
    if not request.dry_run:
        check_target(target, force=request.force)
    document, solved = solve(request, craft, job, talk, target)
    plan = make_plan(document)
    report = craft.report(document, plan) if craft.report else Report()
    for note in report.notes:
        talk.warn(note)
    for warning in report.warnings:
        talk.warn(warning)
    paths = []
    if not request.dry_run:
        paths = write(request, document, plan, rows, target, single=single, beside=solved.files)
        if solved.spent is not None:
            shutil.rmtree(solved.spent, ignore_errors=True)
    for line in report.lines:
        talk.say(line)
    if request.dry_run:
        talk.say(f"nothing written (--dry-run); it would be {target}{'' if single else '/'}")
    elif not single and report.open_first:
        made = [path for path in paths if path.suffix != ".pixl"] or paths
        first = target / report.open_first
        talk.say(f"open next: {first if first in paths else made[0]}")
    shown = [str(path) for path in paths] if request.as_json else [str(target)] if paths else []
    talk.result(shown, {"command": craft.name, "size": [job.size.width, job.size.height], **report.values})
    if request.strict and report.warnings:
        raise StrictError(
            f"{len(report.warnings)} checks complain: {report.warnings[0]}", hint="see the notes, or leave out --strict"
        )


def _formats(request: Request, craft: str) -> tuple[list[Any], bool]:
    """The rows to write, and whether ``-o`` names one file."""
    from pixl_exporters.formats import all_formats, choose_formats

    suffix = request.output.suffix.casefold() if request.output else ""
    if request.output is None or not suffix or request.output.is_dir():
        return choose_formats(request.formats, craft=craft), False
    if suffix == ".pixl":
        return [], True
    if request.formats:
        rows = [row for row in choose_formats(request.formats, craft=craft) if row.suffix == suffix]
    else:
        rows = [row for row in all_formats() if craft in row.crafts and row.suffix == suffix][:1]
    if len(rows) != 1:
        raise UsageError(
            f"{craft} writes no single {suffix} file{' of that format' if request.formats else ''}",
            hint="give a folder with -o, or run: pixl formats",
        )
    return rows, True


def check_engine(request: Request, talk: Talk) -> None:
    """Options and words that the engine asked for would ignore are refused or named. Raises UsageError."""
    if request.engine != "quantize":
        return
    unused = distill_options(request)
    if unused:
        raise UsageError(
            f"{', '.join(unused)} mean nothing to this engine", hint="add --engine distill, or leave them out"
        )
    if request.photo is not None and request.prompt.strip():
        talk.warn("there is a photo, so the prompt is not used; --engine distill uses both")


def prepare(request: Request, craft: Craft, talk: Talk) -> Job:
    """Read palette and picture and settle the size. Raises PixlError."""
    from ..job import Job, Limits
    from ..palette import load_palette
    from ..units import parse_size

    if request.photo is None and not request.prompt.strip():
        raise UsageError("there is neither a photo nor a prompt", hint="give a picture, or --prompt 'a red mushroom'")
    wanted = parse_size(request.size or craft.size)
    palette = load_palette(request.palette or craft.palette)
    only, without = split_names(request.only), split_names(request.without)
    if only:
        palette = palette.only(only)
    usable = craft.narrow(palette, bool(only))
    if without:
        gone = {palette.colors[i].code for i in palette.find_all(without)}
        usable = usable.where(lambda color: color.code not in gone)
    if usable.unknown_finish and not only:
        talk.warn(f"{usable.unknown_finish} colours of {usable.id} have a finish that no source states; used as solid")
    cell = craft.cell(usable)
    photo, name = picture(request, talk)
    aspect = photo.aspect if photo else 1.0
    size = wanted.resolve(aspect=aspect, cell_width_mm=cell.width_mm, cell_height_mm=cell.height_mm)
    focus = None
    if photo is not None:
        from ..photo import frame_photo

        shape = size.width * cell.width_mm / (size.height * cell.height_mm)
        if request.focus is not None:
            mask, _ = frame_photo(_mask(request, photo), aspect=shape, fit=request.fit)
            mask = craft.reframe(mask, size)
            focus = (mask.linear.mean(axis=2) * mask.alpha).astype("float32")
        photo, cut = frame_photo(photo, aspect=shape, fit=request.fit)
        photo = craft.reframe(photo, size)
        if cut and not cut.startswith("0 %") and wanted.width is not None and wanted.height is not None:
            talk.warn(cut)
        if photo.width < size.width or photo.height < size.height:
            talk.warn(f"the picture has {photo.width} x {photo.height} pixels, fewer than the {size} cells")
    limits = craft.limits(usable, Limits(colors=craft.colors if request.colors is None else request.colors))
    return Job(
        photo=photo,
        size=size,
        palette=usable,
        cell=cell,
        prompt=request.prompt.strip(),
        title=request.title.strip() or name,
        limits=limits,
        style="dither" if request.dither else request.style,
        seed=request.seed,
        focus=focus,
        settings={**craft.engine_settings, **engine_settings(request)},
    )


def picture(request: Request, talk: Talk) -> tuple[Photo | None, str]:
    """The picture asked for, upright and cropped, and its name; None for a prompt that the engine draws."""
    from ..photo import crop_photo, open_photo, over_background, parse_crop

    if request.photo is None:
        if request.engine == "distill":
            return None, request.prompt.strip()
        photo = icon_picture(request.prompt, talk)
    else:
        photo = open_photo(request.photo)
        for note in photo.notes:
            talk.warn(note)
    name = photo.name
    if request.crop:
        photo = crop_photo(photo, parse_crop(request.crop, photo.full_size))
    if request.remove_background:
        from ..background import without_background

        photo = without_background(photo)
        talk.warn(photo.notes[-1])
    if request.background:
        from ..color import hex_to_rgb
        from ..errors import PaletteError

        try:
            photo = over_background(photo, hex_to_rgb(request.background))
        except PaletteError as error:
            raise UsageError(f"--background: {error.what}", hint=error.hint) from None
    return photo, name


def icon_picture(prompt: str, talk: Talk) -> Photo:
    """The icon library's picture for a prompt, and what of the prompt it does not know."""
    from ..icons import find, picture
    from ..photo import photo_from_rgba

    match = find(prompt)
    talk.say(match.sentence())
    if match.unknown:
        near = "".join(f"; near '{word}': {', '.join(words)}" for word, words in match.suggestions)
        talk.warn(
            f"the icon library does not know {', '.join(match.unknown)}{near}; "
            "--engine distill with a diffusion model would"
        )
    return photo_from_rgba(picture(match), name=prompt.strip())


def _mask(request: Request, photo: Photo) -> Photo:
    """The mask of --focus, cut as the photo was. Raises UsageError where it has another shape."""
    from ..photo import crop_photo, open_photo, parse_crop

    assert request.focus is not None
    mask = open_photo(request.focus)
    if request.crop:
        mask = crop_photo(mask, parse_crop(request.crop, mask.full_size))
    if not 0.97 < mask.aspect / photo.aspect < 1.03:
        raise UsageError(
            f"the mask '{request.focus.name}' ({mask.width} x {mask.height}) has another shape than the picture "
            f"({photo.width} x {photo.height})",
            hint="paint it over the picture itself",
        )
    return mask


def solve(request: Request, craft: Craft, job: Job, talk: Talk, target: Path) -> tuple[Document, Solved]:
    """Run the engine and number the colours."""
    from .. import __version__
    from ..document import Document
    from ..engine import load_engine
    from ..recipe import Recipe

    if request.engine == "distill":
        solved = distil(request, craft.name, job, target, talk)
    else:
        solved = Solved(pattern=load_engine(request.engine).solve(job, progress=Meter(talk)))
    others = [craft.adjust(other, job) for other in solved.others]
    pattern = craft.adjust(solved.pattern, job)
    if not pattern.pieces:
        raise PhotoError(
            "the picture has no cell that is not empty", hint="fill it with --background COLOUR, or give another photo"
        )
    recipe = Recipe(
        version=__version__,
        command=craft.name,
        engine=request.engine,
        seed=request.seed,
        settings=settings_of(request),
        palette_id=job.palette.id,
        palette_digest=job.palette.digest,
        photo_sha256=job.photo.sha256 if job.photo else "",
        prompt=job.prompt,
    )
    documents = [
        Document(
            pattern=replace(made.numbered(), title=job.title),
            craft=craft.name,
            options=dict(craft.options),
            recipe=recipe,
        )
        for made in (pattern, *others)
    ]
    for number, document in enumerate(documents[1:], 2):
        solved.files[f"distill/variation-{number}.pixl"] = document.to_bytes()
    return documents[0], solved


def write(
    request: Request,
    document: Document,
    plan: Any,
    rows: list[Any],
    target: Path,
    *,
    single: bool,
    beside: Mapping[str, bytes] = MappingProxyType({}),
) -> list[Path]:
    """Make the files and put them down, whole or not at all; ``beside`` joins them in a folder."""
    from pixl_exporters.formats import ExportOptions, export_files

    from ..output import MARK, write_file, write_folder

    data = document.to_bytes()
    paper = check_paper(request.paper)
    options = ExportOptions(name=safe_name(document.pattern.title), document=data, paper=paper)
    if single and not rows:
        return [write_file(target, data, force=request.force)]
    files = export_files(document, plan, rows, options)
    if single:
        if len(files) != 1:
            raise UsageError(f"'{rows[0].key}' makes {len(files)} files", hint="give a folder with -o")
        return [write_file(target, next(iter(files.values())), force=request.force)]
    return write_folder(target, {**files, **beside, MARK: data}, force=request.force)


def check_paper(paper: str) -> str:
    """The paper's name in small letters. Raises UsageError for one that no sheet is laid out for."""
    if paper.casefold() not in ("a4", "letter"):
        raise UsageError(f"'{paper}' is not a paper", hint="use a4 or letter")
    return paper.casefold()


def safe_name(text: str) -> str:
    """A file name from a title: letters, digits, dot, dash and underscore, at most 60 characters, never empty."""
    kept = "".join(c if c.isalnum() or c in "._-" else "-" for c in text.strip())
    return "-".join(part for part in kept.strip(".-").split("-") if part)[:60] or "picture"
