"""The command line: typer and rich live here and nowhere else. Commands are thin; what they call is the library.

What may enter: one module a command, ``options.py`` (what every craft is asked), ``making.py`` (from what was typed to
files), ``app.py`` (the table of commands, errors and exit codes), ``talk.py`` (what is said, and where).
"""

from __future__ import annotations

import gc
import os


def main() -> None:
    """Entry point of ``pixl``.

    NumPy's matrix products run on one thread: the matrices are small, so that two threads on busy cores take longer
    than one, and sums then do not depend on how many cores a machine has.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(200_000, 20, 20)  # a command ends soon: sweeping as often as by default costs a tenth of it
    from .app import app

    app(prog_name="pixl")
