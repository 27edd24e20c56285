"""Quotations: what stands in a reading is found however it is set, what was altered never is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.model import Audience, Point
from bot.summarisers.checks import check
from bot.summarisers.quotes import Quotable, squeezed
from bot.summarisers.source import Source
from tests.unit.corpus import drafted, readings

TEXT = """# Heat

The soft\u00adware found a low-rank adap-
tation in the ﬁrst run; it cost $3.5 million — or 41.7% of 1,200 hours. “We can’t
wait,” said Ana (the lead). See [the notes](https://a.example/n) and *the log*.
It fell to -5 degrees.
"""
SOURCES = {name: Source(text) for name, text in readings().items()}
SENTENCES = [
    (name, sentence)
    for name, source in SOURCES.items()
    for sentence in source.sentences
    if len(sentence.split()) > 5
]


@pytest.mark.parametrize(
    "quote",
    [
        "a low-rank adaptation in the first run",
        "The software found a low-rank adap\x02tation",
        "IT COST $3.5 MILLION",
        "41.7 % of 1200 hours",
        "“We can't wait,” said Ana",
        "See the notes and the log.",
        "it cost $3.5 million – or 41.7%",
        "It fell to −5 degrees",
    ],
)
def test_a_quotation_is_found_however_it_is_set(quote: str) -> None:
    assert Source(TEXT).says(quote)


@pytest.mark.parametrize(
    "quote",
    [
        "",
        "…",
        "it cost $35 million",
        "it cost 3.5 million",
        "it cost €3.5 million",
        "41.7 of 1,200 hours",
        "417% of 1,200 hours",
        "it fell to 5 degrees",
        "ware found a low-rank adaptation",
        "a low-rank adapt",
        "We can wait, said Ana",
        "the first run ... 1,200 hours",
    ],
)
def test_an_altered_quotation_is_not_found(quote: str) -> None:
    assert not Source(TEXT).says(quote)


def test_a_quotation_is_looked_for_at_every_place_where_it_might_stand() -> None:
    assert Quotable("unable to run, but able to run far").has("able to run")
    assert not Quotable("unable to run").has("able to run")


def test_a_script_without_spaces_has_boundaries_everywhere() -> None:
    assert Quotable("小さな中継器は誰でも運営できます。").has("中継器は誰でも")
    assert not Quotable("小さな中継器は誰でも運営できます。").has("中継器は誰も")


def test_marks_that_carry_no_value_are_dropped_and_the_others_kept() -> None:
    assert squeezed("Low-rank, “so far” (5 %)!") == "lowranksofar5%"
    assert squeezed("ranges 5-10 and 3/4 and 19:30") == "ranges5−10and3⁄4and19∶30"
    assert squeezed("हिन्दी") == "हिन्दी"


def stands(quote: str, source: Source) -> bool:
    """Said another way than the gate does: word by word, letters and digits only."""

    def plain(text: str) -> str:
        return "".join(filter(str.isalnum, text.casefold()))

    return plain(quote) in plain(source.raw)


@st.composite
def altered(draw: st.DrawFn) -> tuple[str, str]:
    """A reading's name and a sentence of it with one word left out, put in, changed or moved."""
    name, sentence = draw(st.sampled_from(SENTENCES))
    words = sentence.split()
    at = draw(st.integers(1, len(words) - 2))
    match draw(st.sampled_from(["drop", "insert", "replace", "swap", "letter"])):
        case "drop":
            del words[at]
        case "insert":
            words.insert(at, draw(st.sampled_from(["not", "never", "only", "almost", "2"])))
        case "replace":
            words[at] = draw(st.sampled_from(["most", "not", "eleven", "cats", "99"]))
        case "swap":
            words[at], words[at + 1] = words[at + 1], words[at]
        case _:
            words[at] = draw(st.text("bcdfgxz", min_size=1, max_size=3)) + words[at]
    return name, " ".join(words)


@settings(max_examples=500, deadline=None)
@given(altered())
def test_no_altered_quotation_passes(case: tuple[str, str]) -> None:
    name, quote = case
    source = SOURCES[name]
    if stands(quote, source):  # the change changed nothing: two equal words swapped
        return
    draft = drafted(Audience.TECHIE, "A lead about wells.", [Point("Head", "Text.", quote)])
    found = check({Audience.TECHIE: draft}, source)
    assert any(finding.gate == "quote" and finding.severe for finding in found)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SENTENCES), st.randoms())
def test_a_sentence_of_the_reading_passes_with_other_breaks_and_marks(
    case: tuple[str, str], random: object
) -> None:
    name, sentence = case
    reset = re.sub(r" ", "\n  ", sentence.upper() if len(sentence) % 2 else sentence)
    assert SOURCES[name].says(reset.replace("“", '"').replace("’", "'"))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.text(max_size=60))
def test_any_text_can_be_looked_up_in_any_text(text: str, quote: str) -> None:
    source = Source(text)
    assert source.says(quote) or not source.says(quote)
    assert not squeezed(quote) or Quotable(quote).has(quote)
