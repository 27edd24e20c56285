"""What a session's changes put into the outbox and the reminder plan, in the caller's transaction.

Which posts there are is decided here; how they look is the networks' own, and whether a change is
allowed is `sessions`'.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.errors import InvalidSessionError
from bot.domain.model import (
    Destination,
    Group,
    Post,
    PostKind,
    Session,
    SessionStatus,
)
from bot.domain.ports import Rows
from bot.domain.posts import Change, SessionPost, card_of, session_post
from bot.services.find import ends_at
from bot.services.reminders import planned


async def announce(rows: Rows, group: Group, session: Session, now: datetime) -> int:
    """Queue a session's announcement and calendar entry for each destination; how many were new."""
    destinations = await rows.groups.destinations(group.id)
    if not destinations:
        raise InvalidSessionError(
            "There is nowhere to announce it: enable a network in the configuration, "
            "start the bot with `readalong run`, and announce again."
        )
    body = SessionPost(card_of(group, session))
    posts = []
    for destination in destinations:
        posts += [
            session_post(
                PostKind.ANNOUNCEMENT, session, destination, body, expires_at=ends_at(session)
            ),
            session_post(PostKind.CALENDAR, session, destination, body),
        ]
    return await rows.outbox.add(posts, now)


async def change(
    rows: Rows, group: Group, before: Session, after: Session, now: datetime
) -> Session:
    """Store a changed session as its next revision, and tell members where they were told of it.

    Returns the session as it is stored.
    """
    after = replace(after, revision=before.revision + 1)
    await rows.sessions.update(after, now)
    await rows.reminders.skip_pending(after.id, now)
    if before.status is not SessionStatus.ANNOUNCED:
        return after
    if after.status is SessionStatus.ANNOUNCED:
        await rows.reminders.plan(planned(group, after, now))
    posts: list[Post] = []
    for destination in await rows.groups.destinations(group.id):
        posts += _posts_of_change(group, before, after, destination, now)
    await rows.outbox.add(posts, now)
    return after


def _posts_of_change(
    group: Group, before: Session, after: Session, destination: Destination, now: datetime
) -> list[Post]:
    card = card_of(group, after)
    posts = [session_post(PostKind.CALENDAR, after, destination, SessionPost(card))]
    what = _what_changed(before, after)
    still_of_use = max(ends_at(before), ends_at(after))
    if what is not None and still_of_use > now:
        was = before.starts_at if what is Change.MOVED else None
        body = SessionPost(card, change=what, was=was)
        posts.append(
            session_post(PostKind.NOTICE, after, destination, body, expires_at=still_of_use)
        )
    return posts


def _what_changed(before: Session, after: Session) -> Change | None:
    """What a notice must tell; None for what only those who look it up care about."""
    if after.status is SessionStatus.CANCELLED:
        return Change.CANCELLED
    if after.starts_at != before.starts_at:
        return Change.MOVED
    if (after.title, after.place) != (before.title, before.place):
        return Change.CHANGED
    return None
