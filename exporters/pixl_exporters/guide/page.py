"""``guide.html``: the page put together from its files and from what it shows, as text."""

from __future__ import annotations

import base64
import csv
import functools
import hashlib
import html
import json
import re
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pixl.color import rgb_to_hex
from pixl.embedded import html_script
from pixl.palette import Color
from pixl.pattern import EMPTY, Pattern

from .crafts import facts_of
from .facts import Facts, Shop

if TYPE_CHECKING:
    from pixl.document import Document
    from pixl_exporters.formats import ExportOptions

SCRIPTS = (
    "geometry.js",
    "stamps.js",
    "tiles.js",
    "gestures.js",
    "grid.js",
    "progress.js",
    "printing.js",
    "panel.js",
    "guide.js",
    "page.js",
)
"""In the order in which they stand in the page; each is a script of its own and the last one starts it."""

_FOLDER = Path(__file__).parent
_SLOT = re.compile(r"\{\{([a-z_]+)\}\}")


def export(document: Document, options: ExportOptions) -> dict[str, bytes]:
    """``guide.html``: one file that works without a network and carries the document. Raises PixlError."""
    data = options.document or document.to_bytes()
    page = guide_page(document, facts_of(document, options.plan), data, name=options.name)
    return {"guide.html": page.encode("utf-8")}


def guide_page(document: Document, facts: Facts, data: bytes, *, name: str) -> str:
    """The page. ``data``: the document's bytes; their digest is what progress is kept under."""
    pattern = document.pattern
    title = _clean(pattern.title) or "Pattern"
    inks, symbols = _marks(pattern)
    scripts = {file: _file(file) for file in SCRIPTS}
    style = _file("guide.css")
    seed = f", seed {document.recipe.seed}" if document.recipe.engine else ""
    values = {
        "policy": html.escape(_policy(scripts.values(), style)),
        "version": html.escape(document.recipe.version),
        "title": html.escape(title),
        "style": style,
        "picture": f"data:image/png;base64,{base64.b64encode(_picture(pattern)).decode('ascii')}",
        "lines": "".join(f"<span>{html.escape(line)}</span>" for line in facts.lines),
        "size": html.escape(f"{pattern.width} columns and {pattern.height} rows"),
        "mirror": "" if facts.turnable else " hidden",
        "region": html.escape(facts.region),
        "region_word": html.escape(facts.region.lower()),
        "notes": _notes(facts.notes),
        "shop": _table(facts.shop),
        "shop_note": html.escape(facts.shop.note),
        "order": _order(facts.xml),
        "made": html.escape(f"Made by pixl {document.recipe.version} ({document.recipe.engine or 'by hand'}{seed})."),
        "data": _json(_data(pattern, facts, data, title=title, name=name, inks=inks, symbols=symbols)),
        "document": html_script(data),
        "scripts": "\n".join(f"<script>{text}</script>" for text in scripts.values()),
    }
    return _SLOT.sub(lambda slot: values[slot[1]], _file("guide.html"))


