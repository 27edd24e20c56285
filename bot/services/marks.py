"""Marks: what became of the rows that a sender held, gathered into few transactions.

A mark that can't be written now is kept and written later. Should the process die before, the row
is sent again, the same bytes, once its lease ends.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from bot.domain.errors import ReadalongError
from bot.domain.model import Delivery, Network
from bot.domain.ports import Backoff, Now, Rows, Store

logger = logging.getLogger(__name__)

_GATHERED_FOR = 0.05  # seconds

Mark = Callable[[Rows], Awaitable[object]]


class Marks:
    """The marks of one network that aren't written yet.

    ``changed`` is called after rows were written that may have to be looked at again.
    """

    def __init__(
        self,
        store: Store,
        network: Network,
        now: Now,
        backoff: Backoff,
        changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._network = network
        self._now = now
        self._backoff = backoff
        self._changed = changed
        self._sent: list[tuple[Delivery, str]] = []
        self._others: list[Mark] = []
        self._writer: asyncio.Task[None] | None = None

    def sent(self, delivery: Delivery, remote_id: str) -> None:
        self._sent.append((delivery, remote_id))
        self._write_soon()

    def add(self, mark: Mark) -> None:
        self._others.append(mark)
        self._write_soon()

    async def flush(self) -> None:
        """Write all that there is, in one transaction; what fails is kept."""
        if not (self._sent or self._others):
            return
        sent, self._sent = self._sent, []
        others, self._others = self._others, []
        try:
            async with self._store.transaction() as tx:
                if sent:
                    await tx.outbox.mark_sent(sent, self._now())
                for mark in others:
                    await mark(tx)
        except BaseException:  # or cancelled, and perhaps committed: to mark twice does no harm
            self._sent[:0] = sent
            self._others[:0] = others
            raise
        if others:
            self._changed()

    async def close(self) -> None:
        """Write what is left once more; where that fails, the leases run out by themselves."""
        if self._writer is not None:
            self._writer.cancel()
            with suppress(asyncio.CancelledError):
                await self._writer
        try:
            await self.flush()
        except Exception as error:
            log_failure(self._network, error)

    def _write_soon(self) -> None:
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        """Until all is written; while the store fails, more and more slowly."""
        failures = 0
        while self._sent or self._others:
            wait = self._backoff(failures).total_seconds() if failures else _GATHERED_FOR
            await asyncio.sleep(wait)
            try:
                await self.flush()
                failures = 0
            except Exception as error:
                failures += 1
                log_failure(self._network, error)


def log_failure(network: Network, error: Exception) -> None:
    """A store that is full or locked says so in a line; anything else is a bug, with its trace."""
    if isinstance(error, ReadalongError):
        logger.warning("the outbox of %s waits: %s", network, error)
    else:
        logger.error("the outbox of %s waits", network, exc_info=error)
