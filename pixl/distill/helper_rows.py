"""Rows of the table of models that are no priors: what encodes, controls, describes or measures beside one."""

from __future__ import annotations

from pixl.distill.models import RAIL, RAIL_PP, ModelRow


def _tiny(name: str, serves: str, family: str) -> ModelRow:
    return ModelRow(
        name=name,
        role="encoder",
        repo=f"madebyollin/{name}",
        summary=f"tiny encoder for {serves}",
        licence="MIT",
        gb=0.01,
        parts=("",),
        family=family,  # type: ignore[arg-type]
        millions=2.4,
    )


def _control(name: str, repo: str, control: str, gb: float, millions: float, family: str, licence: str) -> ModelRow:
    return ModelRow(
        name=name,
        role="control",
        repo=repo,
        summary=f"ControlNet for {'edges' if control == 'canny' else 'depth'}, {family.upper()}",
        licence=licence,
        gb=gb,
        parts=("",),
        family=family,  # type: ignore[arg-type]
        control=control,  # type: ignore[arg-type]
        millions=millions,
    )


HELPER_ROWS = (
    _tiny("taesdxl", "SDXL's family", "sdxl"),
    _tiny("taesd", "SD 1.5 and 2.1", "sd15"),
    _tiny("taesd3", "SD3", "sd3"),
    ModelRow(
        name="sdxl-vae",
        role="encoder",
        repo="madebyollin/sdxl-vae-fp16-fix",
        revision="207b116dae70ace3637169f1ddd2434b91b3a8cd",
        summary="SDXL's full encoder, mended for half precision: ten times the tiny one's cost",
        licence="MIT",
        gb=0.17,
        parts=("",),
        family="sdxl",
        millions=84,
    ),
    *(
        _control(
            f"control-{kind}-sdxl-{size}",
            f"diffusers/controlnet-{kind}-sdxl-1.0{suffix}",
            kind,
            gb,
            millions,
            "sdxl",
            RAIL_PP,
        )
        for kind in ("canny", "depth")
        for size, suffix, gb, millions in (
            ("small", "-small", 0.32, 160),
            ("mid", "-mid", 0.54, 271),
            ("full", "", 2.5, 1251),
        )
    ),
    _control("control-canny-sd15", "lllyasviel/control_v11p_sd15_canny", "canny", 0.72, 361, "sd15", RAIL),
    _control("control-depth-sd15", "lllyasviel/control_v11f1p_sd15_depth", "depth", 0.72, 361, "sd15", RAIL),
    ModelRow(
        name="depth-anything-small",
        role="depth",
        repo="depth-anything/Depth-Anything-V2-Small-hf",
        revision="5426e4f0f36572d16453bbda7a8389317b1bef99",
        summary="depth from one picture; Base and Large are not for commercial use and not listed",
        licence="Apache-2.0",
        gb=0.1,
        parts=("",),
        millions=25,
    ),
    ModelRow(
        name="florence",
        role="caption",
        repo="florence-community/Florence-2-base",
        summary="says what a photo shows, where there is no prompt",
        licence="MIT",
        gb=0.47,
        parts=("",),
        millions=232,
    ),
    ModelRow(
        name="blip",
        role="caption",
        repo="Salesforce/blip-image-captioning-base",
        summary="an older captioner",
        licence="BSD-3-Clause",
        gb=0.99,
        parts=("",),
        millions=247,
    ),
    ModelRow(
        name="clip",
        role="score",
        repo="openai/clip-vit-base-patch32",
        revision="3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268",
        summary="how well a picture fits words; chooses the start of a run without a photo",
        licence="MIT",
        checked="whether this revision has safetensors weights could not be seen; pull says so if not",
        gb=0.6,
        parts=("",),
        millions=151,
    ),
)
