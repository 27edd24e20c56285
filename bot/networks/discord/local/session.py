"""One gateway session: what it was told, over which connection, what it would miss without."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import deque

from aiohttp import web

from bot.networks.discord.local.model import Json

_KEPT = 1000
"""Events that a session can be told again when it is resumed."""


class Wire:
    """One websocket: frames go out in the order in which they were put."""

    def __init__(
        self, request: web.BaseRequest, socket: web.WebSocketResponse, *, compressed: bool
    ) -> None:
        self.silent = False
        self._request = request
        self._socket = socket
        self._compress = zlib.compressobj() if compressed else None
        self._frames: asyncio.Queue[str] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())

    def put(self, frame: str) -> None:
        if not self.silent:
            self._frames.put_nowait(frame)

    def drop(self) -> None:
        """Break it without a word."""
        self._writer.cancel()
        if self._request.transport is not None:
            self._request.transport.abort()

    async def close(self, code: int) -> None:
        self._writer.cancel()
        await self._socket.close(code=code)

    def done(self) -> None:
        self._writer.cancel()

    async def _write(self) -> None:
        while True:
            frame = await self._frames.get()
            if self._socket.closed:
                return
            if self._compress is None:
                await self._socket.send_str(frame)
            else:
                packed = self._compress.compress(frame.encode())
                await self._socket.send_bytes(packed + self._compress.flush(zlib.Z_SYNC_FLUSH))


class Session:
    """Of one shard.

    ``wire`` is None while nobody listens; what happens then is kept for a resume.
    """

    def __init__(self, session_id: str, identify: Json, wire: Wire) -> None:
        shard = identify.get("shard") or [0, 1]
        self.id = session_id
        self.shard = int(shard[0])
        self.shards = int(shard[1])
        self.intents = int(identify.get("intents", 0))
        self.resumable = True
        self.wire: Wire | None = wire
        self._sequence = 0
        self._told: deque[tuple[int, str]] = deque(maxlen=_KEPT)

    @property
    def connected(self) -> bool:
        return self.wire is not None

    def tell(self, event: str, said: Json) -> None:
        self._sequence += 1
        frame = json.dumps({"op": 0, "t": event, "s": self._sequence, "d": said})
        self._told.append((self._sequence, frame))
        if self.wire is not None:
            self.wire.put(frame)

    def resume(self, wire: Wire, sequence: int) -> bool:
        """Tell again what came after ``sequence``; False when that is no longer known."""
        oldest = self._told[0][0] if self._told else self._sequence + 1
        if not self.resumable or not oldest - 1 <= sequence <= self._sequence:
            return False
        self.wire = wire
        for number, frame in self._told:
            if number > sequence:
                wire.put(frame)
        self.tell("RESUMED", {"_trace": []})
        return True
