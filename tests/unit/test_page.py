"""What is read from a session page, and what is refused."""

from __future__ import annotations

import time
from importlib import resources
from pathlib import Path

import pytest

from bot.domain.errors import InvalidPageError
from bot.domain.model import Audience, SessionPage, SummaryDraft
from bot.readings.page import parse_page

ROOT = Path(__file__).parents[2]


@pytest.fixture
def damaged() -> SessionPage:
    return parse_page((Path(__file__).parent / "pages" / "damaged.md").read_bytes(), "damaged.md")


@pytest.fixture
def real_page() -> SessionPage:
    file = ROOT.parent / "shared/samples/are-open-source-ai-models-the-future.md"
    if not file.exists():
        pytest.skip("the samples folder is not beside this repository")
    return parse_page(file.read_bytes(), file.name)


def summary(page: SessionPage, audience: Audience) -> SummaryDraft:
    return next(draft for draft in page.summaries if draft.audience is audience)


def page_of(body: str, front: str = "title: A\ndate: 2024-01-02") -> SessionPage:
    return parse_page(f"---\n{front}\n---\n{body}\n")


def test_real_page_is_read_whole(real_page: SessionPage) -> None:
    assert real_page.title == "Are open source AI models the future?"
    assert real_page.date == "2023-07-05"
    assert real_page.tags == ("ai", "llm")
    assert [reading.url for reading in real_page.readings] == [
        "https://www.semianalysis.com/p/google-we-have-no-moat-and-neither"
        "?utm_source=share&utm_medium=android"
    ]
    assert real_page.readings[0].title == '"We Have No Moat"'
    assert [len(draft.points) for draft in real_page.summaries] == [7, 7]
    techie = summary(real_page, Audience.TECHIE)
    assert techie.points[2].head == "Leak of Meta’s LLaMA Model"
    assert (techie.asked_by, techie.answered_by) == ("Me", "ChatGPT")
    assert techie.prompt == "Can you summarize the keypoints of this article?"
    plain = summary(real_page, Audience.PLAIN)
    assert plain.prompt.startswith("Thanks! This works well")
    assert plain.prompt.endswith("may not be familiar with AI industry jargon?")
    assert "\n" not in plain.prompt
    assert "Published" not in plain.body
    assert "![" not in real_page.topic
    assert len(real_page.notes) == 3


def test_damage_is_mended_and_told(damaged: SessionPage) -> None:
    assert damaged.readings[0].url == (
        "https://example.org/essays/a-node-in-your-pocket-and-what-it-costs"
        "?utm_source=share&utm_medium=web"
    )
    assert damaged.readings[0].title == "A node in your pocket"
    assert len(damaged.readings) == 1
    assert summary(damaged, Audience.TECHIE).points[1].head == "Alice’s Battery"
    assert damaged.notes == (
        "Mended broken characters.",
        "Re-joined 1 link that was broken over two lines.",
        "Left out a heading without text.",
    )


def test_topic_has_neither_picture_nor_wrapped_lines(damaged: SessionPage) -> None:
    first, second = damaged.topic.split("\n\n")
    assert first.startswith("Tonight we talk about an essay, [A node in your pocket](https://")
    assert first.endswith("It asks what a phone can check for itself.")
    assert second.startswith("There is a [follow-up]")


def test_summary_keeps_who_asked_what_and_who_answered(damaged: SessionPage) -> None:
    techie = summary(damaged, Audience.TECHIE)
    assert (techie.asked_by, techie.prompt) == ("Me", "Please sum up the essay.")
    assert (techie.answered_by, techie.origin) == ("ChatGPT", "imported")
    assert techie.lead == "The essay measures a pruned node on three phones."
    assert techie.body == (
        "The essay measures a pruned node on three phones.\n\nKey points include:\n\n"
        "1. **Storage:** A pruned node keeps 2 GB.\n"
        "2. **Alice’s Battery:** Validation costs a tenth of a charge a day.\n"
        "3. **Trust:** The phone asks nobody."
    )
    plain = summary(damaged, Audience.PLAIN)
    assert plain.lead == "Sure, in plain words:\n\nA phone can keep the books by itself."
    assert [point.head for point in plain.points] == ["Little room", "Little power"]


def test_footer_gives_tags_and_nothing_else(damaged: SessionPage) -> None:
    assert damaged.tags == ("nodes", "phones")
    assert damaged.questions == (
        "Who would really run one?",
        "What happens when the phone is lost?",
    )


