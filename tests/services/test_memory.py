"""What is read from memory is what a read of the file would give."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from bot.domain.errors import StorageError
from bot.domain.model import Group
from bot.domain.ports import Rows
from bot.services import memory as module
from bot.services.memory import Memory
from bot.storage.store import SqliteStore
from tests.waiting import until


class Reading:
    """A read that counts; ``gate`` holds it up, ``error`` makes it fail."""

    def __init__(self) -> None:
        self.times = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def __call__(self, view: Rows) -> int:
        self.times += 1
        found = len(await view.groups.all())
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return found


async def add_group(store: SqliteStore, slug: str) -> None:
    async with store.transaction() as tx:
        await tx.groups.ensure(Group(0, slug, slug, "UTC", ()))


async def test_what_nobody_changed_is_read_once(store: SqliteStore, group: Group) -> None:
    memory, read = Memory(store), Reading()
    assert [await memory.get("groups", read) for _ in range(3)] == [1, 1, 1]
    assert read.times == 1


async def test_our_own_commit_is_seen_at_once(store: SqliteStore, group: Group) -> None:
    memory, read = Memory(store), Reading()
    await memory.get("groups", read)
    await add_group(store, "other")
    assert await memory.get("groups", read) == 2


async def test_another_process_commit_is_seen_at_once(store: SqliteStore, group: Group) -> None:
    memory, read = Memory(store), Reading()
    await memory.get("groups", read)
    with closing(sqlite3.connect(store._database.path)) as other:
        other.execute(
            "INSERT INTO groups (slug, name, timezone, reminders) SELECT 'x', 'x', 'UTC', '[]'"
        )
        other.commit()
    assert await memory.get("groups", read) == 2


async def test_those_who_ask_at_once_share_one_read(store: SqliteStore, group: Group) -> None:
    memory, read = Memory(store), Reading()
    read.gate.clear()
    asking = [asyncio.create_task(memory.get("groups", read)) for _ in range(5)]
    await until(lambda: read.times)
    asking[0].cancel()
    read.gate.set()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert found[1:] == [1, 1, 1, 1]
    assert read.times == 1


async def test_a_read_that_began_before_a_commit_is_not_kept(
    store: SqliteStore, group: Group
) -> None:
    memory, slow, read = Memory(store), Reading(), Reading()
    slow.gate.clear()
    asking = asyncio.create_task(memory.get("groups", slow))
    await until(lambda: slow.times)
    await add_group(store, "other")
    assert await memory.get("groups", read) == 2
    slow.gate.set()
    await asking
    assert await memory.get("groups", read) == 2


async def test_one_read_may_bring_several_answers(store: SqliteStore, group: Group) -> None:
    memory, read = Memory(store), Reading()
    async with memory.reading() as (view, keep):
        keep("groups", await read(view))
    assert await memory.get("groups", read) == 1
    assert read.times == 1
    await add_group(store, "other")
    assert await memory.get("groups", read) == 2


async def test_what_a_read_brings_along_is_not_kept_over_a_commit(
    store: SqliteStore, group: Group
) -> None:
    memory, read = Memory(store), Reading()
    async with memory.reading() as (view, keep):
        found = await read(view)
        await add_group(store, "other")
        keep("groups", found)
    assert await memory.get("groups", read) == 2


async def test_what_fails_is_tried_again(store: SqliteStore, group: Group) -> None:
    memory, read = Memory(store), Reading()
    read.error = StorageError("the disk is gone")
    with pytest.raises(StorageError):
        await memory.get("groups", read)
    read.error = None
    assert await memory.get("groups", read) == 1


async def test_it_holds_so_much_and_no_more(
    store: SqliteStore, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST", 2)
    memory, read = Memory(store), Reading()
    for key in ("a", "b", "c", "c"):
        await memory.get(key, read)
    assert read.times == 3
    await memory.get("a", read)
    assert read.times == 4


async def test_where_the_version_is_unknown_nothing_is_kept(
    store: SqliteStore, group: Group
) -> None:
    memory, read = Memory(store), Reading()
    async with store.read() as view:  # its connection stays open
        await view.groups.all()
    path = store._database.path
    store._database.path = path / "nowhere"
    assert [await memory.get("groups", read) for _ in range(2)] == [1, 1]
    store._database.path = path
    assert read.times == 2
