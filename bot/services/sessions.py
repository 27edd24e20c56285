"""Sessions: planned, changed, announced, called off, found and shown.

Everything one call does is one transaction: the session, its reminders and what must be posted of
it commit together. Who may call is checked by whoever knows the person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.errors import (
    InvalidPageError,
    InvalidSessionError,
    NoUpcomingSessionError,
)
from bot.domain.model import (
    Group,
    Network,
    Reading,
    Session,
    SessionPage,
    SessionStatus,
    SessionView,
)
from bot.domain.ports import Now, Rows, Store
from bot.domain.text import clean_name, numbered, slug_of
from bot.domain.when import LONGEST, SHORTEST, resolve
from bot.services import find, posts
from bot.services.pages import Imported, PageImport
from bot.services.reminders import planned

__all__ = ["Announced", "Imported", "SessionChanges", "SessionPlan", "Sessions"]

_TITLE_LENGTH = 200
_BOARD = 1000


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """A session to be planned. ``when`` is wall time ("2026-12-02 19:00") in ``timezone``, an IANA
    name; empty means the group's."""

    title: str
    when: str
    timezone: str = ""
    place: str = ""
    topic: str = ""
    tags: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    duration: timedelta = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class SessionChanges:
    """What to change of a session; None leaves it as it is."""

    title: str | None = None
    when: str | None = None
    timezone: str | None = None
    place: str | None = None
    topic: str | None = None
    tags: tuple[str, ...] | None = None
    readings: tuple[Reading, ...] | None = None
    duration: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Announced:
    """``posts`` were newly queued; 0 when it had been announced before."""

    session: Session
    posts: int


class Sessions:
    """The sessions of all groups of this data file."""

    def __init__(self, store: Store, now: Now) -> None:
        self._store = store
        self._now = now

    async def add(self, group: Group, plan: SessionPlan) -> Session:
        """Plan a session; nobody is told yet. Raises InvalidSessionError."""
        now = self._now()
        zone = plan.timezone or group.timezone
        starts_at, local_time = resolve(plan.when, zone)
        session = Session(
            id=0,
            group_id=group.id,
            slug="",
            title=_title(plan.title),
            starts_at=starts_at,
            local_time=local_time,
            timezone=zone,
            duration=_duration(plan.duration),
            place=clean_name(plan.place, _TITLE_LENGTH),
            topic=plan.topic,
            tags=_tags(plan.tags),
            readings=plan.readings,
        )
        if starts_at <= now:
            raise InvalidSessionError(
                f"{local_time} ({zone}) has passed; give a time ahead, or import a page "
                "to put an earlier session into the archive."
            )
        async with self._store.transaction() as tx:
            slug = await free_slug(tx, group.id, slug_of(session.title))
            return await tx.sessions.add(replace(session, slug=slug), now)

    async def edit(self, group: Group, name: str, changes: SessionChanges) -> Session:
        """Change a session, and tell members who were told of it; the same edit twice is one.

        Raises UnknownSessionError, InvalidSessionError.
        """
        now = self._now()
        async with self._store.transaction() as tx:
            before = await find.find(tx, group, name, now, members_only=False)
            if before.status is SessionStatus.CANCELLED:
                raise InvalidSessionError(
                    f"“{before.title}” was cancelled; add a new session in its place."
                )
            after = _changed(before, changes, now)
            if after == before:
                return before
            return await posts.change(tx, group, before, after, now)

    async def cancel(self, group: Group, name: str) -> Session:
        """Call a session off, and tell members who were told of it; twice is once.

        Raises UnknownSessionError.
        """
        now = self._now()
        async with self._store.transaction() as tx:
            before = await find.find(tx, group, name, now, members_only=False)
            if before.status is SessionStatus.CANCELLED:
                return before
            after = replace(before, status=SessionStatus.CANCELLED, cancelled_at=now)
            return await posts.change(tx, group, before, after, now)

    async def announce(self, group: Group, name: str) -> Announced:
        """Tell members of a session everywhere, and plan its reminders; twice is once.

        Raises UnknownSessionError, and InvalidSessionError when it is off or has begun.
        """
        now = self._now()
        async with self._store.transaction() as tx:
            session = await find.find(tx, group, name, now, members_only=False)
            if session.status is SessionStatus.ANNOUNCED:
                return Announced(session, 0)
            if session.status is SessionStatus.CANCELLED:
                raise InvalidSessionError(
                    f"“{session.title}” was cancelled; add a new session and announce that."
                )
            if session.starts_at <= now:
                raise InvalidSessionError(
                    f"“{session.title}” began at {session.local_time} ({session.timezone}); "
                    "only a session ahead can be announced."
                )
            session = replace(session, status=SessionStatus.ANNOUNCED, announced_at=now)
            await tx.sessions.update(session, now)
            await tx.reminders.plan(planned(group, session, now))
            return Announced(session, await posts.announce(tx, group, session, now))

    async def next(self, group: Group) -> Session:
        """The earliest announced session that isn't over. Raises NoUpcomingSessionError."""
        async with self._store.read() as view:
            session = await find.upcoming(view, group.id, self._now())
        if session is None:
            raise NoUpcomingSessionError
        return session

    async def find(self, group: Group, name: str = "", *, members_only: bool = True) -> Session:
        """By slug, the start of one, words of the title, "next", "last", or "" (next, else last).

        Raises UnknownSessionError, with names that exist.
        """
        async with self._store.read() as view:
            return await find.find(view, group, name, self._now(), members_only=members_only)

    async def listing(self, group: Group) -> Sequence[Session]:
        """What members are shown: 5 ahead at most, soonest first, then the 3 latest past."""
        async with self._store.read() as view:
            return await find.listing(view, group.id, self._now())

    async def all(self, group: Group, limit: int = 100, offset: int = 0) -> Sequence[Session]:
        """Every session whatever its status, latest first, for the organiser."""
        async with self._store.read() as view:
            return await view.sessions.all(group.id, limit, offset)

    async def show(self, group: Group, name: str, *, members_only: bool = False) -> SessionView:
        """Everything that is shown of one session. Raises UnknownSessionError."""
        async with self._store.read() as view:
            session = await find.find(view, group, name, self._now(), members_only=members_only)
            return SessionView(
                session=session,
                summaries=dict(await view.summaries.current(session.id)),
                questions=tuple(await view.questions.of_session(session.id, _BOARD)),
                rsvps=await view.sessions.rsvps(session.id),
            )

    async def import_page(
        self,
        group: Group,
        page: SessionPage,
        *,
        at: str = "",
        timezone: str = "",
        start_time: str = "19:00",
    ) -> Imported:
        """Store a session page whole, or nothing of it; the same page twice changes nothing.

        ``at`` ("2023-07-05 19:00" or only the date) wins over the page's own date, ``timezone``
        over the page's and the group's; ``start_time`` stands in where nobody gives an hour.
        Raises InvalidPageError, InvalidSessionError.
        """
        if not clean_name(page.title, _TITLE_LENGTH):
            raise InvalidPageError("The page has no title; give it one and import it again.")
        page = replace(page, title=_title(page.title), tags=_tags(page.tags))
        plan = PageImport(group, page, self._now(), at, timezone, start_time)
        async with self._store.transaction() as tx:
            return await plan.store(tx)

    async def of_posts(self, network: Network, remote_ids: Sequence[str]) -> Mapping[str, int]:
        """Which session each of our own posts belongs to: the network's id -> session id."""
        async with self._store.read() as view:
            return await view.sessions.of_remote(network, remote_ids)


