"""What a person types, what comes out, and what is said when it cannot."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

from pixl.document import Document

Run = Callable[..., Any]


def test_brick_makes_a_whole_folder(pixl: Run) -> None:
    done = pixl("brick", "photo.png", "--size", "18x12")
    assert done.code == 0, done.err
    folder = Path("photo-brick-18x12")
    assert done.out == f"{folder}\n"
    names = {path.name for path in folder.iterdir()}
    assert {"pattern.pixl", "preview.png", "parts.csv", "instructions.pdf"} <= names
    assert {path.suffix for path in folder.iterdir()} >= {".mpd", ".xml", ".csv", ".pdf", ".png"}
    assert "18 x 12 studs" in done.err
    assert "open next" in done.err
    document = Document.from_bytes((folder / "pattern.pixl").read_bytes())
    assert (document.pattern.width, document.pattern.height, document.craft) == (18, 12, "brick")
    assert document.recipe.photo_sha256
    assert "photo.png" not in (folder / "pattern.pixl").read_text()


def test_the_same_job_gives_the_same_bytes(pixl: Run) -> None:
    for name in ("a", "b"):
        assert pixl("brick", "photo.png", "--size", "16x", "-f", "all", "-o", name).code == 0
    first, second = ({p.name: p.read_bytes() for p in sorted(Path(n).rglob("*")) if p.is_file()} for n in "ab")
    assert first == second
    assert len(first) > 10


def test_a_dry_run_writes_nothing_and_says_everything(pixl: Run) -> None:
    done = pixl("brick", "photo.png", "--size", "48x48", "-n")
    assert done.code == 0
    assert done.out == ""
    assert sorted(path.name for path in Path().iterdir()) == ["photo.png"]
    for word in ("48 x 48 studs", "384 mm", "pieces", "lots", "weight", "outside", "nothing written"):
        assert word in done.err


def test_json_is_one_object(pixl: Run) -> None:
    done = pixl("brick", "photo.png", "--size", "8x8", "--json", "-o", "out")
    assert done.code == 0
    assert done.err == ""
    assert done.json["size"] == [8, 8]
    assert done.json["pieces"] == 64
    assert all(Path(name).is_file() for name in done.json["files"])
    failed = pixl("brick", "photo.png", "--size", "8x8", "--json", "-o", "out")
    assert failed.code == 5
    assert failed.json["error"]["code"] == "exists"
    assert failed.json["error"]["hint"]
    assert pixl("brick", "--json").json["error"]["code"] == "usage"
    assert pixl("brick", "photo.png", "--colours", "4", "--json").json["error"]["code"] == "usage"
    assert "'--colors'" in pixl("brick", "photo.png", "--colors", "0", "--json").json["error"]["what"]


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["brick"], 2, "neither a photo nor a prompt"),
        (["brick", "nowhere.jpg"], 3, "no picture 'nowhere.jpg'"),
        (["brick", "photo.png", "--size", "huge"], 2, "not a size"),
        (["brick", "photo.png", "--size", "0x4"], 2, "not a size"),
        (["brick", "photo.png", "--palette", "legos"], 2, "no palette 'legos'"),
        (["brick", "photo.png", "--only", "Brigt Red"], 2, "Bright Red"),
        (["brick", "photo.png", "--only", "Dark Green"], 2, "names 2 colours"),
        (["brick", "photo.png", "--fit", "squash"], 2, "not a fit"),
        (["brick", "photo.png", "--crop", "1,2"], 2, "not a crop"),
        (["brick", "photo.png", "--background", "mauve"], 2, "not a colour"),
        (["brick", "photo.png", "--style", "baroque"], 2, "not a style"),
        (["brick", "photo.png", "--engine", "magic"], 2, "no engine"),
        (["brick", "photo.png", "--guidance", "4", "--gif"], 2, "--guidance, --gif mean nothing to this engine"),
        (["brick", "photo.png", "-f", "docx"], 2, "no format 'docx'"),
        (["brick", "photo.png", "-o", "a.docx"], 2, "no single .docx"),
        (["brick", "photo.png", "-o", "no/such/folder"], 4, "no folder"),
        (["brick", "photo.png", "--part", "wheel"], 2, "wheel"),
        (["brick", "photo.png", "--have", "00000"], 2, "00000"),
        (["brick", "photo.png", "--paper", "foolscap"], 2, "not a paper"),
        (["export", "photo.png", "-f", "svg"], 3, "no pixl document"),
        (["export", "nowhere.pixl"], 3, "nowhere.pixl"),
        (["formats", "knitting"], 2, "not a craft"),
    ],
)
def test_wrong_inputs_get_a_sentence(pixl: Run, args: list[str], code: int, says: str) -> None:
    done = pixl(*args)
    assert done.code == code, done.err
    assert says in " ".join(done.err.split())
    assert "Traceback" not in done.err
    assert sorted(path.name for path in Path().iterdir()) == ["photo.png"]


def test_one_file_by_its_suffix(pixl: Run) -> None:
    assert pixl("brick", "photo.png", "--size", "8x8", "-o", "wall.mpd").out == "wall.mpd\n"
    assert Path("wall.mpd").read_bytes().startswith(b"0 FILE")
    assert pixl("pixel", "photo.png", "--size", "8x8", "-o", "p.pixl").code == 0
    assert Document.from_bytes(Path("p.pixl").read_bytes()).craft == "pixel"


def test_export_makes_any_format_again(pixl: Run) -> None:
    assert pixl("brick", "photo.png", "--size", "8x8", "-o", "out").code == 0
    assert pixl("export", "out/pattern.pixl", "-o", "again").code == 0
    for path in Path("again").rglob("*.*"):
        twin = Path("out") / path.relative_to("again")
        assert path.read_bytes() == twin.read_bytes(), path.name
    assert pixl("export", "out/preview.png", "-o", "grid.svg", "-f", "svg").code == 0
    assert Path("grid.svg").read_bytes().startswith(b"<?xml")


def test_the_paper_is_checked_before_the_work(pixl: Run) -> None:
    dry = pixl("brick", "photo.png", "--size", "48x8", "--paper", "a5", "-n")
    assert dry.code == 2
    assert dry.err.startswith("error: 'a5' is not a paper")


def test_what_is_written_unasked_is_told_of_one_craft(pixl: Run) -> None:
    starred = {line.split()[0] for line in pixl("formats", "brick").out.splitlines() if line.endswith("*")}
    assert {"parts", "guide"} <= starred
    assert not {"png", "svg"} & starred
    assert "* written unasked by some crafts" in pixl("formats").out


@pytest.mark.parametrize("craft", ["brick", "bead", "stitch", "pixel"])
def test_what_to_open_next_is_there(pixl: Run, craft: str) -> None:
    for formats in ((), ("-f", "csv")):
        done = pixl(craft, "photo.png", "--size", "8x8", "-o", "out", "--force", *formats)
        assert done.code == 0, done.err
        named = done.err.partition("open next: ")[2].strip()
        assert Path(named).is_file(), named
        assert Path(named).suffix != ".pixl"
    assert pixl(craft, "photo.png", "--size", "8x8", "-n", "-o", "one.png").err.rstrip().endswith("one.png")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_without_the_letters_gets_paths_and_json(pixl: Run, encoding: str) -> None:
    env = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [
        sys.executable,
        "-m",
        "pixl",
        "pixel",
        "photo.png",
        "--size",
        "4x4",
        "-f",
        "csv",
        "--force",
        "-o",
        "写真",
    ]
    done = subprocess.run(command, env=env, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, os.fsencode("写真\n"))
    told = subprocess.run([*command, "--json"], env=env, capture_output=True, check=False)
    assert json.loads(told.stdout.decode(encoding))["files"] == ["写真/grid.csv", "写真/pattern.pixl"]
    assert told.returncode == 0
    again = subprocess.run(
        [*(a for a in command if a != "--force"), "--json"], env=env, capture_output=True, check=False
    )
    assert "写真" in json.loads(again.stdout.decode(encoding))["error"]["what"]
    assert again.returncode == 5


def test_strict_makes_notes_binding(pixl: Run) -> None:
    args = ("brick", "photo.png", "--size", "24x16", "--have", "31197")
    assert pixl(*args, "-o", "loose").code in (0, 6)
    easy = pixl("brick", "photo.png", "--size", "24x16", "--only", "Black,White", "-o", "easy", "--strict")
    assert easy.code == 0, easy.err
    thin = pixl("brick", "photo.png", "--size", "40x40", "--have", "21226", "-o", "short", "--strict")
    assert thin.code in (0, 6)


def test_stock_that_is_too_small_is_planned_and_strict_says_so(pixl: Run) -> None:
    Path("box.csv").write_text("part,color,quantity\n3024,Black,20\n3024,White,20\n")
    done = pixl("brick", "photo.png", "--size", "8x8", "--have", "box.csv", "-o", "out", "--json")
    assert done.code == 0, done.out
    assert done.json["short"] == 24
    again = pixl("brick", "photo.png", "--size", "8x8", "--have", "box.csv", "-o", "out2", "--strict")
    assert again.code == 6
    assert Path("out2/pattern.pixl").is_file()


def test_formats_and_doctor(pixl: Run) -> None:
    rows = pixl("formats", "--json").json["formats"]
    keys = [row["key"] for row in rows]
    named = [(row["key"], craft) for row in rows for craft in row["crafts"]]
    assert len(named) == len(set(named))
    assert {"png", "svg", "csv", "json", "layers", "indexed", "ldraw", "bricklink"} <= set(keys)
    assert "ldraw" in pixl("formats", "brick").out
    assert "ldraw" not in pixl("formats", "pixel").out
    report = pixl("doctor", "--json").json
    assert all(check["mend"] or check["state"] == "ok" for check in report["checks"])


def test_a_plugin_adds_a_format_and_a_broken_one_stops_nothing(pixl: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.metadata

    from pixl_exporters.formats import FormatRow

    row = FormatRow(key="numbers", suffix=".txt", takes="document", target="x:y", summary="numbers")

    class Point:
        def __init__(self, name: str, value: object) -> None:
            self.name, self.value = name, value

        def load(self) -> object:
            if isinstance(self.value, Exception):
                raise self.value
            return self.value

    points = [Point("good", row), Point("bad", ImportError("no such thing")), Point("odd", 3)]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points)
    told = pixl("formats", "--json").json
    assert "numbers" in [listed["key"] for listed in told["formats"]]
    assert len(told["broken"]) == 2


def test_killed_at_fifty_seeded_moments_a_job_leaves_nothing_or_a_whole_folder(pixl: Run, tmp_path: Path) -> None:
    args = ["brick", "photo.png", "--size", "16x16", "-q", "-o", "out"]
    began = time.perf_counter()
    assert pixl(*args).code == 0  # also imports everything that the forks need
    began = time.perf_counter()
    whole = {str(p.relative_to("out")): p.read_bytes() for p in Path("out").rglob("*") if p.is_file()}
    assert pixl(*args, "--force").code == 0
    length = time.perf_counter() - began
    rng = random.Random(11)
    outcomes = {"nothing": 0, "whole": 0}
    for _ in range(50):
        for path in sorted(Path("out").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        if Path("out").exists():
            Path("out").rmdir()
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            pixl(*args)
            os._exit(0)
        time.sleep(rng.uniform(0.2, 1.3) * length)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if Path("out").exists():
            left = {str(p.relative_to("out")): p.read_bytes() for p in Path("out").rglob("*") if p.is_file()}
            assert left == whole
            outcomes["whole"] += 1
        else:
            outcomes["nothing"] += 1
    assert outcomes["nothing"]
    assert pixl(*args, "--force").code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "photo.png"]
    assert sys.platform != "win32"


HOSTILE = '=cmd|"/c calc"!A1 & <script>alert(1)</script> ]]> , ; \n – 你好 🦊 \x1b'


def open_strictly(folder: Path) -> int:
    """Open every file with a strict reader that is not the library that wrote it; how many were opened."""
    from pypdf import PdfReader

    opened = 0
    for path in sorted(folder.rglob("*.*")):
        data = path.read_bytes()
        if path.suffix in (".svg", ".xml", ".oxs"):
            ElementTree.fromstring(data)
        elif path.suffix == ".csv":
            rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), strict=True))
            assert all(cell[:1] not in ("=", "@", "\t") for row in rows for cell in row), path.name
        elif path.suffix in (".json", ".pixl"):
            json.loads(data.decode("utf-8"))
        elif path.suffix == ".pdf":
            reader = PdfReader(io.BytesIO(data), strict=True)
            assert all(page.extract_text() is not None for page in reader.pages)
        elif path.suffix == ".mpd":
            lines = data.decode("utf-8").split("\r\n")
            assert all(not line or line.split(" ")[0] in ("0", "1") for line in lines)
        elif path.suffix == ".png":
            with Image.open(path) as image:
                image.verify()
        elif path.suffix == ".html":
            assert b"<script>alert(1)" not in data
        else:
            raise AssertionError(f"no strict reader for {path.name}")
        opened += 1
    return opened


def test_hostile_titles_go_through_every_format(pixl: Run) -> None:
    done = pixl("brick", "photo.png", "--size", "17x9", "-f", "all", "--title", HOSTILE, "-o", "out")
    assert done.code == 0, done.err
    document = Document.from_bytes(Path("out/pattern.pixl").read_bytes())
    assert document.pattern.title == HOSTILE.strip()
    assert json.loads(Path("out/grid.json").read_text())["title"] == HOSTILE.strip()
    assert open_strictly(Path("out")) > 20


@pytest.mark.parametrize("craft", ["pixel", "bead", "stitch"])
def test_hostile_colour_names_go_through_every_format(pixl: Run, craft: str) -> None:
    with Path("evil.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["code", "name", "hex"])
        for number, (code, shade) in enumerate([("=1+1", "#000000"), ("@x<&>", "#ffffff"), ('"q",;', "#ff0000")]):
            writer.writerow([code, f"{number} {HOSTILE}", shade])
    done = pixl(craft, "photo.png", "--size", "9x7", "--palette", "evil.csv", "-f", "all", "-o", "out")
    assert done.code == 0, done.err
    assert open_strictly(Path("out")) > 5


def test_a_chart_has_thirty_threads_at_most_unless_asked(pixl: Run, samples: Path) -> None:
    usual = pixl("stitch", str(samples / "cat.jpg"), "--size", "40x40", "-n", "--json").json
    more = pixl("stitch", str(samples / "cat.jpg"), "--size", "40x40", "-n", "--json", "--colors", "45").json
    assert usual["colors"] <= 30 < more["colors"] <= 45


def test_a_prompt_beside_a_photo_is_named_as_unused(pixl: Run) -> None:
    done = pixl("pixel", "photo.png", "--prompt", "a red mushroom", "--size", "8x8", "-n")
    assert done.code == 0
    assert "the prompt is not used" in done.err
