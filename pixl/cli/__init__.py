"""The command line: typer and rich live here and nowhere else. Commands are thin; what they call is the library.

What may enter: one module a command, ``options.py`` (what every craft is asked), ``making.py`` (from what was typed to
files), ``group.py`` (the table of commands, errors and exit codes), ``app.py`` (all commands, for Python), ``talk.py``
(what is said, and where).
"""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Entry point of ``pixl``.

    NumPy's matrix products run on one thread: the matrices are small, so that two threads on busy cores take longer
    than one, and sums then do not depend on how many cores a machine has.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(200_000, 20, 20)  # a command ends soon: sweeping as often as by default costs a tenth of it
    from .group import application

    application(next(iter(sys.argv[1:]), ""))(prog_name="pixl")
