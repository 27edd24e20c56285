"""The local Discord server's faults on demand, and whom it lets in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import aiohttp
import discord
import pytest

from bot.networks.discord.local import (
    Channel,
    Fate,
    Guild,
    LocalDiscord,
)
from tests.adapters.local_discord_calls import refusal
from tests.adapters.plain_discord_bot import PlainBot

MESSAGES = "/channels/*/messages"


@pytest.fixture
def channel(bot: PlainBot, general: Channel) -> discord.TextChannel:
    return bot.text_channel(general.id)


def in_a_day(hours: int = 0) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=1, hours=hours)


async def test_a_429_is_waited_out_by_discord_py(
    server: LocalDiscord, channel: discord.TextChannel, general: Channel
) -> None:
    server.faults.next("POST", MESSAGES, status=429, retry_after=0.05)

    await channel.send("hello")

    assert [each.status for each in server.requests.to("POST", MESSAGES)] == [429, 200]
    assert len(general.history) == 1


async def test_a_429_of_cloudflare_is_an_error(
    server: LocalDiscord, channel: discord.TextChannel
) -> None:
    server.faults.next("POST", MESSAGES, status=429, by_cloudflare=True)

    with pytest.raises(discord.HTTPException):
        await channel.send("hello")


@pytest.mark.slow  # discord.py waits a second before it tries again
async def test_a_500_is_tried_again_and_a_503_is_not(
    server: LocalDiscord, channel: discord.TextChannel, general: Channel
) -> None:
    server.faults.next("POST", MESSAGES, status=500)
    await channel.send("hello")
    server.faults.next("POST", MESSAGES, status=503)
    with pytest.raises(discord.DiscordServerError):
        await channel.send("again")

    assert [each.status for each in server.requests.to("POST", MESSAGES)] == [500, 200, 503]


@pytest.mark.parametrize("code", [50013, 50001, 10003, 10008])
async def test_any_refusal_can_be_asked_for(
    server: LocalDiscord, channel: discord.TextChannel, code: int
) -> None:
    fault = server.faults.next("POST", MESSAGES, code=code, times=2)

    assert await refusal(channel.send("hello")) == code
    assert await refusal(channel.send("hello")) == code
    await channel.send("hello")
    assert fault.hits == 2


async def test_a_reset_happens_before_and_a_lost_answer_after_the_message_stands(
    server: LocalDiscord, channel: discord.TextChannel, general: Channel
) -> None:
    server.faults.next("POST", MESSAGES, fate=Fate.RESET)
    with pytest.raises(aiohttp.ClientOSError):
        await channel.send("never")
    server.faults.next("POST", MESSAGES, fate=Fate.LOST)
    with pytest.raises(aiohttp.ClientOSError):
        await channel.send("stands")

    assert [each.text for each in general.history] == ["stands"]


async def test_an_answer_that_never_comes_is_known_to_the_server(
    server: LocalDiscord, channel: discord.TextChannel, general: Channel
) -> None:
    hangs = server.faults.next("POST", MESSAGES, fate=Fate.HANGS)
    stands = server.faults.next("POST", "/channels/*/messages", fate=Fate.UNANSWERED)
    sending = asyncio.create_task(channel.send("one"))
    await server.faults.happened(hangs)
    sending.cancel()
    sending = asyncio.create_task(channel.send("two"))
    await server.faults.happened(stands)
    sending.cancel()

    assert [each.text for each in general.history] == ["two"]
    server.faults.next("POST", MESSAGES, status=503)
    server.faults.clear()
    await channel.send("three")


async def test_a_wrong_token_is_refused_at_login(server: LocalDiscord) -> None:
    async with PlainBot() as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.login("wrong")


async def test_commands_are_registered_replaced_and_listed(
    server: LocalDiscord, bot: PlainBot, guild: Guild
) -> None:
    before = {each.name: each.id for each in await bot.tree.fetch_commands()}
    assert {"ping", "echo", "session", "Quote this"} <= set(before)

    bot.tree.remove_command("ping")
    await bot.tree.sync()

    after = {each.name: each.id for each in await bot.tree.fetch_commands()}
    assert "ping" not in after
    assert after["echo"] == before["echo"]


async def test_unknown_paths_and_tokens_are_refused(server: LocalDiscord) -> None:
    headers = {"Authorization": f"Bot {server.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for path, status in (("/nothing", 404), ("/channels/x/messages", 400)):
            async with session.get(server.api_url + path) as answer:
                assert answer.status == status
        async with session.get(
            server.api_url + "/users/@me", headers={"Authorization": "Bot no"}
        ) as answer:
            assert answer.status == 401
    server.requests.clear()
