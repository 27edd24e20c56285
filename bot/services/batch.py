"""One batch of submissions, decided: what was seen before, for which board, within which limits.

It works on the caller's transaction in a fixed number of statements, whatever the batch: first
all that is needed is looked up, then each submission is decided in order, then all are stored.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.errors import (
    InvalidSubmissionError,
    LimitError,
    NoUpcomingSessionError,
    UserError,
)
from bot.domain.model import Author, Limits, Network, Question, Session, Submission
from bot.domain.ports import Rows
from bot.domain.text import clean_text
from bot.services import find
from bot.services.people import author_hash, presentable

_KNOWN_FOR = timedelta(hours=1)  # who came with a flood isn't known yet


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one submission.

    ``question`` is set when it is on the board (its ``id`` is 0 when it came there just now), with
    its ``session``; ``error`` has the sentence for the person when it was refused. ``duplicate``
    says that this very submission was handled before: nothing is to be answered.
    """

    submission: Submission
    question: Question | None = None
    session: Session | None = None
    error: UserError | None = None
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class NewQuestion:
    """An accepted submission as `QuestionRows.add` takes it."""

    submission: Submission
    session_id: int
    number: int
    author_hash: str


async def put(rows: Rows, session: Session, text: str, source_id: str, now: datetime) -> Question:
    """Put the group's own question on a board, without limits; a ``source_id`` counts once."""
    if stored := await rows.questions.by_source(Network.LOCAL, [source_id]):
        return stored[0]
    last = (await rows.questions.last_numbers([session.id])).get(session.id, 0)
    submission = Submission(
        group_id=session.group_id,
        author=Author(Network.LOCAL, ""),
        source_id=source_id,
        text=text,
        submitted_at=now,
        session_id=session.id,
        anonymous=True,
    )
    await rows.questions.add([NewQuestion(submission, session.id, last + 1, "")], now)
    return (await rows.questions.by_source(Network.LOCAL, [source_id]))[0]


@dataclass(slots=True)
class _Board:
    """What a session's board holds while a batch is decided."""

    session: Session
    last_number: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True)
class _Asked:
    """A submission whose text is fine, with the board it is for."""

    submission: Submission
    session_id: int
    author_hash: str

    @property
    def by(self) -> tuple[int, str]:
        return self.session_id, self.author_hash

    @property
    def key(self) -> tuple[int, str, str]:
        return self.session_id, self.author_hash, self.submission.text


