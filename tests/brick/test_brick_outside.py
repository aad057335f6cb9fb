"""LeoCAD, a program that shares nothing with ours, opens the model: its picture is the pattern, its pieces the list.

Its exit code proves nothing (it is 0 for unknown parts and colours too), so every test looks at what it made. Without a
parts library it has its own of 2021; ``leocad_colors.csv`` holds where its colours differ from today's LDConfig.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from bricks import pattern, random_pattern
from PIL import Image

from pixl.palette import load_palette
from pixl.pattern import Pattern
from pixl_exporters.brick import ldraw
from pixl_exporters.brick.parts import Part, find_part, part_palette
from pixl_exporters.brick.plan import BrickOptions, BrickPlan, brick_cell, plan_bricks

pytestmark = pytest.mark.outside
PIXELS = 20  # a stud
LEOCAD_LACKS = {"11212", "26603", "69729", "1751", "10202"}


@pytest.fixture(autouse=True)
def _programs() -> None:
    for program in ("leocad", "xvfb-run"):
        assert shutil.which(program), f"{program} is not installed: apt-get install leocad xvfb xauth"


def leocad_colors() -> dict[str, tuple[str, tuple[int, int, int] | None]]:
    """LDraw code -> (LeoCAD's material name, its RGB or None where it is LDConfig's)."""
    path = Path(__file__).parent / "data" / "leocad_colors.csv"
    with path.open(newline="") as file:
        return {
            row["ldraw"]: (
                row["material"],
                tuple(bytes.fromhex(row["hex"].lstrip("#"))) if row["hex"] else None,  # type: ignore[misc]
            )
            for row in csv.DictReader(file)
        }


def leocad(folder: Path, *options: str) -> None:
    command = ["xvfb-run", "-a", "leocad", *options, "model.mpd"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)


def box_part(part: Part) -> bytes:
    """A part that LeoCAD's own library lacks, as a plain box of its size, to go into the checked copy of a model."""
    x, z, top, low = part.length * 10, part.width * 10, -4 if part.studded else 0, part.height_ldu
    corners = [(-x, -z), (x, -z), (x, z), (-x, z)]
    quads = [[(cx, top, cz) for cx, cz in corners], [(cx, low, cz) for cx, cz in reversed(corners)]]
    for (ax, az), (bx, bz) in zip(corners, corners[1:] + corners[:1], strict=True):
        quads.append([(ax, top, az), (ax, low, az), (bx, low, bz), (bx, top, bz)])
    lines = [f"0 FILE {part.ldraw}", f"0 {part.name}", f"0 Name: {part.ldraw}", "0 !LDRAW_ORG Unofficial_Part"]
    lines += ["4 16 " + " ".join(str(value) for point in quad for value in point) for quad in quads]
    return "\r\n".join([*lines, "0 NOFILE", ""]).encode()