@pytest.mark.parametrize(
    ("heading", "audience"),
    [
        ("Techie Summary", Audience.TECHIE),
        ("Technical summary", Audience.TECHIE),
        ("Summary", Audience.TECHIE),
        ("TL;DR", Audience.TECHIE),
        ("Non-techie Summary", Audience.PLAIN),
        ("Non-Technical Summary", Audience.PLAIN),
        ("Nontechnical summary", Audience.PLAIN),
        ("Plain summary", Audience.PLAIN),
        ("Summary for everyone", Audience.PLAIN),
        ("A simple summary", Audience.PLAIN),
    ],
)
def test_heading_says_whom_a_summary_is_for(heading: str, audience: Audience) -> None:
    page = page_of(f"# A\n\n### {heading}\n\nIt says much.")
    assert [(draft.audience, draft.body) for draft in page.summaries] == [
        (audience, "It says much.")
    ]


@pytest.mark.parametrize("heading", ["Questions to consider", "Discussion questions", "QUESTIONS:"])
def test_items_under_a_heading_of_questions_are_questions(heading: str) -> None:
    page = page_of(
        f"# A\n\nTopic.\n\n## {heading}\n\nThink of:\n\n1. One?\n2. See `x` [here](http://e.org)?"
    )
    assert page.questions == ("One?", "See `x` here (http://e.org)?")


def test_paragraphs_that_ask_are_questions_where_there_is_no_list() -> None:
    page = page_of("# A\n\n## Questions\n\nHere are some.\n\nIs it so?\n\nWhy?")
    assert page.questions == ("Is it so?", "Why?")


@pytest.mark.parametrize(
    ("front", "body", "tags"),
    [
        ("title: A\ntags: [nostr, 2024, yes]", "", ("nostr", "2024", "yes")),
        ("title: A\ntags: nostr, relays", "", ("nostr", "relays")),
        ("title: A\ntags: '#nostr #relays'", "", ("nostr", "relays")),
        ("title: A", "Tags: #ai #llm", ("ai", "llm")),
        ("title: A", "Tags: ai, llm", ("ai", "llm")),
        (
            "title: A\ntags: [ai]",
            "Tagged [AI](https://e.org/tag/ai/), [llm](../tag/llm)",
            ("ai", "AI", "llm"),
        ),
        ("title: A\ntags: {a: b}", "", ()),
    ],
)
def test_tags_come_from_front_matter_and_footer(front: str, body: str, tags: tuple[str]) -> None:
    assert page_of(f"# A\n\nTopic.\n\n{body}", front).tags == tags


@pytest.mark.parametrize("date", ["9999-99-99", '"9999-99-99"', "soon"])
def test_impossible_date_is_handed_on_as_it_stands(date: str) -> None:
    assert page_of("# A", f"title: A\ndate: {date}").date == date.strip('"')


@pytest.mark.parametrize("date", ["2024-01-02T19:30:00Z", "2024-01-02 19:30", "'2024-01-02 19:30'"])
def test_date_with_an_hour_gives_both(date: str) -> None:
    page = page_of("# A", f"title: A\ndate: {date}")
    assert (page.date, page.time) == ("2024-01-02", "19:30")


def test_unquoted_time_is_no_number_of_base_sixty() -> None:
    page = page_of(
        "# A", "title: 2024\ndate: 2024-01-02\ntime: 19:00\ntz: Europe/Zurich\nlocation: Bar"
    )
    assert (page.title, page.time, page.timezone, page.place) == (
        "2024",
        "19:00",
        "Europe/Zurich",
        "Bar",
    )


def test_page_without_summaries_or_date_says_so() -> None:
    page = parse_page("# A\n\nTopic.")
    assert (page.title, page.topic, page.summaries, page.date) == ("A", "Topic.", (), "")
    assert page.notes == ("No date on the page.", "No summary on the page.")


def test_missing_audience_is_told() -> None:
    page = page_of("# A\n\n## Techie summary\n\n- One.\n\n## Non-techie summary\n")
    assert page.notes == ("No plain summary on the page.",)
    assert summary(page, Audience.TECHIE).body == "1. One."


def test_unknown_part_after_a_summary_is_left_out_and_told() -> None:
    page = page_of(
        "# A\n\n## Agenda\n\nFirst this.\n\n## Summary\n\nText.\n\n### More\n\nStill."
        "\n\n## Beer\n\nLots."
    )
    assert page.topic == "## Agenda\n\nFirst this."
    assert summary(page, Audience.TECHIE).body == "Text.\n\n### More\n\nStill."
    assert "Left out the part “Beer”." in page.notes


