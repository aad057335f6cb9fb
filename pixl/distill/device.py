"""What this machine has to run networks on."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

from pixl.errors import DeviceError


def choose_device(name: str = "") -> str:
    """``cuda``, ``mps`` or ``cpu``: the one asked for, else the best there is. Raises DeviceError."""
    import torch

    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    wanted = name.strip().casefold()
    if not wanted:
        return next(kind for kind, there in here.items() if there)
    if wanted not in here:
        raise DeviceError(f"there is no device '{name}'", hint="use cuda, mps or cpu")
    if not here[wanted]:
        raise DeviceError(
            f"torch finds no {wanted} device here", hint="use --device cpu, or install a torch build for it"
        )
    return wanted


def memory_of(device: str) -> float | None:
    """GB of a device's memory (of the machine's for ``cpu`` and ``mps``), None where it cannot be known."""
    if device == "cuda":
        import torch

        return float(torch.cuda.get_device_properties(0).total_memory) / 1e9
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (ValueError, OSError, AttributeError):
        return None


def describe() -> dict[str, Any]:
    """``kind``, ``memory_gb`` (None where unknown) and ``words``; without torch what is missing is said."""
    if find_spec("torch") is None:
        return {"kind": "", "memory_gb": None, "words": "torch is not installed: pip install 'pixl-craft[diffusion]'"}
    kind = choose_device()
    memory = memory_of(kind)
    if kind == "cuda":
        import torch

        name = torch.cuda.get_device_name(0)
    else:
        name = {"mps": "Apple GPU", "cpu": "CPU only, in float32: minutes to hours a picture"}[kind]
    size = f", {memory:.0f} GB" if memory is not None else ""
    return {"kind": kind, "memory_gb": memory, "words": f"{name}{size}"}
