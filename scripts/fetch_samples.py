"""Rebuild samples/ from packages named below, and draw our own cartoon.

Photographs come out of released PyPI wheels (fetched by ``pip download`` by name and version), each member
checked against its SHA-256 before it is used. JPEG members are copied byte for byte; PNG members are encoded
once as JPEG, whose bytes may differ with another libjpeg, which is why the committed file has its own hash.

    python scripts/fetch_samples.py            # rewrite samples/
    python scripts/fetch_samples.py --check    # only compare samples/ with the hashes in this file
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

SAMPLES = Path(__file__).resolve().parent.parent / "samples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One photograph: where it comes from, what it must hash to before and after."""

    name: str
    package: str
    member: str
    licence: str
    source_sha256: str
    sha256: str


SKIMAGE, SKLEARN, MATPLOTLIB = "scikit-image==0.26.0", "scikit-learn==1.9.1", "matplotlib==3.11.2"
PHOTOS = (
    Sample(
        name="astronaut.jpg",
        package=SKIMAGE,
        member="skimage/data/astronaut.png",
        licence="public domain (NASA)",
        source_sha256="88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        sha256="74139dcfd87ccd42855a9e35bcd6df9d08640d041f77d29115e381bdebf60a59",
    ),
    Sample(
        name="coffee.jpg",
        package=SKIMAGE,
        member="skimage/data/coffee.png",
        licence="CC0 (Rachel Michetti)",
        source_sha256="cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
        sha256="db702e664b962a9daec5ef9395a7ffe7290aa9ef91471a3886717fc1cceaf325",
    ),
    Sample(
        name="cat.jpg",
        package=SKIMAGE,
        member="skimage/data/chelsea.png",
        licence="CC0 (Stefan van der Walt)",
        source_sha256="596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
        sha256="7edf71ccb1560cfcc509bff4be8940998e151bbbdb8d65f01cbc55e6d34e94c1",
    ),
    Sample(
        name="rocket.jpg",
        package=SKIMAGE,
        member="skimage/data/rocket.jpg",
        licence="public domain (SpaceX)",
        source_sha256="c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
        sha256="c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
    ),
    Sample(
        name="flower.jpg",
        package=SKLEARN,
        member="sklearn/datasets/images/flower.jpg",
        licence="CC BY 2.0 (vultilion)",
        source_sha256="a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
        sha256="a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
    ),
    Sample(
        name="palace.jpg",
        package=SKLEARN,
        member="sklearn/datasets/images/china.jpg",
        licence="CC BY 2.0 (danielbuechele)",
        source_sha256="8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
        sha256="8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
    ),
    Sample(
        name="portrait.jpg",
        package=MATPLOTLIB,
        member="matplotlib/mpl-data/sample_data/grace_hopper.jpg",
        licence="public domain (US Navy)",
        source_sha256="a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
        sha256="a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
    ),
)
OWL_SHA256 = "6a92c5b85de2a9be5f3af41326b7e40347d416ca47287aed59431e83ad5fc95e"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel(package: str, folder: Path) -> Path:
    """The wheel of ``name==version``, downloaded by pip into `folder`."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    into = folder / package.partition("==")[0]
    subprocess.run([*command, "--dest", str(into), package], check=True)
    return next(into.glob("*.whl"))


def encode(member: str, data: bytes) -> bytes:
    """JPEG bytes as they are; anything else as JPEG quality 90, no metadata."""
    if member.endswith(".jpg"):
        return data
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").save(out, "JPEG", quality=90, optimize=True)
    return out.getvalue()


def owl(size: int = 480, scale: int = 4) -> bytes:
    """A cartoon owl drawn here: flat colours, outlines, transparent ground. PNG bytes, size x size."""
    side = size * scale
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)

    def at(*values: float) -> list[float]:
        return [v * side / 100 for v in values]

    line, width = (58, 36, 24, 255), round(side * 0.012)

    def oval(x: float, y: float, rx: float, ry: float, fill: tuple[int, int, int, int], edge: bool = True) -> None:
        box = at(x - rx, y - ry, x + rx, y + ry)
        draw.ellipse(box, fill=fill, outline=line if edge else None, width=width)

    def shape(points: tuple[float, ...], fill: tuple[int, int, int, int]) -> None:
        draw.polygon(at(*points), fill=fill, outline=line, width=width)

    brown, cream, amber = (157, 98, 52, 255), (247, 222, 176, 255), (250, 176, 32, 255)
    draw.rounded_rectangle(at(6, 87, 94, 93), radius=side * 0.03, fill=(104, 70, 46, 255), outline=line, width=width)
    oval(88, 84, 6, 4, (86, 158, 74, 255))
    shape((22, 30, 20, 6, 42, 18), brown)
    shape((78, 30, 80, 6, 58, 18), brown)
    oval(50, 54, 31, 39, brown)
    oval(50, 66, 20, 25, cream)
    for row, count in enumerate((3, 4, 3)):
        for k in range(count):
            x, y = 50 + (k - (count - 1) / 2) * 9.5, 60 + row * 9
            draw.arc(at(x - 4, y - 4, x + 4, y + 4), 20, 160, fill=(190, 130, 72, 255), width=width)
    oval(22, 60, 7, 21, (122, 73, 38, 255))
    oval(78, 60, 7, 21, (122, 73, 38, 255))
    for x in (37, 63):
        oval(x, 37, 14, 14, (255, 255, 255, 255))
        oval(x, 37, 9, 9, (64, 160, 178, 255), edge=False)
        oval(x, 37, 5.5, 5.5, (20, 18, 24, 255), edge=False)
        oval(x + 2.5, 34, 2, 2, (255, 255, 255, 255), edge=False)
    shape((45, 46, 55, 46, 50, 56), amber)
    for x in (36, 42, 56, 62):
        oval(x + 0.5, 88, 2.6, 4.4, amber)
    small = picture.resize((size, size), Image.Resampling.BOX)
    out = io.BytesIO()
    small.quantize(64, method=Image.Quantize.FASTOCTREE).save(out, "PNG", optimize=True)
    return out.getvalue()


def build(folder: Path) -> dict[str, bytes]:
    """Every sample's bytes by file name; raises SystemExit when a package's member is not the one we know."""
    files = {"owl.png": owl()}
    wheels = {package: zipfile.ZipFile(wheel(package, folder)) for package in (SKIMAGE, SKLEARN, MATPLOTLIB)}
    for sample in PHOTOS:
        data = wheels[sample.package].read(sample.member)
        if digest(data) != sample.source_sha256:
            raise SystemExit(f"{sample.package}: {sample.member} has SHA-256 {digest(data)}, not the one expected")
        files[sample.name] = encode(sample.member, data)
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the recorded hashes, write nothing")
    check = parser.parse_args().check
    expected = {s.name: s.sha256 for s in PHOTOS} | {"owl.png": OWL_SHA256}
    if check:
        files = {name: (SAMPLES / name).read_bytes() for name in expected}
    else:
        with tempfile.TemporaryDirectory() as folder:
            files = build(Path(folder))
        SAMPLES.mkdir(exist_ok=True)
    wrong = 0
    for name, data in sorted(files.items()):
        same = digest(data) == expected[name]
        wrong += not same
        print(f"{name:14} {len(data):7} {digest(data)}{'' if same else '  differs from the recorded hash'}")
        if not check:
            (SAMPLES / name).write_bytes(data)
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
