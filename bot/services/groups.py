"""Groups on Discord: which group a guild belongs to, and how a guild is set up.

The configured group belongs to the guild that the configuration names, or else to the first one
that is set up; every other guild has a group of its own. Its commands are not known here.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.domain.errors import NotPermittedError, NotSetUpError, UserError
from bot.domain.model import Caller, Group, Guild, Network
from bot.domain.ports import Now, Rows, Store, Topic
from bot.domain.text import clean_name, numbered, slug_of
from bot.domain.when import zone_of
from bot.services.places import move
from bot.services.reminders import replan

logger = logging.getLogger(__name__)

_MOST_REMINDERS = 10
_LONGEST_OFFSET = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class GroupSetup:
    """What a guild's manager decides. ``channel`` and ``organiser_role`` are snowflakes; a role of
    "" is none; ``reminders`` are offsets before a start, None leaves them as they are."""

    name: str
    timezone: str
    channel: str
    organiser_role: str = ""
    reminders: tuple[timedelta, ...] | None = None


@dataclass(frozen=True, slots=True)
class SetUp:
    """``created``: the guild was set up for the first time."""

    group: Group
    guild: Guild
    created: bool


class Groups:
    """The groups of guilds. ``home`` is the configured group, ``home_guild`` the guild that the
    configuration gives it to ("" for the first one that comes). Of ``home`` a name or a time zone
    that nobody chose is ""."""

    def __init__(self, store: Store, now: Now, home: Group, home_guild: str = "") -> None:
        self._store = store
        self._now = now
        self._home = home
        self._home_guild = home_guild
        self._known: dict[str, Group] = {}  # replaced, never emptied: a late answer goes nowhere
        store.on_commit(Topic.GROUPS, self._forget)

    async def of_guild(self, guild: str) -> Group:
        """The guild's group, from memory where it can be. Raises NotSetUpError."""
        known = self._known
        if guild not in known:
            known[guild], _ = await self.settings(guild)
        return known[guild]

    async def settings(self, guild: str) -> tuple[Group, Guild]:
        """How the guild is set up. Raises NotSetUpError."""
        async with self._store.read() as view:
            found = await view.groups.guild(guild)
            if found is None:
                raise NotSetUpError
            return await view.groups.by_id(found.group_id), found

    async def configured_for(self, guild: str) -> Group | None:
        """The configured group, where it is what the guild, not set up yet, would take over.

        Its name and its time zone are "" where nobody chose them. None: the guild would begin a
        group of its own.
        """
        async with self._store.read() as view:
            return self._home if await self._is_home(view, guild) else None

    async def set_up(self, guild: str, setup: GroupSetup, *, by: Caller) -> SetUp:
        """Name the guild's group, and say when and where it posts; again to change that.

        Raises NotPermittedError, InvalidSessionError for a time zone, UserError.
        """
        _require_manager(guild, by)
        setup = _checked(guild, setup)
        now = self._now()
        async with self._store.transaction() as tx:
            before = await tx.groups.guild(guild)
            old = await self._group_for(tx, guild, before, setup)
            group = await tx.groups.set_up(_changed(old, setup), now)
            after = Guild(
                address=guild,
                group_id=group.id,
                channel=setup.channel,
                set_up_by=by.author.address,
                set_up_at=now,
                organiser_role=setup.organiser_role,
            )
            await tx.groups.set_guild(after)
            await move(tx, group, guild, setup.channel, now)
            if group.reminders != old.reminders:
                await replan(tx, group, now)
        logger.info("guild %s is set up for the group %s", guild, group.slug)
        return SetUp(group, after, created=before is None)

    async def _group_for(
        self, rows: Rows, guild: str, before: Guild | None, setup: GroupSetup
    ) -> Group:
        """The group as it is, or as it begins: with the configured one's reminders."""
        if before is not None:
            return await rows.groups.by_id(before.group_id)
        if await self._is_home(rows, guild):
            return await rows.groups.by_id(self._home.id)
        slug = slug_of(setup.name)
        number = 1
        while await rows.groups.by_slug(numbered(slug, number)) is not None:
            number += 1
        return replace(self._home, id=0, slug=numbered(slug, number))

    async def _is_home(self, rows: Rows, guild: str) -> bool:
        if self._home_guild:
            return guild == self._home_guild
        return not await rows.groups.guilds(self._home.id)

    def _forget(self) -> None:
        self._known = {}


def _require_manager(guild: str, by: Caller) -> None:
    if by.author.network is Network.LOCAL:
        return
    if by.author.network is not Network.DISCORD or by.guild != guild or not by.manages_guild:
        raise NotPermittedError(
            "Setting up a server takes the permission Manage Server; ask somebody who has it."
        )


def _checked(guild: str, setup: GroupSetup) -> GroupSetup:
    name = clean_name(setup.name)
    if not name:
        raise UserError("A group needs a name that can be read; give it one.")
    if setup.organiser_role == guild:  # the role @everyone has its guild's snowflake
        raise UserError("Everybody has that role; choose one that only organisers have.")
    if not setup.channel:
        raise UserError("The group needs a channel to post in; choose one.")
    reminders = None if setup.reminders is None else _offsets(setup.reminders)
    zone = zone_of(setup.timezone.strip()).key
    return replace(setup, name=name, timezone=zone, reminders=reminders)


def _offsets(reminders: Sequence[timedelta]) -> tuple[timedelta, ...]:
    """Each once, the longest first."""
    offsets = tuple(sorted(set(reminders), reverse=True))
    if len(offsets) > _MOST_REMINDERS:
        raise UserError(f"A session has {_MOST_REMINDERS} reminders at most; leave some out.")
    if any(not timedelta(0) < offset <= _LONGEST_OFFSET for offset in offsets):
        raise UserError("A reminder comes before the session, by 365d at most; write it like 1d.")
    return offsets


def _changed(group: Group, setup: GroupSetup) -> Group:
    reminders = group.reminders if setup.reminders is None else setup.reminders
    return replace(group, name=setup.name, timezone=setup.timezone, reminders=reminders)
