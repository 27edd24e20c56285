"""Summaries among people on Nostr: posted, commented on, and asked where they have it from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import Desk
from bot.app.process import running
from bot.config import load
from bot.domain.model import (
    OPERATOR,
    Audience,
    Finding,
    Limits,
    Point,
    Reading,
    Session,
    SummaryDraft,
    SummaryStatus,
)
from bot.networks.nostr.events import COMMENT, LONG_FORM, NOTE, Event, Tag
from bot.networks.nostr.local_relay import LocalRelay
from bot.networks.nostr.member import Member, joined
from bot.networks.nostr.nip19 import decode_naddr
from bot.networks.nostr.threads import replied_to
from bot.services.sessions import SessionPlan
from tests.adapters.nostr_bot import ANN, BEN, BOT, RELAY, Bot, bot_in, mention
from tests.waiting import until

TEXT = """
Open models have closed the gap faster than anyone in the industry expected.

Small models can now be trained within hours by anyone with a laptop and some patience.

Large models cost 10 million dollars to train, and their owners rarely improve them in place.

The memo says that nobody has a moat, neither the large laboratories nor their rivals.

Working in the open is the better strategy, because the community improves what it can change.

Owners of an ecosystem profit from the work that others do for free on their platform.
"""


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with bot_in(tmp_path, Limits(mentions_per_minute=50)) as built:
        tasks = [asyncio.create_task(built.mentions.run()), asyncio.create_task(built.outbox.run())]
        yield built
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await built.outbox.stop(timedelta(seconds=1))


async def told(bot: Bot, text: str, *tags: Tag, kind: int = NOTE) -> str:
    """What the bot answers."""
    event = mention(ANN, text, bot.now, *tags, kind=kind)
    bot.receive(event)
    await until(lambda: bot.relay.replies_to(event))
    (reply,) = bot.relay.replies_to(event)
    return reply.content


async def stored(
    bot: Bot, session: Session, audience: Audience, quote: str = "", **more: str
) -> None:
    points = (Point(f"{audience} head", "A text.", quote, "Part 1"),)
    draft = SummaryDraft(
        audience,
        f"{audience} body",
        "A lead.",
        points,
        more.get("origin", "gpt-9"),
        status=SummaryStatus(more.get("status", "approved")),
    )
    async with bot.store.transaction() as tx:
        await tx.summaries.add(session.id, draft, bot.now())


async def posted(bot: Bot, session: Session, *, count: int = 2) -> dict[str, Event]:
    """Post the approved summaries; the notes by the first word of what they are for."""
    await bot.summaries.post(bot.group, session.slug, by=OPERATOR)

    def notes() -> list[Event]:
        return [e for e in bot.relay.events if e.content.startswith(("For techies", "In plain"))]

    await until(lambda: len(notes()) == count)
    return {event.content.split()[0]: event for event in notes()}


def under(note: Event, root: Event) -> tuple[Tag, Tag]:
    return (
        ("e", root.id, RELAY, "root", BOT.public_key),
        ("e", note.id, RELAY, "reply", BOT.public_key),
    )


async def test_summaries_are_posted_under_the_announcement_beside_the_article(bot: Bot) -> None:
    session = await bot.announce()
    await stored(bot, session, Audience.TECHIE, "words")
    await stored(bot, session, Audience.PLAIN)
    notes = await posted(bot, session)
    root = await bot.announcement(session)
    assert [replied_to(note)[0] for note in notes.values()] == [root.id, root.id]
    await until(lambda: any(e.kind == LONG_FORM for e in bot.relay.events))
    (page,) = (e for e in bot.relay.events if e.kind == LONG_FORM)
    assert all(page.coordinate in note.values("a") for note in notes.values())
    assert "# Moats" in page.content
    assert (await bot.summaries.post(bot.group, session.slug, by=OPERATOR)).posts == 0


async def test_a_question_under_a_summarys_note_is_for_its_session(bot: Bot) -> None:
    later = await bot.announce("Later", in_days=9)
    await bot.announce("Soon", in_days=1)
    await stored(bot, later, Audience.PLAIN)
    note = (await posted(bot, later, count=1))["In"]
    answer = await told(bot, "What is a moat?", ("e", note.id, RELAY, "root", BOT.public_key))
    assert answer.startswith("Question 1 for “Later”")


async def test_evidence_under_a_summarys_note_is_that_summarys_as_it_stands_there(bot: Bot) -> None:
    session = await bot.announce()
    await bot.announce("Soon", in_days=1)
    await stored(bot, session, Audience.TECHIE, "techie quote")
    await stored(bot, session, Audience.PLAIN, "plain quote")
    notes = await posted(bot, session)
    root = await bot.announcement(session)
    await stored(bot, session, Audience.PLAIN, "a newer quote")
    answer = await told(bot, "where does it say that?", *under(notes["In"], root))
    assert "1. plain head\n“plain quote” (Part 1)" in answer
    assert "techie" not in answer
    answer = await told(bot, "evidence techie", *under(notes["In"], root))
    assert "“techie quote”" in answer
    assert "plain" not in answer
    answer = await told(bot, "evidence plain moats", *under(notes["For"], root))
    assert "“a newer quote”" in answer


async def test_evidence_elsewhere_is_of_both_current_summaries(bot: Bot) -> None:
    session = await bot.announce()
    await stored(bot, session, Audience.TECHIE, "techie quote")
    await stored(bot, session, Audience.PLAIN, origin="imported")
    answer = await told(bot, "sources")
    assert answer.startswith("Moats – where the reading says it\n\nFor techies – written by gpt-9")
    assert answer.endswith("from the group's page\n\nNo quotes were kept for this summary.")
    root = await bot.announcement(session)
    under_it = await told(bot, "quotes", ("e", root.id, RELAY, "root", BOT.public_key))
    assert under_it == answer


async def test_a_drafts_evidence_is_a_drafts(bot: Bot) -> None:
    session = await bot.announce()
    await stored(bot, session, Audience.PLAIN, "a quote", status="draft")
    answer = await told(bot, "evidence plain")
    assert "a draft that no organiser has approved yet" in answer
    assert "“a quote”" in answer
    assert "A draft that no organiser has approved yet" in await told(bot, "summary plain")


async def test_where_one_of_two_waits_the_other_is_shown_and_why(bot: Bot) -> None:
    session = await bot.announce()
    await stored(bot, session, Audience.TECHIE)
    found = (Finding("quote", Audience.PLAIN, "Not there.", point=1),)
    draft = SummaryDraft(
        Audience.PLAIN, "x", "A lead.", (), "gpt-9", status=SummaryStatus.DRAFT, findings=found
    )
    async with bot.store.transaction() as tx:
        await tx.summaries.add(session.id, draft, bot.now())
    both = await told(bot, "summary")
    assert "techie head: A text." in both
    assert "The plain summary is a draft that waits for the organiser; ask again later." in both


async def test_evidence_of_an_unknown_session_is_refused_in_a_sentence(bot: Bot) -> None:
    await bot.announce()
    assert "frobs" in await told(bot, "evidence for frobs")


@pytest.mark.parametrize("kind", [LONG_FORM, 31923])
async def test_a_comment_on_the_article_is_for_its_session(bot: Bot, kind: int) -> None:
    session = await bot.announce("Later", in_days=9)
    await bot.announce("Soon", in_days=1)
    address = f"{kind}:{BOT.public_key}:atl-later"
    scope: tuple[Tag, ...] = (
        ("A", address, RELAY, BOT.public_key),
        ("K", str(kind)),
        ("P", BOT.public_key),
        ("a", address, RELAY, BOT.public_key),
        ("k", str(kind)),
    )
    assert "Question 1 for “Later”" in await told(bot, "Why no moat?", *scope, kind=COMMENT)
    assert "Question 2 for “Later”" in await told(bot, "And why now?", ("a", address, RELAY))
    assert len(await bot.questions.board(session)) == 2


# Over a real relay


async def approved(desk: Desk, session: Session) -> None:
    await desk.summaries.make(desk.group, session.slug, by=OPERATOR)
    await desk.summaries.approve(desk.group, session.slug, by=OPERATOR)
    await desk.summaries.post(desk.group, session.slug, by=OPERATOR)


async def article_newer_than(member: Member, before: Event | None) -> Event:
    found = await member.until(
        lambda e: e.kind == LONG_FORM and (before is None or e.created_at > before.created_at), 10
    )
    assert found is not None
    return found


async def asked(member: Member, event: Event) -> str:
    reply = await member.reply_to(event, BOT.public_key, 10)
    assert reply is not None
    return reply.content


async def test_over_a_real_relay_summaries_are_approved_edited_commented_on_and_proven(
    tmp_path: Path,
) -> None:
    async with LocalRelay() as relay, joined(ANN, relay.url) as ann, joined(BEN, relay.url) as ben:
        file = tmp_path / "config.toml"
        file.write_text(f'[nostr]\nrelays = ["{relay.url}"]\n', encoding="utf-8")
        config = load(file, {"NOSTR_NSEC": BOT.nsec})
        kinds = {"authors": [BOT.public_key], "kinds": [NOTE, COMMENT, LONG_FORM]}
        await ann.follow("bot", kinds)
        async with running(config) as desk:
            plan = SessionPlan("Moats", "2099-12-02 19:00", readings=(Reading("Memo", text=TEXT),))
            session = await desk.sessions.add(desk.group, plan, by=OPERATOR)
            await desk.sessions.announce(desk.group, session.slug, by=OPERATOR)
            await approved(desk, session)
            first = await article_newer_than(ann, None)
            assert "Techie Summary" in first.content
            note = await ann.until(lambda e: e.content.startswith("In plain words: Memo"), 10)
            assert note is not None
            assert first.coordinate in note.values("a")
            naddr = note.content.rpartition("nostr:")[2]
            assert decode_naddr(naddr).tag_value == first.coordinate
            sources = await ann.note(
                "evidence",
                (("e", note.id, relay.url, "reply", BOT.public_key), ("p", BOT.public_key)),
            )
            proof = await asked(ann, sources)
            assert "where the reading says it\n\nIn plain words" in proof
            assert "“Working in the open is the better strategy" in proof

        async with running(config) as desk:  # a start later it is still the same address
            edited = f"Nobody has a moat.\n\n1. **Edited:** nostr:{ANN.npub} <b>was</b> here."
            await desk.summaries.edit(desk.group, "moats", Audience.PLAIN, edited, by=OPERATOR)
            second = await article_newer_than(ann, first)
            assert second.coordinate == first.coordinate
            assert second.values("published_at") == first.values("published_at")
            assert "Nobody has a moat." in second.content
            assert ANN.npub not in second.content
            assert "<b" not in second.content

            await ben.follow("bot", kinds)
            comment = await ben.publish(
                COMMENT,
                "Why does nobody have a moat?",
                (
                    ("A", second.coordinate, relay.url),
                    ("K", str(LONG_FORM)),
                    ("P", BOT.public_key),
                    ("a", second.coordinate, relay.url),
                    ("e", second.id, relay.url),
                    ("k", str(LONG_FORM)),
                    ("p", BOT.public_key),
                ),
            )
            assert (await asked(ben, comment)).startswith("Question 1 for “Moats”")
            board = await desk.questions.board(session)
            assert [question.text for question in board] == ["Why does nobody have a moat?"]
