"""A connection to SQLite that survives cancellation and crosses threads as seldom as it can.

aiosqlite's own cursor crosses to its thread four times for a query, and a cancelled task leaves
its statement running on a connection that SQLAlchemy then throws away. Here a statement is one
crossing at most, and a cancellation that comes meanwhile is held back until it has ended: whoever
uses the connection asks ``take_cancelled`` afterwards, and raises it. This knows no table.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import aiosqlite

_T = TypeVar("_T")

BUSY_SECONDS: Final = 5.0

_READING: Final = "BEGIN"

_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # The indexes over ids are random: a commit of 500 questions touches most of their pages.
    "PRAGMA cache_size = -16384",  # KiB at most, taken as it is needed
    "PRAGMA wal_autocheckpoint = 8000",  # pages of 4 KiB
    # What is forgotten is overwritten: SQLite as it comes may leave it in the file's free space.
    "PRAGMA secure_delete = ON",
    "PRAGMA query_only = ON",  # the one connection that writes turns this off again
)


def connect(path: Path) -> sqlite3.Connection:
    """Open an existing file as every part of the bot does. BEGIN, COMMIT and ROLLBACK are ours."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        cached_statements=256,
        check_same_thread=False,  # used by one at a time: see Driver
    )
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection


class Driver(aiosqlite.Connection):
    """What SQLAlchemy's aiosqlite dialect drives.

    While ``short`` is set, a statement inside an open transaction runs where it is called, without
    the thread: crossing to it and back takes 0.1 ms, a statement on a few rows by an index 0.01 ms.
    So does the first one of a transaction, if that can be opened without waiting: nobody but
    another process can hold it up. What may have to wait (committing, above all) always goes to the
    thread.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(partial(connect, path), iter_chunk_size=64)
        self._thread.daemon = True
        self._cancelled: asyncio.CancelledError | None = None
        self._opening = ""
        self.short = False

    def begin(self, words: str = _READING) -> None:
        """Let the next statement open a transaction first; ``BEGIN IMMEDIATE`` one that writes."""
        self._opening = words

    @property
    def is_open(self) -> bool:
        """Whether a transaction was opened."""
        return self._conn.in_transaction

    def begin_inner(self) -> None:
        """One more, within the open transaction; it can be undone alone."""
        self._conn.execute("SAVEPOINT one")

    def commit_inner(self) -> None:
        self._conn.execute("RELEASE one")

    def rollback_inner(self) -> bool:
        """Whether the transaction around it is still there: some errors make SQLite undo it all."""
        try:
            if self._conn.in_transaction:
                self._conn.execute("ROLLBACK TO one")
                self._conn.execute("RELEASE one")
                return True
        except sqlite3.Error:
            pass
        return False

    async def commit(self) -> None:
        self._opening = ""
        if self._conn.in_transaction:
            await self._on_thread(self._conn.commit)

    async def rollback(self) -> None:
        # In WAL mode this only forgets; it never waits.
        self._opening = ""
        self._conn.rollback()

    async def perform(self, function: Callable[[], _T]) -> _T:
        """Run ``function``, which uses our sqlite3 connection, in the transaction."""
        if self.short and self._is_opened_at_once():
            return self._in_transaction(function)
        result: _T = await self._on_thread(partial(self._in_transaction, function))
        return result

    def _is_opened_at_once(self) -> bool:
        """Whether the transaction is open, or can be opened without waiting for another process."""
        if self._opening in ("", _READING):
            return True
        connection = self._conn
        (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            connection.execute(self._opening)
        except sqlite3.OperationalError:
            return False  # it is tried again where it may wait
        finally:
            connection.execute(f"PRAGMA busy_timeout = {patience}")
        self._opening = ""
        return True

    async def pragma(self, words: str) -> int | None:
        """Run one PRAGMA of our own; its first value where it has one."""
        row = await self._on_thread(lambda: self._conn.execute(f"PRAGMA {words}").fetchone())
        return None if row is None else int(row[0])

    def take_cancelled(self) -> asyncio.CancelledError | None:
        """The cancellation that was held back since this was last asked."""
        cancelled, self._cancelled = self._cancelled, None
        return cancelled

    def cursor(self) -> Cursor:  # type: ignore[override]  # what the dialect calls on, no more
        return Cursor(self)

    def found(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """All rows that a query gives. For ``perform``."""
        with closing(self._conn.cursor()) as cursor:
            return cursor.execute(sql, values).fetchall()

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run a statement for each row of values; how many rows changed. For ``perform``."""
        with closing(self._conn.cursor()) as cursor:
            return cursor.executemany(sql, rows).rowcount

    def many_new(self, sql: str, rows: Sequence[Sequence[Any]], last: str, newer: str) -> list[Any]:
        """The same, and then what ``newer`` finds above the number that ``last`` gave before.

        RETURNING would make every INSERT twice as dear.
        """
        with closing(self._conn.cursor()) as cursor:
            before = cursor.execute(last).fetchone()
            cursor.executemany(sql, rows)
            return cursor.execute(newer, before).fetchall()

    def _in_transaction(self, function: Callable[[], _T]) -> _T:
        if self._opening:
            self._conn.execute(self._opening)
            self._opening = ""  # only now: were it refused, the next statement would run outside
        return function()

    @property
    def _conn(self) -> sqlite3.Connection:
        if not self._running or self._connection is None:
            raise sqlite3.OperationalError("connection closed")
        return self._connection

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await self._on_thread(partial(fn, *args, **kwargs))

    async def _connect(self) -> Driver:
        if self._connection is None:
            try:
                self._connection = await self._on_thread(self._connector)
            except BaseException:
                self.stop()
                raise
        return self

    async def _on_thread(self, function: Callable[[], Any]) -> Any:
        """Run on aiosqlite's thread, to the end, whatever is cancelled meanwhile."""
        if not self._running:
            raise sqlite3.OperationalError("connection closed")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((future, function))
        while not future.done():
            try:
                await asyncio.wait((future,))
            except asyncio.CancelledError as cancelled:
                self._cancelled = cancelled
        return future.result()


class Cursor:
    """Runs a statement and fetches all it gives at once."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Cursor:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> Cursor:
        await self._driver.perform(partial(self._run, sqlite3.Cursor.execute, sql, parameters))
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Cursor:
        await self._driver.perform(partial(self._run, sqlite3.Cursor.executemany, sql, parameters))
        return self

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        self._rows = []

    def _run(self, method: Callable[..., Any], sql: str, parameters: Any) -> None:
        with closing(self._driver._conn.cursor()) as cursor:
            method(cursor, sql, parameters)
            self.description = cursor.description
            if self.description is not None:
                self._rows = cursor.fetchall()
            self.rowcount = cursor.rowcount
            self.lastrowid = cursor.lastrowid
