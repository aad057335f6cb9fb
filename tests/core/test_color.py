"""Colour maths against published values and scikit-image, which shares no code with ours."""

from __future__ import annotations

import numpy as np
import pytest

from pixl.color import (
    ciede2000,
    hex_to_rgb,
    lab_to_linear,
    linear_to_lab,
    linear_to_oklab,
    linear_to_rgb8,
    linear_to_srgb,
    oklab_to_linear,
    rgb_to_hex,
    rgb_to_lab,
    rgb_to_oklab,
    srgb_to_linear,
)
from pixl.errors import PaletteError

# Sharma, Wu and Dalal 2005, table 1: L1 a1 b1 L2 a2 b2 dE00.
SHARMA = """
50 2.6772 -79.7751 50 0 -82.7485 2.0425
50 3.1571 -77.2803 50 0 -82.7485 2.8615
50 2.8361 -74.0200 50 0 -82.7485 3.4412
50 -1.3802 -84.2814 50 0 -82.7485 1.0000
50 -1.1848 -84.8006 50 0 -82.7485 1.0000
50 -0.9009 -85.5211 50 0 -82.7485 1.0000
50 0 0 50 -1 2 2.3669
50 -1 2 50 0 0 2.3669
50 2.49 -0.001 50 -2.49 0.0009 7.1792
50 2.49 -0.001 50 -2.49 0.001 7.1792
50 2.49 -0.001 50 -2.49 0.0011 7.2195
50 2.49 -0.001 50 -2.49 0.0012 7.2195
50 -0.001 2.49 50 0.0009 -2.49 4.8045
50 -0.001 2.49 50 0.001 -2.49 4.8045
50 -0.001 2.49 50 0.0011 -2.49 4.7461
50 2.5 0 50 0 -2.5 4.3065
50 2.5 0 73 25 -18 27.1492
50 2.5 0 61 -5 29 22.8977
50 2.5 0 56 -27 -3 31.9030
50 2.5 0 58 24 15 19.4535
50 2.5 0 50 3.1736 0.5854 1.0000
50 2.5 0 50 3.2972 0 1.0000
50 2.5 0 50 1.8634 0.5757 1.0000
50 2.5 0 50 3.2592 0.3350 1.0000
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
61.2901 3.7196 -5.3901 61.4292 2.2480 -4.9620 1.8731
35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373
36.4612 47.8580 18.3852 36.2715 50.5065 21.2231 1.4146
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441
90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
"""


def test_ciede2000_equals_all_published_pairs() -> None:
    table = np.array([[float(v) for v in line.split()] for line in SHARMA.strip().splitlines()])
    assert len(table) == 34
    np.testing.assert_allclose(ciede2000(table[:, :3], table[:, 3:6]), table[:, 6], atol=5e-5)
    np.testing.assert_allclose(ciede2000(table[:, 3:6], table[:, :3]), table[:, 6], atol=5e-5)


def test_lab_and_ciede2000_equal_scikit_image() -> None:
    from skimage.color import deltaE_ciede2000, rgb2lab

    rgb = np.random.default_rng(1).integers(0, 256, (500, 3)).astype(np.uint8)
    lab = rgb_to_lab(rgb)
    np.testing.assert_allclose(lab, rgb2lab(rgb[None])[0], atol=2e-2)
    ours, theirs = ciede2000(lab[:250], lab[250:]), deltaE_ciede2000(lab[:250], lab[250:])
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_oklab_has_ottossons_values() -> None:
    # Ottosson's page: XYZ (0.950, 1.000, 1.089) is (1.000, 0.000, 0.000); sRGB red is (0.628, 0.225, 0.126).
    np.testing.assert_allclose(rgb_to_oklab(np.array([255, 255, 255], np.uint8)), [1, 0, 0], atol=1e-3)
    np.testing.assert_allclose(rgb_to_oklab(np.array([255, 0, 0], np.uint8)), [0.628, 0.225, 0.126], atol=1e-3)


def test_conversions_invert() -> None:
    rgb = np.stack(np.meshgrid(*[np.arange(0, 256, 51)] * 3, indexing="ij"), -1).reshape(-1, 3).astype(np.uint8)
    linear = srgb_to_linear(rgb)
    assert np.array_equal(linear_to_rgb8(linear), rgb)
    np.testing.assert_allclose(linear_to_srgb(linear) * 255, rgb, atol=1e-9)
    np.testing.assert_allclose(lab_to_linear(linear_to_lab(linear)), linear, atol=1e-9)
    np.testing.assert_allclose(oklab_to_linear(linear_to_oklab(linear)), linear, atol=1e-6)


def test_float32_stays_float32() -> None:
    linear = np.full((2, 3), 0.3, np.float32)
    assert linear_to_lab(linear).dtype == np.float32
    assert linear_to_oklab(linear).dtype == np.float32
    assert ciede2000(linear, linear).dtype == np.float32


def test_hex() -> None:
    assert hex_to_rgb("#1B2A34") == (27, 42, 52)
    assert hex_to_rgb(" 1b2a34 ") == (27, 42, 52)
    assert hex_to_rgb("#fff") == (255, 255, 255)
    assert rgb_to_hex((27, 42, 52)) == "#1B2A34"
    for bad in ("", "#12345", "red", "#12345g", "#1234567", "١٢٣٤٥٦"):
        with pytest.raises(PaletteError, match="not a colour"):
            hex_to_rgb(bad)
