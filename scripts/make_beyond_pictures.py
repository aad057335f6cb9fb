"""The picture of docs/beyond.md that shows the losses of making: one photo drawn without and with each of them.

Input and prior are those of bench/beyond_making.py (a sample photo at 32 x 32 cells, LEGO plates, the patch prior over
the other samples, fidelity .75); the weights are higher than the craft's own, so that their work is seen. The dial's
picture is made by bench/beyond_dial.py --sheet.

    python scripts/make_beyond_pictures.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "exporters")]

from bench.beyond_making import answer, photo_cases, untouched  # noqa: E402

PHOTO = "flower.jpg"
MAKING = ({}, {"alone": 0.04}, {"rectangles": 0.02}, {"few": 1.6})
CELL, GAP = 6, 8


def main() -> None:
    torch.set_num_threads(1)
    case = next(case for case in photo_cases() if case.name == PHOTO)
    grids = [untouched(case).index, *(answer(case, fidelity=0.75, making=dict(making)).index for making in MAKING)]
    shown = [np.repeat(np.repeat(case.job.palette.rgb[index], CELL, 0), CELL, 1) for index in grids]
    gap = np.full((shown[0].shape[0], GAP, 3), 255, np.uint8)
    row = np.concatenate([part for picture in shown for part in (picture, gap)][:-1], axis=1)
    Image.fromarray(row).save(ROOT / "docs" / "pictures" / "beyond-making.png", optimize=True)


if __name__ == "__main__":
    main()
