"""Hand-written stand-ins for what the services reach outside, under the seams' contract tests."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.domain.model import (
    Audience,
    Delivery,
    Network,
    Point,
    Post,
    Prepared,
    Reading,
    SummaryDraft,
    Thread,
    Usage,
)
from bot.domain.ports import Progress, silent


class FakeNow:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


class FakeCourier:
    """A network that takes what it is sent, unless it was told to do otherwise.

    ``arrived`` has every send that got through, in order; ``messages`` what stands at each
    destination: the same bytes twice are one message. ``plans`` are taken one a send: an exception
    is raised, an event is waited for first.
    """

    network = Network.NOSTR

    def __init__(self) -> None:
        self.plans: deque[Exception | asyncio.Event] = deque()
        self.unpreparable: dict[str, Exception] = {}
        self.threads: dict[str, Thread] = {}
        self.tried: list[str] = []
        self.arrived: list[str] = []
        self.messages: dict[str, list[bytes]] = {}
        self.at_once = 0
        self.most_at_once = 0

    def prepare(self, post: Post, thread: Thread) -> Prepared:
        if post.key in self.unpreparable:
            raise self.unpreparable[post.key]
        self.threads[post.key] = thread
        wire = f"{post.kind} {post.key} {post.payload}".encode()
        return Prepared(wire, hashlib.sha256(wire).hexdigest())

    async def send(self, delivery: Delivery) -> str:
        post = delivery.post
        assert post.wire is not None, "sent without its bytes"
        self.tried.append(post.key)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._obey()
        finally:
            self.at_once -= 1
        self.arrived.append(post.key)
        there = self.messages.setdefault(post.destination, [])
        if post.wire not in there:
            there.append(post.wire)
        return hashlib.sha256(post.wire).hexdigest()

    async def _obey(self) -> None:
        await asyncio.sleep(0)
        plan = self.plans.popleft() if self.plans else None
        if isinstance(plan, Exception):
            raise plan
        if plan is not None:
            await plan.wait()


class FakeSummariser:
    """Says in both summaries what it was given, and counts how often it was asked.

    ``error`` is raised if it is set; ``gate`` is waited for.
    """

    origin = "fake"

    def __init__(self, audiences: Sequence[Audience] = tuple(Audience)) -> None:
        self.audiences = audiences
        self.readings: list[Reading] = []
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def summarise(
        self,
        reading: Reading,
        *,
        language: str = "",
        progress: Progress = silent,
        spent: Usage | None = None,
    ) -> Mapping[Audience, SummaryDraft]:
        self.readings.append(reading)
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return {
            audience: SummaryDraft(
                audience=audience,
                body=f"{audience} {reading.title}",
                lead=reading.title,
                points=(Point("First", reading.text[:40]),),
                origin=self.origin,
            )
            for audience in self.audiences
        }
