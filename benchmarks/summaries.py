"""Summaries: stored ones beside `next` on both networks, a missing one that a hundred people ask
for at once, and the bot's own time beside a model's.

The bot is a process of its own; the relay, Discord and the model's server, which answers at once,
are in this one. What is compared takes turns, so that what else the machine does meets both.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import papers
from benchmarks.correspondence import Correspondence, correspondence
from benchmarks.data import EMPTY, Rows
from benchmarks.guild import MEMBERS, TITLE, Hall, bot_in, counted, hall, prepared
from benchmarks.latency import Times
from benchmarks.members import AtOurs
from benchmarks.peers import Member
from benchmarks.processes import Place, make_place, running
from bot.app import open_desk
from bot.config import load
from bot.domain.model import OPERATOR, Reading
from bot.networks.discord.local import Shown
from bot.networks.nostr.local_relay import LocalRelay
from bot.services.groups import GroupSetup
from bot.services.sessions import SessionPlan
from tests.adapters.model_server import ModelServer, running_model
from tests.model_answers import PLAIN, SAMPLE

PEOPLE = 100
_WARM = 20
_TURNS = 400
_STARTS = 7
_REST = 3.0  # seconds after ready
_WITHIN = 30.0
_NEW = "Small relays"


@dataclass(frozen=True)
class Pair:
    """A stored summary's times, and those of `next`; ``ratio`` is of their medians."""

    summary: Times
    next: Times

    @property
    def ratio(self) -> float:
        return self.summary.p50 / self.next.p50


@dataclass(frozen=True)
class Crowd:
    """``conversations`` are those that the model's server counted, ``requests`` their turns."""

    answered: int
    conversations: int
    requests: int
    seconds: float


@dataclass(frozen=True)
class Sitting:
    """Seconds, the first use and the median of the later ones. ``own`` is all but the model: the
    paper read, two turns, the checks, both drafts stored."""

    own: tuple[float, float]
    drafts: tuple[float, float]
    paper: tuple[float, float]
    page: tuple[float, float]


@dataclass(frozen=True)
class Rest:
    """Seconds from exec to ready, and MB at rest: medians, with a model and without."""

    ready: float
    ready_model: float
    resident: float
    resident_model: float


@dataclass(frozen=True)
class Result:
    nostr: Pair
    discord: Pair
    crowd: Crowd
    sitting: Sitting
    rest: Rest


async def measure(rows: Rows) -> Result:
    async with LocalRelay() as relay, running_model() as model:
        with TemporaryDirectory() as folder:
            nostr, discord = await _stored(Path(folder) / "stored", relay.url, rows)
            crowd = await _missing(Path(folder) / "missing", relay.url, model)
            sitting = await asyncio.to_thread(_sitting, Path(folder) / "sitting", model.base_url)
            rest = await asyncio.to_thread(_rest, Path(folder) / "rest", relay.url, model.base_url)
    return Result(nostr, discord, crowd, sitting, rest)


# A stored one


async def _stored(folder: Path, relay: str, rows: Rows) -> tuple[Pair, Pair]:
    async with hall("Readalong") as at:
        place = await prepared(folder, relay, rows, at, board=10)
        async with _run(at, place), correspondence(relay, place.signer.public_key) as them:
            posted = await at.server.posted(at.channel, TITLE, within=_WITHIN)
            session = counted(place.data_file, "SELECT max(id) FROM sessions")
            ours, member = AtOurs(at, posted, session), Member()

            async def summary_on_nostr(_: int) -> float:
                return await _asked(them, member, "summary", "no AI")

            async def next_on_nostr(_: int) -> float:
                return await _asked(them, member, "next", TITLE)

            async def summary(turn: int) -> float:
                return _waited(await ours.summary(turn % MEMBERS))

            async def next_(turn: int) -> float:
                return _waited(await ours.next(turn % MEMBERS))

            return (
                await _in_turns(summary_on_nostr, next_on_nostr),
                await _in_turns(summary, next_),
            )


@asynccontextmanager
async def _run(at: Hall, place: Place) -> AsyncIterator[None]:
    async with bot_in(at, "bot", "run", "--config", str(place.config)):
        yield


async def _asked(them: Correspondence, member: Member, text: str, wanted: str) -> float:
    seconds, said = await them.ask(member, text)
    assert wanted in said, said
    return seconds


