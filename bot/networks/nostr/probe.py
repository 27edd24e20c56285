"""A look at one relay, for the operator: does it answer, does it want AUTH, what are its limits.

It connects once and asks for one event; it keeps nothing and retries nothing. The bot's own
connections are the pool's.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from dataclasses import dataclass

import aiohttp
import orjson

from bot.networks.nostr.inspection import RelayInformation, relay_information
from bot.networks.nostr.relay import public_url
from bot.networks.nostr.verdicts import asks_for_auth, inert

_FRAME_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class RelayReport:
    """``detail`` is one line for a person. ``rtt_ms`` is from a request to the relay's answer.

    ``auth`` says whether the relay wants a signature before it answers (NIP-42).
    ``information`` is what its NIP-11 document says; None when it has none.
    """

    url: str
    ok: bool
    detail: str
    rtt_ms: float | None = None
    auth: bool = False
    information: RelayInformation | None = None


async def probe(url: str, pubkey: str, seconds: float = 5.0) -> RelayReport:
    """What ``url`` says to a bot whose public key (hex) is ``pubkey``. Never raises for a relay."""
    name = public_url(url)
    try:
        async with (
            asyncio.timeout(seconds),
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        ):
            rtt, wants_auth = await _round_trip(http, url, pubkey)
            information = await relay_information(url, http, seconds / 2)
    except TimeoutError:
        return RelayReport(name, ok=False, detail=f"no answer within {seconds:.0f} s")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return RelayReport(name, ok=False, detail=_reason(error).replace(url, name))
    auth = wants_auth or (information is not None and information.auth_required)
    detail = _detail(rtt, information, auth=auth)
    return RelayReport(name, True, detail, round(rtt * 1000, 1), auth, information)


async def _round_trip(http: aiohttp.ClientSession, url: str, pubkey: str) -> tuple[float, bool]:
    """Seconds from a REQ to its end, and whether AUTH was asked for in between."""
    request = orjson.dumps(["REQ", "probe", {"authors": [pubkey], "kinds": [0], "limit": 1}])
    closing = aiohttp.ClientWSTimeout(ws_close=0.5)
    async with http.ws_connect(url, max_msg_size=_FRAME_BYTES, timeout=closing) as socket:
        started_at = time.monotonic()
        await socket.send_str(request.decode())
        wants_auth = False
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            match _decoded(message.data):
                case ["AUTH", *_]:
                    wants_auth = True
                case ["EOSE", *_]:
                    return time.monotonic() - started_at, wants_auth
                case ["CLOSED", *_, words]:
                    wants_auth = wants_auth or asks_for_auth(str(words))
                    return time.monotonic() - started_at, wants_auth
    raise aiohttp.ClientConnectionError("it closed the connection without an answer")


def _decoded(data: str) -> object:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _detail(rtt: float, information: RelayInformation | None, *, auth: bool) -> str:
    parts = [f"answers in {rtt * 1000:.0f} ms", "wants AUTH" if auth else "no AUTH needed"]
    if information is None:
        return ", ".join([*parts, "names no limits (NIP-11)"])
    if information.max_message_length is not None:
        parts.append(f"messages up to {information.max_message_length} bytes")
    if information.max_content_length is not None:
        parts.append(f"notes up to {information.max_content_length} characters")
    if information.max_event_tags is not None:
        parts.append(f"{information.max_event_tags} tags")
    if information.max_subscriptions is not None:
        parts.append(f"{information.max_subscriptions} subscriptions")
    if information.payment_required:
        parts.append("wants payment")
    if information.restricted_writes:
        parts.append("may refuse what we post")
    return ", ".join(parts)


def _cause(error: OSError) -> str:
    """The system's own words; asyncio puts the address in their place."""
    is_system = not isinstance(error, socket.gaierror) and (error.errno or 0) > 0
    return os.strerror(error.errno or 0) if is_system else str(error.strerror or error)


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"answers, but not as a relay (HTTP {error.status})"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"can't be reached ({_cause(error.os_error)})"
    return inert(str(error)) or type(error).__name__
