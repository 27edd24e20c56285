"""What is held on a person, and that forgetting leaves nothing of it but a number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.model import (
    OPERATOR,
    Author,
    Destination,
    Group,
    Holdings,
    Limits,
    Network,
    RsvpAnswer,
    Rsvps,
    Session,
    Submission,
)
from bot.services.attendance import Attendance
from bot.services.people import People, author_hash
from bot.services.questions import Questions
from bot.services.sessions import SessionPlan, Sessions
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow

SECRET = b"s" * 32
ANN = Author(Network.NOSTR, "aa" * 32, "Ann")
BEN = Author(Network.DISCORD, "22", "Ben")


@pytest.fixture
def questions(store: SqliteStore, now: FakeNow) -> Questions:
    return Questions(store, now, Limits(), SECRET)


@pytest.fixture
async def session(
    store: SqliteStore,
    sessions: Sessions,
    questions: Questions,
    group: Group,
    destination: Destination,
    now: FakeNow,
) -> Session:
    """Where both asked (Ann once without her name), Ann voted for Ben's, and both come."""
    added = await sessions.add(group, SessionPlan("Llama", "2026-12-10 19:00"), by=OPERATOR)
    session = (await sessions.announce(group, added.slug, by=OPERATOR)).session
    first = Submission(group.id, ANN, "1", "Why?", now(), session.id)
    second = replace(first, source_id="2", text="And how?", anonymous=True)
    third = replace(first, source_id="3", text="Who?", author=BEN)
    await questions.submit([first, second, third])
    await questions.vote(group, session.id, 3, ANN)
    await questions.vote(group, session.id, 1, BEN)
    attendance = Attendance(store, now)
    await attendance.answer(group, session.id, ANN, RsvpAnswer.YES)
    await attendance.answer(group, session.id, BEN, RsvpAnswer.MAYBE)
    return session


async def test_everything_on_a_person_is_counted_and_then_gone(
    store: SqliteStore, questions: Questions, session: Session
) -> None:
    people = People(store, SECRET)
    held = Holdings(questions=2, anonymous=1, votes=1, rsvps=1, names=("Ann",))
    assert await people.holdings(ANN) == held
    assert await people.forget(ANN) == held
    assert await people.holdings(ANN) == Holdings()
    assert await people.forget(ANN) == Holdings()
    board = await questions.board(session, by=OPERATOR)
    assert [(question.number, question.text, question.votes) for question in board] == [
        (3, "Who?", 0)
    ]
    async with store.read() as view:
        assert await view.sessions.rsvps(session.id) == Rsvps(maybe=1)


async def test_nobody_elses_question_gets_a_forgotten_number(
    store: SqliteStore, questions: Questions, group: Group, session: Session
) -> None:
    await People(store, SECRET).forget(BEN)
    assert (await questions.add(group, session.slug, "Mine?", by=OPERATOR)).number == 4


async def test_who_was_forgotten_may_come_back(
    store: SqliteStore, questions: Questions, group: Group, session: Session, now: FakeNow
) -> None:
    people = People(store, SECRET)
    await people.forget(ANN)
    replayed = Submission(group.id, ANN, "1", "Why?", now(), session.id)
    asked = Submission(group.id, ANN, "9", "Why?", now(), session.id)
    first, second = (await questions.submit([replayed, asked])).outcomes
    assert first.duplicate
    assert first.question is None
    assert second.question is not None
    assert await people.holdings(ANN) == Holdings(questions=1, names=("Ann",))


async def test_an_unknown_person_has_nothing(store: SqliteStore, group: Group) -> None:
    assert await People(store, SECRET).holdings(ANN) == Holdings()


def test_a_hash_tells_people_and_instances_apart() -> None:
    same = author_hash(SECRET, replace(ANN, name="other"))
    assert same == author_hash(SECRET, ANN)
    others = {
        author_hash(b"t" * 32, ANN),
        author_hash(SECRET, BEN),
        author_hash(SECRET, replace(ANN, network=Network.DISCORD)),
    }
    assert len(others | {same}) == 4
