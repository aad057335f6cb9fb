"""The dial --fidelity on ten photos without words, with two priors: the icon prior, and a tiny diffusion model.

Input: the eight pictures of samples/ and two crops of them (listed below), 32 x 32 cells, Perler colours. The tiny
model is a convolutional denoiser of 32 x 32 pixels, trained here from a fixed seed on the icons of pixl/icons: a real
network, far from a good one. No published diffusion model was run.

photo: mean CIEDE2000 of the pattern to the engine quantize's answer. prior: for icons the energy of the exact score
(nats a cell); for the model the mean squared error of denoising the pattern at t = 100, 200, 300, each with the same 8
noises. A photo counts as monotone where the first never rises and the second never falls from one f to the next by more
than 1 % of its whole way.

Run: python bench/beyond_dial.py [--sheet FILE.png] [--into docs/beyond.md]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "exporters")]

from bench.beyond_pages import into  # noqa: E402
from pixl import icons  # noqa: E402
from pixl.color import ciede2000  # noqa: E402
from pixl.distill import DistillEngine  # noqa: E402
from pixl.distill import solve as distill_solve  # noqa: E402
from pixl.distill.prior import Condition, Prediction, PriorDefaults, eps_from_x0  # noqa: E402
from pixl.distill.priors.codec import PixelCodec  # noqa: E402
from pixl.distill.priors.icon import IconPrior, fit, on_white  # noqa: E402
from pixl.distill.schedules import cosine_level  # noqa: E402
from pixl.job import Job  # noqa: E402
from pixl.palette import Palette, load_palette  # noqa: E402
from pixl.pattern import Cell  # noqa: E402
from pixl.photo import Photo, crop_photo, frame_photo, open_photo, over_background  # noqa: E402
from pixl.quantize import QuantizeEngine  # noqa: E402
from pixl.units import GridSize  # noqa: E402

SIDE = 32
DIAL = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
WHOLE = (0.0, 0.0, 1.0, 1.0)
PHOTOS = (
    ("astronaut.jpg", WHOLE), ("cat.jpg", WHOLE), ("coffee.jpg", WHOLE), ("flower.jpg", WHOLE), ("owl.png", WHOLE),
    ("palace.jpg", WHOLE), ("portrait.jpg", WHOLE), ("rocket.jpg", WHOLE), ("cat.jpg", (0.25, 0.1, 0.5, 0.5)),
    ("astronaut.jpg", (0.25, 0.05, 0.4, 0.4)),
)  # fmt: skip


class Denoiser(nn.Module):
    """x0 from (z_t, s): 3 x 3 convolutions at three widths of view, 67,000 weights."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.first = nn.Conv2d(4, width, 3, padding=1)
        self.middle = nn.ModuleList(
            nn.Conv2d(width, width, 3, padding=step, dilation=step) for step in (1, 2, 4, 8, 4, 2, 1)
        )
        self.last = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, z: torch.Tensor, s: torch.Tensor) -> torch.Tensor:
        x = self.first(torch.cat([z, s.reshape(-1, 1, 1, 1).expand(-1, 1, *z.shape[2:])], dim=1))
        for layer in self.middle:
            x = x + torch.nn.functional.gelu(layer(x))
        return self.last(x)


