"""Memory: what was read of the data file, kept for as long as nobody commits anything.

A read from it gives what a read of the file would give, whoever writes there; only it is shared by
all who ask. It knows nothing of what is read; whatever depends on the time of day is no matter for
it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from bot.domain.ports import Rows, Store

_MOST = 1000  # reads kept; between two commits there are hardly as many

_T = TypeVar("_T")


class Memory:
    """The reads of one service. What is given out is shared: nobody may change it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._version: object = None
        self._kept: dict[Hashable, asyncio.Future[Any]] = {}

    async def get(self, key: Hashable, read: Callable[[Rows], Awaitable[_T]]) -> _T:
        """What ``read`` gives, which ``key`` names; those who ask meanwhile wait for one read.

        Raises what ``read`` raises, which is not kept.
        """
        kept = self._current()
        found: asyncio.Future[_T] | None = kept.get(key)
        if found is None:
            found = kept[key] = asyncio.create_task(self._read(read))
            found.add_done_callback(lambda done: _forget_failed(kept, key, done))
        if not found.done():
            await asyncio.wait((found,))  # which a cancelled caller doesn't cancel
        return found.result()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[tuple[Rows, Callable[[Hashable, object], None]]]:
        """One read for several answers: what the second of the two is given, with its key, ``get``
        gives from then on."""
        kept = self._current()

        def keep(key: Hashable, value: object) -> None:
            kept[key] = asyncio.get_running_loop().create_future()
            kept[key].set_result(value)

        async with self._store.read() as view:
            yield view, keep

    def _current(self) -> dict[Hashable, asyncio.Future[Any]]:
        """What was read since the last commit. Replaced, never emptied: a read that is under way
        may be of what was before."""
        version = self._store.version()
        if version != self._version or len(self._kept) >= _MOST:
            self._version, self._kept = version, {}
        return self._kept

    async def _read(self, read: Callable[[Rows], Awaitable[_T]]) -> _T:
        async with self._store.read() as view:
            return await read(view)


def _forget_failed(
    kept: dict[Hashable, asyncio.Future[Any]], key: Hashable, read: asyncio.Future[Any]
) -> None:
    if read.cancelled() or read.exception() is not None:
        del kept[key]
