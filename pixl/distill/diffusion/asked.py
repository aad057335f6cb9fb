"""Settings of a job that are about its prior, read and checked: what is not meant so is refused in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pixl.distill.diffusion.latent import STEP
from pixl.distill.diffusion.student import consistency, trailing
from pixl.errors import UsageError

Options = Mapping[str, Any]

KEYS = (
    "control",
    "control_scale",
    "control_start",
    "control_end",
    "control_size",
    "edges",
    "lora",
    "trained",
    "resolution",
    "device",
    "encoder",
    "tiled",
    "share_control",
    "compile",
)
"""``control``: "canny,depth", or "canny=FOLDER" for a ControlNet of one's own. ``edges``: [low, high, blur].
``lora``: "file.safetensors*0.8", or a list. ``trained``: the times that a few-step student was trained on, where no row
says so: "4" (steps of a trailing grid), "lcm", or "999,749,499,249". ``encoder``: tiny or full. ``tiled``,
``share_control``, ``compile``: True."""

SIZES = ("small", "mid", "full")


def share(options: Options, name: str, default: float, top: float = 1.0) -> float:
    """A number in 0..``top``. Raises UsageError."""
    value = options.get(name)
    value = default if value is None else value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= top:
        raise UsageError(f"{name.replace('_', ' ')} {value} is out of range", hint=f"use 0 to {top:g}")
    return float(value)


def flag(options: Options, name: str, default: bool = False) -> bool:
    """True or False. Raises UsageError."""
    value = options.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise UsageError(f"{name.replace('_', ' ')} {value!r} is neither true nor false", hint="use true or false")
    return value


def resolution(options: Options) -> int:
    """Pixels: the prior's picture has about the square of it; 0 where none was asked for. Raises UsageError."""
    value = options.get("resolution") or 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError(f"resolution {value!r} is not a number of pixels", hint="use a multiple of 64, such as 512")
    if value and not 64 <= value <= 4096:
        raise UsageError(f"resolution {value} is out of range", hint="use 256 to 1536, such as 512")
    if value % STEP:
        near = max(STEP, round(value / STEP) * STEP)
        raise UsageError(f"resolution {value} is not a multiple of {STEP}", hint=f"use {near}")
    return value


def control_size(options: Options) -> str:
    """Of SDXL's ControlNets. Raises UsageError."""
    return _one_of(options, "control_size", SIZES, "mid", "a size of ControlNets")


def encoder(options: Options) -> str:
    """tiny or full. Raises UsageError."""
    return _one_of(options, "encoder", ("tiny", "full"), "tiny", "an encoder")


def _one_of(options: Options, name: str, known: tuple[str, ...], default: str, what: str) -> str:
    value = str(options.get(name) or default)
    if value not in known:
        raise UsageError(f"'{value}' is not {what}", hint=f"use {' or '.join(known)}")
    return value


def loras(options: Options) -> list[tuple[Path, float]]:
    """Files and weights of "file.safetensors*0.8" or a list of such. Raises UsageError."""
    given = options.get("lora")
    texts = [given] if isinstance(given, str) else list(given or ())
    out = []
    for text in (one.strip() for entry in texts for one in str(entry).split(",")):
        if not text:
            continue
        path, _, weight = text.rpartition("*") if "*" in text else (text, "", "1")
        try:
            out.append((Path(path).expanduser(), float(weight)))
        except ValueError:
            raise UsageError(f"'{weight}' is no weight of a LoRA", hint="use file.safetensors*0.8") from None
    return out


def edges(options: Options) -> tuple[float, float, float]:
    """(low, high, blur) of the edges. Raises UsageError."""
    given = options.get("edges") or (100, 200, 1.0)
    values = given.split(",") if isinstance(given, str) else given
    try:
        low, high, blur = (float(value) for value in values)
    except (TypeError, ValueError):
        raise UsageError(f"edges {given!r} are not three numbers", hint="use low, high, blur: 100,200,1") from None
    return low, high, blur


def trained_times(options: Options) -> tuple[int, ...]:
    """Of ``trained``, from high to low; () where it was not given. Raises UsageError."""
    given = options.get("trained")
    if not given:
        return ()
    text = str(given).strip().casefold()
    if text == "lcm":
        return consistency(50)
    try:
        times = [int(word) for word in text.split(",")]
    except ValueError:
        times = []
    if len(times) == 1 and 1 <= times[0] <= 64:
        return trailing(times[0])
    if not times or not all(1 <= t <= 999 for t in times) or times != sorted(set(times), reverse=True):
        raise UsageError(
            f"'{given}' does not say which times a student was trained on", hint="use 4, lcm or 999,749,499,249"
        )
    return tuple(times)
