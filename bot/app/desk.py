"""The services of one installation over its data file, without any network."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.app.first_used import Checks, write_article
from bot.app.homes import Homes
from bot.app.summaries import open_summaries
from bot.config import Config, GroupTable
from bot.domain.errors import ConfigError
from bot.domain.model import Group, Network
from bot.domain.ports import Now
from bot.instance import AlreadyRunningError, DataFolder
from bot.networks.nostr.keys import Signer
from bot.services.attendance import Attendance
from bot.services.directory import Directory
from bot.services.groups import Groups
from bot.services.people import People
from bot.services.questions import Questions
from bot.services.sessions import Sessions
from bot.services.summaries import Summaries
from bot.storage.store import SqliteStore

if TYPE_CHECKING:
    from bot.readings.fetch import Fetcher

logger = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Desk:
    """The services, ready to be called; ``group`` is the configured one.

    ``signer`` is None while there is no key.
    """

    config: Config
    folder: DataFolder
    store: SqliteStore
    group: Group
    groups: Groups
    sessions: Sessions
    questions: Questions
    summaries: Summaries
    attendance: Attendance
    people: People
    directory: Directory
    signer: Signer | None

    async def require_destination(self) -> None:
        """Say that nothing could be posted, before anything is stored. Raises ConfigError."""
        if self.config.nostr.enabled:
            self.folder.required_signer(nsec_of(self.config))
            return
        async with self.store.read() as view:
            places = await view.groups.destinations(self.group.id)
        if not self.config.discord.enabled or all(
            place.network is not Network.DISCORD for place in places
        ):
            raise ConfigError(
                "There is nowhere to announce it: [nostr] enabled is false, and no Discord server "
                "has this group yet; run `/setup` there first."
            )


@asynccontextmanager
async def open_desk(
    config: Config, now: Now = utc_now, fetcher: Fetcher | None = None
) -> AsyncIterator[Desk]:
    """Open (and create or migrate) the data file and build the services over it.

    ``fetcher`` is what reads links, by default from the public internet alone. Raises ConfigError,
    and then nothing was changed.
    """
    folder = DataFolder(config.data_dir)
    folder.create()
    signer = folder.signer(nsec_of(config))
    async with (
        SqliteStore.open(folder.data_file, now) as store,
        open_summaries(config, store, now, fetcher) as summaries,
    ):
        group = await _ensured(store, config, folder, signer, now)
        secret = folder.secret()
        yield Desk(
            config=config,
            folder=folder,
            store=store,
            group=group,
            groups=Groups(store, now, _chosen(group), config.discord.guild),
            sessions=Sessions(store, now, Checks(), write_article),
            questions=Questions(store, now, config.domain_limits(), secret),
            summaries=summaries,
            attendance=Attendance(store, now),
            people=People(store, secret),
            directory=Directory(store, now),
            signer=signer,
        )


def nsec_of(config: Config) -> str | None:
    return config.nostr_nsec.get_secret_value() if config.nostr_nsec else None


async def _ensured(
    store: SqliteStore, config: Config, folder: DataFolder, signer: Signer | None, now: Now
) -> Group:
    """The configured group with its destinations; written only where the data file differs.

    Where a bot runs, its key is the one that counts, whatever key a command has beside it.
    """
    table = config.group
    wanted = Group(0, table.slug, table.name, table.timezone, table.reminders)
    homes = Homes.of(config, signer)
    async with store.read() as view:
        group = await view.groups.by_slug(table.slug)
        if group is not None:
            set_up = await view.groups.set_up_at(group.id) is not None
            wanted = replace(wanted, id=group.id)
            places = await view.groups.destinations(group.id)
            if (set_up or group == wanted) and homes.are_settled(places):
                _say_what_counts(group, wanted)
                return group
    async with store.transaction() as tx:
        group = await tx.groups.by_slug(table.slug)
        if group is None or await tx.groups.set_up_at(group.id) is None:
            group = await tx.groups.ensure(wanted)
        with suppress(AlreadyRunningError), folder.lock():
            await homes.settle(tx, group.id, now())
    _say_what_counts(group, wanted)
    return group


def _chosen(group: Group) -> Group:
    """The group with "" for a name or a time zone that is only what a configuration begins with."""
    begins = GroupTable()
    return replace(
        group,
        name="" if group.name == begins.name else group.name,
        timezone="" if group.timezone == begins.timezone else group.timezone,
    )


def _say_what_counts(group: Group, wanted: Group) -> None:
    if group != replace(wanted, id=group.id):
        logger.info(
            "%s is as `/setup` on Discord says; [group] name, timezone and reminders in the "
            "configuration no longer count for it",
            group.name,
        )
