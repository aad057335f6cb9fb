"""``pixl stitch`` from a picture to a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pixl.cli.app import app
from pixl.document import Document


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in ("stitch", *words)])


def test_a_folder_with_everything(samples: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(samples / "cat.jpg", "--size", "30x30", "--colors", "8", "-o", out, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    names = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert names >= {"chart.oxs", "chart.pdf", "chart.png", "floss.csv", "pattern.pixl", "preview.png"}
    assert told["crosses"] == 900 == sum(row["crosses"] for row in told["floss"])
    assert told["colors"] == 8
    document = Document.from_bytes((out / "pattern.pixl").read_bytes())
    assert document.craft == "stitch"
    assert document.pattern.cell.width_mm == pytest.approx(25.4 / 14)


def test_size_on_cloth(samples: Path) -> None:
    told = json.loads(run(samples / "cat.jpg", "--size", "10cmx10cm", "--count", "28/2", "-n", "--json").stdout)
    assert told["size"] == [55, 55]  # 100 mm / 1.814 mm, rounded down
    assert told["size_mm"] == pytest.approx([99.8, 99.8], abs=0.05)
    assert told["strands"] == 2


def test_confetti_budget(samples: Path) -> None:
    words = (samples / "cat.jpg", "--size", "40x40", "--colors", "12", "--style", "natural", "-n", "--json")
    free = json.loads(run(*words).stdout)
    kept = json.loads(run(*words, "--max-confetti", "0.5").stdout)
    assert free["confetti"] > 0.005
    assert kept["confetti"] <= 0.005
    assert kept["confetti_before"] == pytest.approx(free["confetti"])
    assert kept["crosses"] == free["crosses"]


def test_owned_floss(samples: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    words = (samples / "cat.jpg", "--size", "30x30", "--colors", "4", "-n", "--json")
    code = json.loads(run(*words).stdout)["floss"][0]["code"]
    mine.write_text(f"code,count\n{code},1\n")
    told = json.loads(run(*words, "--have", mine).stdout)
    assert told["buy"] == told["skeins"] - 1


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--count", "x"], 2), (["--strands", "13"], 2), (["--max-confetti", "101"], 2), (["--symbols", "x"], 2),
     (["--have", "/nowhere.csv"], 3)],
)  # fmt: skip
def test_what_cannot_be_meant(samples: Path, words: list[str], code: int) -> None:
    result = run(samples / "cat.jpg", "-n", "--json", *words)
    assert result.exit_code == code, result.output
    assert json.loads(result.stdout)["error"]["what"]


def test_an_oxs_chart_of_another_program_becomes_every_format(tmp_path: Path) -> None:
    from test_stitch_oxs import OTHER

    chart = tmp_path / "pumpkin.oxs"
    chart.write_text(OTHER)
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["export", str(chart), "-f", "sheets,floss,oxs", "-o", str(out)])
    assert done.exit_code == 0, done.output
    assert {"chart.pdf", "floss.csv", "chart.oxs", "pattern.pixl"} == {path.name for path in out.iterdir()}
    chart.write_text("<chart/>")
    done = CliRunner().invoke(app, ["export", str(chart), "-f", "floss", "-o", str(tmp_path / "x"), "--json"])
    assert done.exit_code == 3
    assert "pumpkin.oxs" in json.loads(done.stdout)["error"]["what"]


def test_repro_finds_the_same_stitches(samples: Path, tmp_path: Path) -> None:
    out = tmp_path / "chart.pixl"
    words = ("--size", "30x30", "--colors", "6", "--count", "28/2", "--max-confetti", "0.1", "-o", out)
    assert run(samples / "cat.jpg", *words).exit_code == 0
    done = CliRunner().invoke(app, ["repro", str(out), str(samples / "cat.jpg"), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["same"] is True
