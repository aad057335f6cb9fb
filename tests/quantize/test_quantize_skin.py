"""Skin keeps skin's colours, whatever the palette leaves to choose from."""

from __future__ import annotations

import numpy as np
import pytest

from pixl.color import ciede2000, rgb_to_lab
from pixl.palette import Palette, load_palette
from pixl.quantize.differences import preference_table
from pixl.quantize.downscale import unzipped
from pixl.quantize.skin import may_be_skin, stands_for_skin

SKINS = [(245, 222, 205), (225, 180, 160), (190, 135, 105), (140, 95, 75), (112, 83, 75), (80, 52, 40)]
OTHERS = [(128, 128, 128), (250, 250, 250), (40, 90, 200), (60, 140, 60), (120, 40, 140), (220, 20, 30), (240, 235, 30)]


def lab(*rgb: tuple[int, int, int]) -> np.ndarray:
    return rgb_to_lab(np.array(rgb, np.uint8))


def plates() -> Palette:
    return load_palette("lego").solid()


@pytest.mark.parametrize("rgb", SKINS)
def test_skin_of_any_shade_may_be_skin(rgb: tuple[int, int, int]) -> None:
    assert may_be_skin(lab(rgb))[0] > 0.5


@pytest.mark.parametrize("rgb", OTHERS)
def test_grey_white_and_paint_are_no_skin(rgb: tuple[int, int, int]) -> None:
    assert may_be_skin(lab(rgb))[0] < 0.05
    assert stands_for_skin(lab(rgb))[0] < 0.05


def test_dark_skin_is_brown_not_grey_in_bricks() -> None:
    bricks = lab((100, 100, 100), (95, 49, 9), (145, 80, 28))  # Dark Stone Grey, Reddish Brown, Dark Orange
    dark = lab((112, 83, 75))
    assert ciede2000(dark[:, None], bricks[None]).argmin() == 0
    assert preference_table(dark, bricks).argmin() > 0


def test_no_shade_of_skin_becomes_red_pink_or_grey_in_bricks() -> None:
    palette = plates()
    low, high = np.array(SKINS[-1]), np.array(SKINS[0])
    ramp = lab(*[tuple((low + (high - low) * t).round().astype(int)) for t in np.linspace(0.1, 0.9, 17)])
    for k in preference_table(ramp, palette.lab).argmin(axis=1):
        assert stands_for_skin(palette.lab[k : k + 1])[0] > 0.5, palette.colors[k].name


def test_where_a_colour_is_near_nothing_is_corrected() -> None:
    hand = lab((91, 42, 8))
    threads = lab((94, 46, 14), (84, 51, 37))  # one that is near, one that is more like skin
    assert stands_for_skin(threads)[0] < stands_for_skin(threads)[1]
    assert preference_table(hand, threads).argmin() == 0


def test_the_teeth_of_a_zip_close_and_real_stripes_stay() -> None:
    white, dark = np.array([95.0, 0, 0], np.float32), np.array([20.0, 0, 0], np.float32)
    smooth = np.broadcast_to((white + dark) / 2, (12, 5, 3)).copy()
    smooth[:, 0], smooth[:, 3:] = dark, white
    zip_ = smooth.copy()
    zip_[::2, 1:3], zip_[1::2, 1:3] = white, dark + np.float32(0.5)  # the two sides in turn
    closed = unzipped(zip_, smooth)
    assert np.ptp(closed[1:-1, 1, 0]) < 1
    stripes = zip_.copy()
    assert np.array_equal(unzipped(stripes, stripes), stripes)
