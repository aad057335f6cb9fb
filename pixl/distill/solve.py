"""A whole job: begin, descend with checkpoints, end; interruptions and failures end in a sentence, never in
a loss.
"""

from __future__ import annotations

import hashlib
import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from types import FrameType
from typing import Any

import numpy as np
import torch

from pixl.distill import fidelity, outputs
from pixl.distill.begin import Beginning, begin
from pixl.distill.checkpoint import pack, unpack
from pixl.distill.controls import parse_kinds
from pixl.distill.descent import Descent, NotANumberError, Report
from pixl.distill.diffusion import named
from pixl.distill.diffusion.asked import KEYS as PRIOR_KEYS
from pixl.distill.diffusion.latent import LatentPrior
from pixl.distill.generator import Generator, gumbel_noise
from pixl.distill.prior import Condition, ExactPrior, Prior
from pixl.distill.priors import load_prior
from pixl.distill.settings import Settings, choose
from pixl.distill.wishes import KEYS, Wishes, widened
from pixl.errors import DeviceError, DocumentError, InterruptedRunError, MissingError, OutputError, UsageError
from pixl.job import Job
from pixl.pattern import EMPTY, Pattern
from pixl.progress import SILENT, Progress
from pixl.run import Run

OWN = ("prior", "negative", "gif", "step_pictures", *KEYS, *PRIOR_KEYS)
"""Keys of a job's settings that are not fields of ``Settings``, beside ``recipe``."""


def job_digest(job: Job) -> str:
    """SHA-256 of everything that the answer depends on but the versions."""
    digest = hashlib.sha256()
    if job.photo is not None:
        digest.update(np.ascontiguousarray(job.photo.linear).tobytes())
        digest.update(np.ascontiguousarray(job.photo.alpha).tobytes())
    limits = job.limits
    values = [
        [job.size.width, job.size.height],
        job.palette.digest,
        job.prompt,
        job.seed,
        job.style,
        dict(job.settings),
        [limits.colors, list(limits.locked_colors), limits.min_count],
        None if limits.locked is None else limits.locked.tolist(),
        None if limits.stock is None else limits.stock.tolist(),
    ]
    digest.update(json.dumps(values, sort_keys=True, default=str).encode())
    return digest.hexdigest()


def choose_prior(job: Job) -> str:
    """The prior's name: the one asked for, else the best model that is here and fits the device, else the icon
    prior for a prompt without a photo.
    """
    name = str(job.settings.get("prior") or "") or named.best_pulled()
    if name:
        return name
    if job.photo is None:
        return "icons"
    raise MissingError(
        "a photo needs a diffusion model as its prior, and none is here",
        hint="get one with: pixl models pull vega, or give --prior icons and a --prompt that the icon library knows",
    )


def open_prior(job: Job, name: str) -> Prior:
    """The prior of this name for the job's grid: an exact one, or a diffusion model by name, folder or file."""
    grid = (job.size.height, job.size.width)
    if not named.known(name):
        try:
            return load_prior(name, grid)
        except UsageError:
            named.check_name(name)  # knows the models too, and says which name is near
            raise
    width, height = job.size.width * job.cell.width_mm, job.size.height * job.cell.height_mm
    return named.load_named(name, grid, job.settings, aspect=width / height)


