"""What has been done so far of something that takes a while, in the place of its answer.

What is done, and what is answered in the end, is the caller's.
"""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Protocol, Self

import aiohttp
import discord

logger = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two edits: Discord allows 5 in 5 s on one message, followed by the answer."""


class Waiting(Protocol):
    """An interaction that was deferred."""

    async def edit_original_response(self, *, content: str) -> object: ...


class Steps:
    """A ``Progress`` that shows its lines side by side while it is entered.

    Whether an edit succeeds changes nothing.
    """

    def __init__(self, interaction: Waiting, every: float = EVERY) -> None:
        self._interaction = interaction
        self._every = every
        self._steps: list[str] = []
        self._news = asyncio.Event()
        self._over = asyncio.Event()
        self._showing: asyncio.Task[None] | None = None

    def __call__(self, step: str) -> None:
        self._steps.append(step)
        self._news.set()

    async def __aenter__(self) -> Self:
        self._showing = asyncio.create_task(self._show(), name="progress")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """An edit that is on its way arrives first, so that it can't replace the answer."""
        self._over.set()
        self._news.set()
        if self._showing is not None:
            await self._showing

    async def _show(self) -> None:
        while True:
            await self._news.wait()
            if self._over.is_set():
                return
            self._news.clear()
            try:
                await self._interaction.edit_original_response(content=" · ".join(self._steps))
            except (discord.DiscordException, aiohttp.ClientError, OSError) as failure:
                logger.info("progress couldn't be shown: %s", failure)
            await self._pause()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._every):
                await self._over.wait()
        except TimeoutError:
            return
