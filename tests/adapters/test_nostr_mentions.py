"""From a relay's event to the signed reply, over a real data file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.errors import StorageError
from bot.domain.model import (
    OPERATOR,
    Audience,
    Delivery,
    Limits,
    Network,
    Reading,
    Session,
    SummaryDraft,
)
from bot.networks.nostr.answers import HELP, SORRY
from bot.networks.nostr.context import Heard
from bot.networks.nostr.events import COMMENT, Event, sign, verify
from bot.networks.nostr.lanes import Mention
from bot.networks.nostr.nip19 import Profile, encode_nprofile
from bot.services.sessions import SessionPlan
from tests.adapters.nostr_bot import ANN, BEN, BOT, RELAY, Bot, bot_in, mention, person
from tests.waiting import until


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with bot_in(tmp_path, Limits(mentions_per_minute=50)) as built:
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


async def handled(bot: Bot, event: Event) -> None:
    """Wait until an event is done with, answered or not."""

    async def is_seen() -> bool:
        async with bot.store.read() as view:
            return event.id in await view.seen.which(Network.NOSTR, [event.id])

    await until(is_seen)


async def board(bot: Bot, session: Session) -> list[str]:
    return [question.text for question in await bot.questions.board(session)]


async def test_a_question_is_on_the_board_and_its_reply_says_its_number(bot: Bot) -> None:
    session = await bot.announce()
    asked = mention(ANN, "ask what is a moat?", bot.now)
    reply = await said(bot, asked)
    assert reply.content.startswith("Question 1 for “Moats” (Thu 3 Dec, 19:00 EST)")
    assert verify(reply)
    assert reply.pubkey == BOT.public_key
    assert reply.tags == (
        ("e", asked.id, RELAY, "root", ANN.public_key),
        ("p", ANN.public_key),
    )
    assert await board(bot, session) == ["what is a moat?"]


async def test_the_same_event_from_three_relays_is_one_question_and_one_reply(bot: Bot) -> None:
    session = await bot.announce()
    asked = mention(ANN, "ask what is a moat?", bot.now)
    for relay in ("ws://a.test", "ws://b.test", "ws://c.test"):
        bot.receive(asked, relay)
    await said(bot, asked)
    bot.receive(asked, "ws://d.test")
    other = mention(ANN, "ask and why now?", bot.now)
    await said(bot, other)
    assert await board(bot, session) == ["what is a moat?", "and why now?"]
    assert len(bot.relay.replies_to(asked)) == 1


async def test_an_event_that_an_earlier_run_handled_is_not_answered_again(bot: Bot) -> None:
    await bot.announce()
    asked, next_asked = (mention(ANN, text, bot.now) for text in ("ask why?", "next"))
    async with bot.store.transaction() as tx:
        await tx.seen.add(Network.NOSTR, [asked.id, next_asked.id], bot.now())
    bot.receive(asked)
    bot.receive(next_asked)
    await said(bot, mention(ANN, "help", bot.now))
    assert bot.relay.replies_to(asked) == []
    assert bot.relay.replies_to(next_asked) == []


async def test_a_reply_to_a_sessions_note_asks_for_that_session(bot: Bot) -> None:
    soon = await bot.announce("Soon", in_days=1)
    later = await bot.announce("Later", in_days=9)
    note = await bot.announcement(later)
    asked = mention(ANN, "What is a moat?", bot.now, ("e", note.id, RELAY, "root", note.pubkey))
    reply = await said(bot, asked)
    assert "Question 1 for “Later”" in reply.content
    assert reply.tags[:2] == (
        ("e", note.id, RELAY, "root", note.pubkey),
        ("e", asked.id, RELAY, "reply", ANN.public_key),
    )
    assert await board(bot, later) == ["What is a moat?"]
    assert await board(bot, soon) == []


async def test_a_comment_on_the_calendar_entry_asks_for_that_session(bot: Bot) -> None:
    await bot.announce("Soon", in_days=1)
    later = await bot.announce("Later", in_days=9)
    address = f"31923:{BOT.public_key}:atl-{later.slug}"
    scope = (("A", address, RELAY), ("K", "31923"), ("P", BOT.public_key))
    asked = mention(
        ANN, "What is a moat?", bot.now, *scope, ("a", address), ("k", "31923"), kind=COMMENT
    )
    reply = await said(bot, asked)
    assert reply.kind == COMMENT
    assert reply.tags == (
        *scope,
        ("e", asked.id, RELAY, ANN.public_key),
        ("k", "1111"),
        ("p", ANN.public_key),
    )
    assert await board(bot, later) == ["What is a moat?"]


async def test_people_talking_under_our_note_are_left_alone(bot: Bot) -> None:
    session = await bot.announce()
    note = await bot.announcement(session)
    remark = sign(BEN, 1, "I like it", (), int(bot.now().timestamp()))
    thread = (
        ("e", note.id, RELAY, "root", note.pubkey),
        ("e", remark.id, RELAY, "reply", BEN.public_key),
        ("p", BEN.public_key),
    )
    talk = mention(ANN, "Why do you think so?", bot.now, *thread)
    bot.receive(talk)
    await handled(bot, talk)
    asked = mention(ANN, "ask why so?", bot.now, *thread)
    await said(bot, asked)
    assert bot.relay.replies_to(talk) == []
    assert await board(bot, session) == ["why so?"]


async def test_a_summary_command_under_a_note_is_for_its_session(bot: Bot) -> None:
    await bot.announce("Soon", in_days=1)
    note = await bot.announcement(await bot.announce("Later", in_days=9))
    tag = ("e", note.id, RELAY, "root", note.pubkey)
    reply = await said(bot, mention(ANN, "summary plain", bot.now, tag))
    assert reply.content.startswith("Later – ")
    assert "In plain words – quoted from the reading (no AI)" in reply.content
    assert "1. First: one thing.\n2. Second: another thing." in reply.content


async def test_under_a_note_questions_are_that_sessions_board(bot: Bot) -> None:
    await bot.announce("Soon", in_days=1)
    note = await bot.announcement(await bot.announce("Later", in_days=9))
    tag = ("e", note.id, RELAY, "root", note.pubkey)
    reply = await said(bot, mention(ANN, "questions", bot.now, tag))
    assert reply.content.startswith("Questions for “Later”")


async def test_a_session_without_a_text_gets_no_summary(bot: Bot) -> None:
    plan = SessionPlan("Bare", f"{bot.now() + timedelta(days=2):%Y-%m-%d} 19:00")
    session = await bot.sessions.add(bot.group, plan, by=OPERATOR)
    await bot.sessions.announce(bot.group, session.slug, by=OPERATOR)
    reply = await said(bot, mention(ANN, "summary", bot.now))
    assert reply.content.startswith("No summary of “Bare” yet")


async def test_a_follow_up_under_an_answer_of_ours_is_no_question_for_the_board(bot: Bot) -> None:
    session = await bot.announce()
    helped = await said(bot, mention(ANN, "help", bot.now))
    follow_up = mention(
        ANN, "and what is this?", bot.now, ("e", helped.id, "", "root", BOT.public_key)
    )
    assert (await said(bot, follow_up)).content == HELP
    assert await board(bot, session) == []


async def test_every_command_is_answered(bot: Bot) -> None:
    session = await bot.announce()
    await said(bot, mention(ANN, "ask anonymously: why now?", bot.now))
    words = {
        "help": "I run a reading group",
        "next": "When: Thu 3 Dec 2026, 19:00 EST (Fri 00:00 UTC)",
        "sessions": f"[{session.slug}]",
        "questions": "1. why now? (anonymous)",
        "summary": "For techies",
        "summary techie moats": "The techie lead.",
    }
    for command, answer in words.items():
        reply = await said(bot, mention(ANN, command, bot.now))
        assert answer in reply.content


async def test_our_nprofile_in_the_text_is_no_part_of_the_question(bot: Bot) -> None:
    session = await bot.announce()
    name = encode_nprofile(Profile(BOT.public_key, (RELAY,)))
    broken = "nprofile1" + "q" * 60
    await said(bot, mention(ANN, f"nostr:{name} ask why {broken}?", bot.now))
    assert await board(bot, session) == [f"why {broken}?"]


async def test_thanks_get_no_answer(bot: Bot) -> None:
    thanks = mention(ANN, "thanks!", bot.now)
    bot.receive(thanks)
    await handled(bot, thanks)
    await said(bot, mention(ANN, "help", bot.now))
    assert bot.relay.replies_to(thanks) == []


async def test_help_comes_unasked_once_a_day(bot: Bot) -> None:
    assert (await said(bot, mention(ANN, "what is a moat?", bot.now))).content == HELP
    again = mention(ANN, "moats", bot.now)
    bot.receive(again)
    await handled(bot, again)
    assert bot.relay.replies_to(again) == []
    assert (await said(bot, mention(BEN, "moats", bot.now))).content == HELP
    assert (await said(bot, mention(ANN, "help", bot.now))).content == HELP
    bot.now.advance(timedelta(days=1))
    assert (await said(bot, mention(ANN, "moats", bot.now))).content == HELP


async def test_what_is_refused_is_answered_with_its_sentence(bot: Bot) -> None:
    assert "No session is planned yet" in (await said(bot, mention(ANN, "next", bot.now))).content
    assert "No session" in (await said(bot, mention(ANN, "ask why?", bot.now))).content
    assert (await said(bot, mention(ANN, "sessions", bot.now))).content.startswith("No session")
    await bot.announce()
    unknown = await said(bot, mention(ANN, "summary plain nonsense", bot.now))
    assert "There is no session called “nonsense”" in unknown.content
    long = await said(bot, mention(ANN, "ask " + "x" * 100_000, bot.now))
    assert "1000 characters" in long.content


async def test_a_batch_of_many_people_is_answered_whole(bot: Bot) -> None:
    session = await bot.announce()
    asked = [mention(person(n), f"ask why {n}?", bot.now) for n in range(100, 160)]
    for event in asked:
        bot.receive(event)
    await until(lambda: all(bot.relay.replies_to(event) for event in asked))
    assert len(await board(bot, session)) == 60


class BrokenSummariser:
    origin = "extractive"

    async def summarise(self, reading: Reading, **_: object) -> Mapping[Audience, SummaryDraft]:
        raise RuntimeError("a bug")


async def test_a_backlog_is_numbered_in_the_order_of_asking(bot: Bot) -> None:
    session = await bot.announce()
    newest_first = [mention(ANN, f"ask {n}?", bot.now, ahead=n - 60) for n in (5, 4, 3, 2, 1)]
    for event in newest_first:
        bot.receive(event)
    await until(lambda: bot.mentions.stats()["handled"] == 5)
    assert await board(bot, session) == ["1?", "2?", "3?", "4?", "5?"]


async def test_a_bug_is_logged_and_answered_neutrally(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    await bot.announce()
    bot.summariser.summarise = BrokenSummariser().summarise  # type: ignore[method-assign]
    reply = await said(bot, mention(ANN, "summary plain", bot.now))
    assert reply.content == SORRY
    assert "a bug" in caplog.text
    assert (await said(bot, mention(ANN, "help", bot.now))).content == HELP


async def test_a_slow_summary_holds_nobody_up(bot: Bot) -> None:
    await bot.announce()
    go = asyncio.Event()
    quick = bot.summariser.summarise

    async def slow(reading: Reading, **_: object) -> Mapping[Audience, SummaryDraft]:
        await go.wait()
        return await quick(reading)

    bot.summariser.summarise = slow  # type: ignore[method-assign]
    waiting = mention(ANN, "summary plain", bot.now)
    bot.receive(waiting)
    await said(bot, mention(BEN, "ask why?", bot.now))
    assert bot.relay.replies_to(waiting) == []
    go.set()
    await until(lambda: bot.relay.replies_to(waiting))


async def test_a_data_file_that_is_locked_delays_and_loses_nothing(
    bot: Bot, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    session = await bot.announce()
    await said(bot, mention(ANN, "help", bot.now))
    broken = bot.questions.submit
    failures = 0

    async def failing(*args: object) -> object:
        nonlocal failures
        failures += 1
        if failures < 3:
            raise StorageError("the disk is full")
        return await broken(*args)  # type: ignore[arg-type]

    bot.questions.submit = failing  # type: ignore[method-assign,assignment]
    await said(bot, mention(ANN, "ask why?", bot.now))
    assert failures == 3
    assert await board(bot, session) == ["why?"]
    assert "mentions wait for the data file" in caplog.text


async def test_one_question_that_hits_a_bug_takes_no_other_with_it(bot: Bot) -> None:
    session = await bot.announce()
    asked = [mention(ANN, text, bot.now) for text in ("ask one?", "ask bad?", "ask three?")]
    whole = bot.questions.submit

    async def picky(submissions: list[object], reply: object) -> object:
        if any("bad?" in str(each) for each in submissions):
            raise RuntimeError("a bug")
        return await whole(submissions, reply)  # type: ignore[arg-type]

    bot.questions.submit = picky  # type: ignore[method-assign,assignment]
    for event in asked:
        bot.receive(event)
    await until(lambda: all(bot.relay.replies_to(event) for event in asked))
    assert bot.relay.replies_to(asked[1])[0].content == SORRY
    assert await board(bot, session) == ["one?", "three?"]


async def test_a_mention_that_can_not_be_understood_takes_no_other_with_it(bot: Bot) -> None:
    whole = bot.listener.hear

    async def picky(batch: Sequence[Mention]) -> list[Heard]:
        if any(each.event.content == "bad" for each in batch):
            raise RuntimeError("a bug")
        return await whole(batch)

    bot.listener.hear = picky  # type: ignore[method-assign]
    asked = [mention(BEN, text, bot.now) for text in ("help", "bad", "sessions")]
    for event in asked:
        bot.receive(event)
    await until(lambda: all(bot.relay.replies_to(event) for event in asked))
    assert bot.relay.replies_to(asked[1])[0].content == SORRY
    assert bot.relay.replies_to(asked[0])[0].content == HELP


async def test_a_data_file_that_can_not_be_read_delays_understanding(bot: Bot) -> None:
    whole = bot.listener.hear
    failures = 0

    async def failing(batch: Sequence[Mention]) -> list[Heard]:
        nonlocal failures
        failures += 1
        if failures < 3:
            raise StorageError("the disk is full")
        return await whole(batch)

    bot.listener.hear = failing  # type: ignore[method-assign]
    assert (await said(bot, mention(BEN, "help", bot.now))).content == HELP
    assert failures == 3


async def test_what_can_not_even_be_told_sorry_is_given_up_and_the_rest_goes_on(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    send, failures = bot.outbox.send_now, 0

    def failing(deliveries: Sequence[Delivery]) -> None:
        nonlocal failures
        failures += 1
        if failures == 1:
            raise RuntimeError("a bug")
        send(deliveries)

    bot.outbox.send_now = failing  # type: ignore[method-assign]
    lost = mention(BEN, "help", bot.now)
    bot.receive(lost)
    await until(lambda: "mentions given up" in caplog.text)
    assert (await said(bot, mention(BEN, "help please", bot.now))).content == HELP
    assert bot.admission.oldest_under_way(RELAY) is None


async def test_too_many_summaries_at_once_are_put_off_politely(bot: Bot) -> None:
    await bot.announce()
    go = asyncio.Event()
    quick = bot.summariser.summarise

    async def slow(reading: Reading, **_: object) -> Mapping[Audience, SummaryDraft]:
        await go.wait()
        return await quick(reading)

    bot.summariser.summarise = slow  # type: ignore[method-assign]
    asked = [mention(person(n), "summary plain", bot.now) for n in range(100, 121)]
    for event in asked:
        bot.receive(event)
    await until(lambda: any("ask again in a minute" in each.content for each in bot.relay.events))
    go.set()
    await until(lambda: bot.mentions.stats()["replied"] == 21)


async def test_a_cursor_that_can_not_be_stored_waits(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    async def no_transaction() -> None:
        raise StorageError("the disk is full")

    class Full:
        async def __aenter__(self) -> None:
            await no_transaction()

        async def __aexit__(self, *error: object) -> None: ...

    await said(bot, mention(BEN, "help", bot.now))
    whole = bot.store.transaction
    bot.store.transaction = Full  # type: ignore[method-assign,assignment]
    await bot.mentions.close()
    await until(lambda: caplog.text.count("can't store how far") >= 2)
    bot.store.transaction = whole  # type: ignore[method-assign]

    async def is_stored() -> bool:
        return bool(await cursors(bot))

    await until(is_stored)


async def test_what_happened_is_logged_now_and_then(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await said(bot, mention(BEN, "help", bot.now))
    await until(lambda: "replied 1" in caplog.text)
    await bot.mentions.wait_room()


async def test_a_reply_that_no_relay_took_is_sent_again(bot: Bot) -> None:
    await bot.announce()
    bot.relay.down = True
    asked = mention(ANN, "ask why?", bot.now)
    bot.receive(asked)
    await handled(bot, asked)
    bot.relay.down = False
    bot.now.advance(timedelta(minutes=2))
    bot.outbox.wake()
    await until(lambda: bot.relay.replies_to(asked))


async def test_the_cursor_follows_what_is_done_and_never_passes_now(
    bot: Bot, tmp_path: Path
) -> None:
    first, ahead = mention(ANN, "help", bot.now, ahead=-50), mention(BEN, "help", bot.now, ahead=99)
    await said(bot, first)
    await bot.mentions.close()
    assert await cursors(bot) == {RELAY: str(first.created_at)}
    await said(bot, ahead)
    bot.receive(ahead, "ws://other.test")
    await bot.mentions.close()
    now = str(int(bot.now().timestamp()))
    assert await cursors(bot) == {RELAY: now, "ws://other.test": now}


async def test_the_cursor_waits_for_an_older_mention_still_in_work(bot: Bot) -> None:
    await bot.announce()
    go = asyncio.Event()
    quick = bot.summariser.summarise

    async def slow(reading: Reading, **_: object) -> Mapping[Audience, SummaryDraft]:
        await go.wait()
        return await quick(reading)

    bot.summariser.summarise = slow  # type: ignore[method-assign]
    older = mention(ANN, "summary plain", bot.now, ahead=-50)
    bot.receive(older)
    await said(bot, mention(BEN, "help", bot.now))
    await bot.mentions.close()
    assert await cursors(bot) == {RELAY: str(older.created_at)}
    go.set()
    await until(lambda: bot.relay.replies_to(older))
    await bot.mentions.close()
    assert await cursors(bot) == {RELAY: str(int(bot.now().timestamp()))}


async def test_the_cursor_rests_while_a_relay_still_sends_what_it_has_stored(bot: Bot) -> None:
    bot.relay.behind.add(RELAY)
    newest = mention(ANN, "help", bot.now)
    await said(bot, newest)
    await bot.mentions.close()
    assert await cursors(bot) == {}
    assert bot.mentions.seen_until(RELAY) is None
    bot.relay.behind.clear()
    await bot.mentions.close()
    assert await cursors(bot) == {RELAY: str(newest.created_at)}


async def test_reading_goes_on_where_an_earlier_run_stopped(bot: Bot) -> None:
    async with bot.store.transaction() as tx:
        await tx.cursors.move({RELAY: "1000", "ws://odd.test": "x"}, bot.now())
    await bot.mentions.open()
    assert bot.mentions.seen_until(RELAY) == 1000
    assert bot.mentions.seen_until("ws://odd.test") is None


async def test_cursors_are_stored_by_themselves(bot: Bot) -> None:
    await said(bot, mention(ANN, "help", bot.now))

    async def is_stored() -> bool:
        return bool(await cursors(bot))

    await until(is_stored)


async def test_a_stop_while_a_summary_is_made_leaves_the_mention_for_the_next_run(
    tmp_path: Path,
) -> None:
    async with bot_in(tmp_path) as bot:
        await bot.announce()
        started = asyncio.Event()

        async def endless(reading: Reading, **_: object) -> Mapping[Audience, SummaryDraft]:
            started.set()
            await asyncio.Event().wait()
            return {}

        bot.summariser.summarise = endless  # type: ignore[method-assign]
        task = asyncio.create_task(bot.mentions.run())
        asked = mention(ANN, "summary plain", bot.now)
        bot.receive(asked)
        await started.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with bot.store.read() as view:
            assert await view.seen.which(Network.NOSTR, [asked.id]) == set()


async def test_stats_tell_what_came_and_what_was_answered(bot: Bot) -> None:
    await said(bot, mention(ANN, "help", bot.now))
    bot.mentions.receive([], 2, RELAY)
    counts = bot.mentions.stats()
    assert {name: counts[name] for name in ("received", "malformed", "handled", "replied")} == {
        "received": 2,
        "malformed": 1,
        "handled": 1,
        "replied": 1,
    }


async def cursors(bot: Bot) -> dict[str, str]:
    async with bot.store.read() as view:
        return dict(await view.cursors.all())
