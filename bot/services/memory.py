"""Memory: what was read of the data file, kept for as long as nobody commits anything.

A read from it gives what a read of the file would give, whoever writes there; only it is shared by
all who ask. It knows nothing of what is read; whatever depends on the time of day is no matter for
it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

from bot.domain.ports import Rows, Store

_MOST = 1000  # reads kept; between two commits there are hardly as many

_T = TypeVar("_T")


class Memory:
    """The reads of one service. What is given out is shared: nobody may change it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._version: object = None
        self._kept: dict[Hashable, asyncio.Task[Any]] = {}

    async def get(self, key: Hashable, read: Callable[[Rows], Awaitable[_T]]) -> _T:
        """What ``read`` gives, which ``key`` names; those who ask meanwhile wait for one read.

        Raises what ``read`` raises, which is not kept.
        """
        kept = self._current()
        task: asyncio.Task[_T] | None = kept.get(key)
        if task is None:
            task = kept[key] = asyncio.create_task(self._read(read))
            task.add_done_callback(lambda done: _forget_failed(kept, key, done))
        if not task.done():
            await asyncio.wait((task,))  # which a cancelled caller doesn't cancel
        return task.result()

    def _current(self) -> dict[Hashable, asyncio.Task[Any]]:
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
    kept: dict[Hashable, asyncio.Task[Any]], key: Hashable, task: asyncio.Task[Any]
) -> None:
    if task.cancelled() or task.exception() is not None:
        del kept[key]
