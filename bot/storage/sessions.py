"""Queries over sessions, their readings and their RSVPs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Text,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from bot.domain.model import (
    Author,
    Document,
    Network,
    Reading,
    RsvpAnswer,
    Rsvps,
    Session,
    SessionStatus,
)
from bot.domain.ports import Topic
from bot.storage.link import Link
from bot.storage.people import MEET_ALL, PERSON, PERSONS, met, named
from bot.storage.statements import Batch, Query, is_short
from bot.storage.tables import (
    JsonText,
    listed,
    moment_text,
    outbox,
    people,
    readings,
    rsvps,
    sessions,
)

_PREFIX_LIMIT = 20
_LAST_CHARACTER = "\U0010ffff"  # sorts after everything that a slug can go on with


def _sessions(text: ColumnElement[str]) -> Select[Any]:
    """Sessions, each with its readings' fields as JSON, so that one query gets it all."""
    ordered = (
        select(
            readings.c.title,
            readings.c.url,
            text.label("text"),
            readings.c.id,
            readings.c.author,
            readings.c.published,
            func.json(readings.c.notes).label("notes"),
            readings.c.text_hash,
        )
        .where(readings.c.session_id == sessions.c.id)
        .order_by(readings.c.position)
        .correlate(sessions)
        .subquery()
    )
    # In a subquery SQLite forgets that a column is JSON, so it is told again.
    fields = func.json_array(
        *(column if column.name != "notes" else func.json(column) for column in ordered.c)
    )
    read = select(func.json_group_array(fields, type_=JsonText)).scalar_subquery()
    return select(sessions, read.label("readings"))


_SESSIONS = _sessions(readings.c.text)
_LISTED_SESSIONS = _sessions(literal_column("''", Text))
_OF_REMOTE = select(outbox.c.remote_id, outbox.c.session_id).where(
    outbox.c.network == bindparam("network"),
    outbox.c.remote_id.in_(listed("remote_ids")),
    outbox.c.session_id.is_not(None),
)

_BY_ID = _SESSIONS.where(sessions.c.id == bindparam("session_id"))
_ANSWERS = Query(
    select(rsvps.c.answer, func.count())
    .where(rsvps.c.session_id == bindparam("session_id"))
    .group_by(rsvps.c.answer)
)
_ANSWER = insert(rsvps).values(person_id=PERSON).inline()  # without RETURNING
_GIVEN = ("session_id", "answer", "answered_at", "interested")
_ANSWERED = Batch(
    _ANSWER.on_conflict_do_update(
        index_elements=["session_id", "person_id"],
        set_={name: _ANSWER.excluded[name] for name in ("answer", "answered_at", "interested")},
    ),
    *_GIVEN,
)
_INTERESTED = Batch(_ANSWER.on_conflict_do_nothing(), *_GIVEN)
_ANSWER_OF = select(rsvps.c.answer).where(
    rsvps.c.session_id == bindparam("session_id"), rsvps.c.person_id.in_(PERSONS)
)
_INTEREST = Query(
    select(people.c.address)
    .join_from(rsvps, people, rsvps.c.person_id == people.c.id)
    .where(
        rsvps.c.session_id == bindparam("session_id"),
        rsvps.c.interested == literal_column("1"),
        people.c.network == bindparam("network"),
    )
)
_CLEAR_INTEREST = delete(rsvps).where(
    rsvps.c.session_id == bindparam("session_id"),
    rsvps.c.person_id.in_(PERSONS),
    rsvps.c.interested == literal_column("1"),
)


