"""What the demo checks at each step can fail: in time, by name, and with an exit code of 1."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot.demo.checks import (
    CheckError,
    Checklist,
    StepError,
    require_answer,
    require_rows,
    require_signed,
    tag_of,
)
from bot.demo.folder import DemoFolder
from bot.demo.guild import ScriptedGuild, answered
from bot.demo.member import ScriptedMember
from bot.demo.stage import Stage
from bot.networks.discord.local import Answer, LocalDiscord, Message, Shown
from bot.networks.discord.local.model import Json
from bot.networks.discord.local.world import World
from bot.networks.nostr.events import NOTE, Event, sign
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.local_relay import LocalRelay
from bot.networks.nostr.member import joined
from tests.e2e.talk import talk

ADA, BOT = Signer(bytes([1] * 32)), Signer(bytes([2] * 32))


async def test_a_bot_that_does_not_answer_fails_the_step_by_name_and_in_time() -> None:
    checklist = Checklist()
    async with LocalRelay() as relay, joined(ADA, relay.url) as client:
        ada = ScriptedMember(client, BOT.public_key, patience=0.2)
        with checklist.step("she arrives"):
            await ada.arrive("Ada")
        with (
            pytest.raises(StepError, match=r"“next”: no answer came within 0\.2 s"),
            checklist.step("next"),
        ):
            await ada.mention("next")
        with (
            pytest.raises(StepError, match=r"the announcement didn't come within 0\.2 s"),
            checklist.step("announced"),
        ):
            await ada.sees(lambda event: event.kind == NOTE, "the announcement")
    with (
        pytest.raises(StepError, match=r"“gone”: .* closed the connection"),
        checklist.step("gone"),
    ):
        await ada.mention("next")
    assert checklist.passed == ["she arrives"]


async def performed(folder: Path, discord: Callable[[], LocalDiscord]) -> tuple[int, str]:
    """The exit code of the whole demo on that Discord, and what was shown."""
    conversation, out = talk(100)
    place = DemoFolder(folder)
    place.clear()
    code = await Stage(place, conversation, patience=2.0, discord=discord).play(once=True)
    return code, out.getvalue()


async def test_a_failed_step_ends_the_demo_with_1_and_is_named(tmp_path: Path) -> None:
    conversation, out = talk(100)
    place = DemoFolder(tmp_path / "demo")
    place.clear()
    assert await Stage(place, conversation, patience=0.0).play(once=False) == 1
    assert "✗ FAILED  the bot is up on both networks" in out.getvalue()
    assert "result" not in out.getvalue()
    assert "connected to ws://127.0.0.1" in place.log.read_text()


async def test_what_discord_refuses_fails_the_step_though_nostr_has_it(tmp_path: Path) -> None:
    def without_events() -> LocalDiscord:
        server = LocalDiscord()
        server.faults.next("POST", "/guilds/*/scheduled-events", code=50013, times=99)
        return server

    code, text = await performed(tmp_path / "demo", without_events)
    assert code == 1
    assert "✗ FAILED  /session announce posts it on both networks: its event didn't" in text
    assert "result" not in text


async def test_a_post_that_stands_twice_on_discord_fails_the_demo(tmp_path: Path) -> None:
    def doubling() -> LocalDiscord:
        server = LocalDiscord()
        server.world.tell.append(partial(once_more, server.world))
        return server

    code, text = await performed(tmp_path / "demo", doubling)
    assert code == 1
    assert "✗ FAILED  so on Discord: five messages, one thread, one scheduled event" in text
    assert "✓ ok   nothing was posted twice" in text, "the data file doesn't know of it"


def once_more(world: World, event: str, said: Json, _: object) -> None:
    """Let the second reminder stand in the channel once more."""
    embeds = said.get("embeds") or [{}]
    if event != "MESSAGE_CREATE" or not embeds[0].get("title", "").startswith("In 28 seconds"):
        return
    channel = world.channels[int(said["channel_id"])]
    if int(said["id"]) == channel.history[-1].id and len(channel.history) == 5:
        world.post(Message(world.ids.next(), channel, world.bot, world.now(), embeds=embeds))


async def test_what_a_client_would_not_offer_fails_the_step() -> None:
    async with LocalDiscord(acknowledge_within=0.05) as server:
        guild = ScriptedGuild(server, "UTC", patience=0.05)
        with pytest.raises(CheckError, match="no command 'next' is offered"):
            await guild.slash(guild.ben, "next")
        message = guild.ben.write(guild.channel, "hello")
        with pytest.raises(CheckError, match="there is no 'Going'"):
            await guild.press(guild.ben, message, "Going")
        with pytest.raises(CheckError, match="no form was opened"):
            await guild.fill(guild.ben, Shown(server.world.changes, guild.channel), {})
        with pytest.raises(CheckError, match=r"the post didn't come within 0\.05 s"):
            await guild.until(lambda: None, "the post")
        assert guild.posts() == []


async def test_an_answer_that_everybody_sees_or_that_never_comes_fails_the_step() -> None:
    async with LocalDiscord() as server:
        guild = ScriptedGuild(server, "UTC", patience=1)
        shown = Shown(server.world.changes, guild.channel)
        with pytest.raises(CheckError, match="did not respond"):
            answered(shown)
        shown.answer, shown.answered_ms = Answer.MESSAGE, 5.0
        shown.message = guild.ben.write(guild.channel, "loud")
        with pytest.raises(CheckError, match="everybody sees"):
            answered(shown)


async def test_an_answer_at_the_wrong_place_fails_the_step() -> None:
    async with (
        LocalRelay() as relay,
        joined(ADA, relay.url) as client,
        joined(BOT, relay.url) as bot,
    ):
        ada = ScriptedMember(client, BOT.public_key, patience=5)
        await ada.arrive("Ada")
        await bot.follow("all", {"kinds": [NOTE]})
        root = await bot.note("the announcement")

        async def answer() -> None:
            asked = await bot.until(lambda event: event.pubkey == ADA.public_key, 5)
            assert asked is not None
            tags = (("e", asked.id, "", "root", asked.pubkey), ("p", asked.pubkey))
            await bot.note("taken", tags)

        answering = asyncio.create_task(answer())
        with pytest.raises(CheckError, match=r"\(NIP-10\)"):
            await ada.reply(root, "Who pays?")
        await answering


def note(by: Signer, text: str, *tags: tuple[str, ...]) -> Event:
    return sign(by, NOTE, text, tags, 1_800_000_000)


def test_an_answer_is_signed_by_the_bot_and_names_who_asked() -> None:
    asked = note(ADA, "next")
    root = ("e", asked.id, "", "root", asked.pubkey)
    person = ("p", ADA.public_key)
    require_answer(note(BOT, "tomorrow", root, person), asked, BOT.public_key)
    with pytest.raises(CheckError, match="not the expected author's"):
        require_answer(note(ADA, "tomorrow", root, person), asked, BOT.public_key)
    with pytest.raises(CheckError, match="no p tag"):
        require_answer(note(BOT, "tomorrow", root), asked, BOT.public_key)
    forged = replace(note(BOT, "tomorrow", root, person), content="never")
    with pytest.raises(CheckError, match="id or signature"):
        require_signed(forged, BOT.public_key)
    with pytest.raises(CheckError, match="has 0 `d` tags"):
        tag_of(asked, "d")


async def test_rows_that_never_come_fail_in_time(tmp_path: Path) -> None:
    file = tmp_path / "data.sqlite"
    with closing(sqlite3.connect(file)) as data:
        data.execute("CREATE TABLE t (n INTEGER)")
    await require_rows(file, "SELECT count(*) FROM t", (), [(0,)], 1)
    with pytest.raises(CheckError, match=r"the data file has \[\(0,\)\], not \[\(1,\)\]"):
        await require_rows(file, "SELECT count(*) FROM t", (), [(1,)], 0.05)
