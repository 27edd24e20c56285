"""All of our relays together: read from every one, publish to every one, and one is enough.

The same event comes from several relays; telling them apart is the receiver's. A relay that is down
just doesn't take part.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType

import aiohttp

from bot.domain.errors import DeliveryError
from bot.domain.ports import Now
from bot.networks.nostr.events import Event, InvalidEventError, parse, verify
from bot.networks.nostr.feed import Filter, Subscription
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.relay import DEFAULT_TIMING, Answer, Receive, Relay, RelayStatus, Timing
from bot.networks.nostr.verdicts import Verdict, asks_to_slow_down

logger = logging.getLogger(__name__)

_SLOWER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class PublishResult:
    """An event that a relay took; the others may still answer."""

    event_id: str
    relay: str


class Pool:
    """An async context: relays connect when it is entered, and are left when it ends."""

    def __init__(
        self,
        urls: Sequence[str],
        signer: Signer,
        now: Now,
        *,
        subscriptions: Sequence[Subscription] = (),
        receive: Receive = lambda raw, size, relay: None,
        timing: Timing = DEFAULT_TIMING,
    ) -> None:
        self._urls = tuple(dict.fromkeys(urls))
        self._signer = signer
        self._now = now
        self._subscriptions = subscriptions
        self._receive = receive
        self._timing = timing
        self._relays: list[Relay] = []
        self._running: list[asyncio.Task[None]] = []
        self._publishing: set[asyncio.Task[Answer]] = set()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Pool:
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._timing.connect),
        )
        self._relays = [
            Relay(
                url,
                self._session,
                self._signer,
                self._subscriptions,
                self._receive,
                self._now,
                self._timing,
            )
            for url in self._urls
        ]
        self._running = [asyncio.create_task(relay.run()) for relay in self._relays]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        tasks = [*self._publishing, *self._running]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def status(self) -> list[RelayStatus]:
        return [relay.status for relay in self._relays]

    def caught_up(self, relay: str) -> bool:
        """Whether all that this relay had stored for us was received, on its present connection.

        Until then what came is the newest only, and older events may still follow.
        """
        return any(each.name == relay and each.status.caught_up for each in self._relays)

    async def wait_connected(self, seconds: float) -> bool:
        """Until one relay is connected, or the time is over; says which."""
        return await self._first(
            [asyncio.create_task(relay.wait_connected()) for relay in self._relays], seconds
        )

    async def publish(self, event: Event) -> PublishResult:
        """Send to every relay; returns when the first has taken it, the others go on.

        Raises DeliveryError when none took it: permanent when every relay refused it for good.
        """
        waiting = {asyncio.create_task(relay.publish(event)) for relay in self._relays}
        self._publishing |= waiting
        for task in waiting:
            task.add_done_callback(self._publishing.discard)
        answers: list[Answer] = []
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                answer = task.result()
                if answer.verdict is Verdict.TAKEN:
                    return PublishResult(event.id, answer.relay)
                answers.append(answer)
        raise _failure(answers)

    async def fetch(self, filters: Sequence[Filter], seconds: float) -> list[Event]:
        """What the connected relays have stored: verified, each event once, in no order.

        Relays may send what was not asked for; whether it answers the filters is the caller's.
        """
        answers = await asyncio.gather(*(relay.fetch(filters, seconds) for relay in self._relays))
        return list(_verified(raw for answer in answers for raw in answer))

    async def _first(self, tasks: Sequence[asyncio.Task[None]], seconds: float) -> bool:
        if not tasks:
            return False
        done, waiting = await asyncio.wait(
            tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        for task in waiting:
            task.cancel()
        return bool(done)


def _verified(raws: Iterable[object]) -> Iterable[Event]:
    seen = set()
    for raw in raws:
        try:
            event = parse(raw)
        except InvalidEventError:
            continue
        if event.id not in seen and verify(event):
            seen.add(event.id)
            yield event


def _failure(answers: Sequence[Answer]) -> DeliveryError:
    told = "; ".join(f"{answer.relay}: {answer.words or 'refused'}" for answer in answers)
    slower = any(asks_to_slow_down(answer.words) for answer in answers)
    return DeliveryError(
        f"no relay took the event ({told or 'there is none'})",
        permanent=bool(answers) and all(each.verdict is Verdict.NEVER for each in answers),
        retry_after=_SLOWER if slower else None,
    )
