"""The whole bot in this process on a local Discord server, in guilds that are set up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.app import utc_now
from bot.app.process import Running, running
from bot.config import load
from bot.domain.model import OPERATOR, Author, Caller, Group, Network, Session
from bot.domain.ports import Now
from bot.networks.discord.local import Actor, Channel, Guild, LocalDiscord, Message, Role
from bot.networks.nostr.keys import Signer
from bot.services.groups import GroupSetup
from bot.services.sessions import SessionPlan
from tests.discord_openapi import checked_discord
from tests.waiting import until

SIGNER = Signer(b"\x01" * 32)
WHEN, ZONE = "2036-12-02 19:00", "America/New_York"
PATIENCE = 10.0
"""Seconds that Discord waits for an answer here, on machines that do much else."""


@dataclass
class Place:
    """A guild with its group. The organiser has the role, the member has nothing."""

    group: Group
    guild: Guild
    channel: Channel
    role: Role
    boss: Actor
    organiser: Actor
    member: Actor

    @property
    def address(self) -> str:
        """The channel as a destination."""
        return f"{self.guild.id}/{self.channel.id}"


@dataclass
class Scene:
    """A bot at work, in two guilds that know nothing of each other."""

    bot: Running
    server: LocalDiscord
    home: Place
    away: Place

    async def announced(
        self, title: str = "Relays", at: Place | None = None, **plan: Any
    ) -> Session:
        group, sessions = (at or self.home).group, self.bot.sessions
        session = await sessions.add(group, SessionPlan(title, WHEN, **plan), by=OPERATOR)
        return (await sessions.announce(group, session.slug, by=OPERATOR)).session

    async def all_is_sent(self) -> None:
        """Until nothing is on its way to Discord any more."""

        async def nothing_waits() -> bool:
            async with self.bot.store.read() as view:
                return await view.outbox.next_due_at(Network.DISCORD) is None

        await until(nothing_waits, 15)

    async def all_is_sent_but_paused(self, place: Place) -> None:
        """Until that place is paused, and nothing else is on its way."""

        async def is_paused() -> bool:
            return bool(await self.reason(place))

        await until(is_paused, 10)
        await self.all_is_sent()

    async def board(self, session: Session) -> list[str]:
        return [question.text for question in await self.bot.questions.board(session)]

    async def reason(self, place: Place) -> str:
        """Why nothing is posted there; "" where it is."""
        async with self.bot.store.read() as view:
            known = await view.groups.destinations(place.group.id)
        (reason,) = [each.paused_reason for each in known if each.address == place.address]
        return reason

    def posted(self, text: str, at: Place | None = None) -> Sequence[Message]:
        """The bot's messages in a channel with that in them."""
        us = self.server.world.bot
        history = (at or self.home).channel.history
        return [each for each in history if each.author is us and text in each.text]


@asynccontextmanager
async def group_at_work(
    folder: Path, *, relay: str = "", now: Now = utc_now, more: str = ""
) -> AsyncIterator[Scene]:
    """Nostr is on where there is a ``relay``; ``more`` goes to the end of the configuration."""
    nostr = f'relays = ["{relay}"]' if relay else "enabled = false"
    file = folder / "config.toml"
    file.write_text(f'[nostr]\n{nostr}\n[group]\nslug = "atl"\n{more}', encoding="utf-8")
    async with checked_discord(now=now, acknowledge_within=PATIENCE) as server:
        config = load(file, {"NOSTR_NSEC": SIGNER.nsec, "DISCORD_TOKEN": server.token})
        guilds = [server.guild(name) for name in ("Atlanta", "Berlin")]
        async with running(config, now) as bot:
            home, away = [await _set_up(server, bot, guild) for guild in guilds]
            await server.gateway.until_connected()
            yield Scene(bot, server, home, away)


async def _set_up(server: LocalDiscord, bot: Running, guild: Guild) -> Place:
    channel, role = guild.channel("general"), server.role(guild, "organisers")
    boss = server.join(guild, "Grace")
    setup = GroupSetup(f"{guild.name} Reading Group", ZONE, str(channel.id), str(role.id))
    address = str(guild.id)
    by = Caller(Author(Network.DISCORD, str(boss.id)), guild=address, manages_guild=True)
    group = (await bot.groups.set_up(address, setup, by=by)).group
    organiser, member = server.join(guild, "Olga", role), server.join(guild, "Ada")
    return Place(group, guild, channel, role, boss, organiser, member)
