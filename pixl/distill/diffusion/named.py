"""A diffusion prior by what a person types: a name of the table, a folder, or a file; with controls and LoRA files.

Everything is taken from this machine. Whatever is missing is said at once, with the one command that gets all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from pixl.distill import controls, hub, plans
from pixl.distill.caption import caption, likeness
from pixl.distill.device import choose_device, memory_of
from pixl.distill.diffusion import asked, files
from pixl.distill.diffusion.build import Assembly, ControlPart, Offload, Placement, build
from pixl.distill.diffusion.latent import LatentPrior, picture_size
from pixl.distill.diffusion.own import by_path, defaults_of, is_path
from pixl.distill.models import ModelRow, all_rows, base_of, control_row, encoder_of, row_of
from pixl.errors import DeviceError, ModelMissingError, UsageError

if TYPE_CHECKING:
    from pixl.job import Job

CAPTIONS = ("florence", "blip")
OTHERS = ("koala-700m", "sd21", "sd21-base", "sd3", "sdxl-turbo", "sd-turbo")
"""Whole models that are taken where none of the ladder is here."""
CAPTION_HINT = "give --prompt, or get a captioner with: pixl models pull florence"


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


def check_name(name: str) -> None:
    """Raises UsageError, with names that are near, for one that is no prior at all."""
    from pixl.distill.priors import PRIORS

    names = [row.name for row in PRIORS] + [row.name for row in all_rows() if row.role == "prior"]
    if name in names:
        return
    if any(row.name == name for row in all_rows()):
        raise UsageError(f"{name} is no prior but for {row_of(name).role}", hint="pixl models list shows the priors")
    near = get_close_matches(name, names, n=3, cutoff=0.5)
    raise UsageError(
        f"there is no prior '{name}'",
        hint=f"did you mean {' or '.join(near)}? pixl models list shows all"
        if near
        else "use icons, a name that pixl models list shows, or a folder",
    )


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
    resolution = asked.resolution(options)
    offload: Offload = "none"
    memory = memory_of(device)
    half = device != "cpu"
    native = row.resolution if paper else plans.native(row, half=half)
    if memory is not None:
        load: dict[str, Any] = {
            "controls": count,
            "control": asked.control_size(options),
            "encoder": _encoder_used(wanted.parts),
            "half": half,
        }
        fixed = resolution or (native if paper else 0)
        plan = plans.choose(memory, names=(row.name,), resolution=fixed, **load)
        if plan is None:
            other = plans.choose(memory, **load)
            raise DeviceError(
                f"{row.name} does not fit the {memory:.0f} GB of this device",
                hint=f"use --prior {other.prior} --resolution {other.resolution}" if other else "use --prior icons",
            )
        native = min(native, plan.resolution)
        offload = plan.offload
    return Placement(
        size=picture_size(grid, resolution or native, aspect=aspect, stretch=paper),
        device=device,
        tiled=asked.flag(options, "tiled", paper and row.family == "sdxl"),
        offload=offload,
        share_rows=asked.flag(options, "share_control"),
        compiled=asked.flag(options, "compile"),
    )


def resolve(name: str, options: Mapping[str, Any]) -> Wanted:
    """Parts by name or path; rows of the table that are not here are collected, not raised. Raises UsageError."""
    parts, row, missing = by_path(name, options) if is_path(name) else _by_row(name, options)
    parts = replace(parts, loras=(*parts.loras, *asked.loras(options)))
    grid = asked.trained_times(options)
    if grid:
        if parts.kind not in ("guided", "student"):
            raise UsageError(f"{parts.name} cannot be a few-step student in pixl", hint="leave out --setting trained")
        # whether such a student wants fresh noise is not known: only consistency models are named as such
        fresh = str(options["trained"]).strip().casefold() == "lcm"
        parts = replace(parts, kind="student", grid=grid, rows=1, fresh_noise=fresh)
    parts = _one_row(parts, options)
    steering = []
    given = controls.own_folders(str(options.get("control") or ""))
    for kind in controls.parse_kinds(str(options.get("control") or "")):
        own = given.get(kind)
        if own is None:
            net = control_row(row, kind, asked.control_size(options))
            named, folder = net.name, hub.where(net)
            if folder is None:
                missing.append(net)
        else:
            named, folder = own.name, own
            if not own.is_dir():
                raise ModelMissingError(f"there is no ControlNet folder '{own}'", hint="give a folder that exists")
        if kind == "depth" and hub.where(row_of("depth-anything-small")) is None:
            missing.append(row_of("depth-anything-small"))
        steering.append(
            ControlPart(
                name=named,
                folder=folder or Path(),
                scale=asked.share(options, "control_scale", 0.15, top=2.0),
                start=asked.share(options, "control_start", 0.0),
                end=asked.share(options, "control_end", 1.0),
            )
        )
    return Wanted(parts=replace(parts, controls=tuple(steering)), row=row, missing=tuple(missing))


def _one_row(parts: Assembly, options: Mapping[str, Any]) -> Assembly:
    """A student of one row: guidance is what its network is told, where it listens. Raises UsageError for options that
    would say nothing."""
    if parts.kind != "student" or parts.rows != 1:
        return parts
    if options.get("negative"):
        raise UsageError(
            f"a negative prompt says nothing to {parts.name}, which is a few-step student",
            hint="leave out --negative, or use a prior with guidance",
        )
    guidance = options.get("guidance")
    if guidance is None:
        return parts
    if not parts.tells:
        raise UsageError(
            f"guidance says nothing to {parts.name}, which is a few-step student",
            hint="leave out --guidance, or use a prior with guidance",
        )
    return replace(parts, told_guidance=float(guidance))


def _encoder_used(parts: Assembly) -> str:
    folder, part = (parts.vae, "") if parts.vae is not None else (parts.folder, "vae")
    return "tiny" if files.read_config(folder, part).get("_class_name") == "AutoencoderTiny" else "full"


def _by_row(name: str, options: Mapping[str, Any]) -> tuple[Assembly, ModelRow, list[ModelRow]]:
    row = row_of(name)
    if row.role != "prior":
        raise UsageError(f"{name} is no prior but for {row.role}", hint="pixl models list shows the priors")
    base = base_of(row)
    encoder = asked.encoder(options)
    full = base.family != "sdxl" and encoder == "full"
    own_vae = hub.where(base)
    if full and own_vae is not None and not (own_vae / "vae").is_dir():
        raise UsageError(
            f"pixl models pull brings the full encoder for SDXL's family only, not for {row.name}",
            hint="leave out --setting encoder=full",
        )
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
        fresh_noise=row.fresh_noise,
        defaults=defaults_of(row),
        identity=f"{base.repo}@{kept.revision if kept else folder.name}",
    )
    return parts, row, missing


def pixels_of(job: Job) -> Any:
    """uint8[h, w, 3]: the job's photo in sRGB code values over white."""
    from pixl.distill.begin import code_picture

    assert job.photo is not None
    picture = code_picture(job.photo).permute(1, 2, 0).clamp(0, 1).numpy()
    return np.asarray(np.rint(picture * 255), np.uint8)


