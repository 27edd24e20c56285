"""Two Discord guilds with a reading group each, over the real services and a real data file.

simcord stands in for Discord: it runs discord.py's own machinery, and each act of a member returns
when the bot has done all that it does about it, the data file's thread included. What runs beside
the bot (the directory) is started outside simcord's reach, so that nobody waits for it; `known`
does.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any

import discord
from discord import app_commands
from simcord import ChannelHandle, Env, GuildHandle, InteractionResult, MemberActor, RoleHandle

import cogs
from bot.domain.errors import StorageError, UserError
from bot.domain.model import OPERATOR, Author, Caller, Group, Network, Session, SessionStatus
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.context import Services
from bot.networks.discord.errors import is_too_late
from bot.services.groups import GroupSetup
from bot.services.sessions import SessionPlan
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow
from tests.waiting import until

WHEN = "2026-12-09 19:00"  # eight days after FakeNow's first moment


def extensions() -> tuple[str, ...]:
    """Every module of ``cogs`` that discord.py can load."""
    names = [f"cogs.{module.name}" for module in pkgutil.iter_modules(cogs.__path__)]
    return tuple(name for name in names if hasattr(import_module(name), "setup"))


@dataclass(frozen=True, slots=True)
class Place:
    """A guild that is set up for a group, and who is there.

    The organiser has the organiser role, the manager may manage the server, the member nothing.
    """

    group: Group
    guild: GuildHandle
    channel: ChannelHandle
    role: RoleHandle
    organiser: MemberActor
    manager: MemberActor
    member: MemberActor


class World:
    """``home`` and ``away`` know nothing of each other; the shortcuts are those of ``home``."""

    def __init__(
        self,
        env: Env,
        store: SqliteStore,
        services: Services,
        now: FakeNow,
        home: Place,
        away: Place,
    ) -> None:
        self.env = env
        self.store = store
        self.services = services
        self.now = now
        self.home = home
        self.away = away
        self.group = home.group
        self.guild = home.guild
        self.channel = home.channel
        self.organiser = home.organiser
        self.manager = home.manager
        self.member = home.member

    @property
    def bot(self) -> ReadalongBot:
        assert isinstance(self.env.bot, ReadalongBot)
        return self.env.bot

    async def restart(self) -> None:
        """The bot dies and another one starts over the same data file; Discord keeps all it has."""
        fresh = new_bot(self.services, self.store)
        if hasattr(self.bot, "announcements"):
            fresh.announcements = self.bot.announcements
        await self.env.restart_bot(fresh)

    async def planned(
        self, title: str = "Scaling laws", when: str = WHEN, at: Place | None = None, **plan: Any
    ) -> Session:
        """A session that only organisers know; ``plan`` is more of a SessionPlan."""
        group = (at or self.home).group
        session = await self.services.sessions.add(
            group, SessionPlan(title=title, when=when, **plan), by=OPERATOR
        )
        await self.known(session)
        return session

    async def announced(
        self, title: str = "Scaling laws", when: str = WHEN, at: Place | None = None, **plan: Any
    ) -> Session:
        session = await self.planned(title, when, at, **plan)
        group = (at or self.home).group
        announced = await self.services.sessions.announce(group, session.slug, by=OPERATOR)
        await self.known(announced.session)
        return announced.session

    async def known(self, session: Session) -> None:
        """Wait until autocompletion offers the session to whoever sees it."""
        matching, planned = (
            self.services.directory.matching,
            session.status is SessionStatus.PLANNED,
        )

        def is_known() -> bool:
            found = matching(session.group_id, "", members_only=not planned, limit=1000)
            return session.slug in [slug for _, slug in found]

        await until(is_known)

    async def stored(self, slug: str, at: Place | None = None) -> Session | None:
        """What the data file has."""
        async with self.store.read() as view:
            return await view.sessions.by_slug((at or self.home).group.id, slug)


def raise_bugs(env: Env) -> None:
    """Raise what went wrong in the bot. simcord keeps refusals and late answers too: no bugs."""
    bugs = [error for error in env.errors if not _is_told(error)]
    if bugs:
        raise BaseExceptionGroup("the bot failed", bugs)


def _is_told(error: BaseException) -> bool:
    """Whether it is no bug, but something that the person hears, or can't hear any more."""
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    if isinstance(cause, StorageError):
        return not cause.permanent
    return isinstance(cause, UserError) or is_too_late(cause)


def new_bot(services: Services, store: SqliteStore) -> ReadalongBot:
    return ReadalongBot(services, store, extensions=extensions(), shard_count=1)


async def set_up(env: Env, services: Services, name: str) -> Place:
    """A guild with its people, set up by its manager."""
    guild = env.create_guild(name)
    channel = guild.create_text_channel("reading")
    role = guild.create_role("Organisers")
    managers = guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    manager = guild.add_member(env.create_user(f"manager-{name.lower()}"), roles=[managers])
    setup = GroupSetup(
        name=f"{name} Reading Group",
        timezone="America/New_York",
        channel=str(channel.id),
        organiser_role=str(role.id),
        reminders=(timedelta(days=1), timedelta(hours=1)),
    )
    by = Caller(
        Author(Network.DISCORD, str(manager.id), manager.name),
        guild=str(guild.id),
        manages_guild=True,
    )
    done = await services.groups.set_up(str(guild.id), setup, by=by)
    return Place(
        group=done.group,
        guild=guild,
        channel=channel,
        role=role,
        organiser=guild.add_member(env.create_user(f"organiser-{name.lower()}"), roles=[role]),
        manager=manager,
        member=guild.add_member(env.create_user(f"member-{name.lower()}")),
    )


def said(result: InteractionResult) -> str:
    """All that the answer says, its embeds and follow-ups included."""
    shown = [result.response, *result.followups]
    return "\n".join(text for message in shown if message for text in texts(message))


def texts(message: Any) -> Sequence[str]:
    parts = [message.content]
    for embed in message.embeds:
        parts += [embed.title or "", embed.description or "", embed.footer.text or ""]
        parts += [f"{field.name}\n{field.value}" for field in embed.fields]
    return [part for part in parts if part]


def labels(message: Any) -> list[str]:
    """The labels of a message's buttons."""
    return [
        str(child["label"])
        for row in message.components
        for child in row.get("components", ())
        if child.get("label")
    ]
