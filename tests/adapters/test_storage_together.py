"""Transactions that come at once are committed together, and fail alone."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.errors import StorageError
from bot.domain.model import Group, Network
from bot.domain.ports import Topic
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow
from tests.waiting import until

MANY = 20


class World:
    """A data file, and how often something was committed to it."""

    def __init__(self, store: SqliteStore, path: Path) -> None:
        self.store = store
        self.path = path
        self.commits = 0
        store.on_commit(Topic.GROUPS, self._committed)

    def _committed(self) -> None:
        self.commits += 1

    async def add(self, slug: str, error: Exception | None = None) -> int:
        """A transaction that writes and then fails, if it is to; how many rows others see."""
        async with self.store.transaction() as tx:
            await tx.groups.ensure(Group(0, slug, slug, "UTC", ()))
            if error is not None:
                raise error
        assert slug in self.stored
        return len(self.stored)

    @property
    def stored(self) -> set[str]:
        """What another process sees."""
        with closing(sqlite3.connect(self.path)) as other:
            return {slug for (slug,) in other.execute("SELECT slug FROM groups")}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    path = tmp_path / "readalong.db"
    async with SqliteStore.open(path, FakeNow()) as store:
        yield World(store, path)


async def test_those_who_wait_commit_together_and_go_on_when_all_is_stored(world: World) -> None:
    seen = await asyncio.gather(*(world.add(f"g{number}") for number in range(MANY)))
    assert seen == [1, *[MANY] * (MANY - 1)]  # nobody waited yet when the first one was done
    assert world.commits == 2


async def test_one_alone_commits_at_once(world: World) -> None:
    for number in range(3):
        assert await world.add(f"g{number}") == number + 1
    assert world.commits == 3


@pytest.mark.parametrize("failing", [0, 1, MANY - 1])
async def test_one_that_fails_is_undone_alone(world: World, failing: int) -> None:
    error = RuntimeError("not this one")
    ended = await asyncio.gather(
        *(world.add(f"g{n}", error if n == failing else None) for n in range(MANY)),
        return_exceptions=True,
    )
    assert [each for each in ended if isinstance(each, Exception)] == [error]
    assert world.stored == {f"g{number}" for number in range(MANY) if number != failing}


async def test_a_row_that_is_refused_takes_nobody_with_it(world: World) -> None:
    async def refused() -> None:
        async with world.store.transaction() as tx:
            await tx.groups.ensure(Group(0, "bad", "bad", "UTC", ()))
            await tx.groups.ensure_destination(99, Network.NOSTR, "nobody")  # no such group

    ended = await asyncio.gather(world.add("a"), refused(), world.add("b"), return_exceptions=True)
    assert isinstance(ended[1], StorageError)
    assert ended[1].permanent
    assert world.stored == {"a", "b"}


async def test_where_all_is_lost_everybody_hears_of_it(world: World) -> None:
    async def undone() -> None:
        async with world.store.transaction():
            _, driver = await world.store._database._open_writer()
            await driver.rollback()  # as SQLite does by itself when the disk is full
            raise StorageError("the disk is full")

    ended = await asyncio.gather(
        *(world.add("first"), world.add("a"), undone(), world.add("b")), return_exceptions=True
    )
    lost = [isinstance(each, StorageError) for each in ended]
    assert lost == [False, True, True, False]
    assert world.stored == {"first", "b"}


async def test_a_commit_that_fails_is_everybodys(world: World) -> None:
    async def uncommittable() -> None:
        async with world.store.transaction() as tx:
            await tx.groups.ensure(Group(0, "bad", "bad", "UTC", ()))
            _, driver = await world.store._database._open_writer()
            driver._conn.execute("PRAGMA defer_foreign_keys = ON")
            driver._conn.execute("INSERT INTO destinations VALUES (1, 99, 'nostr', 'x', NULL, '')")

    ended = await asyncio.gather(
        *(world.add("first"), world.add("a"), uncommittable(), world.add("b")),
        return_exceptions=True,
    )
    assert [isinstance(each, StorageError) for each in ended] == [False, True, True, True]
    assert world.stored == {"first"}
    assert world.commits == 1
    assert await world.add("later") == 2


@pytest.mark.parametrize("cancelled", range(4))
async def test_who_is_cancelled_keeps_nobody_from_storing(world: World, cancelled: int) -> None:
    writing = [asyncio.create_task(world.add(f"g{number}")) for number in range(4)]
    await asyncio.sleep(0)  # all of them have begun
    writing[cancelled].cancel()
    ended = await asyncio.gather(*writing, return_exceptions=True)
    assert isinstance(ended[cancelled], asyncio.CancelledError)
    assert world.stored >= {f"g{number}" for number in range(4) if number != cancelled}


async def test_all_may_be_cancelled_and_the_next_one_stores(world: World) -> None:
    writing = [asyncio.create_task(world.add(f"g{number}")) for number in range(MANY)]
    await until(lambda: world.store._database._together)
    everything = asyncio.all_tasks() - {asyncio.current_task()}
    for task in everything:
        task.cancel()
    await asyncio.gather(*writing, return_exceptions=True)
    assert await world.add("later") == len(world.stored)


async def test_the_one_who_is_to_commit_may_be_cancelled_before_it_begins(world: World) -> None:
    database = world.store._database
    writing = [asyncio.create_task(world.add(f"g{number}")) for number in range(MANY)]
    while database._together is None:  # noqa: ASYNC110 (the moment after is too late)
        await asyncio.sleep(0)
    assert database._committing is not None
    database._committing.cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(*writing)
    assert len(world.stored) == MANY


async def test_closing_waits_for_what_is_to_be_committed(tmp_path: Path) -> None:
    path = tmp_path / "readalong.db"
    async with SqliteStore.open(path, FakeNow()) as store:
        world = World(store, path)
        writing = [asyncio.create_task(world.add(f"g{number}")) for number in range(MANY)]
        await until(lambda: store._database._together)
    await asyncio.gather(*writing, return_exceptions=True)
    assert world.stored


async def test_a_turn_in_which_nothing_is_written_is_no_hindrance(world: World) -> None:
    async def nothing() -> None:
        async with world.store.transaction():
            pass

    await asyncio.gather(nothing(), world.add("a"), nothing(), world.add("b"), nothing())
    assert world.stored == {"a", "b"}
