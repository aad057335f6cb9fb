"""Small documents of every craft, made by hand, and one whose every string is hostile."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from pixl.document import Document
from pixl.palette import Color, Palette, load_palette
from pixl.pattern import Cell, Pattern
from pixl.recipe import Recipe
from pixl_exporters.formats import ExportOptions, make_plan
from pixl_exporters.guide.page import export

HOSTILE = (
    "<script>window.hacked=1</script>",
    '"><img src=x onerror="window.hacked=2">',
    "</title></script><script>window.hacked=3</script>",
    "{{scripts}} ]]> & &lt; \u2028 ' `${window.hacked=4}`",
)


def picture(height: int, width: int, colors: int, *, empty: bool = True, seed: int = 7) -> np.ndarray[Any, Any]:
    """int16[H, W]: every colour occurs, nothing is symmetric."""
    index = np.random.default_rng(seed).integers(-1 if empty else 0, colors, (height, width)).astype(np.int16)
    index.flat[:colors] = np.arange(colors)
    return index


def document(
    craft: str, *, size: tuple[int, int] = (20, 18), colors: int = 9, title: str = "Quiet owl", **options: Any
) -> Document:
    """A document of a craft, ``size`` columns and rows."""
    names = {
        "brick": "lego",
        "bead": "perler",
        "stitch": "dmc_threads",
        "embroider": "isacord40",
        "pixel": "dmc_threads",
    }
    palette = load_palette(names[craft]).solid()
    if craft == "brick":
        from pixl_exporters.brick.parts import find_part, part_palette

        palette = part_palette(find_part("plate"))
    palette = palette.take(list(range(min(colors, len(palette)))))
    side = {"brick": 8.0, "bead": 5.0, "stitch": 1.8, "embroider": 2.0, "pixel": 1.0}[craft]
    pattern = Pattern(
        index=picture(size[1], size[0], len(palette)),
        palette=palette,
        cell=Cell(width_mm=side, height_mm=side),
        title=title,
    )
    return Document(
        pattern=pattern.numbered(),
        craft=craft,
        options=options,
        recipe=Recipe(version="0", command=craft, engine="quantize"),
    )


def hostile_document(craft: str = "pixel") -> Document:
    """Title, colour names and codes that try to leave the text they stand in."""
    made = document(craft, colors=4)
    colors = tuple(
        Color(code=f"{k}{text}", name=text, rgb=(50 * k, 90, 200 - 40 * k), ids=MappingProxyType({"bl_name": text}))
        for k, text in enumerate(HOSTILE)
    )
    palette = Palette(id="own", version="1", name=HOSTILE[0], colors=colors)
    index = picture(18, 20, 4)
    return replace(made, pattern=replace(made.pattern, index=index, palette=palette, title=" ".join(HOSTILE)))


def page_of(made: Document, *, with_plan: bool = True) -> bytes:
    """The guide of a document, as the command makes it."""
    options = ExportOptions(
        name="owl", document=made.to_bytes(), plan=make_plan(made) if with_plan and made.craft != "embroider" else None
    )
    files = export(made, options)
    assert list(files) == ["guide.html"]
    return files["guide.html"]
