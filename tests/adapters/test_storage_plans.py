"""Queries stay quick however much the file holds: each hot one is a search by an index."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.model import (
    Author,
    Delivery,
    Network,
    OutboxState,
    PostKind,
    Prepared,
    Question,
    QuestionStatus,
    RsvpAnswer,
    Session,
)
from bot.domain.ports import Rows
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow
from tests.rows import NOON, a_group, a_post, a_reply, a_session, asked

NOSTR = Network.NOSTR
LEASE = NOON + timedelta(minutes=1)
DAN = Author(Network.DISCORD, "1234", "Dan")
QUESTION = Question(1, 1, 1, "Why?", NOSTR, "x", NOON)

HOT: dict[str, Callable[[Rows, Session, Delivery], Awaitable[object]]] = {
    "next session": lambda tx, s, d: tx.sessions.starting_after(s.group_id, NOON, 1),
    "last sessions": lambda tx, s, d: tx.sessions.starting_before(s.group_id, NOON, 3),
    "session": lambda tx, s, d: tx.sessions.by_id(s.id),
    "session by slug": lambda tx, s, d: tx.sessions.by_slug(s.group_id, s.slug),
    "sessions by prefix": lambda tx, s, d: tx.sessions.by_slug_prefix(s.group_id, "a"),
    "list of sessions": lambda tx, s, d: tx.sessions.all(s.group_id, 20),
    "session of a post": lambda tx, s, d: tx.sessions.of_remote(NOSTR, ["x"]),
    "board": lambda tx, s, d: tx.questions.of_session(s.id),
    "questions by source": lambda tx, s, d: tx.questions.by_source(NOSTR, ["x"]),
    "last numbers": lambda tx, s, d: tx.questions.last_numbers([s.id]),
    "counts": lambda tx, s, d: tx.questions.counts([s.id]),
    "counts by author": lambda tx, s, d: tx.questions.counts_by_author([(s.id, "x")]),
    "already asked": lambda tx, s, d: tx.questions.already_asked([(s.id, "x", "Why?")]),
    "people known": lambda tx, s, d: tx.people.known(NOSTR, ["x"], NOON),
    "person helped": lambda tx, s, d: tx.people.helped_at(s.group_id, Author(NOSTR, "x")),
    "seen": lambda tx, s, d: tx.seen.which(NOSTR, ["x"]),
    "summaries": lambda tx, s, d: tx.summaries.current(s.id),
    "due reminders": lambda tx, s, d: tx.reminders.due(NOON, 100),
    "next reminder": lambda tx, s, d: tx.reminders.next_due_at(),
    "reminders of a session": lambda tx, s, d: tx.reminders.of_session(s.id),
    "skip reminders": lambda tx, s, d: tx.reminders.skip_pending(s.id, NOON),
    "claim": lambda tx, s, d: tx.outbox.claim(NOSTR, NOON, LEASE, 10),
    "next post": lambda tx, s, d: tx.outbox.next_due_at(NOSTR),
    "thread": lambda tx, s, d: tx.outbox.thread_of(a_post(s, "x", PostKind.CALENDAR)),
    "thread of a profile": lambda tx, s, d: tx.outbox.thread_of(
        replace(a_post(s, "x", PostKind.PROFILE), session_id=None)
    ),
    "set wire": lambda tx, s, d: tx.outbox.set_wire([(d, Prepared(b"x", "x"))], NOON),
    "mark sent": lambda tx, s, d: tx.outbox.mark_sent([(d, "x")], NOON),
    "mark retry": lambda tx, s, d: tx.outbox.mark_retry(d, "x", NOON),
    "mark ended": lambda tx, s, d: tx.outbox.mark_ended(d, OutboxState.FAILED, "x", NOON),
    "supersede": lambda tx, s, d: tx.outbox.supersede(s.id, [PostKind.CALENDAR], "x"),
    "revive": lambda tx, s, d: tx.outbox.revive([a_post(s, "x")], NOON),
    "release": lambda tx, s, d: tx.outbox.release(NOSTR, [d]),
    "release all": lambda tx, s, d: tx.outbox.release(NOSTR),
    "count": lambda tx, s, d: tx.outbox.count(NOSTR),
    "sent": lambda tx, s, d: tx.outbox.sent(s.id, NOSTR, PostKind.ANNOUNCEMENT),
    "posts by remote id": lambda tx, s, d: tx.outbox.by_remote(NOSTR, ["x"]),
    "whole board": lambda tx, s, d: tx.questions.of_session(s.id, hidden=True),
    "question by number": lambda tx, s, d: tx.questions.by_number(s.id, 1),
    "questions by reply": lambda tx, s, d: tx.questions.by_reply(NOSTR, ["x"]),
    "vote": lambda tx, s, d: tx.questions.vote(QUESTION, s.group_id, DAN, NOON),
    "unvote": lambda tx, s, d: tx.questions.unvote(QUESTION, DAN),
    "voted": lambda tx, s, d: tx.questions.voted(s.id, DAN),
    "status": lambda tx, s, d: tx.questions.set_status(QUESTION, QuestionStatus.HIDDEN),
    "merge": lambda tx, s, d: tx.questions.merge(replace(QUESTION, id=2), QUESTION, NOON),
    "RSVPs": lambda tx, s, d: tx.sessions.rsvps(s.id),
    "RSVP of a person": lambda tx, s, d: tx.sessions.rsvp_of(s.id, DAN),
    "RSVP": lambda tx, s, d: tx.sessions.set_rsvp(s, DAN, RsvpAnswer.YES, NOON),
    "interest": lambda tx, s, d: tx.sessions.set_interest(s, DAN, NOON),
    "no interest": lambda tx, s, d: tx.sessions.clear_interest(s, DAN),
    "guild": lambda tx, s, d: tx.groups.guild("100"),
    "guilds": lambda tx, s, d: tx.groups.guilds(s.group_id),
    "set up": lambda tx, s, d: tx.groups.set_up_at(s.group_id),
    "proposal": lambda tx, s, d: tx.proposals.take("x", s.group_id),
    "setting": lambda tx, s, d: tx.settings.get("x"),
    "add claimed": lambda tx, s, d: tx.outbox.add_claimed([a_reply(s, "y")], NOON, LEASE),
}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with SqliteStore.open(tmp_path / "readalong.db", FakeNow(NOON)) as store:
        yield store


@pytest.mark.parametrize("name", HOT)
async def test_a_hot_query_searches_and_never_scans(
    store: SqliteStore, tmp_path: Path, name: str
) -> None:
    async with store.transaction() as tx:
        group = await a_group(tx)
        session = await tx.sessions.add(a_session(group.id), NOON)
        (delivery,) = await tx.outbox.add_claimed([a_reply(session, "d")], NOON, LEASE)
        await tx.questions.add([asked(session, 1), asked(session, 2)], NOON)
    _, driver = await store._database._open_writer()
    said: list[str] = []
    async with store.transaction() as tx:
        await tx.cursors.all()
        driver._conn.set_trace_callback(said.append)
        await HOT[name](tx, session, delivery)
        driver._conn.set_trace_callback(None)
    statements = [sql for sql in said if not sql.startswith("--")]
    assert statements, "the query was seen"
    with closing(sqlite3.connect(tmp_path / "readalong.db")) as other:
        for sql in statements:
            plan = [row[3] for row in other.execute(f"EXPLAIN QUERY PLAN {sql}")]
            assert [step for step in plan if _scans_a_table(step)] == [], sql


def _scans_a_table(step: str) -> bool:
    # json_each and subqueries are lists that the caller brought or that an index cut short; the
    # first row of an index that holds only what is pending is no scan either.
    harmless = (
        r"json_each|anon_\d|\(|CONSTANT|reminders USING (COVERING )?INDEX ix_reminders_pending"
    )
    return re.match(rf"SCAN (?!{harmless})", step) is not None


@pytest.mark.slow
async def test_a_large_file_opens_as_fast_as_an_empty_one(tmp_path: Path) -> None:
    empty, large = tmp_path / "empty.db", tmp_path / "large.db"
    async with (
        SqliteStore.open(empty, FakeNow(NOON)),
        SqliteStore.open(large, FakeNow(NOON)) as store,
        store.transaction() as tx,
    ):
        group = await a_group(tx)
        session = await tx.sessions.add(a_session(group.id), NOON)
    with closing(sqlite3.connect(large)) as file, file:
        file.execute(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100000) "
            "INSERT INTO questions SELECT n, ?, ?, n, 'Why?', 'nostr', hex(n), NULL, hex(n), "
            "'open', 'now', 'now', NULL FROM n",
            (group.id, session.id),
        )
    assert await _open_time(large) < 2 * await _open_time(empty) + 0.005


async def _open_time(path: Path) -> float:
    """The best of a few, in seconds: what the file costs, not what the machine does meanwhile."""
    times = []
    for _ in range(9):
        began = time.perf_counter()
        async with SqliteStore.open(path, FakeNow(NOON)):
            times.append(time.perf_counter() - began)
    return min(times)
