"""The cases of bench/distill.py: six classes of five icons, a held-out drawing as the photo, ten colours.

In class the photo is a drawing of the prompt's class that the prior does not hold; out of class it is a
drawing of another class. The start is the engine "quantize"'s answer to the photo, the same for every recipe.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from pixl import icons
from pixl.distill.generator import Generator
from pixl.distill.prior import Condition, PriorDefaults
from pixl.distill.priors.icon import fit, on_white
from pixl.distill.priors.mixture import MixturePrior
from pixl.distill.priors.patch import PatchPrior
from pixl.distill.start import from_index
from pixl.job import Job, Limits
from pixl.palette import load_palette
from pixl.pattern import Cell
from pixl.photo import photo_from_rgba
from pixl.quantize import QuantizeEngine
from pixl.units import GridSize

SIDE = 32
COLORS = 10
CLASSES = {
    "cat": "cat-face grinning-cat kissing-cat weary-cat pouting-cat",
    "tree": "deciduous-tree palm-tree evergreen-tree christmas-tree leafless-tree",
    "flower": "tulip rose sunflower hibiscus white-flower",
    "fish": "tropical-fish fish blowfish shark dolphin",
    "car": "automobile police-car racing-car sport-utility-vehicle oncoming-police-car",
    "bird": "parrot bird duck eagle owl",
}
PRIORS = ("icon", "patch")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One prior, prompt and start: everything that recipes share."""

    name: str
    prompt: str
    prior: MixturePrior | PatchPrior
    condition: Condition
    palette: torch.Tensor
    logits: torch.Tensor

    def generator(self, logits: torch.Tensor | None = None) -> Generator:
        """A generator at the start, or at ``logits``."""
        return Generator(logits=(self.logits if logits is None else logits).clone(), palette=self.palette)

    def energy(self, generator: Generator) -> float:
        """E of the argmax picture: the prior's own negative log likelihood, up to a constant."""
        image = generator.hard_picture().permute(2, 0, 1)[None]
        return float(self.prior.energy(image, self.condition))


def drawing(name: str) -> torch.Tensor:
    """image01 [1, 3, SIDE, SIDE] of an icon."""
    return fit(on_white(icons.picture(name)[None]), (SIDE, SIDE))


def make_case(prior_name: str, seed: int, *, in_class: bool, side_by: str = "") -> Case:
    """The case of a seed (0..5): its class is the prompt; the first icon of a class is the one held out."""
    labels = list(CLASSES)
    prompt = labels[seed % len(labels)]
    shown = prompt if in_class else labels[(seed + 3) % len(labels)]
    held = CLASSES[shown].split()[0]
    members = [(label, name) for label, names in CLASSES.items() for name in names.split() if name != held]
    bank = torch.cat([drawing(name) for _, name in members])
    tags = [label for label, _ in members]
    prior: MixturePrior | PatchPrior
    if prior_name == "icon":
        prior = MixturePrior(
            bank,
            lambda words: torch.tensor([float(tag == words) for tag in tags]),
            defaults=PriorDefaults(guidance=5.0, t_low=0.02, t_high=0.998, learning_rate=0.5),
        )
    else:
        prior = PatchPrior(bank, tags)
    palette = load_palette("perler").solid()
    job = Job(
        photo=photo_from_rgba(np.asarray(icons.picture(held))),
        size=GridSize(width=SIDE, height=SIDE),
        palette=palette,
        cell=Cell(width_mm=5, height_mm=5),
        limits=Limits(colors=COLORS),
    )
    # white fills what is empty, so that the start is a whole picture
    pattern = QuantizeEngine().solve(job)
    white = palette.find("White")
    used = sorted({white, *pattern.used()})
    index = np.where(pattern.index < 0, white, pattern.index)
    place = {k: i for i, k in enumerate(used)}
    inner = torch.tensor([[place[int(k)] for k in row] for row in index])
    table = torch.from_numpy(palette.rgb[used].astype(np.float32) / 255)
    return Case(
        name=f"{prior_name} {'in' if in_class else 'out'} {prompt} from {held}",
        prompt=prompt,
        prior=prior,
        condition=prior.condition(prompt),
        palette=table,
        logits=from_index(inner, table),
    )
