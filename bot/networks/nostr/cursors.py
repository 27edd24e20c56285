"""How far each relay has been read: up to the newest event that needs nothing more.

Kept in memory and stored now and then; a crash only means that some events are read again, and the
table of what was handled knows them. A relay sends what it has stored newest first, so its cursor
rests until all of that has come.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from bot.domain.errors import StorageError
from bot.domain.ports import Now, Store
from bot.networks.nostr.lanes import Mention

logger = logging.getLogger(__name__)

_EVERY = 1.0  # seconds between two writes

OldestUnderWay = Callable[[str], int | None]
"""Of a relay's address: when the oldest event from it that isn't done was created, if any."""

CaughtUp = Callable[[str], bool]
"""Whether all that the relay had stored for us has been received."""


class Cursors:
    """Positions are Unix seconds, relays are named by their address."""

    def __init__(
        self, store: Store, now: Now, oldest_under_way: OldestUnderWay, caught_up: CaughtUp
    ) -> None:
        self._store = store
        self._now = now
        self._oldest_under_way = oldest_under_way
        self._caught_up = caught_up
        self._newest: dict[str, int] = {}
        self._stored: dict[str, int] = {}
        self._changed = asyncio.Event()

    async def load(self) -> None:
        """Read where an earlier run stopped. Raises StorageError."""
        async with self._store.read() as view:
            positions = await view.cursors.all()
        self._stored = {place: int(at) for place, at in positions.items() if at.isdecimal()}

    def position(self, relay: str) -> int | None:
        """Everything the relay had up to this second is handled; None when it was never read."""
        return self._stored.get(relay)

    def passed(self, mention: Mention) -> None:
        """Everything this mention asked for is committed."""
        created_at = mention.event.created_at
        for relay in mention.relays:
            if created_at > self._newest.get(relay, 0):
                self._newest[relay] = created_at
                self._changed.set()

    async def flush(self) -> bool:
        """Store what moved; says whether all could be moved. Raises StorageError."""
        moved = {}
        for relay, newest in self._newest.items():
            position = self._limit(relay, newest)
            if position > self._stored.get(relay, 0):
                moved[relay] = position
        if moved:
            async with self._store.transaction() as tx:
                positions = {relay: str(position) for relay, position in moved.items()}
                await tx.cursors.move(positions, self._now())
            self._stored.update(moved)
        return all(self._stored.get(relay, 0) >= newest for relay, newest in self._newest.items())

    async def run(self) -> None:
        """Store them once a second at most, until cancelled."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(_EVERY)
            self._changed.clear()
            try:
                if not await self.flush():
                    self._changed.set()
            except StorageError as error:
                self._changed.set()
                logger.warning("can't store how far the relays were read: %s", error)

    def _limit(self, relay: str, newest: int) -> int:
        """Never past now, nor past an event in work, nor while older ones may still come."""
        if not self._caught_up(relay):
            return 0
        oldest = self._oldest_under_way(relay)
        return min(newest, int(self._now().timestamp()), newest if oldest is None else oldest)
