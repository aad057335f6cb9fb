"""The whole command line, for who calls it from Python."""

from __future__ import annotations

from .group import application

app = application()
