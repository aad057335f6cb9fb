"""Rebuild pixl/icons/atlas.bin and pixl/icons/index.tsv from two npm packages.

Artwork: @iconify-json/noto (Noto Emoji, Apache-2.0). Names and keywords: emojibase-data (MIT). Skin tones, national
flags, regional letters and the mirrored "facing right" drawings are left out. Each drawing is rendered once at 512 px,
averaged down to 64 px in linear light with premultiplied alpha, reduced to at most 48 colours with alpha and stored
as a palette PNG; atlas.bin is those PNGs one after another, index.tsv has a line for each.

    python scripts/build_icons.py            # rewrite both files
    python scripts/build_icons.py --check    # build in memory and compare

Needs npm and the module resvg_py (0.5.0 made the committed files); about two minutes.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pixl.color import oklab_to_linear, linear_to_rgb8, linear_to_oklab, srgb_to_linear  # noqa: E402, I001

OUT = ROOT / "pixl" / "icons"
ARTWORK = ("@iconify-json/noto@1.2.9", "3e918d88fc945c0bb3d468dbace6f88caef67f01c9f0e7bcae0915a042e8f1ad")
WORDS = ("emojibase-data@17.0.0", "d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a")
SIDE, RENDER, COLORS = 64, 512, 48
SHORTCODES = ("emojibase", "github")  # the two whose names are words a person says: car, boat, pizza
FLAGS = 9  # emojibase's group number; only these six of it are pictures rather than countries
KEPT_FLAGS = {"chequered flag", "triangular flag", "crossed flags", "black flag", "white flag", "pirate flag"}

Floats = NDArray[np.float64]


def package(name: str, sha256: str, folder: Path) -> tarfile.TarFile:
    """The npm tarball of ``name@version``, or SystemExit when its bytes are not the ones we know."""
    into = folder / sha256
    into.mkdir()
    subprocess.run(["npm", "pack", "--silent", name], cwd=into, check=True, stdout=subprocess.DEVNULL)
    path = next(into.iterdir())
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise SystemExit(f"{name}: the package's SHA-256 is {found}, not {sha256}")
    return tarfile.open(path)


def member(tar: tarfile.TarFile, path: str) -> Any:
    found = tar.extractfile(f"package/{path}")
    if found is None:
        raise SystemExit(f"{path} is not in the package")
    return json.load(found)


def plain(code: str) -> str:
    """A code point sequence without the variation selector, as both packages' keys are compared."""
    return code.lower().replace("-fe0f", "")


def as_words(name: str) -> str:
    """``"red_car2"`` to ``"red car"``."""
    return re.sub(r"(?<=[a-z])\d+$", "", name.lower()).replace("_", " ").replace("-", " ").strip()


def concepts(art: tarfile.TarFile, words: tarfile.TarFile) -> Iterable[dict[str, Any]]:
    """One dict per icon kept, in the order of the emoji keyboard: id, name, code, names, tags, body."""
    drawings = member(art, "icons.json")
    slug_of = {plain(code): slug for code, slug in member(art, "chars.json").items()}
    aliases: dict[str, list[str]] = {}
    for alias, target in drawings.get("aliases", {}).items():
        aliases.setdefault(target["parent"], []).append(alias)
    codes = {kind: member(words, f"en/shortcodes/{kind}.json") for kind in SHORTCODES}
    entries = member(words, "en/data.json")
    for entry in sorted(entries, key=lambda e: e.get("order", 1 << 20)):
        slug = slug_of.get(plain(entry["hexcode"]))
        if slug is None or "order" not in entry or "skin-tone" in slug or slug.endswith("-facing-right"):
            continue
        label = entry["label"].lower()
        if entry.get("group") == FLAGS and label not in KEPT_FLAGS:
            continue
        names = [as_words(slug), *(as_words(alias) for alias in aliases.get(slug, ()))]
        for kind in SHORTCODES:
            found = codes[kind].get(entry["hexcode"], [])
            names += [as_words(name) for name in ([found] if isinstance(found, str) else found)]
        unique = sorted({name for name in names if name and name != label})
        yield {
            "id": slug,
            "name": label,
            "code": entry["hexcode"],
            "names": unique,
            "tags": sorted({tag.lower() for tag in entry.get("tags", ())} - {label, *unique}),
            "kind": "skin" if "skins" in entry else "",
            "body": drawings["icons"][slug]["body"],
        }


