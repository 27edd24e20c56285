"""How sessions, summaries and boards look on Discord, at every length within its limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from bot.domain.model import (
    Audience,
    Author,
    Finding,
    Group,
    Holdings,
    Network,
    Point,
    Question,
    QuestionStatus,
    Reading,
    RsvpAnswer,
    Rsvps,
    Session,
    SessionStatus,
    SessionView,
    Suggestion,
    Summary,
    SummaryDraft,
    SummaryStatus,
    Usage,
)
from bot.domain.posts import Change, SessionPost, SummaryPost, card_of
from bot.networks.discord import render
from bot.networks.discord.render import Message
from bot.services.proposals import Proposal
from tests.discord_limits import check
from tests.unit.test_discord_text import as_shown

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
    status=SessionStatus.ANNOUNCED,
)
CARD = card_of(GROUP, SESSION)
POINT = Point("No moat", "The memo says that there is none.")
HUGE = "Wörter 👍🏽 *und* `Zeichen` <@1>. " * 700


def draft(audience: Audience = Audience.TECHIE, **fields: object) -> SummaryDraft:
    made = SummaryDraft(audience, "body", "A lead.", (POINT,), "extractive")
    return replace(made, **fields)  # type: ignore[arg-type]  # the fields of a test, by name


def stored(made: SummaryDraft) -> Summary:
    return Summary(1, 7, 1, True, NOW, made)


def question(number: int, text: str = "Why?", **fields: object) -> Question:
    made = Question(number, 7, number, text, Network.DISCORD, f"s{number}", NOW)
    return replace(made, **fields)  # type: ignore[arg-type]  # the fields of a test, by name


def name(author: Author) -> str:
    return author.name or author.address[:8]


def text_of(message: Message) -> str:
    parts = [message.content]
    for embed in message.embeds:
        parts += [embed.author.name or "", embed.title or "", embed.description or ""]
        parts += [f"{field.name}\n{field.value}" for field in embed.fields]
        parts.append(embed.footer.text or "")
    return "\n".join(parts)


def labels(message: Message) -> list[list[str]]:
    return [[button.label for button in row] for row in message.rows]


def ids(message: Message) -> list[str]:
    return [button.custom_id for row in message.rows for button in row]


def board(questions: Sequence[Question], **options: object) -> Message:
    asked = {"page": 0, "voted": set(), "organiser": False, "shared": False, "names": name}
    made = render.board(SESSION, questions, **(asked | options))  # type: ignore[arg-type]
    check(made)
    return made


class TestAnnouncement:
    def test_it_says_what_when_where_and_who(self) -> None:
        message = render.announcement(CARD, 7, Rsvps(5, 2, 1), "ref abc")
        check(message)
        at = int(STARTS.timestamp())
        text = text_of(message)
        assert message.embeds[0].title == "LLM moats"
        assert f"<t:{at}:F> (<t:{at}:R>)" in text
        assert "📍 Room 4" in text
        assert "[We have no moat](https://read.test/moat) (read.test)" in text
        assert "A **memo** that [leaked](https://news.test/leak) (news.test)." in text
        assert "#ai #large-models" in text
        assert "Going 5 · Maybe 2 · Can't 1" in text
        assert text.endswith("Atlanta Reading Group · ref abc")

    def test_its_buttons_carry_what_they_are_for(self) -> None:
        message = render.announcement(CARD, 7, Rsvps())
        assert labels(message) == [
            ["Going", "Maybe", "Can't"],
            ["Techie summary", "Plain summary", "Ask a question"],
        ]
        assert ids(message) == [
            "ra:rsvp:7:yes",
            "ra:rsvp:7:maybe",
            "ra:rsvp:7:no",
            "ra:summary:7:techie",
            "ra:summary:7:plain",
            "ra:ask:7",
        ]

    def test_a_cancelled_one_is_struck_and_only_the_summaries_are_left(self) -> None:
        message = render.announcement(replace(CARD, cancelled=True), 7, Rsvps(5, 0, 0))
        check(message)
        assert message.embeds[0].title == "~~LLM moats~~"
        assert "Cancelled." in text_of(message)
        assert "Going" not in text_of(message)
        assert labels(message) == [["Techie summary", "Plain summary"]]

    def test_after_the_meeting_nobody_is_asked_to_come(self) -> None:
        message = render.announcement(CARD, 7, Rsvps(5, 0, 0), over=True)
        assert labels(message) == [["Techie summary", "Plain summary"]]
        assert "Going 5" in text_of(message)

    def test_a_voice_channel_stays_one_to_click(self) -> None:
        message = render.announcement(replace(CARD, place="<#123>"), 7, Rsvps())
        assert "📍 <#123>" in text_of(message)

    def test_a_place_mentions_nobody(self) -> None:
        text = text_of(render.announcement(replace(CARD, place="<@&5> @everyone"), 7, Rsvps()))
        assert "<@&5>" not in text
        assert "@everyone" not in text

    def test_a_long_topic_goes_on_in_further_embeds(self) -> None:
        topic = " ".join(f"word{n}" for n in range(600))
        message = render.announcement(replace(CARD, topic=topic), 7, Rsvps())
        check(message)
        assert len(message.embeds) == 2
        assert "word0 " in text_of(message)
        assert text_of(message).rstrip().count("word599") == 1

    def test_a_topic_over_the_limit_says_that_there_is_more(self) -> None:
        message = render.announcement(replace(CARD, topic=HUGE), 7, Rsvps())
        check(message)
        assert "the session page has the rest" in text_of(message)

    def test_a_bare_session_is_still_announced(self) -> None:
        card = replace(CARD, place="", topic="", tags=(), readings=())
        message = render.announcement(card, 7, Rsvps())
        check(message)
        assert "📍" not in text_of(message)

    def test_many_readings_are_counted(self) -> None:
        many = tuple((f"Reading {n} " + "x" * 100, f"https://a.test/{n}") for n in range(60))
        message = render.announcement(replace(CARD, readings=many), 7, Rsvps())
        check(message)
        assert "… and " in text_of(message)


class TestDetails:
    def test_a_session_looked_up_says_how_many_questions_it_has(self) -> None:
        message = render.session_embed(CARD, 7, Rsvps(), questions=1)
        check(message)
        assert "1 question on the board" in text_of(message)
        assert len(message.rows) == 2

    def test_a_planned_one_cannot_be_answered(self) -> None:
        message = render.session_embed(CARD, 7, Rsvps(), planned=True)
        assert "Not announced yet" in text_of(message)
        assert labels(message) == [["Techie summary", "Plain summary"]]

    def test_the_list_is_by_time_with_names_for_commands(self) -> None:
        past = replace(SESSION, id=1, slug="old", title="Old", starts_at=NOW - timedelta(days=9))
        off = replace(SESSION, id=2, slug="off", title="Off", status=SessionStatus.CANCELLED)
        planned = replace(SESSION, id=3, slug="plan", title="Plan", status=SessionStatus.PLANNED)
        members = text_of(render.sessions_list([SESSION, past], NOW, organiser=False))
        assert members.index("**LLM moats** `llm-moats`") < members.index("**Old** `old`")
        assert members.index("Coming up") < members.index("Earlier")
        organisers = text_of(render.sessions_list([off, planned], NOW, organiser=True))
        assert "~~Off~~** `off` · cancelled" in organisers
        later = replace(planned, slug="later", starts_at=STARTS + timedelta(days=1))
        latest_first = text_of(render.sessions_list([later, planned], NOW, organiser=True))
        assert latest_first.index("`plan`") < latest_first.index("`later`")
        assert "`plan` · not announced" in organisers

    @pytest.mark.parametrize("organiser", [True, False])
    def test_no_session_says_what_will_come(self, organiser: bool) -> None:
        message = render.sessions_list([], NOW, organiser=organiser)
        check(message)
        assert ("/session add" in message.content) is organiser

    def test_hundreds_of_sessions_are_counted(self) -> None:
        many = [replace(SESSION, id=n, slug=f"s{n}", title="t" * 150) for n in range(300)]
        message = render.sessions_list(many, NOW, organiser=True)
        check(message)
        assert "more." in text_of(message)

    def test_an_answer_says_how_many_come(self) -> None:
        message = render.rsvp_answer("LLM *moats*", Rsvps(5, 2, 1), RsvpAnswer.NO)
        check(message)
        assert message.content == "You can't come to “LLM \\*moats\\*”. Going 5 · Maybe 2 · Can't 1"


class TestLaterPosts:
    @pytest.mark.parametrize(
        ("ahead", "head"),
        [
            (timedelta(days=7), "In 7 days"),
            (timedelta(days=1), "Tomorrow"),
            (timedelta(hours=1), "In 1 hour"),
            (timedelta(minutes=45), "In 45 minutes"),
            (timedelta(seconds=61), "In 61 seconds"),
            (timedelta(seconds=5), "In 5 seconds"),
            (timedelta(0), "Now"),
        ],
    )
    def test_a_reminder_says_how_long_it_is_until_then(self, ahead: timedelta, head: str) -> None:
        post = SessionPost(CARD, offset=ahead)
        message = render.reminder(post, 7, STARTS - ahead + timedelta(seconds=0), "ref abc")
        check(message)
        assert message.embeds[0].title == f"{head}: LLM moats"
        assert "ra:rsvp:7:yes" in ids(message)
        assert text_of(message).endswith("· ref abc")

    def test_a_late_reminder_says_what_is_true(self) -> None:
        post = SessionPost(CARD, offset=timedelta(days=1))
        message = render.reminder(post, 7, STARTS - timedelta(hours=3))
        assert message.embeds[0].title == "In 3 hours: LLM moats"

    def test_a_notice_tells_the_change(self) -> None:
        was = STARTS - timedelta(days=1)
        moved = render.notice(SessionPost(CARD, change=Change.MOVED, was=was), 7, "ref abc")
        changed = render.notice(SessionPost(CARD, change=Change.CHANGED), 7)
        off = render.notice(SessionPost(CARD, change=Change.CANCELLED), 7)
        for message in (moved, changed, off):
            check(message)
        assert moved.embeds[0].title == "New time: LLM moats"
        assert f"It was <t:{int(was.timestamp())}:F>" in text_of(moved)
        assert changed.embeds[0].title == "Changed: LLM moats"
        assert off.embeds[0].title == "Cancelled: LLM moats"
        assert not off.rows

    def test_a_notice_says_what_is_otherwise_now_where_it_is_known(self) -> None:
        things = ("place", "readings")
        changed = render.notice(SessionPost(CARD, change=Change.CHANGED, changed=things), 7)
        unknown = render.notice(SessionPost(CARD, change=Change.CHANGED), 7)
        moved = render.notice(
            SessionPost(CARD, change=Change.MOVED, was=STARTS, changed=("place",)), 7
        )
        facts = unknown.embeds[0].description
        assert facts is not None
        assert changed.embeds[0].description == f"What changed: place, readings.\n\n{facts}"
        assert "hanged" not in facts
        assert (moved.embeds[0].description or "").endswith(">).\n\nAlso changed: place.")

    def test_a_warning_is_for_the_organisers(self) -> None:
        message = render.warning("I may not post in <#5>: run `/setup`. <@6>", "ref abc")
        check(message)
        assert "post in <#5>:" in text_of(message)
        assert "\\<@" in text_of(message)
        assert "organisers" in text_of(message)
        assert "`/setup`" in text_of(message)
        assert text_of(message).endswith("ref abc")


class TestSummaries:
    def test_both_stand_side_by_side_and_say_who_made_them(self) -> None:
        both = [
            stored(draft()),
            stored(draft(Audience.PLAIN, origin="imported", answered_by="GPT-4")),
        ]
        messages = render.summaries(SESSION, both)
        assert len(messages) == 1
        check(messages[0])
        techie, plain = messages[0].embeds
        assert techie.title == "For techies"
        assert plain.title == "In plain words"
        assert "**1. No moat:** The memo says" in (techie.description or "")
        assert "quoted from the reading (no AI)" in (techie.footer.text or "")
        assert "from the group's page, by GPT-4" in (plain.footer.text or "")

    def test_a_model_is_named_and_doubted(self) -> None:
        (message,) = render.summaries(SESSION, [stored(draft(origin="gpt-5-mini"))])
        assert "written by gpt-5-mini, an AI model; check it" in text_of(message)

    def test_a_long_one_is_split_and_every_part_says_who_made_it(self) -> None:
        points = tuple(Point(f"Head {n}", "A sentence of it. " * 20) for n in range(40))
        messages = render.summaries(SESSION, [stored(draft(points=points))])
        embeds = [embed for message in messages for embed in message.embeds]
        for message in messages:
            check(message)
        assert len(messages) > 1
        assert all("quoted from the reading (no AI)" in (e.footer.text or "") for e in embeds)
        assert (embeds[0].footer.text or "").endswith(f"part 1 of {len(embeds)}")
        said = " ".join(embed.description or "" for embed in embeds)
        assert said.count("A sentence of it.") == 800

    def test_a_body_without_points_is_shown(self) -> None:
        (message,) = render.summaries(SESSION, [stored(draft(points=(), body="All **of** it."))])
        assert "All **of** it." in text_of(message)

    def test_a_head_that_the_text_repeats_stands_once(self) -> None:
        point = Point("No moat", "No moat is what it says.")
        (message,) = render.summaries(SESSION, [stored(draft(points=(point,)))])
        assert "**1.** No moat is what it says." in text_of(message)

    def test_what_is_missing_is_said(self) -> None:
        (message,) = render.summaries(SESSION, [], missing="There is nothing to read yet.")
        check(message)
        assert text_of(message).strip() == "There is nothing to read yet."

    def test_what_a_model_says_mentions_nobody(self) -> None:
        point = Point("@everyone", "<@&1> ![x](https://evil.test/?q=secret)")
        (message,) = render.summaries(SESSION, [stored(draft(points=(point,), lead="@here"))])
        text = text_of(message)
        assert "@everyone" not in text
        assert "@here" not in text
        assert "evil.test" not in text

    def test_a_draft_and_an_edit_say_that_they_are(self) -> None:
        made = stored(draft(origin="gpt-9", status=SummaryStatus.DRAFT, edited=True))
        (message,) = render.summaries(SESSION, [made])
        text = text_of(message)
        assert text.count("A draft that no organiser has approved yet.") == 1
        assert "a draft, written by gpt-9, an AI model, edited by the organiser; check it" in text

    def test_a_long_reading_of_which_parts_were_read_says_which(self) -> None:
        (message,) = render.summaries(SESSION, [stored(draft(scope="2 of 3 parts were read."))])
        assert "_2 of 3 parts were read._" in text_of(message)

    def test_where_it_says_that_is_a_button_a_summary(self) -> None:
        both = [stored(draft()), stored(draft(Audience.PLAIN))]
        (message,) = render.summaries(SESSION, both)
        assert ids(message) == ["ra:evidence:7:techie:1", "ra:evidence:7:plain:1"]
        (nothing,) = render.summaries(SESSION, [], missing="There is nothing.")
        assert nothing.rows == ()

    def test_evidence_has_each_points_quote_and_section(self) -> None:
        points = (
            Point("No moat", "There is none.", "We have *no* moat.", "Introduction"),
            Point("", "Others are ahead. " * 30),
        )
        (message,) = render.evidence(SESSION, stored(draft(points=points)))
        check(message)
        text = text_of(message)
        assert "**1. No moat**\n> “We have \\*no\\* moat.”\n_in “Introduction”_" in text
        assert "no quote was kept" in text
        assert "version 1, quoted from the reading (no AI)" in text

    def test_without_any_quote_that_is_said_once(self) -> None:
        (message,) = render.evidence(SESSION, stored(draft()))
        assert "No quotes were kept with this summary" in text_of(message)


def post(**fields: object) -> SummaryPost:
    made = SummaryPost(
        CARD, Audience.PLAIN, "We have no moat", 3, "A lead.", (POINT,), "body", "gpt-9"
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # the fields of a test, by name


class TestPostedSummaries:
    def test_it_stands_whole_with_its_maker_and_its_mark(self) -> None:
        message = render.posted(post(), 7, "ref 0123456789")
        check(message)
        text = text_of(message)
        assert "In plain words: We have no moat" in text
        assert "A lead.\n\n**1. No moat:** The memo says" in text
        assert text.endswith("written by gpt-9, an AI model; check it against the reading · "
                             "ref 0123456789")  # fmt: skip
        assert ids(message) == ["ra:evidence:7:plain:3"]

    def test_one_that_two_embeds_hold_is_whole(self) -> None:
        points = tuple(Point(f"Head {n}", f"Number {n}. " * 25) for n in range(18))
        message = render.posted(post(points=points), 7, "ref 0123456789")
        check(message)
        assert len(message.embeds) == 2
        assert "**18. Head 17:**" in text_of(message)
        assert labels(message) == [["Where does it say that?"]]

    def test_a_longer_one_ends_after_a_point_and_leads_to_the_rest(self) -> None:
        points = tuple(Point(f"Head {n}", f"Number {n}. " * 25) for n in range(40))
        message = render.posted(post(points=points), 7, "ref 0123456789")
        check(message)
        text = text_of(message)
        last = max(n for n in range(40) if f"Head {n}:" in text)
        assert text.count(f"Number {last}.") == 25
        assert "… the rest:_ **Plain summary**" in text
        assert labels(message) == [["Plain summary", "Where does it say that?"]]
        assert ids(message)[0] == "ra:summary:7:plain"

    def test_a_body_without_points_is_cut_between_paragraphs(self) -> None:
        body = "\n\n".join(f"Paragraph {n} of it. " * 20 for n in range(40))
        message = render.posted(post(points=(), body=body), 7)
        check(message)
        assert "**Plain summary**" in text_of(message)
        short = render.posted(post(points=(), body="All **of** it."), 7)
        assert "All **of** it." in text_of(short)

    def test_one_endless_point_is_cut(self) -> None:
        message = render.posted(post(lead="", points=(Point("", HUGE),)), 7, "ref 0123456789")
        check(message)
        assert "**Plain summary**" in text_of(message)


class TestDrafts:
    def both(self, **fields: object) -> dict[Audience, Summary]:
        waiting = {"status": SummaryStatus.DRAFT, "origin": "gpt-9"}
        return {each: stored(draft(each, **(waiting | fields))) for each in Audience}

    def test_only_the_message_with_the_buttons_says_what_waits(self) -> None:
        latest = self.both(points=(Point("", "word " * 800),))
        first, last = render.drafts(SESSION, latest, by_model=True, said="These are stored.")
        assert first.content == "These are stored."
        assert (first.rows, "draft" in text_of(first)) == ((), False)
        assert last.rows
        assert last.content == (
            "_The techie and the plain summary are drafts that no organiser has approved yet._"
        )
        approved = self.both(points=(Point("", "word " * 800),), status=SummaryStatus.APPROVED)
        again, drawn = render.drafts(SESSION, approved, by_model=True, said="These are stored.")
        assert again == first, "what can't be drawn again after a press need not be"
        assert (drawn.content, drawn.embeds) == ("", last.embeds)

    def test_where_one_of_them_is_approved_it_says_which_waits(self) -> None:
        latest = self.both() | {Audience.TECHIE: stored(draft())}
        (message,) = render.drafts(SESSION, latest, by_model=True, said="These are stored.")
        assert message.content == (
            "These are stored.\n_The plain summary is a draft that no organiser has approved yet._"
        )

    def test_each_is_followed_by_what_was_found_in_it(self) -> None:
        found = (
            Finding("acronym", Audience.PLAIN, "“LLM” isn't explained.", severe=False),
            Finding("number", Audience.PLAIN, "“12” isn't in the reading.", point=2),
        )
        latest = self.both() | {Audience.PLAIN: stored(draft(Audience.PLAIN, findings=found))}
        (message,) = render.drafts(SESSION, latest, by_model=True)
        check(message)
        titles = [embed.title for embed in message.embeds]
        assert titles == [
            "For techies",
            "For techies: checked",
            "In plain words",
            "In plain words: 1 to mend, 1 to look at",
        ]
        assert message.embeds[1].description == "✅ All checks passed."
        assert message.embeds[3].description == (
            "❌ **point 2:** “12” isn't in the reading.\n💡 “LLM” isn't explained."
        )

    def test_words_tokens_and_cost_are_told(self) -> None:
        usage = Usage("gpt-9", 1, 12_000, 4_000, 345, 0.01234)
        (message,) = render.drafts(SESSION, self.both(usage=usage), by_model=True)
        assert (
            "1 word · version 1 · both: gpt-9, 1 call, 12,345 tokens (4,000 cached), cost 0.0123"
            in (text_of(message))
        )
        free = replace(usage, cost=None, cached_tokens=0)
        (message,) = render.drafts(SESSION, self.both(usage=free), by_model=True)
        assert "1 call, 12,345 tokens" in text_of(message)
        assert "cost" not in text_of(message)

    def test_what_can_be_done_depends_on_what_there_is(self) -> None:
        rows = render.draft_rows(SESSION, self.both(), by_model=True)
        able = {button.label: not button.disabled for row in rows for button in row}
        assert able["Approve"]
        assert not able["Post now"]
        approved = self.both(status=SummaryStatus.APPROVED)
        rows = render.draft_rows(SESSION, approved, by_model=False)
        able = {button.label: not button.disabled for row in rows for button in row}
        assert not able["Approve"]
        assert able["Post now"]
        assert "Use the no-AI ones" not in able
        one = {Audience.PLAIN: approved[Audience.PLAIN]}
        rows = render.draft_rows(SESSION, one, by_model=False)
        assert "Edit techie" not in [button.label for row in rows for button in row]

    def test_how_the_reading_was_read_is_told(self) -> None:
        reading = Reading("Moat", text="Text.", notes=("Page 3 has no text.",))
        session = replace(SESSION, readings=(reading, Reading("Other", notes=("Unread.",))))
        (message,) = render.drafts(session, self.both(), by_model=True)
        assert "• Page 3 has no text." in text_of(message)
        assert "Unread." not in text_of(message)

    def test_questions_carry_their_quotes(self) -> None:
        made = [Suggestion(f"Why {n}?", "We have no moat.", "Intro") for n in range(1, 6)]
        (message,) = render.suggested("abc", SESSION, made, {2})
        check(message)
        assert "**1.** Why 1?\n> “We have no moat.”\n_in “Intro”_" in text_of(message)
        assert [button.disabled for button in message.rows[0]] == [False, True, False, False, False]
        assert ids(message)[4] == "ra:suggested:abc:5"

    def test_a_failure_is_one_line_and_what_can_be_done_instead(self) -> None:
        message = render.undone(SESSION, "@everyone the key", again=True, without_ai=True)
        check(message)
        assert "@everyone" not in message.content
        assert labels(message) == [["Use the no-AI ones", "Again"]]
        assert render.undone(SESSION, "No.", again=False, without_ai=False).rows == ()


class TestBoard:
    def test_a_question_has_a_number_its_asker_and_its_votes(self) -> None:
        ann = Author(Network.NOSTR, "aa" * 32, "Ann")
        asked = [
            question(3, "Is it **true**?", author=ann, network=Network.NOSTR, votes=4),
            question(1, "Who?", status=QuestionStatus.ANSWERED),
            question(2, "What?", network=Network.LOCAL),
        ]
        message = board(asked, voted={3})
        text = text_of(message)
        assert "**3.** Is it \\*\\*true\\*\\*?\n_👍 4 · Ann, on Nostr_" in text
        assert "**1.** Who?\n_anonymous · ✅ answered_" in text
        assert "_the group_" in text
        assert "3 questions, most votes first · page 1 of 1" in text

    def test_each_has_a_vote_button_that_shows_ones_own(self) -> None:
        message = board([question(1), question(2)], voted={2})
        assert [button.style.name for button in message.rows[0]] == ["secondary", "success"]
        assert [button.label for button in message.rows[0]] == ["1", "2"]
        assert all(button.emoji == "👍" for button in message.rows[0])

    def test_a_shared_board_shows_nobodys_votes(self) -> None:
        message = board([question(1)], voted={1}, shared=True)
        assert message.rows[0][0].style.name == "secondary"

    def test_only_organisers_get_moderation(self) -> None:
        asked = [question(n) for n in (1, 2)]
        assert not any("moderate" in id for id in ids(board(asked)))
        assert "ra:moderate:7:2" in ids(board(asked, organiser=True))

    def test_a_hidden_one_is_marked_and_takes_no_votes(self) -> None:
        message = board([question(1, status=QuestionStatus.HIDDEN)], organiser=True)
        assert "hidden from members" in text_of(message)
        assert message.rows[0][0].disabled

    def test_pages_have_five_and_lead_on(self) -> None:
        asked = [question(n) for n in range(1, 13)]
        first, second, last = (board(asked, page=page) for page in (0, 1, 2))
        assert [len(each.rows[0]) for each in (first, second, last)] == [5, 5, 2]
        assert labels(first)[-1] == ["Refresh", "Next", "Ask"]
        assert labels(second)[-1] == ["Previous", "Refresh", "Next", "Ask"]
        assert labels(last)[-1] == ["Previous", "Refresh", "Ask"]
        assert "page 3 of 3" in text_of(last)

    @pytest.mark.parametrize(("page", "shown"), [(99, 3), (-1, 1)])
    def test_a_page_that_is_not_there_is_the_nearest(self, page: int, shown: int) -> None:
        message = board([question(n) for n in range(1, 13)], page=page)
        assert f"page {shown} of 3" in text_of(message)

    def test_an_empty_board_says_how_to_ask(self) -> None:
        message = board([])
        assert "/ask" in text_of(message)
        assert "ra:ask:7" in ids(message)

    def test_long_questions_are_whole_over_the_pages(self) -> None:
        asked = [question(n, " ".join(f"w{n}x{i}*" for i in range(500))) for n in (1, 2, 3)]
        text, page = "", 0
        while True:
            message = board(asked, page=page)
            text += (message.embeds[0].description or "") + "\n"
            page += 1
            if f"page {page} of {page}" in text_of(message):
                break
        shown = as_shown(text).split()
        assert all(f"w{n}x{i}*" in shown for n in (1, 2, 3) for i in range(500))

    def test_a_name_mentions_nobody(self) -> None:
        author = Author(Network.DISCORD, "5", "@everyone <@1> **x**")
        text = text_of(board([question(1, author=author)]))
        assert "@everyone" not in text
        assert "\\*\\*x\\*\\*" in text
        assert "somebody" in text_of(board([question(1, author=Author(Network.DISCORD, ""))]))

    def test_moderation_offers_what_can_be_done(self) -> None:
        one, two = question(1, "One?"), question(2, "Two?")
        message = render.moderation(SESSION, one, into=[two], names=name)
        check(message)
        assert labels(message) == [["Answered", "Hide", "Merge …"]]
        assert "**2.** Two?" in text_of(message)
        hidden = replace(one, status=QuestionStatus.HIDDEN)
        alone = render.moderation(SESSION, hidden, into=[], names=name)
        check(alone)
        assert ids(alone) == ["ra:reopen:7:1"]

    def test_who_asked_hears_the_number(self) -> None:
        message = render.accepted(question(4, "Why?"), SESSION)
        check(message)
        assert "number **4**" in text_of(message)
        assert "anonymously" in text_of(message)
        named = render.accepted(question(4, author=Author(Network.DISCORD, "5", "Ben")), SESSION)
        assert "anonymously" not in text_of(named)


class TestOrganisers:
    ZONE = "America/New_York"

    def test_a_new_session_is_shown_as_understood(self) -> None:
        after = replace(SESSION, status=SessionStatus.PLANNED)
        message = render.proposal(Proposal("abc", None, after), self.ZONE)
        check(message)
        assert "New session: LLM moats" in text_of(message)
        assert "**Wed 2 Dec 2026, 19:00** (America/New_York)" in text_of(message)
        assert f"<t:{int(STARTS.timestamp())}:F>" in text_of(message)
        assert "2 h" in text_of(message)
        assert ids(message) == [
            "ra:proposal:abc:store",
            "ra:proposal:abc:announce",
            "ra:proposal:abc:discard",
        ]

    def test_a_change_says_what_it_was(self) -> None:
        after = replace(
            SESSION, title="New", starts_at=STARTS + timedelta(days=1), place="", topic=HUGE,
            duration=timedelta(minutes=90),
        )  # fmt: skip
        message = render.proposal(Proposal("abc", SESSION, after), self.ZONE)
        check(message)
        text = text_of(message)
        assert f"It was <t:{int(STARTS.timestamp())}:F>" in text
        assert "Its title was “LLM moats”" in text
        assert "nowhere in particular" in text
        assert "1 h 30 min" in text
        assert "ra:proposal:abc:announce" not in ids(message)

    def test_a_cancellation_is_asked_twice(self) -> None:
        off = replace(SESSION, status=SessionStatus.CANCELLED)
        message = render.proposal(Proposal("abc", SESSION, off), self.ZONE)
        check(message)
        assert labels(message) == [["Cancel the session", "Leave it"]]

    def test_the_agenda_has_everything_for_the_evening(self) -> None:
        view = SessionView(
            SESSION,
            {
                Audience.PLAIN: stored(replace(draft(), audience=Audience.PLAIN)),
                Audience.TECHIE: stored(draft()),
            },
            (question(2, "Two?", votes=3), question(1, "One?")),
            Rsvps(5, 2, 1),
        )
        (message,) = render.agenda(view, names=name)
        check(message)
        text = text_of(message)
        assert "Agenda: LLM moats" in text
        assert "Going 5" in text
        assert "A lead." in text
        assert text.index("Summary (techie") < text.index("Summary (plain")
        assert text.index("Two?") < text.index("One?")

    def test_an_agenda_without_questions_says_how_to_ask(self) -> None:
        (message,) = render.agenda(SessionView(replace(SESSION, place="")), names=name)
        assert "/ask" in text_of(message)

    def test_a_long_agenda_goes_on(self) -> None:
        asked = tuple(question(n, f"Question {n} " + "x " * 400) for n in range(1, 40))
        messages = render.agenda(SessionView(SESSION, questions=asked), names=name)
        for message in messages:
            check(message)
        text = " ".join(text_of(message) for message in messages)
        assert all(f"Question {n} " in text for n in range(1, 40))

    def test_holdings_are_counted_and_can_be_deleted(self) -> None:
        held = Holdings(questions=3, anonymous=1, votes=1, rsvps=2, names=("Ann", "@everyone"))
        message = render.holdings(held, "55")
        check(message)
        text = text_of(message)
        assert "3 questions, 1 of them asked anonymously" in text
        assert "1 vote\n" in text
        assert "2 answers to sessions" in text
        assert "“Ann”" in text
        assert ids(message) == ["ra:forget:55"]

    def test_who_is_unknown_has_nothing_to_delete(self) -> None:
        message = render.holdings(Holdings(), "55")
        check(message)
        assert not message.rows
        assert render.forgotten(Holdings()).content == "I held nothing on you."
        assert "3 entries are" in render.forgotten(Holdings(questions=1, votes=2)).content
        assert "1 entry is" in render.forgotten(Holdings(questions=1)).content

    def test_help_names_commands_for_whom_they_are(self) -> None:
        member = render.help_text(organiser=False)
        organiser = render.help_text(organiser=True, commands={"session": 12, "next": 13})
        check(member)
        check(organiser)
        assert "`/ask`" in text_of(member)
        assert "session add" not in text_of(member)
        assert "</session add:12>" in text_of(organiser)
        assert "</next:13>" in text_of(organiser)


class Extremes:
    """Data that nobody should send, of any length, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 (not for secrets)

    def text(self) -> str:
        pieces = (
            *("", " ", "\n\n", "x", "👍", "*", "_", "`", "👨\u200d👩\u200d👧", "a\u0301", "\u202e"),
            *("@everyone ", "<@1>", "\\", "ö. ", "# ", "**b** ", "word ", "1. "),
            *("https://a.test/x_y ", "[a](https://b.test)"),
        )
        times = self.random.choice((1, 3, 90, 255, 1025, 2000, 4097, 9000))
        if self.random.random() < 0.5:
            return self.random.choice(pieces) * times
        return "".join(self.random.choices(pieces, k=times))

    def url(self) -> str:
        return self.random.choice(
            ("https://a.test/x_y", "https://a.test/" + "x" * 5000, self.text(), "")
        )

    def texts(self, most: int) -> tuple[str, ...]:
        return tuple(self.text() for _ in range(self.random.randint(0, most)))

    def session(self) -> Session:
        return replace(
            SESSION,
            id=BIG,
            title=self.text(),
            place=self.text(),
            topic=self.text(),
            tags=self.texts(4),
            readings=tuple(Reading(title, self.url()) for title in self.texts(12)),
            status=self.random.choice(list(SessionStatus)),
        )

    def draft(self) -> SummaryDraft:
        return SummaryDraft(
            audience=self.random.choice(list(Audience)),
            body=self.text(),
            lead=self.text(),
            points=tuple(
                Point(head, self.text(), self.text(), self.text()) for head in self.texts(6)
            ),
            origin=self.random.choice(("extractive", "imported", self.text())),
            answered_by=self.text(),
            status=self.random.choice(list(SummaryStatus)),
            findings=tuple(
                Finding("x", Audience.PLAIN, said, self.random.choice((None, BIG)), severe=bool(n))
                for n, said in enumerate(self.texts(8))
            ),
            usage=Usage(self.text(), BIG, BIG, BIG, BIG, 1e9),
            scope=self.text(),
            edited=self.random.random() < 0.5,
        )

    def question(self, number: int) -> Question:
        author = Author(self.random.choice(list(Network)), "55", self.text())
        return question(
            number,
            self.text(),
            author=self.random.choice((None, author)),
            votes=self.random.randint(0, 10**9),
            status=self.random.choice(list(QuestionStatus)),
        )

    def questions(self) -> list[Question]:
        return [self.question(number) for number in range(1, self.random.randint(1, 9))]


