"""Web sites on loopback for the tests that fetch: a real one, one that speaks by hand, and a
resolver that says what a test wants.

``PUBLIC`` stands for the public internet and ``PRIVATE`` for the network that must not be reached;
``fetcher`` takes them for that.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address

from aiohttp import web

from bot.readings.fetch import Fetcher
from bot.readings.guard import Address

PUBLIC = "127.0.0.1"
PRIVATE = "127.0.0.2"

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]
Speaking = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def is_stand_in(address: Address) -> bool:
    return address == ip_address(PUBLIC)


class Names:
    """A resolver of the test's own: each name's answers in turn, the last one for ever."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self._answers = {f"{name}.test": list(given) for name, given in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        if host not in self._answers:
            raise OSError(f"no such name: {host}")
        answers = self._answers[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]


def fetcher(
    *ports: int, names: Names | None = None, timeout: float = 10.0, max_bytes: int = 20 * 2**20
) -> Fetcher:
    """One for which ``PUBLIC`` is the public internet and ``ports`` are the web's."""
    return Fetcher(
        allow=is_stand_in,
        ports=ports,
        timeout=timeout,
        max_bytes=max_bytes,
        lookup=names or Names(site=[[PUBLIC]]),
    )


class Site:
    """A real web server with one answer to everything; ``requests`` are those that came."""

    def __init__(self, port: int, requests: list[web.Request]) -> None:
        self.port = port
        self.requests = requests

    def url(self, path: str = "/", host: str = "site.test") -> str:
        return f"http://{host}:{self.port}{path}"


@asynccontextmanager
async def site(
    answer: Answering, host: str = PUBLIC, encryption: ssl.SSLContext | None = None
) -> AsyncIterator[Site]:
    requests: list[web.Request] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        requests.append(request)
        return await answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, 0, ssl_context=encryption).start()
    try:
        yield Site(runner.addresses[0][1], requests)
    finally:
        await runner.cleanup()


class Door:
    """A bare TCP server; ``connections`` counts who came."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0

    def url(self, path: str = "/", host: str = "site.test") -> str:
        return f"http://{host}:{self.port}{path}"


@asynccontextmanager
async def door(speak: Speaking | None = None, host: str = PUBLIC) -> AsyncIterator[Door]:
    """A door that says what ``speak`` says, else nothing, and closes."""
    opened, talks = Door(), dict[asyncio.StreamWriter, asyncio.Task[None]]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if speak is not None:
                await speak(reader, writer)
        writer.close()

    def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.connections += 1
        talks[writer] = asyncio.create_task(talk(reader, writer))

    server = await asyncio.start_server(welcome, host, 0)
    opened.port = server.sockets[0].getsockname()[1]
    try:
        yield opened
    finally:
        server.close()
        for writer, task in talks.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*talks.values(), return_exceptions=True)
        await server.wait_closed()


def saying(*parts: bytes) -> Speaking:
    """Reads a request and answers with ``parts``."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
        await writer.drain()

    return speak


def sending(
    body: bytes, content_type: str = "text/html", status: int = 200, **headers: str
) -> Answering:
    """Answers everything with ``body``; ``content_encoding="gzip"`` is a header."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(
            status=status, body=body, headers={"Content-Type": content_type, **named}
        )

    return answer


def redirecting(to: Callable[[web.Request], str], status: int = 302) -> Answering:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": to(request)})

    return answer
