"""Looking at a relay: what it says of itself, however wrongly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import orjson
import pytest

from bot.networks.nostr.inspection import RelayInformation
from bot.networks.nostr.local_relay import LocalRelay
from bot.networks.nostr.probe import probe
from tests.adapters.misbehaving_relay import Frame, Peer, ScriptedRelay, on, say

PUBKEY = "7e7e9c42a91bfef19fa929e5fda1b72e0ebc1a4c1141673e2794234d86addf4e"


async def test_a_relay_without_nip11_is_reachable() -> None:
    async with LocalRelay() as relay:
        report = await probe(relay.url, PUBKEY)
    assert report.ok
    assert not report.auth
    assert "NIP-11" in report.detail
    assert report.information is None


async def test_a_relay_that_wants_authentication_is_said() -> None:
    async with LocalRelay(auth=True) as relay:
        report = await probe(relay.url, PUBKEY)
    assert report.ok
    assert report.auth
    assert "wants AUTH" in report.detail


async def test_what_a_relay_says_of_itself_is_read_without_the_password_of_its_address() -> None:
    document = {
        "name": "our\nrelay",
        "software": ["x"],
        "supported_nips": [1, 11, "x", True],
        "limitation": {
            "payment_required": True,
            "restricted_writes": True,
            "max_message_length": 16384,
            "max_subscriptions": 20,
            "max_limit": -5,
            "max_event_tags": "many",
        },
        "padding": "x" * 40_000,
    }
    async with ScriptedRelay() as relay:
        relay.information = orjson.dumps(document)
        report = await probe(relay.url.replace("ws://", "ws://me:hunter2@"), PUBKEY)
        assert report.url == relay.url
    assert report.information == RelayInformation(
        name="our relay",
        nips=frozenset({1, 11}),
        payment_required=True,
        restricted_writes=True,
        max_message_length=16384,
        max_subscriptions=20,
    )
    for words in ("wants payment", "may refuse", "16384", "20 subscriptions"):
        assert words in report.detail


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"<html>",
        b"\xff",
        b"[" * 5000,
        b'{"x":"' + b"y" * 100_000 + b'"}',
    ],
)
async def test_a_document_of_nonsense_says_nothing(body: bytes) -> None:
    async with ScriptedRelay() as relay:
        relay.information = body
        report = await probe(relay.url, PUBKEY)
    assert report.ok
    assert report.information is None


@pytest.mark.parametrize("body", [b"{}", b'{"limitation":[],"supported_nips":{}}'])
async def test_a_document_without_limits_names_none(body: bytes) -> None:
    async with ScriptedRelay() as relay:
        relay.information = body
        report = await probe(relay.url, PUBKEY)
    assert report.information == RelayInformation()


async def test_frames_of_nonsense_do_not_make_a_relay_unreachable() -> None:
    async def babble(peer: Peer, frame: Frame) -> bool:
        await peer.send_str("[" * 5000)
        await peer.send_str("{}")
        await peer.send_bytes(b"[]")
        await say(peer, "NOTICE", "hm")
        return False

    async with ScriptedRelay(babble) as relay:
        assert (await probe(relay.url, PUBKEY)).ok


async def test_a_relay_that_closes_with_auth_required_wants_authentication() -> None:
    async with ScriptedRelay(on("REQ", "CLOSED", None, "auth-required: who?")) as relay:
        assert (await probe(relay.url, PUBKEY)).auth


async def test_no_relay_is_said_without_its_password() -> None:
    async with ScriptedRelay() as relay:
        url = relay.url
    report = await probe(url.replace("ws://", "ws://me:hunter2@"), PUBKEY)
    assert not report.ok
    assert report.detail == "can't be reached (Connection refused)"
    assert "hunter2" not in f"{report}"


@asynccontextmanager
async def server_that(answers: bytes, until_closed: bool) -> AsyncIterator[str]:
    """A TCP server that reads, says its one thing, and waits for its only client to end."""
    ended = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await (reader.read() if until_closed else reader.readuntil(b"\r\n\r\n"))
        writer.write(answers)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.wait_for(ended.wait(), 5)


async def test_a_server_that_is_no_relay_is_said() -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    async with server_that(page, until_closed=False) as url:
        report = await probe(url, PUBKEY)
    assert not report.ok
    assert report.detail


async def test_a_server_that_never_answers_is_given_up() -> None:
    async with server_that(b"", until_closed=True) as url:
        report = await probe(url, PUBKEY, 0.5)
    assert not report.ok
    assert "no answer within" in report.detail
