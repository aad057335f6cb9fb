"""``pixl models``: which there are, what they cost, and getting them onto this machine and off it again."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .talk import Talk

if TYPE_CHECKING:
    from ..distill.hub import Plan
    from ..distill.models import ModelRow

_JSON = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
_QUIET = Annotated[bool, typer.Option("--quiet", "-q", help="Only errors.")]
_NAMES = Annotated[list[str], typer.Argument(metavar="NAME", help="As pixl models list shows them.")]

commands = typer.Typer(no_args_is_help=True, help="Diffusion models: list, pull, where, rm.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="models", rich_help_panel="Engine")


@commands.command("list")
def list_models(
    everything: Annotated[bool, typer.Option("--all", help="Also encoders, ControlNets, depth, captions.")] = False,
    as_json: _JSON = False,
) -> None:
    """List the models: download, memory, licence, and what is here and fits this device.

    pixl models list --all
    """
    from ..distill.models import all_rows
    from . import terminal

    rows = [row for row in all_rows() if everything or row.role == "prior"]
    device = _device()
    facts = [_facts(row, device) for row in rows]
    if as_json:
        typer.echo(json.dumps({"device": device, "models": facts}))
        return
    terminal.put(f"device: {device['words']}")
    for row, fact in zip(rows, facts, strict=True):
        mark = "here" if fact["here"] else "    "
        memory = f"{fact['memory_gb']:>4.1f} GB" if fact["memory_gb"] else "       "
        size = f"{row.gb:.2f}" + (f" + {fact['needs_gb']:.2f}" if fact["needs_gb"] >= 0.05 else "")
        licence = row.licence + ("" if row.commercial else " (not commercial)") + (" (gated)" if row.gated else "")
        terminal.put(
            f"{row.name:<24} {mark}  {size:>11} GB  {memory:<8} {fact['fits_as']:<15}  {licence:<32}  {row.summary}"
        )
    terminal.put("\nDownload (+ what it needs besides), memory with two ControlNets, how it fits this device, licence.")
    terminal.put("pixl models list --all shows ControlNets, encoders, depth and caption models too.")


@commands.command("pull")
def pull(
    names: _NAMES,
    revision: Annotated[str, typer.Option(metavar="REV", help="Another revision than the listed one.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Say what it would bring; download nothing.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Do not go to the network.")] = False,
    quiet: _QUIET = False,
    as_json: _JSON = False,
) -> None:
    """Get models, with what they need; size and licence are shown first. Can be interrupted and repeated.

    pixl models pull vega

    pixl models pull sdxl control-canny-sdxl-mid control-depth-sdxl-mid depth-anything-small
    """
    from ..distill import hub
    from ..distill.models import row_of, with_required

    talk = Talk(quiet=quiet, as_json=as_json)
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"  # before the hub's library is imported, which reads it once
    revision = hub.check_revision(revision)
    asked = [row_of(name) for name in names]
    if revision and len(asked) > 1:
        raise UsageError("--revision is for one model", hint="pull the models one by one")
    rows: list[ModelRow] = []
    for row in asked:
        rows += [one for one in with_required(row) if one not in rows]
    for row in rows:
        talk.say(_about(row))
        for note in (row.checked, "" if row.commercial else "not for commercial use"):
            if note:
                talk.warn(f"{row.name}: {note}")
    plans = []
    for row in rows:
        with _whole_command(row, names):
            plans.append(_plan(row, revision if row in asked else ""))
    for plan in plans:
        talk.say(_what(plan))
    total = sum(plan.missing for plan in plans)
    talk.say(f"to download: {total / 1e9:.2f} GB into {hub.cache_folder()}" if total else "all of it is here already")
    if not dry_run:
        if total and not yes and not as_json and sys.stdin.isatty() and not typer.confirm("Download?", default=True):
            raise typer.Exit(1)
        for plan in plans:
            with _whole_command(plan.row, names):
                hub.pull(plan, quiet=quiet or as_json)
    folders = [] if dry_run else [str(hub.need(row)) for row in asked]
    talk.result(
        folders,
        {
            "pulled": [
                {
                    "name": plan.row.name,
                    "repo": plan.row.repo,
                    "revision": plan.revision,
                    "pinned": plan.row.pinned,
                    "bytes": sum(plan.files.values()),
                    "licence": plan.row.licence,
                }
                for plan in plans
            ],
            "downloaded": 0 if dry_run else total,
        },
    )


@commands.command("where")
def where(names: _NAMES, as_json: _JSON = False) -> None:
    """Show where a model lies. Exit 4 when it is not here.

    pixl models where vega
    """
    from ..distill import hub
    from ..distill.models import row_of

    Talk(as_json=as_json).result([str(hub.need(row_of(name))) for name in names], {"models": names})


@commands.command("rm")
def rm(
    names: _NAMES,
    force: Annotated[bool, typer.Option("--force", help="Even if another model here needs it.")] = False,
    as_json: _JSON = False,
) -> None:
    """Remove models from this machine; what another pulled model uses stays.

    pixl models rm sdxl-turbo
    """
    from ..distill import hub
    from ..distill.models import row_of

    talk = Talk(as_json=as_json)
    rows = [row_of(name) for name in names]
    for row in rows:
        users = [name for name in hub.users_of(row) if name not in names]
        if users and not force:
            raise UsageError(f"{', '.join(users)} needs {row.name}", hint="remove that first, or give --force")
    freed = sum(hub.remove(row) for row in rows)
    talk.say(f"removed {', '.join(names)}: {freed / 1e9:.2f} GB free again")
    talk.result([], {"removed": names, "freed": freed})


@contextlib.contextmanager
def _whole_command(row: ModelRow, names: list[str]) -> Iterator[None]:
    """Hints name the command that was typed, not the part of it that failed."""
    from ..errors import PixlError

    try:
        yield
    except PixlError as error:
        one, all_of_it = f"pixl models pull {row.name}", f"pixl models pull {' '.join(names)}"
        raise type(error)(error.what, hint=error.hint.replace(one, all_of_it)) from None


def _plan(row: ModelRow, revision: str) -> Plan:
    """Ask the hub; offline, a model that is here already needs no plan of its own."""
    from ..distill import hub

    if hub.offline():
        kept = hub.records().get(row.name)
        if kept is not None and not hub.broken(kept.folder, kept.files):
            return hub.Plan(row=row, revision=kept.revision, files=kept.files)
    return hub.plan_pull(row, revision=revision)


def _about(row: ModelRow) -> str:
    pinned = f"revision {row.revision[:12]}" if row.pinned else "revision not pinned: the current one is taken and kept"
    gated = ", gated: needs an account" if row.gated else ""
    return f"{row.name}: {row.repo}, about {row.gb:g} GB, {row.licence}{gated}; {pinned}"


def _what(plan: Plan) -> str:
    size = sum(plan.files.values()) / 1e9
    return f"  {plan.row.name}: {len(plan.files)} files, {size:.2f} GB at revision {plan.revision}"


def _device() -> dict[str, Any]:
    from ..distill.device import describe

    return describe()


def _facts(row: ModelRow, device: dict[str, Any]) -> dict[str, Any]:
    from ..distill import hub
    from ..distill.models import with_required

    here = hub.where(row)
    memory, fits, fits_as = _fit(row, device)
    needs = [one for one in with_required(row) if one is not row]
    return {
        "name": row.name,
        "role": row.role,
        "kind": row.kind if row.role == "prior" else "",
        "repo": row.repo,
        "revision": row.revision or None,
        "gb": row.gb,
        "needs": [one.name for one in needs],
        "needs_gb": round(sum(one.gb for one in needs), 2),
        "licence": row.licence,
        "commercial": row.commercial,
        "gated": row.gated,
        "checked": row.checked,
        "resolution": row.resolution if row.role == "prior" else None,
        "guidance": row.guidance if row.role == "prior" else None,
        "t": [row.t_low, row.t_high] if row.role == "prior" and not row.grid else list(row.grid),
        "scheduler": row.scheduler if row.role == "prior" else "",
        "dtype": row.dtype,
        "controls": _controls(row),
        "memory_gb": None if memory is None else round(memory, 1),
        "fits": fits,
        "fits_as": fits_as,
        "here": None if here is None else str(here),
        "summary": row.summary,
    }


def _fit(row: ModelRow, device: dict[str, Any]) -> tuple[float | None, bool | None, str]:
    """(GB at the size that pixl would choose, whether and how the row fits the device)."""
    from ..distill.plans import fit, native, needs

    if row.role != "prior":
        return None, None, ""
    half, room = device["kind"] != "cpu", device["memory_gb"]
    own = native(row, half=half)
    if room is None:
        return needs(row, own, half=half), None, ""
    plan = fit(row, room, half=half)
    if plan is None:
        return needs(row, own, half=half), False, "too large"
    how = "fits" if plan.resolution == own else f"at {plan.resolution}"
    return plan.gb, True, how if plan.offload == "none" else f"{how}, slowly"


def _controls(row: ModelRow) -> list[str]:
    from ..distill.models import controls_for

    return [one.name for one in controls_for(row)] if row.role == "prior" else []
