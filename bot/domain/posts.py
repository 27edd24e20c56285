"""What the outbox carries: a session post as data, its keys, and its JSON.

A payload is a snapshot: what was true when the thing happened is what is posted, however late.
Networks render it; nothing here knows how a post looks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.model import Destination, Group, Network, Post, PostKind, Session, SessionStatus


class Change(StrEnum):
    """What a notice tells."""

    MOVED = "moved"
    CHANGED = "changed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class SessionCard:
    """What members see of a session. ``readings`` are (title, url) pairs."""

    group: str
    group_slug: str
    slug: str
    title: str
    starts_at: datetime
    local_time: str
    timezone: str
    duration: timedelta
    place: str
    topic: str
    tags: tuple[str, ...]
    readings: tuple[tuple[str, str], ...]
    cancelled: bool


@dataclass(frozen=True, slots=True)
class SessionPost:
    """The payload of every post about a session.

    ``offset`` is a reminder's; ``change`` and ``was`` (the time it had before) are a notice's.
    """

    card: SessionCard
    offset: timedelta | None = None
    change: Change | None = None
    was: datetime | None = None

    def to_json(self) -> str:
        return json.dumps(self, ensure_ascii=False, default=_plain)

    @classmethod
    def from_json(cls, payload: str) -> SessionPost:
        data = json.loads(payload)
        card = data["card"]
        return cls(
            card=SessionCard(
                **{
                    **card,
                    "starts_at": datetime.fromisoformat(card["starts_at"]),
                    "duration": timedelta(seconds=card["duration"]),
                    "tags": tuple(card["tags"]),
                    "readings": tuple((title, url) for title, url in card["readings"]),
                }
            ),
            offset=None if data["offset"] is None else timedelta(seconds=data["offset"]),
            change=None if data["change"] is None else Change(data["change"]),
            was=None if data["was"] is None else datetime.fromisoformat(data["was"]),
        )


def card_of(group: Group, session: Session) -> SessionCard:
    return SessionCard(
        group=group.name,
        group_slug=group.slug,
        slug=session.slug,
        title=session.title,
        starts_at=session.starts_at,
        local_time=session.local_time,
        timezone=session.timezone,
        duration=session.duration,
        place=session.place,
        topic=session.topic,
        tags=session.tags,
        readings=tuple((reading.title, reading.url) for reading in session.readings),
        cancelled=session.status is SessionStatus.CANCELLED,
    )


def session_post(
    kind: PostKind,
    session: Session,
    destination: Destination,
    body: SessionPost,
    *,
    expires_at: datetime | None = None,
) -> Post:
    """The outbox row of ``body``. Its key tells the thing apart from every other one for ever."""
    return Post(
        key=_key(kind, session, destination, body),
        group_id=session.group_id,
        network=destination.network,
        destination=destination.address,
        kind=kind,
        payload=body.to_json(),
        session_id=session.id,
        expires_at=expires_at,
    )


def announcement_key(session_id: int, network: Network, address: str) -> str:
    """The key of a session's announcement at a destination, whatever its revision."""
    return f"announcement:{session_id}:{network}:{address}"


def _key(kind: PostKind, session: Session, destination: Destination, body: SessionPost) -> str:
    place = f"{destination.network}:{destination.address}"
    match kind:
        case PostKind.ANNOUNCEMENT:
            return announcement_key(session.id, destination.network, destination.address)
        case PostKind.REMINDER:
            offset = int(body.offset.total_seconds()) if body.offset is not None else 0
            return f"reminder:{session.id}:r{session.revision}:{offset}:{place}"
        case _:
            return f"{kind}:{session.id}:r{session.revision}:{place}"


def _plain(value: object) -> str | float | dict[str, object]:
    if isinstance(value, SessionPost | SessionCard):  # `asdict` would copy everything in depth
        return {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(f"{type(value).__name__} has no JSON form here")
