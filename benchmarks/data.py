"""A data file as years of use would leave it, made in seconds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.domain.model import Group, Network
from bot.storage.store import SqliteStore

START = datetime(2020, 1, 1, 19, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Rows:
    """How much the file holds. Questions are spread over the sessions and 5,000 people."""

    questions: int = 100_000
    sessions: int = 10_000
    reminders: int = 0

    def times(self, factor: int) -> Rows:
        return Rows(self.questions * factor, self.sessions * factor, self.reminders * factor)


EMPTY = Rows(0, 0, 0)


def now() -> datetime:
    return datetime.now(UTC)


async def fill(file: Path, rows: Rows, bot: str, slug: str = "atl") -> Group:
    """Make the file with its group, and fill it. Times of reminders are a year ahead."""
    async with SqliteStore.open(file, now) as store, store.transaction() as tx:
        group = await tx.groups.ensure(Group(0, slug, "Bench", "UTC", (timedelta(days=1),)))
        await tx.groups.ensure_destination(group.id, Network.NOSTR, bot)
    with closing(sqlite3.connect(file)) as data:
        data.execute("PRAGMA synchronous = OFF")
        data.executemany(_SESSION, _sessions(rows.sessions, group.id))
        data.executemany(_PERSON, ((n, group.id, f"{n:064x}") for n in range(1, 5001)))
        data.executemany(_QUESTION, _questions(rows, group.id))
        data.executemany(_SEEN, ((f"q{n:063x}",) for n in range(rows.questions)))
        data.executemany(_REPLY, _replies(rows, group.id, bot))
        data.executemany(_REMINDER, _reminders(rows, group.id))
        data.commit()
    return group


_SESSION = """
INSERT INTO sessions (id, group_id, slug, title, starts_at, local_time, timezone, duration, place,
  topic, tags, status, revision, announced_at, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, 'UTC', 7200, 'Room 4', 'What we read.', '["nostr"]', 'announced', 1, ?,
  ?, ?)
"""
_PERSON = """
INSERT INTO people (id, group_id, network, address, name, first_seen_at)
VALUES (?, ?, 'nostr', ?, '', '2020-01-01T00:00:00.000000Z')
"""
_QUESTION = """
INSERT INTO questions (group_id, session_id, number, text, network, source_id, person_id,
  author_hash, status, asked_at, stored_at)
VALUES (?, ?, ?, ?, 'nostr', ?, ?, ?, 'open', ?, ?)
"""
_SEEN = "INSERT INTO seen VALUES ('nostr', ?, '2020-01-01T00:00:00.000000Z')"
_REPLY = """
INSERT INTO outbox (key, group_id, network, destination, kind, session_id, payload, wire, state,
  attempts, epoch, created_at, first_tried_at, sent_at, remote_id)
VALUES (?, ?, 'nostr', ?, 'reply', ?, '{}', ?, 'sent', 1, 1, ?, ?, ?, ?)
"""
_REMINDER = """
INSERT INTO reminders (group_id, session_id, offset, revision, due_at, state)
VALUES (?, ?, ?, 1, ?, 'pending')
"""


def text_of(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _sessions(count: int, group_id: int) -> Iterator[tuple[object, ...]]:
    for number in range(1, count + 1):
        starts = START + timedelta(minutes=number)
        at = text_of(starts)
        local = f"{starts:%Y-%m-%d %H:%M}"
        yield (number, group_id, f"session-{number}", f"Session {number}", at, local, at, at, at)


def _questions(rows: Rows, group_id: int) -> Iterator[tuple[object, ...]]:
    at = text_of(START)
    for number in range(rows.questions):
        session = number % rows.sessions + 1
        person = number % 5000 + 1
        text = f"Does assumption {number} of the paper hold?"
        place = number // rows.sessions + 1
        hashed = f"{person:064x}"
        yield (group_id, session, place, text, f"q{number:063x}", person, hashed, at, at)


def _replies(rows: Rows, group_id: int, bot: str) -> Iterator[tuple[object, ...]]:
    at = text_of(START)
    for number in range(rows.questions):
        session = number % rows.sessions + 1
        key = f"reply:nostr:q{number:063x}"
        yield (key, group_id, bot, session, b"x" * 700, at, at, at, f"r{number:063x}")


def _reminders(rows: Rows, group_id: int) -> Iterator[tuple[object, ...]]:
    due = text_of(now() + timedelta(days=365))
    for number in range(rows.reminders):
        session = number % max(1, rows.sessions) + 1
        yield (group_id, session, 60 * (number // max(1, rows.sessions) + 1), due)
