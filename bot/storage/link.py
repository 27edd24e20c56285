"""What the query modules run their statements over, and how what SQLite says becomes our own error.

It opens and commits nothing: that is the database's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import CursorResult, Executable, Row, Select
from sqlalchemy.exc import SQLAlchemyError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.errors import StorageError
from bot.domain.ports import Topic
from bot.storage.driver import Driver
from bot.storage.statements import Batch, Query, is_short, sql_of

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

_T = TypeVar("_T")


def storage_error(error: Exception) -> StorageError:
    """Our own error for one of SQLAlchemy's or sqlite3's, in the words of SQLite."""
    reason = error.orig if isinstance(error, StatementError) and error.orig else error
    if isinstance(reason, sqlite3.IntegrityError | ValueError):
        return StorageError(f"The data file refused this: {reason}.", permanent=True)
    return StorageError(f"The data file can't be used just now: {reason}.")


async def translated(work: Awaitable[_T]) -> _T:
    try:
        return await work
    except (sqlite3.Error, SQLAlchemyError) as error:
        raise storage_error(error) from error


def raise_if_cancelled(driver: Driver) -> None:
    cancelled = driver.take_cancelled()
    if cancelled is not None:
        raise cancelled


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
        before, after = (sql_of(query) for query in (last, newer))
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
            raise_if_cancelled(self._driver)
