"""What each network is to the bot: a connection, an outbox, and what listens; started together and
stopped together.

Which networks there are is not known here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from bot.services.outbox import Outbox, backoff
from bot.supervision import supervise

DRAIN = timedelta(seconds=20)
"""How long all networks together have, to finish what they are sending."""

Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Side:
    """One network, built and not yet started. Both contexts are entered once.

    ``connection`` may end its block with a ConfigError, where it sees that it can never be had.
    ``post`` runs the outbox until it is stopped; ``listening`` is what takes in and answers.
    """

    name: str
    connection: AbstractAsyncContextManager[object]
    outbox: Outbox
    post: Work
    listening: AbstractAsyncContextManager[object]


@asynccontextmanager
async def at_work(sides: Sequence[Side]) -> AsyncIterator[None]:
    """All of them at work beside the block.

    Left in the reverse order: nothing new is heard, what is under way is sent on all networks at
    once, then they hang up.
    """
    async with AsyncExitStack() as stack:
        for side in sides:
            await side.outbox.take_over()
            await stack.enter_async_context(side.connection)
        stack.push_async_callback(_drain, sides)
        posting = {f"{side.name} outbox": side.post for side in sides}
        await stack.enter_async_context(supervised(posting))
        for side in sides:
            await stack.enter_async_context(side.listening)
        yield


async def _drain(sides: Sequence[Side]) -> None:
    await asyncio.gather(*(side.outbox.stop(DRAIN) for side in sides))


@asynccontextmanager
async def supervised(workers: Mapping[str, Work]) -> AsyncIterator[None]:
    """The workers run beside the block, restarted when they crash, and are cancelled after it."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(supervise(name, work, backoff), name=name)
            for name, work in workers.items()
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
