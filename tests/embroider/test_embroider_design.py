"""Machines, fitting, the checked files, the pictures and the job sheet."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pixl.errors import DocumentError, ExportError, UsageError
from pixl_exporters.embroider import design as design_module
from pixl_exporters.embroider.design import Design, Setup, check_file, fit, make_design
from pixl_exporters.embroider.files import export_threads, file_name
from pixl_exporters.embroider.job_sheet import export_pdf, export_png, job_sheet
from pixl_exporters.embroider.machines import all_machines, find_machine, hoops_that_hold
from pixl_exporters.embroider.plan import EmbroideryOptions
from pixl_exporters.embroider.preview import design_picture, export, export_heat, heat, render
from pixl_exporters.embroider.summary import lines, stops, values
from pixl_exporters.embroider.verify import verify
from pixl_exporters.formats import ExportOptions
from pixl_exporters.sheet import Text
from tests.embroider.maps import blobs, letter, pattern


def small(mode: str = "cross", machine: str = "", title: str = "Test") -> Design:
    base = replace(pattern(blobs(24, 4, 1, holes=0.05)), title=title)
    return make_design(base, Setup(options=EmbroideryOptions(mode=mode), machine=find_machine(machine)))


def test_every_shipped_machine_says_where_it_comes_from() -> None:
    machines = all_machines()
    assert len(machines) >= 8
    for machine in machines.values():
        assert machine.source
        assert machine.holds((50.0, 50.0))
        assert machine.field[0] <= machine.hoop[0]
        assert machine.field[1] <= machine.hoop[1]


def test_a_users_machine_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "pixl").mkdir()
    own = tmp_path / "pixl" / "machines.toml"
    own.write_text('[mine]\nname = "Mine"\nformats = ["EXP"]\nhoop = [80, 90]\nneedles = 6\nmax_stitches = 100\n')
    mine = find_machine("mine")
    assert (mine.formats, mine.field, mine.needles) == (("exp",), (80.0, 90.0), 6)
    with pytest.raises(ExportError, match="more than the 100"):
        small(machine="mine")
    own.write_text("[mine]\nformats = []\nhoop = [80, 90]\n")
    with pytest.raises(ExportError, match="no format"):
        find_machine("mine")
    own.write_text("[mine\n")
    with pytest.raises(ExportError, match=r"machines\.toml"):
        find_machine("")
    own.write_text('[mine]\nformats = ["pes"]\n')
    with pytest.raises(ExportError, match="'hoop' is missing"):
        find_machine("mine")


def test_unknown_machine_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="no machine 'brother'") as error:
        find_machine("brother")
    assert "brother-100x100" in error.value.hint


def test_a_long_design_is_turned() -> None:
    index = blobs(70, 3, 2)[:40]
    base = pattern(index)
    setup = Setup()
    fitted, was_turned = fit(base, setup)
    assert was_turned
    assert fitted.index.shape == (70, 40)
    assert np.array_equal(fitted.index, np.rot90(index, -1))
    design = make_design(base, setup)
    assert design.plan.turned
    assert design.plan.size_mm == (80.0, 140.0)
    picture = design_picture(design)
    assert picture.shape[1] > picture.shape[0], "the picture lies as the pattern was made"
    upright = make_design(base, replace(setup, machine=replace(setup.machine, field=(200.0, 200.0), hoop=(200, 200))))
    straight = design_picture(upright)
    assert picture.shape == straight.shape
    assert np.abs(picture.astype(int) - straight).mean() < 12


def test_too_large_names_hoops_and_cells() -> None:
    with pytest.raises(ExportError, match=r"140 x 160 mm, brother-100x100 sews 99.8 x 99.8 mm") as error:
        make_design(pattern(np.zeros((80, 70), np.int16)), Setup(machine=find_machine("brother-100x100")))
    assert "brother-160x260" in error.value.hint
    assert "--size" in error.value.hint
    with pytest.raises(ExportError) as error:
        make_design(pattern(np.zeros((56, 56), np.int16)), Setup(machine=find_machine("brother-100x100")))
    assert "--cell 1.6" in error.value.hint
    assert make_design(pattern(np.zeros((56, 56), np.int16), 1.6), Setup(machine=find_machine("brother-100x100")))


def test_fill_reaches_beyond_its_cells_and_the_field_knows() -> None:
    machine = replace(find_machine(""), field=(40.0, 40.0))
    setup = Setup(options=EmbroideryOptions(mode="fill"), machine=machine)
    with pytest.raises(ExportError, match=r"40.6 x 40"):
        make_design(pattern(np.zeros((20, 20), np.int16)), setup)


def test_hoops_that_hold_are_smallest_first() -> None:
    hoops = hoops_that_hold((140.0, 100.0), ("pes",))
    assert hoops[0].id in ("brother-130x180", "hoop-130x180")
    assert all("pes" in machine.formats for machine in hoops)


def test_an_unsound_file_does_not_leave_the_house(monkeypatch: pytest.MonkeyPatch) -> None:
    design = small()
    real = design_module.stitch_file

    def broken(*args: object, **kwargs: object) -> bytes:
        data = bytearray(real(*args, **kwargs))  # type: ignore[arg-type]
        data[600] ^= 0x04
        return bytes(data)

    monkeypatch.setattr(design_module, "stitch_file", broken)
    with pytest.raises(ExportError, match="DST file is not sound"):
        design.file("dst")
    monkeypatch.undo()
    other = make_design(letter())
    with pytest.raises(ExportError, match="not those of the plan"):
        check_file(small().file("dst"), "dst", other.plan, 3)


def test_files_are_the_same_on_a_second_run() -> None:
    first, second = small(), small()
    for kind in ("dst", "pes", "pes1", "exp", "jef", "vp3", "xxx"):
        assert first.file(kind) == second.file(kind)
    options = ExportOptions(document=b"{}")
    assert export(first, options) == export(second, options)
    assert export_pdf(first, options) == export_pdf(second, options)


def test_the_setup_comes_back_from_a_document() -> None:
    setup = Setup(
        options=EmbroideryOptions(mode="fill", pull_mm=0.3, travel_cap_mm=None, underlay=False),
        machine=find_machine("pfaff-150x240"),
        cloth=(10, 20, 30),
        told="x",
    )
    again = Setup.from_json(setup.as_json())
    assert again == replace(setup, machine=replace(setup.machine, source=""))
    cross = Setup(options=EmbroideryOptions(layers=4, corner_join=False))
    assert Setup.from_json(cross.as_json()).options == cross.options
    assert Setup.from_json({}).machine.id == "hoop-130x180"
    for bad in ({"layers": "many"}, {"pull_mm": []}):
        with pytest.raises(DocumentError):
            Setup.from_json(bad)
    with pytest.raises(UsageError):
        Setup.from_json({"mode": "satin"})


def test_summary_is_counted_in_the_decoded_file() -> None:
    for mode in ("cross", "fill"):
        design = small(mode)
        verdict = verify(design.file("pes"), name="a.pes")
        told = values(design)
        assert told["stitches"] == verdict.stitches
        assert told["threads"] == len(verdict.runs) == told["trims"] + told["color_changes"] + 1
        assert told["visible_mm"] == 0
        assert sum(color["stitches"] for color in told["colors"]) == verdict.stitches
        text = dict(lines(design))
        assert f"{verdict.stitches:,}" in text["stitches"]
        if mode == "fill":
            assert text["cover"].startswith("100 % of each colour's cells")
        path = sum(thread.length_mm for thread in design.plan.threads)
        assert sum(stop.top_m for stop in stops(design)) == pytest.approx(path * 2 / 1000)


def test_needles_go_round() -> None:
    machine = replace(find_machine(""), needles=3)
    design = make_design(pattern(blobs(16, 5, 1)), Setup(machine=machine))
    assert [stop.needle for stop in stops(design)] == [1, 2, 3, 1, 2]


def test_thread_list() -> None:
    design = small()
    rows = list(csv.DictReader(io.StringIO(export_threads(design, ExportOptions())["threads.csv"].decode())))
    assert [row["code"] for row in rows] == [design.pattern.palette.colors[k].code for k in design.plan.order]
    assert sum(int(row["stitches"]) for row in rows) == design.plan.stitches


def test_file_names_are_plain() -> None:
    assert file_name("Größe ☃", "dst") == "groe.dst" or file_name("Größe ☃", "dst").isascii()
    assert file_name("cat", "pes1") == "cat-v1.pes"


def test_preview_shows_the_threads_where_they_are() -> None:
    design = make_design(letter(), Setup())
    picture = design_picture(design, long_side=400, border_mm=2.0)
    scale = 400 / (14 + 4)
    dot = picture[int((2 + 13) * scale), int((2 + 11) * scale)].astype(int)
    bare = picture[int((2 + 9) * scale), int((2 + 9) * scale)].astype(int)
    rgb = np.array(design.pattern.palette.colors[1].rgb)
    assert np.abs(dot - rgb).max() < 90
    assert np.abs(bare - np.array(design.cloth)).max() < 8


def test_preview_paints_in_sewing_order() -> None:
    from pixl_exporters.embroider.decode import Run

    still = np.zeros(2, bool)
    across = Run(block=0, points=np.array([[-50, 0], [50, 0]], np.int32), moved=still)
    down = Run(block=1, points=np.array([[0, -50], [0, 50]], np.int32), moved=still)
    for runs, on_top in (([across, down], 1), ([down, across], 0)):
        picture = render(runs, [(250, 0, 0), (0, 0, 250)], cloth=(255, 255, 255), px_per_mm=10, border_mm=2)
        middle = picture[picture.shape[0] // 2, picture.shape[1] // 2]
        assert int(np.argmax(middle)) == (2 if on_top else 0)


def test_holes_are_counted() -> None:
    design = make_design(pattern(np.zeros((4, 4), np.int16)), Setup())
    _picture, most = heat(design.verdict("pes").runs, px_per_mm=10)
    holes = np.concatenate([run.points for run in design.verdict("pes").runs])
    assert most == np.unique(holes, axis=0, return_counts=True)[1].max()
    image = Image.open(io.BytesIO(export_heat(design, ExportOptions())["holes.png"]))
    assert max(image.size) == 1000


def test_job_sheet_says_what_the_machine_needs() -> None:
    for mode, colors in (("cross", 4), ("fill", 24)):
        base = replace(pattern(blobs(30, colors, 3)), title="Käse & <b>")
        design = make_design(base, Setup(options=EmbroideryOptions(mode=mode)))
        sheet = job_sheet(design)
        words = [item.text for page in sheet.pages for item in page.walk() if isinstance(item, Text)]
        for stop in stops(design):
            assert stop.color.label in words
            assert f"{stop.stitches:,}" in words
        assert f"{stop.stop}" in words
        assert any("700 a minute" in word for word in words)
        assert any("stabiliser" in word for word in words)
        for page in sheet.pages:
            for item in page.walk():
                if isinstance(item, Text):
                    assert 0 <= item.x <= page.width_mm
                    assert 0 <= item.y <= page.height_mm
    assert len(sheet.pages) >= 2


def test_job_sheet_pdf_is_read_by_others() -> None:
    import pypdfium2

    design = small(title="Käse")
    data = export_pdf(design, ExportOptions(document=b'{"pixl": 1}'))["job-sheet.pdf"]
    pdf = pypdfium2.PdfDocument(data)
    text = pdf[0].get_textpage().get_text_range()
    assert "Käse" in text
    assert design.pattern.palette.colors[0].name in text
    width, height = pdf[0].get_size()
    assert (round(width), round(height)) == (595, 842)


def test_job_sheet_png() -> None:
    pages = export_png(small(), ExportOptions())
    assert next(iter(pages)) == "job-sheet.png"
    assert Image.open(io.BytesIO(pages["job-sheet.png"])).size[0] > 900
