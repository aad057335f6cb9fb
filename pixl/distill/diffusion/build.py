"""A prior put together from files on this machine: which parts, how large, where, how precise.

prior = build(Assembly(name="sdxl", folder=Path(...)), Placement(size=(1024, 1024)))
prior.condition("a fox", "", [edges, depth])
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch

from pixl.distill.diffusion import files, single
from pixl.distill.diffusion.codec import LatentCodec
from pixl.distill.diffusion.control import ControlBranch, ControlSet, check_fit
from pixl.distill.diffusion.flow import FlowPrior
from pixl.distill.diffusion.forms import FORMS, Form
from pixl.distill.diffusion.koala import KoalaPrior
from pixl.distill.diffusion.latent import LatentPrior
from pixl.distill.diffusion.lora import LoraFile, merge_into_unet, read_lora
from pixl.distill.diffusion.noise import FlowSchedule, variance_schedule
from pixl.distill.diffusion.student import StudentPrior
from pixl.distill.diffusion.unet import UnetPrior
from pixl.distill.prior import PriorDefaults
from pixl.errors import ModelMissingError, UsageError

Kind = Literal["guided", "student", "koala", "flow"]
Offload = Literal["none", "controls", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPart:
    """A ControlNet's folder, how much it counts, and when (see ``ControlBranch``)."""

    name: str
    folder: Path
    scale: float = 0.15
    start: float = 0.0
    end: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """The parts of a prior.

    ``folder``: the base model in diffusers' layout. ``checkpoint``: a whole model in one file, whose U-Net
    replaces the folder's; ``unet_file``: a U-Net alone in one file (Lightning, DMD2). ``vae``: a folder with
    another encoder. ``loras``: (file, weight). ``form``: None reads the scheduler's config. ``grid``,
    ``rows``, ``told_guidance``, ``fresh_noise``: see ``StudentPrior``; ``tells``: its network is told the
    guidance. ``identity``: what the files are (a revision), for the record. ``notes``: sentences for a person.
    """

    name: str
    folder: Path
    kind: Kind = "guided"
    checkpoint: Path | None = None
    unet_file: Path | None = None
    vae: Path | None = None
    loras: tuple[tuple[Path, float], ...] = ()
    controls: tuple[ControlPart, ...] = ()
    form: Form | None = None
    grid: tuple[int, ...] = ()
    rows: int = 1
    told_guidance: float = 7.5
    fresh_noise: bool = False
    tells: bool = False
    defaults: PriorDefaults = field(default_factory=PriorDefaults)
    identity: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """How the parts are used. ``size``: (S_h, S_w). ``dtype`` None: half precision where the device has it.

    ``latent_size`` and ``tiled``: see ``LatentCodec``. ``offload``: networks that wait in main memory
    between calls. ``share_rows``: see ``ControlSet``. ``t5`` False: SD3 without its largest text encoder.
    """

    size: tuple[int, int]
    device: str = "cpu"
    dtype: torch.dtype | None = None
    tiled: bool = False
    latent_size: tuple[int, int] | None = None
    offload: Offload = "none"
    share_rows: bool = False
    compiled: bool = False
    t5: bool = True

    @property
    def precision(self) -> torch.dtype:
        """float32 on the CPU (half-precision convolutions are forty times slower there), float16
        elsewhere.
        """
        if self.dtype is not None:
            return self.dtype
        return torch.float32 if self.device == "cpu" else torch.float16


def build(parts: Assembly, place: Placement) -> LatentPrior:
    """The prior. Raises ModelMissingError for files that are not there or cannot be read, UsageError for
    parts that do not fit each other."""
    import diffusers
    import transformers

    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()
    if not parts.folder.is_dir():
        raise ModelMissingError(
            f"there is no model folder '{parts.folder}'", hint="pull the model, or give a folder that exists"
        )
    device, dtype = torch.device(place.device), place.precision
    codec = _codec(parts, place)
    loras: list[LoraFile] = []
    if parts.kind == "flow":
        if parts.loras:
            raise UsageError(f"{parts.name} takes no LoRA in pixl", hint="leave out --lora")
        network = files.load_part("SD3Transformer2DModel", parts.folder, "transformer", dtype=dtype)
    else:
        network = _unet(parts, dtype)
        loras = [read_lora(path, network.config, weight=weight) for path, weight in parts.loras]
        for lora in loras:
            merge_into_unet(lora, network, parts.name)
    shared: dict[str, Any] = {
        "base": parts.name,
        "codec": codec,
        "reader": files.folder_words(
            parts.folder, device=device, dtype=dtype, loras=loras, t5=place.t5, checkpoint=parts.checkpoint
        ),
        "image_size": place.size,
        "defaults": parts.defaults,
        "device": device,
        "dtype": dtype,
        "identity": _identity(parts, loras),
        "notes": parts.notes,
        "held": _visit(device) if place.offload == "all" else _settle(device),
        **_noise(parts),
    }
    if parts.kind == "flow":
        if parts.controls:
            raise UsageError(f"{parts.name} takes no ControlNets in pixl", hint="leave out --control")
        return FlowPrior(network, **shared)
    shared["controls"] = _controls(parts, place, network.config, device, dtype)
    if place.compiled:
        network = torch.compile(network)
    if parts.kind == "student":
        return StudentPrior(
            network,
            grid=parts.grid,
            rows=parts.rows,
            told_guidance=parts.told_guidance,
            fresh_noise=parts.fresh_noise,
            **shared,
        )
    return (KoalaPrior if parts.kind == "koala" else UnetPrior)(network, **shared)


