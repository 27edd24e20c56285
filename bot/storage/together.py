"""Transactions that are committed together."""

from __future__ import annotations

import asyncio

from bot.domain.errors import StorageError
from bot.domain.ports import Topic


class Together:
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
