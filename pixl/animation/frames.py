"""Frames as people have them: a folder of pictures, a GIF, an APNG, a WebP, a short video. One at a time in memory."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import MissingExtraError, PhotoError, PixlError
from ..photo import MAX_PIXELS, MAX_SIDE, Photo, open_photo, photo_from_rgba

MAX_FRAMES = 600
FRAME_MS = 100
"""How long a frame stands where the source does not say."""

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".ppm", ".heic", ".avif")
_VIDEOS = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One picture and how long it stands, in ms."""

    photo: Photo
    ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """Where frames come from. ``kind``: folder, file (GIF, APNG, WebP) or video. ``sha256`` is of the file's bytes, or
    of the frames' digests in order. ``loops``: 0 = for ever; ``count`` of frames: 0 = not known."""

    path: Path
    kind: str
    sha256: str
    files: tuple[Path, ...] = ()
    loops: int = 0
    count: int = 0

    @property
    def name(self) -> str:
        """A title."""
        return (self.path.stem if self.kind != "folder" else self.path.resolve().name) or "animation"

    def frames(self, every: int = 1) -> Iterator[Frame]:
        """Every ``every``-th frame, in order; a frame that is left out gives its time to the one before it.

        Raises PhotoError for a file that is damaged, for frames of different sizes and for more than MAX_FRAMES.
        """
        source = {"folder": _folder_frames, "file": _file_frames, "video": _video_frames}[self.kind](self)
        held: Frame | None = None
        kept = 0
        for number, frame in enumerate(source):
            if number % every:
                assert held is not None
                held = Frame(photo=held.photo, ms=held.ms + frame.ms)
                continue
            if held is not None:
                yield held
                _same_size(held.photo, frame.photo, number)
            kept += 1
            if kept > MAX_FRAMES:
                raise PhotoError(
                    f"'{self.path.name}' has more than {MAX_FRAMES} frames",
                    hint="take fewer with --every 2 (or more), or cut the video",
                )
            held = frame
        if held is None:
            raise PhotoError(f"'{self.path.name}' holds no frame", hint="export it again")
        yield held


def open_film(path: Path) -> Film | None:
    """The frames behind ``path``; None where it is a single picture (or not there: open_photo says so).

    Raises PhotoError for a folder without pictures, MissingExtraError for a video without its reader.
    """
    if path.is_dir():
        files = tuple(sorted((one for one in path.iterdir() if _is_picture(one)), key=lambda one: _natural(one.name)))
        if not files:
            raise PhotoError(f"'{path}' holds no pictures", hint="put the frames there as PNG or JPEG")
        return Film(path=path, kind="folder", sha256=folder_digest(files), files=files, count=len(files))
    if not path.is_file():
        return None
    if path.suffix.casefold() in _VIDEOS:
        _imageio(path)
        return Film(path=path, kind="video", sha256=_digest(path))
    counted = _count(path)
    if counted is None:
        return None
    return Film(path=path, kind="file", sha256=_digest(path), loops=counted[1], count=counted[0])


def folder_digest(files: tuple[Path, ...]) -> str:
    """SHA-256 of the files' own SHA-256, in order."""
    return hashlib.sha256("".join(_digest(one) for one in files).encode()).hexdigest()


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PhotoError(f"'{path}' cannot be read: {error.strerror}", hint="check the permissions") from None


def _is_picture(path: Path) -> bool:
    return path.suffix.casefold() in _PICTURES and not path.name.startswith(".") and path.is_file()


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    """``walk2`` before ``walk10``."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def _same_size(first: Photo, second: Photo, number: int) -> None:
    if first.alpha.shape != second.alpha.shape:
        raise PhotoError(
            f"frame {number + 1} has {second.width} x {second.height} pixels, the one before it "
            f"{first.width} x {first.height}",
            hint="export all frames in one size",
        )


def _folder_frames(film: Film) -> Iterator[Frame]:
    for path in film.files:
        yield Frame(photo=open_photo(path), ms=FRAME_MS)


def _count(path: Path) -> tuple[int, int] | None:
    """(frames, how often they play) of a GIF, APNG or WebP of several frames; None for anything else."""
    from PIL import Image

    with path.open("rb") as file:
        head = file.read(12)
    kinds = {b"GIF8": "GIF", b"\x89PNG": "PNG", b"RIFF": "WEBP"}
    if head[:4] not in kinds:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if kinds[head[:4]] == "WEBP":
                from PIL import WebPImagePlugin  # noqa: F401
            with Image.open(path, formats=(kinds[head[:4]],)) as image:
                number = int(getattr(image, "n_frames", 1))
                return (number, int(image.info.get("loop", 1) or 0)) if number > 1 else None
    except Exception:  # not a whole picture: open_photo says what is wrong with it
        return None


def _file_frames(film: Film) -> Iterator[Frame]:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(film.path, formats=("GIF", "PNG", "WEBP")) as image:
                if max(image.size) > MAX_SIDE or image.size[0] * image.size[1] > MAX_PIXELS:
                    raise PhotoError(f"'{film.path.name}' has {image.size[0]} x {image.size[1]} pixels")
                for number in range(getattr(image, "n_frames", 1)):
                    image.seek(number)
                    rgba = np.asarray(image.convert("RGBA"))
                    photo = photo_from_rgba(rgba if rgba[..., 3].min() < 255 else rgba[..., :3], name=film.name)
                    yield Frame(photo=photo, ms=max(10, round(image.info.get("duration") or FRAME_MS)))
    except PixlError:
        raise
    except Exception as error:  # a decoder's own error class: the file is at fault
        reason = str(error).split("\n")[0][:100] or type(error).__name__
        raise PhotoError(f"'{film.path.name}' is damaged or cut short: {reason}", hint="export it again") from None


def _imageio(path: Path) -> Any:
    if any(find_spec(name) is None for name in ("imageio", "imageio_ffmpeg")):
        raise MissingExtraError(
            f"'{path.name}' is a video, and its reader is not installed",
            hint='run: pip install "pixl-craft[video]", or give the frames as a folder of pictures or a GIF',
        )
    import imageio.v3 as reader

    return reader


def _video_frames(film: Film) -> Iterator[Frame]:
    reader = _imageio(film.path)
    try:
        fps = float(reader.immeta(film.path, plugin="FFMPEG").get("fps") or 0)
        ms = max(10, round(1000 / fps)) if fps > 0 else FRAME_MS
        for picture in reader.imiter(film.path, plugin="FFMPEG"):
            yield Frame(photo=photo_from_rgba(np.asarray(picture)[..., :3], name=film.name), ms=ms)
    except PixlError:
        raise
    except Exception as error:  # whatever the reader raises for a file that is no video
        reason = str(error).split("\n")[0][:100] or type(error).__name__
        raise PhotoError(f"'{film.path.name}' cannot be read as a video: {reason}", hint="export it again") from None
