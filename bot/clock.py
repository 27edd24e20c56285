"""The clock: it has due reminders fired on time. Nothing else in Readalong knows APScheduler.

The `reminders` table is the truth and this only decides when to look at it: when the next row falls
due (one scheduled job, replaced after every look), after any commit that touched reminders, at
start, and every 30 s regardless. The last is counted on the loop's own monotonic timer, because a
job at an interval counts in wall time and would sleep through a clock that is set back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Protocol, Self

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.domain.ports import Store, Topic

logger = logging.getLogger(__name__)

SAFETY_POLL = timedelta(seconds=30)


class Firing(Protocol):
    """What the clock drives: ``bot.services.reminders.Reminders``."""

    async def fire_due(self) -> datetime | None:
        """Fire all that is due; returns when the next one is, or None."""
        ...


class Clock:
    """An async context; reminders fire for as long as it is open."""

    def __init__(self, reminders: Firing, store: Store, poll: timedelta = SAFETY_POLL) -> None:
        self._reminders = reminders
        self._store = store
        self._poll = poll
        self._look = asyncio.Event()
        # misfire_grace_time: the default of 1 s drops a job whenever the loop was busy for longer.
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._store.on_commit(Topic.REMINDERS, self._look.set)
        self._scheduler.start()
        self._look.set()
        self._task = asyncio.create_task(self._run(), name="clock")
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._scheduler.shutdown(wait=False)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        """Look whenever there is a reason to. A look that fails is logged and tried again later."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll.total_seconds()):
                    await self._look.wait()
            self._look.clear()
            try:
                self._wake_at(await self._reminders.fire_due())
            except Exception:  # the supervising loop: a failed look must not be the last one
                logger.exception("looking for due reminders failed; the next look is in 30 s")

    def _wake_at(self, due_at: datetime | None) -> None:
        if due_at is None:
            if self._scheduler.get_job("next-due"):
                self._scheduler.remove_job("next-due")
            return
        self._scheduler.add_job(
            self._wake, "date", run_date=due_at, id="next-due", replace_existing=True
        )

    async def _wake(self) -> None:  # a coroutine, so that it runs on the loop and not in a thread
        self._look.set()
