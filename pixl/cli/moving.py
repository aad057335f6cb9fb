"""``pixl pixel`` with frames: a folder of pictures, a GIF, a short video."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .making import Craft, prepare, safe_name, talk_of
from .options import Request, settings_of
from .talk import Meter, Talk

if TYPE_CHECKING:
    from ..animation.frames import Film
    from ..document import Document
    from ..job import Job
    from ..pattern import Pattern
    from ..photo import Photo

KINDS = ("gif", "apng", "sheet", "frames")
_BY_SUFFIX = {".gif": "gif", ".png": "apng", ".apng": "apng", ".pixl": "frames"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """What is asked of an animation only. ``fps``: None keeps the source's times; ``frame``: 1 is the first, 0 is all;
    ``scale``: pixels a cell in GIF and APNG, 0 is fitting."""

    fps: float | None = None
    every: int = 1
    frame: int = 0
    scale: int = 0


def make_moving(request: Request, craft: Craft, film: Film, motion: Motion) -> None:
    """Run the command on a film from start to end. Raises PixlError before anything is written."""
    from ..output import MARK, check_target, write_file, write_folder

    talk = talk_of(request)
    kinds, single = _kinds(request, motion)
    source = film.frames(motion.every)
    first = next(source)
    job = _job(request, craft, film, first.photo, talk)
    target = request.output or Path(f"{safe_name(job.title)}-{craft.name}-{job.size}")
    if not request.dry_run:
        check_target(target, force=request.force)
    times = [first.ms]

    def photos() -> Iterator[Photo]:
        yield first.photo
        for frame in source:
            times.append(frame.ms)
            yield frame.photo

    count = -(-film.count // motion.every)
    patterns = _patterns(request, craft, job, photos(), count, talk)
    ms = times if motion.fps is None else [max(10, round(1000 / motion.fps))] * len(times)
    if motion.frame > len(patterns):
        raise UsageError(f"there is no frame {motion.frame} of {len(patterns)}", hint="count from 1")
    documents = [_document(request, craft, job, film, pattern, k + 1) for k, pattern in enumerate(patterns)]
    name = safe_name(job.title)
    files = _files(documents, ms, film.loops, kinds, name, motion)
    if not single:
        files[MARK] = documents[max(0, motion.frame - 1)].to_bytes()
    paths = []
    if request.dry_run:
        talk.say(f"nothing written (--dry-run); it would be {target}")
    elif single:
        paths = [write_file(target, next(iter(files.values())), force=request.force)]
    else:
        paths = write_folder(target, files, force=request.force)
    _say(documents, ms, talk)
    shown = [str(path) for path in paths] if request.as_json else [str(target)] if paths else []
    values = {"frames": len(documents), "ms": ms, "colors": len(documents[0].pattern.palette)}
    talk.result(shown, {"command": craft.name, "size": [job.size.width, job.size.height], **values})


def _kinds(request: Request, motion: Motion) -> tuple[tuple[str, ...], bool]:
    """What to write, and whether ``-o`` names one file."""
    asked = tuple(dict.fromkeys(word.strip().casefold() for word in request.formats.split(",") if word.strip()))
    for word in asked:
        if word not in KINDS:
            raise UsageError(f"an animation is not written as '{word}'", hint=f"use {', '.join(KINDS)}")
    suffix = request.output.suffix.casefold() if request.output and not request.output.is_dir() else ""
    if not suffix:
        return asked or KINDS, False
    kind = _BY_SUFFIX.get(suffix)
    if kind is None or (asked and asked != (kind,)) or (kind == "frames" and not motion.frame):
        raise UsageError(
            f"an animation is not one {suffix} file",
            hint="give -o a .gif or .png name or a folder; one frame as .pixl with --frame N",
        )
    return (kind,), True


def _job(request: Request, craft: Craft, film: Film, first: Photo, talk: Talk) -> Job:
    """The job of the first frame, which sets size and framing for all."""
    titled = replace(request, title=request.title.strip() or film.name)
    if film.kind != "video":
        return prepare(replace(titled, photo=film.files[0] if film.files else film.path), craft, talk)
    from PIL import Image

    from ..color import linear_to_srgb

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.png"
        Image.fromarray((linear_to_srgb(first.linear) * 255).round().astype("uint8")).save(path)
        return prepare(replace(titled, photo=path), craft, talk)


def _framed(request: Request, craft: Craft, job: Job, photo: Photo) -> Photo:
    """A frame cut and filled as the first was."""
    from ..color import hex_to_rgb
    from ..photo import crop_photo, frame_photo, over_background, parse_crop

    if request.crop:
        photo = crop_photo(photo, parse_crop(request.crop, photo.full_size))
    if request.remove_background:
        from ..background import without_background

        photo = without_background(photo)
    if request.background:
        photo = over_background(photo, hex_to_rgb(request.background))
    aspect = job.size.width * job.cell.width_mm / (job.size.height * job.cell.height_mm)
    return craft.reframe(frame_photo(photo, aspect=aspect, fit=request.fit)[0], job.size)


def _patterns(
    request: Request, craft: Craft, job: Job, photos: Iterator[Photo], count: int, talk: Talk
) -> list[Pattern]:
    """One pattern a frame over one palette, numbered together."""
    from ..animation import animate
    from ..animation.solve import numbered

    framed = (_framed(request, craft, job, photo) for photo in photos)
    if request.engine == "quantize":
        solved = animate(job, framed, progress=Meter(talk), count=count)
    elif request.engine == "distill":
        from ..distill.frames import animate as distilled

        solved = distilled(job, framed, progress=Meter(talk), count=count)
    else:
        raise UsageError(f"there is no engine '{request.engine}'", hint="use quantize or distill")
    return [replace(craft.adjust(pattern, job), title=job.title) for pattern in numbered(solved)]


def _document(request: Request, craft: Craft, job: Job, film: Film, pattern: Pattern, frame: int) -> Document:
    from .. import __version__
    from ..document import Document
    from ..recipe import Recipe

    recipe = Recipe(
        version=__version__,
        command=craft.name,
        engine=request.engine,
        seed=request.seed,
        settings={**settings_of(request), "frame": frame},
        palette_id=job.palette.id,
        palette_digest=job.palette.digest,
        photo_sha256=film.sha256,
        prompt=job.prompt,
    )
    return Document(pattern=pattern, craft=craft.name, options=dict(craft.options), recipe=recipe)


def _files(
    documents: list[Document], ms: list[int], loops: int, kinds: tuple[str, ...], name: str, motion: Motion
) -> dict[str, bytes]:
    from ..animation import files

    patterns = [document.pattern for document in documents]
    chosen = slice(None) if not motion.frame else slice(motion.frame - 1, motion.frame)
    patterns, ms = patterns[chosen], ms[chosen]
    out: dict[str, bytes] = {}
    if "gif" in kinds:
        out[f"{name}.gif"] = files.gif(patterns, ms, loops=loops, scale=motion.scale)
    if "apng" in kinds:
        out[f"{name}.png"] = files.apng(patterns, ms, loops=loops, scale=motion.scale)
    if "sheet" in kinds:
        out.update(files.sheet(patterns, ms, name=name))
    if "frames" in kinds:
        for number, document in list(enumerate(documents, start=1))[chosen]:
            out[f"frames/{number:04d}.pixl"] = document.to_bytes()
    return out


def _say(documents: list[Document], ms: list[int], talk: Talk) -> None:
    import numpy as np

    stack: Any = np.stack([document.pattern.index for document in documents])
    pattern = documents[0].pattern
    talk.say(
        f"{len(documents)} frames of {pattern.width} x {pattern.height} cells, {sum(ms) / 1000:.1f} s, "
        f"{len(pattern.palette)} colours together"
    )
    if len(stack) > 1:
        share = 100 * float((stack[1:] != stack[:-1]).mean())
        talk.say(f"{share:.1f} % of the cells change from one frame to the next")
