"""Which model, at which size, for how much memory: from a table of what was counted. Imports no torch.

The numbers are ``cost.py``'s: bytes of the weights, and the most that a call or the encoder's backward pass
adds, both per picture of 1024 x 1024 in half precision (they grow with the pixels). Text encoders are gone
once the words are read. Nothing here was timed on a card with real weights; docs/priors.md says what was run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pixl.distill.models import ModelRow, base_of, row_of

GB = 1e9
MIB = 2**20
ADDED_ROW = {"sdxl": 158.0, "sd15": 260.0, "sd21": 260.0, "sd3": 270.0}
"""MiB that one row of a call adds at 1024 x 1024, by family."""
ENCODER = {"tiny": 948.0, "full": 6073.0}
"""MiB that an encoder adds at 1024 x 1024, there and back."""
WORDS = {"sdxl": 1.39, "sd15": 0.25, "sd21": 0.68, "sd3": 1.39}
"""GB of the largest text encoder, which is there while the words are read."""
DEVICE = 0.8
"""GB that a card's own library takes (an estimate: .5 to 1)."""
USABLE = 0.9
"""Share of a device's memory that is counted on: the screen and fragments take the rest (an estimate)."""
CONTROL_MILLIONS = {"small": 160.0, "mid": 271.0, "full": 1251.0}

Offload = Literal["none", "controls", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A prior's row name, its ``resolution`` (the pixel budget is its square), what waits in main memory, the
    ControlNets' size, and the GB it takes at its worst moment."""

    prior: str
    resolution: int
    offload: Offload
    control: str
    gb: float

    def words(self) -> str:
        """One line."""
        waits = {"none": "all on the device", "controls": "ControlNets wait in main memory", "all": "all networks wait"}
        return f"{self.prior} at {self.resolution}, {self.control} ControlNets, {waits[self.offload]}: {self.gb:.1f} GB"


def needs(
    row: ModelRow,
    resolution: int,
    *,
    controls: int = 2,
    control: str = "mid",
    encoder: str = "tiny",
    offload: Offload = "none",
    half: bool = True,
) -> float:
    """GB on the device at the worst moment of a run with so many ControlNets."""
    base = base_of(row)
    width = 2 if half else 4
    pixels = (resolution / 1024) ** 2 * (1 if half else 2)
    unet = base.millions * 1e6 * width / GB
    one = (361.0 if base.family == "sd15" else CONTROL_MILLIONS[control]) * 1e6 * width / GB
    steers = base.kind not in ("koala", "flow") and base.family in ("sdxl", "sd15")
    nets = controls * one if steers else 0.0
    call = row.rows * ADDED_ROW[base.family] * pixels * MIB / GB
    encode = ENCODER[encoder] * pixels * MIB / GB
    reading = WORDS[base.family] * width / 2
    if offload == "all":  # one network at a time
        held, worst = 0.0, max(unet + call, (one if nets else 0) + call, encode, reading)
    elif offload == "controls":
        held, worst = unet, max(call + (one if nets else 0), encode, reading - unet)
    else:  # networks come to the device after the words were read
        held, worst = unet + nets, max(call, encode, reading - unet - nets)
    return held + worst + (DEVICE if half else 0.5)


def native(row: ModelRow, *, half: bool = True) -> int:
    """The size a model is run at where memory allows: its own; without half precision (a CPU, minutes a step) 512 at
    most."""
    return row.resolution if half else min(row.resolution, 512)


LADDER = ("sdxl", "ssd-1b", "vega", "sd15")
"""Priors from the best known downwards; which of them draws best for a grid was not seen: no weights were
here.
"""


def choose(
    memory: float,
    *,
    names: Sequence[str] = LADDER,
    controls: int = 2,
    control: str = "mid",
    encoder: str = "tiny",
    half: bool = True,
    resolution: int = 0,
) -> Plan | None:
    """The first of ``names`` that fits ``memory`` GB at its own size; else smaller, else with networks
    waiting.

    None where nothing fits. ``resolution`` fixes the size.
    """
    room = USABLE * memory

    def tried(name: str, size: int, offload: Offload) -> Plan | None:
        gb = needs(row_of(name), size, controls=controls, control=control, encoder=encoder, offload=offload, half=half)
        return Plan(prior=name, resolution=size, offload=offload, control=control, gb=gb) if gb <= room else None

    ways: list[tuple[str, int, Offload]] = [
        (name, resolution or native(row_of(name), half=half), "none") for name in names
    ]
    for name in names:
        own = native(row_of(name), half=half)
        sizes = [resolution] if resolution else [s for s in (768, 512) if s < own]
        ways += [(name, size, "none") for size in sizes]
    for name in reversed(names):
        own = native(row_of(name), half=half)
        sizes = [resolution] if resolution else [s for s in (own, 768, 512) if s <= own]
        ways += [(name, size, offload) for offload in _OFFLOADS for size in dict.fromkeys(sizes)]
    return next((plan for plan in (tried(*way) for way in ways) if plan is not None), None)


_OFFLOADS: tuple[Offload, ...] = ("controls", "all")


def fit(row: ModelRow, memory: float, *, controls: int = 2, half: bool = True) -> Plan | None:
    """How ``row`` itself can be run in ``memory`` GB, or None."""
    return choose(memory, names=(row.name,), controls=controls, half=half)
