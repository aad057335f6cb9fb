"""Pictures and palettes of the benches.

The pictures are gathered by ``scripts/fetch_bench_photos.py FOLDER``, which writes ``index.csv`` beside them.
"""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pixl.job import Job, Limits
from pixl.palette import Palette, load_palette, palette_folders
from pixl.pattern import Cell
from pixl.photo import Photo, open_photo, over_background
from pixl.units import GridSize

SETS = ("tuning", "first", "second", "third")
"""Pictures that the engine was tuned on; those of the first and of the second claim, whose losses were read and worked
on afterwards; and those of the last claim, which no one had looked at with the engine before it."""
CLASSES = {
    "portrait": "portrait",
    "drawn portrait": "portrait",
    "pet": "animal",
    "animal": "animal",
    "flower": "flower and food",
    "food and things": "flower and food",
    "building": "building and landscape",
    "landscape": "building and landscape",
    "night": "night and low contrast",
    "low contrast": "night and low contrast",
    "cartoon": "cartoon",
    "logo": "logo and line art",
    "line art": "logo and line art",
    "gradient": "gradient",
}
DRAWN = ("drawn portrait", "cartoon", "logo", "line art")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture of the set; ``group`` is the class that results are reported by; ``drawn``: no photograph."""

    number: int
    path: Path
    group: str
    drawn: bool

    def photo(self) -> Photo:
        """Opened, over white where it is transparent."""
        return over_background(open_photo(self.path), (255, 255, 255))


def pictures(folder: Path, sets: Collection[str]) -> list[Picture]:
    """The pictures of some ``SETS``, in file order."""
    found = []
    with (folder / "index.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            number = int(row["file"].split("_")[0])
            if row["set"] in sets:
                group, drawn = CLASSES[row["class"]], row["class"] in DRAWN
                found.append(Picture(number=number, path=folder / row["file"], group=group, drawn=drawn))
    return found


def palette(name: str) -> Palette:
    """``lego``: the current solid colours of the 1x1 plate; any other: the solid colours of that palette."""
    whole = load_palette(name).solid()
    if name != "lego":
        return whole
    with (palette_folders()["lego"] / "parts.csv").open(encoding="utf-8", newline="") as file:
        codes = next(row["current_color_ids"] for row in csv.DictReader(file) if row["part_id"] == "3024").split(";")
    return whole.where(lambda color: color.code in codes)


def grid(photo: Photo, longest: int) -> GridSize:
    """``longest`` cells on the longer side, the other to the picture's shape."""
    scale = longest / max(photo.width, photo.height)
    return GridSize(width=max(1, round(photo.width * scale)), height=max(1, round(photo.height * scale)))


def job(photo: Photo, size: GridSize, colors: Palette, style: str = "natural", limits: Limits | None = None) -> Job:
    """A job over the whole picture."""
    return Job(
        photo=photo,
        size=size,
        palette=colors,
        cell=Cell(width_mm=8.0, height_mm=8.0),
        style=style,
        limits=limits or Limits(),
    )
