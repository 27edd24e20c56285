"""The REST half of the server: finds the route, checks the token, lets faults happen, logs.

What a request means stands in ``routes``. Paths are those of API version 10, behind ``/api/v10``.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import BodyPartReader, web

from bot.networks.discord.local.api import Api, Call, Handler, Reply, Routes, Upload
from bot.networks.discord.local.errors import Problem, Refusal, invalid
from bot.networks.discord.local.faults import Fate, Fault, Faults
from bot.networks.discord.local.limits import FILE_BYTES, FILES
from bot.networks.discord.local.redirect import BASE
from bot.networks.discord.local.requests import Logged, Requests
from bot.networks.discord.local.routes import (
    application,
    commands,
    events,
    guilds,
    interactions,
    messages,
    threads,
)

_ROUTES = (application, commands, events, guilds, interactions, messages, threads)

_FORM_MOST = 2 * FILES * FILE_BYTES
"""Bytes of a form that are read at all; what is over Discord's own limit is answered as Discord
does.
"""

_JSON = {
    "Content-Type": "application/json",
    # As Discord words them, and so generous that nothing waits: limits are faults that one asks
    # for.
    "X-RateLimit-Limit": "1000",
    "X-RateLimit-Remaining": "999",
    "X-RateLimit-Reset-After": "1.000",
}


class Rest:
    def __init__(self, api: Api, token: str, faults: Faults, log: Requests) -> None:
        self._api = api
        self._authorization = f"Bot {token}"
        self._faults = faults
        self._log = log
        self._table = _Table(module.ROUTES for module in _ROUTES)
        self._closing = asyncio.Event()

    def open(self) -> None:
        """Let requests hang again, where that is asked for."""
        self._closing.clear()

    def close(self) -> None:
        """Let go of the requests that were to hang."""
        self._closing.set()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path.removeprefix(BASE)
        body, uploads = await _read(request)
        logged = Logged(request.method, path, request.query, body, self._api.world.now())
        self._log.all.append(logged)
        fault = self._faults.of(request.method, path)
        if fault is not None and _comes_first(fault):
            return await self._suffer(request, fault, logged)
        status, reply = self._done(
            request, path, Call({}, "", request.query, body, uploads), logged
        )
        logged.status = status
        if fault is not None:
            return await self._suffer(request, fault, logged)
        return _response(status, reply, {})

    def _done(
        self, request: web.BaseRequest, path: str, call: Call, logged: Logged
    ) -> tuple[int, Reply]:
        try:
            handler, parts = self._table.find(request.method, path)
            if "token" not in parts and request.headers.get("Authorization") != self._authorization:
                raise Refusal(401, 0, "401: Unauthorized")
            reply = handler(self._api, _called(call, parts))
        except Refusal as error:
            logged.code, logged.problems = error.code, error.problems
            return error.status, error.body()
        return (204 if reply is None else 200), reply

    async def _suffer(
        self, request: web.BaseRequest, fault: Fault, logged: Logged
    ) -> web.StreamResponse:
        self._api.world.changes.notify()
        if fault.fate is Fate.REFUSED:
            logged.status, logged.code = fault.status, fault.code
            return _response(fault.status, fault.body(), fault.headers())
        logged.status = 0
        if fault.fate in (Fate.HANGS, Fate.UNANSWERED):
            await self._closing.wait()
        _reset(request)
        return web.Response(status=500)  # nobody gets it


def _comes_first(fault: Fault) -> bool:
    """Whether it happens before the request does anything."""
    return fault.fate not in (Fate.LOST, Fate.UNANSWERED)


class _Table:
    """Routes by method and number of parts; a fixed part wins over a variable one."""

    def __init__(self, routes: Iterable[Routes]) -> None:
        self._routes: dict[tuple[str, int], list[tuple[list[str], Handler]]] = defaultdict(list)
        for each in routes:
            for (method, path), handler in each.items():
                parts = path.split("/")
                self._routes[method, len(parts)].append((parts, handler))
        for candidates in self._routes.values():
            candidates.sort(key=lambda each: [part.startswith("{") for part in each[0]])

    def find(self, method: str, path: str) -> tuple[Handler, Mapping[str, str]]:
        parts = path.split("/")
        for template, handler in self._routes.get((method, len(parts)), ()):
            variable = {}
            for wanted, part in zip(template, parts, strict=True):
                if wanted.startswith("{"):
                    variable[wanted[1:-1]] = part
                elif wanted != part:
                    break
            else:
                return handler, variable
        raise Refusal(404, 0, "404: Not Found")


def _called(call: Call, parts: Mapping[str, str]) -> Call:
    ids = {}
    for name, part in parts.items():
        if name == "token":
            continue
        if not part.isdecimal():
            raise invalid(
                [Problem(name, "NUMBER_TYPE_COERCE", f'Value "{part}" is not snowflake.')]
            )
        ids[name] = int(part)
    return Call(ids, parts.get("token", ""), call.query, call.body, call.uploads)


async def _read(request: web.BaseRequest) -> tuple[Any, dict[str, Upload]]:
    if request.content_type == "multipart/form-data":
        return await _read_form(request)
    return _parsed(await request.read()), {}


async def _read_form(request: web.BaseRequest) -> tuple[Any, dict[str, Upload]]:
    body, uploads = None, {}
    roomy = request.clone(client_max_size=_FORM_MOST)
    async for part in await roomy.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        content = bytes(await part.read())
        if part.name == "payload_json":
            body = _parsed(content)
        else:
            kind = part.headers.get("Content-Type", "application/octet-stream")
            uploads[part.name] = Upload(part.filename or part.name, content, kind)
    return body, uploads


def _parsed(raw: bytes) -> Any:
    """None where it isn't JSON: a route that needs a body then refuses with 50109."""
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None


def _response(status: int, reply: Reply, headers: Mapping[str, str]) -> web.Response:
    if reply is None:
        return web.Response(status=status)
    body = json.dumps(reply, separators=(",", ":")).encode()
    return web.Response(status=status, body=body, headers={**_JSON, **headers})


def _reset(request: web.BaseRequest) -> None:
    """Break the connection as a dying peer does: the other side gets ECONNRESET."""
    transport = request.transport
    if transport is None:
        return
    peer = transport.get_extra_info("socket")
    if peer is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
