"""Votes on Nostr: by a mention, which is answered, and by a reaction, which isn't."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import Desk
from bot.app.process import running
from bot.config import load
from bot.domain.errors import StorageError
from bot.domain.model import OPERATOR, Limits, Network, Session
from bot.networks.nostr.answers import SORRY
from bot.networks.nostr.events import REACTION, Event, Tag, sign
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.local_relay import LocalRelay
from bot.networks.nostr.member import joined
from bot.services.sessions import SessionPlan
from tests.adapters.nostr_bot import ANN, BEN, BOT, RELAY, Bot, bot_in, mention, person
from tests.waiting import until

LIMITS = Limits(mentions_per_minute=50)


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with bot_in(tmp_path, LIMITS) as built:
        tasks = [asyncio.create_task(built.mentions.run()), asyncio.create_task(built.outbox.run())]
        yield built
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await built.outbox.stop(timedelta(seconds=1))


async def said(bot: Bot, event: Event) -> Event:
    """The one reply to an event that is received now."""
    bot.receive(event)
    await until(lambda: bot.relay.replies_to(event))
    (reply,) = bot.relay.replies_to(event)
    return reply


async def told(bot: Bot, signer: Signer, text: str, *tags: Tag, ahead: int = 0) -> str:
    """What the bot answers to ``text``."""
    return (await said(bot, mention(signer, text, bot.now, *tags, ahead=ahead))).content


def reaction(bot: Bot, signer: Signer, to: Event, content: str = "+", *, ahead: int = 0) -> Event:
    return mention(signer, content, bot.now, ("e", to.id, RELAY), kind=REACTION, ahead=ahead)


async def passed(bot: Bot, *events: Event) -> None:
    """Receive what gets no answer, and wait until it is done with."""
    before = bot.mentions.stats()["handled"]
    for event in events:
        bot.receive(event)
    await until(lambda: bot.mentions.stats()["handled"] == before + len(events))


async def votes(bot: Bot, session: Session) -> dict[int, int]:
    return {question.number: question.votes for question in await bot.questions.board(session)}


async def test_a_vote_is_answered_with_how_many_there_are(bot: Bot) -> None:
    session = await bot.announce()
    await told(bot, ANN, "ask what is a moat?")
    await told(bot, ANN, "ask who digs it?")
    assert await told(bot, BEN, "vote 2") == (
        "Your vote for question 2 of “Moats” counts; it has 1 vote."
    )
    assert await told(bot, ANN, "+1 for question 2 in moats") == (
        "Your vote for question 2 of “Moats” counts; it has 2 votes."
    )
    assert await told(bot, BEN, "upvote #2") == (
        "You voted for question 2 of “Moats” already; it has 2 votes."
    )
    assert await votes(bot, session) == {2: 2, 1: 0}
    assert await told(bot, BEN, "unvote 2") == (
        "Your vote for question 2 of “Moats” is taken back; it has 1 vote."
    )
    assert await told(bot, BEN, "take back my vote for 2", ahead=1) == (
        "You have no vote for question 2 of “Moats”; it has 1 vote."
    )
    board = await told(bot, BEN, "questions")
    assert "2. who digs it?" in board
    assert ", 1 vote)" in board


async def test_a_vote_for_what_is_not_there_says_what_to_do(bot: Bot) -> None:
    session = await bot.announce()
    assert await told(bot, ANN, "vote 7") == (
        "There is no question 7 for “Moats”; look at its `questions`."
    )
    assert "There is no session called “nonsense”" in await told(bot, ANN, "vote 7 nonsense")
    await told(bot, ANN, "ask what is a moat?")
    await bot.questions.hide(bot.group, session.id, 1, by=OPERATOR)
    assert "There is no question 1" in await told(bot, BEN, "vote 1")


async def test_a_vote_for_a_merged_question_counts_for_the_one_it_went_into(bot: Bot) -> None:
    session = await bot.announce()
    await told(bot, ANN, "ask what is a moat?")
    await told(bot, BEN, "ask what's a moat?")
    await bot.questions.merge(bot.group, session.id, 2, 1, by=OPERATOR)
    before = (await votes(bot, session))[1]
    assert await told(bot, person(50), "vote 2") == (
        "Your vote for question 1 of “Moats” counts (question 2 went into it); "
        f"it has {before + 1} votes."
    )


async def test_under_a_sessions_post_a_vote_is_for_that_session(bot: Bot) -> None:
    soon = await bot.announce("Soon", in_days=1)
    later = await bot.announce("Later", in_days=9)
    for session in (soon, later):
        await bot.questions.add(bot.group, session.slug, "Why?", by=OPERATOR)
    note = await bot.announcement(later)
    under = ("e", note.id, RELAY, "root", note.pubkey)
    assert "of “Later” counts" in await told(bot, ANN, "vote 1", under)
    assert "of “Soon” counts" in await told(bot, ANN, "vote 1 soon", under)
    assert "of “Soon” counts" in await told(bot, BEN, "vote 1")


async def test_a_vote_without_a_number_gets_help(bot: Bot) -> None:
    assert "vote 3 – your vote for question 3" in await told(bot, ANN, "how do I vote?")


async def test_a_vote_that_an_earlier_run_counted_is_not_counted_again(
    bot: Bot, tmp_path: Path
) -> None:
    session = await bot.announce()
    await told(bot, ANN, "ask what is a moat?")
    vote = mention(BEN, "vote 1", bot.now)
    await said(bot, vote)
    await told(bot, BEN, "unvote 1", ahead=1)
    async with bot_in(tmp_path, LIMITS) as restarted:
        task = asyncio.create_task(restarted.mentions.run())
        restarted.receive(vote)
        await until(lambda: restarted.mentions.stats()["handled"] == 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert restarted.mentions.stats()["replied"] == 0
    assert await votes(bot, session) == {1: 0}


@pytest.mark.parametrize("content", ["+", "", "🤙", "❤️", ":moat:"])
async def test_a_reaction_to_our_answer_is_a_vote_without_an_answer(bot: Bot, content: str) -> None:
    session = await bot.announce()
    answer = await said(bot, mention(ANN, "ask what is a moat?", bot.now))
    like = reaction(bot, BEN, answer, content)
    await passed(bot, like)
    assert await votes(bot, session) == {1: 1}
    assert bot.relay.replies_to(like) == []
    assert await told(bot, BEN, "vote 1") == (
        "You voted for question 1 of “Moats” already; it has 1 vote."
    )


async def test_a_minus_takes_the_vote_back_however_it_was_given(bot: Bot) -> None:
    session = await bot.announce()
    answer = await said(bot, mention(ANN, "ask what is a moat?", bot.now))
    await told(bot, BEN, "vote 1")
    await passed(bot, reaction(bot, BEN, answer, "-", ahead=1))
    assert await votes(bot, session) == {1: 0}


async def test_a_like_from_many_relays_and_many_likes_of_one_person_are_one_vote(
    bot: Bot,
) -> None:
    session = await bot.announce()
    answer = await said(bot, mention(ANN, "ask what is a moat?", bot.now))
    like = reaction(bot, BEN, answer)
    await passed(bot, like, reaction(bot, BEN, answer, "🤙"), reaction(bot, person(50), answer))
    bot.receive(like, "ws://b.test")
    assert bot.mentions.stats()["duplicate"] == 1
    assert await votes(bot, session) == {1: 2}


async def test_likes_that_come_newest_first_end_as_they_were_meant(bot: Bot) -> None:
    session = await bot.announce()
    answer = await said(bot, mention(ANN, "ask what is a moat?", bot.now))
    await passed(bot, reaction(bot, BEN, answer, "-", ahead=60))
    await passed(bot, reaction(bot, BEN, answer, "+", ahead=30))
    assert await votes(bot, session) == {1: 0}


async def test_the_last_e_tag_is_what_a_reaction_is_about(bot: Bot) -> None:
    session = await bot.announce()
    first = await said(bot, mention(ANN, "ask what is a moat?", bot.now))
    second = await said(bot, mention(ANN, "ask who digs it?", bot.now))
    tags = (("e", first.id), ("e", "not an id"), ("e", second.id), ("e",))
    await passed(bot, mention(BEN, "+", bot.now, *tags, kind=REACTION))
    assert await votes(bot, session) == {2: 1, 1: 0}


async def test_a_reaction_to_anything_else_leaves_no_trace(bot: Bot) -> None:
    session = await bot.announce()
    asked = mention(ANN, "ask what is a moat?", bot.now)
    await said(bot, asked)
    helped = await said(bot, mention(ANN, "help", bot.now))
    note = await bot.announcement(session)
    elsewhere = sign(BEN, 1, "hello", (), int(bot.now().timestamp()))
    likes = [reaction(bot, BEN, event) for event in (asked, helped, note, elsewhere)]
    await passed(bot, *likes)
    assert await votes(bot, session) == {1: 0}
    assert all(bot.relay.replies_to(like) == [] for like in likes)
    async with bot.store.read() as view:
        ids = [like.id for like in likes]
        assert await view.seen.which(Network.NOSTR, ids) == set()
    assert bot.admission.oldest_under_way(RELAY) is None


async def test_a_vote_waits_for_a_data_file_that_is_locked(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    session = await bot.announce()
    answer = await said(bot, mention(ANN, "ask what is a moat?", bot.now))
    whole, failures = bot.questions.react, 0

    async def failing(*args: object, **more: object) -> object:
        nonlocal failures
        failures += 1
        if failures < 3:
            raise StorageError("the disk is full")
        return await whole(*args, **more)  # type: ignore[arg-type]

    bot.questions.react = failing  # type: ignore[method-assign,assignment]
    await passed(bot, reaction(bot, BEN, answer))
    assert failures == 3
    assert await votes(bot, session) == {1: 1}
    assert "mentions wait for the data file" in caplog.text


async def test_a_reaction_that_hits_a_bug_takes_no_other_with_it(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    session = await bot.announce()
    answer = await said(bot, mention(ANN, "ask what is a moat?", bot.now))
    whole, bad = bot.questions.react, reaction(bot, BEN, answer)

    async def picky(*args: object, **more: object) -> object:
        if more["source_id"] == bad.id:
            raise RuntimeError("a bug")
        return await whole(*args, **more)  # type: ignore[arg-type]

    bot.questions.react = picky  # type: ignore[method-assign,assignment]
    await passed(bot, bad, reaction(bot, person(50), answer))
    assert await votes(bot, session) == {1: 1}
    assert "a reaction is dropped" in caplog.text


async def test_a_vote_that_hits_a_bug_is_told_sorry_and_takes_no_other_with_it(bot: Bot) -> None:
    session = await bot.announce()
    await told(bot, ANN, "ask what is a moat?")
    whole = bot.questions.cast
    good, bad = mention(BEN, "vote 1", bot.now), mention(BEN, "vote 6", bot.now)

    async def picky(group: object, ballots: list[object], reply: object) -> object:
        if any(bad.id in str(each) for each in ballots):
            raise RuntimeError("a bug")
        return await whole(group, ballots, reply)  # type: ignore[arg-type]

    bot.questions.cast = picky  # type: ignore[method-assign,assignment]
    for event in (good, bad):
        bot.receive(event)
    await until(lambda: all(bot.relay.replies_to(event) for event in (good, bad)))
    assert bot.relay.replies_to(bad)[0].content == SORRY
    assert await votes(bot, session) == {1: 1}


async def test_votes_of_many_people_are_all_counted(bot: Bot) -> None:
    session = await bot.announce()
    answer = await said(bot, mention(ANN, "ask what is a moat?", bot.now))
    said_so = [mention(person(n), "vote 1", bot.now) for n in range(100, 140)]
    likes = [reaction(bot, person(n), answer) for n in range(120, 160)]
    for event in (*said_so, *likes):
        bot.receive(event)
    await until(lambda: all(bot.relay.replies_to(event) for event in said_so))
    await until(lambda: bot.mentions.stats()["handled"] == 81)
    assert await votes(bot, session) == {1: 60}


async def has_votes(desk: Desk, session: Session, expected: int) -> bool:
    return [question.votes for question in await desk.questions.board(session)] == [expected]


async def test_over_a_real_relay_a_reaction_votes_and_votes_sent_while_away_count_once(
    tmp_path: Path,
) -> None:
    async with LocalRelay() as relay, joined(ANN, relay.url) as ann, joined(BEN, relay.url) as ben:
        file = tmp_path / "config.toml"
        file.write_text(f'[nostr]\nrelays = ["{relay.url}"]\n', encoding="utf-8")
        config = load(file, {"NOSTR_NSEC": BOT.nsec})
        await ann.follow("answers", {"authors": [BOT.public_key], "kinds": [1]})
        async with running(config) as desk:
            plan = SessionPlan("Moats", "2099-12-02 19:00")
            session = await desk.sessions.add(desk.group, plan, by=OPERATOR)
            await desk.sessions.announce(desk.group, session.slug, by=OPERATOR)
            asked = await ann.mention(BOT.public_key, "ask what is a moat?")
            answer = await ann.reply_to(asked, BOT.public_key, 10)
            assert answer is not None
            tags = (("e", answer.id, relay.url), ("p", BOT.public_key), ("k", "1"))
            await ben.publish(REACTION, "🤙", tags)

            await until(lambda: has_votes(desk, session, 1))
            vote = await ann.mention(BOT.public_key, "vote 1")
            counts = await ann.reply_to(vote, BOT.public_key, 10)
            assert counts is not None
            assert counts.content == "Your vote for question 1 of “Moats” counts; it has 2 votes."
        await ben.publish(REACTION, "-", tags)
        async with running(config) as desk:
            await until(lambda: has_votes(desk, session, 1))
            asked = await ann.mention(BOT.public_key, "questions")
            board = await ann.reply_to(asked, BOT.public_key, 10)
            assert board is not None
            assert "1 vote)" in board.content
            replies = [event for event in ann.events if ("p", ANN.public_key) in event.tags]
            assert len(replies) == 3, "each of her mentions is answered once, and no reaction"
