"""A diffusion prior by what a person types: a name of the table, a folder, or a file; with controls and LoRA files.

Everything is taken from this machine. Whatever is missing is said at once, with the one command that gets all of it.
"""

from __future__ import annotations

import os
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
from pixl.distill.diffusion import files
from pixl.distill.diffusion.build import Assembly, ControlPart, Kind, Offload, Placement, build
from pixl.distill.diffusion.latent import STEP, LatentPrior, picture_size
from pixl.distill.diffusion.single import fingerprint, tensor_names
from pixl.distill.diffusion.student import consistency, trailing
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
    "trained",
    "resolution",
    "device",
    "encoder",
    "tiled",
    "share_control",
    "compile",
)
"""Keys of a job's settings that are about the prior. ``control``: "canny,depth", or "canny=FOLDER" for a ControlNet
of one's own. ``edges``: [low, high, blur]. ``lora``: "file.safetensors*0.8", or a list. ``trained``: the times that a
few-step student was trained on, where no row says so: "4" (steps of a trailing grid), "lcm", or "999,749,499,249".
``encoder``: tiny or full. ``tiled``, ``share_control``, ``compile``: True."""

CAPTIONS = ("florence", "blip")
CAPTION_HINT = "give --prompt, or get a captioner with: pixl models pull florence"
FAMILIES = {2048: "sdxl", 1024: "sd21", 768: "sd15"}
"""Base models by the width of the words they read."""


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
    """Whether a prior's name means a folder or a file: it looks like one, or is a model's folder."""
    looks = os.sep in name or name.endswith(_WEIGHTS) or name.startswith((".", "~"))
    return looks or (Path(name) / "scheduler").is_dir()


_WEIGHTS = (".safetensors", ".ckpt", ".pt", ".pth", ".bin")


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
    resolution = int(options.get("resolution") or 0)
    if resolution and not 64 <= resolution <= 4096:
        raise UsageError(f"resolution {resolution} is out of range", hint="use 256 to 1536, such as 512")
    if resolution % STEP:
        near = max(STEP, round(resolution / STEP) * STEP)
        raise UsageError(f"resolution {resolution} is not a multiple of {STEP}", hint=f"use {near}")
    offload: Offload = "none"
    memory = memory_of(device)
    half = device != "cpu"
    native = row.resolution if paper or half else min(row.resolution, 512)  # a CPU takes minutes a step above that
    if memory is not None:
        load: dict[str, Any] = {
            "controls": count,
            "control": _size(options),
            "encoder": _encoder_used(wanted.parts),
            "half": half,
        }
        plan = plans.choose(memory, names=(row.name,), resolution=resolution, **load)
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
        tiled=bool(options.get("tiled", paper and row.family == "sdxl")),
        offload=offload,
        share_rows=bool(options.get("share_control")),
        compiled=bool(options.get("compile")),
    )


def resolve(name: str, options: Mapping[str, Any]) -> Wanted:
    """Parts by name or path; rows of the table that are not here are collected, not raised. Raises UsageError."""
    parts, row, missing = _by_path(name, options) if is_path(name) else _by_row(name, options)
    parts = replace(parts, loras=(*parts.loras, *_loras(options.get("lora"))))
    if options.get("trained"):
        grid = trained_times(options["trained"])
        if parts.kind not in ("guided", "student"):
            raise UsageError(f"{parts.name} cannot be a few-step student in pixl", hint="leave out 'trained'")
        # whether such a student wants fresh noise is not known: only consistency models are named as such
        fresh = str(options["trained"]).strip().casefold() == "lcm"
        parts = replace(parts, kind="student", grid=grid, rows=1, fresh_noise=fresh)
    steering = []
    given = controls.own_folders(str(options.get("control") or ""))
    for kind in controls.parse_kinds(str(options.get("control") or "")):
        own = given.get(kind)
        if own is None:
            net = control_row(row, kind, _size(options))
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
                scale=_share(options, "control_scale", 0.15, 2.0),
                start=_share(options, "control_start", 0.0, 1.0),
                end=_share(options, "control_end", 1.0, 1.0),
            )
        )
    return Wanted(parts=replace(parts, controls=tuple(steering)), row=row, missing=tuple(missing))


def trained_times(given: Any) -> tuple[int, ...]:
    """ "4" or "lcm" or "999,749,499,249", from high to low. Raises UsageError."""
    text = str(given).strip().casefold()
    if text == "lcm":
        return consistency(50)
    try:
        times = [int(word) for word in text.split(",")]
    except ValueError:
        times = []
    if len(times) == 1 and 1 <= times[0] <= 64:
        return trailing(times[0])
    good = bool(times) and all(1 <= t <= 999 for t in times) and times == sorted(set(times), reverse=True)
    if not good:
        raise UsageError(
            f"'{given}' does not say which times a student was trained on", hint="use 4, lcm or 999,749,499,249"
        )
    return tuple(times)


def _size(options: Mapping[str, Any]) -> str:
    """Of ControlNets. Raises UsageError."""
    size = str(options.get("control_size") or "mid")
    if size not in plans.CONTROL_MILLIONS:
        raise UsageError(f"'{size}' is not a size of ControlNets", hint=f"use {', '.join(plans.CONTROL_MILLIONS)}")
    return size


def _encoder(options: Mapping[str, Any]) -> str:
    encoder = str(options.get("encoder") or "tiny")
    if encoder not in ("tiny", "full"):
        raise UsageError(f"'{encoder}' is not an encoder", hint="use tiny or full")
    return encoder


