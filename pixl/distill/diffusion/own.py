"""A user's own folder or file as a prior: which kind it is, seen from its configs, and what it lacks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pixl.distill import hub
from pixl.distill.diffusion import asked, files
from pixl.distill.diffusion.build import Assembly, Kind
from pixl.distill.diffusion.single import fingerprint, tensor_names
from pixl.distill.diffusion.student import consistency
from pixl.distill.models import ModelRow, all_rows, encoder_of, row_of
from pixl.distill.prior import PriorDefaults
from pixl.errors import ModelMissingError, UsageError

WEIGHTS = (".safetensors", ".ckpt", ".pt", ".pth", ".bin")
FAMILIES = {2048: "sdxl", 1024: "sd21", 768: "sd15"}
"""Base models by the width of the words they read."""


def is_path(name: str) -> bool:
    """Whether a prior's name means a folder or a file: it looks like one, or is a model's folder."""
    looks = os.sep in name or name.endswith(WEIGHTS) or name.startswith((".", "~"))
    return looks or (Path(name) / "scheduler").is_dir()


def defaults_of(row: ModelRow) -> PriorDefaults:
    """What suits a model, by its row."""
    return PriorDefaults(guidance=row.guidance, sample_guidance=row.guidance, t_low=row.t_low, t_high=row.t_high)


def by_path(name: str, options: Mapping[str, Any]) -> tuple[Assembly, ModelRow, list[ModelRow]]:
    path = Path(name).expanduser()
    if path.suffix in WEIGHTS:
        return by_file(path, options)
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
        return Assembly(name=path.name, folder=path, kind="flow", defaults=defaults_of(row), identity=identity), row, []
    config = files.read_config(path, "unet")
    family = FAMILIES.get(int(config.get("cross_attention_dim") or 0))
    row = row_of(family or "sdxl")
    kind: Kind = "guided"
    grid: tuple[int, ...] = ()
    if config.get("mid_block_type", "UNetMidBlock2DCrossAttn") is None:
        kind, row = "koala", row_of("koala-700m")
    elif config.get("time_cond_proj_dim") is not None:
        kind, grid = "student", consistency(50)
    vae, notes = folders_encoder(path, encoder_of(row) if family else None, asked.encoder(options))
    scheduler = files.read_config(path, "scheduler", "scheduler_config.json")
    zero = bool(scheduler.get("rescale_betas_zero_snr"))
    if scheduler.get("timestep_spacing") == "trailing" and not zero and kind == "guided" and not options.get("trained"):
        notes.append(
            f"{path.name} may be a few-step student (its scheduler walks trailing times): if so, say on how many "
            "steps it was trained with --setting trained=4"
        )
    parts = Assembly(
        name=path.name,
        folder=path,
        kind=kind,
        vae=vae,
        grid=grid,
        fresh_noise=kind == "student",
        tells=kind == "student",
        defaults=defaults_of(row),
        identity=identity,
        notes=tuple(notes),
    )
    return parts, row, []


def folders_encoder(path: Path, row: ModelRow | None, wanted: str) -> tuple[Path | None, list[str]]:
    """(folder of another encoder than the model folder's own, or None; notes). ``row``: the family's tiny one, which
    is a tenth of the cost of the full one. Raises UsageError."""
    own = files.read_config(path, "vae").get("_class_name") if (path / "vae").is_dir() else None
    if wanted == "full" and own == "AutoencoderTiny":
        raise UsageError(f"{path.name} has a tiny encoder only", hint="leave out --setting encoder=full")
    if own == "AutoencoderTiny" or row is None or (wanted == "full" and own is not None):
        return None, []
    tiny = hub.where(row)
    if tiny is not None or own is None:
        return tiny, []
    return None, [
        f"the model's own full encoder is used, at ten times the tiny one's cost: pixl models pull {row.name}"
    ]


def by_file(path: Path, options: Mapping[str, Any]) -> tuple[Assembly, ModelRow, list[ModelRow]]:
    """A whole checkpoint in one file, over the base model that gives it shapes and tokenizers."""
    names = tensor_names(path)
    if any(one.startswith("cond_stage_model.model.") for one in names):
        raise UsageError(
            f"'{path.name}' is a Stable Diffusion 2: a single file does not say whether it predicts noise or v",
            hint="use a folder in diffusers' layout, whose scheduler says it, or --prior sd21",
        )
    base = row_of("sdxl" if any("label_emb" in one or "add_embedding" in one for one in names) else "sd15")
    vae = row_of("sdxl-vae") if base.family == "sdxl" and asked.encoder(options) == "full" else encoder_of(base)
    folder, encoder = hub.where(base), hub.where(vae)
    missing = [row for row, there in ((base, folder), (vae, encoder)) if there is None]
    parts = Assembly(
        name=path.stem, folder=folder or Path(), vae=encoder or Path(), checkpoint=path, defaults=defaults_of(base)
    )
    return parts, base, missing
