"""One relay: stay connected to it, follow our subscriptions there, publish to it.

A link that breaks is made again with growing, jittered waits, and every subscription is asked for
again. Events are handed on as decoded JSON, unchecked; whether they are true, wanted or seen before
is the receiver's to say.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from bot.domain.ports import Backoff, Now
from bot.networks.nostr.connection import Connection, LinkError, Said
from bot.networks.nostr.events import Event
from bot.networks.nostr.feed import Feed, Filter, Stream, Subscription
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.verdicts import Verdict, asks_for_auth, inert, verdict_of

logger = logging.getLogger(__name__)

Receive = Callable[[object, int, str], None]
"""Takes a decoded event, the bytes of its frame, and the relay's address; cheap."""

MAX_FRAME = 512 * 1024
"""Bytes of a frame; a relay that sends a longer one is hung up on."""

_REFUSALS_KEPT = 1000
_FETCHED_AT_MOST = 500


def reconnect_backoff(attempt: int) -> timedelta:
    """Exponential, 1 s to 60 s, half of it jitter."""
    longest = min(60.0, 2.0 ** min(attempt - 1, 10))
    return timedelta(seconds=longest * random.uniform(0.5, 1.0))  # noqa: S311 (it spreads load, nothing secret)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. ``steady``: a link that held that long starts the backoff afresh when it breaks."""

    connect: float = 10.0
    answer: float = 10.0
    ping: float = 20.0  # a pong is waited for half as long
    stored: float = 60.0
    steady: float = 10.0
    backoff: Backoff = reconnect_backoff


DEFAULT_TIMING = Timing()


@dataclass(slots=True)
class RelayStatus:
    """How one relay does. Counts are since the start; ``refusal`` is why it won't serve us."""

    url: str
    connected: bool = False
    caught_up: bool = False
    connects: int = 0
    received: int = 0
    dropped: int = 0
    taken: int = 0
    refused: int = 0
    refusal: str = ""
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an event at one relay, in the relay's words (ours where it said none)."""

    relay: str
    verdict: Verdict
    words: str


