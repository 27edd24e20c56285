"""Rows for tests of the store: what a test doesn't say is as plain as can be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.domain.model import (
    Audience,
    Author,
    Group,
    Network,
    Point,
    Post,
    PostKind,
    Reminder,
    Session,
    Submission,
    SummaryDraft,
)
from bot.domain.ports import Rows

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
BOT = "b0" * 32
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """A question that is ready to be stored."""

    submission: Submission
    session_id: int
    number: int
    author_hash: str


async def a_group(tx: Rows, slug: str = "atl") -> Group:
    group = await tx.groups.ensure(Group(0, slug, "Atlanta", "America/New_York", (7 * DAY, DAY)))
    await tx.groups.ensure_destination(group.id, Network.NOSTR, BOT)
    return group


def a_session(group_id: int, slug: str = "attention", starts_at: datetime = NOON + DAY) -> Session:
    local_time = starts_at.strftime("%Y-%m-%d %H:%M")
    return Session(0, group_id, slug, slug.title(), starts_at, local_time, "UTC")


def asked(
    session: Session,
    number: int,
    author: str = "aa" * 32,
    *,
    name: str = "",
    anonymous: bool = False,
) -> Asked:
    submission = Submission(
        group_id=session.group_id,
        author=Author(Network.NOSTR, author, name),
        source_id=f"{session.id:02}{number:062}",
        text=f"Why {number}?",
        submitted_at=NOON,
        session_id=session.id,
        anonymous=anonymous,
    )
    return Asked(submission, session.id, number, f"hash of {author}")


def a_post(session: Session, key: str, kind: PostKind = PostKind.NOTICE) -> Post:
    return Post(key, session.group_id, Network.NOSTR, BOT, kind, "{}", session_id=session.id)


def a_reply(session: Session, key: str) -> Post:
    return replace(a_post(session, key, PostKind.REPLY), wire=b"{}", remote_id=f"id of {key}")


def a_reminder(session: Session, before: timedelta, revision: int = 1) -> Reminder:
    due_at = session.starts_at - before
    return Reminder(0, session.group_id, session.id, before, revision, due_at)


def a_draft(audience: Audience = Audience.TECHIE, body: str = "It attends.") -> SummaryDraft:
    points = (Point("Attention", "is all", "all you need", "Abstract"),)
    return SummaryDraft(audience, body, "It", points, "imported", "Ann", "Please", "gpt-4")
