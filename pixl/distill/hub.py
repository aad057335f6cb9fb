"""Models on this machine: pulled from the hub into its own cache, found there, removed again.

Making a picture never goes to the network: only ``pull`` does, and never with HF_HUB_OFFLINE or --offline.
Every pull is of one revision, safetensors only, the fewest files that serve, checked after it arrived; what
was taken is kept in a small record, so that an unpinned model stays at the revision it was first pulled at.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pixl.distill.models import ModelRow, all_rows
from pixl.distill.wanted import choose_files, choose_weights, is_network
from pixl.errors import MissingExtraError, ModelMissingError, OutputError, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What was pulled for a row: its repository, the revision (40 hex digits), and each file's bytes."""

    name: str
    repo: str
    revision: str
    files: dict[str, int]

    @property
    def folder(self) -> Path:
        """The snapshot in the hub's cache."""
        return repo_folder(self.repo) / "snapshots" / self.revision


# -- places


def cache_folder() -> Path:
    """The hub library's cache, by its own environment variables; shared with every other program that uses
    it.
    """
    for name, below in (("HF_HUB_CACHE", ""), ("HUGGINGFACE_HUB_CACHE", ""), ("HF_HOME", "hub")):
        value = os.environ.get(name)
        if value:
            return Path(value).expanduser() / below
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "huggingface" / "hub"


def repo_folder(repo: str) -> Path:
    """A repository's folder in the cache."""
    return cache_folder() / f"models--{repo.replace('/', '--')}"


def record_path() -> Path:
    """Where the record of pulls is kept."""
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "pixl" / "models.json"


