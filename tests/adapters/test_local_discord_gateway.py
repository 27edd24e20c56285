"""The local Discord server's gateway, by way of discord.py's real websocket code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import discord
import pytest

from bot.networks.discord.local import Actor, Channel, Guild, LocalDiscord
from tests.adapters.plain_discord_bot import PlainBot, running
from tests.discord_openapi import checked_discord
from tests.waiting import until


async def test_ready_brings_the_guilds_with_their_channels(
    server: LocalDiscord, guild: Guild, general: Channel
) -> None:
    async with running(server) as bot:
        [seen] = bot.guilds
        assert (seen.id, seen.name) == (guild.id, "Atlanta")
        assert [channel.name for channel in seen.text_channels] == ["general"]
        assert seen.me.guild_permissions.create_events
        assert bot.shard_count == 1


async def test_what_changes_later_is_told(server: LocalDiscord, guild: Guild) -> None:
    async with running(server) as bot:
        second = server.guild("Boston")
        await until(lambda: bot.get_guild(second.id))
        channel = server.channel(guild, "reading")
        await until(lambda: bot.get_channel(channel.id))
        server.world.remove_channel(channel)
        await until(lambda: not bot.get_channel(channel.id))
        server.world.remove_guild(second)
        await until(lambda: not bot.get_guild(second.id))


async def test_a_dropped_connection_is_resumed_and_told_what_it_missed(
    server: LocalDiscord, ada: Actor, general: Channel
) -> None:
    async with running(server) as bot:
        server.gateway.drop()
        shown = await ada.slash(general, "ping")
        await server.gateway.until_resumed()

        assert shown.text == "pong"
        assert len(server.gateway.identified) == 1
        assert "shard_resumed" in bot.told


async def test_a_reconnect_is_obeyed_and_resumed(
    server: LocalDiscord, ada: Actor, general: Channel
) -> None:
    async with running(server):
        server.gateway.reconnect()
        await server.gateway.until_resumed()
        assert (await ada.slash(general, "ping")).text == "pong"


async def test_an_invalid_session_is_identified_anew(
    server: LocalDiscord, ada: Actor, general: Channel
) -> None:
    async with running(server):
        server.gateway.invalidate()
        await server.gateway.until_identified(2)
        await server.gateway.until_connected()
        assert (await ada.slash(general, "ping")).text == "pong"


async def test_a_forgotten_session_can_not_be_resumed(
    server: LocalDiscord, ada: Actor, general: Channel
) -> None:
    async with running(server):
        server.gateway.forget()
        server.gateway.drop()
        await server.gateway.until_identified(2)
        assert server.gateway.resumed == []


@pytest.mark.parametrize(
    ("code", "error"),
    [(4004, discord.ConnectionClosed), (4014, discord.PrivilegedIntentsRequired)],
)
async def test_a_refused_identify_ends_the_client(
    server: LocalDiscord, guild: Guild, code: int, error: type[Exception]
) -> None:
    server.gateway.refuse(code)

    with pytest.raises(error):
        async with running(server):
            pass


async def test_a_privileged_intent_that_was_not_granted_is_4014(
    server: LocalDiscord, guild: Guild
) -> None:
    intents = discord.Intents(guilds=True, members=True)
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(server, PlainBot(intents=intents)):
            pass


async def test_a_close_during_the_work_is_resumed_or_final_as_its_code_says(
    server: LocalDiscord, guild: Guild, ada: Actor, general: Channel
) -> None:
    async with running(server) as bot:
        await server.gateway.close(4000)
        await server.gateway.until_resumed()
        assert (await ada.slash(general, "ping")).text == "pong"
        await server.gateway.close(4014)
        await until(bot.is_closed)


async def test_heartbeats_are_acknowledged_and_silence_is_noticed(
    server: LocalDiscord, ada: Actor, general: Channel
) -> None:
    server.gateway.heartbeat_ms = 50
    async with running(server, PlainBot(heartbeat_timeout=0.3)) as bot:
        await server.until(lambda: server.gateway.heartbeats > 1)
        assert bot.latency < 1
        server.gateway.fall_silent()
        await until(lambda: "shard_disconnect" in bot.told)
        server.gateway.speak()
        await server.gateway.until_resumed()
        assert (await ada.slash(general, "ping")).text == "pong"


async def test_guilds_are_told_to_their_shard_alone(server: LocalDiscord) -> None:
    guilds = [server.guild(f"Guild {n}") for n in range(4)]
    async with running(server, PlainBot(shard_count=2)) as bot:
        assert len(bot.guilds) == 4
    async with running(server, PlainBot(shard_count=2, shard_ids=[1])) as bot:
        assert {guild.id for guild in bot.guilds} == {
            guild.id for guild in guilds if (guild.id >> 22) % 2 == 1
        }
        here = next(guild for guild in guilds if (guild.id >> 22) % 2 == 1)
        ada = server.join(here, "Ada")
        assert (await ada.slash(here.channel("general"), "ping")).text == "pong"


async def test_as_many_shards_are_started_as_are_recommended() -> None:
    async with checked_discord(shards=2) as server:
        guilds = [server.guild(f"Guild {n}") for n in range(3)]
        async with running(server) as bot:
            await server.gateway.until_connected(2)
            assert bot.shard_count == 2
            assert {each.id for each in bot.guilds} == {each.id for each in guilds}


async def test_interest_is_told_though_discord_py_drops_it_without_the_members_intent(
    server: LocalDiscord, guild: Guild, ada: Actor
) -> None:
    async with running(server, PlainBot(enable_debug_events=True)) as bot:
        raw: list[str] = []

        async def on_socket_raw_receive(frame: str) -> None:
            raw.append(frame)

        bot.event(on_socket_raw_receive)
        now = datetime.now(UTC)
        event = await bot.guilds[0].create_scheduled_event(
            name="Relays",
            start_time=now + timedelta(days=1),
            end_time=now + timedelta(days=2),
            location="Here",
            entity_type=discord.EntityType.external,
            privacy_level=discord.PrivacyLevel.guild_only,
        )
        await until(lambda: bot.guilds[0].get_scheduled_event(event.id))
        ada.interested(guild.events[event.id])
        ada.no_longer_interested(guild.events[event.id])
        await until(lambda: any("EVENT_USER_REMOVE" in frame for frame in raw))

        assert any("EVENT_USER_ADD" in frame and str(ada.id) in frame for frame in raw)
        assert "scheduled_event_user_add" not in bot.told


async def test_members_are_told_when_asked_for(
    server: LocalDiscord, guild: Guild, ada: Actor
) -> None:
    async with running(server) as bot:
        [member] = await bot.guilds[0].query_members(user_ids=[ada.id])
        assert (member.id, member.display_name) == (ada.id, "Ada")


async def test_a_compressed_stream_is_read_by_discord_py(
    server: LocalDiscord, general: Channel, ada: Actor
) -> None:
    async with running(server):
        shown = await ada.slash(general, "ping")

    assert shown.text == "pong"
    assert server.gateway.compressions == ["zlib-stream"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"op": 99}, 4001),
        ({"op": 3, "d": {}}, 4003),
        ({"op": 2, "d": {"token": "wrong", "intents": 1}}, 4004),
        ({"op": 2, "d": {"shard": [2, 2], "intents": 1}}, 4010),
        ({"op": 2, "d": {"intents": 1 << 15}}, 4014),
        ({"op": 6, "d": {"token": "wrong", "session_id": "x", "seq": 1}}, 4004),
    ],
)
async def test_a_client_that_speaks_wrongly_is_closed_with_discords_code(
    server: LocalDiscord, said: dict[str, Any], code: int
) -> None:
    if "d" in said:
        said["d"].setdefault("token", server.token)
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway.url) as socket:
        assert (await socket.receive_json(timeout=5))["op"] == 10
        await socket.send_json(said)
        frame = await socket.receive(timeout=5)
        assert (frame.type, frame.data) == (aiohttp.WSMsgType.CLOSE, code)


async def test_identifying_twice_is_4005_and_an_unknown_session_is_invalid(
    server: LocalDiscord, guild: Guild
) -> None:
    identify = {"op": 2, "d": {"token": server.token, "intents": 0}}
    resume = {"op": 6, "d": {"token": server.token, "session_id": "x", "seq": 1}}
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway.url) as socket:
        await socket.receive_json(timeout=5)
        await socket.send_json(resume)
        assert await socket.receive_json(timeout=5) == {"op": 9, "d": False}
        await socket.send_json(identify)
        assert (await socket.receive_json(timeout=5))["t"] == "READY"
        await socket.send_json({"op": 3, "d": {}})
        await socket.send_json(identify)
        assert (await socket.receive(timeout=5)).data == 4005
