"""Calibration: colours photographed under a warm light, askew, are found again."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.transform import ProjectiveTransform, warp

from pixl.calibrate import Corners, calibrate, parse_corners, whole_picture
from pixl.color import srgb_to_linear
from pixl.errors import PhotoError, UsageError
from pixl.palette import Palette, load_palette
from pixl.photo import Photo, open_photo

COLUMNS, ROWS, CELL = 6, 4, 40
CARD = (245, 245, 245)


def scene(palette: Palette, *, holes: bool = False, light: tuple[float, float, float] = (0.9, 0.75, 0.5)) -> np.ndarray:
    """A board of the first 24 colours with a white card to its right, in linear light under a warm lamp."""
    picture = np.full((ROWS * CELL, COLUMNS * CELL + 100, 3), 60, np.uint8)
    picture[20:-20, COLUMNS * CELL + 20 : -20] = CARD
    y, x = np.mgrid[:CELL, :CELL] - CELL / 2 + 0.5
    radius = np.hypot(x, y) / CELL
    for number, color in enumerate(palette.colors[: COLUMNS * ROWS]):
        top, left = number // COLUMNS * CELL, number % COLUMNS * CELL
        tile = picture[top : top + CELL, left : left + CELL]
        tile[(radius < 0.46) if holes else np.ones_like(radius, bool)] = color.rgb
        if holes:
            tile[radius < 0.22] = (15, 12, 10)
    noise = np.random.default_rng(0).normal(0, 0.004, picture.shape)
    return np.clip(np.asarray(srgb_to_linear(picture)) * light + noise, 0, 1).astype(np.float32)


def photo_of(linear: np.ndarray) -> Photo:
    height, width = linear.shape[:2]
    return Photo(linear=linear, alpha=np.ones((height, width), np.float32), full_size=(width, height))


def differences(measured: Palette, truth: Palette) -> np.ndarray:
    rows = [rgb2lab(np.array([[c.rgb for c in p.colors]]) / 255.0)[0] for p in (measured, truth)]
    return np.asarray(deltaE_ciede2000(*rows))


def white_box(photo: Photo) -> tuple[float, float, float, float]:
    return (COLUMNS * CELL + 30) / photo.width, 0.25, 40 / photo.width, 0.5


def board(photo: Photo) -> Corners:
    right = COLUMNS * CELL / photo.width
    return (0, 0), (right, 0), (right, 1), (0, 1)


@pytest.mark.parametrize("holes", [False, True])
def test_a_warm_light_is_taken_out(holes: bool) -> None:
    perler = load_palette("perler").solid()
    truth = perler.take(range(COLUMNS * ROWS))
    photo = photo_of(scene(perler, holes=holes))
    codes = [color.code for color in truth.colors]
    done = calibrate(
        photo, columns=6, rows=4, corners=board(photo), white=white_box(photo), codes=codes, base=perler, ring=holes
    )
    assert differences(done.palette, truth).max() < 1.5
    assert [(c.code, c.name) for c in done.palette.colors] == [(c.code, c.name) for c in truth.colors]
    assert done.shift.max() < 1.5
    assert done.spread.max() < 6
    assert done.gain[2] > 1.7 > 1.2 > done.gain[0]


def test_without_the_ring_the_holes_spoil_it_and_it_says_so() -> None:
    perler = load_palette("perler").solid()
    photo = photo_of(scene(perler, holes=True))
    codes = [color.code for color in perler.colors[:24]]
    done = calibrate(photo, columns=6, rows=4, corners=board(photo), white=white_box(photo), codes=codes, base=perler)
    assert float(np.median(done.shift)) > 2


def test_a_board_seen_askew() -> None:
    lego = load_palette("lego").solid()
    truth = lego.take(range(24))
    flat = scene(lego)
    height, width = flat.shape[:2]
    seen = np.array([[30, 12], [400, 40], [380, 220], [10, 200]], float)
    turn = ProjectiveTransform.from_estimate([[0, 0], [width, 0], [width, height], [0, height]], seen)
    picture = warp(flat, turn.inverse, output_shape=(240, 420), order=1).astype(np.float32)
    grid = turn(np.array([[0, 0], [240, 0], [240, 160], [0, 160]], float))
    card = turn(np.array([[290.0, 80.0]]))[0]
    photo = photo_of(picture)
    done = calibrate(
        photo,
        columns=6,
        rows=4,
        corners=parse_corners(" ".join(f"{x:.2f},{y:.2f}" for x, y in grid), (420, 240)),
        white=(card[0] / 420 - 0.03, card[1] / 240 - 0.05, 0.06, 0.1),
        codes=[color.code for color in truth.colors],
        base=lego,
    )
    # The sensor's noise is what is left: it weighs most in the dark channels of saturated colours.
    assert np.median(differences(done.palette, truth)) < 0.5
    assert differences(done.palette, truth).max() < 2.5


def test_a_real_file_and_names_of_ones_own(tmp_path: Path) -> None:
    from pixl.color import linear_to_srgb

    lego = load_palette("lego").solid()
    linear = scene(lego, light=(0.8, 0.8, 0.8))
    path = tmp_path / "beads.png"
    out = io.BytesIO()
    Image.fromarray((np.asarray(linear_to_srgb(linear)) * 255).round().astype(np.uint8)).save(out, "PNG")
    path.write_bytes(out.getvalue())
    photo = open_photo(path)
    done = calibrate(
        photo, columns=6, rows=4, corners=board(photo), white=white_box(photo), codes=["my red", "my blue"]
    )
    assert [c.name for c in done.palette.colors] == ["my red", "my blue"]
    assert differences(done.palette, lego.take([0, 1])).max() < 2
    assert np.isnan(done.shift).all()


def test_what_cannot_be_measured_is_a_sentence() -> None:
    perler = load_palette("perler").solid()
    photo = photo_of(scene(perler))
    asked = {"columns": 6, "rows": 4, "corners": board(photo), "white": white_box(photo), "codes": ["a"]}
    bright = photo_of(np.clip(photo.linear * 3, 0, 1))
    for change, error, message in (
        ({"codes": ["a"] * 25}, UsageError, "25 codes"),
        ({"codes": ["a", " A "]}, UsageError, "named twice"),
        ({"codes": ["P999"], "base": perler}, UsageError, "not a colour"),
        ({"columns": 0}, UsageError, "out of range"),
        ({"white": (0.0, 0.0, 1.0, 1.0)}, PhotoError, "unevenly"),
        ({"corners": ((0, 0), (1, 1), (0.5, 0.5), (0, 1))}, UsageError, "do not go round"),
    ):
        with pytest.raises(error, match=message):
            calibrate(photo, **{**asked, **change})  # type: ignore[arg-type]
    with pytest.raises(PhotoError, match="overexposed"):
        calibrate(bright, **asked)  # type: ignore[arg-type]
    with pytest.raises(PhotoError, match="nearly black"):
        calibrate(photo_of(photo.linear * 0.01), **asked)  # type: ignore[arg-type]
    for text in ("1,2 3,4", "1,2 3,4 5,6 x,y", "1,2 3,4 5,6 7,8 9,9", "", "0,0 9,0 9,9999 0,9"):
        with pytest.raises(UsageError):
            parse_corners(text, (10, 10))
    assert parse_corners("0,0 100%,0 10,10 0%,100%", (10, 10)) == whole_picture()