def records() -> dict[str, Pulled]:
    """The record by row name; what cannot be read counts as nothing."""
    try:
        values = json.loads(record_path().read_text("utf-8"))
        return {name: Pulled(**value) for name, value in values.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _keep(pulled: Mapping[str, Pulled]) -> None:
    from pixl.run import write_whole

    path = record_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({name: asdict(one) for name, one in sorted(pulled.items())}, indent=1)
        write_whole(path, text.encode())
    except OSError as error:
        raise OutputError(
            f"'{path}' cannot be written: {error.strerror or error}", hint="check the permissions of that folder"
        ) from None


# -- what is here


def where(row: ModelRow) -> Path | None:
    """The folder that holds all of ``row``, or None: its recorded revision, its pinned one, the cache's
    current one, or any other that is whole."""
    folder = repo_folder(row.repo)
    snapshots = folder / "snapshots"
    kept = records().get(row.name)
    names = [kept.revision] if kept is not None else []
    if row.pinned:
        names.append(row.revision)
    else:
        with contextlib.suppress(OSError):
            names.append((folder / "refs" / "main").read_text("utf-8").strip())
        names += sorted(path.name for path in snapshots.glob("*"))
    for name in names:
        if name and is_whole(snapshots / name, row):
            return snapshots / name
    return None


def is_whole(folder: Path, row: ModelRow) -> bool:
    """Whether ``folder`` has every part of ``row``, by the files' names."""
    if row.files:
        return all((folder / name).is_file() for name in row.files)
    if not folder.is_dir():
        return False
    for part in row.parts:
        inside = [path.name for path in (folder / part).glob("*") if path.is_file()]
        if not inside or (is_network(part) and (not choose_weights(inside) or "config.json" not in inside)):
            return False
    return row.role != "prior" or (folder / "scheduler" / "scheduler_config.json").is_file()


def need(row: ModelRow) -> Path:
    """``where``, or ModelMissingError with the command that pulls it."""
    found = where(row)
    if found is None:
        raise ModelMissingError(
            f"the model {row.name} ({row.repo}, {row.gb:g} GB) is not on this machine",
            hint=f"get it with: pixl models pull {row.name}",
        )
    return found


# -- pulling


def offline() -> bool:
    """Whether the environment forbids the network."""
    return any(os.environ.get(name, "").strip().upper() in ("1", "TRUE", "YES", "ON") for name in _OFFLINE)


_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "PIXL_OFFLINE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What pulling a row would bring: the revision, and the files by name with their bytes; ``missing``
    bytes are not in the cache yet."""

    row: ModelRow
    revision: str
    files: dict[str, int]

    @property
    def missing(self) -> int:
        """Bytes to download."""
        folder = repo_folder(self.row.repo) / "snapshots" / self.revision
        return sum(size for name, size in self.files.items() if not _has(folder / name, size))


def plan_pull(row: ModelRow, *, revision: str = "") -> Plan:
    """Ask the hub which revision and which files. Raises ModelMissingError for whatever keeps it from
    answering.
    """
    hub = _hub(row)
    kept = records().get(row.name)
    wanted = revision or row.revision or (kept.revision if kept is not None else "") or "main"
    try:
        info = hub.HfApi().model_info(row.repo, revision=wanted, files_metadata=True)
    except Exception as error:
        raise _sentence(error, row, wanted) from None
    if not info.sha:
        raise ModelMissingError(f"the hub does not say which revision of {row.repo} this is", hint="try again")
    listing = {one.rfilename: int(one.size or 0) for one in info.siblings or ()}
    names = choose_files(listing, row)
    return Plan(row=row, revision=str(info.sha), files={name: listing[name] for name in names})


def pull(plan: Plan, *, quiet: bool = False) -> Pulled:
    """Download what is missing, check it, record it. Files that are whole are kept; a broken one is fetched
    once more.

    Raises ModelMissingError naming the file that did not arrive whole, OutputError where the disk is full.
    """
    row = plan.row
    folder = repo_folder(row.repo) / "snapshots" / plan.revision
    if broken(folder, plan.files):
        _download(plan, folder, quiet=quiet)
    pulled = Pulled(name=row.name, repo=row.repo, revision=plan.revision, files=plan.files)
    _keep({**records(), row.name: pulled})
    return pulled


def _download(plan: Plan, folder: Path, *, quiet: bool) -> None:
    row = plan.row
    hub = _hub(row)
    (hub.utils.disable_progress_bars if quiet else hub.utils.enable_progress_bars)()
    try:
        patterns = [_literal(name) for name in plan.files]
        hub.snapshot_download(row.repo, revision=plan.revision, allow_patterns=patterns, max_workers=4)
        for name in broken(folder, plan.files):
            hub.hf_hub_download(row.repo, name, revision=plan.revision, force_download=True)
    except Exception as error:
        raise _sentence(error, row, plan.revision) from None
    for name in broken(folder, plan.files):
        raise ModelMissingError(
            f"'{name}' of {row.repo} did not arrive whole, twice", hint=f"try again later: pixl models pull {row.name}"
        )


def broken(folder: Path, files: Mapping[str, int]) -> list[str]:
    """Files that are missing, of another size, or safetensors whose header speaks of other bytes."""
    return [name for name, size in files.items() if not _has(folder / name, size)]


def _has(path: Path, size: int) -> bool:
    try:
        if size and path.stat().st_size != size:
            return False
        return path.is_file() and (path.suffix != ".safetensors" or safetensors_is_whole(path))
    except OSError:
        return False


def safetensors_is_whole(path: Path) -> bool:
    """Whether the file is as long as its header says (eight bytes of length, JSON, then the tensors)."""
    total = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        if len(start) < 8:
            return False
        (length,) = struct.unpack("<Q", start)
        if length > min(total, 100_000_000):
            return False
        try:
            header: dict[str, Any] = json.loads(file.read(length))
            ends = [value["data_offsets"][1] for name, value in header.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, IndexError):
            return False
    return bool(8 + length + max(ends, default=0) == total)


def _hub(row: ModelRow) -> Any:
    if offline():
        raise ModelMissingError(
            f"the model {row.name} cannot be pulled offline", hint="leave out --offline, or unset HF_HUB_OFFLINE"
        )
    try:
        import huggingface_hub
    except ImportError:
        raise MissingExtraError(
            "pulling models needs huggingface_hub, which is not here",
            hint="install the extra: pip install 'pixl-craft[diffusion]'",
        ) from None
    return huggingface_hub


def _literal(name: str) -> str:
    """A pattern that matches this name alone."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _sentence(error: Exception, row: ModelRow, revision: str) -> Exception:
    """What the hub's library raised, as a sentence."""
    if isinstance(error, ModelMissingError | OutputError):
        return error
    kind = type(error).__name__
    said = (str(error).strip().splitlines() or [kind])[0][:200]
    again = f"pixl models pull {row.name}"
    if kind == "GatedRepoError":
        return ModelMissingError(
            f"{row.repo} is gated: its licence must be accepted first",
            hint=f"accept it at {row.url}, log in with: hf auth login, then: {again}",
        )
    if kind == "RevisionNotFoundError":
        return ModelMissingError(
            f"the hub has no revision {revision} of {row.repo}", hint=f"take the current one: {again} --revision main"
        )
    if kind in ("RepositoryNotFoundError", "LocalTokenNotFoundError"):
        return ModelMissingError(
            f"the hub has no {row.repo}, or shows it only to those logged in", hint=f"see {row.url}; hf auth login"
        )
    if kind in ("EntryNotFoundError", "RemoteEntryNotFoundError"):
        return ModelMissingError(f"a file of {row.repo} is gone from the hub: {said}", hint=f"see {row.url}")
    if isinstance(error, OSError) and error.errno == 28:
        return OutputError(
            f"there is no room for {row.name} in '{cache_folder()}'", hint="free some, or set HF_HUB_CACHE"
        )
    if "Consistency check" in said or "size" in said.casefold():
        return ModelMissingError(f"a file of {row.repo} arrived cut short: {said}", hint=f"go on with: {again}")
    return ModelMissingError(
        f"{row.repo} could not be pulled: {kind}: {said}", hint=f"check the connection, then go on with: {again}"
    )


# -- removing


def remove(row: ModelRow) -> int:
    """Take ``row``'s files out of the cache; the bytes that were freed. Raises ModelMissingError where it is
    not here.

    Files that another pulled row uses too stay, and so does every repository that pixl did not pull.
    """
    kept = records()
    folder = where(row)
    if folder is None:
        raise ModelMissingError(f"the model {row.name} is not on this machine", hint="see: pixl models list")
    mine = kept.get(row.name)
    names = list(mine.files) if mine is not None else _all_of(folder, row)
    others = [one for name, one in kept.items() if name != row.name and one.folder == folder]
    shared = {name for one in others for name in one.files}
    freed = sum(_unlink(folder, folder / name) for name in names if name not in shared)
    _prune(repo_folder(row.repo))
    _keep({name: one for name, one in kept.items() if name != row.name})
    return freed


def users_of(row: ModelRow) -> list[str]:
    """Pulled rows that need ``row``."""
    kept = records()
    return [one.name for one in all_rows() if row.name in one.requires and one.name in kept]


def _all_of(folder: Path, row: ModelRow) -> list[str]:
    listing = {path.relative_to(folder).as_posix(): 0 for path in folder.rglob("*") if path.is_file()}
    return choose_files(listing, row)


def _unlink(snapshot: Path, path: Path) -> int:
    """Remove a snapshot's file and, where nothing else points to it, its blob; the bytes freed."""
    if not path.exists() and not path.is_symlink():
        return 0
    blob = path.resolve()
    size = blob.stat().st_size if blob.is_file() else 0
    linked = path.is_symlink()
    path.unlink()
    if not linked:
        return size
    for other in snapshot.parent.rglob("*"):
        if other.is_symlink() and other.resolve() == blob:
            return 0
    blob.unlink(missing_ok=True)
    return size


def _prune(folder: Path) -> None:
    """Remove empty snapshot folders, and the repository's folder once no snapshot is left."""
    import shutil

    snapshots = folder / "snapshots"
    for path in sorted(snapshots.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    if snapshots.is_dir() and not any(snapshots.iterdir()):
        shutil.rmtree(folder, ignore_errors=True)


def check_revision(text: str) -> str:
    """A revision as typed: a branch, a tag or a hash. Raises UsageError."""
    text = text.strip()
    if text and not all(c.isalnum() or c in "._-/" for c in text):
        raise UsageError(f"'{text}' is not a revision", hint="use 40 hex digits, a branch or a tag")
    return text
