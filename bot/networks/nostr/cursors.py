"""How far each relay has been read: up to the newest event that needs nothing more.

Kept in memory and stored now and then; a crash only means that some events are read again, and the
table of what was handled knows them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from bot.domain.errors import StorageError
from bot.domain.ports import Now, Store
from bot.networks.nostr.admission import Mention

logger = logging.getLogger(__name__)

_EVERY = 1.0  # seconds between two writes


class Cursors:
    """``oldest_under_way(relay)`` is the time of the oldest event that isn't done: the limit."""

    def __init__(
        self, store: Store, now: Now, oldest_under_way: Callable[[str], int | None]
    ) -> None:
        self._store = store
        self._now = now
        self._oldest_under_way = oldest_under_way
        self._newest: dict[str, int] = {}
        self._stored: dict[str, int] = {}
        self._changed = asyncio.Event()

    def passed(self, mention: Mention) -> None:
        """Everything this mention asked for is committed."""
        created_at = mention.event.created_at
        for relay in mention.relays:
            if created_at > self._newest.get(relay, 0):
                self._newest[relay] = created_at
                self._changed.set()

    async def flush(self) -> None:
        """Store what moved. Raises StorageError."""
        now = int(self._now().timestamp())
        moved = {}
        for relay, newest in self._newest.items():
            oldest = self._oldest_under_way(relay)
            position = min(newest, now, newest if oldest is None else oldest)
            if position > self._stored.get(relay, 0):
                moved[relay] = position
        if not moved:
            return
        async with self._store.transaction() as tx:
            positions = {relay: str(position) for relay, position in moved.items()}
            await tx.cursors.move(positions, self._now())
        self._stored.update(moved)

    async def run(self) -> None:
        """Store them once a second at most, until cancelled."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(_EVERY)
            self._changed.clear()
            try:
                await self.flush()
            except StorageError as error:
                self._changed.set()
                logger.warning("can't store how far the relays were read: %s", error)
