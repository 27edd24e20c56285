"""The local Discord server's threads and scheduled events, by way of discord.py."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import discord
import pytest

from bot.networks.discord.local import (
    Actor,
    Channel,
    ChannelKind,
    Guild,
    LocalDiscord,
    Permission,
)
from tests.adapters.local_discord_calls import asked, refusal
from tests.adapters.plain_discord_bot import PlainBot
from tests.waiting import until

MESSAGES = "/channels/*/messages"


@pytest.fixture
def channel(bot: PlainBot, general: Channel) -> discord.TextChannel:
    return bot.text_channel(general.id)


def in_a_day(hours: int = 0) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=1, hours=hours)


async def test_a_thread_is_made_from_a_message_once(
    server: LocalDiscord, bot: PlainBot, channel: discord.TextChannel, guild: Guild
) -> None:
    message = await channel.send("announcement")
    thread = await message.create_thread(name="Talk", auto_archive_duration=1440)
    await thread.send("welcome")

    made = guild.channel("Talk")
    assert made.id == message.id
    assert [each.text for each in made.history] == ["welcome"]
    await until(lambda: bot.guilds[0].get_thread(thread.id))
    assert await refusal(channel.get_partial_message(message.id).create_thread(name="2")) == 160004
    await thread.edit(archived=True)
    assert made.thread is not None
    assert made.thread.archived


async def test_a_thread_needs_its_permission(
    server: LocalDiscord, channel: discord.TextChannel, guild: Guild, general: Channel
) -> None:
    server.world.deny(general, guild.bot_role, Permission.CREATE_PUBLIC_THREADS)
    message = await channel.send("announcement")

    assert await refusal(message.create_thread(name="Talk"), discord.Forbidden) == 50013


async def test_an_event_is_made_moved_and_called_off(
    bot: PlainBot, guild: Guild, ada: Actor
) -> None:
    there = bot.guilds[0]
    start = in_a_day()
    event = await there.create_scheduled_event(
        name="Relays",
        start_time=start,
        end_time=in_a_day(2),
        location="The library",
        entity_type=discord.EntityType.external,
        privacy_level=discord.PrivacyLevel.guild_only,
        description="What we read",
    )
    [kept] = guild.events.values()
    assert (kept.name, kept.location, kept.start) == ("Relays", "The library", start)
    ada.interested(kept)
    [listed] = await there.fetch_scheduled_events()
    assert (listed.user_count, listed.location) == (1, "The library")

    later = start + timedelta(hours=1)
    await event.edit(name="Small relays", start_time=later)
    assert (kept.name, kept.start) == ("Small relays", later)
    assert [user.id async for user in listed.users()] == [ada.id]
    await listed.cancel()
    assert kept.status == 4
    assert await there.fetch_scheduled_events() == []


async def test_an_event_in_a_voice_channel_and_its_refusals(
    server: LocalDiscord, bot: PlainBot, guild: Guild
) -> None:
    voice = server.channel(guild, "stage door", ChannelKind.VOICE)
    await until(lambda: bot.get_channel(voice.id))
    there, place = bot.guilds[0], bot.get_channel(voice.id)
    assert isinstance(place, discord.VoiceChannel)
    level = discord.PrivacyLevel.guild_only
    event = await there.create_scheduled_event(
        name="Talk", start_time=in_a_day(), channel=place, privacy_level=level
    )
    assert guild.events[event.id].channel_id == voice.id

    late = there.create_scheduled_event(
        name="Talk", start_time=in_a_day(-48), channel=place, privacy_level=level
    )
    assert await refusal(late) == 50035
    server.requests.clear()
    server.world.set_permissions(guild, guild.bot_role, 0)
    assert await refusal(event.delete(), discord.Forbidden) == 50013


async def test_the_hundred_and_first_event_is_30038(
    server: LocalDiscord, bot: PlainBot, guild: Guild
) -> None:
    there = bot.guilds[0]

    def make() -> object:
        return there.create_scheduled_event(
            name="Again",
            start_time=in_a_day(),
            end_time=in_a_day(1),
            location="Here",
            entity_type=discord.EntityType.external,
            privacy_level=discord.PrivacyLevel.guild_only,
        )

    made = [make() for _ in range(100)]
    await asyncio.gather(*made)  # type: ignore[call-overload]  # they are coroutines

    assert await refusal(make()) == 30038


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