class SessionTable:
    """``SessionRows`` over one link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def add(self, session: Session, at: datetime) -> Session:
        statement = insert(sessions).returning(sessions.c.id)
        values = {**_values(session), "created_at": at, "updated_at": at}
        session_id = int(await self._link.scalar(statement, values))
        await self._link.run(
            insert(readings),
            [{**row, "id": None} for row in _reading_values(session_id, session.readings)],
        )
        self._link.touched.add(Topic.SESSIONS)
        return (await self._found(_SESSIONS.where(sessions.c.id == session_id)))[0]

    async def update(self, session: Session, at: datetime) -> None:
        statement = update(sessions).where(sessions.c.id == session.id)
        await self._link.run(statement.values(**_values(session), updated_at=at))
        await self._link.run(delete(readings).where(readings.c.session_id == session.id))
        await self._link.run(insert(readings), list(_reading_values(session.id, session.readings)))
        self._link.touched.add(Topic.SESSIONS)

    async def by_id(self, session_id: int) -> Session | None:
        row = await self._link.first(_BY_ID, {"session_id": session_id})
        return None if row is None else _session(row)

    async def by_slug(self, group_id: int, slug: str) -> Session | None:
        return await self._one(sessions.c.group_id == group_id, sessions.c.slug == slug)

    async def by_slug_prefix(self, group_id: int, prefix: str) -> Sequence[Session]:
        statement = _SESSIONS.where(
            sessions.c.group_id == group_id,
            sessions.c.slug >= prefix,
            sessions.c.slug < prefix + _LAST_CHARACTER,
        )
        statement = statement.order_by(sessions.c.starts_at, sessions.c.id).limit(_PREFIX_LIMIT)
        return await self._found(statement)

    async def starting_after(
        self, group_id: int, moment: datetime, limit: int, *, announced_only: bool = True
    ) -> Sequence[Session]:
        status = (
            sessions.c.status == SessionStatus.ANNOUNCED.value
            if announced_only
            else sessions.c.status != SessionStatus.CANCELLED.value
        )
        statement = _SESSIONS.where(
            sessions.c.group_id == group_id, sessions.c.starts_at > moment, status
        )
        statement = statement.order_by(sessions.c.starts_at, sessions.c.id).limit(limit)
        return await self._found(statement, short=is_short(range(limit)))

    async def starting_before(
        self, group_id: int, moment: datetime, limit: int
    ) -> Sequence[Session]:
        statement = _SESSIONS.where(
            sessions.c.group_id == group_id,
            sessions.c.starts_at <= moment,
            sessions.c.status != SessionStatus.CANCELLED.value,
        )
        statement = statement.order_by(sessions.c.starts_at.desc(), sessions.c.id.desc())
        return await self._found(statement.limit(limit), short=is_short(range(limit)))

    async def all(self, group_id: int, limit: int, offset: int = 0) -> Sequence[Session]:
        statement = _LISTED_SESSIONS.where(sessions.c.group_id == group_id)
        statement = statement.order_by(sessions.c.starts_at.desc(), sessions.c.id.desc())
        return await self._found(statement.limit(limit).offset(offset))

    async def rsvps(self, session_id: int) -> Rsvps:
        found = await self._link.found(_ANSWERS, {"session_id": session_id}, short=False)
        people: dict[str, int] = dict(found)
        return Rsvps(yes=people.get("yes", 0), maybe=people.get("maybe", 0), no=people.get("no", 0))

    async def rsvp_of(self, session_id: int, author: Author) -> RsvpAnswer | None:
        values = {"session_id": session_id, **named(author)}
        answer = await self._link.scalar(_ANSWER_OF, values)
        return None if answer is None else RsvpAnswer(answer)

    async def set_rsvp(
        self, session: Session, author: Author, answer: RsvpAnswer, at: datetime
    ) -> None:
        await self._rsvp(_ANSWERED, session, author, answer, at)

    async def set_interest(self, session: Session, author: Author, at: datetime) -> bool:
        return await self._rsvp(_INTERESTED, session, author, RsvpAnswer.MAYBE, at)

    async def clear_interest(self, session: Session, author: Author) -> bool:
        values = {"session_id": session.id, **named(author)}
        return bool(await self._link.run(_CLEAR_INTEREST, values))

    async def interested(self, session_id: int, network: Network) -> set[str]:
        values = {"session_id": session_id, "network": network.value}
        return {address for (address,) in await self._link.found(_INTEREST, values, short=False)}

    async def set_text(self, reading_id: int, title: str, document: Document, at: datetime) -> None:
        values = {
            "title": title,
            "text": document.text,
            "author": document.author,
            "published": document.published,
            "notes": list(document.notes),
            "text_hash": _hash(document.text),
        }
        await self._link.run(update(readings).where(readings.c.id == reading_id).values(**values))
        of_reading = select(readings.c.session_id).where(readings.c.id == reading_id)
        changed = update(sessions).where(sessions.c.id == of_reading.scalar_subquery())
        await self._link.run(changed.values(updated_at=at))
        self._link.touched.add(Topic.SESSIONS)

    async def of_remote(self, network: Network, remote_ids: Sequence[str]) -> Mapping[str, int]:
        values = {"network": network.value, "remote_ids": json.dumps(remote_ids)}
        rows = await self._link.rows(_OF_REMOTE, values, short=is_short(remote_ids))
        return {row.remote_id: row.session_id for row in rows}

    async def _rsvp(
        self, batch: Batch, session: Session, author: Author, answer: RsvpAnswer, at: datetime
    ) -> bool:
        moment = moment_text(at)
        values = {
            "session_id": session.id,
            "person_group": session.group_id,
            **named(author),
            "answer": answer.value,
            "answered_at": moment,
            "interested": int(batch is _INTERESTED),
        }
        person = met(session.group_id, author, moment)
        return bool(await self._link.batch((MEET_ALL, [person]), (batch, [values])))

    async def _one(self, *conditions: ColumnElement[bool]) -> Session | None:
        found = await self._found(_SESSIONS.where(*conditions), short=True)
        return found[0] if found else None

    async def _found(self, statement: Select[Any], *, short: bool = False) -> list[Session]:
        return [_session(row) for row in await self._link.rows(statement, short=short)]


def _values(session: Session) -> dict[str, Any]:
    return {
        "group_id": session.group_id,
        "slug": session.slug,
        "title": session.title,
        "starts_at": session.starts_at,
        "local_time": session.local_time,
        "timezone": session.timezone,
        "duration": session.duration,
        "place": session.place,
        "topic": session.topic,
        "tags": list(session.tags),
        "status": session.status.value,
        "revision": session.revision,
        "announced_at": session.announced_at,
        "cancelled_at": session.cancelled_at,
    }


def _reading_values(session_id: int, read: Iterable[Reading]) -> Iterable[dict[str, Any]]:
    for position, reading in enumerate(read):
        yield {
            "id": reading.id or None,
            "session_id": session_id,
            "position": position,
            "title": reading.title,
            "url": reading.url,
            "text": reading.text,
            "author": reading.author,
            "published": reading.published,
            "notes": list(reading.notes),
            "text_hash": _hash(reading.text),
        }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def _reading(fields: Sequence[Any]) -> Reading:
    title, url, text, reading_id, author, published, notes, text_hash = fields
    return Reading(title, url, text, reading_id, author, published, tuple(notes), text_hash)


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        group_id=row.group_id,
        slug=row.slug,
        title=row.title,
        starts_at=row.starts_at,
        local_time=row.local_time,
        timezone=row.timezone,
        duration=row.duration,
        place=row.place,
        topic=row.topic,
        tags=tuple(row.tags),
        readings=tuple(_reading(fields) for fields in row.readings),
        status=SessionStatus(row.status),
        revision=row.revision,
        announced_at=row.announced_at,
        cancelled_at=row.cancelled_at,
    )
