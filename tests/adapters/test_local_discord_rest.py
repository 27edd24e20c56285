"""The local Discord server's REST API, by way of discord.py's real HTTP code."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import discord
import pytest

from bot.networks.discord.local import (
    Actor,
    Channel,
    ChannelKind,
    Fate,
    Guild,
    LocalDiscord,
    Permission,
)
from tests.adapters.plain_discord_bot import PlainBot, running
from tests.discord_openapi import checked_discord, objections
from tests.fakes import FakeNow
from tests.waiting import until

MESSAGES = "/channels/*/messages"


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


@pytest.fixture
def channel(bot: PlainBot, general: Channel) -> discord.TextChannel:
    return bot.text_channel(general.id)


def in_a_day(hours: int = 0) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=1, hours=hours)


async def refusal(call: object, kind: type[discord.HTTPException] = discord.HTTPException) -> int:
    """The code with which this call is refused."""
    assert asyncio.iscoroutine(call)
    with pytest.raises(kind) as raised:
        await call
    return raised.value.code


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


# Threads and events


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
    event = await there.create_scheduled_event(
        name="Relays",
        start_time=in_a_day(),
        end_time=in_a_day(2),
        location="The library",
        entity_type=discord.EntityType.external,
        privacy_level=discord.PrivacyLevel.guild_only,
        description="What we read",
    )
    [kept] = guild.events.values()
    assert (kept.name, kept.location, kept.start) == ("Relays", "The library", in_a_day())
    ada.interested(kept)
    [listed] = await there.fetch_scheduled_events()
    assert (listed.user_count, listed.location) == (1, "The library")

    await event.edit(name="Small relays", start_time=in_a_day(1))
    assert (kept.name, kept.start) == ("Small relays", in_a_day(1))
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


# Faults


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


# Login and commands


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
