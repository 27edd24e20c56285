"""A bot in real processes, between a Discord and a relay that live on in the test's own process."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import open_desk, utc_now
from bot.config import load
from bot.domain.model import OPERATOR, Author, Caller, Network, Session
from bot.networks.discord.local import (
    Actor,
    Channel,
    Event,
    Guild,
    LocalDiscord,
    Message,
    Permission,
    Role,
)
from bot.networks.nostr.local_relay import LocalRelay
from bot.services.groups import GroupSetup
from bot.services.sessions import SessionPlan
from tests.discord_openapi import objections
from tests.e2e.dying_bot import DIED_AT
from tests.e2e.member import Member, member
from tests.e2e.processes import Bot, end

WHEN, ZONE = "2036-12-02 19:00", "America/New_York"
POINTED = "tests.e2e.pointed"
PATIENCE = 10.0
"""Seconds that Discord waits for an answer here, on machines that do much else."""

Act = Callable[[], Coroutine[Any, Any, object]]


@dataclass
class Clock:
    """The real time, and ``ahead`` of it: Discord's."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@dataclass
class Scene:
    """``nostr`` is a member with a Nostr client, the others are people on Discord.

    ``boss`` may manage the server, ``organiser`` has the organisers' ``role``.
    """

    bot: Bot
    server: LocalDiscord
    clock: Clock
    relay: str
    nostr: Member
    guild: Guild
    channel: Channel
    role: Role
    boss: Actor
    organiser: Actor
    ada: Actor
    ben: Actor

    # The bot's processes

    @asynccontextmanager
    async def running(self, *module: str) -> AsyncIterator[subprocess.Popen[str]]:
        """From ready until the block ends; it must end in good order."""
        process = await asyncio.to_thread(self.bot.start, *module)
        try:
            yield process
        finally:
            code = await asyncio.to_thread(end, process)
        assert code == 0, self.bot.log()

    async def dies(self, point: str, act: Act | None = None) -> None:
        """Run the bot until it kills itself at ``point``; ``act`` is done once it is ready."""
        module = "tests.e2e.dying_on_discord", point
        if act is None:
            process = self.bot.spawn(*module, "run")
        else:
            process = await asyncio.to_thread(self.bot.start, *module)
        acting = asyncio.ensure_future(act() if act is not None else asyncio.sleep(0))
        try:
            code = await asyncio.to_thread(process.wait, 30)
        finally:
            process.kill()
            acting.cancel()
        assert code == -signal.SIGKILL, self.bot.log()
        assert (self.bot.folder / DIED_AT).read_text() == point

    @asynccontextmanager
    async def running_later(self, by: timedelta) -> AsyncIterator[subprocess.Popen[str]]:
        """The same, so much later, when Discord has forgotten nonces."""
        self.clock.ahead = by
        async with self.running("tests.e2e.ahead", str(by.total_seconds())) as process:
            yield process

    async def settles(self) -> None:
        """The bot runs until nothing is left to be sent, and ends in good order."""
        async with self.running() as process:
            await self.wait(process, lambda: not self.bot.unsent(), 20)

    async def wait(
        self, process: subprocess.Popen[str], check: Callable[[], object], seconds: float = 15
    ) -> None:
        """Until ``check`` holds while ``process`` lives; Discord goes on meanwhile."""
        await asyncio.to_thread(self.bot.wait, process, check, seconds)

    async def command(self, *words: str) -> Any:
        """What a command of the bot's says, as JSON; it ends with 0."""
        return await asyncio.to_thread(self.bot.json, *words)

    # What is in the data file, and what stands on Discord

    async def announced(self, title: str = "Relays") -> Session:
        """A group that is set up here, and a session whose announcement waits to be sent."""
        setup = GroupSetup("Atlanta Reading Group", ZONE, str(self.channel.id), str(self.role.id))
        guild = str(self.guild.id)
        boss = Caller(Author(Network.DISCORD, str(self.boss.id)), guild=guild, manages_guild=True)
        async with open_desk(load(self.bot.folder / "config.toml", {})) as desk:
            group = (await desk.groups.set_up(guild, setup, by=boss)).group
            plan = SessionPlan(title, WHEN, tags=("nostr",))
            session = await desk.sessions.add(group, plan, by=OPERATOR)
            return (await desk.sessions.announce(group, session.slug, by=OPERATOR)).session

    def posted(self, text: str) -> list[Message]:
        """The bot's messages in the channel with that in them."""
        us = self.server.world.bot
        return [each for each in self.channel.history if each.author is us and text in each.text]

    def sent(self, kind: str) -> list[tuple[Any, ...]]:
        """State and remote id of Discord's rows of that kind."""
        query = "SELECT state, remote_id FROM outbox WHERE network = 'discord' AND kind = ?"
        return self.bot.rows(query, kind)

    def one_announcement(self, title: str = "Relays") -> Message:
        """The only one, in the channel and in the data file, with its thread."""
        (message,) = [each for each in self.posted(title) if "Going" in each.labels]
        assert self.sent("announcement") == [("sent", str(message.id))]
        (thread,) = self.guild.threads.values()
        assert thread.id == message.id
        return message

    def one_event(self) -> Event:
        """The only one, on Discord and in the data file."""
        (event,) = self.guild.events.values()
        assert set(self.sent("calendar")) == {("sent", str(event.id))}
        return event


@asynccontextmanager
async def two_networks(bot: Bot, folder: Path) -> AsyncIterator[Scene]:
    """``bot``'s data, copied to ``folder``; in the end every request to Discord is checked."""
    clock = Clock()
    async with (
        LocalDiscord(now=clock, acknowledge_within=PATIENCE) as server,
        LocalRelay() as relay,
        member(relay.url) as nostr,
    ):
        copied = bot.copied(folder, [relay.url])
        pointed = replace(copied, launcher=(POINTED, server.url), token=server.token)
        guild = server.guild("Atlanta")
        boss = server.join(guild, "Grace", server.role(guild, "boss", Permission.MANAGE_GUILD))
        role = server.role(guild, "organisers")
        organiser = server.join(guild, "Olga", role)
        yield Scene(
            pointed, server, clock, relay.url, nostr, guild, guild.channel("general"), role,
            boss, organiser, server.join(guild, "Ada"), server.join(guild, "Ben"),
        )  # fmt: skip
        found = objections(server.requests.all)
        assert not found, "\n".join(found)
