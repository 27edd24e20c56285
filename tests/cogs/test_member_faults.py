"""What may go wrong around the members' commands: a full disk, a late answer, a doubled one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from bot.domain.errors import StorageError
from bot.domain.model import Limits, Rsvps
from bot.domain.ports import Rows, Store, Topic
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.errors import BUSY
from bot.services.attendance import Attendance
from bot.services.people import People
from bot.services.questions import Questions
from tests.cogs.conftest import SECRET
from tests.cogs.members import asked, board_of, refusal, touched
from tests.cogs.world import World, extensions, said


class FullDisk:
    """A data file that reads as before; nothing can be written any more."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self) -> AbstractAsyncContextManager[Rows]:
        return self._store.read()

    def transaction(self) -> AbstractAsyncContextManager[Rows]:
        raise StorageError("the disk is full")

    def on_commit(self, topic: Topic, callback: Callable[[], None]) -> None:
        self._store.on_commit(topic, callback)

    def version(self) -> object:
        return self._store.version()


async def fill_the_disk(world: World) -> None:
    full = FullDisk(world.store)
    services = replace(
        world.services,
        questions=Questions(full, world.now, Limits(), SECRET),
        attendance=Attendance(full, world.now),
        people=People(full, SECRET),
    )
    bot = ReadalongBot(services, world.store, extensions=extensions(), shard_count=1)
    await world.env.restart_bot(bot)


async def test_what_can_not_be_stored_is_not_acknowledged(world: World) -> None:
    session = await world.announced()
    await asked(world, session, "Why?")
    board = await world.member.slash(world.channel, "questions")
    form = await world.member.slash(world.channel, "ask")
    await fill_the_disk(world)
    brought_up = touched(world)
    assert board.response is not None
    values = {"question": "And why?", "session": [session.slug]}
    for result in (
        await world.member.slash(world.channel, "ask", text="And why?"),
        await world.member.submit_modal(form, values),
        await world.member.click(board.response, custom_id=f"ra:vote:{session.id}:1:0"),
        await world.member.slash(world.channel, "rsvp", answer="yes"),
    ):
        assert refusal(result) == BUSY
    assert [(question.text, question.votes) for question in await board_of(world, session)] == [
        ("Why?", 0)
    ]
    assert await world.services.attendance.counts(session.id) == Rsvps()
    assert brought_up.sessions == []
    still = await world.member.slash(world.channel, "questions")
    assert "Why?" in said(still)


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (400, 40060)])
async def test_a_late_answer_keeps_what_was_stored_and_raises_nothing(
    world: World, status: int, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    session = await world.announced()
    question = await asked(world, session, "Why?")
    board = await world.member.slash(world.channel, "questions")
    assert board.response is not None
    caplog.set_level("INFO")
    caplog.clear()
    fail = "/interactions/*/callback"
    world.env.inject_error("POST", fail, status=status, code=code)
    await world.member.slash(world.channel, "ask", text="And why?")
    world.env.inject_error("POST", fail, status=status, code=code)
    vote = f"ra:vote:{session.id}:{question.number}:0"
    pressed = await world.member.click(board.response, custom_id=vote)
    assert pressed.followups == []
    assert [(q.text, q.votes) for q in await board_of(world, session)] == [
        ("Why?", 1),
        ("And why?", 0),
    ]
    late = [record for record in caplog.records if "too late" in record.message]
    assert [record.levelname for record in late] == ["INFO", "INFO"]
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


async def test_an_interaction_that_discord_tells_twice_is_one_question(world: World) -> None:
    session = await world.announced()
    await world.member.slash(world.channel, "ask", text="Why?")
    backend = world.env.backend
    payload = next(
        payload
        for _, event, payload in reversed(backend.transcript)
        if event == "INTERACTION_CREATE"
    )
    answers = len(world.env.http_requests)
    backend.emit("INTERACTION_CREATE", payload)
    await world.env.settle()
    assert len(world.env.http_requests) == answers
    assert [question.text for question in await board_of(world, session)] == ["Why?"]


async def test_cogs_can_be_loaded_again(world: World) -> None:
    session = await world.announced()
    mine = ("agenda", "attendance", "moderation", "privacy", "questions", "summaries")
    for name in mine:
        await world.bot.reload_extension(f"cogs.{name}")
    await world.bot.tree.sync()
    message = await world.organiser.send(world.channel, "Why?")
    shown = await world.member.context_menu(world.channel, "Ask this at the session", message)
    await world.member.submit_modal(shown, {"question": "Why?", "session": [session.slug]})
    assert [question.text for question in await board_of(world, session)] == ["Why?"]
