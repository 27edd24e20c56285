"""The pool against real relays: nostr-sdk's, started and stopped in this process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from pynostr.filters import Filters

from bot.domain.errors import DeliveryError
from bot.networks.nostr import events, feed
from bot.networks.nostr.events import Event
from bot.networks.nostr.feed import Subscription
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.local_relay import LocalRelay
from bot.networks.nostr.pool import Pool
from bot.networks.nostr.relay import Timing
from tests.waiting import until

BOT = Signer(bytes(31) + b"\x01")
MEMBER = Signer(bytes(31) + b"\x02")
QUICK = Timing(answer=2.0, backoff=lambda attempt: timedelta(milliseconds=20))


def now() -> datetime:
    return datetime.now(UTC)


class Inbox:
    """Keeps the ids of what it is handed, in order, and from where."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str]] = []

    def __call__(self, raw: object, size: int, relay: str) -> None:
        assert isinstance(raw, dict)
        assert size >= len(orjson.dumps(raw))
        self.got.append((raw["id"], relay))

    @property
    def ids(self) -> list[str]:
        return [event_id for event_id, _ in self.got]


def mentions(seen_until: int | None = None) -> Subscription:
    return Subscription(
        "mentions",
        [Filters(kinds=[1], pubkey_refs=[BOT.public_key])],
        lambda relay: seen_until,
    )


def mention(text: str = "hello", at: int | None = None) -> Event:
    created_at = int(time.time()) if at is None else at
    return events.sign(MEMBER, 1, text, [["p", BOT.public_key]], created_at)


def pool(
    *urls: str, inbox: Inbox | None = None, subscriptions: Sequence[Subscription] = ()
) -> Pool:
    return Pool(urls, BOT, now, subscriptions=subscriptions, receive=inbox or Inbox(), timing=QUICK)


async def test_what_one_publishes_the_other_receives() -> None:
    inbox = Inbox()
    event = mention()
    async with (
        LocalRelay() as relay,
        pool(relay.url, inbox=inbox, subscriptions=[mentions()]) as ours,
        pool(relay.url) as theirs,
    ):
        await until(lambda: ours.caught_up(relay.url))
        result = await theirs.publish(event)
        assert result.relay == relay.url
        await until(lambda: inbox.got == [(event.id, relay.url)])
        assert ours.status()[0].received == 1


async def test_the_same_event_again_is_success() -> None:
    event = mention()
    async with LocalRelay() as relay, pool(relay.url) as ours:
        await ours.publish(event)
        await ours.publish(event)
        assert ours.status()[0].taken == 2
