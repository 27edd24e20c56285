"""Whether the bot's requests are what Discord's own description of its API (OpenAPI) lets in.

The description isn't in this repository: it is looked for in ``../shared/discord/openapi.json``
beside it, or where ``DISCORD_OPENAPI`` says; without it nothing is checked here. It doesn't know
the length limits of embeds and such, which the local server checks always.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from bot.networks.discord.local import LocalDiscord, pointed_at
from bot.networks.discord.local.requests import Logged

_ADDRESS = "discord:"


def location() -> Path | None:
    """Where the description is, if it is on this machine."""
    named = os.environ.get("DISCORD_OPENAPI")
    beside = Path(__file__).resolve().parents[2] / "shared" / "discord" / "openapi.json"
    path = Path(named) if named else beside
    return path if path.is_file() else None


@asynccontextmanager
async def checked_discord(**options: Any) -> AsyncIterator[LocalDiscord]:
    """A local Discord that discord.py in this process talks to; in the end all requests are
    checked.
    """
    async with LocalDiscord(**options) as server:
        with pointed_at(server):
            yield server
        found = objections(server.requests.all)
        assert not found, "\n".join(found)


def objections(requests: Iterable[Logged]) -> list[str]:
    """What is wrong with these, a line each: limits that they broke, and what the description says.

    A test that breaks a limit on purpose takes the request out with ``server.requests.clear()``.
    """
    all_of_them = list(requests)
    found = [
        f"{each.method} {each.path}: {problem.path}: {problem.message}"
        for each in all_of_them
        for problem in each.problems
    ]
    path = location()
    if path is not None:
        description = _description(path)
        found += [line for each in all_of_them for line in description.against(each)]
    return found


@cache
def _description(path: Path) -> Description:
    return Description(json.loads(path.read_text(encoding="utf-8")))


class Description:
    def __init__(self, document: dict[str, Any]) -> None:
        self._paths = document["paths"]
        resource = DRAFT202012.create_resource(document)
        self._registry: Registry[Any] = Registry().with_resource(_ADDRESS, resource)
        self._validators: dict[tuple[str, str], Draft202012Validator] = {}

    def against(self, request: Logged) -> Iterator[str]:
        said = f"{request.method} {request.path}"
        path = self._path(request)
        if path is None:
            yield f"{said}: there is no such path"
            return
        operation = self._paths[path][request.method.lower()]
        declared = [*self._paths[path].get("parameters", []), *operation.get("parameters", [])]
        known = {each["name"] for each in declared}
        for name in set(request.query) - known:
            yield f"{said}: there is no query parameter {name!r}"
        if "requestBody" not in operation:
            if request.body is not None:
                yield f"{said}: takes no body"
            return
        for error in self._validator(path, request.method.lower()).iter_errors(
            _usual(request.body)
        ):
            yield f"{said}: {error.json_path}: {error.message[:200]}"

    def _path(self, request: Logged) -> str | None:
        parts = request.path.split("/")
        found = [
            path
            for path, operations in self._paths.items()
            if request.method.lower() in operations and _fits(path.split("/"), parts)
        ]
        return min(found, key=lambda path: path.count("{"), default=None)

    def _validator(self, path: str, method: str) -> Draft202012Validator:
        known = self._validators.get((path, method))
        if known is None:
            pointer = path.replace("~", "~0").replace("/", "~1").replace("{", "%7B")
            pointer = pointer.replace("}", "%7D")
            where = f"#/paths/{pointer}/{method}/requestBody/content/application~1json/schema"
            known = Draft202012Validator({"$ref": _ADDRESS + where}, registry=self._registry)
            self._validators[path, method] = known
        return known


def _fits(template: list[str], parts: list[str]) -> bool:
    return len(template) == len(parts) and all(
        wanted.startswith("{") or wanted == part
        for wanted, part in zip(template, parts, strict=True)
    )


def _usual(body: Any, within: str = "") -> Any:
    """discord.py writes many ids as numbers, which Discord takes in practice: as text, then."""
    if isinstance(body, list):
        return [_usual(each, within) for each in body]
    if isinstance(body, dict):
        return {key: _usual(each, _place(body, key)) for key, each in body.items()}
    return str(body) if within == "id" and type(body) is int else body


def _place(body: dict[str, Any], key: str) -> str:
    """ "id" where a number is an id of Discord's; a component's own ``id`` is a number."""
    named = key.endswith("_id") or (key == "id" and "filename" in body)
    return "id" if named or ("parse" in body and key in ("users", "roles")) else ""
