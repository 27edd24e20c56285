"""A look at one relay, for the operator: does it answer, does it want AUTH, what are its limits.

It connects once and asks for one event; it keeps nothing and retries nothing. The bot's own
connections are the pool's.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import aiohttp
import orjson

_DOCUMENT_BYTES = 64 * 1024
_FRAME_BYTES = 512 * 1024
_LIMITS = ("max_message_length", "max_content_length", "max_event_tags", "max_subscriptions")


@dataclass(frozen=True, slots=True)
class RelayReport:
    """``detail`` is one line for a person. ``rtt_ms`` is from a request to the relay's answer.

    ``auth`` says whether the relay wants a signature before it answers (NIP-42); ``limits`` are
    what its NIP-11 document names, empty when it has none.
    """

    url: str
    ok: bool
    detail: str
    rtt_ms: float | None = None
    auth: bool = False
    name: str = ""
    limits: dict[str, int | bool] = field(default_factory=dict)


async def probe(url: str, pubkey: str, seconds: float = 5.0) -> RelayReport:
    """What ``url`` says to a bot whose public key (hex) is ``pubkey``. Never raises for a relay."""
    try:
        async with asyncio.timeout(seconds), aiohttp.ClientSession() as http:
            document, (rtt, wants_auth) = await asyncio.gather(
                _document(http, url), _round_trip(http, url, pubkey)
            )
    except TimeoutError:
        return RelayReport(url, ok=False, detail=f"no answer within {seconds:.0f} s")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return RelayReport(url, ok=False, detail=_reason(error))
    limits = _limits(document)
    needs_auth = wants_auth or limits.get("auth_required") is True
    return RelayReport(
        url=url,
        ok=True,
        detail=_detail(rtt, limits, needs_auth=needs_auth),
        rtt_ms=round(rtt * 1000, 1),
        auth=needs_auth,
        name=str(document.get("name", ""))[:100],
        limits=limits,
    )


async def _round_trip(http: aiohttp.ClientSession, url: str, pubkey: str) -> tuple[float, bool]:
    """Seconds from a REQ to its end, and whether AUTH was asked for in between."""
    request = orjson.dumps(["REQ", "probe", {"authors": [pubkey], "kinds": [0], "limit": 1}])
    async with http.ws_connect(url, max_msg_size=_FRAME_BYTES) as socket:
        started_at = time.monotonic()
        await socket.send_str(request.decode())
        wants_auth = False
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            frame = orjson.loads(message.data)
            kind = frame[0] if isinstance(frame, list) and frame else None
            if kind == "AUTH":
                wants_auth = True
            elif kind in ("EOSE", "CLOSED"):
                wants_auth = wants_auth or str(frame[-1]).startswith("auth-required:")
                return time.monotonic() - started_at, wants_auth
    raise aiohttp.ClientConnectionError("it closed the connection without an answer")


async def _document(http: aiohttp.ClientSession, url: str) -> dict[str, object]:
    """The relay's NIP-11 document; empty where it has none that can be read."""
    address = "http" + url.removeprefix("ws")
    try:
        async with http.get(address, headers={"Accept": "application/nostr+json"}) as answer:
            document = orjson.loads(await answer.content.read(_DOCUMENT_BYTES))
    except (aiohttp.ClientError, OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _limits(document: dict[str, object]) -> dict[str, int | bool]:
    found = document.get("limitation")
    if not isinstance(found, dict):
        return {}
    names = (*_LIMITS, "auth_required", "payment_required", "restricted_writes")
    return {name: found[name] for name in names if isinstance(found.get(name), int)}


def _detail(rtt: float, limits: dict[str, int | bool], *, needs_auth: bool) -> str:
    parts = [f"answers in {rtt * 1000:.0f} ms", "wants AUTH" if needs_auth else "no AUTH needed"]
    parts += [f"{name.replace('_', ' ')} {limits[name]}" for name in _LIMITS if name in limits]
    if limits.get("payment_required") is True:
        parts.append("wants payment")
    if limits.get("restricted_writes") is True:
        parts.append("may refuse what we post")
    return ", ".join(parts if limits else [*parts, "names no limits (NIP-11)"])


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"answers, but not as a relay (HTTP {error.status})"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"can't be reached ({error.os_error.strerror or error.os_error})"
    return " ".join(str(error).split())[:200] or type(error).__name__
