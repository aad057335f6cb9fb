"""Make the pictures of docs/distill.md with the program itself: python scripts/make_distill_pictures.py"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "pictures"
CELL = 6
PALETTE = ["--palette", "perler", "--colors", "14"]


def pixl(folder: Path, name: str, *options: str) -> Path:
    """Run ``pixl pixel`` with distill, keeping the run; returns the folder that it wrote."""
    out = folder / name
    words = ["pixel", *options, *PALETTE, "--size", "32x32", "--engine", "distill"]
    command = [sys.executable, "-m", "pixl", *words, "--run", str(folder / f"{name}.run"), "-q", "-o", str(out)]
    subprocess.run(command, check=True, cwd=ROOT)
    return out


def rows(run: Path) -> str:
    """Prior rows that a finished run evaluated."""
    return f"{json.loads((run / 'done.json').read_text())['rows']:,}"


def shown(path: Path, side: int = 32 * CELL) -> Image.Image:
    """A picture over white, enlarged without smoothing."""
    picture = Image.open(path).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB").resize((side, side), Image.Resampling.NEAREST)


def row(pictures: list[tuple[str, Image.Image]], columns: int) -> Image.Image:
    """Captioned pictures on white."""
    side, gap, line = 32 * CELL, 14, 18
    down = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (side + gap) + gap, down * (side + gap + line) + gap), "white")
    draw = ImageDraw.Draw(sheet)
    for k, (caption, picture) in enumerate(pictures):
        x, y = gap + k % columns * (side + gap), gap + k // columns * (side + gap + line)
        sheet.paste(picture, (x, y))
        draw.rectangle((x - 1, y - 1, x + side, y + side), outline="#bbbbbb")
        draw.text((x, y + side + 3), caption, fill="#333333")
    return sheet


def way(folder: Path) -> None:
    """From a photo of something else to the words, step by step."""
    photo = folder / "parrot.png"
    from pixl import icons

    Image.fromarray(icons.picture("parrot")).save(photo)
    pixl(folder, "way", str(photo), "--prompt", "a flower", "--prior", "icons", "--background", "#FFFFFF")
    previews = sorted((folder / "way.run" / "previews").glob("*.png"))
    pictures = [(f"after step {int(path.stem)}", shown(path)) for path in previews]
    pictures[0] = ("the photo, quantised", pictures[0][1])
    row([pictures[k] for k in (0, 1, -1)], 3).save(TARGET / "distill-way.png", optimize=True)


def plain_and_paper(folder: Path) -> None:
    """Both recipes from the same photo and words; 1,000 steps of the paper's."""
    photo = folder / "tropical-fish.png"
    from pixl import icons

    Image.fromarray(icons.picture("tropical-fish")).save(photo)
    options = [str(photo), "--prompt", "a cat", "--prior", "icons", "--background", "#FFFFFF"]
    fast = pixl(folder, "fast", *options)
    paper = pixl(folder, "paper", *options, "--recipe", "paper", "--steps", "1000")
    begin = sorted((folder / "fast.run" / "previews").glob("*.png"))[0]
    pictures = [
        ("the photo, quantised", shown(begin)),
        (f"fast: {rows(folder / 'fast.run')} prior rows", shown(fast / "distill" / "argmax.png")),
        (f"paper, 1,000 steps: {rows(folder / 'paper.run')} rows", shown(paper / "distill" / "argmax.png")),
        ("paper: softmax", shown(paper / "distill" / "softmax.png")),
        ("fast: undecided cells", shown(fast / "distill" / "entropy.png")),
        ("paper: undecided cells", shown(paper / "distill" / "entropy.png")),
    ]
    row(pictures, 3).save(TARGET / "distill-recipes.png", optimize=True)


def layers_and_variations(folder: Path) -> None:
    """Variations of a prompt alone, and one of them colour by colour."""
    made = pixl(folder, "many", "--prompt", "a cat", "--variations", "3")
    pictures = [(f"variation {k}", shown(made / "distill" / f"variation-{k}.png")) for k in (1, 2, 3)]
    parts = (made / "distill" / "variation-1" / "layers").glob("*.png")
    parts = sorted(parts, key=lambda path: -sum(Image.open(path).getchannel("A").histogram()[128:]))[:3]
    pictures += [(f"layer {path.stem}", shown(path)) for path in parts]
    row(pictures, 3).save(TARGET / "distill-variations.png", optimize=True)


def main() -> None:
    """All of them."""
    with tempfile.TemporaryDirectory() as name:
        for make in (way, plain_and_paper, layers_and_variations):
            make(Path(name))


if __name__ == "__main__":
    main()
