"""The written format: the schema accepts what pixl writes, and the page's example is a document."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from test_embedded import documents

from pixl.document import CRAFTS, MAX_BYTES, Document
from pixl.errors import DocumentError
from pixl.palette import FINISHES, MAX_COLORS
from pixl.pattern import SHAPES
from pixl.units import MAX_CELLS_A_SIDE

FORMATS = Path(__file__).resolve().parents[2] / "docs" / "formats"
SCHEMA = json.loads((FORMATS / "pixl-v1.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_schema_is_one_and_knows_our_lists() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["craft"]["enum"] == list(CRAFTS)
    assert SCHEMA["$defs"]["color"]["properties"]["finish"]["enum"] == list(FINISHES)
    assert SCHEMA["properties"]["cell"]["properties"]["shape"]["enum"] == list(SHAPES)
    assert SCHEMA["properties"]["palette"]["properties"]["colors"]["maxItems"] == MAX_COLORS
    assert SCHEMA["$defs"]["side"]["maximum"] == MAX_CELLS_A_SIDE


@settings(max_examples=60)
@given(documents())
def test_what_is_written_fits_the_schema(document: Document) -> None:
    VALIDATOR.validate(json.loads(document.to_bytes()))


def test_the_example_of_the_page_is_a_document() -> None:
    page = (FORMATS / "pixl-v1.md").read_text()
    example = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert example is not None
    document = Document.from_bytes(example[1].encode())
    assert document.pattern.index.tolist() == [[0, 0, 0, -1], [1, -1, 0, 0]]
    VALIDATOR.validate(json.loads(example[1]))
    for key in json.loads(document.to_bytes()):
        assert f"| `{key}` |" in page
    assert f"{MAX_BYTES // 10**6} MB" in page


@pytest.mark.parametrize(
    "change",
    [
        {"pixl": 2},
        {"craft": "knit"},
        {"size": [4]},
        {"size": [0, 2]},
        {"rows": ["0*3 x", "1 . 0*2"]},
        {"palette": {"colors": []}},
        {"palette": {"colors": [{"code": " ", "hex": "#123456"}]}},
        {"palette": {"colors": [{"code": "1", "hex": "12"}]}},
        {"cell": {"width_mm": 0, "height_mm": 1}},
        {"edits": "none"},
    ],
)
def test_schema_and_reader_refuse_the_same(change: dict[str, object]) -> None:
    page = (FORMATS / "pixl-v1.md").read_text()
    values = {**json.loads(page.split("```json\n")[1].split("```")[0]), **change}
    assert not VALIDATOR.is_valid(values)
    with pytest.raises(DocumentError):
        Document.from_bytes(json.dumps(values).encode())