def test_second_summary_for_the_same_people_is_left_out_and_told() -> None:
    page = page_of("# A\n\n## Summary\n\nOne.\n\n## Techie summary\n\nTwo.")
    assert summary(page, Audience.TECHIE).body == "One."
    assert "Left out the part “Techie summary”." in page.notes


def test_title_that_sounds_like_a_part_is_still_the_title() -> None:
    page = parse_page("# Questions about summaries\n\nTopic.\n\n## Questions\n\n- Why?")
    assert (page.title, page.topic, page.questions) == (
        "Questions about summaries",
        "Topic.",
        ("Why?",),
    )


def test_html_links_are_taken_and_dangerous_ones_are_not() -> None:
    page = page_of(
        "# A\n\n<!-- more --><script>alert(1)</script> See "
        '<a href="javascript:alert(1)">this</a> and [that](data:text/html,x) or '
        "<a class='x' href='https://e.org/a?b=1&c=2'>the <b>essay</b></a>."
    )
    assert [(r.title, r.url) for r in page.readings] == [("the essay", "https://e.org/a?b=1&c=2")]
    assert "javascript" not in page.topic
    assert "<script>" in page.topic
    assert "Took 1 HTML link as Markdown." in page.notes
    assert "Left out 1 link that leads to no web page." in page.notes


def test_reference_links_are_links() -> None:
    page = page_of(
        "# A\n\nWe read [the essay][1].\n\n## Summary\n\nText.\n\n[1]: https://e.org/essay"
    )
    assert [(r.title, r.url) for r in page.readings] == [("the essay", "https://e.org/essay")]
    assert summary(page, Audience.TECHIE).body == "Text."


def test_link_in_pieces_is_joined_and_a_title_is_no_piece() -> None:
    page = page_of('# A\n\n[a\nb]\n(https://e.org/x_(y)/\nz) and [c](https://e.org/\n"Title")')
    assert page.readings[0].url == "https://e.org/x_(y)/z"
    assert page.readings[0].title == "a b"
    assert page_of("# A\n\n[a\n\nb](https://e.org/)").readings == ()


@pytest.mark.parametrize(
    "data",
    [
        "# A\r\n\r\nZürich’s.\r\n".encode(),
        b"\xef\xbb\xbf" + "# A\n\nZürich’s.\n".encode(),
        "# A\n\nZürich’s.\n".encode("utf-16"),
        "# A\n\nZürich’s.\n".encode("utf-16-le"),
        "# A\n\nZürich’s.\n".encode("utf-16-be"),
        b"\xff\xfe\x00\x00" + "# A\n\nZürich’s.\n".encode("utf-32-le"),
        "# A\n\nZürich’s.\n".encode("cp1252"),
        "# A\n\nZür\x00ich’s.\n".encode(),
        "# A\r\rZürich’s.\r",
        "\ufeff# A\n\nZürich’s.",
    ],
)
def test_encodings_and_line_ends_of_all_sorts_are_read(data: bytes | str) -> None:
    page = parse_page(data)
    assert (page.title, page.topic) == ("A", "Zürich’s.")


@pytest.mark.parametrize(
    "front",
    [
        "title: [unclosed\ndate: 2024-01-02",
        "title: A: B: C",
        "[" * 2000,
        "a: &x [1]\nb: *y",
        "!!python/object/apply:os.system ['true']",
        "x: " + "y" * 70_000,
        "? [a]\n: b",
    ],
)
def test_broken_front_matter_is_left_out_and_told(front: str) -> None:
    page = parse_page(f"---\n{front}\n---\n# Heading\n\nTopic.")
    assert (page.title, page.topic, page.date) == ("Heading", "Topic.", "")
    assert any("front matter" in note for note in page.notes) or front.startswith("?")


def test_front_matter_without_end_is_text() -> None:
    page = parse_page("---\n# Heading\n\nTopic.")
    assert page.title == "Heading"
    assert "The front matter has no end, so it was read as text." in page.notes


