"""The picture of the finished piece."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from bricks import pattern, random_pattern
from PIL import Image

from pixl.document import Document
from pixl.embedded import extract_png
from pixl.recipe import Recipe
from pixl_exporters.formats import ExportOptions
from pixl_exporters.preview import ALL_SIDES, EAST, LOOKS, NORTH, SOUTH, WEST, export, render, seam_map

RECIPE = Recipe(version="0", command="brick", engine="quantize")


@pytest.mark.parametrize("look", sorted(LOOKS))
@pytest.mark.parametrize("cell", [1, 2, 7, 24])
def test_every_look_has_its_size_and_its_colours(look: str, cell: int) -> None:
    grid = random_pattern(9, 5, colors=4)
    picture = render(grid, look, cell=cell)
    assert picture.shape == (5 * cell, 9 * cell, 3)
    assert picture.dtype == np.uint8
    blocks = picture.reshape(5, cell, 9, cell, 3).swapaxes(1, 2).astype(float)
    for first, second in itertools.combinations(np.ndindex(5, 9), 2):
        same = grid.index[first] == grid.index[second]
        assert same == np.array_equal(blocks[first], blocks[second])


@pytest.mark.parametrize("look", ["plate", "tile", "pixel", "embroider"])
def test_a_covering_cell_has_about_its_colour(look: str) -> None:
    grid = pattern(["0123"])
    blocks = render(grid, look, cell=24).reshape(24, 4, 24, 3).astype(float)
    for k in range(4):
        assert np.abs(np.median(blocks[:, k], axis=(0, 1)) - grid.palette.rgb[k]).max() < 26


def test_empty_cells_show_the_surface() -> None:
    grid = pattern(["0.", ".1"])
    picture = render(grid, "pixel", cell=4, surface=(1, 2, 3))
    assert (picture[:4, 4:] == [1, 2, 3]).all()
    assert (picture[4:, :4] == [1, 2, 3]).all()
    assert not (picture[:4, :4] == [1, 2, 3]).all()


def test_seams_are_drawn_where_pieces_end() -> None:
    seams = seam_map([[0, 0, 1, 2], [1, 0, 2, 1]], (3, 2))
    assert seams.tolist() == [
        [NORTH | SOUTH | WEST, NORTH | SOUTH | EAST],
        [NORTH | EAST | WEST, 0],
        [SOUTH | EAST | WEST, 0],
    ]
    grid = pattern(["00"])
    joined = render(grid, "tile", cell=16, seams=seam_map([[0, 0, 1, 2]], (1, 2)))
    apart = render(grid, "tile", cell=16, seams=np.full((1, 2), ALL_SIDES))
    assert np.array_equal(apart, render(grid, "tile", cell=16))
    middle = (slice(4, 12), slice(14, 18))
    assert np.ptp(apart[middle].astype(int), axis=1).max() > 10
    assert np.ptp(joined[middle].astype(int), axis=1).max() <= 6


@pytest.mark.parametrize(
    ("craft", "part"), [("brick", "round-tile"), ("brick", "plate"), ("bead", ""), ("stitch", ""), ("pixel", "")]
)
def test_the_file_carries_the_document(craft: str, part: str) -> None:
    grid = random_pattern(48, 30, title="Straße 中文 🙂")
    made = Document(pattern=grid, craft=craft, recipe=RECIPE, options={"part": part} if part else {})
    data = made.to_bytes()
    files = export(made, ExportOptions(document=data))
    assert list(files) == ["preview.png"]
    picture = Image.open(io.BytesIO(files["preview.png"]))
    assert picture.size == (48 * 20, 30 * 20)
    assert picture.mode == "RGB"
    assert extract_png(files["preview.png"]) == data
    assert export(made, ExportOptions(document=data)) == files
    assert Image.open(io.BytesIO(export(made, ExportOptions(scale=3))["preview.png"])).size == (144, 90)


def test_large_grids_stay_small_pictures() -> None:
    made = Document(pattern=random_pattern(700, 500), craft="brick", recipe=RECIPE)
    picture = Image.open(io.BytesIO(export(made, ExportOptions())["preview.png"]))
    assert picture.size == (700, 500)


def test_a_merged_document_shows_its_larger_pieces() -> None:
    grid = random_pattern(16, 16, colors=3, clumps=4)
    plain = Document(pattern=grid, craft="brick", recipe=RECIPE)
    merged = Document(pattern=grid, craft="brick", recipe=RECIPE, options={"merge": True})
    pictures = [
        np.asarray(Image.open(io.BytesIO(export(made, ExportOptions(scale=16))["preview.png"]))).astype(int)
        for made in (plain, merged)
    ]
    changed = np.abs(pictures[0] - pictures[1]).max(axis=2) > 8
    assert changed.mean() > 0.02
    inner = changed.reshape(16, 16, 16, 16)[:, 3:13, :, 3:13]
    assert not inner.any()  # only edges of cells differ
