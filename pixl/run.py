"""A run folder: what was asked, how far it is, and everything needed to go on after any interruption.

    RUN/manifest.json            what was asked; written once, never changed
    RUN/log.jsonl                one JSON object a step
    RUN/checkpoints/000040-<16 hex>.ckpt   the state after step 40; the name carries the start of its SHA-256
    RUN/previews/000040.png      pictures on the way
    RUN/outputs/..               what the engine leaves beside the pattern, written at the end
    RUN/done.json                the end: how many steps, and why it ended

Killed at any moment, the newest checkpoint whose name fits its bytes is whole: each is written beside,
flushed to the disk and renamed. The log is cut back to the checkpoint on resuming, so a finished run's files
do not tell whether it was ever interrupted. The bytes of a checkpoint belong to the engine.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import MissingError, OutputError, OutputExistsError

MANIFEST, LOG, DONE = "manifest.json", "log.jsonl", "done.json"
KEPT = 2
"""Checkpoints kept: the newest, and the one before it."""


@dataclass(frozen=True, slots=True)
class Run:
    """One folder. Make it with ``create`` or ``open_run``; every method raises OutputError where the disk
    refuses.
    """

    folder: Path

    @property
    def manifest(self) -> dict[str, Any]:
        """What was asked. Raises MissingError where it cannot be read."""
        return read_manifest(self.folder)

    @property
    def home(self) -> Path:
        """What ``pixl resume`` is given: this folder, or the one around it where this is a part of a larger run."""
        inner = not (self.folder / MANIFEST).is_file() and (self.folder.parent / MANIFEST).is_file()
        return self.folder.parent if inner else self.folder

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return (self.folder / DONE).is_file()

    def save(self, step: int, state: bytes) -> Path:
        """Keep ``state`` as the checkpoint after ``step``; older ones but one are removed once it is on the
        disk.
        """
        folder = self.folder / "checkpoints"
        path = folder / f"{step:06d}-{_digest(state)}.ckpt"
        with _plain_errors(path):
            folder.mkdir(exist_ok=True)
            write_whole(path, state)
            for old in sorted(folder.glob("*.ckpt"))[:-KEPT]:
                old.unlink(missing_ok=True)
            for half in folder.glob(".*.part"):
                half.unlink(missing_ok=True)
        return path

    def latest(self) -> tuple[int, bytes] | None:
        """The newest whole checkpoint, (step, bytes), or None. Files that do not fit their name are passed
        over.
        """
        for path in sorted((self.folder / "checkpoints").glob("*.ckpt"), reverse=True):
            step, _, digest = path.stem.partition("-")
            with contextlib.suppress(OSError):
                state = path.read_bytes()
                if step.isdecimal() and _digest(state) == digest:
                    return int(step), state
        return None

    def log(self, values: Mapping[str, Any]) -> None:
        """Append one object, with its ``step`` first."""
        with _plain_errors(self.folder / LOG), (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(values, separators=(",", ":")) + "\n")

    def records(self) -> list[dict[str, Any]]:
        """The log's whole lines."""
        path = self.folder / LOG
        out: list[dict[str, Any]] = []
        if path.is_file():
            for line in path.read_text("utf-8", "replace").splitlines():
                with contextlib.suppress(ValueError):
                    value = json.loads(line)
                    if isinstance(value, dict) and isinstance(value.get("step"), int):
                        out.append(value)
        return out

    def cut_back(self, step: int) -> None:
        """Forget log lines and previews after ``step``: they will be made again."""
        with _plain_errors(self.folder):
            lines = [json.dumps(value, separators=(",", ":")) for value in self.records() if value["step"] <= step]
            write_whole(self.folder / LOG, "".join(f"{line}\n" for line in lines).encode())
            for path in (self.folder / "previews").glob("*.png"):
                if path.stem.isdecimal() and int(path.stem) > step:
                    path.unlink(missing_ok=True)
            (self.folder / DONE).unlink(missing_ok=True)

    def preview(self, step: int, png: bytes) -> None:
        """Keep a picture of the state after ``step``."""
        folder = self.folder / "previews"
        with _plain_errors(folder):
            folder.mkdir(exist_ok=True)
            write_whole(folder / f"{step:06d}.png", png)

    def previews(self) -> list[tuple[int, bytes]]:
        """(step, PNG) in order."""
        found = sorted((self.folder / "previews").glob("*.png"))
        return [(int(path.stem), path.read_bytes()) for path in found if path.stem.isdecimal()]

    def finish(self, files: Mapping[str, bytes], values: Mapping[str, Any]) -> None:
        """Write the outputs, then the mark that the run has ended."""
        with _plain_errors(self.folder):
            for name, data in sorted(files.items()):
                path = self.folder / "outputs" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, data)
            write_whole(self.folder / DONE, json.dumps(dict(values), indent=1, sort_keys=True).encode())

    def outputs(self) -> dict[str, bytes]:
        """Relative name -> bytes of what ``finish`` wrote."""
        root = self.folder / "outputs"
        return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def create_run(folder: Path, manifest: Mapping[str, Any]) -> Run:
    """A new run folder. Raises OutputExistsError where one is there, OutputError where it cannot be made."""
    if (folder / MANIFEST).exists():
        raise OutputExistsError(
            f"'{folder}' holds a run already", hint=f"go on with: pixl resume {folder}, or remove the folder"
        )
    if folder.exists() and any(folder.iterdir()):
        raise OutputExistsError(f"'{folder}' is not empty", hint="choose another folder for the run")
    with _plain_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / MANIFEST, json.dumps(dict(manifest), indent=1, ensure_ascii=False).encode())
    return Run(folder)


def open_run(folder: Path) -> Run:
    """A run that exists. Raises MissingError."""
    read_manifest(folder)
    return Run(folder)


def read_manifest(folder: Path) -> dict[str, Any]:
    """RUN/manifest.json. Raises MissingError."""
    try:
        value = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        value = None
    if not isinstance(value, dict):
        raise MissingError(
            f"'{folder}' holds no run: its {MANIFEST} is missing or unreadable",
            hint="give the folder that the interrupted command named",
        )
    return value


def write_whole(path: Path, data: bytes) -> None:
    """The whole file or none of it: written beside, flushed, renamed, and the folder flushed."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # some systems cannot open a folder; the rename stands all the same
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _digest(state: bytes) -> str:
    return hashlib.sha256(state).hexdigest()[:16]


@contextlib.contextmanager
def _plain_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"'{target}' cannot be written: {error.strerror or error}",
            hint="check the free space and the permissions; the last checkpoint is whole",
        ) from None
