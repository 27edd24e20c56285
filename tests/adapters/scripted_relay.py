"""A relay that says what a test wants it to say, over a real socket."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import WSMsgType, web


class Scripted:
    """A relay that answers each frame with what the test says, and may then hang up."""

    def __init__(
        self, *answers: str, hangs_up: bool = False, document: Mapping[str, object] | None = None
    ) -> None:
        self._answers = answers
        self._hangs_up = hangs_up
        self._document = document
        self.frames: list[str] = []
        self.url = ""

    async def __aenter__(self) -> Scripted:
        app = web.Application()
        app.router.add_get("/", self._talk)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"ws://127.0.0.1:{port}/"
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._runner.cleanup()

    async def _talk(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Accept") == "application/nostr+json":
            return web.json_response(self._document)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            self.frames.append(message.data)
            for answer in self._answers:
                await socket.send_str(answer)
            if self._hangs_up:
                break
        await socket.close()
        return socket
