"""The pictures of docs/styles.md and docs/quality.md, made by the program from the sample photos.

python bench/quantize_pictures.py            # writes docs/pictures/
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "exporters")]

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from PIL import Image, ImageDraw, ImageFont  # noqa: E402

from bench.peers import BY_EYE, DITHERED, PEERS, picture  # noqa: E402
from bench.pictures import grid, job, palette  # noqa: E402
from pixl.engine import load_engine  # noqa: E402
from pixl.palette import Palette  # noqa: E402
from pixl.photo import Photo, open_photo, over_background  # noqa: E402

OUT = ROOT / "docs" / "pictures"
FONT = ROOT / "exporters" / "pixl_exporters" / "sheet" / "fonts" / "DejaVuSans.ttf"
STYLES = ("natural", "clean", "crisp", "rich", "dither")
SHOWN = (("portrait", "lego", 48), ("flower", "perler", 48), ("owl", "perler", 32))
AGAINST = (("portrait", "lego", 48), ("astronaut", "perler", 48), ("cat", "dmc_threads", 48), ("owl", "lego", 48))
GAP, TITLE = 8, 20


def sample_photo(name: str) -> Photo:
    """A sample over white."""
    return over_background(open_photo(next((ROOT / "samples").glob(f"{name}.*"))), (255, 255, 255))


def drawn(index: NDArray[np.integer], colors: Palette, side: int) -> Image.Image:
    """Squares, about ``side`` pixels wide."""
    scale = max(1, side // index.shape[1])
    size = (index.shape[1] * scale, index.shape[0] * scale)
    return Image.fromarray(colors.rgb[index]).resize(size, Image.Resampling.NEAREST)


def row(photo: Photo, named: list[tuple[str, Image.Image]], path: Path) -> None:
    """The photo and the pictures beside it, titles above, as a PNG of 256 colours."""
    width, height = named[0][1].size
    shown = picture(photo).resize((width, height), Image.Resampling.LANCZOS)
    panels = [("photo", shown), *named]
    sheet = Image.new("RGB", (len(panels) * (width + GAP) - GAP, height + TITLE), (255, 255, 255))
    pen, font = ImageDraw.Draw(sheet), ImageFont.truetype(str(FONT), 12)
    for place, (name, image) in enumerate(panels):
        pen.text((place * (width + GAP), 2), name, fill=(0, 0, 0), font=font)
        sheet.paste(image, (place * (width + GAP), TITLE))
    sheet.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> None:
    """Write the pictures."""
    OUT.mkdir(exist_ok=True)
    engine = load_engine("quantize")
    for name, palette_name, longest in SHOWN:
        photo, colors = sample_photo(name), palette(palette_name)
        size = grid(photo, longest)
        answers = [(style, engine.solve(job(photo, size, colors, style)).index) for style in STYLES]
        row(photo, [(s, drawn(i, colors, 192)) for s, i in answers], OUT / f"styles-{name}-{palette_name}.png")
    for name, palette_name, longest in AGAINST:
        photo, colors = sample_photo(name), palette(palette_name)
        size = grid(photo, longest)
        peers = [("Lanczos + CIEDE2000", BY_EYE["lanczos"]), ("content-adaptive + CIEDE2000", BY_EYE["adaptive"])]
        if len(colors) <= 256:
            peers.append(("libimagequant", PEERS["libimagequant"]))
        named = [(title, drawn(peer(photo, size, colors), colors, 288)) for title, peer in peers]
        named.append(("natural", drawn(engine.solve(job(photo, size, colors)).index, colors, 288)))
        row(photo, named, OUT / f"quality-{name}-{palette_name}.png")
    photo, colors = sample_photo("flower"), palette("lego")
    size = grid(photo, 64)
    named = [(title, drawn(peer(photo, size, colors), colors, 256)) for title, peer in DITHERED.items()]
    named.append(("dither", drawn(engine.solve(job(photo, size, colors, "dither")).index, colors, 256)))
    row(photo, named, OUT / "quality-dither-lego.png")


if __name__ == "__main__":
    main()
