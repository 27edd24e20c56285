"""A local Discord with a guild, its channel and a member, for the tests that say ``server``.

Every request that the bot makes of it is checked when the test is over.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.networks.discord.local import Actor, Channel, Guild, LocalDiscord
from tests.adapters.plain_discord_bot import PlainBot, running
from tests.discord_openapi import checked_discord


@pytest.fixture
async def server() -> AsyncIterator[LocalDiscord]:
    async with checked_discord() as server:
        yield server


@pytest.fixture
def guild(server: LocalDiscord) -> Guild:
    return server.guild("Atlanta")


@pytest.fixture
def general(guild: Guild) -> Channel:
    return guild.channel("general")


@pytest.fixture
def ada(server: LocalDiscord, guild: Guild) -> Actor:
    return server.join(guild, "Ada")


@pytest.fixture
async def bot(server: LocalDiscord, guild: Guild) -> AsyncIterator[PlainBot]:
    async with running(server) as bot:
        yield bot
