"""Questions: submissions from every network onto a session's board, in one transaction a batch.

This is the hot path: a batch costs a fixed number of statements, however long it is. Checks that a
network can do before it comes here (signatures, rates) are its own.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.errors import LimitError
from bot.domain.model import (
    Author,
    Delivery,
    Group,
    Limits,
    Network,
    Post,
    Question,
    Session,
    Submission,
)
from bot.domain.ports import Now, Store
from bot.domain.text import clean_text
from bot.services import find
from bot.services.batch import Batch, NewQuestion, Outcome
from bot.services.outbox import LEASE

__all__ = ["Outcome", "Questions", "Replier", "Submitted"]

_TOLD_AGAIN_AFTER = timedelta(days=1)
_REPLIES_A_TURN = 50
_TOLD_AT_MOST = 10_000  # people remembered; forgetting one costs a second answer, no more


Replier = Callable[[Outcome], Post | None]
"""Makes the answer to an accepted or refused submission, its bytes included. Pure: it is called
inside the transaction. None answers nothing."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """``outcomes`` in the order of the submissions; ``deliveries`` are claimed: send them now."""

    outcomes: tuple[Outcome, ...]
    deliveries: tuple[Delivery, ...]


class Questions:
    """The boards of all sessions. ``secret`` keys the hash that stands for an anonymous author."""

    def __init__(self, store: Store, now: Now, limits: Limits, secret: bytes) -> None:
        self._store = store
        self._now = now
        self._limits = limits
        self._secret = secret
        self._told: OrderedDict[str, datetime] = OrderedDict()

    async def submit(
        self, submissions: Sequence[Submission], reply: Replier | None = None
    ) -> Submitted:
        """Take a batch: what was seen before, stored, refused and answered commits together.

        A refusal is an outcome, not an exception, and counts as handled too.
        """
        now = self._now()
        batch = Batch(self._limits, self._secret, now)
        deliveries: Sequence[Delivery] = ()
        answered: list[Outcome] = []
        async with self._store.transaction() as tx:
            outcomes = await batch.take(tx, submissions)
            if reply is not None:
                answered = self._answered(outcomes, now)
                posts = await _replies(reply, answered)
                if posts:
                    deliveries = await tx.outbox.add_claimed(posts, now, now + LEASE)
        self._remember(answered, now)
        return Submitted(tuple(outcomes), tuple(deliveries))

    async def add(
        self, group: Group, session_name: str, text: str, source_id: str = ""
    ) -> Question:
        """Put the organiser's own question on a board, without limits; a ``source_id`` counts once.

        Raises UnknownSessionError, InvalidSubmissionError.
        """
        now = self._now()
        text = clean_text(text, self._limits.question_length)
        source_id = source_id or f"cli:{secrets.token_hex(16)}"
        async with self._store.transaction() as tx:
            if stored := await tx.questions.by_source(Network.LOCAL, [source_id]):
                return stored[0]
            session = await find.find(tx, group, session_name, now, members_only=False)
            last = (await tx.questions.last_numbers([session.id])).get(session.id, 0)
            submission = Submission(
                group_id=group.id,
                author=Author(Network.LOCAL, ""),
                source_id=source_id,
                text=text,
                submitted_at=now,
                session_id=session.id,
                anonymous=True,
            )
            await tx.questions.add([NewQuestion(submission, session.id, last + 1, "")], now)
            return (await tx.questions.by_source(Network.LOCAL, [source_id]))[0]

    async def board(self, session: Session) -> Sequence[Question]:
        """Its questions, most votes first, then in the order they came."""
        async with self._store.read() as view:
            return await view.questions.of_session(session.id)

    def _answered(self, outcomes: Iterable[Outcome], now: datetime) -> list[Outcome]:
        """All that is new; but a person is told of limits once a day: a flood gets no echo."""
        answered = []
        told: set[str] = set()
        for outcome in outcomes:
            if outcome.duplicate:
                continue
            if isinstance(outcome.error, LimitError):
                person = _person(outcome.submission)
                told_at = self._told.get(person)
                if person in told or (told_at and now - told_at < _TOLD_AGAIN_AFTER):
                    continue
                told.add(person)
            answered.append(outcome)
        return answered

    def _remember(self, answered: Iterable[Outcome], now: datetime) -> None:
        for outcome in answered:
            if isinstance(outcome.error, LimitError):
                person = _person(outcome.submission)
                self._told[person] = now
                self._told.move_to_end(person)
        while len(self._told) > _TOLD_AT_MOST:
            self._told.popitem(last=False)


async def _replies(reply: Replier, answered: Sequence[Outcome]) -> list[Post]:
    """The answers; a signature takes a tenth of a millisecond, so others get a turn in between."""
    posts = []
    for position, outcome in enumerate(answered, 1):
        post = reply(outcome)
        if post is not None:
            posts.append(post)
        if position % _REPLIES_A_TURN == 0:
            await asyncio.sleep(0)
    return posts


def _person(submission: Submission) -> str:
    return f"{submission.author.network}:{submission.author.address}"
