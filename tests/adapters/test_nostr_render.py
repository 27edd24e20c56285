"""How sessions, answers and strangers' words look on Nostr."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UnknownSessionError
from bot.domain.model import (
    Audience,
    Author,
    Group,
    Network,
    Point,
    Question,
    QuestionStatus,
    Reading,
    Session,
    Summary,
    SummaryDraft,
)
from bot.domain.posts import Change, SessionPost, card_of
from bot.domain.when import until
from bot.networks.nostr import answers, render
from bot.networks.nostr.events import COMMENT, Event, Tag, sign
from bot.networks.nostr.nip19 import decode_naddr
from bot.networks.nostr.plaintext import CONTENT_BYTES, fit, flat, inert, short_when, when
from bot.networks.nostr.render import Identity
from bot.networks.nostr.threads import addresses, replied_to, reply_kind, reply_tags
from tests.adapters.nostr_bot import ANN, BEN, BOT, RELAY

US = Identity(BOT.public_key, (RELAY, "wss://two.test", "wss://three.test"))
NPUB = ANN.npub
STARTS = datetime(2026, 12, 3, 0, 0, tzinfo=UTC)  # Wed 2 Dec, 19:00 in Atlanta
NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
GROUP = Group(1, "atl", "Atlanta Reading Group", "America/New_York", ())
SESSION = Session(
    id=7,
    group_id=1,
    slug="llm-moats",
    title="LLM moats",
    starts_at=STARTS,
    local_time="2026-12-02 19:00",
    timezone="America/New_York",
    place="Room 4",
    topic="A **memo** that [leaked](https://news.test/leak).",
    tags=("ai", "Large Models"),
    readings=(Reading("We have no moat", "https://read.test/moat"),),
)
CARD = card_of(GROUP, SESSION)


def tags_of(draft: render.Draft, name: str) -> list[Tag]:
    return [tag for tag in draft.tags if tag[0] == name]


# Posts of a session


def test_an_announcement_says_when_where_what_and_how() -> None:
    draft = render.announcement(CARD, US)
    assert draft.kind == 1
    *lines, address = draft.content.split("\n\n")
    assert lines == [
        "LLM moats\nAtlanta Reading Group",
        "When: Wed 2 Dec 2026, 19:00 EST (Thu 00:00 UTC)\n"
        "Where: Room 4\n"
        "Reading: We have no moat https://read.test/moat",
        "A memo that leaked (https://news.test/leak).",
        "#ai #large-models",
        "Reply with a question and it goes on the board. "
        "Or mention me with “summary plain”, “summary techie”, “next” or “help”.",
    ]
    named = decode_naddr(address.removeprefix("nostr:"))
    assert named.tag_value == f"31923:{BOT.public_key}:atl-llm-moats"
    assert named.relays == (RELAY, "wss://two.test")
    assert draft.tags == (
        ("t", "ai"),
        ("t", "large-models"),
        ("r", "https://read.test/moat"),
        ("a", f"31923:{BOT.public_key}:atl-llm-moats", RELAY),
    )


def test_several_readings_stand_in_a_list() -> None:
    readings = (("One", "https://a.test"), ("", "https://b.test"), ("Three", ""))
    text = render.facts(replace(CARD, readings=readings, place=""))
    assert text.splitlines()[1:] == [
        "Readings:",
        "• One https://a.test",
        "• https://b.test",
        "• Three",
    ]


def test_a_bare_session_is_announced_without_empty_lines() -> None:
    card = replace(CARD, readings=(), tags=(), topic="", place="")
    content = render.announcement(card, Identity(BOT.public_key, ())).content
    assert "\n\n\n" not in content
    assert len(content.split("\n\n")) == 4


def test_a_name_too_long_for_naddr_is_left_out() -> None:
    card = replace(CARD, group_slug="g" * 300)
    assert "naddr" not in render.announcement(card, US).content


def test_a_calendar_entry_has_what_nip_52_requires() -> None:
    draft = render.calendar_entry(CARD, US)
    assert draft.kind == 31923
    assert draft.content == "A memo that leaked (https://news.test/leak)."
    assert draft.tags == (
        ("d", "atl-llm-moats"),
        ("title", "LLM moats"),
        ("start", "1796256000"),
        ("end", "1796263200"),
        ("D", "20790"),
        ("start_tzid", "America/New_York"),
        ("end_tzid", "America/New_York"),
        ("summary", "A memo that leaked (https://news.test/leak)."),
        ("location", "Room 4"),
        ("t", "ai"),
        ("t", "large-models"),
        ("r", "https://read.test/moat"),
        ("p", BOT.public_key, RELAY, "host"),
    )


def test_a_session_past_midnight_is_on_both_days() -> None:
    card = replace(CARD, starts_at=STARTS - timedelta(hours=1))
    assert tags_of(render.calendar_entry(card, US), "D") == [("D", "20789"), ("D", "20790")]


def test_a_cancelled_session_says_so_in_its_entry() -> None:
    draft = render.calendar_entry(replace(CARD, cancelled=True, topic="", place=""), US)
    assert tags_of(draft, "title") == [("title", "Cancelled: LLM moats")]
    assert tags_of(draft, "summary") == tags_of(draft, "location") == []


def test_a_long_topic_is_shortened_for_the_entrys_summary() -> None:
    draft = render.calendar_entry(replace(CARD, topic="word " * 200), US)
    ((_, summary),) = tags_of(draft, "summary")
    assert len(summary) <= 300
    assert summary.endswith("word…")


ROOT = sign(BOT, 1, "announced", [], 1)


def test_a_reminder_stands_under_its_announcement() -> None:
    post = SessionPost(CARD, offset=timedelta(days=1))
    draft = render.reminder(post, US, STARTS - timedelta(days=1), ROOT)
    assert draft.content.startswith("Tomorrow: LLM moats\n\nWhen: Wed 2 Dec 2026, 19:00 EST")
    assert draft.tags[0] == ("e", ROOT.id, RELAY, "root", BOT.public_key)


def test_a_reminder_without_an_announcement_stands_alone() -> None:
    draft = render.reminder(SessionPost(CARD, offset=timedelta(hours=1)), US, NOW, None)
    assert tags_of(draft, "e") == []
    assert "nostr:naddr1" in draft.content


@pytest.mark.parametrize(
    ("offset", "ahead", "head"),
    [
        (timedelta(days=7), timedelta(days=7), "In 7 days"),
        (timedelta(hours=1), timedelta(minutes=59), "In 1 hour"),
        (timedelta(hours=1), timedelta(minutes=20), "In 20 minutes"),
        (timedelta(seconds=8), timedelta(seconds=8), "In 8 seconds"),
        (timedelta(hours=1), timedelta(seconds=-5), "Now"),
        (None, timedelta(hours=5), "In 5 hours"),
    ],
)
def test_a_reminder_says_how_long_it_really_is(
    offset: timedelta | None, ahead: timedelta, head: str
) -> None:
    draft = render.reminder(SessionPost(CARD, offset=offset), US, STARTS - ahead, None)
    assert draft.content.startswith(f"{head}: LLM moats")


def test_notices_say_what_became_of_a_session() -> None:
    moved = render.notice(
        SessionPost(CARD, change=Change.MOVED, was=STARTS - timedelta(days=7)), US, ROOT
    )
    assert moved.content.startswith("New time: LLM moats\n\nWhen: Wed 2 Dec")
    assert "It was Wed 25 Nov 2026, 19:00 EST" in moved.content
    changed = render.notice(SessionPost(CARD, change=Change.CHANGED), US, None)
    assert changed.content.startswith("Changed: LLM moats\n\nWhen: Wed 2 Dec")
    cancelled = render.notice(SessionPost(CARD, change=Change.CANCELLED), US, ROOT)
    assert cancelled.content.startswith("Cancelled: LLM moats\n\nIt was to be on Wed 2 Dec")
    without = render.notice(SessionPost(CARD, change=Change.MOVED), US, ROOT)
    assert "It was" not in without.content


def test_a_notice_says_what_is_otherwise_now() -> None:
    things = ("place", "readings")
    changed = render.notice(SessionPost(CARD, change=Change.CHANGED, changed=things), US, ROOT)
    head = "Changed: LLM moats\n\nWhat changed: place, readings.\n\nWhen: Wed 2 Dec"
    assert changed.content.startswith(head)
    was = STARTS - timedelta(days=7)
    post = SessionPost(CARD, change=Change.MOVED, was=was, changed=("place",))
    moved = render.notice(post, US, ROOT)
    assert moved.content.endswith(" (Thu 00:00 UTC).\n\nAlso changed: place.")


def test_the_profile_says_that_we_are_a_bot() -> None:
    assert orjson.loads(render.profile("Readalong", "Reads.").content) == {
        "name": "Readalong",
        "about": "Reads.",
        "bot": True,
    }
    assert "picture" in render.profile("R", "", "https://pic.test/a.png").content


def test_the_relay_list_names_each_relay() -> None:
    assert render.relay_list(["wss://a.test"]).tags == (("r", "wss://a.test"),)


# Answers


def question(number: int, text: str = "Why?", **changes: object) -> Question:
    plain = Question(number, 7, number, text, Network.NOSTR, f"s{number}", NOW)
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_next_tells_the_facts() -> None:
    text = answers.session_text(GROUP, SESSION)
    assert text.startswith("LLM moats\n\nWhen: Wed 2 Dec")
    assert text.endswith("A memo that leaked (https://news.test/leak).")


def test_sessions_lists_ahead_and_earlier() -> None:
    past = replace(SESSION, slug="old", title="Old", starts_at=NOW - timedelta(days=30))
    assert answers.sessions_text([SESSION, past], NOW) == (
        "Coming up\n• Wed 2 Dec, 19:00 EST: LLM moats [llm-moats]\n\n"
        "Earlier\n• Sun 1 Nov, 07:00 EST: Old [old]"
    )
    older = replace(past, starts_at=NOW - timedelta(days=300))
    assert answers.sessions_text([older], NOW).startswith("Earlier\n• Wed 4 Feb 2026, ")
    assert answers.sessions_text([], NOW).startswith("No session is planned")


def test_the_board_names_nobody_from_a_closed_server() -> None:
    shown = [
        question(1, author=Author(Network.NOSTR, ANN.public_key), votes=2),
        question(2, "How?", author=Author(Network.DISCORD, "5", "Dee"), votes=1),
        question(3, "What?", author=Author(Network.DISCORD, "6")),
        question(4, "Who?", status=QuestionStatus.ANSWERED),
        question(5, "Hidden?", status=QuestionStatus.HIDDEN),
        question(6, "When?", network=Network.LOCAL),
    ]
    assert answers.board_text(SESSION, shown).split("\n\n") == [
        "Questions for “LLM moats” (Wed 2 Dec, 19:00 EST)",
        f"1. Why? ({NPUB[:9]}…{NPUB[-4:]}, 2 votes)",
        "2. How? (from Discord, 1 vote)",
        "3. What? (from Discord)",
        "4. Who? (anonymous, answered)",
        "6. When? (from the organisers)",
    ]


def test_an_empty_board_says_how_to_fill_it() -> None:
    assert "None yet" in answers.board_text(SESSION, [question(1, status=QuestionStatus.HIDDEN)])


def test_a_long_board_shows_whole_questions_and_counts_the_rest() -> None:
    text = answers.board_text(SESSION, [question(n, "x" * 1000) for n in range(1, 201)])
    assert len(orjson.dumps(text)) < CONTENT_BYTES
    assert text.endswith("… and 173 more.")


def test_an_accepted_question_is_told_its_number_and_session() -> None:
    author = Author(Network.NOSTR, ANN.public_key)
    text = answers.accepted_text(question(3, author=author), SESSION)
    assert text == "Question 3 for “LLM moats” (Wed 2 Dec, 19:00 EST)."
    anonymous = answers.accepted_text(question(3), SESSION)
    assert "your own note stays public" in anonymous


def summary(**changes: object) -> Summary:
    draft = SummaryDraft(
        Audience.TECHIE,
        body="Body **here**.",
        lead="The lead.",
        points=(Point("Moats", "They dry up."), Point("", "Bare."), Point("They", "They win.")),
        origin="extractive",
    )
    return Summary(1, 7, 1, True, NOW, replace(draft, **changes))  # type: ignore[arg-type]


def test_the_readings_address_is_said_once() -> None:
    topic = "We read [a memo](https://read.test/moat) and [the news](https://news.test/leak)."
    session = replace(SESSION, topic=topic)
    for text in (
        render.announcement(card_of(GROUP, session), US).content,
        answers.session_text(GROUP, session),
    ):
        assert text.count("https://read.test/moat") == 1
        assert "We read a memo and the news (https://news.test/leak)." in text
    entry = render.calendar_entry(card_of(GROUP, session), US)
    assert "a memo (https://read.test/moat)" in entry.content, "there it stands nowhere else"


def test_a_summary_has_its_lead_and_numbered_points() -> None:
    assert answers.summaries_text(SESSION, [summary()]).split("\n\n") == [
        "LLM moats – Wed 2 Dec 2026, 19:00 EST (Thu 00:00 UTC)",
        "For techies – quoted from the reading (no AI)",
        "The lead.",
        "1. Moats: They dry up.\n2. Bare.\n3. They win.",
    ]


def test_a_lead_that_says_where_the_points_are_from_is_enough() -> None:
    lead = "Quoted from “No moat” (no AI): 3 sentences."
    text = answers.summaries_text(SESSION, [summary(lead=lead)])
    assert f"\n\nFor techies\n\n{lead}\n\n1. " in text
    assert text.count("no AI") == 1


def test_a_summary_says_who_wrote_it() -> None:
    plain = {"audience": Audience.PLAIN, "points": ()}
    imported = answers.summaries_text(SESSION, [summary(**plain, origin="imported")])
    assert "In plain words – from the group's page\n\nBody here." in imported
    answered = summary(origin="imported", answered_by="GPT-4")
    assert "– from the group's page, by GPT-4\n" in answers.summaries_text(SESSION, [answered])
    model = summary(origin="gpt-5-mini")
    assert "gpt-5-mini, an AI model" in answers.summaries_text(SESSION, [model])


def test_a_refusal_repeats_a_name_inertly() -> None:
    text = answers.refusal_text(UnknownSessionError("nostr:" + NPUB))
    assert "nostr:" not in text
    assert NPUB not in text


# Plain text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"see nostr:{NPUB}!", f"see {NPUB[:9]}…{NPUB[-4:]}!"),
        (f"{NPUB}", f"{NPUB[:9]}…{NPUB[-4:]}"),
        (f"nostr:nostr:{NPUB}", f"nostr\u200b:{NPUB[:9]}…{NPUB[-4:]}"),
        ("nosnostr:tr:x", "nosnostr\u200b:tr:x"),
        (BOT.nsec, "nsec1…"),
        ("hey @everyone and @here", "hey @\u200beveryone and @\u200bhere"),
        ("me@mail.test", "me@mail.test"),
        ("#[0] first", "#\u200b[0] first"),
        ("[free](https://evil.test/x)", "free (https://evil.test/x)"),
        ("[https://good.test](https://evil.test)", "https://good.test (https://evil.test)"),
        ("![](https://evil.test/a.png)", "https://evil.test/a.png"),
        ("[x](javascript:alert(1))", "[x](javascript\u200b:alert(1))"),
        ("abc\u202edef\u2066", "abcdef"),
        ("a\tb\x07", "a b"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("'; DROP TABLE questions; --", "'; DROP TABLE questions; --"),
        ("```\n@everyone", "```\n@\u200beveryone"),
    ],
)
def test_a_strangers_words_are_inert(said: str, shown: str) -> None:
    assert inert(said) == shown


@given(st.text(max_size=200), st.sampled_from(["nostr:", "#[0]", "nostr:" + NPUB, "@a"]))
def test_nothing_makes_a_stranger_live_again(text: str, hostile: str) -> None:
    shown = inert(f"{hostile}{text}{hostile}")
    assert "nostr:" not in shown.lower()
    assert NPUB not in shown
    assert "#[0]" not in shown


@pytest.mark.parametrize("piece", ["[", "[](", "[](a ", "**", "nostr:", "@", "#[", "_a ", "npub1"])
def test_hostile_text_takes_no_time(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    for work in (inert, flat):
        before = time.process_time()
        work(text)
        assert time.process_time() - before < 2


def test_markdown_is_flattened() -> None:
    markdown = "# Head\n\n\n\n* one\n- _two_ `code`\n\n***x*** https://a.test/_b_c_ snake_case_name"
    assert flat(markdown) == (
        "Head\n\n• one\n• two `code`\n\nx https://a.test/_b_c_ snake_case_name"
    )


def test_what_is_too_long_is_cut_at_sense_and_says_so() -> None:
    assert fit("short") == "short"
    cut = fit("One sentence here. " * 10_000)
    assert len(orjson.dumps(cut)) <= CONTENT_BYTES
    assert cut.endswith("sentence here.\n\n[Cut here: the rest is too long for one note.]")
    assert "paragraph\n\n[Cut" in fit("a paragraph\n\n" * 10_000)
    assert len(orjson.dumps(fit("\x01" * 100_000))) <= CONTENT_BYTES


def test_times_are_told_for_the_place_and_for_everybody() -> None:
    assert when(STARTS, "America/New_York") == "Wed 2 Dec 2026, 19:00 EST (Thu 00:00 UTC)"
    assert when(STARTS, "Europe/Berlin") == "Thu 3 Dec 2026, 01:00 CET (00:00 UTC)"
    assert when(STARTS, "UTC") == "Thu 3 Dec 2026, 00:00 UTC"
    assert when(STARTS, "America/Sao_Paulo", year=False).startswith("Wed 2 Dec, 21:00 UTC-03")
    assert short_when(STARTS, "America/New_York") == "Wed 2 Dec, 19:00 EST"


def test_spans_are_rounded() -> None:
    spans = {0: "now", 1: "in 1 second", 100: "in 2 minutes", 86_400: "in 24 hours"}
    assert {seconds: until(timedelta(seconds=seconds)) for seconds in spans} == spans
    assert until(timedelta(days=2)) == "in 2 days"


# Threads


def note(*tags: Tag, kind: int = 1) -> Event:
    return sign(ANN, kind, "x", tags, 5)


ID = "a" * 64
OTHER = "b" * 64


def test_a_reply_to_a_note_has_it_as_its_root() -> None:
    parent = note(("p", BOT.public_key), ("p", BEN.public_key), ("p", BEN.public_key), ("p", "x"))
    assert reply_tags(parent, BOT.public_key, RELAY) == (
        ("e", parent.id, RELAY, "root", ANN.public_key),
        ("p", ANN.public_key),
        ("p", BEN.public_key),
    )


@pytest.mark.parametrize(
    ("tags", "root"),
    [
        ([("e", ID, "wss://r.test", "root", OTHER)], ("e", ID, "wss://r.test", "root", OTHER)),
        ([("e", ID, "javascript:x", "root", "no key")], ("e", ID, "", "root")),
        ([("e", ID)], ("e", ID, "", "root")),
        ([("e", ID), ("e", OTHER)], ("e", ID, "", "root")),
        ([("e", OTHER, "", "mention"), ("e", ID, "", "root")], ("e", ID, "", "root")),
        ([("e", ID, "", "reply")], ("e", ID, "", "root")),
    ],
)
def test_a_reply_to_a_reply_keeps_the_root(tags: list[Tag], root: Tag) -> None:
    parent = note(*tags)
    assert reply_tags(parent, BOT.public_key, RELAY)[:2] == (
        root,
        ("e", parent.id, RELAY, "reply", ANN.public_key),
    )


def test_tags_that_name_no_event_are_ignored() -> None:
    parent = note(("e",), ("e", "zz"), ("e", OTHER, "", "mention"))
    assert reply_tags(parent, BOT.public_key)[0][3] == "root"
    assert replied_to(parent) == ()


def test_no_more_than_ten_people_are_named() -> None:
    parent = note(*[("p", f"{number:064x}") for number in range(40)])
    people = [tag for tag in reply_tags(parent, BOT.public_key) if tag[0] == "p"]
    assert len(people) == 10


def test_a_comment_that_names_no_root_is_its_own() -> None:
    parent = note(("A", "x" * 900), ("K", "1"), kind=COMMENT)
    assert reply_kind(parent) == COMMENT
    assert reply_tags(parent, BOT.public_key, RELAY) == (
        ("E", parent.id, RELAY, ANN.public_key),
        ("K", "1111"),
        ("P", ANN.public_key),
        ("e", parent.id, RELAY, ANN.public_key),
        ("k", "1111"),
        ("p", ANN.public_key),
    )


def test_what_an_event_answers_comes_parent_first() -> None:
    assert replied_to(note(("e", ID, "", "root"), ("e", OTHER, "", "reply"))) == (OTHER, ID)
    assert replied_to(note(("e", ID), ("e", OTHER))) == (OTHER, ID)
    comment = note(("E", ID, ""), ("e", OTHER, "", BEN.public_key), kind=COMMENT)
    assert replied_to(comment) == (OTHER, ID)
    assert addresses(note(("A", "1"), ("a", "2"), ("a", "1"))) == ("2", "1")
