"""The engine, the one way to write and the one way to read. It knows no table and no query.

All connections of the pool only read. One more is kept apart for writing: its transactions come one
at a time under a lock and begin with BEGIN IMMEDIATE. Those that wait for the lock when one ends
are savepoints in it, and all are committed together; nobody goes on before their rows are on the
disk, whatever is cancelled meanwhile.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import AsyncAdaptedQueuePool, Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.domain.errors import StorageError
from bot.domain.ports import Topic
from bot.storage.driver import Driver, connect
from bot.storage.link import Link, raise_if_cancelled, translated
from bot.storage.together import Together

_READERS = 4
_KEPT_READERS = 2
_WAIT_FOR_READER = 30.0  # seconds


class Database:
    """One SQLite file, opened. Its schema is somebody else's business.

    ``committed`` is called after each commit with what the transaction touched.
    """

    def __init__(self, path: Path, committed: Callable[[set[Topic]], None]) -> None:
        self.path = path
        self._committed = committed
        self._lock = asyncio.Lock()
        self._waiting = 0  # for their turn to write
        self._owner: asyncio.Task[Any] | None = None
        self._together: Together | None = None  # what is open, between two turns
        self._committing: asyncio.Task[None] | None = None
        self._writer: tuple[AsyncConnection, Driver] | None = None
        self._writers = 0  # opened so far: each counts others' commits anew
        self._idle: list[tuple[AsyncConnection, Driver]] = []  # readers beside the pool
        self._sentinel: sqlite3.Connection | None = None
        self._sentinels = 0  # the same
        self._engine: AsyncEngine = create_async_engine(
            "sqlite+aiosqlite:///",
            async_creator=self._new_driver,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=_READERS,
            max_overflow=_READERS,
            pool_timeout=_WAIT_FOR_READER,
            pool_use_lifo=True,
        )

    async def close(self) -> None:
        """Close every connection; waits for transactions that are under way."""
        async with self._lock:
            await self._commit_together()
            self._drop_sentinel()
            while self._idle:
                await translated(self._idle.pop()[0].close())
            await self._engine.dispose()
            await self._drop_writer()  # the last to leave: it may checkpoint the WAL

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Link]:
        """Write, all or nothing. Raises StorageError, and then nothing was stored.

        A cancellation that comes during the commit is raised after it: the rows are stored then.
        What others who wait meanwhile write is committed with it, if they are done at once.
        """
        if self._owner is not None and self._owner is asyncio.current_task():
            raise RuntimeError("a transaction inside a transaction would wait for itself")
        await self._own_turn()
        try:
            self._owner = asyncio.current_task()
            connection, driver = await self._open_writer()
            link = Link(connection, driver)
            raise_if_cancelled(driver)
            try:
                self._begin(driver)
                yield link
                if link.failed is not None:
                    raise link.failed
                together = await self._commit(driver, link.touched)
            except BaseException:
                await self._undo(driver)
                raise
            if together is None:
                self._committed(link.touched)
            raise_if_cancelled(driver)
        finally:
            self._owner = None
            self._lock.release()
        if together is not None:
            await together.ended()

    async def _own_turn(self) -> None:
        self._waiting += 1
        try:
            await self._lock.acquire()
        finally:
            self._waiting -= 1

    def _begin(self, driver: Driver) -> None:
        if self._together is None:
            driver.begin("BEGIN IMMEDIATE")
        else:
            driver.begin_inner()

    async def _commit(self, driver: Driver, touched: set[Topic]) -> Together | None:
        """Commit, or leave it to the task that comes when those who wait now had their turn."""
        together = self._together
        if together is not None:
            driver.commit_inner()
        elif not self._waiting or not driver.is_open:
            await translated(driver.commit())
            return None
        else:
            together = self._together = Together()
            self._commit_soon()
        together.touched |= touched
        return together

    def _commit_soon(self) -> None:
        self._committing = asyncio.create_task(self._commit_after_others())
        self._committing.add_done_callback(self._commit_after_all)

    def _commit_after_all(self, task: asyncio.Task[None]) -> None:
        """A task that is cancelled before its first step does nothing, and others wait for it."""
        if task.cancelled() and self._together is not None:
            self._commit_soon()

    async def _commit_after_others(self) -> None:
        """The lock is given in the order in which it is asked for."""
        cancelled: asyncio.CancelledError | None = None
        while True:
            try:
                await self._lock.acquire()
                break
            except asyncio.CancelledError as late:  # others wait for us
                cancelled = late
        try:
            await self._commit_together()
        finally:
            self._lock.release()
        if cancelled is not None:
            raise cancelled

    async def _commit_together(self) -> None:
        """Commit what is left to be, if anything is; the lock is ours."""
        together, self._together = self._together, None
        if together is None or self._writer is None:
            return
        _, driver = self._writer
        try:
            await translated(driver.commit())
        except StorageError as error:
            together.lost(error)
            await self._roll_back(driver)
            return
        try:
            self._committed(together.touched)
        finally:
            together.stored()
        raise_if_cancelled(driver)

    async def _undo(self, driver: Driver) -> None:
        """Undo one transaction; those that it was to commit with stay, if SQLite keeps them."""
        if self._together is None or not driver.rollback_inner():
            await self._roll_back(driver)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Link]:
        """Read one snapshot, on a connection of its own."""
        connection, driver = await self._open_reader()
        link = Link(connection, driver)
        try:
            raise_if_cancelled(driver)
            driver.begin()
            yield link
        finally:
            await self._leave_reader(link, connection, driver)
            raise_if_cancelled(driver)

    async def _open_reader(self) -> tuple[AsyncConnection, Driver]:
        if self._idle:
            return self._idle.pop()
        connection = await translated(self._engine.connect())
        return connection, _driver_of(connection)

    async def _leave_reader(self, link: Link, connection: AsyncConnection, driver: Driver) -> None:
        """A reader on which Core did nothing is kept as it is: the pool takes 0.2 ms for each."""
        if link.failed is None and not link.used_core and len(self._idle) < _KEPT_READERS:
            try:
                await driver.rollback()
            except sqlite3.Error:
                pass
            else:
                self._idle.append((connection, driver))
                return
        await translated(connection.close())  # which rolls back

    def version(self) -> object:
        """What changes with every commit, whoever made it; never the same where it isn't known.

        Asked of a connection that does nothing else: SQLite only looks into shared memory for it.
        """
        try:
            if self._sentinel is None:
                self._sentinel = connect(self.path)
                self._sentinels += 1
            (version,) = self._sentinel.execute("PRAGMA data_version").fetchall()
        except sqlite3.Error:
            self._drop_sentinel()
            return object()
        return self._sentinels, version

    def _drop_sentinel(self) -> None:
        if self._sentinel is not None:
            self._sentinel.close()
            self._sentinel = None

    async def data_version(self) -> tuple[int, int | None]:
        """What changes with every commit of another connection or process."""
        async with self._lock:
            _, driver = await self._open_writer()
            try:
                return self._writers, await translated(driver.pragma("data_version"))
            except StorageError:
                await self._drop_writer()
                raise
            finally:
                raise_if_cancelled(driver)

    async def _open_writer(self) -> tuple[AsyncConnection, Driver]:
        if self._writer is None:
            connection = await translated(self._engine.connect())
            driver = _driver_of(connection)
            await connection.run_sync(Connection.detach)
            self._writer = (connection, driver)
            self._writers += 1
            await translated(driver.pragma("query_only = OFF"))
        return self._writer

    async def _roll_back(self, driver: Driver) -> None:
        """Undo what is open. A connection that can't even do that is replaced."""
        self._lose_together()
        try:
            await driver.rollback()
        except sqlite3.Error:
            await self._drop_writer()
        raise_if_cancelled(driver)

    def _lose_together(self) -> None:
        together, self._together = self._together, None
        if together is not None:
            reason = "what was to be stored with it failed"
            together.lost(StorageError(f"The data file can't be used just now: {reason}."))

    async def _drop_writer(self) -> None:
        self._lose_together()
        if self._writer is not None:
            connection, _ = self._writer
            self._writer = None
            await translated(connection.close())

    async def _new_driver(self) -> Driver:
        driver = Driver(self.path)
        await driver
        return driver


def _driver_of(connection: AsyncConnection) -> Driver:
    """Our own connection below SQLAlchemy's two."""
    sync = connection.sync_connection
    driver = None if sync is None else sync.connection.driver_connection
    if not isinstance(driver, Driver):
        raise TypeError(f"the pool holds a {type(driver).__name__}")
    return driver