def solve(job: Job, *, progress: Progress = SILENT, run: Run | None = None, prior: Prior | None = None) -> Pattern:
    """See ``engine.DistillEngine.solve``; ``prior``: one that is open already, instead of the job's."""
    saved = run.latest() if run is not None else None
    state, about = unpack(saved[1]) if saved is not None else ({}, {})
    digest = job_digest(job)
    if about and about.get("job") != digest:
        raise UsageError(
            "the run was begun with another picture, prompt, palette, size or setting",
            hint="repeat the first command, or choose another folder for the run",
        )
    if fidelity.dial(job) == 1:
        from pixl.quantize import QuantizeEngine

        pattern = QuantizeEngine().solve(job, progress=progress)
        if run is not None:
            run.finish({}, {"steps": 0, "rows": 0, "end": "fidelity 1: the photo alone"})
        return pattern
    name = choose_prior(job)
    progress.step("prior", 0, 1, name)
    prior = prior or open_prior(job, name)
    identity = str(getattr(prior, "identity", ""))
    if about and about.get("identity", identity) != identity:
        raise UsageError(
            f"the run was begun with other weights: {about['identity']}, now {identity}",
            hint="pull that revision again, or begin anew",
        )
    words = named.words_for(job, prior)
    if words != job.prompt:
        _tell(progress, f"no prompt was given; the photo shows: {words}")
    elif not words.strip() and isinstance(prior, LatentPrior):
        _tell(progress, f"no prompt was given and nothing here says what a photo shows: {named.CAPTION_HINT}")
    if isinstance(prior, LatentPrior):
        progress.step("prior", 1, 1, prior.placed())
    # Small matrices: a second thread costs more than it saves, and one gives the same bits on every machine.
    threads = int(about.get("threads", 1 if isinstance(prior, ExactPrior) else torch.get_num_threads()))
    asked = {key: value for key, value in job.settings.items() if key not in OWN}
    settings = choose(
        asked if words.strip() else fidelity.without_words(asked),
        prior.defaults,
        photo=job.photo is not None,
        colors=len(job.palette),
    )
    with _threads(threads), _plain_failures(run):
        steering = named.pictures_for(job, prior)
        condition = prior.condition(words, str(job.settings.get("negative") or ""), steering)
        for note in getattr(prior, "notes", ()):
            _tell(progress, note)
        descent, start = _descent(job, prior, condition, settings, state)
        wishes = Wishes(job, start, descent, state.get("allowed"))
        if run is not None:
            run.cut_back(descent.step)
        keeper = _Keeper(
            job,
            descent,
            start,
            wishes,
            run,
            words,
            {"job": digest, "prior": name, "identity": identity, "threads": threads},
        )
        if not state:
            keeper.preview(0)  # before the checkpoint, or a kill between the two would lose it
            keeper.save()
        _descend(descent, keeper, progress)
        pattern = _pattern(job, wishes, start)
        keeper.finish(pattern)
    return pattern


def _descent(
    job: Job, prior: Prior, condition: Condition, settings: Settings, state: dict[str, torch.Tensor]
) -> tuple[Descent, Beginning]:
    """The descent at its beginning, or where ``state`` left it."""
    with torch.no_grad():
        blank = torch.zeros((1, 3, *prior.image_size))
        latent_shape = tuple(int(side) for side in prior.encode(blank).shape)
    if state:
        held = state["held"].bool() if "held" in state else None
        start = Beginning(
            logits=state["logits"].clone(),
            colors=tuple(int(k) for k in state["colors"]),
            mask=state["mask"].bool(),
            target=state.get("target"),
            held=held,
        )
    else:
        start = begin(widened(job), prior, condition, settings, latent_shape)
    if job.photo is None and start.target is not None:  # control follows the sample that the run starts from
        condition = condition.with_controls(named.pictures_of(start.target, job.settings, prior))
    table = torch.from_numpy(job.palette.rgb[list(start.colors)].astype(np.float32) / 255)
    generator = Generator(logits=start.logits, palette=table, mask=start.mask)
    descent = Descent(generator, prior, condition, settings, seed=job.seed, target=start.target, held=start.held)
    if state:
        try:
            descent.load(state)
        except (KeyError, ValueError) as error:
            raise DocumentError(f"the checkpoint does not fit this run: {error}", hint="begin anew") from None
    return descent, start


def _descend(descent: Descent, keeper: _Keeper, progress: Progress) -> None:
    settings = descent.settings
    show: Callable[[Any, Any], None] | None = getattr(progress, "picture", None)
    with _interruptible() as interrupted:
        while not descent.done:
            report = descent.advance()
            keeper.wishes.after_step()
            keeper.note(report)
            progress.step("distill", report.step, settings.total, _words(report, descent))
            every = report.step % settings.preview_every == 0
            if every or descent.done:
                keeper.preview(report.step)
                if show is not None:
                    show(descent.generator.hard_index().numpy(), outputs.code_values(descent.generator.palette))
            if interrupted():
                keeper.save()
                raise InterruptedRunError(
                    f"interrupted after step {report.step} of {settings.total}; nothing is lost"
                    if keeper.run is not None
                    else f"interrupted after step {report.step} of {settings.total}",
                    hint=_resume_line(keeper.run),
                )
            if report.step % settings.save_every == 0 or descent.done:
                keeper.save()


def _words(report: Report, descent: Descent) -> str:
    loss = report.loss.get("total", sum(report.loss.values()))
    cells = descent.generator.logits.shape[0] * descent.generator.logits.shape[1]
    mood = "still drawing" if report.changed > cells // 20 else "settling" if report.changed else "settled"
    return f"{mood}: {report.changed} cells changed, {100 * (1 - report.entropy):.0f} % sure, loss {loss:.3g}"


