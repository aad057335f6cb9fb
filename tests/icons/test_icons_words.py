"""From words to an icon: plurals, synonyms, colours, and honesty about what is not known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixl import icons
from pixl.errors import PixlError, PromptError
from pixl.icons.words import singular


def test_every_concept_is_found_by_its_own_name() -> None:
    for icon_id, name in zip(icons.ids(), icons.names(), strict=True):
        match = icons.find(name)
        assert match.icon_id == icon_id, name
        assert match.unknown == match.left_out == (), name
        assert match.colour is None, name


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("cats", "cat"),
        ("two mice", "mouse"),
        ("wolves", "wolf"),
        ("strawberries", "strawberry"),
        ("houses", "houses"),
        ("some shoes", "running shoe"),
        ("octopuses", "octopus"),
        ("foxes", "fox"),
        ("tomatoes", "tomato"),
        ("geese", "goose"),
        ("teeth", "tooth"),
    ],
)
def test_plurals(prompt: str, name: str) -> None:
    assert icons.find(prompt).name == name


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("car", "automobile"),
        ("plane", "airplane"),
        ("bunny", "rabbit"),
        ("ladybird", "lady beetle"),
        ("ufo", "flying saucer"),
        ("kitty", "cat face"),
        ("toadstool", "mushroom"),
        ("teddybear", "teddy bear"),
        ("jelly fish", "jellyfish"),
        ("surfer", "person surfing"),
        ("running man", "man running"),
        ("a woman with red hair", "woman: red hair"),
        ("glass of wine", "wine glass"),
        ("the king", "person with crown"),
        ("a picture of a cat", "cat"),
        ("pixel art of a dragon", "dragon"),
        ("Draw me a nice picture of a rocket!", "rocket"),
        ("my dog's face", "dog face"),
        ("DOUGHNUT", "doughnut"),
        ("donut", "doughnut"),
        ("🍎", "red apple"),
        ("an orange", "tangerine"),
    ],
)
def test_other_words_for_a_thing(prompt: str, name: str) -> None:
    assert icons.find(prompt).name == name


@pytest.mark.parametrize(
    ("prompt", "name", "colour"),
    [
        ("a blue apple", "red apple", "blue"),
        ("green apple", "green apple", None),
        ("blue heart", "blue heart", None),
        ("dark blue heart", "blue heart", "dark blue"),
        ("teal heart", "red heart", "teal"),
        ("an orange cat", "cat", "orange"),
        ("black cat", "black cat", None),
        ("a cat in pale pink", "cat", "pale pink"),
        ("red dragon", "dragon", "red"),
        ("grey elephant", "elephant", "grey"),
        ("a red mushroom", "mushroom", "red"),
        ("gold star", "star", "gold"),
        ("teal", "white circle", "teal"),
        ("blue", "blue circle", None),
        ("black woman", "woman", "dark skin"),
        ("a girl with brown skin", "girl", "brown skin"),
    ],
)
def test_colour_words(prompt: str, name: str, colour: str | None) -> None:
    match = icons.find(prompt)
    assert (match.name, match.colour) == (name, colour)
    assert match.unknown == match.left_out == ()


def test_a_second_colour_is_left_out_and_said() -> None:
    match = icons.find("a red and blue parrot")
    assert match.colour == "red"
    assert match.left_out == ("blue",)
    assert "left out: blue" in match.sentence()


def test_words_it_does_not_know_are_named_with_words_near_them() -> None:
    match = icons.find("a glorious dragn with a zorblax and a hat")
    assert match.name == "top hat"
    assert match.known == ("hat",)
    assert match.unknown == ("glorious", "dragn", "zorblax")
    assert dict(match.suggestions)["dragn"][0] == "dragon"
    assert "not known: glorious, dragn, zorblax" in match.sentence()


def test_words_it_knows_but_does_not_show_are_named() -> None:
    match = icons.find("a cat with a hat")
    assert match.name == "cat"
    assert match.known == ("cat",)
    assert match.left_out == ("hat",)


def test_a_match_by_keyword_only_says_so() -> None:
    match = icons.find("a knight")
    assert match.loose == ("knight",)
    assert "by a keyword only: knight" in match.sentence()
    assert icons.find("a dragon").loose == ()


@pytest.mark.parametrize(
    "prompt", ["", "   ", "the", "!!!", "zorblax", "blue zorblax", "грибок", "12345678", "a" * 5000]
)
def test_a_prompt_with_no_known_word_is_a_sentence_with_exit_code_3(prompt: str) -> None:
    with pytest.raises(PromptError) as caught:
        icons.find(prompt)
    assert caught.value.exit_code == 3
    assert caught.value.what
    assert caught.value.hint
    assert len(str(caught.value)) < 6000


def test_the_error_names_words_near() -> None:
    with pytest.raises(PromptError, match=r"did you mean .*elephant"):
        icons.find("elefant")


def test_admissible_icons_answer_the_same_words() -> None:
    cats = icons.admissible("a cat")
    assert cats[0] == "cat"
    assert {"cat-face", "black-cat", "grinning-cat"} <= set(cats)
    assert len(cats) >= 5
    assert not {"dog", "tiger", "red-apple"} & set(cats)
    assert icons.admissible("black cat") == ("black-cat",)
    assert icons.admissible("blue apple")[:2] == ("red-apple", "green-apple")


@pytest.mark.parametrize("prompt", ["a cat", "heart", "blue apple", "tree", "car", "fish", "a hat", "knight"])
def test_the_best_icon_is_admissible_first(prompt: str) -> None:
    admissible = icons.admissible(prompt)
    assert admissible[0] == icons.find(prompt).icon_id
    assert len(set(admissible)) == len(admissible)
    assert set(admissible) <= set(icons.ids())


def test_known_and_nearest() -> None:
    assert icons.known("apples")
    assert icons.known("teal")
    assert not icons.known("zorblax")
    assert not icons.known("")
    assert "penguin" in icons.nearest("pinguin")
    assert icons.nearest("") == ()
    assert "apple" in icons.label_words()


@given(st.text(max_size=60))
def test_any_text_is_a_match_or_a_sentence(prompt: str) -> None:
    try:
        match = icons.find(prompt)
    except PixlError as error:
        assert error.exit_code == 3
        assert error.what
        return
    assert match.icon_id in icons.ids()
    assert match.icon_id not in match.alternatives
    assert icons.find(prompt) == match


WORDS = sorted(icons.label_words())


@given(st.lists(st.sampled_from([*WORDS, "blue", "zorblax", "with", "a"]), min_size=1, max_size=5))
def test_every_word_of_a_prompt_is_accounted_for_once(words: list[str]) -> None:
    try:
        match = icons.find(" ".join(words))
    except PromptError:
        assert not set(words) - {"blue", "zorblax", "with", "a"}
        return
    assert ("zorblax" in match.unknown) == ("zorblax" in words)
    assert not set(match.known) & set(match.left_out)
    assert not set(match.unknown) & {*match.known, *match.left_out}
    assert set(match.loose) <= set(match.known)


@given(st.sampled_from(WORDS))
def test_order_and_case_of_an_article_do_not_matter(word: str) -> None:
    assert icons.find(f"A {word.upper()}").icon_id == icons.find(f"the {word}").icon_id


@given(st.sampled_from(WORDS))
def test_one_form_is_stable(word: str) -> None:
    assert singular(singular(word)) == singular(word)
