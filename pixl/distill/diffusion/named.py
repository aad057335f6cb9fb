"""A diffusion prior by what a person types: a name of the table, a folder, or a file; with controls and LoRA files.

Everything is taken from this machine. Whatever is missing is said at once, with the one command that gets all of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from pixl.distill import controls, hub, plans
from pixl.distill.caption import caption, likeness
from pixl.distill.device import choose_device, memory_of
from pixl.distill.diffusion import files
from pixl.distill.diffusion.build import Assembly, ControlPart, Kind, Offload, Placement, build
from pixl.distill.diffusion.latent import LatentPrior, picture_size
from pixl.distill.diffusion.student import consistency
from pixl.distill.models import ModelRow, all_rows, base_of, control_row, encoder_of, row_of
from pixl.distill.prior import PriorDefaults
from pixl.errors import DeviceError, ModelMissingError, UsageError

if TYPE_CHECKING:
    from pixl.job import Job

KEYS = (
    "control",
    "control_scale",
    "control_start",
    "control_end",
    "control_size",
    "edges",
    "lora",
    "resolution",
    "device",
    "encoder",
    "tiled",
    "share_control",
    "compile",
)
"""Keys of a job's settings that are about the prior. ``control``: "canny,depth". ``edges``: [low, high, blur].
``lora``: "file.safetensors*0.8", or a list. ``encoder``: tiny or full. ``tiled``, ``share_control``, ``compile``:
True."""

CAPTIONS = ("florence", "blip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was typed, resolved: the parts, the native size, how many rows of controls, and the rows of the table that
    are missing here."""

    parts: Assembly
    row: ModelRow
    missing: tuple[ModelRow, ...]


def known(name: str) -> bool:
    """Whether ``name`` is a diffusion prior of the table, or a path."""
    return any(row.name == name and row.role == "prior" for row in all_rows()) or is_path(name)


def is_path(name: str) -> bool:
    """Whether a prior's name means a folder or a file."""
    return os.sep in name or name.endswith(".safetensors") or name.startswith((".", "~"))


def load_named(
    name: str, grid: tuple[int, int], options: Mapping[str, Any] | None = None, *, aspect: float | None = None
) -> LatentPrior:
    """The prior for a grid of (H, W) cells. ``options``: a job's settings. ``aspect``: the whole picture's width over
    height where cells are not square.

    Raises ModelMissingError with the command that pulls what is missing, DeviceError where it does not fit, UsageError
    for parts that do not fit each other.
    """
    given = dict(options or {})
    wanted = resolve(name, given)
    if wanted.missing:
        names = " ".join(row.name for row in wanted.missing)
        size = sum(row.gb for row in wanted.missing)
        said = ", ".join(f"{row.name} ({row.repo})" for row in wanted.missing)
        many = len(wanted.missing) > 1
        raise ModelMissingError(
            f"the model{'s' if many else ''} {said} {'are' if many else 'is'} not on this machine ({size:.1f} GB)",
            hint=f"get {'them' if many else 'it'} with: pixl models pull {names}",
        )
    return build(wanted.parts, place(wanted, grid, given, aspect))


def place(wanted: Wanted, grid: tuple[int, int], options: Mapping[str, Any], aspect: float | None) -> Placement:
    """Size, device and offload: as asked, else what ``plans`` finds for this device's memory. Raises DeviceError."""
    device = choose_device(str(options.get("device") or ""))
    paper = options.get("recipe") == "paper"
    row, count = wanted.row, len(wanted.parts.controls)
    resolution = int(options.get("resolution") or 0)
    if resolution and not 64 <= resolution <= 4096:
        raise UsageError(f"resolution {resolution} is out of range", hint="use 256 to 1536, such as 512")
    offload: Offload = "none"
    memory = memory_of(device)
    half = device != "cpu"
    native = row.resolution if paper or half else min(row.resolution, 512)  # a CPU takes minutes a step above that
    if memory is not None:
        plan = plans.choose(memory, names=(row.name,), controls=count, half=half, resolution=resolution or 0)
        if plan is None:
            other = plans.choose(memory, controls=count, half=half)
            raise DeviceError(
                f"{row.name} does not fit the {memory:.0f} GB of this device",
                hint=f"use --prior {other.prior} --resolution {other.resolution}" if other else "use --prior icons",
            )
        native = min(native, plan.resolution)
        offload = plan.offload
    return Placement(
        size=picture_size(grid, resolution or native, aspect=aspect, stretch=paper),
        device=device,
        tiled=bool(options.get("tiled", paper and row.family == "sdxl")),
        offload=offload,
        share_rows=bool(options.get("share_control")),
        compiled=bool(options.get("compile")),
    )


