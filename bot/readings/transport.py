"""A guarded GET over aiohttp: every connection, of the link itself and of each redirect, is made
through sockets of the guard's.

A name is looked up once a connection, and just the addresses found then are connected to. aiohttp
asks no resolver about an address that is written out in the link, but makes its sockets through the
same factory, so nothing passes by. No proxy, cookie, netrc or other setting of the environment has
a say, and nothing of an answer is unpacked here.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot import __version__
from bot.domain.errors import ReadingError
from bot.readings.guard import (
    ClosedAddressError,
    Guard,
    not_public,
    refused,
    unknown_name,
)
from bot.readings.inflate import CODINGS
from bot.readings.statuses import refusal

Lookup = Callable[[str], Awaitable[Sequence[str]]]  # a name's addresses; OSError when it has none

MAX_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {
    "User-Agent": f"Readalong/{__version__} (a reading group's bot; reads a page once, on request)",
    "Accept": "text/html, application/xhtml+xml, application/pdf, text/markdown,"
    " text/plain;q=0.9, */*;q=0.5",
    "Accept-Encoding": CODINGS,
}
_CHUNK = 64 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent in the end, as it sent it."""

    url: URL
    body: bytes
    coding: str  # Content-Encoding
    content_type: str


async def look_up(host: str) -> Sequence[str]:
    """The addresses that the system's resolver has for ``host``."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(endpoint[0]) for *_, endpoint in found]


async def get(url: URL, guard: Guard, lookup: Lookup, max_bytes: int) -> Answer:
    """What stands at ``url`` or where it redirects to, ``max_bytes`` as sent at most.

    A redirect from https to http is followed: a plain http link would be read too, and nothing
    secret is sent. Raises ReadingError; has no deadline of its own.
    """
    connector = aiohttp.TCPConnector(
        resolver=_GuardedResolver(guard, lookup),
        socket_factory=guard.socket,
        use_dns_cache=False,
        force_close=True,  # so that each request makes, and checks, a connection of its own
    )
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=_HEADERS,
        trust_env=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
    ) as http:
        for _ in range(MAX_REDIRECTS + 1):
            answer = await _asked(http, url, max_bytes)
            if isinstance(answer, Answer):
                return answer
            url = guard.checked(answer, base=url)
    raise refused(
        f"That link leads from one page to another more than {MAX_REDIRECTS} times;"
        " open it in a browser and give the link of the page itself."
    )


class _GuardedResolver(AbstractResolver):
    """Gives aiohttp the addresses of a name, all of them allowed, and remembers none."""

    def __init__(self, guard: Guard, lookup: Lookup) -> None:
        self._guard = guard
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            found = await self._lookup(host)
        except (OSError, UnicodeError) as error:
            raise _not_found(host, error) from None
        flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=socket.IPPROTO_TCP,
                flags=flags,
            )
            for address in self._guard.addresses(host, found)
        ]

    async def close(self) -> None:
        """There is nothing to close."""


def _not_found(host: str, error: Exception) -> ReadingError:
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return _later(f"“{host}” can't be looked up just now")
    return unknown_name(host)


async def _asked(http: aiohttp.ClientSession, url: URL, max_bytes: int) -> Answer | str:
    """The answer to one request, or where it redirects to."""
    host = url.raw_host or ""
    try:
        async with http.get(url, allow_redirects=False) as response:
            location = response.headers.get("Location", "")
            if response.status in _REDIRECTS and location:
                return location
            if response.status not in {200, 203}:
                raise refusal(response.status, host)
            return Answer(
                url=url,
                body=await _raw(response, max_bytes),
                coding=",".join(response.headers.getall("Content-Encoding", [])),
                content_type=response.headers.get("Content-Type", ""),
            )
    except (aiohttp.ClientError, OSError, ValueError) as error:
        # Not chained: what these say has the whole link in it, which may hold a secret.
        raise _explained(error, host) from None


async def _raw(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    if (response.content_length or 0) > max_bytes:
        raise too_large(max_bytes)
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > max_bytes:
            raise too_large(max_bytes)
    return bytes(body)


def too_large(max_bytes: int) -> ReadingError:
    return refused(
        f"What that link leads to is larger than {max_bytes / 2**20:.3g} MiB;"
        " save the part that is read and give the file instead."
    )


def _explained(error: Exception, host: str) -> ReadingError:
    if isinstance(error, aiohttp.ClientSSLError):
        return refused(
            f"“{host}” offers no safe connection (its certificate or encryption is not valid);"
            " download what you want read and give the file instead."
        )
    if isinstance(error, aiohttp.ClientResponseError | ValueError):
        return refused(
            f"“{host}” doesn't answer as a web server does;"
            " check the link, or download what you want read and give the file instead."
        )
    if not isinstance(error, aiohttp.ClientConnectorError):
        return _later(f"“{host}” broke off its answer")
    if isinstance(error.os_error, ClosedAddressError):
        return not_public(host)
    return _later(f"“{host}” can't be reached")


def _later(what: str) -> ReadingError:
    return ReadingError(f"{what}; try again later, or give the file instead.", permanent=False)
