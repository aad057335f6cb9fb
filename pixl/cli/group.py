"""The table of commands, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .. import __version__
from ..errors import PixlError


class Group(TyperGroup):
    """Errors to sentences; with ``--json`` also those of the command line itself."""

    _args: Sequence[str] = ()

    def main(self, args: Sequence[str] | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run; with ``--json`` a usage error is an object on stdout too."""
        self._args = list(sys.argv[1:] if args is None else args)
        args = [arg for arg in self._args if arg != "--debug"]  # allowed anywhere on the line
        if not self._json:
            return super().main(args, **extra)
        try:
            code = super().main(args, **{**extra, "standalone_mode": False})
        except typer.TyperException as error:
            what = error.format_message() if hasattr(error, "format_message") else str(error)
            print(json.dumps({"error": {"code": "usage", "what": what, "hint": "run the command with --help"}}))  # noqa: T201
            code = getattr(error, "exit_code", 2)
        except typer.Abort:
            code = 130
        sys.exit(code if isinstance(code, int) else 0)

    @property
    def _json(self) -> bool:
        return "--json" in self._args

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a PixlError ends in its exit code, anything unforeseen in 1."""
        try:
            return super().invoke(ctx)
        except PixlError as error:
            if "--debug" in self._args:
                raise
            self._say(error.as_dict())
            raise typer.Exit(error.exit_code) from None
        except (typer.TyperException, typer.Exit, typer.Abort, KeyboardInterrupt, BrokenPipeError):
            raise
        except Exception as error:
            if "--debug" in self._args:
                raise
            what = f"pixl has a bug here: {type(error).__name__}: {str(error)[:200]}"
            self._say({"code": "bug", "what": what, "hint": "report it with what --debug prints"})
            raise typer.Exit(1) from None

    def _say(self, error: dict[str, str]) -> None:
        from .talk import put_json, say_error

        if self._json:
            put_json({"error": error})
            return
        say_error(error["what"], error["hint"])


COMMANDS = (
    "brick",
    "bead",
    "stitch",
    "embroider",
    "pixel",
    "compare",
    "export",
    "edit",
    "show",
    "repro",
    "resume",
    "verify",
    "palette",
    "models",
    "doctor",
)
"""The modules in the order of the help; each registers the command of its name (``export`` also ``formats``)."""


def application(only: str = "") -> typer.Typer:
    """The command line; with one of ``COMMANDS`` that one alone, because building all takes longer than some jobs."""
    app = typer.Typer(
        cls=Group,
        name="pixl",
        help="Photos and prompts become brick mosaics, bead boards, cross-stitch charts and embroidery files.\n\n"
        "  pixl brick photo.jpg --size 48x48\n\n  pixl stitch photo.jpg --size 80x80 --colors 24",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name in (only,) if only in COMMANDS else COMMANDS:
        import_module(f".{name}", __package__).register(app)
    return app


def _version(value: bool) -> None:
    if value:
        typer.echo(f"pixl {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Photos and prompts become brick mosaics, bead boards, cross-stitch charts and embroidery files.

    pixl brick photo.jpg --size 48x48

    pixl stitch photo.jpg --size 80x80 --colors 24
    """
