"""What keeps a process of many workers alive and prompt: restarts, and no long stalls.

It knows no worker. A worker that ends by itself has done its work; one that
raises is started again.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable

from bot.domain.ports import Backoff

logger = logging.getLogger(__name__)

STALL = 0.25
"""Seconds that the loop may be late before it is said."""

_EVERY = 0.1
_STEADY = 60.0  # seconds after which a worker's earlier failures are forgotten


def collect_seldom() -> None:
    """Keep the garbage collector from walking all that a started process keeps, again and again.

    What is alive now is taken out of its sight, and it looks less often: under load it took a tenth
    of the time. Little here is cyclic; reference counting frees the rest at once.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


async def supervise(name: str, work: Callable[[], Awaitable[None]], backoff: Backoff) -> None:
    """Run ``work`` until it returns; when it raises, log the traceback, wait, and run it again."""
    loop = asyncio.get_running_loop()
    failures = 0
    while True:
        started_at = loop.time()
        try:
            return await work()
        except Exception:  # the supervising loop: a bug in one worker must not end the others
            failures = 1 if loop.time() - started_at > _STEADY else failures + 1
            wait = backoff(failures).total_seconds()
            logger.exception("%s crashed; it starts again in %.1f s", name, wait)
        await asyncio.sleep(wait)


class Heartbeat:
    """Measures how late the event loop comes round; ``worst`` is in seconds, since the start."""

    def __init__(self, stall: float = STALL) -> None:
        self._stall = stall
        self.worst = 0.0
        self.stalls = 0

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _EVERY
            await asyncio.sleep(_EVERY)
            late = loop.time() - due
            self.worst = max(self.worst, late)
            if late > self._stall:
                self.stalls += 1
                logger.warning("the event loop stalled for %.0f ms", late * 1000)
