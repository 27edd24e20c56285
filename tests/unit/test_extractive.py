"""Both summaries of a reading, from the reading's own sentences."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.domain.errors import SummaryError
from bot.domain.model import Audience, Reading
from bot.readings.extract import read_text_file, sections
from bot.summarisers.extractive import MAX_WORDS, Extractive
from bot.summarisers.languages import language_of
from bot.summarisers.ranking import Graph, diverse, rank
from bot.summarisers.weighing import dropped, ease, section_prior, worth
from bot.summarisers.wording import Heads, abbreviations, expanded, specific
from tests.unit.summary_checks import check

READINGS = Path(__file__).parent / "readings"
NAMES = sorted(path.name for path in READINGS.iterdir())


def sample(name: str) -> Reading:
    return read_text_file((READINGS / name).read_bytes(), name)


def made_of(sentences: int, title: str = "A made text") -> Reading:
    """A text of that many different whole sentences, the same words coming back now and then."""
    words = ("river", "bridge", "garden", "engine", "letter", "window", "market", "harbour")
    lines = [
        f"The {words[at % 8]} of town {chr(97 + at % 26)}{chr(97 + at // 26 % 26)}"
        f"{chr(97 + at // 676 % 26)} was near the {words[at // 3 % 8]}"
        f"{' and people liked it' * (at % 3)}."
        for at in range(sentences)
    ]
    return Reading(title=title, text="\n\n".join(lines))


@pytest.mark.parametrize("name", NAMES)
async def test_both_summaries_of_every_sample_keep_the_rules(name: str) -> None:
    reading = sample(name)
    check(reading, await Extractive(sections).summarise(reading))


@pytest.mark.parametrize("name", NAMES)
async def test_plain_sentences_are_short_and_the_points_stand_in_order(name: str) -> None:
    reading = sample(name)
    drafts = await Extractive(sections).summarise(reading)
    plain = drafts[Audience.PLAIN].points
    assert sum(len(point.text.split()) for point in plain) / len(plain) <= 20
    for draft in drafts.values():
        flat = " ".join(" ".join(part.paragraphs) for part in sections(reading.text))
        places = [flat.index(point.quote) for point in draft.points]
        assert places == sorted(places)


async def test_the_same_reading_gives_the_same_summaries() -> None:
    reading = sample("paper.md")
    first = await Extractive(sections).summarise(reading)
    assert await Extractive(sections).summarise(reading) == first


async def test_neither_references_nor_thanks_nor_appendices_are_quoted() -> None:
    drafts = await Extractive(sections).summarise(sample("paper.md"))
    places = {point.section for draft in drafts.values() for point in draft.points}
    assert places
    assert not places & {"Acknowledgements", "References", "A Training details"}


async def test_plain_readers_get_what_the_text_says_an_abbreviation_stands_for() -> None:
    text = (
        "Low Rank Adaptation (LoRA) was made so that big models could be tuned on small machines by"
        " anybody who has an evening and some patience for the many details of it.\n\n"
        "LoRA is cheap to train. LoRA is easy for us all.\n\nPeople like LoRA for its speed. Small"
        " teams can use LoRA at home.\n\nBig firms did not expect LoRA to be so popular.\n\n"
        "The models became better every week and nobody in the big firms had planned for this to"
        " happen with such speed or at such a low price for us.\n\nWork on LoRA goes on today."
    )
    drafts = await Extractive(sections).summarise(Reading(title="On adapters", text=text))
    texts = [point.text for point in drafts[Audience.PLAIN].points]
    explained = [text for text in texts if "[Low Rank Adaptation]" in text]
    assert len(explained) == 1
    assert explained[0] == next(text for text in texts if "LoRA" in text)
    assert not any("[Low" in point.text for point in drafts[Audience.TECHIE].points)
    assert all("[" not in point.quote for point in drafts[Audience.PLAIN].points)


async def test_sentences_that_lean_on_others_are_avoided_where_there_are_others() -> None:
    leaning = "\n\n".join(f"However, this was the town {chr(97 + at)} of old." for at in range(20))
    reading = made_of(20)
    drafts = await Extractive(sections).summarise(
        Reading("T", text=leaning + "\n\n" + reading.text)
    )
    quotes = [point.quote for draft in drafts.values() for point in draft.points]
    assert not any(quote.startswith("However") for quote in quotes)
    only = await Extractive(sections).summarise(Reading("T", text=leaning))
    assert all(point.quote.startswith("However") for point in only[Audience.TECHIE].points)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not here yet"),
        ("  \n ", "not here yet"),
        ("One whole sentence is all there is here.", "1 whole sentences, and 5"),
        ("# Only\n\n- fragments\n- and lists\n\n```\ncode\n```", "0 whole sentences"),
        ("x" * 1_000_000, "0 whole sentences"),
        ("\n" * 100_000, "not here yet"),
        ("a. " * 300_000, "too little text"),
        ("(" * 300_000 + '"' * 300_000, "too little text"),
        ("He said e.g. " * 50_000, "too little text"),
    ],
)
async def test_too_little_to_quote_is_said_and_nothing_is_made_up(text: str, says: str) -> None:
    with pytest.raises(SummaryError, match=says) as caught:
        await Extractive(sections).summarise(Reading(title="Short", text=text))
    assert caught.value.permanent


@pytest.mark.parametrize("count", [5, 6, 8, 11, 17, 40, 200])
async def test_the_range_is_met_for_texts_of_any_length(count: int) -> None:
    reading = made_of(count)
    check(reading, await Extractive(sections).summarise(reading))


async def test_lists_are_quoted_only_when_there_is_no_other_prose() -> None:
    items = "\n".join("- " + line for line in made_of(12).text.split("\n\n"))
    drafts = await Extractive(sections).summarise(Reading("Items", text="# Items\n\n" + items))
    assert len(drafts[Audience.TECHIE].points) >= 5


async def test_a_very_long_reading_is_cut_and_the_lead_says_so() -> None:
    reading = made_of(9000)
    assert len(reading.text.split()) > MAX_WORDS
    drafts = await Extractive(sections).summarise(reading)
    check(reading, drafts)
    assert "from its first 40,000 words" in drafts[Audience.PLAIN].lead
    table = "# T\n\n" + made_of(30).text + "\n\n```\n" + "x = 1\n" * 80_000 + "```\n"
    mostly_code = await Extractive(sections).summarise(Reading("T", text=table))
    assert "from the first part of a long text" in mostly_code[Audience.PLAIN].lead
    short = await Extractive(sections).summarise(made_of(30))
    assert "first" not in short[Audience.PLAIN].lead


async def test_a_title_with_quotation_marks_and_many_words_keeps_the_lead_short() -> None:
    reading = made_of(30, title="“Quoted” " + "word " * 40)
    lead = (await Extractive(sections).summarise(reading))[Audience.TECHIE].lead
    assert lead.startswith('Quoted from “"Quoted" word')
    assert "…” (no AI): " in lead
    assert len(lead.split()) < 20


async def test_chinese_is_quoted_and_balanced_by_its_characters() -> None:
    topics = ("城市的图书馆", "河边的老桥", "山里的小学", "海上的风车", "村里的水井", "路旁的大树")
    ends = (
        "每天都有很多人来。",
        "已经用了一百年，大家都觉得它很重要，谁也不愿意把它拆掉！",
        "需要更多的钱和时间。",
    )
    text = "\n\n".join(topic + end for topic in topics for end in ends)
    drafts = await Extractive(sections).summarise(Reading(title="小城", text=text))
    techie, plain = drafts[Audience.TECHIE], drafts[Audience.PLAIN]
    assert len(techie.points) >= 5
    assert all(point.quote in text for point in (*techie.points, *plain.points))
    share = sum(len(p.quote) for p in plain.points) / sum(len(p.quote) for p in techie.points)
    assert 0.3 <= share <= 0.65


async def test_the_loop_goes_on_while_a_summary_is_made() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    await Extractive(sections).summarise(made_of(400))
    ticking.cancel()
    assert ticks > 2


def test_the_origin_says_that_nothing_was_written_by_a_model() -> None:
    assert Extractive(sections).origin == "extractive"


def test_the_graph_prefers_what_others_speak_of_and_the_choice_does_not_repeat() -> None:
    graph = Graph([["a", "b"], ["a", "b", "c"], ["a", "b"], ["x", "y"], []])
    scores = rank(graph, [1.0] * 5)
    assert len(graph) == 5
    assert max(scores) == 1.0
    assert min(scores[:3]) > scores[4]
    assert graph.similarity(0, 2) == pytest.approx(1.0)
    assert graph.similarity(1, 1) == 1.0
    assert graph.similarity(0, 3) == 0.0
    assert diverse(graph, [1.0, 0.9, 0.99, 0.5, 0.0], range(5), 2, balance=0.5) == [0, 3]
    assert rank(Graph([]), []) == []


def test_common_terms_connect_nothing_in_a_long_text() -> None:
    graph = Graph([["common", f"t{at // 2}"] for at in range(200)])
    assert all(len(edges) <= 1 for edges in graph.edges)


@pytest.mark.parametrize(
    ("heading", "gone"),
    [
        ("References", True),
        ("7. Acknowledgments", True),
        ("Appendix B: Proofs", True),
        ("Further reading", True),
        ("Introduction", False),
        ("Notes on method", False),
        ("", False),
    ],
)
def test_sections_around_the_text_are_dropped(heading: str, gone: bool) -> None:
    assert dropped(heading) is gone


def test_lettered_sections_after_the_references_are_appendices() -> None:
    assert dropped("B Proofs", after_references=True)
    assert not dropped("B Proofs")


def test_places_and_builds_speak_for_and_against_sentences() -> None:
    assert section_prior("1 Introduction", 0, 9) > section_prior("Chapters", 0, 9) > 1.0
    assert section_prior("Related work", 3, 9) < section_prior("Trees", 3, 9) == 1.0
    good = "Towns that keep their libraries alive open late on at least one evening of every week."
    assert worth(good) > worth(good[:-1] + "?")
    assert worth(good) > worth("In this section we show that " + good)
    assert worth(good) > worth("I think that " + good)
    assert worth(good) > worth("Call make_it() so that " + good)
    easy, hard = "The room is warm and it is free.", "LLMs (2019) require 4.5 optimisations [3]."
    assert ease(easy, {}) > ease(hard, {})
    assert ease("The LLM is free for us all to use.", {"LLM": "x"}) > ease(
        "The LLM is free for us all to use.", {}
    )


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("Use Low Rank Adaptation (LoRA) here.", {"LoRA": "Low Rank Adaptation"}),
        ("LoRA (Low Rank Adaptation) works.", {"LoRA": "Low Rank Adaptation"}),
        ("Large Language Models (LLMs) and LLM.", {"LLM": "Large Language Models"}),
        ("A check in CI (continuous integration).", {"CI": "continuous integration"}),
        ("The World Wide Web (WWW). World (OK).", {"WWW": "World Wide Web"}),
        ("It was (USA) bad. Mara (Jonas) left.", {}),
        ("Ann (AI) artificial. The AI (see Table 3).", {}),
        ("(" * 5000 + "AB" * 5000, {}),
    ],
)
def test_abbreviations_are_taken_from_the_text_alone(text: str, known: dict[str, str]) -> None:
    assert abbreviations(text) == known


def test_an_abbreviation_is_expanded_at_its_first_use_only() -> None:
    already: set[str] = set()
    known = {"CI": "continuous integration", "LLM": "large language model"}
    assert expanded("Run CI.", known, already) == "Run CI [continuous integration]."
    assert expanded("Run CI again.", known, already) == "Run CI again."
    written = "A large language model (LLM) is here."
    assert expanded(written, known, already) == written
    assert already == {"CI", "LLM"}


def test_heads_come_from_the_sentence_or_its_heading() -> None:
    english = language_of("the of and to in is that it")
    heads = Heads(["Solar farms float. Solar farms cool."] * 3, english)
    sentence = "A solar farms plan was made."
    assert heads.head(sentence, "") == "Solar farms"
    assert heads.head(sentence, "", {"solar farms"}) == "Quoted"
    assert heads.head("It was that.", "2. What towns do") == "What towns do"
    assert heads.head("It was that.", "Introduction") == "Quoted"
    assert specific("3.1 A long heading that has far too many words in it") == ""
    assert specific("Why we read?") == "Why we read"