def resolve(name: str, options: Mapping[str, Any]) -> Wanted:
    """Parts by name or path; rows of the table that are not here are collected, not raised. Raises UsageError."""
    parts, row, missing = _by_path(name) if is_path(name) else _by_row(name, options)
    parts = replace(parts, loras=(*parts.loras, *_loras(options.get("lora"))))
    steering = []
    for kind in controls.parse_kinds(str(options.get("control") or "")):
        net = control_row(row, kind, str(options.get("control_size") or "mid"))
        folder = hub.where(net)
        if folder is None:
            missing.append(net)
        if kind == "depth" and hub.where(row_of("depth-anything-small")) is None:
            missing.append(row_of("depth-anything-small"))
        steering.append(
            ControlPart(
                name=net.name,
                folder=folder or Path(),
                scale=_share(options, "control_scale", 0.15, 2.0),
                start=_share(options, "control_start", 0.0, 1.0),
                end=_share(options, "control_end", 1.0, 1.0),
            )
        )
    return Wanted(parts=replace(parts, controls=tuple(steering)), row=row, missing=tuple(missing))


def _share(options: Mapping[str, Any], name: str, default: float, top: float) -> float:
    value = options.get(name)
    value = default if value is None else value
    if not isinstance(value, int | float) or not 0 <= value <= top:
        raise UsageError(f"{name.replace('_', ' ')} {value} is out of range", hint=f"use 0 to {top:g}")
    return float(value)


def _loras(given: Any) -> list[tuple[Path, float]]:
    """ "file.safetensors*0.8" or a list of such. Raises UsageError."""
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


def _by_row(name: str, options: Mapping[str, Any]) -> tuple[Assembly, ModelRow, list[ModelRow]]:
    row = row_of(name)
    if row.role != "prior":
        raise UsageError(f"{name} is no prior but for {row.role}", hint="pixl models list shows the priors")
    base = base_of(row)
    encoder = str(options.get("encoder") or "tiny")
    if encoder not in ("tiny", "full"):
        raise UsageError(f"'{encoder}' is not an encoder", hint="use tiny or full")
    full = base.family != "sdxl" and encoder == "full"
    vae = None if full else row_of("sdxl-vae") if encoder == "full" else encoder_of(row)
    needed = [base, *([row] if base is not row else []), *([vae] if vae is not None else [])]
    found = {one.name: hub.where(one) for one in needed}
    missing = [one for one in needed if found[one.name] is None]
    own = found[row.name] or Path()
    folder = found[base.name] or Path()
    kept = hub.records().get(base.name)
    parts = Assembly(
        name=row.name,
        folder=folder,
        kind=row.kind,
        vae=None if vae is None else (found[vae.name] or Path()),
        loras=tuple((own / file, row.lora_weight) for file in row.files) if base is not row else (),
        grid=row.grid,
        rows=row.rows,
        defaults=PriorDefaults(guidance=row.guidance, t_low=row.t_low, t_high=row.t_high),
        identity=f"{base.repo}@{kept.revision if kept else folder.name}",
    )
    return parts, row, missing


