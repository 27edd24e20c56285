"""A thousand reminders due at once among many pending: the worst stall of the event loop.

The real clock, services, outbox and data file, with a relay that takes every post at once.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.data import Rows, fill, now, text_of
from bot.clock import Clock
from bot.networks.nostr.deliver import NostrCourier
from bot.networks.nostr.events import Event
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.render import Identity
from bot.services.outbox import Outbox
from bot.services.reminders import Reminders
from bot.storage.store import SqliteStore

_RELAY = "ws://relay.test"
_BEAT = 0.001  # seconds
_WITHIN = 60.0


@dataclass(frozen=True)
class Result:
    """``stall`` and ``idle_stall`` (the same while nothing is due) in ms, ``whole`` in seconds."""

    due: int
    stall: float
    idle_stall: float
    whole: float


class _Beat:
    """How late the loop comes round, at worst, since the last look; in seconds."""

    def __init__(self) -> None:
        self._worst = 0.0

    def worst(self) -> float:
        worst, self._worst = self._worst, 0.0
        return worst

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            wanted = loop.time() + _BEAT
            await asyncio.sleep(_BEAT)
            self._worst = max(self._worst, loop.time() - wanted)


async def measure(rows: Rows, due: int = 1000) -> Result:
    signer = Signer.generate()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "data"
        await fill(file, rows, signer.public_key)
        async with SqliteStore.open(file, now) as store, _at_work(store, signer) as posted:
            beat = _Beat()
            beating = asyncio.create_task(beat.run())
            await asyncio.sleep(1)
            idle = beat.worst()
            started = time.perf_counter()
            _fall_due(file, due)
            store_watch = asyncio.create_task(store.watch(0.05))  # as `run` does, once a second
            async with asyncio.timeout(_WITHIN):
                while len(posted) < due:  # noqa: ASYNC110 (a list tells nobody)
                    await asyncio.sleep(0.005)
            whole = time.perf_counter() - started
            await asyncio.sleep(0.5)  # the marks
            stall = beat.worst()
            for task in (beating, store_watch):
                task.cancel()
            await asyncio.gather(beating, store_watch, return_exceptions=True)
            return Result(len(posted), stall * 1000, idle * 1000, whole)


@asynccontextmanager
async def _at_work(store: SqliteStore, signer: Signer) -> AsyncIterator[set[str]]:
    """The clock and the outbox running; the ids of what they posted."""
    posted: set[str] = set()

    async def publish(event: Event) -> None:
        posted.add(event.id)

    courier = NostrCourier(signer, Identity(signer.public_key, (_RELAY,)), publish, now)
    outbox = Outbox(store, courier, now)
    sending = asyncio.create_task(outbox.run())
    try:
        async with Clock(Reminders(store, now), store):
            yield posted
    finally:
        await outbox.stop()
        await sending


def _fall_due(file: Path, count: int) -> None:
    """As if a clock jumped: one reminder each of the first sessions, which begin in an hour."""
    at = now()
    with closing(sqlite3.connect(file)) as data:
        data.execute(
            "UPDATE sessions SET starts_at = ? WHERE id <= ?",
            (text_of(at + timedelta(hours=1)), count),
        )
        data.execute(
            "INSERT INTO reminders (group_id, session_id, offset, revision, due_at, state)"
            " SELECT group_id, id, 3600, 1, ?, 'pending' FROM sessions WHERE id <= ?",
            (text_of(at), count),
        )
        data.commit()
