"""What is done to a session, in the caller's transaction: stored, called off, announced.

Who may do it is `rights`', what is posted of it is `posts`', which session is meant is `find`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.errors import InvalidSessionError
from bot.domain.model import Group, Session, SessionStatus
from bot.domain.ports import Rows
from bot.domain.text import possible_slugs, slug_of
from bot.services import posts
from bot.services.find import ends_at
from bot.services.reminders import planned


@dataclass(frozen=True, slots=True)
class Announced:
    """``posts`` were queued by the call; 0 when all that there is to post had been posted."""

    session: Session
    posts: int


async def add(rows: Rows, session: Session, now: datetime) -> Session:
    """Store a drafted session under a slug that is free."""
    slug = await free_slug(rows, session.group_id, slug_of(session.title))
    return await rows.sessions.add(replace(session, slug=slug), now)


async def free_slug(rows: Rows, group_id: int, slug: str) -> str:
    names = possible_slugs(slug)
    while await rows.sessions.by_slug(group_id, name := next(names)) is not None:
        pass
    return name


async def cancel(rows: Rows, group: Group, before: Session, now: datetime) -> Session:
    """Off; twice is once."""
    if before.status is SessionStatus.CANCELLED:
        return before
    return (await posts.change(rows, group, before, cancelled(before, now), now))[0]


def cancelled(session: Session, now: datetime) -> Session:
    return replace(session, status=SessionStatus.CANCELLED, cancelled_at=now)


async def announce(rows: Rows, group: Group, session: Session, now: datetime) -> Announced:
    """Announced everywhere, its reminders planned. Again, only what is missing is posted.

    Raises InvalidSessionError when it is off or has begun.
    """
    if session.status is SessionStatus.CANCELLED:
        raise InvalidSessionError(
            f"“{session.title}” was cancelled; add a new session and announce that."
        )
    if session.status is SessionStatus.ANNOUNCED:
        is_over = ends_at(session) <= now
        return Announced(
            session, 0 if is_over else await posts.announce_again(rows, group, session, now)
        )
    if session.starts_at <= now:
        raise InvalidSessionError(
            f"“{session.title}” began at {session.local_time} ({session.timezone}); "
            "only a session ahead can be announced."
        )
    session = replace(session, status=SessionStatus.ANNOUNCED, announced_at=now)
    await rows.sessions.update(session, now)
    await rows.reminders.plan(planned(group, session, now))
    return Announced(session, await posts.announce(rows, group, session, now))
