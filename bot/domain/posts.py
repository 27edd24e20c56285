"""What the outbox carries: a session's posts as data, their keys, and their JSON.

A payload is a snapshot: what was true when the thing happened is what is posted, however late.
Networks render it; nothing here knows how a post looks.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.domain.model import (
    Audience,
    Destination,
    Group,
    Network,
    Point,
    Post,
    PostKind,
    Session,
    SessionStatus,
    Summary,
)


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
    """The payload of every post about a session, but of its summaries.

    ``offset`` is a reminder's; ``change``, ``was`` (the time it had before) and ``changed`` (what
    else is otherwise now: "title", "place", "readings", "topic", "length") are a notice's.
    """

    card: SessionCard
    offset: timedelta | None = None
    change: Change | None = None
    was: datetime | None = None
    changed: tuple[str, ...] = ()

    def to_json(self) -> str:
        return json.dumps(self, ensure_ascii=False, default=_plain)

    @classmethod
    def from_json(cls, payload: str) -> SessionPost:
        data = json.loads(payload)
        return cls(
            card=_card(data["card"]),
            offset=None if data["offset"] is None else timedelta(seconds=data["offset"]),
            change=None if data["change"] is None else Change(data["change"]),
            was=None if data["was"] is None else datetime.fromisoformat(data["was"]),
            changed=tuple(data.get("changed", ())),  # rows of before it was told have none
        )


@dataclass(frozen=True, slots=True)
class SummaryPost:
    """The payload of a SUMMARY: one approved summary, whole.

    ``title`` is what it sums up: the reading's title, or the session's where no reading has one.
    ``points`` carry their quotes and sections; the other fields are a ``SummaryDraft``'s.
    """

    card: SessionCard
    audience: Audience
    title: str
    version: int
    lead: str
    points: tuple[Point, ...]
    body: str
    origin: str
    asked_by: str = ""
    answered_by: str = ""
    edited: bool = False
    scope: str = ""

    def to_json(self) -> str:
        return json.dumps(self, ensure_ascii=False, default=_plain)

    @classmethod
    def from_json(cls, payload: str) -> SummaryPost:
        data = json.loads(payload)
        return cls(
            **{
                **data,
                "card": _card(data["card"]),
                "audience": Audience(data["audience"]),
                "points": tuple(Point(**point) for point in data["points"]),
            }
        )


@dataclass(frozen=True, slots=True)
class ArticlePost:
    """The payload of an ARTICLE: the session's page as Markdown, without its title, its questions
    and the front matter."""

    card: SessionCard
    page: str

    def to_json(self) -> str:
        return json.dumps(self, ensure_ascii=False, default=_plain)

    @classmethod
    def from_json(cls, payload: str) -> ArticlePost:
        data = json.loads(payload)
        return cls(_card(data["card"]), data["page"])


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


def changed_things(before: SessionCard, after: SessionCard) -> tuple[str, ...]:
    """What members are told to look at again, its time aside, as ``SessionPost.changed`` has it."""
    things = {
        "title": before.title != after.title,
        "place": before.place != after.place,
        "readings": before.readings != after.readings,
        "topic": before.topic != after.topic,
        "length": before.duration != after.duration,
    }
    return tuple(thing for thing, is_changed in things.items() if is_changed)


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


def summary_post(group: Group, session: Session, summary: Summary, place: Destination) -> Post:
    """The outbox row of one version of a summary: at each destination it is one for ever."""
    draft = summary.draft
    titles = (reading.title for reading in session.readings)
    body = SummaryPost(
        card=card_of(group, session),
        audience=draft.audience,
        title=next(filter(None, titles), session.title),
        version=summary.version,
        lead=draft.lead,
        points=draft.points,
        body=draft.body,
        origin=draft.origin,
        asked_by=draft.asked_by,
        answered_by=draft.answered_by,
        edited=draft.edited,
        scope=draft.scope,
    )
    key = f"summary:{session.id}:{draft.audience}:v{summary.version}"
    return _row(PostKind.SUMMARY, key, session, place, body.to_json())


def article_post(
    session: Session, body: ArticlePost, versions: dict[Audience, int], place: Destination
) -> Post:
    """The outbox row of a session's page. Whatever it says in other words is another row, and so
    is the same said again after something else."""
    payload = body.to_json()
    marks = "".join(f"{audience[0]}{versions[audience]}" for audience in sorted(versions))
    digest = hashlib.sha256(payload.encode()).hexdigest()[:16]
    key = f"article:{session.id}:r{session.revision}{marks}:{digest}"
    return _row(PostKind.ARTICLE, key, session, place, payload)


def announcement_key(session_id: int, network: Network, address: str) -> str:
    """The key of a session's announcement at a destination, whatever its revision."""
    return f"announcement:{session_id}:{network}:{address}"


def _row(kind: PostKind, key: str, session: Session, place: Destination, payload: str) -> Post:
    return Post(
        key=f"{key}:{place.network}:{place.address}",
        group_id=session.group_id,
        network=place.network,
        destination=place.address,
        kind=kind,
        payload=payload,
        session_id=session.id,
    )


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


_OF_FIELDS = (SessionPost, SessionCard, SummaryPost, ArticlePost, Point)


def _card(data: dict[str, Any]) -> SessionCard:
    return SessionCard(
        **{
            **data,
            "starts_at": datetime.fromisoformat(data["starts_at"]),
            "duration": timedelta(seconds=data["duration"]),
            "tags": tuple(data["tags"]),
            "readings": tuple((title, url) for title, url in data["readings"]),
        }
    )


def _plain(value: object) -> str | float | dict[str, object]:
    if isinstance(value, _OF_FIELDS):  # `asdict` would copy everything in depth
        return {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(f"{type(value).__name__} has no JSON form here")
