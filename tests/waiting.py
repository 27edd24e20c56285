"""Waiting on a condition, bounded in time, in place of sleeping."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable

Check = Callable[[], object] | Callable[[], Awaitable[object]]


async def until(check: Check, timeout: float = 20.0) -> None:  # noqa: ASYNC109 (a bound, not a cancel scope)
    """Return as soon as ``check`` is true; fail when it isn't within ``timeout`` seconds."""
    async with asyncio.timeout(timeout):
        while True:
            result = check()
            if inspect.isawaitable(result):
                result = await result
            if result:
                return
            await asyncio.sleep(0.005)
