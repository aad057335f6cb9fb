"""Write the folders under ``palettes/`` from the project's colour tables.

    python scripts/build_palettes.py DATA [--out palettes] [--check]

DATA is the folder of source tables, one CSV a maker, each row with its source; palette_heads.toml says what each is.
``--check`` compares and writes nothing.
What the tables have wrong is corrected here, in CORRECTIONS, with the reason; nothing is corrected by hand.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pixl.color import ciede2000, hex_to_rgb, rgb_to_lab

NEAR = 0.5  # dE00 below which two colours of one finish cannot be told apart
ANCHOR_LIMIT = 8.0  # dE00 above which a DMC to Anchor conversion is not offered
Row = dict[str, str]

# What a source table has wrong: (palette, code) -> new values, and why.
CORRECTIONS: dict[tuple[str, str], tuple[Row, str]] = {
    **{
        ("diamond_dotz", str(code)): ({"finish": "metallic"}, "the name says metallic, the table says solid")
        for code in range(7001, 7010)
    },
    **{
        ("diamond_dotz", str(code)): ({"finish": "neon"}, "the name says neon, the table says solid")
        for code in range(3001, 3005)
    },
    ("diamond_dotz", "4001"): ({"finish": "glow"}, "the name says glow in the dark, the table says solid"),
    ("lego", "133"): ({"finish": "neon"}, "the name says neon, the table says solid"),
    ("lego", "134"): ({"finish": "neon"}, "the name says neon, the table says solid"),
    ("panpan", "1"): (
        {"hex": "#FFFFFF", "finish": "solid", "mard": "H2"},
        "the table has #000000, but black is 14 and 1 stands where MARD has H2 and Mixiaowo 1, the plain white",
    ),
}
_NEON = re.compile(r"\b(neon|fluorescent)\b", re.IGNORECASE)


def _lego(data: Path, rows: list[Row]) -> list[Row]:
    """Key by LEGO id; a colour that has none (retired) is keyed ``rb:`` and its Rebrickable id."""
    out = []
    for row in rows:
        out.append(
            {
                "code": row["lego_id"] or f"rb:{row['rebrickable_id']}",
                "name": row["lego_name"] or row["bricklink_name"],
                "hex": row["hex"],
                "hex_rebrickable": row["hex_rebrickable"],
                "finish": row["finish"],
                "tags": "" if row["current"] == "1" else "retired",
                "bl": row["bricklink_id"],
                "bl_name": row["bricklink_name"],
                "rb": row["rebrickable_id"],
                "rb_name": row["rebrickable_name"],
                "ldraw": row["ldraw_code"],
                "alt": row["lego_ids_alt"],
                "year_from": row["year_from"],
                "year_to": row["year_to"],
                "source": {"2src": "both", "ldconfig": "ldconfig", "rebrickable": "rb"}.get(row["ldraw_check"], "rb"),
            }
        )
    return out


def _mard(data: Path, rows: list[Row]) -> list[Row]:
    """Add the codes that other makers give to the same colour."""
    codes = {row["mard"]: row for row in _read(data / "beads_cn_codes.csv")}
    makers = ("manman", "panpan", "mixiaowo")
    return [{**row, **{maker: codes.get(row["code"], {}).get(maker, "") for maker in makers}} for row in rows]


def _from_mard(maker: str) -> Callable[[Path, list[Row]], list[Row]]:
    def add(data: Path, rows: list[Row]) -> list[Row]:
        mard = {row[maker]: row["mard"] for row in _read(data / "beads_cn_codes.csv") if row[maker]}
        return [{**row, "mard": mard.get(row["code"], "")} for row in rows]

    return add


def _dmc(data: Path, rows: list[Row]) -> list[Row]:
    """Anchor's number only where the two hexes are at most ANCHOR_LIMIT apart, and always with the distance."""
    anchor = {row["code"]: row["hex"] for row in _read(data / "anchor_threads.csv")}
    out = []
    for row in rows:
        code = row["anchor_equiv"].strip()
        distance = _distance(row["hex"], anchor[code]) if code in anchor else 99.0
        near = distance <= ANCHOR_LIMIT
        out.append(
            {
                **row,
                "anchor": code if near else "",
                "anchor_de": f"{distance:.1f}" if near else "",
                "spread_de": row["dE00_max_pairwise"],
            }
        )
    return out


def _as_it_is(data: Path, rows: list[Row]) -> list[Row]:
    return rows


def _machine(data: Path, rows: list[Row]) -> list[Row]:
    return [{**row, "finish": "neon" if _NEON.search(row["name"]) else "solid"} for row in rows]


RESHAPE: dict[str, Callable[[Path, list[Row]], list[Row]]] = {
    "lego": _lego,
    "mard": _mard,
    "manman": _from_mard("manman"),
    "panpan": _from_mard("panpan"),
    "mixiaowo": _from_mard("mixiaowo"),
    "dmc_threads": _dmc,
    **dict.fromkeys(("isacord40", "madeira_polyneon40", "madeira_rayon40", "robison_anton40", "sulky40"), _machine),
}

