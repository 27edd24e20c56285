"""Boards: which question of a session is meant, whose vote it has, and whether it is shown.

The rules of voting and moderation, on the caller's transaction. Submissions are the batch's; who
may moderate is asked for before it comes here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.errors import UnknownQuestionError, UnknownSessionError, UserError
from bot.domain.model import Author, Group, Question, QuestionStatus, Session
from bot.domain.ports import Rows
from bot.services import find
from bot.services.people import presentable

SHOWN = frozenset({QuestionStatus.OPEN, QuestionStatus.ANSWERED})

_NUMBERS_END = 1 << 31
_VOTES_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Ballot:
    """A person's word on a question, as their network brought it at ``at``.

    ``source_id`` names it on the network for ever, and counts once. ``session`` is a session's name
    as typed; without one ``session_id`` is meant, or else the next session.
    """

    voter: Author
    source_id: str
    at: datetime
    number: int
    up: bool = True
    session: str = ""
    session_id: int | None = None


@dataclass(frozen=True, slots=True)
class Voted:
    """``question`` has its votes as they are now; it may not be the number that was said, when that
    one was merged. ``changed`` is False when the vote stood (or was missing) before. ``numbers``
    are the questions that the person votes for now, where a vote was toggled."""

    session: Session
    question: Question
    changed: bool
    up: bool
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Cast:
    """What became of one ballot; an error has its sentence for the person."""

    ballot: Ballot
    became: Voted | UserError


class LastWords:
    """When each person last spoke of each question, as far as this process remembers.

    A network may bring what it had stored in any order: of a vote and its taking back, the one that
    was said later counts.
    """

    def __init__(self, room: int = _VOTES_REMEMBERED) -> None:
        self._room = room
        self._said_at: OrderedDict[tuple[str, str, int], datetime] = OrderedDict()

    def take(self, voter: Author, question: Question, at: datetime) -> bool:
        """Whether nothing later is known; then this is remembered."""
        key = (voter.network.value, voter.address, question.id)
        known = self._said_at.get(key)
        if known is not None and at < known:
            return False
        self._said_at[key] = at
        self._said_at.move_to_end(key)
        if len(self._said_at) > self._room:
            self._said_at.popitem(last=False)
        return True


async def shown(rows: Rows, session: Session, number: int) -> Question:
    """The question that members see under that number; of a merged one, that which it went into.

    Raises UnknownQuestionError.
    """
    question = await _of_number(rows, session, number)
    while question is not None and question.merged_into is not None:
        question = await _of_number(rows, session, question.merged_into)
    if question is None or question.status not in SHOWN:
        raise UnknownQuestionError(number, session.title)
    return question


async def vote(
    rows: Rows, session: Session, question: Question, voter: Author, at: datetime, *, up: bool
) -> Voted:
    """One a person: twice is once, and so is taking it back."""
    if up:
        changed = await rows.questions.vote(question, session.group_id, presentable(voter), at)
    else:
        changed = await rows.questions.unvote(question, voter)
    votes = question.votes + (1 if up else -1) * changed
    return Voted(session, replace(question, votes=votes), changed, up)


async def cast(
    rows: Rows, group: Group, ballots: Sequence[Ballot], last_words: LastWords, now: datetime
) -> list[Cast]:
    """Take them in the order they were said; those that count no more are left out."""
    casts = []
    for ballot in sorted(ballots, key=lambda each: each.at):
        if await rows.seen.add(ballot.voter.network, [ballot.source_id], now):
            one = await _cast_one(rows, group, ballot, last_words, now)
            casts += [] if one is None else [one]
    return casts


async def _cast_one(
    rows: Rows, group: Group, ballot: Ballot, last_words: LastWords, now: datetime
) -> Cast | None:
    try:
        session = await _meant(rows, group, ballot, now)
        question = await shown(rows, session, ballot.number)
    except UserError as error:
        return Cast(ballot, error)
    if not last_words.take(ballot.voter, question, ballot.at):
        return None
    return Cast(ballot, await vote(rows, session, question, ballot.voter, now, up=ballot.up))


async def _meant(rows: Rows, group: Group, ballot: Ballot, now: datetime) -> Session:
    if not ballot.session and ballot.session_id is not None:
        return await find.by_id(rows, group, ballot.session_id, now)
    return await find.find(rows, group, ballot.session, now)


async def moderated(
    rows: Rows, group: Group, session_id: int, number: int
) -> tuple[Session, Question]:
    """A question as organisers know it, hidden and merged ones too, of whichever session.

    Raises UnknownSessionError, UnknownQuestionError.
    """
    session = await rows.sessions.by_id(session_id)
    if session is None or session.group_id != group.id:
        raise UnknownSessionError("")
    question = await _of_number(rows, session, number)
    if question is None or question.status is QuestionStatus.FORGOTTEN:
        raise UnknownQuestionError(number, session.title)
    return session, question


async def set_status(rows: Rows, question: Question, status: QuestionStatus) -> Question:
    """Show, hide or tick off a question; twice is once. Raises UserError for a merged one."""
    if question.merged_into is not None:
        raise _merged_already(question)
    if question.status is not status:
        await rows.questions.set_status(question, status)
    return replace(question, status=status)


async def merge(
    rows: Rows, session: Session, question: Question, into: int, at: datetime
) -> Question:
    """Let ``question`` go into the one of number ``into``, which is returned with all its votes.

    Twice is once. Raises UnknownQuestionError, and UserError where it can't be done.
    """
    target = await shown(rows, session, into)
    if target.id == question.id:
        raise UserError(f"A question can't go into itself; say which one {into} is to go into.")
    if question.merged_into is None:
        await rows.questions.merge(question, target, at)
    elif (await shown(rows, session, question.number)).id != target.id:
        raise _merged_already(question)
    return await shown(rows, session, target.number)


async def _of_number(rows: Rows, session: Session, number: int) -> Question | None:
    if not 0 < number < _NUMBERS_END:
        return None
    return await rows.questions.by_number(session.id, number)


def _merged_already(question: Question) -> UserError:
    return UserError(
        f"Question {question.number} went into question {question.merged_into}, with its votes; "
        "that can't be undone, so go on with that one."
    )
