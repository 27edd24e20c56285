"""A whole Nostr side over a real data file, with people who sign, and a relay that is a list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import orjson

from bot.domain.errors import DeliveryError
from bot.domain.model import (
    OPERATOR,
    Audience,
    Group,
    Limits,
    Network,
    Point,
    Reading,
    Session,
    SummaryDraft,
    Usage,
)
from bot.domain.ports import Progress, silent
from bot.networks.nostr.acquaintances import Acquaintances
from bot.networks.nostr.admission import Admission
from bot.networks.nostr.context import Listener
from bot.networks.nostr.deliver import NostrCourier
from bot.networks.nostr.events import NOTE, Event, Tag, sign
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.mentions import Mentions, known_people
from bot.networks.nostr.render import Identity
from bot.networks.nostr.replies import Replies
from bot.networks.nostr.responder import Responder
from bot.services.outbox import Outbox
from bot.services.questions import Questions
from bot.services.sessions import SessionPlan, Sessions
from bot.services.summaries import Summaries
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow
from tests.waiting import until

RELAY = "ws://relay.test"
BOT = Signer(b"\x01" * 32)
ANN = Signer(b"\x02" * 32)
BEN = Signer(b"\x03" * 32)


def person(number: int) -> Signer:
    return Signer(number.to_bytes(2, "big") * 16)


def mention(
    signer: Signer, text: str, now: FakeNow, *tags: Tag, kind: int = NOTE, ahead: int = 0
) -> Event:
    """``text`` addressed to the bot, created ``ahead`` seconds from now."""
    at = int(now().timestamp()) + ahead
    return sign(signer, kind, text, (*tags, ("p", BOT.public_key)), at)


def raw(event: Event) -> dict[str, object]:
    decoded: dict[str, object] = orjson.loads(event.to_json())
    return decoded


@dataclass
class ListRelay:
    """Takes what is published, or refuses while ``down``; those ``behind`` still send."""

    events: list[Event] = field(default_factory=list)
    down: bool = False
    behind: set[str] = field(default_factory=set)

    async def publish(self, event: Event) -> None:
        if self.down:
            raise DeliveryError("no relay can be reached")
        if event.id not in {each.id for each in self.events}:
            self.events.append(event)

    def replies_to(self, event: Event) -> list[Event]:
        return [each for each in self.events if event.id in each.values("e")]


class TwoPoints:
    """A summariser that says the same of every reading."""

    origin = "extractive"

    async def summarise(
        self,
        reading: Reading,
        *,
        language: str = "",
        progress: Progress = silent,
        spent: Usage | None = None,
    ) -> Mapping[Audience, SummaryDraft]:
        return {
            audience: SummaryDraft(
                audience=audience,
                body=f"{audience} body",
                lead=f"The {audience} lead.",
                points=(Point("First", "one thing."), Point("Second", "another thing.")),
                origin=self.origin,
            )
            for audience in Audience
        }


@dataclass
class Bot:
    """The parts of a running bot that tests look at."""

    now: FakeNow
    store: SqliteStore
    group: Group
    sessions: Sessions
    questions: Questions
    summaries: Summaries
    outbox: Outbox
    relay: ListRelay
    admission: Admission
    listener: Listener
    mentions: Mentions
    profiles: dict[str, Event]
    summariser: TwoPoints
    looked_up: list[Sequence[str]]

    def receive(self, event: Event, relay: str = RELAY) -> None:
        self.mentions.receive(raw(event), len(event.to_json()), relay)

    async def announce(self, title: str = "Moats", *, in_days: int = 2) -> Session:
        plan = SessionPlan(
            title=title,
            when=f"{self.now() + timedelta(days=in_days):%Y-%m-%d} 19:00",
            place="Room 4",
            readings=(Reading("We have no moat", "https://read.test/moat", text="Long. Text."),),
        )
        session = await self.sessions.add(self.group, plan, by=OPERATOR)
        return (await self.sessions.announce(self.group, session.slug, by=OPERATOR)).session

    async def announcement(self, session: Session) -> Event:
        """The note that announces it, once it is posted."""

        def notes() -> list[Event]:
            head = f"{session.title}\n"
            return [e for e in self.relay.events if e.kind == NOTE and e.content.startswith(head)]

        await until(notes)
        return notes()[0]


@asynccontextmanager
async def bot_in(
    folder: Path, limits: Limits | None = None, signer: Signer = BOT
) -> AsyncIterator[Bot]:
    """Built, but with no task running yet."""
    now = FakeNow()
    async with SqliteStore.open(folder / "readalong.db", now) as store:
        plain = Group(0, "atl", "Atlanta", "America/New_York", (timedelta(days=1),))
        async with store.transaction() as tx:
            group = await tx.groups.ensure(plain)
            await tx.groups.ensure_destination(group.id, Network.NOSTR, signer.public_key)
        yield _wire(now, store, group, limits or Limits(), signer)


def _wire(now: FakeNow, store: SqliteStore, group: Group, limits: Limits, signer: Signer) -> Bot:
    relay, profiles = ListRelay(), dict[str, Event]()
    looked_up: list[Sequence[str]] = []

    async def look_up(pubkeys: Sequence[str]) -> list[Event]:
        looked_up.append(pubkeys)
        return [profiles[pubkey] for pubkey in pubkeys if pubkey in profiles]

    identity = Identity(signer.public_key, (RELAY,))
    outbox = Outbox(store, NostrCourier(signer, identity, relay.publish, now), now)
    sessions = Sessions(store, now)
    questions = Questions(store, now, limits, b"secret")
    summariser = TwoPoints()
    summaries = Summaries(store, summariser, now, article=lambda view: f"# {view.session.title}")
    people = Acquaintances(known_people(store, now), look_up)
    admission = Admission(signer.public_key, people, limits, now)
    listener = Listener(store, group, signer.public_key, "Readalong")
    mentions = Mentions(
        admission,
        listener,
        Responder(group, sessions, questions, summaries, now),
        Replies(signer, group.id, now),
        questions,
        outbox,
        store,
        group,
        now,
        caught_up=lambda name: name not in relay.behind,
        backoff=lambda attempt: timedelta(milliseconds=10),
        report_every=0.05,
        summaries_at_once=20,
    )
    return Bot(
        now,
        store,
        group,
        sessions,
        questions,
        summaries,
        outbox,
        relay,
        admission,
        listener,
        mentions,
        profiles,
        summariser,
        looked_up,
    )