def _by_path(name: str) -> tuple[Assembly, ModelRow, list[ModelRow]]:
    path = Path(name).expanduser()
    if path.suffix == ".safetensors":
        base = row_of("sdxl" if _is_xl(path) else "sd15")
        folder, encoder = hub.where(base), hub.where(encoder_of(base))
        missing = [row for row, there in ((base, folder), (encoder_of(base), encoder)) if there is None]
        parts = Assembly(name=path.stem, folder=folder or Path(), vae=encoder or Path(), checkpoint=path)
        return parts, base, missing
    if not path.is_dir():
        raise ModelMissingError(f"there is no model folder '{path}'", hint="give a folder in diffusers' layout")
    if (path / "transformer").is_dir():
        return Assembly(name=path.name, folder=path, kind="flow"), row_of("sd3"), []
    config = files.read_config(path, "unet")
    family = {2048: "sdxl", 1024: "sd21", 768: "sd15"}.get(int(config.get("cross_attention_dim") or 0), "sdxl")
    row = row_of(family)
    kind: Kind = "guided"
    grid: tuple[int, ...] = ()
    if config.get("mid_block_type", "UNetMidBlock2DCrossAttn") is None:
        kind, row = "koala", row_of("koala-700m")
    elif config.get("time_cond_proj_dim") is not None:
        kind, grid = "student", consistency(50)
    # the tiny encoder of the family where it is here: a tenth of the full one's cost
    vae = hub.where(encoder_of(row)) if config.get("cross_attention_dim") in (2048, 1024, 768) else None
    return Assembly(name=path.name, folder=path, kind=kind, vae=vae, grid=grid, identity=str(path)), row, []


def _is_xl(path: Path) -> bool:
    """Whether a whole checkpoint is SDXL's kind: it is told sizes (``label_emb``)."""
    if not path.is_file():
        raise ModelMissingError(f"there is no file '{path}'", hint="give a .safetensors file that exists")
    import json
    import struct

    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            names = json.loads(file.read(min(length, 100_000_000)))
    except (ValueError, struct.error, OSError):
        raise ModelMissingError(f"'{path}' cannot be read", hint="it may be cut short: download it again") from None
    return any("label_emb" in key or "add_embedding" in key for key in names)


def pixels_of(job: Job) -> Any:
    """uint8[h, w, 3]: the job's photo in sRGB code values over white."""
    from pixl.distill.begin import code_picture

    assert job.photo is not None
    picture = code_picture(job.photo).permute(1, 2, 0).clamp(0, 1).numpy()
    return np.asarray(np.rint(picture * 255), np.uint8)


def pictures_for(job: Job, prior: Any) -> list[torch.Tensor]:
    """Control pictures of the job's photo at the prior's size; none where none were asked for.

    Raises UsageError without a photo, ModelMissingError without the depth model.
    """
    options = job.settings
    kinds = controls.parse_kinds(str(options.get("control") or ""))
    if not kinds:
        return []
    if not isinstance(prior, LatentPrior):
        raise UsageError("this prior takes no control", hint="use --prior vega or sdxl, or leave out --control")
    if job.photo is None:
        raise UsageError("control takes edges and depth from a photo, and there is none", hint="leave out --control")
    low, high, blur = options.get("edges") or (100, 200, 1.0)
    return controls.control_pictures(
        kinds,
        pixels_of(job),
        prior.image_size,
        depth_folder=hub.where(row_of("depth-anything-small")),
        device=str(prior.device),
        low=low,
        high=high,
        blur=blur,
    )


def words_for(job: Job, prior: Any) -> str:
    """The job's prompt; for a photo without one a caption, where a captioner is here and the prior reads words."""
    if job.prompt.strip() or job.photo is None or not isinstance(prior, LatentPrior):
        return job.prompt
    for name in CAPTIONS:
        folder = hub.where(row_of(name))
        if folder is not None:
            return caption(pixels_of(job), folder, device=str(prior.device))
    return job.prompt


def scorer_for(prior: LatentPrior) -> Callable[[list[torch.Tensor], str], list[float]] | None:
    """CLIP's likeness of pictures image01 [1, 3, S_h, S_w] to words; None where CLIP is not here."""
    folder = hub.where(row_of("clip"))
    if folder is None:
        return None

    def score(pictures: list[torch.Tensor], words: str) -> list[float]:
        shown = [(one[0].permute(1, 2, 0).clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy() for one in pictures]
        return likeness(shown, words, folder, device=str(prior.device))

    return score


def best_pulled() -> str:
    """The name of the best prior that is here and fits this device, "" where there is none."""
    names = [name for name in (*plans.LADDER, "koala-700m", "sd21", "sd21-base", "sd3") if _here(row_of(name))]
    device = choose_device()
    memory = memory_of(device)
    if not names or memory is None:
        return names[0] if names else ""
    plan = plans.choose(memory, names=names, controls=0, half=device != "cpu")
    return plan.prior if plan is not None else ""


def _here(row: ModelRow) -> bool:
    return hub.where(row) is not None and hub.where(encoder_of(row)) is not None
