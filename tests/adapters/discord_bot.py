"""The real client over the real services and a real data file, on a local Discord server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from bot.domain.model import Group, Limits
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.connection import stay_connected
from bot.networks.discord.context import Services
from bot.networks.discord.local.redirect import pointed_at
from bot.networks.discord.local.server import LocalDiscord
from bot.services.attendance import Attendance
from bot.services.directory import Directory
from bot.services.groups import Groups
from bot.services.people import People
from bot.services.questions import Questions
from bot.services.sessions import Sessions
from bot.services.summaries import Summaries
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow, FakeSummariser

SECRET = b"s" * 32
HOME = Group(0, "atl", "Atlanta Reading Group", "UTC", (timedelta(days=1),))

Prepare = Callable[[ReadalongBot], object]


async def services_over(store: SqliteStore, now: FakeNow) -> Services:
    limits = Limits()
    async with store.transaction() as tx:
        home = await tx.groups.ensure(HOME)
    return Services(
        groups=Groups(store, now, home),
        sessions=Sessions(store, now),
        questions=Questions(store, now, limits, SECRET),
        summaries=Summaries(store, FakeSummariser(), now),
        attendance=Attendance(store, now),
        people=People(store, SECRET),
        directory=Directory(store, now),
        now=now,
        limits=limits,
    )


def at_once(attempt: int) -> timedelta:
    """A backoff for those who won't wait."""
    return timedelta(milliseconds=1)


@asynccontextmanager
async def connected(
    server: LocalDiscord, store: SqliteStore, prepare: Prepare = lambda bot: None
) -> AsyncIterator[ReadalongBot]:
    """The client as it is kept on Discord; ``prepare`` gives it commands before it logs in."""
    bot = ReadalongBot(await services_over(store, FakeNow()), store)
    prepare(bot)
    with pointed_at(server):
        async with bot:
            staying = asyncio.create_task(stay_connected(bot, server.token, at_once))
            try:
                async with asyncio.timeout(10):
                    await bot.connected.wait()
                yield bot
            finally:
                staying.cancel()
                with suppress(asyncio.CancelledError):
                    await staying
