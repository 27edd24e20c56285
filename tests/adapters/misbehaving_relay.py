"""A relay that can misbehave in every way a test tells it, over a real websocket on loopback.

It stores what it is sent and answers like a relay, except where a behaviour is set: a function that
is called with each frame first and says whether it has dealt with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

import orjson
from aiohttp import WSMsgType, web

Frame = list[Any]
Peer = web.WebSocketResponse
Behaviour = Callable[[Peer, Frame], Awaitable[bool]]


async def _regular(peer: Peer, frame: Frame) -> bool:
    return False


class ScriptedRelay:
    """``frames`` holds all that clients sent, ``peers`` who is connected now."""

    def __init__(self, behave: Behaviour = _regular, *, port: int = 0, limit: int = 500) -> None:
        self.behave = behave
        self.limit = limit
        self.greeting: Frame | None = None
        self.information: bytes | None = None
        self.events: list[dict[str, Any]] = []
        self.frames: list[Frame] = []
        self.peers: list[Peer] = []
        self.connects = 0
        self._port = port
        self._runner: web.AppRunner | None = None
        self._transports: list[asyncio.Transport] = []

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    def sent(self, kind: str) -> list[Frame]:
        return [frame for frame in self.frames if frame[0] == kind]

    async def say(self, *frame: object) -> None:
        for peer in self.peers:
            await say(peer, *frame)

    async def drop(self) -> None:
        """Break every connection, without a farewell."""
        for transport in list(self._transports):
            transport.abort()

    async def __aenter__(self) -> ScriptedRelay:
        app = web.Application()
        app.router.add_get("/", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.drop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            if self.information is None:
                return web.Response(status=404)
            return web.Response(body=self.information, content_type="application/nostr+json")
        peer = web.WebSocketResponse(autoping=True, max_msg_size=0)
        await peer.prepare(request)
        self.connects += 1
        self.peers.append(peer)
        transport = request.transport
        assert transport is not None
        self._transports.append(transport)
        try:
            if self.greeting is not None:
                await say(peer, *self.greeting)
            async for message in peer:
                if message.type is WSMsgType.TEXT:
                    frame = orjson.loads(message.data)
                    self.frames.append(frame)
                    if not await self.behave(peer, frame):
                        await self._answer(peer, frame)
        except ConnectionError:
            pass
        finally:
            self.peers.remove(peer)
            self._transports.remove(transport)
        return peer

    async def _answer(self, peer: Peer, frame: Frame) -> None:
        match frame:
            case ["EVENT", event]:
                self.events.append(event)
                await say(peer, "OK", event["id"], True, "")
            case ["REQ", name, *filters]:
                for event in self.stored(filters[0]):
                    await say(peer, "EVENT", name, event)
                await say(peer, "EOSE", name)

    def stored(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        """Newest first, cut at the relay's own limit."""
        found = [
            event
            for event in self.events
            if wanted.get("since", 0) <= event["created_at"] <= wanted.get("until", 1 << 62)
        ]
        found.sort(key=lambda event: (-event["created_at"], event["id"]))
        return found[: min(self.limit, wanted.get("limit", self.limit))]


async def say(peer: Peer, *frame: object) -> None:
    await peer.send_str(orjson.dumps(frame).decode())


def on(kind: str, *reply: object) -> Behaviour:
    """Answer every frame of a kind with these words; None stands for the event's id."""

    async def behave(peer: Peer, frame: Frame) -> bool:
        if frame[0] != kind:
            return False
        known = frame[1]["id"] if isinstance(frame[1], dict) else frame[1]
        await say(peer, *(known if word is None else word for word in reply))
        return True

    return behave
