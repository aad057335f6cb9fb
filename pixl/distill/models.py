"""Models by name: what each is, where it comes from, and what it may be used with. Imports nothing heavy.

The rows are in ``model_rows.py`` (priors) and ``helper_rows.py``. A row's facts come from the models' own pages as they
were published; ``checked`` says which of them nobody here has been able to verify. No real weights were available when
this was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pixl.errors import UsageError

Role = Literal["prior", "encoder", "control", "depth", "caption", "score"]
Kind = Literal["guided", "student", "koala", "flow"]
Family = Literal["sdxl", "sd15", "sd21", "sd3", ""]

RAIL, RAIL_PP = "CreativeML OpenRAIL-M", "CreativeML OpenRAIL++-M"
"""Licences that many rows share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One name.

    ``repo``: id on the hub. ``revision``: 40 hex digits, or "" where none is known for sure: then ``pull``
    asks the hub which one is current and keeps that. ``parts``: folders of the repository with a network or
    tokenizer each ("" is the repository itself); half-precision weights are taken where there are any.
    ``files``: single files instead. ``gb``: the download, without ``requires``. ``requires``: other rows
    pulled along. ``base``: the row whose U-Net this one changes (a LoRA in ``files``). ``family``: which
    words, encoders and ControlNets fit. ``grid``, ``fresh_noise``: of few-step students, see
    ``diffusion.student``.
    """

    name: str
    role: Role
    repo: str
    summary: str
    licence: str
    gb: float
    revision: str = ""
    parts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    base: str = ""
    family: Family = ""
    gated: bool = False
    commercial: bool = True
    checked: str = ""
    # priors
    kind: Kind = "guided"
    millions: float = 0.0
    resolution: int = 1024
    form: str = "epsilon"
    guidance: float = 7.5
    t_low: float = 0.02
    t_high: float = 0.98
    grid: tuple[int, ...] = ()
    fresh_noise: bool = False
    rows: int = 2
    scheduler: str = "scaled-linear betas .00085 .. .012"
    dtype: str = "float16"
    lora_weight: float = 1.0
    # control
    control: Literal["", "canny", "depth"] = ""

    @property
    def pinned(self) -> bool:
        """Whether the row itself says which revision."""
        return len(self.revision) == 40

    @property
    def url(self) -> str:
        """Where its licence can be read."""
        return f"huggingface.co/{self.repo}"


def all_rows() -> tuple[ModelRow, ...]:
    """Every row, priors first."""
    from pixl.distill.model_rows import ROWS

    return ROWS


def row_of(name: str) -> ModelRow:
    """The row of this name. Raises UsageError, with names that are near."""
    rows = {row.name: row for row in all_rows()}
    if name in rows:
        return rows[name]
    from difflib import get_close_matches

    near = get_close_matches(name, rows, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}? pixl models list shows all" if near else "pixl models list shows them"
    raise UsageError(f"there is no model '{name}'", hint=hint)


def priors() -> Iterator[ModelRow]:
    """Rows that can be a run's prior."""
    return (row for row in all_rows() if row.role == "prior")


def with_required(row: ModelRow) -> list[ModelRow]:
    """The row after everything it requires, each once."""
    out: list[ModelRow] = []
    for name in row.requires:
        out += [one for one in with_required(row_of(name)) if one not in out]
    return [*out, row]


def base_of(row: ModelRow) -> ModelRow:
    """The row whose folder holds the networks: itself, or the base that its LoRA changes."""
    return base_of(row_of(row.base)) if row.base else row


def encoder_of(row: ModelRow) -> ModelRow:
    """The tiny encoder of the row's family."""
    names = {"sdxl": "taesdxl", "sd15": "taesd", "sd21": "taesd", "sd3": "taesd3"}
    return row_of(names[base_of(row).family])


def controls_for(row: ModelRow) -> list[ModelRow]:
    """ControlNets that fit a prior: those of its family; none for KOALA (no middle block) and the flow
    kind.
    """
    base = base_of(row)
    if base.kind in ("koala", "flow") or base.family not in ("sdxl", "sd15"):
        return []
    return [one for one in all_rows() if one.role == "control" and one.family == base.family]


def control_row(row: ModelRow, kind: str, size: str = "mid") -> ModelRow:
    """The ControlNet for ``kind`` ("canny", "depth") on a prior; SDXL's come in ``size`` small, mid and full.

    Raises UsageError where none fits.
    """
    fitting = [one for one in controls_for(row) if one.control == kind]
    if not fitting:
        raise UsageError(
            f"there is no ControlNet for {kind} that fits {row.name}",
            hint="leave out --control, or use --prior vega or sdxl",
        )
    for one in fitting:
        if one.name.endswith(f"-{size}"):
            return one
    return fitting[0]
