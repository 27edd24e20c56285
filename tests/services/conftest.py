"""A group on a real data file, with a clock that stands still at noon UTC on 1 December 2026."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.model import Author, Caller, Destination, Group, Network
from bot.services.groups import Groups, GroupSetup, SetUp
from bot.services.sessions import Sessions
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow


@pytest.fixture
def now() -> FakeNow:
    return FakeNow()


@pytest.fixture
async def store(tmp_path: Path, now: FakeNow) -> AsyncIterator[SqliteStore]:
    async with SqliteStore.open(tmp_path / "readalong.db", now) as store:
        yield store


@pytest.fixture
async def group(store: SqliteStore) -> Group:
    async with store.transaction() as tx:
        return await tx.groups.ensure(
            Group(
                id=0,
                slug="atl",
                name="Atlanta Reading Group",
                timezone="America/New_York",
                reminders=(timedelta(days=7), timedelta(days=1), timedelta(hours=1)),
            )
        )


@pytest.fixture
async def destination(store: SqliteStore, group: Group) -> Destination:
    async with store.transaction() as tx:
        return await tx.groups.ensure_destination(group.id, Network.NOSTR, "aa" * 32)


@pytest.fixture
def sessions(store: SqliteStore, now: FakeNow) -> Sessions:
    return Sessions(store, now)


GUILD = "1000"
CHANNEL = "2000"
ROLE = "77"


def discord(
    user: str = "42",
    *,
    guild: str = GUILD,
    roles: tuple[str, ...] = (),
    manages_events: bool = False,
    manages_guild: bool = False,
) -> Caller:
    """Somebody who calls from a Discord guild."""
    author = Author(Network.DISCORD, user, "Dee")
    return Caller(author, guild, frozenset(roles), manages_events, manages_guild)


MANAGER = discord("9", manages_guild=True)
ORGANISER = discord("8", roles=("5", ROLE))
MEMBER = discord("7", roles=("5",))


@pytest.fixture
def groups(store: SqliteStore, now: FakeNow, group: Group) -> Groups:
    """Of a data file whose configured group is ``group``."""
    return Groups(store, now, group)


@pytest.fixture
async def guild(groups: Groups) -> SetUp:
    """The first guild, set up for ``group`` by 9, whose channel is the destination "1000/2000"."""
    setup = GroupSetup("Atlanta Reading Group", "America/New_York", CHANNEL, ROLE)
    return await groups.set_up(GUILD, setup, by=MANAGER)
