"""A real data file with one group and one session, for the contracts of the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.model import Group, Session
from bot.domain.ports import Store
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow
from tests.rows import NOON, a_group, a_session


@pytest.fixture
def now() -> FakeNow:
    return FakeNow(NOON)


@pytest.fixture
async def store(tmp_path: Path, now: FakeNow) -> AsyncIterator[Store]:
    async with SqliteStore.open(tmp_path / "readalong.db", now) as store:
        yield store


@pytest.fixture
async def group(store: Store) -> Group:
    async with store.transaction() as tx:
        return await a_group(tx)


@pytest.fixture
async def session(store: Store, group: Group) -> Session:
    async with store.transaction() as tx:
        return await tx.sessions.add(a_session(group.id), NOON)
