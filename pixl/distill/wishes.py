"""What a job asks beside its words, brought into the descent and settled at its end.

``Wishes`` adds losses for loose cells, stock, a craft's prices and the photo; narrows the palette to
``--colors`` by what the picture has become; and makes the last index exact: stock met, the same losses lowered
on the hard grid (polish.py), colours used too rarely gone, locks standing. Settings that are read here:
``fidelity`` (see fidelity.py), ``making`` (weights by name, see ``Making``), ``craft`` (the same, what a craft hands
in: ``making`` comes before it, and a recipe of plain score distillation, which has another scale, goes without),
``subset`` ("learned" or "quantize": who chooses the colours).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pixl.distill import fabrication, fidelity, losses, neighbours, polish, targets
from pixl.distill.begin import FIRM, Beginning
from pixl.distill.descent import Descent
from pixl.distill.losses import Loss
from pixl.errors import UsageError
from pixl.job import Cost, Job

KEYS = ("fidelity", "making", "craft", "subset")
CLOSING = ((0.2, 2.0), (0.45, 1.0))
"""When the palette is narrowed (share of the descent), and to how many times the colours asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """Weights of the losses of making, beside half a squared distance of code values a cell; a craft hands in its
    own. ``alone`` a cell with no 4-neighbour of its colour, ``confetti`` one with no 8-neighbour, ``pairs`` a region
    of two, ``borders`` a border between two colours, ``rectangles`` a piece, ``few`` a colour in use, ``chroma`` a
    chroma difference of 1 (OKLab x 100) between neighbours that the photo does not have, ``stock`` a nat of the
    distance to the stock, ``costs`` a CIEDE2000 of a craft's prices. All but ``stock`` rise from 0 to full over the
    share ``rise`` of the descent (0: full at once): a change of the picture begins with a lone cell, and a price on it
    from the start would be a price on every change."""

    alone: float = 0.0
    confetti: float = 0.0
    pairs: float = 0.0
    borders: float = 0.0
    rectangles: float = 0.0
    few: float = 0.0
    chroma: float = 0.0
    stock: float = 0.1
    costs: float = fidelity.PRICE
    rise: float = 1.0


def making_of(values: Any, base: Making | None = None) -> Making:
    """From a job's settings, over ``base``. Raises UsageError."""
    known = {one.name for one in fields(Making)}
    given = {} if values is None else values
    if not isinstance(given, Mapping) or not set(given) <= known:
        raise UsageError(f"'{values}' are not weights of making", hint=f"use {', '.join(sorted(known))}")
    for name, value in given.items():
        if not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise UsageError(f"the weight {name} is {value}", hint="use a number from 0 up")
    return replace(base or Making(), **{name: float(value) for name, value in given.items()})


def learns_colors(job: Job) -> bool:
    """Whether the colours of ``--colors`` are chosen on the way. Raises UsageError."""
    subset = job.settings.get("subset") or "learned"
    if subset not in ("learned", "quantize"):
        raise UsageError(f"'{subset}' chooses no colours", hint="use learned or quantize")
    return job.limits.colors is not None and job.limits.stock is None and subset == "learned"


def widened(job: Job) -> Job:
    """The job to begin with: all colours, where they are chosen on the way."""
    return replace(job, limits=replace(job.limits, colors=None)) if learns_colors(job) else job


