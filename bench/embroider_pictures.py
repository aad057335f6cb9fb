"""The pictures of docs/embroider.md, drawn from decoded stitch files.

python bench/embroider_pictures.py
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "exporters")]

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from bench.embroider import sample  # noqa: E402
from pixl_exporters.embroider.budget import without_islands  # noqa: E402
from pixl_exporters.embroider.design import Setup, make_design  # noqa: E402
from pixl_exporters.embroider.job_sheet import export_png  # noqa: E402
from pixl_exporters.embroider.plan import EmbroideryOptions  # noqa: E402
from pixl_exporters.embroider.preview import design_picture, heat  # noqa: E402
from pixl_exporters.formats import ExportOptions  # noqa: E402

FOLDER = ROOT / "docs" / "pictures"


def save(name: str, picture: np.ndarray) -> None:
    """A PNG of 256 colours: small, and close enough for a page."""
    image = Image.fromarray(picture).quantize(256, dither=Image.Dither.NONE)
    image.save(FOLDER / name, optimize=True)


def main() -> None:
    """Draw."""
    pattern = without_islands(sample("astronaut", 48, 8), 3)
    cross = make_design(pattern, Setup())
    fill = make_design(pattern, Setup(options=EmbroideryOptions(mode="fill")))
    both = [design_picture(design, long_side=560) for design in (cross, fill)]
    height = min(picture.shape[0] for picture in both)
    gap = np.full((height, 12, 3), 255, np.uint8)
    save("embroider-modes.png", np.concatenate([both[0][:height], gap, both[1][:height]], axis=1))
    close = [design_picture(design, long_side=2400)[800:1240, 620:1180] for design in (cross, fill)]
    save("embroider-close.png", np.concatenate([close[0], np.full((440, 12, 3), 255, np.uint8), close[1]], axis=1))
    holes, _most = heat(cross.verdict("pes").runs, px_per_mm=24)
    save("embroider-holes.png", holes[:600, :1130])
    page = Image.open(io.BytesIO(export_png(fill, ExportOptions())["job-sheet.png"])).convert("RGB")
    save(
        "embroider-job-sheet.png", np.asarray(page.crop((0, 0, page.width, int(page.height * 0.66))).resize((700, 653)))
    )


if __name__ == "__main__":
    main()