def look(folder: Path, plan: BrickPlan) -> np.ndarray:
    """uint8[H, W, 3]: LeoCAD's picture from above, one sample a stud."""
    used = {lot.part.id: lot.part for lot in plan.lots}
    boxes = [box_part(part) for number, part in used.items() if number in LEOCAD_LACKS]
    (folder / "model.mpd").write_bytes(b"".join([ldraw.export(plan)["mosaic.mpd"], *boxes]))
    height, width = plan.pattern.index.shape
    size = ["-w", str(width * PIXELS), "-h", str(height * PIXELS)]
    view = ["--orthographic", "--viewpoint", "top", "--shading", "flat", "--line-width", "0", "--aa-samples", "1"]
    leocad(folder, "-i", "top.png", *size, *view)
    picture = np.asarray(Image.open(folder / "top.png").convert("RGB"))
    assert picture.shape == (height * PIXELS, width * PIXELS, 3)
    return picture[PIXELS // 2 :: PIXELS, PIXELS // 2 :: PIXELS]


def expected_rgb(plan: BrickPlan) -> np.ndarray:
    """What LeoCAD should show for each cell: our colour, its own where it has another, grey where it knows none."""
    known = leocad_colors()
    table = []
    for color in plan.pattern.palette.colors:
        own = known.get(color.ids["ldraw"], ("", None))[1]
        table.append(own or color.rgb)
    return np.array(table, np.uint8)[plan.pattern.index]


def pieces_of(folder: Path, plan: BrickPlan) -> Counter[tuple[str, tuple[int, int, int]]]:
    """(material, size in LDU) of each piece in LeoCAD's object file; a part that it lacks is a box of 20 x 20 x 28."""
    (folder / "model.mpd").write_bytes(ldraw.export(plan)["mosaic.mpd"])
    leocad(folder, "-obj", "model.obj")
    vertices: list[tuple[float, ...]] = []
    found: Counter[tuple[str, tuple[int, int, int]]] = Counter()
    material, used = "", set()

    def close() -> None:
        if used:
            box = np.ptp(np.array([vertices[i - 1] for i in used]), axis=0)
            found[material, (round(box[0]), round(box[1]), round(box[2]))] += 1

    for line in (folder / "model.obj").read_text().splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "v":
            vertices.append(tuple(float(value) for value in words[1:4]))
        elif words[0] == "g":
            close()
            used = set()
        elif words[0] == "usemtl":
            material = words[1]
        elif words[0] == "f":
            used.update(int(word.split("/")[0]) for word in words[1:])
    close()
    return found


def check_model(folder: Path, plan: BrickPlan) -> None:
    """Picture and pieces."""
    shown, wanted = look(folder, plan), expected_rgb(plan)
    assert int((shown != wanted).any(axis=2).sum()) == 0
    assert len(np.unique(wanted.reshape(-1, 3), axis=0)) > 2  # a grey picture would prove nothing
    names = {code: name for code, (name, _) in leocad_colors().items()}
    wanted_pieces: Counter[tuple[str, tuple[int, ...]]] = Counter()
    found_pieces: Counter[tuple[str, tuple[int, ...]]] = Counter()
    for lot in plan.lots:
        # a body of 20 LDU a stud, its stud (4 LDU) part of the height; a piece may be turned, so the shorter side first
        size = lot.part.width * 20, lot.part.length * 20, lot.part.height_ldu + (4 if lot.part.studded else 0)
        wanted_pieces[names[lot.color.ids["ldraw"]], (20, 20, 28) if lot.part.id in LEOCAD_LACKS else size] += lot.need
    for (material, (x, y, z)), count in pieces_of(folder, plan).items():  # z is up in LeoCAD's object files
        found_pieces[material, (*sorted((x, y)), z)] += count
    assert found_pieces == wanted_pieces


@pytest.mark.parametrize(("width", "height"), [(48, 48), (37, 22)])
@pytest.mark.parametrize("part", ["plate", "tile", "brick"])
def test_the_model_shows_the_pattern_and_holds_the_parts(width: int, height: int, part: str, tmp_path: Path) -> None:
    check_model(
        tmp_path, plan_bricks(random_pattern(width, height, part=part, colors=40, seed=5), BrickOptions(part=part))
    )


def test_a_photo_of_the_samples(tmp_path: Path) -> None:
    """The real thing: the astronaut, nearest colours."""
    from pixl.color import ciede2000, rgb_to_lab

    palette = part_palette(find_part("plate"))
    photo = Image.open(Path(__file__).parents[2] / "samples" / "astronaut.jpg").convert("RGB").resize((48, 48))
    index = ciede2000(rgb_to_lab(np.asarray(photo))[:, :, None], palette.lab[None, None]).argmin(-1)
    grid = Pattern(index=index.astype(np.int16), palette=palette, cell=brick_cell()).numbered()
    check_model(tmp_path, plan_bricks(grid))


def test_a_merged_model(tmp_path: Path) -> None:
    check_model(tmp_path, plan_bricks(random_pattern(48, 48, colors=9, clumps=3, seed=2), BrickOptions(merge=True)))


def test_a_merged_model_of_another_shape_in_tiles(tmp_path: Path) -> None:
    made = plan_bricks(random_pattern(50, 20, part="tile", colors=6, clumps=2), BrickOptions(part="tile", merge=True))
    check_model(tmp_path, made)


def test_a_model_from_stock_with_retired_colours(tmp_path: Path) -> None:
    lego = load_palette("lego")
    codes = ["26", "1", "208", "2", "23"]  # two of them retired
    grid = random_pattern(24, 24, colors=5)
    grid = Pattern(index=grid.index, palette=lego.take([lego.find(code) for code in codes]), cell=brick_cell())
    check_model(tmp_path, plan_bricks(grid, BrickOptions(stock={("3024", code): 600 for code in codes})))


def test_the_picture_is_not_mirrored(tmp_path: Path) -> None:
    """An L: red in the top left, yellow in the bottom left, blue in the bottom right corner."""
    made = plan_bricks(pattern(["0333", "3333", "1112"], codes=("21", "24", "23", "1")))
    shown = look(tmp_path, made)
    rgb = [color.rgb for color in made.pattern.palette.colors]
    assert [tuple(shown[at].tolist()) for at in ((0, 0), (2, 0), (2, 3), (0, 3))] == [rgb[0], rgb[1], rgb[2], rgb[3]]


def test_leocad_notices_a_wrong_model(tmp_path: Path) -> None:
    """The check itself can fail: one piece of another colour is seen."""
    made = plan_bricks(random_pattern(12, 12, colors=4))
    other = np.array(made.pattern.index)
    other[3, 4] = (other[3, 4] + 1) % 4
    shown = look(tmp_path, made)
    wrong = plan_bricks(Pattern(index=other, palette=made.pattern.palette, cell=made.pattern.cell))
    assert int((shown != expected_rgb(wrong)).any(axis=2).sum()) == 1
