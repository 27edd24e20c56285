"""What a session's changes put into the outbox and the reminder plan, in the caller's transaction.

Which posts there are is decided here; how they look is the networks' own, and whether a change is
allowed is `sessions`'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain.errors import InvalidSessionError
from bot.domain.model import (
    Destination,
    Group,
    Network,
    Post,
    PostKind,
    ReminderState,
    Session,
    SessionStatus,
)
from bot.domain.ports import Rows
from bot.domain.posts import Change, SessionPost, card_of, changed_things, session_post
from bot.services.find import ends_at
from bot.services.places import places, try_again
from bot.services.reminders import planned

_KEPT_CURRENT = {
    Network.NOSTR: (PostKind.CALENDAR,),  # an announcement is a note, which stands as it was signed
    Network.DISCORD: (PostKind.CALENDAR, PostKind.UPDATE),
    Network.LOCAL: (),
}
"""What a change brings up to date on each network, beside the notice of it."""


async def announce(rows: Rows, group: Group, session: Session, now: datetime) -> int:
    """Queue a session's announcement and calendar entry for each destination; how many were new."""
    destinations = await places(rows, group.id)
    if not destinations:
        raise InvalidSessionError(
            "There is nowhere to announce it: enable a network in the configuration, "
            "start the bot with `readalong run`, and announce again."
        )
    return await rows.outbox.add(_announcement(group, session, destinations), now)


async def announce_again(rows: Rows, group: Group, session: Session, now: datetime) -> int:
    """Queue what a destination that is new lacks, and what failed for good, as it is now.

    A channel that is paused because a post failed there gets another chance. Returns how many.
    """
    await try_again(rows, group.id)
    posts = _announcement(group, session, await places(rows, group.id))
    return await rows.outbox.revive(posts, now) + await rows.outbox.add(posts, now)


def _announcement(
    group: Group, session: Session, destinations: Sequence[Destination]
) -> list[Post]:
    body = SessionPost(card_of(group, session))
    posts = []
    for destination in destinations:
        posts += [
            session_post(
                PostKind.ANNOUNCEMENT, session, destination, body, expires_at=ends_at(session)
            ),
            session_post(PostKind.CALENDAR, session, destination, body),
        ]
    return posts


async def change(
    rows: Rows, group: Group, before: Session, after: Session, now: datetime
) -> tuple[Session, int]:
    """Store a changed session as its next revision, and tell members where they were told of it.

    Returns the session as it is stored, and how many posts were queued.
    """
    after = replace(after, revision=before.revision + 1)
    await rows.sessions.update(after, now)
    await _plan_anew(rows, group, before, after, now)
    if before.status is not SessionStatus.ANNOUNCED:
        return after, 0
    # What still waits for a relay says what was true before. A reminder stays where no notice
    # takes its place: it has nothing wrong in it that members must hear of.
    stale = (PostKind.CALENDAR, PostKind.UPDATE, PostKind.REMINDER)
    kinds = stale if _what_changed(before, after) is not None else stale[:2]
    await rows.outbox.supersede(after.id, kinds, "the session changed")
    posts: list[Post] = []
    for destination in await places(rows, group.id):
        posts += _posts_of_change(group, before, after, destination, now)
    return after, await rows.outbox.add(posts, now)


async def _plan_anew(
    rows: Rows, group: Group, before: Session, after: Session, now: datetime
) -> None:
    """The new revision's reminders; one that is due and not fired yet stays due at the old time."""
    is_as_planned = after.starts_at == before.starts_at
    due = [
        replace(row, revision=after.revision)
        for row in (await rows.reminders.of_session(after.id) if is_as_planned else ())
        if row.state is ReminderState.PENDING and row.due_at <= now
    ]
    await rows.reminders.skip_pending(after.id, now)
    if before.status is after.status is SessionStatus.ANNOUNCED:
        await rows.reminders.plan([*due, *planned(group, after, now)])


def _posts_of_change(
    group: Group, before: Session, after: Session, destination: Destination, now: datetime
) -> list[Post]:
    card = card_of(group, after)
    posts = [
        session_post(kind, after, destination, SessionPost(card))
        for kind in _KEPT_CURRENT[destination.network]
    ]
    what = _what_changed(before, after)
    still_of_use = max(ends_at(before), ends_at(after))
    if what is not None and still_of_use > now:
        was = before.starts_at if what is Change.MOVED else None
        changed = changed_things(card_of(group, before), card)
        body = SessionPost(card, change=what, was=was, changed=changed)
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