@functools.cache
def _file(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


@functools.cache
def _outlines() -> dict[str, tuple[int, str]]:
    """Size (the larger of width and height, thousandths of an em) and path of every chart symbol."""
    rows = csv.DictReader(_file("symbols.csv").splitlines())
    return {chr(int(row["codepoint"], 16)): (max(int(row["width"]), int(row["height"])), row["path"]) for row in rows}


def _policy(scripts: Any, style: str) -> str:
    """Nothing from anywhere: the page's own scripts and style by their hashes, pictures only as data."""
    allowed = " ".join(_hash(text) for text in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"


def _clean(text: str) -> str:
    """One line without control and direction characters."""
    from pixl_exporters.sheet.font import clean_text

    return " ".join(clean_text(text).split())


def _json(values: dict[str, Any]) -> str:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _marks(pattern: Pattern) -> tuple[list[str], list[dict[str, Any]]]:
    """The ink and the symbol of every palette colour, the same as on the printed sheets."""
    from pixl_exporters.sheet.symbols import assign_symbols, ink_for

    used, counts, lab = pattern.used(), pattern.counts(), pattern.palette.lab
    inks = [rgb_to_hex((int(r), int(g), int(b))) for r, g, b in ink_for(lab)]
    outlines = _outlines()
    symbols = []
    for k, text in enumerate(assign_symbols(lab, counts)):
        size, path = outlines.get(text, (0, "")) if k in used else (0, "")
        symbols.append({"text": text, "size": size, "d": path})
    return inks, symbols


def _data(
    pattern: Pattern,
    facts: Facts,
    data: bytes,
    *,
    title: str,
    name: str,
    inks: list[str],
    symbols: list[dict[str, Any]],
) -> dict[str, Any]:
    """What the scripts need besides the document."""
    return {
        "digest": hashlib.sha256(data).hexdigest()[:32],
        "title": title,
        "name": name,
        "lines": list(facts.lines),
        "word": facts.region,
        "look": facts.look,
        "mark": facts.mark,
        "every": facts.every,
        "pitch": round(facts.pitch_mm, 4),
        "step": round(facts.row_step, 6),
        "shifted": [int(row) for row in facts.shifted],
        "mirrored": not np.array_equal(facts.laid, pattern.index),
        "turnable": facts.turnable,
        "regions": [
            {"name": r.name, "row": r.row, "column": r.column, "rows": r.rows, "columns": r.columns}
            for r in facts.regions
        ],
        "pieces": [list(piece) for piece in facts.pieces],
        "colors": [
            {
                "number": k + 1,
                "code": _clean(color.code),
                "name": _clean(color.name) or _clean(color.code),
                "hex": color.hex,
                "ink": inks[k],
                "symbol": symbols[k],
            }
            for k, color in enumerate(pattern.palette.colors)
        ],
    }


def _notes(notes: tuple[str, ...]) -> str:
    listed = "".join(f"<li>{html.escape(_clean(note))}</li>" for note in notes)
    return f'<ul class="notes">{listed}</ul>' if listed else ""


def _table(shop: Shop) -> str:
    """The shopping list, with a box to tick in front of each row."""
    heads = "".join(f'<th scope="col" class="number">{html.escape(head)}</th>' for head in shop.heads)
    lines = [
        '<table><thead><tr><th scope="col"><span class="hidden">Have it</span></th>',
        '<th scope="col"><span class="hidden">Swatch</span></th><th scope="col" class="number">No.</th>',
        f'<th scope="col">What</th>{heads}</tr></thead><tbody>',
    ]
    for row in shop.rows:
        key, name = html.escape(_clean(row.key)), html.escape(_clean(row.name))
        under = "".join(f"<span>{html.escape(_clean(text))}</span> " for text in row.under)
        counts = "".join(f'<td class="number">{"" if n is None else f"{n:,}"}</td>' for n in row.counts)
        lines.append(
            f'<tr><td class="tick"><input type="checkbox" data-key="{key}" aria-label="Have it: {name}"></td>'
            f'<td>{_swatch(row.color)}</td><td class="number">{row.number or ""}</td>'
            f'<td class="what">{name}<small>{under}</small></td>{counts}</tr>'
        )
    return "\n".join([*lines, "</tbody></table>"])


def _swatch(color: Color) -> str:
    return (
        '<svg class="chip" viewBox="0 0 34 34" aria-hidden="true"><rect x=".5" y=".5" width="33" height="33" rx="7" '
        f'fill="{color.hex}" stroke="#808080" stroke-opacity=".45"/></svg>'
    )


def _order(xml: str) -> str:
    """BrickLink's list to copy; '' for crafts without one."""
    if not xml:
        return ""
    return (
        "<h2>BrickLink</h2>\n"
        '<p class="note">At BrickLink choose Want, Upload, “Upload BrickLink XML format”, and paste this.</p>\n'
        f'<textarea id="xml" readonly spellcheck="false" aria-label="BrickLink wanted list">\n{html.escape(xml)}'
        '</textarea>\n<p class="scripted"><button type="button" id="copy-xml">Copy for BrickLink</button> '
        '<output id="copied-xml"></output></p>'
    )


def _picture(pattern: Pattern) -> bytes:
    """The finished face as a PNG of one pixel a cell, empty cells clear."""
    transparent = np.where(pattern.index == EMPTY, 0, 255).astype(np.uint8)
    pixels = np.dstack([pattern.rgb(), transparent])
    raw = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", pattern.width, pattern.height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
