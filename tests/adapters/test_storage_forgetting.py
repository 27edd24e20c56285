"""What was forgotten is nowhere in the data file: in no row, and not in its free space either."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.domain.model import Author, Network, RsvpAnswer, Session
from bot.domain.ports import Rows
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow
from tests.rows import NOON, a_group, a_reply, a_session, asked

ANN = Author(Network.NOSTR, "a11a" * 16, "Annabella")
HASH = "5ec7e7" * 8
TRACES = (ANN.address, ANN.name, HASH, "My own words")


async def everything(tx: Rows, session: Session) -> None:
    """Questions with their replies (one to be sent, one sent), a vote, an answer, a help."""
    for number, anonymous in ((1, False), (2, True), (3, False)):
        new = asked(session, number, ANN.address, name=ANN.name, anonymous=anonymous)
        submission = replace(new.submission, text=f"My own words {number} " * 9)
        new = replace(new, submission=submission, author_hash=HASH)
        await tx.questions.add([new], NOON)
        reply = replace(
            a_reply(session, f"reply:nostr:{submission.source_id}"),
            wire=f"To {ANN.address}: {submission.text}".encode(),
            payload=f'{{"text": "{submission.text}"}}',
            remote_id=f"r{number}",
        )
        (delivery,) = await tx.outbox.add_claimed([reply], NOON, NOON + timedelta(minutes=1))
        if number == 1:
            await tx.outbox.mark_sent([(delivery, "")], NOON)
        if number == 2:
            await tx.outbox.mark_retry(delivery, f"refused: {submission.text}", NOON)
    board = replace(
        a_reply(session, "reply:nostr:of-somebody-else"),
        wire=f"1. My own words ({ANN.name})".encode(),
    )
    (shown,) = await tx.outbox.add_claimed([board], NOON, NOON + timedelta(minutes=1))
    await tx.outbox.mark_sent([(shown, "")], NOON)
    question = await tx.questions.by_number(session.id, 1)
    assert question is not None
    await tx.questions.vote(question, session.group_id, ANN, NOON)
    await tx.sessions.set_rsvp(session, ANN, RsvpAnswer.YES, NOON)
    await tx.people.set_helped(session.group_id, ANN, NOON)


def traces(path: Path) -> tuple[set[str], set[str]]:
    """Which traces of the person stand in its rows, and which in its bytes."""
    with closing(sqlite3.connect(path)) as file:
        dump = "\n".join(file.iterdump())
        wires = b"\n".join(row[0] or b"" for row in file.execute("SELECT wire FROM outbox"))
    rows, raw = dump.encode() + wires, path.read_bytes()
    return (
        {trace for trace in TRACES if trace.encode() in rows},
        {trace for trace in TRACES if trace.encode() in raw},
    )


async def test_nothing_of_a_forgotten_person_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "readalong.db"
    async with SqliteStore.open(path, FakeNow(NOON)) as store, store.transaction() as tx:
        group = await a_group(tx)
        session = await tx.sessions.add(a_session(group.id), NOON)
        await everything(tx, session)
    assert traces(path) == (set(TRACES), set(TRACES))
    async with SqliteStore.open(path, FakeNow(NOON)) as store, store.transaction() as tx:
        await tx.people.forget(ANN, HASH)
    assert traces(path) == (set(), set())


async def test_free_space_is_overwritten_however_sqlite_was_built(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path / "readalong.db", FakeNow(NOON)) as store:
        _, driver = await store._database._open_writer()
        assert await driver.pragma("secure_delete") == 1
