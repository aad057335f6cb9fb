"""The one writer of files: the overwrite rule, one rename, and nothing half-written when it is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pixl.errors import OutputError, OutputExistsError
from pixl.output import MARK, write_file, write_folder

FILES = {MARK: b"{}", "a.txt": b"one", "layers/b.txt": b"two"}


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_folder_is_written_whole(tmp_path: Path) -> None:
    paths = write_folder(tmp_path / "out", FILES)
    assert tree(tmp_path / "out") == FILES
    assert [path.name for path in paths] == ["a.txt", "b.txt", MARK]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_nothing_is_overwritten_without_force(tmp_path: Path) -> None:
    write_folder(tmp_path / "out", FILES)
    with pytest.raises(OutputExistsError, match="exists") as caught:
        write_folder(tmp_path / "out", {MARK: b"new"})
    assert caught.value.exit_code == 5
    assert tree(tmp_path / "out") == FILES
    write_folder(tmp_path / "out", {MARK: b"new"}, force=True)
    assert tree(tmp_path / "out") == {MARK: b"new"}
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_force_never_replaces_a_folder_of_others(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(OutputExistsError, match="not a folder that pixl made"):
        write_folder(tmp_path / "thesis", FILES, force=True)
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"
    (tmp_path / "link").symlink_to(tmp_path / "thesis")
    with pytest.raises(OutputExistsError):
        write_folder(tmp_path / "link", FILES, force=True)


def test_one_file(tmp_path: Path) -> None:
    write_file(tmp_path / "a.svg", b"1")
    with pytest.raises(OutputExistsError):
        write_file(tmp_path / "a.svg", b"2")
    write_file(tmp_path / "a.svg", b"2", force=True)
    assert (tmp_path / "a.svg").read_bytes() == b"2"
    assert [p.name for p in tmp_path.iterdir()] == ["a.svg"]


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no folder"):
        write_folder(tmp_path / "no" / "such", FILES)
    with pytest.raises(OutputError, match="does not lie inside"):
        write_folder(tmp_path / "out", {"../escape.txt": b""})
    with pytest.raises(OutputError, match="does not lie inside"):
        write_folder(tmp_path / "out", {"/etc/escape.txt": b""})
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync
    calls = []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_folder(tmp_path / "out", FILES)
    assert list(tmp_path.iterdir()) == []


SCRIPT = """
import sys, pathlib
sys.path[:0] = {path!r}
from pixl.output import write_folder
print("ready", flush=True)
sys.stdin.readline()
files = {{"pattern.pixl": b"{{}}", **{{f"{{i:02d}}.bin": bytes([i]) * 40000 for i in range(30)}}}}
write_folder(pathlib.Path({folder!r}), files, force={force})
"""


@pytest.mark.parametrize("force", [False, True])
def test_killed_at_seeded_moments_it_leaves_nothing_or_all(tmp_path: Path, force: bool) -> None:
    folder = tmp_path / "out"
    old = {MARK: b"old"}
    rng = random.Random(7)
    seen = set()
    for _ in range(25):
        if force:
            write_folder(folder, old, force=True)
        code = SCRIPT.format(path=sys.path, folder=str(folder), force=force)
        process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        process.stdin.write(b"\n")
        process.stdin.flush()
        time.sleep(rng.uniform(0.0, 0.03))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdin.close()
        process.stdout.close()
        if folder.exists():
            content = tree(folder)
            assert content == old or len(content) == 31
            seen.add(len(content))
        else:
            assert not force
            seen.add(0)
        write_folder(folder, old, force=True)  # the next run works and sweeps what was left
        assert tree(folder) == old
        assert [p.name for p in tmp_path.iterdir()] == ["out"]
        if not force:
            (folder / MARK).unlink()
            folder.rmdir()
    assert seen