def trained(bank: torch.Tensor, steps: int = 1200) -> tuple[Denoiser, float]:
    """The denoiser and its last loss (mean squared error of x0 in -1..1, over all t)."""
    torch.manual_seed(0)
    rng = torch.Generator().manual_seed(1)
    model = Denoiser()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    data = 2 * bank - 1
    last = 0.0
    for _ in range(steps):
        x = data[torch.randint(len(data), (24,), generator=rng)]
        levels = [cosine_level(int(t)) for t in torch.randint(0, 999, (24,), generator=rng)]
        a, s = (torch.tensor([level[k] for level in levels]).reshape(-1, 1, 1, 1) for k in (0, 1))
        loss = (model(a * x + s * torch.randn(x.shape, generator=rng), s) - x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rate.step()
        last = 0.98 * last + 0.02 * float(loss.detach()) if last else float(loss.detach())
    return model.eval(), last


class TinyPrior:
    """The denoiser as a prior: no words, one row."""

    image_size = (SIDE, SIDE)
    defaults = PriorDefaults(guidance=1.0)

    def __init__(self, model: Denoiser) -> None:
        self.model, self.codec = model, PixelCodec()

    def condition(self, prompt: str, negative: str = "", controls: Any = ()) -> Condition:
        return Condition(rows=1, payload=None)

    def encode(self, image: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        return self.codec.encode(image)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return self.codec.decode(z)

    def schedule(self, t: int) -> tuple[float, float]:
        return cosine_level(t)

    def predict(self, z_t: torch.Tensor, t: int, condition: Condition) -> Prediction:
        a, s = self.schedule(t)
        with torch.no_grad():
            x0 = self.model(z_t, torch.tensor([s]))
        return Prediction(x0, eps_from_x0(z_t, x0, a, s))

    def error(self, image: torch.Tensor) -> float:
        rng = torch.Generator().manual_seed(5)
        z = self.encode(image)
        total = []
        for t in (100, 200, 300):
            a, s = self.schedule(t)
            for _ in range(8):
                z_t = a * z + s * torch.randn(z.shape, generator=rng)
                total.append(float((self.predict(z_t, t, self.condition("")).x0 - z).pow(2).mean()))
        return float(np.mean(total))


def framed(name: str, box: tuple[float, float, float, float]) -> Photo:
    """The part of a sample picture, square and over white."""
    photo = over_background(crop_photo(open_photo(ROOT / "samples" / name), box), (255, 255, 255))
    return frame_photo(photo, aspect=1.0, fit="cover")[0]


def job_of(name: str, box: tuple[float, float, float, float], palette: Palette, fidelity: float) -> Job:
    return Job(
        photo=framed(name, box),
        size=GridSize(width=SIDE, height=SIDE),
        palette=palette,
        cell=Cell(width_mm=5, height_mm=5),
        settings={"prior": "icons", "fidelity": fidelity},
    )


def steady(values: list[float], sign: int) -> bool:
    way = abs(values[-1] - values[0])
    return bool((sign * np.diff(values) >= -0.01 * way).all())


def turned(label: str, prior: Any, palette: Palette) -> tuple[list[str], list[NDArray[np.uint8]]]:
    """The dial from 0 to 1 on every photo: rows of the table, and a strip of patterns a photo."""
    distill_solve.load_prior = lambda name, grid: prior  # type: ignore[assignment]
    table = torch.from_numpy(palette.rgb.astype(np.float32) / 255)
    away: list[list[float]] = []
    cost: list[list[float]] = []
    same, strips = 0, []
    for name, box in PHOTOS:
        goal = QuantizeEngine().solve(job_of(name, box, palette, 1.0)).index
        strip = []
        away.append([])
        cost.append([])
        for fidelity in DIAL:
            index: NDArray[np.int16] = DistillEngine().solve(job_of(name, box, palette, fidelity)).index
            image = table[torch.from_numpy(index.astype(np.int64))].permute(2, 0, 1)[None]
            away[-1].append(float(ciede2000(palette.lab[index], palette.lab[goal]).mean()))
            if isinstance(prior, TinyPrior):
                cost[-1].append(1000 * prior.error(image))
            else:
                cost[-1].append(float(prior.energy(image, prior.condition(""))) / SIDE**2)
            strip.append(np.repeat(np.repeat(palette.rgb[index], 4, 0), 4, 1))
        same += bool((index == goal).all())  # the last of the dial is 1
        strips.append(np.concatenate(strip, axis=1))
        print(label, name, " ".join(f"{a:.2f}/{c:.2f}" for a, c in zip(away[-1], cost[-1], strict=True)), flush=True)
    rows = []
    for what, values, sign in (("to quantize's answer, dE", away, -1), (SHOWN[label], cost, 1)):
        means = " | ".join(f"{value:.2f}" for value in np.mean(values, axis=0))
        good = sum(steady(one, sign) for one in values)
        rows.append(f"| {label} | {what} | {means} | {good} of {len(values)} |")
    rows.append(
        f"| {label} | the same as quantize's, cell for cell |{' |' * (len(DIAL) - 1)} {same} of {len(PHOTOS)} | |"
    )
    return rows, strips


SHOWN = {"icons": "energy, nats a cell", "tiny model": "error of denoising, 1/1000"}


def main() -> None:
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser()
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--rows", default="2,3,9", help="photos on the sheet, from 0")
    parser.add_argument("--into", type=Path, help="the page whose table is replaced")
    chosen = parser.parse_args()
    palette = load_palette("perler").solid()
    model, loss = trained(fit(on_white(icons.atlas()), (SIDE, SIDE)))
    print(
        f"tiny model: {sum(p.numel() for p in model.parameters())} weights, x0 error {loss:.3f} over all t", flush=True
    )
    heads = " | ".join(f"{f:g}" for f in DIAL)
    lines, sheet = [f"| prior | fidelity | {heads} | monotone |", "|---" * (len(DIAL) + 3) + "|"], []
    for label, prior in (("icons", IconPrior((SIDE, SIDE))), ("tiny model", TinyPrior(model))):
        rows, strips = turned(label, prior, palette)
        lines += rows
        sheet += [strips[int(number)] for number in chosen.rows.split(",")]
    text = "\n".join(lines)
    print(text)
    if chosen.into:
        into(chosen.into, "dial", text)
    if chosen.sheet:
        from PIL import Image

        Image.fromarray(np.concatenate(sheet)).save(chosen.sheet, optimize=True)


if __name__ == "__main__":
    main()