class Batch:
    """One batch in one transaction: all it needs is looked up first, then each is decided."""

    def __init__(self, limits: Limits, secret: bytes, now: datetime) -> None:
        self._limits = limits
        self._secret = secret
        self._now = now
        self._boards: dict[int, _Board] = {}
        self._board_of: dict[tuple[int, int | None], _Board | None] = {}
        self._by_author: dict[tuple[int, str], int] = {}
        self._numbers: dict[tuple[int, str, str], int] = {}
        self._known: dict[Network, set[str]] | None = None
        self._new: list[NewQuestion] = []

    async def take(self, rows: Rows, submissions: Sequence[Submission]) -> list[Outcome]:
        fresh = await self._mark_seen(rows, submissions)
        before = await self._handled_before(rows, submissions, fresh)
        await self._find_boards(rows, [s for s, new in zip(submissions, fresh, strict=True) if new])
        checked = [
            self._check(submission) if new else self._duplicate(submission, before)
            for submission, new in zip(submissions, fresh, strict=True)
        ]
        await self._look_up(rows, [each for each in checked if isinstance(each, _Asked)])
        outcomes = [self._decide(each) if isinstance(each, _Asked) else each for each in checked]
        if self._new:
            await rows.questions.add(self._new, self._now)
        return outcomes

    async def _mark_seen(self, rows: Rows, submissions: Sequence[Submission]) -> list[bool]:
        """Whether each is new; the second of two in one batch isn't."""
        ids: dict[Network, list[str]] = defaultdict(list)
        for submission in submissions:
            ids[submission.author.network].append(submission.source_id)
        new = {
            network: await rows.seen.add(network, list(dict.fromkeys(sources)), self._now)
            for network, sources in ids.items()
        }
        fresh = []
        for submission in submissions:
            left = new[submission.author.network]
            fresh.append(submission.source_id in left)
            left.discard(submission.source_id)
        return fresh

    async def _handled_before(
        self, rows: Rows, submissions: Sequence[Submission], fresh: Sequence[bool]
    ) -> dict[tuple[Network, str], Question]:
        ids: dict[Network, list[str]] = defaultdict(list)
        for submission, new in zip(submissions, fresh, strict=True):
            if not new:
                ids[submission.author.network].append(submission.source_id)
        return {
            (network, question.source_id): question
            for network, sources in ids.items()
            for question in await rows.questions.by_source(network, sources)
        }

    def _duplicate(
        self, submission: Submission, before: Mapping[tuple[Network, str], Question]
    ) -> Outcome:
        question = before.get((submission.author.network, submission.source_id))
        return Outcome(submission, question, duplicate=True)

    async def _find_boards(self, rows: Rows, submissions: Sequence[Submission]) -> None:
        """The session of each submission: the one it answers if members see it, else the next."""
        for wanted in {(each.group_id, each.session_id) for each in submissions}:
            group_id, session_id = wanted
            session = None if session_id is None else await rows.sessions.by_id(session_id)
            if session is None or not self._takes(session, group_id):
                session = await self._next(rows, group_id)
            board = None
            if session is not None:
                board = self._boards.setdefault(session.id, _Board(session))
            self._board_of[wanted] = board

    def _takes(self, session: Session, group_id: int) -> bool:
        return session.group_id == group_id and find.is_visible(session, self._now)

    async def _next(self, rows: Rows, group_id: int) -> Session | None:
        board = self._board_of.get((group_id, None))
        if board is not None:
            return board.session
        return await find.upcoming(rows, group_id, self._now)

    def _check(self, submission: Submission) -> _Asked | Outcome:
        board = self._board_of[submission.group_id, submission.session_id]
        if board is None:
            return Outcome(submission, error=NoUpcomingSessionError())
        try:
            text = clean_text(submission.text, self._limits.question_length)
        except InvalidSubmissionError as error:
            return Outcome(submission, session=board.session, error=error)
        author = presentable(submission.author)
        if author is not submission.author or text != submission.text:
            submission = replace(submission, author=author, text=text)
        return _Asked(submission, board.session.id, author_hash(self._secret, author))

    async def _look_up(self, rows: Rows, asked: Sequence[_Asked]) -> None:
        """What the limits need to know, in a fixed number of statements."""
        if not asked:
            return
        ids = list({each.session_id for each in asked})
        numbers, counts = await rows.questions.last_numbers(ids), await rows.questions.counts(ids)
        for session_id in ids:
            self._boards[session_id].last_number = numbers.get(session_id, 0)
            self._boards[session_id].count = counts.get(session_id, 0)
        self._by_author = dict(
            await rows.questions.counts_by_author(list({each.by for each in asked}))
        )
        if self._by_author:
            again = {each.key for each in asked if each.by in self._by_author}
            self._numbers = dict(await rows.questions.already_asked(list(again)))
        coming = Counter(each.session_id for each in asked)
        filling = {i for i in ids if self._boards[i].count + coming[i] > self._open_to_all}
        if filling:
            await self._look_up_people(rows, [each for each in asked if each.session_id in filling])

    async def _look_up_people(self, rows: Rows, asked: Sequence[_Asked]) -> None:
        addresses: dict[Network, set[str]] = defaultdict(set)
        for each in asked:
            addresses[each.submission.author.network].add(each.submission.author.address)
        self._known = {
            network: await rows.people.known(network, list(those), self._now - _KNOWN_FOR)
            for network, those in addresses.items()
        }

    @property
    def _open_to_all(self) -> int:
        """How many questions of a session anybody may ask; the last quarter is for people known."""
        return self._limits.questions_per_session - self._limits.questions_per_session // 4

    def _decide(self, asked: _Asked) -> Outcome:
        submission, board = asked.submission, self._boards[asked.session_id]
        error = self._refusal(asked, board)
        if error is not None:
            return Outcome(submission, session=board.session, error=error)
        board.last_number += 1
        board.count += 1
        self._by_author[asked.by] = self._by_author.get(asked.by, 0) + 1
        self._numbers[asked.key] = board.last_number
        self._new.append(
            NewQuestion(submission, asked.session_id, board.last_number, asked.author_hash)
        )
        question = Question(
            id=0,
            session_id=asked.session_id,
            number=board.last_number,
            text=submission.text,
            network=submission.author.network,
            source_id=submission.source_id,
            asked_at=submission.submitted_at,
            author=None if submission.anonymous else submission.author,
        )
        return Outcome(submission, question, board.session)

    def _refusal(self, asked: _Asked, board: _Board) -> UserError | None:
        title = board.session.title
        if (number := self._numbers.get(asked.key)) is not None:
            return InvalidSubmissionError(
                f"You asked that already: it is question {number} of “{title}”."
            )
        if self._by_author.get(asked.by, 0) >= self._limits.questions_per_person:
            return LimitError(
                f"You have asked {self._limits.questions_per_person} questions for “{title}”, "
                "the most that one person may; bring others to the session."
            )
        if board.count >= self._limits.questions_per_session:
            return LimitError(f"The board of “{title}” is full; bring your question along.")
        if board.count >= self._open_to_all and not self._is_known(asked.submission.author):
            return LimitError(
                f"The board of “{title}” takes no more questions from newcomers; "
                "bring yours to the session."
            )
        return None

    def _is_known(self, author: Author) -> bool:
        return self._known is not None and author.address in self._known.get(author.network, ())
