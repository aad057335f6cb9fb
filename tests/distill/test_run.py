"""The run folder: what survives a kill at any moment, and what a broken file does. No torch is needed
here.
"""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from pixl import run as runs
from pixl.errors import MissingError, OutputError, OutputExistsError
from pixl.run import create_run, open_run


def test_a_run_keeps_what_it_is_given(tmp_path: Path) -> None:
    run = create_run(tmp_path / "r", {"prompt": "Fuchs – ß", "size": [3, 4]})
    assert open_run(tmp_path / "r").manifest == {"prompt": "Fuchs – ß", "size": [3, 4]}
    assert run.latest() is None
    run.save(5, b"five")
    run.save(10, b"ten")
    run.save(15, b"fifteen")
    assert run.latest() == (15, b"fifteen")
    assert len(list((run.folder / "checkpoints").iterdir())) == 2
    run.log({"step": 1, "x": 2})
    run.log({"step": 2, "x": 3})
    run.preview(1, b"p1")
    run.preview(2, b"p2")
    assert [r["x"] for r in run.records()] == [2, 3]
    assert run.previews() == [(1, b"p1"), (2, b"p2")]
    assert not run.finished
    run.finish({"a.txt": b"a", "layers/b.txt": b"b"}, {"steps": 2})
    assert run.finished
    assert run.outputs() == {"a.txt": b"a", "layers/b.txt": b"b"}
    run.cut_back(1)
    assert [r["step"] for r in run.records()] == [1]
    assert run.previews() == [(1, b"p1")]
    assert not run.finished


def test_a_checkpoint_that_does_not_fit_its_name_is_passed_over(tmp_path: Path) -> None:
    run = create_run(tmp_path / "r", {})
    run.save(1, b"one" * 100)
    newest = run.save(2, b"two" * 100)
    for broken in (b"two" * 99, b"", b"tvo" * 100):
        newest.write_bytes(broken)
        assert run.latest() == (1, b"one" * 100)
    (run.folder / "checkpoints" / "zzz.ckpt").write_bytes(b"?")
    (run.folder / "checkpoints" / ".000003-x.ckpt.part").write_bytes(b"half")
    assert run.latest() == (1, b"one" * 100)
    run.save(3, b"three")
    assert not list((run.folder / "checkpoints").glob(".*"))


def test_a_half_written_log_line_is_dropped(tmp_path: Path) -> None:
    run = create_run(tmp_path / "r", {})
    run.log({"step": 1})
    with (run.folder / runs.LOG).open("a") as file:
        file.write('{"step": 2, "lo')
    assert run.records() == [{"step": 1}]
    run.cut_back(5)
    run.log({"step": 2})
    assert [r["step"] for r in run.records()] == [1, 2]


def test_folders_that_are_in_the_way_or_are_no_run(tmp_path: Path) -> None:
    create_run(tmp_path / "r", {})
    with pytest.raises(OutputExistsError, match="holds a run") as caught:
        create_run(tmp_path / "r", {})
    assert "pixl resume" in caught.value.hint
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    with pytest.raises(OutputExistsError, match="not empty"):
        create_run(tmp_path / "full", {})
    for text in (None, "{", "[]"):
        folder = tmp_path / f"bad{text}"
        folder.mkdir()
        if text is not None:
            (folder / runs.MANIFEST).write_text(text)
        with pytest.raises(MissingError, match="holds no run"):
            open_run(folder)


def test_a_full_disk_leaves_the_last_checkpoint_and_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create_run(tmp_path / "r", {})
    run.save(1, b"one")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    actions: list[Any] = [
        lambda: run.save(2, b"two"),
        lambda: run.preview(2, b"p"),
        lambda: run.finish({"a": b"a"}, {}),
        lambda: run.cut_back(1),
        lambda: create_run(tmp_path / "other", {}),
    ]
    for action in actions:
        with pytest.raises(OutputError, match="No space left") as caught:
            action()
        assert "last checkpoint is whole" in caught.value.hint
    monkeypatch.undo()
    assert run.latest() == (1, b"one")
    assert not run.finished
    assert not list(run.folder.rglob("*.part"))


def test_the_log_is_json_lines(tmp_path: Path) -> None:
    run = create_run(tmp_path / "r", {})
    run.log({"step": 1, "loss": {"sds": 0.5}})
    (line,) = (run.folder / runs.LOG).read_text().splitlines()
    assert json.loads(line) == {"step": 1, "loss": {"sds": 0.5}}


def test_a_part_of_a_run_names_the_whole(tmp_path: Path) -> None:
    run = create_run(tmp_path / "r", {})
    part = runs.Run(run.folder / "variation-1")
    part.folder.mkdir()
    assert part.home == run.home == run.folder
    assert runs.Run(tmp_path / "alone").home == tmp_path / "alone"
