"""What every craft is asked, spelled once. A craft's command adds its own options to these."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

_SIZE, _COLOURS, _ENGINE, _OUTPUT = "Picture and size", "Colours", "Engine", "Output"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was typed, before anything is read."""

    photo: Annotated[Path | None, typer.Argument(help="A picture: JPEG, PNG, WebP, GIF, TIFF, BMP, HEIC.")] = None
    prompt: Annotated[str, typer.Option(help="Words instead of a picture.", rich_help_panel=_SIZE)] = ""
    size: Annotated[
        str, typer.Option(metavar="WxH", help="Cells (48x48), one side (48x), or mm/cm/in.", rich_help_panel=_SIZE)
    ] = ""
    fit: Annotated[str, typer.Option(help="cover (cut), contain (margins) or stretch.", rich_help_panel=_SIZE)] = (
        "cover"
    )
    crop: Annotated[
        str, typer.Option(metavar="X,Y,W,H", help="Part of the picture, in pixels or %.", rich_help_panel=_SIZE)
    ] = ""
    background: Annotated[
        str, typer.Option(metavar="COLOUR", help="Fill transparent areas, e.g. #FFFFFF.", rich_help_panel=_SIZE)
    ] = ""
    remove_background: Annotated[
        bool, typer.Option("--remove-background", help="Empty what lies behind the subject.", rich_help_panel=_SIZE)
    ] = False
    palette: Annotated[
        str, typer.Option(metavar="ID|FILE", help="pixl palette list shows them.", rich_help_panel=_COLOURS)
    ] = ""
    colors: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most this many colours.", rich_help_panel=_COLOURS)
    ] = None
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAMES", help="Only these colours (comma-separated).", rich_help_panel=_COLOURS),
    ] = None
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="NAMES", help="Not these colours (comma-separated).", rich_help_panel=_COLOURS),
    ] = None
    style: Annotated[
        str, typer.Option(help="auto, natural, clean, crisp, rich or dither.", rich_help_panel=_COLOURS)
    ] = "auto"
    dither: Annotated[
        bool, typer.Option("--dither", help="Mix colours for the far view.", rich_help_panel=_COLOURS)
    ] = False
    focus: Annotated[
        Path | None,
        typer.Option(metavar="MASK", help="A grey picture: white where detail matters.", rich_help_panel=_COLOURS),
    ] = None
    engine: Annotated[str, typer.Option(help="quantize or distill.", rich_help_panel=_ENGINE)] = "quantize"
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same result.", rich_help_panel=_ENGINE)] = 0
    recipe: Annotated[str, typer.Option(help="distill: fast or paper.", rich_help_panel=_ENGINE)] = ""
    prior: Annotated[
        str, typer.Option(metavar="NAME", help="distill: what it is drawn from.", rich_help_panel=_ENGINE)
    ] = ""
    guidance: Annotated[
        float | None, typer.Option(min=0, help="distill: how strictly it follows the words.", rich_help_panel=_ENGINE)
    ] = None
    steps: Annotated[int | None, typer.Option(min=1, help="distill: how many.", rich_help_panel=_ENGINE)] = None
    fidelity: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, metavar="0..1", help="distill: the photo against the words.", rich_help_panel=_ENGINE
        ),
    ] = None
    control: Annotated[
        str, typer.Option(metavar="KINDS", help="distill: canny, depth or both, of the photo.", rich_help_panel=_ENGINE)
    ] = ""
    control_scale: Annotated[
        float | None, typer.Option(min=0, max=2, help="distill: how much control counts.", rich_help_panel=_ENGINE)
    ] = None
    lora: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE[*WEIGHT]", help="distill: LoRA files of your own.", rich_help_panel=_ENGINE),
    ] = None
    resolution: Annotated[
        int | None, typer.Option(min=64, metavar="N", help="distill: the prior's picture.", rich_help_panel=_ENGINE)
    ] = None
    device: Annotated[str, typer.Option(metavar="NAME", help="distill: cuda, mps or cpu.", rich_help_panel=_ENGINE)] = (
        ""
    )
    negative: Annotated[str, typer.Option(help="distill: words to keep away from.", rich_help_panel=_ENGINE)] = ""
    setting: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="distill: any other, see docs/distill.md.", rich_help_panel=_ENGINE),
    ] = None
    variations: Annotated[
        int, typer.Option(min=1, max=64, help="distill: seeds to try, shown together.", rich_help_panel=_ENGINE)
    ] = 1
    gif: Annotated[bool, typer.Option("--gif", help="distill: also the way there.", rich_help_panel=_ENGINE)] = False
    run: Annotated[
        Path | None, typer.Option(metavar="DIR", help="distill: keep the run here.", rich_help_panel=_ENGINE)
    ] = None
    output: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR|FILE", help="Where to.", rich_help_panel=_OUTPUT)
    ] = None
    formats: Annotated[
        str, typer.Option("--format", "-f", help="e.g. pdf,png; pixl formats lists them.", rich_help_panel=_OUTPUT)
    ] = ""
    title: Annotated[str, typer.Option(help="Printed on the sheets.", rich_help_panel=_OUTPUT)] = ""
    paper: Annotated[str, typer.Option(help="a4 or letter.", rich_help_panel=_OUTPUT)] = "a4"
    force: Annotated[bool, typer.Option("--force", help="Replace an existing output.", rich_help_panel=_OUTPUT)] = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Say what it would be; write nothing.", rich_help_panel=_OUTPUT)
    ] = False
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 6 when a check has a complaint.", rich_help_panel=_OUTPUT)
    ] = False
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.", rich_help_panel=_OUTPUT)] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only errors.", rich_help_panel=_OUTPUT)] = False
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="More words.", rich_help_panel=_OUTPUT)] = False
    typed: Mapping[str, Any] = field(default_factory=dict)
    """Not an option: every option of the command, the craft's own too, that was not left at its default."""


