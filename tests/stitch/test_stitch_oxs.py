"""OXS: what we write passes a strict reading of the format; what others write is kept."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stitch_samples import index_maps, pattern, plan

from pixl.document import Document
from pixl.errors import DocumentError
from pixl_exporters.stitch import oxs
from pixl_exporters.stitch.oxs_read import document_from_oxs
from pixl_exporters.stitch.plan import StitchOptions, make_plan, plan_from_document

OTHER = """<?xml version="1.0" encoding="UTF-8"?>
<chart>
<format comments01="Designed to allow interchange of basic pattern data between any cross stitch style software"/>
<properties oxsversion="1.0" software="DP Software" software_version="2.1" chartheight="3" chartwidth="4"
 charttitle="Pumpkin &amp; Co" author="Somebody" copyright="(c) her" instructions="two over two" stitchesperinch="16"
 stitchesperinch_y="16" palettecount="4" misc1="m" misc2="" house="own"/>
<palette>
<palette_item index="0" number="cloth" name="cloth" color="FFFFFF" printcolor="FFFFFF" blendcolor="nil" comments="" strands="2" symbol="0" dashpattern="" bsstrands="2" bscolor="FFFFFF"/>
<palette_item index="1" number="DMC    943" name="Aquamarine" color="3D9384" printcolor="3D9384" blendcolor="nil" comments="" strands="3" symbol="7" dashpattern="" bsstrands="2" bscolor="3D9384"/>
<palette_item index="3" number="DMC  B5200" name="Snow White" color="FFFFFF" printcolor="FFFFFF" blendcolor="nil" comments="" strands="3" symbol="9" dashpattern="" bsstrands="2" bscolor="FFFFFF"/>
</palette>
<fullstitches>
<stitch x="0" y="0" palindex="1"/><stitch x="3" y="2" palindex="3"/><stitch x="1" y="1" palindex="0"/>
</fullstitches>
<partstitches><partstitch x="2" y="1" palindex1="1" palindex2="0" direction="3"/></partstitches>
<backstitches>
<backstitch x1="17,5" x2="2.5" y1="0" y2="1,25" palindex="3" objecttype="backstitch" sequence="4"/>
</backstitches>
<ornaments_inc_knots_and_beads><object x1="1,5" y1="2" palindex="1" objecttype="knot"/></ornaments_inc_knots_and_beads>
<commentboxes><commentbox boxleft="1" boxwords="hello &lt;you&gt;"/></commentboxes>
</chart>
"""  # noqa: E501


def strict(data: bytes) -> ET.Element:
    """The reference's description of real files, as assertions."""
    root = ET.fromstring(data)
    assert root.tag == "chart"
    assert [child.tag for child in root] == [
        "properties", "palette", "fullstitches", "partstitches", "backstitches", "ornaments_inc_knots_and_beads",
        "commentboxes",
    ]  # fmt: skip
    properties = root.find("properties")
    assert properties is not None
    assert list(properties.attrib)[:14] == [
        "oxsversion", "software", "software_version", "chartwidth", "chartheight", "charttitle", "author", "copyright",
        "instructions", "stitchesperinch", "stitchesperinch_y", "palettecount", "misc1", "misc2",
    ]  # fmt: skip
    width, height = int(properties.get("chartwidth", "")), int(properties.get("chartheight", ""))
    items = list(root.find("palette") or [])
    assert int(properties.get("palettecount", "")) == len(items) - 1
    assert items[0].get("number") == "cloth"
    for number, item in enumerate(items):
        assert item.tag == "palette_item"
        assert item.get("index") == str(number)
        assert re.fullmatch(r"[0-9A-F]{6}", item.get("color", ""))
        assert (item.get("symbol") or "x").isdecimal()
        for key in ("name", "printcolor", "blendcolor", "comments", "strands", "dashpattern", "bsstrands", "bscolor"):
            assert key in item.attrib
    seen = set()
    for stitch in root.find("fullstitches") or []:
        assert list(stitch.attrib) == ["x", "y", "palindex"]
        x, y, k = (int(stitch.get(key, "")) for key in ("x", "y", "palindex"))
        assert 0 <= x < width
        assert 0 <= y < height
        assert 1 <= k < len(items)
        assert (x, y) not in seen
        seen.add((x, y))
    for element in root.iter():
        assert element.tag == element.tag.lower()
        assert all(key == key.lower() for key in element.attrib)
    return root


@settings(max_examples=25)
@given(index_maps(most=25, colors=20))
def test_written_charts_are_strict_and_read_back(index: np.ndarray) -> None:
    made = plan(index)
    data = oxs.export(made)["chart.oxs"]
    root = strict(data)
    number = {item.get("index"): item.get("number", "") for item in root.iter("palette_item")}
    for stitch in root.iter("stitch"):
        color = made.pattern.palette.colors[made.pattern.index[int(stitch.get("y", "")), int(stitch.get("x", ""))]]
        assert number[stitch.get("palindex")] == f"DMC{color.code:>7}"
    assert len(list(root.iter("stitch"))) == (index >= 0).sum()
    again = document_from_oxs(data)
    assert np.array_equal(again.pattern.index, made.pattern.index)
    assert [(c.code, c.name, c.rgb) for c in again.pattern.palette.colors] == [
        (c.code, c.name, c.rgb) for c in made.pattern.palette.colors
    ]
    assert again.pattern.palette.id == "dmc_threads"
    assert oxs.export(plan_from_document(again))["chart.oxs"].count(b"<stitch ") == (index >= 0).sum()


