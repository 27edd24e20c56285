"""The bot dies by SIGKILL on its way to a post on Discord, or to an answer, and starts again.

Discord and the data file must agree in the end: one message, one event, nothing acknowledged lost.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.networks.discord.local import Fate, Permission
from tests.e2e.processes import Bot
from tests.e2e.two_networks import Scene, two_networks

pytestmark = pytest.mark.slow

MESSAGES = "/channels/*/messages"
CALLBACKS = "/interactions/*/*/callback"
FORGOTTEN = timedelta(minutes=5)  # by Discord, which keeps a nonce for two
OF_AN_ANNOUNCEMENT = ["before its thread", "after it was sent"]
OF_A_QUESTION = [
    # how often it was acknowledged, how often it is stored, and what who asks again is told
    pytest.param(
        "in the question's transaction", 0, 0, "is number **1** on the board", id="during"
    ),
    pytest.param("before the question's answer", 0, 1, "already: it is question 1", id="before"),
    pytest.param("after the question's answer", 1, 1, "already: it is question 1", id="after"),
]


@pytest.fixture
async def scene(fresh: Bot, tmp_path: Path) -> AsyncIterator[Scene]:
    async with two_networks(fresh, tmp_path) as scene:
        yield scene


@pytest.mark.parametrize("point", OF_AN_ANNOUNCEMENT)
async def test_an_announcement_stands_once_though_the_bot_died(scene: Scene, point: str) -> None:
    await scene.announced()
    await scene.dies(point)
    await scene.settles()
    scene.one_announcement()
    scene.one_event()


async def test_so_it_does_when_discord_has_forgotten_the_nonce(scene: Scene) -> None:
    await scene.announced()
    await scene.dies("in its mark's transaction")
    for number in range(30):
        scene.ada.write(scene.channel, f"Meanwhile {number}.")
    async with scene.running_later(FORGOTTEN) as process:
        await scene.wait(process, lambda: not scene.bot.unsent())
    scene.one_announcement()
    assert len(scene.server.requests.to("POST", MESSAGES)) == 1, "it was found, not sent again"


async def test_what_never_arrived_is_sent_late(scene: Scene) -> None:
    await scene.announced()
    await scene.dies("after its preparation")
    async with scene.running_later(FORGOTTEN) as process:
        await scene.wait(process, lambda: not scene.bot.unsent())
    scene.one_announcement()


async def test_a_message_whose_answer_was_on_its_way_stands_once(scene: Scene) -> None:
    await scene.announced()
    lost = scene.server.faults.next("POST", MESSAGES, fate=Fate.UNANSWERED)
    process = await asyncio.to_thread(scene.bot.start)
    try:
        await scene.server.faults.happened(lost)
    finally:
        process.kill()
    assert process.wait(5) == -signal.SIGKILL
    assert len(scene.posted("Relays")) == 1
    await scene.settles()
    scene.one_announcement()
    first, second = scene.server.requests.to("POST", MESSAGES)
    assert first.body == second.body
    assert isinstance(first.body, dict)
    assert first.body["enforce_nonce"] is True


async def test_a_scheduled_event_is_made_once_though_the_bot_died(scene: Scene) -> None:
    await scene.announced()
    await scene.dies("after the event was made")
    await scene.settles()
    scene.one_event()
    scene.one_announcement()


async def test_a_reminder_stands_once_though_the_bot_died(scene: Scene) -> None:
    await scene.announced()
    scene.bot.write("UPDATE reminders SET due_at = (SELECT min(created_at) FROM outbox)")
    await scene.dies("after the reminder was sent")
    await scene.settles()
    (reminder,) = [each for each in scene.posted("Relays") if each.text.startswith("In ")]
    assert scene.sent("reminder") == [("sent", str(reminder.id))]


async def test_where_it_can_not_be_told_it_is_unknown_and_told(scene: Scene) -> None:
    await scene.announced()
    await scene.dies("after it was sent")
    us = scene.guild.members[scene.server.world.bot.id]
    scene.server.world.deny(scene.channel, us, Permission.READ_MESSAGE_HISTORY)
    async with scene.running_later(FORGOTTEN) as process:
        await scene.wait(process, lambda: not scene.bot.unsent())
        assert [state for state, _ in scene.sent("announcement")] == ["unknown"]
        (warning,) = scene.posted("For the organisers")
        assert "“Relays” may have arrived" in warning.text
        await is_checked(scene)
        # The mend that was told, and the same command again.
        scene.server.world.allow(scene.channel, us, Permission.READ_MESSAGE_HISTORY)
        await scene.organiser.slash(scene.channel, "session announce", session="relays")
        await scene.wait(process, lambda: not scene.bot.unsent())
    scene.one_announcement()
    assert "Read Message History" in warning.text


async def is_checked(scene: Scene) -> None:
    """`readalong check` tells of it too."""
    report = await scene.command("check")
    assert report["ok"]
    assert report["outbox"]["networks"]["discord"]["unknown"] == 1
    assert any("1 post may stand on Discord or not" in each for each in report["remarks"])
    (failure,) = report["outbox"]["failures"]
    assert failure["key"].startswith("announcement:")


# Interactions


async def asks(scene: Scene, text: str) -> None:
    await scene.ada.slash(scene.channel, "ask", text=text)


def acknowledged(scene: Scene) -> int:
    """How many interactions were acknowledged."""
    return len([each for each in scene.server.requests.to("POST", CALLBACKS) if each.status < 300])


@pytest.mark.parametrize(("point", "answers", "stored", "told"), OF_A_QUESTION)
async def test_a_question_is_acknowledged_only_where_it_is_kept_and_is_kept_once(
    scene: Scene, point: str, answers: int, stored: int, told: str
) -> None:
    await scene.announced()
    await scene.dies(point, lambda: asks(scene, "Who pays?"))
    assert acknowledged(scene) == answers
    assert scene.bot.rows("SELECT count(*) FROM questions") == [(stored,)]
    async with scene.running():
        again = await scene.ada.slash(scene.channel, "ask", text="Who pays?")
        board = await scene.ben.slash(scene.channel, "questions")
    assert told in again.text
    assert scene.bot.rows("SELECT number, text FROM questions") == [(1, "Who pays?")]
    assert board.text.count("Who pays?") == 1


async def test_an_announcing_that_died_did_nothing_and_is_done_by_the_next_press(
    scene: Scene,
) -> None:
    await scene.announced()
    async with scene.running():
        shown = await scene.organiser.slash(
            scene.channel, "session add", title="Moats", when="2036-12-09 19:00"
        )
    await scene.dies(
        "in the announcing transaction", lambda: scene.organiser.click(shown, "Store and announce")
    )
    assert scene.bot.rows("SELECT count(*) FROM sessions") == [(1,)]
    async with scene.running() as process:
        done = await scene.organiser.click(shown, "Store and announce")
        await scene.wait(process, lambda: not scene.bot.unsent())
    assert "is announced" in done.text
    assert len(scene.posted("Moats")) == 1


def answered_questions(scene: Scene) -> set[str]:
    """The interactions to which it was said that their question is on the board."""
    answers = scene.server.requests.to("POST", CALLBACKS)
    told = [each for each in answers if each.status < 300 and "number **" in str(each.body)]
    return {each.path.split("/")[2] for each in told}


async def test_four_kills_at_any_moment_lose_nothing_that_was_answered_and_repeat_nothing(
    scene: Scene,
) -> None:
    moments = random.Random(20261202)  # noqa: S311 (moments that can be had again, no secret)
    await scene.announced()
    for night in range(4):
        process = await asyncio.to_thread(scene.bot.start)
        try:
            acting = [asyncio.create_task(asks(scene, f"What of {night}.{n}?")) for n in range(5)]
            acting.append(asyncio.create_task(announces(scene, f"Night {night}")))
            await asyncio.sleep(moments.uniform(0, 0.4))  # a kill waits for no condition
        finally:
            process.kill()
        assert await asyncio.to_thread(process.wait, 5) == -signal.SIGKILL
        for act in acting:
            act.cancel()
        await asyncio.gather(*acting, return_exceptions=True)
    await scene.settles()
    stored = [source for (source,) in scene.bot.rows("SELECT source_id FROM questions")]
    assert len(stored) == len(set(stored))
    assert answered_questions(scene) <= set(stored)
    titles = [title for (title,) in scene.bot.rows("SELECT title FROM sessions")]
    for title in titles:
        stands = [each for each in scene.posted(title) if each.embeds[0]["title"] == title]
        assert len(stands) == 1
    assert sorted(each.name for each in scene.guild.events.values()) == sorted(titles)
    assert sorted(each.name for each in scene.guild.threads.values()) == sorted(titles)
    assert scene.bot.rows("SELECT key FROM outbox WHERE state != 'sent'") == []


async def announces(scene: Scene, title: str) -> None:
    when = "2036-12-09 19:00"
    shown = await scene.organiser.slash(scene.channel, "session add", title=title, when=when)
    await scene.organiser.click(shown, "Store and announce")
