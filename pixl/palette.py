"""Colours of real materials: what a palette is, how one is found, loaded and narrowed.

A palette folder holds ``palette.toml`` (what it is, where it comes from) and ``colors.csv`` (one row a colour).
A shipped palette is data: adding one needs no code (docs/palettes.md).
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .color import ciede2000, hex_to_rgb, rgb_to_hex, rgb_to_lab, rgb_to_oklab
from .errors import PaletteError, UsageError

MAX_COLORS = 4096
"""No material has more; a larger file is refused rather than loaded."""
MAX_FILE_BYTES = 8_000_000

FINISHES = (
    "solid", "translucent", "transparent", "pearl", "neon", "glow", "metallic", "chrome", "glitter", "opal", "milky",
    "speckle", "satin", "thermochromic", "photochromic", "unknown",
)  # fmt: skip
MAX_NAME = 120
"""Characters of a name that are kept."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+")
_Scalar = TypeVar("_Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Color:
    """One colour of a material.

    ``code`` is text, compared exactly after trimming and case-folding. ``rgb`` is sRGB 0..255. ``ids`` holds what other
    families call it (for LEGO ``bl``, ``rb``, ``ldraw`` and the families' names under ``bl_name``, ``rb_name``).
    ``tags`` holds facts such as ``retired`` or ``near:CODE``.
    """

    code: str
    name: str
    rgb: tuple[int, int, int]
    finish: str = "solid"
    ids: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tags: tuple[str, ...] = ()

    @property
    def hex(self) -> str:
        """``"#1B2A34"``."""
        return rgb_to_hex(self.rgb)

    @property
    def label(self) -> str:
        """Code and name, or one of them where they are the same."""
        return self.code if self.code == self.name or not self.name else f"{self.code} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a palette's colours are made of: the unit bought, its cell on the table, and where the data comes from."""

    unit: str = "piece"
    cell_width_mm: float = 5.0
    cell_height_mm: float = 5.0
    cell_shape: str = "square"
    crafts: tuple[str, ...] = ()
    date: str = ""
    confidence: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Palette:
    """An ordered set of colours with unique codes. Frozen; every narrowing returns a new palette."""

    id: str
    version: str
    name: str
    colors: tuple[Color, ...]
    source: str = ""
    licence: str = ""
    material: Material = Material()

    def __post_init__(self) -> None:
        if not self.colors:
            raise PaletteError(f"palette '{self.id}' has no colour", hint="name at least one colour")
        if len(self.colors) > MAX_COLORS:
            raise PaletteError(
                f"palette '{self.id}' has {len(self.colors)} colours",
                hint=f"keep it to {MAX_COLORS} or fewer",
            )
        seen: set[str] = set()
        for color in self.colors:
            key = fold(color.code)
            if not key or key in seen:
                raise PaletteError(
                    f"palette '{self.id}' has the code '{color.code}' twice"
                    if key
                    else f"'{self.id}' has an empty code",
                    hint="give each colour a code of its own",
                )
            seen.add(key)

    def __len__(self) -> int:
        return len(self.colors)

    @property
    def unit(self) -> str:
        """What one cell is called: plate, bead, stitch."""
        return self.material.unit

    @cached_property
    def rgb(self) -> NDArray[np.uint8]:
        """uint8[K, 3], sRGB."""
        return _frozen(np.array([color.rgb for color in self.colors], dtype=np.uint8))

    @cached_property
    def lab(self) -> NDArray[np.float64]:
        """float64[K, 3], CIELAB D65."""
        return _frozen(np.asarray(rgb_to_lab(self.rgb), dtype=np.float64))

    @cached_property
    def oklab(self) -> NDArray[np.float64]:
        """float64[K, 3], OKLab."""
        return _frozen(np.asarray(rgb_to_oklab(self.rgb), dtype=np.float64))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over codes, names, colours and finishes, in order."""
        text = "\n".join("\t".join((c.code, c.name, c.hex, c.finish)) for c in self.colors)
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def _by_code(self) -> dict[str, int]:
        return {fold(color.code): index for index, color in enumerate(self.colors)}

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        names: dict[str, list[int]] = {}
        for index, color in enumerate(self.colors):
            for name in {fold(color.name), *(fold(v) for k, v in color.ids.items() if k.endswith("_name"))}:
                if name:
                    names.setdefault(name, []).append(index)
        return names

    def find(self, text: str) -> int:
        """Index of the colour with this code, ``family:code`` or name.

        Raises UsageError when the name is ambiguous (the candidates are listed) or unknown (the nearest are shown).
        """
        key = fold(text)
        if key in self._by_code:
            return self._by_code[key]
        family, colon, code = key.partition(":")
        if colon:
            hits = [i for i, color in enumerate(self.colors) if fold(color.ids.get(family, "")) == code.strip()]
        else:
            hits = self._by_name.get(key, [])
        if len(hits) == 1:
            return hits[0]
        if hits:
            listed = ", ".join(f"{self.colors[i].code} ({self._all_names(i)})" for i in hits)
            raise UsageError(f"'{text}' names {len(hits)} colours of {self.id}: {listed}", hint="use the code instead")
        raise UsageError(f"'{text}' is not a colour of {self.id}", hint=f"did you mean {self._nearest(key)}?")

    def _all_names(self, index: int) -> str:
        color = self.colors[index]
        others = {v for k, v in color.ids.items() if k.endswith("_name") and v != color.name}
        return " / ".join([color.name, *sorted(others)])

    def _nearest(self, key: str) -> str:
        try:
            order = np.argsort(ciede2000(self.lab, rgb_to_lab(np.array(hex_to_rgb(key), np.uint8))), kind="stable")
            return ", ".join(self.colors[int(i)].label for i in order[:3])
        except PaletteError:
            pass
        close = difflib.get_close_matches(key, [*self._by_name, *self._by_code], n=3, cutoff=0.3)
        indices = dict.fromkeys(self._by_name[c][0] if c in self._by_name else self._by_code[c] for c in close)
        return ", ".join(self.colors[i].label for i in indices) or ", ".join(c.label for c in self.colors[:3])

    def find_all(self, names: Iterable[str]) -> list[int]:
        """Indices of several colours, in the order given, without repeats."""
        return list(dict.fromkeys(self.find(name) for name in names))

    def take(self, indices: Iterable[int]) -> Palette:
        """The palette of these colours, in this order."""
        return replace(self, colors=tuple(self.colors[int(i)] for i in indices))

    def only(self, names: Iterable[str]) -> Palette:
        """The palette of these colours, in palette order. Raises UsageError."""
        return self.take(sorted(self.find_all(names)))

    def without(self, names: Iterable[str]) -> Palette:
        """The palette less these colours. Raises UsageError; PaletteError when nothing is left."""
        gone = set(self.find_all(names))
        return self.take(i for i in range(len(self)) if i not in gone)

    def where(self, keep: Callable[[Color], bool]) -> Palette:
        """The palette of the colours for which ``keep`` is true. Raises PaletteError when none is."""
        kept = [i for i, color in enumerate(self.colors) if keep(color)]
        if not kept:
            raise PaletteError(f"no colour of {self.id} is left", hint="ask for less")
        return self.take(kept)

    def solid(self) -> Palette:
        """What automatic matching may use: finish solid, or unknown (see ``unknown_finish``), and not retired."""
        return self.where(lambda c: c.finish in ("solid", "unknown") and "retired" not in c.tags)

    @property
    def unknown_finish(self) -> int:
        """How many colours have a finish that no source states; they count as solid, with a warning."""
        return sum(color.finish == "unknown" for color in self.colors)


def load_palette(text: str) -> Palette:
    """A shipped palette by id (``lego``, ``dmc_threads:consensus``, ``rgb-lattice:4``) or a user's file by path.

    Raises PaletteError for a bad file, UsageError for an unknown id.
    """
    from .palette_folder import read_folder

    path = Path(text)
    if path.suffix or os.sep in text:
        if path.is_file():
            from .palette_formats import read_palette

            return read_palette(path)
        if path.is_dir() and (path / "palette.toml").is_file():
            return read_folder(path)
        if path.suffix:
            raise PaletteError(f"there is no palette file '{text}'", hint="check the path, or run: pixl palette list")
    name, _, variant = text.partition(":")
    if name == "rgb-lattice":
        return rgb_lattice(variant)
    folder = palette_folders().get(name)
    if folder is None:
        close = difflib.get_close_matches(name, sorted(palette_folders()), n=3, cutoff=0.3)
        raise UsageError(f"there is no palette '{text}'", hint=f"try {', '.join(close) or 'pixl palette list'}")
    return read_folder(folder, variant=variant)


def palette_folders() -> dict[str, Path]:
    """Folder of each palette id; a user's own folder wins over a shipped one."""
    here = Path(__file__).resolve().parent
    roots = [here / "palettes"]
    if (here.parent / "pyproject.toml").is_file():
        roots.append(here.parent / "palettes")
    config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    roots.append(Path(config) / "pixl" / "palettes")
    if os.environ.get("PIXL_PALETTES"):
        roots.append(Path(os.environ["PIXL_PALETTES"]))
    found: dict[str, Path] = {}
    for root in roots:
        if root.is_dir():
            found.update({p.name: p for p in sorted(root.iterdir()) if (p / "palette.toml").is_file()})
    return found


def rgb_lattice(levels: str) -> Palette:
    """The K x K x K lattice of sRGB code values, K = 2..16, as SD-piXL's experiments use. Raises UsageError."""
    if not levels.isdecimal() or not 2 <= int(levels) <= 16:
        raise UsageError(f"'rgb-lattice:{levels}' is not a lattice", hint="write rgb-lattice:K with K from 2 to 16")
    count = int(levels)
    steps = [round(255 * i / (count - 1)) for i in range(count)]
    colors = [(r, g, b) for r in steps for g in steps for b in steps]
    return Palette(
        id=f"rgb-lattice:{count}",
        version="1",
        name=f"RGB lattice {count} x {count} x {count}",
        colors=tuple(Color(code=rgb_to_hex(rgb), name=rgb_to_hex(rgb), rgb=rgb) for rgb in colors),
        source="computed",
        licence="none needed",
        material=Material(unit="cell", crafts=("pixel",)),
    )


def clean(text: str) -> str:
    """Text on one line: control and direction characters become blanks, at most MAX_NAME characters are kept."""
    return " ".join(_CONTROL.sub(" ", text).split())[:MAX_NAME].strip()


def fold(text: str) -> str:
    """How codes and names are compared."""
    return text.strip().casefold()


def _frozen(array: NDArray[_Scalar]) -> NDArray[_Scalar]:
    array.setflags(write=False)
    return array
