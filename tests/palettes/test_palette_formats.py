"""Palette files: round trips, foreign readers, and files that strangers made."""

from __future__ import annotations

import io
import random
import struct
import time
from pathlib import Path

import pytest
import swatch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import GimpPaletteFile, Image

from pixl.errors import PaletteError, PixlError, UsageError
from pixl.palette import FINISHES, Color, Palette, load_palette
from pixl.palette_formats import FORMATS, format_of, parse_palette, read_palette, write_palette

SUFFIX = {key: row.suffix for key, row in FORMATS.items()} | {"csv": ".csv"}
WRITTEN = [key for key, row in FORMATS.items() if row.write] + ["csv"]
NAMED = ("gpl", "ase", "aco")
COLOURS_ONLY = ("hex", "jasc", "paintnet", "png")

_word = st.text(st.characters(blacklist_categories=("C", "Z"), blacklist_characters="]"), min_size=1, max_size=12)
_name = st.lists(_word, min_size=1, max_size=3).map(" ".join)
_color = st.builds(
    lambda code, name, rgb, finish: Color(code=code, name=name, rgb=rgb, finish=finish),
    code=_word,
    name=_name,
    rgb=st.tuples(*[st.integers(0, 255)] * 3),
    finish=st.sampled_from(FINISHES),
)
_palette = st.lists(_color, min_size=1, max_size=12, unique_by=lambda c: c.code.strip().casefold()).map(
    lambda colors: Palette(id="own", version="1", name="Own", colors=tuple(colors))
)


def _again(palette: Palette, key: str, **more: int) -> Palette:
    return parse_palette(write_palette(palette, key, **more), name=f"own{SUFFIX[key]}", key=key)


@pytest.mark.parametrize("key", WRITTEN)
@pytest.mark.parametrize("palette_id", ["perler", "lego", "dmc_threads"])
def test_shipped_palettes_round_trip(key: str, palette_id: str) -> None:
    palette = load_palette(palette_id)
    again = _again(palette, key)
    if key == "png":  # a strip has each colour once
        assert [c.rgb for c in again.colors] == list(dict.fromkeys(c.rgb for c in palette.colors))
        return
    assert [c.rgb for c in again.colors] == [c.rgb for c in palette.colors]
    if key in NAMED:
        assert [(c.code, c.name) for c in again.colors] == [(c.code, c.name) for c in palette.colors]
    if key == "csv":
        assert again.colors == palette.colors
    assert write_palette(again, key) == write_palette(palette, key) or key in ("gpl", "ase", "paintnet", "csv")


@settings(max_examples=60, deadline=None)
@given(palette=_palette)
def test_any_palette_round_trips(palette: Palette) -> None:
    assert [c.rgb for c in _again(palette, "hex").colors] == [c.rgb for c in palette.colors]
    for key in NAMED:
        got = [(c.code, c.name, c.rgb) for c in _again(palette, key).colors]
        assert got == [(c.code, c.name, c.rgb) for c in palette.colors], key
    assert _again(palette, "csv").colors == palette.colors


def test_swatch_reads_our_ase(tmp_path: Path) -> None:
    palette = load_palette("perler")
    path = tmp_path / "p.ase"
    path.write_bytes(write_palette(palette, "ase"))
    (group,) = swatch.parse(str(path))
    assert group["name"] == palette.name
    assert len(group["swatches"]) == len(palette)
    for entry, color in zip(group["swatches"], palette.colors, strict=True):
        assert entry["name"] == f"[{color.code}] {color.name}"
        assert tuple(round(255 * v) for v in entry["data"]["values"]) == color.rgb


def test_we_read_what_swatch_writes(tmp_path: Path) -> None:
    rows = [
        {"name": "Red", "type": "Global", "data": {"mode": "RGB", "values": [1.0, 0.0, 0.0]}},
        {"name": "Grey", "type": "Spot", "data": {"mode": "Gray", "values": [0.5]}},
        {"name": "Ink", "type": "Process", "data": {"mode": "CMYK", "values": [0.0, 1.0, 1.0, 0.5]}},
    ]
    data = swatch.dumps(rows)
    assert [(c.name, c.hex) for c in parse_palette(data, name="x.ase").colors] == [
        ("Red", "#FF0000"),
        ("Grey", "#808080"),
        ("Ink", "#800000"),
    ]
    lab = swatch.dumps([{"name": "L", "type": "Global", "data": {"mode": "LAB", "values": [0.5, 1.0, 2.0]}}])
    with pytest.raises(PaletteError, match=r"x\.ase block 1 is a colour in LAB"):
        parse_palette(lab, name="x.ase")


