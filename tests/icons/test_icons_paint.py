"""Icons as pixels: sizes, alpha, recolouring judged by CIELAB hue and by skimage's own conversion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.color import rgb2lab

from pixl import icons
from pixl.color import hex_to_rgb
from pixl.errors import PaletteError, PromptError, UsageError
from pixl.icons.colors import COLORS

Pixels = NDArray[np.uint8]


def lab_of(rgb: tuple[int, int, int]) -> NDArray[np.float64]:
    return np.asarray(rgb2lab(np.array([[rgb]], np.uint8))[0, 0])


def share_near(picture: Pixels, word: str, distance: float) -> float:
    """Share of the opaque pixels that are within `distance` (CIE76) of a colour word's own colour."""
    lab = rgb2lab(picture[picture[..., 3] > 200][:, :3][None])[0]
    return float((np.linalg.norm(lab - lab_of(hex_to_rgb(COLORS[word])), axis=1) < distance).mean())


@pytest.mark.parametrize("thing", ["apple", "elephant", "cat face", "snowman", "spider", "rose", "sheep", "fish"])
@pytest.mark.parametrize("colour", ["red", "yellow", "green", "blue", "purple", "pink"])
def test_a_thing_takes_the_colour_asked_for(thing: str, colour: str) -> None:
    """Colourful, grey, white and black things alike: a good part of the thing is that colour, and was not before."""
    match = icons.find(f"{colour} {thing}")
    painted = icons.picture(match)
    if match.colour is None:  # "green apple" is an icon of its own
        assert colour in match.name
        return
    assert share_near(painted, colour, 30) > 0.3


@pytest.mark.parametrize("colour", ["black", "white", "gray", "brown"])
@pytest.mark.parametrize("thing", ["apple", "elephant", "ghost", "top hat", "car"])
def test_hue_less_colours(thing: str, colour: str) -> None:
    match = icons.find(f"{colour} {thing}")
    assert share_near(icons.picture(match), colour, 25) > 0.25


def test_a_pink_elephant_was_grey_before() -> None:
    before, after = icons.picture("elephant"), icons.picture("elephant", colour="pink")
    assert share_near(before, "pink", 30) < 0.05
    assert share_near(after, "pink", 30) > 0.4


def test_leaf_eyes_and_spots_keep_their_colour() -> None:
    before, after = icons.picture("red-apple"), icons.picture("red-apple", colour="blue")
    green = (before[..., 1].astype(int) > before[..., 0].astype(int) + 30) & (before[..., 3] == 255)
    assert green.sum() > 30
    assert (np.abs(after[green].astype(int) - before[green]).max(axis=1) < 12).mean() > 0.9
    before, after = icons.picture("mushroom"), icons.picture("mushroom", colour="blue")
    white = (before[..., :3] > 245).all(axis=-1) & (before[..., 3] == 255)
    assert white.sum() > 200
    assert (after[white] == before[white]).all()


def test_shading_is_kept() -> None:
    """Pixels keep their order of lightness when a body is painted."""
    before, after = icons.picture("red-heart"), icons.picture("red-heart", colour="blue")
    solid = before[..., 3] == 255
    was = rgb2lab(before[solid][:, :3][None])[0, :, 0]
    now = rgb2lab(after[solid][:, :3][None])[0, :, 0]
    assert np.corrcoef(was, now)[0, 1] > 0.9


def test_a_thing_that_has_the_colour_is_left_alone() -> None:
    for icon_id, colour in (("red-heart", "red"), ("blue-heart", "blue"), ("ghost", "white"), ("banana", "yellow")):
        assert (icons.picture(icon_id) == icons.picture(icon_id, colour=colour)).all(), icon_id


@pytest.mark.parametrize("colour", [None, "blue", "white", "black"])
@pytest.mark.parametrize("size", [16, 29, 48, 64, 100])
def test_alpha_is_the_drawings_own(size: int, colour: str | None) -> None:
    plain = icons.picture("red-apple", size)
    painted = icons.picture("red-apple", size, colour=colour)
    assert painted.shape == (size, size, 4)
    assert painted.dtype == np.uint8
    assert (painted[..., 3] == plain[..., 3]).all()
    assert not painted[painted[..., 3] == 0].any()
    assert (painted[0, 0] == 0).all()
    assert painted[size // 2, size // 2, 3] == 255


def test_a_smaller_picture_averages_in_linear_light_without_dark_edges() -> None:
    """A white ghost keeps its edge light: a straight average of code values over transparent black would not."""
    small = icons.picture("white-circle", 24)
    edge = (small[..., 3] > 20) & (small[..., 3] < 235)
    assert edge.sum() > 10
    assert small[edge][:, :3].min() > 100


def test_mean_light_survives_reduction() -> None:
    full, half = icons.picture("frog"), icons.picture("frog", 32)

    def light(picture: Pixels) -> NDArray[np.float64]:
        unit = picture[..., :3] / 255.0
        linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
        mean: NDArray[np.float64] = (linear * picture[..., 3:] / 255.0).mean(axis=(0, 1))
        return mean

    assert np.abs(light(full) - light(half)).max() < 0.004


@pytest.mark.parametrize("size", [0, -3, 1025])
def test_a_size_it_cannot_draw_is_a_sentence(size: int) -> None:
    with pytest.raises(UsageError, match="pixels cannot be drawn"):
        icons.picture("cat", size)


@pytest.mark.parametrize("colour", ["ultraviolet", "very blue", "blue sky", "  "])
def test_an_unknown_colour_is_a_sentence(colour: str) -> None:
    with pytest.raises(PromptError, match="is not a colour word"):
        icons.picture("cat", colour=colour)
    with pytest.raises(PaletteError):
        icons.picture("cat", colour="#12")


def test_a_hexadecimal_colour_is_met() -> None:
    painted = icons.picture("elephant", colour="#00AA88")
    lab = rgb2lab(painted[painted[..., 3] == 255][:, :3][None])[0]
    assert (np.linalg.norm(lab - lab_of((0, 170, 136)), axis=1) < 12).mean() > 0.25


@settings(max_examples=60)
@given(st.sampled_from(icons.ids()), st.sampled_from(sorted(COLORS)), st.integers(1, 80))
def test_any_icon_in_any_colour_keeps_its_outline(icon_id: str, colour: str, size: int) -> None:
    painted = icons.picture(icon_id, size, colour=colour)
    assert (painted == icons.picture(icon_id, size, colour=colour)).all()
    assert (painted[..., 3] == icons.picture(icon_id, size)[..., 3]).all()
