"""``pixl doctor``: what is here, what is missing, and how to mend it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from .. import __version__

_CORE = ("numpy", "scipy", "PIL", "skimage", "typer", "rich", "svgwrite", "pyembroidery", "fpdf")
_DIFFUSION = ("torch", "diffusers", "transformers", "accelerate", "safetensors", "peft")
_DISTRIBUTIONS = {"PIL": "pillow", "skimage": "scikit-image", "fpdf": "fpdf2"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor", rich_help_panel="About")(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Check this installation; every complaint comes with its mend. Exit 4 when the core cannot work.

    pixl doctor
    """
    checks = [*_core(), *_palettes(), *_optional(), *_place()]
    if as_json:
        typer.echo(json.dumps({"version": __version__, "checks": checks}))
    else:
        typer.echo(f"pixl {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}")
        for check in checks:
            mark = {"ok": "ok  ", "missing": "MISS", "optional": "--  "}[check["state"]]
            typer.echo(f"{mark} {check['what']}" + (f"\n     mend: {check['mend']}" if check["mend"] else ""))
    if any(check["state"] == "missing" for check in checks):
        raise typer.Exit(4)


def _check(state: str, what: str, mend: str = "") -> dict[str, str]:
    return {"state": state, "what": what, "mend": mend}


def _version_of(module: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(_DISTRIBUTIONS.get(module, module))
    except PackageNotFoundError:
        return "version unknown"


def _core() -> list[dict[str, str]]:
    missing = [module for module in _CORE if find_spec(module) is None]
    if missing:
        names = " ".join(_DISTRIBUTIONS.get(module, module) for module in missing)
        return [_check("missing", f"core packages: {names} not installed", f"pip install {names}")]
    listed = ", ".join(f"{_DISTRIBUTIONS.get(module, module)} {_version_of(module)}" for module in _CORE)
    return [_check("ok", f"core packages: {listed}")]


def _palettes() -> list[dict[str, str]]:
    if find_spec("numpy") is None:
        return []
    from ..palette import palette_folders

    found = sorted(palette_folders())
    if "lego" not in found:
        return [_check("missing", "palettes: none found", "install pixl-craft again")]
    return [_check("ok", f"palettes: {len(found)} ({', '.join(found[:6])}, ...)")]


def _optional() -> list[dict[str, str]]:
    checks = []
    heic = find_spec("pillow_heif") is not None
    checks.append(
        _check("ok", f"HEIC photos: pillow-heif {_version_of('pillow-heif')}")
        if heic
        else _check("optional", "HEIC photos: plugin not installed", 'pip install "pixl-craft[heic]"')
    )
    missing = [module for module in _DIFFUSION if find_spec(module) is None]
    if missing:
        checks.append(
            _check(
                "optional",
                f"engine distill: {', '.join(missing)} not installed",
                'pip install "pixl-craft[diffusion]" (CPU only: pip install torch==2.13.0 first)',
            )
        )
    else:
        listed = ", ".join(f"{module} {_version_of(module)}" for module in _DIFFUSION)
        checks.append(_check("ok", f"engine distill: {listed}"))
    return checks


def _place() -> list[dict[str, Any]]:
    checks = []
    writable = os.access(Path.cwd(), os.W_OK)
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    checks.append(
        _check("ok", f"this folder can be written to, {free:.0f} GB free")
        if writable
        else _check("missing", "this folder cannot be written to", "choose another folder with -o")
    )
    encoding = (sys.stdout.encoding or "ascii").lower()
    if "utf" not in encoding:
        checks.append(_check("optional", f"the terminal speaks {encoding}", "set PYTHONIOENCODING=utf-8 for previews"))
    return checks
