"""Machines: what each takes and can reach; the shipped table and the user's own."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pixl.errors import ExportError, UsageError

KINDS = ("dst", "pes", "pes1", "exp", "jef", "vp3", "xxx")
DEFAULT = "hoop-130x180"
_MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One machine with one hoop. Raises UsageError for impossible numbers.

    ``field``: width and height that can be sewn, mm; ``hoop``: what is printed on it; ``max_stitches``: 0 where it is
    not known; ``trim_at``: moves in a row that it takes for a cut; ``spm``: stitches a minute.
    """

    id: str
    name: str
    formats: tuple[str, ...]
    hoop: tuple[int, int]
    field: tuple[float, float]
    max_stitches: int = 0
    needles: int = 1
    trim_at: int = 3
    spm: int = 700
    source: str = ""

    def __post_init__(self) -> None:
        if not self.formats or set(self.formats) - set(KINDS):
            raise UsageError(
                f"machine '{self.id}' takes {', '.join(self.formats) or 'no format'}", hint=f"use {', '.join(KINDS)}"
            )
        if not all(10 <= side <= 2000 for side in (*self.field, *self.hoop)):
            raise UsageError(f"machine '{self.id}' has a field of {self.field} mm", hint="use 10 to 2000 mm")
        if not (0 <= self.max_stitches <= 10_000_000 and 1 <= self.needles <= 100):
            raise UsageError(f"machine '{self.id}' has impossible stitches or needles", hint="mend the numbers")
        if not 3 <= self.trim_at <= 6:
            raise UsageError(f"machine '{self.id}': trim_at is {self.trim_at}", hint="use 3 to 6")
        if not 50 <= self.spm <= 2000:
            raise UsageError(f"machine '{self.id}': {self.spm} stitches a minute", hint="use 50 to 2000")

    def holds(self, size_mm: tuple[float, float]) -> bool:
        """Whether a design of this width and height fits without turning."""
        return size_mm[0] <= self.field[0] + 1e-6 and size_mm[1] <= self.field[1] + 1e-6

    def as_json(self) -> dict[str, Any]:
        """What a document keeps, so that it can be written again without the profile."""
        return {
            "id": self.id,
            "name": self.name,
            "formats": list(self.formats),
            "hoop": list(self.hoop),
            "field": list(self.field),
            "max_stitches": self.max_stitches,
            "needles": self.needles,
            "trim_at": self.trim_at,
            "spm": self.spm,
        }


def machine_from(id: str, values: Mapping[str, Any], *, where: str) -> Machine:
    """A machine from a TOML table or a document's JSON. Raises ExportError naming ``where``."""
    try:
        width, height = values["hoop"]
        across, down = values.get("field", (width, height))
        return Machine(
            id=id,
            name=str(values.get("name", id)),
            formats=tuple(str(kind).lower() for kind in values["formats"]),
            hoop=(int(width), int(height)),
            field=(float(across), float(down)),
            max_stitches=int(values.get("max_stitches", 0)),
            needles=int(values.get("needles", 1)),
            trim_at=int(values.get("trim_at", 3)),
            spm=int(values.get("spm", 700)),
            source=str(values.get("source", "")),
        )
    except UsageError as error:
        raise ExportError(f"{where}: {error.what}", hint=error.hint) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"'{error.args[0]}' is missing" if isinstance(error, KeyError) else str(error)
        raise ExportError(
            f"{where}: machine '{id}': {what}", hint="write name, formats, hoop and field for each machine"
        ) from None


def own_machines_file() -> Path:
    """Where a user's machines lie; it need not exist."""
    config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(config) / "pixl" / "machines.toml"


def all_machines() -> dict[str, Machine]:
    """Shipped machines and the user's, whose names win. Raises ExportError for a damaged file."""
    text = resources.files("pixl_exporters.embroider").joinpath("machines.toml").read_text(encoding="utf-8")
    found = _read(text, where="machines.toml")
    own = own_machines_file()
    if own.is_file():
        if own.stat().st_size > _MAX_BYTES:
            raise ExportError(f"{own} is larger than a table of machines", hint="keep it below 1 MB")
        try:
            found.update(_read(own.read_text(encoding="utf-8"), where=str(own)))
        except (OSError, UnicodeDecodeError) as error:
            raise ExportError(f"{own}: {error}", hint="mend the file") from None
    return found


def _read(text: str, *, where: str) -> dict[str, Machine]:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ExportError(f"{where}: {error}", hint="mend the file") from None
    return {id: machine_from(id, values, where=where) for id, values in tables.items()}


def find_machine(text: str) -> Machine:
    """A machine by its id ('' is the default). Raises UsageError."""
    machines = all_machines()
    key = text.strip().casefold() or DEFAULT
    if key in machines:
        return machines[key]
    close = difflib.get_close_matches(key, machines, n=4, cutoff=0.3) or sorted(machines)
    raise UsageError(
        f"there is no machine '{text}'", hint=f"try {', '.join(close)}, or write your own in {own_machines_file()}"
    )


def hoops_that_hold(size_mm: tuple[float, float], kinds: tuple[str, ...]) -> list[Machine]:
    """Known machines that take one of the formats and hold the design, turned or not, smallest field first."""
    width, height = size_mm
    holding = [
        machine
        for machine in all_machines().values()
        if set(machine.formats) & set(kinds) and (machine.holds((width, height)) or machine.holds((height, width)))
    ]
    return sorted(holding, key=lambda machine: (machine.field[0] * machine.field[1], machine.id))