LEGO_TABLES = {
    "parts.csv": ("lego_part_colors", (
        "part_id", "kind", "width_studs", "depth_studs", "height_ldu", "ldraw_file", "bricklink_id", "rebrickable_id",
        "lego_color_ids", "current_color_ids", "name",
    )),
    "elements.csv": ("lego_elements", ("part_id", "lego_color_id", "element_id", "try_order", "seen")),
    "sets.csv": ("lego_sets", (
        "set_id", "set_name", "year", "part_id", "lego_color_id", "quantity", "quantity_upper", "element_id", "source",
        "confidence",
    )),
}  # fmt: skip


def build(data: Path) -> dict[str, bytes]:
    """Every file under ``palettes/``, by its relative name."""
    files: dict[str, bytes] = {}
    heads = tomllib.loads(Path(__file__).with_name("palette_heads.toml").read_text(encoding="utf-8"))
    for palette_id, head in heads.items():
        rows = _read(data / f"{head['table']}.csv")
        rows = RESHAPE.get(palette_id, _as_it_is)(data, rows)
        rows = [_corrected(palette_id, row) for row in rows]
        sources = _sources(palette_id, rows)
        _tag_near(rows)
        variants = [f"hex_{variant}" for variant in head.get("variants", ())]
        columns = ["code", "name", "hex", *variants, "finish", "tags", *head.get("ids", ()), "source"]
        if len(sources) == 1:
            columns.remove("source")
        files[f"{palette_id}/palette.toml"] = _toml(palette_id, head, sources).encode()
        files[f"{palette_id}/colors.csv"] = _csv(columns, rows)
    for name, (table, wanted) in LEGO_TABLES.items():
        files[f"lego/{name}"] = _csv(wanted, _read(data / f"{table}.csv"))
    return files


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{k: (v or "").strip() for k, v in row.items()} for row in csv.DictReader(file)]


def _corrected(palette_id: str, row: Row) -> Row:
    values, reason = CORRECTIONS.get((palette_id, row["code"]), ({}, ""))
    if palette_id == "lego":
        return {**row, **values}
    source = f"{row['source']}; corrected: {reason}" if reason else row["source"]
    tags = " ".join(filter(None, [row.get("tags", ""), "corrected" if reason else ""]))
    return {**row, "finish": row.get("finish") or "solid", "tags": tags, **values, "source": source}


def _sources(palette_id: str, rows: Sequence[Row]) -> dict[str, str]:
    """Short keys for the sources of the rows; each row's ``source`` becomes its key."""
    if palette_id == "lego":
        return {
            "both": "LDraw LDConfig and Rebrickable agree on the LDraw code",
            "ldconfig": "LDraw LDConfig, which Rebrickable contradicts or lacks",
            "rb": "Rebrickable's colour page alone",
        }
    texts = dict.fromkeys(row["source"] for row in rows)
    keys = {text: f"s{number}" for number, text in enumerate(texts, 1)}
    for row in rows:
        row["source"] = keys[row["source"]]
    return {key: text for text, key in keys.items()}


def _tag_near(rows: Sequence[Row]) -> None:
    """Tag the later of two colours of one finish less than NEAR apart with ``near:`` and the earlier one's code."""
    lab = rgb_to_lab(np.array([hex_to_rgb(row["hex"]) for row in rows], np.uint8))
    kind = ["solid" if row["finish"] == "unknown" else row["finish"] for row in rows]
    for later in range(1, len(rows)):
        same = [i for i in range(later) if kind[i] == kind[later]]
        if same:
            distances = ciede2000(lab[same], lab[later])
            best = int(np.argmin(distances))
            if distances[best] < NEAR:
                rows[later]["tags"] = f"{rows[later]['tags']} near:{rows[same[best]]['code']}".strip()


def _distance(a: str, b: str) -> float:
    lab = rgb_to_lab(np.array([hex_to_rgb(a), hex_to_rgb(b)], np.uint8))
    return float(ciede2000(lab[0], lab[1]))


def _csv(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row.get(column, "") for column in columns] for row in rows)
    return out.getvalue().encode()


def _toml(palette_id: str, head: Mapping[str, Any], sources: Mapping[str, str]) -> str:
    fields = ("name", "unit", "source", "licence", "date", "confidence", "note")
    lines = [f"id = {_quoted(palette_id)}", 'version = "1"']
    lines += [f"{key} = {_quoted(head[key])}" for key in fields if head.get(key)]
    lines.append(f"crafts = [{', '.join(_quoted(craft) for craft in head['crafts'])}]")
    side = f"{head['cell_mm']:g}"
    lines += ["", "[cell]", f"width_mm = {side}", f"height_mm = {side}", f"shape = {_quoted(head['shape'])}"]
    lines += ["", "[sources]", *(f"{key} = {_quoted(text)}" for key, text in sources.items())]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main() -> int:
    """Write or compare. Exit 1 when ``--check`` finds a difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[1] / "palettes")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    different = []
    for name, content in build(args.data).items():
        path = args.out / name
        if not path.is_file() or path.read_bytes() != content:
            different.append(name)
            if not args.check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    print("\n".join(different) or "nothing to change")
    return 1 if args.check and different else 0


if __name__ == "__main__":
    raise SystemExit(main())
