"""Diffusion models as priors: what turns networks of diffusers and transformers into a ``Prior``.

What may enter: one module a part (words, encoder, controls, LoRA, noise schedule, what an output means), one
class a kind of prior, and ``build.py``, which puts them together from files that are already on this
machine. Nothing here goes to the network, and nothing here knows a model's name: names are rows of
``pixl/distill/models.py``.
"""
