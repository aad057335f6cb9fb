"""Engine "distill": a pattern found by score distillation (SD-piXL), and the only room that imports torch.

What may enter: the generator of a palette picture, the step that pulls it towards a prior, the priors, and
what a run keeps (settings, checkpoints, outputs). Read ``sds.py`` first: one step of the method from top to
bottom.
``engine.py`` and this file import no torch, so that asking for the engine without the extra gives a
sentence, not a traceback. A new prior is a class under ``priors/`` and a row in ``priors/__init__.py``; a
new loss is a small function of the probabilities in ``losses.py``.
"""