def _unet(parts: Assembly, dtype: torch.dtype) -> Any:
    if parts.checkpoint is not None:
        config = files.read_config(parts.folder, "unet")
        unet = single.load_single_unet(parts.checkpoint, parts.folder, config, dtype=dtype)
    else:
        unet = files.load_part("UNet2DConditionModel", parts.folder, "unet", dtype=dtype)
    if parts.unet_file is not None:
        single.load_weights_into(unet, parts.unet_file, parts.name)
    return unet


def _codec(parts: Assembly, place: Placement) -> LatentCodec:
    folder, part = (parts.vae, "") if parts.vae is not None else (parts.folder, "vae")
    config = files.read_config(folder, part)
    kind = str(config.get("_class_name"))
    if kind not in ("AutoencoderTiny", "AutoencoderKL"):
        raise UsageError(
            f"'{folder}' holds no picture encoder but {kind}", hint="use an AutoencoderTiny or AutoencoderKL"
        )
    # SDXL's full encoder overflows in half precision, and says so in its config
    wide = kind == "AutoencoderKL" and bool(config.get("force_upcast", True))
    vae = files.load_part(
        kind, folder, part, dtype=torch.float32 if wide and place.precision == torch.float16 else place.precision
    )
    try:
        return LatentCodec(vae.to(place.device), tiled=place.tiled, latent_size=place.latent_size)
    except ValueError as error:
        raise UsageError(f"the encoder of {parts.name} cannot be used so: {error}", hint="leave out tiling") from None


def _noise(parts: Assembly) -> dict[str, Any]:
    config = files.read_config(parts.folder, "scheduler", "scheduler_config.json")
    if parts.kind == "flow":
        return {"schedule": FlowSchedule(float(config.get("shift", 3.0))), "form": "flow"}
    form = parts.form or config.get("prediction_type", "epsilon")
    if form not in FORMS or form == "flow":
        raise UsageError(
            f"{parts.name} predicts '{form}', which this kind of prior cannot use", hint="see docs/priors.md"
        )
    return {"schedule": variance_schedule(config), "form": form}


def _controls(
    parts: Assembly, place: Placement, unet_config: Any, device: torch.device, dtype: torch.dtype
) -> ControlSet:
    branches = []
    for part in parts.controls:
        config = files.read_config(part.folder, "")
        if config.get("_class_name") != "ControlNetModel":
            raise UsageError(
                f"'{part.folder}' holds no ControlNet but {config.get('_class_name')}", hint="see pixl models list"
            )
        check_fit(part.name, config, unet_config, parts.name)
        net = files.load_part("ControlNetModel", part.folder, "", dtype=dtype)
        branches.append(ControlBranch(name=part.name, net=net, scale=part.scale, start=part.start, end=part.end))
    return ControlSet(branches, share_rows=place.share_rows, held=None if place.offload == "none" else _visit(device))


def _settle(device: torch.device) -> Any:
    """A network that comes to ``device`` when it is first called and stays: by then the text encoders are gone."""

    @contextmanager
    def held(net: Any) -> Iterator[Any]:
        yield net.to(device)

    return held


def _visit(device: torch.device) -> Any:
    """A network moved to ``device`` for the length of a call; it waits in main memory."""

    @contextmanager
    def held(net: Any) -> Iterator[Any]:
        try:
            yield net.to(device)
        finally:
            net.to("cpu")

    return held


def _identity(parts: Assembly, loras: list[LoraFile]) -> str:
    """Base, files, LoRAs by hash and weight, encoder, ControlNets: merged weights stay merged, so they are
    part of what the prior is.
    """
    said = [parts.identity or parts.name]
    for file in (parts.checkpoint, parts.unet_file):
        if file is not None:
            said.append(f"unet:{single.fingerprint(file)}")
    said += [f"lora:{lora.digest[:16]}*{lora.weight:g}" for lora in loras]
    folders = [("vae", parts.vae), *((control.name, control.folder) for control in parts.controls)]
    said += [f"{name}:{_revision(folder)}" for name, folder in folders if folder is not None]
    return "+".join(said)


def _revision(folder: Path) -> str:
    """A snapshot's revision, or a fingerprint of a folder of the user's own."""
    return folder.name[:16] if folder.parent.name == "snapshots" else single.fingerprint(folder)
