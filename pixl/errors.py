"""Every error that a person can cause, each with what happened, one imperative hint and an exit code.

Exit codes: 1 bug; 2 usage; 3 bad input; 4 something missing; 5 output exists; 6 a ``--strict`` check failed.
Library callers may also catch the built-in class that each error is.
"""

from __future__ import annotations


class PixlError(Exception):
    """What happened, with the value that caused it, and one hint.

    ``what`` is a sentence without a trailing full stop; ``hint`` is one imperative line or empty.
    """

    exit_code = 1
    code = "error"

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}\nhint: {self.hint}" if self.hint else self.what

    def as_dict(self) -> dict[str, str]:
        """The object under ``error`` in ``--json`` output."""
        return {"code": self.code, "what": self.what, "hint": self.hint}


class UsageError(PixlError, ValueError):
    """An option or argument that cannot be meant."""

    exit_code = 2
    code = "usage"


class PhotoError(PixlError, ValueError):
    """A picture that cannot be read or used."""

    exit_code = 3
    code = "photo"


class PromptError(PixlError, ValueError):
    """A prompt that names nothing the picture library knows."""

    exit_code = 3
    code = "prompt"


class PaletteError(PixlError, ValueError):
    """A palette file or colour that cannot be used."""

    exit_code = 3
    code = "palette"


class PatternError(PixlError, ValueError):
    """An index map that breaks an invariant, or an edit that cannot be made."""

    exit_code = 3
    code = "pattern"


class DocumentError(PixlError, ValueError):
    """A ``.pixl`` document, or a file that should carry one, that cannot be read."""

    exit_code = 3
    code = "document"


class ExportError(PixlError, ValueError):
    """A file that cannot be written in the format asked for."""

    exit_code = 3
    code = "export"


class MissingError(PixlError):
    """Something needed is not here: a file, an extra, a model, a device, a network."""

    exit_code = 4
    code = "missing"


class MissingExtraError(MissingError, ImportError):
    """An optional dependency is not installed."""

    code = "missing-extra"


class ModelMissingError(MissingError):
    """Model weights are not on this machine."""

    code = "missing-model"


class DeviceError(MissingError):
    """The device asked for is not here or too small."""

    code = "device"


class OutputExistsError(PixlError, FileExistsError):
    """An output would be overwritten."""

    exit_code = 5
    code = "exists"


class OutputError(PixlError, OSError):
    """An output cannot be written: no permission, no space, no such folder."""

    exit_code = 4
    code = "output"


class StrictError(PixlError):
    """The job is done, but a check that ``--strict`` makes binding failed."""

    exit_code = 6
    code = "strict"


class InterruptedRunError(PixlError):
    """A long run was interrupted after it saved its state; the hint is the line that goes on."""

    exit_code = 130
    code = "interrupted"