BIG = 2**62
COUNTS = Rsvps(10**9, 10**9, 10**9)
extreme = pytest.mark.parametrize("seed", range(8))


class TestLimits:
    """Whatever the data: everything is within Discord's limits."""

    @extreme
    def test_sessions(self, seed: int) -> None:
        some = Extremes(seed)
        session = some.session()
        card = card_of(replace(GROUP, name=some.text()), session)
        check(render.announcement(card, BIG, COUNTS, "ref 0123456789"))
        check(render.session_embed(card, BIG, COUNTS, questions=10**9))
        check(render.reminder(SessionPost(card, offset=timedelta(days=1)), BIG, NOW, "ref 01"))
        for change in Change:
            things = ("title", "place", "readings", "topic", "length")
            post = SessionPost(card, change=change, was=NOW, changed=things)
            check(render.notice(post, BIG, "ref 01"))
        check(render.sessions_list([session] * 40, NOW, organiser=True))
        check(render.rsvp_answer(session.title, COUNTS, RsvpAnswer.YES))

    @extreme
    def test_summaries(self, seed: int) -> None:
        some = Extremes(seed)
        made = [stored(some.draft()), stored(some.draft())]
        messages = render.summaries(some.session(), made, missing=some.text())
        for message in messages:
            check(message)
        embeds = [embed for message in messages for embed in message.embeds]
        assert all(embed.footer.text for embed in embeds if embed.footer.text or embed.title)

    @extreme
    def test_a_summary_for_everybody(self, seed: int) -> None:
        some = Extremes(seed)
        made, card = some.draft(), card_of(GROUP, some.session())
        body = SummaryPost(
            card, made.audience, some.text(), BIG, made.lead, made.points, made.body, made.origin,
            answered_by=made.answered_by, edited=made.edited, scope=made.scope,
        )  # fmt: skip
        message = render.posted(body, BIG, "ref 0123456789")
        check(message)
        assert message.embeds[-1].footer.text is not None
        assert message.embeds[-1].footer.text.endswith(" · ref 0123456789")

    @extreme
    def test_drafts(self, seed: int) -> None:
        some = Extremes(seed)
        session = replace(some.session(), slug="x" * 60)
        latest = {each: replace(stored(some.draft()), version=10**9) for each in Audience}
        latest = {
            each: replace(made, draft=replace(made.draft, audience=each))
            for each, made in latest.items()
        }
        for message in render.drafts(session, latest, by_model=True, said="These are stored."):
            check(message)
        for message in render.evidence(session, latest[Audience.PLAIN]):
            check(message)
        asked = [Suggestion(some.text()[:1000] + "x", some.text(), some.text()) for _ in range(5)]
        for message in render.suggested("x" * 32, session, asked, {1}):
            check(message)
        check(render.undone(session, some.text() + "x", again=True, without_ai=True))

    @extreme
    def test_boards(self, seed: int) -> None:
        some = Extremes(seed)
        session, asked = some.session(), some.questions()
        for page in range(12):
            check(
                render.board(
                    session, asked, page=page, voted={1}, organiser=True, shared=False, names=name
                )
            )
        for each in asked:
            check(render.moderation(session, each, into=asked, names=name))
            check(render.accepted(each, session))

    @extreme
    def test_what_organisers_see(self, seed: int) -> None:
        some = Extremes(seed)
        before, after = some.session(), some.session()
        check(render.proposal(Proposal("x" * 32, before, after), "America/New_York"))
        made = {Audience.TECHIE: stored(some.draft()), Audience.PLAIN: stored(some.draft())}
        for message in render.agenda(SessionView(after, made, tuple(some.questions())), names=name):
            check(message)

    @extreme
    def test_words_of_our_own(self, seed: int) -> None:
        some = Extremes(seed)
        check(render.warning(some.text() + "x", "ref 0123456789"))
        check(render.holdings(Holdings(10**9, 10**9, 10**9, 10**9, some.texts(20)), "9" * 20))


async def test_discord_py_keeps_no_view_of_ours() -> None:
    """It would hold every one for ever, and answer presses beside us."""
    view = render.announcement(CARD, 7, Rsvps()).view()
    assert view is not None
    assert view.is_finished()
    check(render.announcement(CARD, 7, Rsvps()))
