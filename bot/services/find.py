"""Which session a person means: the next one, the last one, or one by its name.

Reads only. Members see what was announced and the archive; the organiser sees everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.errors import UnknownSessionError
from bot.domain.model import Group, Session, SessionStatus
from bot.domain.ports import Rows
from bot.domain.text import clean_name, slug_of
from bot.domain.when import LONGEST

AHEAD = 5
PAST = 3
_SEARCHED = 300  # the latest sessions whose titles are searched; older ones are found by slug
_NAME_LENGTH = 100


def ends_at(session: Session) -> datetime:
    return session.starts_at + session.duration


def is_visible(session: Session, now: datetime) -> bool:
    """Whether members see it: announced, or begun (the archive), and not cancelled."""
    match session.status:
        case SessionStatus.ANNOUNCED:
            return True
        case SessionStatus.PLANNED:
            return session.starts_at <= now
        case _:
            return False


async def ahead(
    rows: Rows, group_id: int, now: datetime, limit: int, *, announced_only: bool = True
) -> list[Session]:
    """Sessions that aren't over yet, soonest first."""
    found: list[Session] = []
    moment = now - LONGEST
    while True:
        page = await rows.sessions.starting_after(
            group_id, moment, limit + 1, announced_only=announced_only
        )
        found += [session for session in page if ends_at(session) > now]
        if len(page) <= limit or len(found) >= limit:
            return found[:limit]
        moment = page[-1].starts_at


async def upcoming(rows: Rows, group_id: int, now: datetime) -> Session | None:
    """The next session: the earliest announced one that isn't over."""
    return next(iter(await ahead(rows, group_id, now, 1)), None)


async def past(rows: Rows, group_id: int, now: datetime, limit: int) -> list[Session]:
    """Sessions that are over, latest first."""
    page = await rows.sessions.starting_before(group_id, now, limit + AHEAD)
    return [session for session in page if ends_at(session) <= now][:limit]


async def listing(rows: Rows, group_id: int, now: datetime) -> list[Session]:
    """What members are shown: a few ahead, soonest first, then a few past, latest first."""
    soon = await ahead(rows, group_id, now, AHEAD)
    return soon + await past(rows, group_id, now, PAST)


async def find(
    rows: Rows, group: Group, name: str, now: datetime, *, members_only: bool = True
) -> Session:
    """The session of that name: a slug or the start of one, words of a title, "next", "last", or
    "" for the next and else the last one. Raises UnknownSessionError with names that exist."""
    wanted = clean_name(name, _NAME_LENGTH).strip(" \"'“”.?!").casefold()
    known: Sequence[Session]
    match wanted:
        case "" | "next" | "last":
            known = await _by_time(rows, group, wanted, now, members_only=members_only)
        case _:
            known = await _by_name(rows, group, wanted, now, members_only=members_only)
    if len(known) == 1:
        return known[0]
    several = bool(known)
    if not several and members_only:
        known = await listing(rows, group.id, now)
    elif not several:
        known = await rows.sessions.all(group.id, AHEAD + PAST)
    slugs = [session.slug for session in known[: AHEAD + PAST]]
    raise UnknownSessionError(wanted or "next", slugs, several=several)


async def by_id(rows: Rows, group: Group, session_id: int, now: datetime) -> Session:
    """A session as members see it. Raises UnknownSessionError, for another group's too."""
    session = await rows.sessions.by_id(session_id)
    if session is None or session.group_id != group.id or not is_visible(session, now):
        raise UnknownSessionError("", [each.slug for each in await listing(rows, group.id, now)])
    return session


async def told(rows: Rows, group: Group, session_id: int, now: datetime) -> Session:
    """Like ``by_id``; also one that was announced and cancelled: posts about it still stand."""
    session = await rows.sessions.by_id(session_id)
    if session is not None and was_told(session, group):
        return session
    return await by_id(rows, group, session_id, now)


def was_told(session: Session, group: Group) -> bool:
    """Whether members of the group were told of it, whatever became of it."""
    return session.group_id == group.id and session.announced_at is not None


async def _by_time(
    rows: Rows, group: Group, name: str, now: datetime, *, members_only: bool
) -> Sequence[Session]:
    found: list[Session] = []
    if name != "last":
        found = await ahead(rows, group.id, now, 1)
        if not found and not members_only:
            found = await ahead(rows, group.id, now, 1, announced_only=False)
    if not found and name != "next":
        found = await past(rows, group.id, now, 1)
    return found


async def _by_name(
    rows: Rows, group: Group, name: str, now: datetime, *, members_only: bool
) -> Sequence[Session]:
    """The one session of that name, or all that it may mean."""

    def seen(sessions: Sequence[Session]) -> list[Session]:
        return [s for s in sessions if not members_only or is_visible(s, now)]

    if any(char.isascii() and char.isalnum() for char in name):
        slug = slug_of(name)
        exact = await rows.sessions.by_slug(group.id, slug)
        if exact is not None and seen([exact]):
            return [exact]
        if starting := seen(await rows.sessions.by_slug_prefix(group.id, slug)):
            return starting
    titled = seen(
        [
            session
            for session in await rows.sessions.all(group.id, _SEARCHED)
            if begins(words_of(session.title), name)
        ]
    )
    if len(titled) != 1:
        return titled
    whole = await rows.sessions.by_id(titled[0].id)  # `all` leaves the readings' text out
    return [whole] if whole is not None else []


def words_of(text: str) -> tuple[str, ...]:
    """The words by which something may be named."""
    return tuple(word.strip("\"'“”().,:;!?") for word in text.casefold().split())


def begins(words: Sequence[str], name: str) -> bool:
    """Whether each word of ``name``, case-folded, begins one of ``words``."""
    return all(any(word.startswith(wanted) for word in words) for wanted in name.split())
