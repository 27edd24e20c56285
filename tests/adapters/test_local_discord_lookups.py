"""What the bot may look up and arrange on the local Discord server: commands, guilds, threads,
events.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from bot.networks.discord.local import Actor, Channel, ChannelKind, Guild, LocalDiscord, Permission
from tests.adapters.plain_discord_bot import PlainBot, running
from tests.discord_openapi import checked_discord
from tests.waiting import until


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


async def test_guilds_channels_roles_and_members_are_looked_up(
    server: LocalDiscord, bot: PlainBot, guild: Guild, general: Channel, ada: Actor
) -> None:
    there = await bot.fetch_guild(guild.id)
    assert (there.name, there.approximate_member_count) == ("Atlanta", 3)
    assert [each.name for each in await there.fetch_channels()] == ["general"]
    assert {each.name for each in await there.fetch_roles()} == {"@everyone", "Readalong"}
    assert (await there.fetch_member(ada.id)).display_name == "Ada"
    assert [each.id async for each in bot.fetch_guilds()] == [guild.id]
    assert (await bot.fetch_channel(general.id)).id == general.id
    for call, code in (
        (there.fetch_member(1), 10007),
        (bot.fetch_guild(1), 10004),
        (bot.fetch_channel(1), 10003),
    ):
        with pytest.raises(discord.NotFound) as raised:
            await call
        assert raised.value.code == code


async def test_commands_are_handled_one_by_one(bot: PlainBot, guild: Guild) -> None:
    before = {each.name: each for each in await bot.tree.fetch_commands()}
    edited = await before["ping"].edit(description="Says pong")
    assert (edited.id, edited.description) == (before["ping"].id, "Says pong")
    assert (await bot.tree.fetch_command(edited.id)).description == "Says pong"
    await edited.delete()
    with pytest.raises(discord.NotFound) as raised:
        await bot.tree.fetch_command(edited.id)
    assert raised.value.code == 10063


async def test_a_guilds_own_command_is_offered_there_alone(
    server: LocalDiscord, bot: PlainBot, guild: Guild, general: Channel, ada: Actor
) -> None:
    @app_commands.command(name="ping", description="The guild's own")
    async def own(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("own pong")

    there = discord.Object(guild.id)
    bot.tree.add_command(own, guild=there)
    [synced] = await bot.tree.sync(guild=there)
    assert synced.guild_id == guild.id
    elsewhere = server.guild("Boston")
    await until(lambda: bot.get_guild(elsewhere.id))
    ben = server.join(elsewhere, "Ben")

    assert (await ada.slash(general, "ping")).text == "own pong"
    assert (await ben.slash(elsewhere.channel("general"), "ping")).text == "pong"
    with pytest.raises(discord.Forbidden) as raised:
        await bot.tree.sync(guild=discord.Object(1))
    assert raised.value.code == 50001


async def test_a_command_is_created_by_itself_and_one_over_a_limit_is_not(
    server: LocalDiscord, bot: PlainBot
) -> None:
    path = f"/applications/{server.world.bot.id}/commands"
    more = {"name": "more", "description": "More"}
    first = await asked(server, "POST", path, more)
    again = await asked(server, "POST", path, {**more, "description": "Even more"})

    assert first["id"] == again["id"]
    assert (await asked(server, "POST", path, {"name": "More"}))["code"] == 50035
    assert (await asked(server, "PUT", path, more))["code"] == 50109
    assert (await asked(server, "PUT", path, [{"name": "More"}]))["code"] == 50035
    server.requests.clear()


async def test_threads_are_joined_left_listed_and_removed(
    server: LocalDiscord, bot: PlainBot, guild: Guild, general: Channel
) -> None:
    there = bot.guilds[0]
    thread = await bot.text_channel(general.id).create_thread(
        name="Talk", type=discord.ChannelType.public_thread
    )
    await thread.leave()
    assert [each.name for each in await there.active_threads()] == ["Talk"]
    await thread.join()
    [active] = await there.active_threads()
    assert [each.id for each in active.members] == [server.world.bot.id]
    await thread.edit(name="Small talk")
    assert guild.channel("Small talk").id == thread.id

    for call in (thread.edit(locked=True), thread.delete()):
        with pytest.raises(discord.Forbidden) as raised:
            await call
        assert raised.value.code == 50013
    server.world.set_permissions(guild, guild.bot_role, Permission.MANAGE_THREADS)
    await thread.edit(locked=True)
    with pytest.raises(discord.HTTPException) as refused:
        await thread.send("?")
    assert refused.value.code == 50083
    await thread.delete()
    assert guild.threads == {}


async def test_threads_are_refused_where_they_can_not_be(
    server: LocalDiscord, bot: PlainBot, guild: Guild, general: Channel
) -> None:
    channel = bot.text_channel(general.id)
    with pytest.raises(discord.HTTPException) as raised:
        await channel.create_thread(name="x" * 101, type=discord.ChannelType.public_thread)
    assert raised.value.code == 50035
    server.requests.clear()
    voice = server.channel(guild, "voice", ChannelKind.VOICE)
    for path, method, body, code in (
        (f"/channels/{voice.id}/threads", "POST", {"name": "x", "type": 11}, 50024),
        (f"/channels/{general.id}/thread-members/@me", "PUT", None, 50024),
        (f"/channels/{general.id}/thread-members/@me", "DELETE", None, 50024),
        (f"/channels/{general.id}", "PATCH", {"name": "x"}, 50013),
        (f"/channels/{general.id}", "DELETE", None, 50013),
        (f"/channels/{general.id}/messages", "POST", None, 50109),
        (f"/channels/{general.id}/messages?limit=101", "GET", None, 50035),
    ):
        assert (await asked(server, method, path, body))["code"] == code
    server.requests.clear()


async def asked(server: LocalDiscord, method: str, path: str, body: object) -> dict[str, Any]:
    headers = {"Authorization": f"Bot {server.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, server.api_url + path, json=body) as answer,
    ):
        said: dict[str, Any] = await answer.json()
        return said


async def test_typing_is_taken(server: LocalDiscord, bot: PlainBot, general: Channel) -> None:
    async with bot.text_channel(general.id).typing():
        pass

    assert server.requests.to("POST", f"/channels/{general.id}/typing")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"description": "x" * 1001}, "description"),
        ({"entity_metadata": {"location": "x" * 101}}, "entity_metadata.location"),
        ({"scheduled_end_time": None}, "scheduled_end_time"),
        ({"scheduled_end_time": "2020-01-01T00:00:00+00:00"}, "scheduled_end_time"),
        ({"scheduled_start_time": None}, "scheduled_start_time"),
        ({"entity_type": 4}, "entity_type"),
        ({"entity_type": 2, "channel_id": "1"}, "channel_id"),
        ({"privacy_level": 1}, "privacy_level"),
    ],
)
async def test_an_event_that_can_not_be_is_refused(
    server: LocalDiscord, guild: Guild, changed: dict[str, object], field: str
) -> None:
    start = datetime.now(UTC) + timedelta(days=1)
    body = {
        "name": "Relays",
        "privacy_level": 2,
        "entity_type": 3,
        "entity_metadata": {"location": "Here"},
        "scheduled_start_time": start.isoformat(),
        "scheduled_end_time": (start + timedelta(hours=2)).isoformat(),
        **changed,
    }
    path = f"/guilds/{guild.id}/scheduled-events"

    assert (await asked(server, "POST", path, body))["code"] == 50035
    [refused] = server.requests.broken_limits
    assert field in [problem.path for problem in refused.problems]
    server.requests.clear()


async def test_an_event_goes_through_its_states_and_is_removed(
    server: LocalDiscord, bot: PlainBot, guild: Guild
) -> None:
    start = datetime.now(UTC) + timedelta(days=1)
    event = await bot.guilds[0].create_scheduled_event(
        name="Relays",
        start_time=start,
        end_time=start + timedelta(hours=2),
        location="Here",
        entity_type=discord.EntityType.external,
        privacy_level=discord.PrivacyLevel.guild_only,
    )
    fetched = await bot.guilds[0].fetch_scheduled_event(event.id)
    started = await fetched.start()
    assert started.status is discord.EventStatus.active
    with pytest.raises(discord.HTTPException) as raised:
        await started.edit(status=discord.EventStatus.cancelled)
    assert raised.value.code == 50035
    server.requests.clear()
    ended = await started.end()
    with pytest.raises(discord.NotFound) as gone:
        await ended.edit(name="Again")
    assert gone.value.code == 10070
    await ended.delete()
    assert guild.events == {}


async def test_events_need_their_permissions(server: LocalDiscord, bot: PlainBot) -> None:
    bare = server.guild("Bare", bot=Permission.VIEW_CHANNEL)
    await until(lambda: bot.get_guild(bare.id))
    there = bot.get_guild(bare.id)
    assert there is not None
    start = datetime.now(UTC) + timedelta(days=1)

    with pytest.raises(discord.Forbidden) as raised:
        await there.create_scheduled_event(
            name="Relays",
            start_time=start,
            end_time=start + timedelta(hours=2),
            location="Here",
            entity_type=discord.EntityType.external,
            privacy_level=discord.PrivacyLevel.guild_only,
        )
    assert raised.value.code == 50013