def _encoder_used(parts: Assembly) -> str:
    folder, part = (parts.vae, "") if parts.vae is not None else (parts.folder, "vae")
    return "tiny" if files.read_config(folder, part).get("_class_name") == "AutoencoderTiny" else "full"


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
    encoder = _encoder(options)
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
        fresh_noise=row.fresh_noise,
        defaults=_defaults(row),
        identity=f"{base.repo}@{kept.revision if kept else folder.name}",
    )
    return parts, row, missing


def _defaults(row: ModelRow) -> PriorDefaults:
    return PriorDefaults(guidance=row.guidance, sample_guidance=row.guidance, t_low=row.t_low, t_high=row.t_high)


def _by_path(name: str, options: Mapping[str, Any]) -> tuple[Assembly, ModelRow, list[ModelRow]]:
    path = Path(name).expanduser()
    if path.suffix in _WEIGHTS:
        return _by_file(path, options)
    if not path.is_dir():
        rows = [row for row in all_rows() if row.repo.casefold() == name.casefold()]
        if rows:
            hint = f"use --prior {rows[0].name}; pixl models list shows the names"
        else:
            hint = "give a folder in diffusers' layout or a .safetensors file, or a name that pixl models list shows"
        what = "neither a folder nor a .safetensors file" if path.exists() else "no folder that is here"
        raise ModelMissingError(f"'{path}' is {what}", hint=hint)
    identity = f"{path.name}@{fingerprint(path)}"
    if (path / "transformer").is_dir():
        row = row_of("sd3")
        return Assembly(name=path.name, folder=path, kind="flow", defaults=_defaults(row), identity=identity), row, []
    config = files.read_config(path, "unet")
    family = FAMILIES.get(int(config.get("cross_attention_dim") or 0))
    row = row_of(family or "sdxl")
    kind: Kind = "guided"
    grid: tuple[int, ...] = ()
    if config.get("mid_block_type", "UNetMidBlock2DCrossAttn") is None:
        kind, row = "koala", row_of("koala-700m")
    elif config.get("time_cond_proj_dim") is not None:
        kind, grid = "student", consistency(50)
    vae, notes = _folders_encoder(path, encoder_of(row) if family else None, _encoder(options))
    scheduler = files.read_config(path, "scheduler", "scheduler_config.json")
    zero = bool(scheduler.get("rescale_betas_zero_snr"))
    if scheduler.get("timestep_spacing") == "trailing" and not zero and kind == "guided" and not options.get("trained"):
        notes.append(
            f"{path.name} may be a few-step student (its scheduler walks trailing times): if so, say on how many "
            "steps it was trained with --set trained=4"
        )
    parts = Assembly(
        name=path.name,
        folder=path,
        kind=kind,
        vae=vae,
        grid=grid,
        fresh_noise=kind == "student",
        defaults=_defaults(row),
        identity=identity,
        notes=tuple(notes),
    )
    return parts, row, []


def _folders_encoder(path: Path, row: ModelRow | None, wanted: str) -> tuple[Path | None, list[str]]:
    """(folder of another encoder than the model folder's own, or None; notes). ``row``: the family's tiny one, which
    is a tenth of the cost of the full one. Raises UsageError."""
    own = files.read_config(path, "vae").get("_class_name") if (path / "vae").is_dir() else None
    if wanted == "full" and own == "AutoencoderTiny":
        raise UsageError(f"{path.name} has a tiny encoder only", hint="leave out encoder=full")
    if own == "AutoencoderTiny" or row is None or (wanted == "full" and own is not None):
        return None, []
    tiny = hub.where(row)
    if tiny is not None or own is None:
        return tiny, []
    return None, [
        f"the model's own full encoder is used, at ten times the tiny one's cost: pixl models pull {row.name}"
    ]


def _by_file(path: Path, options: Mapping[str, Any]) -> tuple[Assembly, ModelRow, list[ModelRow]]:
    """A whole checkpoint in one file, over the base model that gives it shapes and tokenizers."""
    names = tensor_names(path)
    if any(one.startswith("cond_stage_model.model.") for one in names):
        raise UsageError(
            f"'{path.name}' is a Stable Diffusion 2: a single file does not say whether it predicts noise or v",
            hint="use a folder in diffusers' layout, whose scheduler says it, or --prior sd21",
        )
    base = row_of("sdxl" if any("label_emb" in one or "add_embedding" in one for one in names) else "sd15")
    vae = row_of("sdxl-vae") if base.family == "sdxl" and _encoder(options) == "full" else encoder_of(base)
    folder, encoder = hub.where(base), hub.where(vae)
    missing = [row for row, there in ((base, folder), (vae, encoder)) if there is None]
    parts = Assembly(
        name=path.stem, folder=folder or Path(), vae=encoder or Path(), checkpoint=path, defaults=_defaults(base)
    )
    return parts, base, missing


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
    edges = options.get("edges") or (100, 200, 1.0)
    try:
        low, high, blur = (float(value) for value in edges)
    except (TypeError, ValueError):
        raise UsageError(f"edges {edges!r} are not three numbers", hint="use low, high, blur: [100, 200, 1]") from None
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
    names = [name for name in (*plans.LADDER, "koala-700m", "sd21", "sd21-base", "sd3") if _here(row_of(name))]
    device = choose_device()
    memory = memory_of(device)
    if not names or memory is None:
        return names[0] if names else ""
    plan = plans.choose(memory, names=names, controls=0, half=device != "cpu")
    return plan.prior if plan is not None else ""


def _here(row: ModelRow) -> bool:
    return hub.where(row) is not None and hub.where(encoder_of(row)) is not None