def test_pillow_reads_our_gpl_and_png() -> None:
    palette = load_palette("hama")
    raw, mode = GimpPaletteFile.GimpPaletteFile(io.BytesIO(write_palette(palette, "gpl"))).getpalette()
    assert mode == "RGB"
    assert [tuple(raw[3 * i : 3 * i + 3]) for i in range(len(palette))] == [c.rgb for c in palette.colors]
    for side in (1, 16):
        with Image.open(io.BytesIO(write_palette(palette, "png", side=side))) as picture:
            assert picture.size == (side * len(palette), side)
            assert [picture.getpixel((side * i + side // 2, side - 1)) for i in range(len(palette))] == [
                c.rgb for c in palette.colors
            ]


def test_pillow_palette_picture_is_read_in_reading_order() -> None:
    picture = Image.new("RGBA", (2, 2))
    for at, colour in enumerate([(9, 8, 7, 255), (1, 2, 3, 127), (4, 5, 6, 128), (9, 8, 7, 200)]):
        picture.putpixel((at % 2, at // 2), colour)
    out = io.BytesIO()
    picture.save(out, "PNG")
    assert [c.rgb for c in parse_palette(out.getvalue(), name="x.png").colors] == [(9, 8, 7), (4, 5, 6)]


def test_riff_is_told_from_jasc_by_its_first_bytes() -> None:
    body = struct.pack("<HH", 0x300, 2) + bytes([1, 2, 3, 0, 250, 251, 252, 0])
    riff = b"RIFF" + struct.pack("<I", 12 + len(body)) + b"PAL data" + struct.pack("<I", len(body)) + body
    assert format_of("x.pal", riff) == "riff"
    assert [c.rgb for c in parse_palette(riff, name="x.pal").colors] == [(1, 2, 3), (250, 251, 252)]
    assert [c.hex for c in parse_palette(b"JASC-PAL\r\n0100\r\n1\r\n255 0 9\r\n", name="x.pal").colors] == ["#FF0009"]
    with pytest.raises(UsageError, match="does not write"):
        write_palette(load_palette("nabbi"), "riff")


def test_files_of_other_programs() -> None:
    aseprite = b"GIMP Palette\nChannels: RGBA\n# made by hand\n255 0 0 255 Red\n  0 255   0 255 Untitled\n"
    assert [(c.name, c.hex) for c in parse_palette(aseprite, name="a.gpl").colors] == [
        ("Red", "#FF0000"),
        ("#00FF00", "#00FF00"),
    ]
    paint = b"; paint.net Palette File\n; Palette Name: Sea\nFF0000FF\n80FFFFFF ; pale\n"
    sea = parse_palette(paint, name="sea.txt")
    assert (sea.name, [c.hex for c in sea.colors]) == ("Sea", ["#0000FF", "#FFFFFF"])
    old = parse_palette("GIMP Palette\n1 2 3 Bl\xe5\n".encode("latin-1"), name="a.gpl")
    assert old.colors[0].name == "Bl\xe5"
    table = parse_palette(b"\xef\xbb\xbfhex;name;code;bag\n#112233;Eins;1;A\n", name="a.csv")
    assert (table.colors[0].code, table.colors[0].name, table.colors[0].ids["bag"]) == ("1", "Eins", "A")
    twice = parse_palette(b"112233\n#112233\n", name="a.hex")
    assert [c.code for c in twice.colors] == ["#112233", "#112233-2"]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.hex", b"112233\n11223G\n", r"a\.hex line 2: '11223G'"),
        ("a.gpl", b"GIMP Palette\nName: x\n1 2 300 Red\n", r"a\.gpl line 3"),
        ("a.gpl", b"nothing\n", r"a\.gpl line 1: no 'GIMP Palette'"),
        ("a.pal", b"JASC-PAL\n0100\n5\n1 2 3\n", r"a\.pal line 3: says 5"),
        ("a.pal", b"JASC-PAL\n0100\n1\n1 2 x\n", r"a\.pal line 4"),
        ("a.txt", b"; c\nFF00\n", r"a\.txt line 2"),
        ("a.csv", b"code,name,hex\n1,One,#12\n", r"a\.csv line 2"),
        ("a.csv", b"code,name,hex,finish\n1,One,#123456,shiny\n", r"a\.csv line 2: finish 'shiny'"),
        ("a.csv", b"code,name,colour\n1,One,#123456\n", r"a\.csv: no column 'hex'"),
        ("a.csv", b"code,name,hex\n1,A,#123456\n1,B,#123457\n", r"a\.csv line 3.*line 2"),
        ("a.ase", b"ASEF\0\1\0\0\xff\xff\xff\xff\0\1\x7f\xff\xff\xff", "ends at byte 18"),
        ("a.aco", b"\0\1\xff\xff", "more than 4096"),
        ("a.aco", b"\0\1\0\1\0\7" + bytes(8), "colour 1 is in colour space 7"),
        ("a.aco", b"\0\2\0\1" + bytes(10) + b"\xff\xff\xff\xff", "too early"),
        ("a.pal", b"RIFF\xff\xff\xff\xffPAL data\xff\xff\xff\x7f\0\3\0\1", "cut off"),
        ("a.png", b"\x89PNG\r\n\x1a\nrest" + bytes(20), "cannot be read as PNG"),
        ("a.hex", b"\n" * 9, "no colour in it"),
        ("a.hex", b"\x00\x01", "is not text"),
        ("a.xyz", b"", "no palette ending"),
    ],
)
def test_a_bad_file_is_a_sentence(name: str, data: bytes, message: str) -> None:
    with pytest.raises(PaletteError, match=message) as caught:
        parse_palette(data, name=name)
    assert caught.value.hint


def test_caps(tmp_path: Path) -> None:
    many = b"".join(b"%06x\n" % n for n in range(5000))
    with pytest.raises(PaletteError, match="more than 4096 colours"):
        parse_palette(many, name="a.hex")
    path = tmp_path / "huge.hex"
    with path.open("wb") as file:
        file.truncate(3_000_000_000)
    with pytest.raises(PaletteError, match="larger than"):
        read_palette(path)
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    with pytest.raises(PaletteError, match="20000 x 20000"):
        parse_palette(bomb.getvalue(), name="bomb.png")
    with pytest.raises(PaletteError, match="cannot be read"):
        read_palette(tmp_path / "none.gpl")
    with pytest.raises(PaletteError, match="cannot be read"):
        read_palette(tmp_path)


def test_names_from_strangers_stay_on_one_line() -> None:
    evil = "GIMP Palette\nName: a\x1b[31mb\u202ec\n1 2 3 x\x00y\x07z".replace("\x00", "") + "q" * 500 + "\n"
    palette = parse_palette(evil.encode(), name="evil\x1b.gpl")
    assert palette.name == "a [31mb c"
    assert len(palette.colors[0].name) <= 120
    assert palette.colors[0].name.startswith("x y z") or palette.colors[0].name.startswith("xy z")
    assert "\x1b" not in palette.id


def test_two_thousand_damaged_files_give_a_palette_or_a_sentence() -> None:
    chance = random.Random(20260801)
    palette = load_palette("nabbi")
    seeds = {key: write_palette(palette, key) for key in WRITTEN}
    seeds["riff"] = b"RIFF\x14\0\0\0PAL data\x0c\0\0\0\0\x03\2\0\1\2\3\0\4\5\6\0"
    good, sentences = 0, list[str]()
    for number in range(2000):
        key = chance.choice(sorted(seeds))
        data = bytearray(seeds[key])
        for _ in range(chance.choice([1, 1, 3, 10, 60])):
            move = chance.randrange(5)
            at = chance.randrange(len(data)) if data else 0
            if move == 0 and data:
                data[at] = chance.randrange(256)
            elif move == 1:
                data[at:at] = chance.randbytes(chance.randrange(1, 9))
            elif move == 2:
                del data[at : at + chance.randrange(1, 40)]
            elif move == 3:
                data[at : at + 4] = struct.pack(">I", chance.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 2**31]))
            else:
                data += data[: chance.randrange(200)]
        start = time.monotonic()
        try:
            assert len(parse_palette(bytes(data), name=f"f{number}{SUFFIX[key]}", key=chance.choice(["", key]))) > 0
            good += 1
        except PixlError as error:
            sentences.append(error.what)
        assert time.monotonic() - start < 2
    assert 100 < good < 1900
    assert all(text and "\n" not in text and len(text) < 400 for text in sentences)
