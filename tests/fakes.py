"""Hand-written stand-ins for what the services reach outside, under the seams' contract tests."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.model import (
    Audience,
    Delivery,
    Document,
    Finding,
    Network,
    Point,
    Post,
    Prepared,
    Reading,
    Suggestion,
    SummaryDraft,
    SummaryStatus,
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


class FakeModel(FakeSummariser):
    """A summariser whose drafts wait for approval, with ``findings`` and a usage of 100 tokens.

    ``spent`` and ``languages`` are what it was told at each request.
    """

    origin = "gpt-9"

    def __init__(self, audiences: Sequence[Audience] = tuple(Audience)) -> None:
        super().__init__(audiences)
        self.findings: tuple[Finding, ...] = ()
        self.spent: list[Usage | None] = []
        self.languages: list[str] = []
        self.suggested: list[str] = ["Why llamas?", "Why not?"]

    async def summarise(
        self,
        reading: Reading,
        *,
        language: str = "",
        progress: Progress = silent,
        spent: Usage | None = None,
    ) -> Mapping[Audience, SummaryDraft]:
        self.spent.append(spent)
        self.languages.append(language)
        made = await super().summarise(reading)
        usage = Usage(self.origin, 2, 80, 0, 20, 0.5)
        for step in (*self.audiences, "checks"):
            progress(step)
        return {
            audience: replace(
                draft,
                status=SummaryStatus.DRAFT,
                usage=usage,
                prompt="Sum it up.",
                answered_by=self.origin,
                findings=tuple(each for each in self.findings if each.audience is audience),
            )
            for audience, draft in made.items()
        }

    async def suggest_questions(
        self,
        reading: Reading,
        drafts: Mapping[Audience, SummaryDraft],
        *,
        language: str = "",
    ) -> Sequence[Suggestion]:
        """The ``Suggest`` of it."""
        self.readings.append(reading)
        if self.error is not None:
            raise self.error
        return [Suggestion(text, reading.text[:9], "Intro") for text in self.suggested]


class FakeSource:
    """A web of one document, whatever is asked for. ``asked`` has the readings; ``error`` is raised
    if it is set."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.asked: list[Reading] = []
        self.error: Exception | None = None

    async def __call__(self, reading: Reading) -> Document:
        self.asked.append(reading)
        if self.error is not None:
            raise self.error
        return self.document
