"""Readalong on Discord beside a bare bot that answers "pong": start, memory, and every answer.

Both bots are processes of their own, each on a local Discord server in this one. They take turns,
interaction by interaction, so that what else the machine does meets both. What is measured is the
server's time from telling the bot of an interaction to having its answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.data import Rows
from benchmarks.guild import MEMBERS, TITLE, Hall, bot_in, counted, hall, prepared
from benchmarks.latency import Times
from benchmarks.members import Act, AtOurs, AtPong
from benchmarks.processes import Place
from bot.networks.discord.local import Shown
from bot.networks.nostr.local_relay import LocalRelay

BOARD = 100
"""Questions that the next session has."""

_STARTS = 5
_REST = 3.0  # seconds after ready
_WARM = 20
_TURNS = 200
_ROUNDS = 7  # of a hundred at once
_WITHIN = 10.0


@dataclass(frozen=True)
class Answer:
    """One at a time in ms; ``share`` is our throughput over the pong's with a hundred at once, and
    ``slowest`` our slowest answer of all, in ms."""

    name: str
    writes: bool
    ours: Times
    pong: Times
    share: float
    slowest: float

    @property
    def ratio(self) -> float:
        return self.ours.p50 / self.pong.p50


@dataclass(frozen=True)
class Start:
    """Medians: seconds from exec to READY, and MB at rest."""

    ready: float
    resident: float


@dataclass(frozen=True)
class Result:
    ours: Start
    pong: Start
    answers: tuple[Answer, ...]
    keystroke: Times
    keystroke_pong: Times


async def measure(rows: Rows, board: int = BOARD) -> Result:
    with TemporaryDirectory() as folder:
        async with LocalRelay() as relay, hall("Readalong") as ours, hall("Pong") as pong:
            place = await prepared(Path(folder), relay.url, rows, ours, board)
            starts = await _starts(ours, pong, place)
            async with _at_ours(ours, place) as at_ours, _at_pong(pong) as at_pong:
                answers = await _answers(at_ours, at_pong)
                keys = await _keystrokes(at_ours, at_pong)
                at_ours.assert_stored(place.data_file, board)
            for each in (ours, pong):
                assert not [sent for sent in each.server.requests.all if sent.status >= 400]
    return Result(*starts, answers, *keys)


async def _starts(ours: Hall, pong: Hall, place: Place) -> tuple[Start, Start]:
    """Taking turns, after one each that registers commands, posts, and fills the disk's cache."""
    run = ("bot", "run", "--config", str(place.config))
    async with bot_in(ours, *run):
        await ours.server.posted(ours.channel, TITLE, within=_WITHIN)
    async with bot_in(pong, "benchmarks.pong"):
        pass
    seen: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
    for number in range(_STARTS):
        for figures, at, command in zip(
            seen, (ours, pong), (run, ("benchmarks.pong",)), strict=True
        ):
            async with bot_in(at, *command) as bot:
                if number == 0:
                    await asyncio.sleep(_REST)
                figures.append((bot.ready, bot.resident_mb()))
    mine, bare = (Start(median(one[0] for one in each), each[0][1]) for each in seen)
    return mine, bare


@asynccontextmanager
async def _at_ours(hall: Hall, place: Place) -> AsyncIterator[AtOurs]:
    async with bot_in(hall, "bot", "run", "--config", str(place.config)):
        posted = await hall.server.posted(hall.channel, TITLE, within=_WITHIN)
        session = counted(place.data_file, "SELECT max(id) FROM sessions")
        yield AtOurs(hall, posted, session)


@asynccontextmanager
async def _at_pong(hall: Hall) -> AsyncIterator[AtPong]:
    async with bot_in(hall, "benchmarks.pong"):
        shown = await hall.members[0].slash(hall.channel, "buttons")
        assert shown.message is not None
        yield AtPong(hall, shown.message)


async def _answers(ours: AtOurs, pong: AtPong) -> tuple[Answer, ...]:
    """What only reads comes first, so that all of it sees the same board."""
    return (
        await _compared("/next", [ours.next, pong.slash]),
        await _compared("/summary (stored)", [ours.summary, pong.slash]),
        await _compared("/questions", [ours.questions, pong.slash]),
        await _compared("a question's form opened", [ours.form, pong.form]),
        await _compared("a vote", [ours.vote, pong.press], writes=True),
        await _compared("an RSVP", [ours.rsvp, pong.press], writes=True),
        await _compared(
            "a question's form sent",
            [ours.submit, pong.submit],
            before=[ours.form, pong.form],
            writes=True,
        ),
    )


async def _compared(
    name: str, acts: Sequence[Act], *, before: Sequence[Act] = (), writes: bool = False
) -> Answer:
    """``acts``: ours, and the pong's; ``before``: what each needs done first, unmeasured."""
    waits: tuple[list[float], list[float]] = ([], [])
    for turn in range(_WARM + _TURNS):
        for act in before:
            await act(turn % MEMBERS)
        for seconds, act in zip(waits, acts, strict=True):
            seconds.append(_waited(await act(turn % MEMBERS)))
    shares, slowest = [], max(waits[0])
    for _ in range(_ROUNDS):
        for act in before:
            await _at_once(act)
        (whole, worst), (peer, _) = [await _at_once(act) for act in acts]
        shares.append(peer / whole)
        slowest = max(slowest, worst)
    mine, peers = (Times.of(each[_WARM:]) for each in waits)
    return Answer(name, writes, mine, peers, median(shares), slowest * 1000)


def _waited(shown: Shown) -> float:
    """Seconds until its first answer came."""
    assert shown.acknowledged_ms is not None
    return shown.acknowledged_ms / 1000


async def _at_once(act: Act) -> tuple[float, float]:
    """All members act: how long until everybody has the answer, and the longest wait."""
    started = time.perf_counter()
    shown = await asyncio.gather(*(act(member) for member in range(MEMBERS)))
    return time.perf_counter() - started, max(_waited(each) for each in shown)


async def _keystrokes(ours: AtOurs, pong: AtPong) -> tuple[Times, Times]:
    """A session's name being typed, beside a slash pong; as the member's client sees both."""
    waits: tuple[list[float], list[float]] = ([], [])
    acts: tuple[Callable[[int], Awaitable[object]], ...] = (ours.typing, pong.slash)
    for turn in range(_WARM + _TURNS):
        for seconds, act in zip(waits, acts, strict=True):
            started = time.perf_counter()
            assert await act(turn % MEMBERS)
            seconds.append(time.perf_counter() - started)
    typed, answered = (Times.of(each[_WARM:]) for each in waits)
    return typed, answered
