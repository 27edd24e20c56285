"""Attendance: who comes to a session, as each person says for themselves, or shows by interest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.errors import UserError
from bot.domain.model import (
    Author,
    Group,
    Network,
    PostKind,
    RsvpAnswer,
    Rsvps,
    Session,
    SessionStatus,
)
from bot.domain.ports import Now, Rows, Store
from bot.services import find
from bot.services.memory import Memory
from bot.services.people import presentable

_AHEAD = 100  # sessions of a group; a guild has 100 events at most


@dataclass(frozen=True, slots=True)
class Answered:
    """A person's answer, and everybody's as they stand with it."""

    session: Session
    counts: Rsvps
    answer: RsvpAnswer


@dataclass(frozen=True, slots=True)
class Entry:
    """A session's calendar entries on a network: each destination, and its id there."""

    group: Group
    session_id: int
    places: tuple[tuple[str, str], ...]


class Attendance:
    """The RSVPs of all sessions; one a person, and the last word counts."""

    def __init__(self, store: Store, now: Now) -> None:
        self._store = store
        self._memory = Memory(store)
        self._now = now

    async def answer(
        self, group: Group, session_id: int, person: Author, answer: RsvpAnswer
    ) -> Answered:
        """Take what a person says. Raises UnknownSessionError; UserError when it is over or off."""
        now = self._now()
        session = await self._memory.get(
            ("session", session_id), lambda view: view.sessions.by_id(session_id)
        )
        if session is None or not find.was_told(session, group):
            async with self._store.read() as view:
                session = await find.told(view, group, session_id, now)
        _require_open(session, now)
        async with self._store.transaction() as tx:
            await tx.sessions.set_rsvp(session, presentable(person), answer, now)
            return Answered(session, await tx.sessions.rsvps(session.id), answer)

    async def interest(
        self, group: Group, session_id: int, person: Author, *, interested: bool
    ) -> bool:
        """A calendar entry's "interested", or no longer: a maybe of whoever has said nothing.

        Returns whether the counts changed. Nobody waits for a word on it, so what is over, off or
        unknown changes nothing and raises nothing.
        """
        now = self._now()
        async with self._store.transaction() as tx:
            try:
                session = await _open_session(tx, group, session_id, now)
            except UserError:
                return False
            if interested:
                return await tx.sessions.set_interest(session, presentable(person), now)
            return await tx.sessions.clear_interest(session, person)

    async def all_interest(
        self, group: Group, session_id: int, network: Network, addresses: Collection[str]
    ) -> bool:
        """Everybody who shows interest on a network, as it says when it is asked: for what wasn't
        heard meanwhile. Returns whether the counts changed."""
        now = self._now()
        changed = False
        async with self._store.transaction() as tx:
            try:
                session = await _open_session(tx, group, session_id, now)
            except UserError:
                return False
            known = await tx.sessions.interested(session_id, network)
            for address in set(addresses) - known:
                changed |= await tx.sessions.set_interest(session, Author(network, address), now)
            for address in known - set(addresses):
                changed |= await tx.sessions.clear_interest(session, Author(network, address))
        return changed

    async def entries(self, network: Network) -> Sequence[Entry]:
        """The calendar entries of all sessions that one can still come to."""
        found = []
        async with self._store.read() as view:
            for group in await view.groups.all():
                for session in await find.ahead(view, group.id, self._now(), _AHEAD):
                    kind = PostKind.CALENDAR
                    places = await view.outbox.sent(session.id, network, kind)
                    found.append(Entry(group, session.id, tuple(places)))
        return found

    async def counts(self, session_id: int) -> Rsvps:
        return await self._memory.get(
            ("counts", session_id), lambda view: view.sessions.rsvps(session_id)
        )


async def _open_session(rows: Rows, group: Group, session_id: int, now: datetime) -> Session:
    """A session that one can still come to. Raises what ``answer`` raises."""
    session = await find.told(rows, group, session_id, now)
    _require_open(session, now)
    return session


def _require_open(session: Session, now: datetime) -> None:
    if session.status is SessionStatus.CANCELLED:
        raise UserError(f"“{session.title}” is cancelled; `next` says what is on instead.")
    if find.ends_at(session) <= now:
        raise UserError(f"“{session.title}” is over; `next` says what you can come to.")