class _Keeper:
    """Puts a descent's state, log and pictures into the run folder, if there is one."""

    def __init__(
        self,
        job: Job,
        descent: Descent,
        start: Beginning,
        wishes: Wishes,
        run: Run | None,
        words: str,
        about: dict[str, Any],
    ) -> None:
        self.job, self.descent, self.start, self.wishes, self.run = job, descent, start, wishes, run
        self.settings = descent.settings
        self.words = words
        self.about = {**about, "settings": self.settings.as_dict(), "torch": torch.__version__}

    def save(self) -> None:
        if self.run is None:
            return
        tensors = self.descent.tensors()
        tensors["colors"] = torch.tensor(self.start.colors, dtype=torch.int64)
        tensors["allowed"] = self.wishes.allowed.to(torch.uint8).contiguous()
        tensors["mask"] = self.start.mask.to(torch.uint8).contiguous()
        if self.start.held is not None:
            tensors["held"] = self.start.held.to(torch.uint8).contiguous()
        steered = self.job.photo is None and bool(self.job.settings.get("control"))
        if self.start.target is not None and (self.settings.scales.gradient > 0 or steered):
            tensors["target"] = self.start.target.contiguous()
        self.run.save(self.descent.step, pack(tensors, self.about))

    def note(self, report: Report) -> None:
        if self.run is not None:
            self.run.log(asdict(report))

    def preview(self, step: int) -> None:
        if self.run is not None:
            self.run.preview(step, outputs.preview(self.descent.generator))

    def finish(self, pattern: Pattern) -> None:
        if self.run is None:
            return
        names = [_file_part(self.job.palette.colors[k].code) for k in self.start.colors]
        files = outputs.everything(self.descent.generator, names)
        files["log.csv"] = outputs.as_csv(self.run.records())
        if self.job.settings.get("gif"):
            files["way.gif"] = outputs.gif(outputs.frames_of(self.run.previews()))
        if self.job.settings.get("step_pictures"):
            files.update(self._step_pictures())
        early = self.descent.step < self.settings.total
        self.run.finish(
            files,
            {
                "steps": self.descent.step,
                "rows": self.descent.rows,
                "words": self.words,
                "end": "settled" if early else "all steps",
            },
        )

    def _step_pictures(self) -> dict[str, bytes]:
        """What the run began with and was steered by, and, of a run of score distillation, what its last step saw."""
        assert self.run is not None
        kinds = parse_kinds(str(self.job.settings.get("control") or ""))
        files = outputs.of_controls(dict(zip(kinds, self.descent.condition.controls, strict=False)))
        first = [png for step, png in self.run.previews() if step == 0]
        if first:
            files["step/start.png"] = first[0]
        if self.job.photo is None and self.start.target is not None:
            files["step/sample.png"] = outputs.png(outputs.code_values(self.start.target.permute(1, 2, 0)))
        last = self.descent.last
        if last is None:
            return files
        rng = torch.Generator().manual_seed(self.job.seed)
        noise = gumbel_noise(tuple(self.descent.generator.logits.shape), rng)
        return {**files, **outputs.of_a_step(self.descent.generator, last, self.descent.prior, noise)}


def _tell(progress: Progress, text: str) -> None:
    """A sentence for the person, where somebody listens; else a note like any other."""
    say: Callable[[str], None] | None = getattr(progress, "say", None)
    if say is not None:
        say(text)
    else:
        progress.step("prior", 1, 1, text)


def _pattern(job: Job, wishes: Wishes, start: Beginning) -> Pattern:
    index = wishes.answer()
    table = np.append(np.array(start.colors, np.int64), EMPTY)
    return Pattern(index=table[index].astype(np.int16), palette=job.palette, cell=job.cell, title=job.title)


def _file_part(code: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in code).strip("-")[:40] or "colour"


def _resume_line(run: Run | None) -> str:
    return f"go on with: pixl resume {run.home}" if run is not None else "give a run folder to be able to go on"


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """The thread count a run was begun with: sums over threads are not the same bits otherwise. On a card, only
    convolutions that repeat (the encoder's way back has others that do not)."""
    before = torch.get_num_threads(), torch.backends.cudnn.deterministic
    torch.set_num_threads(count)
    torch.backends.cudnn.deterministic = True
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.backends.cudnn.deterministic = before[1]


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C lets the step finish; the second stops at once. Only on the main thread."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def remember(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, remember)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _plain_failures(run: Run | None) -> Iterator[None]:
    """Memory, disk and numbers that run out, as sentences with the line that goes on."""
    try:
        yield
    except NotANumberError as error:
        raise DeviceError(
            f"the run stopped: {error}", hint=f"try float32, a smaller guidance or rate; {_resume_line(run)}"
        ) from None
    except OutputError as error:
        raise OutputError(error.what, hint=f"{error.hint}; then {_resume_line(run)}") from None
    except (MemoryError, torch.OutOfMemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "memory" not in str(error).lower():
            raise
        raise DeviceError(
            "there is not enough memory for this prior and size",
            hint=f"close other programs, or take a smaller prior or size; {_resume_line(run)}",
        ) from None
