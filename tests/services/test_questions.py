"""Submissions in batches: stored once, answered once, and within the limits whatever comes."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.errors import (
    InvalidSubmissionError,
    LimitError,
    NoUpcomingSessionError,
    UnknownSessionError,
)
from bot.domain.model import (
    OPERATOR,
    Author,
    Destination,
    Group,
    Limits,
    Network,
    OutboxState,
    Post,
    PostKind,
    Question,
    Session,
    Submission,
)
from bot.domain.ports import Rows, Topic
from bot.services.questions import Outcome, Questions
from bot.services.sessions import SessionPlan, Sessions
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow

SECRET = b"s" * 32
DAY = timedelta(days=1)
Ask = Callable[..., Submission]


@pytest.fixture
def questions(store: SqliteStore, now: FakeNow) -> Questions:
    return Questions(store, now, Limits(), SECRET)


@pytest.fixture
async def session(sessions: Sessions, group: Group, destination: Destination) -> Session:
    added = await sessions.add(group, SessionPlan("Llama", "2026-12-10 19:00"), by=OPERATOR)
    return (await sessions.announce(group, added.slug, by=OPERATOR)).session


@pytest.fixture
def ask(group: Group, now: FakeNow) -> Ask:
    numbers = itertools.count(1)

    def ask(
        text: str = "", by: str = "ann", *, source: str = "", session_id: int | None = None
    ) -> Submission:
        number = next(numbers)
        return Submission(
            group_id=group.id,
            author=Author(Network.NOSTR, by, by.title()),
            source_id=source or f"event-{number}",
            text=text or f"Why, for the {number}th time?",
            submitted_at=now(),
            session_id=session_id,
        )

    return ask


def reply(outcome: Outcome) -> Post:
    """What the Nostr side makes of an outcome, with bytes."""
    submission = outcome.submission
    said = str(outcome.error) if outcome.error else f"Question {_question(outcome).number}"
    return Post(
        key=f"reply:nostr:{submission.source_id}",
        group_id=submission.group_id,
        network=Network.NOSTR,
        destination="aa" * 32,
        kind=PostKind.REPLY,
        payload="{}",
        session_id=outcome.session.id if outcome.session else None,
        wire=said.encode(),
        remote_id=f"reply-{submission.source_id}",
    )


def _question(outcome: Outcome) -> Question:
    assert outcome.question is not None, outcome
    return outcome.question


def numbers(outcomes: Sequence[Outcome]) -> list[int | None]:
    return [outcome.question.number if outcome.question else None for outcome in outcomes]


async def test_a_question_is_stored_for_the_next_session_and_answered(
    questions: Questions, session: Session, ask: Ask, store: SqliteStore, now: FakeNow
) -> None:
    submitted = await questions.submit([ask("  Why\u202e open? ")], reply)
    outcome = submitted.outcomes[0]
    assert (outcome.session, outcome.error, outcome.duplicate) == (session, None, False)
    stored = (await questions.board(session))[0]
    assert stored.text == "Why open?"
    assert stored.author == Author(Network.NOSTR, "ann", "Ann")
    assert _question(outcome) == replace(stored, id=0)
    delivery = submitted.deliveries[0]
    assert (delivery.post.wire, delivery.epoch) == (b"Question 1", 1)
    assert delivery.lease_until > now()
    async with store.read() as view:
        assert (await view.outbox.count(Network.NOSTR))[OutboxState.SENDING] == 1


async def test_numbers_follow_the_order_of_the_batch(
    questions: Questions, session: Session, ask: Ask
) -> None:
    first = await questions.submit([ask(by=f"p{n}") for n in range(3)])
    second = await questions.submit([ask(by=f"q{n}") for n in range(2)])
    assert numbers(first.outcomes + second.outcomes) == [1, 2, 3, 4, 5]
    assert first.deliveries == ()


async def test_a_replay_stores_and_answers_nothing(
    questions: Questions, session: Session, ask: Ask
) -> None:
    one = ask(source="e1")
    first = await questions.submit([one, one], reply)
    assert [outcome.duplicate for outcome in first.outcomes] == [False, True]
    again = await questions.submit([one], reply)
    assert again.outcomes[0].duplicate
    assert _question(again.outcomes[0]).number == 1
    assert again.deliveries == ()
    assert len(await questions.board(session)) == 1


async def test_a_refusal_is_handled_too(questions: Questions, session: Session, ask: Ask) -> None:
    long = ask("x" * 1001)
    first = await questions.submit([long], reply)
    assert isinstance(first.outcomes[0].error, InvalidSubmissionError)
    assert b"1000 characters" in (first.deliveries[0].post.wire or b"")
    again = await questions.submit([long], reply)
    assert (again.outcomes[0].duplicate, again.outcomes[0].question) == (True, None)


async def test_without_a_session_the_person_is_told(
    questions: Questions, group: Group, destination: Destination, ask: Ask
) -> None:
    submitted = await questions.submit([ask(), ask()], reply)
    assert all(isinstance(o.error, NoUpcomingSessionError) for o in submitted.outcomes)
    assert len(submitted.deliveries) == 2


async def test_an_answer_to_a_sessions_post_is_for_that_session(
    questions: Questions,
    sessions: Sessions,
    session: Session,
    group: Group,
    ask: Ask,
    store: SqliteStore,
) -> None:
    later = await sessions.add(group, SessionPlan("Alpaca", "2026-12-20 19:00"), by=OPERATOR)
    hidden = await sessions.add(group, SessionPlan("Hidden", "2026-12-21 19:00"), by=OPERATOR)
    await sessions.announce(group, later.slug, by=OPERATOR)
    async with store.transaction() as tx:
        other = await tx.groups.ensure(replace(group, slug="bos", name="Boston"))
    submitted = await questions.submit(
        [
            ask(session_id=later.id, by="a"),
            ask(session_id=hidden.id, by="b"),
            ask(session_id=9999, by="c"),
            replace(ask(session_id=later.id, by="d"), group_id=other.id),
            ask(by="e"),
        ]
    )
    at = [outcome.session.slug if outcome.session else None for outcome in submitted.outcomes]
    assert at == ["alpaca", "llama", "llama", None, "llama"]
    assert numbers(submitted.outcomes) == [1, 1, 2, None, 3]


async def test_an_anonymous_question_keeps_no_author(
    questions: Questions, session: Session, ask: Ask, store: SqliteStore, now: FakeNow
) -> None:
    submitted = await questions.submit([replace(ask(), anonymous=True)])
    assert _question(submitted.outcomes[0]).author is None
    assert (await questions.board(session))[0].author is None
    now.advance(DAY)
    async with store.read() as view:
        assert await view.people.known(Network.NOSTR, ["ann"], now()) == set()


async def test_one_person_may_ask_so_many_and_not_more_even_anonymously(
    questions: Questions, session: Session, ask: Ask
) -> None:
    first = await questions.submit([ask() for _ in range(4)])
    second = await questions.submit([replace(ask(), anonymous=True) for _ in range(3)], reply)
    assert numbers(first.outcomes + second.outcomes) == [1, 2, 3, 4, 5, None, None]
    assert isinstance(second.outcomes[-1].error, LimitError)
    assert numbers((await questions.submit([ask(by="bob")])).outcomes) == [6]


async def test_a_limit_is_told_once_a_day(
    questions: Questions, session: Session, ask: Ask, now: FakeNow
) -> None:
    await questions.submit([ask() for _ in range(5)])
    assert len((await questions.submit([ask(), ask()], reply)).deliveries) == 1
    assert len((await questions.submit([ask()], reply)).deliveries) == 0
    now.advance(DAY)
    assert len((await questions.submit([ask()], reply)).deliveries) == 1


async def test_the_same_text_again_names_the_question_it_is(
    questions: Questions, session: Session, ask: Ask
) -> None:
    submitted = await questions.submit([ask("Why?"), ask("Why?"), ask("Why?", by="bob")])
    again = await questions.submit([ask(" Why? ")])
    assert numbers(submitted.outcomes) == [1, None, 2]
    for outcome in (submitted.outcomes[1], again.outcomes[0]):
        assert "question 1 of “Llama”" in str(outcome.error)


async def test_a_flood_of_strangers_leaves_room_for_those_we_know(
    store: SqliteStore, session: Session, ask: Ask, now: FakeNow
) -> None:  # 62
    questions = Questions(store, now, Limits(questions_per_session=40), SECRET)
    await questions.submit([ask(by="member")])
    now.advance(timedelta(hours=2))
    flood = await questions.submit([ask(by=f"bot{n}") for n in range(100)], reply)
    assert len([number for number in numbers(flood.outcomes) if number]) == 29
    more = await questions.submit([ask(by="bot1"), ask(by="member"), ask(by="bot200")])
    assert numbers(more.outcomes) == [None, 31, None]
    assert "newcomers" in str(more.outcomes[0].error)


async def test_a_full_board_takes_nobody(
    store: SqliteStore, session: Session, ask: Ask, now: FakeNow
) -> None:
    limits = Limits(questions_per_session=4, questions_per_person=10)
    questions = Questions(store, now, limits, SECRET)
    await questions.submit([ask()])
    now.advance(timedelta(hours=2))
    outcomes = (await questions.submit([ask() for _ in range(4)])).outcomes
    assert numbers(outcomes) == [2, 3, 4, None]
    assert "full" in str(outcomes[-1].error)


async def test_a_name_is_cleaned_too(questions: Questions, session: Session, ask: Ask) -> None:
    submission = replace(ask(), author=Author(Network.NOSTR, "ann", "A\u202ennn\n\x00"))
    await questions.submit([submission])
    author = (await questions.board(session))[0].author
    assert author is not None
    assert author.name == "Annn"


async def test_nothing_of_a_batch_is_stored_when_the_reply_cant_be_made(
    questions: Questions, session: Session, ask: Ask
) -> None:
    def broken(outcome: Outcome) -> Post:
        raise RuntimeError("no key")

    one = ask()
    with pytest.raises(RuntimeError):
        await questions.submit([one], broken)
    assert await questions.board(session) == []
    assert not (await questions.submit([one], lambda outcome: None)).outcomes[0].duplicate


async def test_an_empty_batch_is_nothing(questions: Questions) -> None:
    assert (await questions.submit([], reply)).outcomes == ()


async def test_the_organiser_adds_a_question_without_limits(
    store: SqliteStore, session: Session, group: Group, now: FakeNow
) -> None:
    questions = Questions(store, now, Limits(questions_per_session=1), SECRET)
    first = await questions.add(group, "llama", "Why?", by=OPERATOR)
    second = await questions.add(group, "", "Why?", "mine", by=OPERATOR)
    assert (first.number, second.number, first.author) == (1, 2, None)
    assert await questions.add(group, "llama", "Other words", "mine", by=OPERATOR) == second
    assert [question.id for question in await questions.board(session)] == [first.id, second.id]
    with pytest.raises(UnknownSessionError):
        await questions.add(group, "nothing", "Why?", by=OPERATOR)
    with pytest.raises(InvalidSubmissionError):
        await questions.add(group, "llama", " ", by=OPERATOR)


class Counted:
    """Rows, or a table of them, that count the calls of their methods."""

    def __init__(self, inner: object, counter: Counter[str]) -> None:
        self._inner = inner
        self._counter = counter

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return Counted(found, self._counter)
        self._counter[name] += 1
        return found


class CountingStore:
    """A store that counts what is asked of its rows."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.calls: Counter[str] = Counter()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        async with self._store.transaction() as tx:
            yield Counted(tx, self.calls)

    def read(self) -> AbstractAsyncContextManager[Rows]:
        return self._store.read()

    def on_commit(self, topic: Topic, callback: Callable[[], None]) -> None:
        self._store.on_commit(topic, callback)

    def version(self) -> object:
        return self._store.version()


