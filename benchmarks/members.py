"""What members do on Discord in the benchmark: at our bot, and at the bare one.

Each act is done by the member of that number and returns what came of it, once it is sure that it
was what it should be. What writes keeps count, so that the data file can be held to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.guild import TITLE, Hall, counted
from benchmarks.pong import PONG
from bot.domain.model import RsvpAnswer
from bot.networks.discord.ids import Verb, custom_id
from bot.networks.discord.local import Answer, Message, Shown

Act = Callable[[int], Awaitable[Shown]]

_ON_A_PAGE = 5  # questions
_ANSWERS = tuple(RsvpAnswer)


@dataclass
class AtOurs:
    """``posted`` is the announcement, ``session`` its session's id."""

    hall: Hall
    posted: Message
    session: int
    boards: dict[int, Shown] = field(default_factory=dict)
    forms: dict[int, Shown] = field(default_factory=dict)
    votes: Counter[int] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    asked: int = 0

    async def next(self, member: int) -> Shown:
        return _told(await self.hall.members[member].slash(self.hall.channel, "next"), TITLE)

    async def summary(self, member: int) -> Shown:
        shown = await self.hall.members[member].slash(self.hall.channel, "summary")
        return _told(shown, "no AI")

    async def questions(self, member: int) -> Shown:
        shown = await self.hall.members[member].slash(self.hall.channel, "questions")
        self.boards[member] = _told(shown, "If assumption 0 ")
        return shown

    async def vote(self, member: int) -> Shown:
        """Of the five questions on the first page each in turn, then back in turn."""
        number = self.votes[member] % _ON_A_PAGE + 1
        self.votes[member] += 1
        button = custom_id(Verb.VOTE, self.session, number, 0)
        shown = await self.hall.members[member].click(self.boards[member], button)
        assert shown.answer is Answer.UPDATE, shown.text
        return shown

    async def rsvp(self, member: int) -> Shown:
        answer = _ANSWERS[self.answers[member] % len(_ANSWERS)]
        self.answers[member] += 1
        button = custom_id(Verb.RSVP, self.session, answer.value)
        return _told(await self.hall.members[member].click(self.posted, button), TITLE)

    async def form(self, member: int) -> Shown:
        button = custom_id(Verb.ASK, self.session)
        self.forms[member] = await self.hall.members[member].click(self.posted, button)
        return self.forms[member]

    async def submit(self, member: int) -> Shown:
        self.asked += 1
        values = {"Your question": f"What of assumption {self.asked}, and of those after it?"}
        shown = await self.hall.members[member].submit(self.forms[member], values)
        return _told(shown, "Your question is number")

    async def typing(self, member: int) -> int:
        """How many names were offered after a keystroke."""
        actor = self.hall.members[member]
        return len(await actor.autocomplete(self.hall.channel, "summary", "session", "s"))

    def assert_stored(self, file: Path, before: int) -> None:
        """That all of it is in the data file; ``before``: questions that were on the board."""
        voting = sum(_standing(times) for times in self.votes.values())
        assert counted(file, "SELECT count(*) FROM votes") == voting
        for position, answer in enumerate(_ANSWERS):
            wanted = sum((n - 1) % len(_ANSWERS) == position for n in self.answers.values())
            query = f"SELECT count(*) FROM rsvps WHERE answer = '{answer.value}'"  # noqa: S608 (ours)
            assert counted(file, query) == wanted
        query = f"SELECT count(*) FROM questions WHERE session_id = {self.session}"  # noqa: S608
        assert counted(file, query) == before + self.asked


@dataclass
class AtPong:
    """``buttons`` is the message with its two buttons."""

    hall: Hall
    buttons: Message
    forms: dict[int, Shown] = field(default_factory=dict)

    async def slash(self, member: int) -> Shown:
        return _told(await self.hall.members[member].slash(self.hall.channel, PONG), PONG)

    async def press(self, member: int) -> Shown:
        return _told(await self.hall.members[member].click(self.buttons, PONG), PONG)

    async def form(self, member: int) -> Shown:
        self.forms[member] = await self.hall.members[member].click(self.buttons, "form")
        return self.forms[member]

    async def submit(self, member: int) -> Shown:
        values = {"Text": "What of the assumptions, and of those after it?"}
        shown = await self.hall.members[member].submit(self.forms[member], values)
        return _told(shown, PONG)


def _told(shown: Shown, words: str) -> Shown:
    assert words in shown.text, f"{shown.answer}: {shown.text}"
    assert shown.ephemeral
    return shown


def _standing(presses: int) -> int:
    """How many votes stand after so many presses over five questions, on and off in turn."""
    rounds, rest = divmod(presses, _ON_A_PAGE)
    return rest if rounds % 2 == 0 else _ON_A_PAGE - rest
