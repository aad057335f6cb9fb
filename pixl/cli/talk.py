"""What is said, and where: paths and JSON on stdout, talk on stderr; colour only where a person reads it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from dataclasses import dataclass, field
from typing import Any


def _console() -> Any:
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def say_error(what: str, hint: str) -> None:
    """An error and its hint, on stderr."""
    console = _console()
    console.print("[bold red]error:[/] ", end="")
    console.print(what, markup=False)
    if hint:
        console.print("[bold]hint:[/] ", end="")
        console.print(hint, markup=False)


def put_json(values: dict[str, Any]) -> None:
    """One JSON object on stdout; where its encoding lacks a character, that one is written as ``\\uXXXX``."""
    text = json.dumps(values, ensure_ascii=False)
    print(text if _speaks(text) else json.dumps(values))  # noqa: T201


def _speaks(text: str) -> bool:
    """Whether stdout's encoding has every character."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


@dataclass(slots=True, kw_only=True)
class Talk:
    """One command's voice. ``quiet`` says only errors; ``as_json`` keeps stdout for one object."""

    quiet: bool = False
    verbose: bool = False
    as_json: bool = False
    warnings: list[str] = field(default_factory=list)

    def say(self, text: str, *, style: str = "") -> None:
        """A line of talk."""
        if not (self.quiet or self.as_json):
            _console().print(text, markup=False, style=style or None)

    def detail(self, text: str) -> None:
        """A line only ``-v`` shows."""
        if self.verbose:
            self.say(text, style="dim")

    def warn(self, text: str) -> None:
        """Something a person should read before buying; also under ``warnings`` in JSON."""
        if text and text not in self.warnings:
            self.warnings.append(text)
            if not (self.quiet or self.as_json):
                console = _console()
                console.print("[yellow]note:[/] ", end="")
                console.print(text, markup=False)

    def result(self, paths: list[str], values: dict[str, Any]) -> None:
        """The end of a command: the paths, or with ``--json`` one object."""
        if self.as_json:
            put_json({**values, "files": paths, "warnings": self.warnings})
        elif paths and _speaks(text := "\n".join(paths)):
            print(text)  # noqa: T201
        elif paths:  # a path is bytes to the system: it arrives whole, whatever the terminal can draw
            sys.stdout.flush()
            sys.stdout.buffer.write(os.fsencode(text) + b"\n")
        sys.stdout.flush()


class Meter:
    """Progress on stderr: silent for the first second, one rewritten line on a terminal, else a line every 10 %."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._start = time.monotonic()
        self._last = ("", -1)
        self._tty = sys.stderr.isatty()
        self._shown = 0
        self._stage = ("", 0.0, 0)

    def step(self, name: str, done: int, total: int, note: str = "") -> None:
        """See pixl.progress.Progress."""
        elapsed = time.monotonic() - self._start
        if self._talk.quiet or self._talk.as_json or elapsed < 1.0:
            return
        tenth = 10 * done // max(1, total)
        if not self._tty and (total < 10 or self._last == (name, tenth)):
            return
        self._last = (name, tenth)
        if self._stage[0] != name:
            self._stage = (name, time.monotonic(), done)
        done_here = done - self._stage[2]
        left = (time.monotonic() - self._stage[1]) / max(done_here, 1) * (total - done)
        text = (
            f"{name}: {done} of {total}"
            + (f", about {left:.0f} s left" if done_here else "")
            + (f", {note}" if note else "")
        )
        if self._tty:
            sys.stderr.write(f"\r\x1b[K{text[:100]}" + ("\n" if done >= total else ""))
            sys.stderr.flush()
        else:
            self._talk.say(text)

    def say(self, text: str) -> None:
        """A sentence that a person should read however fast the job is."""
        self._talk.say(text)

    def picture(self, index: Any, colors: Any) -> None:
        """The pattern as it stands, in place of the last one: int[H, W], -1 = empty, over uint8[K, 3].

        Only on a terminal that takes colour and holds the whole of it.
        """
        from . import terminal

        if not self._tty or self._talk.quiet or self._talk.as_json or not terminal.in_color():
            return
        size = shutil.get_terminal_size((80, 24))
        if index.shape[1] > size.columns or (index.shape[0] + 1) // 2 + 2 > size.lines:
            return
        lines = terminal.half_blocks(index, colors)
        up = f"\x1b[{self._shown}A" if self._shown else ""
        sys.stderr.write("\r\x1b[K" + up + "".join(f"\x1b[K{line}\n" for line in lines))
        sys.stderr.flush()
        self._shown = len(lines)
