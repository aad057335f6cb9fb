"""The words of the library: which icons each one names or tags, and what a typed word stands for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from .colors import COLORS
from .library import Icon, further_names, icons
from .words import BREAKS, STOP, plain, same_act, singular, split, stem

TAG, TAG_PART = 0.5, 0.3
"""How much a keyword counts beside a name, and a word of a keyword of several words."""
OTHER_NAME, EMBLEM = 0.03, 0.08
"""Costs: a name that is not the label, a picture of a sign."""
PASSED = frozenset({"face", "head"})
"""Last words that leave a name about the word before them: a cat face is a cat."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One thing an icon is called: its words as written and in one form, and those of them that say what it is (a
    moon cake is a cake, a star of David a star, a running man a man)."""

    words: tuple[str, ...]
    forms: tuple[str, ...]
    heads: frozenset[str]
    cost: float


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Per icon: what it is called and its keywords with their weights. Per word: the icons so named or so tagged."""

    phrases: tuple[tuple[Phrase, ...], ...]
    tags: tuple[dict[str, float], ...]
    named: dict[str, tuple[int, ...]]
    tagged: dict[str, tuple[int, ...]]


def _phrase(text: str, cost: float) -> Phrase:
    words = tuple(word for word in split(text) if word not in STOP) or tuple(split(text))
    return Phrase(words, tuple(singular(word) for word in words), _heads(text), cost)


def _heads(text: str) -> frozenset[str]:
    """The last word before "with", "of", a colon and the like; the one before it too, where the last is PASSED or an
    act."""
    said: list[str] = []
    for word in split(text.partition(":")[0]):
        if said and (word in BREAKS or word == "of"):
            break
        if word not in STOP:
            said.append(singular(word))
    passed = len(said) > 1 and (said[-1] in PASSED or said[-1].endswith("ing"))
    return frozenset(said[-2:] if passed else said[-1:])


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The whole lexicon, built once."""
    phrases: list[tuple[Phrase, ...]] = []
    tags: list[dict[str, float]] = []
    named: dict[str, list[int]] = {}
    tagged: dict[str, list[int]] = {}
    further = further_names()
    for place, icon in enumerate(icons()):
        emblem = EMBLEM if _emblem(icon) else 0.0
        own = [_phrase(icon.name, emblem)]
        own += [_phrase(name, emblem) for name in further.get(icon.id, ())]
        own += [_phrase(name, emblem + OTHER_NAME) for name in icon.names]
        phrases.append(tuple(own))
        for form in {form for phrase in own for form in phrase.forms}:
            named.setdefault(form, []).append(place)
        loose: dict[str, float] = {}
        for tag in icon.tags:
            words = [tag] if tag.isalpha() else [word for word in split(tag) if word not in STOP]
            for word in words:
                form = singular(word)
                loose[form] = max(loose.get(form, 0.0), TAG if len(words) == 1 else TAG_PART)
        tags.append(loose)
        for form in loose:
            tagged.setdefault(form, []).append(place)
    return Lexicon(
        tuple(phrases),
        tuple(tags),
        {form: tuple(places) for form, places in named.items()},
        {form: tuple(places) for form, places in tagged.items()},
    )


@lru_cache(maxsize=1)
def _joined() -> dict[str, tuple[str, ...]]:
    """Two neighbouring words of a name, written as one, to the two: "teddybear"."""
    pairs = (pair for own in lexicon().phrases for phrase in own for pair in pairwise(phrase.forms))
    return {"".join(pair): pair for pair in pairs}


@lru_cache(maxsize=1)
def _stems() -> dict[str, tuple[str, ...]]:
    """Verb stem to the words that have it, asked only for words not found otherwise."""
    found: dict[str, list[str]] = {}
    for form in sorted({*lexicon().named, *lexicon().tagged}):
        if root := stem(form):
            found.setdefault(root, []).append(form)
    return {root: tuple(forms) for root, forms in found.items()}


@lru_cache(maxsize=1)
def emoji() -> dict[str, int]:
    """The character that each icon draws, to the icon's place."""
    return {"".join(chr(int(part, 16)) for part in icon.code.split("-")): n for n, icon in enumerate(icons())}


@lru_cache(maxsize=1)
def whole_names() -> dict[str, int]:
    """Each icon's full name in plain letters, to the icon's place."""
    return {plain(icon.name): place for place, icon in enumerate(icons())}


def _emblem(icon: Icon) -> bool:
    """Signs, buttons, clocks and cards: taken only when nothing else answers as well."""
    return icon.name.endswith((" button", " suit", "playing cards", " sign", "-thirty")) or icon.name.startswith(
        ("keycap", "mahjong")
    )


def label_words() -> frozenset[str]:
    """Every word, in one form, that occurs in an icon's name or other names."""
    return frozenset(lexicon().named)


def _has(form: str) -> bool:
    return form in lexicon().named or form in lexicon().tagged


def forms_of(word: str) -> tuple[str, ...]:
    """The forms in the library that a word as typed stands for; more than one for two words written as one."""
    form = singular(word)
    if _has(form):
        return (form,)
    if _has(word):
        return (word,)
    named = lexicon().named
    apart = _joined().get(form) or _joined().get(word)
    if apart:
        return apart
    same = [other for other in _stems().get(stem(word), ()) if same_act(word, other)]
    if same:
        return (min(same, key=lambda other: (other not in named, len(other), other)),)
    return ()


def known(word: str) -> bool:
    """Whether a single word, as typed, means something here: a name, a keyword or a colour."""
    parts = split(word)
    return bool(parts) and all(part in COLORS or bool(forms_of(part)) for part in parts)


def nearest(word: str, count: int = 3) -> tuple[str, ...]:
    """Words of icon names spelled most like `word`, best first; empty where nothing is near."""
    from difflib import get_close_matches

    parts = split(word)
    if not parts:
        return ()
    text = parts[0]
    pool = [name for name in sorted(label_words() | set(COLORS)) if abs(len(name) - len(text)) <= 2]
    return tuple(get_close_matches(text, pool, n=count, cutoff=0.7))


def join(words: list[str]) -> list[str]:
    """Neighbours written apart where the library writes them as one: "jelly fish", "butter fly"."""
    named, out = lexicon().named, list[str]()
    for word in words:
        both = singular(out[-1] + word) if out else ""
        if out and out[-1] not in STOP and word not in STOP and len(both) > 5 and both in named:
            out[-1] = out[-1] + word
        else:
            out.append(word)
    return out