def public_url(url: str) -> str:
    """A relay's address without the user and password that it may hold."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class Relay:
    """``run`` keeps the connection until it is cancelled; the rest may be called at any time."""

    def __init__(
        self,
        url: str,
        session: aiohttp.ClientSession,
        signer: Signer,
        subscriptions: Sequence[Subscription],
        receive: Receive,
        now: Now,
        timing: Timing = DEFAULT_TIMING,
    ) -> None:
        self.name = public_url(url)
        self._url = url
        self._session = session
        self._signer = signer
        self._subscriptions = subscriptions
        self._receive = receive
        self._now = now
        self._timing = timing
        self._status = RelayStatus(self.name)
        self._link: Connection | None = None
        self._connected = asyncio.Event()
        self._feeds: list[Feed] = []
        self._refusals: dict[str, str] = {}
        self._fetches = 0
        self._held = 0.0  # seconds that the last connection lasted

    @property
    def status(self) -> RelayStatus:
        feeds = self._feeds
        self._status.connected = self._link is not None
        self._status.caught_up = self._status.connected and all(
            feed.caught_up or feed.refused for feed in feeds
        )
        self._status.refusal = next((feed.refused for feed in feeds if feed.refused), "")
        return self._status

    async def wait_connected(self) -> None:
        await self._connected.wait()

    # Staying connected

    async def run(self) -> None:
        attempt = 0
        while True:
            self._held = 0.0
            self._status.last_error = await self._connect_and_serve()
            attempt = 1 if self._held >= self._timing.steady else attempt + 1
            wait = self._timing.backoff(attempt).total_seconds()
            logger.log(
                logging.WARNING if attempt == 1 else logging.DEBUG,
                "no link to %s (%s); next try in %.1f s",
                self.name,
                self._status.last_error,
                wait,
            )
            await asyncio.sleep(wait)

    async def _connect_and_serve(self) -> str:
        """One connection from beginning to end; returns why it ended."""
        try:
            async with asyncio.timeout(self._timing.connect):
                socket = await self._session.ws_connect(
                    self._url,
                    heartbeat=self._timing.ping,
                    max_msg_size=MAX_FRAME,
                    decode_text=False,
                    timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                )
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # TimeoutError is an OSError; a ValueError is an address that can't be one.
            return inert(f"{type(error).__name__} {error}".replace(self._url, self.name))
        try:
            return await self._serve(Connection(self.name, socket, self._signer, self._now))
        finally:
            await socket.close()

    async def _serve(self, link: Connection) -> str:
        """Follow every subscription until the link breaks; returns why it did."""
        timing = self._timing
        self._feeds = [
            Feed(
                each,
                link,
                self._hand_on,
                self._now,
                timing.backoff,
                timing.stored,
                timing.answer,
            )
            for each in self._subscriptions
        ]
        self._link = link
        self._status.connects += 1
        self._connected.set()
        logger.info("connected to %s", self.name)
        following = [asyncio.create_task(self._follow(feed)) for feed in self._feeds]
        since = asyncio.get_running_loop().time()
        try:
            return await link.read()
        finally:
            self._link = None
            self._connected.clear()
            self._held = asyncio.get_running_loop().time() - since
            self._status.dropped += link.dropped
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)

    async def _follow(self, feed: Feed) -> None:
        try:
            await feed.run()
        except LinkError:
            logger.debug("the link to %s broke under a subscription", self.name)
        except Exception:
            logger.exception("a bug ended a subscription at %s", self.name)

    def _hand_on(self, raw: object, size: int) -> None:
        self._status.received += 1
        try:
            self._receive(raw, size, self.name)
        except Exception:
            # An event is a stranger's: whatever it triggers must not take the link down.
            logger.exception("a bug lost an event from %s", self.name)

    # Publishing

    async def publish(self, event: Event) -> Answer:
        """Send one event and hear what became of it, within the deadline. Never raises.

        A relay that is down is waited for that long; one that refused the event for good isn't
        asked again.
        """
        if event.id in self._refusals:
            return Answer(self.name, Verdict.NEVER, self._refusals[event.id])
        try:
            async with asyncio.timeout(self._timing.answer):
                taken, words = await self._submit(event)
        except TimeoutError:
            down = f"not connected: {self._status.last_error or 'no answer yet'}"
            return Answer(self.name, Verdict.LATER, down if self._link is None else "no answer")
        verdict = Verdict.TAKEN if taken else verdict_of(words)
        if verdict is Verdict.TAKEN:
            self._status.taken += 1
        else:
            self._status.refused += 1
        if verdict is Verdict.NEVER:
            self._remember_refusal(event.id, words)
        return Answer(self.name, verdict, words)

    async def _submit(self, event: Event) -> Said:
        """However often the link breaks: the same event again is harmless."""
        while True:
            await self._connected.wait()
            if (link := self._link) is None:
                continue
            try:
                taken, words = await link.submit(event)
                if not taken and asks_for_auth(words):
                    if not await link.authenticate():
                        return False, f"restricted: it refuses our authentication ({words})"
                    taken, words = await link.submit(event)
            except LinkError:
                await link.gone.wait()
            else:
                return taken, words

    def _remember_refusal(self, event_id: str, words: str) -> None:
        logger.warning("%s refuses one of our events for good: %s", self.name, words)
        if len(self._refusals) >= _REFUSALS_KEPT:
            del self._refusals[next(iter(self._refusals))]
        self._refusals[event_id] = words

    # Asking once

    async def fetch(self, filters: Sequence[Filter], seconds: float) -> list[object]:
        """What the relay has stored, unchecked, as far as it came within ``seconds``."""
        found: list[object] = []

        def take(raw: object, size: int) -> None:
            if len(found) < _FETCHED_AT_MOST:
                found.append(raw)

        link = self._link
        if link is None:
            return found
        self._fetches += 1
        stream_id = f"fetch-{self._fetches}"
        wanted = [each.to_dict() for each in filters]
        try:
            async with asyncio.timeout(seconds):
                words = await _ask(link, stream_id, Stream(take), wanted)
                if asks_for_auth(words) and await link.authenticate():
                    await _ask(link, stream_id, Stream(take), wanted)
        except (LinkError, TimeoutError):
            logger.debug("%s didn't answer whole within %.1f s", self.name, seconds)
        try:
            await link.close_stream(stream_id)
        except LinkError:
            logger.debug("the link to %s broke under a question", self.name)
        return found


async def _ask(
    link: Connection, stream_id: str, stream: Stream, filters: Sequence[dict[str, object]]
) -> str:
    """Until the stored answer is whole, or the relay refused: then its words."""
    await link.open(stream_id, stream, filters)
    return "" if await stream.wait_stored() else stream.closed.result()
