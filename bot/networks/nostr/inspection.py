"""NIP-11: what a relay says of itself, read over HTTP from the relay's own address.

It is a stranger's document: bounded in size and time, and every field may be missing or nonsense.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import orjson

from bot.networks.nostr.verdicts import inert

_MAX_DOCUMENT = 64 * 1024
_MAX_WORDS = 100

# Uncompressed, so that its bytes in memory are those that came over the line.
_WANTED = {"Accept": "application/nostr+json", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class RelayInformation:
    """What a relay's NIP-11 document says; None where it says nothing usable. Lengths in bytes,
    but ``max_content_length`` in characters."""

    name: str = ""
    software: str = ""
    nips: frozenset[int] = frozenset()
    auth_required: bool = False
    payment_required: bool = False
    restricted_writes: bool = False
    max_message_length: int | None = None
    max_subscriptions: int | None = None
    max_limit: int | None = None
    max_event_tags: int | None = None
    max_content_length: int | None = None


async def relay_information(
    url: str, session: aiohttp.ClientSession, seconds: float = 5.0
) -> RelayInformation | None:
    """The relay's document; None when there is none that can be read."""
    parts = urlsplit(url)
    address = urlunsplit(parts._replace(scheme="https" if parts.scheme == "wss" else "http"))
    try:
        async with (
            asyncio.timeout(seconds),
            session.get(address, headers=_WANTED, allow_redirects=False) as response,
        ):
            if response.status != 200:
                return None
            document = orjson.loads(await _bounded(response.content))
    except (aiohttp.ClientError, OSError, ValueError):
        # TimeoutError is an OSError, and what orjson raises a ValueError.
        return None
    return _information(document) if isinstance(document, dict) else None


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    body = bytearray()
    async for chunk in content.iter_chunked(_MAX_DOCUMENT):
        body += chunk
        if len(body) > _MAX_DOCUMENT:
            raise ValueError("the document is too long")
    return bytes(body)


def _information(document: dict[str, object]) -> RelayInformation:
    found = document.get("limitation")
    limitation = found if isinstance(found, dict) else {}
    nips = document.get("supported_nips")

    def number(key: str) -> int | None:
        value = limitation.get(key)
        return value if type(value) is int and value > 0 else None

    return RelayInformation(
        name=_words(document.get("name")),
        software=_words(document.get("software")),
        nips=frozenset(n for n in nips if type(n) is int)
        if isinstance(nips, list)
        else frozenset(),
        auth_required=limitation.get("auth_required") is True,
        payment_required=limitation.get("payment_required") is True,
        restricted_writes=limitation.get("restricted_writes") is True,
        max_message_length=number("max_message_length"),
        max_subscriptions=number("max_subscriptions"),
        max_limit=number("max_limit"),
        max_event_tags=number("max_event_tags"),
        max_content_length=number("max_content_length"),
    )


def _words(value: object) -> str:
    return inert(value, _MAX_WORDS) if isinstance(value, str) else ""
