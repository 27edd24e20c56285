"""The data file as the services see it. It puts the queries together and holds none itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from bot.domain.errors import StorageError
from bot.domain.ports import Now, Topic
from bot.storage import backup, schema
from bot.storage.database import Database
from bot.storage.groups import GroupTable
from bot.storage.inbound import CursorTable, SeenTable
from bot.storage.link import Link
from bot.storage.outbox import OutboxTable
from bot.storage.people import PeopleTable
from bot.storage.proposals import ProposalTable
from bot.storage.questions import QuestionTable
from bot.storage.reminders import ReminderTable
from bot.storage.sessions import SessionTable
from bot.storage.settings import SettingTable
from bot.storage.summaries import SummaryTable

logger = logging.getLogger(__name__)


class SqliteRows:
    """All tables over one link."""

    def __init__(self, link: Link, now: Now) -> None:
        self.groups = GroupTable(link)
        self.sessions = SessionTable(link)
        self.summaries = SummaryTable(link)
        self.questions = QuestionTable(link)
        self.people = PeopleTable(link)
        self.proposals = ProposalTable(link)
        self.settings = SettingTable(link)
        self.reminders = ReminderTable(link)
        self.outbox = OutboxTable(link, now)
        self.seen = SeenTable(link)
        self.cursors = CursorTable(link)


class SqliteStore:
    """``Store`` over one SQLite file. Every method may raise StorageError."""

    def __init__(self, path: Path, now: Now) -> None:
        self._now = now
        self._callbacks: dict[Topic, list[Callable[[], None]]] = {topic: [] for topic in Topic}
        self._database = Database(path, self._tell)
        self._version: object = None

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path, now: Now) -> AsyncIterator[Self]:
        """Create or migrate the file, open it, and close it in the end. Raises ConfigError."""
        await asyncio.to_thread(schema.prepare, path)
        store = cls(path, now)
        try:
            store._version = await store._database.data_version()
            yield store
        finally:
            await store._database.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqliteRows]:
        """The one way to write; see ``Store.transaction``."""
        async with self._database.transaction() as link:
            yield SqliteRows(link, self._now)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqliteRows]:
        """One consistent view; see ``Store.read``."""
        async with self._database.read() as link:
            yield SqliteRows(link, self._now)

    def on_commit(self, topic: Topic, callback: Callable[[], None]) -> None:
        """Call back after each commit that may concern ``topic``.

        Our own commits are told at once and by topic; those of other processes while ``watch``
        runs, and to every topic.
        """
        self._callbacks[topic].append(callback)

    def version(self) -> object:
        """See ``Store.version``."""
        return self._database.version()

    async def watch(self, interval: float = 1.0) -> None:
        """Look for commits of other processes every ``interval`` seconds, until cancelled."""
        failing = False
        while True:
            await asyncio.sleep(interval)
            try:
                version = await self._database.data_version()
            except StorageError as error:
                if not failing:
                    logger.warning("Commits of other processes can't be seen: %s", error)
                failing = True
                continue
            failing = False
            if version != self._version:
                self._version = version
                self._tell(set(Topic))

    async def backup(self, target: Path) -> None:
        """Write a consistent copy to ``target`` while others read and write.

        Raises UserError when ``target`` exists or its folder doesn't.
        """
        await asyncio.to_thread(backup.copy, self._database.path, target)

    def _tell(self, topics: set[Topic]) -> None:
        for topic in topics:
            for callback in self._callbacks[topic]:
                callback()