def render(body: str) -> Floats:
    """Premultiplied linear light and alpha, float64[SIDE, SIDE, 4], of one drawing on a 128 x 128 view box."""
    import resvg_py

    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 128 128">{body}</svg>'
    )
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=RENDER, height=RENDER, skip_system_fonts=True))
    rgba = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))
    alpha = rgba[..., 3:] / 255.0
    premultiplied = np.concatenate([srgb_to_linear(rgba[..., :3]) * alpha, alpha], axis=-1)
    k = RENDER // SIDE
    averaged: Floats = premultiplied.reshape(SIDE, k, SIDE, k, 4).mean(axis=(1, 3))
    return averaged


def reduce(premultiplied: Floats) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """At most COLORS entries of RGBA and an index map: Lloyd's iteration from a farthest-point start.

    Distances are taken in OKLab premultiplied by alpha, with alpha itself as the fourth coordinate, so that an edge
    pixel is close to what it looks like on any ground. Entry 0 is always fully transparent.
    """
    alpha = premultiplied[..., 3].ravel()
    solid = alpha > 1.5 / 255
    linear = premultiplied.reshape(-1, 4)[solid, :3] / alpha[solid, None]
    features = np.concatenate([linear_to_oklab(linear), np.ones((len(linear), 1))], axis=1) * alpha[solid, None]
    points, back, count = np.unique(np.round(features, 4), axis=0, return_inverse=True, return_counts=True)
    centres = [points[np.argmax(count)]]
    distance = ((points - centres[0]) ** 2).sum(axis=1)
    while len(centres) < COLORS - 1 and distance.max() > 1e-5:
        centres.append(points[np.argmax(distance * np.sqrt(count))])
        distance = np.minimum(distance, ((points - centres[-1]) ** 2).sum(axis=1))
    table = np.array(centres)
    for _ in range(20):
        label = ((points[:, None] - table[None]) ** 2).sum(axis=2).argmin(axis=1)
        weight = np.bincount(label, count, len(table))
        mean = np.stack([np.bincount(label, count * points[:, c], len(table)) for c in range(4)], axis=1)
        table = np.where(weight[:, None] > 0, mean / np.maximum(weight, 1)[:, None], table)
    label = ((points[:, None] - table[None]) ** 2).sum(axis=2).argmin(axis=1)
    opacity = np.clip(table[:, 3], 1 / 255, 1)
    rgb = linear_to_rgb8(np.clip(oklab_to_linear(table[:, :3] / opacity[:, None]), 0, 1))
    palette = np.concatenate([rgb, np.rint(opacity * 255).astype(np.uint8)[:, None]], axis=1)
    used, index_of = np.unique(palette, axis=0, return_inverse=True)
    index = np.zeros(SIDE * SIDE, np.uint8)
    index[solid] = 1 + index_of.ravel()[label][back.ravel()]
    return np.concatenate([np.zeros((1, 4), np.uint8), used]), index.reshape(SIDE, SIDE)


def png(palette: NDArray[np.uint8], index: NDArray[np.uint8]) -> bytes:
    picture = Image.fromarray(index, "P")
    picture.putpalette(palette[:, :3].tobytes())
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True, transparency=palette[:, 3].tobytes())
    return out.getvalue()


def build(folder: Path) -> tuple[bytes, str]:
    """(atlas.bin, index.tsv)."""
    pieces: list[bytes] = []
    lines = ["# icon\tname\tcode\tnames\ttags\tbytes in atlas.bin\tkind"]
    with package(*ARTWORK, folder) as art, package(*WORDS, folder) as words:
        for concept in concepts(art, words):
            pieces.append(png(*reduce(render(concept["body"]))))
            fields = (concept["id"], concept["name"], concept["code"])
            lists = (";".join(concept["names"]), ";".join(concept["tags"]))
            lines.append("\t".join((*fields, *lists, str(len(pieces[-1])), concept["kind"])))
    return b"".join(pieces), "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the committed files, write nothing")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as folder:
        atlas, index = build(Path(folder))
    if check:
        same = (OUT / "atlas.bin").read_bytes() == atlas and (OUT / "index.tsv").read_text("utf-8") == index
        raise SystemExit(0 if same else "pixl/icons differs from what the packages give")
    (OUT / "atlas.bin").write_bytes(atlas)
    (OUT / "index.tsv").write_text(index, "utf-8")
    digest = hashlib.sha256(atlas).hexdigest()
    print(f"{index.count(chr(10)) - 1} icons, atlas {len(atlas)} bytes {digest}, index {len(index.encode())} bytes")


if __name__ == "__main__":
    main()
