"""Where sentences end, and which of them can be quoted alone."""

from __future__ import annotations

import pytest

from bot.summarisers.languages import Language, language_of, terms, word_count
from bot.summarisers.sentences import balanced, can_stand, split, whole

ENGLISH = language_of("the a of and to in is that it for on with as this are be was were not")
NONE = Language("", frozenset(), frozenset())


@pytest.mark.parametrize(
    "sentence",
    [
        "We use e.g. Smith's law, i.e. The law of large numbers, here.",
        "As Fig. 3 and Eq. 4 show, Dr. Pohl and Prof. J. R. Lindqvist agree.",
        "The U.S. Senate met at 3.5 degrees near www.example.org/a.b today.",
        "Smith et al. Report that it works.",
        "He waited... Then he left again.",
        "He waited… and left.",
        "“Why now?” he asked.",
        "The firm Acme Inc. Holdings grew by No. 5 on the list.",
        "1. First we begin.",
        "Version 2.0. is out",
    ],
)
def test_a_stop_inside_does_not_end_the_sentence(sentence: str) -> None:
    assert split(sentence) == [sentence]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It ends. It begins!  Does it? Yes.", ["It ends.", "It begins!", "Does it?", "Yes."]),
        ("“It ends.” She left.", ["“It ends.”", "She left."]),
        (
            "They moved to the U.S. The winter was cold.",
            ["They moved to the U.S.", "The winter was cold."],
        ),
        ("It is I. We came.", ["It is I.", "We came."]),
        ("Say no. Then go.", ["Say no.", "Then go."]),
        ("今天很冷。我们回家！你呢？", ["今天很冷。", "我们回家！", "你呢？"]),
        ("Es kalt, z. B. im Winter. Dann geht es.", ["Es kalt, z. B. im Winter.", "Dann geht es."]),
        ("He saw it. 12 people came.", ["He saw it.", "12 people came."]),
        (". lonely. Stops", [". lonely.", "Stops"]),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, parts: list[str]) -> None:
    assert split(text) == parts


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("a (b [c] “d”) e", True),
        ("a (b", False),
        ("a) b", False),
        ("a “b", False),
        ('a "b" c', True),
        ('a "b', False),
        ("‘a", False),
        ("it’s fine", True),
    ],
)
def test_brackets_and_quotation_marks_need_partners(text: str, good: bool) -> None:
    assert balanced(text) is good


@pytest.mark.parametrize(
    "fragment",
    [
        "Too short to quote.",
        "The sentence that has no stop at its end and goes on",
        "and then it went on without any capital at the start.",
        "A list of many things, of towns, of rivers and of roads.",
        "Figure 3: The farm has been seen from the old crane today.",
        "The code is at https://example.org and it has been read by many.",
        "Ito, K., Meyer, A. have written the book about translation for us.",
        "We thank the many volunteers for their long and patient work.",
        "The loss is \\frac{1}{n} of the sum over all of the samples.",
        "He waited for the train that was late and then he left...",
        "Allows you to override the version with a variable of your own.",
        "The result (which is shown below is not what we had expected.",
        "THE WHOLE SENTENCE IS WRITTEN IN CAPITALS AND IT SHOUTS AT US.",
        "A = 1; b = 2; c = 3; d = 4; is ( ) { } [ ] + - * / % 5 6 7 8.",
        "Word " * 60 + "is.",
        "x" * 500 + ".",
    ],
)
def test_fragments_and_apparatus_cannot_stand(fragment: str) -> None:
    assert not can_stand(fragment, ENGLISH)


def test_verbs_are_asked_for_in_english_only() -> None:
    assert can_stand("Une longue liste de villes et de rivières.", NONE)


def test_sentences_from_the_midst_of_a_speech_are_left_out() -> None:
    text = (
        "“You always start with the bearings here. Every bridge in town moves all day long. I know"
        " it well.” Jonas wrote all of this down at once."
    )
    assert list(whole(text, ENGLISH)) == ["Jonas wrote all of this down at once."]
    straight = (
        'She said: "This is new. Nobody has seen a thing like it. Go." Then we all left the room.'
    )
    assert list(whole(straight, ENGLISH)) == ["Then we all left the room."]


@pytest.mark.parametrize(
    ("sentence", "leans"),
    [
        ("This is why.", True),
        ("However, it works.", True),
        ("It’s late.", True),
        ("For example, a cat.", True),
        ("At least five of them left.", True),
        ("Libraries matter.", False),
        ("", False),
    ],
)
def test_openings_that_point_back_are_known(sentence: str, leans: bool) -> None:
    assert ENGLISH.leans(sentence) is leans


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Der Baum ist in der Stadt und die Leute sind auf dem Weg", "de"),
        ("Le chat est sur la table et il ne veut pas de lait", "fr"),
        ("El gato está en la mesa y no quiere que le den leche", "es"),
        ("O gato está na mesa e não quer que lhe deem leite", "pt"),
        ("Кот сидит на столе", ""),
        ("", ""),
    ],
)
def test_languages_are_told_apart_by_their_common_words(text: str, code: str) -> None:
    assert language_of(text).code == code


def test_words_are_counted_in_scripts_without_spaces() -> None:
    assert word_count("two words — here") == 3
    assert word_count("今天天气很冷。") == 3
    assert word_count("用 Python 写") == 2


def test_terms_meet_across_endings() -> None:
    assert terms("Models modelling the model's", ENGLISH) == ["model", "model", "model"]
    assert terms("今天冷", NONE) == ["今天", "天冷"]
    assert terms("冷 12 x", NONE) == ["冷"]
