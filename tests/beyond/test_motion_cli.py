"""``pixl pixel`` on a folder of frames, a GIF and a video."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from readers import read_apng, read_gif
from typer.testing import CliRunner
from walks import walk

from pixl.cli.app import app
from pixl.document import Document

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def pixl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line, in a folder that holds ``frames/`` (4 pictures) and ``walk.gif`` of the same."""
    monkeypatch.chdir(tmp_path)
    Path("frames").mkdir()
    pictures = [Image.fromarray(frame) for frame in walk(4)]
    for number, picture in zip((1, 2, 9, 10), pictures, strict=True):
        picture.save(f"frames/f{number}.png")
    Path("frames/notes.txt").write_text("not a frame")
    pictures[0].save("walk.gif", save_all=True, append_images=pictures[1:], duration=[40, 50, 60, 70], loop=0)

    def run(*args: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(app, [*args], prog_name="pixl")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


def test_folder_to_gif(pixl: Run) -> None:
    code, out, err = pixl("pixel", "frames", "--size", "16x", "--colors", "6", "-o", "out.gif")
    assert code == 0
    assert out.strip() == "out.gif"
    assert "4 frames of 16 x 16 cells, 0.4 s" in err
    got = read_gif(Path("out.gif").read_bytes())
    assert got.frames.shape == (4, 480, 480, 4)
    assert got.ms == [100] * 4
    assert got.plays == 0
    assert len(np.unique(got.frames.reshape(-1, 4), axis=0)) <= 6


def test_gif_to_folder_agrees_with_itself(pixl: Run) -> None:
    code, out, _ = pixl("pixel", "walk.gif", "--size", "16x16", "--scale", "2", "--json", "-o", "made")
    assert code == 0
    about = json.loads(out)
    assert about["frames"] == 4
    assert about["ms"] == [40, 50, 60, 70]
    gif, apng = (read_gif(Path("made/walk.gif").read_bytes()), read_apng(Path("made/walk.png").read_bytes()))
    assert np.array_equal(gif.frames, apng.frames)
    assert gif.ms == apng.ms == [40, 50, 60, 70]
    assert sorted(path.name for path in Path("made/frames").iterdir()) == [f"000{k}.pixl" for k in (1, 2, 3, 4)]
    for k in range(4):
        pattern = Document.from_bytes(Path(f"made/frames/000{k + 1}.pixl").read_bytes()).pattern
        assert np.array_equal(np.repeat(np.repeat(pattern.rgb(), 2, 0), 2, 1), gif.frames[k, ..., :3])
    assert Path("made/pattern.pixl").read_bytes() == Path("made/frames/0001.pixl").read_bytes()
    code, _, _ = pixl("pixel", "walk.gif", "--size", "16x16", "-o", "made")
    assert code == 5
    code, _, _ = pixl("pixel", "walk.gif", "--size", "16x16", "-f", "gif", "--force", "-o", "made")
    assert code == 0
    assert sorted(path.name for path in Path("made").iterdir()) == ["pattern.pixl", "walk.gif"]


def test_times_every_and_frame(pixl: Run) -> None:
    assert pixl("pixel", "walk.gif", "--size", "12x", "--every", "2", "-o", "a.png")[0] == 0
    assert read_apng(Path("a.png").read_bytes()).ms == [90, 130]
    assert pixl("pixel", "walk.gif", "--size", "12x", "--fps", "25", "-o", "b.gif")[0] == 0
    assert read_gif(Path("b.gif").read_bytes()).ms == [40] * 4
    assert pixl("pixel", "walk.gif", "--size", "12x", "-o", "all")[0] == 0
    assert pixl("pixel", "walk.gif", "--size", "12x", "--frame", "3", "-o", "three.pixl")[0] == 0
    third = Document.from_bytes(Path("three.pixl").read_bytes())
    assert third.pattern == Document.from_bytes(Path("all/frames/0003.pixl").read_bytes()).pattern


@pytest.mark.parametrize("source", ["frames", "walk.gif"])
def test_repro_makes_a_frame_again(pixl: Run, source: str) -> None:
    assert pixl("pixel", source, "--size", "12x", "--colors", "5", "-o", "all")[0] == 0
    code, out, err = pixl("repro", "all/frames/0003.pixl", source, "--strict", "--json")
    assert (code, json.loads(out)["differ"]) == (0, 0), err


@pytest.mark.parametrize(
    ("args", "code", "word"),
    [
        (("frames", "-o", "x.svg"), 2, "one .svg file"),
        (("frames", "-o", "x.pixl"), 2, "one .pixl file"),
        (("frames", "-f", "svg"), 2, "'svg'"),
        (("walk.gif", "--frame", "5"), 2, "no frame 5 of 4"),
        (("empty",), 3, "holds no pictures"),
        (("mixed",), 3, "frame 2 has 20 x 20 pixels"),
        (("frames/f1.png", "--fps", "5"), 2, "moving pictures"),
        (("cut.gif",), 3, "cut.gif"),
        (("no.mp4",), 3, "no.mp4"),
    ],
)
def test_what_cannot_be_meant_is_said(pixl: Run, args: tuple[str, ...], code: int, word: str) -> None:
    Path("empty").mkdir()
    Path("mixed").mkdir()
    Image.new("RGB", (10, 10)).save("mixed/a.png")
    Image.new("RGB", (20, 20)).save("mixed/b.png")
    data = Path("walk.gif").read_bytes()
    Path("cut.gif").write_bytes(data[: len(data) // 2])
    Path("no.mp4").write_bytes(b"not a video")
    before = sorted(Path().iterdir())
    if args[0] == "no.mp4":
        pytest.importorskip("imageio_ffmpeg")
    got, out, err = pixl("pixel", *args, "--size", "8x")
    assert (got, out) == (code, ""), err
    assert word in err
    assert sorted(Path().iterdir()) == before


def test_a_video_needs_its_reader(pixl: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import pixl.animation.frames as frames

    Path("clip.mp4").write_bytes(b"....")
    monkeypatch.setattr(frames, "find_spec", lambda name: None)
    code, _, err = pixl("pixel", "clip.mp4")
    assert code == 4
    assert "pixl-craft[video]" in err


def test_video(pixl: Run) -> None:
    pytest.importorskip("imageio_ffmpeg")
    import imageio.v3 as iio

    iio.imwrite("clip.mp4", walk(4), plugin="FFMPEG", fps=10)
    assert pixl("pixel", "clip.mp4", "--size", "16x16", "-o", "clip.gif")[0] == 0
    got: Any = read_gif(Path("clip.gif").read_bytes())
    assert got.frames.shape[1:] == (480, 480, 4)
    assert sum(got.ms) == 400


def test_dry_run_writes_nothing(pixl: Run) -> None:
    before = sorted(Path().iterdir())
    code, out, _ = pixl("pixel", "frames", "--size", "8x", "-n")
    assert (code, out) == (0, "")
    assert sorted(Path().iterdir()) == before
