"""A mention and its reply, one at a time, beside a bot that only echoes and stores nothing.

Each bot is a process of its own; the relay and the client are in this one. The client is measured
twice: as most are, and as one that acknowledges frames at once, because a relay that leaves Nagle's
algorithm on holds a frame back for 40 ms otherwise, whoever answers.

Our own share is measured with a relay that does nothing but hand over one mention and wait for the
reply's frame: what lies between is the bot's (and two crossings of the loopback).
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import aiohttp
import orjson
from aiohttp import web

from benchmarks.data import Rows
from benchmarks.peers import Member
from benchmarks.processes import Place, make_place, running
from bot.networks.nostr.local_relay import LocalRelay
from bot.networks.nostr.prompt import acknowledging

_MENTIONS = 200
_WARM = 20
_WITHIN = 10.0  # seconds for one reply


@dataclass(frozen=True)
class Times:
    """Milliseconds."""

    p50: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Times:
        return cls(median(seconds) * 1000, quantiles(seconds, n=100)[98] * 1000)


@dataclass(frozen=True)
class Result:
    ours: Times
    echo: Times
    ours_prompt: Times
    echo_prompt: Times
    share: Times


async def measure(rows: Rows) -> Result:
    async with LocalRelay() as relay:
        with TemporaryDirectory() as folder:
            place = await asyncio.to_thread(make_place, Path(folder), relay.url, rows)
            await asyncio.to_thread(_announce, place)
            async with _bot(place):
                ours = await _exchange(relay.url, place.signer.public_key, prompt=False)
                ours_prompt = await _exchange(relay.url, place.signer.public_key, prompt=True)
            with _echo(relay.url) as pubkey:
                echo = await _exchange(relay.url, pubkey, prompt=False)
                echo_prompt = await _exchange(relay.url, pubkey, prompt=True)
    return Result(ours, echo, ours_prompt, echo_prompt, await _own_share(rows))


def _announce(place: Place) -> None:
    add = place.command("session", "add", "--title", "The next one", "--at", "2099-01-01 19:00")
    subprocess.run([*add, "--announce"], check=True, capture_output=True)


@asynccontextmanager
async def _bot(place: Place) -> AsyncIterator[None]:
    context = running(place)
    await asyncio.to_thread(context.__enter__)
    try:
        yield
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)


@contextmanager
def _echo(relay: str) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.echo", relay], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate(timeout=10)


async def _exchange(relay: str, bot: str, *, prompt: bool) -> Times:
    """Ask, wait for the reply, ask the next one."""
    member = Member()
    async with aiohttp.ClientSession() as http, http.ws_connect(relay) as link:
        acknowledge = acknowledging(link) if prompt else _not_at_all
        wanted = {"authors": [bot], "#p": [member.pubkey]}
        await link.send_str(orjson.dumps(["REQ", "replies", wanted]).decode())
        seconds = []
        for number in range(_WARM + _MENTIONS):
            event = member.event(f"ask Does assumption {number} hold?", [["p", bot]])
            started = time.perf_counter()
            await link.send_str(orjson.dumps(["EVENT", event]).decode())
            await asyncio.wait_for(_reply_to(link, str(event["id"]), acknowledge), _WITHIN)
            seconds.append(time.perf_counter() - started)
    return Times.of(seconds[_WARM:])


def _not_at_all() -> None:
    """What most clients do about delayed acknowledgements."""


async def _reply_to(
    link: aiohttp.ClientWebSocketResponse, event_id: str, acknowledge: Callable[[], None]
) -> None:
    async for message in link:
        acknowledge()
        frame = orjson.loads(message.data)
        if frame[0] == "EVENT" and any(tag[1] == event_id for tag in frame[2]["tags"]):
            return
    raise RuntimeError("the relay hung up")


class _Hands:
    """A relay that gives each mention to the bot and notes when the reply's frame comes."""

    def __init__(self) -> None:
        self._link: web.WebSocketResponse | None = None
        self._stream = asyncio.get_running_loop().create_future()
        self._replies: asyncio.Queue[float] = asyncio.Queue()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        link = web.WebSocketResponse()
        await link.prepare(request)
        async for message in link:
            self._take(link, orjson.loads(message.data))
            await self._answer(link, orjson.loads(message.data))
        return link

    def _take(self, link: web.WebSocketResponse, frame: list[object]) -> None:
        arrived = time.perf_counter()
        if frame[0] == "EVENT" and isinstance(frame[1], dict) and frame[1]["kind"] == 1:
            self._replies.put_nowait(arrived)
        elif frame[0] == "REQ" and "#p" in str(frame[2]):
            self._link = link
            if not self._stream.done():
                self._stream.set_result(frame[1])

    async def _answer(self, link: web.WebSocketResponse, frame: list[object]) -> None:
        if frame[0] == "REQ":
            await link.send_str(orjson.dumps(["EOSE", frame[1]]).decode())
        elif frame[0] == "EVENT" and isinstance(frame[1], dict):
            await link.send_str(orjson.dumps(["OK", frame[1]["id"], True, ""]).decode())

    async def exchange(self, event: dict[str, object]) -> float:
        stream = await asyncio.wait_for(asyncio.shield(self._stream), _WITHIN)
        assert self._link is not None
        while not self._replies.empty():
            self._replies.get_nowait()  # the announcement
        frame = orjson.dumps(["EVENT", stream, event]).decode()
        started = time.perf_counter()
        await self._link.send_str(frame)
        return await asyncio.wait_for(self._replies.get(), _WITHIN) - started


async def _own_share(rows: Rows) -> Times:
    hands = _Hands()
    app = web.Application()
    app.router.add_get("/", hands.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        with TemporaryDirectory() as folder:
            relay = f"ws://{host}:{port}"
            place = await asyncio.to_thread(make_place, Path(folder), relay, rows)
            await asyncio.to_thread(_announce, place)
            async with _bot(place):
                return await _handed(hands, place.signer.public_key)
    finally:
        await runner.cleanup()


async def _handed(hands: _Hands, bot: str) -> Times:
    member = Member()
    seconds = []
    for number in range(_WARM + _MENTIONS):
        event = member.event(f"ask Does assumption {number} hold?", [["p", bot]])
        seconds.append(await hands.exchange(event))
    return Times.of(seconds[_WARM:])
