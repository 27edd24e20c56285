"""The engine, the one way to write and the one way to read. It knows no table and no query.

All connections of the pool only read. One more is kept apart for writing: its transactions come one
at a time under a lock and begin with BEGIN IMMEDIATE. Those that wait for the lock when one ends
are savepoints in it, and all are committed together; nobody goes on before their rows are on the
disk, whatever is cancelled meanwhile.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager
from functools import cache, cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    AsyncAdaptedQueuePool,
    Connection,
    CursorResult,
    Executable,
    Insert,
    Row,
    Select,
    Update,
)
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.exc import SQLAlchemyError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import ReturningInsert

from bot.domain.errors import StorageError
from bot.domain.ports import Topic
from bot.storage.driver import Driver, connect

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

_T = TypeVar("_T")

_DIALECT = SQLiteDialect()
_READERS = 4
_KEPT_READERS = 2
_SHORT = 16  # rows; measured: 16 questions with their replies are 0.3 ms of SQLite
_WAIT_FOR_READER = 30.0  # seconds


def storage_error(error: Exception) -> StorageError:
    """Our own error for one of SQLAlchemy's or sqlite3's, in the words of SQLite."""
    reason = error.orig if isinstance(error, StatementError) and error.orig else error
    if isinstance(reason, sqlite3.IntegrityError | ValueError):
        return StorageError(f"The data file refused this: {reason}.", permanent=True)
    return StorageError(f"The data file can't be used just now: {reason}.")


class Batch:
    """An INSERT or UPDATE that Core writes once and the driver runs for many rows.

    Core's own ``executemany`` spends 15 us a row on its parameters, which is more than SQLite does.
    ``names`` are all the values that a row brings, as SQLite takes them: no type converts them.
    """

    def __init__(self, statement: Insert | Update, *names: str) -> None:
        self._statement = statement
        self._names = names

    @cached_property
    def sql(self) -> str:
        return str(self._compiled)

    def rows(self, values: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """The values in the statement's own order."""
        return [self._pick(row) for row in values]

    @cached_property
    def _compiled(self) -> SQLCompiler:
        # An UPDATE names its values itself, as bound parameters.
        keys = list(self._names) if isinstance(self._statement, Insert) else None
        return self._statement.compile(dialect=_DIALECT, column_keys=keys)

    @cached_property
    def _pick(self) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
        return itemgetter(*(self._compiled.positiontup or ()))


