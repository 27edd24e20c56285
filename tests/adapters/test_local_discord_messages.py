"""The local Discord server's messages, by way of discord.py's real HTTP code."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import aiohttp
import discord
import pytest

from bot.networks.discord.local import (
    Actor,
    Channel,
    Guild,
    LocalDiscord,
    Permission,
)
from tests.adapters.local_discord_calls import refusal
from tests.adapters.plain_discord_bot import PlainBot, running
from tests.discord_openapi import checked_discord, objections
from tests.fakes import FakeNow
from tests.waiting import until

MESSAGES = "/channels/*/messages"


@pytest.fixture
def channel(bot: PlainBot, general: Channel) -> discord.TextChannel:
    return bot.text_channel(general.id)


def in_a_day(hours: int = 0) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=1, hours=hours)


# Messages


async def test_a_message_is_sent_read_edited_and_deleted(
    server: LocalDiscord, channel: discord.TextChannel, general: Channel, ada: Actor
) -> None:
    message = await channel.send("hello", embed=discord.Embed(title="A title", description="text"))
    await message.edit(content="changed")

    assert [each.text for each in ada.reads(general)] == ["changed\nA title\ntext"]
    assert (await channel.fetch_message(message.id)).content == "changed"
    assert (await server.posted(general, "A title")).edited
    await message.delete()
    assert ada.reads(general) == []
    assert await refusal(channel.fetch_message(message.id), discord.NotFound) == 10008


async def test_files_go_both_ways(
    channel: discord.TextChannel, general: Channel, ada: Actor
) -> None:
    file = discord.File(io.BytesIO(b"number,text\n"), "questions.csv")
    sent = await channel.send("the board", file=file)

    [attached] = ada.reads(general)[0].attachments
    assert (attached.filename, attached.content) == ("questions.csv", b"number,text\n")
    assert await sent.attachments[0].read() == b"number,text\n"
    elsewhere = attached.url.replace(str(attached.id), "1")
    async with aiohttp.ClientSession() as session, session.get(elsewhere) as answer:
        assert answer.status == 404


async def test_history_is_paged_before_after_and_around(
    channel: discord.TextChannel, general: Channel, ada: Actor
) -> None:
    sent = [ada.write(general, str(n)) for n in range(10)]
    middle = discord.Object(sent[5].id)

    before = [int(each.content) async for each in channel.history(limit=3, before=middle)]
    after = [int(each.content) async for each in channel.history(limit=3, after=middle)]
    around = [int(each.content) async for each in channel.history(limit=4, around=middle)]
    newest = [int(each.content) async for each in channel.history(limit=2)]

    assert before == [4, 3, 2]
    assert after == [6, 7, 8]
    assert sorted(around) == [3, 4, 5, 6]
    assert newest == [9, 8]


async def test_the_same_nonce_is_one_message_for_two_minutes() -> None:
    now = FakeNow()
    async with checked_discord(now=now) as server, running(server) as bot:
        general = server.guild().channel("general")
        await until(lambda: bot.get_channel(general.id))
        channel = bot.text_channel(general.id)
        first = await channel.send("once", nonce="key")
        second = await channel.send("once", nonce="key")
        assert first.id == second.id
        assert first.nonce == "key"
        now.advance(timedelta(minutes=3))
        await channel.send("once", nonce="key")

    assert len(general.history) == 2


async def test_pings_are_those_that_are_let(
    bot: PlainBot, channel: discord.TextChannel, general: Channel, ada: Actor, guild: Guild
) -> None:
    text = f"@everyone <@{ada.id}> <@&{guild.bot_role.id}>"
    await channel.send(text)
    await channel.send(text, allowed_mentions=discord.AllowedMentions.all())
    ada_alone = discord.AllowedMentions(users=[discord.Object(ada.id)])
    await channel.send(text, allowed_mentions=ada_alone)

    pinged = [
        (each.mention_everyone, each.mentions, each.mention_roles) for each in general.history
    ]
    assert pinged == [
        (False, [], []),
        (True, [ada.id], [guild.bot_role.id]),
        (False, [ada.id], []),
    ]


async def test_a_reply_names_its_message(
    server: LocalDiscord, channel: discord.TextChannel, general: Channel, ada: Actor
) -> None:
    asked = ada.write(general, "why?")
    message = channel.get_partial_message(asked.id)
    await message.reply("because")

    assert general.history[-1].reference == {
        "type": 0,
        "message_id": str(asked.id),
        "channel_id": str(general.id),
    }
    assert await refusal(channel.get_partial_message(1).reply("nobody")) == 50035
    server.requests.clear()


async def test_direct_messages_reach_who_is_open_to_them(
    server: LocalDiscord, bot: PlainBot, ada: Actor
) -> None:
    user = await bot.fetch_user(ada.id)
    await user.send("psst")
    assert [each.text for each in ada.direct_messages.history] == ["psst"]

    ada.user.open_to_messages = False
    assert await refusal(user.send("again"), discord.Forbidden) == 50007
    assert await refusal(bot.fetch_user(1), discord.NotFound) == 10013


# Permissions


@pytest.mark.parametrize(
    ("taken", "code"),
    [
        (Permission.SEND_MESSAGES, 50013),
        (Permission.EMBED_LINKS, 50013),
        (Permission.VIEW_CHANNEL, 50001),
    ],
)
async def test_sending_needs_its_permissions(
    server: LocalDiscord,
    channel: discord.TextChannel,
    guild: Guild,
    general: Channel,
    taken: Permission,
    code: int,
) -> None:
    server.world.deny(general, guild.bot_role, taken)

    sending = channel.send(embed=discord.Embed(title="x"))
    assert await refusal(sending, discord.Forbidden) == code
    server.world.allow(general, guild.members[server.world.bot.id], taken)
    await channel.send(embed=discord.Embed(title="x"))


async def test_history_without_the_permission_is_empty(
    server: LocalDiscord, channel: discord.TextChannel, guild: Guild, general: Channel, ada: Actor
) -> None:
    written = ada.write(general, "hello")
    server.world.deny(general, guild.roles[guild.id], Permission.READ_MESSAGE_HISTORY)

    assert [each async for each in channel.history()] == []
    assert await refusal(channel.fetch_message(written.id), discord.Forbidden) == 50013
    assert ada.reads(general) == []


async def test_a_channel_that_is_gone_is_10003_and_others_messages_can_not_be_edited(
    server: LocalDiscord, channel: discord.TextChannel, general: Channel, ada: Actor
) -> None:
    written = ada.write(general, "mine")
    theirs = channel.get_partial_message(written.id)

    assert await refusal(theirs.edit(content="yours"), discord.Forbidden) == 50005
    assert await refusal(theirs.delete(), discord.Forbidden) == 50013
    server.world.remove_channel(general)
    assert await refusal(channel.send("?"), discord.NotFound) == 10003


# Limits


@pytest.mark.parametrize(
    ("field", "content", "embeds"),
    [
        ("content", "x" * 2001, []),
        ("embeds.0.description", "", [discord.Embed(description="x" * 4097)]),
        ("embeds.0.title", "", [discord.Embed(title="x" * 257)]),
        ("embeds", "", [discord.Embed(description="x" * 3001)] * 2),
    ],
)
async def test_a_message_over_a_limit_is_refused_and_recorded(
    server: LocalDiscord,
    channel: discord.TextChannel,
    field: str,
    content: str,
    embeds: list[discord.Embed],
) -> None:
    assert await refusal(channel.send(content, embeds=embeds)) == 50035

    [logged] = server.requests.broken_limits
    assert [problem.path for problem in logged.problems] == [field]
    assert objections(server.requests.all)[0].startswith(f"POST {logged.path}: {field}: ")
    server.requests.clear()


async def test_an_empty_message_is_refused(channel: discord.TextChannel) -> None:
    assert await refusal(channel.send("")) == 50006


async def test_an_edit_may_not_empty_a_message_and_files_have_their_size(
    channel: discord.TextChannel, general: Channel
) -> None:
    file = discord.File(io.BytesIO(b"kept"), "kept.txt")
    message = await channel.send("text", file=file)
    await message.edit(content=None, attachments=message.attachments)
    assert [each.filename for each in general.history[0].attachments] == ["kept.txt"]

    assert await refusal(message.edit(attachments=[])) == 50006
    huge = discord.File(io.BytesIO(b"x" * (10 * 1024 * 1024 + 1)), "huge.bin")
    assert await refusal(channel.send(file=huge)) == 40005
