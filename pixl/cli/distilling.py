"""What the engine distill is asked on the command line, and the run folder around it."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .options import Request
from .talk import Meter, Talk

if TYPE_CHECKING:
    from ..job import Job
    from ..pattern import Pattern
    from ..run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """The pattern, files that the engine leaves beside it (relative name -> bytes), and the run folder to remove.

    ``others``: the further variations.
    """

    pattern: Pattern
    others: tuple[Pattern, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    spent: Path | None = None


def engine_settings(request: Request) -> dict[str, Any]:
    """The options of distill that were typed, as ``Job.settings``."""
    values = {
        "prior": request.prior,
        "recipe": request.recipe,
        "guidance": request.guidance,
        "steps": request.steps,
        "fidelity": request.fidelity,
        "control": request.control,
        "control_scale": request.control_scale,
        "lora": request.lora,
        "resolution": request.resolution,
        "device": request.device,
        "negative": request.negative,
        "gif": request.gif,
    }
    # 0 is a value: --fidelity 0 is not --fidelity left out
    given = {name: value for name, value in values.items() if value not in ("", []) and value is not None}
    if not request.gif:
        del given["gif"]
    return {**read_settings(request.setting or ()), **given}


def read_settings(texts: Sequence[str]) -> dict[str, Any]:
    """Of ``NAME=VALUE`` and ``NAME.PART=VALUE``; a value is JSON where it reads so, else words. Raises UsageError."""
    out: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name, _, part = name.strip().partition(".")
        if not equals or not name:
            raise UsageError(f"'{text}' is not a setting", hint="use NAME=VALUE, such as --setting encoder=full")
        try:
            read = json.loads(value)
        except ValueError:
            read = value.strip()
        if not part:
            out[name] = read
        elif isinstance(out.setdefault(name, {}), dict):
            out[name][part] = read
    return out


def typed_words(request: Request) -> dict[str, Any]:
    """What was typed as JSON values, paths made absolute, less what names the run."""

    def plain(value: Any) -> Any:
        if isinstance(value, Path):
            return str(value.resolve())
        return [plain(one) for one in value] if isinstance(value, list | tuple) else value

    return {name: plain(value) for name, value in request.typed.items() if name != "run"}


def run_at(request: Request, craft: str, folder: Path) -> Run:
    """The run folder of this command: the one named with --run if it holds a run, else a new one."""
    from .. import __version__
    from ..run import MANIFEST, create_run, open_run

    if (folder / MANIFEST).is_file():
        if request.run is not None:
            return open_run(folder)
        if request.force:
            shutil.rmtree(folder)
    manifest = {
        "pixl": __version__,
        "command": craft,
        "typed": typed_words(request),
        "photo": str(request.photo.resolve()) if request.photo else "",
        "folder": str(Path.cwd()),
        "named": request.run is not None,
    }
    return create_run(folder, manifest)


def distil(request: Request, craft: str, job: Job, target: Path, talk: Talk) -> Solved:
    """Run the engine with checkpoints, once or for each variation. Raises PixlError."""
    from ..distill import DistillEngine
    from ..distill.engine import require_extra

    require_extra()
    say_words(job, talk)
    if request.dry_run:
        return Solved(pattern=DistillEngine().solve(job, progress=Meter(talk)))
    folder = request.run or target.with_name(f"{target.name}.run")
    spent = None if request.run else folder
    with _nothing_left(folder):
        return _solve_in(request, craft, job, folder, spent, talk)


def say_words(job: Job, talk: Talk) -> None:
    """What the icon library makes of the prompt, where it is the prior: the drawing, what of the words it leaves out,
    what it does not know. Raises PromptError, and what choosing a prior raises."""
    from ..distill.solve import choose_prior

    if not job.prompt or choose_prior(job) != "icons":
        return
    from ..icons import admissible, find

    match = find(job.prompt)
    more = len(set(admissible(job.prompt)) - {match.icon_id})
    talk.say(match.sentence() + (f"; {more} more answer the same words" if more else ""))
    if match.unknown:
        near = "".join(f"; near '{word}': {', '.join(words)}" for word, words in match.suggestions)
        talk.warn(f"the icon library does not know {', '.join(match.unknown)}{near}; a diffusion model would")


@contextlib.contextmanager
def _nothing_left(folder: Path) -> Iterator[None]:
    """A run that fails before its first checkpoint (a model that is not here) leaves no folder behind."""
    there = folder.exists()
    try:
        yield
    except Exception:
        if not there and not any(folder.rglob("*.ckpt")):
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _solve_in(request: Request, craft: str, job: Job, folder: Path, spent: Path | None, talk: Talk) -> Solved:
    from ..distill import DistillEngine

    run = run_at(request, craft, folder)
    if request.variations <= 1:
        pattern = DistillEngine().solve(job, progress=Meter(talk), run=run)
        return Solved(pattern=pattern, files=_beside(run), spent=spent)
    from ..distill.outputs import contact_sheet, png
    from ..run import Run

    patterns, files = [], {}
    for number in range(1, request.variations + 1):
        part = Run(folder / f"variation-{number}")
        part.folder.mkdir(exist_ok=True)
        talk.say(f"variation {number} of {request.variations}")
        # another seed, and the next best of the prior's own samples where there is no photo
        settings = {**job.settings, "sample_rank": number - 1}
        one = replace(job, seed=job.seed + number - 1, settings=settings)
        patterns.append(DistillEngine().solve(one, progress=Meter(talk), run=part))
        files.update({f"distill/variation-{number}/{name}": data for name, data in part.outputs().items()})
        files[f"distill/variation-{number}.png"] = png(patterns[-1].rgb())
    files["variations.png"] = contact_sheet([pattern.rgb() for pattern in patterns])
    talk.say(
        f"variations.png shows all {len(patterns)}; the sheets are of the first, "
        "make those of another with: pixl export FOLDER/distill/variation-2.pixl"
    )
    return Solved(pattern=patterns[0], others=tuple(patterns[1:]), files=files, spent=spent)


def _beside(run: Run) -> dict[str, bytes]:
    return {f"distill/{name}": data for name, data in run.outputs().items()}