def pictures_for(job: Job, prior: Any) -> list[torch.Tensor]:
    """Control pictures of the job's photo at the prior's size; none where none were asked for or there is no photo.

    Raises UsageError for a prior that takes none, ModelMissingError without the depth model.
    """
    options = job.settings
    kinds = controls.parse_kinds(str(options.get("control") or ""))
    if not kinds:
        return []
    if not isinstance(prior, LatentPrior):
        raise UsageError("this prior takes no control", hint="use --prior vega or sdxl, or leave out --control")
    if job.photo is None:
        return []  # they come from the prior's own sample, which is drawn first
    return _pictures(kinds, pixels_of(job), options, prior)


def pictures_of(target: torch.Tensor, options: Mapping[str, Any], prior: Any) -> list[torch.Tensor]:
    """As ``pictures_for``, of a picture float[3, h, w] in sRGB code values: the prior's own sample."""
    kinds = controls.parse_kinds(str(options.get("control") or ""))
    if not kinds or not isinstance(prior, LatentPrior):
        return []
    pixels = np.asarray((target.permute(1, 2, 0).clamp(0, 1) * 255).round().to(torch.uint8).cpu().numpy())
    return _pictures(kinds, pixels, options, prior)


def _pictures(
    kinds: Sequence[controls.ControlKind], pixels: Any, options: Mapping[str, Any], prior: LatentPrior
) -> list[torch.Tensor]:
    low, high, blur = asked.edges(options)
    return controls.control_pictures(
        kinds,
        pixels,
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
    names = [name for name in (*plans.LADDER, *OTHERS) if _here(row_of(name))]
    device = choose_device()
    memory = memory_of(device)
    if not names or memory is None:
        return names[0] if names else ""
    plan = plans.choose(memory, names=names, controls=0, half=device != "cpu")
    return plan.prior if plan is not None else ""


def _here(row: ModelRow) -> bool:
    return hub.where(row) is not None and hub.where(encoder_of(row)) is not None
