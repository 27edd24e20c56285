"""The pool against real relays: nostr-sdk's, started and stopped in this process."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import nostr_sdk
import orjson
import pytest
from pynostr.filters import Filters

from bot.domain.errors import DeliveryError
from bot.networks.nostr import events, prompt
from bot.networks.nostr.events import Event
from bot.networks.nostr.feed import Subscription
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.local_relay import LocalRelay
from bot.networks.nostr.pool import Pool
from bot.networks.nostr.relay import Timing
from tests.adapters.misbehaving_relay import Frame, Peer, ScriptedRelay, on
from tests.waiting import until

BOT = Signer(bytes(31) + b"\x01")
MEMBER = Signer(bytes(31) + b"\x02")
QUICK = Timing(answer=6.0, backoff=lambda attempt: timedelta(milliseconds=20))


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
    *urls: str,
    inbox: Inbox | None = None,
    subscriptions: Sequence[Subscription] = (),
    timing: Timing = QUICK,
) -> Pool:
    receive = inbox or Inbox()
    return Pool(urls, BOT, now, subscriptions=subscriptions, receive=receive, timing=timing)


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


async def test_a_relay_that_is_down_does_not_take_part() -> None:
    async with LocalRelay() as gone:
        url = gone.url
    event = mention()
    async with LocalRelay() as relay, pool(url, relay.url) as ours:
        assert (await ours.publish(event)).relay == relay.url
        assert await ours.wait_connected(1.0)
        assert [status.connected for status in ours.status()] == [False, True]


async def test_every_relay_down_is_a_failure_that_may_pass() -> None:
    async with LocalRelay() as gone:
        url = gone.url
    async with pool(url, timing=replace(QUICK, answer=0.5)) as ours:
        assert not await ours.wait_connected(0.05)
        with pytest.raises(DeliveryError, match="not connected") as caught:
            await ours.publish(mention())
        assert not caught.value.permanent
        assert caught.value.retry_after is None


async def test_without_a_relay_nothing_is_published_and_nothing_is_permanent() -> None:
    async with pool() as ours:
        assert not await ours.wait_connected(0.05)
        with pytest.raises(DeliveryError, match="there is none") as caught:
            await ours.publish(mention())
        assert not caught.value.permanent


async def test_refusals_are_permanent_only_when_every_relay_means_it() -> None:
    no = on("EVENT", "OK", None, False, "blocked: not here")
    later = on("EVENT", "OK", None, False, "rate-limited: slow down")
    async with ScriptedRelay(no) as one, ScriptedRelay(no) as two, ScriptedRelay(later) as three:
        async with pool(one.url, two.url) as ours:
            with pytest.raises(DeliveryError, match="blocked: not here") as caught:
                await ours.publish(mention())
            assert caught.value.permanent
            assert one.url in caught.value.reason
            assert two.url in caught.value.reason
        async with pool(one.url, three.url) as ours:
            with pytest.raises(DeliveryError) as caught:
                await ours.publish(mention())
            assert not caught.value.permanent
            assert caught.value.retry_after == timedelta(seconds=30)


async def test_a_slow_relay_goes_on_after_a_quick_one_has_taken_it() -> None:
    release = asyncio.Event()

    async def slow(peer: Peer, frame: Frame) -> bool:
        if frame[0] == "EVENT":
            await release.wait()
        return False

    async with (
        ScriptedRelay() as quick,
        ScriptedRelay(slow) as other,
        pool(quick.url, other.url) as ours,
    ):
        result = await ours.publish(mention())
        assert result.relay == quick.url
        release.set()
        await until(lambda: [status.taken for status in ours.status()] == [1, 1])


async def test_leaving_while_a_relay_is_still_asked_ends_at_once() -> None:
    async def never(peer: Peer, frame: Frame) -> bool:
        return bool(frame[0] == "EVENT")

    async with ScriptedRelay(never) as silent, ScriptedRelay() as quick:
        async with pool(quick.url, silent.url) as ours:
            await ours.publish(mention())
            started = time.monotonic()
        assert time.monotonic() - started < 4.0


async def test_a_relay_that_stops_and_starts_again_is_followed_again() -> None:
    inbox = Inbox()
    async with LocalRelay() as relay:
        url = relay.url
        port = int(url.rpartition(":")[2])
        ours = pool(url, inbox=inbox, subscriptions=[mentions()])
        await ours.__aenter__()
        await until(lambda: ours.caught_up(url))
    try:
        await until(lambda: not ours.status()[0].connected)
        async with LocalRelay(port) as again, pool(again.url) as theirs:
            assert again.url == url
            await until(lambda: ours.caught_up(url))
            event = mention("back?")
            await theirs.publish(event)
            await until(lambda: inbox.ids == [event.id])
            assert ours.status()[0].connects == 2
    finally:
        await ours.__aexit__(None, None, None)


async def test_what_was_stored_before_is_received_from_the_cursor_on() -> None:
    base = int(time.time()) - 5000
    stored = [mention(str(n), at=base + n) for n in range(0, 3000, 100)]
    inbox = Inbox()
    async with LocalRelay() as relay, pool(relay.url) as theirs:
        for event in stored:
            await theirs.publish(event)
        async with pool(relay.url, inbox=inbox, subscriptions=[mentions(base + 2000)]) as ours:
            await until(lambda: ours.caught_up(relay.url))
            wanted = {event.id for event in stored if event.created_at >= base + 1400}
            assert set(inbox.ids) == wanted


async def test_the_same_event_is_handed_on_from_every_relay() -> None:
    inbox = Inbox()
    event = mention()
    async with LocalRelay() as one, LocalRelay() as two:
        urls = (one.url, two.url)
        async with (
            pool(*urls, inbox=inbox, subscriptions=[mentions()]) as ours,
            pool(*urls) as theirs,
        ):
            await until(lambda: all(ours.caught_up(url) for url in urls))
            assert not ours.caught_up("ws://elsewhere")
            await theirs.publish(event)
            await until(lambda: len(inbox.got) == 2)
            assert set(inbox.got) == {(event.id, url) for url in urls}


async def test_a_relay_that_wants_authentication_gets_it() -> None:
    inbox = Inbox()
    event = mention()
    async with (
        LocalRelay(auth=True) as relay,
        pool(relay.url, inbox=inbox, subscriptions=[mentions()]) as ours,
        pool(relay.url) as theirs,
    ):
        await until(lambda: ours.caught_up(relay.url))
        await theirs.publish(event)
        await until(lambda: inbox.ids == [event.id])
        assert await theirs.fetch([Filters(kinds=[1])], 2.0) == [event]


async def test_what_is_fetched_is_verified_and_there_once() -> None:
    good = mention()
    forged = {**orjson.loads(mention("forged").to_json()), "content": "changed"}
    async with ScriptedRelay() as one, ScriptedRelay() as two:
        one.events = [orjson.loads(good.to_json()), forged]
        two.events = [orjson.loads(good.to_json()), {"id": 1, "created_at": 1}]
        async with pool(one.url, two.url) as ours:
            await until(lambda: all(status.connected for status in ours.status()))
            assert await ours.fetch([Filters(kinds=[1])], 1.0) == [good]


async def test_a_published_event_is_the_one_that_an_independent_client_sees() -> None:
    event = mention("é 😀 \x01")
    async with LocalRelay() as relay, pool(relay.url) as ours:
        await ours.publish(event)
        client = nostr_sdk.ClientBuilder().build()
        await client.add_relay(nostr_sdk.RelayUrl.parse(relay.url))
        await client.connect()
        theirs = nostr_sdk.Filter().id(nostr_sdk.EventId.parse(event.id))
        target = nostr_sdk.ReqTarget.auto([theirs])
        found = await client.fetch_events(target, timedelta(seconds=5))
        assert [each.content() for each in found] == [event.content]
        await client.shutdown()


async def test_a_frame_right_after_an_answer_is_not_held_back() -> None:
    """The relay leaves Nagle's algorithm on: without prompt acknowledgements this takes 40 ms."""
    inbox = Inbox()
    waits = []
    async with (
        LocalRelay() as relay,
        pool(relay.url, inbox=inbox, subscriptions=[mentions()]) as ours,
    ):
        await until(lambda: ours.caught_up(relay.url))
        for number in range(15):
            event = mention(str(number))
            started = time.perf_counter()
            await ours.publish(event)
            await until(lambda event=event: event.id in inbox.ids)
            waits.append(time.perf_counter() - started)
    if prompt.QUICK is not None:
        assert sorted(waits)[len(waits) // 2] < 0.03


def test_a_socket_that_is_gone_or_unknown_is_acknowledged_without_harm() -> None:
    class Known:
        def __init__(self, tcp: object) -> None:
            self.tcp = tcp

        def get_extra_info(self, name: str, default: object = None) -> object:
            return self.tcp

    closed = socket.socket()
    closed.close()
    prompt.acknowledging(Known(closed))()
    prompt.acknowledging(Known(None))()
