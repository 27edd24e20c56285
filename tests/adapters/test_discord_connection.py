"""The connection to a local Discord server: what it outlives, and what ends it for good."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.domain.errors import ConfigError
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.connection import BAD_TOKEN, application_id, stay_connected, trouble
from bot.networks.discord.local.faults import Fate
from bot.networks.discord.local.redirect import pointed_at
from bot.networks.discord.local.server import LocalDiscord
from bot.networks.discord.probe import probe
from bot.storage.store import SqliteStore
from tests.adapters.discord_bot import at_once, connected, services_over
from tests.fakes import FakeNow
from tests.waiting import until

ME = "/users/@me"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with SqliteStore.open(tmp_path / "readalong.sqlite", FakeNow()) as store:
        yield store


@pytest.fixture
async def server() -> AsyncIterator[LocalDiscord]:
    async with LocalDiscord() as server:
        yield server


@pytest.fixture
async def bot(store: SqliteStore) -> AsyncIterator[ReadalongBot]:
    async with ReadalongBot(await services_over(store, FakeNow()), store) as bot:
        yield bot


def ping(bot: ReadalongBot) -> None:
    @bot.tree.command(description="Is it there?")
    async def ping(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("pong")


async def answers(server: LocalDiscord) -> Callable[[], Awaitable[str]]:
    guild = server.guild()
    alice = server.join(guild, "Alice")
    channel = next(iter(guild.channels.values()))

    async def ask() -> str:
        return (await alice.slash(channel, "ping")).text

    return ask


# What ends it


async def test_a_token_that_discord_refuses_ends_it_with_what_to_do(
    server: LocalDiscord, bot: ReadalongBot
) -> None:
    with pointed_at(server), pytest.raises(ConfigError) as ended:
        await stay_connected(bot, "MTIz.not.ours", at_once)
    assert ended.value.problems == (BAD_TOKEN,)
    assert "MTIz" not in str(ended.value)
    assert len(server.requests.to("GET", ME)) == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (4004, "DISCORD_TOKEN"),
        (4010, "[discord] shards"),
        (4011, "[discord] shard_count"),
        (4012, "update"),
        (4013, "update"),
        (4014, "Privileged Gateway Intents"),
    ],
)
async def test_a_gateway_that_refuses_us_for_good_ends_it_with_the_reason_and_the_mend(
    server: LocalDiscord, bot: ReadalongBot, code: int, words: str
) -> None:
    server.gateway.refuse(code)
    with pointed_at(server), pytest.raises(ConfigError) as ended:
        await stay_connected(bot, server.token, at_once)
    (problem,) = ended.value.problems
    assert words in problem
    assert len(server.gateway.identified) == 1


@pytest.mark.parametrize("code", [4004, 4014])
async def test_the_same_much_later_ends_it_too(
    server: LocalDiscord, bot: ReadalongBot, code: int
) -> None:
    with pointed_at(server):
        staying = asyncio.create_task(stay_connected(bot, server.token, at_once))
        await bot.connected.wait()
        await server.gateway.close(code)
        with pytest.raises(ConfigError, match=str(code) if code == 4014 else "DISCORD_TOKEN"):
            await staying


# What it outlives


async def test_a_discord_that_is_down_at_the_start_is_joined_when_it_is_up(
    bot: ReadalongBot, caplog: pytest.LogCaptureFixture
) -> None:
    async with LocalDiscord() as before:
        port = int(before.url.rpartition(":")[2])
    with pointed_at(before):
        staying = asyncio.create_task(stay_connected(bot, before.token, at_once))
        await until(lambda: "can't be reached" in caplog.text)
        async with LocalDiscord(port=port, token=before.token):
            async with asyncio.timeout(5):
                await bot.connected.wait()
            await bot.close()
            await staying
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("path", [ME, "/gateway/bot"])
async def test_a_discord_that_is_ill_at_the_start_is_tried_again(
    server: LocalDiscord, store: SqliteStore, path: str
) -> None:
    fault = server.faults.next("GET", path, status=503, times=2)
    ask = await answers(server)
    async with connected(server, store, ping):
        assert await ask() == "pong"
    assert fault.hits == 2


async def test_it_does_not_log_in_again_where_only_the_gateway_is_down(
    server: LocalDiscord, store: SqliteStore
) -> None:
    server.faults.next("GET", "/gateway/bot", fate=Fate.RESET, times=2)
    async with connected(server, store) as bot:
        assert bot.logged_in.is_set()
    assert len(server.requests.to("GET", ME)) == 1


async def test_a_dropped_connection_is_resumed_and_an_invalid_session_begun_anew(
    server: LocalDiscord, store: SqliteStore
) -> None:
    ask = await answers(server)
    async with connected(server, store, ping) as bot:
        server.gateway.drop()
        await server.gateway.until_resumed(1)
        assert await ask() == "pong"
        server.gateway.reconnect()
        await server.gateway.until_resumed(2)
        await until(bot.connected.is_set)
        server.gateway.invalidate()
        await server.gateway.until_identified(2)
        await until(bot.connected.is_set)
        assert await ask() == "pong"


async def test_a_bug_in_the_library_that_closes_the_client_does_not_end_it(
    server: LocalDiscord, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    guild = server.guild()
    alice = server.join(guild, "Alice")
    channel = next(iter(guild.channels.values()))
    bugs = iter([ValueError("a payload that nobody expected")])

    def parse(data: Any) -> None:
        for bug in bugs:
            raise bug

    async with connected(server, store, ping) as bot:
        bot._connection.parsers["GUILD_ROLE_CREATE"] = parse
        server.role(guild, "Organisers")
        await server.gateway.until_identified(2)
        await until(bot.connected.is_set)
        assert (await alice.slash(channel, "ping")).text == "pong"
    assert "a payload that nobody expected" in caplog.text
    assert "Discord failed" in caplog.text


async def test_a_long_rate_limit_is_told_to_the_caller_and_not_slept_through(
    server: LocalDiscord, store: SqliteStore
) -> None:
    guild = server.guild()
    (channel,) = guild.channels
    server.faults.next("GET", "/channels/*", status=429, retry_after=11.0)
    async with connected(server, store) as bot:
        with pytest.raises(discord.RateLimited) as limited:
            await bot.http.get_channel(channel)
    assert limited.value.retry_after == 11.0


async def test_shards_of_another_process_are_left_to_it(
    server: LocalDiscord, store: SqliteStore
) -> None:
    bot = ReadalongBot(await services_over(store, FakeNow()), store, shards=(1,), shard_count=2)
    with pointed_at(server):
        async with bot:
            staying = asyncio.create_task(stay_connected(bot, server.token, at_once))
            async with asyncio.timeout(5):
                await bot.connected.wait()
            assert [each["shard"] for each in server.gateway.identified] == [[1, 2]]
            staying.cancel()


# The probe


async def test_a_probe_says_who_the_bot_is_and_leaves_nothing_behind(server: LocalDiscord) -> None:
    with pointed_at(server):
        found = await probe(server.token)
    assert found.ok
    assert found.user_id == server.world.bot.id
    assert found.name.casefold() == server.world.bot.name.casefold()
    assert found.application_id
    assert not server.gateway.identified
    assert not server.requests.to("PUT", "/*")


async def test_a_probe_tells_a_refusal_from_an_outage(server: LocalDiscord) -> None:
    with pointed_at(server):
        refused = await probe("MTIz.not.ours")
        assert (refused.ok, refused.refusal, refused.application_id) == (False, BAD_TOKEN, 123)
        server.faults.next("GET", ME, status=503)
        assert "503" in (await probe(server.token)).detail
        server.faults.next("GET", ME, fate=Fate.HANGS)
        assert "no answer within" in (await probe(server.token, patience=0.05)).detail
        server.faults.next("GET", ME, status=403, code=50001)
        strange = await probe(server.token)
    assert not strange.refusal
    assert "403" in strange.detail


# What is read from what


@pytest.mark.parametrize(
    ("token", "known"),
    [
        ("MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs", 198622483471925248),
        ("MTIz", 123),
        ("local.abc", None),
        ("YWJj.x.y", None),
        ("", None),
        ("é.x", None),
    ],
)
def test_a_token_says_which_application_it_is_for(token: str, known: int | None) -> None:
    assert application_id(token) == known


def test_an_outage_is_told_in_words_and_a_bug_is_none() -> None:
    assert trouble(TimeoutError()) == "TimeoutError"
    assert (
        trouble(OSError(104, "Connection reset by peer")) == "[Errno 104] Connection reset by peer"
    )
    assert trouble(ValueError("a bug")) is None


@pytest.fixture(autouse=True)
def _at_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
