"""A picture by word, offline: about 1,600 small drawings with alpha, found by the words of a prompt.

What may enter: the committed atlas and word index (built by ``scripts/build_icons.py``), the word matching, the
recolouring. NumPy and Pillow only; nothing that solves, quantises or writes. The drawings are Noto Emoji
(Apache-2.0), the words emojibase-data (MIT); see NOTICE.

    >>> match = find("a blue apple")
    >>> match.name, match.colour, match.unknown
    ('red apple', 'blue', ())
    >>> picture(match, 32).shape
    (32, 32, 4)
"""

from __future__ import annotations

from .lexicon import known, label_words, nearest
from .library import SIDE, Icon, atlas, ids, names
from .match import Match, admissible, find
from .paint import picture, recolour

__all__ = [
    "SIDE",
    "Icon",
    "Match",
    "admissible",
    "atlas",
    "find",
    "ids",
    "known",
    "label_words",
    "names",
    "nearest",
    "picture",
    "recolour",
]
