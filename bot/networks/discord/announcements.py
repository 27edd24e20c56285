"""Keeps announcement messages as their sessions are now: what is read counts, not what was sent.

An edit is made when something is said to have changed, at most one in five seconds a message; what
changes meanwhile goes into the next one. Posting them is `deliver`'s.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import dataclass
from datetime import timedelta
from math import inf

import orjson
from discord.http import HTTPClient

from bot.domain.errors import DeliveryError, ReadalongError
from bot.domain.model import Network, PostKind, Rsvps, Session, SessionStatus
from bot.domain.ports import Now, Store
from bot.domain.posts import SessionCard, announcement_key, card_of
from bot.networks.discord.marks import mark_of
from bot.networks.discord.render import announcement
from bot.networks.discord.render.message import Payload
from bot.networks.discord.rest import NOT_THEIR_AUTHOR, UNKNOWN_MESSAGE, Refusal, Rest

logger = logging.getLogger(__name__)

_AHEAD = 50  # sessions a group, at start
_ANSWERABLE = (SessionStatus.ANNOUNCED, SessionStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class _Current:
    """A session as it is, and where its announcements stand: (destination, message id)."""

    session: Session
    card: SessionCard
    counts: Rsvps
    over: bool
    places: tuple[tuple[str, str], ...]


class Announcements:
    """All announcement messages.

    ``every``: seconds between two edits of one; ``after_failure``: until one that failed is tried
    again, where Discord doesn't say.
    """

    def __init__(
        self,
        store: Store,
        http: HTTPClient,
        now: Now,
        every: float = 5.0,
        after_failure: float = 30.0,
    ) -> None:
        self._store = store
        self._rest = Rest(http)
        self._now = now
        self._every = every
        self._after_failure = after_failure
        self._touched: set[int] = set()
        self._wake = asyncio.Event()
        self._turns: dict[int, asyncio.Lock] = {}
        self._shown: dict[str, bytes] = {}  # a message -> hash of what it shows
        self._edited: dict[str, float] = {}  # a message -> the loop's time of its last edit
        self._gone: set[str] = set()
        self._working: dict[int, asyncio.Task[None]] = {}

    def touch(self, session_id: int) -> None:
        """Something of this session may have changed; its messages follow soon."""
        self._touched.add(session_id)
        self._wake.set()

    def posted(self, session_id: int, message: str, shown: Payload) -> None:
        """A new announcement shows this; whether that is current is looked at once its row is
        marked, for people may have answered elsewhere before."""
        self._shown[message] = _hash(shown)
        asyncio.get_running_loop().call_later(self._every, self.touch, session_id)

    async def refresh(self, session_id: int) -> None:
        """Bring a session's messages up to date, and return when they are. Raises DeliveryError.

        One that can't be edited doesn't keep the others from it.
        """
        async with self._turns.setdefault(session_id, asyncio.Lock()):
            current = await self._current(session_id)
            if await self._waited_for_its_turn(current):
                current = await self._current(session_id)  # what changed meanwhile is in it too
            failed: DeliveryError | None = None
            for destination, message in current.places:
                try:
                    await self._edit(current, destination, message)
                except DeliveryError as error:
                    failed = failed or error
            if failed is not None:
                raise failed

    async def run(self) -> None:
        """Follow what is touched, until cancelled. Starts with all sessions ahead.

        Raises StorageError where even these can't be read; run it again then.
        """
        try:
            await self._touch_all_ahead()
            while True:
                await self._wake.wait()
                self._wake.clear()
                for session_id in self._touched - self._working.keys():
                    task = asyncio.create_task(self._follow(session_id))
                    self._working[session_id] = task
        finally:
            for task in self._working.values():
                task.cancel()
            await asyncio.gather(*self._working.values(), return_exceptions=True)

    async def _touch_all_ahead(self) -> None:
        """A change of which the process before died has only its row left."""
        since = self._now() - timedelta(days=1)
        async with self._store.read() as view:
            for group in await view.groups.all():
                ahead = await view.sessions.starting_after(group.id, since, _AHEAD)
                self._touched.update(session.id for session in ahead)
        self._wake.set()

    async def _follow(self, session_id: int) -> None:
        """Edit until nothing has changed since; what fails is tried once more a little later."""
        try:
            while session_id in self._touched:
                self._touched.discard(session_id)
                try:
                    await self.refresh(session_id)
                except ReadalongError as error:
                    await self._after(error, session_id)
                except Exception:  # the supervising loop of all announcements
                    logger.exception("the announcement of session %s stays as it is", session_id)
        finally:
            self._working.pop(session_id, None)
            if session_id in self._touched:
                self._wake.set()

    async def _after(self, error: ReadalongError, session_id: int) -> None:
        logger.info("the announcement of session %s isn't current: %s", session_id, error)
        if isinstance(error, DeliveryError) and error.permanent:
            return
        asked = error.retry_after if isinstance(error, DeliveryError) else None
        await asyncio.sleep(asked.total_seconds() if asked else self._after_failure)
        self._touched.add(session_id)

    async def _current(self, session_id: int) -> _Current:
        async with self._store.read() as view:
            session = await view.sessions.by_id(session_id)
            if session is None or session.status not in _ANSWERABLE:
                raise DeliveryError("there is no such announcement", permanent=True)
            group = await view.groups.by_id(session.group_id)
            counts = await view.sessions.rsvps(session_id)
            sent = await view.outbox.sent(session_id, Network.DISCORD, PostKind.ANNOUNCEMENT)
        over = session.starts_at + session.duration <= self._now()
        places = tuple(place for place in sent if place[1] not in self._gone)
        return _Current(session, card_of(group, session), counts, over, places)

    async def _waited_for_its_turn(self, current: _Current) -> bool:
        last = [self._edited[message] for _, message in current.places if message in self._edited]
        wait = max(last, default=-inf) + self._every - asyncio.get_running_loop().time()
        if wait <= 0:
            return False
        await asyncio.sleep(wait)
        return True

    async def _edit(self, current: _Current, destination: str, message: str) -> None:
        mark = mark_of(announcement_key(current.session.id, Network.DISCORD, destination))
        shown = announcement(
            current.card, current.session.id, current.counts, mark, over=current.over
        ).payload()
        hashed = _hash(shown)
        if self._shown.get(message) == hashed:
            return
        self._edited[message] = asyncio.get_running_loop().time()
        try:
            await self._rest.edit(destination.rpartition("/")[2], message, shown)
        except Refusal as error:
            if error.code not in (UNKNOWN_MESSAGE, NOT_THEIR_AUTHOR):
                raise
            logger.info("the announcement %s is gone: %s", message, error)
            self._gone.add(message)
            return
        self._shown[message] = hashed


def _hash(shown: Payload) -> bytes:
    return hashlib.sha256(orjson.dumps(shown, option=orjson.OPT_SORT_KEYS)).digest()
