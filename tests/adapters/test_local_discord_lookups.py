"""What the bot may look up and arrange on the local Discord server: commands, guilds, threads,
events.
"""

from __future__ import annotations

import discord
import pytest
from discord import app_commands

from bot.networks.discord.local import Actor, Channel, ChannelKind, Guild, LocalDiscord, Permission
from tests.adapters.local_discord_calls import asked
from tests.adapters.plain_discord_bot import PlainBot
from tests.waiting import until


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


async def test_typing_is_taken(server: LocalDiscord, bot: PlainBot, general: Channel) -> None:
    async with bot.text_channel(general.id).typing():
        pass

    assert server.requests.to("POST", f"/channels/{general.id}/typing")
