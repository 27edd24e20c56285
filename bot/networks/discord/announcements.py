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

import orjson
from discord.http import HTTPClient

from bot.domain.errors import DeliveryError, ReadalongError
from bot.domain.model import Network, PostKind, Rsvps, Session, SessionStatus
from bot.domain.ports import Now, Store
from bot.domain.posts import SessionCard, announcement_key, card_of
from bot.networks.discord.marks import mark_of
from bot.networks.discord.render import announcement
from bot.networks.discord.rest import NOT_THEIR_AUTHOR, UNKNOWN_MESSAGE, Refusal, Rest

logger = logging.getLogger(__name__)

_AHEAD = 50  # sessions a group, at start
_AFTER_FAILURE = 30.0  # seconds
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
    """All announcement messages. ``every``: seconds between two edits of one."""

    def __init__(self, store: Store, http: HTTPClient, now: Now, every: float = 5.0) -> None:
        self._store = store
        self._rest = Rest(http)
        self._now = now
        self._every = every
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

    async def refresh(self, session_id: int) -> None:
        """Bring a session's messages up to date, and return when they are. Raises DeliveryError.

        One that can't be edited doesn't keep the others from it.
        """
        async with self._turns.setdefault(session_id, asyncio.Lock()):
            current = await self._current(session_id)
            await self._until_allowed(current)
            if current.places:  # what changed while it waited belongs into this edit
                current = await self._current(session_id)
            failed: DeliveryError | None = None
            for destination, message in current.places:
                try:
                    await self._edit(current, destination, message)
                except DeliveryError as error:
                    failed = failed or error
            if failed is not None:
                raise failed

    async def run(self) -> None:
        """Follow what is touched, until cancelled. Starts with all sessions ahead."""
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
        try:
            async with self._store.read() as view:
                for group in await view.groups.all():
                    ahead = await view.sessions.starting_after(group.id, since, _AHEAD)
                    self._touched.update(session.id for session in ahead)
        except ReadalongError as error:
            logger.warning("announcements are looked at when something changes: %s", error)
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
                except Exception:
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
        await asyncio.sleep(asked.total_seconds() if asked else _AFTER_FAILURE)
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

    async def _until_allowed(self, current: _Current) -> None:
        clock = asyncio.get_running_loop().time
        due = max((self._edited.get(message, 0.0) for _, message in current.places), default=0.0)
        wait = due + self._every - clock()
        if due and wait > 0:
            await asyncio.sleep(wait)

    async def _edit(self, current: _Current, destination: str, message: str) -> None:
        mark = mark_of(announcement_key(current.session.id, Network.DISCORD, destination))
        shown = announcement(
            current.card, current.session.id, current.counts, mark, over=current.over
        ).payload()
        hashed = hashlib.sha256(orjson.dumps(shown)).digest()
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
