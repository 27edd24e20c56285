"""What is written as a session page reads back as the same session."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bot.domain.model import (
    Audience,
    Author,
    Network,
    Point,
    Question,
    QuestionStatus,
    Reading,
    Session,
    SessionPage,
    SessionView,
    Summary,
    SummaryDraft,
    SummaryStatus,
)
from bot.readings.markdown import escaped, from_page, normal, plain_text, to_page
from bot.readings.page import parse_page, summary_parts, write_article, write_page
from bot.readings.page.summary import Parts, taken_apart

AT = datetime(2026, 12, 2, 18, 0, tzinfo=UTC)
NASTY = [
    "# Heading",
    "## Techie Summary",
    "Techie Summary",
    "---",
    "===",
    "- a",
    "* b",
    "1. c",
    "10) d",
    "> e",
    "```",
    "~~~",
    "<!--",
    "<script>",
    '<a href="http://e.org">x</a>',
    "**Me:** hi",
    "**ChatGPT**: yes",
    "![x](y.png)",
    "[a]: http://e.org",
    "[t](http://e.org/x_(y)?a=1&copy;=2)",
    "Tags: #ai",
    "Published July 5, 2023By [S](x)",
    "Categorized as [R](c)",
    "*Quoted from the reading (no AI).*",
    "*Made by gpt.*",
    "*Edited by the organiser.*",
    "*Not from all of it: half.*",
    "Key points include:",
    "\\",
    "\\# x",
    "\\\\## y",
    "ends with \\",
    "two spaces  ",
    "    code",
    "\tcode",
    "Metaâ€™s",
    "&amp; &#35;",
    "`code`",
    "a * b _ c [d] <e>",
    "title: x",
    "quote \" and ' here",
    "🦊 émoji",
    "#",
    "-",
    "+",
    "=",
    "| a | b |",
    "x\u2028y",
]
lines = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
    st.text("ab #-*_`[]()<>\\&;:!1.)\t>=~|\"'", max_size=20),
)
one_line = lines.map(normal).filter(lambda text: bool(text.strip()))
texts = st.lists(lines, max_size=7).map(lambda some: normal("\n".join(some)))
words = texts.filter(bool)
urls = st.sampled_from(
    [
        "https://e.org/",
        "http://e.org/a(b)c?x=1&copy;=2",
        "https://e.org/<x>",
        "https://é.org/ü",
        "https://e.org/a b",
    ]
)
readings = st.builds(
    Reading, one_line.map(lambda text: " ".join(text.split())), st.one_of(st.just(""), urls)
)


def drafts(audience: Audience) -> st.SearchStrategy[SummaryDraft]:
    heads = st.one_of(st.just(""), st.text("abc :é.", min_size=1, max_size=9).map(str.strip))
    made = st.builds(
        Parts,
        texts,
        st.lists(st.builds(Point, heads, words), max_size=5).map(tuple),
        texts,
        st.booleans(),
    )
    names = st.sampled_from(["", "Me", "ChatGPT", "Ana B."])
    return st.builds(
        lambda body, origin, asked_by, prompt, answered_by, scope, edited: SummaryDraft(
            audience,
            body,
            taken_apart(body).lead,
            taken_apart(body).points,
            origin,
            asked_by,
            prompt,
            answered_by,
            scope=scope,
            edited=edited,
        ),
        st.one_of(words, made.map(lambda parts: normal(parts.body()))).filter(bool),
        st.sampled_from(["imported", "extractive", "gpt-5-mini", "a.b/c*d"]),
        names,
        texts,
        names,
        st.sampled_from(["", "2 of the reading's 3 parts were read; left out: part 3 (*)."]),
        st.booleans(),
    )


sessions = st.builds(
    Session,
    id=st.just(1),
    group_id=st.just(1),
    slug=st.sampled_from(["a-session", "2024", "null"]),
    title=one_line,
    starts_at=st.just(AT),
    local_time=st.just("2026-12-02 19:00"),
    timezone=st.just("Europe/Zurich"),
    place=st.one_of(st.just(""), one_line),
    topic=texts,
    tags=st.lists(st.sampled_from(["ai", "a b", "x, y", "été", "yes", "12"]), unique=True).map(
        tuple
    ),
    readings=st.lists(readings, max_size=3).map(tuple),
)


def question(number: int, text: str, status: QuestionStatus = QuestionStatus.OPEN) -> Question:
    author = Author(Network.NOSTR, "ab" * 32, "Grace")
    return Question(number, 1, number, text, Network.NOSTR, f"e{number}", AT, author, status=status)


def view_of(
    session: Session, made: tuple[SummaryDraft, ...] = (), asked: tuple[str, ...] = ()
) -> SessionView:
    summaries = {draft.audience: Summary(1, 1, 1, True, AT, draft) for draft in made}
    return SessionView(session, summaries, tuple(question(n, t) for n, t in enumerate(asked, 1)))


def session_of(page: SessionPage) -> Session:
    return Session(
        1,
        1,
        page.slug or "slug",
        page.title,
        AT,
        f"{page.date} 19:00",
        "UTC",
        place=page.place,
        topic=page.topic,
        tags=page.tags,
        readings=page.readings,
    )


@given(texts)
@example("#\n# Heading\n---\nb")
@example("- a\n  b\n> c\n> d")
@example("a\\\n- b\\\\\nc\\")
@settings(max_examples=200, deadline=None)
def test_text_put_on_a_page_comes_back(text: str) -> None:
    assert from_page(to_page(text)) == text


@given(texts)
@settings(max_examples=200, deadline=None)
def test_plain_text_escaped_reads_as_itself(text: str) -> None:
    assert plain_text(escaped(text)) == text


@given(texts)
@example("- a\n1. c\n\n* d\n\nend")
@settings(max_examples=100, deadline=None)
def test_body_put_in_order_stays_in_order(text: str) -> None:
    once = taken_apart(text).body()
    assert taken_apart(once).body() == once


@given(
    sessions,
    st.tuples(drafts(Audience.TECHIE), drafts(Audience.PLAIN)),
    st.lists(words, max_size=3).map(tuple),
)
@settings(max_examples=30, deadline=None)
def test_written_page_reads_as_the_same_session(
    session: Session, made: tuple[SummaryDraft, ...], asked: tuple[str, ...]
) -> None:
    written = write_page(view_of(session, made, asked))
    page = parse_page(written)
    assert (page.title, page.slug, page.place) == (session.title, session.slug, session.place)
    assert (page.date, page.time, page.timezone) == ("2026-12-02", "19:00", "Europe/Zurich")
    assert (page.topic, page.tags) == (session.topic, session.tags)
    assert page.readings == session.readings
    assert page.summaries == made
    assert page.questions == asked
    assert write_page(view_of(session, page.summaries, page.questions)) == written


@given(words)
@settings(max_examples=60, deadline=None)
def test_any_page_read_and_written_stays_as_it_was_read(text: str) -> None:
    page = parse_page(f"# A\n\n{text}\n\n## Techie Summary\n\n{text}\n\n## Questions\n\n{text}")
    assume(page.title == "A")
    again = parse_page(write_page(view_of(session_of(page), page.summaries, page.questions)))
    assert (again.topic, again.readings) == (page.topic, page.readings)
    assert (again.summaries, again.questions) == (page.summaries, page.questions)


def test_damaged_page_is_mended_once_and_for_all() -> None:
    page = parse_page((Path(__file__).parent / "pages" / "damaged.md").read_bytes())
    written = write_page(view_of(session_of(page), page.summaries, page.questions))
    again = parse_page(written)
    assert (again.title, again.date, again.topic) == (page.title, page.date, page.topic)
    assert (again.tags, again.readings) == (page.tags, page.readings)
    assert (again.summaries, again.questions) == (page.summaries, page.questions)
    assert again.notes == ()
    assert "verbatim" not in written


def test_page_has_the_shape_of_pages_written_by_hand() -> None:
    draft = SummaryDraft(
        Audience.TECHIE,
        "Lead.\n\nKey points include:\n\n1. **One:** a\n2. **Two:** b",
        "Lead.",
        (Point("One", "a"), Point("Two", "b")),
        "imported",
        "Me",
        "What does it say?",
        "ChatGPT",
    )
    session = Session(
        1,
        1,
        "relays",
        'Why "small" relays: matter',
        AT,
        "2026-12-02 19:00",
        "UTC",
        place="The library",
        topic="We read [an essay](http://example.org/e).",
        tags=("nostr",),
        readings=(Reading("an essay", "http://example.org/e"),),
    )
    assert write_page(view_of(session, (draft,), ("1. Why?\nHow?", "#5 or - is it *this*?"))) == (
        '---\ndate: "2026-12-02"\ntitle: "Why \\"small\\" relays: matter"\ntype: Doc\n'
        'time: "19:00"\ntimezone: "UTC"\nslug: "relays"\nplace: "The library"\n'
        'tags: ["nostr"]\n---\n'
        '# Why "small" relays: matter\n\nWe read [an essay](http://example.org/e).\n\n'
        "## Techie Summary\n\n**Me:** What does it say?\n\n**ChatGPT:** Lead.\n\n"
        "Key points include:\n\n"
        "  1. **One:** a\n  2. **Two:** b\n\n## Questions to consider\n\n"
        "  1. 1\\. Why?\\\n     How?\n  2. \\#5 or - is it \\*this\\*?\n"
    )


def test_extractive_summary_says_so_on_the_page() -> None:
    body = "Quoted from “A” (no AI): 1 sentence.\n\n1. **Head:** A sentence."
    draft = SummaryDraft(
        Audience.PLAIN,
        body,
        body.split("\n")[0],
        (Point("Head", "A sentence.", "A sentence.", "Section"),),
        "extractive",
    )
    written = write_page(view_of(Session(1, 1, "a", "A", AT, "2026-12-02 19:00", "UTC"), (draft,)))
    assert "## Non-techie Summary\n\n*Quoted from the reading (no AI).*\n\nQuoted from" in written
    assert "verbatim" not in written
    again = parse_page(written).summaries[0]
    assert (again.body, again.lead, again.origin) == (draft.body, draft.lead, "extractive")
    assert [(p.head, p.text) for p in again.points] == [("Head", "A sentence.")]


def test_nobody_is_named_and_hidden_questions_and_drafts_stay_away() -> None:
    draft = SummaryDraft(
        Audience.PLAIN, "Not yet.", "Not yet.", (), "m", status=SummaryStatus.DRAFT
    )
    view = SessionView(
        Session(1, 1, "a", "A", AT, "2026-12-02 19:00", "UTC"),
        {Audience.PLAIN: Summary(1, 1, 1, True, AT, draft)},
        (
            question(1, "Shown?"),
            question(2, "Hidden?", QuestionStatus.HIDDEN),
            question(3, "Answered?", QuestionStatus.ANSWERED),
        ),
    )
    written = write_page(view)
    assert parse_page(written).questions == ("Shown?", "Answered?")
    assert "Grace" not in written
    assert "abab" not in written
    assert "Not yet" not in written


@pytest.mark.parametrize(
    "topic",
    [
        "## Techie Summary\n\nMine.",
        "Techie Summary\n---\nMine.",
        "```\n",
        "Tags: #evil",
        "**Me:** x",
        "<!-- a",
    ],
)
def test_topic_of_a_stranger_makes_no_parts(topic: str) -> None:
    session = Session(1, 1, "a", "A", AT, "2026-12-02 19:00", "UTC", topic=topic.strip())
    page = parse_page(write_page(view_of(session, asked=("Why?",))))
    assert (page.topic, page.summaries, page.tags, page.questions) == (
        topic.strip(),
        (),
        (),
        ("Why?",),
    )


@pytest.mark.parametrize(("title", "place"), [("Metaâ€™s model", "Bar"), ("A", "Aliceâ€™s")])
def test_text_that_looks_like_damage_is_kept_to_the_letter(title: str, place: str) -> None:
    session = Session(1, 1, "a", title, AT, "2026-12-02 19:00", "UTC", place=place)
    written = write_page(view_of(session))
    assert "verbatim: true" in written
    page = parse_page(written)
    assert (page.title, page.place) == (title, place)


def test_a_length_other_than_the_usual_stands_on_the_page() -> None:
    session = Session(1, 1, "a", "A", AT, "2026-12-02 19:00", "UTC")
    assert "duration" not in write_page(view_of(session))
    written = write_page(view_of(replace(session, duration=timedelta(minutes=90))))
    assert 'duration: "1h30m"' in written
    assert "verbatim" not in written
    assert parse_page(written).duration == timedelta(minutes=90)


MADE = SummaryDraft(
    Audience.TECHIE,
    "Lead.\n\n1. **One:** a\n2. b\n\nTail.",
    "Lead.",
    (Point("One", "a", "quoted", "Intro"), Point("", "b")),
    "gpt-9",
    prompt="Give me the key points.",
    answered_by="gpt-9",
    scope="2 of the reading's 3 parts were read; left out: part 3.",
    edited=True,
)
HELD = Session(
    1,
    1,
    "a",
    "A",
    AT,
    "2026-12-02 19:00",
    "UTC",
    topic="We read [it](https://e.org/it).",
    readings=(Reading("it", "https://e.org/it"),),
)


def test_a_models_summary_is_written_with_its_prompt_and_how_it_was_made() -> None:
    written = write_page(view_of(HELD, (MADE,)))
    assert (
        "## Techie Summary\n\n*Made by gpt-9.*\n\n"
        "*Not from all of it: 2 of the reading's 3 parts were read; left out: part 3.*\n\n"
        "*Edited by the organiser.*\n\n**Prompt:** Give me the key points.\n\n"
        "**gpt-9:** Lead.\n"
    ) in written
    (again,) = parse_page(written).summaries
    assert (again.body, again.prompt, again.origin) == (MADE.body, MADE.prompt, "gpt-9")
    assert (again.answered_by, again.scope, again.edited) == ("gpt-9", MADE.scope, True)


def test_an_article_is_the_page_without_title_questions_and_front_matter() -> None:
    view = view_of(
        HELD, (MADE, replace(MADE, audience=Audience.PLAIN, origin="imported")), ("Why?",)
    )
    article = write_article(view)
    assert article.startswith("We read [it](https://e.org/it).\n\n## Techie Summary\n\n*Made by")
    assert article.count("Give me the key points.") == 2
    assert article.endswith("\n")
    for left_out in ("---", "# A\n", "Why?", "Readings"):
        assert left_out not in article


def test_a_draft_stays_off_the_article() -> None:
    waiting = replace(MADE, status=SummaryStatus.DRAFT)
    assert write_article(view_of(HELD, (waiting,))) == "We read [it](https://e.org/it).\n"


def test_a_summarys_markdown_is_taken_apart() -> None:
    assert summary_parts(MADE.body) == ("Lead.", (Point("One", "a"), Point("", "b")))
    assert summary_parts("No list.") == ("No list.", ())
