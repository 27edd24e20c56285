"""One subscription at one relay, over one connection: what is stored, all of it, then what comes.

A relay cuts its stored answer at a limit of its own, newest first, and doesn't say so; so older
pages are asked for until one is empty. Events are handed on unchecked, as they arrive. The link,
and what to do when it breaks, is the relay's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.ports import Backoff, Now
from bot.networks.nostr.verdicts import Verdict, asks_for_auth, verdict_of

logger = logging.getLogger(__name__)

PAGE = 500
"""Stored events asked for at once."""

_OVERLAP = 600  # seconds before the last seen event that are asked for again: clocks differ
_MAX_PAGES = 1000
_MAX_PAGE_IDS = 20_000


class Filter(Protocol):
    """What pynostr's Filters is to us: `since`, `until` and `limit` are added by the feed."""

    def to_dict(self) -> dict[str, object]: ...


@dataclass(frozen=True, slots=True)
class Subscription:
    """What is wanted of every relay.

    ``seen_until`` says, for a relay's address, up to which Unix second its events were handled:
    what came up to 10 minutes before is asked for again. None asks for all that the relay has.
    ``before_page`` is awaited before each older page of stored events, so that a long backlog isn't
    asked for faster than it is handled.
    """

    name: str
    filters: Sequence[Filter]
    seen_until: Callable[[str], int | None]
    before_page: Callable[[], Awaitable[None]] | None = None


class Stream:
    """What comes under one subscription id. ``size`` is the bytes of the frame.

    Counts the stored events within ``until``, because a relay may send what nobody asked for.
    """

    def __init__(
        self,
        receive: Callable[[object, int], None],
        until: int | None = None,
        since: int | None = None,
    ) -> None:
        self._receive = receive
        self._since = since or 0
        self._until = until
        self.ids: set[str] = set()
        self.oldest: int | None = None
        self.stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def event(self, raw: object, size: int) -> None:
        if not self.stored.done() and isinstance(raw, dict):
            self._count(raw.get("id"), raw.get("created_at"))
        self._receive(raw, size)

    def end_of_stored(self) -> None:
        if not self.stored.done():
            self.stored.set_result(None)

    def close(self, words: str) -> None:
        if not self.closed.done():
            self.closed.set_result(words)

    async def wait_stored(self, seconds: float | None = None) -> bool:
        """Until EOSE; False when the relay closed it. A relay without EOSE is let off in time."""
        await asyncio.wait(
            (self.stored, self.closed),
            timeout=seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
        return not self.closed.done()

    def _count(self, event_id: object, created_at: object) -> None:
        if type(event_id) is not str or type(created_at) is not int:
            return
        if created_at < self._since or (self._until is not None and created_at > self._until):
            return
        if len(self.ids) < _MAX_PAGE_IDS:
            self.ids.add(event_id)
        self.oldest = created_at if self.oldest is None else min(self.oldest, created_at)


class Link(Protocol):
    """What a feed needs of the connection it lives on."""

    @property
    def name(self) -> str: ...

    async def open(
        self,
        stream_id: str,
        stream: Stream,
        filters: Sequence[dict[str, object]],
    ) -> None: ...

    async def close_stream(self, stream_id: str) -> None: ...

    async def authenticate(self) -> bool: ...


class Feed:
    """``run`` follows the subscription until the relay refuses it for good, or it is cancelled."""

    def __init__(
        self,
        subscription: Subscription,
        link: Link,
        receive: Callable[[object, int], None],
        now: Now,
        backoff: Backoff,
        stored_within: float,
        answer_within: float,
    ) -> None:
        self._subscription = subscription
        self._link = link
        self._receive = receive
        self._now = now
        self._backoff = backoff
        self._stored_within = stored_within
        self._answer_within = answer_within
        self.caught_up = False
        self.refused = ""

    async def run(self) -> None:
        attempt = 0
        authenticated = False
        while True:
            words = await self._follow()
            was_caught_up, self.caught_up = self.caught_up, False
            if asks_for_auth(words) and not authenticated:
                authenticated = await self._authenticate()
                if authenticated:
                    continue
            if asks_for_auth(words) or verdict_of(words) is Verdict.NEVER:
                self.refused = words
                logger.warning("%s refuses our subscription: %s", self._link.name, words)
                return
            attempt = 1 if was_caught_up else attempt + 1
            logger.info("%s closed our subscription: %s", self._link.name, words)
            await asyncio.sleep(self._backoff(attempt).total_seconds())

    async def _authenticate(self) -> bool:
        try:
            async with asyncio.timeout(self._answer_within):
                return await self._link.authenticate()
        except TimeoutError:  # it asks, but has sent no challenge
            return False

    async def _follow(self) -> str:
        """Returns what the relay said when it closed the subscription."""
        since = self._since()
        live = Stream(self._receive, None, since)
        await self._link.open(self._subscription.name, live, self._filters(since, None))
        if await live.wait_stored(self._stored_within):
            live.end_of_stored()
            self.caught_up = await self._older_pages(live, since)
        return await live.closed

    async def _older_pages(self, live: Stream, since: int | None) -> bool:
        """Whether all that is stored was handed on."""
        known, until = live.ids, live.oldest
        for _ in range(_MAX_PAGES):
            if live.closed.done():
                return False
            if until is None or until < (since or 0):
                return True
            if self._subscription.before_page is not None:
                await self._subscription.before_page()
            page = await self._page(since, until)
            if page is None:
                return False
            if page.oldest is None:
                return True
            # A page that brings nothing new is full of one second that we have: what else that
            # second holds is out of reach, what lies before it is not.
            until = page.oldest if page.ids - known else page.oldest - 1
            known = page.ids
        logger.warning("%s never stops sending stored events", self._link.name)
        return True

    async def _page(self, since: int | None, until: int) -> Stream | None:
        """One page of stored events up to ``until``; None when the relay refused it."""
        stream_id = f"{self._subscription.name}-older"
        page = Stream(self._receive, until, since)
        await self._link.open(stream_id, page, self._filters(since, until))
        if not await page.wait_stored(self._stored_within):
            return None
        await self._link.close_stream(stream_id)
        return page

    def _since(self) -> int | None:
        seen = self._subscription.seen_until(self._link.name)
        if seen is None:
            return None
        return max(0, min(seen, int(self._now().timestamp())) - _OVERLAP)

    def _filters(self, since: int | None, until: int | None) -> list[dict[str, object]]:
        bounds: dict[str, object] = {"limit": PAGE}
        if since is not None:
            bounds["since"] = since
        if until is not None:
            bounds["until"] = until
        return [{**each.to_dict(), **bounds} for each in self._subscription.filters]
