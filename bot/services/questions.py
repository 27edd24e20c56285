"""Questions: submissions from every network onto a session's board, votes for them, moderation.

Submissions are the hot path: a batch is one transaction and costs a fixed number of statements,
however long it is. Checks that a network can do before it comes here (signatures, rates) are its
own; which question is meant and what a vote does is `boards`'.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from bot.domain.errors import LimitError, UnknownQuestionError, UnknownSessionError
from bot.domain.model import (
    Author,
    Caller,
    Delivery,
    Group,
    Limits,
    Network,
    Post,
    Question,
    QuestionStatus,
    Session,
    Submission,
)
from bot.domain.ports import Now, Store
from bot.domain.text import clean_text
from bot.services import boards, find
from bot.services.batch import Batch, Outcome, put
from bot.services.boards import Ballot, Cast, LastWords, Voted
from bot.services.gathering import Gathering
from bot.services.memory import Memory
from bot.services.outbox import LEASE
from bot.services.rights import known_organiser, require_organiser
from bot.services.toggles import Press, Toggles

__all__ = ["Ballot", "Cast", "Outcome", "Questions", "Replier", "Submitted", "Teller", "Voted"]

_TOLD_AGAIN_AFTER = timedelta(days=1)
_REPLIES_A_TURN = 50
_TOLD_AT_MOST = 10_000  # people remembered; forgetting one costs a second answer, no more


Replier = Callable[[Outcome], Post | None]
"""Makes the answer to an accepted or refused submission, its bytes included. Pure: it is called
inside the transaction. None answers nothing."""

Teller = Callable[[Cast], Post | None]
"""The same for a ballot."""

_Told = TypeVar("_Told")


@dataclass(frozen=True, slots=True)
class Submitted:
    """``outcomes`` in the order of the submissions; ``deliveries`` are claimed: send them now."""

    outcomes: tuple[Outcome, ...]
    deliveries: tuple[Delivery, ...]


class Questions:
    """The boards of all sessions. ``secret`` keys the hash that stands for an anonymous author."""

    def __init__(self, store: Store, now: Now, limits: Limits, secret: bytes) -> None:
        self._store = store
        self._memory = Memory(store)
        self._now = now
        self._limits = limits
        self._secret = secret
        self._told: OrderedDict[str, datetime] = OrderedDict()
        self._last_words = LastWords()
        self._toggles = Toggles(store, now)
        self._asked: Gathering[Submission, Outcome] = Gathering(self._take)

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

    async def submit_one(self, submission: Submission) -> Outcome:
        """Take one, together with those that come at the same time."""
        return await self._asked(submission)

    async def _take(self, submissions: Sequence[Submission]) -> Sequence[Outcome]:
        return (await self.submit(submissions)).outcomes

    async def add(
        self, group: Group, session_name: str, text: str, source_id: str = "", *, by: Caller
    ) -> Question:
        """Put the organiser's own question on a board, without limits; a ``source_id`` counts once.

        Raises NotPermittedError, UnknownSessionError, InvalidSubmissionError.
        """
        now = self._now()
        text = clean_text(text, self._limits.question_length)
        source_id = source_id or f"cli:{secrets.token_hex(16)}"
        async with self._store.transaction() as tx:
            await require_organiser(tx, group, by)
            if stored := await tx.questions.by_source(Network.LOCAL, [source_id]):
                return stored[0]
            session = await find.find(tx, group, session_name, now, members_only=False)
            return await put(tx, session, text, source_id, now)

    async def board(self, session: Session, *, by: Caller | None = None) -> Sequence[Question]:
        """Its questions, most votes first, then in the order they came; an organiser's has the
        hidden ones, too. It is shared by all who see the same: nobody may change it."""
        hidden = by is not None and await known_organiser(self._memory, session.group_id, by)
        return await self._memory.get(
            ("board", session.id, hidden),
            lambda view: view.questions.of_session(session.id, hidden=hidden),
        )

    async def vote(
        self, group: Group, session_id: int, number: int, voter: Author, *, up: bool = True
    ) -> Voted:
        """Vote for a question, or take the vote back; twice is once.

        Raises UnknownSessionError, also for another group's, and UnknownQuestionError.
        """
        now = self._now()
        async with self._store.transaction() as tx:
            session = await find.by_id(tx, group, session_id, now)
            question = await boards.shown(tx, session, number)
            return await boards.vote(tx, session, question, voter, now, up=up)

    async def toggle_vote(self, group: Group, session_id: int, number: int, voter: Author) -> Voted:
        """Vote for a question, or take it back where it stands. Raises what ``vote`` raises."""
        session = await self._session(group, session_id, self._now())
        return await self._toggles.toggle(Press(session, number, voter))

    async def voted(self, session: Session, voter: Author) -> set[int]:
        """The numbers of the questions that this person votes for."""
        async with self._store.read() as view:
            return await view.questions.voted(session.id, voter)

    async def _session(self, group: Group, session_id: int, now: datetime) -> Session:
        """As members see it. Raises UnknownSessionError."""
        known = await self._memory.get(
            ("session", session_id), lambda view: view.sessions.by_id(session_id)
        )
        if known is not None and known.group_id == group.id and find.is_visible(known, now):
            return known
        async with self._store.read() as view:  # which says what there is
            return await find.by_id(view, group, session_id, now)

    async def cast(
        self, group: Group, ballots: Sequence[Ballot], reply: Teller
    ) -> Sequence[Delivery]:
        """Take votes as a network brought them: each counts once, and commits with its answer.

        What was handled before, or was said before a word that is known already, changes nothing
        and gets no answer. The deliveries are claimed: send them now.
        """
        now = self._now()
        async with self._store.transaction() as tx:
            casts = await boards.cast(tx, group, ballots, self._last_words, now)
            posts = await _replies(reply, casts)
            return await tx.outbox.add_claimed(posts, now, now + LEASE) if posts else ()

    async def react(
        self,
        network: Network,
        remote_id: str,
        group: Group,
        voter: Author,
        *,
        up: bool,
        source_id: str = "",
        at: datetime | None = None,
    ) -> Voted | None:
        """A reaction to our answer to a question, which is a vote for it; None where it is about
        nothing that one can vote for. ``source_id`` and ``at`` are as in a ballot."""
        async with self._store.read() as view:
            if not await view.questions.by_reply(network, [remote_id]):
                return None  # most reactions; they cost no transaction
        now = self._now()
        async with self._store.transaction() as tx:
            asked = (await tx.questions.by_reply(network, [remote_id])).get(remote_id)
            if asked is None or (source_id and not await tx.seen.add(network, [source_id], now)):
                return None
            try:
                session = await find.by_id(tx, group, asked.session_id, now)
                question = await boards.shown(tx, session, asked.number)
            except (UnknownSessionError, UnknownQuestionError):
                return None
            if not self._last_words.take(voter, question, at or now):
                return None
            return await boards.vote(tx, session, question, voter, now, up=up)

    async def hide(self, group: Group, session_id: int, number: int, *, by: Caller) -> Question:
        """Take a question off the members' board; it keeps its votes.

        Raises NotPermittedError, UnknownSessionError, UnknownQuestionError, UserError when it was
        merged; so do ``reopen`` and ``answered``.
        """
        return await self._set_status(group, session_id, number, QuestionStatus.HIDDEN, by)

    async def reopen(self, group: Group, session_id: int, number: int, *, by: Caller) -> Question:
        """Put a hidden or answered question back."""
        return await self._set_status(group, session_id, number, QuestionStatus.OPEN, by)

    async def answered(self, group: Group, session_id: int, number: int, *, by: Caller) -> Question:
        """Mark a question as answered; members still see it."""
        return await self._set_status(group, session_id, number, QuestionStatus.ANSWERED, by)

    async def merge(
        self, group: Group, session_id: int, number: int, into: int, *, by: Caller
    ) -> Question:
        """Let a question go into another one of its session, with its votes; returns that one.

        Raises NotPermittedError, UnknownSessionError, UnknownQuestionError, and UserError where it
        went into a third one before.
        """
        now = self._now()
        async with self._store.transaction() as tx:
            await require_organiser(tx, group, by)
            session, question = await boards.moderated(tx, group, session_id, number)
            return await boards.merge(tx, session, question, into, now)

    async def _set_status(
        self, group: Group, session_id: int, number: int, status: QuestionStatus, by: Caller
    ) -> Question:
        async with self._store.transaction() as tx:
            await require_organiser(tx, group, by)
            _, question = await boards.moderated(tx, group, session_id, number)
            return await boards.set_status(tx, question, status)

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


async def _replies(reply: Callable[[_Told], Post | None], answered: Sequence[_Told]) -> list[Post]:
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