async def test_a_batch_costs_the_same_queries_whatever_its_length(
    session: Session, ask: Ask, store: SqliteStore, now: FakeNow
) -> None:
    costs = []
    for size in (10, 300):
        counting = CountingStore(store)
        questions = Questions(counting, now, Limits(), SECRET)
        submitted = await questions.submit([ask(by=f"{size}-{n // 2}") for n in range(size)], reply)
        assert len(submitted.deliveries) >= size // 2
        costs.append(sum(counting.calls.values()))
    assert costs[0] <= costs[1] <= 10


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    batches=st.lists(
        st.lists(
            st.tuples(
                st.sampled_from("abcdef"),
                st.text(max_size=30),
                st.sampled_from([None, 1, 2, 77]),
                st.booleans(),
            ),
            max_size=8,
        ),
        max_size=4,
    )
)
async def test_whatever_comes_the_board_stays_whole(
    questions: Questions,
    session: Session,
    group: Group,
    now: FakeNow,
    batches: list[list[tuple[str, str, int | None, bool]]],
) -> None:
    before = len(await questions.board(session))
    accepted = 0
    for batch in batches:
        submissions = [
            Submission(
                group.id, Author(Network.NOSTR, who), f"{who}:{text.encode('utf-8', 'replace')!r}",
                text, now(), to, anonymous,
            )
            for who, text, to, anonymous in batch
        ]  # fmt: skip
        submitted = await questions.submit(submissions, reply)
        assert len(submitted.outcomes) == len(batch)
        for outcome in submitted.outcomes:
            assert outcome.duplicate or (outcome.question is None) != (outcome.error is None)
        accepted += sum(o.question is not None and not o.duplicate for o in submitted.outcomes)
    board = await questions.board(session)
    assert len(board) == before + accepted
    assert [question.number for question in board] == list(range(1, len(board) + 1))
