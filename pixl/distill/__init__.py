"""Engine "distill": a pattern found by score distillation (SD-piXL), and the only room that imports torch.

What may enter: the generator of a palette picture, the step that pulls it towards a prior, the priors, and
what a run keeps (settings, checkpoints, outputs). Read ``sds.py`` first: one step of the method from top to
bottom. A new prior is a class under ``priors/`` and a row in ``priors/__init__.py``; a new loss is a small
function of the probabilities in ``losses.py``.

This file and ``engine.py`` import no torch, so that asking for the engine without the extra ends in a
sentence.
"""

from __future__ import annotations

from .engine import DistillEngine

__all__ = ["DistillEngine"]
