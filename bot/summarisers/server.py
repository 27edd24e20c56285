"""A look at a model's server, for the operator: does it answer, take the key and have the model.

It asks once for the list of models, which costs nothing, and keeps nothing. Asking for a summary is
`ladder`'s.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.text import mended
from bot.summarisers import faults
from bot.summarisers.ladder import KEY_NEEDED, OPENAI

if TYPE_CHECKING:
    import httpx2

_MOST_BYTES = 4 * 1024 * 1024  # of the list; a market of models has half a megabyte
_SHOWN = 5  # names of models, of those that there are
_LONGEST = 100  # characters of one


@dataclass(frozen=True, slots=True)
class ServerReport:
    """``detail`` is one line for a person, without the key. ``ok``: a summary can be asked for, as
    far as that can be told without asking for one."""

    address: str
    ok: bool
    detail: str


async def look_at_server(base_url: str, model: str, key: str, seconds: float = 5.0) -> ServerReport:
    """What the server at ``base_url`` ("" for OpenAI's own) says within that time. Never raises for
    a server."""
    address = base_url or OPENAI
    if not key and not base_url:
        return ServerReport(address, ok=False, detail=KEY_NEEDED)
    import httpx2

    try:
        async with (
            asyncio.timeout(seconds),
            httpx2.AsyncClient(timeout=seconds) as http,
            http.stream("GET", f"{address}/models", headers=_headers(key)) as response,
        ):
            body = await _bounded(response)
    except (TimeoutError, httpx2.TimeoutException):
        return ServerReport(address, ok=False, detail=f"no answer within {seconds:g} s")
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError):
        return ServerReport(address, ok=False, detail="can't be reached; check base_url")
    ok, detail = _judged(response.status_code, body, model, key)
    return ServerReport(address, ok, detail)


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


async def _bounded(response: httpx2.Response) -> bytes:
    """As much of the body as a list of models may have."""
    found = bytearray()
    async for chunk in response.aiter_bytes():
        found += chunk
        if len(found) > _MOST_BYTES:
            break
    return bytes(found)


def _judged(status: int, body: bytes, model: str, key: str) -> tuple[bool, str]:
    """Whether that will do, and what to say of it."""
    if status in (404, 405) or 300 <= status < 400:
        return False, f"has no list of models ({status}); check base_url, which often ends in /v1"
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if status != 200:
        return False, faults.of_status(status, answer, {}, model=model, key=key).reason
    names = _names(answer)
    if names is None:
        return False, "is no server of models; check base_url"
    if model in names:
        return True, f"answers, and has “{model}”"
    return not names, _lacking(model, names)


def _names(answer: object) -> list[str] | None:
    """The models' names; None where that is no list of models."""
    listed = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        return None
    ids = (each.get("id") for each in listed if isinstance(each, dict))
    return [mended(name)[:_LONGEST] for name in ids if isinstance(name, str)]


def _lacking(model: str, names: list[str]) -> str:
    if not names:
        return "answers, and names no models"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"answers, and doesn't name “{model}”; it has {', '.join(names[:_SHOWN])}{more}"
