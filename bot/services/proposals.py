"""Proposals: a change to a session as it was understood, kept until an organiser says yes.

What was shown is what is stored: a proposal holds the moment that was understood, not the words.
Nothing is changed before `accept`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.errors import InvalidSessionError, UserError
from bot.domain.model import Group, Reading, Session, SessionStatus
from bot.domain.ports import Rows
from bot.domain.text import slug_of
from bot.services import changes, find, posts
from bot.services.plans import SessionChanges, SessionPlan, changed, drafted, with_texts

_ID_BYTES = 15  # 20 characters


@dataclass(frozen=True, slots=True)
class SessionEdit:
    """``name`` is whatever `find` takes for a session."""

    name: str
    changes: SessionChanges


@dataclass(frozen=True, slots=True)
class SessionCancel:
    name: str


Change = SessionPlan | SessionEdit | SessionCancel


@dataclass(frozen=True, slots=True)
class Proposal:
    """``before`` is None for a new session; ``after`` is what was understood, and would be stored.

    ``id`` is 20 characters of the URL-safe alphabet (RFC 4648, section 5).
    """

    id: str
    before: Session | None
    after: Session


async def propose(rows: Rows, group: Group, change: Change, now: datetime) -> Proposal:
    """Check a change and keep it. Raises UnknownSessionError, InvalidSessionError."""
    before, after = await _understood(rows, group, change, now)
    proposal = Proposal(secrets.token_urlsafe(_ID_BYTES), before, after)
    await rows.proposals.add(proposal.id, group.id, _payload(proposal, now), now)
    return proposal


async def accept(rows: Rows, group: Group, proposal_id: str, now: datetime) -> changes.Announced:
    """Do what was proposed. ``posts`` are what was queued to tell members of it.

    Raises UserError when it is gone, and InvalidSessionError when its time has passed or the
    session was changed since.
    """
    payload = await rows.proposals.take(proposal_id, group.id)
    if payload is None or "kind" in json.loads(payload):
        raise UserError(
            "That was done already, or dropped, or shown more than a day ago; "
            "look at the session, and give the command again if it still needs that."
        )
    data = json.loads(payload)
    if data["session"] is None:
        return changes.Announced(await _add(rows, group, data, now), 0)
    return await _change(rows, group, data, now)


async def _understood(
    rows: Rows, group: Group, change: Change, now: datetime
) -> tuple[Session | None, Session]:
    if isinstance(change, SessionPlan):
        session = drafted(group, change, now)
        slug = await changes.free_slug(rows, group.id, slug_of(session.title))
        return None, replace(session, slug=slug)
    before = await find.find(rows, group, change.name, now, members_only=False)
    if isinstance(change, SessionEdit):
        after = changed(before, change.changes, now)
        if after == before:
            raise InvalidSessionError(
                f"“{before.title}” stands like that already; say what to change."
            )
        return before, after
    if before.status is SessionStatus.CANCELLED:
        raise InvalidSessionError(f"“{before.title}” was cancelled before; there is nothing to do.")
    return before, changes.cancelled(before, now)


async def _add(rows: Rows, group: Group, data: dict[str, Any], now: datetime) -> Session:
    fields = _fields(data)
    if fields["starts_at"] <= now:
        raise _passed(fields)
    session = Session(id=0, group_id=group.id, slug="", **fields)
    return await changes.add(rows, session, now)


async def _change(
    rows: Rows, group: Group, data: dict[str, Any], now: datetime
) -> changes.Announced:
    before = await rows.sessions.by_id(data["session"])
    if before is None or before.group_id != group.id or before.revision != data["revision"]:
        raise InvalidSessionError(
            "The session was changed since that was shown; look at it and give the command again."
        )
    if data["cancel"]:
        after = changes.cancelled(before, now)
    else:
        fields = _fields(data)
        was_ahead = fields["starts_at"] > datetime.fromisoformat(data["proposed_at"])
        if fields["starts_at"] != before.starts_at and was_ahead and fields["starts_at"] <= now:
            raise _passed(fields)
        # Meanwhile a text may have been read, which is no change of the session.
        fields["readings"] = with_texts(before.readings, fields["readings"])
        after = replace(before, **fields)
    return changes.Announced(*await posts.change(rows, group, before, after, now))


def _passed(fields: dict[str, Any]) -> InvalidSessionError:
    return InvalidSessionError(
        f"{fields['local_time']} ({fields['timezone']}) has passed since that was shown; "
        "give the command again with a time ahead."
    )


def _payload(proposal: Proposal, now: datetime) -> str:
    before, after = proposal.before, proposal.after
    data = {
        "session": None if before is None else before.id,
        "revision": 0 if before is None else before.revision,
        "cancel": after.status is SessionStatus.CANCELLED,
        "proposed_at": now.isoformat(),
        "title": after.title,
        "starts_at": after.starts_at.isoformat(),
        "local_time": after.local_time,
        "timezone": after.timezone,
        "duration": after.duration.total_seconds(),
        "place": after.place,
        "topic": after.topic,
        "tags": after.tags,
        "readings": [
            [each.title, each.url, each.text, each.id, each.author, each.published, each.notes]
            for each in after.readings
        ],
    }
    return json.dumps(data, ensure_ascii=False)


def _fields(data: dict[str, Any]) -> dict[str, Any]:
    """What of a session an organiser can say, as `_payload` wrote it."""
    return {
        "title": data["title"],
        "starts_at": datetime.fromisoformat(data["starts_at"]),
        "local_time": data["local_time"],
        "timezone": data["timezone"],
        "duration": timedelta(seconds=data["duration"]),
        "place": data["place"],
        "topic": data["topic"],
        "tags": tuple(data["tags"]),
        "readings": tuple(_reading(*reading) for reading in data["readings"]),
    }


def _reading(
    title: str,
    url: str,
    text: str,
    id: int,
    author: str = "",
    published: str = "",
    notes: Sequence[str] = (),
) -> Reading:
    """A reading from a payload; that of an earlier release ends with the id."""
    return Reading(title, url, text, id, author, published, tuple(notes))
