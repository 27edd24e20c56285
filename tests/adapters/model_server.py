"""A tiny server of a model, for what no other one does: refusals, lies, half answers, odd bodies.

It answers each request with the next thing that it was told to, and keeps what it was asked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests import model_answers

Act = Callable[[web.Request], Awaitable[web.StreamResponse]]
USAGE = {
    "prompt_tokens": 1500,
    "completion_tokens": 300,
    "total_tokens": 1800,
    "prompt_tokens_details": {"cached_tokens": 1000},
}


class ModelServer:
    """``acts`` are what it does next; without any it gives the two answers of the sample.

    ``listing`` is how it says which models it has.
    """

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.asked: list[dict[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self.base_url = ""
        self.at_once = 0
        self.most_at_once = 0
        self.listing: Act = has("fake")

    def then(self, *acts: Act) -> None:
        self.acts += acts

    def messages(self, request: int) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.asked[request]["messages"]
        return found

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.headers.append(request.headers.copy())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            act = self.acts.pop(0) if self.acts else usual
            return await act(request)
        finally:
            self.at_once -= 1

    async def list_models(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(request.headers.copy())
        return await self.listing(request)


async def usual(request: web.Request) -> web.StreamResponse:
    """The sample's answers: to the first turn, and to what follows; questions where asked."""
    messages = (await request.json())["messages"]
    if "Suggest five questions" in messages[-1]["content"]:
        answer = model_answers.QUESTIONS
    else:
        answer = model_answers.TECHIE if len(messages) == 2 else model_answers.PLAIN
    return _completion(model_answers.text(answer))


def says(
    content: Any,
    finish: str | None = "stop",
    *,
    refusal: str | None = None,
    usage: object = USAGE,
) -> Act:
    async def act(_: web.Request) -> web.StreamResponse:
        said = content if isinstance(content, str | list | None) else json.dumps(content)
        return _completion(said, finish, refusal, usage)

    return act


def has(*models: str) -> Act:
    """A list of models."""

    async def act(_: web.Request) -> web.StreamResponse:
        return web.json_response({"object": "list", "data": [{"id": name} for name in models]})

    return act


def fails(status: int, error: object = None, headers: Mapping[str, str] | None = None) -> Act:
    body = error if error is not None else {"message": "It failed.", "code": None}

    async def act(_: web.Request) -> web.StreamResponse:
        return web.json_response({"error": body}, status=status, headers=headers)

    return act


def gives(body: bytes, media_type: str = "application/json") -> Act:
    async def act(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=media_type)

    return act


def breaks_off(*, within: bytes = b'{"choices": [{"mess') -> Act:
    """Promises more than it sends, and hangs up."""

    async def act(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "5000"})
        response.content_type = "application/json"
        await response.prepare(request)
        await response.write(within)
        assert request.transport is not None
        request.transport.abort()
        return response

    return act


def hangs_up() -> Act:
    async def act(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    return act


def hangs(event: asyncio.Event) -> Act:
    """Answers nothing before the event."""

    async def act(_: web.Request) -> web.StreamResponse:
        await event.wait()
        return web.Response()

    return act


def drips(event: asyncio.Event) -> Act:
    """Sends a byte now and then, so that no single read takes long, until the event."""

    async def act(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_type = "application/json"
        await response.prepare(request)
        while not event.is_set() and request.transport is not None:
            await response.write(b" ")
            try:
                await asyncio.wait_for(event.wait(), 0.02)
            except TimeoutError:
                continue
        return response

    return act


def floods() -> Act:
    """An answer without an end."""

    async def act(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_type = "application/json"
        await response.prepare(request)
        try:
            while True:
                await response.write(b" " * 65536)
        except ConnectionError:
            return response

    return act


def _completion(
    content: str | list[object] | None,
    finish: str | None = "stop",
    refusal: str | None = None,
    usage: object = USAGE,
) -> web.Response:
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    body = {
        "id": "one",
        "object": "chat.completion",
        "created": 1,
        "model": "fake",
        "choices": [choice],
        "usage": usage,
    }
    return web.json_response(body)


@asynccontextmanager
async def running_model(acts: Sequence[Act] = ()) -> AsyncIterator[ModelServer]:
    server = ModelServer()
    server.then(*acts)
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v1/chat/completions", server.handle)
    app.router.add_get("/v1/models", server.list_models)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    server.base_url = f"http://127.0.0.1:{port}/v1"
    try:
        yield server
    finally:
        await runner.cleanup()
