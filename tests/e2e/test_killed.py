"""`kill -9` at every step, and at any moment: nothing is lost, and nothing happens twice."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.networks.nostr.local_relay import LocalRelay
from tests.e2e.dying_bot import DIED_AT, POINTS
from tests.e2e.member import Found, Member, member
from tests.e2e.processes import Bot, end
from tests.waiting import until

pytestmark = pytest.mark.slow

NOTE, COMMENT, CALENDAR = 1, 1111, 31923
ALL = list(POINTS)
FIRST_QUESTION, FIRST_REMINDER = (
    ALL.index("in the question's transaction"),
    ALL.index("in the reminder's transaction"),
)
ON_THE_WAY = ALL[1:FIRST_QUESTION]
OF_A_QUESTION = ALL[FIRST_QUESTION:FIRST_REMINDER]
OF_A_REMINDER = ALL[FIRST_REMINDER:]


class Scene:
    """One bot, one relay that lives on in this process, and one member."""

    def __init__(self, bot: Bot, member: Member) -> None:
        self.bot = bot
        self.member = member

    def dies(self, point: str, *words: str) -> None:
        """Run a command that kills itself at ``point``, and see that it really was there."""
        process = self.bot.spawn("tests.e2e.dying_bot", point, *words)
        try:
            assert process.wait(30) == -signal.SIGKILL, self.bot.log()
        finally:
            process.kill()
        assert (self.bot.folder / DIED_AT).read_text() == point

    async def settles(self) -> None:
        """The bot itself runs until nothing is left to be sent, and ends in good order."""
        process = self.bot.start()
        try:
            self.bot.wait(process, lambda: not self.bot.unsent(), 20)
        finally:
            assert end(process) == 0, self.bot.log()

    async def posts(self, **wanted: object) -> list[Found]:
        return await self.member.fetch(authors=[self.bot.pubkey], **wanted)

    async def announcement(self) -> Found:
        """The only one, at the relay and in the data file; and so with its calendar entry."""
        ((announced,),) = self.bot.rows("SELECT remote_id FROM outbox WHERE kind = 'announcement'")
        notes = [
            note
            for note in await self.posts(kinds=[NOTE], tag_t=["nostr"])
            if not note.tagged("e")  # a reminder stands under it
        ]
        assert [note.id for note in notes] == [announced]
        (entry,) = await self.posts(kinds=[CALENDAR])
        assert notes[0].value("a") == f"{CALENDAR}:{self.bot.pubkey}:{entry.value('d')}"
        return notes[0]

    async def asked_once(self, mention: str, number: int) -> None:
        """One row and one reply, the same at the relay and in the data file."""
        rows = self.bot.rows("SELECT number FROM questions WHERE source_id = ?", mention)
        assert rows == [(number,)]
        (reply,) = await self.posts(kinds=[NOTE, COMMENT], tag_e=[mention])
        assert self.bot.rows(
            "SELECT remote_id, state FROM outbox WHERE key = ?", f"reply:nostr:{mention}"
        ) == [(reply.id, "sent")]
        assert reply.content.startswith(f"Question {number} ")


@pytest.fixture
async def scene(planned: Bot, tmp_path: Path) -> AsyncIterator[Scene]:
    async with LocalRelay() as relay, member(relay.url) as her:
        yield Scene(planned.copied(tmp_path, [relay.url]), her)


def test_each_step_has_its_point() -> None:
    assert len(ON_THE_WAY) == 8
    assert len(OF_A_QUESTION) == 7
    assert len(OF_A_REMINDER) == 2


@pytest.mark.parametrize("point", ON_THE_WAY)
async def test_an_announcement_goes_out_once_though_the_bot_died(scene: Scene, point: str) -> None:
    scene.dies(point, "run")
    await scene.settles()
    await scene.announcement()


async def test_a_command_that_died_while_it_announced_did_nothing(scene: Scene) -> None:
    at = ("--at", "2036-12-09 19:00")
    scene.bot.command("session", "add", "--title", "Moats", *at)
    scene.dies("queueing it", "session", "announce", "moats")
    assert len(scene.bot.unsent()) == 2, "what the first session has, no more"
    for _ in range(2):
        scene.bot.command("session", "announce", "moats")
    await scene.settles()
    assert len(await scene.posts(kinds=[NOTE])) == 2
    assert len(await scene.posts(kinds=[CALENDAR])) == 2


@pytest.mark.parametrize("point", OF_A_QUESTION)
async def test_a_question_counts_once_though_the_bot_died(scene: Scene, point: str) -> None:
    mention = await scene.member.mention(scene.bot.pubkey, "ask Who pays for the relays?")
    scene.dies(point, "run")
    with scene.bot.running() as process:
        # The cursor moves once all that the relay had stored has come and is handled.
        scene.bot.wait(process, lambda: scene.bot.rows("SELECT 1 FROM cursors"), 20)
        after = await scene.member.mention(scene.bot.pubkey, "ask And who runs them?")
        await scene.member.reply_to(after, scene.bot.pubkey)
    assert not scene.bot.unsent()
    await scene.announcement()
    await scene.asked_once(mention, 1)
    await scene.asked_once(after, 2)
    assert scene.bot.rows("SELECT count(*) FROM questions") == [(2,)]


@pytest.mark.parametrize("point", OF_A_REMINDER)
async def test_a_reminder_goes_out_once_though_the_bot_died(scene: Scene, point: str) -> None:
    scene.bot.write("UPDATE reminders SET due_at = (SELECT min(created_at) FROM outbox)")
    scene.dies(point, "run")
    await scene.settles()
    root = await scene.announcement()
    (reminder,) = await scene.posts(kinds=[NOTE], tag_e=[root.id])
    assert scene.bot.rows("SELECT remote_id FROM outbox WHERE kind = 'reminder'") == [
        (reminder.id,)
    ]
    assert scene.bot.rows("SELECT state FROM reminders") == [("sent",)]


async def asks_five(scene: Scene, asked: int) -> list[str]:
    return [
        await scene.member.mention(scene.bot.pubkey, f"ask What of matter {number}?")
        for number in range(asked, asked + 5)
    ]


async def test_six_kills_at_any_moment_lose_and_repeat_none_of_30_questions(scene: Scene) -> None:
    moments = random.Random(20261202)  # noqa: S311 (moments that can be had again, no secret)
    asked: list[str] = []
    for _ in range(6):
        (scene.bot.folder / "log.txt").unlink(missing_ok=True)
        process = scene.bot.start()
        try:
            scene.bot.wait(process, lambda: " connected to " in scene.bot.log())
            asking = asyncio.create_task(asks_five(scene, len(asked)))
            await asyncio.sleep(moments.uniform(0, 0.2))  # a kill waits for no condition
        finally:
            process.kill()
        assert process.wait(5) == -signal.SIGKILL
        asked += await asking
    with scene.bot.running():

        async def all_answered() -> bool:
            return len(await scene.posts(kinds=[NOTE], tag_e=asked)) >= len(asked)

        await until(all_answered, 20)
    await scene.settles()
    await scene.announcement()
    numbers = dict(scene.bot.rows("SELECT source_id, number FROM questions"))
    assert sorted(numbers) == sorted(asked)
    assert sorted(numbers.values()) == list(range(1, 31))
    for mention in asked:
        await scene.asked_once(mention, numbers[mention])
