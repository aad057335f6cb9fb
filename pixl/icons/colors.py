"""Colour words and what they look like. The values are this project's own picks, not any standard's."""

from __future__ import annotations

COLORS: dict[str, str] = {
    "red": "#DC2A2E",
    "orange": "#F57C1F",
    "yellow": "#FAD12B",
    "green": "#2FA14B",
    "blue": "#2468D0",
    "purple": "#8A3DB6",
    "pink": "#F48CB6",
    "brown": "#86522F",
    "black": "#26262B",
    "white": "#FAFAFA",
    "gray": "#8E9196",
    "grey": "#8E9196",
    "cyan": "#29BBD9",
    "turquoise": "#2EC4B6",
    "teal": "#16807F",
    "aqua": "#3CC8D6",
    "magenta": "#D0309A",
    "violet": "#7B3FC4",
    "indigo": "#463AA8",
    "navy": "#1C2E6C",
    "azure": "#3A9AEA",
    "maroon": "#7A1E2C",
    "crimson": "#B81A34",
    "scarlet": "#E22F1E",
    "lime": "#9BD52A",
    "olive": "#7B7E2B",
    "mint": "#A4E3C4",
    "emerald": "#16A366",
    "gold": "#DBA622",
    "golden": "#DBA622",
    "silver": "#C2C7CE",
    "bronze": "#A8713B",
    "copper": "#B8693A",
    "beige": "#E8D8B6",
    "cream": "#FFF2D0",
    "ivory": "#FBF6E3",
    "tan": "#CCA575",
    "khaki": "#B9AE78",
    "coral": "#FF7E61",
    "salmon": "#F98E7B",
    "peach": "#FFC69E",
    "rose": "#E7557F",
    "ruby": "#B5173F",
    "lavender": "#B8A2E4",
    "lilac": "#C6A2D9",
    "charcoal": "#3C4046",
    "dark skin": "#6B4331",
    "brown skin": "#9A6543",
    "medium skin": "#C58C5E",
    "light skin": "#F2CFAC",
}

SHADES: dict[str, tuple[float, float]] = {
    "dark": (-0.16, 0.9),
    "deep": (-0.12, 1.0),
    "light": (0.13, 0.7),
    "pale": (0.16, 0.5),
    "pastel": (0.15, 0.55),
    "bright": (0.05, 1.15),
}
"""Words before a colour: what they add to OKLab lightness and by what they multiply chroma."""

_THINGS = (
    "bronze charcoal copper coral cream emerald gold ivory lavender lime mint olive orange peach rose "
    "ruby salmon silver tan violet "
)
AMBIGUOUS = frozenset(_THINGS.split())
"""Colour words that are also things: a colour only before a thing."""

PLAIN = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "gray")
"""The words that divide all colours among them."""

SKIN = {
    "black": "dark skin",
    "brown": "brown skin",
    "tan": "medium skin",
    "white": "light skin",
}
"""What a colour word means before a person; the drawings' own skin is a neutral yellow."""