class Query:
    """A SELECT, or an INSERT that returns rows: Core writes it once and the driver runs it.

    Core takes 0.1 ms for each run, which is more than SQLite does. Values and columns are as SQLite
    has them: no type converts them.
    """

    def __init__(self, statement: Select[Any] | ReturningInsert[Any]) -> None:
        self._statement = statement

    @cached_property
    def sql(self) -> str:
        return str(self._compiled)

    def values(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values in the statement's own order."""
        return tuple(values[name] for name in self._compiled.positiontup or ())

    @cached_property
    def _compiled(self) -> SQLCompiler:
        return self._statement.compile(dialect=_DIALECT)


class Link:
    """A connection inside one transaction or one read, for the query modules.

    After a statement that failed, nothing more goes over it: SQLite may have rolled back already.
    """

    def __init__(self, connection: AsyncConnection, driver: Driver) -> None:
        self._connection = connection
        self._driver = driver
        self.failed: StorageError | None = None
        self.used_core = False
        self.touched: set[Topic] = set()

    async def rows(
        self, statement: Executable, parameters: Parameters = None, *, short: bool = False
    ) -> Sequence[Row[Any]]:
        """Everything the statement gives. ``short``: a few rows, found by an index."""
        result = await self._execute(statement, parameters, short=short)
        rows: Sequence[Row[Any]] = result.all()
        return rows

    async def first(
        self, statement: Executable, parameters: Parameters = None, *, short: bool = True
    ) -> Row[Any] | None:
        rows = await self.rows(statement, parameters, short=short)
        return rows[0] if rows else None

    async def scalar(
        self, statement: Executable, parameters: Parameters = None, *, short: bool = True
    ) -> Any:
        """The first column of the first row, or None."""
        row = await self.first(statement, parameters, short=short)
        return None if row is None else row[0]

    async def run(
        self, statement: Executable, parameters: Parameters = None, *, short: bool = True
    ) -> int:
        """Write, once for each set of parameters; returns how many rows changed.

        ``short=False``: it may look at more rows than it is given.
        """
        if parameters is not None and not parameters:
            return 0
        few = not isinstance(parameters, Sequence) or is_short(parameters)
        result = await self._execute(statement, parameters, short=short and few)
        return int(result.rowcount)

    async def found(
        self, query: Query, values: Mapping[str, Any], *, short: bool = True
    ) -> Sequence[tuple[Any, ...]]:
        """Everything the query gives, as SQLite has it."""
        sql, given = query.sql, query.values(values)
        return await self._perform(lambda: self._driver.found(sql, given), short=short)

    async def batch(self, *steps: tuple[Batch, Sequence[Mapping[str, Any]]]) -> int:
        """Write rows, table after table; returns how many of the last were new or changed."""
        ready = [(batch.sql, batch.rows(values)) for batch, values in steps]
        short = is_short(ready[-1][1])
        counts = await self._perform(
            lambda: [self._driver.many(sql, rows) for sql, rows in ready], short=short
        )
        return counts[-1]

    async def batch_new(
        self,
        batch: Batch,
        values: Sequence[Mapping[str, Any]],
        last: Select[Any],
        newer: Select[Any],
    ) -> list[tuple[Any, ...]]:
        """Insert rows; what ``newer`` (which takes the value of ``last``) finds of those new."""
        sql, rows = batch.sql, batch.rows(values)
        before, after = (_sql(query) for query in (last, newer))
        return await self._perform(
            lambda: self._driver.many_new(sql, rows, before, after), short=is_short(rows)
        )

    async def _execute(
        self, statement: Executable, parameters: Parameters, *, short: bool
    ) -> CursorResult[Any]:
        self.used_core = True
        with self._statement(short=short):
            return await self._connection.execute(statement, parameters)

    async def _perform(self, function: Callable[[], _T], *, short: bool) -> _T:
        with self._statement(short=short):
            return await self._driver.perform(function)

    @contextmanager
    def _statement(self, *, short: bool) -> Iterator[None]:
        if self.failed is not None:
            raise self.failed
        self._driver.short = short
        try:
            yield
        except (sqlite3.Error, SQLAlchemyError) as error:
            self.failed = storage_error(error)
            raise self.failed from error
        finally:
            _raise_if_cancelled(self._driver)


@cache
def _sql(query: Select[Any]) -> str:
    return str(query.compile(dialect=_DIALECT))


def is_short(rows: Sequence[object]) -> bool:
    """Whether it takes less to write these rows than to have another thread do it."""
    return len(rows) <= _SHORT


class _Together:
    """Transactions that came while another one was open, and commit with it: one wait for the disk
    is enough for all of them. Each is undone alone where it fails alone.
    """

    def __init__(self) -> None:
        self.touched: set[Topic] = set()
        self._outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def is_over(self) -> bool:
        return self._outcome.done()

    def stored(self) -> None:
        self._outcome.set_result(None)

    def lost(self, error: StorageError) -> None:
        if not self.is_over:
            self._outcome.set_exception(error)

    async def ended(self) -> None:
        """Return when all of it is stored, whatever is cancelled meanwhile. Raises StorageError."""
        cancelled: asyncio.CancelledError | None = None
        while not self.is_over:
            try:
                await asyncio.wait((self._outcome,))
            except asyncio.CancelledError as late:
                cancelled = late
        self._outcome.result()
        if cancelled is not None:
            raise cancelled


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
        self._together: _Together | None = None  # what is open, between two turns
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
                await _translated(self._idle.pop()[0].close())
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
            _raise_if_cancelled(driver)
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
            _raise_if_cancelled(driver)
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

    async def _commit(self, driver: Driver, touched: set[Topic]) -> _Together | None:
        """Commit, or leave it to the task that comes when those who wait now had their turn."""
        together = self._together
        if together is not None:
            driver.commit_inner()
        elif not self._waiting or not driver.is_open:
            await _translated(driver.commit())
            return None
        else:
            together = self._together = _Together()
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
            await _translated(driver.commit())
        except StorageError as error:
            together.lost(error)
            await self._roll_back(driver)
            return
        try:
            self._committed(together.touched)
        finally:
            together.stored()
        _raise_if_cancelled(driver)

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
            _raise_if_cancelled(driver)
            driver.begin()
            yield link
        finally:
            await self._leave_reader(link, connection, driver)
            _raise_if_cancelled(driver)

    async def _open_reader(self) -> tuple[AsyncConnection, Driver]:
        if self._idle:
            return self._idle.pop()
        connection = await _translated(self._engine.connect())
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
        await _translated(connection.close())  # which rolls back

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
                return self._writers, await _translated(driver.pragma("data_version"))
            except StorageError:
                await self._drop_writer()
                raise
            finally:
                _raise_if_cancelled(driver)

    async def _open_writer(self) -> tuple[AsyncConnection, Driver]:
        if self._writer is None:
            connection = await _translated(self._engine.connect())
            driver = _driver_of(connection)
            await connection.run_sync(Connection.detach)
            self._writer = (connection, driver)
            self._writers += 1
            await _translated(driver.pragma("query_only = OFF"))
        return self._writer

    async def _roll_back(self, driver: Driver) -> None:
        """Undo what is open. A connection that can't even do that is replaced."""
        self._lose_together()
        try:
            await driver.rollback()
        except sqlite3.Error:
            await self._drop_writer()
        _raise_if_cancelled(driver)

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
            await _translated(connection.close())

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


async def _translated(work: Awaitable[_T]) -> _T:
    try:
        return await work
    except (sqlite3.Error, SQLAlchemyError) as error:
        raise storage_error(error) from error


def _raise_if_cancelled(driver: Driver) -> None:
    cancelled = driver.take_cancelled()
    if cancelled is not None:
        raise cancelled