async def free_slug(rows: Rows, group_id: int, slug: str) -> str:
    number = 1
    while await rows.sessions.by_slug(group_id, numbered(slug, number)) is not None:
        number += 1
    return numbered(slug, number)


def _changed(before: Session, changes: SessionChanges, now: datetime) -> Session:
    after = before
    if changes.when is not None or changes.timezone is not None:
        after = _moved(before, changes, now)
    if changes.title is not None:
        after = replace(after, title=_title(changes.title))
    if changes.place is not None:
        after = replace(after, place=clean_name(changes.place, _TITLE_LENGTH))
    if changes.topic is not None:
        after = replace(after, topic=changes.topic)
    if changes.tags is not None:
        after = replace(after, tags=_tags(changes.tags))
    if changes.duration is not None:
        after = replace(after, duration=_duration(changes.duration))
    if changes.readings is not None and not _same(before.readings, changes.readings):
        after = replace(after, readings=changes.readings)
    return after


def _moved(before: Session, changes: SessionChanges, now: datetime) -> Session:
    zone = changes.timezone or before.timezone
    starts_at, local_time = resolve(changes.when or before.local_time, zone)
    if starts_at <= now < before.starts_at:
        raise InvalidSessionError(
            f"{local_time} ({zone}) has passed; give a time ahead, or cancel the session."
        )
    return replace(before, starts_at=starts_at, local_time=local_time, timezone=zone)


def _same(before: Sequence[Reading], after: Sequence[Reading]) -> bool:
    return [replace(reading, id=0) for reading in before] == [
        replace(reading, id=0) for reading in after
    ]


def _title(text: str) -> str:
    title = clean_name(text, _TITLE_LENGTH + 1)
    if not title or len(title) > _TITLE_LENGTH:
        raise InvalidSessionError(f"A session needs a title of 1 to {_TITLE_LENGTH} characters.")
    return title


def _tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Lower case, without ``#``, each once, in the order given."""
    names = (clean_name(tag).lstrip("#").strip().casefold() for tag in tags)
    return tuple(dict.fromkeys(name for name in names if name))


def _duration(duration: timedelta) -> timedelta:
    if not SHORTEST <= duration <= LONGEST:
        raise InvalidSessionError("A session lasts between 1 minute and 24 hours.")
    return duration
