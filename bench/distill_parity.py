"""One step of the authors' own program beside ours, on tiny random networks at 1024: the same weights, the same draws.

    git clone https://github.com/AlexandreBinninger/SD-piXL
    pip install torchvision                                       # the one for the torch that is installed
    python bench/distill_parity.py SD-piXL                        # float32: a minute
    python bench/distill_parity.py SD-piXL --into docs/priors.md  # also float64; the page's table

Prints the relative L2 distance of the picture, the latents, the noise predictions, the gradient at the latents and the
logits' gradient. Control pictures are handed over as tensors; the authors' program turns and warps Pillow pictures of
8 bits instead, which is another (rounded) condition.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "distill_models")]

CORNERS = ((60, 31), (980, 12), (1001, 1010), (33, 940))
PROMPT = "a cat with an academic hat"
MARKS = ("<!-- begin parity -->", "<!-- end parity -->")
CASES = [(tiled, warp) for tiled in (True, False) for warp in (False, True)]


def authors(folder: Path) -> Any:
    """Their pipeline class. The import that newer diffusers moved is put where they look for it."""
    import diffusers
    import diffusers.pipelines.controlnet as moved

    moved.MultiControlNetModel = diffusers.MultiControlNetModel  # type: ignore[attr-defined]
    path = folder / "pipelines" / "distillation" / "LSDS_SDXL_ControlNet_pipeline.py"
    spec = importlib.util.spec_from_file_location("authors_pipeline", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def their_step(folder: Path, models: Path, given: dict[str, Any], *, tiled: bool, warp: bool, t: int) -> dict[str, Any]:
    from diffusers import AutoencoderTiny, DDPMScheduler, UNet2DConditionModel
    from tiny_models import controlnet, tokenizer
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    module = authors(folder)
    pipe = module.LSDSSDXLControlNetPipeline(
        vae=AutoencoderTiny.from_pretrained(models / "vae"),
        text_encoder=CLIPTextModel.from_pretrained(models / "text_encoder"),
        text_encoder_2=CLIPTextModelWithProjection.from_pretrained(models / "text_encoder_2"),
        tokenizer=tokenizer("<|endoftext|>"),
        tokenizer_2=tokenizer("!"),
        unet=UNet2DConditionModel.from_pretrained(models / "unet"),
        controlnet=[controlnet(21), controlnet(22)],
        scheduler=DDPMScheduler.from_pretrained(models / "scheduler"),
    )
    dtype = given["logits"].dtype
    for part in (pipe.vae, pipe.text_encoder, pipe.text_encoder_2, pipe.unet, pipe.controlnet):
        part.to(dtype)
    if tiled:
        pipe.vae.enable_tiling()
    pipe.setup_augmentation(2.0 if warp else -1.0, 2.0 if warp else -1.0, 2.0 if warp else -1.0, 0.3)
    straight = [[0, 0], [1023, 0], [1023, 1023], [0, 1023]]
    module.transforms.RandomPerspective.get_params = staticmethod(
        lambda *a, **k: (straight, [list(c) for c in CORNERS])
    )
    pipe.preprocess_SDS(im_size=1024, prompt=[PROMPT], negative_prompt="")
    seen: dict[str, Any] = {}
    forward = pipe.unet.forward

    def watched(*args: Any, **kwargs: Any) -> Any:
        out = forward(*args, **kwargs)
        seen["eps"] = out[0].detach()
        return out

    pipe.unet.forward = watched
    encode = pipe.encode_
    pipe.encode_ = lambda images: seen.setdefault("latents", encode(images))
    randn_like, randint = torch.randn_like, torch.randint
    logits = given["logits"].clone().requires_grad_(True)
    weights = torch.softmax((logits + given["gumbel"]) / given["tau"], -1)
    picture = torch.einsum("ijk,kl->ijl", weights, given["palette"]).permute(2, 0, 1)[None]
    picture = torch.nn.functional.interpolate(picture, (1024, 1024), mode="bilinear")
    module.torch.randn_like = lambda *a, **k: given["noise"]
    module.torch.randint = lambda *a, **k: torch.tensor([t])
    try:
        loss, grad, augmented, _ = pipe.score_distillation_sampling_preprocessed(
            picture,
            [control.clone() for control in given["controls"]],
            im_size=1024,
            guidance_scale=40.0,
            controlnet_conditioning_scale=[0.15, 0.15],
        )
    finally:
        module.torch.randn_like, module.torch.randint = randn_like, randint
    loss.backward()
    return {
        "picture": augmented.detach(),
        "latents": seen["latents"].detach(),
        "noise predictions": seen["eps"][:2],
        "gradient at the latents": grad,
        "gradient at the logits": logits.grad,
    }


def our_step(
    models: Path, nets: list[Path], given: dict[str, Any], *, tiled: bool, warp: bool, t: int
) -> dict[str, Any]:
    from pixl.distill.augment import Augmentation
    from pixl.distill.diffusion.build import Assembly, ControlPart, Placement, build
    from pixl.distill.generator import Generator
    from pixl.distill.sds import Draws, sds_step

    parts = tuple(ControlPart(name=net.name, folder=net) for net in nets)
    prior = build(
        Assembly(name="tiny", folder=models, controls=parts),
        Placement(size=(1024, 1024), tiled=tiled, latent_size=(128, 128), dtype=given["logits"].dtype),
    )
    augmentation = Augmentation(greyscale=warp, corners=CORNERS if warp else None, flip=warp)
    generator = Generator(logits=given["logits"].clone().requires_grad_(True), palette=given["palette"])
    draws = Draws(tau=given["tau"], gumbel=given["gumbel"], augmentation=augmentation, t=t, noise=given["noise"])
    result = sds_step(generator, prior, prior.condition(PROMPT, "", given["controls"]), draws, guidance=41.0)
    result.loss.backward()
    return {
        "picture": result.image,
        "latents": result.latents.detach(),
        "noise predictions": result.prediction.eps,
        "gradient at the latents": result.gradient,
        "gradient at the logits": generator.logits.grad,
    }


def distances(checkout: Path, models: Path, nets: list[Path], dtype: torch.dtype) -> list[list[str]]:
    """Rows of the table: the case, then each distance."""
    from test_sdxl_step import inputs

    given = inputs(dtype=dtype)
    rows = []
    for tiled, warp in CASES:
        t = 417 if warp else 733
        theirs = their_step(checkout, models, given, tiled=tiled, warp=warp, t=t)
        ours = our_step(models, nets, given, tiled=tiled, warp=warp, t=t)
        apart = [float((ours[name] - theirs[name]).norm() / theirs[name].norm()) for name in theirs]
        bits = str(dtype).removeprefix("torch.")
        name = f"{bits}, {'tiled' if tiled else 'whole'}, {'grey, warped, flipped' if warp else 'plain'}"
        rows.append([name, *(f"{value:.1e}" if value else "0" for value in apart)])
    return rows


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, help="a checkout of AlexandreBinninger/SD-piXL")
    parser.add_argument("--double", action="store_true", help="in float64 too")
    parser.add_argument("--into", type=Path, metavar="PAGE", help="a page whose table is replaced (float64 too)")
    asked = parser.parse_args()
    if not (asked.checkout / "pipelines").is_dir():
        parser.error(f"'{asked.checkout}' is no checkout of AlexandreBinninger/SD-piXL")
    if importlib.util.find_spec("torchvision") is None:
        parser.error("the authors' program needs torchvision, which is not installed")
    from tiny_models import controlnet, save_sdxl

    print(f"torch {torch.__version__}; relative L2 distance of ours to the authors'", file=sys.stderr)
    rows = []
    with tempfile.TemporaryDirectory() as place:
        models = save_sdxl(Path(place) / "xl")
        nets = [Path(place) / "canny", Path(place) / "depth"]
        for net, seed in zip(nets, (21, 22), strict=True):
            controlnet(seed).save_pretrained(net)
        for dtype in (torch.float32, torch.float64) if asked.double or asked.into else (torch.float32,):
            rows += distances(asked.checkout, models, nets, dtype)
    head = ["", "picture", "latents", "noise predictions", "gradient at latents", "at logits"]
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    text = "\n".join(lines) + "\n"
    print(text)
    if asked.into:
        page = asked.into.read_text("utf-8")
        before, rest = page.split(MARKS[0], 1)
        asked.into.write_text(f"{before}{MARKS[0]}\n{text}{MARKS[1]}{rest.split(MARKS[1], 1)[1]}", "utf-8")


if __name__ == "__main__":
    main()