def _waited(shown: Shown) -> float:
    assert shown.answered_ms is not None
    return shown.answered_ms / 1000


async def _in_turns(*acts: Callable[[int], Awaitable[float]]) -> Pair:
    """Now this one first, now that one: each leaves something behind that the next one meets."""
    waits: tuple[list[float], list[float]] = ([], [])
    for turn in range(_WARM + _TURNS):
        pairs = list(zip(waits, acts, strict=True))
        for seconds, act in pairs if turn % 2 else reversed(pairs):
            seconds.append(await act(turn))
    return Pair(*(Times.of(each[_WARM:]) for each in waits))


# A missing one


async def _missing(folder: Path, relay: str, model: ModelServer) -> Crowd:
    async with hall("Readalong") as at:
        place = await _with_a_reading(folder, relay, at, model.base_url)
        async with _run(at, place), correspondence(relay, place.signer.public_key) as them:
            await at.server.posted(at.channel, _NEW, within=_WITHIN)
            started = time.perf_counter()
            heard = await asyncio.gather(
                *(_of_discord(at, number) for number in range(PEOPLE // 2)),
                *(_of_nostr(them) for _ in range(PEOPLE // 2)),
            )
            seconds = time.perf_counter() - started
    answered = sum(str(PLAIN["lead"]) in said for said in heard)
    openings = sum(len(asked["messages"]) == 2 for asked in model.asked)
    return Crowd(answered, openings, len(model.asked), seconds)


async def _of_discord(at: Hall, number: int) -> str:
    shown = await at.members[number].slash(at.channel, "summary")
    return (await shown.until(lambda it: it.text, within=_WITHIN)).text


async def _of_nostr(them: Correspondence) -> str:
    return (await them.ask(Member(), "summary"))[1]


async def _with_a_reading(folder: Path, relay: str, at: Hall, server: str) -> Place:
    """A session that is announced, with a text and without a summary."""
    place = await asyncio.to_thread(make_place, folder, relay, EMPTY)
    _configure_model(place, server)
    async with open_desk(load(place.config, {})) as desk:
        setup = GroupSetup("Bench", "UTC", str(at.channel.id))
        group = (await desk.groups.set_up(str(at.guild.id), setup, by=OPERATOR)).group
        reading = Reading(papers.TITLE, "https://example.org/small", SAMPLE)
        plan = SessionPlan(_NEW, "2099-01-01 19:00", readings=(reading,))
        session = await desk.sessions.add(group, plan, by=OPERATOR)
        await desk.sessions.announce(group, session.slug, by=OPERATOR)
        assert not await desk.summaries.current(session)
    return place


def _configure_model(place: Place, server: str) -> None:
    table = f'[summaries]\nprovider = "openai"\nmodel = "fake"\nbase_url = "{server}"\n'
    place.config.write_text(place.config.read_text() + table)


# Made and checked, without anybody to wait for


def _sitting(folder: Path, server: str) -> Sitting:
    place = make_place(folder, "ws://127.0.0.1:9", EMPTY)
    _configure_model(place, server)
    paper, page = folder / "paper.pdf", folder / "page.html"
    paper.write_bytes(papers.paper())
    page.write_text(papers.page(), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.sitting", *map(str, (place.config, paper, page))],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"no summaries were made:\n{done.stderr}")
    told: dict[str, list[float]] = json.loads(done.stdout)
    return Sitting(*(_first_and_later(told[name]) for name in ("whole", "drafts", "paper", "page")))


def _first_and_later(seconds: Sequence[float]) -> tuple[float, float]:
    return seconds[0], median(seconds[1:])


# At rest


def _rest(folder: Path, relay: str, server: str) -> Rest:
    quoting = make_place(folder / "quoting", relay, EMPTY)
    model = make_place(folder / "model", relay, EMPTY)
    _configure_model(model, server)
    for place in (quoting, model):
        _start(place)  # once for the disk's cache
    starts = [(_start(quoting), _start(model)) for _ in range(_STARTS)]
    return Rest(
        median(pair[0] for pair in starts),
        median(pair[1] for pair in starts),
        _resident(quoting),
        _resident(model),
    )


def _start(place: Place) -> float:
    with running(place) as bot:
        return bot.ready


def _resident(place: Place) -> float:
    with running(place) as bot:
        time.sleep(_REST)
        return bot.resident_mb()
