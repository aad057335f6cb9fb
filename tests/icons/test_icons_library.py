"""The committed atlas and index: they agree with each other, with their notices, and with the packages' words."""

from __future__ import annotations

import io
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pixl import icons
from pixl.errors import PromptError
from pixl.icons.library import icon_of
from pixl.icons.library import icons as every_icon

ROOM = Path(icons.__file__).parent


def chunks(png: bytes) -> dict[str, bytes]:
    """A PNG's chunks by type, read by hand: length, type, data, CRC."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, found = 8, {}
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        assert int.from_bytes(png[at + 8 + size : at + 12 + size], "big") == zlib.crc32(kind + data)
        found[kind.decode()] = data
        at += 12 + size
    return found


def test_there_are_about_sixteen_hundred_concepts_in_under_two_megabytes() -> None:
    assert 1550 <= len(icons.ids()) <= 1700
    assert len(set(icons.ids())) == len(icons.ids()) == len(icons.names()) == len(set(icons.names()))
    assert sum(path.stat().st_size for path in ROOM.iterdir() if path.is_file()) < 2_000_000


def test_the_index_describes_every_byte_of_the_atlas() -> None:
    data = (ROOM / "atlas.bin").read_bytes()
    end = 0
    for icon in every_icon():
        assert icon.start == end
        end = icon.start + icon.length
        head = chunks(data[icon.start : end])["IHDR"]
        assert head[:8] == (icons.SIDE).to_bytes(4, "big") * 2
    assert end == len(data)


def test_the_atlas_is_the_drawings_in_order_with_clean_transparency() -> None:
    atlas = icons.atlas()
    assert atlas.shape == (len(icons.ids()), icons.SIDE, icons.SIDE, 4)
    assert atlas.dtype == np.uint8
    assert not atlas.flags.writeable
    assert not atlas[atlas[..., 3] == 0].any(), "a transparent pixel hides a colour"
    for place in range(0, len(atlas), 97):
        assert (icons.picture(icons.ids()[place]) == atlas[place]).all()


def test_every_drawing_shows_something_and_most_leave_room_around_it() -> None:
    alpha = icons.atlas()[..., 3] > 127
    covered = alpha.mean(axis=(1, 2))
    assert covered.min() > 0.03
    assert np.median(covered) < 0.85
    assert (covered == 1).mean() < 0.02


def test_a_drawing_has_at_most_forty_eight_colours() -> None:
    for drawing in icons.atlas()[::41]:
        assert len(np.unique(drawing.reshape(-1, 4), axis=0)) <= 48


def test_skin_tones_countries_and_mirrored_drawings_are_left_out() -> None:
    for icon_id, name in zip(icons.ids(), icons.names(), strict=True):
        assert "skin-tone" not in icon_id
        assert not icon_id.endswith("facing-right")
        assert "regional indicator" not in name
        assert not name.startswith("flag:")


def test_the_notices_are_shipped() -> None:
    notice = (ROOM / "NOTICE").read_text("utf-8")
    assert "Noto Emoji" in notice
    assert "MIT License" in notice
    assert "Changed:" in notice
    licence = (ROOM / "LICENSE-Apache-2.0.txt").read_text("utf-8")
    assert "Apache License" in licence
    assert "Version 2.0" in licence


def test_every_further_name_belongs_to_an_icon_and_is_not_another_icons_name() -> None:
    lines = (ROOM / "synonyms.tsv").read_text("utf-8").splitlines()
    assert lines[0].startswith("#")
    ids = [line.split("\t")[0] for line in lines[1:]]
    assert ids == sorted(set(ids)), "one line an icon, in order"
    names = dict(zip(icons.names(), icons.ids(), strict=True))
    for line in lines[1:]:
        icon_id, others = line.split("\t")
        assert icon_of(icon_id).id == icon_id
        for other in others.split(";"):
            assert other == other.strip().lower()
            assert names.get(other, icon_id) == icon_id, f"{other} already is an icon"


def test_an_unknown_id_is_a_sentence() -> None:
    with pytest.raises(PromptError, match="no icon 'nothing-at-all'"):
        icons.picture("nothing-at-all")


def test_importing_loads_no_imaging_and_no_heavy_library() -> None:
    code = (
        "import sys, pixl.icons\n"
        "bad = [m for m in ('PIL', 'scipy', 'skimage', 'torch', 'difflib') if m in sys.modules]\n"
        "assert not bad, bad\n"
        "pixl.icons.picture(pixl.icons.find('a blue apple'), 32)\n"
        "bad = [m for m in ('scipy', 'skimage', 'torch') if m in sys.modules]\n"
        "assert not bad, bad\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOM.parent.parent)


def test_another_reader_of_the_png_sees_the_same_pixels() -> None:
    """The palette and transparency chunks decoded by hand, filters undone by hand."""
    data = (ROOM / "atlas.bin").read_bytes()
    for icon_id in ("red-apple", "ghost", "elephant"):
        icon = icon_of(icon_id)
        parts = chunks(data[icon.start : icon.start + icon.length])
        bits = parts["IHDR"][8]
        assert parts["IHDR"][9] == 3
        colors = np.frombuffer(parts["PLTE"], np.uint8).reshape(-1, 3)
        alpha = np.full(len(colors), 255, np.uint8)
        given = np.frombuffer(parts["tRNS"], np.uint8)[: len(colors)]
        alpha[: len(given)] = given
        row = icons.SIDE * bits // 8
        raw = np.frombuffer(zlib.decompress(parts["IDAT"]), np.uint8).reshape(icons.SIDE, row + 1)
        assert (raw[:, 0] == 0).all(), "indexed PNG without row filters"
        packed = np.unpackbits(raw[:, 1:], axis=1).reshape(icons.SIDE, icons.SIDE, bits)
        index = packed @ (1 << np.arange(bits)[::-1])
        expected = np.concatenate([colors[index], alpha[index][..., None]], axis=-1)
        assert (icons.picture(icon_id) == expected).all()


def test_the_atlas_opens_as_pictures_in_pillow() -> None:
    icon = icon_of("snowflake")
    data = (ROOM / "atlas.bin").read_bytes()[icon.start : icon.start + icon.length]
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == (icons.SIDE, icons.SIDE)
        assert picture.mode == "P"