def test_aliases_that_multiply_cost_nothing() -> None:
    rows = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    page = page_of("# A", "\n".join([*rows, "tags: *a59", "title: A"]))
    assert (page.title, page.tags) == ("A", ())


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"\x00\x00\x00", "is not text"),
        (bytes(range(256)) * 40, "is not text"),
        (b"%PDF-1.7\nsome text", "is not text"),
        (b"<!doctype html><html><body><h1>A</h1></body></html>", "is an HTML or XML document"),
        (b"<!-- x -->\n<HTML><body># A</body></HTML>", "is an HTML or XML document"),
        (b'{"title": "A"}', "is JSON"),
        (b"[" * 100_000, "is JSON"),
        (b"[1, 2]", "is JSON"),
        (b"Just some words.", "has no title"),
        (b"## Summary\n\nText.", "has no title"),
        (b"x" * (1024 * 1024 + 1), "may have 1 MiB at most"),
        (b"\x07\xf3\x01" * 1_800_000, "may have 1 MiB at most"),
    ],
)
def test_what_is_no_page_is_refused_in_one_sentence(data: bytes, why: str) -> None:
    with pytest.raises(InvalidPageError, match=why) as caught:
        parse_page(data, "tonight.md")
    assert str(caught.value).startswith("“tonight.md” ")
    assert "\n" not in str(caught.value)


def test_bracketed_text_is_no_json() -> None:
    assert parse_page("[Essay](http://e.org)\n\n# A").title == "A"


@pytest.mark.parametrize(
    "piece",
    [
        "[",
        "](",
        "[a](https:",
        "<a href=",
        "<!--",
        "**a:**\n",
        "* ",
        "> ",
        "`",
        "\\",
        "\n1. ",
        "Â€",
        "[a][",
    ],
)
def test_hostile_page_is_read_in_bounded_time(piece: str) -> None:
    data = "# A\n\n" + piece * (10_000 // len(piece))
    started = time.process_time()
    parse_page(data)
    assert time.process_time() - started < 15  # seconds of processor, on a slow machine


@pytest.mark.parametrize("name", ["", "x.md"])
def test_error_names_the_page(name: str) -> None:
    with pytest.raises(InvalidPageError, match=r"^“x.md” is" if name else "^The page is"):
        parse_page(b"", name)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("**ChatGPT:** Text.", ("", "", "ChatGPT", "Text.")),
        ("**ChatGPT**: Text.", ("", "", "ChatGPT", "Text.")),
        ("**Me:** Why?\n\nText.", ("Me", "Why?", "", "Text.")),
        ("**Me:** Why?\n\nHow?\n\n**Bot:**\n\n1. Text.", ("Me", "Why?\n\nHow?", "Bot", "1. Text.")),
        ("Text.\n\n**Note:** More.", ("", "", "", "Text.\n\n**Note:** More.")),
    ],
)
def test_speakers_are_told_apart(source: str, said: tuple[str, ...]) -> None:
    draft = summary(page_of(f"# A\n\n## Summary\n\n{source}"), Audience.TECHIE)
    assert (draft.asked_by, draft.prompt, draft.answered_by, draft.body) == said


def test_words_after_the_points_stay_in_the_body() -> None:
    draft = summary(
        page_of("# A\n\n## Summary\n\nLead.\n\n- **One:** a\n- b\n\n  c\n\nIn short, yes."),
        Audience.TECHIE,
    )
    assert draft.body == "Lead.\n\n1. **One:** a\n2. b\n\n   c\n\nIn short, yes."
    assert [(point.head, point.text) for point in draft.points] == [("One", "a"), ("", "b\n\nc")]


def test_demo_page_keeps_what_it_promises() -> None:
    samples = resources.files("bot") / "samples"
    page = parse_page((samples / "why-small-relays-matter.md").read_bytes())
    assert page.notes == ()
    assert page.tags == ("nostr", "relays")
    assert len(page.readings) == 1
    assert len(page.questions) == 2
    techie, plain = summary(page, Audience.TECHIE), summary(page, Audience.PLAIN)
    assert len(techie.points) == len(plain.points) == 6
    assert 0.45 <= plain.words / techie.words <= 0.55
    assert 900 <= len((samples / "why-small-relays-matter.reading.md").read_text().split()) <= 1400


@pytest.mark.parametrize("said", ["long", "30s", "2d", "9999999999999w"])
def test_a_length_that_no_session_has_is_told(said: str) -> None:
    page = page_of("# A", f"title: A\ndate: 2024-01-02\nduration: {said}")
    assert page.duration is None
    assert any("duration was not taken" in note for note in page.notes)
