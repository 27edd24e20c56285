"""Relays go and come back while the bot runs, and the bot itself is told to stop."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.networks.nostr.local_relay import LocalRelay
from tests.e2e.member import member
from tests.e2e.processes import Bot, end
from tests.waiting import until

pytestmark = pytest.mark.slow

NOTE, CALENDAR = 1, 31923
BACK_WITHIN = 15.0  # seconds; the bot's waits are 1, 2, 4 s with jitter in outages as short as here


class Relay:
    """A relay that is stopped and started again at the same address. What it had is gone then."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            self._port: int = server.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self._port}"
        self._running = AsyncExitStack()

    async def start(self) -> None:
        await self._running.enter_async_context(LocalRelay(self._port))

    async def stop(self) -> None:
        await self._running.aclose()


@pytest.fixture
async def relays() -> AsyncIterator[tuple[Relay, Relay]]:
    both = Relay(), Relay()
    for relay in both:
        await relay.start()
    yield both
    for relay in both:
        await relay.stop()


@pytest.fixture
def bot(planned: Bot, tmp_path: Path, relays: tuple[Relay, Relay]) -> Bot:
    return planned.copied(tmp_path, [relay.url for relay in relays])


@pytest.fixture
def running(bot: Bot) -> Iterator[subprocess.Popen[str]]:
    """The bot with its announcement sent."""
    with bot.running() as process:
        bot.wait(process, lambda: not bot.unsent())
        yield process


async def lose(bot: Bot, relay: Relay) -> None:
    """Stop the relay, and see that the bot noticed."""
    before = bot.log().count(f"no link to {relay.url}")
    await relay.stop()
    await until(lambda: bot.log().count(f"no link to {relay.url}") > before, 10)


async def has_again(bot: Bot, relay: Relay) -> None:
    """Start the relay, and see that the bot comes back to it."""
    before = bot.log().count(f"connected to {relay.url}")
    await relay.start()
    await until(lambda: bot.log().count(f"connected to {relay.url}") > before, BACK_WITHIN)


@pytest.mark.usefixtures("running")
async def test_a_relay_that_was_away_is_listened_to_again_and_nothing_counts_twice(
    bot: Bot, relays: tuple[Relay, Relay]
) -> None:
    lost, other = relays
    await lose(bot, lost)
    async with member(other.url) as her:
        asked = her.sign("ask Who pays for the relays?", [["p", bot.pubkey]])
        meanwhile = await her.publish(asked)
        assert "Question 1" in (await her.reply_to(meanwhile, bot.pubkey)).content
    await has_again(bot, lost)
    async with member(lost.url) as him:
        assert await him.publish(asked) == meanwhile, "as clients do that find a relay behind"
        later = await him.mention(bot.pubkey, "ask And who runs them?")
        assert "Question 2" in (await him.reply_to(later, bot.pubkey)).content
    stored = bot.rows("SELECT source_id, number FROM questions ORDER BY number")
    assert stored == [(meanwhile, 1), (later, 2)]
    assert bot.rows("SELECT count(*) FROM outbox WHERE kind = 'reply'") == [(2,)]


@pytest.mark.usefixtures("running")
async def test_one_event_from_two_relays_is_one_question_with_one_reply(
    bot: Bot, relays: tuple[Relay, Relay]
) -> None:
    first, second = relays
    async with member(first.url, second.url) as her:
        mentions = [await her.mention(bot.pubkey, f"ask What of {n}?") for n in range(5)]
        for mention in mentions:
            await her.reply_to(mention, bot.pubkey)
    for relay in relays:
        async with member(relay.url) as reader:
            for mention in mentions:
                await reader.reply_to(mention, bot.pubkey)  # a reply goes to every relay
            replies = await reader.fetch(authors=[bot.pubkey], kinds=[NOTE], tag_e=mentions)
            assert len(replies) == len(mentions)
    rows = bot.rows("SELECT source_id, number FROM questions ORDER BY number")
    assert sorted(source for source, _ in rows) == sorted(mentions)
    assert [number for _, number in rows] == [1, 2, 3, 4, 5]
    assert bot.rows("SELECT count(*) FROM outbox WHERE kind = 'reply'") == [(5,)]


@pytest.mark.usefixtures("running")
async def test_what_fell_due_while_every_relay_was_down_is_delivered(
    bot: Bot, relays: tuple[Relay, Relay]
) -> None:
    for relay in relays:
        await lose(bot, relay)
    # Made due behind the bot's back, which looks again once another process has written.
    bot.write("UPDATE reminders SET due_at = (SELECT min(created_at) FROM outbox)")
    moats = ("--title", "Moats", "--tag", "ai")
    bot.command("session", "add", *moats, "--at", "2036-12-09 19:00", "--announce")
    await until(lambda: "reminder" in {kind for kind, _ in bot.unsent()}, 10)
    assert {kind for kind, _ in bot.unsent()} == {"announcement", "calendar", "reminder"}
    for relay in relays:
        await relay.start()
    async with member(relays[0].url, relays[1].url) as her:
        posts = {"authors": [bot.pubkey], "kinds": [NOTE]}
        await her.one(40, **posts, tag_t=["ai"])
        await her.one(40, **posts, tag_t=["nostr"])
        await her.one(40, authors=[bot.pubkey], kinds=[CALENDAR])
        await until(lambda: not bot.unsent(), 40)
        assert len(await her.fetch(**posts)) == 2, "one announcement and one reminder"


@pytest.mark.usefixtures("running")
async def test_what_the_organiser_announces_is_out_within_moments(
    bot: Bot, relays: tuple[Relay, Relay]
) -> None:
    bot.command("session", "add", "--title", "Moats", "--tag", "ai", "--at", "2036-12-09 19:00")
    async with member(relays[0].url) as her:
        bot.command("session", "announce", "moats")
        at = time.monotonic()
        await her.one(25, authors=[bot.pubkey], kinds=[NOTE], tag_t=["ai"])
        assert time.monotonic() - at < 20, "others' commits are looked for every second"


async def test_told_to_stop_it_gives_back_what_it_could_not_send(
    bot: Bot, relays: tuple[Relay, Relay]
) -> None:
    for relay in relays:
        await relay.stop()
    process = bot.start()
    try:
        bot.wait(process, lambda: {state for _, state in bot.unsent()} == {"sending"})
    finally:
        code = end(process, 25)
    assert code == 0, bot.log()
    assert {state for _, state in bot.unsent()} == {"pending"}
    await relays[1].start()
    with bot.running():
        async with member(relays[1].url) as her:
            await her.one(20, authors=[bot.pubkey], kinds=[NOTE], tag_t=["nostr"])


async def test_a_folder_has_one_bot(bot: Bot, running: subprocess.Popen[str]) -> None:
    second = bot.ended("run")
    assert second.returncode == 1
    (line,) = second.stderr.splitlines()
    assert f"pid {running.pid}" in line
    assert running.poll() is None


def test_a_data_file_from_the_future_is_left_alone(planned: Bot, tmp_path: Path) -> None:
    bot = planned.copied(tmp_path, ["ws://127.0.0.1:9"])
    bot.write("UPDATE alembic_version SET version_num = '9999'")
    before = bot.rows("SELECT name, sql FROM sqlite_schema")
    refused = bot.ended("run")
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert "newer Readalong" in line
    assert bot.rows("SELECT name, sql FROM sqlite_schema") == before
