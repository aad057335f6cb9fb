"""Prompts to embeddings, exactly as the models were trained: which layer, which padding, which pooled vector.

Text encoders are a fifth of the weights and are needed once: ``FolderWords`` loads them when words come,
keeps what they said, and lets them go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
import torch.nn.functional as F

PENULTIMATE = -2
"""The hidden state before the last layer, without the final norm: SDXL's and SD3's choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Embeddings [rows, tokens, D] and pooled [rows, P] (None for models without)."""

    embeddings: torch.Tensor
    pooled: torch.Tensor | None = None

    def repeat(self, rows: int) -> Words:
        """The same words in so many rows, from one."""
        pooled = None if self.pooled is None else self.pooled.expand(rows, -1)
        return Words(embeddings=self.embeddings.expand(rows, -1, -1), pooled=pooled)


class Reader(Protocol):
    """Reads texts: one row each."""

    def __call__(self, texts: Sequence[str]) -> Words:
        """Embeddings of ``texts`` in their order; an empty text is encoded like any other."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One tokenizer and its encoder. ``layer``: index into the hidden states, None for the last with its
    norm.

    ``pooled``: whether this encoder's projected text embedding is wanted.
    """

    tokenizer: Any
    encoder: Any
    layer: int | None = None
    pooled: bool = False

    def ids(self, texts: Sequence[str]) -> torch.Tensor:
        """int64[rows, tokens]: padded to the full length with *this* tokenizer's own pad token, cut where
        longer.
        """
        encoded = self.tokenizer(
            list(texts), padding="max_length", max_length=self.length, truncation=True, return_tensors="pt"
        )
        ids: torch.Tensor = encoded.input_ids
        return ids

    @property
    def length(self) -> int:
        """Tokens in a row: 77 for CLIP."""
        return min(int(self.tokenizer.model_max_length), int(self.encoder.config.max_position_embeddings))

    def cut(self, texts: Sequence[str]) -> int:
        """How many tokens of the longest text do not fit."""
        return max(0, max(len(ids) for ids in self.tokenizer(list(texts)).input_ids) - self.length)

    def read(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor | None]:
        """(embeddings, pooled or None)."""
        device = next(self.encoder.parameters()).device
        with torch.no_grad():
            said = self.encoder(self.ids(texts).to(device), output_hidden_states=self.layer is not None)
        embeddings = said[0] if self.layer is None else said.hidden_states[self.layer]
        return embeddings, said[0] if self.pooled else None


def read_branches(branches: Sequence[Branch], texts: Sequence[str]) -> Words:
    """Embeddings of all branches side by side, pooled vectors of those that give one side by side (SDXL: the
    second's)."""
    read = [branch.read(texts) for branch in branches]
    pooled = [vector for _, vector in read if vector is not None]
    return Words(
        embeddings=torch.cat([embeddings for embeddings, _ in read], dim=-1),
        pooled=torch.cat(pooled, dim=-1) if pooled else None,
    )


def join_t5(clip: Words, t5: torch.Tensor) -> Words:
    """SD3: CLIP's embeddings widened with zeros to T5's width, then T5's after them."""
    wide = F.pad(clip.embeddings, (0, t5.shape[-1] - clip.embeddings.shape[-1]))
    return Words(embeddings=torch.cat([wide, t5.to(wide)], dim=-2), pooled=clip.pooled)


class KeptWords:
    """A reader that loads its encoders when it meets new texts, and keeps only what they said.

    ``load`` gives a reader and is called as seldom as possible; ``notes`` collects sentences such as a
    prompt cut.
    """

    def __init__(self, load: Callable[[list[str]], Reader]) -> None:
        self.load = load
        self.notes: list[str] = []
        self._known: dict[tuple[str, ...], Words] = {}

    def __call__(self, texts: Sequence[str]) -> Words:
        """As ``Reader``."""
        key = tuple(texts)
        if key not in self._known:
            self._known[key] = self.load(self.notes)(texts)
        return self._known[key]
