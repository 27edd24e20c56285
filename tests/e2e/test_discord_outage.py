"""Discord or the relay is away while the bot's own process runs, and the bot is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.networks.discord.local import Answer
from tests.e2e.processes import Bot, end
from tests.e2e.two_networks import Scene, two_networks
from tests.waiting import until

pytestmark = pytest.mark.slow

NOTE = 1
MESSAGES = "/channels/*/messages"
MOATS = ("session", "add", "--title", "Moats", "--tag", "ai", "--at", "2036-12-09 19:00")


def waiting(scene: Scene) -> set[str]:
    """The kinds of what is still to be posted to Discord."""
    query = "SELECT kind FROM outbox WHERE network = 'discord' AND state IN ('pending', 'sending')"
    return {kind for (kind,) in scene.bot.rows(query)}


@pytest.fixture
async def scene(fresh: Bot, tmp_path: Path) -> AsyncIterator[Scene]:
    async with two_networks(fresh, tmp_path) as scene:
        yield scene


async def test_nostr_goes_on_while_discord_is_away_which_catches_up_once(scene: Scene) -> None:
    await scene.announced()
    async with scene.running() as process:
        await scene.wait(process, lambda: not scene.bot.unsent())
        await scene.server.stop()
        # Made due behind the bot's back, which looks again once another process has written.
        scene.bot.write("UPDATE reminders SET due_at = (SELECT min(created_at) FROM outbox)")
        await scene.command(*MOATS, "--announce")
        await scene.nostr.one(authors=[scene.bot.pubkey], kinds=[NOTE], tag_t=["ai"])
        mention = await scene.nostr.mention(scene.bot.pubkey, "ask Who pays?")
        await scene.nostr.reply_to(mention, scene.bot.pubkey)
        await until(lambda: waiting(scene) == {"announcement", "calendar", "reminder"})
        await scene.server.start()
        await scene.wait(process, lambda: not scene.bot.unsent(), 30)
        await scene.server.gateway.until_connected(within=30)
        board = await scene.ada.slash(scene.channel, "questions", session="relays")
    assert "Who pays?" in board.text
    assert len([each for each in scene.posted("Moats") if "Going" in each.labels]) == 1
    assert len(scene.posted("days: Relays")) == 1
    assert sorted(event.name for event in scene.guild.events.values()) == ["Moats", "Relays"]
    assert "Traceback" not in scene.bot.log()


async def test_discord_goes_on_while_no_relay_is_there(scene: Scene) -> None:
    scene.bot.configure(["ws://127.0.0.1:9"])
    await scene.announced()
    process = await asyncio.to_thread(scene.bot.start)
    try:
        await scene.server.posted(scene.channel, "Relays")
        scene.bot.write("UPDATE reminders SET due_at = (SELECT min(created_at) FROM outbox)")
        await scene.server.posted(scene.channel, "days: Relays", within=15)
        asked = await scene.ada.slash(scene.channel, "ask", text="Who pays?")
        shown = await scene.organiser.slash(scene.channel, "session cancel", session="relays")
        assert shown.message is not None
        await scene.organiser.click(shown, shown.message.labels[0])
        await scene.server.posted(scene.channel, "Cancelled: Relays")
    finally:
        process.kill()  # told to stop, it would try the relay for 20 s more
        await asyncio.to_thread(process.wait, 5)
    assert asked.answer is Answer.MESSAGE
    assert "Traceback" not in scene.bot.log()


async def test_told_to_stop_it_finishes_what_it_is_sending_to_discord(scene: Scene) -> None:
    await scene.announced()
    limited = scene.server.faults.next("POST", MESSAGES, status=429, retry_after=1.0)
    process = await asyncio.to_thread(scene.bot.start)
    try:
        await scene.server.faults.happened(limited)
    finally:
        ending = asyncio.create_task(asyncio.to_thread(end, process))
    await until(lambda: "stopping" in scene.bot.log())
    assert not scene.posted("Relays"), "it was told to wait a second"
    assert await ending == 0, scene.bot.log()
    assert len(scene.posted("Relays")) == 1
    assert scene.sent("announcement") == [("sent", str(scene.posted("Relays")[0].id))]
    assert scene.bot.rows("SELECT key FROM outbox WHERE state = 'sending'") == []
    await scene.settles()
    scene.one_announcement()
    scene.one_event()
