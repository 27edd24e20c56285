"""One relay that misbehaves on demand: what the client makes of it, over a real websocket."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession, WSMsgType
from pynostr.filters import Filters

from bot.networks.nostr import events, feed
from bot.networks.nostr.events import Event
from bot.networks.nostr.feed import Subscription
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.relay import Relay, Timing, public_url, reconnect_backoff
from bot.networks.nostr.verdicts import Verdict
from tests.adapters.misbehaving_relay import Behaviour, Frame, Peer, ScriptedRelay, on, say
from tests.waiting import until

BOT = Signer(bytes(31) + b"\x01")
MEMBER = Signer(bytes(31) + b"\x02")


def soon(attempt: int) -> timedelta:
    return timedelta(milliseconds=10)


QUICK = Timing(connect=10.0, answer=1.0, ping=20.0, stored=2.0, backoff=soon)


def now() -> datetime:
    return datetime.now(UTC)


def mention(text: str = "hello", at: int | None = None) -> Event:
    created_at = int(time.time()) if at is None else at
    return events.sign(MEMBER, 1, text, [["p", BOT.public_key]], created_at)


def raw(event: Event) -> dict[str, Any]:
    decoded: dict[str, Any] = orjson.loads(event.to_json())
    return decoded


class Client:
    """A running Relay and what it handed on."""

    def __init__(self) -> None:
        self.relay: Relay
        self.got: list[object] = []
        self.seen_until: int | None = None
        self.pages = 0

    def receive(self, event: object, size: int, relay: str) -> None:
        self.got.append(event)
        if event == "explode":
            raise RuntimeError("a bug in the receiver")

    async def before_page(self) -> None:
        self.pages += 1

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.got if isinstance(event, dict)]


@asynccontextmanager
async def client_of(
    url: str, timing: Timing = QUICK, clock: Callable[[], datetime] = now
) -> AsyncIterator[Client]:
    client = Client()
    subscription = Subscription(
        "mentions",
        [Filters(kinds=[1], pubkey_refs=[BOT.public_key])],
        lambda relay: client.seen_until,
        client.before_page,
    )
    async with ClientSession() as session:
        client.relay = Relay(url, session, BOT, [subscription], client.receive, clock, timing)
        running = asyncio.create_task(client.relay.run())
        try:
            yield client
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


# Staying connected


async def test_every_subscription_is_asked_for_again_after_a_drop() -> None:
    async with ScriptedRelay() as server, client_of(server.url) as client:
        await until(lambda: client.relay.status.caught_up)
        await server.drop()
        await until(lambda: server.connects == 2 and client.relay.status.caught_up)
        assert [frame[1] for frame in server.sent("REQ")] == ["mentions", "mentions"]
        await server.say("EVENT", "mentions", raw(mention()))
        await until(lambda: len(client.got) == 1)


async def test_a_relay_that_hangs_up_after_eose_is_connected_to_again() -> None:
    async def hang_up(peer: Peer, frame: Frame) -> bool:
        await say(peer, "EOSE", frame[1])
        await peer.close()
        return True

    async with ScriptedRelay(hang_up) as server, client_of(server.url) as client:
        await until(lambda: server.connects >= 3)
        server.behave = on("nothing")
        await until(lambda: client.relay.status.caught_up)


async def test_a_relay_that_comes_up_later_is_found() -> None:
    async with ScriptedRelay() as server:
        port = server.port
    async with client_of(f"ws://127.0.0.1:{port}") as client:
        await until(lambda: "Cannot connect" in client.relay.status.last_error)
        assert not client.relay.status.connected
        async with ScriptedRelay(port=port):
            await until(lambda: client.relay.status.caught_up)


async def test_a_half_open_link_is_noticed_by_its_missing_pong() -> None:
    async def freeze(peer: Peer, frame: Frame) -> bool:
        await asyncio.Event().wait()
        return True

    timing = Timing(ping=0.1, stored=5, backoff=soon)
    async with ScriptedRelay(freeze) as server, client_of(server.url, timing) as client:
        await until(lambda: server.connects >= 2)
        assert "PONG" in client.relay.status.last_error


@pytest.mark.parametrize("url", ["ws://127.0.0.1:1/", "http:///x", "ws://no-such-host.invalid"])
async def test_an_address_that_leads_nowhere_is_an_error_in_the_status(url: str) -> None:
    async with client_of(url) as client:
        await until(lambda: client.relay.status.last_error)
        assert not client.relay.status.connected


async def test_the_wait_grows_while_a_relay_fails_and_starts_afresh_after_a_steady_link() -> None:
    attempts: list[int] = []

    def record(attempt: int) -> timedelta:
        attempts.append(attempt)
        return timedelta(milliseconds=5)

    async def refuse(peer: Peer, frame: Frame) -> bool:
        await peer.close()
        return True

    async with (
        ScriptedRelay(refuse) as server,
        client_of(server.url, Timing(steady=0.2, backoff=record)) as client,
    ):
        await until(lambda: len(attempts) >= 3)
        assert attempts[:3] == [1, 2, 3]
        server.behave = on("nothing")
        await until(lambda: client.relay.status.caught_up)
        attempts.clear()
        steady_since = time.monotonic()
        await until(lambda: time.monotonic() - steady_since > 0.25)
        await server.drop()
        await until(lambda: attempts)
        assert attempts[0] == 1


def test_reconnecting_is_never_slower_than_a_minute_and_never_in_step() -> None:
    waits = {reconnect_backoff(attempt) for attempt in (1, 2, 3, 50, 5000)}
    assert len(waits) == 5
    assert all(timedelta(seconds=0.5) <= wait <= timedelta(seconds=60) for wait in waits)


def test_an_address_is_shown_without_its_password() -> None:
    assert public_url("wss://me:secret@relay.example.com:444/x") == "wss://relay.example.com:444/x"


async def test_no_password_of_an_address_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")
    async with ScriptedRelay() as server:
        url = server.url.replace("ws://", "ws://me:hunter2@")
        async with client_of(url) as client:
            await until(lambda: client.relay.status.caught_up)
            await server.drop()
            await until(lambda: server.connects == 2)
        async with client_of(url.replace(str(server.port), "1")) as client:
            await until(lambda: client.relay.status.last_error)
            assert "hunter2" not in client.relay.status.last_error
    assert caplog.text
    assert "hunter2" not in caplog.text


# Frames that are none

GARBAGE = [
    "",
    "[]",
    "{}",
    "null",
    "7",
    '"EVENT"',
    "[[]]",
    '["EVENT"]',
    '["EVENT","mentions"]',
    '["EVENT",7,{}]',
    '["EVENT",{},{}]',
    '["EVENT","unknown",{}]',
    '["OK"]',
    '["OK",null,true,""]',
    '["OK","x","true",""]',
    '["OK","","false"]',
    '["OK","",false,"invalid: whose?"]',
    '["EOSE"]',
    '["EOSE",[]]',
    '["CLOSED"]',
    '["CLOSED","unknown","error: x"]',
    '["AUTH"]',
    '["AUTH",{}]',
    '["AUTH","' + "x" * 5000 + '"]',
    "[" * 5000 + "]" * 5000,
    '["EVENT","mentions",' + "[" * 5000 + "]" * 5000 + "]",
    '["EVENT","mentions","\\ud800"]',
    '["EVENT","mentions",NaN]',
    '["EVENT"',
]


async def test_garbage_is_dropped_and_counted_and_the_link_lives() -> None:
    async with ScriptedRelay() as server, client_of(server.url) as client:
        await until(lambda: client.relay.status.caught_up)
        for text in GARBAGE:
            await server.peers[0].send_str(text)
        await server.say("EVENT", "mentions", raw(mention()))
        await until(lambda: client.got)
        assert server.connects == 1
        assert len(client.ids) == 1
        await server.drop()
        await until(lambda: client.relay.status.dropped == len(GARBAGE))


@pytest.mark.parametrize("event", [None, [], {}, 7, "text", {"tags": [["p"]]}, {"id": 1}])
async def test_events_that_are_none_are_handed_on_as_they_are(event: object) -> None:
    async with ScriptedRelay() as server, client_of(server.url) as client:
        await until(lambda: client.relay.status.caught_up)
        await server.say("EVENT", "mentions", event)
        await until(lambda: client.got == [event])


async def test_invalid_utf8_is_no_event_and_the_link_is_made_again() -> None:
    async with ScriptedRelay() as server, client_of(server.url) as client:
        await until(lambda: client.relay.status.caught_up)
        await server.peers[0].send_frame(b'["NOTICE","\xff"]', WSMsgType.TEXT)
        await server.say("EVENT", "mentions", raw(mention()))
        await until(lambda: client.got or server.connects == 2)


async def test_a_frame_of_eleven_mebibytes_ends_the_link_which_is_made_again() -> None:
    async with ScriptedRelay() as server, client_of(server.url) as client:
        await until(lambda: client.relay.status.caught_up)
        with contextlib.suppress(ConnectionError):  # hung up on before it was through
            await server.peers[0].send_str('["NOTICE","' + "x" * (11 << 20) + '"]')
        await until(lambda: server.connects == 2 and client.relay.status.caught_up)
        assert client.relay.status.dropped == 1


async def test_a_binary_frame_ends_the_link_which_is_made_again() -> None:
    async with ScriptedRelay() as server, client_of(server.url) as client:
        await until(lambda: client.relay.status.caught_up)
        await server.peers[0].send_bytes(b"[]")
        await until(lambda: server.connects == 2 and client.relay.status.caught_up)


async def test_a_receiver_that_fails_does_not_take_the_link_down(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with ScriptedRelay() as server, client_of(server.url) as client:
        await until(lambda: client.relay.status.caught_up)
        await server.say("EVENT", "mentions", "explode")
        await server.say("EVENT", "mentions", raw(mention()))
        await until(lambda: len(client.got) == 2)
        assert server.connects == 1
    assert "a bug lost an event" in caplog.text


async def test_notices_are_logged_inertly(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")
    async with ScriptedRelay() as server, client_of(server.url) as client:
        await until(lambda: client.relay.status.caught_up)
        await server.say("NOTICE", "line one\nERROR forged \x1b[31m" + "x" * 1000)
        await server.say("NOTICE")
        await server.say("EVENT", "mentions", 1)
        await until(lambda: client.got)
    said = [record.getMessage() for record in caplog.records if "says:" in record.message]
    assert len(said) == 2
    assert "\n" not in said[0]
    assert "\x1b" not in said[0]
    assert len(said[0]) < 300


# Stored events


async def test_the_backlog_is_read_past_the_relays_own_limit() -> None:
    async with ScriptedRelay(limit=7) as server:
        stored = [mention(str(n), at=1_700_000_000 + n) for n in range(50)]
        server.events = [raw(event) for event in stored]
        async with client_of(server.url) as client:
            await until(lambda: client.relay.status.caught_up)
            assert set(client.ids) == {event.id for event in stored}
            assert client.pages == len(server.sent("REQ")) - 1 >= 7
            assert {frame[1] for frame in server.sent("CLOSE")} == {"mentions-older"}


async def test_more_events_in_one_second_than_the_limit_do_not_stop_the_paging() -> None:
    async with ScriptedRelay(limit=3) as server:
        crowd = [mention(str(n), at=1_700_000_100) for n in range(9)]
        before = [mention(f"b{n}", at=1_700_000_000 + n) for n in range(5)]
        server.events = [raw(event) for event in crowd + before]
        async with client_of(server.url) as client:
            await until(lambda: client.relay.status.caught_up)
            assert {event.id for event in before} <= set(client.ids)


async def test_since_is_ten_minutes_before_what_was_seen() -> None:
    async with ScriptedRelay() as server, client_of(server.url) as client:
        client.seen_until = 1_700_000_000
        await until(lambda: client.relay.status.caught_up)
        wanted = server.sent("REQ")[0][2]
        assert wanted["since"] == 1_700_000_000 - 600
        assert wanted["#p"] == [BOT.public_key]
        assert wanted["limit"] == feed.PAGE
        client.seen_until = 1_700_000_900
        await server.drop()
        await until(lambda: server.connects == 2 and client.relay.status.caught_up)
        assert server.sent("REQ")[-1][2]["since"] == 1_700_000_300


async def test_since_is_never_past_now() -> None:
    async with ScriptedRelay() as server, client_of(server.url) as client:
        client.seen_until = int(time.time()) + 10**6
        await until(lambda: client.relay.status.caught_up)
        assert server.sent("REQ")[0][2]["since"] <= time.time() - 599


async def test_a_relay_that_sends_what_nobody_asked_for_does_not_lead_the_paging_astray() -> None:
    async def ancient(peer: Peer, frame: Frame) -> bool:
        if frame[0] == "REQ":
            await say(peer, "EVENT", frame[1], raw(mention("old", at=5)))
            await say(peer, "EVENT", frame[1], raw(mention("future", at=1 << 40)))
        return False

    async with ScriptedRelay(ancient) as server, client_of(server.url) as client:
        client.seen_until = 1_700_000_000
        await until(lambda: client.relay.status.caught_up)
        assert len(server.sent("REQ")) <= 3


async def test_a_relay_without_eose_is_not_waited_for_for_ever() -> None:
    timing = Timing(stored=0.1, backoff=soon)
    silent = on("REQ", "NOTICE", "hm")
    async with ScriptedRelay(silent) as server, client_of(server.url, timing) as client:
        await until(lambda: client.relay.status.caught_up)
        await server.say("EVENT", "mentions", raw(mention()))
        await until(lambda: client.got)


# Subscriptions that the relay closes


async def test_a_closed_subscription_is_asked_for_again() -> None:
    async with ScriptedRelay() as server, client_of(server.url) as client:
        await until(lambda: client.relay.status.caught_up)
        await server.say("CLOSED", "mentions", "error: shutting down idle subscriptions")
        await until(lambda: len(server.sent("REQ")) == 2 and client.relay.status.caught_up)
        assert server.connects == 1


async def test_a_subscription_refused_for_good_is_not_asked_for_again() -> None:
    refuse = on("REQ", "CLOSED", None, "restricted: members only")
    async with ScriptedRelay(refuse) as server, client_of(server.url) as client:
        await until(lambda: client.relay.status.refusal == "restricted: members only")
        await asyncio.wait_for(client.relay.wait_connected(), 1)
        assert len(server.sent("REQ")) == 1


async def test_a_page_that_is_refused_is_tried_again_later() -> None:
    refusals = 0

    async def refuse_pages(peer: Peer, frame: Frame) -> bool:
        nonlocal refusals
        if frame[0] == "REQ" and frame[1] == "mentions-older" and not refusals:
            refusals += 1
            await say(peer, "CLOSED", frame[1], "rate-limited: slow down")
            await say(peer, "CLOSED", "mentions", "rate-limited: slow down")
            return True
        return False

    async with ScriptedRelay(refuse_pages, limit=2) as server:
        stored = [mention(str(n), at=1_700_000_000 + n) for n in range(6)]
        server.events = [raw(event) for event in stored]
        async with client_of(server.url) as client:
            await until(lambda: client.relay.status.caught_up)
            assert {event.id for event in stored} <= set(client.ids)


# Publishing


async def test_an_event_is_taken() -> None:
    async with ScriptedRelay() as server, client_of(server.url) as client:
        answer = await client.relay.publish(mention())
        assert answer.verdict is Verdict.TAKEN
        assert answer.relay == server.url
        assert len(server.events) == 1


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("duplicate: have it", Verdict.TAKEN),
        ("rate-limited: slow down", Verdict.LATER),
        ("error: disk", Verdict.LATER),
        ("who knows", Verdict.LATER),
        ("", Verdict.LATER),
        ("blocked: no", Verdict.NEVER),
        ("invalid: no", Verdict.NEVER),
        ("restricted: no", Verdict.NEVER),
        ("pow: 28 bits", Verdict.NEVER),
    ],
)
async def test_refusals_by_their_prefix(words: str, verdict: Verdict) -> None:
    refuse = on("EVENT", "OK", None, False, words)
    async with ScriptedRelay(refuse) as server, client_of(server.url) as client:
        event = mention()
        assert (await client.relay.publish(event)).verdict is verdict
        assert (await client.relay.publish(event)).verdict is verdict
        assert len(server.sent("EVENT")) == (1 if verdict is Verdict.NEVER else 2)


async def test_an_ok_with_an_empty_id_is_for_the_one_event_under_way() -> None:
    refuse = on("EVENT", "OK", "", False, "invalid: bad event")
    async with ScriptedRelay(refuse) as server, client_of(server.url) as client:
        answer = await client.relay.publish(mention())
        assert (answer.verdict, answer.words) == (Verdict.NEVER, "invalid: bad event")


async def test_an_ok_without_words_is_an_answer() -> None:
    async with ScriptedRelay(on("EVENT", "OK", None, True)) as server, client_of(server.url) as c:
        assert (await c.relay.publish(mention())).verdict is Verdict.TAKEN


async def test_a_relay_that_accepts_and_never_answers_costs_the_deadline() -> None:
    timing = Timing(answer=0.1, backoff=soon)
    silent = on("EVENT", "NOTICE", "hm")
    async with ScriptedRelay(silent) as server, client_of(server.url, timing) as client:
        await client.relay.wait_connected()
        answer = await client.relay.publish(mention())
        assert (answer.verdict, answer.words) == (Verdict.LATER, "no answer")
        server.behave = on("nothing")
        assert (await client.relay.publish(mention())).verdict is Verdict.TAKEN


async def test_a_drop_in_mid_publish_sends_the_same_event_on_the_next_link() -> None:
    async with ScriptedRelay() as server, client_of(server.url) as client:

        async def drop_once(peer: Peer, frame: Frame) -> bool:
            if frame[0] == "EVENT" and server.connects == 1:
                await server.drop()
                return True
            return False

        server.behave = drop_once
        event = mention()
        answer = await client.relay.publish(event)
        assert answer.verdict is Verdict.TAKEN
        assert [frame[1]["id"] for frame in server.sent("EVENT")] == [event.id, event.id]


async def test_a_relay_that_is_down_answers_later_within_the_deadline() -> None:
    async with ScriptedRelay() as server:
        url = server.url
    async with client_of(url, Timing(answer=0.1, backoff=soon)) as client:
        answer = await client.relay.publish(mention())
        assert answer.verdict is Verdict.LATER
        assert answer.words.startswith("not connected")


async def test_an_event_published_twice_at_once_is_answered_twice() -> None:
    async with ScriptedRelay() as server, client_of(server.url) as client:
        event = mention()
        answers = await asyncio.gather(client.relay.publish(event), client.relay.publish(event))
        assert [answer.verdict for answer in answers] == [Verdict.TAKEN, Verdict.TAKEN]


# Authentication (NIP-42)


def guarded(server: ScriptedRelay, *, accept: bool = True) -> Behaviour:
    """Serves whoever authenticated, on any connection."""
    server.greeting = ["AUTH", "challenge-1"]
    trusted: set[int] = set()

    async def behave(peer: Peer, frame: Frame) -> bool:
        match frame:
            case ["AUTH", event]:
                good = accept and events.verify(events.parse(event)) and event["kind"] == 22242
                good = good and ["challenge", "challenge-1"] in event["tags"]
                good = good and ["relay", server.url] in event["tags"]
                if good:
                    trusted.add(id(peer))
                await say(peer, "OK", event["id"], good, "" if good else "restricted: unknown")
            case ["EVENT", event] if id(peer) not in trusted:
                await say(peer, "OK", event["id"], False, "auth-required: who are you?")
            case ["REQ", name, *_] if id(peer) not in trusted:
                await say(peer, "CLOSED", name, "auth-required: who are you?")
            case _:
                return False
        return True

    return behave


async def test_authentication_is_given_when_asked_for_and_both_are_sent_again() -> None:
    async with ScriptedRelay() as server:
        server.behave = guarded(server)
        async with client_of(server.url) as client:
            answer = await client.relay.publish(mention())
            assert answer.verdict is Verdict.TAKEN
            await until(lambda: client.relay.status.caught_up)
            assert not client.relay.status.refusal
            assert len(server.sent("AUTH")) == 1
            await server.drop()
            await until(lambda: server.connects == 2 and client.relay.status.caught_up)
            assert len(server.sent("AUTH")) == 2


async def test_a_relay_that_does_not_know_us_refuses_for_good(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with ScriptedRelay() as server:
        server.behave = guarded(server, accept=False)
        async with client_of(server.url) as client:
            answer = await client.relay.publish(mention())
            assert answer.verdict is Verdict.NEVER
            await until(lambda: "auth-required" in client.relay.status.refusal)
    assert "refuses our authentication" in caplog.text


async def test_a_question_is_asked_again_after_authentication() -> None:
    async with ScriptedRelay() as server:
        server.behave = guarded(server)
        server.events = [raw(mention())]
        async with client_of(server.url) as client:
            await client.relay.wait_connected()
            found = await client.relay.fetch([Filters(kinds=[1])], 2.0)
            assert found == server.events


async def test_a_relay_that_asks_for_authentication_without_a_challenge_is_given_up() -> None:
    timing = Timing(answer=0.1, backoff=soon)
    ask = on("REQ", "CLOSED", None, "auth-required: who are you?")
    async with ScriptedRelay(ask) as server, client_of(server.url, timing) as client:
        await until(lambda: "auth-required" in client.relay.status.refusal)
        assert server.connects == 1
        assert not server.sent("AUTH")


# Asking once


async def test_a_question_is_answered_and_closed() -> None:
    async with ScriptedRelay() as server, client_of(server.url) as client:
        server.events = [raw(mention(str(n))) for n in range(3)]
        await until(lambda: client.relay.status.caught_up)
        found = await client.relay.fetch([Filters(kinds=[1], limit=2)], 1.0)
        assert len(found) == 2
        await until(lambda: ["CLOSE", "fetch-1"] in server.frames)


async def test_a_question_that_is_not_answered_ends_in_time_with_what_came() -> None:
    async def half(peer: Peer, frame: Frame) -> bool:
        if frame[0] == "REQ" and frame[1].startswith("fetch"):
            await say(peer, "EVENT", frame[1], raw(mention()))
            return True
        return False

    async with ScriptedRelay(half) as server, client_of(server.url) as client:
        await client.relay.wait_connected()
        assert len(await client.relay.fetch([Filters(kinds=[1])], 0.1)) == 1


async def test_a_question_is_bounded_whatever_the_relay_sends() -> None:
    async def flood(peer: Peer, frame: Frame) -> bool:
        if frame[0] == "REQ" and frame[1].startswith("fetch"):
            for n in range(700):
                await say(peer, "EVENT", frame[1], n)
        return False

    async with ScriptedRelay(flood) as server, client_of(server.url) as client:
        await client.relay.wait_connected()
        assert len(await client.relay.fetch([Filters(kinds=[1])], 5.0)) == 500


async def test_a_relay_that_is_down_or_breaks_answers_a_question_with_nothing() -> None:
    async with ScriptedRelay() as server, client_of(server.url) as client:
        assert await client.relay.fetch([Filters(kinds=[0])], 0.1) == []
        await until(lambda: client.relay.status.caught_up)

        async def drop(peer: Peer, frame: Frame) -> bool:
            await server.drop()
            return True

        server.behave = drop
        assert await client.relay.fetch([Filters(kinds=[0])], 0.3) == []