def test_a_chart_of_another_program() -> None:
    document = document_from_oxs(OTHER.encode())
    made = plan_from_document(document)
    assert made.pattern.title == "Pumpkin & Co"
    assert made.fabric.stitches_per_inch == 16
    assert made.strands == 3
    assert made.pattern.index.tolist() == [[0, -1, -1, -1], [-1, -1, -1, -1], [-1, -1, -1, 1]]
    assert [color.code for color in made.pattern.palette.colors] == ["943", "B5200"]
    [stitch] = made.options.extras.backstitches
    assert (stitch.x1, stitch.x2, stitch.y1, stitch.y2, stitch.color) == (17.5, 2.5, 0.0, 1.25, 1)
    [part] = made.options.extras.parts
    assert (part.x, part.y, part.color1, part.color2, part.direction) == (2, 1, 0, -1, "3")


def test_what_we_have_no_field_for_is_kept_through_a_read_and_a_write() -> None:
    first = document_from_oxs(OTHER.encode())
    written = oxs.export(plan_from_document(Document.from_bytes(first.to_bytes())))["chart.oxs"]
    root = strict(written)
    [back] = list(root.iter("backstitch"))
    assert dict(back.attrib) == {
        "x1": "17.5", "x2": "2.5", "y1": "0", "y2": "1.25", "palindex": "2",
        "objecttype": "backstitch", "sequence": "4",
    }  # fmt: skip
    [part] = list(root.iter("partstitch"))
    assert dict(part.attrib) == {"x": "2", "y": "1", "palindex1": "1", "palindex2": "0", "direction": "3"}
    [knot] = list(root.iter("object"))
    assert dict(knot.attrib) == {"x1": "1.5", "y1": "2", "palindex": "1", "objecttype": "knot"}
    [box] = list(root.iter("commentbox"))
    assert box.get("boxwords") == "hello <you>"
    properties = root.find("properties")
    assert properties is not None
    kept = {key: properties.get(key) for key in ("author", "copyright", "instructions", "misc1", "house")}
    assert kept == {
        "author": "Somebody",
        "copyright": "(c) her",
        "instructions": "two over two",
        "misc1": "m",
        "house": "own",
    }
    second = document_from_oxs(written)
    assert second.options["oxs"] == first.options["oxs"]
    assert oxs.export(plan_from_document(second))["chart.oxs"] == written


def test_empty_elements_are_there_and_bytes_are_stable() -> None:
    made = plan(np.full((2, 2), -1))
    data = oxs.export(made)["chart.oxs"]
    assert b"<fullstitches>\n</fullstitches>" in data
    assert b"<backstitches>\n</backstitches>" in data
    assert data == oxs.export(made)["chart.oxs"]
    assert (document_from_oxs(data).pattern.index == -1).all()


def test_hostile_text_is_escaped() -> None:
    made = make_plan(pattern([[0]], title='"><script>&\x00'), StitchOptions())
    root = strict(oxs.export(made)["chart.oxs"])
    properties = root.find("properties")
    assert properties is not None
    assert properties.get("charttitle") == '"><script>&'


BOMB = """<?xml version="1.0"?><!DOCTYPE chart [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><chart>&b;</chart>"""


@pytest.mark.parametrize(
    "text",
    [
        "", "hello", "<chart/>", "<svg/>", BOMB, BOMB.encode("utf-16"),
        OTHER.replace('chartwidth="4"', 'chartwidth="99999"'), OTHER.replace('chartwidth="4"', 'chartwidth="x"'),
        OTHER.replace('x="3" y="2"', 'x="4" y="2"'), OTHER.replace('palindex="3"/>', 'palindex="7"/>'),
        OTHER.replace('x1="17,5"', 'x1="1,7,5"'), OTHER.replace('x1="17,5"', 'x1="inf"'),
        OTHER.replace("3D9384", "3D93"), OTHER.replace("<fullstitches>", "<stitches>"), OTHER[:600],
    ],
)  # fmt: skip
def test_broken_charts_are_one_sentence(text: str | bytes) -> None:
    with pytest.raises(DocumentError) as error:
        document_from_oxs(text if isinstance(text, bytes) else text.encode())
    assert error.value.hint


@settings(max_examples=80)
@given(st.binary(max_size=60), st.integers(0, len(OTHER) - 1))
def test_damaged_bytes_never_raise_anything_else(noise: bytes, at: int) -> None:
    data = OTHER.encode()
    for attempt in (noise, data[:at] + noise + data[at + len(noise) :]):
        try:
            document_from_oxs(attempt)
        except DocumentError as error:
            assert error.hint


def test_twins_and_own_brands() -> None:
    text = OTHER.replace("DMC  B5200", "DMC    943").replace("Snow White", "again")
    codes = [color.code for color in document_from_oxs(text.encode()).pattern.palette.colors]
    assert codes == ["943", "943'"]
    text = OTHER.replace("DMC    943", "My Brand  12").replace("DMC  B5200", "77")
    palette = document_from_oxs(text.encode()).pattern.palette
    assert palette.id == "own"
    assert [(c.ids.get("brand", ""), c.code) for c in palette.colors] == [("My Brand", "12"), ("", "77")]