_OPTIONS = tuple(one for one in fields(Request) if one.name != "typed")
NAMES = tuple(one.name for one in _OPTIONS)
_NOT_KEPT = frozenset(
    {"photo", "output", "run", "force", "dry_run", "strict", "as_json", "quiet", "verbose", "formats"}
)


def settings_of(request: Request) -> dict[str, Any]:
    """What the recipe keeps: the options as typed, less where files lie; ``pixl repro`` types them again."""
    return {name: _without_folders(value) for name, value in request.typed.items() if name not in _NOT_KEPT}


def _without_folders(value: Any) -> Any:
    """A file's or folder's name for its path; a text that names some (``a/b.csv*2,c.csv``, ``canny=a/b``) likewise."""
    if isinstance(value, list | tuple):
        return [_without_folders(one) for one in value]
    if isinstance(value, Path):
        return value.name
    if isinstance(value, str) and ("/" in value or "\\" in value):
        return ",".join(_without_folder(part) for part in value.split(","))
    return value


def _without_folder(part: str) -> str:
    word, equals, place = part.rpartition("=")
    there = Path(place.partition("*")[0]).expanduser()
    return f"{word}{equals}{Path(place).name}" if place and there.exists() else part


def distill_options(request: Request) -> list[str]:
    """The options typed that only engine distill knows (their help says so), as they are spelled."""
    hints = get_type_hints(Request, include_extras=True)
    names = []
    for each in fields(Request):
        option = getattr(hints[each.name], "__metadata__", (None,))[0]
        if getattr(option, "help", "").startswith("distill:") and getattr(request, each.name) != each.default:
            names.append("--" + each.name.replace("_", "-"))
    return names


def split_names(values: list[str] | None) -> list[str]:
    """Comma-separated names from one or several options."""
    return [name.strip() for value in values or () for name in value.split(",") if name.strip()]


def takes_request(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that takes ``request`` first all of Request's options, then its own.

    typer reads signatures, so one is written: fields of Request, then the command's remaining parameters.
    """
    hints = get_type_hints(Request, include_extras=True)
    shared = [
        inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=one.default, annotation=hints[one.name])
        for one in _OPTIONS
    ]
    own_hints = get_type_hints(command, include_extras=True)
    own = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=own_hints[name])
        for name, parameter in inspect.signature(command).parameters.items()
        if name != "request"
    ]

    defaults = {parameter.name: parameter.default for parameter in (*shared, *own)}

    @functools.wraps(command)
    def wrapped(**values: Any) -> None:
        typed = {name: value for name, value in values.items() if value != defaults[name]}
        request = Request(**{name: values.pop(name) for name in NAMES}, typed=typed)
        command(request, **values)

    first, rest = shared[:1], shared[1:]
    parameters = [*first, *own, *rest]
    setattr(wrapped, "__signature__", inspect.Signature(parameters))  # noqa: B010 (mypy knows no such attribute)
    wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del wrapped.__wrapped__
    return wrapped
