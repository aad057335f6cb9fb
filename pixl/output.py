"""The one place that writes files: overwrite rule, temporary sibling, one rename, nothing half-written."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from .errors import OutputError, OutputExistsError

MARK = "pattern.pixl"
"""Every folder that pixl writes holds this file; ``--force`` swaps only such a folder."""


def check_target(target: Path, *, force: bool) -> None:
    """Refuse early, before any work is done. Raises OutputExistsError or OutputError."""
    if not target.parent.is_dir():
        raise OutputError(f"there is no folder '{target.parent}'", hint="make it first, or choose another with -o")
    if not (target.exists() or target.is_symlink()):
        return
    if not force:
        raise OutputExistsError(f"'{target}' exists", hint="add --force to replace it, or choose another with -o")
    if target.is_symlink() or (target.is_dir() and not _is_ours(target)):
        raise OutputExistsError(
            f"'{target}' is not a folder that pixl made, so it is not replaced",
            hint="choose another folder with -o",
        )


def _is_ours(folder: Path) -> bool:
    return (folder / MARK).is_file() or not any(folder.iterdir())


def write_folder(folder: Path, files: Mapping[str, bytes], *, force: bool = False) -> list[Path]:
    """Write ``files`` (relative name -> bytes) as one new folder, by one rename; returns the paths, sorted by name.

    Killed at any moment, this leaves the old state or the whole new folder (and perhaps a hidden ``.part`` sibling,
    which the next run removes). Raises OutputExistsError, OutputError.
    """
    check_target(folder, force=force)
    if folder.is_file():
        raise OutputExistsError(f"'{folder}' is a file", hint="choose a folder with -o")
    _sweep(folder)
    part = folder.with_name(f".{folder.name}.part-{os.getpid()}")
    try:
        with _plain_errors(folder):
            part.mkdir()
            for name, data in sorted(files.items()):
                path = part / _inside(name)
                path.parent.mkdir(parents=True, exist_ok=True)
                _write(path, data)
            if folder.exists():
                _swap(part, folder)
            else:
                part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return [folder / name for name in sorted(files)]


def write_file(path: Path, data: bytes, *, force: bool = False) -> Path:
    """Write one file by one rename. Raises OutputExistsError, OutputError."""
    check_target(path, force=force)
    if path.is_dir():
        raise OutputExistsError(f"'{path}' is a folder", hint="give a file name with -o")
    part = path.with_name(f".{path.name}.part-{os.getpid()}")
    try:
        with _plain_errors(path):
            _write(part, data)
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _inside(name: str) -> Path:
    relative = Path(name)
    if relative.is_absolute() or ".." in relative.parts or not relative.parts:
        raise OutputError(f"'{name}' does not lie inside the output folder", hint="report this as a bug")
    return relative


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _swap(new: Path, old: Path) -> None:
    """Exchange two folders: in one system call where Linux has it, else by two renames."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        exchange, at_cwd = 2, -100  # RENAME_EXCHANGE, AT_FDCWD: renameat2(2)
        with contextlib.suppress(AttributeError):
            if libc.renameat2(at_cwd, os.fsencode(new), at_cwd, os.fsencode(old), exchange) == 0:
                return
    aside = old.with_name(f".{old.name}.old-{os.getpid()}")
    old.rename(aside)
    new.rename(old)
    aside.rename(new)


def _sweep(folder: Path) -> None:
    """Remove what a killed run left beside the folder."""
    for stale in folder.parent.glob(f".{_glob_safe(folder.name)}.part-*"):
        pid = stale.name.rpartition("-")[2]
        if pid.isdecimal() and not _alive(int(pid)):
            shutil.rmtree(stale, ignore_errors=True)


def _glob_safe(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@contextlib.contextmanager
def _plain_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, OutputError | OutputExistsError):
            raise
        raise OutputError(
            f"'{target}' cannot be written: {error.strerror or error}",
            hint="check the free space and the permissions",
        ) from None
