"""Waiting on what others do: a condition that is looked at again whenever something changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Changes:
    """``notify`` after every change; ``until`` wakes then, and only then."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def until(self, condition: Callable[[], object], within: float) -> None:
        """Return when ``condition()`` is true; TimeoutError after ``within`` seconds."""
        async with asyncio.timeout(within):
            while not condition():
                waiter = asyncio.get_running_loop().create_future()
                self._waiting.add(waiter)
                try:
                    await waiter
                finally:
                    self._waiting.discard(waiter)