class Wishes:
    """One job's, on one descent. ``allowed`` bool[n]: the colours still in the palette, from a checkpoint or
    None.
    """

    def __init__(self, job: Job, start: Beginning, descent: Descent, allowed: torch.Tensor | None = None) -> None:
        self.job, self.start, self.descent = job, start, descent
        self.names = np.array(start.colors, np.int16)
        self.allowed = torch.ones(len(start.colors), dtype=torch.bool) if allowed is None else allowed.bool()
        self.locked = self._locked()
        self.lists: list[tuple[float, Cost]] = []
        self.counts: list[tuple[float, Loss]] = []
        theirs = making_of(job.settings.get("craft")) if descent.settings.method == "replay" else Making()
        descent.losses.extend(self.losses(making_of(job.settings.get("making"), theirs)))

    def losses(self, making: Making) -> list[tuple[str, float, Loss]]:
        """(name, scale, function) of all that has a weight. On the way ``lists`` and ``counts`` note them for the
        polish: price lists, and losses whose gradient is one."""
        mask, limits, share = self.start.mask, self.job.limits, fidelity.dial(self.job)
        room = fidelity.room(share)
        out: list[tuple[str, float, Loss]] = []

        def add(name: str, scale: float, loss: Loss, *, cost: Cost | None = None, counts: bool = False) -> None:
            if scale > 0:
                slow = making.rise > 0 and name not in ("stock", "photo")
                out.append((name, scale * room, self._rising(loss, making.rise) if slow else loss))
            if scale > 0 and cost is not None:
                self.lists.append((scale * room, cost))
            if scale > 0 and counts:
                self.counts.append((scale * room, loss))

        add("alone", making.alone, partial(neighbours.alone, mask=mask), counts=True)
        around = partial(neighbours.alone, mask=mask, around=neighbours.EIGHT)
        add("confetti", making.confetti, around, counts=True)
        add("pairs", making.pairs, partial(neighbours.pairs_alone, mask=mask), counts=True)
        add("borders", making.borders, partial(neighbours.borders, mask=mask), counts=True)
        add("rectangles", making.rectangles, partial(neighbours.rectangles, mask=mask), counts=True)
        add("few", making.few, fabrication.colors_used, counts=True)
        if limits.stock is not None:
            left = torch.from_numpy(self._left().astype(np.float32))
            add("stock", making.stock, partial(fabrication.stock_loss, stock=left, free=self._free()))
        hard = self.descent.generator.hard_index
        for number, asked in enumerate(limits.costs):
            cost = fabrication.over(asked, self.names)
            add(f"costs {number + 1}", making.costs, fabrication.priced(cost, hard), cost=cost)
        if self.job.photo is None or not (making.chroma or share):
            return out
        task = fidelity.photo_task(self.job)
        if making.chroma:
            tints, seen = fidelity.chroma_of(task, self.names)
            loss = partial(
                neighbours.relative_chroma, tints=torch.from_numpy(tints), target=torch.from_numpy(seen), mask=mask
            )
            add("chroma", making.chroma, loss, cost=partial(neighbours.chroma_prices, tints=tints, target=seen))
        if share:
            cost = fidelity.photo_cost(task, self.names)
            add("photo", fidelity.PRICE * share, fabrication.priced(cost, hard), cost=cost)
        return out

    def _rising(self, loss: Loss, share: float) -> Loss:
        descent = self.descent

        def risen(p: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
            settings = descent.settings
            done = (descent.step - settings.rounds.count) / settings.steps
            return min(max(done / share, 0.0), 1.0) * loss(p, image)

        return risen

    def _locked(self) -> tuple[int, ...]:
        """Places among the start's colours of those that must stay."""
        limits = self.job.limits
        kept = {*limits.locked_colors}
        if limits.locked is not None:
            kept |= {int(k) for k in np.unique(limits.locked[limits.locked >= 0])}
        return tuple(self.start.colors.index(k) for k in sorted(kept) if k in self.start.colors)

    def _free(self) -> torch.Tensor:
        free = self.start.mask.clone()
        return free if self.start.held is None else free & ~self.start.held

    def _left(self) -> NDArray[np.int64]:
        """int64[n]: the stock of the start's colours, less what locked cells take."""
        assert self.job.limits.stock is not None
        left = self.job.limits.stock[self.names].astype(np.int64)
        index = self.descent.generator.hard_index().numpy()
        held = index[~self._free().numpy() & (index >= 0)]
        return np.asarray(np.maximum(left - np.bincount(held, minlength=len(left)), 0), np.int64)

    # -- fewer colours
    # ---------------------------------------------------------------------------------------------

    def after_step(self) -> None:
        """Narrow the palette when it is time, and keep out what is out."""
        if not learns_colors(self.job):
            return
        settings, step = self.descent.settings, self.descent.step - self.descent.settings.rounds.count
        for share, times in CLOSING:
            if step == max(1, math.ceil(share * settings.steps)):
                self._narrow(times)
        if self.descent.done:  # it may settle before it is time
            self._narrow(1.0)
        self._shut()

    def _narrow(self, times: float) -> None:
        wanted = max(self.job.limits.colors or 1, len(self.locked))
        count = min(round(times * wanted), int(self.allowed.sum()))
        if count == int(self.allowed.sum()):
            return
        generator = self.descent.generator
        places = [int(k) for k in torch.nonzero(self.allowed).flatten()]
        target = generator.soft_picture() if self.descent.running is None else self.descent.running
        eyes = self.descent.settings.eyes
        chosen = fabrication.learned_subset(
            targets.seen(target.detach(), eyes=eyes),
            targets.seen(generator.palette[places], eyes=eyes),
            count,
            tuple(places.index(k) for k in self.locked if k in places),
            self._free() if bool(self._free().any()) else None,
        )
        self.allowed = torch.zeros_like(self.allowed)
        self.allowed[[places[k] for k in chosen]] = True

    def _shut(self) -> None:
        if bool(self.allowed.all()):
            return
        logits = self.descent.generator.logits
        with torch.no_grad():
            floor = logits[..., self.allowed].mean(-1, keepdim=True) - FIRM
            logits[...] = torch.where(self.allowed, logits, floor)
        self.descent.generator.centre()

    # -- the end
    # ---------------------------------------------------------------------------------------------------

    def answer(self) -> NDArray[np.int16]:
        """int16[H, W] places among the start's colours, -1 empty: the likeliest colours that all limits
        allow.
        """
        limits = self.job.limits
        stock = None if limits.stock is None else limits.stock[self.names].astype(np.int64)
        index = self._settled(stock)
        if limits.min_count < 2:
            return index
        if stock is None:
            return fabrication.without_rare(self._log_p(), self._free().numpy(), index, limits.min_count, self.locked)
        while True:  # a colour leaves by having no stock, as long as the others' pieces suffice
            counts = np.bincount(index[index >= 0], minlength=len(stock))
            rare = [int(k) for k in np.flatnonzero((counts > 0) & (counts < limits.min_count)) if k not in self.locked]
            rest = stock.copy()
            rest[min(rare, key=lambda k: (counts[k], k)) if rare else slice(0)] = 0
            if not rare or rest.sum() < counts.sum():
                return index
            stock = rest
            index = self._settled(stock)

    def _log_p(self) -> NDArray[np.float64]:
        return np.asarray(torch.log_softmax(self.descent.generator.logits.detach().double(), -1).numpy())

    def _settled(self, stock: NDArray[np.int64] | None) -> NDArray[np.int16]:
        """The hard index within the stock, polished where there is anything to polish by."""
        index: NDArray[np.int16] = self.descent.generator.hard_index().numpy().astype(np.int16)
        free, left = self._free().numpy(), None
        if stock is not None:
            index = fabrication.repair(self._log_p(), free, index, stock)
            held = index[~free & (index >= 0)]
            left = np.maximum(stock - np.bincount(held, minlength=len(stock)), 0)
        if not self.lists and not self.counts and stock is None and fidelity.dial(self.job) is None:
            return index
        return polish.polished(index, free, self._prices, allowed=self.allowed.numpy(), stock=left)

    def _prices(self, index: NDArray[np.int16]) -> NDArray[np.float64]:
        """float64[H, W, n]: what the descent lowered, as prices on the hard grid; the prior speaks by its target."""
        generator, scales = self.descent.generator, self.descent.settings.scales
        target = generator.soft_picture() if self.descent.running is None else self.descent.running

        def lowered(p: torch.Tensor) -> torch.Tensor:
            total = targets.follow(generator, p, target, hard=1.0, eyes=self.descent.settings.eyes)
            if scales.neighbours > 0:
                total = total + scales.neighbours * losses.neighbours(p, target, guide=target)
            for scale, loss in self.counts:
                total = total + scale * loss(p, target)
            return total

        prices = polish.list_prices(lowered, index, len(generator.palette))
        for scale, cost in self.lists:
            prices = prices + scale * cost(index)
        return prices
