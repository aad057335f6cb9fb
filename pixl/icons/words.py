"""Words as people type them: split, brought to one form, filler dropped. English only."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_FRAME = re.compile(
    r"^\s*(?:please\s+)?(?:(?:draw|make|show|create|paint)\s+(?:me\s+)?)?(?:(?:an?|the|my)\s+)?(?:\w+\s+)?"
    r"(?:picture|photo|photograph|image|drawing|painting|portrait|illustration|sketch|icon|sprite|emoji|pattern)"
    r"\s+(?:of|showing)\b"
)
_SKIN = re.compile(r"\b(dark|black|brown|tan|medium|light|white|pale)[\s-]+skin(?:ned)?\b")
_STYLE = re.compile(r"\b(?:pixel[\s-]*art|pixelated|8[\s-]*bit|16[\s-]*bit|clip[\s-]*art|in pixels)\b")

STOP = _set(
    "a an the of with and or in on at by to for from into over under near behind beside my your his her its our their "
    "this that these those is are was be it as some very who which wearing holding has having"
)
BREAKS = _set("with and or in on at by from into over under near behind beside wearing holding has having")
"""Words after which a prompt speaks of something beside its subject."""

_IRREGULAR = {
    "children": "child",
    "dice": "die",
    "feet": "foot",
    "geese": "goose",
    "knives": "knife",
    "leaves": "leaf",
    "lives": "life",
    "loaves": "loaf",
    "men": "man",
    "mice": "mouse",
    "oxen": "ox",
    "people": "person",
    "persons": "person",
    "scarves": "scarf",
    "teeth": "tooth",
    "wives": "wife",
    "women": "woman",
    "cacti": "cactus",
    "fungi": "fungus",
    "octopi": "octopus",
    "firemen": "fireman",
    "snowmen": "snowman",
    "policemen": "policeman",
    "grey": "gray",
    "colour": "color",
    "doughnut": "donut",
    "doughnuts": "donut",
    "yoghurt": "yogurt",
    "aeroplane": "airplane",
    "aeroplanes": "airplane",
}
_SAME = _set("glasses scissors trousers pants jeans shorts tennis chess bus gas yes this news swiss pegasus")


_IE = _set("cookies zombies movies selfies genies smoothies brownies hoodies birdies prairies")
_OE = _set("shoes horseshoes toes canoes")


def plain(text: str) -> str:
    """Lower case, compatibility forms folded, accents removed from Latin letters."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in folded if not unicodedata.combining(c)).replace("\u2019", "'")


def split(text: str) -> list[str]:
    """Words in order; "dog's" is "dog". Letters of any script count; punctuation and emoji do not."""
    if text.isascii() and text.replace(" ", "").isalnum():
        return text.lower().split()
    return [match.group().removesuffix("'s") for match in _WORD.finditer(plain(text))]


def subject(prompt: str) -> list[str]:
    """The words of a prompt without "a picture of", "pixel art" and the like."""
    text = _STYLE.sub(" ", plain(prompt))
    return split(_FRAME.sub(" ", text))


def skin_tone(prompt: str) -> tuple[str, str]:
    """("dark skin" or the like, the prompt without it), or ("", the prompt)."""
    text = plain(prompt)
    found = _SKIN.search(text)
    if found is None:
        return "", prompt
    tone = {"black": "dark", "tan": "medium", "white": "light", "pale": "light"}.get(found[1], found[1])
    return f"{tone} skin", text[: found.start()] + text[found.end() :]


@lru_cache(maxsize=8192)
def singular(word: str) -> str:
    """One form for singular and plural, and for British and American spelling where icons differ."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _SAME or len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-1] if word in _IE else word[:-3] + "y"
    if word.endswith(("lves", "rves")):
        return word[:-3] + "f"
    if word.endswith(("ches", "shes", "sses", "xes", "zzes")):
        return word[:-2]
    if word.endswith("oes") and word not in _OE:
        return word[:-2]
    if word.endswith("uses") and not word.endswith("ouses"):
        return word[:-2]
    return word[:-1]


_AGENT = ("ers", "er", "ors", "or", "ists", "ist")


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A rough verb stem: "surfer", "surfing", "surfed" and "surf" are one. "" where the word is too short for it."""
    for ending in ("ing", "ed", *_AGENT):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsf":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word if len(word) == 3 else ""


def same_act(one: str, other: str) -> bool:
    """Whether two words of one stem name one act or who does it: one of them must be an -ing form."""
    return one.endswith("ing") or other.endswith("ing")
