"""From the words of a prompt to one icon, saying which words were understood, left out or not known."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import PromptError
from .colors import AMBIGUOUS, COLORS, SHADES, SKIN
from .lexicon import emoji, forms_of, join, lexicon, nearest, whole_names
from .library import icons
from .words import BREAKS, STOP, plain, singular, skin_tone, subject

EXACT, FORM = 1.0, 0.95
HEAD, BESIDE, AFTER, COLOR = 1.0, 0.55, 0.4, 0.5
"""Weights: the noun a prompt is about, words beside it, words after "with" or "in", a colour."""
SPARE = 0.12
"""What each word of a name that was not asked for costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a prompt found.

    ``icon_id`` and ``name``: the icon taken. ``known``: words it answers. ``left_out``: words the library knows but
    this icon does not show. ``unknown``: words the library does not know. ``colour``: the colour to paint it, or
    None. ``alternatives``: up to eight other icon ids, best first. ``loose``: known words met by a keyword only, not
    by what the icon is called. ``suggestions``: for each unknown word, words near it.
    """

    icon_id: str
    name: str
    known: tuple[str, ...]
    left_out: tuple[str, ...]
    unknown: tuple[str, ...]
    colour: str | None
    alternatives: tuple[str, ...]
    loose: tuple[str, ...] = ()
    suggestions: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def sentence(self) -> str:
        """One line for a person: the icon, its colour, what was left out and what is not known."""
        text = f"picture from the icon library: {self.name}" + (f", painted {self.colour}" if self.colour else "")
        if self.loose:
            text += f" (by a keyword only: {', '.join(self.loose)})"
        if self.left_out:
            text += f"; left out: {', '.join(self.left_out)}"
        if self.unknown:
            text += f"; not known: {', '.join(self.unknown)}"
        return text


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    form: str
    weight: float
    color: bool


@dataclass(frozen=True, slots=True)
class _Row:
    """One icon's score, the words of the prompt it answers, those it answers by a name, not a mere keyword, and those
    that say what it is."""

    score: float
    place: int
    answered: frozenset[str]
    by_name: frozenset[str]
    as_head: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Reading:
    """A prompt taken apart: its tokens, the colour asked for, words that cannot be honoured."""

    tokens: tuple[_Token, ...]
    colour: str | None
    spare: tuple[str, ...]
    unknown: tuple[str, ...]


def _read(prompt: str) -> _Reading:
    words = join(subject(prompt))
    content = [n for n, word in enumerate(words) if word not in STOP]
    colours: list[str] = []
    unknown: list[str] = []
    taken: list[tuple[str, int, bool]] = []
    segment = 0
    shade = ""
    for n, word in enumerate(words):
        if word in BREAKS and taken:
            segment += 1
        if word in STOP:
            continue
        later = next((words[k] for k in content if k > n), "")
        between = words[n + 1] if n + 1 < len(words) else ""
        if word in SHADES and later in COLORS and between == later:
            shade = word
            continue
        if word in COLORS and not (word in AMBIGUOUS and (not later or between in BREAKS) and forms_of(word)):
            colours.append(f"{shade} {word}".strip())
            taken.append((word, segment, True))
        elif forms_of(word):
            taken.append((word, segment, False))
        elif word not in unknown:
            unknown.append(word)
        shade = ""
    tokens = _weigh(taken)
    return _Reading(
        tokens,
        colours[0] if colours else None,
        tuple(dict.fromkeys(colours[1:])),
        tuple(unknown),
    )


def _weigh(taken: list[tuple[str, int, bool]]) -> tuple[_Token, ...]:
    """Tokens with weights: the head is the last noun-like word of the first stretch that has one."""
    nouns = [n for n, (_, _, color) in enumerate(taken) if not color]
    first = min((taken[n][1] for n in nouns), default=0)
    stretch = [n for n in nouns if taken[n][1] == first]
    head = next((n for n in reversed(stretch) if not taken[n][0].endswith("ing")), stretch[-1] if stretch else -1)
    tokens: dict[str, _Token] = {}
    for n, (word, segment, color) in enumerate(taken):
        weight = COLOR if color else HEAD if n == head else BESIDE if segment == first else AFTER
        for form in forms_of(word) or (singular(word),):
            if form not in tokens or tokens[form].weight < weight:
                tokens[form] = _Token(word, form, weight, color)
    return tuple(tokens.values())


def _score(place: int, tokens: tuple[_Token, ...]) -> _Row:
    """How one icon answers, by the best of the things it is called."""
    tags = lexicon().tags[place]
    asked = {token.form for token in tokens}
    best = _Row(-1.0, place, frozenset(), frozenset())
    for phrase in lexicon().phrases[place]:
        total, answered, by_name, as_head = -phrase.cost, set[str](), set[str](), set[str]()
        spare = sum(form not in asked for form in phrase.forms)
        for token in tokens:
            if token.form in phrase.forms:
                fit = EXACT if token.text in phrase.words else FORM
                total += token.weight * (fit if not (token.color and spare) else SPARE)
                answered.add(token.text)
                by_name.add(token.text)
                if token.form in phrase.heads:
                    as_head.add(token.text)
            elif token.form in tags and not token.color:
                total += token.weight * tags[token.form]
                answered.add(token.text)
        total -= SPARE * min(4, spare)
        if total > best.score + 1e-9:
            best = _Row(total, place, frozenset(answered), frozenset(by_name), frozenset(as_head))
    return best


def _ranked(tokens: tuple[_Token, ...]) -> list[_Row]:
    named, tagged = lexicon().named, lexicon().tagged
    nouns = [token for token in tokens if not token.color] or list(tokens)
    places = {place for token in nouns for place in (*named.get(token.form, ()), *tagged.get(token.form, ()))}
    rows = [_score(place, tokens) for place in places]
    return sorted((row for row in rows if row.score > 0), key=lambda row: (-row.score, row.place))


def _failed(prompt: str, unknown: tuple[str, ...]) -> PromptError:
    near = [word for bad in unknown for word in nearest(bad)]
    shown = prompt.strip()[:80]
    if not unknown:
        return PromptError(f"the prompt '{shown}' names nothing to draw", hint="name a thing, such as 'red mushroom'")
    words = ", ".join(f"'{word}'" for word in unknown[:6])
    hint = f"did you mean {', '.join(dict.fromkeys(near))}?" if near else "name a common thing, or give a photo"
    return PromptError(f"the picture library knows no word of '{shown}': {words}", hint=hint)


def _named(prompt: str) -> int | None:
    """The icon whose character or whole name the prompt is."""
    text = plain(prompt).strip().removeprefix("a ").removeprefix("an ").removeprefix("the ")
    place = whole_names().get(text)
    return place if place is not None or prompt.isascii() else emoji().get(prompt.strip())


def _reading(prompt: str) -> tuple[_Reading, list[_Row]]:
    """The prompt taken apart and every icon that answers something of it, best first. Raises PromptError."""
    direct = _named(prompt)
    reading = _read(prompt if direct is None else icons()[direct].name)
    if direct is not None:
        every = frozenset(token.text for token in reading.tokens)
        others = [row for row in _ranked(reading.tokens) if row.place != direct]
        return reading, [_Row(2.0, direct, every, every, _score(direct, reading.tokens).as_head), *others]
    only_colour = bool(reading.tokens) and all(token.color for token in reading.tokens)
    if not reading.tokens or (only_colour and reading.unknown):
        raise _failed(prompt, reading.unknown)
    ranked = _ranked(reading.tokens)
    if only_colour and not ranked:
        ranked = _ranked(_read(f"{reading.colour} circle").tokens)
    if not ranked:
        raise _failed(prompt, reading.unknown)
    return reading, ranked


def find(prompt: str) -> Match:
    """The icon that answers a prompt best, and what of the prompt it does not answer.

    Raises PromptError (exit 3), naming words near, when no word of the prompt names a thing.
    """
    tone, rest = skin_tone(prompt)
    reading, ranked = _reading(rest)
    icon, answered, by_name = icons()[ranked[0].place], ranked[0].answered, ranked[0].by_name
    colour, spare = reading.colour, reading.spare
    if (
        colour in by_name or _named(rest) is not None
    ):  # "blue heart": the icon is so called; "dark blue heart" is still painted darker
        colour = None
    painted = {colour.split()[-1]} if colour else set()
    known_words = tuple(dict.fromkeys(t.text for t in reading.tokens if t.text in answered | painted))
    left_out = tuple(dict.fromkeys(t.text for t in reading.tokens if t.text not in answered | painted))
    left_out += tuple(s for s in spare if s.split()[-1] not in by_name)
    if tone and icon.skin:
        colour, known_words = tone, (*known_words, tone)
    elif tone:
        left_out += (tone,)
    elif icon.skin and colour:
        colour = SKIN.get(colour, colour)
    return Match(
        icon_id=icon.id,
        name=icon.name,
        known=known_words,
        left_out=tuple(dict.fromkeys(left_out)),
        unknown=reading.unknown,
        colour=colour,
        alternatives=tuple(icons()[row.place].id for row in ranked[1:9]),
        loose=tuple(word for word in known_words if word not in by_name | painted | {tone}),
        suggestions=tuple((word, near) for word in reading.unknown if (near := nearest(word))),
    )


def admissible(prompt: str) -> tuple[str, ...]:
    """Ids of every icon that answers the same words of the prompt as the best one does, best first.

    Where the best icon is so named, the others must be so named too; a mere keyword does not admit an icon then. And
    where a word says what the best icon is, it must say so of the others: a fishing pole is no fish.
    Raises PromptError as ``find`` does.
    """
    _, ranked = _reading(skin_tone(prompt)[1])
    best = ranked[0]
    rows = [row for row in ranked if (row.by_name >= best.by_name if best.by_name else row.answered >= best.answered)]
    rows = [row for row in rows if row.as_head >= best.as_head]
    return tuple(icons()[row.place].id for row in rows)
