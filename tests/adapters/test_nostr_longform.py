"""Summaries as notes, the session's page as an article, and strangers' Markdown in either."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.model import (
    Audience,
    Destination,
    Network,
    Point,
    Post,
    PostKind,
    Summary,
    SummaryDraft,
    SummaryStatus,
    Thread,
)
from bot.domain.posts import (
    ArticlePost,
    Change,
    SessionPost,
    SummaryPost,
    article_post,
    session_post,
    summary_post,
)
from bot.networks.nostr import answers, render
from bot.networks.nostr.deliver import NostrCourier
from bot.networks.nostr.events import MAX_BYTES, Event, parse_json, sign
from bot.networks.nostr.longform import article, tame
from bot.networks.nostr.nip19 import decode_naddr
from bot.networks.nostr.plaintext import CONTENT_BYTES
from bot.networks.nostr.render import Draft, Identity
from bot.networks.nostr.summary_text import evidence_text, made_by, posted_evidence_text
from tests.adapters.nostr_bot import ANN, BOT, RELAY, ListRelay
from tests.adapters.test_nostr_render import CARD, GROUP, NOW, SESSION, US
from tests.fakes import FakeNow

PLACE = Destination(1, 1, Network.NOSTR, BOT.public_key)
ARTICLE_ADDRESS = f"30023:{BOT.public_key}:atl-llm-moats"
CALENDAR_ADDRESS = f"31923:{BOT.public_key}:atl-llm-moats"
POINTS = (
    Point("No moat", "Anyone can train one.", "anyone with a laptop can", "What happened"),
    Point("Small is fast", "Small models move faster."),
)
MARKUP = """# Head
<script>alert(1)</script> <img src=x onerror=a> </div> <!-- gone --> <?php ?>
![pixel](https://spy.test/p.png) and ![ref][1]
nostr:{npub} nostr\\:{npub} &#110;ostr:{npub} @{npub} {npub} #[0] #\\[1]
[run](javascript:alert(1)) [run](javascript\\:a) [run](java&#115;cript:a) [x](data:text/html,hi)
[1]: vbscript:run
"""


def summary(audience: Audience = Audience.PLAIN, **changes: object) -> Summary:
    draft = SummaryDraft(audience, "The **lead**.", "The **lead**.", POINTS, "gpt-9")
    return Summary(5, 7, 2, True, NOW, replace(draft, **changes))  # type: ignore[arg-type]


def posted(audience: Audience = Audience.PLAIN, **changes: object) -> SummaryPost:
    row = summary_post(GROUP, SESSION, summary(audience, **changes), PLACE)
    return SummaryPost.from_json(row.payload)


def tag(draft: Draft | Event, name: str) -> list[str]:
    return [each[1] for each in draft.tags if each[0] == name]


def page(text: str = "## Techie Summary\n\n*Made by gpt-9.*\n\nThe lead.") -> ArticlePost:
    return ArticlePost(CARD, text)


# The note of a summary


def test_a_summarys_note_says_for_whom_how_it_was_made_and_what() -> None:
    draft = render.summary(posted(), US, None)
    *parts, last = draft.content.split("\n\n")
    assert parts == [
        "In plain words: We have no moat\n"
        "Written by gpt-9, an AI model; check it against the reading.",
        "The lead.",
        "1. No moat: Anyone can train one.\n2. Small is fast: Small models move faster.",
        "Reply with “evidence” to see where the reading says it.",
    ]
    said, naddr = last.split(": nostr:")
    assert said == "The session's page, with its summaries"
    assert decode_naddr(naddr).tag_value == ARTICLE_ADDRESS
    assert draft.kind == 1
    assert tag(draft, "a") == [ARTICLE_ADDRESS, CALENDAR_ADDRESS]
    assert tag(draft, "t") == ["ai", "large-models"]


def test_a_summarys_note_stands_under_the_announcement() -> None:
    root = sign(BOT, 1, "LLM moats", [], 1)
    draft = render.summary(posted(), US, root)
    assert draft.tags[0] == ("e", root.id, RELAY, "root", BOT.public_key)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"origin": "extractive"}, "Quoted from the reading (no AI)."),
        (
            {"origin": "imported", "answered_by": "ChatGPT"},
            "From the group's page, by ChatGPT.",
        ),
        ({"origin": "imported", "edited": True}, "From the group's page, edited by the organiser."),
        (
            {"edited": True},
            "Written by gpt-9, an AI model, edited by the organiser; check it against the reading.",
        ),
        (
            {"origin": "extractive", "scope": "Part 1\nof 3"},
            "Quoted from the reading (no AI).\nNot from all of it: Part 1 of 3",
        ),
    ],
)
def test_a_note_names_how_its_summary_was_made(changes: dict[str, object], said: str) -> None:
    head = render.summary(posted(Audience.PLAIN, **changes), US, None).content.split("\n\n")[0]
    assert head == f"In plain words: We have no moat\n{said}"


def test_a_summary_without_points_or_quotes_is_its_body() -> None:
    content = render.summary(posted(points=(), body="All *of* it."), US, None).content
    assert "\n\nAll of it.\n\nThe session's page" in content
    assert "evidence" not in content


def test_a_summary_that_is_too_long_loses_whole_points_and_says_how_many() -> None:
    long = tuple(Point(f"Head {n}", f'"quoted" {n} ' * 90 + "end.") for n in range(100))
    draft = render.summary(posted(points=long), US, None)
    assert len(orjson.dumps(draft.content)) <= CONTENT_BYTES + 2
    lines = draft.content.split("\n")
    kept = [line for line in lines if line.endswith("end.")]
    assert 20 < len(kept) < 100
    assert f"[{100 - len(kept)} more points don't fit in one note.]" in lines
    assert draft.content.endswith(render.summary(posted(points=()), US, None).content[-40:])
    draft = render.summary(posted(points=(POINTS[0], Point("", "x" * 60_000))), US, None)
    assert "1. No moat: Anyone can train one.\n\n[1 more point doesn't fit in one note.]" in (
        draft.content
    )


def test_a_lead_of_any_length_leaves_room_for_points() -> None:
    content = render.summary(posted(lead="Long words. " * 9000), US, None).content
    assert "[Cut here: the rest is too long for one note.]\n\n1. No moat" in content
    assert len(orjson.dumps(content)) <= CONTENT_BYTES + 2


def test_a_strangers_words_in_a_summary_notify_nobody() -> None:
    hostile = f"nostr:{ANN.npub} [here](https://evil.test) @ann #[0]"
    points = (Point(hostile, hostile, hostile, hostile),)
    post = replace(posted(lead=hostile, points=points), title=hostile)
    for text in (
        render.summary(post, replace(US, relays=()), None).content.rpartition("\n\n")[0],
        posted_evidence_text(post),
        answers.summaries_text(SESSION, [summary(lead=hostile, points=points)]),
        render.facts(replace(CARD, readings=((hostile, ""),))),
    ):
        assert ANN.npub not in text
        assert "nostr:" not in text
        assert "#[0]" not in text
        assert "@ann" not in text
        assert "(https://evil.test)" in text


# The article


def test_an_article_has_what_nip_23_says_and_leads_to_the_session() -> None:
    draft = article(page(), US, NOW, None)
    assert draft.kind == 30023
    assert draft.tags == (
        ("d", "atl-llm-moats"),
        ("title", "LLM moats"),
        ("summary", "A memo that leaked (https://news.test/leak)."),
        ("published_at", str(int(NOW.timestamp()))),
        ("t", "ai"),
        ("t", "large-models"),
        ("a", CALENDAR_ADDRESS, RELAY),
    )
    *parts, naddr = draft.content.split("\n\n")
    assert parts == [
        "*Atlanta Reading Group*",
        "- **When:** Wed 2 Dec 2026, 19:00 EST (Thu 00:00 UTC)\n- **Where:** Room 4",
        "## Techie Summary",
        "*Made by gpt-9.*",
        "The lead.",
        "---",
        "Comment with a question, and it goes on the board of the session.",
    ]
    assert decode_naddr(naddr.removeprefix("nostr:")).tag_value == CALENDAR_ADDRESS


def test_an_article_without_a_topic_or_a_place_is_summed_up_by_its_date() -> None:
    bare = replace(CARD, topic="", place="", group_slug="g" * 300)
    draft = article(ArticlePost(bare, "Page."), US, NOW, None)
    assert tag(draft, "summary") == [
        "Atlanta Reading Group, Wed 2 Dec 2026, 19:00 EST (Thu 00:00 UTC)"
    ]
    assert "Where" not in draft.content
    assert draft.content.endswith("of the session.")


def test_the_article_of_a_cancelled_session_says_so_and_asks_for_nothing() -> None:
    draft = article(replace(page(), card=replace(CARD, cancelled=True)), US, NOW, None)
    assert tag(draft, "title") == [f"Cancelled: {CARD.title}"]
    assert "- **Cancelled**\n- **When:**" in draft.content
    assert "Comment with a question" not in draft.content
    assert "Made by gpt-9." in draft.content


def test_an_article_of_any_length_fits_and_says_where_it_was_cut() -> None:
    draft = article(page('A "word".\n\n' * 20_000), US, NOW, None)
    assert len(orjson.dumps(draft.content)) <= CONTENT_BYTES + 20
    assert "*[Cut here: the rest is too long for one article.]*\n\n---\n\nComment" in draft.content


@pytest.mark.parametrize("said", ["1700000000", "yesterday", "٣", None])
def test_a_new_version_keeps_when_the_first_was_published(said: str | None) -> None:
    tags = [] if said is None else [("published_at", said)]
    before = sign(BOT, 30023, "", tags, 1_600_000_000)
    draft = article(page(), US, NOW, before)
    expected = "1700000000" if said == "1700000000" else "1600000000"
    assert tag(draft, "published_at") == [expected]


def test_an_articles_markdown_brings_no_html_no_pictures_and_no_mentions() -> None:
    text = tame(MARKUP.format(npub=ANN.npub))
    assert ANN.npub not in text
    for bad in (
        "<script",
        "</",
        "<img",
        "<!",
        "<?",
        "![",
        "nostr:",
        "nostr\\:",
        "&#",
        "#[",
        "#\\[",
    ):
        assert bad not in text, bad
    for bad in ("javascript:", "javascript\\:", "data:", "vbscript:", "@npub"):
        assert bad not in text, bad
    assert text.startswith("# Head\n")
    assert "[pixel](https://spy.test/p.png)" in text


@pytest.mark.parametrize(
    "text",
    [
        "## Techie Summary\n\n*Made by gpt-9.*\n\n  1. **Head:** a < b, 3 <4 & so on; R&D!",
        "[We](https://medium.com/@ann/no-moat?a=1&b=2) and <https://a.test/@b?x=1> me@a.test",
        "[n](https://njump.me/npub1" + "q" * 58 + ") AT&amp;T `a && b` #1 [x] data and nostr",
        "> quote\n\n\\# no heading\\\nnext",
    ],
)
def test_honest_markdown_stays_as_it_is(text: str) -> None:
    assert tame(text) == text


def test_a_secret_key_is_not_published_even_in_a_link() -> None:
    assert "nsec1…" in tame(f"https://a.test/{BOT.nsec}")
    assert BOT.nsec not in tame(f"x {BOT.nsec} https://a.test/{BOT.nsec}")


@given(st.text(alphabet="<>!/[]()&#;:@\\ \nanostrjv1", max_size=60))
def test_no_markdown_gets_a_tag_or_a_scheme_past(text: str) -> None:
    tamed = tame(text)
    assert not any(f"<{mark}" in tamed for mark in "!/")
    assert "![" not in tamed
    assert "nostr:" not in tamed.replace("https://", "")


# Delivery


@pytest.fixture
def now() -> FakeNow:
    return FakeNow()


@pytest.fixture
def courier(now: FakeNow) -> NostrCourier:
    return NostrCourier(BOT, Identity(BOT.public_key, (RELAY,)), ListRelay().publish, now)


def article_row(text: str = "Page.", version: int = 1) -> Post:
    return article_post(SESSION, page(text), {Audience.PLAIN: version}, PLACE)


def test_summaries_and_articles_become_signed_events(courier: NostrCourier) -> None:
    made = courier.prepare(summary_post(GROUP, SESSION, summary(), PLACE), Thread())
    assert parse_json(made.wire).kind == 1
    made = courier.prepare(article_row(), Thread())
    event = parse_json(made.wire)
    assert event.coordinate == ARTICLE_ADDRESS
    assert len(made.wire) <= MAX_BYTES


def test_a_changed_article_is_the_same_address_dated_later(
    courier: NostrCourier, now: FakeNow
) -> None:
    first = courier.prepare(article_row(), Thread())
    same_second = courier.prepare(article_row("More.", 2), Thread(previous=first.wire))
    now.advance(-timedelta(hours=1))  # and a clock that was set back
    third = courier.prepare(article_row("Most.", 3), Thread(previous=same_second.wire))
    events = [parse_json(each.wire) for each in (first, same_second, third)]
    assert {event.coordinate for event in events} == {ARTICLE_ADDRESS}
    start = events[0].created_at
    assert [event.created_at for event in events] == [start, start + 1, start + 2]
    assert {event.values("published_at")[0] for event in events} == {str(start)}


def test_a_page_and_a_summary_of_the_greatest_size_fit_an_event(courier: NostrCourier) -> None:
    points = tuple(Point("é" * 100, '"\\' * 300, "quote") for _ in range(400))
    for post in (
        article_row('"<b>\\' * 40_000),
        summary_post(GROUP, SESSION, summary(points=points, lead="ü" * 90_000), PLACE),
    ):
        assert len(courier.prepare(post, Thread()).wire) <= MAX_BYTES


@pytest.mark.parametrize("kind", [PostKind.REMINDER, PostKind.NOTICE])
@pytest.mark.parametrize("change", [Change.MOVED, Change.CHANGED])
def test_later_posts_link_the_article_once_it_is_there(
    courier: NostrCourier, kind: PostKind, change: Change
) -> None:
    row = session_post(kind, SESSION, PLACE, SessionPost(CARD, change=change))
    root = courier.prepare(
        session_post(PostKind.ANNOUNCEMENT, SESSION, PLACE, SessionPost(CARD)), Thread()
    )
    without = parse_json(courier.prepare(row, Thread(root.wire)).wire).content
    assert "naddr" not in without
    linked = parse_json(courier.prepare(row, Thread(root.wire, has_article=True)).wire).content
    naddr = linked.split("The session's page, with its summaries: nostr:")[1].split()[0]
    assert decode_naddr(naddr).tag_value == ARTICLE_ADDRESS


def test_a_cancelled_session_leads_to_no_article(courier: NostrCourier) -> None:
    body = SessionPost(CARD, change=Change.CANCELLED)
    root = sign(BOT, 1, "LLM moats", [], 1).to_json()
    row = session_post(PostKind.NOTICE, SESSION, PLACE, body)
    assert "naddr" not in parse_json(courier.prepare(row, Thread(root, None, True)).wire).content


def test_a_page_whose_name_is_too_long_is_not_linked() -> None:
    post = replace(posted(), card=replace(CARD, group_slug="g" * 300))
    assert "naddr" not in render.summary(post, US, None).content
    bare = replace(post, points=())
    assert render.summary(bare, US, None).content.endswith("The lead.")


# Evidence


def test_evidence_shows_each_points_quote_and_section() -> None:
    text = evidence_text(SESSION, [summary(), summary(Audience.TECHIE, origin="extractive")])
    assert text.split("\n\n")[:5] == [
        "LLM moats – where the reading says it",
        "In plain words – written by gpt-9, an AI model; check it against the reading",
        "1. No moat\n“anyone with a laptop can” (What happened)",
        "2. Small is fast\n(no quote was kept)",
        "For techies – quoted from the reading (no AI)",
    ]


def test_a_point_that_is_its_own_quote_stands_once() -> None:
    said = "Anyone can train one. " * 20
    points = (Point("", said.strip(), said, ""), Point("", "Short.", "Other words."))
    text = evidence_text(SESSION, [summary(points=points)])
    assert f"1. “{said.strip()}”" in text
    assert "2. Short.\n“Other words.”" in text


def test_a_summary_without_quotes_says_that_none_were_kept() -> None:
    points = (Point("No moat", "Anyone can train one."),)
    text = evidence_text(SESSION, [summary(origin="imported", points=points)])
    assert text.endswith(
        "In plain words – from the group's page\n\nNo quotes were kept for this summary."
    )


def test_a_draft_is_called_one() -> None:
    draft = summary(status=SummaryStatus.DRAFT)
    said = "a draft that no organiser has approved yet"
    assert f", {said}" in evidence_text(SESSION, [draft])
    lines = answers.summaries_text(SESSION, [draft]).split("\n")
    assert f"{said[0].upper()}{said[1:]}" in lines
    assert said not in answers.summaries_text(SESSION, [summary()]).lower()
    assert made_by(draft.draft) == made_by(summary().draft)


def test_more_evidence_than_a_note_holds_is_counted() -> None:
    points = tuple(Point(f"P{n}", "text", '"quote" ' * 300) for n in range(100))
    text = evidence_text(SESSION, [summary(points=points)])
    assert len(orjson.dumps(text)) <= CONTENT_BYTES + 2
    assert text.endswith("more points don't fit in one note.]")
