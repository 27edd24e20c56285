"""What an organiser says of a session, checked: a plan becomes a session, changes a changed one.

Pure rules. What is stored and who is told is `sessions`' own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.errors import InvalidSessionError
from bot.domain.links import is_untitled
from bot.domain.model import Group, Reading, Session, SessionStatus
from bot.domain.text import clean_name
from bot.domain.when import LONGEST, SHORTEST, resolve

TITLE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """A session to be planned. ``when`` is wall time ("2026-12-02 19:00", or as people say it) in
    ``timezone``, an IANA name; empty means the group's."""

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


def drafted(group: Group, plan: SessionPlan, now: datetime) -> Session:
    """The planned session, without an id and a slug. Raises InvalidSessionError."""
    zone = plan.timezone or group.timezone
    starts_at, local_time = resolve(plan.when, zone, now)
    session = Session(
        id=0,
        group_id=group.id,
        slug="",
        title=title_of(plan.title),
        starts_at=starts_at,
        local_time=local_time,
        timezone=zone,
        duration=_duration(plan.duration),
        place=clean_name(plan.place, TITLE_LENGTH),
        topic=plan.topic,
        tags=tags_of(plan.tags),
        readings=plan.readings,
    )
    if starts_at <= now:
        raise InvalidSessionError(
            f"{local_time} ({zone}) has passed; give a time ahead, or import a page "
            "to put an earlier session into the archive."
        )
    return session


def changed(before: Session, changes: SessionChanges, now: datetime) -> Session:
    """The session as it is to be; the same one where nothing does.

    Raises InvalidSessionError.
    """
    if before.status is SessionStatus.CANCELLED:
        raise InvalidSessionError(
            f"“{before.title}” was cancelled; add a new session in its place."
        )
    after = before
    if changes.when is not None or changes.timezone is not None:
        after = _moved(before, changes, now)
    if changes.title is not None:
        after = replace(after, title=title_of(changes.title))
    if changes.place is not None:
        after = replace(after, place=clean_name(changes.place, TITLE_LENGTH))
    if changes.topic is not None:
        after = replace(after, topic=changes.topic)
    if changes.tags is not None:
        after = replace(after, tags=tags_of(changes.tags))
    if changes.duration is not None:
        after = replace(after, duration=_duration(changes.duration))
    if changes.readings is not None:
        after = replace(after, readings=with_texts(before.readings, changes.readings))
    return after


def with_texts(before: Sequence[Reading], after: Sequence[Reading]) -> tuple[Reading, ...]:
    """The readings of ``after``, each with the text that is stored with the same one already."""
    named = {(reading.title, reading.url): reading for reading in before}
    linked = {reading.url: reading for reading in before if reading.url}
    merged = []
    for reading in after:
        known = named.get((reading.title, reading.url))
        if known is None and is_untitled(reading):  # it was given its own title when it was read
            known = linked.get(reading.url)
        if known is not None and reading.text in ("", known.text):
            merged.append(known)
        else:
            merged.append(reading)
    return tuple(merged)


def _moved(before: Session, changes: SessionChanges, now: datetime) -> Session:
    zone = changes.timezone or before.timezone
    starts_at, local_time = resolve(changes.when or before.local_time, zone, now)
    if starts_at <= now < before.starts_at:
        raise InvalidSessionError(
            f"{local_time} ({zone}) has passed; give a time ahead, or cancel the session."
        )
    return replace(before, starts_at=starts_at, local_time=local_time, timezone=zone)


def title_of(text: str) -> str:
    """A title as it is kept. Raises InvalidSessionError for none and for too long a one."""
    title = clean_name(text, TITLE_LENGTH + 1)
    if not title or len(title) > TITLE_LENGTH:
        raise InvalidSessionError(f"A session needs a title of 1 to {TITLE_LENGTH} characters.")
    return title


def tags_of(tags: Sequence[str]) -> tuple[str, ...]:
    """Lower case, without ``#``, each once, in the order given."""
    names = (clean_name(tag).lstrip("#").strip().casefold() for tag in tags)
    return tuple(dict.fromkeys(name for name in names if name))


def _duration(duration: timedelta) -> timedelta:
    if not SHORTEST <= duration <= LONGEST:
        raise InvalidSessionError("A session lasts between 1 minute and 24 hours.")
    return duration
