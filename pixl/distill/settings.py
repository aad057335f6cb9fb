"""What a run is asked to do: every knob of the method, the two recipes, and their JSON for the manifest.

``paper`` is the paper's; ``fast`` is the default and what the bench found best (docs/distill.md has the
table).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, cast

from pixl.distill.augment import NO_AUGMENTATION, AugmentationOdds
from pixl.distill.generator import MODES, Mode
from pixl.distill.prior import PriorDefaults
from pixl.distill.schedules import PAPER_RULES, RATE_SCHEDULES, TIME_SCHEDULES, RateSchedule, TimeRange, rate_factor
from pixl.distill.sds import Weight
from pixl.distill.start import Distance
from pixl.errors import UsageError

Method = Literal["sds", "replay"]
RECIPES = ("fast", "paper")
FEW = 16
"""With more colours any drawing can be shown: the words decide which, eyes which colour a cell takes, and of the many
that are nearly equal the neighbours'. With so few the palette decides, and it is compared as priors see it."""
DISTANCES = ("l1", "l2", "cosine")
STARTS = ("quantize", "palette-bilinear", "palette-nearest", "palette", "nearest", "kmeans", "random", "zero")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """Amortised targets before the descent: ``count`` rounds of ``steps`` denoising steps from the hard
    picture.

    t falls linearly from ``high`` to ``low`` over the rounds; ``guidance`` in the usual form. The first
    round draws ``tries`` targets and keeps the one that the palette can show best.
    """

    count: int = 0
    steps: int = 4
    high: float = 0.8
    low: float = 0.1
    guidance: float = 5.0
    tries: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scales:
    """How much each loss beside the prior counts; 0 is off. All but ``neighbours`` are the paper's code's."""

    fft: float = 20.0
    neighbours: float = 0.0
    total_variation: float = 0.0
    laplacian: float = 0.0
    gradient: float = 0.0
    bilateral: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One run's settings. ``steps`` counts prior evaluations of the descent; ``rounds`` come before them.

    ``method`` "sds": one generator step per prior evaluation. "replay": ``inner`` generator steps towards the
    running mean (``keep`` of the old) of denoised targets, whose guided spread is brought back by
    ``rescale``. ``guidance`` is the usual form. ``rate_rules`` and ``rate_cycles`` belong to the piecewise rate
    and to the cosine with restarts. ``start_distance`` compares colours at the start, ``start_clusters`` are
    kmeans's. ``eyes``: targets and palette are compared in OKLab, not in code values (see ``targets.seen``).
    ``settle``: end when, with t below ``settle_t``, the argmax
    grid has changed in no more than a thousandth of its cells for so many steps (0: never). ``spare``
    colours: at most so many are optimised over, chosen by the start.
    """

    recipe: str = "paper"
    steps: int = 10_001
    method: Method = "sds"
    mode: Mode = "gumbel"
    tau_low: float = 0.5
    tau_high: float = 1.5
    guidance: float = 41.0
    weight: Weight = "cumprod"
    grad_scale: float = 1.0
    times: TimeRange = field(default_factory=TimeRange)
    odds: AugmentationOdds = field(default_factory=AugmentationOdds)
    learning_rate: float = 0.025
    rate: RateSchedule = "constant_with_warmup"
    rate_rules: str = PAPER_RULES
    rate_cycles: int = 5
    warmup: int = 250
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 0.01
    clip: float = 1.0
    scales: Scales = Scales()
    start: str = "palette-bilinear"
    start_std: float = 1.0
    start_distance: Distance = "l1"
    start_clusters: int = 6
    rounds: Rounds = Rounds()
    inner: int = 1
    keep: float = 0.5
    rescale: float = 0.7
    hard: float = 0.0
    eyes: bool = False
    settle: int = 0
    settle_t: float = 0.3
    samples: int = 10
    sample_steps: int = 50
    sample_guidance: float = 7.5
    sample_rank: int = 0
    spare: int = 96
    preview_every: int = 50
    save_every: int = 500

    def __post_init__(self) -> None:
        def check(good: bool, what: str, hint: str) -> None:
            if not good:
                raise UsageError(what, hint=hint)

        check(self.steps >= 1, f"{self.steps} steps are too few", "use 1 or more")
        check(self.mode in MODES, f"'{self.mode}' is not a mode", f"use one of {', '.join(MODES)}")
        check(self.method in ("sds", "replay"), f"'{self.method}' is not a method", "use sds or replay")
        check(self.start in STARTS, f"'{self.start}' is not a start", f"use one of {', '.join(STARTS)}")
        check(self.rate in RATE_SCHEDULES, f"'{self.rate}' is not a schedule", f"use {', '.join(RATE_SCHEDULES)}")
        check(
            self.times.schedule in TIME_SCHEDULES,
            f"'{self.times.schedule}' is not a t schedule",
            f"use {', '.join(TIME_SCHEDULES)}",
        )
        check(0 < self.tau_low <= self.tau_high, f"tau {self.tau_low} to {self.tau_high}", "use 0 < low <= high")
        check(
            0 <= self.times.low <= self.times.high <= 1,
            f"t from {self.times.low} to {self.times.high}",
            "use 0 <= low <= high <= 1",
        )
        check(0 <= self.guidance <= 1000, f"guidance {self.guidance} is out of range", "use 0 to 1000")
        try:
            rate_factor(self.rate, 0, self.steps, warmup=self.warmup, rules=self.rate_rules)
        except ValueError:
            check(False, f"'{self.rate_rules}' is not a rule of rates", "use factor:until pairs, such as 0.5:100,1")
        check(self.start_distance in DISTANCES, f"'{self.start_distance}' is not a distance", "use l1, l2 or cosine")
        check(self.start_clusters >= 1, f"{self.start_clusters} clusters", "use 1 or more")
        check(self.inner >= 1, f"{self.inner} generator steps a target", "use 1 or more")

    @property
    def total(self) -> int:
        """Outer steps: the rounds and the descent."""
        return self.rounds.count + self.steps

    def as_dict(self) -> dict[str, Any]:
        """JSON values; ``settings_from`` reads them back."""
        return asdict(self)


_NESTED = {"times": TimeRange, "odds": AugmentationOdds, "scales": Scales, "rounds": Rounds}


def settings_from(values: Mapping[str, Any]) -> Settings:
    """The inverse of ``as_dict``. Raises UsageError for a name or value it does not know."""
    known = {field.name for field in fields(Settings)}
    for name in values:
        if name not in known:
            raise UsageError(f"'{name}' is not a setting of distill", hint=f"use one of {', '.join(sorted(known))}")
    read = dict(values)
    plain = Settings()
    try:
        for name, kind in _NESTED.items():
            if name in read:
                if not isinstance(read[name], Mapping):
                    raise UsageError(
                        f"the setting {name} has parts", hint=f"set one of them, such as {_first(kind, name)}"
                    )
                for part, value in read[name].items():
                    _check_kind(f"{name}.{part}", value, getattr(getattr(plain, name), part, value))
                read[name] = kind(**read[name])
        for name, value in read.items():
            _check_kind(name, value, getattr(plain, name))
        if "betas" in read:
            read["betas"] = tuple(read["betas"])
        return Settings(**read)
    except TypeError as error:
        raise UsageError(f"a setting of distill cannot be used: {error}", hint="see docs/distill.md") from None


def _first(kind: type[Any], name: str) -> str:
    return f"{name}.{fields(kind)[0].name}"


def _check_kind(name: str, value: Any, known: Any) -> None:
    """Raises UsageError where ``value`` is of another kind than ``known``: a word for a number, a half step."""
    if isinstance(known, bool):
        good = isinstance(value, bool)
    elif isinstance(known, int):
        good = isinstance(value, int) and not isinstance(value, bool)
    elif isinstance(known, float):
        good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    elif isinstance(known, tuple):
        good = isinstance(value, list | tuple) and len(value) == len(known)
        for one, pattern in zip(value if good else (), known, strict=False):
            _check_kind(name, one, pattern)
    else:
        good = isinstance(value, type(known))
    if not good:
        shown = list(known) if isinstance(known, tuple) else known
        hint = "see docs/distill.md" if not isinstance(known, int | float | str | tuple) else f"it is like {shown!r}"
        raise UsageError(f"the setting {name} cannot be {value!r}", hint=hint)


def paper(steps: int = 10_001) -> Settings:
    """The paper's recipe, all of it: guidance 40 in its own form, warm-up, FFT term, augmentation, 10,001
    steps.
    """
    return Settings(steps=steps)


def fast(defaults: PriorDefaults | None = None, *, photo: bool = True, colors: int = FEW) -> Settings:
    """The default recipe; numbers from bench/distill.py.

    ``photo``: the start shows a photo, and may be far from the words; else it shows the prior's own sample,
    whose empty cells are settled by then, and no round draws anew. ``colors`` of the palette: see FEW.
    """
    chosen = defaults or PriorDefaults()
    own = chosen.guidance if chosen.own_guidance is None else chosen.own_guidance
    return Settings(
        recipe="fast",
        steps=12,
        method="replay",
        mode="softmax",
        hard=1.0,
        eyes=colors > FEW,
        inner=25,
        keep=0.8 if photo else 0.5,
        tau_low=1.0,
        tau_high=1.5,
        guidance=chosen.guidance if photo else own,
        times=TimeRange(schedule="annealed", low=0.15, high=0.5),
        odds=NO_AUGMENTATION,
        learning_rate=0.3,
        rate="constant",
        warmup=0,
        scales=Scales(fft=0.0, neighbours=0.02 if colors > FEW else 0.003),
        start="quantize",
        start_std=math.sqrt(10 / colors) if photo and colors > FEW else 1.0,  # else the photo shines through
        rounds=Rounds(count=2 if photo else 0, steps=3, tries=3, high=0.8, low=0.5),
        settle=3,
        samples=100,
        sample_steps=20,
        sample_guidance=chosen.sample_guidance,
        preview_every=2,
        save_every=5,
    )


def choose(
    values: Mapping[str, Any], defaults: PriorDefaults | None = None, *, photo: bool = True, colors: int = FEW
) -> Settings:
    """Settings from a job's: ``recipe`` names the base, everything else replaces a field of it. ``photo``, ``colors``:
    see ``fast``.

    ``steps`` also scales the warm-up of the paper's recipe down where it would outlast a tenth of the run.
    """
    values = dict(values)
    name = str(values.pop("recipe", "fast"))
    if name not in RECIPES:
        raise UsageError(f"'{name}' is not a recipe", hint=f"use {' or '.join(RECIPES)}")
    base = paper() if name == "paper" else fast(defaults, photo=photo, colors=colors)
    merged = {**base.as_dict(), **{key: value for key, value in values.items() if value is not None}}
    for key in _NESTED:
        if isinstance(values.get(key), Mapping):
            merged[key] = {**cast(dict[str, Any], base.as_dict()[key]), **values[key]}
    chosen = settings_from(merged)
    if name == "fast" and chosen.start in ("random", "zero") and "rounds" not in values:
        # nothing to keep: begin at nearly pure noise, or the first guess of a white page stays
        known = defaults or PriorDefaults()
        high = known.t_high
        chosen = replace(chosen, rounds=replace(fast(defaults).rounds, high=high), times=fast(defaults).times)
        if "guidance" not in values:
            chosen = replace(chosen, guidance=known.guidance)
    if "steps" in values and "warmup" not in values and chosen.warmup > chosen.steps // 10:
        chosen = replace(chosen, warmup=chosen.steps // 10)
    return chosen
