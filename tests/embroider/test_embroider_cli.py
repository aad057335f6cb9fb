"""``pixl embroider`` and ``pixl verify`` as a person types them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from pixl.cli.app import app
from pixl.document import Document
from pixl.embedded import read_document
from pixl_exporters.embroider.verify import verify

Run = Callable[..., Any]


@pytest.fixture
def pixl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs in an empty folder that holds ``photo.png``: soft blocks of colour, and the same with a hole."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    blocks = rng.integers(0, 256, (6, 6, 3)).astype(np.uint8)
    large = np.repeat(np.repeat(blocks, 8, 0), 8, 1)
    Image.fromarray(large).save("photo.png")
    Image.fromarray(np.dstack([large, np.where(np.arange(48)[:, None] < 30, 255, 0) * np.ones((1, 48))]).astype(
        np.uint8
    )).save("holes.png")  # fmt: skip

    def run(*args: str) -> Any:
        result = CliRunner().invoke(app, [str(arg) for arg in args], prog_name="pixl")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def made(pixl: Run, *args: str) -> Any:
    result = pixl("embroider", "photo.png", "-o", "out", "--size", "24x24", "--json", "-f", "pes,preview", *args)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_default_folder(pixl: Run) -> None:
    result = pixl("embroider", "photo.png", "-o", "out", "--size", "24x24", "--json")
    told = json.loads(result.stdout)
    names = sorted(path.name for path in Path("out").iterdir())
    assert names == [
        "job-sheet-2.png", "job-sheet.pdf", "job-sheet.png", "pattern.pixl", "photo.dst", "photo.pes", "preview.png",
        "threads.csv",
    ]  # fmt: skip
    for name in ("photo.dst", "photo.pes"):
        verdict = verify(Path("out", name).read_bytes(), name=name)
        assert verdict.problems == verdict.notes == ()
        assert (verdict.stitches, len(verdict.runs)) == (told["stitches"], told["threads"])
    assert told["mm"] == [48.0, 48.0]
    assert len(told["colors"]) <= 8
    rows = list(csv.DictReader(Path("out/threads.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["code"] for row in rows] == [color["code"] for color in told["colors"]]
    assert read_document(Path("out/job-sheet.pdf")) == read_document(Path("out/preview.png"))


def test_the_report_fits_a_screen(pixl: Run) -> None:
    result = pixl("embroider", "photo.png", "-o", "out", "--size", "24x24", "--mode", "fill")
    assert result.exit_code == 0
    assert len(result.stderr.splitlines()) <= 24
    for word in ("stitches", "threads", "trim", "cover", "open next"):
        assert word in result.stderr


def test_every_format_again_from_the_document(pixl: Run) -> None:
    made(pixl)
    result = pixl("export", "out/pattern.pixl", "-f", "pes,pes1,dst,exp,jef,vp3,xxx,holes", "-o", "again")
    assert result.exit_code == 0, result.output
    for path in Path("again").iterdir():
        if path.suffix not in (".pixl", ".png"):
            assert verify(path.read_bytes(), name=path.name).sewable
    assert Path("again/photo.pes").read_bytes() == Path("out/photo.pes").read_bytes()


def test_one_file(pixl: Run) -> None:
    assert pixl("embroider", "photo.png", "-o", "x.vp3", "--size", "16x16").exit_code == 0
    assert verify(Path("x.vp3").read_bytes(), name="x.vp3").sewable


def test_same_bytes_on_a_second_run(pixl: Run) -> None:
    made(pixl)
    first = {path.name: path.read_bytes() for path in Path("out").iterdir()}
    made(pixl, "--force")
    assert first == {path.name: path.read_bytes() for path in Path("out").iterdir()}


def test_machine_decides_formats_and_field(pixl: Run) -> None:
    made_by = pixl("embroider", "photo.png", "-o", "out", "--size", "16x16", "--json", "--machine", "janome-126x110")
    told = json.loads(made_by.stdout)
    assert told["machine"] == "janome-126x110"
    assert {path.suffix for path in Path("out").iterdir()} == {".jef", ".pdf", ".png", ".csv", ".pixl"}
    result = pixl(
        "embroider", "photo.png", "--size", "40x40", "--cell", "3", "--machine", "brother-100x100", "-o", "no"
    )
    assert result.exit_code == 3
    assert "brother-100x100 sews 99.8 x 99.8 mm" in result.stderr
    assert "--cell 2.4" in result.stderr
    assert not Path("no").exists()


def test_cloth_is_not_stitched(pixl: Run) -> None:
    white = Image.new("RGB", (48, 48), (255, 255, 255))
    white.paste((200, 20, 30), (12, 12, 36, 36))
    white.save("photo.png")
    for text in ("#FFFFFF", "0010"):
        told = made(pixl, "--cloth", text, "--style", "crisp", "--force")
        assert [color["hex"] for color in told["colors"]] != []
        assert all(color["hex"] != "#FFFFFA" for color in told["colors"])
        document = Document.from_bytes(Path("out/pattern.pixl").read_bytes())
        assert (document.pattern.index < 0).mean() == pytest.approx(0.75, abs=0.05)
        assert told["mm"] == [24.0, 24.0]
    assert document.options["cloth"] == "#FFFFFA"


def test_transparent_areas_stay_bare(pixl: Run) -> None:
    result = pixl("embroider", "holes.png", "-o", "out", "--size", "24x24", "--json")
    assert json.loads(result.stdout)["mm"][1] < 48


def test_limits_are_met_and_reported(pixl: Run) -> None:
    rng = np.random.default_rng(1)
    Image.fromarray(rng.integers(0, 256, (24, 24, 3)).astype(np.uint8)).save("photo.png")
    free = made(pixl, "--min-island", "1", "--style", "natural")
    few = made(pixl, "--min-island", "1", "--max-trims", "6", "--style", "natural", "--force")
    assert free["trims"] > 6 >= few["trims"]
    quick = made(pixl, "--max-minutes", "8", "--style", "natural", "--force")
    assert quick["minutes"] <= 8
    document = Document.from_bytes(Path("out/pattern.pixl").read_bytes())
    assert "took a neighbour's colour" in document.options["told"]
    filled = made(pixl, "--mode", "fill", "--max-trims", "2", "--style", "natural", "--force")
    assert filled["trims"] <= 2
    assert filled["visible_mm"] == 0


@pytest.mark.parametrize(
    ("args", "code", "word"),
    [
        (["--cell", "1mm"], 2, "out of range"),
        (["--cell", "wide"], 2, "not a length"),
        (["--mode", "satin"], 2, "not a way to sew"),
        (["--layers", "3"], 2, "cannot be sewn"),
        (["--machine", "nonesuch"], 2, "no machine"),
        (["--travel-cap", "far"], 2, "not a travel cap"),
        (["--threads", "isacord40", "--palette", "dmc_threads"], 2, "two charts"),
        (["--cloth", "#12"], 2, "--cloth"),
        (["--cloth", "Nonesuch"], 2, "not a colour"),
        (["--size", "45x45", "--cell", "3.4"], 3, "sews 129.8"),
    ],
)
def test_errors(pixl: Run, args: list[str], code: int, word: str) -> None:
    result = pixl("embroider", "photo.png", "-o", "out", *args)
    assert result.exit_code == code
    assert word in " ".join(result.stderr.split())
    assert not Path("out").exists()


def test_a_cell_between_the_steps_is_rounded_down_and_said(pixl: Run) -> None:
    result = pixl("embroider", "photo.png", "-o", "out", "--size", "16x16", "--cell", "2.5", "-f", "pes")
    assert result.exit_code == 0
    assert "2.4 mm" in result.stderr
    assert "2.5 mm" in result.stderr


def test_charts(pixl: Run) -> None:
    told = made(pixl, "--threads", "dmc_threads", "--colors", "3")
    document = Document.from_bytes(Path("out/pattern.pixl").read_bytes())
    assert document.pattern.palette.id == "dmc_threads"
    assert len(told["colors"]) == 3


def test_repro(pixl: Run) -> None:
    made(pixl, "--mode", "fill", "--cell", "1.8mm", "--max-trims", "5", "--no-underlay", "--machine", "pfaff-150x240")
    result = pixl("repro", "out/pattern.pixl", "photo.png", "--strict")
    assert result.exit_code == 0, result.output


def test_verify(pixl: Run) -> None:
    made(pixl, "-f", "pes,dst")
    result = pixl("verify", "out/photo.pes", "--strict")
    assert result.exit_code == 0
    assert "sewable" in result.stderr
    told = json.loads(pixl("verify", "out/photo.dst", "--json").stdout)
    assert told["sewable"] is True
    assert told["notes"] == []
    data = Path("out/photo.pes").read_bytes()
    Path("cut.pes").write_bytes(data[: len(data) // 2])
    Path("junk.dst").write_bytes(b"junk" * 500)
    Path("other.dst").write_bytes(data)
    Path("empty.exp").write_bytes(b"")
    for name, word in (("cut.pes", "ends inside"), ("junk.dst", "does not begin"), ("other.dst", "bytes are PES"),
                       ("empty.exp", "empty"), ("photo.png", "not a stitch file")):  # fmt: skip
        result = pixl("verify", name)
        assert result.exit_code == 3, name
        assert word in result.stderr
    assert pixl("verify", "nothing.pes").exit_code == 4
    dst = bytearray(Path("out/photo.dst").read_bytes())
    dst[23:30] = b"     12"
    Path("header.dst").write_bytes(bytes(dst))
    result = pixl("verify", "header.dst")
    assert result.exit_code == 0
    assert "stitches in its header" in result.stderr
    assert pixl("verify", "header.dst", "--strict").exit_code == 6


def test_verify_notes_loose_moves(pixl: Run) -> None:
    Path("long.exp").write_bytes(bytes([100, 0, 0, 100, 127, 127, 0x80, 0x04, 127, 0, 5, 5]))
    result = pixl("verify", "long.exp")
    assert result.exit_code == 0
    assert "1 move inside a thread" in result.stderr
