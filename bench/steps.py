"""The steps of ``natural``, each switched off once: for the figures and for the blind look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pixl.quantize import styles
from pixl.quantize.styles import Style


def _weights(style: Style, **changes: object) -> Style:
    return replace(style, weights=replace(style.weights, **changes))  # type: ignore[arg-type]


NATURAL = styles.STYLES["natural"]
OFF: dict[str, Style] = {
    "without shapes": replace(NATURAL, shapes=False),
    "without lines": replace(NATURAL, lines=False),
    "without contrast": replace(NATURAL, contrast=0.0),
    "without skin's colours": replace(NATURAL, skin=False),
    "without names": replace(NATURAL, names=False),
    "without relative chroma": _weights(NATURAL, tie=(0.0, *NATURAL.weights.tie[1:])),
    "without price on lone cells": _weights(NATURAL, lone=(0.0, 0.0, NATURAL.weights.lone[2])),
    "without even areas": _weights(NATURAL, even=(0.0, *NATURAL.weights.even[1:])),
    "without moves of regions": _weights(NATURAL, regions=0),
}


@contextmanager
def without(step: str) -> Iterator[None]:
    """Inside, ``natural`` lacks this step."""
    styles.STYLES["natural"] = OFF[step]
    try:
        yield
    finally:
        styles.STYLES["natural"] = NATURAL
