"""Questions a second on one core: from raw frames to committed rows with signed, queued replies.

Beside it, in the same run, the ceiling (parsing, one check and one signature a question, nothing
else) and the same job done by a small bot on nostr-sdk, over as many rows and committing in batches
as large as ours.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import coincurve
import orjson

from benchmarks.data import Rows, fill, now
from benchmarks.peers import RELAY, Member, ceiling, fill_small, mention_frames, small_bot
from bot.domain.model import OPERATOR, Group, Limits
from bot.networks.nostr.acquaintances import Acquaintances
from bot.networks.nostr.admission import Admission
from bot.networks.nostr.context import Listener
from bot.networks.nostr.deliver import NostrCourier
from bot.networks.nostr.events import Event
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.mentions import Mentions, known_people
from bot.networks.nostr.render import Identity
from bot.networks.nostr.replies import Replies
from bot.networks.nostr.responder import Responder
from bot.readings.extract import sections
from bot.services.outbox import Outbox
from bot.services.questions import Questions
from bot.services.sessions import SessionPlan, Sessions
from bot.services.summaries import Summaries
from bot.storage.store import SqliteStore
from bot.summarisers.extractive import Extractive
from bot.supervision import collect_seldom

BATCH = 1000
_ROUNDS = 3
_WITHIN = 60.0  # seconds for one of them
_CHUNK = 500  # frames in a page, as a subscription asks for them
_UNDER_WAY = "SELECT count(*) FROM outbox WHERE state = 'sending'"
_NO_LIMITS = Limits(10**9, 10**9, 1000, 10**9, 10**9)


@dataclass(frozen=True)
class Result:
    """Questions a second; ``sent`` is with the replies sent (to nowhere) and marked too.

    ``ceiling`` signs by coincurve's own call, ``bare_ceiling`` as our signer does.
    """

    ceiling: float
    bare_ceiling: float
    ours: float
    sent: float
    small_bot: float


def measure(rows: Rows, count: int = 5000) -> Result:
    """On one core: five questions of each member, each round beside its own ceiling.

    Of three rounds that with the middle share counts: a neighbour on the machine may slow one down.
    """
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    signer = Signer.generate()
    try:
        with TemporaryDirectory() as folder:
            ours, peer = Path(folder) / "ours", Path(folder) / "peer"
            group = asyncio.run(fill(ours, rows, signer.public_key))
            fill_small(peer, rows.questions)
            rounds = [_round(ours, peer, group, signer, count) for _ in range(_ROUNDS)]
    finally:
        os.sched_setaffinity(0, cores)
    return sorted(rounds, key=lambda each: each.ours / each.ceiling)[_ROUNDS // 2]


def _round(ours: Path, peer: Path, group: Group, signer: Signer, count: int) -> Result:
    frames, more = (
        mention_frames(count, [Member() for _ in range(count // 5)], signer.public_key)
        for _ in range(2)
    )
    library = coincurve.PrivateKey()
    before = ceiling(frames, library.sign_schnorr)
    rate = asyncio.run(_ours(ours, group, signer, frames, send=False))
    after = ceiling(frames, library.sign_schnorr)
    lowest = ceiling(frames, signer.sign)
    small = small_bot(frames, peer, BATCH)
    sent = asyncio.run(_ours(ours, group, signer, more, send=True))
    return Result((before + after) / 2, lowest, rate, sent, small)


async def _ours(
    file: Path, group: Group, signer: Signer, frames: Sequence[str], *, send: bool
) -> float:
    async with SqliteStore.open(file, now) as store, _nostr_side(store, group, signer, send) as it:
        before = _count(file)
        started = time.perf_counter()
        for first in range(0, len(frames), _CHUNK):
            for frame in frames[first : first + _CHUNK]:
                it.receive(orjson.loads(frame)[2], len(frame), RELAY)
            await it.wait_room()  # as between the pages that a relay sends
        await _until_handled(it, len(frames))
        if send:
            await _until_marked(file)
        rate = len(frames) / (time.perf_counter() - started)
        assert _count(file) == tuple(n + len(frames) for n in before)
        return rate


async def _until_handled(mentions: Mentions, wanted: int) -> None:
    async with asyncio.timeout(_WITHIN):
        while mentions.stats()["handled"] < wanted:  # noqa: ASYNC110 (a counter tells nobody)
            await asyncio.sleep(0.003)


async def _until_marked(file: Path) -> None:
    """Every reply sent and marked so, as another reader of the file sees it."""
    async with asyncio.timeout(_WITHIN):
        with closing(sqlite3.connect(file)) as data:
            while data.execute(_UNDER_WAY).fetchone()[0]:  # noqa: ASYNC110 (nor does a file)
                await asyncio.sleep(0.005)


def _count(file: Path) -> tuple[int, ...]:
    """Questions, events seen, and replies with their bytes, as another reader sees them."""
    with closing(sqlite3.connect(file)) as data:
        wired = "outbox WHERE kind = 'reply' AND wire IS NOT NULL"
        return tuple(
            data.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 (ours)
            for table in ("questions", "seen", wired)
        )


@asynccontextmanager
async def _nostr_side(
    store: SqliteStore, group: Group, signer: Signer, send: bool
) -> AsyncIterator[Mentions]:
    """What `run` builds for Nostr, with a relay that takes every reply at once, or never."""
    answered = asyncio.Event()
    if send:
        answered.set()

    async def publish(event: Event) -> None:
        await answered.wait()

    async def nobody(pubkeys: Sequence[str]) -> Sequence[Event]:
        return ()

    courier = NostrCourier(signer, Identity(signer.public_key, (RELAY,)), publish, now)
    outbox = Outbox(store, courier, now)
    sessions = Sessions(store, now)
    questions = Questions(store, now, _NO_LIMITS, b"secret")
    summaries = Summaries(store, Extractive(sections), now)
    people = Acquaintances(known_people(store, now), nobody)
    mentions = Mentions(
        Admission(signer.public_key, people, _NO_LIMITS, now),
        Listener(store, group, signer.public_key, group.name),
        Responder(group, sessions, questions, summaries, now),
        Replies(signer, group.id, now),
        questions,
        outbox,
        store,
        group,
        now,
    )
    when = f"{now() + timedelta(days=2):%Y-%m-%d %H:%M}"
    session = await sessions.add(group, SessionPlan(title="The next one", when=when), by=OPERATOR)
    await sessions.announce(group, session.slug, by=OPERATOR)
    await mentions.open()
    collect_seldom()
    task = asyncio.create_task(mentions.run())
    try:
        yield mentions
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        answered.set()
        await outbox.stop()
