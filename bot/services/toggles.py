"""Presses of vote buttons: a vote, or the vote taken back. Those that come at once commit at once.

What a vote is for, and that it is one a person, is `boards`' and the data file's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.errors import UnknownQuestionError
from bot.domain.model import Author, Network, Question, Session
from bot.domain.ports import Now, Rows, Store
from bot.services import boards
from bot.services.boards import Voted
from bot.services.gathering import Gathering
from bot.services.people import presentable

_Person = tuple[int, Network, str]
"""Somebody at a session."""


@dataclass(frozen=True, slots=True)
class Press:
    session: Session
    number: int
    voter: Author


class Toggles:
    """All presses of this process."""

    def __init__(self, store: Store, now: Now) -> None:
        self._store = store
        self._now = now
        self._gathering: Gathering[Press, Voted] = Gathering(self._take)

    async def toggle(self, press: Press) -> Voted:
        """Vote, or take the vote back where it stands. Raises UnknownQuestionError."""
        return await self._gathering(press)

    async def _take(self, presses: Sequence[Press]) -> Sequence[Voted | Exception]:
        async with self._store.transaction() as tx:
            turn = _Turn(tx)
            became = [await turn.take(press) for press in presses]
            await turn.store(self._now())
        return became


class _Turn:
    """Presses in the order in which they came, each on what those before it left."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._meant: dict[tuple[int, int], Question] = {}
        self._votes: dict[int, int] = {}
        self._before: dict[_Person, frozenset[int]] = {}
        self._after: dict[_Person, frozenset[int]] = {}
        self._pressed: dict[tuple[_Person, int], tuple[Question, Press]] = {}

    async def take(self, press: Press) -> Voted | Exception:
        try:
            question = await self._question(press)
        except UnknownQuestionError as error:
            return error
        person = (press.session.id, press.voter.network, press.voter.address)
        numbers = await self._numbers(press, person) ^ {question.number}
        up = question.number in numbers
        votes = self._votes.get(question.id, question.votes) + (1 if up else -1)
        self._after[person], self._votes[question.id] = numbers, votes
        self._pressed[person, question.number] = question, press
        return Voted(
            press.session, replace(question, votes=votes), changed=True, up=up, numbers=numbers
        )

    async def store(self, at: datetime) -> None:
        """What is otherwise than before."""
        ups, downs = [], []
        for (person, number), (question, press) in self._pressed.items():
            before, after = number in self._before[person], number in self._after[person]
            if after and not before:
                ups.append((question, press.session.group_id, presentable(press.voter)))
            elif before and not after:
                downs.append((question, press.voter))
        await self._rows.questions.vote_all(ups, at)
        await self._rows.questions.unvote_all(downs)

    async def _question(self, press: Press) -> Question:
        key = press.session.id, press.number
        if key not in self._meant:
            self._meant[key] = await boards.shown(self._rows, press.session, press.number)
        return self._meant[key]

    async def _numbers(self, press: Press, person: _Person) -> frozenset[int]:
        if person not in self._after:
            found = await self._rows.questions.voted(press.session.id, press.voter)
            self._before[person] = self._after[person] = frozenset(found)
        return self._after[person]
