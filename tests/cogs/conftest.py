"""The world of `tests.cogs.world`, one for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from simcord import Env

from bot.domain.model import Document, Group, Limits
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.context import Services
from bot.readings.page import summary_parts
from bot.services.attendance import Attendance
from bot.services.directory import Directory
from bot.services.groups import Groups
from bot.services.people import People
from bot.services.questions import Questions
from bot.services.sessions import Sessions
from bot.services.summaries import Summaries
from bot.storage.store import SqliteStore
from tests.cogs.world import World, new_bot, raise_bugs, set_up
from tests.fakes import FakeModel, FakeNow, FakeSource, FakeSummariser

SECRET = b"s" * 32


@pytest.fixture
def now() -> FakeNow:
    return FakeNow()


@pytest.fixture
def limits() -> Limits:
    return Limits()


@pytest.fixture
def summariser() -> FakeSummariser:
    return FakeSummariser()


@pytest.fixture
def model() -> FakeModel | None:
    """None is configured; a test of one overrides this."""
    return None


@pytest.fixture
def source() -> FakeSource:
    """What every link leads to."""
    document = Document("Loss falls as a power of compute. " * 20, "Scaling laws", pages=12)
    return FakeSource(document)


@pytest.fixture
async def store(tmp_path: Path, now: FakeNow) -> AsyncIterator[SqliteStore]:
    async with SqliteStore.open(tmp_path / "readalong.db", now) as store:
        yield store


@pytest.fixture
async def services(
    store: SqliteStore,
    now: FakeNow,
    limits: Limits,
    summariser: FakeSummariser,
    model: FakeModel | None,
    source: FakeSource,
) -> AsyncIterator[Services]:
    reminders = (timedelta(days=7), timedelta(days=1), timedelta(hours=1))
    async with store.transaction() as tx:
        home = await tx.groups.ensure(
            Group(0, "atl", "Atlanta Reading Group", "America/New_York", reminders)
        )
    directory = Directory(store, now)
    running = asyncio.create_task(directory.run())
    yield Services(
        groups=Groups(store, now, home),
        sessions=Sessions(store, now),
        questions=Questions(store, now, limits, SECRET),
        summaries=Summaries(
            store,
            model or summariser,
            now,
            plain=summariser,
            read=source,
            suggest=model.suggest_questions if model else None,
            parse=summary_parts,
        ),
        attendance=Attendance(store, now),
        people=People(store, SECRET),
        directory=directory,
        now=now,
        limits=limits,
    )
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@pytest.fixture
def simcord_bot(services: Services, store: SqliteStore) -> ReadalongBot:
    """What simcord's own fixture ``simcord_env`` brings to READY."""
    return new_bot(services, store)


@pytest.fixture
async def world(
    simcord_env: Env, store: SqliteStore, services: Services, now: FakeNow
) -> AsyncIterator[World]:
    """The bot is up in two guilds that are set up. What it refused is no error; a bug is."""
    simcord_env.settle_timeout = 30.0  # s: a bound for machines that do other things too
    home = await set_up(simcord_env, services, "Atlanta")
    away = await set_up(simcord_env, services, "Berlin")
    yield World(simcord_env, store, services, now, home, away)
    raise_bugs(simcord_env)
