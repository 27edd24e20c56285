"""Gathering: what comes while others are served is served together, the next time round."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from bot.domain.errors import StorageError

_MOST = 100

_T = TypeVar("_T")
_R = TypeVar("_R")


class Gathering(Generic[_T, _R]):
    """``serve`` is given all that came since its last turn and returns as many answers, in order.

    An answer that is an exception is raised to the one whose it is. What ``serve`` raises leaves
    nothing of that turn done: where the data file can't be used just now it is raised to all, else
    each is served alone, so that one doesn't spoil it for the others. Who is cancelled meanwhile is
    served even so.
    """

    def __init__(
        self, serve: Callable[[Sequence[_T]], Awaitable[Sequence[_R | Exception]]]
    ) -> None:
        self._serve = serve
        self._waiting: list[tuple[_T, asyncio.Future[_R]]] = []
        self._serving: asyncio.Task[None] | None = None

    async def __call__(self, item: _T) -> _R:
        """The answer to this one."""
        answer: asyncio.Future[_R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve_all())
            self._serving.add_done_callback(self._end)
        return await answer

    async def _serve_all(self) -> None:
        while self._waiting:
            turn, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            try:
                answers = await self._answers([item for item, _ in turn])
                for (_, future), answer in zip(turn, answers, strict=True):
                    _settle(future, answer)
            finally:
                _cancel(turn)  # those without an answer: we were cancelled
        # Now and not when the task's end is told: who comes in between would wait for nobody.
        self._serving = None

    async def _answers(self, items: Sequence[_T]) -> Sequence[_R | Exception]:
        try:
            return await self._serve(items)
        except Exception as error:  # raised to those who asked
            passes = isinstance(error, StorageError) and not error.permanent
            if passes or len(items) == 1:
                return [error] * len(items)
        return [answer for item in items for answer in await self._answers([item])]

    def _end(self, task: asyncio.Task[None]) -> None:
        """A task that is cancelled may not even have begun: nobody is left waiting for it."""
        if self._serving is task:
            self._serving = None
            _cancel(self._waiting)
            self._waiting = []


def _settle(future: asyncio.Future[_R], answer: _R | Exception) -> None:
    if future.done():  # who asked was cancelled
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _cancel(turn: Sequence[tuple[_T, asyncio.Future[_R]]]) -> None:
    for _, future in turn:
        future.cancel()
